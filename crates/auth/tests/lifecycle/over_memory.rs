use std::sync::Arc;

use ironleaf_auth::{Clock, Heads, MemoryHeads};

#[path = "cases.rs"]
mod cases;

fn heads(clock: &Clock) -> Arc<dyn Heads> {
    Arc::new(MemoryHeads::new(Arc::clone(clock)))
}
