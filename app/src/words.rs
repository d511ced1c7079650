//! The words of a page, in the language of its reader: `<h1>{t("account-heading")}</h1>`.
//!
//! These functions work wherever a page is rendered, that is in components. Loaders and server functions run before that,
//! and say the language themselves: `request.language.word(..)`. See `docs/languages.md`.

mod devices;
mod times;

pub(crate) use self::devices::device_name;
pub(crate) use self::times::{date_time, t_ago, t_date, t_date_time};
use crate::language::{Language, Value};

/// The message with this identifier, which has no variables.
pub(crate) fn t(id: &'static str) -> &'static str {
    Language::current().word(id)
}

/// The message with this identifier and these values: `t_with("onward-text", [("name", name.into())])`.
pub(crate) fn t_with<const N: usize>(id: &'static str, values: [(&'static str, Value<'_>); N]) -> String {
    Language::current().words(id, values)
}

/// The parts of a message before and after its variable `slot`, whose value is an element:
/// `<p>{before} <strong>{name}</strong> {after}</p>`.
pub(crate) fn t_around<const N: usize>(
    id: &'static str,
    slot: &'static str,
    values: [(&'static str, Value<'_>); N],
) -> (String, String) {
    /// No message and no value contains this character: it is for private use (Unicode, section 23.5).
    const SLOT: &str = "\u{f8ff}";

    let mut all: Vec<(&'static str, Value<'_>)> = values.into();
    all.push((slot, SLOT.into()));
    let text = Language::current().words_of(id, all);
    match text.split_once(SLOT) {
        Some((before, after)) => (before.to_owned(), after.to_owned()),
        None => (text, String::new()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_element_stands_where_its_language_puts_it() {
        let parts = || t_around("confirm-at-provider", "person", [("provider", "Example".into())]);
        let (before, after) = parts();
        assert_eq!(before, "You logged in a while ago. Log in again at Example as ");
        assert_eq!(after, " to go on. What you have typed is kept, except for passwords.");
        let (before, after) = Language::parse("de").unwrap().speak(parts);
        assert!(before.ends_with("erneut als ") && after.starts_with(" an, um"), "{before}|{after}");
        let (before, after) = Language::MARKED.speak(parts);
        assert!(before.starts_with('⟦') && after.ends_with('⟧'), "{before}|{after}");
    }
}
