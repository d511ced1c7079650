use ironleaf_bff::SecondFactorState;
use leptos::either::Either;
use leptos::prelude::*;
use leptos_meta::Title;

use super::current::{CodeOrRecovery, Current, state};
use crate::answer::Answer;
use crate::components::{Breadcrumb, ServerForm};
use crate::flashes::KeptForm;
use crate::load::Load;
use crate::request::PageRequest;
use crate::server_fns::DisableSecondFactor;
use crate::words::t;

/// `/account/two-factor/disable`: asks for a code before the second step is disabled.
#[component]
pub(crate) fn DisableTwoFactor(state: SecondFactorState, form: KeptForm) -> impl IntoView {
    let content = if state.is_enabled {
        Either::Left(view! { <Disabling form /> })
    } else {
        Either::Right(view! { <Current state /> })
    };
    view! {
        <Title text=t("two-factor-disable-heading") />
        <div>
            <Breadcrumb here=t("two-factor") />
            <h1>{t("two-factor-disable-heading")}</h1>
            {content}
        </div>
    }
}

#[component]
fn Disabling(form: KeptForm) -> impl IntoView {
    view! {
        <section class="panel" aria-labelledby="disable">
            <div>
                <h2 id="disable">{t("two-factor-disable")}</h2>
                <p class="lead-small">{t("two-factor-disable-lead")}</p>
                <p class="lead-small">{t("two-factor-code-lead")}</p>
            </div>
            <ServerForm<DisableSecondFactor>>
                <CodeOrRecovery kept=form.field("code") />
                <p class="form-actions">
                    <a class="button" href="/account/two-factor">{t("cancel")}</a>
                    <button type="submit" class="button danger">{t("two-factor-disable-submit")}</button>
                </p>
            </ServerForm<DisableSecondFactor>>
        </section>
    }
}

impl Load for DisableTwoFactorProps {
    async fn load(request: &mut PageRequest) -> Result<Self, Answer> {
        Ok(Self { state: state(request).await?, form: request.take_form() })
    }
}
