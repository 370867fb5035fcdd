//! A function in SCF, against an endpoint that checks signatures by the published description (583/31703) and answers
//! what the real one is documented to (583/58400).

use std::time::{SystemTime, UNIX_EPOCH};

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use wsfn_gateway::{Invoke, InvokeAnswer, InvokeError, ScfFunction};
use wsfn_protocol::{ErrNo, Kind};
use wsfn_settings::{FunctionAddr, Settings, Sources};

use crate::support::{Does, Server, call};

const ID: &str = "AKIDexample";
const KEY: &str = "an-example-key";
const TOKEN: &str = "an-example-token";

/// `message` is the function; the settings are as a user would write them.
fn function(server: &Server, credentials: &str) -> ScfFunction {
    function_at(server.address, credentials)
}

fn function_at(address: std::net::SocketAddr, credentials: &str) -> ScfFunction {
    let sources = Sources::new()
        .for_command()
        .flag("message", "scf:ap-guangzhou/my-space/chat:$LATEST")
        .flag("scf-endpoint", format!("http://{address}"))
        .env("WSFN_SCF_CREDENTIALS", credentials);
    let settings = Settings::load(&sources).expect("settings");
    let Some(FunctionAddr::Scf(name)) = &settings.message else {
        panic!("{:?}", settings.message);
    };
    ScfFunction::new(name, &settings).expect("a function")
}

/// A request as the API would look at it: headers by their names in lower case, and the body.
struct Received<'r> {
    line: &'r str,
    headers: Vec<(String, &'r str)>,
    body: &'r str,
}

impl<'r> Received<'r> {
    fn read(request: &'r str) -> Self {
        let (head, body) = request.split_once("\r\n\r\n").expect("a whole request");
        let mut lines = head.lines();
        let line = lines.next().expect("a request line");
        let headers = lines
            .map(|line| line.split_once(": ").expect("a header"))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim()))
            .collect();
        Self {
            line,
            headers,
            body,
        }
    }

    fn header(&self, name: &str) -> &'r str {
        let mut found = self.headers.iter().filter(|(known, _)| known == name);
        let value = found.next().map_or("", |(_, value)| value);
        assert!(found.next().is_none(), "{name} twice");
        value
    }

    /// Whether the signature is the one that the description asks for.
    fn is_signed(&self) -> bool {
        let authorization = self.header("authorization");
        let parts = authorization
            .strip_prefix("TC3-HMAC-SHA256 ")
            .expect("the algorithm");
        let part = |name: &str| {
            parts
                .split(", ")
                .find_map(|part| part.strip_prefix(name)?.strip_prefix('='))
                .unwrap_or_else(|| panic!("{name}: {parts}"))
        };
        let (id, scope) = part("Credential").split_once('/').expect("id and scope");
        let [date, "scf", "tc3_request"] = scope.split('/').collect::<Vec<_>>()[..] else {
            panic!("{scope}");
        };
        let timestamp = self.header("x-tc-timestamp");
        let seconds: u64 = timestamp.parse().expect("a timestamp");
        assert_eq!(days_until(date), seconds / 86_400, "{date}, {seconds}");
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("now");
        assert!(now.as_secs().abs_diff(seconds) < 300, "{seconds}");

        let names = part("SignedHeaders");
        let mut canonical = String::from("POST\n/\n\n");
        for name in names.split(';') {
            let value = self.header(name).to_ascii_lowercase();
            canonical += &format!("{name}:{value}\n");
        }
        for required in ["content-type", "host"] {
            assert!(names.split(';').any(|name| name == required), "{names}");
        }
        canonical += &format!("\n{names}\n{}", digest(self.body));
        let to_sign = format!(
            "TC3-HMAC-SHA256\n{timestamp}\n{scope}\n{}",
            digest(&canonical)
        );
        let secret_date = mac(format!("TC3{KEY}").as_bytes(), date);
        let secret_service = mac(&secret_date, "scf");
        let secret_signing = mac(&secret_service, "tc3_request");
        id == ID && part("Signature") == hex(&mac(&secret_signing, &to_sign))
    }
}

