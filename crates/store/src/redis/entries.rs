//! The entries of indexes in Redis: a hash with the values of an index, and a sorted set with their ends. A hash whose
//! fields expire by themselves would do, but Valkey and older versions of Redis do not have it.

use redis::Script;

use super::{RedisStore, fault::Fault};
use crate::{
    CLOCK_SKEW, Entry, EntryDraft, INDEX_MAX_ENTRIES, Key, StoreError, ambient::ttl_millis,
    entry::check_value,
};

const ENTRIES: &str = "entries";
const ENDS: &str = "entry-ends";

/// How many expired entries of an index a write removes: more than it adds.
const SWEEP_STEP: u32 = 4;

/// A name and its value.
type Pair = (Vec<u8>, Vec<u8>);

impl RedisStore {
    pub(super) async fn put(&self, index: &Key, name: &Key, draft: &EntryDraft) -> Result<bool, StoreError> {
        check_value(draft);
        let mut put = self.on(&self.scripts.put_entry, index);
        put.arg(&name.as_bytes()[..]).arg(&draft.value[..]).arg(ttl_millis(draft.ttl));
        put.arg(ttl_millis(draft.unless_within)).arg(ttl_millis(CLOCK_SKEW));
        put.arg(INDEX_MAX_ENTRIES).arg(SWEEP_STEP);
        Ok(self.link.run(async |mut connection| put.invoke_async(&mut connection).await).await?)
    }

    pub(super) async fn list(&self, index: &Key) -> Result<Vec<Entry>, StoreError> {
        let list = self.on(&self.scripts.entries, index);
        let run = async || -> Result<Vec<Pair>, Fault> {
            self.link.run(async |mut connection| list.invoke_async(&mut connection).await).await
        };
        let found = match run().await {
            // The connection was already broken, and only this call noticed it. Reading twice does no harm.
            Err(fault) if fault.is_broken_connection() => run().await?,
            found => found?,
        };
        let entry = |(name, value): Pair| {
            let name = name.try_into().map_err(|_| Fault::foreign())?;
            Ok(Entry { name: Key::from_bytes(name), value })
        };
        found.into_iter().map(entry).collect()
    }

    pub(super) async fn remove(&self, index: &Key, names: &[Key]) -> Result<(), StoreError> {
        let mut remove = self.on(&self.scripts.remove_entries, index);
        for name in names {
            remove.arg(&name.as_bytes()[..]);
        }
        Ok(self.link.run(async |mut connection| remove.invoke_async(&mut connection).await).await?)
    }

    fn on<'a>(&self, script: &'a Script, index: &Key) -> redis::ScriptInvocation<'a> {
        let mut invocation = script.key(self.name(index, ENTRIES));
        invocation.key(self.name(index, ENDS));
        invocation
    }
}
