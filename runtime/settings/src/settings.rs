//! The table itself.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use crate::table::{Kind, Setting, settings};
use crate::value::{
    AllowOrigin, FailedMessage, FunctionAddr, Heartbeat, HttpUrl, Insecure, Limits, LogFormat,
    Mode, Networks, Refuse, ScfCredentials, Secret, StoreUrl, parse,
};

const ANY: &[Mode] = &[Mode::Gateway, Mode::EventInvoke, Mode::RuntimeApi];
const GATEWAY: &[Mode] = &[Mode::Gateway];
/// No app: the command `wsfn gateway` alone looks at it.
const COMMAND: &[Mode] = &[];
/// The front ends that push over HTTP.
const REMOTE: &[Mode] = &[Mode::EventInvoke, Mode::RuntimeApi];
const SERVERS: &[Mode] = &[Mode::Gateway, Mode::EventInvoke];

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;
const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;

const fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}

settings! {
    /// Which front end starts.
    "mode" mode: Option<Mode> = None, "by environment", Kind::Word(Mode::WORDS), parse::mode, ANY,
        "One program runs everywhere: `SCF_RUNTIME_API` set means `runtime-api`, `TENCENTCLOUD_RUNENV=SCF` means `event-invoke`, otherwise it is `gateway`.";
    /// Where WebSocket clients (gateway) or invocations (event-invoke) come in.
    "listen" listen: Option<Vec<SocketAddr>> = None, "`127.0.0.1:9001` and `[::1]:9001` (gateway), `127.0.0.1:9000` (event-invoke), `0.0.0.0:9000` in SCF", Kind::Addresses, parse::addresses, SERVERS,
        "Nothing is open to a network unless somebody said so; in SCF the platform connects from outside the container, to port 9000.";
    /// Where functions push to, over HTTP.
    "push-listen" push_listen: Option<Vec<SocketAddr>> = None, "off; `127.0.0.1:9002` for `wsfn gateway`", Kind::AddressesOrOff, parse::addresses_or_off, GATEWAY,
        "In an app a push is a function call and needs no port; functions elsewhere have no other way to answer.";
    /// The path of the push endpoint. On a function's side: where the path of push-url begins with it, our own gateway is there, which has rooms and pushes to many.
    "push-path" push_path: String = "/api-wsfn".into(), "/api-wsfn", Kind::Path, parse::path, ANY,
        "It looks like the addresses of Tencent's gateway, `/api-…`, which people know.";
    /// Where whoever runs the gateway asks it for health, metrics and connections, over HTTP.
    "admin-listen" admin_listen: Option<Vec<SocketAddr>> = None, "off; `127.0.0.1:9003` for `wsfn gateway`", Kind::AddressesOrOff, parse::addresses_or_off, GATEWAY,
        "It is not for clients, so it has a port of its own; connections are shown on loopback only.";
    /// Where this function pushes to: the gateway's push address, the token as its last path segment if it has one.
    "push-url" push_url: Option<HttpUrl> = None, "none", Kind::SecretUrl, parse::push_url, REMOTE,
        "No event carries the address and nothing derives it, so only you can give it.";
    /// The certificate, with those that signed it behind it, in PEM: with it clients connect over TLS 1.2 and 1.3, and
    /// beyond loopback functions push over it. `wsfn gateway` reads it again at a SIGHUP; an app needs the feature `tls`.
    "tls-cert" tls_cert: Option<PathBuf> = None, "none", Kind::File, parse::file_or_none, GATEWAY,
        "On loopback, and behind a proxy that speaks TLS, nobody is on the way.";
    /// The key of the certificate, in PEM, without a pass phrase.
    "tls-key" tls_key: Option<PathBuf> = None, "none", Kind::File, parse::file_or_none, GATEWAY,
        "It may stand in the file of the certificate; then both settings name that one.";
    /// Who may push: tokens, one of which has to stand in the path or behind `Authorization: Bearer`.
    "push-token" push_token: Vec<Secret> = Vec::new(), "none", Kind::Secrets, parse::tokens, GATEWAY,
        "Required where push-listen is not loopback; several, so that one can be replaced without a gap.";
    /// What signs calls from gateway to function, and is checked there: one secret, or two while one is replaced. The
    /// gateway signs with the first, a function accepts both.
    "secret" secret: Vec<Secret> = Vec::new(), "none", Kind::Secrets, parse::secrets, ANY,
        "On loopback, and in SCF, nobody else reaches the function; elsewhere, and through a function URL, whoever does could send it events.";
    /// Dangers that are accepted, by name: a token over plain HTTP beyond loopback, invocations without a signature beyond loopback.
    "insecure" insecure: Insecure = Insecure::default(), "none", Kind::Words(Insecure::WORDS), parse::insecure, ANY,
        "What is dangerous has to be written down, and is warned about at every start.";
    /// The function for all three events: `http://…` or `https://…`, where they are POSTed to, `exec:COMMAND`, which is started and fed, or `scf:REGION/NAMESPACE/NAME[:QUALIFIER]`, which is deployed there.
    "function" function: Option<FunctionAddr> = None, "none", Kind::Function, parse::function, COMMAND,
        "Nothing can be guessed here; one of `function`, `connect`, `message`, `close` has to be set.";
    /// The function for connects, where it is another one.
    "connect" connect: Option<FunctionAddr> = None, "function", Kind::Function, parse::function, COMMAND,
        "One function may serve all three events; without either everybody is let in.";
    /// The function for messages, where it is another one.
    "message" message: Option<FunctionAddr> = None, "function", Kind::Function, parse::function, COMMAND,
        "One function may serve all three events; without either a message is answered with errNo 1002.";
    /// The function for closes, where it is another one.
    "close" close: Option<FunctionAddr> = None, "function", Kind::Function, parse::function, COMMAND,
        "One function may serve all three events; without either nobody is told.";
    /// The fewest processes of an `exec:` command.
    "exec-min" exec_min: usize = 1, "1", Kind::Count, parse::count, COMMAND,
        "One that is ready spares the first client the start of a program.";
    /// The most processes of an `exec:` command, each of which handles one event at a time.
    "exec-max" exec_max: Option<usize> = None, "cores × 4", Kind::Count, parse::some_count, COMMAND,
        "Functions mostly wait, so a core carries several; and a burst starts no more than the machine bears.";
    /// Names of variables of the gateway's environment that an `exec:` command sees, beyond `PATH`, `HOME` and the like.
    "exec-env" exec_env: Vec<String> = Vec::new(), "none", Kind::EnvNames, parse::env_names, COMMAND,
        "The gateway's own secrets are no business of a function.";
    /// What calls to `scf:` functions are signed with: SecretId and SecretKey, and the session token of a temporary key.
    "scf-credentials" scf_credentials: Option<ScfCredentials> = None, "`TENCENTCLOUD_SECRETID`, `TENCENTCLOUD_SECRETKEY` and `TENCENTCLOUD_SESSIONTOKEN`", Kind::Secrets, parse::scf_credentials, COMMAND,
        "These are the variables that SCF gives to its own functions; a key needs no right but `scf:InvokeFunction`.";
    /// Where Tencent's API for `scf:` functions is.
    "scf-endpoint" scf_endpoint: HttpUrl = HttpUrl::scf(), "`https://scf.tencentcloudapi.com`", Kind::SecretUrl, parse::scf_endpoint, COMMAND,
        "The nearest one answers under this name; a private network or the international site has others.";
    /// The name of the service in `requestContext.serviceName`.
    "service-name" service_name: String = "wsfn".into(), "wsfn", Kind::Text, parse::text, GATEWAY,
        "Functions that never look at it need none.";
    /// The stage in `requestContext.stage`.
    "stage" stage: String = "release".into(), "release", Kind::Text, parse::text, GATEWAY,
        "It is the name that Tencent gives to the stage in production.";
    /// The directory of this gateway, made if it is absent, closed to other users, and locked: its name, and the journal
    /// from which the next start sends close events that this one could not. `none` is a gateway without a journal.
    "data" data: Option<PathBuf> = None, "none; `./wsfn-data` for `wsfn gateway`", Kind::Folder, parse::folder, GATEWAY,
        "An app needs nothing on disk to be tried out; set it where close handlers clean up what others see.";
    /// Whether a failed message is told to its sender, as `{"errNo":…,"errMsg":…}`.
    "errors-to-client" errors_to_client: bool = true, "on", Kind::Switch, parse::switch, ANY,
        "A gateway ignores the reply to a message, so without this nobody would see the error.";
    /// What becomes of a connection whose message call failed: it is closed with 1011, or told and kept.
    "failed-message" failed_message: FailedMessage = FailedMessage::Close, "close", Kind::Word(FailedMessage::WORDS), parse::failed_message, GATEWAY,
        "It is what Tencent's gateway does, and the client learns that a message may be lost.";
    /// How a refused handshake looks to the client: a 403 with a small JSON, or an opened connection that is closed with 4403.
    "refuse" refuse: Refuse = Refuse::Http, "http", Kind::Word(Refuse::WORDS), parse::refuse, GATEWAY,
        "A 403 is what HTTP means by it; `close` is for browsers, which cannot read a refused handshake.";
    /// The largest message in either direction, in bytes.
    "max-message" max_message: usize = MIB, "1MiB", Kind::Size, parse::size, GATEWAY,
        "Ample for chat and small files, and an event with it stays below the 6 MB that SCF takes.";
    /// The largest frame from a client, in bytes.
    "max-frame" max_frame: Option<usize> = None, "max-message", Kind::Size, parse::some_size, GATEWAY,
        "A message in one frame is the usual case.";
    /// The largest head of a handshake or push request, in bytes.
    "header-max" header_max: usize = 16 * KIB, "16KiB", Kind::Size, parse::size, GATEWAY,
        "Large cookies fit, and a connection that never ends its head holds no more than this.";
    /// The largest body of a push, in bytes.
    "push-max-body" push_max_body: Option<usize> = None, "max-message × 4/3 + 64KiB", Kind::Size, parse::some_size, GATEWAY,
        "The largest message in base64, and room for the ids that it goes to.";
    /// How long a handshake may take from the first byte of the connection to the last of the head.
    "handshake-timeout" handshake_timeout: Duration = seconds(10), "10s", Kind::Duration, parse::duration, GATEWAY,
        "Enough for a slow phone; a connection that sends nothing is not held for longer.";
    /// How long one message may take from its first byte to its last.
    "message-timeout" message_timeout: Duration = seconds(60), "60s", Kind::Duration, parse::duration, GATEWAY,
        "1 MiB at 140 kbit/s; a message that trickles holds its buffer no longer.";
    /// How long a write to a client may stall.
    "write-timeout" write_timeout: Duration = seconds(30), "30s", Kind::Duration, parse::duration, GATEWAY,
        "It outlasts the usual hole in a mobile network; a client that is gone is not kept.";
    /// How long the other side has to answer a close frame.
    "close-timeout" close_timeout: Duration = seconds(5), "5s", Kind::Duration, parse::duration, GATEWAY,
        "A client that lives answers within a round trip.";
    /// After how long without a message in either direction a connection is closed with 4408; pings do not count.
    "idle-timeout" idle_timeout: Option<Duration> = None, "off; `10m` for `wsfn gateway`", Kind::DurationOrOff, parse::duration_or_off, GATEWAY,
        "In an app a quiet page stays connected, and dead connections are found by pings; a gateway of many strangers does not keep those who say nothing.";
    /// How often a connection on which nothing comes in is pinged.
    "ping-interval" ping_interval: Duration = seconds(25), "25s", Kind::Duration, parse::duration, GATEWAY,
        "Below the 30 s and 60 s after which common proxies and address translators forget a connection.";
    /// How long a pong may take.
    "pong-timeout" pong_timeout: Duration = seconds(20), "20s", Kind::Duration, parse::duration, GATEWAY,
        "With the interval, a vanished client is noticed within 45 s.";
    /// How long one call of a function may take.
    "invoke-timeout" invoke_timeout: Duration = seconds(30), "30s", Kind::Duration, parse::duration, SERVERS,
        "People do not wait longer for an answer; SCF's own default is 3 s.";
    /// How long a call that is late is still awaited before its connection goes on.
    "call-grace" call_grace: Duration = seconds(15 * MINUTE), "15m", Kind::Duration, parse::duration, GATEWAY,
        "A function in SCF runs at most 15 minutes, so nothing of it is at work any more.";
    /// How many calls run at once.
    "invoke-max" invoke_max: usize = 256, "256", Kind::Count, parse::count, GATEWAY,
        "More than a machine works on at once, and few enough to keep memory bounded.";
    /// How many calls wait for their turn.
    "invoke-queue" invoke_queue: usize = 1024, "1024", Kind::Count, parse::count, GATEWAY,
        "Four rounds of invoke-max; what waits longer is better refused than late.";
    /// How many bytes of events wait for their turn.
    "invoke-queue-bytes" invoke_queue_bytes: usize = 64 * MIB, "64MiB", Kind::Size, parse::size, GATEWAY,
        "64 of the largest messages, so a burst of them cannot take the memory of the machine.";
    /// How many close events are on their way at once.
    "close-max" close_max: usize = 64, "64", Kind::Count, parse::count, GATEWAY,
        "A quarter of invoke-max: a storm of disconnects does not delay those who connect.";
    /// How long a close event is tried again.
    "close-retry-for" close_retry_for: Duration = seconds(24 * HOUR), "24h", Kind::Duration, parse::duration, GATEWAY,
        "It outlasts a night in which nobody repairs the function.";
    /// How many messages wait to be written to one connection.
    "out-max-messages" out_max_messages: usize = 1024, "1024", Kind::Count, parse::count, GATEWAY,
        "A few seconds of a busy room; then pushes get 1103.";
    /// How many bytes wait to be written to one connection.
    "out-max-bytes" out_max_bytes: usize = MIB, "1MiB", Kind::Size, parse::size, GATEWAY,
        "Never below one max-message: it grows with max-message where it is not set.";
    /// How many messages of one connection are received and not yet delivered.
    "in-max-messages" in_max_messages: usize = 64, "64", Kind::Count, parse::count, GATEWAY,
        "Enough to hide a pause of the function; then TCP slows the client down.";
    /// How many bytes of one connection are received and not yet delivered.
    "in-max-bytes" in_max_bytes: usize = MIB, "1MiB", Kind::Size, parse::size, GATEWAY,
        "Never below one max-message: it grows with max-message where it is not set.";
    /// How much memory all queues take together.
    "queue-memory" queue_memory: usize = 1024 * MIB, "1GiB", Kind::Size, parse::size, GATEWAY,
        "It fits a machine with 2 GiB; beyond it reading pauses, pushes get 1103, handshakes 503.";
    /// How many connections are open at once.
    "max-connections" max_connections: usize = 100_000, "100000", Kind::Count, parse::count, GATEWAY,
        "At 4 KiB each they take 400 MB; where the limit on open files allows fewer, that counts and is said at start.";
    /// How many handshakes wait for the function's answer at once.
    "max-registering" max_registering: usize = 1024, "1024", Kind::Count, parse::count, GATEWAY,
        "As many as may wait for a call; what comes above it is told to try again.";
    /// How many connections one address has: an IPv4 address, or the /64 network of an IPv6 one.
    "max-per-address" max_per_address: Option<usize> = None, "off", Kind::CountOrOff, parse::count_or_off, GATEWAY,
        "A school or a phone network shares one address: only you know how many of your clients do.";
    /// How many messages a second one connection sends, on average and at once, before it is closed with 1008.
    "max-rate" max_rate: Option<usize> = None, "off", Kind::CountOrOff, parse::count_or_off, GATEWAY,
        "A client that sends faster than the function answers is slowed down anyway; what is too fast only you know.";
    /// How many rooms one connection is in.
    "rooms-per-connection" rooms_per_connection: usize = 100, "100", Kind::Count, parse::count, ANY,
        "A page shows fewer; a client that may choose rooms cannot fill the memory with them.";
    /// How many connections one room has.
    "room-members" room_members: Option<usize> = None, "off", Kind::CountOrOff, parse::count_or_off, GATEWAY,
        "max-connections bounds it already.";
    /// The longest name of a room, in bytes.
    "room-name" room_name: usize = 256, "256", Kind::Size, parse::size, ANY,
        "Names are identifiers, and every member pays for them.";
    /// The largest session of a connection, in bytes.
    "session-max" session_max: usize = 4 * KIB, "4KiB", Kind::Size, parse::size, ANY,
        "As much as a cookie holds: who it is, not what it has.";
    /// Whether messages are compressed for clients that offer it (permessage-deflate, without context takeover).
    "compression" compression: bool = true, "on", Kind::Switch, parse::switch, GATEWAY,
        "JSON shrinks to a fraction, and nothing is kept between messages.";
    /// Smaller messages go plain, in bytes.
    "compress-above" compress_above: usize = KIB, "1024", Kind::Size, parse::size_or_zero, GATEWAY,
        "Below a packet's size compression saves no packet.";
    /// Which pages may connect, by their `Origin`.
    "allow-origin" allow_origin: AllowOrigin = AllowOrigin::SameHost, "same host and port", Kind::Origins, parse::origins, GATEWAY,
        "A browser sends cookies along for any page: only pages from this host pass, on a loopback listener those of any loopback origin too. Without the header it is no browser, and passes.";
    /// Which headers of the handshake the connect event carries in `requestContext.headers`.
    "forward-headers" forward_headers: Vec<String> = vec!["origin".into(), "user-agent".into(), "host".into()], "origin,user-agent,host", Kind::HeaderNames, parse::header_names, GATEWAY,
        "None of these is a secret; `authorization` and `cookie` go along only when they are named.";
    /// Whether the connect event carries the query in `requestContext.queryString`.
    "forward-query" forward_query: bool = false, "off", Kind::Switch, parse::switch, GATEWAY,
        "Queries carry tokens, and functions log their events.";
    /// Proxies whose `X-Forwarded-For`, `X-Forwarded-Host` and `traceparent` count.
    "trust-proxy" trust_proxy: Networks = Networks::default(), "none", Kind::Networks, parse::networks, GATEWAY,
        "Whoever connects may write these headers; only a proxy of yours writes the truth.";
    /// A text of clients that the gateway answers by itself, without waking a function.
    "heartbeat" heartbeat: Option<Heartbeat> = None, "off", Kind::Pair, parse::heartbeat, GATEWAY,
        "Which text is a heartbeat, the application decides.";
    /// Whose documented limits hold here too: with `tencent` events are at most 6 MB, calls 15 minutes, silence 30.
    "limits" limits: Option<Limits> = None, "off", Kind::Word(Limits::WORDS), parse::limits, GATEWAY,
        "They help to test here what has to pass there, and nobody else needs them.";
    /// Over how long the closes of a shutdown are spread, and how long running calls are waited for.
    "drain" drain: Duration = seconds(30), "30s", Kind::Duration, parse::duration, SERVERS,
        "Clients that reconnect do not arrive all at once, and it is what container platforms wait for.";
    /// What is logged, in the syntax of `RUST_LOG`.
    "log" log: String = "info".into(), "RUST_LOG, else info", Kind::Text, parse::text, ANY,
        "Starts, ends and failures, not every message.";
    /// How log lines look.
    "log-format" log_format: LogFormat = LogFormat::Text, "text", Kind::Word(LogFormat::WORDS), parse::log_format, ANY,
        "People read it first; `json` is for collectors.";
    /// Where rooms and sessions are kept, if not at the gateway: the address of a database. The crate needs its feature: `sqlite`, `redis`, `mysql` or `postgres`.
    "store" store: Option<StoreUrl> = None, "off", Kind::Store, parse::store, ANY,
        "Where the sockets are there is nothing to install, and nobody who left can stay behind; a database is for Tencent's gateway, which has no rooms, and for membership that outlives ours.";
    /// Who this is to the store, in place of the user in its address.
    "store-user" store_user: Option<String> = None, "that of `store`", Kind::Text, parse::some_text, ANY,
        "Most addresses have it.";
    /// The password for the store, in place of the one in its address.
    "store-password" store_password: Option<Secret> = None, "that of `store`", Kind::Secrets, parse::some_secret, ANY,
        "A password of its own can come from where secrets are kept, and the address from where settings are.";
    /// How long anything that is asked of the store may take, connecting included.
    "store-timeout" store_timeout: Duration = seconds(2), "2s", Kind::Duration, parse::duration, ANY,
        "A database near by answers within milliseconds; and SCF's own default for a whole call is 3 s.";
    /// The most connections to the store, each made when it is needed.
    "store-connections" store_connections: usize = 4, "4", Kind::Count, parse::count, ANY,
        "A function handles few events at once, there may be a thousand of it, and a database bears some hundred connections in all.";
    /// After how long without a sign of it a connection in the store is looked after by a sweep. A sign is written down at most once in a quarter of it.
    "store-lease" store_lease: Duration = seconds(40 * MINUTE), "40m", Kind::Duration, parse::duration, ANY,
        "Tencent's gateway lets a connection be silent for 30 minutes at most, and does not promise to tell when it ends; a gateway of ours is asked who lives, whatever the lease.";
}

