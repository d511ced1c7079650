//! Addresses below those of the settings.

use url::Url;

/// Each item stays one path segment, whatever it contains.
pub(super) fn below(base: &Url, segments: &[&str]) -> Url {
    let mut url = base.clone();
    // A URL that cannot have a path stays unchanged, and the transport refuses it.
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().extend(segments);
    }
    url
}
