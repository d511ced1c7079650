//! The secret of one installation and its uses: signatures, the successor of a refresh token, the token of a link that
//! restores an address, and the seals on the secrets of authenticator apps and on what is kept elsewhere.

use std::{
    fs,
    io::{self, Write},
    path::Path,
};

use hkdf::Hkdf;
use jsonwebtoken::{
    Algorithm, DecodingKey, EncodingKey, Header, Validation,
    jwk::{AlgorithmParameters, Jwk, ThumbprintHash},
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use sha2::Sha256;
use uuid::Uuid;
use xaes_256_gcm::{
    Nonce, Tag, Xaes256Gcm,
    aead::{AeadInOut as _, KeyInit as _},
};
use zeroize::Zeroizing;

use crate::config::Random;

const FILE_NAME: &str = "core-api.key";
const SECRET_BYTES: usize = 32;
const NONCE_BYTES: usize = 24;
const TAG_BYTES: usize = 16;

/// RFC 8410, section 7: the PKCS #8 frame around an Ed25519 seed.
const ED25519_PKCS8_FRAME: [u8; 16] =
    [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];

#[derive(Debug, thiserror::Error)]
#[error("a token cannot be signed: {0}")]
pub(crate) struct SigningError(#[from] jsonwebtoken::errors::Error);

/// A secret of 32 bytes from which every key is derived, each with its own purpose (RFC 5869, `info`).
pub(crate) struct Secret(Zeroizing<[u8; SECRET_BYTES]>);

impl Secret {
    pub(crate) fn generate(random: &Random) -> Self {
        let mut bytes = Zeroizing::new([0; SECRET_BYTES]);
        random(&mut bytes[..]);
        Self(bytes)
    }

    /// Reads the secret from this data folder. The first start creates it.
    pub(crate) fn load_or_generate(data_dir: &Path, random: &Random) -> io::Result<Self> {
        let path = data_dir.join(FILE_NAME);
        if !path.try_exists()? {
            Self::generate(random).write_first(data_dir, &path, random)?;
        }
        keep_private(&path)?;
        let text = Zeroizing::new(fs::read_to_string(&path)?);
        let mut bytes = Zeroizing::new([0; SECRET_BYTES]);
        hex::decode_to_slice(text.trim(), &mut bytes[..]).map_err(|_| {
            io::Error::new(io::ErrorKind::InvalidData, format!("{FILE_NAME} is not 64 hex digits"))
        })?;
        Ok(Self(bytes))
    }

    /// If two processes start at once, the first one to link its file wins, and both use that file.
    fn write_first(&self, data_dir: &Path, path: &Path, random: &Random) -> io::Result<()> {
        let mut unique = [0; 8];
        random(&mut unique);
        let draft = data_dir.join(format!("{FILE_NAME}.{}", hex::encode(unique)));
        let mut file = private_file(&draft)?;
        writeln!(file, "{}", *Zeroizing::new(hex::encode(&self.0[..])))?;
        file.sync_all()?;
        let linked = fs::hard_link(&draft, path);
        fs::remove_file(&draft)?;
        match linked {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
            // A token signed with a key that a power cut takes back would be worthless.
            _ => fs::File::open(data_dir)?.sync_all(),
        }
    }

    fn derive(&self, purpose: &str) -> Zeroizing<[u8; 32]> {
        let mut key = Zeroizing::new([0; 32]);
        Hkdf::<Sha256>::new(None, &self.0[..])
            .expand(purpose.as_bytes(), &mut key[..])
            .expect("32 bytes are within what HKDF-SHA256 gives");
        key
    }
}

/// Creates a file that only its owner can read.
pub(crate) fn private_file(path: &Path) -> io::Result<fs::File> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Makes sure that the file exists and that only its owner can read it.
pub(crate) fn ensure_private(path: &Path) -> io::Result<()> {
    match private_file(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => keep_private(path),
        created => created.map(drop),
    }
}

#[cfg(unix)]
fn keep_private(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;

    let mode = fs::metadata(path)?.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        tracing::warn!("{} had mode {mode:o}; it is 600 now", path.display());
        fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
    }
    Ok(())
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "the same signature as on Unix")]
fn keep_private(_: &Path) -> io::Result<()> {
    Ok(())
}

/// The keys in use. None of them can be printed.
pub(crate) struct Keys {
    signing: EncodingKey,
    verifying: DecodingKey,
    public: Jwk,
    key_id: String,
    successor: Hkdf<Sha256>,
    restoration: Hkdf<Sha256>,
    authenticators: Xaes256Gcm,
    ceremonies: Xaes256Gcm,
}

impl Keys {
    pub(crate) fn derive_from(secret: &Secret) -> Result<Self, SigningError> {
        let seed = secret.derive("ironleaf/core-api/v1/signing");
        let pkcs8 = Zeroizing::new([&ED25519_PKCS8_FRAME[..], &seed[..]].concat());
        let signing = EncodingKey::from_ed_der(&pkcs8);
        let public = Jwk::from_encoding_key(&signing, Algorithm::EdDSA)?;
        Ok(Self {
            verifying: DecodingKey::from_jwk(&public)?,
            key_id: public.thumbprint(ThumbprintHash::SHA256)?,
            signing,
            public,
            successor: Hkdf::new(None, &secret.derive("ironleaf/core-api/v1/refresh-successor")[..]),
            restoration: Hkdf::new(None, &secret.derive("ironleaf/core-api/v1/address-restoration")[..]),
            authenticators: Xaes256Gcm::new((&*secret.derive("ironleaf/core-api/v1/authenticator")).into()),
            ceremonies: Xaes256Gcm::new((&*secret.derive("ironleaf/core-api/v1/ceremony")).into()),
        })
    }

