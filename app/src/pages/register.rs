use ironleaf_bff::{AccountAbility, ReturnTo};
use leptos::prelude::*;
use leptos_meta::Title;

use crate::answer::Answer;
use crate::components::{Field, Rules, ServerForm};
use crate::flashes::KeptForm;
use crate::links;
use crate::load::Load;
use crate::request::PageRequest;
use crate::server_fns;
use crate::validation::FieldProblem;

/// `/register`: creates an account and signs the person in.
#[component]
pub(crate) fn Register(form: KeptForm, return_to: Option<ReturnTo>) -> impl IntoView {
    let login = links::login(return_to.as_ref());
    view! {
        <Title text="Register" />
        <section class="card">
            <h1>"Create an Account"</h1>
            <ServerForm<server_fns::Register> return_to>
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
            </ServerForm<server_fns::Register>>
            <p class="card-links">
                <span>"You have an account? " <a href=login>"Login"</a></span>
            </p>
        </section>
    }
}

impl Load for RegisterProps {
    const SAME_FOR_STRANGERS: bool = true;

    async fn load(request: &mut PageRequest) -> Result<Self, Answer> {
        request.with(AccountAbility::Register)?;
        request.signed_out()?;
        Ok(Self { form: request.take_form(), return_to: request.return_to() })
    }
}
