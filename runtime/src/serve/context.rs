//! The context of an invocation, from HTTP headers and the environment.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::context::Context;

/// SCF's timeouts are 1 s to 900 s (583/11637). `X-Scf-Timeout` has no documented unit, and it needs none: up to this
/// it can only be seconds, above it only milliseconds.
const LONGEST_SECONDS: u64 = 900;

/// What stands in the environment of every function in SCF (583/56051), each optional.
#[derive(Debug, Clone, Default)]
pub(crate) struct Environment {
    function_name: Option<Arc<str>>,
    function_version: Option<Arc<str>>,
    namespace: Option<Arc<str>>,
    region: Option<Arc<str>>,
    app_id: Option<Arc<str>>,
    uin: Option<Arc<str>>,
}

impl Environment {
    pub(crate) fn from_process() -> Self {
        let read = |name| std::env::var(name).ok().map(Arc::from);
        Self {
            function_name: read("SCF_FUNCTIONNAME"),
            function_version: read("SCF_FUNCTIONVERSION"),
            namespace: read("SCF_NAMESPACE"),
            region: read("TENCENTCLOUD_REGION"),
            app_id: read("TENCENTCLOUD_APPID"),
            uin: read("TENCENTCLOUD_UIN"),
        }
    }

    /// The context that headers and environment give; what neither says is empty. `header` gives the first one of a
    /// name, in any case; `now` is when the event came.
    pub(crate) fn context<'h>(
        &self,
        header: impl Fn(&str) -> Option<&'h str>,
        now: Instant,
    ) -> Context {
        // The first of these that is there and says something.
        let first = |names: &[&str]| {
            let mut values = names.iter().filter_map(|name| Some(header(name)?.trim()));
            values.find(|value| !value.is_empty())
        };
        let text = |names: &[&str]| first(names).map(Arc::<str>::from);
        let or = |name: &str, other: &Option<Arc<str>>| text(&[name]).or_else(|| other.clone());
        Context {
            request_id: text(&["request_id", "request-id", "x-scf-request-id"]).unwrap_or_default(),
            deadline: time_limit(first).and_then(|limit| now.checked_add(limit)),
            memory_limit_mb: first(&["memory_limit_in_mb", "x-scf-memory"])
                .and_then(|text| text.parse().ok()),
            function_name: or("x-scf-name", &self.function_name),
            function_version: or("x-scf-version", &self.function_version),
            namespace: or("x-scf-namespace", &self.namespace),
            region: or("x-scf-region", &self.region),
            app_id: or("x-scf-appid", &self.app_id),
            uin: or("x-scf-uin", &self.uin),
            replies_carry_pushes: first(&[wsfn_protocol::header::GATEWAY]) == Some("1"),
        }
    }
}

/// How long the invocation may take.
fn time_limit<'h>(first: impl Fn(&[&str]) -> Option<&'h str>) -> Option<Duration> {
    let number = |name: &str| first(&[name])?.parse::<u64>().ok();
    if let Some(milliseconds) = number("time_limit_in_ms") {
        return Some(Duration::from_millis(milliseconds));
    }
    let limit = number("x-scf-timeout")?;
    Some(if limit <= LONGEST_SECONDS {
        Duration::from_secs(limit)
    } else {
        Duration::from_millis(limit)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn context(headers: &[(&'static str, &'static str)]) -> Context {
        let header = |name: &str| {
            let mut named = headers.iter().filter(|(n, _)| n.eq_ignore_ascii_case(name));
            named.next().map(|(_, value)| *value)
        };
        Environment::default().context(header, Instant::now())
    }

    #[test]
    fn headers_of_the_runtime_api_in_any_case() {
        let now = Instant::now();
        let context = context(&[
            ("Request_Id", "r-1"),
            ("MEMORY_LIMIT_IN_MB", "128"),
            ("time_limit_in_ms", "3000"),
            ("Wsfn-Gateway", "1"),
        ]);
        assert_eq!(&*context.request_id, "r-1");
        assert_eq!(context.memory_limit_mb, Some(128));
        assert!(context.deadline.expect("a deadline") >= now + Duration::from_secs(3));
        assert!(context.replies_carry_pushes);
    }

    #[test]
    fn a_timeout_is_seconds_or_milliseconds_by_its_size() {
        for (text, limit) in [
            ("3", 3_000),
            ("900", 900_000),
            ("1000", 1_000),
            ("900000", 900_000),
        ] {
            let first = |names: &[&str]| (names == ["x-scf-timeout"]).then_some(text);
            assert_eq!(time_limit(first), Some(Duration::from_millis(limit)));
        }
    }

    #[test]
    fn nonsense_is_nothing() {
        let context = context(&[
            ("time_limit_in_ms", "soon"),
            ("memory_limit_in_mb", "-1"),
            ("request_id", ""),
            ("x-scf-timeout", "99999999999999999999"),
        ]);
        assert_eq!(context.deadline, None);
        assert_eq!(context.memory_limit_mb, None);
        assert_eq!(&*context.request_id, "");
        assert!(!context.replies_carry_pushes);
    }
}
