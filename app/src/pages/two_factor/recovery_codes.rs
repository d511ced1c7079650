use ironleaf_bff::{RECOVERY_CODES, SecondFactorState};
use leptos::either::EitherOf3;
use leptos::prelude::*;
use leptos_meta::Title;

use super::current::{CodeOrRecovery, Current, state};
use crate::answer::Answer;
use crate::components::{Breadcrumb, ServerForm};
use crate::flashes::KeptForm;
use crate::load::Load;
use crate::request::PageRequest;
use crate::server_fns::ReplaceRecoveryCodes;
use crate::words::t;

/// `/account/two-factor/recovery-codes`: new recovery codes, once, or the form that makes some.
#[component]
pub(crate) fn RecoveryCodes(step: RecoveryCodesStep) -> impl IntoView {
    let content = match step {
        RecoveryCodesStep::Shown(codes) => EitherOf3::A(view! { <Shown codes /> }),
        RecoveryCodesStep::Replacing(form) => EitherOf3::B(view! { <Replacing form /> }),
        RecoveryCodesStep::Nothing(state) => EitherOf3::C(view! { <Current state /> }),
    };
    view! {
        <Title text=t("recovery-codes") />
        <div>
            <Breadcrumb here=t("recovery-codes") />
            <h1>{t("recovery-codes")}</h1>
            <p class="lead">{t("recovery-codes-lead")}</p>
            {content}
        </div>
    }
}

pub(crate) enum RecoveryCodesStep {
    /// They were made by the last request, and are not shown again.
    Shown(Vec<String>),
    /// Others can be made.
    Replacing(KeptForm),
    /// There is no app that they would stand in for.
    Nothing(SecondFactorState),
}

#[component]
fn Shown(codes: Vec<String>) -> impl IntoView {
    let codes: Vec<_> = codes.into_iter().map(|code| view! { <li><code>{code}</code></li> }).collect();
    view! {
        <section class="panel" aria-labelledby="codes">
            <div>
                <h2 id="codes">{t("recovery-codes-new")}</h2>
                <p class="lead-small">{t("recovery-codes-keep")}</p>
            </div>
            <div>
                <ul class="recovery-codes">{codes}</ul>
                <p class="form-actions">
                    <a class="button primary" href="/account/two-factor">{t("recovery-codes-done")}</a>
                </p>
            </div>
        </section>
    }
}

#[component]
fn Replacing(form: KeptForm) -> impl IntoView {
    view! {
        <section class="panel" aria-labelledby="replace">
            <div>
                <h2 id="replace">{t("recovery-codes-new")}</h2>
                <p class="lead-small">{t("recovery-codes-new-lead")}</p>
                <p class="lead-small">{t("two-factor-code-lead")}</p>
            </div>
            <ServerForm<ReplaceRecoveryCodes>>
                <CodeOrRecovery kept=form.field("code") />
                <p class="form-actions">
                    <a class="button" href="/account/two-factor">{t("cancel")}</a>
                    <button type="submit" class="button primary">{t("recovery-codes-submit")}</button>
                </p>
            </ServerForm<ReplaceRecoveryCodes>>
        </section>
    }
}

impl Load for RecoveryCodesProps {
    async fn load(request: &mut PageRequest) -> Result<Self, Answer> {
        let state = state(request).await?;
        let viewer = request.viewer.as_ref().map(|user| user.id.clone()).unwrap_or_default();
        if let Some(codes) = request.take(&RECOVERY_CODES).filter(|codes| codes.are_of(&viewer)) {
            let codes = codes.codes().map(str::to_owned).collect();
            return Ok(Self { step: RecoveryCodesStep::Shown(codes) });
        }
        if !state.is_enabled {
            return Ok(Self { step: RecoveryCodesStep::Nothing(state) });
        }
        Ok(Self { step: RecoveryCodesStep::Replacing(request.take_form()) })
    }
}
