//! The form in the document: its fields, the words beside them, and its button.

use js_sys::JsString;
use leptos::prelude::document;
use wasm_bindgen::JsCast;
use web_sys::{
    CustomEvent, CustomEventInit, Element, Event, HtmlButtonElement, HtmlFormElement, HtmlInputElement,
};

use super::field_state::{Fault, FieldState, is_international_address, plain_spaces};

pub(super) struct Form(HtmlFormElement);

impl Form {
    pub(super) fn within(wrapper: &Element) -> Option<Self> {
        find(wrapper, "form").map(Self)
    }

    /// The form in which an event happened.
    pub(super) fn of(event: &Event) -> Option<Self> {
        let target: Element = event.target()?.dyn_into().ok()?;
        target.closest("form").ok()??.dyn_into().ok().map(Self)
    }

    pub(super) const fn element(&self) -> &HtmlFormElement {
        &self.0
    }

    /// Where the person wanted to go before they came here.
    pub(super) fn comes_back_to(&self) -> Option<String> {
        let field: HtmlInputElement = self.0.elements().named_item("return_to")?.dyn_into().ok()?;
        Some(field.value())
    }

    /// In the order of the page.
    pub(super) fn fields(&self) -> impl Iterator<Item = Field> + use<> {
        let elements = self.0.elements();
        (0..elements.length()).filter_map(move |index| Field::new(elements.item(index)?))
    }

    pub(super) fn field(&self, name: &str) -> Option<Field> {
        Field::new(self.0.elements().named_item(name)?)
    }

    /// The field with that name, and the field that repeats it.
    pub(super) fn concerned_by(&self, name: &str) -> impl Iterator<Item = Field> {
        self.fields().filter(move |field| {
            field.input.name() == name || field.original().is_some_and(|original| original == name)
        })
    }

    /// The first field that has words beside it.
    pub(super) fn first_marked(&self) -> Option<Field> {
        self.fields().find(Field::is_marked)
    }

    pub(super) fn first_fault(&self) -> Option<Field> {
        self.fields().find(|field| field.state(self).fault().is_some())
    }

    /// Disables the button until the fields are valid, if the form asks for that.
    pub(super) fn update_button(&self) {
        if let Some(button) = self.button()
            && self.0.has_attribute("data-until-valid")
        {
            button.set_disabled(self.first_fault().is_some());
        }
    }

    /// Name and value of the button that sends the form, if it has a name. The page's script has marked the button.
    pub(super) fn pressed(&self) -> Option<(String, String)> {
        let button: HtmlButtonElement = find(&self.0, "[aria-busy][name]")?;
        Some((button.name(), button.value()))
    }

    /// Where the form is sent: to the address of the button that sends it, if it has one of its own.
    pub(super) fn action(&self) -> String {
        let of_button = find::<Element>(&self.0, "[aria-busy][formaction]")
            .and_then(|button| button.get_attribute("formaction"));
        of_button.or_else(|| self.0.get_attribute("action")).unwrap_or_default()
    }

    fn button(&self) -> Option<HtmlButtonElement> {
        find(&self.0, "[type=submit]")
    }
}

/// An `input`, `select` or `textarea` with a place for words beside it. The properties that are read here have the same
/// names in all of them.
pub(super) struct Field {
    input: HtmlInputElement,
    place: Element,
}

impl Field {
    fn new(element: Element) -> Option<Self> {
        let place = document().get_element_by_id(&[&*element.get_attribute("name")?, "-error"].concat())?;
        Some(Self { input: element.unchecked_into(), place })
    }

    pub(super) fn state(&self, form: &Form) -> FieldState {
        let original = self.original().and_then(|name| form.field(&name));
        let value = self.value();
        FieldState {
            is_malformed: self.input.validity().type_mismatch() && !is_international_address(&value),
            value,
            is_required: self.input.required(),
            // Some browsers do not know the selector.
            is_autofilled: self.input.matches(":autofill").unwrap_or(false),
            min_chars: self.input.min_length().try_into().unwrap_or(0),
            original: original.map(|field| field.value()),
        }
    }

    /// The value in the form in which the server counts and compares it. The browser does the NFC normalization,
    /// because its tables would not fit in this module.
    fn value(&self) -> String {
        if self.input.matches("[type=checkbox]:not(:checked)").unwrap_or(false) {
            return String::new();
        }
        plain_spaces(&String::from(JsString::from(self.input.value()).normalize("NFC")))
    }

    /// The name of the field that this one repeats.
    fn original(&self) -> Option<String> {
        self.input.get_attribute("data-match")
    }

    /// Shows the page's words for the fault. Shows nothing if there is no fault, or no words for it.
    pub(super) fn tell(&self, fault: Option<Fault>) {
        let words = fault.and_then(|fault| self.input.get_attribute(fault.attribute()));
        self.say(words.as_deref().unwrap_or_default());
    }

    /// Shows `words` beside the field. Without words, the field is no longer marked.
    pub(super) fn say(&self, words: &str) {
        let _ = if words.is_empty() {
            self.input.remove_attribute("aria-invalid")
        } else {
            self.input.set_attribute("aria-invalid", "true")
        };
        // A screen reader would read the same words again.
        if self.place.text_content().as_deref() != Some(words) {
            self.place.set_text_content(Some(words));
        }
    }

    pub(super) fn is_marked(&self) -> bool {
        self.input.has_attribute("aria-invalid")
    }

    pub(super) fn has_focus(&self) -> bool {
        document().active_element().as_ref() == Some(&self.input)
    }

    pub(super) fn focus(&self) {
        let _ = self.input.focus();
    }
}

/// Passes a message to the page's script, which shows it.
pub(super) fn toast(message: &str) {
    tell_script("ironleaf:error", message);
}

/// Tells the page's script that the page stays, so the form can be sent again.
pub(super) fn release() {
    tell_script("ironleaf:release", "");
}

fn tell_script(what: &str, detail: &str) {
    let init = CustomEventInit::new();
    init.set_detail(&detail.into());
    if let Ok(event) = CustomEvent::new_with_event_init_dict(what, &init) {
        let _ = document().dispatch_event(&event);
    }
}

fn find<T: JsCast>(within: &Element, selector: &str) -> Option<T> {
    within.query_selector(selector).ok().flatten()?.dyn_into().ok()
}
