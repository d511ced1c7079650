use ironleaf_bff::{AccountAbility, VERIFICATION_LINK, VerificationLink};
use leptos::either::Either;
use leptos::prelude::*;
use leptos_meta::Title;

use crate::answer::Answer;
use crate::components::ButtonForm;
use crate::flashes::{Message, OPENED, Opened, VERIFIED, Verified};
use crate::load::Load;
use crate::request::PageRequest;
use crate::server_fns::VerifyEmail;
use crate::words::t;

/// `/email-verification`: the link of an e-mail, a button that uses it, and the result.
#[component]
pub(crate) fn EmailVerification(step: VerificationStep) -> impl IntoView {
    let content = match step {
        VerificationStep::Opened { by_itself } => Either::Left(view! { <UseLink by_itself /> }),
        VerificationStep::Decided { is_verified, is_signed_in } => {
            Either::Right(view! { <Outcome is_verified is_signed_in /> })
        }
    };
    view! {
        <Title text=t("verification") />
        <section class="card">{content}</section>
    }
}

/// The state of a verification.
#[derive(Clone, Copy)]
pub(crate) enum VerificationStep {
    /// The link was opened.
    Opened { by_itself: bool },
    /// The link was used, or there is no valid one.
    Decided { is_verified: bool, is_signed_in: bool },
}

#[component]
fn UseLink(by_itself: bool) -> impl IntoView {
    view! {
        <h1>{t("verification-heading")}</h1>
        <ButtonForm<VerifyEmail> by_itself>
            <p class="lead-small" role="status" data-busy=t("verification-busy")>
                {t("verification-text")}
            </p>
            <button type="submit" class="button primary wide">
                {t("verification-submit")}
            </button>
        </ButtonForm<VerifyEmail>>
    }
}

#[component]
fn Outcome(is_verified: bool, is_signed_in: bool) -> impl IntoView {
    let (next, label) =
        if is_signed_in { ("/account", t("verification-account")) } else { ("/login", t("login")) };
    let (heading, explanation) = if is_verified {
        (t("verification-done"), t("verification-done-text"))
    } else {
        (t("verification-failed"), t("verification-failed-text"))
    };
    view! {
        <h1>{heading}</h1>
        <p class="lead-small">{explanation}</p>
        <a class="button primary wide" href=next>
            {label}
        </a>
    }
}

impl Load for EmailVerificationProps {
    async fn load(request: &mut PageRequest) -> Result<Self, Answer> {
        request.with(AccountAbility::VerifyEmail)?;
        request.after_cookies_tried()?;
        if let Some(link) = VerificationLink::from_query(request.query()) {
            return Err(open_link(request, &link));
        }
        let is_signed_in = request.viewer.is_some();
        if VerificationLink::is_meant_by(request.query()) {
            // There is no token, or it is too long. The link of an earlier e-mail is not meant.
            request.clear(&VERIFICATION_LINK);
            request.clear(&VERIFIED);
            return Ok(Self { step: VerificationStep::Decided { is_verified: false, is_signed_in } });
        }
        if request.peek(&VERIFICATION_LINK).is_some() {
            // SECURITY: as for a link that signs somebody in, see `login`.
            let by_itself = request.take(&OPENED).is_some() && request.asked_to_verify();
            return Ok(Self { step: VerificationStep::Opened { by_itself } });
        }
        let Verified(is_verified) = request.peek(&VERIFIED).unwrap_or(Verified(false));
        Ok(Self { step: VerificationStep::Decided { is_verified, is_signed_in } })
    }
}

/// Removes the token from the address.
fn open_link(request: &PageRequest, link: &VerificationLink) -> Answer {
    // SECURITY: as for a link that signs somebody in, see `login`.
    request.clear(&VERIFIED);
    if !request.leave_link(&VERIFICATION_LINK, link) {
        request.leave_message(Message::NoRoomForLink, "/");
        return Answer::Redirect("/".to_owned());
    }
    request.leave(&OPENED, &Opened);
    request.led_by_cookie("/email-verification")
}
