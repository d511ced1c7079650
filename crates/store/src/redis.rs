//! A store for many replicas: Redis 7 or Valkey.

mod entries;
mod fault;
mod info;
mod link;
mod policy;
mod scripts;
mod settings;

use std::time::Duration;

use async_trait::async_trait;
use tokio::time::Instant;

use self::{fault::Fault, info::Info, link::Link, scripts::Scripts};
pub use self::{policy::EvictionPolicy, settings::RedisSettings};
use crate::{
    Draft, Entry, EntryDraft, Expected, Holder, Key, Random, Record, Store, StoreError, Usage, Version,
    Written, ambient::ttl_millis, readiness::Readiness, record::check_mark,
};

/// Keeps everything in a Redis, by its clock: replicas need not agree on the time.
///
/// All calls share one connection. It is replaced when it breaks, when an answer is late, or when it leads to a server
/// that is no longer the master. No write is ever sent twice.
pub struct RedisStore {
    link: Link,
    scripts: Scripts,
    prefix: String,
    random: Random,
    readiness: Readiness,
    /// Readiness counts time from here.
    made_at: Instant,
}

impl RedisStore {
    /// Connects to `redis://[user][:password]@host[:port][/database]`, or with TLS to `rediss://..`, and checks that it
    /// can be used.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unreachable`] if the address is invalid, nobody answers there in time, or it is a cluster node;
    /// and the errors of [`check`](Store::check).
    pub async fn connect(url: &str, settings: RedisSettings) -> Result<Self, StoreError> {
        let store = Self::lazy(url, settings)?;
        // Before anything is written: a cluster node may accept this key and refuse the next one.
        if store.info(&["server"]).await?.is_of_a_cluster() {
            return Err(Fault::cluster().into());
        }
        store.check().await?;
        Ok(store)
    }

    /// The same without waiting for an answer: the store connects at its first call. For a server that starts while its
    /// Redis is down, and reports that by its readiness.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unreachable`] if the address or a certificate cannot be read.
    pub fn lazy(url: &str, settings: RedisSettings) -> Result<Self, StoreError> {
        let link = Link::new(url, &settings)?;
        let RedisSettings { prefix, random, .. } = settings;
        let (readiness, made_at) = (Readiness::default(), Instant::now());
        Ok(Self { link, scripts: Scripts::new(), prefix, random, readiness, made_at })
    }

    /// Whether this Redis could drop a mark when its memory is full.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unreachable`] if it does not answer at all. If it answers without stating its policy, the result
    /// is [`EvictionPolicy::Unknown`].
    pub async fn eviction_policy(&self) -> Result<EvictionPolicy, StoreError> {
        Ok(EvictionPolicy::of(&self.info(&["memory"]).await?))
    }

    /// Empty if the server answers but does not tell.
    async fn info(&self, sections: &[&str]) -> Result<Info, Fault> {
        let mut info = redis::cmd("INFO");
        info.arg(sections);
        let answer = self.link.run(async |mut connection| info.query_async::<String>(&mut connection).await);
        match answer.await {
            Ok(answer) => Ok(Info::from(&*answer)),
            Err(fault) if fault.is_refusal() => Ok(Info::default()),
            Err(fault) => Err(fault),
        }
    }

    /// The part in braces decides where a cluster keeps a key, so a record's mark and body are in one place.
    fn name(&self, key: &Key, part: &str) -> String {
        format!("{}{{{}}}:{part}", self.prefix, hex::encode(key.as_bytes()))
    }

    /// Writes, and checks whether the server is a replica.
    async fn try_to_write(&self) -> Result<(), StoreError> {
        let mut check = self.scripts.check.key(self.name(&CHECKED, CHECK));
        check.arg(ttl_millis(CHECK_LIFE));
        self.link.run(async |mut connection| check.invoke_async::<()>(&mut connection).await).await?;
        // SECURITY: a replica may be configured to accept writes. It forgets them when it hears from its master.
        if self.info(&["replication"]).await?.is_of_a_replica() {
            self.link.leave();
            return Err(Fault::writable_replica().into());
        }
        Ok(())
    }

    async fn read_once(&self, names: &[[String; 2]]) -> Result<Vec<[Option<Vec<u8>>; 2]>, Fault> {
        let mut pipeline = redis::pipe();
        for names in names {
            pipeline.cmd("MGET").arg(names);
        }
        self.link.run(async |mut connection| pipeline.query_async(&mut connection).await).await
    }
}

