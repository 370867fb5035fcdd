//! The endpoint as the gateway starts it: pushes reach sockets.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::StreamExt as _;
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};
use wsfn_gateway::{BoxFuture, Call, Gateway, Handle, Invoke, InvokeAnswer, InvokeError};
use wsfn_settings::{Secret, Settings};

use crate::support::{Client, within};

/// Accepts everybody and notes the ids.
#[derive(Clone, Default)]
struct Ids(Arc<Mutex<Vec<String>>>);

impl Invoke for Ids {
    fn invoke<'a>(&'a self, call: Call) -> BoxFuture<'a, Result<InvokeAnswer, InvokeError>> {
        if call.kind == wsfn_protocol::Kind::Connect {
            self.0.lock().unwrap().push(call.connection_id.to_string());
        }
        Box::pin(async { Ok(InvokeAnswer::ok()) })
    }
}

/// A gateway with one client.
struct Running {
    /// Of the client's connection.
    id: String,
    pushes: SocketAddr,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<()>,
}

impl Running {
    async fn start(settings: &Settings) -> (Self, WebSocketStream<MaybeTlsStream<TcpStream>>) {
        let ids = Ids::default();
        let function = Arc::new(ids.clone());
        let gateway = Gateway::bind(Handle::new(settings), settings, function, None)
            .await
            .unwrap();
        let (clients, pushes) = (gateway.local_addrs()[0], gateway.push_addrs()[0]);
        let (stop, stopped) = oneshot::channel();
        let serving = tokio::spawn(gateway.serve(async {
            let _ = stopped.await;
        }));
        let socket = tokio_tungstenite::connect_async(format!("ws://{clients}/"));
        let (socket, _) = within(socket).await.unwrap();
        let running = Self {
            id: ids.0.lock().unwrap()[0].clone(),
            pushes,
            stop,
            serving,
        };
        (running, socket)
    }

    async fn end(self) {
        let _ = self.stop.send(());
        within(self.serving).await.unwrap();
    }
}

