//! A fetch that is under way, and those who wait for it.

use std::sync::Arc;

use tokio::sync::watch;

use crate::KeySourceError;

/// What all who wait are told.
pub(super) type Landing<T> = Result<Arc<T>, KeySourceError>;

/// A fetch that is under way, to wait for.
pub(super) struct Flight<T>(watch::Receiver<Option<Landing<T>>>);

/// The end of the flight that tells the others. Dropping it ends the flight as well.
pub(super) struct Pilot<T>(watch::Sender<Option<Landing<T>>>);

pub(super) fn new<T>() -> (Flight<T>, Pilot<T>) {
    let (sender, receiver) = watch::channel(None);
    (Flight(receiver), Pilot(sender))
}

impl<T> Flight<T> {
    /// Waits for the end.
    pub(super) async fn landed(mut self) -> Landing<T> {
        let landing = match self.0.wait_for(Option::is_some).await {
            Ok(landing) => landing.clone(),
            Err(_) => None,
        };
        landing.unwrap_or_else(|| Err(KeySourceError::new("the fetch was interrupted")))
    }
}

impl<T> Clone for Flight<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T> Pilot<T> {
    /// Tells everybody who waits.
    pub(super) fn land(self, landing: Landing<T>) {
        self.0.send_replace(Some(landing));
    }
}
