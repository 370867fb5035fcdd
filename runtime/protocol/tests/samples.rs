//! The samples are what they say, and all of them are there.

use std::collections::BTreeSet;
use std::path::Path;

use wsfn_protocol::samples::{self, Sample};
use wsfn_protocol::{Answer, CloseCode, ConnectEvent, Data, ErrNo, Event, Kind, Reply, Request};

/// What our types print of a sample that they have read.
type Again = fn(&str) -> String;

fn folders() -> [(&'static str, &'static [Sample], Again); 4] {
    [
        ("event", samples::event::ALL, |text| {
            let event = Event::parse(text, None).expect(text);
            let Event::Connect(connect) = &event else {
                return event.to_json();
            };
            let context = connect.request_context().expect(text);
            let mut again = ConnectEvent::new(connect.connection_id.clone(), &context);
            again.protocols = connect.protocols.clone();
            again.extensions = connect.extensions.clone();
            Event::Connect(again).to_json()
        }),
        ("reply", samples::reply::ALL, |text| {
            Reply::parse(text).expect(text).to_json()
        }),
        ("push", samples::push::ALL, |text| {
            Request::parse(text).expect(text).to_json()
        }),
        ("answer", samples::answer::ALL, |text| {
            Answer::parse(text.as_bytes()).expect(text).to_json()
        }),
    ]
}

#[test]
fn each_is_read_and_the_canonical_ones_are_what_we_print() {
    for (folder, all, again) in folders() {
        for sample in all {
            let printed = again(sample.json);
            assert_eq!(
                printed == sample.json,
                sample.canonical,
                "{folder}/{}: {printed}",
                sample.name
            );
            assert_eq!(again(&printed), printed, "{folder}/{}", sample.name);
        }
    }
}

#[test]
fn every_file_is_reachable_from_rust() {
    for (folder, all, _) in folders() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("samples")
            .join(folder);
        let files: BTreeSet<String> = path
            .read_dir()
            .expect("the folder")
            .map(|entry| entry.expect("an entry").path())
            .map(|path| {
                path.file_stem()
                    .expect("a name")
                    .to_string_lossy()
                    .into_owned()
            })
            .collect();
        let names: BTreeSet<String> = all.iter().map(|sample| sample.name.to_owned()).collect();
        assert_eq!(names, files, "{folder}");
        assert_eq!(names.len(), all.len(), "{folder} has a name twice");
    }
}

#[test]
fn there_is_one_for_every_kind_of_event_in_both_spellings() {
    let mut seen = BTreeSet::new();
    for sample in samples::event::ALL {
        let old = sample.json.contains("data recv") || sample.json.contains("serviceId");
        assert_eq!(old, !sample.canonical, "{}", sample.name);
        seen.insert(match Event::parse(sample.json, None).expect(sample.json) {
            Event::Connect(event) => {
                let context = event.request_context().expect(sample.json);
                ("connect", context.path.is_some(), old)
            }
            Event::Message(event) => ("message", matches!(event.data, Data::Text(_)), old),
            Event::Close(event) => ("close", event.code.is_some(), old),
        });
    }
    let both = [true, false];
    for kind in ["connect", "message", "close"] {
        assert!(both.iter().all(|is| seen.contains(&(kind, *is, false))));
    }
    assert!(
        both.iter()
            .all(|text| seen.contains(&("message", *text, true)))
    );
    assert!(seen.contains(&("connect", true, true)));
    // Whoever gets them: nothing in them asks for another kind of function.
    for sample in samples::event::ALL {
        for only in [Kind::Connect, Kind::Message, Kind::Close] {
            assert!(Event::parse(sample.json, Some(only)).is_ok());
        }
    }
}

#[test]
fn there_is_one_for_every_action_and_every_number_of_the_push_endpoint() {
    let actions: BTreeSet<&str> = samples::push::ALL
        .iter()
        .map(|sample| Request::parse(sample.json).expect(sample.json).action())
        .collect();
    let known = [
        "alive",
        "broadcast",
        "closing",
        "data send",
        "join",
        "leave",
        "members",
        "rooms",
        "session",
    ];
    assert_eq!(actions, BTreeSet::from(known));
    let numbers: BTreeSet<i64> = samples::answer::ALL
        .iter()
        .map(|sample| Answer::parse(sample.json.as_bytes()).expect(sample.json))
        .map(|answer| answer.err_no)
        .collect();
    let known = [
        ErrNo::OK,
        ErrNo::GONE,
        ErrNo::TOO_LARGE,
        ErrNo::QUEUE_FULL,
        ErrNo::BAD_PUSH,
        ErrNo::FORBIDDEN,
        ErrNo::CONFLICT,
        ErrNo::BUSY,
    ];
    assert_eq!(numbers, known.map(|number| number.0).into());
}

#[test]
fn a_connection_without_a_close_frame_is_1006() {
    let Ok(Event::Close(event)) = Event::parse(samples::event::CLOSE_NO_FRAME, None) else {
        panic!("{}", samples::event::CLOSE_NO_FRAME)
    };
    assert_eq!(event.code.map(CloseCode), Some(CloseCode::ABNORMAL));
}
