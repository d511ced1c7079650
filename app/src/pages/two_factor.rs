mod qr_code;
mod recovery_codes;
mod set_up;

use ironleaf_bff::{AccountAbility, SecondFactorState};
use leptos::either::Either;
use leptos::prelude::*;
use leptos_meta::Title;

use crate::answer::Answer;
use crate::components::{Breadcrumb, ButtonForm, Field, Rules, ServerForm};
use crate::flashes::KeptForm;
use crate::load::Load;
use crate::request::PageRequest;
use crate::server_fns::{BeginSecondFactor, DisableSecondFactor};
use crate::validation::FieldProblem;
use crate::words::{t, t_with};

pub(crate) use recovery_codes::RecoveryCodes;
pub(crate) use set_up::SetUpTwoFactor;

/// `/account/two-factor`: whether the person signs in with two steps, and the ways to change that.
#[component]
pub(crate) fn TwoFactor(state: SecondFactorState) -> impl IntoView {
    let SecondFactorState { is_enabled, recovery_codes_left } = state;
    let content = if is_enabled {
        Either::Left(view! { <Enabled recovery_codes_left /> })
    } else {
        Either::Right(view! { <Disabled /> })
    };
    view! {
        <Title text=t("two-factor-heading") />
        <div>
            <Breadcrumb here=t("two-factor") />
            <h1>{t("two-factor-heading")}</h1>
            <p class="lead">{t("two-factor-lead")}</p>
            {content}
            <p class="page-links"><a href="/account">{t("back-to-account")}</a></p>
        </div>
    }
}

#[component]
fn Disabled() -> impl IntoView {
    view! {
        <section class="panel" aria-labelledby="app">
            <div>
                <h2 id="app">{t("two-factor-app")}</h2>
                <p class="lead-small">{t("two-factor-off")}</p>
            </div>
            <ButtonForm<BeginSecondFactor> class="form-actions" once=false>
                <button type="submit" class="button primary">{t("two-factor-begin")}</button>
            </ButtonForm<BeginSecondFactor>>
        </section>
    }
}

#[component]
fn Enabled(recovery_codes_left: u32) -> impl IntoView {
    view! {
        <section class="panel" aria-labelledby="app">
            <div>
                <h2 id="app">{t("two-factor-app")}</h2>
                <p class="lead-small">{t("two-factor-on")}</p>
            </div>
            <p class="form-actions">
                <a class="button danger-outline" href="/account/two-factor/disable">{t("two-factor-disable")}</a>
            </p>
        </section>
        <section class="panel" aria-labelledby="codes">
            <div>
                <h2 id="codes">{t("recovery-codes")}</h2>
                <p class="lead-small">
                    {t_with("recovery-codes-left", [("count", recovery_codes_left.into())])}
                </p>
            </div>
            <p class="form-actions">
                <a class="button" href="/account/two-factor/recovery-codes">{t("recovery-codes-new")}</a>
            </p>
        </section>
    }
}

/// `/account/two-factor/disable`: asks for a code before the second step is disabled.
#[component]
pub(crate) fn DisableTwoFactor(form: KeptForm) -> impl IntoView {
    view! {
        <Title text=t("two-factor-disable-heading") />
        <section class="card">
            <h1>{t("two-factor-disable-heading")}</h1>
            <p class="lead-small">{t("two-factor-disable-lead")}</p>
            <p class="lead-small">{t("two-factor-code-lead")}</p>
            <ServerForm<DisableSecondFactor>>
                <CodeOrRecovery form />
                <p class="dialog-actions">
                    <a class="button" href="/account/two-factor">{t("cancel")}</a>
                    <button type="submit" class="button danger">{t("two-factor-disable-submit")}</button>
                </p>
            </ServerForm<DisableSecondFactor>>
        </section>
    }
}

/// The field of a code that proves that it is the person.
#[component]
fn CodeOrRecovery(form: KeptForm) -> impl IntoView {
    view! {
        <Field
            kept=form.field("code")
            label=t("two-factor-code-or-recovery")
            kind="text"
            autocomplete="off"
            rules=Rules::present_or(FieldProblem::CodeMissing)
        />
    }
}

impl Load for TwoFactorProps {
    async fn load(request: &mut PageRequest) -> Result<Self, Answer> {
        Ok(Self { state: state(request).await? })
    }
}

impl Load for DisableTwoFactorProps {
    async fn load(request: &mut PageRequest) -> Result<Self, Answer> {
        if !state(request).await?.is_enabled {
            return Err(Answer::Redirect("/account/two-factor".to_owned()));
        }
        Ok(Self { form: request.take_form() })
    }
}

async fn state(request: &mut PageRequest) -> Result<SecondFactorState, Answer> {
    // Whether the API offers it is known once it has been asked for the person.
    request.current_user().await?;
    request.with(AccountAbility::SecondFactor)?;
    request.second_factor().await
}
