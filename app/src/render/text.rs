//! Rendered text, with the places that are new in each answer.

/// The placeholder of the nonce in a view. It includes the quotes, because typed text cannot contain them unescaped.
const NONCE: &str = r#""%nonce%""#;

/// The number of the forms of a page, each of which is acted on only once.
const FORM_ID: &str = r#""%form_id%""#;

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
        for at in memchr::memchr2_iter(b'!', b'%', html.as_bytes()).filter_map(|at| at.checked_sub(1)) {
            let Some(found) = html.get(at..).filter(|_| at >= rest) else { continue };
            let (from, place) = if found.starts_with(MARKER) {
                (MARKER, None)
            } else if found.starts_with(NONCE) {
                (NONCE, Some(Place::Nonce))
            } else if found.starts_with(FORM_ID) {
                (FORM_ID, Some(Place::FormId))
            } else {
                continue;
            };
            self.text.push_str(&html[rest..at]);
            rest = at + from.len();
            match place {
                None => self.text.push_str("<!---->"),
                Some(place) => {
                    self.text.push('"');
                    self.places.push((self.text.len(), place));
                    self.text.push('"');
                }
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
        let html = r#"<i nonce="%nonce%"><!><i value="%form_id%"><i value="%form_id%" x="%">"#;
        let expected = r#"<i nonce="N"><!----><i value="1"><i value="1" x="%">"#;
        assert_eq!(filled_in(html), expected);
    }

    #[test]
    fn a_page_without_a_form_draws_no_number() {
        Text::of(r#"<i nonce="%nonce%">"#).filled_in("N", || panic!("drawn"));
    }

    #[test]
    fn what_is_pushed_as_it_is_has_no_places() {
        let mut text = Text::of("a");
        text.push("\"%form_id%\"<!>");
        assert_eq!(text.filled_in("N", || "1".to_owned()), "a\"%form_id%\"<!>");
    }
}