#[tokio::test]
async fn pushes_reach_sockets_and_rooms() {
    let settings = Settings {
        listen: Some(vec!["127.0.0.1:0".parse().unwrap()]),
        push_listen: Some(vec!["127.0.0.1:0".parse().unwrap()]),
        push_token: vec![Secret::new("token")],
        drain: Duration::from_millis(100),
        ..Settings::default()
    };
    let (running, mut socket) = Running::start(&settings).await;
    let (id, pushes) = (&running.id, running.pushes);

    let mut client = Client::connect(pushes).await;
    for (body, status, err_no) in [
        (
            format!(r#"{{"action":"join","secConnectionID":"{id}","room":"r"}}"#),
            200,
            0,
        ),
        (
            format!(
                r#"{{"action":"data send","secConnectionID":"{id}","dataType":"text","data":"one"}}"#
            ),
            200,
            0,
        ),
        (
            r#"{"action":"broadcast","room":"r","dataType":"binary","data":"AAE="}"#.into(),
            200,
            0,
        ),
        (
            r#"{"action":"data send","secConnectionID":"nobody","dataType":"text","data":""}"#
                .into(),
            410,
            1101,
        ),
        (
            format!(
                r#"{{"action":"join","secConnectionID":"{id}","room":"{}"}}"#,
                "r".repeat(257)
            ),
            413,
            1102,
        ),
        (
            format!(
                r#"{{"action":"closing","secConnectionID":"{id}","code":4001,"reason":"bye"}}"#
            ),
            200,
            0,
        ),
        (
            format!(
                r#"{{"action":"data send","secConnectionID":"{id}","dataType":"text","data":"late"}}"#
            ),
            410,
            1101,
        ),
    ] {
        let body = format!(r#"{{"websocket":{body}}}"#);
        client
            .request(
                "POST /api-wsfn/token HTTP/1.1",
                "Host: gateway.internal\r\n",
                &body,
            )
            .await;
        let response = client.response().await;
        assert_eq!(
            (response.status, response.err_no()),
            (status, err_no),
            "{body}"
        );
    }
    let mut got = Vec::new();
    while let Some(Ok(message)) = within(socket.next()).await {
        got.push(message);
    }
    assert_eq!(got[0], Message::text("one"));
    assert_eq!(got[1], Message::binary(vec![0, 1]));
    let Message::Close(Some(close)) = &got[2] else {
        panic!("{got:?}")
    };
    assert_eq!(
        (u16::from(close.code), close.reason.as_str()),
        (4001, "bye")
    );

    running.end().await;
    client.ends().await;
}

#[tokio::test]
async fn without_push_listen_nothing_listens() {
    let settings = Settings {
        listen: Some(vec!["127.0.0.1:0".parse().unwrap()]),
        ..Settings::default()
    };
    let gateway = Gateway::bind(
        Handle::new(&settings),
        &settings,
        Arc::new(Ids::default()),
        None,
    )
    .await
    .unwrap();
    assert!(gateway.push_addrs().is_empty());
}

#[tokio::test]
async fn a_port_in_use_names_its_setting() {
    let taken = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = taken.local_addr().unwrap();
    let bind = async |settings: Settings| {
        let handle = Handle::new(&settings);
        let gateway = Gateway::bind(handle, &settings, Arc::new(Ids::default()), None).await;
        gateway.unwrap_err().to_string()
    };
    let free = Some(vec!["127.0.0.1:0".parse().unwrap()]);
    let error = bind(Settings {
        listen: Some(vec![addr]),
        ..Settings::default()
    })
    .await;
    assert!(
        error.starts_with(&format!("listen: cannot listen on {addr}: ")),
        "{error}"
    );
    let error = bind(Settings {
        listen: free,
        push_listen: Some(vec![addr]),
        ..Settings::default()
    })
    .await;
    assert!(
        error.starts_with(&format!("push-listen: {addr} is in use")),
        "{error}"
    );
}

#[tokio::test]
async fn senders_that_stall_in_their_bodies_hold_nobody_up() {
    let settings = Settings {
        listen: Some(vec!["127.0.0.1:0".parse().unwrap()]),
        push_listen: Some(vec!["127.0.0.1:0".parse().unwrap()]),
        message_timeout: Duration::from_millis(500),
        drain: Duration::from_millis(100),
        ..Settings::default()
    };
    let (running, mut socket) = Running::start(&settings).await;
    let (id, pushes) = (&running.id, running.pushes);
    let push = format!(
        r#"{{"websocket":{{"action":"data send","secConnectionID":"{id}","dataType":"text","data":"x"}}}}"#
    );
    let (half, line) = (&push[..push.len() / 2], "POST /api-wsfn HTTP/1.1");
    let mut stalled = Vec::new();
    for at in 0..20 {
        let mut client = Client::connect(pushes).await;
        let length = if at % 2 == 0 {
            format!("Content-Length: {}\r\n\r\n{half}", push.len())
        } else {
            format!(
                "Transfer-Encoding: chunked\r\n\r\n{:x}\r\n{half}",
                push.len()
            )
        };
        let request = format!("{line}\r\nHost: 127.0.0.1\r\n{length}");
        client.write(request.as_bytes()).await;
        stalled.push(client);
    }
    // Somebody else's push comes through meanwhile, and none of the halves does.
    let mut client = Client::connect(pushes).await;
    client.request(line, "Host: 127.0.0.1\r\n", &push).await;
    assert_eq!(client.response().await.status, 200);
    let message = within(socket.next()).await.unwrap().unwrap();
    assert_eq!(message, Message::text("x"));
    for mut client in stalled {
        let response = client.response().await;
        assert_eq!((response.status, response.err_no()), (408, 1104));
        client.ends().await;
    }
    // One that stalls at the end does not hold that up either.
    let mut last = Client::connect(pushes).await;
    last.write(format!("{line}\r\nHost: 127.0.0.1\r\nContent-Length: 9\r\n\r\n{{").as_bytes())
        .await;
    drop(socket);
    running.end().await;
}
