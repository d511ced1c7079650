//! Opens the store that the configuration names.

use std::sync::Arc;

use ironleaf_auth::Clock;
use ironleaf_store::{SqliteSettings, SqliteStore, Store};

use crate::application::AssemblyError;
use crate::config::Config;

pub(crate) async fn open(config: &Config, clock: &Clock) -> Result<Arc<dyn Store>, AssemblyError> {
    let opened = SqliteStore::open(&config.data_dir, SqliteSettings::default(), Arc::clone(clock)).await;
    let store = opened.map_err(|error| AssemblyError::Store {
        variable: "DATA_DIR",
        detail: std::error::Error::source(&error).map_or_else(|| error.to_string(), ToString::to_string),
    })?;
    Ok(Arc::new(store))
}
