//! A form that was rendered on the server, made nicer: its button waits until the fields are good, it is sent without
//! leaving the page, and what is wrong is said beside the field.
//!
//! The form works without any of this. It says itself what it wants: `required`, `type` and `minlength` on its fields,
//! and `data-until-valid` on a form whose button waits.

use leptos::prelude::*;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Element, HtmlButtonElement, HtmlFormElement, HtmlInputElement};

/// What is said when there is no answer, or none of ours.
const NO_ANSWER: &str = "We cannot be reached right now. Please try again in a moment.";

/// One form that enhances itself in the browser.
#[island]
pub fn EnhancedForm(children: Children) -> impl IntoView {
    let wrapper = NodeRef::<leptos::html::Div>::new();
    let form = move || wrapper.get_untracked().and_then(|element| find::<HtmlFormElement>(&element, "form"));
    // Whether the fields are good, and whether an answer is awaited. Both stay untouched until the browser runs this,
    // so that the button as rendered can be used without it.
    let valid = RwSignal::new(true);
    let pending = RwSignal::new(false);
    let look = move || {
        if let Some(form) = form() {
            valid.set(!form.has_attribute("data-until-valid") || is_complete(&form));
        }
    };

    Effect::new(move |_| {
        if let Some(form) = form() {
            // The browser's own bubbles give way to sentences beside the fields.
            form.set_no_validate(true);
        }
        look();
    });
    Effect::new(move |_| {
        let (valid, pending) = (valid.get(), pending.get());
        if let Some(button) = form().and_then(|form| find::<HtmlButtonElement>(&form, "button[type=submit]"))
        {
            button.set_disabled(!valid);
            // Not disabled while it waits: a browser would take the focus away from whoever pressed it.
            for name in ["aria-busy", "aria-disabled"] {
                let _ =
                    if pending { button.set_attribute(name, "true") } else { button.remove_attribute(name) };
            }
        }
    });

    let on_input = move |_| look();
    // The stylesheet starts an animation on a field that the browser fills in; no other event tells of it.
    let on_autofill = move |_| look();
    let on_submit = move |event: web_sys::SubmitEvent| {
        let Some(form) = form() else { return };
        event.prevent_default();
        if pending.get_untracked() {
            return;
        }
        pending.set(true);
        leptos::task::spawn_local(async move {
            clear_errors(&form);
            let left = send(&form).await.unwrap_or_else(|_| {
                toast(NO_ANSWER);
                false
            });
            // A page that is being left keeps its button down: a second click would send the form twice.
            if !left {
                pending.set(false);
            }
        });
    };
    view! {
        <div
            class="form-island"
            node_ref=wrapper
            on:input=on_input
            on:change=on_input
            on:animationstart=on_autofill
            on:submit=on_submit
        >
            {children()}
        </div>
    }
}

/// Whether every field holds what it asks for.
///
/// A browser does not tell a page what it has filled in by itself before the person touches the page; such a field
/// counts as good.
fn is_complete(form: &HtmlFormElement) -> bool {
    inputs(form).all(|input| input.check_validity() || input.matches(":autofill").unwrap_or(false))
}

/// Sends the form as the browser would, but for JSON. Returns whether the page is being left.
async fn send(form: &HtmlFormElement) -> Result<bool, JsValue> {
    use wasm_bindgen_futures::JsFuture;

    let fields = web_sys::FormData::new_with_form(form)?;
    let body = web_sys::UrlSearchParams::new_with_str_sequence_sequence(&fields)?;
    let init = web_sys::RequestInit::new();
    init.set_method("POST");
    init.set_body(&body);
    let headers = web_sys::Headers::new()?;
    headers.set("accept", "application/json")?;
    init.set_headers(&headers);
    let action = form.get_attribute("action").unwrap_or_default();
    let response = JsFuture::from(window().fetch_with_str_and_init(&action, &init)).await?;
    let response: web_sys::Response = response.dyn_into()?;
    let answer = JsFuture::from(response.json()?).await?;
    if response.ok() {
        let next = text(&answer, "next").ok_or(JsValue::NULL)?;
        window().location().assign(&next)?;
        return Ok(true);
    }
    show_errors(form, &answer);
    Ok(false)
}

/// Puts what is wrong beside the fields it is wrong with, and everything else into a toast.
fn show_errors(form: &HtmlFormElement, answer: &JsValue) {
    let fields = js_sys::Reflect::get(answer, &"fields".into()).unwrap_or_default();
    let mut first: Option<HtmlInputElement> = None;
    for input in inputs(form) {
        if let Some(message) = text(&fields, &input.name()) {
            set_error(&input, &message);
            first.get_or_insert(input);
        }
    }
    match first {
        Some(input) => {
            let _ = input.focus();
        }
        None => toast(text(answer, "message").as_deref().unwrap_or(NO_ANSWER)),
    }
}

fn clear_errors(form: &HtmlFormElement) {
    for input in inputs(form) {
        set_error(&input, "");
    }
}

fn set_error(input: &HtmlInputElement, message: &str) {
    let _ = if message.is_empty() {
        input.remove_attribute("aria-invalid")
    } else {
        input.set_attribute("aria-invalid", "true")
    };
    if let Some(place) = document().get_element_by_id(&format!("{}-error", input.name())) {
        place.set_text_content(Some(message));
    }
}

/// Hands a message to the page's script, which shows it.
fn toast(message: &str) {
    let init = web_sys::CustomEventInit::new();
    init.set_detail(&message.into());
    if let Ok(event) = web_sys::CustomEvent::new_with_event_init_dict("ironleaf:error", &init) {
        let _ = document().dispatch_event(&event);
    }
}

fn inputs(form: &HtmlFormElement) -> impl Iterator<Item = HtmlInputElement> + use<> {
    let elements = form.elements();
    (0..elements.length()).filter_map(move |index| elements.item(index)?.dyn_into().ok())
}

fn find<T: JsCast>(within: &Element, selector: &str) -> Option<T> {
    within.query_selector(selector).ok().flatten()?.dyn_into().ok()
}

fn text(object: &JsValue, name: &str) -> Option<String> {
    js_sys::Reflect::get(object, &name.into()).ok()?.as_string()
}