    /// Signs claims as a JWT of the given type (RFC 8725, section 3.11: a token for one purpose is invalid for all
    /// others).
    pub(crate) fn sign(&self, token_type: &str, claims: &impl Serialize) -> Result<String, SigningError> {
        let header = Header {
            typ: Some(token_type.to_owned()),
            kid: Some(self.key_id.clone()),
            ..Header::new(Algorithm::EdDSA)
        };
        Ok(jsonwebtoken::encode(&header, claims, &self.signing)?)
    }

    /// The claims of a token of this type with our signature. The caller checks its times, with its own clock.
    pub(crate) fn verify<C: DeserializeOwned>(&self, token_type: &str, token: &str) -> Option<C> {
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.validate_exp = false;
        validation.validate_aud = false;
        let verified = jsonwebtoken::decode::<C>(token, &self.verifying, &validation).ok()?;
        (verified.header.typ.as_deref() == Some(token_type)).then_some(verified.claims)
    }

    /// 16 bytes that only somebody with the secret can derive from a refresh token and an idempotency key.
    pub(crate) fn successor(&self, token_hash: &[u8; 32], idempotency_key: &[u8]) -> [u8; 16] {
        let mut bytes = [0; 16];
        self.successor
            .expand_multi_info(&[token_hash, idempotency_key], &mut bytes)
            .expect("16 bytes are within what HKDF-SHA256 gives");
        bytes
    }

    /// 16 bytes that only somebody with the secret can derive from the identifier of a change.
    pub(crate) fn restoration(&self, change: &[u8]) -> [u8; 16] {
        let mut bytes = [0; 16];
        self.restoration.expand(change, &mut bytes).expect("16 bytes are within what HKDF-SHA256 gives");
        bytes
    }

    /// Seals the secret of a person's authenticator app: nonce, ciphertext, tag. It opens for this person only.
    pub(crate) fn seal_authenticator<const N: usize>(
        &self,
        user: Uuid,
        secret: &[u8; N],
        random: &Random,
    ) -> Vec<u8> {
        seal(&self.authenticators, user.as_bytes(), secret, random)
    }

    /// The secret that was sealed for this person. `None` if it was sealed for another one, or elsewhere.
    pub(crate) fn unseal_authenticator<const N: usize>(
        &self,
        user: Uuid,
        sealed: &[u8],
    ) -> Option<Zeroizing<[u8; N]>> {
        let secret = unseal(&self.authenticators, user.as_bytes(), sealed)?;
        Some(Zeroizing::new(<[u8; N]>::try_from(&secret[..]).ok()?))
    }

    /// Seals what the caller keeps of a ceremony with a passkey. It opens for the same purpose only.
    pub(crate) fn seal_ceremony(&self, purpose: &[u8], state: &[u8], random: &Random) -> Vec<u8> {
        seal(&self.ceremonies, purpose, state, random)
    }

    /// What was sealed for this purpose. `None` if it was sealed for another one, or elsewhere.
    pub(crate) fn unseal_ceremony(&self, purpose: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        unseal(&self.ceremonies, purpose, sealed)
    }

    /// The public key as a JWK set (RFC 7517, RFC 8037).
    pub(crate) fn jwks(&self) -> Value {
        let x = match &self.public.algorithm {
            AlgorithmParameters::OctetKeyPair(pair) => pair.x.as_str(),
            _ => "",
        };
        json!({ "keys": [{ "kty": "OKP", "crv": "Ed25519", "x": x, "use": "sig", "alg": "EdDSA", "kid": self.key_id }] })
    }
}

/// Nonce, ciphertext, tag.
fn seal(cipher: &Xaes256Gcm, associated: &[u8], plain: &[u8], random: &Random) -> Vec<u8> {
    let mut nonce = Nonce::default();
    random(&mut nonce);
    let mut sealed = [&nonce[..], plain].concat();
    let tag = cipher
        .encrypt_inout_detached(&nonce, associated, (&mut sealed[NONCE_BYTES..]).into())
        .expect("what is sealed is shorter than 64 GiB");
    sealed.extend_from_slice(&tag);
    sealed
}

fn unseal(cipher: &Xaes256Gcm, associated: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (nonce, rest) = sealed.split_first_chunk::<NONCE_BYTES>()?;
    let (text, tag) = rest.split_last_chunk::<TAG_BYTES>()?;
    let mut plain = Zeroizing::new(text.to_vec());
    cipher
        .decrypt_inout_detached(&Nonce::from(*nonce), associated, (&mut plain[..]).into(), &Tag::from(*tag))
        .ok()?;
    Some(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sealed_secret_opens_for_its_person_only_and_not_once_it_was_altered() {
        let random = crate::system_random();
        let keys = Keys::derive_from(&Secret::generate(&random)).unwrap();
        let others = Keys::derive_from(&Secret::generate(&random)).unwrap();
        let (user, stranger) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let sealed = keys.seal_authenticator(user, &[7; 20], &random);
        assert!(!sealed.windows(4).any(|window| window == [7; 4]));
        assert_eq!(*keys.unseal_authenticator::<20>(user, &sealed).unwrap(), [7; 20]);
        assert!(keys.unseal_authenticator::<20>(stranger, &sealed).is_none());
        assert!(others.unseal_authenticator::<20>(user, &sealed).is_none());
        assert!(keys.unseal_authenticator::<20>(user, &sealed[..40]).is_none());
        for index in [0, NONCE_BYTES, sealed.len() - 1] {
            let mut altered = sealed.clone();
            altered[index] ^= 1;
            assert!(keys.unseal_authenticator::<20>(user, &altered).is_none(), "{index}");
        }
    }
}
