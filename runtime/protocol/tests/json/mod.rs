//! Any JSON at all, as far as it may look like the protocol's.

use proptest::prelude::*;

/// JSON that has the protocol's keys in any places.
pub(crate) fn json() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        Just("true".to_owned()),
        any::<i64>().prop_map(|n| n.to_string()),
        any::<f32>()
            .prop_filter("JSON has no infinity", |n| n.is_finite())
            .prop_map(|n| format!("{n:e}")),
        prop::sample::select(STRINGS).prop_map(|text| format!("\"{text}\"")),
    ];
    let key = prop::sample::select(KEYS);
    leaf.prop_recursive(4, 64, 8, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4)
                .prop_map(|list| format!("[{}]", list.join(","))),
            proptest::collection::vec((key.clone(), inner.clone()), 0..6)
                .prop_map(|fields| object(&fields)),
            action(inner),
        ]
    })
}

/// Something that is nearly an event, a push or a reply: known so far that the rest is looked at.
fn action(inner: BoxedStrategy<String>) -> impl Strategy<Value = String> {
    let id = prop_oneof![Just("\"x\"".to_owned()), inner.clone()];
    let fields = proptest::collection::vec((prop::sample::select(KEYS), inner), 0..6);
    (prop::sample::select(ACTIONS), id, fields, any::<bool>()).prop_map(
        |(action, id, mut fields, reply)| {
            // The last of two equal keys is the one that counts.
            fields.push(("action", format!("\"{action}\"")));
            fields.push(("secConnectionID", id));
            let whole = format!(r#"{{"websocket":{}}}"#, object(&fields));
            if reply {
                format!(r#"{{"errNo":0,"wsfn":{{"push":[{whole}]}}}}"#)
            } else {
                whole
            }
        },
    )
}

fn object(fields: &[(&str, String)]) -> String {
    let fields: Vec<_> = fields
        .iter()
        .map(|(key, value)| format!("\"{key}\":{value}"))
        .collect();
    format!("{{{}}}", fields.join(","))
}

const ACTIONS: &[&str] = &[
    "connecting",
    "data send",
    "data recv",
    "closing",
    "join",
    "leave",
    "broadcast",
    "members",
    "rooms",
    "alive",
    "session",
];

const STRINGS: &[&str] = &[
    "connecting",
    "data send",
    "closing",
    "broadcast",
    "members",
    "session",
    "text",
    "binary",
    "7",
    "",
    r"\ud83d\ude00 \u0000",
];

const KEYS: &[&str] = &[
    "requestContext",
    "websocket",
    "action",
    "secConnectionID",
    "secConnectionIDs",
    "secWebSocketProtocol",
    "secWebSocketExtensions",
    "dataType",
    "data",
    "compress",
    "code",
    "reason",
    "room",
    "rooms",
    "except",
    "after",
    "limit",
    "with",
    "set",
    "version",
    "errNo",
    "errMsg",
    "wsfn",
    "push",
    "delivered",
    "failed",
    "members",
    "count",
    "next",
    "sessions",
    "alive",
    "value",
    "headers",
    "identity",
    "secretId",
    "stage",
    "pathParameters",
];
