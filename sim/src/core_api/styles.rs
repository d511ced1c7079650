//! How the back end of each style is spoken to.

mod better_auth;
mod commercetools;
mod contract;
mod cookie_api;
mod jwt_sessions;

use ironleaf_auth::{Request, Response};

use super::answer::Answer;
use super::call::Call;
use super::openid;
use crate::style::Style;

/// Reads a request in the form of this style.
pub(super) fn read(style: Style, request: &Request) -> Call {
    let call = match style {
        Style::Ours | Style::Recorded => contract::read(request),
        Style::CookieApi | Style::Graced => cookie_api::read(request),
        Style::JwtSessions => jwt_sessions::read(request),
        Style::BetterAuth => better_auth::read(request),
        Style::Commercetools => commercetools::read(request),
        // Its tokens are for an API in the form of the contract.
        Style::OpenId => openid::read(request).or_else(|| contract::read(request)),
    };
    call.unwrap_or(Call::Unknown)
}

/// Writes the answer to a call in the form of this style.
pub(super) fn respond(style: Style, call: &Call, answer: Answer) -> Response {
    match style {
        Style::Ours | Style::Recorded => contract::respond(answer, style == Style::Ours),
        Style::CookieApi | Style::Graced => cookie_api::respond(answer),
        Style::JwtSessions => jwt_sessions::respond(call, answer),
        Style::BetterAuth => better_auth::respond(call, answer),
        Style::Commercetools => commercetools::respond(call, answer),
        Style::OpenId => openid::respond(&answer).unwrap_or_else(|| contract::respond(answer, false)),
    }
}
