//! Answers of our own, in place of the API's.

use axum::response::{IntoResponse, Redirect, Response};
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, REFERER, RETRY_AFTER, SEC_WEBSOCKET_VERSION};
use http::request::Parts;
use http::{HeaderValue, Method, StatusCode};
use ironleaf_bff::{Problem, ProblemKind, PublicOrigin, ReturnTo};
use serde_json::json;

use crate::Route;

/// The page on which people sign in.
const LOGIN: &str = "/login";

/// Nobody is signed in, or not any more. A script learns where people sign in; a browser that opens the address goes
/// there.
pub(crate) fn signed_out(parts: &Parts, origin: &PublicOrigin) -> Response {
    let mut response = if is_navigation(parts) {
        let here = parts.uri.path_and_query().and_then(|place| ReturnTo::parse(place.as_str()));
        Redirect::to(&login(here.as_ref())).into_response()
    } else {
        let page = page(parts, origin);
        let body = json!({
            "code": "signed_out",
            "message": "Nobody is signed in, or not any more.",
            "sign_in": login(page.as_ref()),
        });
        let json = [(CONTENT_TYPE, HeaderValue::from_static("application/json"))];
        (StatusCode::UNAUTHORIZED, json, body.to_string()).into_response()
    };
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Somebody is signed in, and not with the role of the route.
pub(crate) fn forbidden() -> Response {
    Problem::new(ProblemKind::Forbidden).into_response()
}

pub(crate) fn method_not_allowed(route: &Route) -> Response {
    let mut response = Problem::new(ProblemKind::MethodNotAllowed).into_response();
    let methods: Vec<_> = route.methods.iter().map(Method::as_str).collect();
    if let Ok(allowed) = HeaderValue::try_from(methods.join(", ")) {
        response.headers_mut().insert(ALLOW, allowed);
    }
    response
}

/// The person, or everybody together, has as many streams open as there may be.
pub(crate) fn too_many_streams() -> Response {
    let mut response = told(
        StatusCode::TOO_MANY_REQUESTS,
        "too_many_streams",
        "Too many streams are open. Close one first.",
    );
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("10"));
    response
}

/// The request for a WebSocket is of another version than 13 (RFC 6455, section 4.2.2).
pub(crate) fn other_websocket_version() -> Response {
    let mut response =
        told(StatusCode::UPGRADE_REQUIRED, "upgrade_required", "The version of WebSocket has to be 13.");
    response.headers_mut().insert(SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
    response
}

/// The API has answered 401 to an access token that was issued just now. Nothing is said about the session, and a
/// repetition does not help: so neither 401 nor `Retry-After`.
pub(crate) fn token_refused() -> Response {
    told(
        StatusCode::BAD_GATEWAY,
        "token_refused",
        "The API has answered 401, also to a new access token. You are still signed in.",
    )
}

fn told(status: StatusCode, code: &str, message: &str) -> Response {
    let body = json!({ "code": code, "message": message }).to_string();
    let headers = [(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "no-store")];
    (status, headers, body).into_response()
}

pub(crate) fn unavailable() -> Response {
    Problem::unavailable().into_response()
}

pub(crate) fn of(kind: ProblemKind) -> Response {
    Problem::new(kind).into_response()
}

/// Whether a person opens the address, and no script asks for it (W3C Fetch Metadata, section 2.2).
pub(crate) fn is_navigation(parts: &Parts) -> bool {
    let said = |name: &str| parts.headers.get(name).map(HeaderValue::as_bytes);
    parts.method.is_safe() && said("sec-fetch-mode") == Some(b"navigate")
}

/// The page whose script asks, if it is one of this origin.
fn page(parts: &Parts, origin: &PublicOrigin) -> Option<ReturnTo> {
    let referrer = parts.headers.get(REFERER)?.to_str().ok()?;
    let place = referrer.strip_prefix(origin.as_str()).filter(|place| place.starts_with('/'))?;
    ReturnTo::parse(place)
}

fn login(back: Option<&ReturnTo>) -> String {
    match back {
        Some(place) => {
            let query: String = url::form_urlencoded::Serializer::new(String::new())
                .append_pair("return_to", place.as_str())
                .finish();
            format!("{LOGIN}?{query}")
        }
        None => LOGIN.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(path: &str, headers: &[(&str, &str)]) -> Parts {
        let mut request = http::Request::get(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(()).unwrap().into_parts().0
    }

    #[test]
    fn a_script_is_told_and_a_person_is_led() {
        let origin: PublicOrigin = "https://app.example".parse().unwrap();
        let of_script = signed_out(&parts("/api/orders/", &[("sec-fetch-mode", "cors")]), &origin);
        assert_eq!(of_script.status(), StatusCode::UNAUTHORIZED);
        assert_eq!(of_script.headers()[CONTENT_TYPE], "application/json");
        let of_person =
            signed_out(&parts("/api/orders/report?year=7", &[("sec-fetch-mode", "navigate")]), &origin);
        assert_eq!(of_person.status(), StatusCode::SEE_OTHER);
        assert_eq!(of_person.headers()["location"], "/login?return_to=%2Fapi%2Forders%2Freport%3Fyear%3D7");
    }

    #[test]
    fn the_way_back_is_the_page_and_never_another_site() {
        let origin: PublicOrigin = "https://app.example".parse().unwrap();
        let back = |referrer: &str| {
            page(&parts("/api/", &[("referer", referrer)]), &origin).map(|page| page.to_string())
        };
        assert_eq!(back("https://app.example/orders?page=2").as_deref(), Some("/orders?page=2"));
        assert_eq!(back("https://app.example.evil/orders"), None);
        assert_eq!(back("https://evil.example/"), None);
        assert_eq!(back("https://app.example//evil.example"), None);
    }
}
