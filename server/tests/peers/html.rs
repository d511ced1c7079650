//! As much of HTML as these tests read: forms, their hidden fields, and a page that leads on.

/// A form of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Form {
    pub(crate) action: String,
    /// Hidden fields, and the name and value of the button.
    pub(crate) fields: Vec<(String, String)>,
}

/// The form with a button of this name.
pub(crate) fn form_with_button(page: &str, button: &str) -> Option<Form> {
    page.split("<form").skip(1).find_map(|rest| {
        let form = rest.split("</form>").next()?;
        let found = form.split("<button").skip(1).find(|rest| text_of(rest) == button)?;
        let action = attribute(form.split('>').next()?, "action")?;
        let hidden = form.split("<input").skip(1).filter_map(|rest| {
            let tag = rest.split('>').next()?;
            (attribute(tag, "type")? == "hidden").then_some(())?;
            Some((attribute(tag, "name")?, attribute(tag, "value").unwrap_or_default()))
        });
        let tag = found.split('>').next()?;
        let named = attribute(tag, "name").map(|name| (name, attribute(tag, "value").unwrap_or_default()));
        Some(Form { action, fields: hidden.chain(named).collect() })
    })
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
    text.replace("&quot;", "\"")
        .replace("&#39;", "'")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&")
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
fn a_page_that_leads_on_is_read() {
    let page =
        "<meta charset=\"utf-8\"><meta http-equiv=\"refresh\" content=\"0;url=http://id.test/?a=1&amp;b=2\">";
    assert_eq!(refresh_target(page).as_deref(), Some("http://id.test/?a=1&b=2"));
    assert_eq!(refresh_target("<meta charset=\"utf-8\">"), None);
}
