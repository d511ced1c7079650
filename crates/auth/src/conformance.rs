//! The suite that every provider passes, whatever the API behind it is like.
//!
//! Describe the API as a [`BackEnd`]: its own wire format, rotation and theft detection, scripted in memory or a real
//! server in process. [`check`] signs people in, lets tokens expire, loses answers, reuses tokens and signs people out,
//! and compares what happens with the [`Style`] that was declared. Time is the suite's own: nothing waits.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use crate::{Clock, Field, Provider, Random, RefreshTiming, Request, Response, ReuseCost, SignIn, Transport};

mod calls;
mod faults;
mod refresh;
mod sign_out;
mod world;

use world::World;

/// What a back end does, as its provider declares it.
#[derive(Debug, Clone)]
pub struct Style {
    /// For the messages of failed assertions.
    pub name: &'static str,
    /// How long an access token lives.
    pub access_life: Duration,
    /// When the provider wants to refresh.
    pub timing: RefreshTiming,
    /// What becomes of the refresh token when it is used.
    pub rotation: Rotation,
    /// Where the grant keeps it.
    pub refresh_field: Field,
    /// What using it again destroys.
    pub reuse_cost: ReuseCost,
    /// Whether the same refresh can be repeated without harm.
    pub idempotent: bool,
    /// Whether a sign-out ends the access token, too, and not only the means to get another.
    pub sign_out_ends_access: bool,
    /// Whether a sign-out sends the browser on.
    pub sign_out_redirects: bool,
}

/// What becomes of a refresh token that was used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rotation {
    /// It is spent, and a new one takes its place.
    New,
    /// It stays as it is.
    Kept,
}

/// An API under the suite's control, with at least one person in it.
///
/// It reads the [`Clock`] and the [`Random`] that it was opened with and nothing else.
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

/// Runs the whole suite through the back end and its provider. `open` gives a fresh one each time.
///
/// # Panics
///
/// Where the provider does not do what the style says.
pub async fn check<F, Opening>(open: F)
where
    F: Fn(Clock, Random) -> Opening,
    Opening: Future<Output = Arc<dyn BackEnd>>,
{
    calls::a_person_signs_in_and_calls_are_accepted(World::open(&open).await).await;
    calls::wrong_credentials_sign_nobody_in(World::open(&open).await).await;
    calls::an_unreachable_back_end_is_not_a_wrong_password(World::open(&open).await).await;
    calls::the_browser_stays_behind_us(World::open(&open).await).await;
    calls::changed_credentials_are_picked_up(World::open(&open).await).await;

    refresh::an_expired_grant_is_renewed(World::open(&open).await).await;
    refresh::a_refresh_is_due_when_the_style_says(World::open(&open).await).await;
    refresh::reuse_costs_what_is_declared(World::open(&open).await).await;
    refresh::an_ended_session_is_rejected(World::open(&open).await).await;
    for index in 0..World::open(&open).await.back_end.terminal_answers().len() {
        refresh::a_terminal_answer_is_rejected(World::open(&open).await, index).await;
    }

    faults::nothing_sent_leaves_everything_as_it_was(World::open(&open).await).await;
    for index in 0..faults::before_the_back_end().len() {
        faults::a_failure_before_the_back_end_is_in_doubt(World::open(&open).await, index).await;
    }
    for index in 0..faults::after_the_back_end().len() {
        faults::a_lost_answer_is_in_doubt(World::open(&open).await, index).await;
    }

    sign_out::the_back_end_forgets_the_session(World::open(&open).await).await;
    sign_out::it_does_so_with_an_expired_access_token(World::open(&open).await).await;
    sign_out::only_this_session_ends(World::open(&open).await).await;
    sign_out::an_unreachable_back_end_is_reported(World::open(&open).await).await;
}
