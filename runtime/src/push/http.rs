//! Pushes over HTTP.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout_at};
use wsfn_protocol::{Answer, Payload, Request};
use wsfn_settings::HttpUrl;

use super::error::Why;
use super::{PushError, Report};
use crate::connection_id::ConnectionId;

/// The longest that one push takes, tries and waits together. A gateway answers within milliseconds; a handler that
/// waits longer for one client makes all others of its instance wait.
const PUSH_TIMEOUT: Duration = Duration::from_secs(10);

/// The longest wait for a TCP connection, so that a dead address leaves time to say so.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// How long an unused connection is kept. A function may be frozen after each answer and its connections die
/// meanwhile; only one that was used just now is trusted.
const IDLE_TIMEOUT: Duration = Duration::from_secs(2);

/// Unused connections that are kept: a quarter of the 1024 file descriptors that a function has (583/11637). Handlers of
/// many events push at once, and a new connection costs more than its push.
const IDLE_MAX: usize = 256;

/// Pushes that a fan-out has under way at once. A function has 1024 file descriptors (583/11637), and a gateway may
/// throttle.
const FAN_OUT: usize = 32;

/// Waits before the second and the third try; doubled by jitter at most. A gateway that restarts or a queue that
/// drains needs about that long.
const RETRY_AFTER: [Duration; 2] = [Duration::from_millis(50), Duration::from_millis(250)];

/// The most of an answer that is read: a page of members is far below, and a wrong address may stream for ever.
const ANSWER_MAX: usize = 4 << 20;

/// The connection to one push address.
pub(super) struct Http {
    client: reqwest::Client,
    url: reqwest::Url,
    /// What may be shown of the address.
    shown: String,
    ours: bool,
}

impl Http {
    pub(super) fn new(url: &HttpUrl, push_path: &str) -> Result<Self, PushError> {
        let shown = url.to_string();
        let unusable = |why: &str| PushError::from(Why::Unusable(format!("push-url {why}")));
        let url = reqwest::Url::parse(url.expose())
            .map_err(|error| unusable(&format!("is no address: {error}")))?;
        spoken(&url, cfg!(feature = "push-tls")).map_err(unusable)?;
        let ours = url
            .path()
            .strip_prefix(push_path)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        let hint = match url.scheme() {
            // An image with nothing in it has none.
            "https" => {
                "; certificates of authorities are looked for where the system has them, or in the file that the \
                 environment variable SSL_CERT_FILE names"
            }
            _ => "",
        };
        let client = client(&url)
            .map_err(|error| unusable(&format!("cannot be used: {}{hint}", cause(&error))))?;
        Ok(Self {
            client,
            url,
            shown,
            ours,
        })
    }

    /// The same, with connections of its own.
    pub(super) fn afresh(&self) -> Self {
        Self {
            // It could be made before.
            client: client(&self.url).unwrap_or_else(|_| self.client.clone()),
            url: self.url.clone(),
            shown: self.shown.clone(),
            ours: self.ours,
        }
    }

    /// Whether our own gateway is at the address. Its path says so: what an answer looks like is known too late.
    pub(super) const fn is_ours(&self) -> bool {
        self.ours
    }

    pub(super) fn shown(&self) -> &str {
        &self.shown
    }

    pub(super) async fn act(
        &self,
        request: &Request<'_>,
        deadline: Option<Instant>,
    ) -> Result<Answer, PushError> {
        let plain = matches!(request, Request::Send { .. } | Request::Close { .. });
        if !plain && !self.ours {
            return Err(Why::Unusable(format!(
                "`{}` is an action of our own gateway, and push-url ({}) is not one's; its path begins with push-path",
                request.action(),
                self.shown
            ))
            .into());
        }
        self.post(request.to_json(), plain, deadline).await
    }

    /// One message to each, as many requests. The message is encoded once.
    pub(super) async fn send_each(
        self: &Arc<Self>,
        ids: &[&ConnectionId],
        data: &Payload<'_>,
        deadline: Option<Instant>,
    ) -> Report {
        let body = Body::new(data);
        let slots = Arc::new(Semaphore::new(FAN_OUT));
        let mut tasks = JoinSet::new();
        let mut report = Report::default();
        for id in ids {
            // The semaphore is never closed; were it, the pushes would merely not be held back.
            let slot = Arc::clone(&slots).acquire_owned().await.ok();
            if deadline.is_some_and(|deadline| deadline <= Instant::now()) {
                report.add((*id).clone(), Err(Why::TimedOut.into()));
                continue;
            }
            let (http, id, body) = (Arc::clone(self), (*id).clone(), body.to(id));
            tasks.spawn(async move {
                let outcome = http.post(body, true, deadline).await.map(drop);
                drop(slot);
                (id, outcome)
            });
            while let Some(Ok((id, outcome))) = tasks.try_join_next() {
                report.add(id, outcome);
            }
        }
        while let Some(done) = tasks.join_next().await {
            if let Ok((id, outcome)) = done {
                report.add(id, outcome);
            }
        }
        report
    }

