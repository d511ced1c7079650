use std::sync::Arc;
use std::time::{Duration, SystemTime};

use ironleaf_api_types::User;

use crate::SecretText;

/// Who a person is, as far as pages may know it.
pub type Identity = User;

/// The number that a provider gives to one of its secrets. The numbers are part of the sealed format: never reuse one.
pub type Field = u8;

/// What a provider keeps for one signed-in person: access token, refresh token, cookie values, and anything else it
/// needs to act for them.
///
/// A grant holds a short list of numbered secrets, whose meaning only the provider knows, the person's identity, and
/// the times that the token lifecycle needs. Each of these times is the time of receipt plus the lifetime in seconds
/// from the answer (RFC 6749, section 5.1). The provider's wall clock is never used: thirty seconds of skew between two
/// machines is normal.
///
/// A grant is explicitly not `Serialize`; see [`SecretText`].
///
/// ```compile_fail,E0277
/// fn reaches_the_browser<T: serde::Serialize>(_: T) {}
/// reaches_the_browser(ironleaf_auth::Grant::default());
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Grant {
    /// When the access token expires, by our clock. `None` if the provider does not say.
    pub access_expires_at: Option<SystemTime>,
    /// The lifetime of the access token when it was issued. The leeway never exceeds a quarter of it.
    pub access_lifetime: Option<Duration>,
    /// When the refresh token expires, by our clock. The session cookie never outlives it.
    pub refresh_expires_at: Option<SystemTime>,
    /// The person the grant stands for. A renewal may change it, including the roles.
    pub identity: Option<Arc<Identity>>,
    /// The provider's own identifier of the sign-in (OIDC's `sid`), if it has one. A renewal may change it.
    pub provider_sid: Option<String>,
    /// How often the grant was refreshed since the sign-in. The lifecycle counts this. Of two grants of one session,
    /// the one with the higher number has the newer tokens.
    pub generation: u64,
    /// Whether the person asked not to be remembered: their session ends with the browser. The application sets this at
    /// the sign-in. A renewal does not change it, whatever the provider answers.
    pub ends_with_browser: bool,
    fields: Vec<(Field, SecretText)>,
    appended: Vec<u8>,
}

impl Grant {
    /// A grant for this person; used to build one.
    pub fn of(identity: Identity) -> Self {
        Self::default().for_identity(identity)
    }

    /// The same grant for this person; used to build one.
    #[must_use]
    pub fn for_identity(self, identity: Identity) -> Self {
        Self { identity: Some(Arc::new(identity)), ..self }
    }

    /// The bytes that a newer version of this software sealed after everything that this version knows. They are kept
    /// and sealed again, so that an older process loses nothing during a rolling deployment.
    pub fn appended(&self) -> &[u8] {
        &self.appended
    }

    /// For code that unseals a grant.
    #[must_use]
    pub fn with_appended(self, appended: &[u8]) -> Self {
        Self { appended: appended.to_owned(), ..self }
    }

    /// The secret under this number.
    pub fn field(&self, field: Field) -> Option<&SecretText> {
        self.fields.iter().find(|(number, _)| *number == field).map(|(_, value)| value)
    }

    /// Stores a secret under this number and replaces the one that was there.
    pub fn set(&mut self, field: Field, value: impl Into<SecretText>) {
        let value = value.into();
        match self.fields.iter_mut().find(|(number, _)| *number == field) {
            Some((_, slot)) => *slot = value,
            None => self.fields.push((field, value)),
        }
    }

    /// Removes the secret under this number.
    pub fn remove(&mut self, field: Field) {
        self.fields.retain(|(number, _)| *number != field);
    }

    /// The same grant with one more secret; used to build one.
    #[must_use]
    pub fn with(mut self, field: Field, value: impl Into<SecretText>) -> Self {
        self.set(field, value);
        self
    }

    /// Every secret with its number, in the order of insertion. For code that seals the grant.
    pub fn fields(&self) -> impl ExactSizeIterator<Item = (Field, &SecretText)> {
        self.fields.iter().map(|(number, value)| (*number, value))
    }

    /// Whether both grants have one identifier of the sign-in at the provider, or the same secrets.
    pub fn is_like(&self, other: &Self) -> bool {
        let has_one_sid = self.provider_sid.is_some() && self.provider_sid == other.provider_sid;
        let has_the_same_secrets = self.fields().len() > 0 && self.fields().eq(other.fields());
        has_one_sid || has_the_same_secrets
    }

    /// Whether the access token is still valid at `now`. Without an expiry time it counts as valid: the API decides.
    pub fn access_lives(&self, now: SystemTime) -> bool {
        self.access_expires_at.is_none_or(|end| now < end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn setting_a_field_again_replaces_it() {
        let mut grant = Grant::default().with(1, "old").with(2, "other");
        grant.set(1, "new");
        assert_eq!(grant.field(1), Some(&SecretText::from("new")));
        assert_eq!(grant.fields().len(), 2);
    }

    #[test]
    fn two_grants_are_alike_if_their_sign_in_or_their_secrets_are_the_same() {
        let of_sid = |sid: &str| Grant { provider_sid: Some(sid.to_owned()), ..Grant::default() };
        assert!(of_sid("s1").with(1, "a").is_like(&of_sid("s1").with(1, "b")));
        assert!(!of_sid("s1").with(1, "a").is_like(&of_sid("s2").with(1, "b")));
        let tokens = |refresh: &str| Grant::default().with(1, "access").with(2, refresh);
        assert!(tokens("r1").is_like(&tokens("r1")));
        assert!(!tokens("r1").is_like(&tokens("r2")));
        assert!(!Grant::default().is_like(&Grant::default()), "nothing is known of either");
    }

    #[test]
    fn debug_prints_no_secret() {
        let grant = Grant::default().with(1, "a-very-secret-token");
        assert!(!format!("{grant:?}").contains("very-secret"));
    }
}
