use ironleaf_bff::ReturnTo;
use leptos::prelude::*;

use crate::components::{Field, ReturnField, Rules};
use crate::document::{Answer, Page};
use crate::islands::EnhancedForm;
use crate::kept_form::KeptForm;
use crate::request::PageRequest;
use crate::routes::login_page;
use crate::validation::FieldProblem;

/// `/register`: an account, and signed in with it.
pub(crate) async fn register(request: PageRequest) -> (PageRequest, Answer) {
    if request.viewer.is_some() {
        let answer = request.already_signed_in();
        return (request, answer);
    }
    let (form, return_to) = (request.take_form(), request.return_to());
    let page = Page::auth("Register", || register_view(form, return_to)).with_islands();
    (request, Answer::Page(page))
}

fn register_view(form: KeptForm, return_to: Option<ReturnTo>) -> impl IntoView {
    let login = login_page(return_to.as_ref());
    view! {
        <section class="card">
            <h1>"Create an Account"</h1>
            <EnhancedForm>
                <form method="post" action="/api/register" novalidate>
                    <input type="hidden" name="form_id" value="%form_id%" />
                    <ReturnField place=return_to />
                    <Field
                        kept=form.field("email")
                        label="Email"
                        kind="email"
                        placeholder="hi@example.com"
                        autocomplete="username"
                        rules=Rules::EMAIL
                    />
                    <Field
                        kept=form.field("password")
                        label="Password"
                        placeholder="At least 8 characters"
                        autocomplete="new-password"
                        rules=Rules::NEW_PASSWORD
                    />
                    <Field
                        kept=form.field("confirm_password")
                        label="Confirm Password"
                        autocomplete="new-password"
                        rules=Rules::confirmation(FieldProblem::ConfirmationMissing)
                    />
                    <button type="submit" class="button primary wide">
                        "Register"
                    </button>
                </form>
            </EnhancedForm>
            <p class="card-links">
                <span>"You have an account? " <a href=login>"Login"</a></span>
            </p>
        </section>
    }
}
