//! A log line for people, without terminal colours: time, level, the request, the message and the event's fields.
//!
//! The formatter of `tracing-subscriber` writes the same line in many small pieces, each with its style. That took an
//! eighth of the cost of a kept page.

use std::fmt::{self, Debug, Write as _};

use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, FormattedFields};
use tracing_subscriber::registry::{LookupSpan, Scope};

/// Formats events as lines such as `2026-11-29T12:00:00.000000Z  INFO request{id=1f}: answered path="/login" status=200`.
#[derive(Debug, Clone, Copy)]
pub(super) struct PlainLines;

impl<S, N> FormatEvent<S, N> for PlainLines
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
        SystemTime.format_time(&mut writer)?;
        let level = event.metadata().level().as_str();
        // Levels have four or five letters.
        writer.write_str(if level.len() < 5 { "  " } else { " " })?;
        writer.write_str(level)?;
        writer.write_char(' ')?;
        for span in context.event_scope().into_iter().flat_map(Scope::from_root) {
            writer.write_str(span.name())?;
            if let Some(fields) = span.extensions().get::<FormattedFields<N>>()
                && !fields.is_empty()
            {
                writer.write_char('{')?;
                writer.write_str(fields)?;
                writer.write_char('}')?;
            }
            writer.write_str(": ")?;
        }
        let mut fields = Fields { line: String::with_capacity(128), outcome: Ok(()) };
        event.record(&mut fields);
        fields.outcome?;
        // SECURITY: text from outside cannot begin a new line, or control a terminal.
        if fields.line.chars().any(char::is_control) {
            fields.line = fields.line.chars().fold(String::new(), |mut line, letter| {
                if letter.is_control() {
                    line.extend(letter.escape_default());
                } else {
                    line.push(letter);
                }
                line
            });
        }
        fields.line.push('\n');
        writer.write_str(&fields.line)
    }
}

/// The message, and the fields behind it.
struct Fields {
    line: String,
    outcome: fmt::Result,
}

impl Fields {
    fn begin(&mut self, field: &Field) {
        if !self.line.is_empty() {
            self.line.push(' ');
        }
        self.line.push_str(field.name());
        self.line.push('=');
    }
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.begin(field);
        self.outcome = self.outcome.and_then(|()| write!(self.line, "{value}"));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if field.name() == "message" {
            let fields = std::mem::take(&mut self.line);
            self.outcome = self.outcome.and_then(|()| write!(self.line, "{value:?}"));
            if !fields.is_empty() {
                self.line.push(' ');
                self.line.push_str(&fields);
            }
            return;
        }
        self.begin(field);
        self.outcome = self.outcome.and_then(|()| write!(self.line, "{value:?}"));
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    use tracing_subscriber::fmt::MakeWriter;

    use super::*;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    impl<'a> MakeWriter<'a> for Lines {
        type Writer = Self;

        fn make_writer(&'a self) -> Self {
            self.clone()
        }
    }

    fn logged(log: impl FnOnce()) -> String {
        let lines = Lines::default();
        let subscriber = tracing_subscriber::fmt()
            .with_ansi(false)
            .with_target(false)
            .with_writer(lines.clone())
            .event_format(PlainLines)
            .finish();
        tracing::subscriber::with_default(subscriber, log);
        let bytes = lines.0.lock().unwrap().clone();
        let line = String::from_utf8(bytes).unwrap();
        let (time, rest) = line.split_once('Z').unwrap();
        assert!(time.starts_with("20") && time.contains('T'), "{line}");
        rest.to_owned()
    }

    #[test]
    fn a_line_has_the_request_the_message_and_its_fields() {
        let line = logged(|| {
            let _request = tracing::info_span!("request", id = 7).entered();
            tracing::info!(method = %"GET", path = "/login", status = 200_u16, micros = 55_u64, "answered");
        });
        assert_eq!(line, "  INFO request{id=7}: answered method=GET path=\"/login\" status=200 micros=55\n");
        assert_eq!(logged(|| tracing::error!(detail = "x", "broken")), " ERROR broken detail=\"x\"\n");
        assert_eq!(logged(|| tracing::warn!("alone")), "  WARN alone\n");
    }

    #[test]
    fn no_value_begins_a_line() {
        let line = logged(|| tracing::info!(path = "/a\nINFO forged", "answered"));
        assert_eq!(line, "  INFO answered path=\"/a\\nINFO forged\"\n");
        let line = logged(|| tracing::info!(error = %"a\nINFO \u{1b}[31m\u{9b}", "{}", "b\nc"));
        assert_eq!(line, "  INFO b\\nc error=a\\nINFO \\u{1b}[31m\\u{9b}\n");
    }
}
