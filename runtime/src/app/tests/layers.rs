//! What stands around the call of an event.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;
use tower::ServiceBuilder;
use tower::limit::ConcurrencyLimitLayer;
use tower::load_shed::LoadShedLayer;
use tower::timeout::TimeoutLayer;

use super::{CLOSE, CONNECT, act, answer, app, message, note, ours, started, told};
use crate::{
    Body, Context, Event, FromEvent, Handled, Invocation, Kind, Next, Refuse, Rejection, Result,
    Setup, Slot, Text, on_close, on_connect, on_message,
};

/// What was done, in order.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    fn add(&self, line: impl Into<String>) {
        self.0.lock().expect("no panic").push(line.into());
    }

    fn taken(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().expect("no panic"))
    }

    /// A layer that says when it was entered and left.
    fn layer(
        &self,
        name: &'static str,
    ) -> impl Fn(Invocation, Next) -> std::pin::Pin<Box<dyn Future<Output = Result<Handled>> + Send>>
    + Clone
    + Send
    + Sync
    + 'static {
        let log = self.clone();
        move |invocation, next| {
            let log = log.clone();
            Box::pin(async move {
                let (kind, handler) = (invocation.kind(), invocation.handler());
                log.add(format!("{name} {kind:?} {handler:?}"));
                let handled = next.run(invocation).await?;
                log.add(format!("{name} {} {}", handled.err_no(), handled.err_msg()));
                Ok(handled)
            })
        }
    }
}

#[tokio::test]
async fn the_last_added_is_the_outermost() {
    let log = Log::default();
    let app = app![act, crate = crate]
        .around(log.layer("inner"))
        .around(log.layer("outer"));
    let answered = answer(app, &message("answer")).await;
    assert_eq!(note(&answered).as_deref(), Some("hi"));
    assert_eq!(
        log.taken(),
        [
            r#"outer Message Some("act")"#,
            r#"inner Message Some("act")"#,
            "inner 0 ok",
            "outer 0 ok",
        ]
    );
}

#[tokio::test]
async fn every_event_that_can_be_read_is_seen_with_its_outcome() {
    let log = Log::default();
    let app = app![act, crate = crate].around(log.layer("l"));
    let instance = started(app).await;
    for (event, seen, err_no) in [
        (
            message("refuse"),
            r#"l Message Some("act")"#,
            "l 4001 not today",
        ),
        (
            message("fail"),
            r#"l Message Some("act")"#,
            "l 1004 handler failed",
        ),
        (
            message("panic"),
            r#"l Message Some("act")"#,
            "l 1005 handler panicked",
        ),
        // Nobody handles these.
        (CONNECT.to_owned(), "l Connect None", "l 0 ok"),
        (CLOSE.to_owned(), "l Close None", "l 0 ok"),
    ] {
        instance.dispatch(event.as_str().into(), ours()).await;
        assert_eq!(log.taken(), [seen, err_no]);
    }
    let connects = started(app![super::greet, crate = crate].around(log.layer("l"))).await;
    connects.dispatch(message("x").into(), ours()).await;
    let unhandled = "l 1002 no handler for `data send`";
    assert_eq!(log.taken(), ["l Message None", unhandled]);
    for event in ["", "{}", r#"{"websocket":{"action":"data send"}}"#] {
        instance.dispatch(event.into(), ours()).await;
        assert_eq!(log.taken(), [] as [String; 0], "{event}");
    }
}

#[tokio::test]
async fn answers_are_the_same_with_and_without() {
    let without = started(app![act, super::greet, super::forget, crate = crate]).await;
    let log = Log::default();
    let with = started(
        app![act, super::greet, super::forget, crate = crate]
            .around(log.layer("one"))
            .around(log.layer("two")),
    )
    .await;
    let events = ["answer", "refuse", "fail", "panic", "else"].map(message);
    for event in events
        .iter()
        .map(String::as_str)
        .chain([CONNECT, CLOSE, "", "{}"])
    {
        assert_eq!(
            with.dispatch(event.into(), ours()).await,
            without.dispatch(event.into(), ours()).await,
            "{event}"
        );
    }
}

