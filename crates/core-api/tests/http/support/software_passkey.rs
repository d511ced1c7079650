//! An authenticator in software, with its own reading of Web Authentication: it makes ES256 keys, and no attestation.
//! Other packages' tests use this file, too.

use std::sync::Arc;

use aws_lc_rs::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// The origin that its browser states. The domain is that of this origin.
pub(crate) const ORIGIN: &str = "http://localhost:3000";

/// The flags of authenticator data (Web Authentication, section 6.1).
const USER_PRESENT: u8 = 0x01;
pub(crate) const USER_VERIFIED: u8 = 0x04;
const BACKUP_ELIGIBLE: u8 = 0x08;
const BACKED_UP: u8 = 0x10;
const ATTESTED: u8 = 0x40;

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
}

/// In CBOR (RFC 8949): a map of `fmt`, `attStmt` and `authData`.
fn attestation_object(data: &[u8]) -> Vec<u8> {
    let length = u16::try_from(data.len()).unwrap().to_be_bytes();
    [b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x59", &length[..], data].concat()
}
