//! `wsfn gateway`.

mod check;
#[cfg(feature = "otlp")]
mod otlp;
mod reload;
mod waiting;

use std::process::ExitCode;
use std::time::Duration;

use clap::ArgMatches;
use wsfn::__private::process;
use wsfn_gateway::{Certificate, Gateway, Handle, Services};
use wsfn_settings::{Settings, Sources};

use crate::{Failure, command};

/// How long what still runs when all is done may take to be dropped. It is a moment, unless something blocks a thread,
/// which must not keep the process.
const TASKS_END_WITHIN: Duration = Duration::from_secs(1);

/// Runs the gateway until the process is asked to end.
pub(crate) fn run(matches: &ArgMatches) -> Result<ExitCode, Failure> {
    if matches.get_flag("print-config") {
        print!("{}", wsfn_settings::config_file());
        return Ok(ExitCode::SUCCESS);
    }
    let settings = Settings::load(&sources(matches))?;
    if matches.get_flag("check") {
        // What can only be found out by making them.
        let services = Services::from_settings(&settings)?;
        Certificate::from_settings(&settings)?;
        let waiting = waiting::in_words(&settings, &services)?;
        print!("{}", check::in_words(&settings, waiting));
        return Ok(ExitCode::SUCCESS);
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    #[cfg(feature = "otlp")]
    let spans = otlp::Spans::from_environment(runtime.handle())?;
    #[cfg(feature = "otlp")]
    if let Some(spans) = &spans {
        process::set_up_log_beside(&settings, spans.layer());
    }
    // Nothing where that was done.
    process::set_up_log(&settings);
    for warning in settings.warnings() {
        tracing::warn!("{warning}");
    }
    if settings.data.is_none() {
        tracing::warn!("{}", check::NO_JOURNAL);
    }
    for line in &settings.ignored {
        tracing::debug!("{line}");
    }
    let served = runtime.block_on(serve(&settings, matches.clone()));
    #[cfg(feature = "otlp")]
    if let Some(spans) = spans {
        spans.finish();
    }
    // Close events that wait for their next try go on holding their functions, whose processes end with them: so tasks
    // are dropped, and not left.
    runtime.shutdown_timeout(TASKS_END_WITHIN);
    served.map(|()| ExitCode::SUCCESS)
}

async fn serve(settings: &Settings, matches: ArgMatches) -> Result<(), Failure> {
    let services = Services::from_settings(settings)?;
    let handle = Handle::open(settings)?;
    let gateway = Gateway::bind_services(handle, settings, services, None).await?;
    let again = move || Settings::load(&sources(&matches));
    reload::Reload::new(&gateway, settings, again).at_hangup()?;
    let ws = check::clients_scheme(settings);
    for address in gateway.local_addrs() {
        tracing::info!("clients connect to {ws}://{address}/");
    }
    for address in gateway.push_addrs() {
        let http = check::push_scheme(settings, *address);
        tracing::info!("functions push to {http}://{address}{}", settings.push_path);
    }
    gateway.serve(process::shutdown_requested()).await;
    Ok(())
}

fn sources(matches: &ArgMatches) -> Sources {
    let mut sources = Sources::from_process().for_command();
    if let Some(path) = matches.get_one::<String>("config") {
        sources = sources.env("WSFN_CONFIG", path);
    }
    for kind in ["exec", "scf"] {
        if let Some(function) = matches.get_one::<String>(kind) {
            sources = sources.flag("function", format!("{kind}:{function}"));
        }
    }
    for (name, _) in command::flags() {
        if let Some(value) = matches.get_one::<String>(&name) {
            sources = sources.flag(name, value);
        }
    }
    sources
}
