//! The way to another site after a form.
//!
//! Chromium applies `form-action` of the Content Security Policy to every redirect that follows a form, also to those
//! of the other site, whose own providers nobody here knows. So a form is not answered with a redirect to another site,
//! but with a page of ours that leads on. Neither its `<meta http-equiv="refresh">` nor its link is a form.

use axum::response::{IntoResponse as _, Response};
use http::header::CACHE_CONTROL;
use http::request::Parts;
use http::{HeaderValue, StatusCode};
use ironleaf_bff::Bff;
use url::Url;

/// In an answer without a body: the page to show in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Onward {
    /// Where the browser goes.
    pub(crate) url: String,
    /// Who is there.
    pub(crate) name: String,
}

impl Onward {
    /// `None` if `next` is a place of this origin.
    pub(crate) fn to(next: &str, parts: &Parts) -> Option<Self> {
        (!next.starts_with('/')).then(|| Self::to_site(next.to_owned(), parts))
    }

    /// The page that leads to an address of another site, or of this one under another host.
    pub(crate) fn to_site(url: String, parts: &Parts) -> Self {
        let elsewhere = parts.extensions.get::<Bff>().filter(|bff| !url.starts_with(&bff.address_of("/")));
        let provider = elsewhere.and_then(Bff::redirect_sign_in);
        let host = || Url::parse(&url).ok().and_then(|url| url.host_str().map(str::to_owned));
        let name = provider.map(|provider| provider.name.clone()).or_else(host).unwrap_or_default();
        Self { url, name }
    }

    /// The answer for the layer that renders the page.
    pub(crate) fn into_response(self) -> Response {
        let mut response =
            (StatusCode::OK, [(CACHE_CONTROL, HeaderValue::from_static("no-store"))]).into_response();
        response.extensions_mut().insert(self);
        response
    }
}
