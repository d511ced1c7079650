use super::grant::Issued;
use super::refresh::{Ending, Presented};
use super::{CoreApiProvider, grant};
use ironleaf_auth::{Caller, Grant, TransportError};

/// The first presentation spends the token, the second triggers the revocation, and the third is for the case that the
/// first did not arrive.
const MAX_PRESENTATIONS: usize = 3;

impl CoreApiProvider {
    /// Ends every token that descends from the sign-in. The API has no call for this, but it takes the reuse of a spent
    /// refresh token for a theft and revokes the family. So the token is presented until it is refused.
    ///
    /// No presentation carries the idempotency key: with the key, the API would issue the same pair again and revoke
    /// nothing.
    pub(super) async fn revoke_family(&self, caller: &Caller, grant: &Grant) -> Result<(), TransportError> {
        if !grant::is_issued_by(grant, self.issued_by.as_deref()) {
            return Ok(());
        }
        let Some(token) = grant.field(grant::REFRESH_TOKEN) else {
            return Ok(());
        };
        let (mut end, address) = match self.present_as_owner(caller, grant, None).await {
            Ending::Presented(end, address) => (end, address),
            // The tokens ended with the account.
            Ending::Gone => return Ok(()),
            Ending::Unresolved(detail) => return Err(TransportError::Interrupted(detail)),
            Ending::Unproven => {
                let detail = "the token was refused, perhaps only because the person's address has changed";
                return Err(TransportError::Interrupted(detail.to_owned()));
            }
        };
        for _ in 1..MAX_PRESENTATIONS {
            match end {
                // If the API does not rotate the token, presenting it again revokes nothing. The tokens then end when
                // they expire.
                Presented::Refused | Presented::Issued(Issued { refresh_token: None, .. }) => return Ok(()),
                Presented::NotSent(detail) | Presented::Throttled { detail, .. } => {
                    return Err(TransportError::NotSent(detail));
                }
                // The token is spent, or may be. The next presentation shows it.
                Presented::Issued(_) | Presented::InDoubt { .. } => {
                    end = self.present_spent(caller, &address, token).await;
                }
            }
        }
        match end {
            Presented::Refused => Ok(()),
            Presented::NotSent(detail) | Presented::Throttled { detail, .. } => {
                Err(TransportError::NotSent(detail))
            }
            Presented::InDoubt { detail, .. } => Err(TransportError::Interrupted(detail)),
            Presented::Issued(_) => {
                Err(TransportError::Interrupted("the API accepts a spent refresh token again".to_owned()))
            }
        }
    }
}
