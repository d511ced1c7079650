use std::marker::PhantomData;

use ironleaf_bff::ReturnTo;
use leptos::attr::novalidate;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;

use crate::islands::EnhancedForm;
use crate::render::form_id_mark;
use crate::request::PageRequest;

/// A form with fields, sent to the server function `F` and enhanced by an island: `<ServerForm<SignIn>>` for
/// `async fn sign_in`. It works without scripts. Its properties are those of [`ButtonForm`].
#[expect(non_snake_case, reason = "a component that takes the properties of another one")]
pub(crate) fn ServerForm<F>(form: ButtonFormProps<F>) -> impl IntoView
where
    F: ServerFn + 'static,
{
    view! { <EnhancedForm>{ButtonForm(form).add_any_attr(novalidate(true))}</EnhancedForm> }
}

/// A form without visible fields, sent to the server function `F`: no island, and one button.
#[component]
pub(crate) fn ButtonForm<F>(
    /// Where the person goes afterwards.
    #[prop(optional_no_strip)]
    return_to: Option<ReturnTo>,
    /// Whether its button waits until the fields are valid. An island reads it.
    #[prop(optional)]
    until_valid: bool,
    /// Whether a second form with the same number gets the answer of the first, see `ironleaf_bff::edge::answer_once`.
    #[prop(default = true)]
    once: bool,
    /// Whether the page's script sends it at once.
    #[prop(optional)]
    by_itself: bool,
    #[prop(optional)] class: Option<&'static str>,
    /// Identifies whose page it is on, if that is not read from the request, as in a `Template`.
    #[prop(optional_no_strip)]
    person: Option<String>,
    children: Children,
    #[prop(optional)] function: PhantomData<F>,
) -> impl IntoView
where
    F: ServerFn + 'static,
{
    let PhantomData = function;
    view! {
        <form
            method="post"
            action=F::PATH
            class=class
            data-until-valid=until_valid.then_some("")
            data-auto-submit=by_itself.then_some("")
        >
            <CommonFields person return_to once />
            {children()}
        </form>
    }
}

/// The hidden fields of every form. Whose page it is on stands in it, so that it does nothing to somebody else who has signed in since.
#[component]
fn CommonFields(person: Option<String>, return_to: Option<ReturnTo>, once: bool) -> impl IntoView {
    let person = person.or_else(|| {
        let request = PageRequest::current();
        // Also a form that may be sent twice, such as that of a sign-in, does nothing in a browser that keeps no cookies.
        request.note_form();
        request.page_of()
    });
    view! {
        // Replaced when the page is sent, see `render`.
        {once.then(|| view! { <input type="hidden" name="form_id" value=form_id_mark() /> })}
        {person.map(|person| view! { <input type="hidden" name="page_of" value=person /> })}
        {return_to.map(|place| view! { <input type="hidden" name="return_to" value=place.to_string() /> })}
    }
}
