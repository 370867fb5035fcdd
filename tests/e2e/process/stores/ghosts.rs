//! Connections whose close never comes, in real stores and beside a real gateway.

use std::collections::BTreeMap;
use std::process::{Command, Stdio};
use std::time::Duration;

use wsfn::rooms::{Store, Terms, open};
use wsfn::{ConnectionId, Push, Rooms};
use wsfn_tests::Example;
use wsfn_tests::database::{Database, Kind};

use super::{File, Person, World, patient, stored};

/// How many ghosts there are, and how many that live; `WSFN_TEST_GHOSTS` in the environment is another number.
const GHOSTS: usize = 1000;

/// The lease that all of them have until the sweep.
const LEASE: Duration = Duration::from_secs(1);

/// Joins, and handshakes, under way at once.
const AT_ONCE: usize = 4;

async fn the_ghosts_go_and_the_quiet_stay(store: &str) {
    let number = std::env::var("WSFN_TEST_GHOSTS");
    let number = number.map_or(GHOSTS, |number| number.parse().expect("a number"));
    let pushes = Example::free_address();
    let push_url = format!("http://{pushes}/api-wsfn");
    let world = World::with(
        &[],
        &[
            ("WSFN_STORE", store),
            ("WSFN_STORE_LEASE", "1s"),
            ("WSFN_PUSH_LISTEN", &pushes),
        ],
    );
    let opened = open(store).expect("an address");
    let mut tasks = tokio::task::JoinSet::new();
    for task in 0..AT_ONCE {
        let (address, opened) = (world.address().to_owned(), opened.clone());
        tasks.spawn(async move {
            let mut quiet = Vec::new();
            for at in (task..number).step_by(AT_ONCE) {
                let mut person = Person::connect(&address).await;
                let id = person.id.clone();
                assert_eq!(person.join("quiet", &id).await.error, None);
                quiet.push(person);
                // A gateway that is no more had told of this one.
                haunt(&*opened, at).await;
            }
            quiet
        });
    }
    let mut quiet: Vec<Person> = tasks.join_all().await.into_iter().flatten().collect();
    assert_eq!(opened.count("ghosts").await.expect("a count"), number);
    assert_eq!(opened.count("quiet").await.expect("a count"), number);
    // One lease, on the store's clock.
    tokio::time::sleep(LEASE * 2).await;

    // Three processes sweep at once, with the lease that is the default: who lives is not due again meanwhile.
    let sweepers = [(); 3].map(|()| {
        let mut command = Command::new(stored());
        patient(&mut command);
        command
            .arg("sweep")
            .env("WSFN_STORE", store)
            .env("WSFN_PUSH_URL", &push_url)
            .stdin(Stdio::null())
            .stdout(Stdio::piped());
        command.spawn().expect("a sweeper")
    });
    let (mut closed, mut alive, mut handled) = (0, 0, BTreeMap::<String, usize>::new());
    for sweeper in sweepers {
        let output = tokio::task::spawn_blocking(|| sweeper.wait_with_output());
        let output = output.await.expect("no panic").expect("it ends");
        assert!(output.status.success(), "{output:?}");
        for line in String::from_utf8_lossy(&output.stdout).lines() {
            match line.split(' ').collect::<Vec<_>>()[..] {
                ["left", id, rooms] => {
                    assert_eq!(rooms, "1", "the close handler of {id} reads its rooms");
                    *handled.entry(id.to_owned()).or_default() += 1;
                }
                ["swept", gone, live, cut_short] => {
                    closed += gone.parse::<usize>().expect("a number");
                    alive += live.parse::<usize>().expect("a number");
                    assert_eq!(cut_short, "false");
                }
                _ => {}
            }
        }
    }
    assert_eq!((closed, alive), (number, number));
    let names: Vec<String> = (0..number).map(ghost).collect();
    assert!(handled.keys().eq(&names), "the close handler of each ghost");
    assert!(handled.values().all(|times| *times == 1), "runs once");
    assert_eq!(opened.count("ghosts").await.expect("a count"), 0);
    assert_eq!(opened.count("quiet").await.expect("a count"), number);
    // They are there, and hear what is said to their room.
    let push = Push::to_url(&push_url).expect("an address");
    let rooms = Rooms::on_store(&push, opened.clone());
    let report = rooms
        .broadcast_many(["quiet", "ghosts"], "still here?")
        .await;
    let report = report.expect("a report");
    assert_eq!((report.delivered(), report.failed_count()), (number, 0));
    for person in &mut quiet {
        assert_eq!(person.hears().await, "still here?");
    }
    // A ghost that a late event brings stays away.
    let (first, terms) = (ConnectionId::new(names[0].as_str()), Terms::default());
    let late = opened.join(&first, "ghosts", &terms).await;
    assert!(late.expect_err("forgotten").is_gone());
}

fn ghost(at: usize) -> String {
    format!("ghost-{at:06}")
}

async fn haunt(store: &dyn Store, at: usize) {
    let mut terms = Terms::default();
    terms.lease = LEASE;
    let id = ConnectionId::new(ghost(at));
    // Where the disk is busy a join may be given up; it may be done twice.
    while let Err(error) = store.join(&id, "ghosts", &terms).await {
        assert!(error.is_unavailable(), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_a_file_of_sqlite() {
    let file = File::new();
    the_ghosts_go_and_the_quiet_stay(&file.url()).await;
}

async fn on_a_server(kind: Kind, test: &str) {
    if let Some(server) = Database::start_hasty(kind, test) {
        the_ghosts_go_and_the_quiet_stay(&server.url()).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_redis() {
    on_a_server(Kind::Redis, "ghosts in redis").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_mysql() {
    on_a_server(Kind::MySql, "ghosts in mysql").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_postgres() {
    on_a_server(Kind::Postgres, "ghosts in postgres").await;
}
