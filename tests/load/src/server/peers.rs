//! Others' gateways, as Debian has them, each set up as its documentation shows, with one worker.

use std::net::SocketAddr;
use std::process::Command;

use anyhow::{Result, ensure};

use super::{Folder, How, Program, Publishing, Server, free_address, program};
use crate::client::Endpoint;
use crate::meter::Processes;

pub(super) async fn start(kind: &str, how: &How) -> Result<Server> {
    ensure!(!how.tls, "peers are measured without TLS");
    let folder = Folder::new(kind)?;
    let upstream = free_address()?;
    let mut command = Command::new(program("upstream")?);
    command.arg(upstream.to_string());
    let upstream_program = Program::start("function", command, upstream).await?;
    let (clients, publishing, command) = match kind {
        "nchan" => nchan(&folder, upstream, how)?,
        _ => pushpin(&folder, upstream, how)?,
    };
    let gateway = Program::start(kind, command, clients).await?;
    Ok(Server {
        name: kind.to_owned(),
        endpoint: Endpoint {
            address: clients,
            tls: None,
            path: "/echo?id=probe".to_owned(),
            receive_buffer: None,
        },
        gateway: Processes::Tree(gateway.id()),
        function: Processes::Are(vec![upstream_program.id()]),
        publishing: Some(publishing),
        admin: None,
        programs: vec![gateway, upstream_program],
        _folder: Some(folder),
    })
}

type Started = (SocketAddr, Publishing, Command);

fn nchan(folder: &Folder, upstream: SocketAddr, how: &How) -> Result<Started> {
    let clients = free_address()?;
    let path = folder.path().display();
    let connections = how.clients * 2 + 1024;
    let text = format!(
        "load_module /usr/lib/nginx/modules/ngx_nchan_module.so;
daemon off;
pid {path}/pid;
error_log {path}/error.log;
worker_processes 1;
worker_rlimit_nofile 20000;
events {{ worker_connections {connections}; }}
http {{
    access_log off;
    client_body_temp_path {path}/body;
    proxy_temp_path {path}/proxy;
    fastcgi_temp_path {path}/fastcgi;
    uwsgi_temp_path {path}/uwsgi;
    scgi_temp_path {path}/scgi;
    client_max_body_size 16m;
    client_body_buffer_size 1m;
    nchan_shared_memory_size 256m;
    upstream function {{ server {upstream}; keepalive 128; }}
    server {{
        listen {clients} backlog=4096;
        location = /echo {{
            nchan_pubsub websocket;
            nchan_channel_id $arg_id;
            nchan_subscriber_first_message newest;
            nchan_message_buffer_length 2;
            nchan_message_timeout 10s;
            nchan_publisher_upstream_request /function;
        }}
        location = /room {{
            nchan_subscriber websocket;
            nchan_channel_id $arg_id;
            nchan_subscriber_first_message newest;
        }}
        location = /publish {{
            nchan_publisher http;
            nchan_channel_id $arg_id;
            nchan_message_buffer_length 2;
            nchan_message_timeout 10s;
        }}
        location = /function {{
            proxy_pass http://function/;
            proxy_http_version 1.1;
            proxy_set_header Connection \"\";
        }}
    }}
}}
"
    );
    let file = folder.join("nginx.conf");
    std::fs::write(&file, text)?;
    let mut command = Command::new("/usr/sbin/nginx");
    command.arg("-p").arg(folder.path()).arg("-c").arg(file);
    Ok((clients, Publishing::Nchan(clients), command))
}

fn pushpin(folder: &Folder, upstream: SocketAddr, how: &How) -> Result<Started> {
    let (clients, publish) = (free_address()?, free_address()?);
    let port = |address: SocketAddr| address.port();
    let path = folder.path().display();
    let connections = how.clients * 2 + 1000;
    let text = format!(
        "[global]
include=/usr/lib/pushpin/internal.conf
rundir={path}/run
ipc_prefix=load-
port_offset=0

[runner]
services=condure,zurl,pushpin-proxy,pushpin-handler
http_port={clients}
logdir={path}/log
log_level=1
client_buffer_size=8192
client_maxconn={connections}
condure_bin=condure
zurl_bin=zurl

[proxy]
routesfile={path}/routes
zurl_out_specs=ipc://{{rundir}}/{{ipc_prefix}}zurl-in
zurl_out_stream_specs=ipc://{{rundir}}/{{ipc_prefix}}zurl-in-stream
zurl_in_specs=ipc://{{rundir}}/{{ipc_prefix}}zurl-out

[handler]
push_in_spec=tcp://127.0.0.1:{push_in}
push_in_sub_specs=tcp://127.0.0.1:{push_in_sub}
push_in_http_addr=127.0.0.1
push_in_http_port={publish_port}
push_in_http_max_headers_size=10000
push_in_http_max_body_size=1000000
stats_spec=ipc://{{rundir}}/{{ipc_prefix}}stats
command_spec=tcp://127.0.0.1:{commands}
message_rate=1000000
message_hwm=1000000
message_wait=5000
id_cache_ttl=60
connection_subscription_max=20
subscription_linger=60
",
        clients = port(clients),
        publish_port = port(publish),
        push_in = port(free_address()?),
        push_in_sub = port(free_address()?),
        commands = port(free_address()?),
    );
    let file = folder.join("pushpin.conf");
    std::fs::write(&file, text)?;
    std::fs::write(folder.join("routes"), format!("* {upstream},over_http\n"))?;
    for inner in ["run", "log"] {
        std::fs::create_dir_all(folder.join(inner))?;
    }
    let mut command = Command::new("pushpin");
    command.arg(format!("--config={}", file.display()));
    Ok((clients, Publishing::Pushpin(publish), command))
}
