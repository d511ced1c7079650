//! As much of HTML as these tests read: forms, their hidden fields, and a page that leads on.

/// A form of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Form {
    pub(crate) action: String,
    /// Hidden fields, and the name and value of the button.
    pub(crate) fields: Vec<(String, String)>,
}

/// The form with a button of this name. The button may be outside of its form, and name it.
pub(crate) fn form_with_button(page: &str, button: &str) -> Option<Form> {
    let all: Vec<(&str, &str)> = page
        .split("<form")
        .skip(1)
        .filter_map(|rest| rest.split("</form>").next()?.split_once('>'))
        .collect();
    let pressed = |(_, inner): &&(&str, &str)| button_tag(inner, button).is_some();
    let around = all.iter().find(pressed)?;
    let tag = button_tag(around.1, button)?;
    let named =
        |id: String| all.iter().find(|(tag, _)| attribute(tag, "id").is_some_and(|known| known == id));
    let (form_tag, inner) = attribute(tag, "form").map_or(Some(around), named)?;
    // Without `action`, a form is sent to the address of its page.
    let action = attribute(form_tag, "action").unwrap_or_default();
    let hidden = inner.split("<input").skip(1).filter_map(|rest| {
        let tag = rest.split('>').next()?;
        (attribute(tag, "type")? == "hidden").then_some(())?;
        Some((attribute(tag, "name")?, attribute(tag, "value").unwrap_or_default()))
    });
    let own = attribute(tag, "name").map(|name| (name, attribute(tag, "value").unwrap_or_default()));
    Some(Form { action, fields: hidden.chain(own).collect() })
}

fn button_tag<'a>(form: &'a str, name: &str) -> Option<&'a str> {
    let found = form.split("<button").skip(1).find(|rest| text_of(rest) == name)?;
    found.split('>').next()
}

/// Where a page leads by itself.
pub(crate) fn refresh_target(page: &str) -> Option<String> {
    let tag = page.split("<meta").skip(1).find(|rest| {
        rest.split('>')
            .next()
            .and_then(|tag| attribute(tag, "http-equiv"))
            .is_some_and(|kind| kind == "refresh")
    })?;
    let content = attribute(tag.split('>').next()?, "content")?;
    content.split_once("url=").map(|(_, url)| url.to_owned())
}

/// The text of an element, from behind its name to its end tag.
fn text_of(rest: &str) -> String {
    let inner = rest.split_once('>').map_or("", |(_, inner)| inner);
    let inner = inner.split("</button").next().unwrap_or_default();
    unescaped(inner.trim())
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
    rest.split_once('"').map(|(value, _)| unescaped(value))
}

fn unescaped(text: &str) -> String {
    let (mut out, mut rest) = (String::new(), text);
    while let Some((before, reference)) = rest.split_once('&') {
        out.push_str(before);
        let known = reference.split_once(';').and_then(|(name, after)| Some((character(name)?, after)));
        if let Some((character, after)) = known {
            out.push(character);
            rest = after;
        } else {
            out.push('&');
            rest = reference;
        }
    }
    out + rest
}

fn character(name: &str) -> Option<char> {
    match name {
        "quot" => Some('"'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "amp" => Some('&'),
        _ => char::from_u32(name.strip_prefix('#')?.parse().ok()?),
    }
}

#[test]
fn a_form_is_found_by_its_button() {
    let page = "<form action=\"/a\"><button>No</button></form><form method=\"post\" action=\"/b?x=1&amp;y=2\">\
                <input type=\"hidden\" name=\"n\" value=\"v\" /><input type=\"text\" name=\"t\" />\
                <button type=\"submit\" name=\"who\" value=\"ada\">Continue as Ada</button></form>";
    let fields = vec![("n".to_owned(), "v".to_owned()), ("who".to_owned(), "ada".to_owned())];
    assert_eq!(
        form_with_button(page, "Continue as Ada"),
        Some(Form { action: "/b?x=1&y=2".to_owned(), fields })
    );
    assert_eq!(form_with_button(page, "Continue"), None);
}

#[test]
fn a_button_may_be_outside_of_its_form() {
    let page = "<form id=\"f\" action=\"/out\"><input type=\"hidden\" name=\"n\" value=\"a&#38;b\"></form>\
                <form><button form=\"f\" name=\"yes\" value=\"1\">Go</button></form>";
    let fields = vec![("n".to_owned(), "a&b".to_owned()), ("yes".to_owned(), "1".to_owned())];
    assert_eq!(form_with_button(page, "Go"), Some(Form { action: "/out".to_owned(), fields }));
}

#[test]
fn a_page_that_leads_on_is_read() {
    let page =
        "<meta charset=\"utf-8\"><meta http-equiv=\"refresh\" content=\"0;url=http://id.test/?a=1&amp;b=2\">";
    assert_eq!(refresh_target(page).as_deref(), Some("http://id.test/?a=1&b=2"));
    assert_eq!(refresh_target("<meta charset=\"utf-8\">"), None);
}
