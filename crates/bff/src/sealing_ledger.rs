//! The records, which note when a watched session is sealed.

use std::time::SystemTime;

use ironleaf_session::{Advance, Identity, Known, Ledger, LedgerFuture, Passage, Tombstone};

use crate::Bff;

/// The records as the session layer sees them. It notes which cookies leave.
pub(crate) struct SealingLedger(pub(crate) Bff);

impl Ledger for SealingLedger {
    fn standing<'a>(&'a self, session: &'a Identity) -> LedgerFuture<'a, Known> {
        self.0.records().standing(session)
    }

    fn advance<'a>(&'a self, session: &'a Identity, advance: &'a Advance) -> LedgerFuture<'a, Passage> {
        let Self(bff) = self;
        Box::pin(async move {
            let passage = bff.records().advance(session, advance).await;
            // A cookie leaves unchecked if the store does not answer.
            if !matches!(passage, Ok(Passage::Overtaken | Passage::Ended)) {
                bff.seals().note(session.id, bff.now());
            }
            passage
        })
    }

    fn end<'a>(&'a self, tombstone: &'a Tombstone, keep_until: SystemTime) -> LedgerFuture<'a, ()> {
        Ledger::end(self.0.records(), tombstone, keep_until)
    }
}
