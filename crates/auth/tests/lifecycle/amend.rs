use super::*;

const ADDRESS: u8 = 2;

/// The change that an answer of the API would report: a new address.
fn learn() -> Change {
    Arc::new(|grant| grant.set(ADDRESS, "new@test.com"))
}

async fn amend(lifecycle: &Lifecycle, rotation: u64, grant: &Grant) -> Option<Rotated> {
    lifecycle.amend(&SessionKey::new(SESSION, rotation), grant, learn()).await
}

fn address(grant: &Grant) -> &str {
    grant.field(ADDRESS).map_or("", |address| address.expose())
}

#[tokio::test(start_paused = true)]
async fn what_a_grant_has_learned_reaches_cookies_of_the_rotation_before() {
    let bench = Bench::new().run();
    let Rotated { rotation, grant } = amend(&bench.replica(), 0, &first()).await.unwrap();
    assert_eq!((rotation, token(&grant).as_str(), address(&grant)), (1, "t", "new@test.com"));
    let adopted = renewed(request(&bench.replica(), 0, &first()).await);
    assert_eq!((adopted.rotation, address(&adopted.grant)), (1, "new@test.com"));
    pass(LIFE).await;
    assert_eq!(renewed(request(&bench.replica(), 0, &first()).await).rotation, 2);
    assert_eq!(bench.presented(), ["t"], "the token was presented once, with what was learned");
}

#[tokio::test(start_paused = true)]
async fn a_cookie_behind_the_head_learns_it_for_the_newest_grant() {
    let bench = Bench::new().run();
    pass(LIFE).await;
    renewed(request(&bench.replica(), 0, &first()).await);
    let Rotated { rotation, grant } = amend(&bench.replica(), 0, &first()).await.unwrap();
    assert_eq!((rotation, token(&grant).as_str(), address(&grant)), (2, "t'", "new@test.com"));
    let again = amend(&bench.replica(), 1, &issued("t'", start() + LIFE)).await.unwrap();
    assert_eq!(again.rotation, 2, "nothing is new in it, so that nothing is written");
}

#[tokio::test(start_paused = true)]
async fn a_refresh_that_is_under_way_is_waited_for() {
    let bench = Bench::new().ends([(Duration::from_millis(500), End::Rotate)]).run();
    let (one, other) = (bench.replica(), bench.replica());
    pass(LIFE).await;
    let grant = first();
    let learning = async {
        pass(Duration::from_millis(100)).await;
        amend(&other, 0, &grant).await
    };
    let (answer, amended) = tokio::join!(request(&one, 0, &grant), learning);
    assert_eq!(renewed(answer).rotation, 1);
    let Rotated { rotation, grant } = amended.unwrap();
    assert_eq!((rotation, token(&grant).as_str()), (2, "t'"));
}

#[tokio::test(start_paused = true)]
async fn the_place_of_a_refresh_without_an_end_is_not_taken() {
    let bench = Bench::new().ends([(Duration::ZERO, End::InDoubt)]).run();
    pass(LIFE).await;
    assert_unavailable(&request(&bench.replica(), 0, &first()).await, false);
    assert!(amend(&bench.replica(), 0, &first()).await.is_none());
    pass(Duration::from_mins(2)).await;
    assert_eq!(renewed(request(&bench.replica(), 0, &first()).await).rotation, 1);
}

#[tokio::test(start_paused = true)]
async fn without_the_store_and_after_the_end_nothing_is_written() {
    let bench = Bench::new().run();
    bench.take_store_away(true);
    assert!(amend(&bench.replica(), 0, &first()).await.is_none());
    bench.take_store_away(false);
    let session = SessionKey::new(SESSION, 0);
    let _ = bench.replica().end(&Caller::default(), &session, &first(), EndReason::SignedOut).await;
    assert!(amend(&bench.replica(), 0, &first()).await.is_none());
    assert_ended(&request(&bench.replica(), 0, &first()).await, EndReason::SignedOut);
}

#[tokio::test(start_paused = true)]
async fn it_is_written_when_nobody_waits_for_it() {
    let bench = Bench::new().run();
    drop(bench.replica().amend(&SessionKey::new(SESSION, 0), &first(), learn()));
    pass(Duration::from_millis(1)).await;
    assert_eq!(address(&renewed(request(&bench.replica(), 0, &first()).await).grant), "new@test.com");
}