    /// Sends `body`, again where that is safe. `plain` is a request of Tencent's protocol, whose 200 may have any
    /// body.
    async fn post(
        &self,
        body: String,
        plain: bool,
        deadline: Option<Instant>,
    ) -> Result<Answer, PushError> {
        let latest = Instant::now() + PUSH_TIMEOUT;
        let until = deadline.map_or(latest, |deadline| deadline.min(latest));
        let body = bytes::Bytes::from(body);
        let mut waits = RETRY_AFTER.iter();
        loop {
            let outcome = match timeout_at(until, self.try_once(body.clone(), plain)).await {
                Ok(outcome) => outcome,
                Err(_) => Err(Why::TimedOut.into()),
            };
            let error = match outcome {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            let again = error.was_refused() || (self.ours && error.asks_to_retry());
            let Some(wait) = waits.next().filter(|_| again) else {
                return Err(error);
            };
            let wait = crate::serve::jittered(*wait);
            if Instant::now() + wait >= until {
                return Err(error);
            }
            sleep(wait).await;
        }
    }

    async fn try_once(&self, body: bytes::Bytes, plain: bool) -> Result<Answer, PushError> {
        let request = self
            .client
            .post(self.url.clone())
            .header("content-type", "application/json")
            .body(body);
        let mut response = request.send().await.map_err(|error| failed(&error))?;
        let status = response.status().as_u16();
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| broken(&error))? {
            if body.len() + chunk.len() > ANSWER_MAX {
                return Err(
                    Why::Broken(format!("its answer is larger than {ANSWER_MAX} bytes")).into(),
                );
            }
            body.extend_from_slice(&chunk);
        }
        let answer = Answer::parse(&body);
        match answer {
            Some(answer) if status == 200 && answer.err_no == 0 => Ok(answer),
            // Tencent documents no body for the answer: 200 alone means delivered, unless an `errNo` says something.
            None if status == 200 && plain && !has_err_no(&body) => Ok(Answer::ok()),
            answer => Err(self.refused(status, answer, body)),
        }
    }

    fn refused(&self, status: u16, answer: Option<Answer>, body: Vec<u8>) -> PushError {
        // Not `errNo` 0 of a body that says nothing about one.
        let (err_no, err_msg) = match answer {
            Some(answer) if answer.err_no != 0 => (Some(answer.err_no), answer.err_msg),
            Some(answer) => (None, answer.err_msg),
            None if status == 200 && has_err_no(&body) => (
                None,
                "the answer's errNo and errMsg are not a number and a text".to_owned(),
            ),
            None if status == 200 => (None, "the answer is not JSON".to_owned()),
            None => (None, String::new()),
        };
        Why::Answered {
            status: Some(status),
            err_no,
            err_msg: self.without_address(&err_msg),
            body,
        }
        .into()
    }

    /// A gateway's words without the address and the token, should it have repeated them.
    fn without_address(&self, text: &str) -> String {
        let mut text = text.replace(self.url.as_str(), "push-url");
        let segments = self.url.path_segments().into_iter().flatten();
        if let Some(last) = segments.last().filter(|last| !last.is_empty()) {
            text = text.replace(last, "…");
        }
        text
    }
}

fn client(url: &reqwest::Url) -> reqwest::Result<reqwest::Client> {
    let builder = reqwest::Client::builder()
        // A proxy that a variable of the environment names would see ids and messages.
        .no_proxy()
        // The address is exact; a redirect would send messages to somebody else.
        .redirect(reqwest::redirect::Policy::none())
        // What is retried is decided here.
        .retry(reqwest::retry::never())
        .connect_timeout(CONNECT_TIMEOUT)
        .pool_idle_timeout(IDLE_TIMEOUT)
        .pool_max_idle_per_host(IDLE_MAX);
    // Who speaks in plain needs no certificates, and to read the system's takes longer than many a push.
    #[cfg(feature = "push-tls")]
    let builder = match url.scheme() {
        "https" => builder,
        _ => builder.tls_certs_only([]),
    };
    #[cfg(not(feature = "push-tls"))]
    let _ = url;
    builder.build()
}

/// Whether this program can speak to the address. `PushUrl` has seen to it that it is one of the two schemes.
fn spoken(url: &reqwest::Url, tls: bool) -> Result<(), &'static str> {
    match url.scheme() {
        "https" if !tls => Err("is https://, which needs the feature `push-tls` of the crate wsfn"),
        _ => Ok(()),
    }
}

