//! The lease on a session: across processes, only its holder presents a token of the session.

use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use super::shared::Shared;
use crate::{AttemptId, Event, Holder, SessionKey};

/// How often to ask for a lease that another holder has.
const POLL: Duration = Duration::from_millis(25);

/// The result of asking for a lease.
pub(super) enum LeaseOutcome {
    Held(Lease),
    /// Another holder had it until the deadline.
    Busy,
    /// The store does not answer, or has no space for it.
    Unreachable,
}

pub(super) struct Lease {
    holder: Holder,
    life: Duration,
    taken_at: SystemTime,
    taken: Instant,
}

impl Shared {
    pub(super) async fn lease(&self, session: &SessionKey, deadline: Instant) -> LeaseOutcome {
        let mut holder = Holder::default();
        (self.settings.random)(&mut holder);
        let life = self.settings.time_limits.lease;
        let mut waited = false;
        loop {
            let lease = Lease { holder, life, taken_at: self.now(), taken: Instant::now() };
            match self.heads().acquire(session, &lease.holder, lease.life).await {
                Ok(true) => return LeaseOutcome::Held(lease),
                Ok(false) if Instant::now() + POLL > deadline => return LeaseOutcome::Busy,
                Ok(false) => {}
                Err(error) => {
                    self.observe(Event::StoreUnreachable);
                    tracing::warn!(%error, "the lease on a session could not be acquired");
                    return LeaseOutcome::Unreachable;
                }
            }
            if !waited {
                self.observe(Event::WaitedForLease);
                // The holder may have presented the token long ago, and may still be trying to write down the result.
                self.knowledge.disbelieve(session);
                waited = true;
            }
            self.pause(POLL).await;
        }
    }

    /// Keeps the lease while `work` runs. Work that has started is never cancelled: if the lease is lost in between,
    /// the write of the head shows it.
    pub(super) async fn holding<W: Future>(&self, session: &SessionKey, lease: &Lease, work: W) -> W::Output {
        let prolong = async {
            loop {
                self.pause(lease.life / 3).await;
                // The result does not matter: at worst there is an heir, which finds what was written before.
                let _ = self.heads().acquire(session, &lease.holder, lease.life).await;
            }
        };
        tokio::select! {
            biased;
            output = work => output,
            () = prolong => unreachable!("a lease is prolonged until the work is done"),
        }
    }

    /// The name of an attempt under this lease.
    pub(super) fn attempt(&self, lease: &Lease) -> AttemptId {
        let [a, b, c, d, ..] = lease.holder;
        AttemptId::new(self.process, [a, b, c, d])
    }

    /// Whether the lease was taken so recently that nobody else can have it, even if extending it failed. This uses the
    /// machine's clock, because the runtime's stops while the machine is suspended, and the runtime's, because the
    /// machine's may be set back.
    pub(super) fn is_fresh(&self, lease: &Lease) -> bool {
        let by_clock = self.now().duration_since(lease.taken_at).unwrap_or_default();
        by_clock.max(lease.taken.elapsed()) < lease.life / 2
    }

    pub(super) async fn release(&self, session: &SessionKey, lease: Lease) {
        if let Err(error) = self.heads().release(session, &lease.holder).await {
            tracing::warn!(%error, "a lease was not released; it expires by itself");
        }
    }
}
