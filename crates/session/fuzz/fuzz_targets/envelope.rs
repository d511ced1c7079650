//! Authentic values may come from another release: decoding anything that is sealed as a session or a flash does not
//! panic, and an accepted value is the same session after it was written again.
#![no_main]

use std::{fmt::Debug, sync::LazyLock, time::Duration};

use http::HeaderValue;
use ironleaf_session::{
    Arrival, Decoder, Encoder, Flash, FlashKind, Owner, Payload, PayloadError, Purpose, Record, Sealer,
    Session, SessionId, SessionLayer,
};
use ironleaf_session_fuzz::{FLASH_COOKIE, NOW, SECRET, SESSION_COOKIE, layer, sealer, settings, visit};
use libfuzzer_sys::fuzz_target;

static SEALER: LazyLock<Sealer> = LazyLock::new(|| sealer(SECRET));
static LAYER: LazyLock<SessionLayer<Token>> = LazyLock::new(|| layer(SECRET, settings(), NOW));

const MESSAGE: FlashKind<Token> = FlashKind::new("ironleaf-message", Duration::from_mins(1));

/// The payload of the values in `FORMAT.md`, and what a later release may have appended to it.
#[derive(Clone, Debug, PartialEq)]
struct Token {
    token: String,
    expires_at: u64,
    rest: Vec<u8>,
}

impl Payload for Token {
    fn encode(&self, out: &mut Encoder) {
        out.token(&self.token);
        out.varint(self.expires_at);
        out.raw(&self.rest);
    }

    fn decode(_: u32, input: &mut Decoder<'_>) -> Result<Self, PayloadError> {
        let (token, expires_at) = (input.token()?.to_string(), input.varint()?);
        Ok(Self { token, expires_at, rest: input.rest().to_vec() })
    }
}

/// A session without the time of its seal.
type Seen = (SessionId, Owner, Option<String>, u64, [Duration; 2], Token);

fuzz_target!(|input: &[u8]| {
    has_one_spelling(input, |input| input.seconds(), |out, time| out.seconds(*time));
    has_one_spelling(input, |input| input.millis(), |out, time| out.millis(*time));
    has_one_spelling(
        input,
        |input| input.option(|input| input.bytes().map(<[u8]>::to_vec)),
        |out, bytes| out.option(bytes.as_deref(), Encoder::bytes),
    );
    // Text that could be segments may be stored as text, and postcard is lenient with numbers.
    is_read_as_it_was_written(
        input,
        |input| input.token().map(|token| token.to_string()),
        |out, token| out.token(token),
    );
    is_read_as_it_was_written(
        input,
        |input| input.serde::<(String, Vec<u64>, Option<bool>)>(),
        |out, value| out.serde(value),
    );
    survives_being_written_again(input);
});

fn has_one_spelling<T>(
    input: &[u8],
    read: impl Fn(&mut Decoder<'_>) -> Result<T, PayloadError>,
    write: impl Fn(&mut Encoder, &T),
) {
    let Ok(value) = read(&mut Decoder::new(input)) else { return };
    let mut out = Encoder::new();
    write(&mut out, &value);
    assert!(input.starts_with(&out.finish()));
}

fn is_read_as_it_was_written<T: PartialEq + Debug>(
    input: &[u8],
    read: impl Fn(&mut Decoder<'_>) -> Result<T, PayloadError>,
    write: impl Fn(&mut Encoder, &T),
) {
    let Ok(value) = read(&mut Decoder::new(input)) else { return };
    let mut out = Encoder::new();
    write(&mut out, &value);
    assert_eq!(read(&mut Decoder::new(&out.finish())), Ok(value));
}

fn survives_being_written_again(plaintext: &[u8]) {
    let session = SEALER.seal(Purpose::Cookie, SESSION_COOKIE, plaintext);
    let flash = SEALER.seal(Purpose::Flash, FLASH_COOKIE, plaintext);
    let header = format!("{SESSION_COOKIE}={session}; {FLASH_COOKIE}={flash}");
    let header = HeaderValue::from_str(&header).expect("sealed values are ASCII");
    let first = visit(&LAYER, header, page);
    assert!(matches!(first.page.0, Arrival::Accepted | Arrival::Expired | Arrival::Unknown));
    if first.page.1.is_some() {
        let second = visit(&LAYER, first.cookie_header(), page);
        assert_eq!((second.page.0, second.page.1), (Arrival::Accepted, first.page.1));
    }
}

fn page(session: &Session<Token>, flash: &Flash) -> (Arrival, Option<Seen>) {
    let _ = flash.take(&MESSAGE);
    assert_eq!(flash.names(&MESSAGE), [""; 0], "it came without a suffix");
    session.renew();
    (session.arrival(), session.current().map(|record| seen(&record)))
}

fn seen(record: &Record<Token>) -> Seen {
    let times = [record.created_at, record.authenticated_at]
        .map(|time| time.duration_since(std::time::UNIX_EPOCH).expect("an envelope has no time before 1970"));
    let Record { id, owner, provider_sid, rotation, payload, .. } = record.clone();
    (id, owner, provider_sid, rotation, times, payload)
}
