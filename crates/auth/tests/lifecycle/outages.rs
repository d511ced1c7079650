//! A store that answers late, does not answer, or comes back, and a process that ends meanwhile.

use super::*;

fn of(repetition: Repetition) -> Bench {
    let mut bench = Bench::new();
    bench.provider.repetition = repetition;
    bench
}

async fn sign_out(lifecycle: &Lifecycle, rotation: u64, grant: &Grant) {
    let session = SessionKey::new(SESSION, rotation);
    let _ = lifecycle.end(&Caller::default(), &session, grant, EndReason::SignedOut).await;
}

/// Passes everything on, except that the next write returns an error at once and is done a little later.
struct LateWrite {
    heads: Arc<dyn Heads>,
    late: AtomicBool,
}

#[async_trait]
impl Heads for LateWrite {
    async fn read(&self, session: &SessionKey) -> HeadRead {
        self.heads.read(session).await
    }

    async fn write(
        &self,
        session: &SessionKey,
        expected: Option<HeadVersion>,
        head: &Head,
        keep: Keep,
    ) -> Result<Option<HeadVersion>, HeadsError> {
        if !self.late.swap(false, Ordering::SeqCst) {
            return self.heads.write(session, expected, head, keep).await;
        }
        let (heads, session, head) = (Arc::clone(&self.heads), session.clone(), head.clone());
        tokio::spawn(async move {
            pass(Duration::from_millis(50)).await;
            let _ = heads.write(&session, expected, &head, keep).await;
        });
        Err(HeadsError("no answer in time".to_owned()))
    }

    async fn acquire(
        &self,
        session: &SessionKey,
        holder: &Holder,
        life: Duration,
    ) -> Result<bool, HeadsError> {
        self.heads.acquire(session, holder, life).await
    }

    async fn release(&self, session: &SessionKey, holder: &Holder) -> Result<(), HeadsError> {
        self.heads.release(session, holder).await
    }
}

fn over(bench: &Running, heads: Arc<dyn Heads>) -> Lifecycle {
    Lifecycle::new(LifecycleSettings {
        provider: Arc::clone(&bench.provider) as Arc<dyn Provider>,
        heads,
        clock: Arc::clone(&bench.clock),
        random: system_random(),
        spawner: tokio_spawner(),
        observer: nobody(),
        time_limits: TimeLimits::default(),
    })
}

fn late(bench: &Running) -> Lifecycle {
    let heads = LateWrite { heads: Arc::clone(&bench.heads.heads), late: AtomicBool::new(true) };
    over(bench, Arc::new(heads))
}

