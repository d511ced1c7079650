use ironleaf_bff::{AccountAbility, Activity as Event, ActivityKind};
use leptos::either::Either;
use leptos::prelude::*;
use leptos_meta::Title;

use crate::answer::Answer;
use crate::components::Breadcrumb;
use crate::load::Load;
use crate::request::PageRequest;
use crate::words::{date_time, t, t_around, t_date_time};

/// How many events are shown. The core API has older ones for a while.
const SHOWN: u32 = 50;

/// `/account/activity`: what happened to the person's account.
#[component]
pub(crate) fn Activity(events: Vec<Event>) -> impl IntoView {
    let content = if events.is_empty() {
        Either::Left(view! { <p class="panel">{t("activity-none")}</p> })
    } else {
        Either::Right(view! { <Events events /> })
    };
    let (before, after) = t_around("activity-lead", "change", []);
    view! {
        <Title text=t("activity") />
        <div>
            <Breadcrumb here=t("activity") />
            <h1>{t("activity")}</h1>
            <h2 class="lead">
                {before}
                <a href="/account">{t("activity-lead-change")}</a>
                {after}
            </h2>
            {content}
        </div>
    }
}

#[component]
fn Events(events: Vec<Event>) -> impl IntoView {
    let rows: Vec<_> = events.into_iter().map(|event| view! { <Row event /> }).collect();
    view! {
        <div class="table-frame">
            <table>
                <thead>
                    <tr>
                        <th scope="col">{t("activity-time")}</th>
                        <th scope="col">{t("activity-what")}</th>
                        <th scope="col">{t("activity-browser")}</th>
                        <th scope="col">{t("address")}</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
}

#[component]
fn Row(event: Event) -> impl IntoView {
    let Event { kind, at, browser, address, by_administrator } = event;
    let browser = if by_administrator { Some(t("activity-administrator").to_owned()) } else { browser };
    view! {
        <tr>
            <td><time datetime=date_time(at)>{t_date_time(at)}</time></td>
            <td>{t(message_of(kind))}</td>
            <td>{browser.unwrap_or_else(|| t("device-unknown").to_owned())}</td>
            <td>{address.unwrap_or_else(|| t("activity-no-address").to_owned())}</td>
        </tr>
    }
}

/// The message that says what happened.
const fn message_of(kind: ActivityKind) -> &'static str {
    match kind {
        ActivityKind::SignedIn => "activity-signed-in",
        ActivityKind::SignInFailed => "activity-sign-in-failed",
        ActivityKind::SignedOut => "activity-signed-out",
        ActivityKind::PasswordChanged => "activity-password-changed",
        ActivityKind::EmailChangeRequested => "activity-email-change-requested",
        ActivityKind::EmailChanged => "activity-email-changed",
        ActivityKind::EmailRestored => "activity-email-restored",
        ActivityKind::EmailVerified => "activity-email-verified",
        ActivityKind::PasswordResetRequested => "activity-password-reset-requested",
        ActivityKind::SignInLinkRequested => "activity-sign-in-link-requested",
        ActivityKind::TokenReused => "activity-token-reused",
        ActivityKind::OtherSessionsEnded => "activity-other-sessions-ended",
        ActivityKind::SecondFactorEnabled => "activity-second-factor-enabled",
        ActivityKind::SecondFactorDisabled => "activity-second-factor-disabled",
        ActivityKind::RecoveryCodesReplaced => "activity-recovery-codes-replaced",
        ActivityKind::RecoveryCodeUsed => "activity-recovery-code-used",
        ActivityKind::PasskeyAdded => "activity-passkey-added",
        ActivityKind::PasskeyRemoved => "activity-passkey-removed",
        ActivityKind::PasskeyBlocked => "activity-passkey-blocked",
        _ => "activity-other",
    }
}

impl Load for ActivityProps {
    async fn load(request: &mut PageRequest) -> Result<Self, Answer> {
        // Whether the API keeps it is known once it has been asked for the person.
        request.current_user().await?;
        request.with(AccountAbility::Activity)?;
        Ok(Self { events: request.activity(SHOWN).await? })
    }
}
