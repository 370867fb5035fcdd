//! Spans for a collector (OTLP over HTTP): one for each connection, and one for each event.
//!
//! The spans of events are made here and not by a library between `tracing` and OpenTelemetry, because trace and span
//! have to have the ids that the function was told in `traceparent`.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use opentelemetry::trace::{
    Link, SpanContext, SpanId, SpanKind, Status, TraceFlags, TraceId, TraceState,
};
use opentelemetry::{InstrumentationScope, KeyValue};
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{SpanExporter, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{
    BatchSpanProcessor, IdGenerator, RandomIdGenerator, SpanData, SpanEvents, SpanLinks,
    SpanProcessor,
};
use tokio::runtime::Handle;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id};
use tracing::{Event, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::{LevelFilter, filter_fn};
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

use crate::Failure;

/// The variables that name a collector, as every program with OpenTelemetry reads them. One of them switches this on.
const ENDPOINTS: [&str; 2] = [
    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
    "OTEL_EXPORTER_OTLP_ENDPOINT",
];

/// How long a collector may take for a batch.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The gateway's events of calls that ended, and its spans of connections.
const CALL: &str = "wsfn::call";
const CONNECTION: &str = "connection";

/// What sends spans, in batches and from a thread of its own. At most 2,048 wait; what comes above is dropped, and the
/// log says how many.
#[derive(Clone)]
pub(super) struct Spans {
    processor: Arc<BatchSpanProcessor>,
    scope: InstrumentationScope,
}

/// What is known of a connection that is open.
struct Open {
    context: SpanContext,
    client: Option<Client>,
    since: SystemTime,
    id: String,
}

/// The trace of a client that goes on here.
#[derive(Clone, Copy)]
struct Client {
    trace: TraceId,
    span: SpanId,
    flags: TraceFlags,
}

impl Client {
    /// Reads a `traceparent` that the gateway has checked.
    fn read(text: &str) -> Option<Self> {
        let mut parts = text.split('-').skip(1);
        Some(Self {
            trace: TraceId::from_hex(parts.next()?).ok()?,
            span: SpanId::from_hex(parts.next()?).ok()?,
            flags: TraceFlags::new(u8::from_str_radix(parts.next()?, 16).ok()?),
        })
    }
}

impl Spans {
    /// `None` where the environment names no collector.
    ///
    /// # Errors
    /// When what it says of one cannot be used.
    pub(super) fn from_environment(runtime: &Handle) -> Result<Option<Self>, Failure> {
        let is_set = |name: &&&str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let Some(named_by) = ENDPOINTS.iter().find(is_set) else {
            return Ok(None);
        };
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(TIMEOUT)
            .build()?;
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(HttpSender {
                http,
                runtime: runtime.clone(),
            })
            .build()
            .map_err(|error| format!("{named_by}: {error}"))?;
        let mut processor = BatchSpanProcessor::builder(exporter).build();
        let mut resource = Resource::builder();
        if std::env::var_os("OTEL_SERVICE_NAME").is_none() {
            resource = resource.with_service_name("wsfn");
        }
        processor.set_resource(&resource.build());
        Ok(Some(Self {
            processor: Arc::new(processor),
            scope: InstrumentationScope::builder("wsfn")
                .with_version(env!("CARGO_PKG_VERSION"))
                .build(),
        }))
    }

    /// What makes spans of what the gateway says to `tracing`.
    pub(super) fn layer<S>(&self) -> impl Layer<S> + Send + Sync + use<S>
    where
        S: Subscriber + for<'l> LookupSpan<'l>,
    {
        let concerns = |data: &Metadata<'_>| {
            data.target() == CALL || data.is_span() && data.name() == CONNECTION
        };
        self.clone()
            .with_filter(filter_fn(concerns).with_max_level_hint(LevelFilter::TRACE))
    }

    /// Sends what waits, and ends. Blocks for as long as the collector takes.
    pub(super) fn finish(&self) {
        if let Err(error) = self.processor.shutdown() {
            tracing::warn!("not all spans reached the collector: {error}");
        }
    }

    fn end(&self, ended: Ended) {
        // The processor would send it all the same.
        if !ended.context.is_sampled() {
            return;
        }
        self.processor.on_end(SpanData {
            span_context: ended.context,
            parent_span_id: ended.parent,
            parent_span_is_remote: ended.parent_is_remote,
            span_kind: ended.kind,
            name: ended.name.into(),
            start_time: ended.since,
            end_time: SystemTime::now(),
            attributes: ended.attributes,
            dropped_attributes_count: 0,
            events: SpanEvents::default(),
            links: ended.links,
            status: ended.status,
            instrumentation_scope: self.scope.clone(),
        });
    }
}

/// A span that is over.
struct Ended {
    name: String,
    context: SpanContext,
    parent: SpanId,
    parent_is_remote: bool,
    kind: SpanKind,
    since: SystemTime,
    attributes: Vec<KeyValue>,
    links: SpanLinks,
    status: Status,
}

