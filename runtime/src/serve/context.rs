//! The context of an invocation, from HTTP headers and the environment.

use std::sync::Arc;
use std::time::Duration;

use hyper::HeaderMap;
use hyper::header::HeaderName;
use tokio::time::Instant;

use crate::context::Context;
use crate::session::Carried;

/// SCF's timeouts are 1 s to 900 s (583/11637). `X-Scf-Timeout` has no documented unit, and it needs none: up to this
/// it can only be seconds, above it only milliseconds.
const LONGEST_SECONDS: u64 = 900;

/// The headers that say something, each under all its names: those of the runtime API first. They are made here, since
/// an event is asked for all of them and has few.
static REQUEST_ID: [HeaderName; 3] = [
    HeaderName::from_static("request_id"),
    HeaderName::from_static("request-id"),
    HeaderName::from_static("x-scf-request-id"),
];
static MEMORY: [HeaderName; 2] = [
    HeaderName::from_static("memory_limit_in_mb"),
    HeaderName::from_static("x-scf-memory"),
];
static TIME_LIMIT: [HeaderName; 1] = [HeaderName::from_static("time_limit_in_ms")];
static TIMEOUT: [HeaderName; 1] = [HeaderName::from_static("x-scf-timeout")];
static NAME: [HeaderName; 1] = [HeaderName::from_static("x-scf-name")];
static VERSION: [HeaderName; 1] = [HeaderName::from_static("x-scf-version")];
static NAMESPACE: [HeaderName; 1] = [HeaderName::from_static("x-scf-namespace")];
static REGION: [HeaderName; 1] = [HeaderName::from_static("x-scf-region")];
static APP_ID: [HeaderName; 1] = [HeaderName::from_static("x-scf-appid")];
static UIN: [HeaderName; 1] = [HeaderName::from_static("x-scf-uin")];
static GATEWAY: [HeaderName; 1] = [HeaderName::from_static(wsfn_protocol::header::GATEWAY)];

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

    /// The context that headers and environment give; what neither says is empty. `now` is when the event came.
    pub(crate) fn context(&self, headers: &HeaderMap, now: Instant) -> Context {
        let text = |names| first(headers, names).map(Arc::<str>::from);
        let or = |name, other: &Option<Arc<str>>| text(name).or_else(|| other.clone());
        Context {
            request_id: text(&REQUEST_ID).unwrap_or_default(),
            deadline: time_limit(headers).and_then(|limit| now.checked_add(limit)),
            memory_limit_mb: first(headers, &MEMORY).and_then(|text| text.parse().ok()),
            function_name: or(&NAME, &self.function_name),
            function_version: or(&VERSION, &self.function_version),
            namespace: or(&NAMESPACE, &self.namespace),
            region: or(&REGION, &self.region),
            app_id: or(&APP_ID, &self.app_id),
            uin: or(&UIN, &self.uin),
            our_gateway: first(headers, &GATEWAY) == Some("1"),
            session: Carried::from_headers(headers),
        }
    }
}

/// How long the invocation may take.
fn time_limit(headers: &HeaderMap) -> Option<Duration> {
    let number = |names| first(headers, names)?.parse::<u64>().ok();
    if let Some(milliseconds) = number(&TIME_LIMIT) {
        return Some(Duration::from_millis(milliseconds));
    }
    let limit = number(&TIMEOUT)?;
    Some(if limit <= LONGEST_SECONDS {
        Duration::from_secs(limit)
    } else {
        Duration::from_millis(limit)
    })
}

/// The first header of these that is there and readable.
fn first<'h>(headers: &'h HeaderMap, names: &[HeaderName]) -> Option<&'h str> {
    let mut found = names.iter().filter_map(|name| headers.get(name));
    found.find_map(|value| Some(value.to_str().ok()?.trim()).filter(|text| !text.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn context(headers: &[(&str, &str)]) -> Context {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            let name = HeaderName::from_bytes(name.as_bytes()).expect("a name");
            map.append(name, value.parse().expect("a value"));
        }
        Environment::default().context(&map, Instant::now())
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
        assert!(context.our_gateway);
    }

    #[test]
    fn headers_of_a_web_function_go_before_the_environment() {
        let read = |environment: &Environment, headers: &[(&str, &str)]| {
            let mut map = HeaderMap::new();
            for (name, value) in headers {
                let name = HeaderName::from_bytes(name.as_bytes()).expect("a name");
                map.append(name, value.parse().expect("a value"));
            }
            let context = environment.context(&map, Instant::now());
            let texts = [
                context.function_name,
                context.function_version,
                context.namespace,
                context.region,
                context.app_id,
                context.uin,
            ];
            (
                context.memory_limit_mb,
                texts.map(Option::unwrap_or_default),
            )
        };
        let environment = Environment {
            function_name: Some("own-name".into()),
            function_version: Some("own-version".into()),
            namespace: Some("own-namespace".into()),
            region: Some("own-region".into()),
            app_id: Some("own-app".into()),
            uin: Some("own-uin".into()),
        };
        let (memory, texts) = read(&environment, &[]);
        assert_eq!(memory, None);
        assert_eq!(
            texts.each_ref().map(|text| &**text),
            [
                "own-name",
                "own-version",
                "own-namespace",
                "own-region",
                "own-app",
                "own-uin"
            ]
        );
        let headers = [
            ("X-Scf-Memory", "256"),
            ("X-Scf-Name", "talk"),
            ("X-Scf-Version", "$LATEST"),
            ("X-Scf-Namespace", "default"),
            ("X-Scf-Region", "ap-guangzhou"),
            ("X-Scf-Appid", "1250000000"),
            ("X-Scf-Uin", "100000000001"),
        ];
        for environment in [environment, Environment::default()] {
            let (memory, texts) = read(&environment, &headers);
            assert_eq!(memory, Some(256));
            let expected = headers[1..].iter().map(|(_, value)| *value);
            assert!(texts.iter().map(|text| &**text).eq(expected), "{texts:?}");
        }
    }

    #[test]
    fn a_timeout_is_seconds_or_milliseconds_by_its_size() {
        for (text, limit) in [
            ("3", 3_000),
            ("900", 900_000),
            ("1000", 1_000),
            ("900000", 900_000),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert("x-scf-timeout", text.parse().expect("a value"));
            assert_eq!(time_limit(&headers), Some(Duration::from_millis(limit)));
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
        assert!(!context.our_gateway);
    }
}
