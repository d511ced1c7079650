//! Frozen values. If one of them changes, every existing session ends with the next release, so the format's version
//! has to change instead. `FORMAT.md` explains the values. A second implementation computed them from it, not this one.

use std::{
    sync::Arc,
    time::{Duration, UNIX_EPOCH},
};

use axum::{Router, routing::any};
use ironleaf_session::{
    Beginning, Clock, Decoder, Encoder, Flash, FlashKind, KeyRing, Owner, Payload, PayloadError, Purpose,
    Random, Sealer, Secret, Session, SessionLayer, SessionSettings,
};

use crate::support::Browser;

/// The bytes of the secret: 0, 1, 2, …
const SECRET: std::ops::Range<u8> = 0..32;
const KEY_ID: &str = "1d72569845e1db5d";
const OWNER: &str = "12c570ea8d1315a0853607b9ff28d5b5";
const SEALED: &str = "v1.HXJWmEXh210AAQIDBAUGBwgJCgsMDQ4PEBESExQVFhctdtNI32Ck47AZCHRRktx5kcmu5_Or0MfS";
const SESSION: &str = "v1.HXJWmEXh210AAQIDBAUGBwgJCgsMDQ4PEBESExQVFhfaqHbtvCDhnRQBfgEe11Wvs7nmVxNkiZRsqOjVIPekWBJ4CDvpJ-eTAf5CLt790JtDxKwivMGcUsexlEYh5anWydW2Le7orJi1y0TInOgJXMePRndWtIsP-gSHGUZpkkfZ9dhlfvpzHU4k1jSoQ7MgzUTvbyqAShOyrngHjqBf";
const FLASH: &str = "v1.HXJWmEXh210AAQIDBAUGBwgJCgsMDQ4PEBESExQVFhcnWIIAHXu58CcgXCdsTlphs4YI_xdctzLqkp8MgmKsQOqYsf8RW-hq28eippj1vtMTqIXeNltBSg0wX250ZfXEdlXWnXTYUP9gXlM";

const TOKEN: &str = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI0MiJ9.AAECAwQFBgcICQoLDA0ODw";
const MESSAGE: FlashKind<Token> = FlashKind::new("ironleaf-message", Duration::from_mins(1));

/// A payload with a token and a time in it.
#[derive(Clone, Debug, PartialEq)]
struct Token {
    token: String,
    expires_at: u64,
}

impl Token {
    fn example() -> Self {
        Self { token: TOKEN.to_owned(), expires_at: 1_767_229_200 }
    }
}

impl Payload for Token {
    fn encode(&self, out: &mut Encoder) {
        out.token(&self.token);
        out.varint(self.expires_at);
    }

    fn decode(_: u32, input: &mut Decoder<'_>) -> Result<Self, PayloadError> {
        Ok(Self { token: input.token()?.to_string(), expires_at: input.varint()? })
    }
}

/// The type in a later release. It reads version 1 for good.
#[derive(Clone, Debug, PartialEq)]
struct Renewable {
    expires_at: u64,
    token: String,
    refresh: Option<String>,
}

impl Payload for Renewable {
    const VERSION: u32 = 2;

    fn encode(&self, out: &mut Encoder) {
        out.varint(self.expires_at);
        out.token(&self.token);
        out.option(self.refresh.as_deref(), Encoder::token);
    }

    fn decode(version: u32, input: &mut Decoder<'_>) -> Result<Self, PayloadError> {
        if version == 1 {
            let Token { token, expires_at } = Token::decode(version, input)?;
            return Ok(Self { expires_at, token, refresh: None });
        }
        let expires_at = input.varint()?;
        let token = input.token()?.to_string();
        let refresh = input.option(|input| input.token().map(|token| token.to_string()))?;
        Ok(Self { expires_at, token, refresh })
    }
}

/// Every buffer is filled with 0, 1, 2, …
fn counting() -> Random {
    Arc::new(|buffer| buffer.iter_mut().zip(0..).for_each(|(byte, value)| *byte = value))
}

/// 2026-01-01T00:00:00.123Z
fn clock() -> Clock {
    Arc::new(|| UNIX_EPOCH + Duration::from_millis(1_767_225_600_123))
}

fn sealer() -> Sealer {
    Sealer::new(KeyRing::new([Secret::from_bytes(SECRET.collect()).unwrap()]).unwrap(), counting())
}