/// A span that is not sampled, because the client's trace is not, is sent to nobody.
fn context(trace: TraceId, span: SpanId, client: Option<Client>) -> SpanContext {
    let flags = client.map_or(TraceFlags::SAMPLED, |client| client.flags);
    SpanContext::new(trace, span, flags, false, TraceState::NONE)
}

impl<S: Subscriber + for<'l> LookupSpan<'l>> Layer<S> for Spans {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, registry: Context<'_, S>) {
        let Some(span) = registry.span(id) else {
            return;
        };
        let mut said = Said::default();
        attributes.record(&mut said);
        let ids = RandomIdGenerator::default();
        let client = Client::read(&said.client_trace);
        let trace = client.map_or_else(|| ids.new_trace_id(), |client| client.trace);
        span.extensions_mut().insert(Open {
            context: context(trace, ids.new_span_id(), client),
            client,
            since: SystemTime::now(),
            id: said.id,
        });
    }

    fn on_event(&self, event: &Event<'_>, registry: Context<'_, S>) {
        let mut said = Said::default();
        event.record(&mut said);
        // A request id is a UUID: the trace is named by its digits and the span by the last of them, as in `traceparent`.
        let digits: String = said.request_id.split('-').collect();
        let (Ok(trace), Some(Ok(span))) = (
            TraceId::from_hex(&digits),
            digits.get(16..).map(SpanId::from_hex),
        ) else {
            return;
        };
        // A connect is a part of the request that the client's trace knows; what follows has traces of its own.
        let client = Client::read(&said.client_trace);
        let mut links = SpanLinks::default();
        let mut parent = SpanId::INVALID;
        if let Some(span) = registry.event_span(event)
            && let Some(open) = span.extensions().get::<Open>()
        {
            match client {
                Some(_) => parent = open.context.span_id(),
                None => links.links.push(Link::with_context(open.context.clone())),
            }
        }
        let status = match &*said.outcome {
            "answered" | "refused" => Status::Unset,
            other => Status::error(other.to_owned()),
        };
        let now = SystemTime::now();
        self.end(Ended {
            name: said.kind.to_ascii_lowercase(),
            context: context(client.map_or(trace, |client| client.trace), span, client),
            parent,
            parent_is_remote: false,
            kind: SpanKind::Client,
            since: now
                .checked_sub(Duration::from_micros(said.micros))
                .unwrap_or(now),
            attributes: vec![
                KeyValue::new("wsfn.connection", said.id),
                KeyValue::new("wsfn.outcome", said.outcome),
            ],
            links,
            status,
        });
    }

    fn on_close(&self, id: Id, registry: Context<'_, S>) {
        let open = registry
            .span(&id)
            .and_then(|span| span.extensions_mut().remove::<Open>());
        let Some(open) = open else {
            return;
        };
        self.end(Ended {
            name: CONNECTION.to_owned(),
            context: open.context,
            parent: open.client.map_or(SpanId::INVALID, |client| client.span),
            parent_is_remote: open.client.is_some(),
            kind: SpanKind::Server,
            since: open.since,
            attributes: vec![KeyValue::new("wsfn.connection", open.id)],
            links: SpanLinks::default(),
            status: Status::Unset,
        });
    }
}

/// The fields that count.
#[derive(Default)]
struct Said {
    id: String,
    request_id: String,
    kind: String,
    outcome: String,
    client_trace: String,
    micros: u64,
}

impl Visit for Said {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        let text = match field.name() {
            "id" | "connection" => &mut self.id,
            "request_id" => &mut self.request_id,
            "kind" => &mut self.kind,
            "outcome" => &mut self.outcome,
            "client_trace" => &mut self.client_trace,
            _ => return,
        };
        *text = format!("{value:?}").trim_matches('"').to_owned();
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        if field.name() == "micros" {
            self.micros = value;
        }
    }
}

/// The client that the other commands use. Spans are sent from a thread that is none of the runtime's, so the work is
/// handed over.
#[derive(Debug)]
struct HttpSender {
    http: reqwest::Client,
    runtime: Handle,
}

impl HttpClient for HttpSender {
    fn send_bytes<'c, 'f>(
        &'c self,
        request: Request<Bytes>,
    ) -> Pin<Box<dyn Future<Output = Result<Response<Bytes>, HttpError>> + Send + 'f>>
    where
        'c: 'f,
        Self: 'f,
    {
        let http = self.http.clone();
        let sent = self.runtime.spawn(async move {
            let response = http.execute(request.try_into()?).await?;
            let mut answer = Response::builder().status(response.status());
            if let Some(headers) = answer.headers_mut() {
                *headers = response.headers().clone();
            }
            // What it says beyond its status is not looked at.
            Ok(answer.body(Bytes::new())?)
        });
        Box::pin(async move { sent.await? })
    }
}
