use super::grant::Issued;
use super::refresh::{Ending, Presented};
use super::{CoreApiProvider, grant};
use ironleaf_auth::{Caller, Grant, TransportError};

/// Once to spend the token, once to be caught, and once more in case the first did not arrive.
const MAX_PRESENTATIONS: usize = 3;

impl CoreApiProvider {
    /// Ends every token that descends from the sign-in. The API has no call for it, but it takes a spent refresh token
    /// for a theft and revokes the family: so the token is spent, and presented until it is refused.
    ///
    /// No presentation carries the idempotency key: under it the API would give the same pair again and revoke nothing.
    pub(super) async fn revoke_family(&self, caller: &Caller, grant: &Grant) -> Result<(), TransportError> {
        let Some(token) = grant.field(grant::REFRESH_TOKEN) else {
            return Ok(());
        };
        let (mut end, address) = match self.present_as_owner(caller, grant, None).await {
            Ending::Presented(end, address) => (end, address),
            // Its tokens went with it.
            Ending::Gone => return Ok(()),
            Ending::Unresolved(detail) => return Err(TransportError::Interrupted(detail)),
            Ending::Unproven => {
                let detail = "the token was refused, perhaps only because the person's address has changed";
                return Err(TransportError::Interrupted(detail.to_owned()));
            }
        };
        for _ in 1..MAX_PRESENTATIONS {
            match end {
                // Where the same token stays good, presenting it revokes nothing: what is left ends by itself.
                Presented::Refused | Presented::Issued(Issued { refresh_token: None, .. }) => return Ok(()),
                Presented::NotSent(detail) | Presented::Throttled { detail, .. } => {
                    return Err(TransportError::NotSent(detail));
                }
                // Spent now, or perhaps: either way the next presentation tells.
                Presented::Issued(_) | Presented::InDoubt { .. } => {
                    end = self.present(caller, &address, token, None).await;
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
