//! Opens the configured store, or says why it is not reliable.

use std::sync::Arc;

use ironleaf_auth::Clock;
use ironleaf_store::{
    EvictionPolicy, RedisSettings, RedisStore, SqliteSettings, SqliteStore, Store, StoreError,
};
use url::Url;

use crate::assembly_error::AssemblyError;
use crate::config::{Config, Environment};
use crate::metrics::MeasuredStore;

pub(crate) async fn open(config: &Config, clock: &Clock) -> Result<Arc<dyn Store>, AssemblyError> {
    match &config.redis_url {
        Some(url) => shared(url, config.redis.settings(), config.environment).await,
        None => on_this_host(config, clock).await,
    }
}

async fn on_this_host(config: &Config, clock: &Clock) -> Result<Arc<dyn Store>, AssemblyError> {
    let opened = SqliteStore::open(&config.data_dir, SqliteSettings::default(), Arc::clone(clock)).await;
    let store = opened.map_err(|error| unusable("DATA_DIR", cause(error)))?;
    Ok(Arc::new(MeasuredStore(store)))
}

/// This does not wait for a Redis that is away: nobody could tell whether it is reliable, and the supervisor of the
/// process starts it again.
async fn shared(
    url: &Url,
    settings: RedisSettings,
    environment: Environment,
) -> Result<Arc<dyn Store>, AssemblyError> {
    let connected = async {
        let store = RedisStore::connect(url.as_str(), settings).await?;
        let policy = store.eviction_policy().await?;
        Ok((store, policy))
    };
    let (store, policy) = connected.await.map_err(|error: StoreError| {
        let what_to_do = match error {
            StoreError::Full(_) => "Give it more, or name another",
            StoreError::Unreachable(_) => "Start that Redis, name another, or fix its user and password",
        };
        unusable("REDIS_URL", format!("{}. {what_to_do}", cause(error)))
    })?;
    match policy {
        EvictionPolicy::Safe => {}
        EvictionPolicy::Drops(policy) => drops(&policy, environment)?,
        EvictionPolicy::Unknown => tracing::warn!(
            "REDIS_URL: this Redis does not say what it drops when its memory is full; make sure that its maxmemory-policy is \
             noeviction"
        ),
    }
    Ok(Arc::new(MeasuredStore(store)))
}

/// SECURITY: if a mark is dropped, a session that was signed out becomes valid again.
fn drops(policy: &str, environment: Environment) -> Result<(), AssemblyError> {
    let detail = format!(
        "when its memory is full this Redis drops keys by {policy}, marks of ended sessions among them. Set its \
         maxmemory-policy to noeviction"
    );
    if environment == Environment::Production {
        return Err(unusable("REDIS_URL", detail));
    }
    tracing::warn!("REDIS_URL would be refused in production: {detail}");
    Ok(())
}

fn unusable(variable: &'static str, detail: String) -> AssemblyError {
    AssemblyError::Store { variable, detail }
}

fn cause(error: StoreError) -> String {
    match error {
        full @ StoreError::Full(_) => full.to_string(),
        StoreError::Unreachable(cause) => cause.to_string(),
    }
}
