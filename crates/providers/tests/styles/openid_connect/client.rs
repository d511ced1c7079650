//! What the issuer and its client know of each other.

pub(super) const ISSUER: &str = "http://idp.test";
pub(super) const CLIENT_ID: &str = "ironleaf";
pub(super) const CLIENT: &str = "ironleaf:client-secret";