/// Where `wsfn gateway` takes pushes unless told otherwise.
const COMMAND_PUSH_PORT: u16 = 9002;

/// Where it answers whoever runs it.
const COMMAND_ADMIN_PORT: u16 = 9003;

impl Settings {
    /// The defaults of the command `wsfn gateway`.
    #[must_use]
    pub fn of_command() -> Self {
        Self {
            push_listen: Some(vec![
                (std::net::Ipv4Addr::LOCALHOST, COMMAND_PUSH_PORT).into(),
            ]),
            admin_listen: Some(vec![
                (std::net::Ipv4Addr::LOCALHOST, COMMAND_ADMIN_PORT).into(),
            ]),
            data: Some("wsfn-data".into()),
            idle_timeout: Some(seconds(10 * MINUTE)),
            ..Self::default()
        }
    }

    /// `max-frame`, or `max-message` where it is not set.
    #[must_use]
    pub fn max_frame(&self) -> usize {
        self.max_frame.unwrap_or(self.max_message)
    }

    /// The largest event: SCF's own 6 MB under `limits = tencent` (583/11637).
    #[must_use]
    pub const fn event_max(&self) -> usize {
        match self.limits {
            Some(Limits::Tencent) => 6 * MIB,
            None => usize::MAX,
        }
    }

