use std::time::Duration;

use http::{HeaderName, HeaderValue, Method, StatusCode};
use ironleaf_auth::{Caller, Grant, Identity, RefreshOutcome, Rejection, SecretText, TransportError};
use serde_json::json;

use super::sign_in::NoRecord;
use super::{CoreApiProvider, grant, wire};

/// The result of presenting a refresh token once.
pub(super) enum Presented {
    Issued(grant::Issued),
    /// Spent, revoked, expired, or a token of another address. Only the last case leaves the token unspent.
    Refused,
    NotSent(String),
    /// Turned away before the API looked at the token.
    Throttled {
        retry_after: Option<Duration>,
        detail: String,
    },
    InDoubt {
        answered: bool,
        detail: String,
    },
}

/// How the search for the owner's address ended.
pub(super) enum Ending {
    /// The result of the last presentation, and its address.
    Presented(Presented, String),
    /// Every presentation was refused, and the person's record cannot be read at the moment.
    Unresolved(String),
    /// Every presentation was refused, and the API no longer knows the person.
    Gone,
    /// Every presentation was refused, and without a live access token nothing shows whether the addresses are still
    /// right.
    Unproven,
}

impl CoreApiProvider {
    pub(super) async fn rotate(&self, caller: &Caller, grant: &Grant) -> RefreshOutcome {
        // SECURITY: after a change of the settings, the tokens of one API must not reach another.
        if !grant::is_issued_by(grant, self.issued_by.as_deref()) {
            tracing::warn!("a session ends: its tokens are of another API than the settings name");
            return RefreshOutcome::Rejected(Rejection::InvalidGrant);
        }
        let key = grant.field(grant::IDEMPOTENCY_KEY);
        match self.present_as_owner(caller, grant, key).await {
            Ending::Presented(Presented::Issued(issued), address) => {
                let mut rotated = grant.clone();
                grant::confirm_address(&mut rotated, &address);
                self.put_tokens(&mut rotated, issued);
                RefreshOutcome::Rotated(rotated)
            }
            Ending::Presented(Presented::Refused, _) | Ending::Unproven => {
                RefreshOutcome::Rejected(Rejection::InvalidGrant)
            }
            Ending::Gone => RefreshOutcome::Rejected(Rejection::AccountGone),
            Ending::Presented(Presented::InDoubt { answered, detail }, _) => {
                RefreshOutcome::InDoubt { answered, detail }
            }
            Ending::Presented(Presented::NotSent(detail), _) => RefreshOutcome::NotSent(detail),
            Ending::Presented(Presented::Throttled { retry_after, detail }, _) => {
                RefreshOutcome::Unspent { retry_after, detail }
            }
            // The refusals have not spent the token.
            Ending::Unresolved(detail) => RefreshOutcome::Unspent { retry_after: None, detail },
        }
    }

    /// Presents the refresh token with its owner's address, which may have changed since we last saw it. The API
    /// refuses a token under a wrong address without consuming it. So the known addresses are tried in turn, then the
    /// one in the person's record, if the access token can still fetch the record.
    pub(super) async fn present_as_owner(
        &self,
        caller: &Caller,
        grant: &Grant,
        key: Option<&SecretText>,
    ) -> Ending {
        let Some(token) = grant.field(grant::REFRESH_TOKEN) else {
            return Ending::Presented(Presented::Refused, String::new());
        };
        let mut tried: Vec<String> = Vec::new();
        for address in grant::addresses(grant) {
            match self.present(caller, &address, token, key).await {
                Presented::Refused => tried.push(address),
                end => return Ending::Presented(end, address),
            }
        }
        if !grant.access_lives(self.now()) {
            return Ending::Unproven;
        }
        match self.owner_record(caller, grant).await {
            Ok(Identity { email: Some(email), .. }) if !tried.contains(&email) => {
                let end = self.present(caller, &email, token, key).await;
                Ending::Presented(end, email)
            }
            Err(NoRecord::Gone) => Ending::Gone,
            Ok(_) | Err(NoRecord::Refused) => Ending::Presented(Presented::Refused, String::new()),
            Err(NoRecord::Unknown(detail)) => Ending::Unresolved(detail),
        }
    }

    /// Presents the refresh token, once.
    async fn present(
        &self,
        caller: &Caller,
        email: &str,
        token: &SecretText,
        key: Option<&SecretText>,
    ) -> Presented {
        let key = key.and_then(|key| wire::secret_header(key.expose()));
        self.present_with(caller, email, token, key.map(|key| (wire::IDEMPOTENCY_KEY, key))).await
    }

    /// Presents a refresh token that is spent, or may be, to end its family.
    pub(super) async fn present_spent(&self, caller: &Caller, email: &str, token: &SecretText) -> Presented {
        let says_so = (wire::SIGN_OUT, HeaderValue::from_static("true"));
        self.present_with(caller, email, token, Some(says_so)).await
    }

    async fn present_with(
        &self,
        caller: &Caller,
        email: &str,
        token: &SecretText,
        header: Option<(HeaderName, HeaderValue)>,
    ) -> Presented {
        let url = self.endpoint(&["auth", "tokens"]);
        let body = json!({ "email": email, "refreshToken": token.expose() });
        let sending = async {
            let mut request = wire::request(caller, Method::POST, &url, &body)?;
            if let Some((name, value)) = header {
                request.headers_mut().insert(name, value);
            }
            self.transport.send(request).await
        };
        match sending.await {
            Err(TransportError::NotSent(detail)) => Presented::NotSent(detail),
            Err(TransportError::Interrupted(detail)) => Presented::InDoubt { answered: false, detail },
            Ok(response) if wire::is_refusal(&response) => Presented::Refused,
            // RFC 6585, section 4: the API did not look at this request. No other status of an answer to a refresh says
            // so.
            Ok(response) if response.status() == StatusCode::TOO_MANY_REQUESTS => Presented::Throttled {
                retry_after: wire::retry_after(&response),
                detail: wire::describe(&response),
            },
            Ok(response) => match wire::issued(&response) {
                Ok(issued) => Presented::Issued(issued),
                Err(detail) => Presented::InDoubt { answered: true, detail },
            },
        }
    }
}
