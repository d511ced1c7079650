//! The test suite for every provider, whatever its API is like.
//!
//! Describe the API as a [`BackEnd`]: its own wire format, rotation and theft detection, scripted in memory or as a
//! real server in the process. [`check`] signs people in, lets tokens expire, loses answers, reuses tokens and signs
//! people out. It compares what happens with the declared [`Style`]. The suite has its own clock, so nothing really
//! waits.

use std::future::Future;
use std::sync::Arc;

use crate::{Clock, Heads, MemoryHeads, Random};

mod back_end;
mod calls;
mod faults;
mod lifecycle;
mod refresh;
mod sign_out;
mod style;
mod world;

pub use back_end::BackEnd;
pub use style::{Reuse, Rotation, Style};
use world::World;

/// Runs the whole suite with the back end and its provider, and with heads in memory. `open` returns a fresh back end each time.
///
/// # Panics
///
/// If the provider does not do what the style says.
pub async fn check<F, Opening>(open: F)
where
    F: Fn(Clock, Random) -> Opening,
    Opening: Future<Output = Arc<dyn BackEnd>>,
{
    check_over(open, |clock| Arc::new(MemoryHeads::new(clock))).await;
}

/// The same suite with other heads: it tests lifecycle, provider and store together.
///
/// # Panics
///
/// As [`check`].
pub async fn check_over<F, Opening, H>(open: F, heads: H)
where
    F: Fn(Clock, Random) -> Opening,
    Opening: Future<Output = Arc<dyn BackEnd>>,
    H: Fn(Clock) -> Arc<dyn Heads>,
{
    let open = &World::factory(open, heads);
    calls::a_person_signs_in_and_calls_are_accepted(open().await).await;
    calls::wrong_credentials_sign_nobody_in(open().await).await;
    calls::an_unreachable_back_end_is_not_a_wrong_password(open().await).await;
    calls::the_browser_stays_behind_us(open().await).await;
    calls::changed_credentials_are_picked_up(open().await).await;

    refresh::an_expired_grant_is_renewed(open().await).await;
    refresh::a_refresh_is_due_when_the_style_says(open().await).await;
    refresh::reuse_costs_what_is_declared(open().await).await;
    refresh::an_ended_session_is_rejected(open().await).await;
    for index in 0..open().await.back_end.terminal_answers().len() {
        refresh::a_terminal_answer_is_rejected(open().await, index).await;
    }

    faults::nothing_sent_leaves_everything_as_it_was(open().await).await;
    for index in 0..faults::before_the_back_end().len() {
        faults::a_failure_before_the_back_end_is_in_doubt(open().await, index).await;
    }
    for index in 0..faults::after_the_back_end().len() {
        faults::a_lost_answer_is_in_doubt(open().await, index).await;
    }

    faults::a_throttled_refresh_is_unspent(open().await).await;

    lifecycle::a_throttled_refresh_loses_nothing_and_waits_as_asked(open().await).await;
    lifecycle::an_answer_that_says_nothing_loses_nothing(open().await).await;
    lifecycle::a_lost_answer_costs_no_more_than_it_must(open().await).await;
    lifecycle::an_answer_of_401_teaches_nothing(open().await).await;

    sign_out::the_back_end_forgets_the_session(open().await).await;
    sign_out::it_does_so_with_an_expired_access_token(open().await).await;
    sign_out::only_this_session_ends(open().await).await;
    sign_out::an_unreachable_back_end_is_reported(open().await).await;
}
