use std::sync::Arc;

use async_trait::async_trait;

use super::style::Style;
use crate::{Provider, Request, Response, SignIn, Transport};

/// An API under the suite's control, with at least one person in it.
///
/// It reads the [`Clock`](crate::Clock) and the [`Random`](crate::Random) that it was opened with and nothing else.
#[async_trait]
pub trait BackEnd: Send + Sync + 'static {
    /// What it does.
    fn style(&self) -> Style;

    /// The provider under test, speaking through `transport`.
    fn provider(&self, transport: Arc<dyn Transport>) -> Arc<dyn Provider>;

    /// Answers a request as the API does.
    async fn answer(&self, request: Request) -> Response;

    /// Credentials of the person, always the same one, that sign in once.
    async fn right_credentials(&self, provider: &dyn Provider) -> SignIn;

    /// Credentials of the same kind that the API refuses.
    async fn wrong_credentials(&self, provider: &dyn Provider) -> SignIn;

    /// Requests that only a signed-in person may make, one of each kind that is authorized differently.
    fn calls(&self) -> Vec<Request>;

    /// Every answer to a refresh that says that the session is over.
    fn terminal_answers(&self) -> Vec<Response>;

    /// How many sessions the person has: sign-ins of which some refresh token is still good.
    fn open_sessions(&self) -> usize;

    /// Ends all sessions of the person, as an operator would.
    async fn end_sessions(&self);

    /// Changes credentials behind the provider's back, so that the answer to the returned call shows it. `None` where
    /// the API never does that.
    async fn change_credentials(&self) -> Option<Request>;

    /// Every token and password there has been.
    fn secrets(&self) -> Vec<String>;
}
