//! A network that breaks: a namespace of its own, whose link goes down.

use std::fs::File;
use std::net::TcpListener;
use std::os::fd::AsFd as _;
use std::process::Command;

use futures_util::{SinkExt as _, StreamExt as _};
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};
use tokio::sync::oneshot;
use tokio_tungstenite::tungstenite::Message;
use wsfn_tests::skip;

use super::{Gateway, obedient};

/// Two ends of a cable: ours, and one in a namespace. Both go when this does.
struct Cable {
    name: String,
    near: String,
}

impl Cable {
    /// Lays one; what is missing where it cannot.
    fn lay() -> Result<Self, String> {
        // A network of four addresses for each process that runs tests.
        let id = std::process::id();
        let (high, low) = (id / 64 % 256, id % 64 * 4);
        let (near, far) = (
            format!("10.231.{high}.{}", low + 1),
            format!("10.231.{high}.{}", low + 2),
        );
        let name = format!("wsfn{id}");
        let cable = Self {
            name: name.clone(),
            near,
        };
        let (ours, theirs) = (format!("{name}a"), format!("{name}b"));
        let steps = [
            format!("netns add {name}"),
            format!("link add {ours} type veth peer name {theirs}"),
            format!("link set {theirs} netns {name}"),
            format!("addr add {}/30 dev {ours}", cable.near),
            format!("link set {ours} up"),
            format!("-n {name} addr add {far}/30 dev {theirs}"),
            format!("-n {name} link set {theirs} up"),
        ];
        for step in &steps {
            ip(step)?;
        }
        Ok(cable)
    }

    fn cut(&self) {
        ip(&format!("link set {}a down", self.name)).expect("the link goes down");
    }
}

impl Drop for Cable {
    fn drop(&mut self) {
        let _ = ip(&format!("link del {}a", self.name));
        let _ = ip(&format!("netns del {}", self.name));
    }
}

fn ip(arguments: &str) -> Result<(), String> {
    let output = Command::new("ip").args(arguments.split(' ')).output();
    match output {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => {
            let why = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            Err(format!("ip {arguments}: {why}"))
        }
        Err(error) => Err(format!("ip (iproute2): {error}")),
    }
}

/// Promised: a client that vanishes without a FIN is found by `ping-interval` and `pong-timeout`, and its close event has
/// code 1006 (D2); one that still answers pings is not.
#[tokio::test]
async fn clients_whose_link_goes_down_are_found_by_pings() {
    let cable = match Cable::lay() {
        Ok(cable) => cable,
        Err(why) => return skip("clients_whose_link_goes_down_are_found_by_pings", &why),
    };
    let function = obedient().await;
    let address = {
        let listener = TcpListener::bind((&*cable.near, 0)).expect("a free port");
        listener.local_addr().expect("its address").to_string()
    };
    let settings = [
        ("WSFN_PING_INTERVAL", "500ms"),
        ("WSFN_PONG_TIMEOUT", "10s"),
    ];
    let gateway = Gateway::listening(&function.url(), &address, &settings);
    let namespace = File::open(format!("/var/run/netns/{}", cable.name)).expect("the namespace");
    let url = gateway.url("far");
    let (done, wait) = oneshot::channel::<()>();
    // A namespace is a thread's, so these clients have one.
    let far = std::thread::spawn(move || {
        move_into_link_name_space(namespace.as_fd(), Some(LinkNameSpaceType::Network))
            .expect("into the namespace");
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        runtime.expect("a runtime").block_on(async {
            // At once: who does not read answers no pings.
            let connecting = (0..5).map(|_| tokio_tungstenite::connect_async(&*url));
            let mut clients: Vec<_> = futures_util::future::join_all(connecting)
                .await
                .into_iter()
                .map(|connected| connected.expect("accepted").0)
                .collect();
            clients[0].send(Message::text("ready")).await.expect("sent");
            // They read, and so answer pings, until all is over.
            let reading = clients
                .into_iter()
                .map(|mut client| async move { while let Some(Ok(_)) = client.next().await {} });
            tokio::select! {
                _ = futures_util::future::join_all(reading) => {}
                _ = wait => {}
            }
        });
    });
    function.wait_for("data send", 1).await;
    // Who is there and answers stays, for many intervals, and for longer than an answer may take.
    tokio::time::sleep(std::time::Duration::from_secs(12)).await;
    assert!(function.seen_of("closing").is_empty());
    cable.cut();
    let closes = function.wait_for("closing", 5).await;
    assert!(
        closes.iter().all(|close| close.code == Some(1006)),
        "{closes:?}"
    );
    let _ = done.send(());
    far.join().expect("the clients");
}
