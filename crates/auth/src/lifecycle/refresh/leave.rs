//! Writes down how an attempt ended without a new grant.

use std::time::Duration;

use tokio::time::Instant;

use super::Refresh;
use super::in_its_place::InItsPlace;
use super::pace::{FIRST_PAUSE, GIVE_UP, LONGEST_PAUSE};
use crate::lifecycle::flights::Landing;
use crate::lifecycle::write::Put;
use crate::{AttemptId, EndReason, Head, HeadVersion};

/// Only this process knows that nothing was spent, so it writes that down even while it closes.
const ALSO_WHILE_CLOSING: Duration = Duration::from_secs(5);

/// How often a failed write of the outcome is repeated at once.
const LEAVES_AGAIN: u32 = 2;

/// The result of writing down how an attempt ended.
pub(super) enum Left {
    Written,
    /// Somebody else is acting by now, or there is a newer grant.
    Instead(Option<Landing>),
    Unwritten,
}

impl Left {
    pub(super) const fn is_unwritten(&self) -> bool {
        matches!(self, Self::Unwritten)
    }

    pub(super) fn landing(self) -> Option<Landing> {
        match self {
            Self::Instead(landing) => landing,
            Self::Written | Self::Unwritten => None,
        }
    }
}

impl Refresh {
    /// Writes the state that an attempt without a new grant leaves behind. It only replaces what the attempt itself has
    /// written: whoever is acting by now knows more.
    pub(super) async fn leave_as(&self, mut found: Option<HeadVersion>, by: AttemptId, head: &Head) -> Left {
        let mut tries = 0;
        let mut pause = FIRST_PAUSE;
        let mut head = head.clone();
        loop {
            match self.shared.put(&self.key, found, &head).await {
                Put::Done(_) => return Left::Written,
                // A single failure is an accident, and others wait for the lease to read this.
                Put::Unreachable if tries < LEAVES_AGAIN => {
                    tries += 1;
                    self.shared.pause(pause).await;
                    pause *= 2;
                }
                Put::Unreachable => return Left::Unwritten,
                Put::Overtaken => match self.in_its_place(self.grant.generation).await {
                    InItsPlace::Older(stand) if stand.phase.by() == Some(by) => {
                        found = stand.version;
                        // Another process may have asked the provider meanwhile, and may have been told to wait.
                        head.not_before = head.not_before.or(stand.not_before);
                    }
                    InItsPlace::Unreachable => return Left::Unwritten,
                    other => return Left::Instead(other.into_landing()),
                },
            }
        }
    }

    /// Keeps trying in the background. Until it succeeds, the token looks possibly spent to the other processes. They
    /// would ask before a wait is over, or give the session up.
    pub(super) fn leave_later(&self, found: Option<HeadVersion>, by: AttemptId, head: Head) {
        let again = self.alone(head.shown);
        (self.shared.settings.spawner)(Box::pin(async move {
            let begun = Instant::now();
            let mut pause = FIRST_PAUSE;
            while begun.elapsed() < GIVE_UP {
                if begun.elapsed() < ALSO_WHILE_CLOSING {
                    again.shared.pause(pause).await;
                } else if again.shared.pause_unless_closing(pause).await.is_break() {
                    return;
                }
                if !again.leave_as(found, by, &head).await.is_unwritten() {
                    return;
                }
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        }));
    }

    /// Marks the session dead, whoever else is acting: the provider's answer is final. Returns the newer grant if there
    /// is one instead.
    pub(super) async fn leave_dead(&self, found: HeadVersion, reason: EndReason) -> Option<Landing> {
        let mut found = Some(found);
        loop {
            match self.shared.put(&self.key, found, &self.dead(reason)).await {
                // If it is not written, it stays `Presented`. The next process is an heir and gets the same answer.
                Put::Done(_) | Put::Unreachable => return None,
                Put::Overtaken => match self.in_its_place(self.grant.generation).await {
                    InItsPlace::Older(stand) => found = stand.version,
                    InItsPlace::Unreachable => return None,
                    other => return other.into_landing(),
                },
            }
        }
    }
}
