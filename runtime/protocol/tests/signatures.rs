//! Signatures against another implementation, and against tampering.

use proptest::prelude::*;
use wsfn_protocol::{Key, Signed};

const SIGNED: Signed<'static> = Signed {
    purpose: "invoke",
    timestamp: 1_700_000_000_000,
    method: "POST",
    path: "/event-invoke",
    event_id: "0f1e2d3c-0000-4000-8000-000000000001",
    session: r#"7 {"name":"ada"}"#,
    body: br#"{"websocket":{"action":"closing","secConnectionID":"x=="}}"#,
};

/// Made with Python: `hmac.new(secret, message, hashlib.sha256).hexdigest()`.
#[test]
fn it_is_the_hmac_that_other_languages_make() {
    let key = Key::new(b"0123456789abcdef0123456789abcdef");
    assert_eq!(key.id(), "1718ed09");
    assert_eq!(
        key.sign(&SIGNED),
        "6f0cfb2b790de70865c3f145c85a875b82a393c4ef04d3f76cf103f6b9c8e989"
    );
}

#[test]
fn nothing_that_it_covers_can_be_changed() {
    let key = Key::new(b"0123456789abcdef");
    let signature = key.sign(&SIGNED);
    assert!(key.verify(&SIGNED, &signature));
    assert!(key.verify(&SIGNED, &signature.to_ascii_uppercase()));
    let changed = [
        Signed {
            purpose: "push",
            ..SIGNED
        },
        Signed {
            timestamp: 1_700_000_000_001,
            ..SIGNED
        },
        Signed {
            method: "PUT",
            ..SIGNED
        },
        Signed {
            path: "/event-invoke?",
            ..SIGNED
        },
        Signed {
            event_id: "0f1e2d3c-0000-4000-8000-000000000002",
            ..SIGNED
        },
        Signed {
            session: "",
            ..SIGNED
        },
        Signed {
            session: r#"7 {"name":"eve"}"#,
            ..SIGNED
        },
        Signed {
            body: b"{}",
            ..SIGNED
        },
    ];
    for signed in changed {
        assert!(!key.verify(&signed, &signature), "{signed:?}");
    }
    let other = Key::new(b"0123456789abcdeg");
    assert!(!other.verify(&SIGNED, &signature) && other.id() != key.id());
    for wrong in ["", "0", "zz", &signature[1..], &format!("{signature}00")] {
        assert!(!key.verify(&SIGNED, wrong), "{wrong}");
    }
    assert!(!format!("{key:?}").contains("0123456789abcdef"));
}

proptest! {
    #[test]
    fn any_text_may_stand_where_a_signature_does(text in any::<String>(), secret in any::<Vec<u8>>()) {
        let key = Key::new(&secret);
        prop_assert_eq!(key.verify(&SIGNED, &text), text.eq_ignore_ascii_case(&key.sign(&SIGNED)));
    }
}
