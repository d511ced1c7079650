//! No `Cookie` header makes the layer panic. None signs anybody in without a value that was sealed for it, whole or in
//! chunks; the layer then writes one session, the same one. No other cookies hide the newest session.
//!
//! The bytes 0x0e to 0x1a, which headers must not contain, stand for genuine pieces (`PIECES`). So a mutation reorders,
//! repeats and mixes them instead of breaking their tags.
#![no_main]

use std::{collections::HashSet, sync::LazyLock, time::Duration};

use http::{HeaderMap, HeaderValue, header::COOKIE};
use ironleaf_session::{Arrival, Beginning, Flash, Owner, Serde, Session, SessionLayer, SessionSettings};
use ironleaf_session_fuzz::{
    Answer, Cookie, FOREIGN_SECRET, NOW, OLD_SECRET, SECRET, SESSION_COOKIE, layer, secrets, settings, visit,
};
use libfuzzer_sys::{Corpus, fuzz_target};

type Text = Serde<String>;

const EARLIER: Duration = NOW.saturating_sub(Duration::from_secs(1));
const YEAR: Duration = Duration::from_hours(365 * 24);
const FIRST_PIECE: u8 = 0x0e;
/// More than any server reads, and enough for ten of the large session.
const LONGEST_HEADER_BYTES: usize = 64 * 1024;

static LAYER: LazyLock<SessionLayer<Text>> = LazyLock::new(|| layer(&secrets(), settings(), NOW));

/// The content of the sessions that may be accepted.
static GENUINE: LazyLock<[String; 3]> =
    LazyLock::new(|| ["short".to_owned(), "long".repeat(1_000), "old".to_owned()]);

static PIECES: LazyLock<Vec<String>> = LazyLock::new(|| {
    let [short, long, old] = GENUINE.each_ref();
    let elsewhere = SessionSettings { cookie_name: "elsewhere".to_owned(), ..settings() };
    let short = whole(SECRET, settings(), EARLIER, short);
    let (third, two_thirds) = (short.len() / 3, short.len() / 3 * 2);
    let chunks = sealed(SECRET, settings(), EARLIER, long);
    let [head, tail] = &chunks[..] else { unreachable!("the long session takes two chunks") };
    let part =
        |chunk: &Cookie| chunk.value.splitn(4, '.').nth(3).expect("a chunk has four fields").to_owned();
    vec![
        SESSION_COOKIE.to_owned(),
        short[..third].to_owned(),
        short[third..two_thirds].to_owned(),
        short[two_thirds..].to_owned(),
        short,
        part(head),
        part(tail),
        head.value.clone(),
        tail.value.clone(),
        whole(OLD_SECRET, settings(), EARLIER, old),
        whole(FOREIGN_SECRET, settings(), EARLIER, "of an unknown key"),
        whole(SECRET, settings(), NOW - YEAR, "over"),
        whole(SECRET, elsewhere, EARLIER, "of another cookie"),
    ]
});

const NEWEST_ID: &str = "newest00";

/// A session that began after all others, in chunks that arrive out of order.
static NEWEST: LazyLock<String> = LazyLock::new(|| {
    let value = whole(SECRET, settings(), NOW, "newest");
    let (head, tail) = value.split_at(value.len() / 2);
    let (middle, tail) = tail.split_at(tail.len() / 2);
    let chunk = |(index, part)| format!("; {SESSION_COOKIE}.{index}={NEWEST_ID}.{index}.3.{part}");
    [(2, tail), (0, head), (1, middle)].map(chunk).concat()
});

fuzz_target!(|input: &[u8]| -> Corpus {
    let Some(header) = header(input) else { return Corpus::Reject };
    let headers = HeaderMap::from_iter([(COOKIE, header.clone())]);
    let first = visit(&LAYER, header, page);
    let (arrival, text) = &first.page;
    assert_eq!(settings().has_cookie(&headers), *arrival != Arrival::Absent);
    let names: HashSet<&str> = first.written.iter().map(|cookie| cookie.name.as_str()).collect();
    assert_eq!(names.len(), first.written.len(), "no cookie is written twice");
    if let Some(text) = text {
        assert!(GENUINE.contains(text), "nobody sealed this");
        let second = visit(&LAYER, first.cookie_header(), page);
        assert_eq!(second.page, (Arrival::Accepted, Some(text.clone())));
    } else {
        assert!(first.written.iter().all(|cookie| cookie.value.is_empty()), "there is nothing to write");
        assert_eq!(first.written.is_empty(), *arrival != Arrival::Tampered, "what was altered is removed");
    }
    // Whoever can name the id can add a false part to the true ones.
    if !text_occurs(NEWEST_ID, headers[COOKIE].as_bytes()) {
        let with_newest = [headers[COOKIE].as_bytes(), NEWEST.as_bytes()].concat();
        let with_newest = HeaderValue::from_bytes(&with_newest).expect("both halves are headers");
        let found = visit(&LAYER, with_newest, page).page;
        assert_eq!(found, (Arrival::Accepted, Some("newest".to_owned())));
    }
    Corpus::Keep
});

fn text_occurs(text: &str, bytes: &[u8]) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

/// The input as a header, with genuine pieces in place of the bytes that stand for them.
fn header(input: &[u8]) -> Option<HeaderValue> {
    let mut header = Vec::new();
    for byte in input {
        match byte.checked_sub(FIRST_PIECE).and_then(|index| PIECES.get(usize::from(index))) {
            Some(piece) => header.extend_from_slice(piece.as_bytes()),
            None => header.push(*byte),
        }
        if header.len() > LONGEST_HEADER_BYTES {
            return None;
        }
    }
    HeaderValue::from_bytes(&header).ok()
}

fn page(session: &Session<Text>, _: &Flash) -> (Arrival, Option<String>) {
    session.renew();
    (session.arrival(), session.current().map(|record| record.payload.0.clone()))
}

fn whole(secrets: &str, settings: SessionSettings, now: Duration, text: &str) -> String {
    sealed(secrets, settings, now, text).swap_remove(0).value
}

/// The cookies of a session that begins at `now`.
fn sealed(secrets: &str, settings: SessionSettings, now: Duration, text: &str) -> Vec<Cookie> {
    let text = text.to_owned();
    let sign_in = move |session: &Session<Text>, _: &Flash| {
        session.insert(Serde(text.clone()), Beginning::of(Owner::new("core-api", "42")));
    };
    let Answer { written, .. } = visit(&layer(secrets, settings, now), HeaderValue::from_static(""), sign_in);
    written
}
