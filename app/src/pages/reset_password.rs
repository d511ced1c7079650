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
use crate::words::t;

/// `/reset-password`: requests the e-mail for setting a new password.
#[component]
pub(crate) fn ResetPassword(form: KeptForm, return_to: Option<ReturnTo>) -> impl IntoView {
    let login = links::login(return_to.as_ref());
    view! {
        <Title text=t("reset-password-title") />
        <section class="card">
            <h1>{t("reset-password-heading")}</h1>
            <p class="lead-small">{t("reset-password-text")}</p>
            <ServerForm<RequestPasswordReset> return_to until_valid=true>
                <Field
                    kept=form.field("email")
                    label=t("email")
                    kind="email"
                    placeholder=t("email-example")
                    autocomplete="username"
                    rules=Rules::EMAIL
                />
                <button type="submit" class="button primary wide">
                    {t("reset-password-submit")}
                </button>
            </ServerForm<RequestPasswordReset>>
            <p class="card-links">
                <span>{t("reset-password-remembered")} " " <a href=login>{t("login")}</a></span>
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
