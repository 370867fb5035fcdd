//! TLS from end to end: clients, functions and pushes, and a certificate that is replaced.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use futures_util::{SinkExt, StreamExt};
use rcgen::{CertificateParams, KeyPair};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::{Error, Message};
use wsfn_tests::{Example, PushAnswer, PushServer};

use super::command::wsfn;
use super::event_invoke::ask;
use super::push_tls::{Authority, authority, server, trusted};
use super::{OK, message, misbehave};

pub(super) type Client = WebSocketStream<TlsStream<TcpStream>>;

const TOKEN: &str = "a-token-of-the-gateway";

/// Where a certificate is, and its key.
pub(super) struct Pair {
    certificate: PathBuf,
    key: PathBuf,
}

impl Pair {
    pub(super) fn new(name: &str, authority: &Authority) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let pair = Self {
            certificate: folder.join(format!("{name}-chain.pem")),
            key: folder.join(format!("{name}-key.pem")),
        };
        pair.renew(authority);
        pair
    }

    /// Writes a new one.
    fn renew(&self, authority: &Authority) {
        let key = KeyPair::generate().expect("a key");
        let params = CertificateParams::new(["127.0.0.1".to_owned()]).expect("a name");
        let certificate = params.signed_by(&key, authority).expect("signed");
        std::fs::write(&self.certificate, certificate.pem()).expect("written");
        std::fs::write(&self.key, key.serialize_pem()).expect("written");
    }

    fn flags(&self) -> [&str; 4] {
        let [certificate, key] = [&self.certificate, &self.key].map(|path| path.to_str());
        [
            "--tls-cert",
            certificate.expect("a path"),
            "--tls-key",
            key.expect("a path"),
        ]
    }
}

/// A gateway on loopback; it trusts `roots`.
pub(super) fn gateway(arguments: &[&str], pair: &Pair, roots: &Path) -> Example {
    let mut command = wsfn(&["gateway"]);
    command
        .args(arguments)
        .args(pair.flags())
        .env("WSFN_PUSH_TOKEN", TOKEN)
        .env("SSL_CERT_FILE", roots)
        .env("SSL_CERT_DIR", "");
    Example::listening_command(command, &Example::free_address())
}

async fn secured(address: &str, authority: &Authority) -> TlsStream<TcpStream> {
    let mut roots = RootCertStore::empty();
    roots.add(authority.der().clone()).expect("a certificate");
    let config = ClientConfig::builder()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = TcpStream::connect(address).await.expect("accepted");
    TlsConnector::from(Arc::new(config))
        .connect("127.0.0.1".try_into().expect("a name"), stream)
        .await
        .expect("secured")
}

pub(super) async fn connect(address: &str, authority: &Authority) -> Result<Client, Error> {
    let stream = secured(address, authority).await;
    let connected = tokio_tungstenite::client_async(format!("wss://{address}/"), stream).await;
    connected.map(|(client, _)| client)
}

pub(super) async fn text(client: &mut Client) -> String {
    loop {
        let next = tokio::time::timeout(std::time::Duration::from_secs(60), client.next());
        let message = next.await.expect("a message in time");
        let message = message.expect("open").expect("a frame");
        // Where a test takes long, the gateway asks whether its clients are there.
        if !message.is_ping() {
            return message.into_text().expect("a text").to_string();
        }
    }
}

fn hang_up(gateway: &Example) {
    let id = gateway.id().to_string();
    let sent = Command::new("kill").args(["-HUP", &id]).status();
    assert!(sent.expect("kill runs").success());
}

