//! The other kinds of fields.

#![allow(
    dead_code,
    reason = "no page of this application has one; they are for those of whoever builds upon it"
)]

use leptos::prelude::*;

use super::field::{Rules, frame};
use crate::flashes::KeptField;
use crate::render::escaped;

/// A text of several lines. A kept value wins over `value`.
///
/// SECURITY: Leptos writes the children of a `<textarea>` as they are, so the text is escaped here. The line break in
/// front of it is the one that HTML parsers drop (HTML, section 13.1.2.5); a first empty line of the text itself stays.
#[component]
pub(crate) fn TextArea(
    kept: KeptField,
    label: &'static str,
    #[prop(optional)] placeholder: Option<&'static str>,
    #[prop(default = 4)] rows: u8,
    rules: Rules,
    #[prop(optional, into)] value: String,
) -> impl IntoView {
    let text = format!("\n{}", escaped(&kept.value.unwrap_or(value)));
    frame(kept.state, label, move || {
        view! {
            <textarea
                {..rules.attributes(kept.state)}
                placeholder=placeholder
                rows=rows
                inner_html=text
            ></textarea>
        }
    })
}

/// A choice between options, each with the value that is sent and its words. An empty value means no choice.
#[component]
pub(crate) fn Select(
    kept: KeptField,
    label: &'static str,
    options: Vec<(&'static str, &'static str)>,
    rules: Rules,
    #[prop(optional, into)] value: String,
) -> impl IntoView {
    let chosen = kept.value.unwrap_or(value);
    let options: Vec<_> = options
        .into_iter()
        .map(|(value, words)| {
            view! {
                <option value=value selected=value == chosen>
                    {words}
                </option>
            }
        })
        .collect();
    frame(kept.state, label, move || {
        view! { <select {..rules.attributes(kept.state)}>{options}</select> }
    })
}

/// A checkbox: `on` is sent, or nothing.
#[component]
pub(crate) fn Checkbox(
    kept: KeptField,
    label: &'static str,
    rules: Rules,
    #[prop(optional)] checked: bool,
) -> impl IntoView {
    let checked = kept.value.map_or(checked, |kept| kept == "on");
    frame(kept.state, label, move || {
        view! { <input {..rules.attributes(kept.state)} type="checkbox" checked=checked /> }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::components::Field;
    use crate::flashes::KeptForm;
    use crate::validation::FieldProblem;

    const PROBLEM: FieldProblem = FieldProblem::Refused;

    fn kept(value: &str) -> KeptField {
        KeptForm::new("/", &[("x", value.to_owned())], &vec![("x", PROBLEM)]).field("x")
    }

    #[test]
    fn no_text_leaves_its_field() {
        const TEXT: &str = "\n</textarea></select><script nonce=\"%nonce%\">1</script>&amp;'";
        let rules = Rules::PRESENT;
        let area = view! { <TextArea kept=kept(TEXT) label="X" rules /> };
        let prefilled = view! { <TextArea kept=KeptForm::default().field("x") label="X" rules value=TEXT /> };
        let options = vec![(TEXT, TEXT)];
        let select = view! { <Select kept=kept(TEXT) label="X" options rules /> };
        let field = view! { <Field kept=kept(TEXT) label="X" kind="text" autocomplete="off" rules /> };
        for html in [area.to_html(), prefilled.to_html(), select.to_html(), field.to_html()] {
            assert!(!html.contains("<script") && html.contains("&amp;amp;"), "{html}");
        }
        let area = view! { <TextArea kept=kept(TEXT) label="X" rules /> };
        // The first of the two line breaks is not part of the text.
        assert!(area.to_html().contains(">\n\n&lt;/textarea&gt;"));
    }

    #[test]
    fn every_kind_of_field_shows_what_was_typed_and_what_is_wrong_with_it() {
        let rules = Rules::present_or(PROBLEM);
        let field = view! { <Field kept=kept("a") label="X" kind="text" autocomplete="off" rules /> };
        let area = view! { <TextArea kept=kept("a") label="X" rules /> };
        let options = vec![("", "None"), ("a", "A"), ("b", "B")];
        let select = view! { <Select kept=kept("a") label="X" options rules /> };
        let checkbox = view! { <Checkbox kept=kept("on") label="X" rules /> };
        for (html, value) in [
            (field.to_html(), r#" value="a""#),
            (area.to_html(), ">\na</textarea>"),
            (select.to_html(), r#"<option value="a" selected>"#),
            (checkbox.to_html(), " checked"),
        ] {
            assert!(html.contains(value), "{html}");
            for part in [
                r#"<label for="x">X</label>"#,
                r#" id="x""#,
                r#" name="x""#,
                " required",
                " autofocus",
                r#" aria-invalid="true""#,
                r#" aria-describedby="x-error""#,
                r#" data-missing="This cannot be used""#,
                r#"<p id="x-error""#,
                ">This cannot be used",
            ] {
                assert!(html.contains(part), "{part}: {html}");
            }
        }
    }
}
