use std::sync::Arc;

use async_trait::async_trait;

use super::style::Style;
use crate::{Provider, Request, Response, SignIn, Transport};

/// An API that the suite controls, with at least one person in it.
///
/// It reads only the [`Clock`](crate::Clock) and the [`Random`](crate::Random) that it was opened with.
#[async_trait]
pub trait BackEnd: Send + Sync + 'static {
    /// How the API behaves.
    fn style(&self) -> Style;

    /// The provider under test. It uses `transport`.
    fn provider(&self, transport: Arc<dyn Transport>) -> Arc<dyn Provider>;

    /// Answers a request as the API does.
    async fn answer(&self, request: Request) -> Response;

    /// Whether this request of the provider tells the address of the person's browser. A request to somebody else's
    /// server must not tell it.
    fn is_told_the_address(&self, request: &Request) -> bool {
        let _ = request;
        true
    }

    /// Credentials that sign in once. They are always those of the same person.
    async fn right_credentials(&self, provider: &dyn Provider) -> SignIn;

    /// Credentials of the same kind that the API refuses.
    async fn wrong_credentials(&self, provider: &dyn Provider) -> SignIn;

    /// Requests that only a signed-in person may make, one of each kind that is authorized differently.
    fn calls(&self) -> Vec<Request>;

    /// Every answer to a refresh that means that the session has ended.
    fn terminal_answers(&self) -> Vec<Response>;

    /// The number of the person's sessions: sign-ins that still have a valid refresh token.
    fn open_sessions(&self) -> usize;

    /// Ends all sessions of the person, as an operator would.
    async fn end_sessions(&self);

    /// Changes credentials without the provider's knowledge, so that the answer to the returned call shows the change.
    /// `None` if the API never does that.
    async fn change_credentials(&self) -> Option<Request>;

    /// Every token and password that has existed.
    fn secrets(&self) -> Vec<String>;
}
