//! A log line as one JSON object: time, level, the event's own fields, its source, and the request that it belongs to.
//!
//! The formatter of `tracing-subscriber` parses the fields of a span and writes them again for each line, in about a
//! hundred pieces. That took a seventh of the cost of a page.

use std::fmt;

use serde::Serialize;
use tracing::field::{Field, Visit};
use tracing::span::Record;
use tracing::{Event, Subscriber};
use tracing_subscriber::field::RecordFields;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, FormattedFields};
use tracing_subscriber::registry::LookupSpan;

/// Formats events as lines, and keeps the fields of a span in their final form.
#[derive(Debug, Clone, Copy)]
pub(super) struct JsonLines;

impl<S, N> FormatEvent<S, N> for JsonLines
where
    S: Subscriber + for<'lookup> LookupSpan<'lookup>,
    N: for<'writer> FormatFields<'writer> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let metadata = event.metadata();
        let mut members = Members::default();
        members.add("level", metadata.level().as_str());
        event.record(&mut members);
        members.add("target", metadata.target());

        writer.write_str("{\"timestamp\":\"")?;
        SystemTime.format_time(&mut writer)?;
        writer.write_str("\",")?;
        writer.write_str(members.as_str()?)?;
        // The outermost span is that of the request.
        if let Some(span) = context.event_scope().and_then(Iterator::last) {
            let mut members = Members::default();
            members.add("name", span.name());
            writer.write_str(",\"span\":{")?;
            if let Some(fields) = span.extensions().get::<FormattedFields<N>>()
                && !fields.is_empty()
            {
                writer.write_str(fields)?;
                writer.write_char(',')?;
            }
            writer.write_str(members.as_str()?)?;
            writer.write_char('}')?;
        }
        writer.write_str("}\n")
    }
}

impl<'writer> FormatFields<'writer> for JsonLines {
    fn format_fields<R: RecordFields>(&self, mut writer: Writer<'writer>, fields: R) -> fmt::Result {
        let mut members = Members::default();
        fields.record(&mut members);
        writer.write_str(members.as_str()?)
    }

    fn add_fields(&self, current: &'writer mut FormattedFields<Self>, fields: &Record<'_>) -> fmt::Result {
        if !current.is_empty() {
            current.fields.push(',');
        }
        self.format_fields(current.as_writer(), fields)
    }
}

/// Longer than most lines, so that they do not grow piece by piece.
const USUAL_BYTES: usize = 256;

/// Members of an object, without the braces around them.
struct Members(Vec<u8>);

impl Default for Members {
    fn default() -> Self {
        Self(Vec::with_capacity(USUAL_BYTES))
    }
}

impl Members {
    fn add<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) {
        if !self.0.is_empty() {
            self.0.push(b',');
        }
        // Writing to memory never fails, and neither texts nor numbers are refused.
        let _ = serde_json::to_writer(&mut self.0, name);
        self.0.push(b':');
        let _ = serde_json::to_writer(&mut self.0, value);
    }

    fn as_str(&self) -> Result<&str, fmt::Error> {
        str::from_utf8(&self.0).map_err(|_| fmt::Error)
    }
}

impl Visit for Members {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.add(field.name(), &format_args!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.add(field.name(), value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.add(field.name(), &value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.add(field.name(), &value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.add(field.name(), &value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.add(field.name(), &value);
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Arc, Mutex};

    use serde_json::{Value, json};
    use tracing::field::Empty;
    use tracing_subscriber::layer::SubscriberExt;

    use super::*;

    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Log {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// The logged events, one object per line, without the time.
    fn said(say: impl FnOnce()) -> Vec<Value> {
        let log = Log::default();
        let writer = log.clone();
        let lines = tracing_subscriber::fmt::layer()
            .event_format(JsonLines)
            .fmt_fields(JsonLines)
            .with_writer(move || writer.clone());
        tracing::subscriber::with_default(tracing_subscriber::registry().with(lines), say);
        let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
        let lines = text.lines().map(|line| {
            let mut line: Value = serde_json::from_str(line).unwrap();
            let time = line.as_object_mut().unwrap().remove("timestamp").unwrap();
            assert!(time.as_str().is_some_and(|time| time.ends_with('Z')), "{time}");
            line
        });
        lines.collect()
    }

    #[test]
    fn a_line_is_an_object_with_the_fields_of_its_event() {
        let lines = said(|| {
            tracing::warn!(target: "place", count = 3, ratio = 0.5, ok = true, text = "a\n\"b\"", "said {}", "\u{1}");
            tracing::info!(target: "place", method = %"GET", error = ?Some("e"));
        });
        let first = json!({
            "level": "WARN", "message": "said \u{1}", "count": 3, "ratio": 0.5, "ok": true, "text": "a\n\"b\"",
            "target": "place",
        });
        let second = json!({ "level": "INFO", "method": "GET", "error": "Some(\"e\")", "target": "place" });
        assert_eq!(lines, [first, second]);
    }

    #[test]
    fn a_line_names_the_outermost_span_with_what_was_recorded_later() {
        let lines = said(|| {
            let request = tracing::info_span!("request", id = %"0a", later = Empty);
            let _request = request.enter();
            let _call = tracing::info_span!("call").entered();
            request.record("later", "1");
            tracing::info!(target: "place", "within");
        });
        let span = json!({ "name": "request", "id": "0a", "later": "1" });
        assert_eq!(lines, [json!({ "level": "INFO", "message": "within", "target": "place", "span": span })]);
    }

    #[test]
    fn a_span_without_fields_has_its_name() {
        let lines = said(|| {
            let _bare = tracing::info_span!("bare").entered();
            tracing::info!(target: "place", "within");
        });
        assert_eq!(lines[0]["span"], json!({ "name": "bare" }));
    }
}