/// Lets nobody in, and no message through that says so.
async fn guard(invocation: Invocation, next: Next) -> Result<Handled> {
    match (invocation.kind(), invocation.body()) {
        (Kind::Connect, _) if invocation.request_context()?.source_ip.is_none() => {
            Err(Refuse::new(4010, "who are you?"))?
        }
        (_, Some(Body::Text("guarded"))) => Err(Refuse::new(4011, "guarded"))?,
        (_, Some(Body::Text("broken"))) => Err("the password is hunter2")?,
        (_, Some(Body::Text("panic in a layer"))) => panic!("the password is hunter2"),
        (_, Some(Body::Text("answered"))) => Ok(Handled::ok()),
        _ => next.run(invocation).await,
    }
}

#[tokio::test]
async fn a_layer_refuses_and_answers_by_itself() {
    let log = Log::default();
    let app = || {
        app![act, crate = crate]
            .around(log.layer("inside"))
            .around(guard)
    };
    assert_eq!(
        answer(app(), CONNECT).await,
        r#"{"errNo":4010,"errMsg":"who are you?"}"#
    );
    assert_eq!(
        answer(app(), &message("guarded")).await,
        told(4011, "guarded")
    );
    assert_eq!(
        answer(app(), &message("broken")).await,
        told(1004, "handler failed")
    );
    assert_eq!(
        answer(app(), &message("panic in a layer")).await,
        told(1005, "handler panicked")
    );
    let ok = r#"{"errNo":0,"errMsg":"ok"}"#;
    assert_eq!(answer(app(), &message("answered")).await, ok);
    assert_eq!(log.taken(), [] as [String; 0]);
    let known = CONNECT.replace(
        r#""requestContext":{}"#,
        r#""requestContext":{"sourceIp":"::1"}"#,
    );
    assert!(answer(app(), &known).await.starts_with(r#"{"errNo":0,"#));
    assert_eq!(log.taken().len(), 2);
}

/// Who the layer says that it is.
#[derive(Clone)]
struct Name(&'static str);

struct Named(&'static str);
impl<'e, E: Slot> FromEvent<'e, E> for Named {
    async fn from_event(event: &'e Event<E>) -> Result<Self, Rejection> {
        let name = event.extension::<Name>();
        name.map(|name| Self(name.0))
            .ok_or(Rejection::absent("nobody was named"))
    }
}

#[on_message(crate = crate)]
async fn says_who(named: Named) -> Text {
    Text(named.0.to_owned())
}
#[on_connect(crate = crate)]
async fn asks_who(named: Named) -> Result<(), Refuse> {
    Err(Refuse::new(1, named.0))
}
#[on_close(crate = crate)]
async fn tells_who(named: Named) -> Result<(), Refuse> {
    Err(Refuse::new(2, named.0))
}

#[tokio::test]
async fn a_layer_leaves_values_for_extractors() {
    let app = || {
        app![says_who, asks_who, tells_who, crate = crate]
            .around(async |invocation: Invocation, next: Next| {
                assert_eq!(invocation.get::<Name>().map(|name| name.0), Some("ann"));
                assert!(invocation.get::<u8>().is_none());
                next.run(invocation).await
            })
            .around(async |mut invocation: Invocation, next: Next| {
                assert!(invocation.insert(Name("bob")).is_none());
                assert_eq!(
                    invocation.insert(Name("ann")).map(|name| name.0),
                    Some("bob")
                );
                next.run(invocation).await
            })
    };
    assert_eq!(
        note(&answer(app(), &message("x")).await).as_deref(),
        Some("ann")
    );
    assert_eq!(
        answer(app(), CONNECT).await,
        r#"{"errNo":1,"errMsg":"ann"}"#
    );
    assert_eq!(answer(app(), CLOSE).await, r#"{"errNo":2,"errMsg":"ann"}"#);
    let nobody = answer(app![says_who, crate = crate], &message("x")).await;
    assert_eq!(nobody, told(1003, "nobody was named"));
}

#[tokio::test(start_paused = true)]
async fn tower_s_timeout_is_an_error_of_a_layer() {
    let app = app![act, crate = crate].layer(TimeoutLayer::new(Duration::from_secs(5)));
    let instance = started(app).await;
    let answered = instance.dispatch(message("hang").into(), ours()).await;
    assert_eq!(answered, told(1004, "handler failed"));
    let answered = instance.dispatch(message("answer").into(), ours()).await;
    assert_eq!(note(&answered).as_deref(), Some("hi"));
}

/// Waits until it is let go.
static GO: Notify = Notify::const_new();
#[on_message(crate = crate)]
async fn waits(line: &str) -> Text {
    if line == "wait" {
        GO.notified().await;
    }
    Text(line.to_owned())
}

#[tokio::test(start_paused = true)]
async fn tower_s_limits_hold_for_all_events_together() {
    let limited = app![waits, crate = crate].layer(ConcurrencyLimitLayer::new(1));
    let limited = started(limited).await;
    let first = limited.dispatch(message("wait").into(), ours());
    let second = limited.dispatch(message("second").into(), ours());
    let (mut first, mut second) = (std::pin::pin!(first), std::pin::pin!(second));
    tokio::select! {
        biased;
        _ = &mut first => panic!("it is held"),
        _ = &mut second => panic!("the first is not done"),
        () = tokio::time::sleep(Duration::from_secs(60)) => {}
    }
    GO.notify_one();
    let (first, second) = tokio::join!(first, second);
    assert_eq!(note(&first).as_deref(), Some("wait"));
    assert_eq!(note(&second).as_deref(), Some("second"));

    // Put on one by one, or built as one: whoever sheds load sees that what is inside is not ready.
    let apps = [
        app![waits, crate = crate]
            .layer(ConcurrencyLimitLayer::new(1))
            .layer(LoadShedLayer::new()),
        app![waits, crate = crate].layer(
            ServiceBuilder::new()
                .load_shed()
                .concurrency_limit(1)
                .into_inner(),
        ),
    ];
    for app in apps {
        let shedding = started(app).await;
        let mut first = std::pin::pin!(shedding.dispatch(message("wait").into(), ours()));
        let second = shedding.dispatch(message("second").into(), ours());
        let second = tokio::select! {
            biased;
            _ = &mut first => panic!("it is held"),
            second = second => second,
        };
        assert_eq!(second, told(1004, "handler failed"));
        GO.notify_one();
        assert_eq!(note(&first.await).as_deref(), Some("wait"));
        let third = shedding.dispatch(message("third").into(), ours()).await;
        assert_eq!(note(&third).as_deref(), Some("third"));
    }
}

#[tokio::test(start_paused = true)]
async fn the_deadline_is_that_of_the_layers_too() {
    let log = Log::default();
    let app = app![act, crate = crate]
        .around(async |invocation: Invocation, next: Next| {
            if invocation.body() == Some(Body::Text("stuck")) {
                std::future::pending::<()>().await;
            }
            next.run(invocation).await
        })
        .around(log.layer("outer"));
    let instance = started(app).await;
    for (text, seen) in [("hang", 2), ("stuck", 1)] {
        let deadline = Instant::now() + Duration::from_secs(3);
        let context = Context {
            deadline: Some(deadline),
            ..ours()
        };
        let answered = instance.dispatch(message(text).into(), context).await;
        assert!(answered.starts_with(r#"{"errNo":1006,"#), "{answered}");
        assert!(Instant::now() < deadline);
        // A handler that is out of time is seen by the layers around it; a layer that is, is not.
        assert_eq!(log.taken().len(), seen, "{text}");
    }
}

#[tokio::test]
async fn what_layers_need_is_asked_for() {
    let ask = |setup: &mut Setup| {
        setup.forward_header("Authorization").forward_query();
    };
    let instance = started(app![act, crate = crate].setup(ask)).await;
    let (headers, query) = instance.forwards();
    assert_eq!(
        (headers.collect::<Vec<_>>(), query),
        (vec!["authorization"], true)
    );
}

#[test]
fn nothing_shows_what_clients_sent() {
    let handled = Handled::ok();
    assert!(!handled.is_failed() && handled.error().is_none());
    assert_eq!(
        format!("{handled:?}"),
        r#"Handled { err_no: 0, err_msg: "ok" }"#
    );
}
