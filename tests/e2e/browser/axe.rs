//! axe-core, which finds what keeps people out of a page.

use std::sync::OnceLock;

use serde_json::Value;
use thirtyfour::prelude::*;

/// Pinned, because a newer one may know new rules: that is a change to look at, not a failure on a Monday.
const VERSION: &str = "4.14.1";

/// The script of axe-core, from npm on first use; `Err` says what is missing.
pub(super) fn script() -> Result<&'static str, &'static str> {
    static SCRIPT: OnceLock<Result<String, String>> = OnceLock::new();
    match SCRIPT.get_or_init(fetch) {
        Ok(script) => Ok(script),
        Err(missing) => Err(missing),
    }
}

/// Fails with every violation that axe-core finds in the page as it is now.
pub(super) async fn finds_nothing(
    driver: &WebDriver,
    script: &str,
    state: &str,
) -> WebDriverResult<()> {
    driver.execute(script, Vec::new()).await?;
    let run = "const done = arguments[0]; axe.run(document).then(done, (error) => done({ error: String(error) }));";
    let report = driver.execute_async(run, Vec::new()).await?;
    let report = report.json();
    let list = |name: &str| report[name].as_array().cloned().unwrap_or_default();
    assert!(
        list("passes").len() > 10,
        "{state}: axe-core did not run: {report}"
    );
    let found: Vec<String> = list("violations").iter().map(sentence).collect();
    assert!(
        found.is_empty(),
        "{state}: axe-core found {}:\n{}",
        found.len(),
        found.join("\n")
    );
    Ok(())
}

fn sentence(violation: &Value) -> String {
    let nodes = violation["nodes"].as_array().cloned().unwrap_or_default();
    let nodes: Vec<String> = nodes
        .iter()
        .map(|node| format!("  {}", node["failureSummary"]))
        .collect();
    format!(
        "{}: {}\n{}",
        violation["id"],
        violation["help"],
        nodes.join("\n")
    )
}

fn fetch() -> Result<String, String> {
    let folder = crate::npm::package("axe-core", VERSION)?;
    let file = folder.join("node_modules/axe-core/axe.min.js");
    std::fs::read_to_string(&file).map_err(|error| format!("axe-core {VERSION} ({error})"))
}
