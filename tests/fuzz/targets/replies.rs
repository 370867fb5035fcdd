//! Any bytes as the reply of a function, and as what Tencent's API says of one: read or refused, and what is no reply to a
//! connect accepts nobody.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wsfn_gateway::testing::answers;
use wsfn_protocol::{Kind, Reply, ReplyPush};

fuzz_target!(|bytes: &[u8]| {
    for kind in [Kind::Connect, Kind::Message, Kind::Close] {
        let text = std::str::from_utf8(bytes).ok();
        match answers::reply(kind, bytes) {
            Ok(answer) if kind == Kind::Connect => {
                let reply = Reply::parse(text.expect("a text")).expect("a reply");
                assert_eq!(
                    (answer.err_no, &*answer.err_msg),
                    (reply.err_no, &*reply.err_msg)
                );
                assert_eq!(answer.pushes, reply.pushes);
                if let Some(protocol) = answer.protocol {
                    assert!(!protocol.is_empty() && !protocol.contains(','));
                }
            }
            Ok(answer) => {
                // The function has handled it, whatever it says.
                assert_eq!(answer.err_no.0, 0);
                assert!(kind == Kind::Message || answer.pushes.is_empty());
                for push in &answer.pushes {
                    if let ReplyPush::Close {
                        reason: Some(reason),
                        ..
                    } = push
                    {
                        assert!(reason.len() <= 123);
                    }
                }
            }
            Err(_) => assert!(
                kind == Kind::Connect && text.is_none_or(|text| Reply::parse(text).is_err())
            ),
        }
        // Somebody who was not told that they would be looked at says none.
        if let Ok(answer) = answers::scf(kind, bytes) {
            assert!(answer.pushes.is_empty());
        }
    }
});