/// The process looked for the write, did not find it, and the write is done after that.
#[tokio::test(start_paused = true)]
async fn a_write_that_arrives_late_leaves_nobody_in_doubt() {
    for style in [Repetition::AskAgain(Rest::SHORT), Repetition::Never] {
        let bench = of(style).run();
        let lifecycle = late(&bench);
        pass(LIFE).await;
        assert_eq!(renewed(request(&lifecycle, 0, &first()).await).rotation, 1, "{style:?}");
        assert_eq!(bench.presented(), ["t"]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_write_that_arrives_late_leaves_no_other_replica_in_doubt() {
    let bench = of(Repetition::Never).run();
    let (one, other) = (late(&bench), bench.replica());
    pass(LIFE).await;
    let _ = request(&one, 0, &first()).await;
    pass(Duration::from_mins(2)).await;
    let ensured = request(&other, 0, &first()).await;
    assert!(matches!(ensured, Ensured::Usable(_)), "{ensured:?}");
}

#[tokio::test(start_paused = true)]
async fn without_the_store_whoever_was_asked_to_wait_waits() {
    for (style, written) in
        [Repetition::Free, RECOGNISED].into_iter().flat_map(|style| [(style, false), (style, true)])
    {
        let wait = End::Unspent(Some(Duration::from_secs(20)));
        let bench = of(style).ends(vec![(Duration::ZERO, wait); 100]).run();
        let lifecycle = bench.replica();
        pass(LIFE).await;
        // With the head read while the store is reachable, or not.
        if written {
            assert_unavailable(&request(&lifecycle, 0, &first()).await, false);
        }
        bench.take_store_away(true);
        for _ in 0..10 {
            assert_unavailable(&request(&lifecycle, 0, &first()).await, false);
            pass(Duration::from_secs(1)).await;
        }
        assert_eq!(bench.presented().len(), 1, "{style:?}, {written}");
        pass(Duration::from_secs(10)).await;
        let _ = request(&lifecycle, 0, &first()).await;
        assert_eq!(bench.presented().len(), 2, "{style:?}, {written}");
    }
}

/// The first time, nobody knew which grant is the newest.
#[tokio::test(start_paused = true)]
async fn an_end_that_was_told_in_an_outage_is_told_of_the_newest_grant_when_it_comes_again() {
    for style in [Repetition::AskAgain(Rest::SHORT), Repetition::Never] {
        let bench = of(style).run();
        let lifecycle = bench.replica();
        pass(LIFE).await;
        renewed(request(&lifecycle, 0, &first()).await);
        bench.take_store_away(true);
        sign_out(&lifecycle, 0, &first()).await;
        pass(Duration::from_mins(1)).await;
        bench.take_store_away(false);
        sign_out(&lifecycle, 0, &first()).await;
        pass(Duration::from_mins(1)).await;
        let signed_out = bench.provider.signed_out.lock().unwrap().clone();
        assert!(signed_out.contains(&"t'".to_owned()), "{style:?}: {signed_out:?}");
        assert_ended(&request(&lifecycle, 0, &first()).await, EndReason::SignedOut);
    }
}

#[tokio::test(start_paused = true)]
async fn a_process_that_is_to_end_still_writes_down_that_nothing_was_spent() {
    for end in [End::NotSent, End::Unspent(Some(Duration::from_secs(20)))] {
        let bench = of(Repetition::Never).ends([(Duration::from_millis(300), end)]).run();
        let (closing, next) = (bench.replica(), bench.replica());
        pass(LIFE).await;
        let grant = first();
        let deployed = async {
            pass(Duration::from_millis(100)).await;
            closing.close();
            bench.take_store_away(true);
            pass(Duration::from_secs(1)).await;
            bench.take_store_away(false);
        };
        let (ensured, ()) = tokio::join!(request(&closing, 0, &grant), deployed);
        assert_unavailable(&ensured, false);
        pass(Duration::from_mins(1)).await;
        assert_eq!(renewed(request(&next, 0, &first()).await).rotation, 1);
    }
}

#[tokio::test(start_paused = true)]
async fn by_a_clock_that_was_set_back_no_token_is_young() {
    let bench = of(RECOGNISED).run();
    let (alone, other) = (bench.replica(), over(&bench, Arc::clone(&bench.heads.heads)));
    pass(LIFE).await;
    renewed(request(&other, 0, &first()).await);
    bench.take_store_away(true);
    pass(Duration::from_mins(50)).await;
    *bench.heads.set_back.lock().unwrap() = Duration::from_hours(2);
    let _ = alone.replace_refused(&Caller::default(), &SessionKey::new(SESSION, 0), &first()).await;
    assert_eq!(bench.presented(), ["t"]);
}

#[tokio::test(start_paused = true)]
async fn a_process_that_is_to_end_does_not_wait_ten_minutes_for_the_store() {
    let bench = of(RECOGNISED).run();
    let running = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&running);
    let spawner: Spawner = Arc::new(move |task: Task| {
        let counted = Arc::clone(&counted);
        counted.fetch_add(1, Ordering::SeqCst);
        tokio::spawn(async move {
            task.await;
            counted.fetch_sub(1, Ordering::SeqCst);
        });
    });
    let lifecycle = bench.replica_on(spawner);
    pass(LIFE).await;
    bench.take_store_away(true);
    renewed(request(&lifecycle, 0, &first()).await);
    lifecycle.close();
    pass(Duration::from_secs(5)).await;
    assert_eq!(running.load(Ordering::SeqCst), 1, "for as long as somebody waits for its end");
    pass(Duration::from_secs(10)).await;
    assert_eq!(running.load(Ordering::SeqCst), 0);
}

/// The holder noticed late that no answer came, and another replica has asked since.
#[tokio::test(start_paused = true)]
async fn a_wait_that_another_replica_was_told_of_outlives_the_end_of_an_older_attempt() {
    let ends = [
        (Duration::from_secs(20), End::InDoubt),
        (Duration::ZERO, End::Unspent(Some(Duration::from_mins(2)))),
    ];
    let bench = of(RECOGNISED).ends(ends).run();
    let (slow, other) = (bench.replica(), bench.replica());
    pass(LIFE).await;
    assert_unavailable(&request(&slow, 0, &first()).await, false);
    bench.heads.break_lease(&SessionKey::new(SESSION, 0)).await;
    assert_unavailable(&request(&other, 0, &first()).await, false);
    assert_eq!(bench.presented().len(), 2);
    pass(Duration::from_mins(1)).await;
    assert_unavailable(&request(&slow, 0, &first()).await, false);
    assert_eq!(bench.presented().len(), 2, "nobody asks before the wait is over");
}
