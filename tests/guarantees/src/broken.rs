//! Gateways that are broken on purpose: each a file in `broken` that says what it breaks and how.
//!
//! A file begins with a sentence. Then come hunks as `diff -u` writes them, but without line numbers, so that they
//! apply as long as the few lines that they name are there: `--- PATH`, then for each place `@@` and its lines, each
//! behind a space, `-` or `+`.

use std::fs;
use std::path::Path;

use crate::Number;

/// One broken gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// The name of its file, without the ending.
    pub name: String,
    /// The promise that it breaks.
    pub number: Number,
    /// How.
    pub how: String,
    hunks: Vec<Hunk>,
}

/// One place in a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Hunk {
    path: String,
    before: String,
    after: String,
}

impl Broken {
    /// All of a folder, in the order of their names.
    ///
    /// # Errors
    /// When one cannot be read.
    pub fn all(folder: &Path) -> Result<Vec<Self>, String> {
        let files =
            fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        let mut all = Vec::new();
        for file in files {
            let path = file.map_err(|error| error.to_string())?.path();
            let text = fs::read_to_string(&path)
                .map_err(|error| format!("{}: {error}", path.display()))?;
            let name = path.file_stem().unwrap_or_default().to_string_lossy();
            all.push(Self::parse(&name, &text).map_err(|why| format!("{name}: {why}"))?);
        }
        all.sort_by(|a, b| (a.number, &a.name).cmp(&(b.number, &b.name)));
        Ok(all)
    }

    fn parse(name: &str, text: &str) -> Result<Self, String> {
        let number = name.split('_').next().and_then(Number::named);
        let number = number.ok_or("its name does not begin with the number of a promise")?;
        let mut lines = text.lines();
        let how = lines.next().unwrap_or_default().to_owned();
        let mut hunks: Vec<Hunk> = Vec::new();
        let mut path = "";
        for line in lines {
            if let Some(next) = line.strip_prefix("--- ") {
                path = next;
            } else if line == "@@" {
                hunks.push(Hunk {
                    path: path.to_owned(),
                    ..Hunk::default()
                });
            } else if let Some(hunk) = hunks.last_mut() {
                let (mark, rest) = line.split_at_checked(1).unwrap_or((" ", ""));
                for (text, other) in [(&mut hunk.before, "+"), (&mut hunk.after, "-")] {
                    if mark != other {
                        text.push_str(rest);
                        text.push('\n');
                    }
                }
                if !matches!(mark, " " | "-" | "+") {
                    return Err(format!(
                        "a line begins neither with a space nor with - or +: {line}"
                    ));
                }
            }
        }
        if how.is_empty() || hunks.is_empty() {
            return Err("no sentence, or no hunk".into());
        }
        Ok(Self {
            name: name.to_owned(),
            number,
            how,
            hunks,
        })
    }

    /// The files of a checkout that it changes, as they are after that.
    ///
    /// # Errors
    /// When a place is not there, or more than once.
    pub fn apply(&self, root: &Path) -> Result<Vec<(String, String)>, String> {
        let mut files: Vec<(String, String)> = Vec::new();
        for hunk in &self.hunks {
            let at = match files.iter().position(|(path, _)| *path == hunk.path) {
                Some(at) => at,
                None => {
                    let text = fs::read_to_string(root.join(&hunk.path))
                        .map_err(|error| format!("{}: {}: {error}", self.name, hunk.path))?;
                    files.push((hunk.path.clone(), text));
                    files.len() - 1
                }
            };
            let text = &mut files[at].1;
            // The last line may be the beginning of one.
            let before = hunk.before.trim_end_matches('\n');
            let found = text.matches(before).count();
            if found != 1 {
                return Err(format!(
                    "{}: {}: these lines are there {found} times:\n{before}",
                    self.name, hunk.path
                ));
            }
            *text = text.replacen(before, hunk.after.trim_end_matches('\n'), 1);
        }
        Ok(files)
    }
}