    /// `exec-max`, or four per core; never below `exec-min`.
    #[must_use]
    pub fn exec_max(&self) -> usize {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        self.exec_max.unwrap_or(cores * 4).max(self.exec_min)
    }

    /// Whether functions push over TLS to this address of `push-listen`: beyond loopback, where there is a certificate.
    ///
    /// On loopback nobody is on the way, and a certificate is seldom made out to 127.0.0.1.
    #[must_use]
    pub fn pushes_over_tls(&self, address: SocketAddr) -> bool {
        self.tls_cert.is_some() && !address.ip().to_canonical().is_loopback()
    }

    /// `push-max-body`, or what the largest message takes in base64 and 64 KiB for the ids that it goes to.
    #[must_use]
    pub fn push_max_body(&self) -> usize {
        self.push_max_body.unwrap_or_else(|| {
            (self.max_message / 3 + 1)
                .saturating_mul(4)
                .saturating_add(64 * KIB)
        })
    }

    /// The addresses of `listen`, or the default ones of a front end.
    ///
    /// The second default of the gateway, `[::1]`, is one that a machine without IPv6 cannot have: where `listen` is
    /// not set, a failure to bind it is no failure.
    #[must_use]
    pub fn listen_addrs(&self, mode: Mode) -> Vec<SocketAddr> {
        use std::net::{Ipv4Addr, Ipv6Addr};

        if let Some(set) = &self.listen {
            return set.clone();
        }
        match mode {
            Mode::Gateway => vec![
                (Ipv4Addr::LOCALHOST, 9001).into(),
                (Ipv6Addr::LOCALHOST, 9001).into(),
            ],
            Mode::EventInvoke if self.in_scf => vec![(Ipv4Addr::UNSPECIFIED, 9000).into()],
            Mode::EventInvoke => vec![(Ipv4Addr::LOCALHOST, 9000).into()],
            Mode::RuntimeApi => Vec::new(),
        }
    }

