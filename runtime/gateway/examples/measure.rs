//! throwaway
use std::sync::Arc;
use wsfn_gateway::*;
use wsfn_protocol::*;
struct Echo(Handle);
impl Invoke for Echo {
    fn invoke<'a>(&'a self, call: Call) -> BoxFuture<'a, Result<InvokeAnswer, InvokeError>> {
        Box::pin(async move {
            if let Ok(Event::Message(m)) = Event::parse(&call.event, None) {
                self.0.act(&Request::Send {
                    to: m.connection_id,
                    data: m.data,
                });
            }
            Ok(InvokeAnswer::ok())
        })
    }
}
#[tokio::main]
async fn main() {
    let mut settings = wsfn_settings::Settings::default();
    settings.listen = Some(vec!["127.0.0.1:19777".parse().unwrap()]);
    let handle = Handle::new(&settings);
    let gateway = Gateway::bind(handle.clone(), &settings, Arc::new(Echo(handle)), None)
        .await
        .unwrap();
    gateway.serve(std::future::pending()).await;
}
