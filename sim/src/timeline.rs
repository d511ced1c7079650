//! Virtual time: tokio's paused clock, which jumps to the next timer as soon as all tasks are idle.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::time::Instant;

/// What the clocks of a world show at its beginning, counted from 1970. Any day will do.
const BEGINNING: Duration = Duration::from_hours(500_000);

/// How far the core API's time is ahead of the world's, so that a clock that is behind does not start before the
/// beginning.
pub(crate) const HEAD_START: Duration = Duration::from_mins(1);

pub(crate) type Clock = Arc<dyn Fn() -> SystemTime + Send + Sync>;

/// The single time that orders everything in a world.
#[derive(Clone, Copy)]
pub(crate) struct Timeline {
    begun: Instant,
}

impl Timeline {
    /// Begins now. It needs a runtime with a paused clock.
    pub(crate) fn begin() -> Self {
        Self { begun: Instant::now() }
    }

    /// The age of the world.
    pub(crate) fn now(self) -> Duration {
        self.begun.elapsed()
    }

    /// The clock of a machine, off by `skew_ms`.
    pub(crate) fn clock(self, skew_ms: i64) -> Clock {
        let shift = Duration::from_millis(skew_ms.unsigned_abs());
        Arc::new(move || {
            let right = SystemTime::UNIX_EPOCH + BEGINNING + self.now();
            if skew_ms < 0 { right - shift } else { right + shift }
        })
    }

    /// The correct time in whole seconds since 1970.
    pub(crate) fn unix_secs(at: Duration) -> u64 {
        (BEGINNING + at).as_secs()
    }

    /// What a wall clock at the core API shows, in whole seconds since 1970, at one of its own times.
    pub(crate) fn wall_secs(core_time: Duration) -> u64 {
        Self::unix_secs(core_time).saturating_sub(HEAD_START.as_secs())
    }
}

/// Lets virtual time pass.
#[expect(clippy::disallowed_methods, reason = "time is virtual here, and passing it is the purpose")]
pub(crate) async fn pass(time: Duration) {
    if !time.is_zero() {
        tokio::time::sleep(time).await;
    }
}

/// A readable point in time: day, hour, minute, second and milliseconds of the world.
pub(crate) fn readable(at: Duration) -> String {
    let millis = at.as_millis();
    let (secs, millis) = (millis / 1000, millis % 1000);
    let (mins, secs) = (secs / 60, secs % 60);
    let (hours, mins) = (mins / 60, mins % 60);
    let (days, hours) = (hours / 24, hours % 24);
    format!("day {days} {hours:02}:{mins:02}:{secs:02}.{millis:03}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_in_time_reads_as_day_and_clock() {
        let at = Duration::from_hours(49) + Duration::from_millis(61_007);
        assert_eq!(readable(at), "day 2 01:01:01.007");
    }

    #[tokio::test(start_paused = true)]
    async fn clocks_differ_by_their_skew_and_move_together() {
        let timeline = Timeline::begin();
        let (early, late) = (timeline.clock(-15_000), timeline.clock(15_000));
        let before = early();
        pass(Duration::from_hours(1)).await;
        assert_eq!(late().duration_since(early()).unwrap(), Duration::from_secs(30));
        assert_eq!(early().duration_since(before).unwrap(), Duration::from_hours(1));
    }
}
