//! O1 to O5.

use super::{Number, between, breaks, keeps, story};

#[test]
fn o1_the_connect_is_answered_before_the_first_message() {
    let sent = "5 ann sends a\n 6 f2 message x a\n 7 f2 answers\n";
    keeps(Number::O1, &between(sent));
    breaks(
        Number::O1,
        &story(
            "0 ann dials\n 1 f1 connect x ann\n 2 ann sends a\n 3 f2 message x a\n 4 f1 answers\n 5 f2 answers",
        ),
    );
    breaks(
        Number::O1,
        &story(
            "0 ann dials\n 1 f1 connect x ann\n 2 ann sends a\n 3 f1 refuses\n 4 f2 message x a\n 5 f2 answers",
        ),
    );
}

#[test]
fn o2_messages_are_sent_one_by_one_in_their_order() {
    let sent = "5 ann sends a\n 6 ann sends b\n 7 ann sends c\n";
    let one_by_one = "8 f2 message x a\n 9 f2 answers\n 10 f3 message x b\n 11 f3 answers\n";
    keeps(Number::O2, &between(&format!("{sent}{one_by_one}")));
    for wrong in [
        // In another order, with a hole, two at once, and without counting.
        "8 f2 message x a\n 9 f2 answers\n 10 f3 message x c\n 11 f3 answers\n 12 f4 message x b\n 13 f4 answers\n",
        "8 f2 message x b\n 9 f2 answers\n",
        "8 f2 message x a\n 9 f3 message x b\n 10 f2 answers\n 11 f3 answers\n",
        "8 f2 message x a 1\n 9 f2 answers\n 10 f3 message x b 1\n 11 f3 answers\n",
    ] {
        breaks(Number::O2, &between(&format!("{sent}{wrong}")));
    }
}

#[test]
fn o2_unordered_messages_begin_in_their_order() {
    let sent = "5 ann sends a\n 6 ann sends b\n 7 ann sends c\n";
    let opened = super::OPEN.replace("2 f1 answers", "2 f1 unordered\n 2 f1 answers");
    let between = |lines: &str| story(&format!("{opened}{sent}{lines}{}", super::CLOSED));
    let at_once = "8 f2 message x a\n 9 f3 message x b\n 10 f3 answers\n 11 f4 message x c\n 12 f2 answers\n 13 f4 answers\n";
    keeps(Number::O2, &between(at_once));
    // One that was not told so may not.
    breaks(Number::O2, &super::between(&format!("{sent}{at_once}")));
    for wrong in [
        // In another order, with a hole, without counting.
        "8 f2 message x b\n 9 f3 message x a\n 10 f2 answers\n 11 f3 answers\n",
        "8 f2 message x a\n 9 f3 message x c\n 10 f2 answers\n 11 f3 answers\n",
        "8 f2 message x a 1\n 9 f3 message x b 1\n 10 f2 answers\n 11 f3 answers\n",
    ] {
        breaks(Number::O2, &between(wrong));
    }
    // Twice is once too often, and the close event comes after all of them.
    let twice = "8 f2 message x a\n 9 f3 message x a\n 10 f2 answers\n 11 f3 answers\n";
    breaks(Number::D1, &between(twice));
    let runs = "8 f2 message x a\n 9 f3 message x b\n 10 f3 answers\n 20 ann leaves\n 21 f4 close x\n 22 f4 answers\n 30 f2 answers\n";
    breaks(Number::O3, &story(&format!("{opened}{sent}{runs}")));
}

#[test]
fn o2_what_had_all_its_time_or_was_not_reached_is_passed_over() {
    let sent = "5 ann sends a\n 6 ann sends b\n";
    let late = "8 f2 message x a\n 8008 f3 message x b\n 8009 f3 answers\n 9000 f2 answers\n";
    keeps(Number::O2, &between(&format!("{sent}{late}")));
    let unreached = "8 function unreached message x\n 9 f3 message x b\n 10 f3 answers\n";
    keeps(Number::O2, &between(&format!("{sent}{unreached}")));
    // Dropped before its time is not over.
    let dropped = "8 f2 message x a\n 9 f2 dropped\n 10 f3 message x b\n 11 f3 answers\n";
    breaks(Number::O2, &between(&format!("{sent}{dropped}")));
}

