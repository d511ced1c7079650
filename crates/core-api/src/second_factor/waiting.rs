use uuid::Uuid;

/// A sign-in that waits for its second step: what a challenge stands for.
pub(crate) struct Waiting {
    pub(crate) user: Uuid,
    pub(crate) end_others: bool,
    /// Whether the first step was an e-mailed link.
    pub(crate) of_link: bool,
}
