//! The removal of what has expired.

use sqlx::SqliteConnection;

use crate::ambient::Moment;

/// How much of what expired a write removes of each kind: more than it adds, and little enough not to be felt.
pub(super) const SWEEP_STEP: i64 = 4;

/// Removes up to so much of each kind of what is over by now.
pub(super) async fn sweep(connection: &mut SqliteConnection, now: Moment, at_most: i64) -> sqlx::Result<()> {
    const STEPS: [&str; 4] = [
        "DELETE FROM records WHERE version IN (SELECT version FROM records WHERE ends <= ? ORDER BY ends LIMIT ?)",
        "UPDATE records SET body = NULL, body_ends = NULL, eviction = NULL
         WHERE version IN (SELECT version FROM records WHERE body_ends <= ? ORDER BY body_ends LIMIT ?)",
        "DELETE FROM leases WHERE key IN (SELECT key FROM leases WHERE ends <= ? ORDER BY ends LIMIT ?)",
        "DELETE FROM entries WHERE write IN (SELECT write FROM entries WHERE ends <= ? ORDER BY ends LIMIT ?)",
    ];
    for step in STEPS {
        sqlx::query(step).bind(now.unix_millis()).bind(at_most).execute(&mut *connection).await?;
    }
    Ok(())
}
