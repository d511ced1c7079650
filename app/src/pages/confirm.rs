use ironleaf_bff::ReturnTo;
use leptos::prelude::*;

use crate::components::{Field, ReturnField, Rules, Username};
use crate::document::{Answer, Page};
use crate::islands::EnhancedForm;
use crate::kept_form::KeptForm;
use crate::request::PageRequest;
use crate::validation::FieldProblem;

/// `/confirm`: asks for the password again before a change that matters, when the last sign-in is a while ago.
pub(crate) async fn confirm(request: PageRequest) -> (PageRequest, Answer) {
    let return_to = request.return_to();
    let Some(user) = request.viewer.clone() else {
        let answer = request.ask_to_log_in(return_to.as_ref());
        return (request, answer);
    };
    let form = request.take_form();
    let view = || confirm_view(form, user.email.unwrap_or_default(), return_to);
    let page = Page::new("Confirm", view).with_islands();
    (request, Answer::Page(page))
}

fn confirm_view(form: KeptForm, email: String, return_to: Option<ReturnTo>) -> impl IntoView {
    let own = email.clone();
    let place = return_to.clone();
    let back = return_to.as_ref().map_or("/", ReturnTo::as_str).to_owned();
    view! {
        <section class="card">
            <h1>"Confirm it's you"</h1>
            <p class="lead-small">
                "You logged in a while ago. Enter the password of " <strong>{own.clone()}</strong>
                " to go on. What you have typed is kept, except for passwords."
            </p>
            <EnhancedForm>
                <form method="post" action="/api/confirm-password" novalidate>
                    <input type="hidden" name="form_id" value="%form_id%" />
                    <Username email />
                    <input type="hidden" name="page_of" value="%page_of%" />
                    <ReturnField place=return_to />
                    <Field
                        kept=form.field("password")
                        label="Password"
                        autocomplete="current-password"
                        rules=Rules::present_or(FieldProblem::PasswordMissing)
                    />
                    <button type="submit" class="button primary wide">
                        "Continue"
                    </button>
                </form>
            </EnhancedForm>
            <div class="card-links">
                <a href=back>"Go back"</a>
                <form method="post" action="/api/request-password-reset">
                    <input type="hidden" name="form_id" value="%form_id%" />
                    <input type="hidden" name="email" value=own.clone() />
                    <ReturnField place />
                    <button type="submit" class="link">
                        "Forgot Password"
                    </button>
                </form>
            </div>
        </section>
    }
}