#[tokio::test]
async fn clients_functions_and_pushes() {
    let ours = authority("ours");
    let roots = trusted("tls-ours", &ours);
    let pair = Pair::new("all", &ours);
    let function = PushServer::start_tls(server(&ours, "127.0.0.1"), PushAnswer::ok()).await;
    let port = Example::free_address().replace("127.0.0.1:", "");
    let arguments = [
        "--function",
        &function.url("/event-invoke"),
        "--push-listen",
        &format!("0.0.0.0:{port}"),
    ];
    let gateway = gateway(&arguments, &pair, &roots);
    let mut client = connect(gateway.address(), &ours).await.expect("accepted");
    // The event came over TLS; it says who is there.
    let event: serde_json::Value = serde_json::from_str(&function.bodies()[0]).expect("an event");
    let id = event["websocket"]["secConnectionID"]
        .as_str()
        .expect("an id");
    // A function of ours that pushes, with the feature `push-tls`.
    let url = format!("https://127.0.0.1:{port}/api-wsfn/{TOKEN}");
    let address = Example::free_address();
    let environment = [
        ("WSFN_MODE", "event-invoke"),
        ("WSFN_PUSH_URL", &url),
        ("SSL_CERT_FILE", roots.to_str().expect("a path")),
        ("SSL_CERT_DIR", ""),
    ];
    let _program = Example::listening(misbehave(), &address, &environment);
    let event = message("from a function").replace("xawexasdfewezdfsdfeasdfffa==", id);
    assert_eq!(ask(&address, "", &event).await, OK);
    assert_eq!(text(&mut client).await, "from a function");
    // And the command.
    let mut push = wsfn(&["push", "--push-url", &url, "--everyone", "from the command"]);
    let said = push.env("SSL_CERT_FILE", &roots).output().expect("it runs");
    assert!(said.status.success(), "{said:?}");
    assert_eq!(text(&mut client).await, "from the command");
    // Whoever pushes in plain text is told, and nothing is pushed.
    let plain = url.replace("https://", "http://");
    let said = wsfn(&["push", "--push-url", &plain, "--everyone", "x"]).output();
    let said = said.expect("it runs");
    let said = String::from_utf8_lossy(&said.stderr).into_owned();
    assert!(said.contains("400"), "{said}");
    client.send(Message::text("bye")).await.expect("sent");
    client.close(None).await.expect("closed");
    assert!(matches!(client.next().await, Some(Ok(Message::Close(_)))));
}

#[tokio::test]
async fn a_function_that_nobody_vouches_for_gets_no_event() {
    let (ours, theirs) = (authority("ours"), authority("theirs"));
    let roots = trusted("tls-theirs", &theirs);
    let pair = Pair::new("vouch", &ours);
    for (tls, why) in [
        (server(&ours, "127.0.0.1"), "UnknownIssuer"),
        (server(&theirs, "function.test"), "not valid for name"),
    ] {
        let function = PushServer::start_tls(tls, PushAnswer::ok()).await;
        let url = function.url("/event-invoke");
        let gateway = gateway(&["--push-listen", "off", "--function", &url], &pair, &roots);
        match connect(gateway.address(), &ours).await {
            Err(Error::Http(response)) => assert_eq!(response.status(), 502),
            other => panic!("not refused: {other:?}"),
        }
        let said = gateway.says("the function cannot be connected to").concat();
        assert!(said.contains(why) && said.contains("WARN"), "{said}");
        assert_eq!(function.bodies(), [] as [String; 0], "{why}");
    }
}

#[tokio::test]
async fn a_new_certificate_is_taken_at_a_hangup_and_a_bad_one_is_not() {
    let ours = authority("ours");
    let roots = trusted("tls-reload", &ours);
    let pair = Pair::new("reload", &ours);
    let function = PushServer::start(PushAnswer::ok()).await;
    let url = function.url("/event-invoke");
    let gateway = gateway(&["--push-listen", "off", "--function", &url], &pair, &roots);
    let shown = async || {
        let stream = secured(gateway.address(), &ours).await;
        let (_, session) = stream.get_ref();
        session.peer_certificates().expect("a certificate")[0].to_vec()
    };
    let first = shown().await;
    let mut client = connect(gateway.address(), &ours).await.expect("accepted");
    pair.renew(&ours);
    assert_eq!(shown().await, first, "nobody asked for the new one");
    hang_up(&gateway);
    let _ = gateway.says("the certificate is read again");
    let second = shown().await;
    assert_ne!(second, first);
    // A key without its certificate.
    std::fs::write(
        &pair.key,
        KeyPair::generate().expect("a key").serialize_pem(),
    )
    .expect("written");
    hang_up(&gateway);
    let said = gateway.says("SIGHUP: ").concat();
    assert!(
        said.contains("tls-key: ") && said.contains("ERROR"),
        "{said}"
    );
    assert_eq!(shown().await, second);
    // Whoever was there before still is.
    client.send(Message::text("hello")).await.expect("sent");
    client.close(None).await.expect("closed");
    assert!(matches!(client.next().await, Some(Ok(Message::Close(_)))));
    assert_eq!(
        function
            .bodies()
            .iter()
            .filter(|body| body.contains("data send"))
            .count(),
        1
    );
}

