use ironleaf_bff::ReturnTo;
use leptos::prelude::*;

use crate::components::{Field, Rules, Username};
use crate::document::{Answer, Page};
use crate::islands::EnhancedForm;
use crate::kept_form::KeptForm;
use crate::request::PageRequest;
use crate::routes::login_page;

/// `/confirm`: asks for the password again before a change that matters, when the last sign-in is a while ago.
pub(crate) async fn confirm(request: PageRequest) -> (PageRequest, Answer) {
    let return_to = request.return_to();
    let Some(user) = request.viewer.clone() else {
        return (request, Answer::Redirect(login_page(return_to.as_ref())));
    };
    let form = request.take_form();
    let page = Page::new("Confirm", || confirm_view(form, user.email, return_to)).with_islands();
    (request, Answer::Page(page))
}

fn confirm_view(form: KeptForm, email: String, return_to: Option<ReturnTo>) -> impl IntoView {
    let back = return_to.as_ref().map_or("/", ReturnTo::as_str).to_owned();
    view! {
        <section class="card">
            <h1>"Confirm it's you"</h1>
            <p class="lead-small">
                "You logged in a while ago. Enter the password of " <strong>{email.clone()}</strong>
                " to go on. What you have typed is kept, except for passwords."
            </p>
            <EnhancedForm>
                <form method="post" action="/api/confirm-password" novalidate>
                    <Username email />
                    {return_to
                        .map(|place| {
                            view! { <input type="hidden" name="return_to" value=place.to_string() /> }
                        })}
                    <Field
                        kept=form.field("password")
                        label="Password"
                        autocomplete="current-password"
                        rules=Rules::PRESENT
                    />
                    <button type="submit" class="button primary wide">
                        "Continue"
                    </button>
                </form>
            </EnhancedForm>
            <p class="card-links">
                <a href=back>"Go back"</a>
            </p>
        </section>
    }
}
