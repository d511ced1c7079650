//! Serving a core API, and stopping it.

use std::{future, io, net::SocketAddr, time::Duration};

use axum::{Router, serve::ListenerExt};
use http::Method;
use tokio::{net::TcpListener, sync::oneshot, time};

use crate::{core_api::CoreApi, routes};

/// How long a stop waits for requests in flight. A client that sends half a request must not keep the process.
const GRACE: Duration = Duration::from_secs(10);

/// How long a stop waits for e-mails that are on their way; they are sent by the next start otherwise.
const SETTLING_TIME: Duration = Duration::from_secs(5);

impl CoreApi {
    /// Everything the core API serves, for in-process tests.
    pub fn router(&self) -> Router {
        routes::router(self)
    }

    /// Every method and path that the router serves, in the notation of OpenAPI.
    pub fn operations(&self) -> Vec<(Method, &'static str)> {
        routes::operations(self.config())
    }

    /// Serves until `shutdown`, answers what is in flight, finishes what was promised and closes the database.
    ///
    /// # Errors
    ///
    /// When the listener fails.
    pub async fn serve(
        self,
        listener: TcpListener,
        shutdown: impl Future<Output = ()> + Send + 'static,
    ) -> io::Result<()> {
        let listener = listener.tap_io(|stream| {
            if let Err(error) = stream.set_nodelay(true) {
                tracing::debug!(%error, "answers may wait for their acknowledgement");
            }
        });
        let (signal, signalled) = oneshot::channel::<()>();
        let server = axum::serve(listener, self.router().into_make_service_with_connect_info::<SocketAddr>())
            .with_graceful_shutdown(async {
                shutdown.await;
                drop(signal);
            });
        let overdue = async {
            // Dropping the sender is the signal.
            let _ = signalled.await;
            let _ = time::timeout(GRACE, future::pending::<()>()).await;
        };
        tokio::select! {
            result = server => result?,
            () = overdue => tracing::warn!("a client did not finish its request; its connection is dropped"),
        }
        self.background().stop();
        if time::timeout(SETTLING_TIME, self.settled()).await.is_err() {
            tracing::warn!("e-mails are still on their way; the next start sends them");
        }
        self.database().close().await;
        Ok(())
    }
}
