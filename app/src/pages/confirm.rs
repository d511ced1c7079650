use ironleaf_bff::ReturnTo;
use leptos::prelude::*;
use leptos_meta::Title;

use crate::answer::Answer;
use crate::components::{ButtonForm, Field, Rules, ServerForm, Username};
use crate::flashes::KeptForm;
use crate::load::Load;
use crate::request::PageRequest;
use crate::server_fns::{ConfirmPassword, RequestPasswordReset};
use crate::validation::FieldProblem;

/// `/confirm`: asks for the password again before an important change if the last sign-in is not recent.
#[component]
pub(crate) fn Confirm(email: String, form: KeptForm, return_to: Option<ReturnTo>) -> impl IntoView {
    let back = return_to.as_ref().map_or("/", ReturnTo::as_str).to_owned();
    let place = return_to.clone();
    let own = email.clone();
    view! {
        <Title text="Confirm" />
        <section class="card">
            <h1>"Confirm it's you"</h1>
            <p class="lead-small">
                "You logged in a while ago. Enter the password of " <strong>{email.clone()}</strong>
                " to go on. What you have typed is kept, except for passwords."
            </p>
            <ServerForm<ConfirmPassword> return_to>
                <Username email />
                <Field
                    kept=form.field("password")
                    label="Password"
                    autocomplete="current-password"
                    rules=Rules::present_or(FieldProblem::PasswordMissing)
                />
                <button type="submit" class="button primary wide">
                    "Continue"
                </button>
            </ServerForm<ConfirmPassword>>
            <div class="card-links">
                <a href=back>"Go back"</a>
                <ButtonForm<RequestPasswordReset> return_to=place>
                    <input type="hidden" name="email" value=own />
                    <button type="submit" class="link">
                        "Forgot Password"
                    </button>
                </ButtonForm<RequestPasswordReset>>
            </div>
        </section>
    }
}

impl Load for ConfirmProps {
    async fn load(request: &mut PageRequest) -> Result<Self, Answer> {
        let return_to = request.return_to();
        let user = request.signed_in_or_back_to(return_to.as_ref())?;
        Ok(Self { email: user.email.unwrap_or_default(), form: request.take_form(), return_to })
    }
}
