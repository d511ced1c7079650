//! The answers that are kept for forms that are sent twice.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::body::Bytes;
use http::response;
use tokio::sync::watch;
use tokio::time::Instant;

/// A double click follows at once. Whoever goes back and sends the same form again after a minute means to.
const KEPT_FOR: Duration = Duration::from_mins(1);

/// More than the number of successful forms of one process in a minute.
const MAX_KEPT: usize = 1_000;

pub(super) type Key = [u8; 32];
pub(super) type Answer = Option<Arc<(response::Parts, Bytes)>>;

/// The answers of the last minute, and the forms under way.
#[derive(Default)]
pub(crate) struct Answers(Mutex<HashMap<Key, (Instant, watch::Receiver<Answer>)>>);

pub(super) enum Found {
    Before(watch::Receiver<Answer>),
    Begun(watch::Sender<Answer>),
}

impl Answers {
    pub(super) fn find_or_begin(&self, key: Key) -> Found {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        make_room(&mut kept, &key);
        match kept.entry(key) {
            Entry::Occupied(found) => Found::Before(found.get().1.clone()),
            Entry::Vacant(place) => {
                let (said, answer) = watch::channel(None);
                place.insert((Instant::now(), answer));
                Found::Begun(said)
            }
        }
    }

    pub(super) fn also_under(&self, key: Key, answer: watch::Receiver<Answer>) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        make_room(&mut kept, &key);
        kept.entry(key).or_insert((Instant::now(), answer));
    }

    pub(super) fn forget(&self, key: &Key) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
    }

    /// Forgets a form that ended without an answer to keep. A form with the same key that has begun meanwhile stays.
    pub(super) fn forget_ended(&self, key: &Key) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.get(key).is_some_and(|(_, answer)| answer.has_changed().is_err() && answer.borrow().is_none())
        {
            kept.remove(key);
        }
    }
}

fn make_room(kept: &mut HashMap<Key, (Instant, watch::Receiver<Answer>)>, key: &Key) {
    let now = Instant::now();
    kept.retain(|_, (begun, _)| now.duration_since(*begun) < KEPT_FOR);
    if kept.len() >= MAX_KEPT
        && !kept.contains_key(key)
        && let Some(oldest) = kept.iter().min_by_key(|(_, (begun, _))| *begun).map(|(key, _)| *key)
    {
        kept.remove(&oldest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(number: usize) -> Key {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&number.to_be_bytes());
        key
    }

    fn is_new(answers: &Answers, number: usize) -> bool {
        matches!(answers.find_or_begin(key(number)), Found::Begun(..))
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_is_kept_for_a_minute() {
        let answers = Answers::default();
        assert!(is_new(&answers, 0) && !is_new(&answers, 0) && is_new(&answers, 1));
        tokio::time::advance(KEPT_FOR).await;
        assert!(is_new(&answers, 0));
    }

    #[tokio::test(start_paused = true)]
    async fn of_too_many_the_oldest_go() {
        let answers = Answers::default();
        for number in 0..MAX_KEPT + 2 {
            assert!(is_new(&answers, number));
            tokio::time::advance(Duration::from_millis(1)).await;
        }
        assert!(is_new(&answers, 0) && !is_new(&answers, MAX_KEPT + 1));
        assert_eq!(answers.0.lock().unwrap().len(), MAX_KEPT);
    }

    #[test]
    fn one_that_came_to_nothing_is_forgotten_and_one_under_way_is_not() {
        let answers = Answers::default();
        let Found::Begun(said) = answers.find_or_begin(key(0)) else { panic!("there was one") };
        answers.forget_ended(&key(0));
        assert!(!is_new(&answers, 0));
        drop(said);
        answers.forget_ended(&key(0));
        assert!(is_new(&answers, 0));
    }
}
