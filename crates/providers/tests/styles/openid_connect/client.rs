//! What the issuer and its client know of each other.

pub(super) const ISSUER: &str = "https://idp.test";
pub(super) const CLIENT_ID: &str = "ironleaf";
/// It has characters that the `Authorization` header must not show as they are (RFC 6749, section 2.3.1).
pub(super) const CLIENT_SECRET: &str = "client secret: 50%";
/// Both, as they are in that header before base64.
pub(super) const CLIENT: &str = "ironleaf:client+secret%3A+50%25";
