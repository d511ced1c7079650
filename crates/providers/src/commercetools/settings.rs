use std::fmt;
use std::time::Duration;

use ironleaf_auth::SecretText;
use url::Url;

/// The settings of a [`CommercetoolsProvider`](super::CommercetoolsProvider).
#[derive(Clone)]
pub struct CommercetoolsSettings {
    /// The provider's name: `commercetools`, unless there are several providers of this kind. It is part of every
    /// session's owner, so a new name turns every person into a different one.
    pub name: String,
    /// The base URL of the authorization server, such as `https://auth.europe-west1.gcp.commercetools.com`.
    pub auth_url: Url,
    /// The base URL of the API, such as `https://api.europe-west1.gcp.commercetools.com`.
    pub api_url: Url,
    /// The key of the project, which is a part of most paths.
    pub project: String,
    /// The identifier of the API client.
    pub client_id: String,
    /// Its secret.
    pub client_secret: SecretText,
    /// What the tokens of people and of guests are for, such as `manage_my_profile:my-project`. Empty: the client's
    /// own scopes.
    pub scopes: Vec<String>,
    /// How long before its expiry an access token is renewed. The lifecycle uses a quarter of the token's lifetime if
    /// that is shorter.
    pub leeway: Duration,
    /// The longest that a session lives without a refresh. The API does not state the lifetime of a refresh token,
    /// which begins again with each use. No token counts as living longer than this.
    pub refresh_token_max_age: Duration,
}

impl CommercetoolsSettings {
    /// The default settings for this project and its API client.
    pub fn of(
        auth_url: Url,
        api_url: Url,
        project: impl Into<String>,
        client_id: impl Into<String>,
        client_secret: SecretText,
    ) -> Self {
        Self {
            name: "commercetools".to_owned(),
            auth_url,
            api_url,
            project: project.into(),
            client_id: client_id.into(),
            client_secret,
            scopes: Vec::new(),
            leeway: Duration::from_mins(1),
            refresh_token_max_age: Duration::from_hours(7 * 24),
        }
    }

    /// Whether tokens of these scopes are good for a person's own record, as far as that is known. Without scopes in the
    /// settings, those of the API client count, which are not known here.
    pub(super) fn reach_record(&self) -> bool {
        let is_for_record = |scope: &String| {
            matches!(
                scope.split(':').next(),
                Some("manage_my_profile" | "manage_project" | "manage_customers")
            )
        };
        self.scopes.is_empty() || self.scopes.iter().any(is_for_record)
    }
}

/// Shows no secret.
impl fmt::Debug for CommercetoolsSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CommercetoolsSettings")
            .field("name", &self.name)
            .field("auth_url", &self.auth_url.as_str())
            .field("api_url", &self.api_url.as_str())
            .field("project", &self.project)
            .field("client_id", &self.client_id)
            .field("scopes", &self.scopes)
            .finish_non_exhaustive()
    }
}
