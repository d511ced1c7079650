//! The events, in a form that a person can follow: for each person, and in the world around them.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::core_api::PersonId;
use crate::timeline::readable;

/// Enough for the last day of a person.
const KEPT_PER_PERSON: usize = 90;
const KEPT_OF_THE_WORLD: usize = 400;
/// An event of the world may be related to an event of a person that comes within this time after it.
const BEFORE: Duration = Duration::from_mins(5);
/// An action of our code may be related to an event of a person that came within this time before it.
const AFTER: Duration = Duration::from_secs(10);
const KEPT_OF_THE_PATHS: usize = 5000;

type Lines = VecDeque<(Duration, String)>;

pub(crate) struct Trace {
    people: Vec<Mutex<Lines>>,
    world: Mutex<Lines>,
    paths: Mutex<Lines>,
}

impl Trace {
    pub(crate) fn new(people: u32) -> Self {
        Self {
            people: (0..people).map(|_| Mutex::default()).collect(),
            world: Mutex::default(),
            paths: Mutex::default(),
        }
    }

    /// An event that concerns one person.
    pub(crate) fn person(&self, at: Duration, person: PersonId, text: String) {
        if let Some(lines) = self.people.get(person.0 as usize) {
            push(lines, KEPT_PER_PERSON, at, text);
        }
    }

    /// An event that may concern everybody.
    pub(crate) fn world(&self, at: Duration, text: String) {
        push(&self.world, KEPT_OF_THE_WORLD, at, text);
    }

    /// A path that our code took. It is not known for whom.
    pub(crate) fn path(&self, at: Duration, text: String) {
        push(&self.paths, KEPT_OF_THE_PATHS, at, text);
    }

    /// The last events of the person, with those of the world in between.
    pub(crate) fn of(&self, person: PersonId) -> String {
        let Some(lines) = self.people.get(person.0 as usize) else {
            return String::new();
        };
        let mut lines: Vec<_> = lock(lines).iter().cloned().collect();
        let own: Vec<_> = lines.iter().map(|(at, _)| *at).collect();
        let is_before = |at: Duration| {
            let next = own.partition_point(|own| *own < at);
            own.get(next).is_some_and(|own| own.saturating_sub(at) <= BEFORE)
        };
        let is_after = |at: Duration| {
            let next = own.partition_point(|own| *own <= at);
            next > 0 && at.saturating_sub(own[next - 1]) <= AFTER
        };
        lines.extend(lock(&self.world).iter().filter(|(at, _)| is_before(*at)).cloned());
        lines.extend(lock(&self.paths).iter().filter(|(at, _)| is_after(*at)).cloned());
        lines.sort_by_key(|(at, _)| *at);
        lines.iter().fold(String::new(), |mut text, (at, line)| {
            let _ = writeln!(text, "  {}  {line}", readable(*at));
            text
        })
    }
}

fn push(lines: &Mutex<Lines>, kept: usize, at: Duration, text: String) {
    let mut lines = lock(lines);
    if lines.len() == kept {
        lines.pop_front();
    }
    lines.push_back((at, text));
}

fn lock(lines: &Mutex<Lines>) -> std::sync::MutexGuard<'_, Lines> {
    lines.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_is_told_with_the_world_around_them_and_nobody_else() {
        let trace = Trace::new(2);
        trace.world(Duration::from_secs(1), "too early".to_owned());
        let later = Duration::from_mins(6);
        trace.person(later, PersonId(0), "first".to_owned());
        trace.person(Duration::from_secs(3), PersonId(1), "somebody else".to_owned());
        trace.world(later + Duration::from_secs(1), "storm".to_owned());
        trace.person(later + Duration::from_secs(2), PersonId(0), "last".to_owned());
        let told: Vec<_> = trace.of(PersonId(0)).lines().map(|line| line[22..].trim().to_owned()).collect();
        assert_eq!(told, ["first", "storm", "last"]);
    }
}
