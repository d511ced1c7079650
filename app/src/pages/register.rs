use ironleaf_bff::{AccountAbility, ReturnTo};
use leptos::prelude::*;
use leptos_meta::Title;

use crate::answer::Answer;
use crate::components::{Field, NewPassword, Rules, ServerForm};
use crate::flashes::KeptForm;
use crate::links;
use crate::load::Load;
use crate::request::PageRequest;
use crate::server_fns;
use crate::validation::FieldProblem;
use crate::words::t;

/// `/register`: creates an account and signs the person in.
#[component]
pub(crate) fn Register(form: KeptForm, return_to: Option<ReturnTo>) -> impl IntoView {
    let login = links::login(return_to.as_ref());
    view! {
        <Title text=t("register") />
        <section class="card">
            <h1>{t("register-heading")}</h1>
            <ServerForm<server_fns::Register> return_to>
                <Field
                    kept=form.field("email")
                    label=t("email")
                    kind="email"
                    placeholder=t("email-example")
                    autocomplete="username"
                    rules=Rules::EMAIL
                />
                <NewPassword
                    form
                    label=t("password")
                    placeholder=t("register-password-hint")
                    unconfirmed=FieldProblem::ConfirmationMissing
                />
                <button type="submit" class="button primary wide">
                    {t("register")}
                </button>
            </ServerForm<server_fns::Register>>
            <p class="card-links">
                <span>{t("register-known")} " " <a href=login>{t("login")}</a></span>
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
