use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

/// One session at one rotation. It is the key of single flight and of the head.
#[derive(Clone)]
pub struct SessionKey {
    id: Arc<[u8]>,
    rotation: u64,
    subject: Option<Arc<Subject>>,
}

/// Whose session it is, and since when. These values allow ending it together with other sessions.
#[derive(Clone, PartialEq, Eq)]
pub struct Subject {
    /// The hash of provider and person.
    pub owner: [u8; 16],
    /// The provider's own session identifier, if it has one.
    pub provider_sid: Option<String>,
    /// When the session began.
    pub created_at: SystemTime,
}

impl SessionKey {
    /// The session with this identifier, whose cookie has this rotation.
    pub fn new(id: &[u8], rotation: u64) -> Self {
        Self { id: id.into(), rotation, subject: None }
    }

    /// The same key with the values that the session can be ended by.
    #[must_use]
    pub fn of(self, subject: Subject) -> Self {
        Self { subject: Some(Arc::new(subject)), ..self }
    }

    /// The session's identifier. It is a secret: nothing stores or logs it in clear.
    pub fn id(&self) -> &[u8] {
        &self.id
    }

    /// How often the session's tokens had been renewed when its cookie was sealed.
    pub fn rotation(&self) -> u64 {
        self.rotation
    }

    /// The values that the session can be ended by, if they are known.
    pub fn subject(&self) -> Option<&Subject> {
        self.subject.as_deref()
    }

    /// The same session at another rotation.
    pub(crate) fn at(&self, rotation: u64) -> Self {
        Self { rotation, ..self.clone() }
    }
}

/// Two keys are equal if session and rotation are equal.
impl PartialEq for SessionKey {
    fn eq(&self, other: &Self) -> bool {
        (self.rotation, &self.id) == (other.rotation, &other.id)
    }
}

impl Eq for SessionKey {}

impl std::hash::Hash for SessionKey {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.id.hash(state);
        self.rotation.hash(state);
    }
}

impl fmt::Debug for SessionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionKey").field("rotation", &self.rotation).finish_non_exhaustive()
    }
}
