//! Everything that a store holds of a person and their sessions, as whoever copies it would see it.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "../../store/tests/support/redis_server.rs"]
#[expect(dead_code, reason = "the tests of the store need more of it")]
mod redis_server;

use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime};

use ironleaf_auth::{EndReason, Grant, Head, HeadState, Heads as _, Keep, SessionKey};
use ironleaf_records::{End, RecordLimits, Records, Seen, SessionName};
use ironleaf_session::{Identity, KeyRing, Owner, Sealer, SessionId};
use ironleaf_store::{
    RedisSettings, RedisStore, SqliteSettings, SqliteStore, Store, system_clock, system_random,
};
use redis_server::RedisServer;

/// Not a secret: a key for tests.
const KEY: &str = "61206b657920666f722074657374732c20616e64206e6f207365637265742121";
const HOUR: Duration = Duration::from_hours(1);
const IDS: [[u8; 16]; 4] =
    [*b"first-session-id", *b"other-session-id", *b"third-session-id", *b"fourth-session-i"];

fn session(id: [u8; 16]) -> Identity {
    Identity {
        id: SessionId::from_bytes(id),
        owner: Owner::new("core-api", "person-42"),
        provider_sid: Some("provider-session-7".to_owned()),
        created_at: began(),
        rotation: 0,
    }
}

/// All of them begin at one time, so that an end at that time reaches none.
fn began() -> SystemTime {
    static BEGAN: OnceLock<SystemTime> = OnceLock::new();
    *BEGAN.get_or_init(|| system_clock()())
}

/// Sessions that are seen, refresh and end.
async fn live(store: Arc<dyn Store>) {
    let sealer = Sealer::new(KeyRing::parse(KEY).unwrap(), system_random());
    let records = Records::new(store, sealer, system_clock(), RecordLimits::default());
    let keep = Keep { mark: HOUR, grant: HOUR, only_with_grant: false };
    let user = ironleaf_api_types::User::new("person-42", "ada@example.com");
    for id in IDS {
        let session = session(id);
        let seen = Seen {
            at: session.created_at,
            address: Some([203, 0, 113, 77].into()),
            user_agent: "Firefox/146.0 on a device",
            provider_mark: Some("mark-of-the-provider"),
        };
        assert!(records.note_session(&session, &seen, HOUR, HOUR).await.unwrap());
        let grant = Some(Grant::of(user.clone()).with(2, "a-secret-refresh-token"));
        let head = Head { rotation: 1, state: HeadState::Idle, not_before: None, grant, shown: false };
        assert!(records.write(&SessionKey::new(&id, 1), None, &head, keep).await.unwrap().is_some());
    }
    let [this, one, ..] = IDS.map(session);
    let end = |end| {
        let records = records.clone();
        async move { records.end(&end, EndReason::EndedByPerson).await.unwrap() }
    };
    end(End::Session { id: one.id, owner: one.owner, created_at: one.created_at }).await;
    let (owner, not_before) = (this.owner, this.created_at);
    end(End::Others { owner, not_before, except: this.id, created_at: this.created_at }).await;
    assert_eq!(records.sessions(&owner).await.unwrap().len(), 3, "their entries are there");
}

/// What must not be found in a dump.
fn secrets() -> Vec<Vec<u8>> {
    let texts = [
        "ada@example.com",
        "ada@",
        "a-secret-refresh-token",
        "203.0.113.77",
        "Firefox",
        "person-42",
        "provider-session-7",
        "mark-of-the-provider",
    ];
    let mut secrets: Vec<Vec<u8>> = texts.iter().map(|text| text.as_bytes().to_vec()).collect();
    secrets.push(vec![203, 0, 113, 77]);
    for id in IDS {
        secrets.extend([id.to_vec(), hex::encode(id).into_bytes()]);
    }
    secrets.push(Owner::new("core-api", "person-42").as_bytes().to_vec());
    secrets
}

fn assert_holds_no_secret(dump: &[u8]) {
    let holds = |bytes: &[u8]| dump.windows(bytes.len()).any(|window| window == bytes);
    for secret in secrets() {
        assert!(!holds(&secret), "{}", String::from_utf8_lossy(&secret));
    }
    assert!(holds(b"v1."), "it is a dump of sealed values");
}

#[tokio::test]
async fn a_file_shows_no_token_address_person_or_session() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path(), SqliteSettings::default(), system_clock()).await.unwrap();
    live(Arc::new(store)).await;
    let mut dump = Vec::new();
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        match std::fs::read(entry.unwrap().path()) {
            Ok(bytes) => dump.extend(bytes),
            // A temporary file that SQLite has removed in the meantime.
            Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::NotFound),
        }
    }
    assert_holds_no_secret(&dump);
    let name = SessionName::of(SessionId::from_bytes(IDS[0])).to_string();
    let name = hex::decode(name).unwrap();
    assert!(dump.windows(name.len()).any(|window| window == name), "the entry is in the dump");
}

#[tokio::test]
async fn a_redis_shows_no_token_address_person_or_session() {
    const DUMP: &str = "
        local all = {}
        for _, key in ipairs(redis.call('KEYS', '*')) do
            all[#all + 1] = key
            local kind = redis.call('TYPE', key).ok
            if kind == 'string' then all[#all + 1] = redis.call('GET', key) end
            if kind == 'hash' then for _, part in ipairs(redis.call('HGETALL', key)) do all[#all + 1] = part end end
            if kind == 'zset' then for _, part in ipairs(redis.call('ZRANGE', key, 0, -1, 'WITHSCORES')) do all[#all + 1] = part end end
        end
        return all";
    let server = RedisServer::start(&[]);
    let store = RedisStore::connect(&server.url(), RedisSettings::default()).await.unwrap();
    live(Arc::new(store)).await;
    let mut dump = redis::cmd("EVAL");
    dump.arg(DUMP).arg(0);
    let dump: Vec<Vec<u8>> = dump.query_async(&mut server.db_connect().await).await.unwrap();
    assert_holds_no_secret(&dump.join(&0));
    let name = hex::decode(SessionName::of(SessionId::from_bytes(IDS[0])).to_string()).unwrap();
    assert!(dump.contains(&name), "the entry is in the dump");
}
