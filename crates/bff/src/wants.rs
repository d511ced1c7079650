use http::HeaderMap;
use http::header::ACCEPT;

/// The kind of answer that a client can read, by its `Accept` header (RFC 9110, section 12.5.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wants {
    /// A page, for a browser.
    Page,
    /// JSON, for a script that asks for it.
    Json,
    /// Plain text, for everything else, such as `curl`.
    Text,
}

impl Wants {
    /// By the media types that the client names. JSON comes first, because no browser names it when it asks for a page.
    pub fn from_headers(headers: &HeaderMap) -> Self {
        let names = |wanted: &str| {
            headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok()).any(|value| {
                value.split(',').any(|range| {
                    range.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case(wanted)
                })
            })
        };
        if names("application/json") {
            Self::Json
        } else if names("text/html") {
            Self::Page
        } else {
            Self::Text
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_named_media_type_decides() {
        for (accept, wants) in [
            ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", Wants::Page),
            ("application/json", Wants::Json),
            ("Application/JSON;q=0.9, text/html", Wants::Json),
            ("application/json-seq", Wants::Text),
            ("*/*", Wants::Text),
            ("", Wants::Text),
        ] {
            let headers = HeaderMap::from_iter([(ACCEPT, accept.parse().unwrap())]);
            assert_eq!(Wants::from_headers(&headers), wants, "{accept}");
        }
    }
}
