//! Sends traces to an OpenTelemetry collector, by OTLP over HTTP: a span for each request, with its log lines, and one
//! for each call to the core API, which receives the trace id.
//!
//! Trace headers from browsers are ignored, because otherwise anybody could add to our traces.

use http::{HeaderMap, HeaderValue, Method};
use opentelemetry::trace::{SpanContext, TraceContextExt, TracerProvider};
use opentelemetry_otlp::{ExporterBuildError, SpanExporter, WithExportConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing::{Span, Subscriber};
use tracing_opentelemetry::OpenTelemetrySpanExt;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::registry::LookupSpan;
use url::Url;

const NAME: &str = "ironleaf";

/// When it is dropped, it sends the remaining spans. That blocks, so do not drop it within the runtime.
pub(super) struct Traces(SdkTracerProvider);

impl Traces {
    /// Sends to the collector at `endpoint`, such as `http://127.0.0.1:4318`.
    pub(super) fn start(endpoint: &Url) -> Result<Self, ExporterBuildError> {
        let address = format!("{}/v1/traces", endpoint.as_str().trim_end_matches('/'));
        let exporter = SpanExporter::builder().with_http().with_endpoint(address).build()?;
        let resource = Resource::builder().with_service_name(NAME).build();
        Ok(Self(SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource).build()))
    }

    /// The filter of the log does not affect which spans are sent.
    pub(super) fn layer<S: Subscriber + for<'a> LookupSpan<'a>>(&self) -> impl Layer<S> + use<S> {
        tracing_opentelemetry::layer().with_tracer(self.0.tracer(NAME)).with_filter(LevelFilter::INFO)
    }
}

impl Drop for Traces {
    fn drop(&mut self) {
        if let Err(error) = self.0.shutdown() {
            tracing::warn!(%error, "the last traces were not sent");
        }
    }
}

/// The span of a call to the core API or another one. The API is asked to continue its trace. The span contains neither path nor
/// query, because some of them hold secrets that open an account.
pub(crate) fn call(method: &Method, headers: &mut HeaderMap) -> Span {
    let span = tracing::info_span!("core API", otel.kind = "client", %method);
    if let Some(parent) = traceparent(span.context().span().span_context()) {
        headers.insert("traceparent", parent);
    }
    span
}

/// W3C Trace Context, section 3.2.
fn traceparent(context: &SpanContext) -> Option<HeaderValue> {
    let (trace, span, flags) = (context.trace_id(), context.span_id(), context.trace_flags().to_u8());
    context.is_valid().then(|| HeaderValue::from_str(&format!("00-{trace}-{span}-{flags:02x}")).ok())?
}
