use ironleaf_bff::{AccountAbility, ReturnTo, User};
use leptos::either::Either;
use leptos::prelude::*;
use leptos_meta::Title;

use crate::answer::Answer;
use crate::components::{ButtonForm, Field, Rules, ServerForm, Username};
use crate::flashes::KeptForm;
use crate::load::Load;
use crate::request::PageRequest;
use crate::server_fns::{ConfirmPassword, ConfirmWithProvider, RequestPasswordReset};
use crate::validation::FieldProblem;
use crate::words::{t, t_around, t_with};

/// `/confirm`: asks the person to prove again who they are before an important change, if the last sign-in is not
/// recent. `provider` is the name of the provider that asks them, if they do not do it here.
#[component]
pub(crate) fn Confirm(
    user: User,
    form: KeptForm,
    provider: Option<String>,
    return_to: Option<ReturnTo>,
) -> impl IntoView {
    let back = return_to.as_ref().map_or("/", ReturnTo::as_str).to_owned();
    let content = if let Some(provider) = provider {
        let person = user.display_name().to_owned();
        Either::Left(view! { <AtProvider person provider return_to back /> })
    } else {
        let email = user.email.or(user.unverified_email).unwrap_or_default();
        Either::Right(view! { <WithPassword email form return_to back /> })
    };
    view! {
        <Title text=t("confirm") />
        <section class="card">
            <h1>{t("confirm-heading")}</h1>
            {content}
        </section>
    }
}

#[component]
fn AtProvider(person: String, provider: String, return_to: Option<ReturnTo>, back: String) -> impl IntoView {
    let (before, after) = t_around("confirm-at-provider", "person", [("provider", provider.as_str().into())]);
    view! {
        <p class="lead-small">{before} <strong>{person}</strong> {after}</p>
        <ButtonForm<ConfirmWithProvider> return_to once=false>
            <button type="submit" class="button primary wide">
                {t_with("continue-with", [("provider", provider.into())])}
            </button>
        </ButtonForm<ConfirmWithProvider>>
        <p class="card-links">
            <a href=back>{t("go-back")}</a>
        </p>
    }
}

#[component]
fn WithPassword(email: String, form: KeptForm, return_to: Option<ReturnTo>, back: String) -> impl IntoView {
    let can_reset = PageRequest::current().offers(AccountAbility::ResetPassword);
    let reset =
        can_reset.then(|| view! { <ForgotPassword email=email.clone() return_to=return_to.clone() /> });
    let (before, after) = t_around("confirm-with-password", "email", []);
    view! {
        <p class="lead-small">{before} <strong>{email.clone()}</strong> {after}</p>
        <ServerForm<ConfirmPassword> return_to>
            <Username email />
            <Field
                kept=form.field("password")
                label=t("password")
                autocomplete="current-password"
                rules=Rules::present_or(FieldProblem::PasswordMissing)
            />
            <button type="submit" class="button primary wide">
                {t("confirm-submit")}
            </button>
        </ServerForm<ConfirmPassword>>
        <div class="card-links">
            <a href=back>{t("go-back")}</a>
            {reset}
        </div>
    }
}

#[component]
fn ForgotPassword(email: String, return_to: Option<ReturnTo>) -> impl IntoView {
    view! {
        <ButtonForm<RequestPasswordReset> return_to>
            <input type="hidden" name="email" value=email />
            <button type="submit" class="link">
                {t("forgot-password")}
            </button>
        </ButtonForm<RequestPasswordReset>>
    }
}

impl Load for ConfirmProps {
    async fn load(request: &mut PageRequest) -> Result<Self, Answer> {
        let return_to = request.return_to();
        let user = request.signed_in_or_back_to(return_to.as_ref())?;
        let provider = request.redirect_sign_in().map(|provider| provider.name);
        Ok(Self { user, form: request.take_form(), provider, return_to })
    }
}
