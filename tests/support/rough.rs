//! A program for the gateway to start, which speaks SCF's runtime API by hand and as its arguments say: well, or not.
//! Standard library only, so that nothing between it and the wire does things properly on its own.
//!
//! Its arguments are steps, done one after the other; after the last one it ends.
//!
//! | step | what it does |
//! |---|---|
//! | `ready` | `init/ready` |
//! | `next` | asks for an event, and appends it to the file that `ROUGH_EVENTS` names |
//! | `next-keep` | the same, over a connection that is then kept open |
//! | `ask-and-leave` | asks for an event and hangs up before it comes |
//! | `respond=TEXT`, `error=TEXT` | answers |
//! | `respond-large=BYTES` | answers with as many |
//! | `respond-half` | announces an answer, sends half of it and hangs up |
//! | `garbage` | bytes that are no HTTP |
//! | `throw=COUNT` | so many connections with garbage of all kinds |
//! | `path=PATH` | asks for something else |
//! | `print=TEXT`, `print-error=TEXT` | a line |
//! | `flood=BYTES` | prints as many in one line |
//! | `env=NAME` | prints a variable |
//! | `sleep=MS` | waits |
//! | `child` | starts a child that does nothing for ten minutes and holds the outputs open |
//! | `daemon` | the same, in a session of its own |
//! | `exit=CODE`, `abort` | ends |
//! | `if=TEXT` | goes on only if the last event holds the text, else skips to the next `fi` |
//! | `first` | goes on only in the first of its processes, else skips to the next `fi` |
//! | `fi` | |
//! | `loop` | from here on, again and again |

use std::fs::OpenOptions;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::process::{Child, Command, exit};
use std::time::Duration;

fn main() {
    let steps: Vec<String> = std::env::args().skip(1).collect();
    let (mut at, mut again) = (0, None);
    let mut rough = Rough::default();
    loop {
        let Some(step) = steps.get(at) else {
            match again {
                Some(from) => at = from,
                None => return,
            }
            continue;
        };
        at += 1;
        let (name, value) = step.split_once('=').unwrap_or((step, ""));
        match name {
            "loop" => again = Some(at),
            "first" if !is_first() => at = skip(&steps, at),
            "if" if !rough.event.contains(value) => at = skip(&steps, at),
            "first" | "if" | "fi" => {}
            _ => rough.step(name, value),
        }
    }
}

fn skip(steps: &[String], from: usize) -> usize {
    let end = steps[from..].iter().position(|step| step == "fi");
    end.map_or(steps.len(), |end| from + end)
}

/// Whether this is the first process with that file for its events.
fn is_first() -> bool {
    let path = std::env::var("ROUGH_EVENTS").expect("a file for events") + ".first";
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(path)
        .is_ok()
}

#[derive(Default)]
struct Rough {
    event: String,
    kept: Vec<TcpStream>,
}

impl Rough {
    fn step(&mut self, name: &str, value: &str) {
        match name {
            "ready" => drop(ask("POST", "/runtime/init/ready", " ")),
            "next" => self.next(),
            "next-keep" => {
                self.next();
                self.kept.push(connect());
            }
            "ask-and-leave" => {
                let mut stream = connect();
                send(&mut stream, "GET", "/runtime/invocation/next", "");
                std::thread::sleep(Duration::from_millis(100));
            }
            "respond" => drop(ask("POST", "/runtime/invocation/response", value)),
            "error" => drop(ask("POST", "/runtime/invocation/error", value)),
            "respond-large" => {
                let body = "x".repeat(value.parse().expect("a number"));
                drop(ask("POST", "/runtime/invocation/response", &body));
            }
            "respond-half" => {
                let half = "POST /runtime/invocation/response HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{";
                let _ = connect().write_all(half.as_bytes());
            }
            "garbage" => {
                let _ = connect().write_all(b"\x16\x03\x01\x00\xff what is this\r\n\r\n");
            }
            "throw" => {
                let count: u64 = value.parse().expect("a number");
                (0..count).for_each(|seed| wsfn_tests::throw(&address(), seed));
            }
            "path" => {
                let (head, _) = ask("GET", value, "");
                println!("{}", head.lines().next().unwrap_or_default());
            }
            "print" => println!("{value}"),
            "print-error" => eprintln!("{value}"),
            "flood" => {
                let mut left: usize = value.parse().expect("a number");
                let part = [b'x'; 1 << 16];
                while left > 0 {
                    let count = left.min(part.len());
                    std::io::stdout()
                        .write_all(&part[..count])
                        .expect("printed");
                    left -= count;
                }
                println!();
            }
            "env" => println!(
                "{value}: {}",
                std::env::var(value).unwrap_or("unset".into())
            ),
            "sleep" => std::thread::sleep(Duration::from_millis(value.parse().expect("a number"))),
            "child" => start(Command::new("sleep").arg("600")),
            "daemon" => daemon(),
            "exit" => exit(value.parse().expect("a number")),
            "abort" => std::process::abort(),
            _ => panic!("no such step: {name}"),
        }
    }

    fn next(&mut self) {
        let (_, event) = ask("GET", "/runtime/invocation/next", "");
        if let Some(path) = std::env::var_os("ROUGH_EVENTS") {
            let mut file = OpenOptions::new()
                .create(true)
                .append(true)
                .open(path)
                .expect("a file");
            file.write_all(format!("{event}\n").as_bytes())
                .expect("written");
        }
        self.event = event;
    }
}

fn start(command: &mut Command) {
    said(command.spawn().expect("a child"));
}

fn daemon() {
    let child = Command::new("setsid").args(["sleep", "600"]).spawn();
    let child = child.expect("a child");
    // It becomes the other program when it has its session.
    let name = format!("/proc/{}/comm", child.id());
    while std::fs::read_to_string(&name).is_ok_and(|name| name.trim() != "sleep") {
        std::thread::sleep(Duration::from_millis(5));
    }
    said(child);
}

fn said(mut child: Child) {
    println!("child {}", child.id());
    std::thread::spawn(move || child.wait());
}

fn address() -> String {
    let of = |name: &str| std::env::var(name).expect("a variable of the platform");
    format!("{}:{}", of("SCF_RUNTIME_API"), of("SCF_RUNTIME_API_PORT"))
}

fn connect() -> TcpStream {
    // Where nobody listens any more, the gateway is gone.
    TcpStream::connect(address()).unwrap_or_else(|_| exit(9))
}

fn send(stream: &mut TcpStream, method: &str, path: &str, body: &str) {
    let length = body.len();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
    );
    // Whoever does not read all of it may have said why.
    let _ = stream.write_all(request.as_bytes());
}

/// Head and body of the answer; nothing where the connection broke.
fn ask(method: &str, path: &str, body: &str) -> (String, String) {
    let mut stream = connect();
    send(&mut stream, method, path, body);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    let _ = stream.shutdown(Shutdown::Both);
    let answer = String::from_utf8_lossy(&answer);
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_default();
    (head.to_owned(), body.to_owned())
}
