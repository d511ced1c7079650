//! Enhances a form that was rendered on the server: it says what is wrong beside the field while the person is still
//! there, and sends the form without leaving the page.
//!
//! The form works without any of this. Its requirements and their words are in its attributes. All state is in the
//! document, so there are no signals, and no copy that could differ from what the person sees.

mod answer;
mod dom;
mod field_state;

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, Event, SubmitEvent};

use dom::Form;

/// One form that enhances itself in the browser.
#[island]
pub fn EnhancedForm(children: Children) -> impl IntoView {
    view! {
        <div
            class="form-island"
            use:wake
            on:input=|event| changed(&event)
            on:change=|event| changed(&event)
            on:focusout=|event| left(&event)
            on:submit=|event| submitted(&event)
            on:formsend=|event| sent(&event)
            // The stylesheet starts an animation on a field that the browser fills in. No other event reports this.
            on:animationstart=|event| looked_at(&event)
            // Some password managers fill in without any event. The form checks before the pointer reaches the button,
            // and before Enter is accepted.
            on:pointerover=|event| looked_at(&event)
            on:keydown=|event| looked_at(&event)
        >
            {children()}
        </div>
    }
}

/// Until now the button was active as rendered, even with empty fields.
#[expect(clippy::needless_pass_by_value, reason = "the signature of a directive")]
fn wake(wrapper: Element) {
    if let Some(form) = Form::within(&wrapper) {
        form.update_button();
    }
}

fn looked_at(event: &Event) {
    if let Some(form) = Form::of(event) {
        form.update_button();
    }
}

/// Removes words as soon as they are no longer true. Shows new words to a person who is typing only if they help.
fn changed(event: &Event) {
    let Some((form, name)) = Form::of(event).zip(input_name(event)) else { return };
    for field in form.concerned_by(&name) {
        field.tell(field.state(&form).fault_while_typing(field.is_marked()));
    }
    form.update_button();
}

/// Does not remove words that were rendered with the page. Only the server can judge them, until the field is changed.
fn left(event: &Event) {
    let Some((form, name)) = Form::of(event).zip(input_name(event)) else { return };
    form.update_button();
    once_released(move || {
        for field in form.concerned_by(&name).filter(|field| !field.has_focus()) {
            let state = field.state(&form);
            let fault = state.fault();
            if fault.is_some() && !state.is_empty() {
                field.tell(fault);
            }
        }
    });
}

/// Sends nothing while something is wrong.
fn submitted(event: &SubmitEvent) {
    let Some(form) = Form::of(event) else { return };
    // The button needs not all of the fields. The server checks those that it does need.
    if event.submitter().is_some_and(|button| button.has_attribute("formnovalidate")) {
        return;
    }
    for field in form.fields() {
        field.tell(field.state(&form).fault());
    }
    if let Some(field) = form.first_fault() {
        event.prevent_default();
        field.focus();
    }
}

/// The page's script lets each form be sent once, and asks whether other code sends it.
fn sent(event: &Event) {
    let Some(form) = Form::of(event) else { return };
    event.prevent_default();
    leptos::task::spawn_local(async move {
        // A page that is being left keeps its button inactive. If it is shown again, its script releases the button.
        if !answer::send(&form).await {
            dom::release();
        }
    });
}

fn input_name(event: &Event) -> Option<String> {
    event.target()?.dyn_into::<Element>().ok()?.get_attribute("name")
}

/// Runs `say` when no button or key is pressed any more. Words move the content below them, and content that moves
/// between press and release is not clicked.
fn once_released(say: impl FnOnce() + 'static) {
    if matches!(document().query_selector(":active"), Ok(Some(_))) {
        request_animation_frame(move || once_released(say));
    } else {
        say();
    }
}
