use ironleaf_bff::{self as bff, AccountAbility, AccountFailure, RESTORATION_LINK, RestorationLink};
use leptos::either::Either;
use leptos::prelude::*;
use leptos_meta::Title;

use crate::answer::Answer;
use crate::components::ButtonForm;
use crate::error::AppError;
use crate::flashes::{Message, RESTORED, Verified};
use crate::form_post::{Done, FormPost};
use crate::html_form::HtmlForm;
use crate::load::Load;
use crate::refusal::Refusal;
use crate::request::PageRequest;
use crate::words::t;

const PATH: &str = "/restore-address";

/// `/restore-address`: the link of the e-mail to an address that was replaced, a button that takes the address back, and
/// the result. Nothing presses the button but the person.
#[component]
pub(crate) fn RestoreAddress(step: RestorationStep) -> impl IntoView {
    let content = match step {
        RestorationStep::Opened => Either::Left(view! { <TakeBack /> }),
        RestorationStep::Decided { is_restored } => Either::Right(view! { <Outcome is_restored /> }),
    };
    view! {
        <Title text=t("restore-heading") />
        <section class="card">{content}</section>
    }
}

/// The state of a restoration.
#[derive(Clone, Copy)]
pub(crate) enum RestorationStep {
    /// The link was opened.
    Opened,
    /// The link was used, or there is no valid one.
    Decided { is_restored: bool },
}

#[component]
fn TakeBack() -> impl IntoView {
    view! {
        <h1>{t("restore-heading")}</h1>
        <p class="lead-small">
            {t("restore-text")}
        </p>
        <ButtonForm<TakeAddressBack>>
            <button type="submit" class="button primary wide">
                {t("restore-submit")}
            </button>
        </ButtonForm<TakeAddressBack>>
    }
}

#[component]
fn Outcome(is_restored: bool) -> impl IntoView {
    let (heading, explanation) = if is_restored {
        ("restore-done", "restore-done-text")
    } else {
        ("verification-failed", "restore-failed-text")
    };
    view! {
        <h1>{t(heading)}</h1>
        <p class="lead-small">{t(explanation)}</p>
        <a class="button primary wide" href="/login">
            {t("login")}
        </a>
    }
}

impl Load for RestoreAddressProps {
    async fn load(request: &mut PageRequest) -> Result<Self, Answer> {
        request.with(AccountAbility::RestoreAddress)?;
        request.after_cookies_tried()?;
        if let Some(link) = RestorationLink::from_query(request.query()) {
            return Err(open_link(request, &link));
        }
        if RestorationLink::is_meant_by(request.query()) {
            // There is no token, or it is too long. The link of an earlier e-mail is not meant.
            request.clear(&RESTORATION_LINK);
            request.clear(&RESTORED);
            return Ok(Self { step: RestorationStep::Decided { is_restored: false } });
        }
        if request.peek(&RESTORATION_LINK).is_some() {
            return Ok(Self { step: RestorationStep::Opened });
        }
        let Verified(is_restored) = request.peek(&RESTORED).unwrap_or(Verified(false));
        Ok(Self { step: RestorationStep::Decided { is_restored } })
    }
}

/// Removes the token from the address.
fn open_link(request: &PageRequest, link: &RestorationLink) -> Answer {
    // SECURITY: as for a link that signs somebody in, see `login`.
    request.clear(&RESTORED);
    if !request.leave_link(&RESTORATION_LINK, link) {
        request.leave_message(Message::NoRoomForLink, "/");
        return Answer::Redirect("/".to_owned());
    }
    request.led_by_cookie(PATH)
}

/// Takes an address back with the link that the browser has opened.
#[server(prefix = "/api", endpoint = "restore-address", protocol = HtmlForm)]
pub async fn take_address_back() -> Result<Done, AppError> {
    let form = FormPost::on_page(PATH)?.with(AccountAbility::RestoreAddress)?;
    let outcome = match form.peek(&RESTORATION_LINK) {
        Some(link) => bff::restore_address(form.parts(), &link).await,
        None => Err(AccountFailure::InvalidToken),
    };
    // A link without a decision stays for the next try.
    if matches!(outcome, Ok(()) | Err(AccountFailure::InvalidToken)) {
        form.clear(&RESTORATION_LINK);
        form.leave(&RESTORED, &Verified(outcome.is_ok()));
    }
    match outcome {
        Ok(()) => Ok(form.done(PATH, None)),
        Err(AccountFailure::InvalidToken) => Err(form.refused_in_silence(Refusal::invalid_token())),
        Err(failure) => Err(form.refused(failure)),
    }
}
