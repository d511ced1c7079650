use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Work that takes longer than this was slow: a hundred times what reading a record from memory takes, even on a busy
/// machine.
const SLOW: Duration = Duration::from_millis(50);

/// How long a thread waits for another one: several times what such work takes, and less than it costs to wake a third.
const MOMENT: Duration = Duration::from_micros(20);

/// How long nothing is let in after slow work.
const PAUSE: Duration = Duration::from_secs(5);

/// Admits brief work that may block to the threads of an async runtime.
///
/// Reading a record of a file takes microseconds while the file is in memory, which is less than waking another thread.
/// But a disk can stall for seconds. A runtime whose threads all wait for it answers nobody, not even a health check. So
/// one thread always stays free, or waits for another one for at most 20 µs, and after slow work nothing is admitted for
/// five seconds. Work that is not admitted belongs on a thread for blocking work.
///
/// ```
/// use ironleaf_ambient::InPlace;
///
/// let in_place = InPlace::new(2);
/// let working = in_place.enter().expect("the other thread is free");
/// assert!(in_place.enter().is_none());
/// drop(working);
/// assert!(in_place.enter().is_some());
/// ```
#[derive(Debug)]
pub struct InPlace {
    most: usize,
    free: AtomicUsize,
    created: Instant,
    /// In milliseconds after `created`.
    paused_until: AtomicU64,
}

impl InPlace {
    /// For a runtime with this number of threads. One thread alone never works in place.
    pub fn new(threads: usize) -> Self {
        let most = threads.saturating_sub(1);
        Self { most, free: AtomicUsize::new(most), created: Instant::now(), paused_until: AtomicU64::new(0) }
    }

    /// `Some` if the work may be done on this thread. It lasts until the value is dropped.
    pub fn enter(&self) -> Option<Working<'_>> {
        if self.is_paused() {
            return None;
        }
        let take = |free: usize| free.checked_sub(1);
        self.free.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).ok()?;
        Some(Working { of: self, since: Instant::now() })
    }

    /// As [`enter`](Self::enter). If only the number of threads speaks against it, this waits for a moment: most work is
    /// over sooner than a thread for blocking work is awake.
    pub fn enter_soon(&self) -> Option<Working<'_>> {
        let began = Instant::now();
        loop {
            let working = self.enter();
            if working.is_some() || self.most == 0 || self.is_paused() || began.elapsed() > MOMENT {
                return working;
            }
            std::hint::spin_loop();
        }
    }

    fn is_paused(&self) -> bool {
        Self::millis(self.created.elapsed()) < self.paused_until.load(Ordering::Relaxed)
    }

    fn millis(duration: Duration) -> u64 {
        u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
    }
}

/// Work in progress, see [`InPlace`].
#[derive(Debug)]
pub struct Working<'a> {
    of: &'a InPlace,
    since: Instant,
}

impl Drop for Working<'_> {
    fn drop(&mut self) {
        if self.since.elapsed() > SLOW {
            let until = InPlace::millis(self.of.created.elapsed() + PAUSE);
            self.of.paused_until.fetch_max(until, Ordering::Relaxed);
        }
        self.of.free.fetch_add(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_thread_stays_free() {
        for threads in [0, 1] {
            assert!(InPlace::new(threads).enter().is_none());
        }
        let in_place = InPlace::new(3);
        let (_first, second) = (in_place.enter().unwrap(), in_place.enter().unwrap());
        assert!(in_place.enter().is_none());
        drop(second);
        assert!(in_place.enter().is_some());
    }

    #[test]
    fn brief_work_of_another_thread_is_waited_for_and_long_work_is_not() {
        let in_place = InPlace::new(2);
        let working = in_place.enter().unwrap();
        let asked = Instant::now();
        assert!(in_place.enter_soon().is_none());
        assert!(asked.elapsed() >= MOMENT);
        drop(working);
        assert!(in_place.enter_soon().is_some());
        assert!(InPlace::new(1).enter_soon().is_none());
        std::thread::scope(|threads| {
            let in_place = &in_place;
            let (mut admitted, tries) = (0, 1_000);
            let other = threads.spawn(move || (0..tries).filter(|_| in_place.enter_soon().is_some()).count());
            for _ in 0..tries {
                admitted += usize::from(in_place.enter_soon().is_some());
            }
            assert!(admitted > 0 && other.join().unwrap() > 0);
        });
        assert_eq!(in_place.free.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn nothing_is_admitted_for_a_while_after_slow_work() {
        let in_place = InPlace::new(2);
        let working = in_place.enter().unwrap();
        std::thread::sleep(SLOW + Duration::from_millis(1));
        drop(working);
        assert!(in_place.enter().is_none());
        // The pause ends.
        in_place.paused_until.store(0, Ordering::Relaxed);
        assert!(in_place.enter().is_some());
    }
}
