//! Refreshes that are answered with the tokens of another person.

use super::*;

fn of_ada() -> Grant {
    first().for_identity(Identity::new("ada", "user@test.com"))
}

#[tokio::test(start_paused = true)]
async fn a_session_whose_refresh_brings_the_tokens_of_another_person_ends_and_they_are_given_back() {
    let bench = Bench::new().ends([(Duration::ZERO, End::RotateFor("mallory"))]).run();
    pass(LIFE).await;
    let over = EndReason::Rejected(Rejection::InvalidGrant);
    assert_ended(&request(&bench.replica(), 0, &of_ada()).await, over);
    pass(Duration::from_millis(1)).await;
    assert_eq!(*bench.provider.signed_out.lock().unwrap(), ["t'"], "nobody holds it");
    assert_eq!(*bench.provider.ended.lock().unwrap(), [over]);
    assert_eq!((bench.count(Event::Rejected), bench.count(Event::Refreshed)), (1, 0));
    // On every replica, and nobody asks again.
    assert_ended(&request(&bench.replica(), 0, &of_ada()).await, over);
    assert_eq!(bench.presented(), ["t"]);
}

#[tokio::test(start_paused = true)]
async fn a_refresh_that_names_the_same_person_or_nobody_goes_on() {
    for (grant, end) in
        [(of_ada(), End::RotateFor("ada")), (of_ada(), End::Rotate), (first(), End::RotateFor("ada"))]
    {
        let bench = Bench::new().ends([(Duration::ZERO, end)]).run();
        pass(LIFE).await;
        let rotated = renewed(request(&bench.replica(), 0, &grant).await);
        assert_eq!(rotated.grant.identity.unwrap().id, "ada");
        assert!(bench.provider.signed_out.lock().unwrap().is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn without_the_store_the_tokens_of_another_person_are_not_used_either() {
    let mut bench = Bench::new().ends([(Duration::ZERO, End::RotateFor("mallory"))]);
    bench.provider.repetition = Repetition::Free;
    let bench = bench.run();
    pass(LIFE).await;
    bench.take_store_away(true);
    assert_unavailable(&request(&bench.replica(), 0, &of_ada()).await, false);
    assert_eq!(*bench.provider.signed_out.lock().unwrap(), ["t'"]);
    // The store is back, and the provider answers right.
    bench.take_store_away(false);
    assert_eq!(token(&renewed(request(&bench.replica(), 0, &of_ada()).await).grant), "t'");
}
