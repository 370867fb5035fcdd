//! SCF's runtime API and Lambda's, for benchmarks: as little as can stand between a function and its CPU time.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};

/// What a function did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum News {
    /// It is ready: `init/ready`, or with Lambda, which has no such call, the first `invocation/next`.
    Ready,
    /// It answered as many events as it was given.
    Done,
}

/// An API for one function. It hands out the same event again and again.
#[derive(Debug)]
pub struct RuntimeApi {
    address: SocketAddr,
    events: Sender<u32>,
    news: Receiver<News>,
}

struct Shared {
    event: String,
    /// How many events come next: a function waits here, in its `invocation/next`.
    events: Receiver<u32>,
    left: u32,
    ready: bool,
    news: Sender<News>,
}

impl RuntimeApi {
    /// Listens on a free port of the loopback interface.
    ///
    /// # Panics
    /// When there is none.
    pub fn start(event: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        let (events, waiting) = channel();
        let (sender, news) = channel();
        let shared = Arc::new(Mutex::new(Shared {
            event,
            events: waiting,
            left: 0,
            ready: false,
            news: sender,
        }));
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let shared = Arc::clone(&shared);
                std::thread::spawn(move || serve(&stream, &shared));
            }
        });
        Self {
            address,
            events,
            news,
        }
    }

    /// What both platforms, and the crates for them, want to find in the environment.
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        let (host, port) = (
            self.address.ip().to_string(),
            self.address.port().to_string(),
        );
        let mut all = vec![
            ("SCF_RUNTIME_API", host),
            ("SCF_RUNTIME_API_PORT", port),
            ("AWS_LAMBDA_RUNTIME_API", self.address.to_string()),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128".to_owned()),
            // Nobody listens there, and nothing is pushed.
            ("WSFN_PUSH_URL", "http://127.0.0.1:9/api-wsfn".to_owned()),
        ];
        for name in [
            "AWS_LAMBDA_FUNCTION_NAME",
            "AWS_LAMBDA_FUNCTION_VERSION",
            "SCF_FUNCTIONNAME",
            "SCF_FUNCTIONVERSION",
            "SCF_NAMESPACE",
            "TENCENTCLOUD_APPID",
            "TENCENTCLOUD_REGION",
            "TENCENTCLOUD_UIN",
        ] {
            all.push((name, "bench".to_owned()));
        }
        all
    }

    /// Hands out this many events.
    pub fn give(&self, events: u32) {
        self.events.send(events).expect("the API serves");
    }

    /// Waits for the next news.
    pub fn wait(&self) -> News {
        self.news.recv().expect("the API serves")
    }
}

fn serve(stream: &TcpStream, shared: &Mutex<Shared>) {
    stream.set_nodelay(true).expect("nodelay");
    let (mut reader, mut writer) = (BufReader::new(stream), stream);
    while let Some(path) = read(&mut reader) {
        let answer = answer(&path, &mut shared.lock().expect("no panic"));
        if answer.is_none_or(|answer| writer.write_all(answer.as_bytes()).is_err()) {
            return;
        }
    }
}

/// Reads a request: the path is all that is wanted of it.
fn read(reader: &mut impl BufRead) -> Option<String> {
    let (mut line, mut length) = (String::new(), 0);
    reader.read_line(&mut line).ok()?;
    let path = line.split(' ').nth(1)?.to_owned();
    loop {
        line.clear();
        reader.read_line(&mut line).ok()?;
        match line.split_once(':') {
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                length = value.trim().parse().ok()?;
            }
            Some(_) => {}
            None => break,
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(path)
}

/// `None` when the benchmark is over.
fn answer(path: &str, api: &mut Shared) -> Option<String> {
    if path.ends_with("/init/ready") {
        api.is_ready();
        return Some("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n".to_owned());
    }
    if path.ends_with("/response") {
        api.left -= 1;
        if api.left == 0 {
            api.news.send(News::Done).ok()?;
        }
        return Some("HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n".to_owned());
    }
    assert!(path.ends_with("/invocation/next"), "{path}");
    if api.left == 0 {
        api.is_ready();
        api.left = api.events.recv().ok()?;
    }
    Some(format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\
         request_id: 0a1b2c3d-0000-4000-8000-000000000000\r\nmemory_limit_in_mb: 128\r\ntime_limit_in_ms: 3000\r\n\
         lambda-runtime-aws-request-id: 0a1b2c3d-0000-4000-8000-000000000000\r\n\
         lambda-runtime-deadline-ms: 4102444800000\r\n\
         lambda-runtime-invoked-function-arn: arn:aws:lambda:x:1:function:bench\r\n\r\n{}",
        api.event.len(),
        api.event
    ))
}

impl Shared {
    fn is_ready(&mut self) {
        if !std::mem::replace(&mut self.ready, true) {
            // Whoever measured the start of a function may have left already.
            self.news.send(News::Ready).ok();
        }
    }
}
