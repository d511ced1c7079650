use std::fmt;
use std::sync::Arc;

/// Which refresh is meant: one session at one rotation. It is what single flight and the head are keyed by.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct SessionKey {
    id: Arc<[u8]>,
    rotation: u64,
}

impl SessionKey {
    /// The session with this identifier, whose cookie has this rotation.
    pub fn new(id: &[u8], rotation: u64) -> Self {
        Self { id: id.into(), rotation }
    }

    /// The session's identifier. It is a secret: nothing stores or logs it in clear.
    pub fn id(&self) -> &[u8] {
        &self.id
    }

    /// How often the session's tokens had been renewed when its cookie was sealed.
    pub fn rotation(&self) -> u64 {
        self.rotation
    }

    /// The same session at another rotation.
    pub(crate) fn at(&self, rotation: u64) -> Self {
        Self { id: Arc::clone(&self.id), rotation }
    }
}

impl fmt::Debug for SessionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionKey").field("rotation", &self.rotation).finish_non_exhaustive()
    }
}
