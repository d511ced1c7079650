//! Properties that hold for any payload, any token and any header.

use std::{
    collections::BTreeMap,
    time::{Duration, UNIX_EPOCH},
};

use ironleaf_session::{Decoder, Encoder, Payload, PayloadError, Purpose, Serde};
use proptest::{collection::vec, prelude::*};

use crate::support::{Browser, COOKIE, Site, request};

/// One of everything that the codec can write.
#[derive(Clone, Debug, PartialEq)]
struct Everything {
    number: u64,
    flag: bool,
    bytes: Vec<u8>,
    text: String,
    seconds: u64,
    millis: u64,
    token: String,
    optional: Option<String>,
    array: [u8; 3],
}

impl Payload for Everything {
    fn encode(&self, out: &mut Encoder) {
        out.varint(self.number);
        out.bool(self.flag);
        out.bytes(&self.bytes);
        out.str(&self.text);
        out.seconds(UNIX_EPOCH + Duration::from_secs(self.seconds));
        out.millis(UNIX_EPOCH + Duration::from_millis(self.millis));
        out.token(&self.token);
        out.option(self.optional.as_deref(), Encoder::token);
        out.raw(&self.array);
    }

    fn decode(_: u32, input: &mut Decoder<'_>) -> Result<Self, PayloadError> {
        let since = |time: std::time::SystemTime| time.duration_since(UNIX_EPOCH).unwrap();
        Ok(Self {
            number: input.varint()?,
            flag: input.bool()?,
            bytes: input.bytes()?.to_vec(),
            text: input.str()?.to_owned(),
            seconds: since(input.seconds()?).as_secs(),
            millis: since(input.millis()?).as_millis().try_into().unwrap(),
            token: input.token()?.to_string(),
            optional: input.option(|input| input.token().map(|token| token.to_string()))?,
            array: input.array()?,
        })
    }
}

fn encoded<P: Payload>(payload: &P) -> Vec<u8> {
    let mut out = Encoder::new();
    payload.encode(&mut out);
    out.finish().to_vec()
}

fn decoded<P: Payload>(bytes: &[u8]) -> Result<P, PayloadError> {
    let mut input = Decoder::new(bytes);
    let payload = P::decode(P::VERSION, &mut input)?;
    input.finish()?;
    Ok(payload)
}

fn token_bytes(token: &str) -> Vec<u8> {
    let mut out = Encoder::new();
    out.token(token);
    out.finish().to_vec()
}

/// Compact JWTs, text that only looks like one, and any other text.
fn tokens() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[A-Za-z0-9_-]{0,60}(\\.[A-Za-z0-9_-]{0,60}){0,6}",
        1 => "[A-Za-z0-9_-]{1,20}={0,2}\\.[A-Za-z0-9+/]{1,20}={0,2}",
        1 => any::<String>(),
    ]
}

prop_compose! {
    fn everything()(
        number: u64, flag: bool, bytes: Vec<u8>, text: String, seconds in 0..1_u64 << 40, millis in 0..1_u64 << 50,
        token in tokens(), optional in proptest::option::of(tokens()), array: [u8; 3],
    ) -> Everything {
        Everything { number, flag, bytes, text, seconds, millis, token, optional, array }
    }
}

