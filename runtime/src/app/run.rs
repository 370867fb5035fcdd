//! Running an application.

#[cfg(feature = "gateway")]
use std::io::Write as _;
use std::sync::Arc;

use wsfn_settings::{Mode, Settings, Sources};

use super::App;
use crate::context::Context;
use crate::error::Result;
use crate::push::Push;
use crate::serve::answers::{Answers, timed_out};
use crate::serve::context::Environment;
use crate::serve::event_invoke::{BODY_TIMEOUT, EventInvoke, Handlers, Limits};
use crate::serve::function_url::FunctionUrl;
use crate::serve::runtime_api::{Client, Watcher};
use crate::serve::{front_end, log, runtime_api, shutdown};

impl App {
    /// Runs the application until the process is asked to end (SIGTERM, Ctrl-C), as what the environment makes of it:
    /// a function behind SCF's runtime API, one in an image (`POST /event-invoke`), or, everywhere else, a gateway
    /// and the application in one process. The setting `mode` decides where the environment does not.
    ///
    /// It makes the tokio runtime, and sets up logging unless the program has. What a handler logs with `tracing`
    /// stands in the span `event` (level `info`), which has the event's `kind`, its `connection` (the last six
    /// characters) and its `request_id`.
    ///
    /// ```no_run
    /// # use wsfn::on_message;
    /// # #[on_message] async fn talk() {}
    /// fn main() -> wsfn::Result<()> {
    ///     wsfn::app![talk].run()
    /// }
    /// ```
    ///
    /// # Errors
    /// When it cannot start: every problem of the settings at once, a state that cannot be made, a port in use.
    /// Returned from `main` it is printed, and the exit status is 1.
    ///
    /// # Panics
    /// When it is called inside a tokio runtime: [`App::serve`] is for that.
    pub fn run(self) -> Result<()> {
        let settings = load()?;
        let mode = front_end::chosen(&settings)?;
        let mut builder = match mode {
            // One event at a time: a second thread would only cost.
            Mode::RuntimeApi => tokio::runtime::Builder::new_current_thread(),
            // Handlers have a runtime of their own, so the server needs one thread.
            Mode::EventInvoke => tokio::runtime::Builder::new_current_thread(),
            Mode::Gateway => tokio::runtime::Builder::new_multi_thread(),
        };
        let runtime = builder.enable_all().build()?;
        // As a task: tokio looks at sockets and timers each time before it goes back to what `block_on` waits for.
        let served = runtime.block_on(async {
            let task = tokio::spawn(self.serve_as(mode, settings));
            task.await
                .unwrap_or_else(|ended| match ended.try_into_panic() {
                    Ok(panic) => std::panic::resume_unwind(panic),
                    Err(ended) => Err(ended.into()),
                })
        });
        // What a handler left behind on a blocking thread must not keep the process alive.
        runtime.shutdown_background();
        served
    }

    /// The same as [`App::run`], inside a tokio runtime of the program's own. It sets up logging too, unless the
    /// program has.
    ///
    /// Under the runtime API a current-thread runtime is the fastest; the gateway makes use of several threads.
    ///
    /// ```no_run
    /// # use wsfn::on_message;
    /// # #[on_message] async fn talk() {}
    /// #[tokio::main]
    /// async fn main() -> wsfn::Result<()> {
    ///     wsfn::app![talk].serve().await
    /// }
    /// ```
    ///
    /// # Errors
    /// As [`App::run`].
    ///
    /// # Cancel safety
    /// When dropped, connections and running handlers are dropped too, without a close event.
    pub async fn serve(self) -> Result<()> {
        let settings = load()?;
        let mode = front_end::chosen(&settings)?;
        self.serve_as(mode, settings).await
    }

    async fn serve_as(self, mode: Mode, settings: Settings) -> Result<()> {
        for warning in settings.warnings() {
            tracing::warn!("{warning}");
        }
        for line in &settings.ignored {
            tracing::debug!("{line}");
        }
        let app = match std::env::var("_HANDLER") {
            Ok(handler) => self.narrowed(&handler),
            Err(_) => self,
        };
        let settings = Arc::new(settings);
        match mode {
            Mode::RuntimeApi => app.serve_runtime_api(settings).await,
            Mode::EventInvoke => app.serve_event_invoke(settings).await,
            #[cfg(feature = "gateway")]
            Mode::Gateway => app.serve_gateway(settings).await,
            #[cfg(not(feature = "gateway"))]
            Mode::Gateway => Err("mode: there is no gateway in this program".into()),
        }
    }

