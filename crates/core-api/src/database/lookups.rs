//! Finds one person on the caller's thread.

use std::{
    path::PathBuf,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use ironleaf_ambient::InPlace;
use rusqlite::{Connection, OpenFlags, OptionalExtension, Row};
use tokio::runtime::Handle;
use uuid::Uuid;

use crate::{
    timestamp::Timestamp,
    users::{Roles, User},
};

/// Every request with a token looks up its bearer. That takes some microseconds, less than waking the thread on which
/// sqlx has each of its connections, and being woken by it.
///
/// It waits for no lock, and for a slow disk on a few threads only. The caller then asks a connection that may wait.
pub(super) struct Lookups {
    file: PathBuf,
    in_place: InPlace,
    /// As many as were ever in use at once. `None` once they are closed.
    idle: Mutex<Option<Vec<Connection>>>,
}

const BY_ID: &str = "SELECT id, email, unverified_email, is_admin, is_verified, created_at, updated_at,
                            tokens_after
                     FROM users WHERE id = ?";

impl Lookups {
    /// Must be called in the runtime.
    pub(super) fn new(file: PathBuf) -> Self {
        let in_place = InPlace::new(Handle::current().metrics().num_workers());
        Self { file, in_place, idle: Mutex::new(Some(Vec::new())) }
    }

    /// `None` if this thread must not wait for the disk now.
    pub(super) fn user(&self, id: Uuid) -> Option<rusqlite::Result<Option<User>>> {
        let _working = self.in_place.enter()?;
        Some(self.find(id))
    }

    /// A connection that fails is not used again.
    fn find(&self, id: Uuid) -> rusqlite::Result<Option<User>> {
        let kept = self.idle().as_mut().ok_or(rusqlite::Error::InvalidQuery)?.pop();
        let connection = match kept {
            Some(connection) => connection,
            None => self.connect()?,
        };
        let mut text = Uuid::encode_buffer();
        let found = {
            let mut statement = connection.prepare_cached(BY_ID)?;
            statement.query_row([&*id.hyphenated().encode_lower(&mut text)], user).optional()?
        };
        if let Some(idle) = self.idle().as_mut() {
            idle.push(connection);
        }
        Ok(found)
    }

    fn connect(&self) -> rusqlite::Result<Connection> {
        // To read a log takes writing into the index of it. One thread at a time has the connection.
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.file, flags)?;
        connection.busy_timeout(Duration::ZERO)?;
        connection.pragma_update(None, "query_only", "ON")?;
        Ok(connection)
    }

    pub(super) fn close(&self) {
        drop(self.idle().take());
    }

    fn idle(&self) -> MutexGuard<'_, Option<Vec<Connection>>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn user(row: &Row<'_>) -> rusqlite::Result<User> {
    let id: String = row.get(0)?;
    let text = rusqlite::types::Type::Text;
    Ok(User {
        id: id
            .parse()
            .map_err(|error| rusqlite::Error::FromSqlConversionFailure(0, text, Box::new(error)))?,
        email: row.get(1)?,
        unverified_email: row.get(2)?,
        roles: Roles { admin: row.get(3)?, verified: row.get(4)? },
        created_at: Timestamp::from_millis(row.get(5)?),
        updated_at: Timestamp::from_millis(row.get(6)?),
        tokens_after: row.get::<_, Option<i64>>(7)?.map(Timestamp::from_millis),
    })
}
