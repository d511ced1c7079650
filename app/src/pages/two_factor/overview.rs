use ironleaf_bff::SecondFactorState;
use leptos::prelude::*;
use leptos_meta::Title;

use super::current::{Current, state};
use crate::answer::Answer;
use crate::components::Breadcrumb;
use crate::load::Load;
use crate::request::PageRequest;
use crate::words::t;

/// `/account/two-factor`: whether the person signs in with two steps, and the ways to change that.
#[component]
pub(crate) fn TwoFactor(state: SecondFactorState) -> impl IntoView {
    view! {
        <Title text=t("two-factor-heading") />
        <div>
            <Breadcrumb here=t("two-factor") />
            <h1>{t("two-factor-heading")}</h1>
            <p class="lead">{t("two-factor-lead")}</p>
            <Current state />
            <p class="page-links"><a href="/account">{t("back-to-account")}</a></p>
        </div>
    }
}

impl Load for TwoFactorProps {
    async fn load(request: &mut PageRequest) -> Result<Self, Answer> {
        Ok(Self { state: state(request).await? })
    }
}
