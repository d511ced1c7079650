use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use ironleaf_records::SessionName;

/// How long a note is good for: "last seen" is as exact as this.
pub(crate) const GOOD_FOR: Duration = Duration::from_mins(10);

/// How many sessions this process remembers to have noted: some megabytes. A forgotten one is looked up in the store.
const MAX_NOTED: usize = 50_000;

/// Which sessions this process has noted, and when.
#[derive(Default)]
pub(crate) struct Noted(Mutex<HashMap<SessionName, SystemTime>>);

impl Noted {
    /// Whether the session has to be noted now. From then on, it is noted.
    pub(super) fn is_due(&self, session: SessionName, now: SystemTime) -> bool {
        let mut noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_good = |at: &SystemTime| now.duration_since(*at).is_ok_and(|age| age < GOOD_FOR);
        if noted.get(&session).is_some_and(is_good) {
            return false;
        }
        if noted.len() >= MAX_NOTED {
            noted.retain(|_, at| is_good(at));
        }
        if noted.len() >= MAX_NOTED {
            noted.clear();
        }
        noted.insert(session, now);
        true
    }
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use ironleaf_session::SessionId;

    use super::*;

    fn name(number: u32) -> SessionName {
        let mut id = [0; 16];
        id[..4].copy_from_slice(&number.to_be_bytes());
        SessionName::of(SessionId::from_bytes(id))
    }

    #[test]
    fn a_session_is_due_every_ten_minutes_and_after_a_clock_that_was_ahead() {
        let noted = Noted::default();
        let at = |mins| UNIX_EPOCH + Duration::from_hours(1) + Duration::from_mins(mins);
        for (mins, due) in [(0, true), (0, false), (9, false), (10, true), (19, false), (5, true), (5, false)]
        {
            assert_eq!(noted.is_due(name(1), at(mins)), due, "{mins}");
        }
        assert!(noted.is_due(name(2), at(5)));
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let noted = Noted::default();
        let most = u32::try_from(MAX_NOTED).unwrap();
        for number in 0..2 * most {
            assert!(noted.is_due(name(number), UNIX_EPOCH));
        }
        assert!(noted.0.lock().unwrap().len() <= MAX_NOTED);
        assert!(!noted.is_due(name(2 * most - 1), UNIX_EPOCH));
    }
}