const MARK: &str = "mark";
const BODY: &str = "body";
const LEASE: &str = "lease";
const CHECK: &str = "check";

/// A key that no record has.
const CHECKED: Key = Key::from_bytes([0; 32]);

/// The lifetime of a key that its own script removes. If the script ends early, the key expires by itself.
const CHECK_LIFE: Duration = Duration::from_secs(1);

#[async_trait]
impl Store for RedisStore {
    async fn read(&self, keys: &[Key]) -> Result<Vec<Option<Record>>, StoreError> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let names: Vec<_> = keys.iter().map(|key| [self.name(key, MARK), self.name(key, BODY)]).collect();
        let values = match self.read_once(&names).await {
            // The connection was already broken, and only this call noticed it. Reading twice does no harm.
            Err(fault) if fault.is_broken_connection() => self.read_once(&names).await?,
            values => values?,
        };
        values.into_iter().map(|[mark, body]| mark.map(|mark| record(&mark, body)).transpose()).collect()
    }

    async fn write(&self, key: &Key, expected: Expected, draft: Draft) -> Result<Written, StoreError> {
        check_mark(&draft);
        let mut version = [0; 16];
        (self.random)(&mut version);
        let mut write = self.scripts.write.key(self.name(key, MARK));
        write.key(self.name(key, BODY));
        match &expected {
            Expected::Anything => write.arg("any"),
            Expected::Absent => write.arg("none"),
            Expected::Version(version) => write.arg(&version.as_bytes()[..]),
        };
        write.arg(&version[..]).arg(draft.mark).arg(ttl_millis(draft.mark_ttl));
        if let Some(body) = draft.body {
            write.arg(ttl_millis(body.ttl.min(draft.mark_ttl))).arg(body.bytes);
        }
        let done: bool =
            self.link.run(async |mut connection| write.invoke_async(&mut connection).await).await?;
        Ok(if done { Written::Done(Version::from_bytes(version)) } else { Written::Conflict })
    }

    async fn acquire(&self, lease: &Key, holder: &Holder, ttl: Duration) -> Result<bool, StoreError> {
        let mut acquire = self.scripts.acquire.key(self.name(lease, LEASE));
        acquire.arg(&holder.as_bytes()[..]).arg(ttl_millis(ttl));
        Ok(self.link.run(async |mut connection| acquire.invoke_async(&mut connection).await).await?)
    }

    async fn renew(&self, lease: &Key, holder: &Holder, ttl: Duration) -> Result<bool, StoreError> {
        let mut renew = self.scripts.renew.key(self.name(lease, LEASE));
        renew.arg(&holder.as_bytes()[..]).arg(ttl_millis(ttl));
        Ok(self.link.run(async |mut connection| renew.invoke_async(&mut connection).await).await?)
    }

    async fn release(&self, lease: &Key, holder: &Holder) -> Result<(), StoreError> {
        let mut release = self.scripts.release.key(self.name(lease, LEASE));
        release.arg(&holder.as_bytes()[..]);
        Ok(self.link.run(async |mut connection| release.invoke_async(&mut connection).await).await?)
    }

    async fn check(&self) -> Result<(), StoreError> {
        let now = || i64::try_from(self.made_at.elapsed().as_millis()).unwrap_or(i64::MAX);
        // Each time, because the connection may have broken a moment ago. The read replaces a broken connection, so the
        // script is sent once.
        self.read(&[CHECKED]).await?;
        self.readiness.check(now, async || self.try_to_write().await).await
    }

    async fn usage(&self) -> Result<Option<Usage>, StoreError> {
        Ok(self.info(&["memory", "keyspace"]).await?.usage(self.link.database()))
    }

    async fn put_entry(&self, index: &Key, name: &Key, draft: EntryDraft) -> Result<bool, StoreError> {
        self.put(index, name, &draft).await
    }

    async fn entries(&self, index: &Key) -> Result<Vec<Entry>, StoreError> {
        self.list(index).await
    }

    async fn remove_entries(&self, index: &Key, names: &[Key]) -> Result<(), StoreError> {
        if names.is_empty() { Ok(()) } else { self.remove(index, names).await }
    }
}

/// A mark is stored behind its version.
fn record(mark: &[u8], body: Option<Vec<u8>>) -> Result<Record, StoreError> {
    let (version, mark) = mark.split_first_chunk().ok_or_else(Fault::foreign)?;
    Ok(Record { version: Version::from_bytes(*version), mark: mark.to_vec(), body })
}
