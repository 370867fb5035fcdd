//! D1 to D5.

use super::{CLOSED, Number, OPEN, between, breaks, keeps, story};

#[test]
fn d1_a_message_is_sent_once() {
    let once = "5 ann sends a\n 6 f2 message x a\n 7 f2 fails\n";
    keeps(Number::D1, &between(once));
    breaks(
        Number::D1,
        &between(&format!("{once}8 f3 message x a\n 9 f3 answers\n")),
    );
    breaks(Number::D1, &between("6 f2 message x a\n 7 f2 answers\n"));
}

#[test]
fn d2_every_connection_is_closed_once() {
    keeps(Number::D2, &between(""));
    breaks(
        Number::D2,
        &story(&format!("{OPEN}5 ann leaves\n 6 ann ends\n 99000 settled")),
    );
    // It is sent again until it is answered, and not after that.
    let failed = "5 ann leaves\n 6 f2 close x\n 7 f2 fails\n";
    let again = "1000 f3 close x\n 1001 f3 answers\n 99000 settled\n";
    keeps(Number::D2, &story(&format!("{OPEN}{failed}{again}")));
    breaks(
        Number::D2,
        &story(&format!("{OPEN}{failed}99000 settled\n")),
    );
    let answered = failed.replace("fails", "answers");
    breaks(Number::D2, &story(&format!("{OPEN}{answered}{again}")));
    let renamed = again.replace("close x", "close x another");
    breaks(Number::D2, &story(&format!("{OPEN}{failed}{renamed}")));
}

#[test]
fn d2_who_is_refused_is_not_closed() {
    let refused = "0 ann dials\n 1 f1 connect x ann\n 2 f1 refuses\n 3 ann refused 403\n";
    let log = story(&format!(
        "{refused}9 f2 close x\n 10 f2 answers\n 99000 settled\n"
    ));
    breaks(Number::D2, &log);
    let log = story(&format!("{refused}99000 settled\n"));
    assert!(super::broken(&log).is_empty());
}

#[test]
fn d2_a_connect_that_is_late_is_awaited() {
    let late = "0 ann dials\n 1 f1 connect x ann\n 5001 ann refused 504\n";
    let close = "f2 close x\n 8100 f2 answers\n 99000 settled\n";
    keeps(
        Number::D2,
        &story(&format!("{late}8002 f1 dropped\n 8003 {close}")),
    );
    breaks(Number::D2, &story(&format!("{late}5002 {close}")));
}

#[test]
fn d3_an_acknowledged_push_is_in_the_queue() {
    let pushed = "5 p1 send x one\n 6 p1 = 0\n 7 p2 send x two\n 8 p2 = 0\n";
    keeps(
        Number::D3,
        &between(&format!("{pushed}9 ann gets one\n 10 ann gets two\n")),
    );
    breaks(Number::D3, &between(&format!("{pushed}9 ann gets two\n")));
    breaks(
        Number::D3,
        &between(&format!("{pushed}9 ann gets one\n 1000 ann has-all\n")),
    );
    // Who ends meanwhile loses what is queued.
    assert!(super::broken(&between(pushed)).is_empty());
    // Unless the close was pushed behind it.
    let closed = "9 p3 close x 4500\n 10 p3 = 0\n 11 ann gets one\n 12 ann closed 4500\n 13 f2 close x\n 14 f2 answers\n";
    breaks(Number::D3, &story(&format!("{OPEN}{pushed}{closed}")));
}

#[test]
fn d3_nobody_out_of_open_is_pushed_to_and_nobody_open_is_gone() {
    let late = "90010 p1 send x one\n 90011 p1 = 0\n";
    breaks(Number::D3, &story(&format!("{OPEN}{CLOSED}{late}")));
    let gone = late.replace("= 0", "= 1101");
    keeps(Number::D3, &story(&format!("{OPEN}{CLOSED}{gone}")));
    breaks(Number::D3, &between("5 p1 send x one\n 6 p1 = 1101\n"));
    breaks(Number::D3, &between("5 p1 send nobody one\n 6 p1 = 0\n"));
    // It may have ended when it was paused for as long as a write may stall.
    let paused = "5 ann pauses\n 7000 p1 send x one\n 7001 p1 = 1101\n 8000 ann resumes\n";
    keeps(Number::D3, &between(paused));
    let shortly = "5 ann pauses\n 6 p1 send x one\n 7 p1 = 1101\n 8 ann resumes\n";
    breaks(Number::D3, &between(shortly));
    let closing = "5 p1 close x 4500\n 6 p1 = 0\n 7 p2 send x one\n 8 p2 = 0\n";
    breaks(Number::D3, &between(closing));
}

#[test]
fn d3_who_was_open_when_the_gateway_was_killed_is_pushed_to_no_more() {
    let killed = "50 gateway killed\n 51 ann ends\n 60 gateway started\n";
    let late = "70 p1 send x one\n 71 p1 = 0\n 80 f2 close x\n 81 f2 answers\n 99000 settled\n";
    breaks(Number::D3, &story(&format!("{OPEN}{killed}{late}")));
    // The next gateway listens before its start is logged.
    let early = "0 gateway killed\n 1 ann dials\n 2 f1 connect x ann\n 3 gateway started\n 4 f1 answers\n 5 ann opens\n";
    keeps(Number::D3, &story(&format!("{early}{late}")));
}

#[test]
fn d4_a_push_comes_once_to_whom_it_is_for() {
    let pushed = "5 p1 send x one\n 6 p1 = 0\n 7 ann gets one\n";
    keeps(Number::D4, &between(pushed));
    breaks(Number::D4, &between(&format!("{pushed}8 ann gets one\n")));
    breaks(Number::D4, &between("5 ann gets one\n"));
    breaks(Number::D4, &between(&pushed.replace("= 0", "= 1103")));
    let other = "4 bob dials\n 4 f2 connect y bob\n 4 f2 answers\n 4 bob opens\n";
    let log = between(&format!(
        "{other}{}",
        pushed.replace("ann gets", "bob gets")
    ));
    assert!(super::broken(&log).contains(&Number::D4));
}

#[test]
fn d5_after_a_kill_the_next_start_closes_what_was_journalled() {
    let killed = "50 gateway killed\n 51 ann ends\n 60 gateway started\n";
    let mut log = story(&format!(
        "{OPEN}{killed}70 f2 close x\n 71 f2 answers\n 99000 settled\n"
    ));
    log.rules.journal = true;
    keeps(Number::D5, &log);
    let mut log = story(&format!("{OPEN}{killed}99000 settled\n"));
    assert!(
        super::broken(&log).is_empty(),
        "without a journal it is lost"
    );
    log.rules.journal = true;
    breaks(Number::D5, &log);
    // It had sent the event, and got no answer.
    let failed = format!("5 ann leaves\n 6 f2 close x\n 7 f2 fails\n {killed}");
    let mut log = story(&format!("{OPEN}{failed}99000 settled\n"));
    log.rules.journal = true;
    breaks(Number::D5, &log);
    let mut log = story(&format!(
        "{OPEN}{failed}70 f3 close x\n 71 f3 answers\n 99000 settled\n"
    ));
    log.rules.journal = true;
    assert!(super::broken(&log).is_empty());
}
