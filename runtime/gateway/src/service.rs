//! Services: whose functions a connection's events go to, and within which bounds.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use wsfn_settings::{AllowOrigin, FailedMessage, Heartbeat, PathTemplate, Refuse, Settings};

use crate::calls::Calls;
#[cfg(feature = "metrics")]
use crate::invoke::Processes;
use crate::invoke::{Invoke, Slots};
use crate::journal::Route;
use crate::machine::Limits;
use crate::rate::Rate;

/// The settings that connections and their calls look at.
#[derive(Debug)]
pub(crate) struct Options {
    pub(crate) limits: Limits,
    pub(crate) max_message: usize,
    pub(crate) max_frame: usize,
    pub(crate) message_timeout: Duration,
    pub(crate) write_timeout: Duration,
    pub(crate) idle_timeout: Option<Duration>,
    pub(crate) ping_interval: Duration,
    pub(crate) pong_timeout: Duration,
    pub(crate) in_max_messages: usize,
    pub(crate) in_max_bytes: usize,
    /// `max-rate`.
    pub(crate) rate: Option<Rate>,
    pub(crate) heartbeat: Option<Heartbeat>,
    pub(crate) event_max: usize,
    pub(crate) compression: bool,
    pub(crate) refuse: Refuse,
    pub(crate) allow_origin: AllowOrigin,
    pub(crate) forward_headers: Vec<String>,
    pub(crate) forward_query: bool,
    pub(crate) service_name: String,
    pub(crate) stage: String,
}

impl Options {
    pub(crate) fn new(settings: &Settings) -> Self {
        Self {
            limits: Limits {
                invoke_timeout: settings.invoke_timeout,
                call_grace: settings.call_grace,
                close_timeout: settings.close_timeout,
                close_retry_for: settings.close_retry_for,
                handshake_timeout: settings.handshake_timeout,
                journal: false,
                tell: settings.failed_message == FailedMessage::Tell,
            },
            max_message: settings.max_message,
            max_frame: settings.max_frame(),
            message_timeout: settings.message_timeout,
            write_timeout: settings.write_timeout,
            idle_timeout: settings.idle_timeout,
            ping_interval: settings.ping_interval,
            pong_timeout: settings.pong_timeout,
            in_max_messages: settings.in_max_messages.max(1),
            in_max_bytes: settings.in_max_bytes.max(settings.max_message),
            rate: settings.max_rate.map(Rate::per_second),
            heartbeat: settings.heartbeat.clone(),
            event_max: settings.event_max(),
            compression: settings.compression,
            refuse: settings.refuse,
            allow_origin: settings.allow_origin.clone(),
            forward_headers: settings
                .forward_headers
                .iter()
                .map(|name| name.to_ascii_lowercase())
                .collect(),
            forward_query: settings.forward_query,
            service_name: settings.service_name.clone(),
            stage: settings.stage.clone(),
        }
    }
}

/// One service.
pub(crate) struct Service {
    host: Option<String>,
    path: Option<PathTemplate>,
    /// The same as the journal writes it.
    pub(crate) route: Route,
    /// Whether anybody wants to know of closes.
    has_close: bool,
    pub(crate) options: Options,
    pub(crate) invoke: Arc<dyn Invoke>,
    pub(crate) calls: Calls,
}

impl Service {
    fn new(settings: &Settings, invoke: Arc<dyn Invoke>) -> Self {
        Self {
            host: None,
            path: None,
            route: Route::default(),
            has_close: true,
            options: Options::new(settings),
            invoke,
            calls: Calls::new(settings),
        }
    }
}

/// A service whose connection it is, and what its path says.
pub(crate) struct Matched<'s> {
    pub(crate) service: &'s Service,
    /// The path as the function is told it: the template of the route, where there is one.
    pub(crate) path: Option<&'s str>,
    pub(crate) parameters: BTreeMap<String, String>,
}

/// The services of a gateway: one for everything, or one for each route.
pub struct Services {
    services: Vec<Service>,
    functions: Vec<Arc<Slots>>,
    close_retry_for: Duration,
}

impl Services {
    /// One service for everything.
    #[must_use]
    pub fn one(settings: &Settings, invoke: Arc<dyn Invoke>) -> Self {
        Self {
            services: vec![Service::new(settings, invoke)],
            functions: Vec::new(),
            close_retry_for: settings.close_retry_for,
        }
    }

    /// The routes of the settings, or one service for everything where there are none; each with the functions that
    /// its settings name.
    ///
    /// # Errors
    /// When a function has an address that no request can be sent to. The text does not repeat it.
    pub fn from_settings(settings: &Settings) -> Result<Self, String> {
        let mut services = Self {
            services: Vec::new(),
            functions: Vec::new(),
            close_retry_for: settings.close_retry_for,
        };
        if settings.routes.is_empty() {
            services.add(settings, None, None)?;
        }
        for route in &settings.routes {
            services.add(&route.settings, route.host.clone(), route.path.clone())?;
        }
        Ok(services)
    }

