//! Sends the form and acts on the answer. The answer is read without serde, which would be a third of the module.

use js_sys::{Array, Reflect};
use leptos::prelude::window;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortSignal, FormData, Headers, RequestInit, Response, UrlSearchParams};

use super::dom::{Form, toast};

/// Longer than any operation of the server. Without it, a dead connection would block the button for minutes.
const TIMEOUT_MILLIS: u32 = 30_000;

/// Sends the form and acts on the answer. Returns whether the page is being left.
pub(super) async fn send(form: &Form) -> bool {
    let answer = post(form).await.unwrap_or_default();
    if let Some(next) = text(&answer, "next") {
        // The next page shows the message, if there is one. The place to return to keeps its fragment, which no server
        // sees.
        let location = window().location();
        let is_back = form.comes_back_to().is_some_and(|place| place == next);
        let fragment = if is_back { location.hash().unwrap_or_default() } else { String::new() };
        return location.assign(&[next, fragment].concat()).is_ok();
    }
    let fields = Reflect::get(&answer, &"fields".into()).unwrap_or_default();
    if !show_all(form, &fields) {
        // Without an answer the page's script has the words.
        toast(text(&answer, "message").as_deref().unwrap_or_default());
    }
    false
}

/// Sends as the browser would, but asks for JSON.
async fn post(form: &Form) -> Result<JsValue, JsValue> {
    let fields = FormData::new_with_form(form.element())?;
    if let Some((name, value)) = form.pressed() {
        fields.append_with_str(&name, &value)?;
    }
    let body = UrlSearchParams::new_with_str_sequence_sequence(&fields)?;
    let headers = Headers::new()?;
    headers.set("accept", "application/json")?;
    let init = RequestInit::new();
    init.set_method("POST");
    init.set_body(&body);
    init.set_headers(&headers);
    init.set_signal(Some(&AbortSignal::timeout_with_u32(TIMEOUT_MILLIS)));
    let response: Response =
        JsFuture::from(window().fetch_with_str_and_init(&form.action(), &init)).await?.dyn_into()?;
    JsFuture::from(response.json()?).await
}

/// Shows problems beside their fields, or in a toast if the page has no such field. Returns whether there were any.
fn show_all(form: &Form, fields: &JsValue) -> bool {
    let names = Reflect::own_keys(fields).unwrap_or_else(|_| Array::new());
    for name in names.iter().filter_map(|name| name.as_string()) {
        let words = text(fields, &name).unwrap_or_default();
        match form.field(&name) {
            Some(field) => field.say(&words),
            None => toast(&words),
        }
    }
    if let Some(field) = form.first_marked() {
        field.focus();
    }
    names.length() > 0
}

fn text(object: &JsValue, name: &str) -> Option<String> {
    Reflect::get(object, &name.into()).ok()?.as_string()
}
