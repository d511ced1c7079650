//! `GET /api/session`: tells a script who is signed in, and until when. No answer has a token.
//!
//! It neither renews the session nor calls the API, so a page may ask as often as it likes. A session that cannot be checked
//! is a 503 and not a sign-out: a script would throw away what its person has not saved.

use std::time::{Duration, SystemTime};

use app::language_of;
use axum::Router;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, COOKIE, ETAG, IF_NONE_MATCH, VARY};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, StatusCode};
use ironleaf_bff::{LiveSession, Problem, ProblemKind, SessionState};
use serde_json::{Value, json};

use crate::problems;

/// What a front end asks about the session.
pub(crate) const PATH: &str = "/api/session";
/// The page on which people sign in.
const SIGN_IN: &str = "/login";
/// Where a form or a script signs the person out.
const SIGN_OUT: &str = "/api/sign-out";
/// An answer without a session is the same for everybody.
const NOBODY: &str = "nobody";

pub(crate) fn routes() -> Router {
    Router::new().route(PATH, get(async |parts: Parts| answer(&parts)))
}

fn answer(parts: &Parts) -> Response {
    // SECURITY: no other site learns whether its visitor is signed in here. It could not read the answer, but measure it.
    // A browser that sends no such header sends no cookie with a request of another site: it is `SameSite=Lax`.
    if let Some(site) = parts.headers.get("sec-fetch-site")
        && !matches!(site.as_bytes(), b"same-origin" | b"none")
    {
        return refused(Problem::new(ProblemKind::CrossSite), parts);
    }
    match SessionState::from_parts(parts) {
        Ok(SessionState::SignedOut) => {
            let body = json!({ "signed_in": false, "sign_in": SIGN_IN }).to_string();
            unless_known(parts, NOBODY, body)
        }
        Ok(SessionState::Live(session)) => {
            let body = told(&session).to_string();
            unless_known(parts, &session.tag(body.as_bytes()), body)
        }
        Ok(SessionState::Unknown) => refused(Problem::unavailable(), parts),
        Err(_) => refused(Problem::new(ProblemKind::Internal), parts),
    }
}

/// Times are whole seconds since 1970, so that the answer stays the same until something changes.
fn told(session: &LiveSession) -> Value {
    let user = &session.user;
    let (ends_at, idle_ends_at) = (unix_secs(session.ends_at), unix_secs(session.idle_ends_at));
    if user.is_guest {
        return json!({
            "signed_in": false,
            "guest": true,
            "sign_in": SIGN_IN,
            "ends_at": ends_at,
            "idle_ends_at": idle_ends_at,
        });
    }
    json!({
        "signed_in": true,
        "user": {
            "id": user.id,
            "email": user.email,
            "unverified_email": user.unverified_email,
            "roles": user.roles,
            "claims": user.claims,
        },
        "ends_at": ends_at,
        "idle_ends_at": idle_ends_at,
        "sign_out": SIGN_OUT,
    })
}

fn unix_secs(time: SystemTime) -> u64 {
    time.duration_since(SystemTime::UNIX_EPOCH).as_ref().map_or(0, Duration::as_secs)
}

/// The answer, or 304 if the client has the same already.
fn unless_known(parts: &Parts, tag: &str, body: String) -> Response {
    let tag = format!("\"{tag}\"");
    let mut response = if is_known(&parts.headers, &tag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let json = [(CONTENT_TYPE, HeaderValue::from_static("application/json"))];
        (json, body).into_response()
    };
    let headers = response.headers_mut();
    if let Ok(tag) = HeaderValue::try_from(tag) {
        headers.insert(ETAG, tag);
    }
    keep_from_caches(headers);
    response
}

/// Whether `If-None-Match` names the tag (RFC 9110, section 13.1.2). A proxy may have made a strong tag a weak one.
fn is_known(headers: &HeaderMap, tag: &str) -> bool {
    let is_it = |named: &str| named == "*" || named.strip_prefix("W/").unwrap_or(named) == tag;
    let values = headers.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|named| is_it(named.trim()))
}

/// As JSON whatever the script accepts: most accept everything.
fn refused(problem: Problem, parts: &Parts) -> Response {
    let language = language_of(&parts.headers, &parts.extensions);
    let mut response = problem.into_response();
    // Otherwise an outer layer would render it again.
    response.extensions_mut().remove::<Problem>();
    let mut response = problems::json(problem, language, response);
    keep_from_caches(response.headers_mut());
    response
}

/// Nothing is stored but by the script itself, which sends the tag of what it has.
fn keep_from_caches(headers: &mut HeaderMap) {
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store, private"));
    headers.insert(VARY, HeaderValue::from(COOKIE));
}
