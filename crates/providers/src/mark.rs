//! The mark of the grants of one back end, for providers whose tokens do not name it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};
use url::Url;

/// A hash of the kind of the provider and the address of its API. A slash at the end of the address does not matter.
pub(crate) fn of_api(kind: &str, base_url: &Url) -> String {
    let hash = Sha256::new()
        .chain_update(b"ironleaf/v1/issued-by\0")
        .chain_update(kind)
        .chain_update([0])
        .chain_update(base_url.as_str().trim_end_matches('/'))
        .finalize();
    // 96 bits: they only have to tell honest values apart, and take little of a cookie.
    URL_SAFE_NO_PAD.encode(&hash[..12])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_address_or_kind_has_another_mark() {
        let mark = |kind: &str, url: &str| of_api(kind, &url.parse().unwrap());
        let ours = mark("a", "https://api.test/v1");
        assert_eq!(ours.len(), 16);
        assert_eq!(mark("a", "https://api.test/v1/"), ours);
        for (kind, url) in
            [("b", "https://api.test/v1"), ("a", "https://api.test/v2"), ("a", "https://other.test/v1")]
        {
            assert_ne!(mark(kind, url), ours, "{kind} {url}");
        }
    }
}
