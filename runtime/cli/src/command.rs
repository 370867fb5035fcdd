//! What can be typed.

use std::process::ExitCode;

use clap::{Arg, ArgAction, ArgGroup, ArgMatches, Command, crate_version, value_parser};
use clap_complete::{Shell, generate};
use wsfn_settings::{Kind, SETTINGS, Setting};

use crate::Failure;

/// The whole command.
pub(crate) fn command() -> Command {
    Command::new("wsfn")
        .about("WebSocket functions: a gateway that holds the sockets, and what one needs to try functions")
        .version(crate_version!())
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(gateway())
        .subcommand(push())
        .subcommand(close())
        .subcommand(rooms())
        .subcommand(connections())
        .subcommand(invoke())
        .subcommand(
            Command::new("completions")
                .about("Print completions for a shell")
                .arg(
                    Arg::new("shell")
                        .required(true)
                        .value_parser(value_parser!(Shell)),
                ),
        )
}

/// The settings that are flags of `wsfn gateway`: all that it looks at, but secrets, which every user of the machine
/// would read among the arguments. Those have a flag that names a file.
pub(crate) fn flags() -> impl Iterator<Item = (String, &'static Setting)> {
    SETTINGS
        .iter()
        .filter(|setting| setting.is_for_command() && setting.name != "mode")
        .map(|setting| match setting.kind {
            Kind::Secrets => (format!("{}-file", setting.name), setting),
            _ => (setting.name.to_owned(), setting),
        })
}

fn gateway() -> Command {
    let switch = |name: &'static str| Arg::new(name).long(name).action(ArgAction::SetTrue);
    let flags = flags().map(|(name, setting)| {
        let (value, help) = match setting.kind {
            Kind::Secrets => (
                "FILE".to_owned(),
                format!(
                    "{} In a file; or {}.",
                    setting.purpose.trim(),
                    setting.env_name()
                ),
            ),
            kind => (
                placeholder(kind).to_owned(),
                format!(
                    "{} Written as {}. [default: {}]",
                    setting.purpose.trim(),
                    kind.written(),
                    setting.default
                ),
            ),
        };
        Arg::new(name.clone())
            .long(name)
            .value_name(value)
            .help(help.replace('`', ""))
            .long_help(format!("{help}\n{}", setting.reason).replace('`', ""))
            .help_heading("Settings")
            .hide_short_help(!is_usual(setting.name))
    });
    Command::new("gateway")
        .about("Hold clients' WebSockets and call functions for what they do")
        .after_help(
            "Every setting is also a variable (--push-listen is WSFN_PUSH_LISTEN) and a line of wsfn.toml \
             (push-listen). A flag goes over the variable, and that over the file.",
        )
        .arg(switch("check").help("Check the settings, say what they mean, and end"))
        .arg(
            switch("print-config")
                .conflicts_with("check")
                .help("Print a wsfn.toml with every setting, explained, and end"),
        )
        .arg(
            Arg::new("config")
                .long("config")
                .value_name("FILE")
                .help("The settings file [default: wsfn.toml, if it is there]"),
        )
        .arg(
            Arg::new("exec")
                .long("exec")
                .value_name("COMMAND")
                .conflicts_with("function")
                .help("The same as --function exec:COMMAND")
                .help_heading("Settings"),
        )
        .arg(
            Arg::new("scf")
                .long("scf")
                .value_name("REGION/NAMESPACE/NAME")
                .conflicts_with_all(["function", "exec"])
                .help("The same as --function scf:REGION/NAMESPACE/NAME")
                .help_heading("Settings"),
        )
        .args(flags)
}

/// What stands for a value in the help.
const fn placeholder(kind: Kind) -> &'static str {
    match kind {
        Kind::Size | Kind::SizeOrOff => "SIZE",
        Kind::Count | Kind::CountOrOff => "NUMBER",
        Kind::Duration | Kind::DurationOrOff => "DURATION",
        Kind::Switch => "on|off",
        Kind::Word(_) => "WORD",
        Kind::Words(_) => "WORD,…",
        Kind::Addresses | Kind::AddressesOrOff => "ADDR,…",
        Kind::Path => "PATH",
        Kind::Folder => "DIRECTORY",
        Kind::File => "FILE",
        Kind::Function | Kind::SecretUrl => "URL",
        Kind::Origins => "ORIGIN,…",
        Kind::HeaderNames | Kind::EnvNames => "NAME,…",
        Kind::Networks => "CIDR,…",
        Kind::Pair => "TEXT=ANSWER",
        _ => "TEXT",
    }
}