#[tokio::test]
async fn a_hangup_without_a_certificate_ends_nothing() {
    let url = "http://127.0.0.1:9/";
    let command = wsfn(&["gateway", "--push-listen", "off", "--function", url]);
    let gateway = Example::listening_command(command, &Example::free_address());
    hang_up(&gateway);
    let _ = gateway.says("no certificate to read again");
    assert!(TcpStream::connect(gateway.address()).await.is_ok());
}

#[test]
fn check_says_what_is_spoken_and_what_is_wrong() {
    let pair = Pair::new("check", &authority("ours"));
    let function = ["--function", "https://functions.example/s3cr3t"];
    let listen = [
        "--listen",
        "0.0.0.0:443",
        "--push-listen",
        "127.0.0.1:9002,10.0.0.1:9002",
    ];
    let mut command = wsfn(&["gateway", "--check"]);
    command.args(function).args(listen).args(pair.flags());
    command.env("WSFN_PUSH_TOKEN", TOKEN);
    let said = command.output().expect("it runs");
    let said = String::from_utf8_lossy(&said.stdout).into_owned();
    for line in [
        "clients connect to wss://0.0.0.0:443/",
        "functions push to http://127.0.0.1:9002/api-wsfn and https://10.0.0.1:9002/api-wsfn",
        "messages are POSTed to https://functions.example/…",
        "the settings can be used",
    ] {
        assert!(said.contains(line), "{said}");
    }
    assert!(
        !said.contains("plain") && !said.contains("s3cr3t"),
        "{said}"
    );
    for check in [&["--check"][..], &[]] {
        let mut command = wsfn(&["gateway"]);
        command.args(check).args(function);
        command.args(["--listen", "127.0.0.1:0", "--push-listen", "off"]);
        command.args([
            "--tls-cert",
            "/no/such/chain.pem",
            "--tls-key",
            "/no/such/key.pem",
        ]);
        let said = command.output().expect("it runs");
        assert_eq!(said.status.code(), Some(1));
        let said = String::from_utf8_lossy(&said.stderr).into_owned();
        assert!(
            said.contains("error: tls-cert: /no/such/chain.pem cannot be read"),
            "{said}"
        );
    }
}

#[tokio::test]
async fn an_app_speaks_it_with_the_feature_and_refuses_without() {
    let ours = authority("ours");
    let pair = Pair::new("app", &ours);
    let environment = [
        ("WSFN_TLS_CERT", pair.certificate.to_str().expect("a path")),
        ("WSFN_TLS_KEY", pair.key.to_str().expect("a path")),
    ];
    let address = Example::free_address();
    let app = Example::listening(misbehave(), &address, &environment);
    let _ = app.says(&format!(
        "open https://{address}/ in a browser, or connect to wss://{address}/"
    ));
    let mut client = connect(&address, &ours).await.expect("accepted");
    client.send(Message::text("well")).await.expect("sent");
    assert_eq!(text(&mut client).await, "well");
    // An example has no features beyond the usual ones.
    let mut command = Command::new(Example::program("echo", "echo"));
    command.envs(environment).env("WSFN_LISTEN", "127.0.0.1:0");
    let said = command.output().expect("it runs");
    assert!(!said.status.success());
    let said = String::from_utf8_lossy(&said.stderr).into_owned();
    assert!(
        said.contains("tls-cert: this program speaks no TLS (feature `tls` of the crate wsfn)"),
        "{said}"
    );
}
