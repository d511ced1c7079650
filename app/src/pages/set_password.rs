use ironleaf_bff::{AccountAbility, ReturnTo};
use leptos::prelude::*;
use leptos_meta::Title;

use crate::answer::Answer;
use crate::components::{Breadcrumb, Field, Rules, ServerForm, Username};
use crate::flashes::KeptForm;
use crate::load::Load;
use crate::request::PageRequest;
use crate::server_fns;
use crate::validation::FieldProblem;

/// `/set-password`: the target of the link in a reset e-mail. It does not ask the core API, so it appears at once.
#[component]
pub(crate) fn SetPassword(email: String, form: KeptForm, return_to: Option<ReturnTo>) -> impl IntoView {
    view! {
        <Title text="Set password" />
        <div>
            <Breadcrumb here="Set Password" />
            <h1>"Set Your Password"</h1>
            <h2 class="lead">"Create your new password"</h2>
            <div class="panel">
                <p class="lead-small">
                    "At least 8 characters of any kind. A few words that only you put together make a good one."
                </p>
                <ServerForm<server_fns::SetPassword> return_to until_valid=true>
                    <Username email />
                    <Field
                        kept=form.field("password")
                        label="New Password"
                        placeholder="Enter new password"
                        autocomplete="new-password"
                        rules=Rules::NEW_PASSWORD
                    />
                    <Field
                        kept=form.field("confirm_password")
                        label="Confirm Password"
                        placeholder="Confirm new password"
                        autocomplete="new-password"
                        rules=Rules::confirmation(FieldProblem::PasswordsDiffer)
                    />
                    <p class="form-actions">
                        <button type="submit" class="button primary">
                            "Update Password"
                        </button>
                    </p>
                </ServerForm<server_fns::SetPassword>>
            </div>
        </div>
    }
}

impl Load for SetPasswordProps {
    async fn load(request: &mut PageRequest) -> Result<Self, Answer> {
        request.with(AccountAbility::Change)?;
        // Without the session of the link, coming back would be useless.
        let user = request.signed_in_or_back_to(None)?;
        let (form, return_to) = (request.take_form(), request.return_to());
        Ok(Self { email: user.email.unwrap_or_default(), form, return_to })
    }
}
