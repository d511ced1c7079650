//! Writes a head only if it is still as it was read, and never over something newer.

use std::time::{Duration, SystemTime};

use super::settings::TimeLimits;
use super::shared::Shared;
use crate::{CLOCK_SKEW, Event, Head, HeadState, HeadVersion, Keep, SessionKey};

/// A session that has reached its maximum age has no cookie that can be opened any more. If one comes all the same, its
/// end must not be reported again.
const END_IS_KNOWN_FOR: Duration = Duration::from_hours(25);

/// What the record is expected to be before it is written.
#[derive(Debug, Clone, Copy)]
pub(super) enum Found {
    /// The version that was read; `None` means no record.
    As(Option<HeadVersion>),
    /// It has to be read first.
    Unknown,
}

pub(super) enum Put {
    Done(HeadVersion),
    Overtaken,
    Unreachable,
}

impl Shared {
    pub(super) fn keep(&self, session: &SessionKey, head: &Head) -> Keep {
        let TimeLimits { successor, shown, mark, .. } = self.settings.time_limits;
        let left = |end: SystemTime| end.duration_since(self.now()).unwrap_or_default() + CLOCK_SKEW;
        if matches!(head.state, HeadState::Ending { .. } | HeadState::Dead(_)) {
            // As long as a copy of any of its cookies could come.
            let cookies_end = session.subject().map(|subject| left(subject.created_at + mark) + CLOCK_SKEW);
            let mark = cookies_end.unwrap_or(mark).max(END_IS_KNOWN_FOR);
            return Keep { mark, grant: shown, only_with_grant: false };
        }
        let refresh_end = head.grant.as_ref().and_then(|grant| grant.refresh_expires_at);
        let grant = if head.shown && head.state == HeadState::Idle { shown } else { successor };
        // A mark without a grant would end the older cookies, whose tokens are still valid.
        if head.grant.as_ref().is_some_and(|grant| self.is_free(grant)) {
            return Keep { mark: grant, grant, only_with_grant: true };
        }
        Keep { mark: refresh_end.map_or(mark, left), grant, only_with_grant: false }
    }

    pub(super) async fn put(&self, session: &SessionKey, found: Option<HeadVersion>, head: &Head) -> Put {
        self.put_for(session, found, head, self.keep(session, head)).await
    }

    pub(super) async fn put_for(
        &self,
        session: &SessionKey,
        found: Option<HeadVersion>,
        head: &Head,
        keep: Keep,
    ) -> Put {
        #[cfg(feature = "mutants")]
        if crate::mutants::is_active(crate::mutants::Mutant::NoHead) {
            return Put::Done(HeadVersion([0; 16]));
        }
        match self.heads().write(session, found, head, keep).await {
            Ok(Some(version)) => Put::Done(version),
            Ok(None) => {
                self.observe(Event::Overtaken);
                Put::Overtaken
            }
            Err(error) => {
                self.observe(Event::StoreUnreachable);
                tracing::warn!(%error, "the head of a session was not stored");
                Put::Unreachable
            }
        }
    }
}
