//! Finds the value that a problem is about, where serde does not say which it is.

use std::borrow::Cow;

use super::problem::{Found, Place, Problem, What};
use super::tree::{Step, Tree};

/// How often the text is read again at most: a client that sends a thousand equal values gets a less exact answer.
const TRIES: usize = 16;

/// The most values that are looked at, and that a text has which is read again: what a client makes this cost stays
/// near what it costs to read its message at all.
const VALUES: usize = 1000;

/// Completes `problem.steps`. `read` reads a tree as the type, as the one was read that has the problem.
///
/// Only values that look like what was found come into question. If there are several, each is changed a little in
/// its turn: it is the one after whose change the problem is the same, with the changed value in it.
pub(super) fn locate<'t>(
    problem: &mut Problem,
    root: &Tree<'t>,
    read: impl Fn(&Tree<'t>) -> Option<Problem>,
) {
    if problem.place == Place::Here {
        return;
    }
    let steps: Vec<_> = problem.steps.iter().rev().cloned().collect();
    let Some(around) = at(root, &steps) else {
        return;
    };
    let mut budget = VALUES;
    let mut candidates = Vec::new();
    collect(
        around,
        &problem.what,
        &mut Vec::new(),
        &mut candidates,
        &mut budget,
    );
    let found = match &candidates[..] {
        [one] => Some(one),
        _ if !is_small(root, &mut { VALUES }) => None,
        several => several.iter().take(TRIES).find(|candidate| {
            let path = [&steps[..], candidate].concat();
            let mut changed = root.clone();
            let Some(what) =
                at_mut(&mut changed, &path).and_then(|value| change(value, &problem.what))
            else {
                return false;
            };
            let other = read(&changed).map(|problem| problem.what);
            match what {
                Some(what) => other == Some(what),
                None => other.as_ref() != Some(&problem.what),
            }
        }),
    };
    if let Some(found) = found {
        problem.steps.splice(0..0, found.iter().rev().cloned());
    }
}

/// The paths of all values that may be meant.
fn collect(
    tree: &Tree<'_>,
    what: &What,
    path: &mut Vec<Step<'static>>,
    candidates: &mut Vec<Vec<Step<'static>>>,
    budget: &mut usize,
) {
    if *budget == 0 {
        return;
    }
    *budget -= 1;
    if may_be(tree, what) {
        candidates.push(path.clone());
    }
    for (step, inside) in tree.inside() {
        path.push(step.owned());
        collect(inside, what, path, candidates, budget);
        path.pop();
    }
}

/// Whether there are no more values than `left`, which is counted down.
fn is_small(tree: &Tree<'_>, left: &mut usize) -> bool {
    if *left == 0 {
        return false;
    }
    *left -= 1;
    tree.inside().all(|(_, inside)| is_small(inside, left))
}

fn may_be(tree: &Tree<'_>, what: &What) -> bool {
    let times = |name: &str| match tree {
        Tree::Object(entries) => Some(entries.iter().filter(|(key, _)| key == name).count()),
        _ => None,
    };
    match what {
        What::Unexpected { found, .. } => Found::of(tree) == *found,
        What::Variant { found, .. } => matches!(tree, Tree::Text(text) if text == found),
        What::Length { found, .. } => {
            tree.inside().count() == *found && matches!(tree, Tree::List(_))
        }
        What::MissingField(field) => times(field) == Some(0),
        What::DuplicateField(field) => times(field).is_some_and(|times| times > 1),
        What::UnknownField { found, .. } => times(found).is_some_and(|times| times > 0),
        What::Custom(_) => false,
    }
}

/// Changes a value, and says what would be wrong then: `Some(None)` where it is only known that it is something else.
/// `None` where nothing can be learnt.
fn change(tree: &mut Tree<'_>, what: &What) -> Option<Option<What>> {
    if let What::MissingField(field) = what {
        let Tree::Object(entries) = tree else {
            return None;
        };
        entries.push((Cow::Borrowed(field), Tree::Null));
        return Some(None);
    }
    let other = match tree {
        Tree::Unsigned(u64::MAX) => Tree::Unsigned(u64::MAX - 1),
        Tree::Unsigned(value) => Tree::Unsigned(*value + 1),
        Tree::Signed(i64::MIN) => Tree::Signed(i64::MIN + 1),
        Tree::Signed(value) => Tree::Signed(*value - 1),
        Tree::Float(value) => Tree::Float(*value * 2.0 + 1.0),
        Tree::Bool(value) => Tree::Bool(!*value),
        Tree::Text(text) => Tree::Text(Cow::Owned(format!("{text}?"))),
        Tree::Word(text) => Tree::Word(Cow::Owned(format!("{text}?"))),
        Tree::Null | Tree::Object(_) => Tree::List(Vec::new()),
        Tree::List(_) => Tree::Object(Vec::new()),
    };
    *tree = other;
    let found = Found::of(tree);
    match (what, &found) {
        (What::Unexpected { expected, .. }, _) => {
            let expected = expected.clone();
            Some(Some(What::Unexpected { found, expected }))
        }
        (What::Variant { expected, .. }, Found::Text(text)) => Some(Some(What::Variant {
            found: text.clone(),
            expected,
        })),
        _ => Some(None),
    }
}

fn at<'n, 't>(mut tree: &'n Tree<'t>, steps: &[Step<'_>]) -> Option<&'n Tree<'t>> {
    for step in steps {
        tree = match (tree, step) {
            (Tree::List(list), Step::Index(index)) => list.get(*index)?,
            (Tree::Object(entries), Step::Key(name)) => {
                &entries.iter().find(|(key, _)| key == name)?.1
            }
            _ => return None,
        };
    }
    Some(tree)
}

fn at_mut<'n, 't>(mut tree: &'n mut Tree<'t>, steps: &[Step<'_>]) -> Option<&'n mut Tree<'t>> {
    for step in steps {
        tree = match (tree, step) {
            (Tree::List(list), Step::Index(index)) => list.get_mut(*index)?,
            (Tree::Object(entries), Step::Key(name)) => {
                &mut entries.iter_mut().find(|(key, _)| key == name)?.1
            }
            _ => return None,
        };
    }
    Some(tree)
}
