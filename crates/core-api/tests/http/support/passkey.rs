//! An authenticator in software, with its own reading of Web Authentication: it makes ES256 keys, and no attestation.

use std::sync::Arc;

use aws_lc_rs::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use http::StatusCode;
use ironleaf_core_api::Config;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{Answer, TestApi, Tokens};

pub(crate) const PASSKEYS: &str = "/v1/user/users/current/passkeys";
pub(crate) const REGISTRATION: &str = "/v1/user/users/current/passkey-challenges";
pub(crate) const SIGN_IN: &str = "/v1/auth/passkey-challenges";

pub(crate) const ORIGIN: &str = "http://localhost:3000";

/// The flags of authenticator data (Web Authentication, section 6.1).
const USER_PRESENT: u8 = 0x01;
pub(crate) const USER_VERIFIED: u8 = 0x04;
const BACKUP_ELIGIBLE: u8 = 0x08;
const BACKED_UP: u8 = 0x10;
const ATTESTED: u8 = 0x40;

/// A core API whose application has a domain.
pub(crate) async fn api() -> TestApi {
    TestApi::with(config()).await
}

pub(crate) fn config() -> Config {
    Config { public_origin: ORIGIN.to_owned(), ..Config::in_memory() }
}

/// One passkey, in an authenticator and its browser.
pub(crate) struct Passkey {
    key: Arc<EcdsaKeyPair>,
    credential_id: Vec<u8>,
    pub(crate) user_handle: String,
    pub(crate) domain: String,
    pub(crate) origin: String,
    /// Of the next answer.
    pub(crate) counter: u32,
    pub(crate) flags: u8,
}

impl Passkey {
    /// A key that nobody knows yet, of a password manager that keeps a copy.
    pub(crate) fn new(credential_id: &str) -> Self {
        Self {
            key: Arc::new(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap()),
            credential_id: credential_id.as_bytes().to_vec(),
            user_handle: String::new(),
            domain: "localhost".to_owned(),
            origin: ORIGIN.to_owned(),
            counter: 0,
            flags: USER_PRESENT | USER_VERIFIED | BACKUP_ELIGIBLE | BACKED_UP,
        }
    }

    /// A key of a device, which counts its signatures.
    pub(crate) fn of_device(credential_id: &str) -> Self {
        Self { counter: 1, flags: USER_PRESENT | USER_VERIFIED, ..Self::new(credential_id) }
    }

    /// The same, with the key of another one.
    pub(crate) fn with_key_of(self, other: &Self) -> Self {
        Self { key: Arc::clone(&other.key), ..self }
    }

    /// What `navigator.credentials.create` answers.
    pub(crate) fn create(&mut self, options: &Value) -> Value {
        options["user"]["id"].as_str().unwrap().clone_into(&mut self.user_handle);
        let client_data = self.client_data("webauthn.create", options);
        let mut data = self.authenticator_data(self.flags | ATTESTED);
        data.extend([0; 16]);
        data.extend(u16::try_from(self.credential_id.len()).unwrap().to_be_bytes());
        data.extend(&self.credential_id);
        data.extend(self.public_key());
        json!({
            "id": URL_SAFE_NO_PAD.encode(&self.credential_id),
            "rawId": URL_SAFE_NO_PAD.encode(&self.credential_id),
            "type": "public-key",
            "clientExtensionResults": {},
            "response": {
                "clientDataJSON": URL_SAFE_NO_PAD.encode(client_data),
                "attestationObject": URL_SAFE_NO_PAD.encode(attestation_object(&data)),
            },
        })
    }

    /// What `navigator.credentials.get` answers.
    pub(crate) fn get(&self, options: &Value) -> Value {
        let client_data = self.client_data("webauthn.get", options);
        let data = self.authenticator_data(self.flags);
        let signed = [&data[..], &Sha256::digest(&client_data)[..]].concat();
        let signature = self.key.sign(&SystemRandom::new(), &signed).unwrap();
        json!({
            "id": URL_SAFE_NO_PAD.encode(&self.credential_id),
            "rawId": URL_SAFE_NO_PAD.encode(&self.credential_id),
            "type": "public-key",
            "clientExtensionResults": {},
            "response": {
                "clientDataJSON": URL_SAFE_NO_PAD.encode(client_data),
                "authenticatorData": URL_SAFE_NO_PAD.encode(data),
                "signature": URL_SAFE_NO_PAD.encode(signature.as_ref()),
                "userHandle": self.user_handle,
            },
        })
    }

    fn client_data(&self, kind: &str, options: &Value) -> Vec<u8> {
        let challenge = &options["challenge"];
        json!({ "type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": false })
            .to_string()
            .into_bytes()
    }

    fn authenticator_data(&self, flags: u8) -> Vec<u8> {
        let domain = Sha256::digest(self.domain.as_bytes());
        [&domain[..], &[flags], &self.counter.to_be_bytes()].concat()
    }

    /// As a COSE key (RFC 9053, section 7.1).
    fn public_key(&self) -> Vec<u8> {
        // The first byte says that both coordinates follow.
        let point = &self.key.public_key().as_ref()[1..];
        let (x, y) = point.split_at(32);
        let head = [0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20];
        [&head[..], x, &[0x22, 0x58, 0x20], y].concat()
    }

    /// Registers it for whoever has this access token, and returns the answer.
    pub(crate) async fn register(&mut self, api: &TestApi, access: &str) -> Answer {
        let begun = begin(api, access).await;
        let body = json!({ "name": "My phone", "state": begun["state"], "credential": self.create(&begun["options"]) });
        add(api, access, &body).await
    }

    /// Signs in with it, and returns the answer.
    pub(crate) async fn sign_in(&self, api: &TestApi) -> Answer {
        let begun = begin_sign_in(api).await;
        present(api, &begun["state"], &self.get(&begun["options"])).await
    }
}

/// In CBOR (RFC 8949): a map of `fmt`, `attStmt` and `authData`.
fn attestation_object(data: &[u8]) -> Vec<u8> {
    let length = u16::try_from(data.len()).unwrap().to_be_bytes();
    [b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x59", &length[..], data].concat()
}

/// A registration that has begun.
pub(crate) async fn begin(api: &TestApi, access: &str) -> Value {
    let answer = api.post(REGISTRATION).bearer(access).send().await;
    assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
    answer.json()["item"].clone()
}

pub(crate) async fn add(api: &TestApi, access: &str, body: &Value) -> Answer {
    api.post(PASSKEYS).bearer(access).json(body).send().await
}

/// A sign-in that has begun.
pub(crate) async fn begin_sign_in(api: &TestApi) -> Value {
    let answer = api.post(SIGN_IN).send().await;
    assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
    answer.json()["item"].clone()
}

pub(crate) async fn present(api: &TestApi, state: &Value, credential: &Value) -> Answer {
    api.tokens(&json!({ "passkeyState": state, "passkey": credential })).await
}

/// The passkeys of whoever has this access token.
pub(crate) async fn list(api: &TestApi, access: &str) -> Vec<Value> {
    let answer = api.get(PASSKEYS).bearer(access).send().await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    answer.json()["items"].as_array().unwrap().clone()
}

/// Signs a person in with their password, and registers a passkey of a device for them.
pub(crate) async fn registered(api: &TestApi, email: &str) -> (Tokens, Passkey) {
    let tokens = api.sign_in(email, super::PASSWORD).await;
    let mut passkey = Passkey::of_device("a credential of a device");
    let answer = passkey.register(api, &tokens.access).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
    passkey.counter += 1;
    (tokens, passkey)
}
