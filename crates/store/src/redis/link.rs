//! The single connection, the time limits for waiting on it, and reconnecting.
//!
//! The client's own connection manager does much of this. But it keeps a connection whose answers do not arrive (the
//! host is gone, a firewall dropped it), and it does not recover from a refused password.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use futures_util::{
    FutureExt,
    future::{BoxFuture, Shared},
};
use redis::{
    AsyncConnectionConfig, Client, ConnectionAddr, RedisResult, TlsCertificates, aio::MultiplexedConnection,
};
use rustls::crypto::{CryptoProvider, aws_lc_rs};

use super::{fault::Fault, settings::RedisSettings};

type Connecting = Shared<BoxFuture<'static, RedisResult<MultiplexedConnection>>>;

pub(super) struct Link {
    client: Client,
    config: AsyncConnectionConfig,
    command_timeout: Duration,
    /// The connection, or the attempt to connect that all callers wait for together. `None` before the first call.
    current: Mutex<Option<Connecting>>,
}

impl Link {
    pub(super) fn new(url: &str, settings: &RedisSettings) -> Result<Self, Fault> {
        let client = match &settings.root_certificates {
            None => Client::open(url)?,
            // An empty list trusts nobody: every server would be refused, later and without a reason.
            Some(pem) if !holds_a_certificate(pem) => return Err(Fault::no_certificate()),
            Some(pem) => {
                let certificates = TlsCertificates { client_tls: None, root_cert: Some(pem.clone()) };
                Client::build_with_tls(url, certificates)?
            }
        };
        if matches!(client.get_connection_info().addr(), ConnectionAddr::TcpTls { .. }) {
            name_the_cryptography();
        }
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(settings.connect_timeout))
            .set_response_timeout(Some(settings.response_timeout));
        Ok(Self { client, config, command_timeout: settings.command_timeout, current: Mutex::new(None) })
    }

    /// The number of the database in the address.
    pub(super) fn database(&self) -> i64 {
        self.client.get_connection_info().redis_settings().db()
    }

    /// Runs an operation once, within the time limit of a call.
    pub(super) async fn run<T>(
        &self,
        operation: impl AsyncFnOnce(MultiplexedConnection) -> RedisResult<T>,
    ) -> Result<T, Fault> {
        let connecting = self.connecting();
        let outcome =
            tokio::time::timeout(self.command_timeout, async { operation(connecting.clone().await?).await })
                .await;
        let fault = match outcome {
            Ok(Ok(value)) => return Ok(value),
            Ok(Err(error)) => Fault::from(error),
            Err(_) => Fault::late(),
        };
        if fault.gives_up_the_connection {
            self.give_up(&connecting);
        }
        Err(fault)
    }

    /// The current connection or attempt, or a new attempt if there is none or the last one failed.
    fn connecting(&self) -> Connecting {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(connecting) =
            current.as_ref().filter(|connecting| !matches!(connecting.peek(), Some(Err(_))))
        {
            return connecting.clone();
        }
        let (client, config) = (self.client.clone(), self.config.clone());
        let attempt = async move { client.get_multiplexed_async_connection_with_config(&config).await };
        let connecting = attempt.boxed().shared();
        // In its own task: the caller that started it may go away while the others still wait for it.
        tokio::spawn(connecting.clone());
        current.insert(connecting).clone()
    }

    /// Makes the next call connect again, because this connection leads to an unusable server.
    pub(super) fn leave(&self) {
        let current = self.current.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(connecting) = current {
            self.give_up(&connecting);
        }
    }

    /// Makes the next call connect again, unless another caller has done so. An attempt in progress continues until its
    /// own timeout: dropping it here would make every attempt fail that takes longer than a command may.
    fn give_up(&self, connecting: &Connecting) {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        if connecting.peek().is_some() && current.as_ref().is_some_and(|current| current.ptr_eq(connecting)) {
            *current = None;
        }
    }
}

fn holds_a_certificate(pem: &[u8]) -> bool {
    const BEGIN: &[u8] = b"-----BEGIN CERTIFICATE-----";
    pem.windows(BEGIN.len()).any(|window| window == BEGIN)
}

/// The client asks rustls for the process' default provider, and rustls panics if two are compiled in and none is
/// chosen.
fn name_the_cryptography() {
    if CryptoProvider::get_default().is_none() {
        // An error means that another thread was faster.
        let _ = aws_lc_rs::default_provider().install_default();
    }
}
