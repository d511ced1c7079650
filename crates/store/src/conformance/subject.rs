use std::{sync::Arc, time::Duration};

use async_trait::async_trait;

use crate::Store;

/// A store under test.
#[async_trait]
pub trait Subject: Send + Sync {
    /// Two clients of one store, as two processes would have them. They are asked for once.
    async fn clients(&self) -> [Arc<dyn Store>; 2];

    /// Moves the store's time.
    async fn advance(&self, by: Duration);
}
