//! Reverse proxies in front of the gateway, set up as the documentation says.

use std::path::{Path, PathBuf};
use std::process::Command;

use futures_util::StreamExt;
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};
use wsfn_tests::{Example, PushAnswer, PushServer};

use super::command::wsfn;

/// Where the clients are, as the proxy sees them. The proxy itself is 127.0.0.1.
const CLIENT: &str = "127.0.0.2";

const REPLY: &str = r#"{"errNo":0,"errMsg":"ok","wsfn":{"push":[{"websocket":{"action":"data send","dataType":"text","data":"welcome"}}]}}"#;

/// The block of the page that begins with this, for a gateway there.
fn from_the_page(beginning: &str, gateway: &str) -> String {
    let page = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../runtime/src/docs/operating.md"
    );
    let page = std::fs::read_to_string(page).expect("the page");
    let (_, block) = page.split_once(beginning).expect("the block");
    let (block, _) = block.split_once("```").expect("its end");
    assert!(block.contains("127.0.0.1:9001"), "{block}");
    block.replace("127.0.0.1:9001", gateway)
}

fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    // Where Debian has it, which is in nobody's path but root's.
    std::env::split_paths(&path)
        .chain([PathBuf::from("/usr/sbin")])
        .map(|folder| folder.join(name))
        .find(|program| program.is_file())
}

/// Connects from the client's own address, with further headers.
async fn connect(
    to: &str,
    headers: &[(&'static str, String)],
) -> Result<WebSocketStream<TcpStream>, Error> {
    let socket = TcpSocket::new_v4().expect("a socket");
    let from = format!("{CLIENT}:0").parse().expect("an address");
    socket.bind(from).expect("an address of its own");
    let to_address = to.parse().expect("an address");
    let stream = socket.connect(to_address).await.expect("connected");
    let mut request = format!("ws://{to}/").into_client_request()?;
    for (name, value) in headers {
        let value = value.parse().expect("a value");
        request.headers_mut().insert(*name, value);
    }
    let (client, _) = tokio_tungstenite::client_async(request, stream).await?;
    Ok(client)
}

/// Starts a gateway, and the proxy that this makes for it; what the function hears of a client behind them.
async fn through(proxy: impl Fn(&str, &str) -> Command) {
    for (trusted, seen) in [("127.0.0.1", CLIENT), ("none", "127.0.0.1")] {
        let function = PushServer::start(PushAnswer::Http(200, REPLY)).await;
        let url = function.url("/event-invoke");
        let mut command = wsfn(&["gateway", "--push-listen", "off", "--function", &url]);
        command.args(["--trust-proxy", trusted]);
        let gateway = Example::listening_command(command, &Example::free_address());
        let address = Example::free_address();
        let proxy = Example::listening_command(proxy(gateway.address(), &address), &address);
        // What it says of itself does not count.
        let lie = ("x-forwarded-for", "192.0.2.1".to_owned());
        // A page that the proxy has served: its host is the proxy's, and not the gateway's.
        let page = ("origin", format!("http://{}", proxy.address()));
        let mut client = connect(proxy.address(), &[lie, page])
            .await
            .expect("let in");
        let welcome = client.next().await.expect("open").expect("a frame");
        assert_eq!(welcome, Message::text("welcome"));
        let event = &function.bodies()[0];
        let expected = format!(r#""sourceIp":"{seen}""#);
        assert!(event.contains(&expected), "{expected}: {event}");
        // Another page's is none.
        let page = ("origin", "http://elsewhere.example".to_owned());
        match connect(proxy.address(), &[page]).await {
            Err(Error::Http(response)) => assert_eq!(response.status(), 403),
            other => panic!("not refused: {other:?}"),
        }
    }
}

fn folder(name: &str) -> PathBuf {
    let folder = format!("wsfn-{name}-{}", std::process::id());
    let folder = std::env::temp_dir().join(folder);
    std::fs::create_dir_all(&folder).expect("a folder");
    folder
}

fn written(folder: &Path, name: &str, text: &str) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, text).expect("written");
    path
}

#[tokio::test]
async fn behind_nginx_a_client_has_its_own_address() {
    let Some(nginx) = program("nginx") else {
        return wsfn_tests::skip(
            "behind_nginx_a_client_has_its_own_address",
            "there is no nginx",
        );
    };
    let folder = folder("nginx");
    through(|gateway, address| {
        let location = from_the_page("```nginx\n", gateway);
        let paths: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|what| format!("{what}_temp_path {}/{what};\n", folder.display()))
            .concat();
        let config = format!(
            "daemon off;\nmaster_process off;\npid {0}/pid;\nerror_log stderr;\nevents {{}}\n\
             http {{\naccess_log off;\n{paths}server {{\nlisten {address};\n{location}}}\n}}\n",
            folder.display()
        );
        let config = written(&folder, "nginx.conf", &config);
        let mut command = Command::new(&nginx);
        command.arg("-p").arg(&folder).arg("-c").arg(config);
        command.args(["-e", "stderr"]);
        command
    })
    .await;
    let _ = std::fs::remove_dir_all(folder);
}

#[tokio::test]
async fn behind_caddy_a_client_has_its_own_address() {
    let Some(caddy) = program("caddy") else {
        return wsfn_tests::skip(
            "behind_caddy_a_client_has_its_own_address",
            "there is no caddy",
        );
    };
    let folder = folder("caddy");
    through(|gateway, address| {
        let site = from_the_page("```text\n# Caddyfile", gateway);
        let (_, site) = site.split_once('\n').expect("a comment");
        // Without a name there is no certificate for it.
        let site = site.replace("chat.example", &format!("http://{address}"));
        let config = format!("{{\nadmin off\nauto_https off\n}}\n{site}");
        let config = written(&folder, "Caddyfile", &config);
        let mut command = Command::new(&caddy);
        command.arg("run").arg("--config").arg(config);
        command.env("HOME", &folder);
        command
    })
    .await;
    let _ = std::fs::remove_dir_all(folder);
}
