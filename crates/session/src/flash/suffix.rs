//! What may follow the name of a kind in a cookie's name.

const MAX_SUFFIX_BYTES: usize = 32;

/// A suffix that is the `state` of a redirect comes from outside.
pub(super) fn is_suffix(suffix: &str) -> bool {
    (1..=MAX_SUFFIX_BYTES).contains(&suffix.len()) && suffix.bytes().all(|byte| byte.is_ascii_alphanumeric())
}
