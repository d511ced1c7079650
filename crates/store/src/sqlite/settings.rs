use std::time::Duration;

/// How a [`SqliteStore`](crate::SqliteStore) behaves.
#[derive(Clone, Debug)]
pub struct SqliteSettings {
    /// What marks, bodies and an estimate of their overhead may take. The file may be somewhat larger, and stays as
    /// large as it once was. 256 MiB by default: some 50,000 token sets.
    pub capacity_bytes: usize,
    /// How long a call waits for its turn among those of this process, before it is [`Unreachable`](crate::StoreError::Unreachable).
    /// 500 ms by default.
    pub turn_timeout: Duration,
    /// How long a call that has its turn then waits for the write of another process. 500 ms by default: with the turn a second at
    /// most, which a page that waits for it can still answer, and far longer than any of our transactions.
    pub busy_timeout: Duration,
}

impl Default for SqliteSettings {
    fn default() -> Self {
        let timeout = Duration::from_millis(500);
        Self { capacity_bytes: 256 << 20, turn_timeout: timeout, busy_timeout: timeout }
    }
}
