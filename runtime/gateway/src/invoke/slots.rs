//! Which function gets which event.

use std::fmt;
use std::sync::Arc;

use wsfn_protocol::{Data, ErrNo, Kind, Reply, ReplyPush};
use wsfn_settings::{FunctionAddr, Settings};

#[cfg(unix)]
use super::ExecFunction;
#[cfg(feature = "metrics")]
use super::Processes;
use super::{BoxFuture, Call, HttpFunction, Invoke, InvokeAnswer, InvokeError, ScfFunction};

/// The functions of a service: one for each event, or one for all. A connect that has none is accepted, a close that
/// has none is done, and a message that has none is answered with errNo 1002.
#[derive(Clone)]
pub struct Slots {
    connect: Option<Arc<dyn Invoke>>,
    message: Option<Arc<dyn Invoke>>,
    close: Option<Arc<dyn Invoke>>,
    #[cfg(unix)]
    commands: Vec<Arc<ExecFunction>>,
}

impl Slots {
    /// The functions that the settings name: `connect`, `message`, `close`, and `function` for those that are unset.
    ///
    /// # Errors
    /// When an address is one that no request can be sent to. The text does not repeat it.
    pub fn from_settings(settings: &Settings) -> Result<Self, String> {
        #[cfg(unix)]
        let mut commands = Vec::new();
        let mut make = |name: &str, addr: &Option<FunctionAddr>| -> Result<_, String> {
            Ok(match addr {
                None => None,
                Some(FunctionAddr::Http(url)) => {
                    let function =
                        HttpFunction::new(url, settings).map_err(|why| format!("{name}: {why}"))?;
                    Some(Arc::new(function) as Arc<dyn Invoke>)
                }
                Some(FunctionAddr::Scf(scf)) => {
                    let function =
                        ScfFunction::new(scf, settings).map_err(|why| format!("{name}: {why}"))?;
                    Some(Arc::new(function) as Arc<dyn Invoke>)
                }
                #[cfg(unix)]
                Some(FunctionAddr::Exec(command)) => {
                    let function = Arc::new(ExecFunction::new(command, settings));
                    commands.push(Arc::clone(&function));
                    Some(function as Arc<dyn Invoke>)
                }
                Some(other) => return Err(format!("{name}: {other} is not served here")),
            })
        };
        // One for all, so that they share its connections.
        let all = make("function", &settings.function)?;
        let mut own = |name, addr| Ok::<_, String>(make(name, addr)?.or_else(|| all.clone()));
        Ok(Self {
            connect: own("connect", &settings.connect)?,
            message: own("message", &settings.message)?,
            close: own("close", &settings.close)?,
            #[cfg(unix)]
            commands,
        })
    }

    /// Whether a function takes closes.
    pub(crate) const fn has_close(&self) -> bool {
        self.close.is_some()
    }

    /// What the processes of its commands are at.
    #[cfg(feature = "metrics")]
    pub(crate) fn processes(&self) -> Processes {
        #[cfg_attr(not(unix), expect(unused_mut, reason = "there are none"))]
        let mut all = Processes::default();
        #[cfg(unix)]
        for command in &self.commands {
            all += command.processes();
        }
        all
    }

    /// Starts the processes that commands are to have from the beginning, inside a tokio runtime.
    pub fn start(&self) {
        #[cfg(unix)]
        for command in &self.commands {
            command.start();
        }
    }
}

impl Invoke for Slots {
    fn invoke<'a>(&'a self, call: Call) -> BoxFuture<'a, Result<InvokeAnswer, InvokeError>> {
        let function = match call.kind {
            Kind::Connect => &self.connect,
            Kind::Message => &self.message,
            Kind::Close => &self.close,
        };
        match function {
            Some(function) => function.invoke(call),
            None => Box::pin(std::future::ready(Ok(unhandled(call.kind)))),
        }
    }
}

impl fmt::Debug for Slots {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Slots")
            .field("connect", &self.connect.is_some())
            .field("message", &self.message.is_some())
            .field("close", &self.close.is_some())
            .finish()
    }
}

fn unhandled(kind: Kind) -> InvokeAnswer {
    let mut answer = InvokeAnswer::ok();
    if kind == Kind::Message {
        let note = Reply::error(ErrNo::NO_HANDLER, "no function for `data send`").to_json();
        answer
            .pushes
            .push(ReplyPush::Send(Data::Text(note.into()).into()));
    }
    answer
}
