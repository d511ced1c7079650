//! One set-up: the program and the core API as processes, a proxy between them, and optionally a Redis with another
//! proxy.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use tempfile::TempDir;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

use crate::api;
use crate::browser::Browser;
use crate::core_api_wire::Wire;
use crate::machine::{Kind, Machine};
use crate::pause;
use crate::processes::{Process, Subcommand};
use crate::redis_wire::StoreWire;
use crate::upstream::Upstream;

/// A key for tests, not a secret.
const TEST_KEY: &str = "61206b657920666f722074657374732c20616e64206e6f207365637265742121";

/// The core API hashes two passwords at a time. With more than a few waiting, a sign-in would exceed its deadline.
const HASHES_AT_ONCE: usize = 4;

pub(crate) const OLD_PASSWORD: &str = "the old password";
pub(crate) const NEW_PASSWORD: &str = "the new password";

/// The lifetime of access tokens.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Life {
    /// Longer than the test.
    Long,
    /// Two seconds.
    Short,
}

impl Life {
    const SHORT: Duration = Duration::from_secs(2);
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Store {
    Folder,
    Redis,
}

pub(crate) struct World {
    pub(crate) upstream: Upstream,
    pub(crate) wire: Wire,
    pub(crate) store_wire: Option<StoreWire>,
    pub(crate) hashes: Semaphore,
    /// The machines of the core API and of the application.
    pub(crate) machines: [Machine; 2],
    life: Life,
    people: AtomicU16,
    application: Process,
    _core_api: Process,
    _redis: Option<Process>,
    _folders: [TempDir; 3],
}

/// A person with an account, and their own browser.
#[derive(Clone)]
pub(crate) struct Person {
    pub(crate) email: String,
    pub(crate) browser: Browser,
    /// The fields that name another person, for the forms of an administrator.
    pub(crate) about: String,
}

impl World {
    pub(crate) async fn start(life: Life, store: Store) -> Arc<Self> {
        Self::start_on(Kind::Ordinary, life, store).await
    }

    pub(crate) async fn start_on(kind: Kind, life: Life, store: Store) -> Arc<Self> {
        let folders = [(); 3].map(|()| tempfile::tempdir().unwrap());
        let ttl = if life == Life::Short { format!("{}s", Life::SHORT.as_secs()) } else { "20m".to_owned() };
        let settings = [("CORE_API_ACCESS_TOKEN_TTL", ttl)];
        let machines = [&folders[0], &folders[2]].map(|folder| Machine::new(kind, folder.path()));
        let core_api = machines[0].start(Subcommand::CoreApi, &settings).await;
        let wire = Wire::before(core_api.address);
        let api = api::start().await;
        let mut settings = vec![
            ("CORE_API_URL", format!("http://{}/v1", wire.door.address)),
            ("CORE_API_SIGN_IN_LINKS", "true".to_owned()),
            ("PROXY_ROUTES", format!("/api/notes/=http://{api}/v2/ upgrade=websocket timeout=3s")),
            ("SESSION_SECRETS", TEST_KEY.to_owned()),
        ];
        let (mut redis, mut store_wire) = (None, None);
        if store == Store::Redis {
            let process = Process::redis(&folders[1], &[]).await;
            let wire = StoreWire::before(process.address);
            settings.push(("REDIS_URL", format!("redis://{}", wire.door.address)));
            (redis, store_wire) = (Some(process), Some(wire));
        }
        let application = machines[1].start(Subcommand::Serve, &settings).await;
        Arc::new(Self {
            upstream: Upstream::new(core_api.address, machines[0].data().join("outbox")),
            wire,
            store_wire,
            hashes: Semaphore::new(HASHES_AT_ONCE),
            machines,
            life,
            people: AtomicU16::new(0),
            application,
            _core_api: core_api,
            _redis: redis,
            _folders: folders,
        })
    }

    /// A new person with an unused address, because rate limits count by address.
    pub(crate) fn stranger(&self) -> Person {
        let [high, low] = self.people.fetch_add(1, Ordering::Relaxed).to_be_bytes();
        let address = Ipv4Addr::new(127, 1, high, low);
        let browser = Browser::new(address, self.application.address);
        Person { email: format!("person-{high}-{low}@test.com"), browser, about: String::new() }
    }

    pub(crate) async fn account(&self) -> Person {
        let person = self.stranger();
        let _turn = self.hashes.acquire().await.unwrap();
        assert_eq!(self.upstream.register(&person.email, OLD_PASSWORD).await, 201);
        person
    }

    pub(crate) async fn signed_in(&self) -> Person {
        let person = self.account().await;
        self.sign_in(person).await
    }

    /// A person with the role ADMIN, signed in, who looks at somebody else.
    pub(crate) async fn administrator(&self) -> Person {
        let (mut person, other) = (self.account().await, self.account().await);
        {
            let _turn = self.hashes.acquire().await.unwrap();
            self.upstream.promote(&person.email).await;
            person.about = self.upstream.look_at(&other.email).await;
        }
        self.sign_in(person).await
    }

    async fn sign_in(&self, mut person: Person) -> Person {
        let _turn = self.hashes.acquire().await.unwrap();
        let form = sign_in_form(&person.email, OLD_PASSWORD);
        let answer = person.browser.post("/api/sign-in", &form).await;
        assert_eq!((answer.status, &answer.location[..]), (303, "/"), "{}", answer.body);
        person
    }

    pub(crate) fn application_address(&self) -> SocketAddr {
        self.application.address
    }

    /// If access tokens are short-lived, waits until all current ones have expired.
    pub(crate) async fn tokens_end(&self) {
        if self.life == Life::Short {
            pause(Life::SHORT).await;
        }
    }
}

/// How often a person without a fault opens their account page. The circuit breaker stays closed as long as some calls
/// are answered, so every request meets its own fault and not the breaker.
const HEARTBEAT: Duration = Duration::from_millis(200);

pub(crate) fn begin_heartbeat(mut browser: Browser) -> JoinHandle<()> {
    tokio::spawn(async move {
        loop {
            browser.get("/account").await;
            pause(HEARTBEAT).await;
        }
    })
}

pub(crate) fn sign_in_form(email: &str, password: &str) -> String {
    format!("email={email}&password={password}")
}