fn mac(key: &[u8], text: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("a key");
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

fn digest(text: &str) -> String {
    hex(&Sha256::digest(text.as_bytes()))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Days from 1970 to a date, counted the other way round than the gateway counts.
fn days_until(date: &str) -> u64 {
    let numbers: Vec<u64> = date
        .split('-')
        .map(|number| number.parse().expect("a number"))
        .collect();
    let [year, month, day] = numbers[..] else {
        panic!("{date}");
    };
    let divides = |by: u64, year: u64| year.is_multiple_of(by);
    let leap = |year| divides(4, year) && (divides(400, year) || !divides(100, year));
    let years: u64 = (1970..year).map(|year| 365 + u64::from(leap(year))).sum();
    let months: u64 = (1..month)
        .map(|month| match month {
            2 => 28 + u64::from(leap(year)),
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        })
        .sum();
    years + months + day - 1
}

/// What the API does: it refuses what is not signed, and calls a function that echoes its event.
fn api(request: &str) -> String {
    let received = Received::read(request);
    if !received.is_signed() {
        return error("AuthFailure.SignatureFailure");
    }
    let asked: Value = serde_json::from_str(received.body).expect("JSON");
    result(0, asked["Event"].as_str().expect("an event"), "")
}

fn result(invoke_result: i64, ret_msg: &str, err_msg: &str) -> String {
    let result = json!({
        "BillDuration": 1, "Duration": 0.5, "ErrMsg": err_msg, "FunctionRequestId": "f-1",
        "InvokeResult": invoke_result, "Log": "", "MemUsage": 1024, "RetMsg": ret_msg,
    });
    json!({"Response": {"RequestId": "api-1", "Result": result}}).to_string()
}

fn error(code: &str) -> String {
    json!({"Response": {"RequestId": "api-1", "Error": {"Code": code, "Message": "no"}}})
        .to_string()
}

async fn ask(server: &Server, kind: Kind) -> Result<InvokeAnswer, InvokeError> {
    function(server, &format!("{ID},{KEY}"))
        .invoke(call(kind))
        .await
}

#[tokio::test]
async fn a_call_is_signed_and_holds_the_very_event() {
    let server = Server::start(Does::Decide(api)).await;
    let function = function(&server, &format!("{ID},{KEY}"));
    let event =
        "{\"websocket\":{\"data\":\"\\\"\\u00e4 \u{e4}\u{1f600}\\n\",\"dataType\":\"text\"}}";
    let mut call = call(Kind::Message);
    call.event = event.into();
    let answer = function.invoke(call).await.expect("an answer");
    assert_eq!(answer, InvokeAnswer::ok());
    let requests = server.requests();
    let received = Received::read(&requests[0]);
    assert_eq!(received.line, "POST / HTTP/1.1");
    for (name, value) in [
        ("content-type", "application/json; charset=utf-8"),
        ("host", &*server.address.to_string()),
        ("x-tc-action", "InvokeFunction"),
        ("x-tc-version", "2018-04-16"),
        ("x-tc-region", "ap-guangzhou"),
        ("x-tc-token", ""),
    ] {
        assert_eq!(received.header(name), value, "{name}");
    }
    let asked: Value = serde_json::from_str(received.body).expect("JSON");
    let expected = json!({
        "FunctionName": "chat", "Namespace": "my-space", "Qualifier": "$LATEST", "Event": event,
    });
    assert_eq!(asked, expected);
    // Nothing of ours goes along: the function sees what it always saw.
    let ours = |(name, _): &(String, _)| name.starts_with("wsfn") || name.starts_with("x-scf");
    assert!(!received.headers.iter().any(ours), "{}", requests[0]);
}

#[tokio::test]
async fn a_temporary_key_goes_with_its_token_and_none_is_shown() {
    let server = Server::start(Does::Decide(api)).await;
    let function = function(&server, &format!("{ID},{KEY},{TOKEN}"));
    function.invoke(call(Kind::Close)).await.expect("an answer");
    let requests = server.requests();
    assert_eq!(Received::read(&requests[0]).header("x-tc-token"), TOKEN);
    let shown = format!("{function:?}");
    assert!(
        ![ID, KEY, TOKEN].iter().any(|secret| shown.contains(secret)),
        "{shown}"
    );
}

#[tokio::test]
async fn another_key_is_refused_and_the_function_not_called() {
    let server = Server::start(Does::Decide(api)).await;
    for credentials in ["AKIDexample,another-key", "AKIDanother,an-example-key"] {
        let refused = function(&server, credentials)
            .invoke(call(Kind::Connect))
            .await;
        assert_eq!(refused, Err(InvokeError::NotSent));
    }
}

#[tokio::test]
async fn the_reply_is_what_the_function_returned() {
    let server = Server::start(Does::Decide(|_| {
        result(0, r#"{"errNo":4001,"errMsg":"not you"}"#, "")
    }))
    .await;
    let answer = ask(&server, Kind::Connect).await.expect("an answer");
    assert_eq!((answer.err_no, &*answer.err_msg), (ErrNo(4001), "not you"));
    let server = Server::start(Does::Decide(|_| result(0, "", ""))).await;
    let failed = ask(&server, Kind::Connect).await;
    assert!(matches!(failed, Err(InvokeError::Failed(_))), "{failed:?}");
    assert_eq!(ask(&server, Kind::Message).await, Ok(InvokeAnswer::ok()));
    // It was not told that pushes inside a reply are understood, so what looks like one is none.
    const PUSH: &str = r#"{"errNo":0,"errMsg":"ok","wsfn":{"push":[{"websocket":{"action":"data send","dataType":"text","data":"hi"}}]}}"#;
    let server = Server::start(Does::Decide(|_| result(0, PUSH, ""))).await;
    for kind in [Kind::Connect, Kind::Message] {
        assert_eq!(ask(&server, kind).await, Ok(InvokeAnswer::ok()));
    }
}

#[tokio::test]
async fn a_function_that_failed_says_so_in_the_log() {
    let server = Server::start(Does::Decide(|_| result(1, "", "Traceback: no such file"))).await;
    let error = ask(&server, Kind::Message).await.expect_err("a failure");
    assert!(error.was_sent());
    assert!(
        error.to_string().contains("Traceback: no such file"),
        "{error}"
    );
    assert_eq!(server.requests().len(), 1);
}

/// `None` stands for a call that may have been made.
#[tokio::test]
async fn errors_of_the_api_mean_what_they_say_and_no_more() {
    async fn meaning(answer: fn(&str) -> String) -> Result<InvokeAnswer, InvokeError> {
        let server = Server::start(Does::Decide(answer)).await;
        let answer = ask(&server, Kind::Connect).await;
        assert_eq!(server.requests().len(), 1);
        answer
    }
    for full in [
        (|_| error("RequestLimitExceeded")) as fn(&str) -> String,
        |_| error("RequestLimitExceeded.UinLimitExceeded"),
        |_| error("LimitExceeded.Quota"),
    ] {
        assert_eq!(meaning(full).await, Err(InvokeError::QueueFull));
    }
    for refused in [
        (|_| error("ResourceNotFound.Function")) as fn(&str) -> String,
        |_| error("InvalidParameter.RequestTooLarge"),
        |_| error("RequestSizeLimitExceeded"),
        |_| error("AuthFailure.SignatureExpire"),
        |_| error("UnauthorizedOperation.CAM"),
    ] {
        assert_eq!(meaning(refused).await, Err(InvokeError::NotSent));
    }
    for unclear in [
        (|_| error("InternalError.System")) as fn(&str) -> String,
        |_| error("FailedOperation.InvokeFunction"),
        |_| error("ResponseSizeLimitExceeded"),
        |_| error("Newer.LimitExceeded"),
        |_| r#"{"Response":{"RequestId":"api-1"}}"#.into(),
        |_| r#"{"Response":{"Result":{"RetMsg":"{}"}}}"#.into(),
        |_| "<html>".into(),
        |_| String::new(),
    ] {
        let answer = meaning(unclear).await;
        assert!(matches!(answer, Err(InvokeError::Failed(_))), "{answer:?}");
    }
    let server = Server::start(Does::Answer("503 Oh", "{}")).await;
    let error = ask(&server, Kind::Close).await.expect_err("no answer");
    assert!(error.to_string().contains("503"), "{error}");
}

#[tokio::test]
async fn what_may_have_been_read_is_not_sent_again() {
    for does in [Does::Close, Does::Half] {
        let server = Server::start(does).await;
        let error = ask(&server, Kind::Message).await.expect_err("no answer");
        assert!(error.was_sent(), "{error}");
        assert_eq!(server.requests().len(), 1);
    }
}

#[tokio::test]
async fn nobody_there_is_provably_not_sent() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = free.local_addr().expect("its address");
    drop(free);
    let function = function_at(address, &format!("{ID},{KEY}"));
    let answer = function.invoke(call(Kind::Connect)).await;
    assert_eq!(answer, Err(InvokeError::NotSent));
}

#[tokio::test]
async fn an_event_that_scf_does_not_take_is_not_sent() {
    let answer = r#"{"Response":{"Result":{"InvokeResult":0,"RetMsg":"{}"}}}"#;
    let server = Server::start(Does::Answer("200 OK", answer)).await;
    let function = function(&server, &format!("{ID},{KEY}"));
    for (bytes, taken) in [(6 << 20, true), ((6 << 20) + 1, false)] {
        let mut call = call(Kind::Message);
        call.event = "x".repeat(bytes).into();
        let answer = function.invoke(call).await;
        assert_eq!(answer.is_ok(), taken, "{answer:?}");
    }
    assert_eq!(server.requests().len(), 1);
}
