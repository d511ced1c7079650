use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use ironleaf_auth::{Grant, Identity, Role};
use ironleaf_session::{Decoder, Encoder, Payload, PayloadError};

use crate::grant::{decode_grant, decode_tokens, encode_grant};

/// The session's payload for a person or a guest: the grant, which also identifies them. It is sealed as a whole and
/// explicitly not `Serialize`.
#[derive(Clone, PartialEq, Eq)]
pub struct Principal {
    /// It says who they are: [`new`](Self::new) takes no other.
    grant: Grant,
}

impl Principal {
    /// `None` for a grant without an identity.
    pub fn new(grant: Grant) -> Option<Self> {
        grant.identity.is_some().then_some(Self { grant })
    }

    /// Who it is.
    ///
    /// # Panics
    ///
    /// Never: there is no principal without one.
    pub fn identity(&self) -> &Arc<Identity> {
        self.grant.identity.as_ref().expect("a principal is somebody")
    }

    /// The same principal, whose session ends with the browser or does not.
    #[must_use]
    pub fn ending_with_browser(mut self, ends_with_browser: bool) -> Self {
        self.grant.ends_with_browser = ends_with_browser;
        self
    }

    /// The tokens.
    pub fn grant(&self) -> &Grant {
        &self.grant
    }

    /// The same person with this grant, which may carry new data about them. They are remembered as before.
    #[must_use]
    pub fn with_grant(&self, mut grant: Grant) -> Self {
        grant.ends_with_browser = self.grant.ends_with_browser;
        grant.identity.get_or_insert_with(|| Arc::clone(self.identity()));
        Self { grant }
    }
}

impl fmt::Debug for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Principal").field("id", &self.identity().id).finish_non_exhaustive()
    }
}

const FIRST_VERSION: u32 = 1;

impl Payload for Principal {
    /// Increased when something changes that an older process cannot skip. Appended data needs no new version.
    const VERSION: u32 = 2;

    fn encode(&self, out: &mut Encoder) {
        encode_grant(&self.grant, out);
    }

    fn decode(version: u32, input: &mut Decoder<'_>) -> Result<Self, PayloadError> {
        let grant = match version {
            FIRST_VERSION => decode_first_version(input)?,
            Self::VERSION => decode_grant(input)?,
            unknown => return Err(PayloadError::UnknownVersion(unknown)),
        };
        Self::new(grant).ok_or(PayloadError::Invalid("a grant that speaks for nobody"))
    }

    /// A guest has not signed in.
    fn is_provisional(&self) -> bool {
        self.identity().is_guest
    }

    /// They asked not to be remembered.
    fn ends_with_browser(&self) -> bool {
        self.grant.ends_with_browser
    }

    /// A cookie that outlives its refresh token could only lead to the sign-in page.
    fn expires_at(&self) -> Option<SystemTime> {
        self.grant.refresh_expires_at
    }
}

/// Identity and tokens side by side, with roles as numbers.
fn decode_first_version(input: &mut Decoder<'_>) -> Result<Grant, PayloadError> {
    let id = input.str()?.to_owned();
    let email = input.str()?.to_owned();
    let roles =
        (0..input.varint()?).map(|_| input.u8().map(role_of_first_version)).collect::<Result<Vec<_>, _>>()?;
    let unverified_email = input.option(|input| input.str().map(str::to_owned))?;
    let identity = Identity {
        roles: roles.into_iter().flatten().collect(),
        unverified_email,
        ..Identity::new(id, email)
    };
    Ok(decode_tokens(input)?.for_identity(identity))
}

