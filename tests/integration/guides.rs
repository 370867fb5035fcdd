//! The guides: nothing in them that no test has looked at.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

fn guides() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../runtime/src/docs");
    let mut pages: Vec<PathBuf> = folder
        .read_dir()
        .expect("the folder of guides")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|kind| kind == "md"))
        .collect();
    pages.sort();
    pages
        .into_iter()
        .map(|path| {
            let name = path
                .file_stem()
                .expect("a name")
                .to_string_lossy()
                .into_owned();
            (name, fs::read_to_string(&path).expect("a guide"))
        })
        .collect()
}

/// The blocks of a page: what stands behind the three marks, and the text.
fn blocks(page: &str) -> impl Iterator<Item = (&str, &str)> {
    page.split("```")
        .skip(1)
        .step_by(2)
        .map(|part| part.split_once('\n').expect("a block has lines"))
}

/// Rust is compiled by rustdoc, or by a test of the page's own.
#[test]
fn no_program_is_left_untried() {
    // `first_app` is followed by a test of its name, `diagnostics` is made of programs that tests compile.
    let others = ["first_app", "diagnostics"];
    let (mut programs, mut pages) = (0, 0);
    for (name, page) in guides() {
        pages += 1;
        for (kind, text) in blocks(&page) {
            let by_rustdoc = ["", "no_run", "should_panic"].contains(&kind);
            let own = others.contains(&&*name) && ["rust", "rust,compile_fail"].contains(&kind);
            let untried = kind.contains("rust") || kind.contains("ignore");
            assert!(
                own || !untried,
                "{name}: nobody tries this program:\n{text}"
            );
            programs += usize::from(own || by_rustdoc);
        }
        let index = include_str!("../../runtime/src/docs/mod.rs");
        assert!(
            index.contains(&format!("pub mod {name} {{}}")),
            "no module has {name}.md"
        );
    }
    assert!(
        pages >= 15 && programs >= 200,
        "{pages} pages, {programs} programs: they are read wrongly"
    );
}

/// The programs in other languages can at least be read by those languages.
#[test]
fn the_programs_before_are_programs() {
    for (language, interpreter, check) in [
        (
            "python",
            "python3",
            &["-c", "import ast, sys; ast.parse(sys.stdin.read())"][..],
        ),
        ("js", "node", &["--check", "-"]),
    ] {
        if Command::new(interpreter).arg("--version").output().is_err() {
            wsfn_tests::skip(
                "integration guides",
                &format!("there is no {interpreter} to read the programs in {language} with"),
            );
            continue;
        }
        let mut read = 0;
        for (name, page) in guides() {
            for (_, text) in blocks(&page).filter(|(kind, _)| *kind == language) {
                let mut child = Command::new(interpreter)
                    .args(check)
                    .stdin(Stdio::piped())
                    .stderr(Stdio::piped())
                    .spawn()
                    .expect("the interpreter starts");
                let mut stdin = child.stdin.take().expect("a pipe");
                stdin.write_all(text.as_bytes()).expect("it reads");
                drop(stdin);
                let output = child.wait_with_output().expect("it ends");
                let stderr = String::from_utf8_lossy(&output.stderr);
                assert!(output.status.success(), "{name}: {stderr}\n{text}");
                read += 1;
            }
        }
        assert!(
            read >= 3,
            "{read} programs in {language}: the pages are read wrongly"
        );
    }
}
