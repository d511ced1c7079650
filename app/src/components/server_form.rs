use std::marker::PhantomData;

use ironleaf_bff::ReturnTo;
use leptos::either::Either;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;

use crate::islands::EnhancedForm;
use crate::request::PageRequest;

/// A form that is sent to the server function `F` and enhanced by an island: `<ServerForm<SignIn>>` for
/// `async fn sign_in`. It works without scripts.
#[component]
pub(crate) fn ServerForm<F>(
    /// Where the person goes afterwards.
    #[prop(optional_no_strip)]
    return_to: Option<ReturnTo>,
    /// Whether its button waits until the fields are valid.
    #[prop(optional)]
    until_valid: bool,
    /// Whether a second form with the same number gets the answer of the first, see `ironleaf_bff::edge::answer_once`.
    #[prop(default = true)]
    once: bool,
    children: Children,
    #[prop(optional)] function: PhantomData<F>,
) -> impl IntoView
where
    F: ServerFn + 'static,
{
    let PhantomData = function;
    // Every form needs cookies, even one that may be sent twice, such as the sign-in: a browser without cookies cannot
    // use it.
    PageRequest::current().note_form();
    view! {
        <EnhancedForm>
            <form method="post" action=F::PATH novalidate data-until-valid=until_valid.then_some("")>
                <CommonFields return_to once />
                {children()}
            </form>
        </EnhancedForm>
    }
}

/// A form without visible fields: no island, and one button.
#[component]
pub(crate) fn ButtonForm<F>(
    /// Where the person goes afterwards.
    #[prop(optional_no_strip)]
    return_to: Option<ReturnTo>,
    /// Whether a second form with the same number gets the answer of the first, see `ironleaf_bff::edge::answer_once`.
    #[prop(default = true)]
    once: bool,
    /// Whether the page's script sends it at once.
    #[prop(optional)]
    by_itself: bool,
    #[prop(optional)] class: Option<&'static str>,
    /// Identifies whose page it is on, if that is not read from the request, as in a `Template`.
    #[prop(optional_no_strip)]
    person: Option<&'static str>,
    children: Children,
    #[prop(optional)] function: PhantomData<F>,
) -> impl IntoView
where
    F: ServerFn + 'static,
{
    let PhantomData = function;
    view! {
        <form method="post" action=F::PATH class=class data-auto-submit=by_itself.then_some("")>
            {match person {
                Some(person) => Either::Left(view! { <HiddenFields person=Some(person.to_owned()) return_to once /> }),
                None => Either::Right(view! { <CommonFields return_to once /> }),
            }}
            {children()}
        </form>
    }
}

/// The hidden fields of a form on the page of this request.
#[component]
fn CommonFields(return_to: Option<ReturnTo>, once: bool) -> impl IntoView {
    let request = PageRequest::current();
    if once {
        request.note_form();
    }
    view! { <HiddenFields person=request.page_of() return_to once /> }
}

/// The hidden fields of every form. They name the person of the page, so that the form does nothing to another person
/// who has signed in since.
#[component]
fn HiddenFields(person: Option<String>, return_to: Option<ReturnTo>, once: bool) -> impl IntoView {
    view! {
        // Replaced when the page is sent, see `render`.
        {once.then(|| view! { <input type="hidden" name="form_id" value="%form_id%" /> })}
        {person.map(|person| view! { <input type="hidden" name="page_of" value=person /> })}
        {return_to.map(|place| view! { <input type="hidden" name="return_to" value=place.to_string() /> })}
    }
}
