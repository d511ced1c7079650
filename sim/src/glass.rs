//! Looks into a browser's cookie, for the trace and to know how far behind it is.

use std::sync::{Mutex, PoisonError};

use ironleaf_session::{Decoder, KeyRing, PayloadError, Purpose, Sealer, Secret};

/// The cookie's full name in the simulation, which is also what it is sealed for.
pub(crate) const COOKIE_NAME: &str = "__Host-Http-ironleaf-session";

pub(crate) struct Glass(Mutex<Sealer>);

/// What is seen in a cookie.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Glance {
    pub(crate) id: [u8; 16],
    pub(crate) rotation: u64,
}

impl Glass {
    pub(crate) fn new(secret: Secret) -> Self {
        Self(Mutex::new(sealer(vec![secret])))
    }

    pub(crate) fn learn(&self, secrets: Vec<Secret>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = sealer(secrets);
    }

    pub(crate) fn look(&self, value: &str) -> Option<Glance> {
        let sealer = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let unsealed = sealer.unseal(Purpose::Cookie, COOKIE_NAME, value).ok()?;
        read(&unsealed.plaintext).ok()
    }
}

fn sealer(secrets: Vec<Secret>) -> Sealer {
    let ring = KeyRing::new(secrets).expect("secrets are there and differ");
    Sealer::new(ring, std::sync::Arc::new(|_| unreachable!("nothing is sealed here")))
}

/// Envelope v1 begins with session id, owner, provider sid and rotation.
fn read(plaintext: &[u8]) -> Result<Glance, PayloadError> {
    let mut input = Decoder::new(plaintext);
    let id = input.array()?;
    let _owner: [u8; 16] = input.array()?;
    input.option(|input| input.str().map(drop))?;
    Ok(Glance { id, rotation: input.varint()? })
}
