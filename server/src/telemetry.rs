//! The log, with one line per request, for people or for machines; and traces, if the build includes them.

mod json_lines;
mod lines;
mod plain_lines;
#[cfg_attr(not(feature = "otlp"), path = "telemetry/no_traces.rs")]
pub(crate) mod traces;

use std::io::IsTerminal;

use thiserror::Error;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, fmt};

use self::json_lines::JsonLines;
use self::plain_lines::PlainLines;
use crate::config::{Log, LogFormat};
use crate::metrics;

/// Why telemetry could not start.
#[derive(Debug, Error)]
pub enum TelemetryError {
    /// Traces are asked for and cannot be sent.
    #[error("OTEL_EXPORTER_OTLP_ENDPOINT cannot be used: {0}")]
    Traces(String),
    /// There is no thread to write the log.
    #[error("the operating system refuses to start the thread of the log: {0}")]
    Log(#[source] std::io::Error),
}

/// Ends the log and the traces when it is dropped. Drop it after the runtime, because it blocks.
pub struct Telemetry {
    _lines: lines::Lines,
    #[cfg(feature = "otlp")]
    _traces: Option<traces::Traces>,
}

/// Starts the log. Panics are logged too, within the span of the request that they ended.
///
/// # Errors
///
/// [`TelemetryError`] if traces are configured but cannot be sent, or if there is no thread for the log.
pub fn start(log: &Log) -> Result<Telemetry, TelemetryError> {
    let filter = EnvFilter::try_new(&log.filter).unwrap_or_else(|_| EnvFilter::new("info"));
    let (writer, written) = lines::start().map_err(TelemetryError::Log)?;
    let is_terminal = std::io::stdout().is_terminal();
    let lines = fmt::layer().with_ansi(is_terminal).with_writer(writer);
    let lines = match log.format {
        LogFormat::Pretty if is_terminal => lines.with_target(false).boxed(),
        LogFormat::Pretty => lines.event_format(PlainLines).boxed(),
        LogFormat::Json => lines.event_format(JsonLines).fmt_fields(JsonLines).boxed(),
    };
    let subscriber = tracing_subscriber::registry().with(lines.with_filter(filter));
    #[cfg(feature = "otlp")]
    let (subscriber, traces) = {
        let traces = log.otlp_endpoint.as_ref().map(traces::Traces::start).transpose();
        let traces = traces.map_err(|error| TelemetryError::Traces(error.to_string()))?;
        (subscriber.with(traces.as_ref().map(traces::Traces::layer)), traces)
    };
    #[cfg(not(feature = "otlp"))]
    if log.otlp_endpoint.is_some() {
        let reason = "this build sends no traces; build it with `--features otlp`";
        return Err(TelemetryError::Traces(reason.to_owned()));
    }
    // Only tests start it twice, and then the log exists already.
    let _ = subscriber.try_init();
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        let message = panic.payload_as_str().unwrap_or_default();
        tracing::error!(place, message, "a panic");
        metrics::note_panic();
    }));
    Ok(Telemetry {
        _lines: written,
        #[cfg(feature = "otlp")]
        _traces: traces,
    })
}
