use axum::extract::Request;
use http::HeaderMap;
use http::header::ORIGIN;

use super::request_id::shown;
use crate::{Bff, Problem, ProblemKind};

/// How many bytes of a header are logged. A host name has 253 at most, and few have a hundred.
const LONGEST_EXCERPT: usize = 100;

/// Refuses a request that would change something and does not come from a page of this origin.
///
/// The browser's own headers decide. `Sec-Fetch-Site` (W3C Fetch Metadata) must be `same-origin`, or `none` for an
/// address that a person has typed. A browser that does not send it sends `Origin` with a POST, which must equal our
/// origin, including the scheme. `same-site` is another party's subdomain and `null` names no origin; both are refused.
/// A client that sends neither header is not a current browser. It passes without a session cookie, because then an
/// attacker has nothing to exploit, and with `X-Requested-With`, which no page of another site can send: browsers ask for
/// permission first, and nobody gives it.
///
/// # Errors
///
/// [`ProblemKind::CrossSite`], which is 403.
///
/// # Security
///
/// This replaces a CSRF token (ASVS 3.5.1, RFC 6265bis on `SameSite`): no token has to be stored, rendered or cached. A
/// form that signs a person in is protected as well, because the check does not depend on cookies.
pub fn refuse_cross_site(bff: &Bff, request: &Request) -> Result<(), Problem> {
    if request.method().is_safe() || may_change(bff, request.headers()) {
        return Ok(());
    }
    let said = |name: &str| request.headers().get(name).map(|value| excerpt(value.as_bytes()));
    tracing::warn!(
        path = shown(request.uri().path()),
        sec_fetch_site = said("sec-fetch-site"),
        origin = said(ORIGIN.as_str()),
        "a cross-site request was refused"
    );
    Err(Problem::new(ProblemKind::CrossSite))
}

/// The beginning of a header's value, as far as it is an origin or a word: at most 100 characters, on one line.
fn excerpt(value: &[u8]) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:/[]".contains(&byte);
    let end = value.iter().position(|&byte| !is_plain(byte)).unwrap_or(value.len());
    let text = String::from_utf8_lossy(&value[..end.min(LONGEST_EXCERPT)]).into_owned();
    if text.len() < value.len() { format!("{text}...") } else { text }
}

fn may_change(bff: &Bff, headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    if let Some(site) = text("sec-fetch-site") {
        return matches!(site, "same-origin" | "none");
    }
    if let Some(origin) = text(ORIGIN.as_str()) {
        return bff.origins().any(|ours| ours.as_str() == origin);
    }
    headers.contains_key("x-requested-with") || !bff.session_settings().has_cookie(headers)
}

#[cfg(test)]
mod tests {
    use super::excerpt;

    #[test]
    fn an_excerpt_is_short_and_stays_on_its_line() {
        for whole in ["cross-site", "null", "", "https://a-b.example.com:8443", "http://[::1]:3000"] {
            assert_eq!(excerpt(whole.as_bytes()), whole);
        }
        assert_eq!(excerpt(b"https://a.example/?token=1"), "https://a.example/...");
        assert_eq!(excerpt(b"null\tlevel=error"), "null...");
        assert_eq!(excerpt(b"\xff"), "...");
        assert_eq!(excerpt(&[b'a'; 5000]), format!("{}...", "a".repeat(100)));
    }
}
