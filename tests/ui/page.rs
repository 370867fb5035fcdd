//! The guide's page of compiler messages, made from the programs in `fail/`, the answers beside them and the programs
//! in `mended/`.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use crate::cases::{self, Case};

/// The sections of the page, and which cases stand in each, in this order.
const SECTIONS: [(&str, &[&str]); 7] = [
    (
        "The function",
        &[
            "not_async",
            "not_async_but_listed",
            "self_argument",
            "generic_handler",
            "const_generic_handler",
            "where_clause",
            "unsafe_handler",
            "const_handler",
            "extern_handler",
            "on_a_struct",
            "on_an_enum",
            "on_a_constant",
            "on_an_impl",
            "on_a_module",
            "on_an_import",
            "two_events",
            "same_event_twice",
        ],
    ),
    (
        "Its arguments",
        &[
            "argument_not_extractor",
            "argument_not_extractor_on_connect",
            "argument_not_extractor_behind_alias",
            "argument_from_macro_rules",
            "argument_number",
            "argument_boxed_text",
            "argument_tuple",
            "argument_optional_not_extractor",
            "argument_result_not_extractor",
            "argument_unknown_type",
            "argument_of_another_event",
            "mutable_reference",
            "impl_trait_argument",
            "impl_trait_inside_argument",
            "json_not_deserialize",
            "optional_json_not_deserialize",
            "session_not_deserialize",
            "state_not_declared",
            "shared_state_not_declared",
            "state_by_value",
            "message_on_connect",
            "str_on_connect",
            "text_on_close",
            "bytes_on_close",
            "binary_on_close",
            "json_on_close",
            "optional_text_on_close",
            "protocols_on_message",
            "query_on_message",
            "headers_on_close",
            "close_reason_on_message",
        ],
    ),
    (
        "What it returns",
        &[
            "return_number",
            "return_bool_from_connect",
            "return_behind_alias",
            "return_impl_trait",
            "return_optional_number",
            "return_result_of_number",
            "return_json_not_serialize",
            "return_error_not_convertible",
            "str_from_connect",
            "text_from_close",
            "json_from_close",
            "accept_from_message",
            "accept_from_close",
        ],
    ),
    (
        "Its body",
        &[
            "question_mark_without_result",
            "forgotten_ok",
            "error_in_body",
            "lock_held_across_await",
            "not_send",
        ],
    ),
    (
        "The list: `main!` and `app!`",
        &[
            "list_function_without_attribute",
            "list_type",
            "list_unknown_name",
            "list_two_for_one_event",
            "list_two_for_one_event_behind_alias",
            "list_one_twice",
            "list_equal_names",
            "list_empty",
            "list_empty_app",
            "list_call",
            "list_string",
            "list_without_comma",
            "list_unknown_option",
        ],
    ),
    (
        "Options of an attribute",
        &[
            "unknown_option",
            "option_after_option",
            "option_without_path",
            "option_with_string",
            "option_names_no_crate",
            "options_without_comma",
            "unordered_with_value",
            "unordered_twice",
            "unordered_on_connect",
            "unordered_on_close",
        ],
    ),
    (
        "Where rustc speaks first",
        &[
            "rustc_own_in_impl",
            "rustc_own_in_trait",
            "rustc_own_on_closure",
            "rustc_own_name_of_module",
            "rustc_own_str_by_value",
        ],
    ),
];

/// The part of the page that is made, from the first section on.
pub(crate) fn markdown() -> String {
    let mut page = Page::default();
    let mut left: BTreeSet<String> = cases::fail().into_iter().map(|case| case.name).collect();
    for (title, names) in SECTIONS {
        let _ = writeln!(page.text, "## {title}\n");
        let mut rule = String::new();
        for name in names {
            assert!(
                left.remove(*name),
                "{name} stands twice on the page, or is no case"
            );
            page.add(name, &mut rule);
        }
    }
    assert!(
        left.is_empty(),
        "no section of tests/ui/page.rs names {left:?}"
    );
    // One line break at the end of a file.
    page.text.pop();
    page.text
}

