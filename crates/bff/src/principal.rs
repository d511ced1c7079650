use std::fmt;
use std::time::{Duration, SystemTime};

use ironleaf_api_types::{Role, User};
use ironleaf_auth::{Grant, SecretText};
use ironleaf_session::{Decoder, Encoder, Payload, PayloadError};

/// What the session of a signed-in person holds: who they are, as the header shows it, and the grant that speaks for
/// them. It is sealed as a whole and explicitly not `Serialize`.
#[derive(Clone, PartialEq, Eq)]
pub struct Principal {
    /// Who it is.
    pub identity: User,
    pub(crate) grant: Grant,
}

impl fmt::Debug for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Principal").field("id", &self.identity.id).finish_non_exhaustive()
    }
}

impl Payload for Principal {
    fn encode(&self, out: &mut Encoder) {
        out.str(&self.identity.id);
        out.str(&self.identity.email);
        out.varint(self.identity.roles.len() as u64);
        for role in &self.identity.roles {
            out.u8(role_number(*role));
        }
        out.option(self.identity.unverified_email.as_deref(), Encoder::str);
        encode_grant(&self.grant, out);
    }

    fn decode(_: u32, input: &mut Decoder<'_>) -> Result<Self, PayloadError> {
        let id = input.str()?.to_owned();
        let email = input.str()?.to_owned();
        let roles = (0..input.varint()?).map(|_| input.u8().map(role)).collect::<Result<_, _>>()?;
        let unverified_email = input.option(|input| input.str().map(str::to_owned))?;
        let identity = User { id, email, roles, unverified_email };
        Ok(Self { identity, grant: decode_grant(input)? })
    }

    /// A cookie that outlives its refresh token can only lead to the sign-in page.
    fn expires_at(&self) -> Option<SystemTime> {
        self.grant.refresh_expires_at
    }
}

pub(crate) fn encode_grant(grant: &Grant, out: &mut Encoder) {
    out.option(grant.access_expires_at, Encoder::millis);
    out.option(grant.access_lifetime, |out, lifetime| {
        out.varint(lifetime.as_secs());
    });
    out.option(grant.refresh_expires_at, Encoder::millis);
    let fields = grant.fields();
    out.varint(fields.len() as u64);
    for (number, value) in fields {
        out.u8(number);
        out.token(value.expose());
    }
}

pub(crate) fn decode_grant(input: &mut Decoder<'_>) -> Result<Grant, PayloadError> {
    let mut grant = Grant::default();
    grant.access_expires_at = input.option(Decoder::millis)?;
    grant.access_lifetime = input.option(|input| input.varint().map(Duration::from_secs))?;
    grant.refresh_expires_at = input.option(Decoder::millis)?;
    for _ in 0..input.varint()? {
        let number = input.u8()?;
        grant.set(number, SecretText::from(input.token()?.as_str()));
    }
    Ok(grant)
}

/// Sealed cookies carry these numbers across a deployment: never reuse one.
const fn role_number(role: Role) -> u8 {
    match role {
        Role::Unknown => 0,
        Role::Admin => 1,
        Role::VerifiedUser => 2,
    }
}

const fn role(number: u8) -> Role {
    match number {
        1 => Role::Admin,
        2 => Role::VerifiedUser,
        _ => Role::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn principal() -> Principal {
        let end = SystemTime::UNIX_EPOCH + Duration::from_millis(1_700_000_000_123);
        let mut grant = Grant::default().with(1, "a-secret-access-token").with(7, "a-secret-refresh-token");
        grant.access_expires_at = Some(end);
        grant.access_lifetime = Some(Duration::from_mins(20));
        grant.refresh_expires_at = Some(end + Duration::from_hours(168));
        let identity = User {
            id: "id-1".to_owned(),
            email: "user@test.com".to_owned(),
            roles: vec![Role::Admin, Role::Unknown],
            unverified_email: Some("new@test.com".to_owned()),
        };
        Principal { identity, grant }
    }

    #[test]
    fn what_is_sealed_comes_back_as_it_was() {
        let principal = principal();
        let mut out = Encoder::new();
        principal.encode(&mut out);
        let bytes = out.finish();
        let mut input = Decoder::new(&bytes);
        assert_eq!(Principal::decode(1, &mut input).unwrap(), principal);
        input.finish().unwrap();
    }

    #[test]
    fn every_truncation_is_refused() {
        let mut out = Encoder::new();
        principal().encode(&mut out);
        let bytes = out.finish();
        for end in 0..bytes.len() {
            assert!(Principal::decode(1, &mut Decoder::new(&bytes[..end])).is_err(), "{end} bytes");
        }
    }

    #[test]
    fn debug_prints_no_token_and_no_address() {
        let printed = format!("{:?}", principal());
        assert!(!printed.contains("secret") && !printed.contains('@'), "{printed}");
    }
}
