//! A mock of an SCF function URL (Tencent Cloud, document 583/96099): it makes an event of each HTTP request, hands it
//! to a function behind a [`RuntimeApi`], and makes an HTTP answer of what that says.

use std::net::SocketAddr;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::http::{Connection, Request, Server};
use crate::runtime_api::{RuntimeApi, Said};

/// The mock; it serves until it is dropped.
pub struct FunctionUrl {
    server: Server,
    api: Arc<RuntimeApi>,
}

impl std::fmt::Debug for FunctionUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FunctionUrl")
            .field("address", &self.address())
            .finish_non_exhaustive()
    }
}

impl FunctionUrl {
    /// Starts one, and the runtime API of its function, on free ports of the loopback interface.
    ///
    /// # Panics
    /// When there is none.
    pub async fn start() -> Self {
        let api = Arc::new(RuntimeApi::start().await);
        let shared = Arc::clone(&api);
        let serve = move |client| serve(client, Arc::clone(&shared));
        let server = Server::start("127.0.0.1:0", None, serve).await;
        Self { server, api }
    }

    /// Where requests go.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// The runtime API that the function has to ask.
    #[must_use]
    pub fn api(&self) -> &RuntimeApi {
        &self.api
    }
}

async fn serve(mut client: Connection, api: Arc<RuntimeApi>) {
    while let Some(request) = client.next().await {
        let (status, headers, body) = match api.invoke(&event(&request)).await {
            Said::Response(reply) => answer(reply),
            Said::Error(text) => (500, String::new(), text),
        };
        if !client.answer(status, &headers, &body).await {
            return;
        }
    }
}

fn event(request: &Request) -> String {
    let pairs = |pairs: &mut dyn Iterator<Item = (String, String)>| -> Map<String, Value> {
        pairs.map(|(name, value)| (name, value.into())).collect()
    };
    let (path, query) = request.path.split_once('?').unwrap_or((&request.path, ""));
    let mut query = query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
    json!({
        "body": request.body,
        "headers": pairs(&mut request.headers.iter().cloned()),
        "httpMethod": request.method,
        "path": path,
        "queryString": pairs(&mut query),
    })
    .to_string()
}

/// Status, headers and body: those that the function names, or 200 and all that it said.
fn answer(reply: String) -> (u16, String, String) {
    let value: Value = serde_json::from_str(&reply).unwrap_or_default();
    let Some(status) = value["statusCode"].as_u64() else {
        return (200, "content-type: application/json\r\n".into(), reply);
    };
    let headers = value["headers"].as_object().into_iter().flatten();
    let headers =
        headers.map(|(name, value)| format!("{name}: {}\r\n", value.as_str().unwrap_or("")));
    (
        u16::try_from(status).unwrap_or(500),
        headers.collect(),
        value["body"].as_str().unwrap_or("").to_owned(),
    )
}