fn browser() -> Browser {
    let sign_in = async |session: Session<Token>| {
        let owner = Owner::new("core-api", "42");
        let beginning = Beginning { provider_sid: Some("sid-1".to_owned()), ..Beginning::of(owner) };
        session.insert(Token::example(), beginning);
        session.rotate(|_| ());
    };
    let layer: SessionLayer<Token> =
        SessionLayer::new(sealer(), SessionSettings::default(), clock(), counting());
    let router = Router::new()
        .route("/sign-in", any(sign_in))
        .route(
            "/read",
            any(async |session: Session<Token>| format!("{:?}", session.current().unwrap().payload)),
        )
        .route("/flash", any(async |flash: Flash| flash.set(&MESSAGE, &Token::example()).to_string()))
        .route("/take", any(async |flash: Flash| format!("{:?}", flash.take(&MESSAGE).unwrap())))
        .layer(layer);
    Browser::new(router)
}

#[test]
fn the_key_id_is_frozen() {
    assert_eq!(format!("{:?}", sealer().keys()), format!("[KeyId({KEY_ID})]"));
}

#[test]
fn the_owners_hash_is_frozen() {
    assert_eq!(hex::encode(Owner::new("core-api", "42").as_bytes()), OWNER);
}

#[test]
fn a_sealed_value_is_frozen() {
    assert_eq!(sealer().seal(Purpose::Head, "record", b"plaintext"), SEALED);
    assert_eq!(&*sealer().unseal(Purpose::Head, "record", SEALED).unwrap().plaintext, b"plaintext");
}

#[tokio::test]
async fn a_sessions_cookie_is_frozen() {
    let answer = browser().get("/sign-in").await;
    assert_eq!(
        answer.lines(),
        [format!(
            "__Host-Http-ironleaf-session={SESSION}; HttpOnly; Secure; SameSite=Lax; Path=/; Max-Age=604800"
        )]
    );
    let mut browser = browser();
    browser.jar.insert("__Host-Http-ironleaf-session".to_owned(), SESSION.to_owned());
    assert_eq!(browser.get("/read").await.body, format!("{:?}", Token::example()));
}

#[tokio::test]
async fn a_flashs_cookie_is_frozen() {
    let answer = browser().get("/flash").await;
    assert_eq!(
        answer.lines(),
        [format!("__Host-Http-ironleaf-message={FLASH}; HttpOnly; Secure; SameSite=Lax; Path=/; Max-Age=60")]
    );
    let mut browser = browser();
    browser.jar.insert("__Host-Http-ironleaf-message".to_owned(), FLASH.to_owned());
    assert_eq!(browser.get("/take").await.body, format!("{:?}", Token::example()));
}

#[tokio::test]
async fn version_1_of_a_payload_stays_readable_in_version_2() {
    const MESSAGE: FlashKind<Renewable> = FlashKind::new("ironleaf-message", Duration::from_mins(1));
    let layer: SessionLayer<Renewable> =
        SessionLayer::new(sealer(), SessionSettings::default(), clock(), counting());
    let read = async |session: Session<Renewable>, flash: Flash| {
        format!("{:?} {:?}", session.current().unwrap().payload, flash.peek(&MESSAGE).unwrap())
    };
    let mut browser = Browser::new(Router::new().route("/", any(read)).layer(layer));
    browser.jar.insert("__Host-Http-ironleaf-session".to_owned(), SESSION.to_owned());
    browser.jar.insert("__Host-Http-ironleaf-message".to_owned(), FLASH.to_owned());
    let expected = Renewable { expires_at: 1_767_229_200, token: TOKEN.to_owned(), refresh: None };
    assert_eq!(browser.get("/").await.body, format!("{expected:?} {expected:?}"));
}

/// Seeds that do not open would be useless: every mutation of them would fail at the first check.
#[test]
fn the_seeds_of_the_fuzz_targets_are_these_values() {
    assert_eq!(include_str!("../../fuzz/seeds/unseal/session"), SESSION);
    assert_eq!(include_str!("../../fuzz/seeds/unseal/flash"), FLASH);
    assert_eq!(include_str!("../../fuzz/seeds/unseal/record"), SEALED);
    let plaintext = |purpose, context, value| sealer().unseal(purpose, context, value).unwrap().plaintext;
    let session = plaintext(Purpose::Cookie, "__Host-Http-ironleaf-session", SESSION);
    assert_eq!(*session, include_bytes!("../../fuzz/seeds/envelope/session"));
    let flash = plaintext(Purpose::Flash, "__Host-Http-ironleaf-message", FLASH);
    assert_eq!(*flash, include_bytes!("../../fuzz/seeds/envelope/flash"));
}
