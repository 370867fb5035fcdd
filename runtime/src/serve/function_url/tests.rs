//! Events inside requests, from the request's text to the answer's.

use std::sync::Mutex;

use wsfn_protocol::{Key, Signed as Signing};
use wsfn_settings::{Insecure, Secret};

use super::*;

const SECRET: &str = "0123456789abcdef";
const SESSION: &str = r#"7 {"name":"ada"}"#;
const EVENT: &str = r#"{"websocket":{"action":"data send","secConnectionID":"x==","dataType":"text","data":"\u00e4 \"q\""}}"#;

/// Remembers what it was asked.
#[derive(Default)]
struct Asked(Mutex<Vec<(String, Context)>>);

impl Answers for Asked {
    async fn answer(&self, event: Arc<str>, context: Context) -> String {
        let mut asked = self.0.lock().expect("no panic");
        asked.push((event.to_string(), context));
        r#"{"errNo":0,"errMsg":"ok"}"#.into()
    }

    async fn blocked(&self, event: Arc<str>, context: Context) -> String {
        self.answer(event, context).await
    }

    fn handler_of(&self, event: &str) -> &'static str {
        if event == EVENT { "talk" } else { "none" }
    }
}

fn behind(settings: &Settings) -> FunctionUrl<Asked> {
    FunctionUrl::new(Arc::default(), settings)
}

fn with_secret() -> FunctionUrl<Asked> {
    behind(&Settings {
        secret: vec![Secret::new(SECRET)],
        ..Settings::default()
    })
}

/// A request as the platform makes an event of it.
fn envelope(path: &str, headers: &[(&str, String)], body: &str) -> String {
    let headers: serde_json::Map<_, _> = headers
        .iter()
        .map(|(name, value)| ((*name).to_owned(), value.clone().into()))
        .collect();
    serde_json::json!({
        "body": body, "headers": headers, "httpMethod": "POST", "path": path, "queryString": {},
    })
    .to_string()
}

/// What our gateway sends to the URL `https://…/path`.
fn signed(path: &str, event: &str) -> Vec<(&'static str, String)> {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let timestamp = u64::try_from(now.expect("now").as_millis()).expect("soon");
    let key = Key::new(SECRET.as_bytes());
    let signature = key.sign(&Signing {
        purpose: "invoke",
        timestamp,
        method: "POST",
        path,
        event_id: "e-1",
        session: SESSION,
        body: event.as_bytes(),
    });
    vec![
        ("wsfn-gateway", "1".into()),
        ("wsfn-event-id", "e-1".into()),
        ("wsfn-session", SESSION.into()),
        ("wsfn-key", key.id().into()),
        ("wsfn-timestamp", timestamp.to_string()),
        ("wsfn-signature", signature),
    ]
}

async fn ask(url: &FunctionUrl<Asked>, text: &str) -> serde_json::Value {
    let context = Context {
        request_id: "r-1".into(),
        ..Context::default()
    };
    let answer = url.answer(text.into(), context).await;
    serde_json::from_str(&answer).expect("JSON")
}

fn asked(url: &FunctionUrl<Asked>) -> Vec<(String, Context)> {
    std::mem::take(&mut url.answers.0.lock().expect("no panic"))
}

#[tokio::test]
async fn an_event_is_unwrapped_and_answered_in_kind() {
    let url = behind(&Settings::default());
    let headers = [
        ("Wsfn-Gateway", "1".into()),
        ("x-scf-request-id", "other".into()),
    ];
    let answer = ask(&url, &envelope("/", &headers, EVENT)).await;
    assert_eq!(answer["statusCode"], 200);
    assert_eq!(answer["body"], r#"{"errNo":0,"errMsg":"ok"}"#);
    let [(event, context)] = &asked(&url)[..] else {
        panic!("one event");
    };
    assert_eq!(event, EVENT);
    assert!(context.our_gateway);
    // What the sender of a request says of itself is not what the platform says.
    assert_eq!(&*context.request_id, "r-1");
    assert_eq!(url.handler_of(&envelope("/", &[], EVENT)), "talk");
}

#[tokio::test]
async fn a_bare_event_passes_as_it_is() {
    for url in [behind(&Settings::default()), with_secret()] {
        let answer = ask(&url, EVENT).await;
        assert_eq!(answer["errNo"], 0);
        let asked = asked(&url);
        assert_eq!((asked.len(), &*asked[0].0), (1, EVENT));
        assert!(!asked[0].1.our_gateway);
        assert_eq!(url.handler_of(EVENT), "talk");
    }
}

#[tokio::test]
async fn with_a_secret_the_signature_covers_the_very_body() {
    let url = with_secret();
    let headers = signed("/", EVENT);
    let answer = ask(&url, &envelope("/", &headers, EVENT)).await;
    assert_eq!(answer["statusCode"], 200);
    let passed = asked(&url);
    let session = passed[0].1.session.read().expect("it travelled");
    assert_eq!((passed.len(), session.version), (1, 7));
    for (wrong, why) in [
        (envelope("/", &headers, EVENT), "was here before"),
        (envelope("/", &[], EVENT), "is not signed"),
        (
            envelope("/", &signed("/", "{}"), EVENT),
            "not that of this event",
        ),
        (
            envelope("/x", &signed("/", EVENT), EVENT),
            "not that of this event",
        ),
        (
            envelope("/", &signed("/", EVENT), EVENT)
                .replace(r#""queryString":{}"#, r#""queryString":{"a":"1"}"#),
            "has a query",
        ),
    ] {
        let answer = ask(&url, &wrong).await;
        assert_eq!(answer["statusCode"], 401, "{why}: {answer}");
        let body = answer["body"].as_str().expect("text");
        assert!(body.contains(why), "{body}");
    }
    assert_eq!(asked(&url).len(), 0);
}

#[tokio::test]
async fn what_is_no_event_is_answered_too() {
    let url = behind(&Settings::default());
    let get = envelope("/", &[], "").replace("POST", "GET");
    assert_eq!(ask(&url, &get).await["statusCode"], 405);
    let broken = envelope("/", &[], "%").replacen('{', r#"{"isBase64Encoded":true,"#, 1);
    let answer = ask(&url, &broken).await;
    assert_eq!(answer["statusCode"], 200);
    assert!(
        answer["body"].as_str().expect("text").contains("1001"),
        "{answer}"
    );
    assert_eq!(asked(&url).len(), 0);
}

#[tokio::test]
async fn that_anyone_can_send_events_is_said_once_unless_it_is_accepted() {
    let url = behind(&Settings::default());
    for before in [true, false] {
        assert_eq!(url.warn.load(Ordering::Relaxed), before);
        ask(&url, &envelope("/", &[], EVENT)).await;
    }
    let mut accepted = Settings::default();
    accepted.insecure = Insecure {
        invoke_unsigned: true,
        ..accepted.insecure
    };
    assert!(!behind(&accepted).warn.load(Ordering::Relaxed));
}
