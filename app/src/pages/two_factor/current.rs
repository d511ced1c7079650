//! What the pages of the second step have in common.

use ironleaf_bff::{AccountAbility, SecondFactorState};
use leptos::either::Either;
use leptos::prelude::*;

use crate::answer::Answer;
use crate::components::{ButtonForm, Field, Rules};
use crate::flashes::KeptField;
use crate::request::PageRequest;
use crate::server_fns::BeginSecondFactor;
use crate::validation::FieldProblem;
use crate::words::{t, t_with};

/// How it is now. The other pages show this where they have nothing to do.
#[component]
pub(super) fn Current(state: SecondFactorState) -> impl IntoView {
    let SecondFactorState { is_enabled, recovery_codes_left } = state;
    if is_enabled {
        Either::Left(view! { <Enabled recovery_codes_left /> })
    } else {
        Either::Right(view! { <Disabled /> })
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

/// The field of a code that proves that it is the person.
#[component]
pub(super) fn CodeOrRecovery(kept: KeptField) -> impl IntoView {
    view! {
        <Field
            kept
            label=t("two-factor-code-or-recovery")
            kind="text"
            autocomplete="off"
            rules=Rules::present_or(FieldProblem::CodeMissing)
        />
    }
}

/// The state of the signed-in person, where the provider offers a second step.
pub(super) async fn state(request: &mut PageRequest) -> Result<SecondFactorState, Answer> {
    // Whether the API offers it is known once it has been asked for the person.
    request.current_user().await?;
    request.with(AccountAbility::SecondFactor)?;
    request.second_factor().await
}
