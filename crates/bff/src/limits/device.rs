use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::HeaderValue;
use sha2::{Digest as _, Sha256};

use ironleaf_session::{Decoder, Encoder, FlashKind, Payload, PayloadError, Worth};

use crate::address_hash::{HASH_BYTES, address_hash};

/// After a longer absence, the browser is as unknown to the account as a new one.
const LIFE: Duration = Duration::from_hours(90 * 24);

/// As many people may share one browser. With more, the one who has been away longest is forgotten.
const MAX_ACCOUNTS: usize = 8;

/// A browser in which somebody has signed in before, and to which accounts. It proves that a try does not come from a
/// stranger. It signs nobody in.
///
/// # Security
///
/// It is sealed, so nobody can forge one, and it contains no address. A thief gains only a separate counter of
/// failures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KnownDevice {
    id: [u8; 16],
    /// The latest comes first.
    accounts: Vec<[u8; HASH_BYTES]>,
}

/// It survives a sign-out, because it is needed for the next sign-in.
pub(crate) const KNOWN_DEVICE: FlashKind<KnownDevice> =
    FlashKind::new("ironleaf-device", LIFE).worth(Worth::Protection);

impl KnownDevice {
    /// A device without a sign-in.
    pub(crate) const fn new(id: [u8; 16]) -> Self {
        Self { id, accounts: Vec::new() }
    }

    /// The same device after a sign-in to `account`.
    pub(crate) fn with(mut self, account: &str) -> Self {
        let name = name(account);
        self.accounts.retain(|known| *known != name);
        self.accounts.insert(0, name);
        self.accounts.truncate(MAX_ACCOUNTS);
        self
    }

    pub(super) fn knows(&self, account: &str) -> bool {
        self.accounts.contains(&name(account))
    }

    pub(crate) const fn id(&self) -> &[u8; 16] {
        &self.id
    }
}

/// What the core API is told of a device. The identifier is random and stays here, so this leads back to nothing.
pub(crate) fn pseudonym(id: &[u8; 16]) -> Option<HeaderValue> {
    let hash = Sha256::new().chain_update("ironleaf/v1/device-pseudonym\0").chain_update(id).finalize();
    HeaderValue::from_str(&URL_SAFE_NO_PAD.encode(hash)).ok()
}

fn name(account: &str) -> [u8; HASH_BYTES] {
    address_hash("ironleaf/v1/device\0", account)
}

impl Payload for KnownDevice {
    fn encode(&self, out: &mut Encoder) {
        out.raw(&self.id);
        out.varint(self.accounts.len() as u64);
        for name in &self.accounts {
            out.raw(name);
        }
    }

    fn decode(_: u32, input: &mut Decoder<'_>) -> Result<Self, PayloadError> {
        let id = input.array()?;
        let accounts = (0..input.varint()?).map(|_| input.array()).collect::<Result<_, _>>()?;
        Ok(Self { id, accounts })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_knows_the_people_who_used_it_last() {
        let accounts: Vec<String> = (0..=MAX_ACCOUNTS).map(|number| format!("{number}@test.com")).collect();
        let device = accounts.iter().fold(KnownDevice::new([7; 16]), |device, account| device.with(account));
        assert!(!device.knows(&accounts[0]) && accounts[1..].iter().all(|account| device.knows(account)));
        assert_eq!(device.clone().with(&accounts[MAX_ACCOUNTS]), device);
        let mut out = Encoder::new();
        device.encode(&mut out);
        let bytes = out.finish();
        let mut input = Decoder::new(&bytes);
        assert_eq!(KnownDevice::decode(1, &mut input).unwrap(), device);
        input.finish().unwrap();
    }
}
