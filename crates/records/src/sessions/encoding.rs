//! The encoding of an entry. Stores keep these bytes across deployments.

use std::net::IpAddr;

use ironleaf_session::{Decoder, Encoder, PayloadError, SessionId};
use ironleaf_store::Key;

use super::known::KnownSession;

const VERSION: u8 = 1;

pub(super) fn encode(session: &KnownSession) -> Vec<u8> {
    let mut out = Encoder::new();
    out.u8(VERSION);
    out.raw(session.id.as_bytes());
    out.millis(session.created_at);
    out.millis(session.last_seen);
    out.option(session.address, |out, address| match address {
        IpAddr::V4(address) => out.bytes(&address.octets()),
        IpAddr::V6(address) => out.bytes(&address.octets()),
    });
    out.str(&session.user_agent);
    out.option(session.provider_sid, |out, key| out.raw(key.as_bytes()));
    out.option(session.provider_mark.as_deref(), Encoder::str);
    out.finish().to_vec()
}

/// `None` if a newer version wrote it, or if it was never one of ours. What a newer version appended is left out.
pub(super) fn decode(bytes: &[u8]) -> Option<KnownSession> {
    let mut input = Decoder::new(bytes);
    if input.u8().ok()? != VERSION {
        return None;
    }
    fields(&mut input)
        .inspect_err(|error| tracing::error!(%error, "an entry of a person's sessions cannot be read"))
        .ok()
}

fn fields(input: &mut Decoder<'_>) -> Result<KnownSession, PayloadError> {
    Ok(KnownSession {
        id: SessionId::from_bytes(input.array()?),
        created_at: input.millis()?,
        last_seen: input.millis()?,
        address: input.option(address)?,
        user_agent: input.str()?.to_owned(),
        provider_sid: input.option(|input| input.array().map(Key::from_bytes))?,
        provider_mark: input.option(|input| input.str().map(str::to_owned))?,
    })
}

fn address(input: &mut Decoder<'_>) -> Result<IpAddr, PayloadError> {
    let octets = input.bytes()?;
    let v4 = <[u8; 4]>::try_from(octets).map(IpAddr::from);
    v4.or_else(|_| <[u8; 16]>::try_from(octets).map(IpAddr::from))
        .map_err(|_| PayloadError::Invalid("not the length of an address"))
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    fn session(address: Option<IpAddr>, provider_sid: Option<Key>) -> KnownSession {
        KnownSession {
            id: SessionId::from_bytes([1; 16]),
            created_at: UNIX_EPOCH + Duration::from_secs(1),
            last_seen: UNIX_EPOCH + Duration::from_secs(2),
            address,
            user_agent: "Browser".to_owned(),
            provider_mark: provider_sid.map(|_| "mark".to_owned()),
            provider_sid,
        }
    }

    #[test]
    fn what_it_says_comes_back_as_it_was() {
        for address in [None, Some([192, 0, 2, 1].into()), Some([1; 16].into())] {
            for sid in [None, Some(Key::from_bytes([7; 32]))] {
                let session = session(address, sid);
                assert_eq!(decode(&encode(&session)), Some(session));
            }
        }
    }

    /// Frozen: stores keep these bytes across deployments.
    #[test]
    fn the_first_version_is_read() {
        let known = session(Some([192, 0, 2, 1].into()), None);
        let bytes = format!("01{}e807d00f0104c00002010742726f777365720000", "01".repeat(16));
        assert_eq!(hex::encode(encode(&known)), bytes);
        let appended = [&encode(&known)[..], b"more"].concat();
        assert_eq!(decode(&appended), Some(known));
    }

    #[test]
    fn what_cannot_be_read_is_not_there() {
        let whole = encode(&session(None, None));
        for length in 0..whole.len() {
            assert_eq!(decode(&whole[..length]), None, "{length}");
        }
        assert_eq!(decode(&[&[2], &whole[1..]].concat()), None);
        assert_eq!(decode(b"\x01nonsense"), None);
    }
}
