//! Our own servers.

use std::net::SocketAddr;
use std::process::Command;

use anyhow::Result;

use super::{Certificate, Folder, How, Program, Publishing, Server, free_address, program};
use crate::client::Endpoint;
use crate::meter::Processes;

const PUSH_PATH: &str = "/api-wsfn";

/// Where things listen.
struct Addresses {
    clients: SocketAddr,
    pushes: SocketAddr,
    functions: SocketAddr,
    admin: SocketAddr,
}

impl Addresses {
    fn push_url(&self) -> String {
        format!("http://{}{PUSH_PATH}", self.pushes)
    }
}

/// Connects and closes go over HTTP, messages to processes that the gateway starts.
pub(crate) const SOAK: &str = "soak";

pub(super) async fn start(kind: &str, how: &How) -> Result<Server> {
    let folder = Folder::new(kind)?;
    let addresses = Addresses {
        clients: free_address()?,
        pushes: free_address()?,
        functions: free_address()?,
        admin: free_address()?,
    };
    let certificate = how.tls.then(|| Certificate::make(&folder)).transpose()?;
    let mut programs = Vec::new();
    let mut gateway = match kind {
        "bare" => Command::new(program("bare_echo")?),
        "bare-fan-out" => Command::new(program("bare_fan_out")?),
        "in-process" => Command::new(program("echo")?),
        kind => {
            let mut command = Command::new(program("wsfn")?);
            command
                .args(["gateway", "--push-listen", &addresses.pushes.to_string()])
                .args(["--admin-listen", &addresses.admin.to_string()]);
            match kind {
                SOAK => {
                    let called = Command::new(program("function")?);
                    programs.push(function(called, &addresses, "http-reply").await?);
                    let url = format!("http://{}/event-invoke", addresses.functions);
                    let exec = format!("exec:{}", program("function")?.display());
                    command.args(["--connect", &url, "--close", &url, "--message", &exec]);
                }
                "exec" => drop(command.arg("--exec").arg(program("function")?)),
                "scf" => {
                    let mut upstream = Command::new(program("upstream")?);
                    upstream.args(
                        [addresses.functions, addresses.pushes].map(|address| address.to_string()),
                    );
                    upstream.arg(PUSH_PATH);
                    programs.push(Program::start("function", upstream, addresses.functions).await?);
                    let endpoint = format!("http://{}", addresses.functions);
                    command
                        .args(["--scf", "ap-guangzhou/default/load"])
                        .args(["--scf-endpoint", &endpoint])
                        .env("TENCENTCLOUD_SECRETID", "id")
                        .env("TENCENTCLOUD_SECRETKEY", "key");
                }
                kind => {
                    let program = Command::new(program("function")?);
                    programs.push(function(program, &addresses, kind).await?);
                    let url = format!("http://{}/event-invoke", addresses.functions);
                    command.args(["--function", &url]);
                }
            }
            command
        }
    };
    gateway
        .env("WSFN_LISTEN", addresses.clients.to_string())
        .env("WSFN_COMPRESS_ABOVE", "1024")
        .env("RUST_LOG", "error")
        .env("WSFN_DATA", how.data.as_deref().unwrap_or("none".as_ref()))
        .envs(how.settings.iter().map(|(name, value)| (name, value)));
    if let Some(certificate) = &certificate {
        gateway
            .env("WSFN_TLS_CERT", &certificate.chain)
            .env("WSFN_TLS_KEY", &certificate.key);
    }
    programs.insert(0, Program::start(kind, gateway, addresses.clients).await?);
    let id = programs[0].id();
    let publishing = match kind {
        "bare" | "in-process" => None,
        "bare-fan-out" => Some(Publishing::Bare(addresses.clients)),
        _ => Some(Publishing::Ours(addresses.pushes, PUSH_PATH)),
    };
    Ok(Server {
        name: kind.to_owned(),
        endpoint: Endpoint {
            address: addresses.clients,
            tls: match certificate {
                None => None,
                Some(certificate) => Some(("127.0.0.1".try_into()?, certificate.trust)),
            },
            path: "/".to_owned(),
            receive_buffer: None,
        },
        gateway: Processes::Are(vec![id]),
        function: match kind {
            "exec" | SOAK => Processes::Below(id),
            _ => match programs.get(1) {
                None => Processes::None,
                Some(function) => Processes::Are(vec![function.id()]),
            },
        },
        publishing,
        admin: (!matches!(kind, "bare" | "bare-fan-out" | "in-process")).then_some(addresses.admin),
        programs,
        _folder: Some(folder),
    })
}

/// A function that the gateway reaches over HTTP.
async fn function(mut command: Command, addresses: &Addresses, kind: &str) -> Result<Program> {
    command
        .env("WSFN_MODE", "event-invoke")
        .env("WSFN_LISTEN", addresses.functions.to_string())
        .env("WSFN_PUSH_URL", addresses.push_url())
        .env(
            "LOAD_ANSWER",
            if kind == "http-reply" {
                "reply"
            } else {
                "push"
            },
        )
        .env("RUST_LOG", "error");
    Program::start("function", command, addresses.functions).await
}
