//! A rendered page, and the places in it that are new with each answer.

/// What stands in a view in the place of the nonce. The quotes are part of it: text that somebody has typed cannot have them.
const NONCE: &str = r#""%nonce%""#;

/// The number of the forms of a page, each of which is acted upon once, however often it is sent.
const FORM_ID: &str = r#""%form_id%""#;

/// How Leptos marks places in the text. It is no comment to an HTML parser, but a parse error that acts like one.
const MARKER: &str = "<!>";

/// A rendered page.
pub(super) struct Template {
    /// Each but the last is followed by what is new with each answer.
    pieces: Vec<(String, Slot)>,
    last: String,
    has_form: bool,
}

enum Slot {
    Nonce,
    FormId,
}

impl Template {
    /// Looks once at each page: there are few of these letters.
    pub(super) fn of(html: &str) -> Self {
        let mut pieces = Vec::new();
        let mut text = String::with_capacity(html.len());
        let mut rest = 0;
        for at in memchr::memchr2_iter(b'!', b'%', html.as_bytes()).filter_map(|at| at.checked_sub(1)) {
            let Some(found) = html.get(at..).filter(|_| at >= rest) else { continue };
            let (from, slot) = if found.starts_with(MARKER) {
                (MARKER, None)
            } else if found.starts_with(NONCE) {
                (NONCE, Some(Slot::Nonce))
            } else if found.starts_with(FORM_ID) {
                (FORM_ID, Some(Slot::FormId))
            } else {
                continue;
            };
            text.push_str(&html[rest..at]);
            rest = at + from.len();
            match slot {
                None => text.push_str("<!---->"),
                Some(slot) => {
                    text.push('"');
                    pieces.push((std::mem::take(&mut text), slot));
                    text.push('"');
                }
            }
        }
        text.push_str(&html[rest..]);
        Self { pieces, last: text, has_form: false }
    }

    /// Whether there is a form in it that needs cookies.
    pub(super) fn with_form(self, has_form: bool) -> Self {
        Self { has_form, ..self }
    }

    pub(super) const fn has_form(&self) -> bool {
        self.has_form
    }

    /// The page with all its places filled in. `form_id` is asked for where the page has a form.
    pub(super) fn filled_in(&self, nonce: &str, form_id: impl FnOnce() -> String) -> String {
        let has_form_id = self.pieces.iter().any(|(_, slot)| matches!(slot, Slot::FormId));
        let form_id = if has_form_id { form_id() } else { String::new() };
        let length: usize = self.pieces.iter().map(|(text, _)| text.len() + 32).sum();
        let mut html = String::with_capacity(length + self.last.len());
        for (text, slot) in &self.pieces {
            html.push_str(text);
            html.push_str(match slot {
                Slot::Nonce => nonce,
                Slot::FormId => &form_id,
            });
        }
        html.push_str(&self.last);
        html
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled_in(html: &str) -> String {
        Template::of(html).filled_in("N", || "1".to_owned())
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
        Template::of(r#"<i nonce="%nonce%">"#).filled_in("N", || panic!("drawn"));
    }
}