    /// What has to be warned about at start, a line each.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        let mut lines = Vec::new();
        if self.insecure.push_plain && self.tls_cert.is_none() {
            lines.push("insecure=push-plain: push tokens may travel over plain http, where anyone on the way reads them".into());
        }
        if self.insecure.invoke_unsigned {
            lines.push(
                "insecure=invoke-unsigned: whoever reaches the listener can call the functions"
                    .into(),
            );
        }
        if self.mode == Some(Mode::Gateway)
            && self
                .listen_addrs(Mode::Gateway)
                .iter()
                .any(|addr| !addr.ip().to_canonical().is_loopback())
        {
            for (name, set) in [
                ("max-per-address", self.max_per_address.is_some()),
                ("max-rate", self.max_rate.is_some()),
            ] {
                if !set {
                    lines.push(format!(
                        "{name} is off, and listen is open to others: one client may take what is there for all"
                    ));
                }
            }
        }
        let pushes_over_http = self.mode != Some(Mode::Gateway);
        if let Some(url) = self
            .push_url
            .as_ref()
            .filter(|url| pushes_over_http && url.may_show_token())
        {
            lines.push(format!(
                "push-url: the token in it, if it has one, travels to {} over plain http",
                url.origin()
            ));
        }
        for (name, function) in [
            ("function", &self.function),
            ("connect", &self.connect),
            ("message", &self.message),
            ("close", &self.close),
        ] {
            if let Some(FunctionAddr::Http(url)) = function
                && self.secret.is_empty()
                && url.is_plain_beyond_loopback()
            {
                lines.push(format!(
                    "{name}: events travel to {} over plain http and unsigned, so whoever reaches that function can \
                     call it; set a secret on both sides",
                    url.origin()
                ));
            }
        }
        lines
    }
}
