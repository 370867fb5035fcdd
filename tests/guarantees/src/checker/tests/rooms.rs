//! R1 to R5.

use super::{CLOSED, Number, OPEN, between, breaks, keeps, story};

const JOINED: &str = "5 p1 join x red\n 6 p1 = 0\n";

#[test]
fn r1_who_has_joined_gets_what_is_broadcast_after_that() {
    let sent = "7 p2 broadcast red one\n 8 p2 = 0\n";
    let rest = "500 ann has-all\n";
    keeps(
        Number::R1,
        &between(&format!("{JOINED}{sent}9 ann gets one\n{rest}")),
    );
    breaks(Number::R1, &between(&format!("{JOINED}{sent}{rest}")));
    // Whom the answer leaves out has no claim, and neither has who left or joined meanwhile.
    let full = sent.replace("= 0", "= 0 x");
    let left = "7 p3 leave x red\n 7 p3 = 0\n";
    let meanwhile = "7 p2 broadcast red one\n 7 p1 join x red\n 8 p2 = 0\n 9 p1 = 0\n";
    for fine in [
        format!("{JOINED}{full}{rest}"),
        format!("{JOINED}{left}{sent}{rest}"),
        format!("{meanwhile}{rest}"),
    ] {
        assert!(super::broken(&between(&fine)).is_empty(), "{fine}");
    }
    breaks(
        Number::R1,
        &between(&format!("{JOINED}7 p2 members red\n 8 p2 = 0\n")),
    );
}

#[test]
fn r1_who_is_registering_counts() {
    let log = story(&format!(
        "0 ann dials\n 1 f1 connect x ann\n 2 p1 join x red by f1\n 3 p1 = 0\n 4 p2 members red\n 5 p2 = 0\n 6 f1 answers\n 7 ann opens\n{CLOSED}"
    ));
    breaks(Number::R1, &log);
}

#[test]
fn r2_who_has_left_or_ended_is_in_no_room() {
    let left = "7 p2 leave x red\n 8 p2 = 0\n 9 p3 leave x red\n 10 p3 = 0\n";
    let asked = "11 p4 members red\n 12 p4 = 0\n";
    keeps(Number::R2, &between(&format!("{JOINED}{left}{asked}")));
    let listed = asked.replace("= 0", "= 0 x");
    breaks(Number::R2, &between(&format!("{JOINED}{left}{listed}")));
    breaks(Number::R2, &between(&listed));
    let twice = asked.replace("= 0", "= 0 x x");
    breaks(Number::R2, &between(&format!("{JOINED}{twice}")));
    let heard = "11 p4 broadcast red one\n 12 p4 = 0\n 13 ann gets one\n";
    breaks(Number::R2, &between(&format!("{JOINED}{left}{heard}")));
    let refused = "7 p2 leave x red\n 8 p2 = 1101\n";
    breaks(Number::R2, &between(&format!("{JOINED}{refused}")));
}

#[test]
fn r2_no_join_brings_an_ended_connection_back() {
    let late = "90010 p1 join x red\n 90011 p1 = 0\n";
    breaks(Number::R2, &story(&format!("{OPEN}{CLOSED}{late}")));
    let refused = late.replace("= 0", "= 1101");
    keeps(Number::R2, &story(&format!("{OPEN}{CLOSED}{refused}")));
    let listed = "90010 p1 members red\n 90011 p1 = 0 x\n";
    breaks(
        Number::R2,
        &story(&format!("{OPEN}{JOINED}{CLOSED}{listed}")),
    );
}

#[test]
fn r3_the_close_handler_sees_rooms_and_session() {
    let set = "7 p2 set x 5\n 8 p2 = 0 value 5\n";
    let close = |rooms: &str, session: &str| {
        story(&format!(
            "{OPEN}{JOINED}{set}20 ann leaves\n 21 f2 close x\n 22 p3 rooms x by f2\n 23 p3 = {rooms}\n\
             24 p4 session x by f2\n 25 p4 = {session}\n 26 f2 answers\n 99000 settled\n"
        ))
    };
    keeps(Number::R3, &close("0 red", "0 value 5"));
    for (rooms, session) in [
        ("0", "0 value 5"),
        ("1101", "0 value 5"),
        ("0 red", "1101"),
        ("0 red", "0 value 4"),
    ] {
        breaks(Number::R3, &close(rooms, session));
    }
}

#[test]
fn r4_who_is_refused_has_left_its_rooms() {
    let refused = "0 ann dials\n 1 f1 connect x ann\n 2 p1 join x red by f1\n 3 p1 = 0\n 4 f1 refuses\n 5 ann refused 403\n";
    let asked = "9 p2 members red\n 10 p2 = 0\n 99000 settled\n";
    keeps(Number::R4, &story(&format!("{refused}{asked}")));
    breaks(
        Number::R4,
        &story(&format!("{refused}{}", asked.replace("= 0", "= 0 x"))),
    );
}

#[test]
fn r5_a_broadcast_comes_once() {
    let sent = "5 p1 join x red\n 6 p1 = 0\n 5 p2 join x blue\n 6 p2 = 0\n 7 p3 broadcast red,blue one\n 8 p3 = 0\n 9 ann gets one\n";
    keeps(Number::R5, &between(sent));
    breaks(Number::R5, &between(&format!("{sent}10 ann gets one\n")));
}
