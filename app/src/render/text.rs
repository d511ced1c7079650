//! Rendered text, with the places that are new in each answer.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::LazyLock;

/// The placeholders in views.
///
/// SECURITY: nobody outside of this process knows them, so nobody can type one, have an API return one, and so get the
/// nonce of a page into it.
struct Marks {
    nonce: String,
    form_id: String,
}

static MARKS: LazyLock<Marks> = LazyLock::new(|| {
    // 128 bits with keys from the random source of the operating system.
    let secret = format!("{:016x}{:016x}", RandomState::new().hash_one(0), RandomState::new().hash_one(1));
    Marks { nonce: format!("%nonce-{secret}%"), form_id: format!("%form-{secret}%") }
});

/// The placeholder of the nonce of a page (CSP). It is the whole value of an attribute.
pub(crate) fn nonce_mark() -> &'static str {
    &MARKS.nonce
}

/// The placeholder of the number of the forms of a page, each of which is acted on only once. It is the whole value of
/// an attribute.
pub(crate) fn form_id_mark() -> &'static str {
    &MARKS.form_id
}

/// How Leptos marks places in the text. To an HTML parser this is not a comment, but a parse error that acts like one.
const MARKER: &str = "<!>";

/// Rendered text with places to fill in.
#[derive(Clone, Default)]
pub(super) struct Text {
    text: String,
    /// The places to fill in, in order.
    places: Vec<(usize, Place)>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Nonce,
    FormId,
}

impl Text {
    /// From the output of Leptos.
    pub(super) fn of(html: &str) -> Self {
        let mut text = Self::default();
        text.push_marked(html);
        text
    }

    /// A copy with room for `more` additional bytes.
    pub(super) fn clone_for(&self, more: usize) -> Self {
        let mut text = String::with_capacity(self.text.len() + more + 64);
        text.push_str(&self.text);
        Self { text, places: self.places.clone() }
    }

    /// Adds text without places.
    pub(super) fn push(&mut self, text: &str) {
        self.text.push_str(text);
    }

    /// Adds output of Leptos. This scans each page once; there are few of these characters.
    pub(super) fn push_marked(&mut self, html: &str) {
        self.text.reserve(html.len());
        let mut rest = 0;
        for hit in memchr::memchr2_iter(b'!', b'%', html.as_bytes()).filter(|hit| *hit > 0) {
            let found = &html[hit..];
            let (at, length, place) = if hit < rest {
                continue;
            } else if found.starts_with(&MARKS.nonce) {
                (hit, MARKS.nonce.len(), Some(Place::Nonce))
            } else if found.starts_with(&MARKS.form_id) {
                (hit, MARKS.form_id.len(), Some(Place::FormId))
            } else if html.as_bytes()[hit - 1..].starts_with(MARKER.as_bytes()) {
                (hit - 1, MARKER.len(), None)
            } else {
                continue;
            };
            self.text.push_str(&html[rest..at]);
            rest = at + length;
            match place {
                None => self.text.push_str("<!---->"),
                Some(place) => self.places.push((self.text.len(), place)),
            }
        }
        self.text.push_str(&html[rest..]);
    }

    /// The text with all places filled in. `form_id` is called if there is a place for it.
    pub(super) fn filled_in(&self, nonce: &str, form_id: impl FnOnce() -> String) -> String {
        let has_form = self.places.iter().any(|(_, place)| *place == Place::FormId);
        let form_id = if has_form { form_id() } else { String::new() };
        let mut text = String::with_capacity(self.text.len() + 32 * self.places.len());
        let mut rest = 0;
        for (at, place) in &self.places {
            text.push_str(&self.text[rest..*at]);
            text.push_str(match place {
                Place::Nonce => nonce,
                Place::FormId => &form_id,
            });
            rest = *at;
        }
        text.push_str(&self.text[rest..]);
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled_in(html: &str) -> String {
        Text::of(html).filled_in("N", || "1".to_owned())
    }

    #[test]
    fn markers_become_comments_and_the_rest_stays() {
        for html in [
            "",
            "a",
            "!",
            "%",
            "<!>",
            "<!><!>",
            "é<!>ü<!",
            "<!DOCTYPE html><p><!>x<!></p>",
            "100 %!",
            "é%",
            "%nonce%",
        ] {
            assert_eq!(filled_in(html), html.replace("<!>", "<!---->"), "{html}");
        }
    }

    #[test]
    fn scripts_have_the_nonce_and_forms_their_number() {
        let (nonce, form_id) = (nonce_mark(), form_id_mark());
        let html = format!(
            r#"<i nonce="{nonce}"><!><i value="{form_id}"><i value="{form_id}" x="%">{form_id}{nonce}%"#
        );
        let expected = r#"<i nonce="N"><!----><i value="1"><i value="1" x="%">1N%"#;
        assert_eq!(filled_in(&html), expected);
    }

    #[test]
    fn what_people_can_type_is_no_place() {
        for html in ["\"%nonce%\"", "\"%form_id%\"", "%nonce-%", "%form-00000000000000000000000000000000%"] {
            assert_eq!(filled_in(html), html);
        }
    }

    #[test]
    fn a_page_without_a_form_draws_no_number() {
        let html = format!(r#"<i nonce="{}">"#, nonce_mark());
        Text::of(&html).filled_in("N", || panic!("drawn"));
    }

    #[test]
    fn what_is_pushed_as_it_is_has_no_places() {
        let pushed = format!("\"{}\"<!>", form_id_mark());
        let mut text = Text::of("a");
        text.push(&pushed);
        assert_eq!(text.filled_in("N", || "1".to_owned()), format!("a{pushed}"));
    }
}
