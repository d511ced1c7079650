//! The messages of one language (Project Fluent). Those without variables are formatted once, at start.

use std::collections::HashMap;
use std::fmt::Write as _;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use fluent_syntax::ast::Entry;
use unic_langid::LanguageIdentifier;

/// A language and its messages.
pub(super) struct Definition {
    /// The tag of BCP 47.
    pub(super) tag: &'static str,
    /// The name in that language.
    pub(super) name: &'static str,
    /// The name and the content of each file.
    pub(super) files: &'static [(&'static str, &'static str)],
    /// How numbers are written: `write_numbers::<',', '.'>`.
    pub(super) write_numbers: fn(&mut Bundle),
}

pub(super) type Bundle = FluentBundle<FluentResource>;

/// Has numbers written with these marks between thousands and before decimals.
pub(super) fn write_numbers<const THOUSANDS: char, const DECIMAL: char>(bundle: &mut Bundle) {
    bundle.set_formatter(Some(|value, _| number::<THOUSANDS, DECIMAL>(value)));
}

fn number<const THOUSANDS: char, const DECIMAL: char>(value: &FluentValue<'_>) -> Option<String> {
    let FluentValue::Number(number) = value else { return None };
    let plain = number.as_string();
    let (whole, rest) = plain.split_once('.').unwrap_or((&plain, ""));
    let digits = whole.trim_start_matches('-').len();
    let mut text = String::with_capacity(plain.len() + digits / 3);
    for (at, digit) in whole.char_indices() {
        let left = whole.len() - at;
        if left < digits && left % 3 == 0 {
            text.push(THOUSANDS);
        }
        text.push(digit);
    }
    if !rest.is_empty() {
        text.push(DECIMAL);
        text.push_str(rest);
    }
    Some(text)
}

/// Puts every message between `⟦` and `⟧`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Marks;

pub(super) struct Catalogue {
    bundle: Bundle,
    /// The messages without variables.
    texts: HashMap<String, String>,
    marks: Option<Marks>,
}

impl Catalogue {
    pub(super) fn new(definition: &Definition, marks: Option<Marks>) -> Self {
        let tag = definition.tag.parse::<LanguageIdentifier>().unwrap_or_default();
        let mut bundle = Bundle::new_concurrent(vec![tag]);
        // The marks of bidirectional text would be part of accessible names.
        bundle.set_use_isolating(false);
        // A long message has several lines in its file.
        bundle.set_transform(Some(|text| text.replace('\n', " ").into()));
        (definition.write_numbers)(&mut bundle);
        let mut ids = Vec::new();
        for (file, source) in definition.files {
            let resource =
                FluentResource::try_new((*source).to_owned()).unwrap_or_else(|(resource, errors)| {
                    tracing::error!(file, ?errors, "a catalogue has errors");
                    resource
                });
            ids.extend(resource.entries().filter_map(|entry| match entry {
                Entry::Message(message) => Some(message.id.name.to_owned()),
                _ => None,
            }));
            if let Err(errors) = bundle.add_resource(resource) {
                tracing::error!(file, ?errors, "a catalogue has messages twice");
            }
        }
        let mut catalogue = Self { bundle, texts: HashMap::new(), marks };
        let text = |id: String| catalogue.without_variables(&id).map(|text| (id, text));
        catalogue.texts = ids.into_iter().filter_map(text).collect();
        catalogue
    }

    fn without_variables(&self, id: &str) -> Option<String> {
        let (text, is_complete) = self.formatted(id, None)?;
        is_complete.then_some(text)
    }

    /// A message without variables.
    pub(super) fn text(&self, id: &str) -> Option<&str> {
        self.texts.get(id).map(String::as_str)
    }

    pub(super) fn format(&self, id: &str, values: &FluentArgs<'_>) -> Option<String> {
        let (text, is_complete) = self.formatted(id, Some(values))?;
        if !is_complete {
            tracing::error!(id, "a message lacks a value");
        }
        debug_assert!(is_complete, "{id} lacks a value");
        Some(text)
    }

    /// The text, and whether it has all its values.
    fn formatted(&self, id: &str, values: Option<&FluentArgs<'_>>) -> Option<(String, bool)> {
        let pattern = self.bundle.get_message(id)?.value()?;
        let mut errors = Vec::new();
        let text = self.bundle.format_pattern(pattern, values, &mut errors);
        let mut marked = String::with_capacity(text.len());
        let _ = match self.marks {
            Some(Marks) => write!(marked, "⟦{text}⟧"),
            None => marked.write_str(&text),
        };
        Some((marked, errors.is_empty()))
    }
}
