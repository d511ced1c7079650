use url::Url;

use super::lines::Lines;

/// The format of log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Pretty,
    /// One JSON object per line.
    Json,
}

/// Which log lines are written, and in which format.
#[derive(Debug, Clone)]
pub struct Log {
    /// `LOG_FORMAT`
    pub format: LogFormat,
    /// `RUST_LOG`
    pub filter: String,
    /// `OTEL_EXPORTER_OTLP_ENDPOINT`; `None` sends no traces.
    pub otlp_endpoint: Option<Url>,
}

impl Log {
    pub(super) fn describe(&self, lines: &mut Lines) {
        lines.add("LOG_FORMAT", &if self.format == LogFormat::Json { "json" } else { "pretty" });
        lines.add("RUST_LOG", &self.filter);
        let traces = self.otlp_endpoint.as_ref().map(Url::to_string);
        lines.add("OTEL_EXPORTER_OTLP_ENDPOINT", &traces.as_deref().unwrap_or("(off)"));
    }
}
