//! *Register*: lets everyone in, with the sub-protocols that were offered.

use wsfn::{Accept, Protocols, on_connect};

#[on_connect]
async fn register(offered: Option<Protocols>) -> Accept {
    match offered {
        // The whole offer, as the sample has it; a gateway takes the first of it.
        Some(offered) => Accept::with_protocol(offered.as_str()),
        None => Accept::new(),
    }
}

wsfn::main!(register);

#[cfg(test)]
mod tests {
    use wsfn::Context;

    use super::register;

    async fn answer(event: &str) -> String {
        register::main_handler(event, &Context::default()).await
    }

    #[tokio::test]
    async fn the_offer_is_echoed_and_the_extensions_are_empty() {
        let event = |socket: &str| {
            format!(
                r#"{{"requestContext":{{}},"websocket":{{"action":"connecting","secConnectionID":"x=="{socket}}}}}"#
            )
        };
        let accepted = |socket: &str| {
            format!(
                r#"{{"errNo":0,"errMsg":"ok","websocket":{{"action":"connecting","secConnectionID":"x=="{socket}}}}}"#
            )
        };
        let both = r#","secWebSocketProtocol":"chat,binary","secWebSocketExtensions":"extension1,extension2""#;
        assert_eq!(
            answer(&event(both)).await,
            accepted(r#","secWebSocketProtocol":"chat,binary","secWebSocketExtensions":"""#)
        );
        assert_eq!(answer(&event("")).await, accepted(""));
        let empty = r#","secWebSocketProtocol":"","secWebSocketExtensions":"""#;
        assert_eq!(answer(&event(empty)).await, accepted(empty));
    }

    #[tokio::test]
    async fn what_is_missing_is_said_in_the_samples_words() {
        let no_context = r#"{"errNo":101,"errMsg":"not found request context"}"#;
        assert_eq!(answer("{}").await, no_context);
        assert_eq!(
            answer(r#"{"websocket":{"action":"connecting","secConnectionID":"x=="}}"#).await,
            no_context
        );
        assert_eq!(
            answer(r#"{"requestContext":{}}"#).await,
            r#"{"errNo":102,"errMsg":"not found websocket"}"#
        );
    }
}