/// The text of a push to anyone: what stands before the id and what behind.
struct Body {
    before: String,
    after: String,
}

impl Body {
    fn new(data: &Payload<'_>) -> Self {
        let json = Request::Send {
            to: "".into(),
            data: data.borrowed(),
        }
        .to_json();
        // Nothing but the action stands before the id, so the first such place is the right one.
        let (before, after) = json
            .split_once("\"secConnectionID\":\"\"")
            .unwrap_or((&json, ""));
        Self {
            before: format!("{before}\"secConnectionID\":"),
            after: after.to_owned(),
        }
    }

    fn to(&self, id: &ConnectionId) -> String {
        // A string is always JSON.
        let id = serde_json::to_string(id.as_str()).unwrap_or_default();
        [&self.before, &*id, &self.after].concat()
    }
}

/// Whether an answer that cannot be read has a number all the same.
fn has_err_no(body: &[u8]) -> bool {
    #[derive(serde::Deserialize)]
    struct Wire {
        #[serde(rename = "errNo")]
        err_no: Option<serde::de::IgnoredAny>,
    }
    // What serde derives would take an array as the fields in their order.
    body.trim_ascii_start().first() == Some(&b'{')
        && serde_json::from_slice::<Wire>(body).is_ok_and(|wire| wire.err_no.is_some())
}

/// Why a request has no answer.
fn failed(error: &reqwest::Error) -> PushError {
    if error.is_connect() {
        return Why::NotSent(cause(error)).into();
    }
    broken(error)
}

fn broken(error: &reqwest::Error) -> PushError {
    if error.is_timeout() {
        return Why::TimedOut.into();
    }
    Why::Broken(cause(error)).into()
}

/// The innermost cause: the outer texts of reqwest hold the address.
fn cause(error: &reqwest::Error) -> String {
    let mut innermost: Option<&(dyn std::error::Error + 'static)> =
        std::error::Error::source(error);
    while let Some(next) = innermost.and_then(std::error::Error::source) {
        innermost = Some(next);
    }
    innermost.map_or_else(|| "unknown cause".to_owned(), ToString::to_string)
}

#[cfg(test)]
mod tests {
    use wsfn_protocol::Data;

    use super::*;

    #[test]
    fn a_push_to_many_is_the_push_to_one() {
        let id = ConnectionId::new("a\"b==");
        for data in [
            Payload::from(Data::Text("\"secConnectionID\":\"\"".into())),
            Payload::plain(Data::Binary(vec![0, 255].into())),
        ] {
            let one = Request::Send {
                to: id.as_str().into(),
                data: data.borrowed(),
            };
            assert_eq!(Body::new(&data).to(&id), one.to_json());
        }
    }

    #[test]
    fn the_path_tells_whose_gateway_it_is() {
        let ours = |url: &str| {
            let url = HttpUrl::parse(url).expect("an address");
            Http::new(&url, "/api-wsfn").expect("a client").is_ours()
        };
        assert!(ours("http://h/api-wsfn"));
        assert!(ours("http://h:1/api-wsfn/token"));
        assert!(!ours("http://h/api-wsfn2"));
        assert!(!ours(
            "http://set-a_b.cb-x.apigateway.tencentyun.com/api-abc"
        ));
    }

    #[test]
    fn https_needs_its_feature() {
        let url = |text| reqwest::Url::parse(text).expect("an address");
        let refused = spoken(&url("https://h/api-x"), false).expect_err("no TLS");
        assert!(refused.contains("`push-tls`"), "{refused}");
        assert_eq!(spoken(&url("https://h/api-x"), true), Ok(()));
        assert_eq!(spoken(&url("http://h/api-x"), false), Ok(()));
    }

    #[tokio::test]
    async fn a_push_ends_with_the_invocation() {
        // It accepts, in the system's queue, and never answers.
        let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await;
        let silent = silent.expect("a port");
        let address = silent.local_addr().expect("its address");
        let url = HttpUrl::parse(&format!("http://{address}/api-x")).expect("an address");
        let http = Http::new(&url, "/api-wsfn").expect("a client");
        let request = Request::Close {
            to: "x".into(),
            code: None,
            reason: None,
        };
        let begun = Instant::now();
        let deadline = begun + Duration::from_millis(200);
        let error = http.act(&request, Some(deadline)).await;
        let error = error.expect_err("nobody answers");
        assert!(error.is_timeout(), "{error}");
        assert!(begun.elapsed() < PUSH_TIMEOUT);
    }
}