/// A role without a number did not exist, and granted nothing.
fn role_of_first_version(number: u8) -> Option<Role> {
    match number {
        1 => Some(Role::new(Role::ADMIN)),
        2 => Some(Role::new(Role::VERIFIED_USER)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn encoded(principal: &Principal) -> Vec<u8> {
        let mut out = Encoder::new();
        principal.encode(&mut out);
        out.finish().to_vec()
    }

    fn tokens() -> Grant {
        let end = SystemTime::UNIX_EPOCH + Duration::from_millis(1_700_000_000_123);
        let mut grant = Grant::default().with(1, "a-secret-access-token").with(7, "a-secret-refresh-token");
        grant.access_expires_at = Some(end);
        grant.access_lifetime = Some(Duration::from_mins(20));
        grant.refresh_expires_at = Some(end + Duration::from_hours(168));
        grant
    }

    fn principal() -> Principal {
        let identity = Identity {
            roles: vec![Role::new(Role::ADMIN), Role::new("evaluator")],
            unverified_email: Some("new@test.com".to_owned()),
            claims: [("tenant".to_owned(), "north".to_owned())].into(),
            ..Identity::new("id-1", "user@test.com")
        };
        let mut grant = tokens().for_identity(identity);
        (grant.provider_sid, grant.generation) = (Some("sid-1".to_owned()), 7);
        Principal::new(grant).unwrap()
    }

    fn decode(version: u32, bytes: &[u8]) -> Result<Principal, PayloadError> {
        let mut input = Decoder::new(bytes);
        let principal = Principal::decode(version, &mut input)?;
        input.finish()?;
        Ok(principal)
    }

    #[test]
    fn what_is_sealed_comes_back_as_it_was() {
        let guest = Principal::new(tokens().for_identity(Identity::guest("g-1"))).unwrap();
        for principal in [principal(), guest] {
            assert_eq!(decode(Principal::VERSION, &encoded(&principal)).unwrap(), principal);
        }
    }

    #[test]
    fn who_somebody_is_is_sealed_once() {
        let bytes = encoded(&principal());
        for text in ["user@test.com", "new@test.com", "evaluator", "tenant"] {
            assert_eq!(
                bytes.windows(text.len()).filter(|part| *part == text.as_bytes()).count(),
                1,
                "{text}"
            );
        }
    }

    /// Frozen: what was sealed before a session could end with the browser.
    const SECOND_VERSION_HEX: &str = "010469642d31010d7573657240746573742e636f6d010c6e657740746573742e636f6d00020541444d494e096576616c7561746f72010674656e616e74056e6f72746801057369642d310701fbd095ffbc3101b00901fbd8c79fbf3102010015612d7365637265742d6163636573732d746f6b656e070016612d7365637265742d726566726573682d746f6b656e";

    #[test]
    fn a_session_of_the_second_version_is_what_is_sealed_today() {
        assert_eq!(decode(2, &hex::decode(SECOND_VERSION_HEX).unwrap()).unwrap(), principal());
        for (ends_with_browser, appended) in [(false, "00"), (true, "01")] {
            let principal = principal().ending_with_browser(ends_with_browser);
            let sealed = [SECOND_VERSION_HEX, appended].concat();
            assert_eq!(hex::encode(encoded(&principal)), sealed);
            assert_eq!(decode(2, &hex::decode(sealed).unwrap()).unwrap(), principal);
        }
    }

    #[test]
    fn whoever_is_not_remembered_stays_so_whatever_grant_they_get() {
        let unremembered = principal().ending_with_browser(true);
        let refreshed = unremembered.with_grant(tokens());
        assert!(refreshed.ends_with_browser());
        assert!(decode(2, &encoded(&refreshed)).unwrap().ends_with_browser());
        assert!(!principal().with_grant(unremembered.grant().clone()).ends_with_browser());
    }

    /// Frozen: sessions that were sealed by the first version are read for good.
    const FIRST_VERSION_HEX: &str = "0469642d310d7573657240746573742e636f6d020100010c6e657740746573742e636f6d01fbd0\
                                     95ffbc3101b00901fbd8c79fbf3102010015612d7365637265742d6163636573732d746f6b656e\
                                     070016612d7365637265742d726566726573682d746f6b656e";

    #[test]
    fn a_session_of_the_first_version_is_read() {
        let bytes = hex::decode(FIRST_VERSION_HEX.replace(char::is_whitespace, "")).unwrap();
        let principal = decode(FIRST_VERSION, &bytes).unwrap();
        let identity = Identity {
            roles: vec![Role::new(Role::ADMIN)],
            unverified_email: Some("new@test.com".to_owned()),
            ..Identity::new("id-1", "user@test.com")
        };
        assert_eq!(principal, Principal::new(tokens().for_identity(identity)).unwrap());
    }

    #[test]
    fn what_a_newer_process_has_appended_is_kept_by_an_older_one() {
        let newer = [&encoded(&principal())[..], b"appended by a newer version"].concat();
        let older = decode(Principal::VERSION, &newer).unwrap();
        assert_eq!(older.identity(), principal().identity());
        assert_eq!(encoded(&older), newer);
        let refreshed = older.with_grant(older.grant().clone().with(1, "another access token"));
        assert!(encoded(&refreshed).ends_with(b"appended by a newer version"));
    }

    #[test]
    fn a_version_that_is_not_known_is_said_so() {
        assert_eq!(decode(3, &encoded(&principal())), Err(PayloadError::UnknownVersion(3)));
    }

    #[test]
    fn every_truncation_is_refused_except_to_what_was_sealed_before() {
        let bytes = encoded(&principal());
        let before = bytes.len() - 1;
        for end in 0..before {
            assert!(decode(Principal::VERSION, &bytes[..end]).is_err(), "{end} bytes");
        }
        assert_eq!(decode(Principal::VERSION, &bytes[..before]).unwrap(), principal());
    }

    #[test]
    fn debug_prints_no_token_and_no_address() {
        let printed = format!("{:?}", principal());
        assert!(!printed.contains("secret") && !printed.contains('@'), "{printed}");
    }
}
