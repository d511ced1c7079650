//! What may follow the name of a kind in the name of a cookie.

const MAX_SUFFIX_BYTES: usize = 32;

/// It comes from outside where it is the `state` of a redirect.
pub(super) fn is_suffix(suffix: &str) -> bool {
    (1..=MAX_SUFFIX_BYTES).contains(&suffix.len()) && suffix.bytes().all(|byte| byte.is_ascii_alphanumeric())
}
