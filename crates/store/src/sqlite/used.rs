//! What the records, the leases and the entries take.

use sqlx::SqliteConnection;

use crate::bound::UsedBytes;

/// What a record costs beside its bytes. The triggers of `0001_records_and_leases.sql` count the same.
pub(super) const RECORD_BYTES: usize = 256;

/// What the entries of indexes take, which is not among that.
pub(super) async fn used_by_entries(connection: &mut SqliteConnection) -> sqlx::Result<usize> {
    let bytes: i64 = sqlx::query_scalar("SELECT entry_bytes FROM used").fetch_one(connection).await?;
    Ok(usize::try_from(bytes).unwrap_or_default())
}

/// What records and leases take, as the triggers have counted it.
pub(super) async fn used(connection: &mut SqliteConnection) -> sqlx::Result<UsedBytes> {
    let (fixed, first, last): (i64, i64, i64) =
        sqlx::query_as("SELECT fixed_bytes, first_bytes, last_bytes FROM used").fetch_one(connection).await?;
    let bytes = |count| usize::try_from(count).unwrap_or_default();
    Ok(UsedBytes { fixed: bytes(fixed), first: bytes(first), last: bytes(last) })
}