#[test]
fn o3_the_close_event_is_the_last() {
    let sent = "5 ann sends a\n 6 f2 message x a\n";
    keeps(Number::O3, &between(&format!("{sent}7 f2 answers\n")));
    let end = "20 ann leaves\n 21 f3 close x\n 22 f3 answers\n";
    let open = super::OPEN;
    breaks(
        Number::O3,
        &story(&format!("{open}{sent}{end}30 f2 answers\n")),
    );
    breaks(
        Number::O3,
        &story(&format!(
            "{open}5 ann sends a\n{end}30 f2 message x a 1\n 31 f2 answers\n"
        )),
    );
    // Nor is one of a gateway that was killed, which lives for a moment after that is logged.
    let killed = "5 ann sends a\n 6 gateway killed\n 7 f2 message x a\n 10 gateway started\n";
    let mut log = story(&format!(
        "{open}{killed}20 f3 close x\n 21 f3 answers\n 30 f2 answers\n 99000 settled\n"
    ));
    log.rules.journal = true;
    keeps(Number::O3, &log);
    // What had `invoke-timeout` and `call-grace` is not awaited any longer.
    keeps(
        Number::O3,
        &story(&format!(
            "{open}{sent}20 ann leaves\n 8010 f3 close x\n 8011 f3 answers\n 9000 f2 answers\n"
        )),
    );
    breaks(
        Number::O3,
        &story(&format!(
            "{open}{sent}7 f2 answers\n 20 ann leaves\n 21 f3 close x c 1\n 22 f3 answers\n"
        )),
    );
}

#[test]
fn o4_who_was_answered_first_leaves_first() {
    let two = "5 p1 send x one\n 6 p1 = 0\n 7 p2 send x two\n 8 p2 = 0\n";
    keeps(
        Number::O4,
        &between(&format!("{two}9 ann gets one\n 10 ann gets two\n")),
    );
    breaks(
        Number::O4,
        &between(&format!("{two}9 ann gets two\n 10 ann gets one\n")),
    );
    // At the same time there is no order.
    let at_once = "5 p1 send x one\n 6 p2 send x two\n 7 p1 = 0\n 8 p2 = 0\n";
    keeps(
        Number::O4,
        &between(&format!("{at_once}9 ann gets two\n 10 ann gets one\n")),
    );
}

#[test]
fn o4_what_an_answer_brings_comes_after_what_was_sent() {
    let handled =
        "5 ann sends a\n 6 f2 message x a\n 7 p1 send x one by f2\n 8 p1 = 0\n 9 f2 answers r1\n";
    keeps(
        Number::O4,
        &between(&format!("{handled}10 ann gets one\n 11 ann gets r1\n")),
    );
    breaks(
        Number::O4,
        &between(&format!("{handled}10 ann gets r1\n 11 ann gets one\n")),
    );
    // And before what is sent from the next event on.
    let next = "12 ann sends b\n 13 f3 message x b\n 14 p2 send x two by f3\n 15 p2 = 0\n 16 f3 answers\n 17 ann gets one\n";
    breaks(
        Number::O4,
        &between(&format!(
            "{handled}{next}18 ann gets two\n 19 ann gets r1\n"
        )),
    );
}

#[test]
fn o5_broadcasts_of_a_handler_come_in_their_order() {
    let three = "5 p1 join x red\n 6 p1 = 0\n 7 ann sends a\n 8 f2 message x a\n\
        9 p2 broadcast red one by f2\n 9 p2 = 0\n 10 p3 broadcast red two by f2\n 10 p3 = 0\n\
        11 p4 broadcast red three by f2\n 11 p4 = 0\n 12 f2 answers\n";
    let got = |texts: [&str; 3]| -> String {
        let line = |(at, text): (usize, &&str)| format!("{} ann gets {text}\n", 20 + at);
        texts.iter().enumerate().map(line).collect()
    };
    keeps(
        Number::O5,
        &between(&format!("{three}{}", got(["one", "two", "three"]))),
    );
    let log = between(&format!("{three}{}", got(["two", "one", "three"])));
    assert_eq!(super::broken(&log), [Number::O4, Number::O5]);
    let log = between(&format!("{three}20 ann gets one\n 21 ann gets three\n"));
    assert_eq!(super::broken(&log), [Number::O5, Number::R1]);
    // A hole that the answer tells of is none.
    let told = three.replace("p3 = 0", "p3 = 0 x");
    keeps(
        Number::O5,
        &between(&format!("{told}20 ann gets one\n 21 ann gets three\n")),
    );
}