    async fn serve_runtime_api(self, settings: Arc<Settings>) -> Result<()> {
        let address = front_end::runtime_api();
        let problems = address.clone().err().into_iter().collect();
        let instance = self
            .start_after(problems, Push::from_settings(&settings)?, &settings)
            .await?;
        let address = address?;
        let instance = Arc::new(FunctionUrl::new(Arc::new(instance), &settings));
        let blocks = Arc::clone(&instance);
        let mut client = Client::new(address.clone(), Environment::from_process())?;
        let watch = move || {
            let answers =
                move |event: Arc<str>, context| answer_for_blocked(&*blocks, event, context);
            Watcher::start(address, answers, || std::process::exit(BLOCKED))
        };
        runtime_api::run(&mut client, &*instance, watch, shutdown::requested()).await?;
        Ok(())
    }

    async fn serve_event_invoke(self, settings: Arc<Settings>) -> Result<()> {
        let server = EventInvoke::bind(&settings).await;
        let problems = server.as_ref().err().cloned().into_iter().collect();
        let instance = self
            .start_after(problems, Push::from_settings(&settings)?, &settings)
            .await?;
        let server = server?;
        let handlers = Handlers::start()?;
        for address in server.addresses() {
            tracing::info!("waiting for events at http://{address}/event-invoke");
        }
        let limits = Limits {
            timeout: settings.invoke_timeout,
            body: BODY_TIMEOUT,
            drain: settings.drain,
        };
        let instance = Arc::new(FunctionUrl::new(Arc::new(instance), &settings));
        server
            .serve(instance, &handlers, limits, shutdown::requested())
            .await;
        Ok(())
    }

    #[cfg(feature = "gateway")]
    async fn serve_gateway(mut self, settings: Arc<Settings>) -> Result<()> {
        use wsfn_gateway::{Gateway, Handle};

        let page = self.take_page();
        let handle = Handle::open(&settings)?;
        if settings.data.is_none() {
            tracing::info!(
                "data is not set, so there is no journal: after a crash no close events are sent (D5)"
            );
        }
        let instance = self
            .start(Push::embedded(handle.clone()), &settings)
            .await?;
        let settings = forwarding(settings, &instance);
        let gateway = Gateway::bind(handle, &settings, Arc::new(instance), page).await?;
        // A person waits for this line: not a matter of the log level. Where nobody reads it, it is lost.
        let line = crate::serve::embedded::invitation(
            gateway.local_addrs(),
            gateway.certificate().is_some(),
        );
        let _ = writeln!(std::io::stdout(), "{line}");
        for address in gateway.push_addrs() {
            let secure = settings.pushes_over_tls(*address);
            let s = if secure { "s" } else { "" };
            tracing::info!("taking pushes at http{s}://{address}{}", settings.push_path);
        }
        gateway.serve(shutdown::requested()).await;
        Ok(())
    }
}

/// The exit status after a handler blocked its thread: the platform starts a new instance.
const BLOCKED: i32 = 70;

/// The answer for a handler that blocks the one thread of the runtime API's loop, made on another thread.
fn answer_for_blocked(answers: &impl Answers, event: Arc<str>, context: Context) -> String {
    tracing::error!(
        handler = answers.handler_of(&event),
        request_id = &*context.request_id,
        "a handler blocks its thread: it is answered for with 1006 and the process ends; use async calls, or \
         tokio::task::spawn_blocking"
    );
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    match runtime {
        Ok(runtime) => runtime.block_on(answers.blocked(event, context)),
        Err(error) => {
            tracing::error!("the sender of the message cannot be told: {error}");
            timed_out()
        }
    }
}

fn load() -> Result<Settings> {
    let settings = Settings::load(&Sources::from_process())?;
    log::set_up(&settings);
    Ok(settings)
}

/// The settings with what the handlers want forwarded.
#[cfg(feature = "gateway")]
pub(crate) fn forwarding(settings: Arc<Settings>, instance: &super::Instance) -> Arc<Settings> {
    let mut settings = Arc::unwrap_or_clone(settings);
    let (headers, query) = instance.forwards();
    for header in headers {
        let header = header.to_ascii_lowercase();
        if !settings.forward_headers.contains(&header) {
            settings.forward_headers.push(header);
        }
    }
    settings.forward_query |= query;
    Arc::new(settings)
}
