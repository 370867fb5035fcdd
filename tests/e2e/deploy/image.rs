//! The recipe for an image: a root directory that holds what the README's Dockerfile puts there, and nothing else.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use wsfn_tests::skip;

use super::{built, folder, run};
use crate::process::event_invoke::ask;

/// What makes a directory the root directory of a program: for anybody, where the system lets everybody have
/// namespaces, or for root.
const AS_ROOT: [&[&str]; 2] = [&["unshare", "-r", "chroot"], &["chroot"]];

/// Where these programs are: the one in the directory gets no `PATH` to look for them.
const FOLDERS: [&str; 4] = ["/usr/sbin", "/usr/bin", "/sbin", "/bin"];

fn command(words: &[&str], root: &Path) -> Command {
    let whole = |word: &str| {
        let paths = FOLDERS.map(|folder| Path::new(folder).join(word));
        let found = paths.iter().find(|path| path.exists());
        found.map_or_else(|| word.into(), |path| path.as_os_str().to_owned())
    };
    let mut words = words.iter().map(|word| whole(word));
    let mut command = Command::new(words.next().unwrap_or_default());
    command.args(words).arg(root).env_clear();
    command
}

fn as_root() -> Option<&'static [&'static str]> {
    AS_ROOT.into_iter().find(|words| {
        let mut probe = command(words, Path::new("/"));
        let probe = probe
            .arg("true")
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        probe.status().is_ok_and(|status| status.success())
    })
}

/// Does what the Dockerfile of the README says; its entry point.
fn built_as_the_readme_says(root: &Path, bootstrap: &Path) -> Vec<String> {
    let readme = include_str!("../../../README.md");
    let (_, file) = readme.split_once("```dockerfile\n").expect("a Dockerfile");
    let (file, _) = file.split_once("```").expect("its end");
    let mut lines = file.lines();
    assert_eq!(lines.next(), Some("FROM scratch"));
    let mut entry = Vec::new();
    for line in lines {
        match line.split_once(' ').expect("an instruction") {
            ("COPY", files) => {
                let (from, to) = files.split_once(' ').expect("from and to");
                assert_eq!(
                    from, "bootstrap",
                    "the recipe for the zip makes no other file"
                );
                let to = to.strip_prefix('/').expect("an absolute path");
                std::fs::copy(bootstrap, root.join(to)).expect("copied");
            }
            ("ENTRYPOINT", words) => entry = serde_json::from_str(words).expect("a list"),
            (other, _) => panic!("an instruction that this test does not know: {other}"),
        }
    }
    entry
}

/// The address in the first line that names one. Nobody reads its log afterwards, which must not matter to it.
fn listens(child: &mut Child) -> String {
    let lines = BufReader::new(child.stderr.take().expect("a pipe")).lines();
    let mut said = Vec::new();
    for line in lines.map_while(Result::ok) {
        if let Some((_, address)) = line.split_once("waiting for events at http://") {
            return address.split('/').next().expect("an address").to_owned();
        }
        said.push(line);
    }
    panic!("it does not listen: {said:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_image_answers_where_scf_asks() {
    const NAME: &str = "the_image_answers_where_scf_asks";
    let bootstrap = match built() {
        Ok(built) => built.join("target/x86_64-unknown-linux-gnu/release/chat"),
        Err(missing) => return skip(NAME, &missing),
    };
    let Some(words) = as_root() else {
        return skip(
            NAME,
            "neither `unshare -r chroot` nor `chroot` is allowed here",
        );
    };
    let root = folder("image");
    std::fs::remove_dir_all(&root).expect("emptied");
    let root = folder("image");
    let entry = built_as_the_readme_says(&root, &bootstrap);
    let mut image = command(words, &root);
    image
        .args(entry)
        .env("TENCENTCLOUD_RUNENV", "SCF")
        .env("WSFN_PUSH_URL", "http://127.0.0.1:9/api-wsfn")
        .stderr(Stdio::piped());
    // Where SCF asks, unless somebody else has the port: then anywhere.
    let expected = match TcpListener::bind("0.0.0.0:9000") {
        Ok(_) => "0.0.0.0:9000",
        Err(_) => {
            image.env("WSFN_LISTEN", "127.0.0.1:0");
            "127.0.0.1:"
        }
    };
    let mut child = image.spawn().expect("the entry point starts");
    let address = listens(&mut child);
    assert!(address.starts_with(expected), "{address}");
    let connect = r#"{"requestContext":{},"websocket":{"action":"connecting","secConnectionID":"x==","secWebSocketProtocol":"chat.v1"}}"#;
    let reply = ask(&address, "X-Scf-Request-Id: r-1\r\n", connect).await;
    let reply: Value = serde_json::from_str(&reply).expect("JSON");
    assert_eq!(reply["errNo"], 0, "{reply}");
    assert_eq!(
        reply["websocket"]["secWebSocketProtocol"], "chat.v1",
        "{reply}"
    );
    run(Command::new("kill").args(["-TERM", &child.id().to_string()]));
    let status = child.wait().expect("its status");
    assert!(status.success(), "SIGTERM ended it with {status}");
}
