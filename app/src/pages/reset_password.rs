use ironleaf_bff::{AccountAbility, ReturnTo};
use leptos::prelude::*;
use leptos_meta::Title;

use crate::answer::Answer;
use crate::components::{Field, Rules, ServerForm};
use crate::flashes::KeptForm;
use crate::links;
use crate::load::Load;
use crate::request::PageRequest;
use crate::server_fns::RequestPasswordReset;

/// `/reset-password`: requests the e-mail for setting a new password.
#[component]
pub(crate) fn ResetPassword(form: KeptForm, return_to: Option<ReturnTo>) -> impl IntoView {
    let login = links::login(return_to.as_ref());
    view! {
        <Title text="Reset password" />
        <section class="card">
            <h1>"Reset your password"</h1>
            <p class="lead-small">"We send you a link that lets you set a new one."</p>
            <ServerForm<RequestPasswordReset> return_to until_valid=true>
                <Field
                    kept=form.field("email")
                    label="Email"
                    kind="email"
                    placeholder="hi@example.com"
                    autocomplete="username"
                    rules=Rules::EMAIL
                />
                <button type="submit" class="button primary wide">
                    "Reset Password"
                </button>
            </ServerForm<RequestPasswordReset>>
            <p class="card-links">
                <span>"You remember it? " <a href=login>"Login"</a></span>
            </p>
        </section>
    }
}

impl Load for ResetPasswordProps {
    const SAME_FOR_STRANGERS: bool = true;

    async fn load(request: &mut PageRequest) -> Result<Self, Answer> {
        request.with(AccountAbility::ResetPassword)?;
        request.signed_out()?;
        Ok(Self { form: request.take_form(), return_to: request.return_to() })
    }
}
