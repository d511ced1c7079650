//! The signal to stop the process.

use std::time::Duration;

use tokio::sync::watch;

/// How long requests in flight may take after the process was told to stop.
pub(super) const GRACE: Duration = Duration::from_secs(10);

/// Becomes true when the process is told to stop, by Ctrl-C or by SIGTERM.
pub(super) fn stop_signal() -> watch::Receiver<bool> {
    let (sender, receiver) = watch::channel(false);
    tokio::spawn(async move {
        told_to_stop().await;
        tracing::info!("stopping");
        sender.send_replace(true);
    });
    receiver
}

/// Resolves when the signal has become true.
pub(super) async fn stopped(mut stop: watch::Receiver<bool>) {
    // An error means that the sender is gone, and with it everything that could still be stopped.
    let _ = stop.wait_for(|stop| *stop).await;
}

#[cfg(unix)]
async fn told_to_stop() {
    use tokio::signal::unix::{SignalKind, signal};

    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
        }
        Err(error) => {
            tracing::warn!(%error, "cannot listen for SIGTERM");
            let _ = tokio::signal::ctrl_c().await;
        }
    }
}

#[cfg(not(unix))]
async fn told_to_stop() {
    let _ = tokio::signal::ctrl_c().await;
}
