use std::sync::Arc;

use ironleaf_auth::{Clock, Heads, system_random};
use ironleaf_records::{RecordLimits, Records};
use ironleaf_session::{KeyRing, Sealer};
use ironleaf_store::MemoryStore;

#[path = "cases.rs"]
#[expect(clippy::duplicate_mod, reason = "the same cases over other heads")]
mod cases;

/// Not a secret: a key for tests.
const TEST_KEY: &str = "61206b657920666f722074657374732c20616e64206e6f207365637265742121";

fn heads(clock: &Clock) -> Arc<dyn Heads> {
    let store = Arc::new(MemoryStore::new(1 << 20, Arc::clone(clock)));
    let sealer = Sealer::new(KeyRing::parse(TEST_KEY).unwrap(), system_random());
    Arc::new(Records::new(store, sealer, Arc::clone(clock), RecordLimits::default()))
}
