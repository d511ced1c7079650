//! What a test says of the person whom an administrator sees.

/// What has become of the person.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Known {
    /// There are no people to see.
    #[default]
    Nobody,
    Clerk,
    WithoutRole,
    Deleted,
}

/// How changes are answered.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answers {
    #[default]
    Arrive,
    /// The change is made, and nobody hears of it.
    AreLost,
}
