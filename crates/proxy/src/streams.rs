//! How many open streams each person has.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// More than the tabs of anybody who reads them.
const PER_PERSON: usize = 32;

/// Counts the streams of this process.
#[derive(Clone, Default)]
pub(crate) struct Streams(Arc<Mutex<HashMap<[u8; 16], usize>>>);

/// A stream that is open until this is dropped.
pub(crate) struct Open {
    streams: Streams,
    owner: [u8; 16],
}

impl Streams {
    /// `None` if the person has as many as one may have.
    pub(crate) fn open(&self, owner: [u8; 16]) -> Option<Open> {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(owner).or_default();
        if *count >= PER_PERSON {
            return None;
        }
        *count += 1;
        drop(counts);
        Some(Open { streams: self.clone(), owner })
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        let mut counts = self.streams.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&self.owner) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.owner);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_has_a_limit_and_others_have_their_own() {
        let streams = Streams::default();
        let mut open: Vec<_> = (0..PER_PERSON).map(|_| streams.open([1; 16]).unwrap()).collect();
        assert!(streams.open([1; 16]).is_none());
        assert!(streams.open([2; 16]).is_some());
        open.pop();
        assert!(streams.open([1; 16]).is_some());
        drop(open);
        assert!(streams.0.lock().unwrap().is_empty());
    }
}