    fn add(
        &mut self,
        settings: &Settings,
        host: Option<String>,
        path: Option<PathTemplate>,
    ) -> Result<(), String> {
        let functions = Arc::new(Slots::from_settings(settings)?);
        let route = Route {
            host: host.clone(),
            path: path.as_ref().map(|path| path.as_str().to_owned()),
        };
        self.services.push(Service {
            host,
            path,
            route,
            has_close: functions.has_close(),
            ..Service::new(settings, functions.clone())
        });
        self.functions.push(functions);
        Ok(())
    }

    /// From here on connections stand in a journal before their connect events are sent, where there is a function that
    /// wants to know of their end.
    pub(crate) fn with_journal(mut self) -> Self {
        for service in &mut self.services {
            service.options.limits.journal = service.has_close;
        }
        self
    }

    /// The service with this number.
    pub(crate) fn get(&self, number: usize) -> Option<&Service> {
        self.services.get(number)
    }

    /// The number of the service that takes the close events of a route.
    pub(crate) fn closing(&self, route: &Route) -> Option<usize> {
        self.services
            .iter()
            .position(|service| service.has_close && service.route == *route)
    }

    /// How long close events that no service takes are kept.
    pub(crate) const fn close_retry_for(&self) -> Duration {
        self.close_retry_for
    }

    /// Starts the processes that commands are to have from the beginning, inside a tokio runtime.
    pub(crate) fn start(&self) {
        for functions in &self.functions {
            functions.start();
        }
    }

    /// The first service that a handshake matches.
    pub(crate) fn find(&self, host: Option<&str>, path: &str) -> Option<Matched<'_>> {
        let host = host.map(without_port);
        self.services.iter().find_map(|service| {
            let is_host = service
                .host
                .as_deref()
                .is_none_or(|wanted| host.is_some_and(|host| host.eq_ignore_ascii_case(wanted)));
            if !is_host {
                return None;
            }
            let parameters = match &service.path {
                Some(template) => template.matches(path)?,
                None => BTreeMap::new(),
            };
            Some(Matched {
                service,
                path: service.path.as_ref().map(PathTemplate::as_str),
                parameters,
            })
        })
    }

    /// The first service, where there is one for everything.
    #[cfg(test)]
    pub(crate) fn only(&self) -> &Service {
        &self.services[0]
    }

    /// Calls that wait for their turn.
    #[cfg(feature = "metrics")]
    pub(crate) fn calls_waiting(&self) -> usize {
        self.services
            .iter()
            .map(|service| service.calls.waiting())
            .sum()
    }

    /// What the processes of all commands are at.
    #[cfg(feature = "metrics")]
    pub(crate) fn processes(&self) -> Processes {
        let mut all = Processes::default();
        for functions in &self.functions {
            all += functions.processes();
        }
        all
    }

    /// The longest that any service waits for the answer to a close frame.
    pub(crate) fn close_timeout(&self) -> Duration {
        let timeouts = self
            .services
            .iter()
            .map(|service| service.options.limits.close_timeout);
        timeouts.max().unwrap_or_default()
    }
}

/// A `Host` header without its port.
fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    }
}

impl fmt::Debug for Services {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Services")
            .field("count", &self.services.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use wsfn_settings::Sources;

    use super::*;

    #[test]
    fn the_first_route_that_matches() {
        let text = r#"
function = "http://127.0.0.1:9/"
[[route]]
host = "chat.example"
path = "/rooms/{room}"
service-name = "rooms"
[[route]]
host = "chat.example"
service-name = "chat"
[[route]]
path = "/only"
service-name = "only"
"#;
        let sources = Sources::new().for_command().file("wsfn.toml", text);
        let settings = Settings::load(&sources).expect("settings");
        let services = Services::from_settings(&settings).expect("services");
        let find = |host: Option<&str>, path: &str| {
            let found = services.find(host, path)?;
            let name = found.service.options.service_name.clone();
            Some((
                name,
                found.path.map(str::to_owned),
                found.parameters.get("room").cloned(),
            ))
        };
        let some = |name: &str, path: Option<&str>, room: Option<&str>| {
            Some((
                name.to_owned(),
                path.map(str::to_owned),
                room.map(str::to_owned),
            ))
        };
        let rooms = some("rooms", Some("/rooms/{room}"), Some("red"));
        assert_eq!(find(Some("Chat.Example:8080"), "/rooms/red"), rooms);
        assert_eq!(
            find(Some("chat.example"), "/rooms"),
            some("chat", None, None)
        );
        assert_eq!(
            find(Some("other"), "/only"),
            some("only", Some("/only"), None)
        );
        assert_eq!(find(None, "/only"), some("only", Some("/only"), None));
        assert_eq!(find(Some("other"), "/"), None);
        assert_eq!(find(Some("chat.example.evil"), "/"), None);
    }
}
