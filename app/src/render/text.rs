//! Rendered text, and the places in it that are new with each answer.

/// What stands in a view in the place of the nonce. The quotes are part of it: text that somebody has typed cannot have them.
const NONCE: &str = r#""%nonce%""#;

/// The number of the forms of a page, each of which is acted upon once, however often it is sent.
const FORM_ID: &str = r#""%form_id%""#;

/// How Leptos marks places in the text. It is no comment to an HTML parser, but a parse error that acts like one.
const MARKER: &str = "<!>";

/// Rendered text with places to fill in.
#[derive(Clone, Default)]
pub(super) struct Text {
    text: String,
    /// Where something is filled in, in order.
    places: Vec<(usize, Place)>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Nonce,
    FormId,
}

impl Text {
    /// From what Leptos has rendered.
    pub(super) fn of(html: &str) -> Self {
        let mut text = Self::default();
        text.push_marked(html);
        text
    }

    /// The same with room for so many more bytes.
    pub(super) fn clone_for(&self, more: usize) -> Self {
        let mut text = String::with_capacity(self.text.len() + more + 64);
        text.push_str(&self.text);
        Self { text, places: self.places.clone() }
    }

    /// What has no places in it.
    pub(super) fn push(&mut self, text: &str) {
        self.text.push_str(text);
    }

    /// What Leptos has rendered. One look at each page: there are few of these letters.
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

    /// The text with all its places filled in. `form_id` is asked for where there is a place for it.
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
