//! Long data is written in another way, and is the same JSON.

use proptest::prelude::*;
use wsfn_protocol::{Data, ErrNo, Event, MessageEvent, Payload, Reply, ReplyPush, Request};

/// Data of lengths around that from which on it is long, with and without something that has to be escaped.
fn data() -> impl Strategy<Value = Data<'static>> {
    let escaped = prop::sample::select(vec![
        "",
        "\"",
        "\\",
        "\n",
        "\u{1f}",
        "\u{7f}",
        "é",
        r#""data":"""#,
    ]);
    let length = prop_oneof![0_usize..5, 500_usize..520, 4090_usize..4100];
    let text = (length.clone(), escaped, length).prop_map(|(before, escaped, behind)| {
        let text = ["x".repeat(before), escaped.into(), "y".repeat(behind)].concat();
        Data::Text(text.into())
    });
    let bytes = prop::collection::vec(any::<u8>(), 0..600);
    prop_oneof![text, bytes.prop_map(|bytes| Data::Binary(bytes.into()))]
}

/// An id, or a text beside the data, that looks like the place where the data goes.
fn hostile() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["x==", r#"","data":"""#, r#""data":"""#, r"\"])
        .prop_map(str::to_owned)
}

proptest! {
    #[test]
    fn an_event(id in hostile(), data in data()) {
        let event = Event::Message(MessageEvent { connection_id: id.into(), data });
        prop_assert_eq!(event.to_json(), serde_json::to_string(&event).unwrap());
    }

    #[test]
    fn a_push(to in hostile(), data in data(), compress: bool) {
        let push = Request::Send { to: to.into(), data: Payload { data, compress } };
        prop_assert_eq!(push.to_json(), serde_json::to_string(&push).unwrap());
    }

    #[test]
    fn a_reply(text in hostile(), data in prop::collection::vec(data(), 0..3), compress: bool) {
        let mut reply = Reply::error(ErrNo(7), &text);
        let push = |data| ReplyPush::Send(Payload { data, compress });
        reply.pushes = data.into_iter().map(push).collect();
        prop_assert_eq!(reply.to_json(), serde_json::to_string(&reply).unwrap());
    }
}
