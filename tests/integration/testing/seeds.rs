//! Running under many seeds, and finding the one again that fails.

use std::cell::RefCell;
use std::panic::catch_unwind;
use std::process::Command;

use wsfn::testing::{TestApp, seeds};

use super::echo;

/// In the environment: what `as_the_environment_says` is to do.
const TASK: &str = "TESTKIT_TASK";

fn message_of(panic: &(dyn std::any::Any + Send)) -> &str {
    panic.downcast_ref::<String>().expect("a text")
}

#[test]
fn each_seed_runs_once_and_an_error_names_it() {
    let ran = RefCell::new(Vec::new());
    seeds(3..6, async |seed| {
        let app = TestApp::new(wsfn::app![echo]).seed(seed).start().await;
        ran.borrow_mut().push(app.unwrap().seed());
    });
    assert_eq!(ran.into_inner(), [3, 4, 5]);
    let panic = catch_unwind(|| {
        seeds(0..9, async |seed| match seed {
            7 => Err("no"),
            _ => Ok(()),
        });
    });
    let panic = panic.unwrap_err();
    let text = message_of(&*panic);
    assert!(text.starts_with("the test failed: \"no\"\n"), "{text}");
    assert!(text.contains("WSFN_TEST_SEED=7 "), "{text}");
}

#[tokio::test]
async fn a_runtime_inside_a_runtime_is_said_to_be_wrong() {
    let panic = catch_unwind(|| seeds(0..1, async |_| ())).unwrap_err();
    let text = panic.downcast_ref::<&str>().expect("a text");
    assert!(text.contains("not from a #[tokio::test]"), "{text}");
}

/// Started by the tests below as a process of its own.
#[test]
fn as_the_environment_says() {
    let Ok(task) = std::env::var(TASK) else {
        return;
    };
    if task == "seeds" {
        return seeds(0..100, async |seed| println!("ran {seed}."));
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.unwrap().block_on(async {
        let app = TestApp::new(wsfn::app![echo]).start().await;
        println!("seed {}.", app.as_ref().unwrap().seed());
        // Not an expectation: the seed has to be told all the same.
        assert_eq!(1 + 1, 3);
    });
}

fn process(task: &str, seed: &str) -> String {
    let mut command = Command::new(std::env::current_exe().expect("this program"));
    let output = command
        .args(["as_the_environment_says", "--nocapture", "--test-threads=1"])
        .env(TASK, task)
        .env("WSFN_TEST_SEED", seed)
        .output()
        .expect("it runs");
    String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
}

#[test]
fn the_environment_chooses_the_seed() {
    let text = process("seeds", "42");
    assert_eq!(text.matches("ran ").count(), 1, "{text}");
    assert!(text.contains("ran 42."), "{text}");
    let text = process("one", "42");
    assert!(text.contains("seed 42."), "{text}");
    assert!(
        text.contains("WSFN_TEST_SEED=42 in the environment"),
        "{text}"
    );
    for task in ["seeds", "one"] {
        let text = process(task, "x");
        assert!(
            text.contains("WSFN_TEST_SEED = `x`: expected a number"),
            "{text}"
        );
    }
}
