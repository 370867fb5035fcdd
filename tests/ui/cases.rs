//! The programs in the folders beside this file.

use std::path::{Path, PathBuf};

/// A program of one file.
#[derive(Debug)]
pub(crate) struct Case {
    /// The rule it is about.
    pub(crate) name: String,
    /// Where it is.
    pub(crate) file: PathBuf,
}

impl Case {
    pub(crate) fn new(folder: &str, name: &str) -> Self {
        let name = name.to_owned();
        let file = ui().join(folder).join(&name).with_extension("rs");
        assert!(file.is_file(), "{} is not there", file.display());
        Self { name, file }
    }
}

/// One mistake each.
pub(crate) fn fail() -> Vec<Case> {
    all("fail")
}

/// For each mistake the program without it, under the same name.
pub(crate) fn mended() -> Vec<Case> {
    all("mended")
}

/// Right programs, for any edition.
pub(crate) fn pass() -> Vec<Case> {
    all("pass")
}

/// A program with a handler that is forgotten.
pub(crate) fn unlisted() -> Case {
    Case::new("warn", "handler_that_no_list_names")
}

/// A right program that knows the crate as `functions`.
pub(crate) fn renamed() -> Case {
    Case::new("renamed", "says_where_the_crate_is")
}

/// The same, but it does not tell the macro.
pub(crate) fn forgotten_rename() -> Case {
    Case::new("renamed", "forgets_where_the_crate_is")
}

fn all(folder: &str) -> Vec<Case> {
    let entries = ui()
        .join(folder)
        .read_dir()
        .expect("a folder of the repository");
    let mut names: Vec<String> = entries
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|kind| kind == "rs"))
        .map(|path| {
            path.file_stem()
                .expect("a name")
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    names.sort();
    names.iter().map(|name| Case::new(folder, name)).collect()
}

fn ui() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("ui")
}
