//! The lease on a session: across processes only its holder presents a token of it.

use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use super::Shared;
use crate::{Event, Holder, SessionKey};

/// How often a lease that another has is asked for.
const POLL: Duration = Duration::from_millis(25);

/// What came of asking for a lease.
pub(super) enum Asked {
    Held(Lease),
    /// Another had it until the deadline.
    Busy,
    /// The store does not answer.
    Unreachable,
}

pub(super) struct Lease {
    holder: Holder,
    life: Duration,
    taken_at: SystemTime,
}

impl Shared {
    pub(super) async fn lease(&self, session: &SessionKey, deadline: Instant) -> Asked {
        let mut holder = Holder::default();
        (self.settings.random)(&mut holder);
        let life = self.settings.patience.lease;
        let mut waited = false;
        loop {
            let lease = Lease { holder, life, taken_at: self.now() };
            match self.heads().acquire(session, &lease.holder, lease.life).await {
                Ok(true) => return Asked::Held(lease),
                Ok(false) if Instant::now() + POLL > deadline => return Asked::Busy,
                Ok(false) => {}
                Err(error) => {
                    self.observe(Event::StoreUnreachable);
                    tracing::warn!(%error, "no lease on a session");
                    return Asked::Unreachable;
                }
            }
            if !waited {
                self.observe(Event::WaitedForLease);
                waited = true;
            }
            self.pause(POLL).await;
        }
    }

    /// Keeps the lease while `work` is under way. Work that was begun is never broken off: who has lost the lease in
    /// between finds out when it writes the head.
    pub(super) async fn holding<W: Future>(&self, session: &SessionKey, lease: &Lease, work: W) -> W::Output {
        let prolong = async {
            loop {
                self.pause(lease.life / 3).await;
                // An answer or none: at worst there is an heir, which finds what was written before.
                let _ = self.heads().acquire(session, &lease.holder, lease.life).await;
            }
        };
        tokio::select! {
            biased;
            output = work => output,
            () = prolong => unreachable!("a lease is prolonged until the work is done"),
        }
    }

    /// Whether the lease was taken so recently that nobody else can have it, whatever became of its prolongation. By the
    /// clock of the machine: that of the runtime stands still while the machine is suspended.
    pub(super) fn is_fresh(&self, lease: &Lease) -> bool {
        self.now().duration_since(lease.taken_at).is_ok_and(|age| age < lease.life / 2)
    }

    pub(super) async fn release(&self, session: &SessionKey, lease: Lease) {
        if let Err(error) = self.heads().release(session, &lease.holder).await {
            tracing::warn!(%error, "a lease was not given back; it runs out");
        }
    }

    /// Between two tries at something that another may finish meanwhile.
    #[expect(clippy::disallowed_methods, reason = "a timer of a task of its own, not of a request")]
    pub(super) async fn pause(&self, duration: Duration) {
        let mut random = [0; 2];
        (self.settings.random)(&mut random);
        // Up to half as much again, so that those who failed together do not come back together.
        let jitter = duration.mul_f64(f64::from(u16::from_be_bytes(random)) / f64::from(u16::MAX) / 2.0);
        tokio::time::sleep(duration + jitter).await;
    }
}
