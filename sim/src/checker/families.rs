//! What is noted of each family of tokens, as seen on the wire to the core API.

use std::time::Duration;

use super::sessions::SessionRef;
use super::verdict::Excuse;
use crate::core_api::{Contract, FamilyId, REPEATABLE_FOR};

/// How long a token that may be consumed must rest before it is presented again (DESIGN.md, "Tokens").
const REST: Duration = Duration::from_secs(30);

/// By what an answer was lost.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum LostTo {
    Network,
    Crash,
    Pause,
    /// The answer arrived, and could not be written to the store.
    Partition,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Notes {
    /// The session that holds it; nobody cares about a family whose sign-in never arrived.
    pub(crate) session: Option<SessionRef>,
    /// Its end was asked for, which is done by presenting a spent token.
    pub(crate) ending: bool,
    /// The generation whose tokens nobody got.
    pub(crate) lost: Option<(u32, LostTo)>,
    pub(crate) lost_at: Duration,
    /// When a request last came that could have asked for the lost answer again.
    pub(crate) chance: Option<Duration>,
    /// It was revoked because its last answer could not be repeated any more.
    pub(crate) window_passed: bool,
    pub(crate) disturbed_at: Option<Duration>,
    presented: Option<Presented>,
}

#[derive(Clone, Debug)]
struct Presented {
    generation: u32,
    at: Duration,
    key: Option<Box<str>>,
    times: u32,
}

#[derive(Default)]
pub(crate) struct Families(Vec<Notes>);

impl Families {
    pub(crate) fn notes(&mut self, family: FamilyId) -> &mut Notes {
        let index = family.0 as usize;
        if index >= self.0.len() {
            self.0.resize(index + 1, Notes::default());
        }
        &mut self.0[index]
    }

    /// Notes that a token leaves, and says what is wrong with that.
    pub(crate) fn presented(
        &mut self,
        family: FamilyId,
        generation: u32,
        key: Option<&str>,
        now: Duration,
        repeatable: bool,
    ) -> Option<String> {
        let notes = self.notes(family);
        let before = notes.presented.take().filter(|before| before.generation == generation);
        let times = before.as_ref().map_or(1, |before| before.times + 1);
        let is_free = notes.ending || notes.session.is_none();
        notes.presented = Some(Presented { generation, at: now, key: key.map(Into::into), times });
        let before = before.filter(|_| !is_free)?;
        if repeatable && key.is_some() && before.key.as_deref() == key {
            return None;
        }
        let rested = now.saturating_sub(before.at);
        let complaint = format!(
            "generation {generation} of family {} for the {times}. time, {:.1} s after the last",
            family.0,
            rested.as_secs_f64()
        );
        (rested < REST).then_some(complaint)
    }
}

impl Notes {
    /// Why a session with this family may end, the family being at `generation` since `age`.
    pub(crate) fn excuse(&self, contract: Contract, generation: u32, age: Duration) -> Option<Excuse> {
        let lost = self.lost.is_some_and(|(lost, _)| lost == generation);
        match contract {
            Contract::Recorded => lost.then_some(Excuse::AnswerLost),
            Contract::Ours => {
                (lost && self.chance.is_none() && age >= REPEATABLE_FOR).then_some(Excuse::WindowPassed)
            }
        }
    }
}