proptest! {
    #[test]
    fn any_payload_comes_back_from_its_encoding(payload in everything()) {
        prop_assert_eq!(decoded::<Everything>(&encoded(&payload)).unwrap(), payload);
    }

    #[test]
    fn there_is_one_encoding_of_every_payload(bytes: Vec<u8>) {
        if let Ok(payload) = decoded::<Everything>(&bytes) {
            // A token may be stored as text although it could be segments. The result of reading it is the same.
            prop_assert_eq!(decoded::<Everything>(&encoded(&payload)).unwrap(), payload);
        }
        if let Ok(number) = Decoder::new(&bytes).varint() {
            let mut out = Encoder::new();
            out.varint(number);
            prop_assert!(bytes.starts_with(&out.finish()));
        }
    }

    #[test]
    fn a_cut_encoding_is_refused(payload in everything(), cut: prop::sample::Index) {
        let bytes = encoded(&payload);
        prop_assert!(decoded::<Everything>(&bytes[..cut.index(bytes.len())]).is_err());
    }

    #[test]
    fn a_token_comes_back_byte_for_byte(token in tokens()) {
        let bytes = token_bytes(&token);
        prop_assert_eq!(&**Decoder::new(&bytes).token().unwrap(), token.as_str());
    }

    #[test]
    fn a_compact_jwt_is_stored_a_quarter_smaller(
        header in vec(any::<u8>(), 30..60), claims in vec(any::<u8>(), 60..600), signature in vec(any::<u8>(), 64..=64),
    ) {
        use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
        let token = [&header, &claims, &signature].map(|part| URL_SAFE_NO_PAD.encode(part)).join(".");
        let bytes = token_bytes(&token);
        prop_assert!(bytes.len() <= header.len() + claims.len() + signature.len() + 6);
        prop_assert_eq!(&**Decoder::new(&bytes).token().unwrap(), token.as_str());
    }

    #[test]
    fn a_token_whose_last_bits_are_not_canonical_is_stored_verbatim(bytes in vec(any::<u8>(), 1..60), spare in 1_u8..4) {
        use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
        prop_assume!(bytes.len() % 3 != 0);
        let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        let mut segment = URL_SAFE_NO_PAD.encode(bytes).into_bytes();
        let last = segment.last_mut().unwrap();
        let value = alphabet.iter().position(|character| character == last).unwrap();
        *last = alphabet[value | usize::from(spare)];
        let token = format!("e30.{}.AAAA", String::from_utf8(segment).unwrap());
        let stored = token_bytes(&token);
        prop_assert_eq!(stored[0], 0);
        prop_assert_eq!(&**Decoder::new(&stored).token().unwrap(), token.as_str());
    }

    #[test]
    fn any_serde_payload_comes_back(text: String, number: i64, list: Vec<u16>) {
        let payload: Serde<BTreeMap<String, (i64, Vec<u16>)>> = Serde([(text, (number, list))].into());
        prop_assert_eq!(decoded::<Serde<_>>(&encoded(&payload)).unwrap(), payload);
    }

    #[test]
    fn any_plaintext_comes_back_from_its_seal(plaintext: Vec<u8>, context: String) {
        let sealer = Site::new().sealer();
        for purpose in [Purpose::Cookie, Purpose::Flash, Purpose::Head] {
            let value = sealer.seal(purpose, &context, &plaintext);
            prop_assert_eq!(&*sealer.unseal(purpose, &context, &value).unwrap().plaintext, &plaintext);
        }
    }

    #[test]
    fn any_single_change_of_a_value_or_its_context_is_rejected(
        plaintext: Vec<u8>, context in "[a-z]{1,20}", at: prop::sample::Index, with in "[ -~]",
    ) {
        let sealer = Site::new().sealer();
        let value = sealer.seal(Purpose::Cookie, &context, &plaintext);
        let change = |text: &str| {
            let at = at.index(text.len());
            format!("{}{with}{}", &text[..at], &text[at + 1..])
        };
        let (altered, elsewhere) = (change(&value), change(&context));
        if altered != value {
            prop_assert!(sealer.unseal(Purpose::Cookie, &context, &altered).is_err());
        }
        if elsewhere != context {
            prop_assert!(sealer.unseal(Purpose::Cookie, &elsewhere, &value).is_err());
        }
    }

    #[test]
    fn no_value_makes_unsealing_panic(value in "(v1\\.)?[A-Za-z0-9_.-]{0,200}", any_value: String) {
        let sealer = Site::new().sealer();
        prop_assert!(sealer.unseal(Purpose::Cookie, "name", &value).is_err());
        prop_assert!(sealer.unseal(Purpose::Cookie, "name", &any_value).is_err());
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().build().unwrap()
}

/// Two signed-in browsers whose sessions are chunked, each with its text.
async fn two_chunked(site: &Site, sizes: (usize, usize)) -> [(Browser, String); 2] {
    let texts = ["a".repeat(sizes.0), "b".repeat(sizes.1)];
    let browsers = [site.signed_in(&texts[0]).await, site.signed_in(&texts[1]).await];
    let [first, second] = browsers;
    let [first_text, second_text] = texts;
    [(first, format!("0 {first_text}")), (second, format!("0 {second_text}"))]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_mix_of_two_chunked_values_yields_one_of_them_or_none(
        sizes in (3_000_usize..12_000, 3_000_usize..12_000), choice in vec(0..4_u8, 16),
    ) {
        runtime().block_on(async {
            let site = Site::new().with_settings(|settings| settings.header_budget_bytes = 32 * 1024);
            let [(first, first_reads), (second, second_reads)] = two_chunked(&site, sizes).await;
            let names: std::collections::BTreeSet<_> = first.jar.keys().chain(second.jar.keys()).cloned().collect();
            let mut pairs = Vec::new();
            for (name, choice) in names.iter().zip(&choice) {
                let sources = [(&first, *choice & 1 == 1), (&second, *choice & 2 == 2)];
                let chosen = sources.iter().filter(|(_, chosen)| *chosen).filter_map(|(browser, _)| browser.jar.get(name));
                pairs.extend(chosen.map(|value| format!("{name}={value}")));
            }
            let answer = request(&site.router(), "/read", pairs.join("; ").as_bytes()).await;
            let possible = [first_reads, second_reads, "anonymous".to_owned()];
            assert!(possible.contains(&answer.body), "a session that nobody sealed");
            assert_eq!(answer.lines(), [""; 0], "nothing is removed");
        });
    }

    #[test]
    fn no_cookie_header_makes_the_layer_panic_or_sign_anyone_in(
        junk in vec(prop_oneof![
            vec(32_u8..=255, 0..40).prop_map(|bytes| bytes.into_iter().filter(|byte| *byte != 127).collect()),
            "(\\.[0-9]{1,3})?=[a-zA-Z0-9_-]{8}\\.[0-9]{1,3}\\.[0-9]{1,3}\\.(v[0-9])?[.A-Za-z0-9_-]{0,40}"
                .prop_map(|chunk| format!("{COOKIE}{chunk}").into_bytes()),
        ], 0..8),
    ) {
        let header: Vec<u8> = junk.join(&b"; "[..]);
        runtime().block_on(async {
            assert_eq!(request(&Site::new().router(), "/read", &header).await.body, "anonymous");
        });
    }
}

/// One million inputs, half of them with a known key id so that they reach the cipher.
#[test]
fn a_million_random_values_neither_open_nor_panic() {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    let site = Site::new();
    let sealer = site.sealer();
    let genuine = sealer.seal(Purpose::Cookie, COOKIE, b"");
    let key_id = &URL_SAFE_NO_PAD.decode(&genuine[3..]).unwrap()[..8];
    let mut bytes = [0; 96];
    let mut value = String::new();
    for round in 0..1_000_000_usize {
        (site.random)(&mut bytes);
        if round % 2 == 0 {
            bytes[..8].copy_from_slice(key_id);
        }
        value.clear();
        value.push_str("v1.");
        URL_SAFE_NO_PAD.encode_string(&bytes[..round % 97], &mut value);
        assert!(sealer.unseal(Purpose::Cookie, COOKIE, &value).is_err());
    }
}
