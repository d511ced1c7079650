use std::sync::Arc;
use std::time::{Duration, SystemTime};

use ironleaf_api_types::User;

use crate::SecretText;

/// Who a person is, as far as pages may know.
pub type Identity = User;

/// The number a provider gives to one of its secrets. The numbers are part of what is sealed: never reuse one.
pub type Field = u8;

/// What a provider keeps for one signed-in person: access token, refresh token, cookie values, whatever it needs to
/// speak for them.
///
/// A short list of numbered secrets whose meaning only the provider knows, beside who the person is and the instants that the
/// token lifecycle needs. Those are times of receipt plus the lifetime in seconds that came with the answer (RFC 6749,
/// section 5.1), never the provider's wall clock: thirty seconds of skew between two machines is normal.
///
/// It is explicitly not `Serialize`; see [`SecretText`].
///
/// ```compile_fail,E0277
/// fn reaches_the_browser<T: serde::Serialize>(_: T) {}
/// reaches_the_browser(ironleaf_auth::Grant::default());
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Grant {
    /// When the access token ends, by our clock. `None` where the provider does not say.
    pub access_expires_at: Option<SystemTime>,
    /// How long the access token lived when it was issued; the leeway never exceeds a quarter of it.
    pub access_lifetime: Option<Duration>,
    /// When the refresh token ends, by our clock. The session cookie never outlives it.
    pub refresh_expires_at: Option<SystemTime>,
    /// Who it speaks for. A renewal may change it, roles included.
    pub identity: Option<Arc<Identity>>,
    /// The provider's own identifier of the sign-in (OIDC's `sid`), where it has one. A renewal may change it.
    pub provider_sid: Option<String>,
    /// How often it was refreshed since the sign-in. The lifecycle counts: of two grants of one session the higher has the
    /// newer tokens.
    pub generation: u64,
    fields: Vec<(Field, SecretText)>,
    appended: Vec<u8>,
}

impl Grant {
    /// A grant that speaks for this person; for building one.
    pub fn of(identity: Identity) -> Self {
        Self::default().for_identity(identity)
    }

    /// The same grant for this person; for building one.
    #[must_use]
    pub fn for_identity(self, identity: Identity) -> Self {
        Self { identity: Some(Arc::new(identity)), ..self }
    }

    /// What a newer version of this software has sealed behind all that this one knows. It is kept and sealed again, so that
    /// an older process in a rolling deployment loses nothing.
    pub fn appended(&self) -> &[u8] {
        &self.appended
    }

    /// For whoever unseals a grant.
    #[must_use]
    pub fn with_appended(self, appended: &[u8]) -> Self {
        Self { appended: appended.to_owned(), ..self }
    }

    /// The secret under this number.
    pub fn field(&self, field: Field) -> Option<&SecretText> {
        self.fields.iter().find(|(number, _)| *number == field).map(|(_, value)| value)
    }

    /// Puts a secret under this number, in place of what was there.
    pub fn set(&mut self, field: Field, value: impl Into<SecretText>) {
        let value = value.into();
        match self.fields.iter_mut().find(|(number, _)| *number == field) {
            Some((_, slot)) => *slot = value,
            None => self.fields.push((field, value)),
        }
    }

    /// Takes the secret under this number out.
    pub fn remove(&mut self, field: Field) {
        self.fields.retain(|(number, _)| *number != field);
    }

    /// The same grant with one more secret; for building one.
    #[must_use]
    pub fn with(mut self, field: Field, value: impl Into<SecretText>) -> Self {
        self.set(field, value);
        self
    }

    /// Every secret with its number, in the order they were put in. For whoever seals the grant.
    pub fn fields(&self) -> impl ExactSizeIterator<Item = (Field, &SecretText)> {
        self.fields.iter().map(|(number, value)| (*number, value))
    }

    /// Whether the access token still lives at `now`. A grant without an instant is taken to live: the API will say.
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
    fn debug_prints_no_secret() {
        let grant = Grant::default().with(1, "a-very-secret-token");
        assert!(!format!("{grant:?}").contains("very-secret"));
    }
}
