use std::time::SystemTime;

use ironleaf_auth::{Activity, ActivityKind, Response};
use serde::Deserialize;

use super::wire;

/// An event in the form of the core API.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event {
    #[serde(rename = "type")]
    kind: String,
    created_at: String,
    #[serde(default)]
    browser: Option<String>,
    #[serde(default)]
    address: Option<String>,
    #[serde(default)]
    by_administrator: bool,
}

/// The events of an answer, if it has the expected form. An event without a valid time is left out.
pub(super) fn read(response: &Response) -> Option<Vec<Activity>> {
    let events: Vec<Event> = wire::items(response)?;
    Some(events.into_iter().filter_map(activity).collect())
}

fn activity(event: Event) -> Option<Activity> {
    let Event { kind, created_at, browser, address, by_administrator } = event;
    let at: jiff::Timestamp = created_at.parse().ok()?;
    Some(Activity { kind: kind_of(&kind), at: SystemTime::from(at), browser, address, by_administrator })
}

fn kind_of(name: &str) -> ActivityKind {
    match name {
        "SIGNED_IN" => ActivityKind::SignedIn,
        "SIGN_IN_FAILED" => ActivityKind::SignInFailed,
        "SIGNED_OUT" => ActivityKind::SignedOut,
        "PASSWORD_CHANGED" => ActivityKind::PasswordChanged,
        "EMAIL_CHANGE_REQUESTED" => ActivityKind::EmailChangeRequested,
        "EMAIL_CHANGED" => ActivityKind::EmailChanged,
        "EMAIL_RESTORED" => ActivityKind::EmailRestored,
        "EMAIL_VERIFIED" => ActivityKind::EmailVerified,
        "PASSWORD_RESET_REQUESTED" => ActivityKind::PasswordResetRequested,
        "SIGN_IN_LINK_REQUESTED" => ActivityKind::SignInLinkRequested,
        "TOKEN_REUSED" => ActivityKind::TokenReused,
        "OTHER_SESSIONS_ENDED" => ActivityKind::OtherSessionsEnded,
        "SECOND_FACTOR_ENABLED" => ActivityKind::SecondFactorEnabled,
        "SECOND_FACTOR_DISABLED" => ActivityKind::SecondFactorDisabled,
        "RECOVERY_CODES_REPLACED" => ActivityKind::RecoveryCodesReplaced,
        "RECOVERY_CODE_USED" => ActivityKind::RecoveryCodeUsed,
        "PASSKEY_ADDED" => ActivityKind::PasskeyAdded,
        "PASSKEY_REMOVED" => ActivityKind::PasskeyRemoved,
        "PASSKEY_BLOCKED" => ActivityKind::PasskeyBlocked,
        _ => ActivityKind::Other,
    }
}
