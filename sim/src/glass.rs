//! Reads a browser's cookie, for the trace and to know how old it is.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use ironleaf_records::decode_grant;
use ironleaf_session::{Decoder, KeyRing, PayloadError, Purpose, Sealer, Secret};

use crate::core_api::version_in;

/// The cookie's full name in the simulation, which it is also sealed for. A large session is split over several cookies
/// whose names begin with it.
pub(crate) const COOKIE_NAME: &str = "__Host-Http-ironleaf-session";

pub(crate) struct Glass(Mutex<Sealer>);

/// The content of a cookie.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Glance {
    pub(crate) id: [u8; 16],
    pub(crate) rotation: u64,
    /// How often its tokens were refreshed.
    pub(crate) generation: u64,
    /// How often the address in it was changed.
    pub(crate) email: u32,
}

impl Glass {
    pub(crate) fn new(secret: Secret) -> Self {
        Self(Mutex::new(sealer(vec![secret])))
    }

    pub(crate) fn learn(&self, secrets: Vec<Secret>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = sealer(secrets);
    }

    /// The newest of the values in these cookies.
    pub(crate) fn look<'a>(&self, cookies: impl Iterator<Item = (&'a str, &'a str)>) -> Option<Glance> {
        let sealer = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        newest(&sealer, cookies)
    }
}

/// The same for somebody who knows these secrets alone.
pub(crate) fn look_with<'a>(
    secrets: &[Secret],
    cookies: impl Iterator<Item = (&'a str, &'a str)>,
) -> Option<Glance> {
    newest(&sealer(secrets.to_vec()), cookies)
}

fn newest<'a>(sealer: &Sealer, cookies: impl Iterator<Item = (&'a str, &'a str)>) -> Option<Glance> {
    let open = |value: String| {
        let unsealed = sealer.unseal(Purpose::Cookie, COOKIE_NAME, &value).ok()?;
        read(&unsealed.plaintext).ok()
    };
    values(cookies).into_iter().filter_map(open).max_by_key(|glance| glance.rotation)
}

fn sealer(secrets: Vec<Secret>) -> Sealer {
    let ring = KeyRing::new(secrets).expect("secrets are there and differ");
    Sealer::new(ring, std::sync::Arc::new(|_| unreachable!("nothing is sealed here")))
}

/// Values in one cookie, and those whose parts are all there.
fn values<'a>(cookies: impl Iterator<Item = (&'a str, &'a str)>) -> Vec<String> {
    let mut values = Vec::new();
    let mut parts: BTreeMap<&str, BTreeMap<usize, &str>> = BTreeMap::new();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for (name, value) in cookies {
        if name == COOKIE_NAME {
            values.push(value.to_owned());
        } else if name.starts_with(COOKIE_NAME)
            && let [id, index, count, part] = value.splitn(4, '.').collect::<Vec<_>>()[..]
            && let (Ok(index), Ok(count)) = (index.parse(), count.parse())
        {
            parts.entry(id).or_default().insert(index, part);
            counts.insert(id, count);
        }
    }
    let whole = parts.into_iter().filter(|(id, parts)| counts[id] == parts.len());
    values.extend(whole.map(|(_, parts)| parts.into_values().collect()));
    values
}

/// Envelope v1 begins with session id, owner, provider sid and rotation. Three times and the grant follow.
fn read(plaintext: &[u8]) -> Result<Glance, PayloadError> {
    let mut input = Decoder::new(plaintext);
    let id = input.array()?;
    let _owner: [u8; 16] = input.array()?;
    input.option(|input| input.str().map(drop))?;
    let rotation = input.varint()?;
    for _ in 0..3 {
        input.millis()?;
    }
    let _version = input.varint()?;
    let grant = decode_grant(&mut input)?;
    let email = grant.identity.as_ref().and_then(|identity| version_in(identity.email.as_deref()?));
    Ok(Glance { id, rotation, generation: grant.generation, email: email.unwrap_or_default() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_in_parts_is_one_only_if_all_of_them_are_there() {
        let (first, second) = (format!("{COOKIE_NAME}.0"), format!("{COOKIE_NAME}.1"));
        let both = [(first.as_str(), "id.0.2.ab"), (second.as_str(), "id.1.2.c.d")];
        assert_eq!(values(both.into_iter()), ["abc.d"]);
        assert_eq!(values(both[..1].iter().copied()), [""; 0]);
        let mixed = [both[0], (second.as_str(), "other.1.2.cd"), (COOKIE_NAME, "ef")];
        assert_eq!(values(mixed.into_iter()), ["ef"]);
    }
}