/// What `-h` shows; `--help` shows all.
fn is_usual(name: &str) -> bool {
    [
        "listen",
        "push-listen",
        "push-token",
        "function",
        "connect",
        "message",
        "close",
        "allow-origin",
        "log",
    ]
    .contains(&name)
}

fn push_url() -> Arg {
    Arg::new("push-url")
        .long("push-url")
        .value_name("URL")
        .help("The gateway's push address [default: WSFN_PUSH_URL, or http://127.0.0.1:9002/api-wsfn]")
}

fn push() -> Command {
    Command::new("push")
        .about("Send a text to a client, to a room, or to everyone")
        .arg(push_url())
        .arg(
            Arg::new("to")
                .long("to")
                .value_name("ID")
                .help("To this connection"),
        )
        .arg(
            Arg::new("room")
                .long("room")
                .value_name("ROOM")
                .help("To everyone in this room"),
        )
        .arg(
            Arg::new("everyone")
                .long("everyone")
                .action(ArgAction::SetTrue)
                .help("To every client"),
        )
        .group(
            ArgGroup::new("audience")
                .args(["to", "room", "everyone"])
                .required(true),
        )
        .arg(
            Arg::new("text")
                .value_name("TEXT")
                .required(true)
                .help("What to send; - reads standard input"),
        )
}

fn close() -> Command {
    Command::new("close")
        .about("Close a client's connection")
        .arg(push_url())
        .arg(Arg::new("id").value_name("ID").required(true))
        .arg(
            Arg::new("code")
                .long("code")
                .value_name("CODE")
                .value_parser(value_parser!(u16))
                .help("The close code [default: 1000]"),
        )
        .arg(
            Arg::new("reason")
                .long("reason")
                .value_name("TEXT")
                .requires("code")
                .help("The reason, at most 123 bytes"),
        )
}

fn rooms() -> Command {
    let room = || Arg::new("room").value_name("ROOM").required(true);
    let id = || Arg::new("id").value_name("ID").required(true);
    let sub =
        |name: &'static str, about: &'static str| Command::new(name).about(about).arg(push_url());
    Command::new("rooms")
        .about("See who is in which room, and change it")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(sub("of", "List the rooms of a connection").arg(id()))
        .subcommand(
            sub("members", "List the connections in a room")
                .arg(room())
                .arg(
                    Arg::new("sessions")
                        .long("sessions")
                        .action(ArgAction::SetTrue)
                        .help("With the session of each, as JSON behind a tab"),
                ),
        )
        .subcommand(sub("count", "Say how many connections are in a room").arg(room()))
        .subcommand(
            sub("join", "Put a connection into a room")
                .arg(room())
                .arg(id()),
        )
        .subcommand(
            sub("leave", "Take a connection out of a room")
                .arg(room())
                .arg(id()),
        )
}

fn connections() -> Command {
    Command::new("connections")
        .about("List the connections of a gateway on this machine, as JSON")
        .arg(
            Arg::new("admin")
                .long("admin")
                .value_name("URL")
                .default_value("http://127.0.0.1:9003")
                .help("Where the gateway listens for its admin (admin-listen)"),
        )
        .arg(
            Arg::new("after")
                .long("after")
                .value_name("ID")
                .help("The page behind this connection: the `next` of the page before"),
        )
        .arg(
            Arg::new("id")
                .value_name("ID")
                .conflicts_with("after")
                .help("Only this connection"),
        )
}

fn invoke() -> Command {
    Command::new("invoke")
        .about("Send an event to a function and show its reply")
        .after_help("It fails when the function cannot be reached, answers with another status than 200, or with an errNo other than 0.")
        .arg(
            Arg::new("url")
                .value_name("URL")
                .required(true)
                .help("Where the function is: http://127.0.0.1:9000/event-invoke"),
        )
        .arg(
            Arg::new("event")
                .value_name("EVENT.json")
                .required(true)
                .help("The event; - reads standard input"),
        )
}

/// Prints what a shell wants to know of this command.
pub(crate) fn completions(matches: &ArgMatches) -> Result<ExitCode, Failure> {
    if let Some(shell) = matches.get_one::<Shell>("shell") {
        generate(*shell, &mut command(), "wsfn", &mut std::io::stdout());
    }
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_a_command() {
        command().debug_assert();
    }

    #[test]
    fn no_secret_is_a_flag() {
        for (name, setting) in flags() {
            assert!(
                setting.kind != Kind::Secrets || name.ends_with("-file"),
                "{name}"
            );
        }
        assert!(flags().any(|(name, _)| name == "push-token-file"));
    }
}
