/// A provider that can be configured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProviderKind {
    /// The core API.
    CoreApi,
    /// An OpenID Connect provider, by redirect.
    Oidc,
}

impl ProviderKind {
    /// Every provider, the default first.
    pub const ALL: [Self; 2] = [Self::CoreApi, Self::Oidc];

    /// The name in `PROVIDER`. It is part of every session's owner, so never rename one.
    pub const fn name(self) -> &'static str {
        match self {
            Self::CoreApi => "core-api",
            Self::Oidc => "oidc",
        }
    }

    /// The provider with this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}
