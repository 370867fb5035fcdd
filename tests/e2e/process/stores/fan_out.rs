//! A broadcast through Tencent's gateway, in a function whose time ends.

use std::process::Command;
use std::time::Duration;

use wsfn_tests::rooms::Ask;
use wsfn_tests::{Example, PushAnswer, PushServer, RuntimeApi, Said};

use super::super::{OK, message};
use super::stored;

/// Members of the room: two pages and a half.
const MEMBERS: usize = 2500;

/// How often it is tried. A machine that is busy with something else may give a function its turn too late to answer in
/// time; a broadcast that does not mind the deadline is never in time.
const ATTEMPTS: usize = 5;

/// What is reached before the deadline stands in the report, and so does what is not: who was tried too late, who is
/// gone, and that there are more.
#[tokio::test]
async fn a_broadcast_ends_before_the_deadline_and_says_what_was_not_reached() {
    let mut said = Vec::new();
    for _ in 0..ATTEMPTS {
        match told_in_time().await {
            Ok(()) => return,
            Err(other) => said.push(other),
        }
    }
    panic!("not once in time: {said:?}");
}

/// What else was said, where the answer was another one.
async fn told_in_time() -> Result<(), Said> {
    let api = RuntimeApi::start().await;
    let pushes = PushServer::start(PushAnswer::ok()).await;
    let mut command = Command::new(stored());
    command
        .arg("memory")
        .envs(api.environment("obey.main_handler"))
        .env("WSFN_PUSH_URL", pushes.url("/api-abc"));
    let function = Example::spawn_command(command, "127.0.0.1:0");
    let invoke = async |ask: &Ask| {
        let ask = serde_json::to_string(ask).expect("JSON");
        api.invoke(&message(&ask)).await
    };
    let room = "large".to_owned();
    let fill = Ask::Fill {
        room: room.clone(),
        number: MEMBERS,
    };
    api.set_time_limit(Duration::from_secs(60));
    assert_eq!(invoke(&fill).await, Said::Response(OK.to_owned()));
    // Of these, 32 at once, a few times 32 go into the time.
    pushes.always(PushAnswer::Late(Duration::from_millis(500)));
    pushes.answer([PushAnswer::Http(410, ""), PushAnswer::Http(410, "")]);
    api.set_time_limit(Duration::from_secs(3));
    let broadcast = Ask::Broadcast {
        rooms: vec![room.clone()],
        text: "to all of you".to_owned(),
        except: Vec::new(),
    };
    // In time, and by the handler: it had its report before the deadline.
    let said = invoke(&broadcast).await;
    if said != Said::Response(OK.to_owned()) {
        return Err(said);
    }
    let lines = function.says("broadcast ");
    let report = lines.last().expect("the report");
    let words = report.split(' ');
    let numbers: Vec<usize> = words.filter_map(|word| word.parse().ok()).collect();
    let [delivered, failed, gone, too_late] = numbers[..] else {
        panic!("{report}");
    };
    assert!(report.ends_with("cut"), "{report}");
    assert_eq!(gone, 2, "{report}");
    assert!(too_late >= 1, "{report}");
    assert_eq!(failed, gone + too_late, "{report}");
    let begun = delivered + failed;
    assert_eq!(begun, 1000, "the page that was begun: {report}");
    // Those that were given up are here still when the answer of the handler comes.
    assert!(pushes.most_at_once() <= 33, "{}", pushes.most_at_once());
    // Who was found gone is a member no more; who was not reached still is.
    pushes.always(PushAnswer::ok());
    api.set_time_limit(Duration::from_secs(60));
    let count = Ask::Count { room };
    assert_eq!(invoke(&count).await, Said::Response(OK.to_owned()));
    let told = pushes.bodies().pop().expect("the answer");
    let there = format!(r#"\"count\":{}"#, MEMBERS - 2);
    assert!(told.contains(&there), "{told}");
    Ok(())
}
