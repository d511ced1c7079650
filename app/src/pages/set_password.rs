use ironleaf_bff::{AccountAbility, PASSWORD_LINK, PasswordLink, ReturnTo};
use leptos::either::EitherOf3;
use leptos::prelude::*;
use leptos_meta::Title;

use crate::answer::Answer;
use crate::components::{Breadcrumb, CurrentPassword, NewPassword, ServerForm, Username};
use crate::flashes::{KeptForm, Message};
use crate::links;
use crate::load::Load;
use crate::request::PageRequest;
use crate::server_fns::{self, ChangePassword, SetPasswordByLink};
use crate::validation::FieldProblem;
use crate::words::t;

/// `/set-password`: the target of the link in a reset e-mail. It does not ask the core API, so it appears at once.
#[component]
pub(crate) fn SetPassword(proof: Proof, form: KeptForm, return_to: Option<ReturnTo>) -> impl IntoView {
    let with_proof = match proof {
        Proof::Session { email } => EitherOf3::A(view! {
            <ServerForm<server_fns::SetPassword> return_to until_valid=true>
                <Username email />
                <NewPasswordFields form />
            </ServerForm<server_fns::SetPassword>>
        }),
        Proof::CurrentPassword { email } => EitherOf3::B(view! {
            <ServerForm<ChangePassword> return_to until_valid=true>
                <Username email />
                <input type="hidden" name="standalone" value="1" />
                <CurrentPassword kept=form.field("current_password") />
                <NewPasswordFields form />
            </ServerForm<ChangePassword>>
        }),
        Proof::Link => EitherOf3::C(view! {
            <ServerForm<SetPasswordByLink> until_valid=true>
                <NewPasswordFields form />
            </ServerForm<SetPasswordByLink>>
        }),
    };
    view! {
        <Title text=t("set-password-title") />
        <div>
            <Breadcrumb here=t("set-password-breadcrumb") />
            <h1>{t("set-password-heading")}</h1>
            <h2 class="lead">{t("set-password-lead")}</h2>
            <div class="panel">
                <p class="lead-small">
                    {t("set-password-text")}
                </p>
                {with_proof}
            </div>
        </div>
    }
}

/// What proves that it is the person.
pub(crate) enum Proof {
    /// A recent sign-in, as with the link of a reset e-mail.
    Session { email: String },
    /// The current password.
    CurrentPassword { email: String },
    /// The link of a reset e-mail that this browser has opened.
    Link,
}

/// The fields for the new password, and the button.
#[component]
fn NewPasswordFields(form: KeptForm) -> impl IntoView {
    view! {
        <NewPassword
            form
            label=t("set-password-new")
            placeholder=t("set-password-new-hint")
            confirmation_placeholder=t("set-password-confirmation-hint")
            unconfirmed=FieldProblem::PasswordsDiffer
        />
        <p class="form-actions">
            <button type="submit" class="button primary">
                {t("set-password-submit")}
            </button>
        </p>
    }
}

impl Load for SetPasswordProps {
    async fn load(request: &mut PageRequest) -> Result<Self, Answer> {
        let proof = proof(request)?;
        Ok(Self { proof, form: request.take_form(), return_to: request.return_to() })
    }
}

fn proof(request: &PageRequest) -> Result<Proof, Answer> {
    if request.offers(AccountAbility::SetPasswordByLink) {
        request.after_cookies_tried()?;
        open_link(request)?;
        if request.peek(&PASSWORD_LINK).is_some() {
            return Ok(Proof::Link);
        }
    }
    let needs_current = request.offers(AccountAbility::ChangePassword);
    if !needs_current {
        request.with(AccountAbility::Change)?;
    }
    // Without the session of the link, coming back would be useless. With the current password it is not.
    let place = if needs_current { request.here() } else { None };
    let user = request.signed_in_or_back_to(place.as_ref())?;
    if needs_current {
        let email = user.address().unwrap_or_default().to_owned();
        return Ok(Proof::CurrentPassword { email });
    }
    Ok(Proof::Session { email: user.email.unwrap_or_default() })
}

/// Removes the token of an e-mailed link from the address.
fn open_link(request: &PageRequest) -> Result<(), Answer> {
    if let Some(link) = PasswordLink::from_query(request.query()) {
        // SECURITY: as for a link that signs somebody in, see `login`.
        if request.leave_link(&PASSWORD_LINK, &link) {
            return Err(request.led_by_cookie("/set-password"));
        }
        request.leave_message(Message::NoRoomForLink, "/");
        return Err(Answer::Redirect("/".to_owned()));
    }
    if PasswordLink::is_meant_by(request.query()) {
        // The link of an earlier e-mail is not meant. Whoever is signed in has no page to ask for another one.
        request.clear(&PASSWORD_LINK);
        let page = if request.viewer.is_some() { "/account".to_owned() } else { links::reset_password(None) };
        request.leave_message(Message::PasswordLinkDead, &page);
        return Err(Answer::Redirect(page));
    }
    Ok(())
}