#[derive(Default)]
struct Page {
    text: String,
    /// What is said in many answers, and was shown once.
    said: BTreeSet<String>,
}

impl Page {
    fn add(&mut self, name: &str, rule: &mut String) {
        let Case { file, .. } = Case::new("fail", name);
        let (this, wrong) = program(&file);
        if this != *rule {
            let _ = writeln!(self.text, "### {}\n", this.trim_end_matches('.'));
            *rule = this;
        }
        let answer = fs::read_to_string(file.with_extension("stderr")).expect("the answer");
        let answer = self.answer(&answer);
        let (mend, mut right) = program(&Case::new("mended", name).file);
        // An empty `main` says nothing, and neither does the list that the mended program has in its place.
        let wrong = match wrong.strip_suffix("\nfn main() {}\n") {
            None => wrong,
            Some(handler) => {
                let (mended, list) = right.rsplit_once('\n').map_or(("", ""), |(text, _)| {
                    text.rsplit_once("\n\n").unwrap_or_default()
                });
                assert!(
                    list.starts_with("wsfn::main!("),
                    "{name}: its mended program lists no handlers"
                );
                right = format!("{mended}\n");
                handler.to_owned()
            }
        };
        let _ = write!(
            self.text,
            "```rust,compile_fail\n{wrong}```\n```text\n{answer}```\n\n{mend}\n\n```rust\n{right}```\n\n"
        );
    }

    /// What of the compiler's answer tells what to do: the first error, what it underlines, and notes of ours that
    /// were not shown before. Not: which impls there are, and where in this repository.
    fn answer(&mut self, answer: &str) -> String {
        let mut shown = String::new();
        let mut placed = false;
        let first = answer.split("\n\n").next().unwrap_or_default();
        for line in first.lines() {
            let code = line.split_once('|').filter(|(before, _)| {
                before
                    .chars()
                    .all(|char| char == ' ' || char.is_ascii_digit())
            });
            if let Some((number, code)) = code {
                let _ = writeln!(shown, "{}|{code}", " ".repeat(number.len()));
            } else if line.trim_start().starts_with("-->") && !placed {
                placed = true;
            } else if placed {
                // What follows the code of the first place is about others.
                break;
            } else {
                self.said_in(line, &mut shown);
            }
        }
        let mut shown = shown.trim_end_matches(['|', ' ', '\n']).to_owned() + "\n";
        self.notes(answer, &mut shown);
        shown
    }

    /// A line of an error's own text. The help below it is the same for every function of one event.
    fn said_in(&mut self, line: &str, shown: &mut String) {
        let is_help = line.starts_with("       ");
        let key = match line
            .split_once("async fn ")
            .and_then(|(_, rest)| rest.split_once('('))
        {
            Some((_, arguments)) if is_help => arguments,
            _ => line,
        };
        if !is_help || self.said.insert(key.to_owned()) {
            let _ = writeln!(shown, "{line}");
        }
    }

    fn notes(&mut self, answer: &str, shown: &mut String) {
        const RUSTC: [&str; 6] = [
            "required for",
            "redundant requirement",
            "this error originates",
            "see issue",
            "`#[warn",
            "expected enum",
        ];
        for line in answer.lines() {
            let Some(note) = line.trim_start().strip_prefix("= note: ") else {
                continue;
            };
            let ours = !RUSTC.iter().any(|start| note.contains(start));
            if ours && self.said.insert(note.to_owned()) {
                let _ = writeln!(shown, "  = note: {note}");
            }
        }
    }
}

/// The comment at the top of a file, and the program below it.
pub(crate) fn program(file: &Path) -> (String, String) {
    let text = fs::read_to_string(file).expect("a file of the repository");
    let (comment, program) = text
        .split_once("\n\n")
        .expect("a comment, then the program");
    let comment = comment
        .lines()
        .map(|line| line.strip_prefix("// ").expect("a comment"));
    (comment.collect::<Vec<_>>().join(" "), program.to_owned())
}
