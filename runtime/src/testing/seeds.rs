//! The same test under many seeds.

use std::fmt::Debug;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use super::world::how_again;
use crate::error::Result;

/// The variable that says which seed tests run with.
const VARIABLE: &str = "WSFN_TEST_SEED";

/// Runs a test once for each seed, each time in a runtime of its own whose clock stands still: many ways in which the
/// same things can happen at once. `WSFN_TEST_SEED` in the environment runs that seed alone.
///
/// It is called from a plain `#[test]`.
///
/// ```
/// use wsfn::{Result, Text, on_message, testing};
///
/// #[on_message]
/// async fn echo(line: String) -> Text {
///     Text(line)
/// }
///
/// # fn main() { both_are_answered(); }
/// # const _: &str = stringify! {
/// #[test]
/// # };
/// fn both_are_answered() {
///     testing::seeds(0..100, async |seed| -> Result<()> {
///         let app = testing::TestApp::new(wsfn::app![echo]).seed(seed).start().await?;
///         let (mut ann, mut bob) = (app.connect().await?, app.connect().await?);
///         ann.send_text("a").await;
///         bob.send_text("b").await;
///         assert_eq!(bob.expect_text().await, "b");
///         assert_eq!(ann.expect_text().await, "a");
///         Ok(())
///     });
/// }
/// ```
///
/// # Panics
/// When the test panics or returns an error for a seed, after naming it; inside a tokio runtime; when
/// `WSFN_TEST_SEED` is no number.
#[expect(
    clippy::test_attr_in_doctest,
    reason = "it shows where the attribute goes, and calls the test itself"
)]
#[track_caller]
pub fn seeds<T: Passed>(seeds: impl IntoIterator<Item = u64>, test: impl AsyncFn(u64) -> T) {
    match from_environment() {
        Ok(Some(seed)) => one(seed, &test),
        Ok(None) => seeds.into_iter().for_each(|seed| one(seed, &test)),
        Err(error) => panic!("{error:?}"),
    }
}

fn one<T: Passed>(seed: u64, test: &impl AsyncFn(u64) -> T) {
    assert!(
        tokio::runtime::Handle::try_current().is_err(),
        "wsfn::testing::seeds makes its own runtime: call it from a #[test], not from a #[tokio::test]"
    );
    let mut builder = tokio::runtime::Builder::new_current_thread();
    let runtime = match builder.enable_all().start_paused(true).build() {
        Ok(runtime) => runtime,
        Err(error) => panic!("no runtime for the test: {error}"),
    };
    let ended = catch_unwind(AssertUnwindSafe(|| runtime.block_on(test(seed)).failure()));
    match ended {
        Ok(None) => {}
        Ok(Some(error)) => panic!("the test failed: {error}\n{}", how_again(seed)),
        Err(panic) => {
            eprintln!("{}", how_again(seed));
            resume_unwind(panic);
        }
    }
}

/// The seed that the environment names.
///
/// # Errors
/// When it is no number.
pub(super) fn from_environment() -> Result<Option<u64>> {
    let Ok(text) = std::env::var(VARIABLE) else {
        return Ok(None);
    };
    match text.parse() {
        Ok(seed) => Ok(Some(seed)),
        Err(_) => Err(format!(
            "{VARIABLE} = `{text}`: expected a number from 0 to {}; unset it to run the usual seeds",
            u64::MAX
        )
        .into()),
    }
}

/// What a test of [`seeds()`] may return: `()`, or a `Result` of it.
///
/// ```
/// use wsfn::testing::{Passed, seeds};
///
/// async fn passes(seed: u64) -> impl Passed {
///     assert!(seed < 1_000);
/// }
/// # fn main() {}
/// ```
pub trait Passed {
    /// What failed, if anything.
    #[doc(hidden)]
    fn failure(self) -> Option<String>;
}

impl Passed for () {
    fn failure(self) -> Option<String> {
        None
    }
}

impl<E: Debug> Passed for Result<(), E> {
    fn failure(self) -> Option<String> {
        self.err().map(|error| format!("{error:?}"))
    }
}
