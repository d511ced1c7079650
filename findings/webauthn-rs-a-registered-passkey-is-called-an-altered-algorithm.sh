#!/usr/bin/env bash
# webauthn-rs 0.6.2, run with Rust 1.95.
#
# `start_passkey_registration` takes the credentials that a person already has, and tells the browser to exclude them. If an authenticator
# answers with one of them all the same, `finish_passkey_registration` refuses it, as it should. But the error is
# `CredentialAlteredAlgFromRequest`, the one for an algorithm that was not offered, although this one was. The variant whose text describes
# the case, `CredentialExcludedFromRequest`, exists and is returned nowhere. So a caller cannot tell "you have this passkey already", which
# helps a person, from an authenticator that does not keep to the request, and a `match` on the fitting variant never applies.
#
# Workaround: compare the id of the credential with the excluded ones before you finish the registration, and answer by yourself.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir "$folder/src"
cat >"$folder/Cargo.toml" <<'TOML'
[package]
name = "registered-twice"
version = "0.0.0"
edition = "2024"

[dependencies]
base64 = "=0.22.1"
ciborium = "=0.2.2"
p256 = "=0.14.0"
serde_json = "=1.0.154"
sha2 = "=0.10.9"
webauthn-rs = { version = "=0.6.2", default-features = false }
TOML
cat >"$folder/src/main.rs" <<'RUST'
use std::error::Error;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use ciborium::cbor;
use ciborium::value::Value;
use p256::SecretKey;
use p256::elliptic_curve::sec1::ToSec1Point;
use serde_json::json;
use sha2::{Digest, Sha256};
use webauthn_rs::prelude::*;

const SITE: &str = "example.org";
const ORIGIN: &str = "https://example.org";
const PERSON_PRESENT_VERIFIED_AND_KEY_ENCLOSED: u8 = 0b0100_0101;

fn cbor(value: &Value) -> Result<Vec<u8>, Box<dyn Error>> {
    let mut bytes = Vec::new();
    ciborium::into_writer(value, &mut bytes)?;
    Ok(bytes)
}

/// A public key for ES256, which is offered by default (RFC 9053).
fn key() -> Result<Value, Box<dyn Error>> {
    let point = SecretKey::from_slice(&[7; 32])?.public_key().to_sec1_point(false);
    let (x, y) = point.as_bytes()[1..].split_at(32);
    Ok(cbor!({ 1 => 2, 3 => -7, -1 => 1, -2 => Value::Bytes(x.to_vec()), -3 => Value::Bytes(y.to_vec()) })?)
}

/// What a browser sends after an authenticator has made this key, with the attestation "none".
fn answer(asked: &CreationChallengeResponse, id: &[u8]) -> Result<RegisterPublicKeyCredential, Box<dyn Error>> {
    let challenge = &serde_json::to_value(asked)?["publicKey"]["challenge"];
    let client = json!({ "type": "webauthn.create", "challenge": challenge, "origin": ORIGIN, "crossOrigin": false });
    let mut data = Sha256::digest(SITE).to_vec();
    data.push(PERSON_PRESENT_VERIFIED_AND_KEY_ENCLOSED);
    data.extend([0; 4]); // how often it signed
    data.extend([0; 16]); // no model
    data.extend(u16::try_from(id.len())?.to_be_bytes());
    data.extend(id);
    data.extend(cbor(&key()?)?);
    let attestation = cbor!({ "fmt" => "none", "attStmt" => {}, "authData" => Value::Bytes(data) })?;
    let id = BASE64.encode(id);
    Ok(serde_json::from_value(json!({
        "id": id,
        "rawId": id,
        "type": "public-key",
        "response": {
            "attestationObject": BASE64.encode(cbor(&attestation)?),
            "clientDataJSON": BASE64.encode(serde_json::to_vec(&client)?),
        },
    }))?)
}

fn main() -> Result<(), Box<dyn Error>> {
    let site = WebauthnBuilder::new(SITE, &Url::parse(ORIGIN)?)?.build()?;
    let register = |excluded: &[CredentialID], id: &[u8]| -> Result<_, Box<dyn Error>> {
        let (asked, state) =
            site.start_passkey_registration(Uuid::from_u128(1), "ada", "Ada", Some(excluded.to_vec()))?;
        Ok(site.finish_passkey_registration(&answer(&asked, id)?, &state))
    };
    let said = |result: WebauthnResult<Passkey>| match result {
        Ok(_) => "registered".to_owned(),
        Err(error) => format!("{error:?}\n  {error}"),
    };

    let first = register(&[], b"the first")?;
    let excluded: Vec<CredentialID> = first.iter().map(|passkey| passkey.cred_id().clone()).collect();
    println!("the first: {}", said(first));
    println!("another one: {}", said(register(&excluded, b"another one")?));
    println!("the first again: {}", said(register(&excluded, b"the first")?));
    println!("never returned: {}", said(Err(WebauthnError::CredentialExcludedFromRequest)));
    Ok(())
}
RUST
cargo run --quiet --manifest-path "$folder/Cargo.toml" --target-dir "$folder/target" | tee "$folder/said"
diff "$folder/said" - <<'EXPECTED'
the first: registered
another one: registered
the first again: CredentialAlteredAlgFromRequest
  A credential alg that was not allowed in the request was attempted.
never returned: CredentialExcludedFromRequest
  A credential that was excluded in the request attempted to register.
EXPECTED
