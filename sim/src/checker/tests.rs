//! A session and its family in several situations.

use super::*;
use crate::core_api::{Access, Call, CartCall, CoreApi};
use crate::trace::Trace;

const LIVES: Lives = Lives {
    idle: Duration::from_hours(72),
    absolute: Duration::from_hours(144),
    refresh_token: Duration::from_hours(72),
};
const FAMILY: FamilyId = FamilyId(0);
const PERSON: PersonId = PersonId(0);
const HOUR: Duration = Duration::from_hours(1);

struct Bench {
    core: CoreApi,
    trace: Trace,
    checker: Checker,
    session: SessionRef,
}

impl Bench {
    fn new(style: Style) -> Self {
        let core = CoreApi::new(style, 2 * LIVES.refresh_token);
        core.handle(Duration::ZERO, &Call::SignIn { person: PERSON });
        let checker = Checker::new(style, LIVES);
        let session = checker.begun(Duration::ZERO, PERSON, FAMILY);
        Self { core, trace: Trace::new(1), checker, session }
    }

    fn scene(&self, now: Duration) -> Scene<'_> {
        Scene { now, core_now: now, core: &self.core, trace: &self.trace }
    }

    fn present(&self, now: Duration, generation: u32, key: Option<&str>) {
        let sent = Sent { family: FAMILY, generation, key, blind: false, asker: 0 };
        self.checker.refresh_sent(self.scene(now), sent);
    }

    /// A cookie of this rotation leaves a replica that has the store.
    fn leaves(&self, now: Duration, rotation: u64, email: u32) {
        let glance = Glance { id: [0; 16], rotation, generation: rotation, email };
        let writing = Writing { store_down: false, head_is_busy: false };
        self.checker.leaves(self.scene(now), self.session, glance, writing);
    }

    fn refresh(&self, now: Duration, generation: u32, key: Option<&str>) {
        self.present(now, generation, key);
        self.arrives(now, generation, key, None);
    }

    fn arrives(&self, now: Duration, generation: u32, key: Option<&str>, late: Option<Duration>) {
        let call = Call::Refresh { family: FAMILY, generation, key: key.map(Into::into) };
        let (_, effect) = self.core.handle(now, &call);
        self.checker.effect(self.scene(now), effect, late);
    }

    /// A browser with the cookie of the sign-in.
    fn seen(&self) -> Seen {
        let (held_since, tokens_since) = (Duration::ZERO, Duration::ZERO);
        Seen { session: self.session, rotation: 0, held_since, tokens_since, key_unknown: false }
    }

    /// The excuse for a browser that is sent away with a cookie of this rotation.
    fn sent_away(&self, now: Duration, rotation: u64) -> Option<Excuse> {
        let seen = Seen { rotation, ..self.seen() };
        self.checker.signed_out(self.scene(now), seen, "303")
    }

    fn found(&self) -> Vec<&'static str> {
        self.checker.violations().into_keys().collect()
    }
}

#[test]
fn a_living_session_at_the_sign_in_page_is_lost() {
    let bench = Bench::new(Style::Ours);
    assert_eq!(bench.sent_away(HOUR, 0), None);
    bench.sent_away(HOUR, 0);
    assert_eq!(bench.checker.violations()[Violation::Lost.words()], 1, "once is enough");
}

#[test]
fn nobody_is_missed_who_asked_for_it_or_stayed_away() {
    let bench = Bench::new(Style::Ours);
    assert_eq!(bench.sent_away(LIVES.idle.saturating_sub(HOUR), 0), Some(Excuse::TimedOut));
    bench.checker.ending(HOUR, bench.session);
    assert_eq!(bench.sent_away(2 * HOUR, 0), Some(Excuse::Ending));
    assert_eq!(bench.found(), [""; 0]);
}

#[test]
fn a_cookie_goes_with_its_refresh_token_however_often_it_was_sealed_anew() {
    let bench = Bench::new(Style::Ours);
    let now = LIVES.refresh_token;
    let lately = now.saturating_sub(HOUR);
    bench.checker.arrived(lately, bench.session);
    for (tokens_since, excuse) in [(Duration::ZERO, Some(Excuse::TimedOut)), (HOUR, None)] {
        let seen = Seen { held_since: lately, tokens_since, ..bench.seen() };
        assert_eq!(bench.checker.signed_out(bench.scene(now), seen, "303"), excuse, "{tokens_since:?}");
    }
}

#[test]
fn only_a_lost_answer_excuses_the_end_of_a_family_and_only_where_nothing_can_be_repeated() {
    for (style, excuse) in [
        (Style::Recorded, Some(Excuse::AnswerLost)),
        (Style::OpenId, Some(Excuse::AnswerLost)),
        (Style::Ours, None),
    ] {
        let bench = Bench::new(style);
        bench.refresh(HOUR, 0, Some("key"));
        bench.checker.answer_lost(HOUR, FAMILY, 1, LostTo::Network);
        assert_eq!(bench.sent_away(HOUR + Duration::from_mins(1), 0), excuse);
    }
}

#[test]
fn the_window_of_a_repetition_excuses_only_if_nobody_could_use_it() {
    for (came, expected) in [(false, vec![]), (true, vec![Violation::FamilyRevoked.words()])] {
        let bench = Bench::new(Style::Ours);
        bench.refresh(HOUR, 0, Some("key"));
        bench.checker.answer_lost(HOUR, FAMILY, 1, LostTo::Crash);
        if came {
            bench.checker.chance(HOUR + Duration::from_mins(5), bench.session);
        }
        bench.refresh(HOUR + Duration::from_mins(11), 0, Some("key"));
        assert_eq!(bench.found(), expected);
    }
}

#[test]
fn a_token_rests_for_thirty_seconds_before_it_is_presented_again() {
    let cases = [(29, vec![Violation::PresentedTwice]), (30, vec![])];
    for (style, (wait_secs, expected)) in
        [Style::Recorded, Style::OpenId].into_iter().flat_map(|style| cases.clone().map(|case| (style, case)))
    {
        let bench = Bench::new(style);
        bench.present(HOUR, 0, None);
        bench.present(HOUR + Duration::from_secs(wait_secs), 0, None);
        assert_eq!(bench.found(), expected.into_iter().map(Violation::words).collect::<Vec<_>>());
    }
}

#[test]
fn a_repetition_under_its_key_is_allowed_where_it_is_recognised() {
    let bench = Bench::new(Style::Ours);
    bench.refresh(HOUR, 0, Some("key"));
    bench.refresh(HOUR, 0, Some("key"));
    assert_eq!(bench.found(), [""; 0]);
    bench.refresh(HOUR, 0, Some("another"));
    assert_eq!(bench.found(), [Violation::PresentedTwice.words(), Violation::FamilyRevoked.words()]);
}

#[test]
fn a_cookie_that_is_behind_is_superseded_only_after_the_time_that_is_promised() {
    let bench = Bench::new(Style::Ours);
    bench.refresh(HOUR, 0, Some("key"));
    bench.leaves(HOUR, 1, 0);
    let shown = HOUR + Duration::from_mins(1);
    assert_eq!(bench.sent_away(20 * HOUR, 0), None, "nobody has shown the newest");
    bench.checker.shown(shown, bench.session, 1);
    assert_eq!(bench.sent_away(shown + Duration::from_mins(5), 0), None);
    assert_eq!(bench.sent_away(shown + Duration::from_mins(10), 0), Some(Excuse::Superseded));
}

/// An answer after the end, from a replica that has the store.
const SHOWN: Shown = Shown {
    ended: Ended { at: HOUR, replica: 0, store_down: false },
    only_a_name: false,
    unread: false,
    unwritten: false,
    asked_crashed: false,
};
const UNWRITTEN: Shown = Shown { ended: Ended { store_down: true, ..SHOWN.ended }, unwritten: true, ..SHOWN };

impl Bench {
    fn shown_after_end(&self, after_mins: u64, shown: Shown) -> Vec<&'static str> {
        let scene = self.scene(HOUR + Duration::from_mins(after_mins));
        self.checker.shown_after_end(scene, self.session, shown);
        self.checker.excuses().into_keys().chain(self.checker.violations().into_keys()).collect()
    }
}

#[test]
fn a_copy_that_works_after_the_end_is_found_unless_the_store_was_down_for_as_long_as_is_documented() {
    let found = Violation::CopyShows.words();
    let excused = Excuse::StoreDown.words();
    let unread = Shown { unread: true, ..SHOWN };
    // It could be written after a while, and was: what came before is no longer an excuse.
    let written = Shown { unwritten: false, ..UNWRITTEN };
    // The store was down at another time than that of the end.
    let unrelated = Shown { ended: SHOWN.ended, ..UNWRITTEN };
    for (shown, after, expected) in [
        (SHOWN, 1, found),
        (unread, 20, excused),
        (unread, 22, found),
        (UNWRITTEN, 20, excused),
        (UNWRITTEN, 22, found),
        (written, 1, found),
        (unrelated, 1, found),
    ] {
        assert_eq!(Bench::new(Style::Ours).shown_after_end(after, shown), [expected], "{shown:?}, {after}");
    }
}

/// Such an API cannot be told, and its token is valid until it is.
#[test]
fn a_copy_whose_token_no_sign_out_could_end_works_as_long_as_the_end_is_unwritten() {
    for (style, expected) in [
        (Style::Commercetools, Excuse::StoreDown.words()),
        (Style::BetterAuth, Excuse::StoreDown.words()),
        (Style::CookieApi, Excuse::StoreDown.words()),
        (Style::Ours, Violation::CopyShows.words()),
        (Style::Recorded, Violation::CopyShows.words()),
        (Style::Graced, Violation::CopyShows.words()),
        (Style::OpenId, Violation::CopyShows.words()),
        (Style::JwtSessions, Violation::CopyShows.words()),
    ] {
        assert_eq!(Bench::new(style).shown_after_end(60, UNWRITTEN), [expected], "{style:?}");
    }
    let bench = Bench::new(Style::Commercetools);
    bench.core.revoke(FAMILY);
    assert_eq!(bench.shown_after_end(60, UNWRITTEN), [Violation::CopyShows.words()], "it was told");
}

#[test]
fn a_session_whose_end_nobody_knows_of_goes_on_until_it_is_ended_again() {
    for (told, goes_on) in [(false, true), (true, false)] {
        let bench = Bench::new(Style::Ours);
        if told {
            bench.core.revoke(FAMILY);
        }
        let lost = Shown { asked_crashed: true, ..UNWRITTEN };
        bench.checker.ended(bench.session, lost.ended);
        bench.shown_after_end(60, lost);
        assert_eq!(bench.checker.how_it_ended(bench.session).is_none(), goes_on, "told: {told}");
        assert_eq!(bench.found().is_empty(), goes_on, "told: {told}");
        bench.checker.ended(bench.session, Ended { at: 2 * HOUR, ..SHOWN.ended });
        assert_eq!(bench.checker.how_it_ended(bench.session).is_some_and(|end| end.at == 2 * HOUR), goes_on);
    }
}

#[test]
fn a_lost_end_excuses_a_name_and_no_page_and_only_if_the_store_was_down_and_the_replica_crashed() {
    let lost = Shown { only_a_name: true, asked_crashed: true, unwritten: false, ..UNWRITTEN };
    for (shown, expected) in
        [(lost, Excuse::EndLost), (Shown { only_a_name: false, ..lost }, Excuse::StoreDown)]
    {
        assert_eq!(Bench::new(Style::Ours).shown_after_end(20, shown), [expected.words()], "{shown:?}");
    }
    for shown in [
        Shown { asked_crashed: false, ..lost },
        Shown { ended: SHOWN.ended, ..lost },
        Shown { only_a_name: false, ended: SHOWN.ended, ..lost },
    ] {
        let found = Bench::new(Style::Ours).shown_after_end(20, shown);
        assert_eq!(found, [Violation::CopyShows.words()], "{shown:?}");
    }
}

#[test]
fn a_token_that_a_sign_out_leaves_is_found_unless_something_was_in_the_way() {
    let calm = Left { store_failed: false, hindered: false };
    let hindered = Left { hindered: true, ..calm };
    let store_failed = Left { store_failed: true, ..calm };
    let found = Violation::TokenLeft.words();
    for (style, doubted, left, expected) in [
        (Style::Ours, false, calm, found),
        (Style::Ours, false, hindered, Excuse::CoreApiDown.words()),
        (Style::Ours, false, store_failed, found),
        // A token in doubt is held back only where its reuse would cost other sessions.
        (Style::Ours, true, calm, found),
        (Style::CookieApi, false, calm, found),
        (Style::CookieApi, true, calm, Excuse::DoubtAtSignOut.words()),
        (Style::CookieApi, false, store_failed, Excuse::DoubtAtSignOut.words()),
    ] {
        let bench = Bench::new(style);
        if doubted {
            bench.checker.doubted(FAMILY, 0);
        }
        bench.checker.sign_out_settled(bench.scene(HOUR), bench.session, left);
        let judged: Vec<_> =
            bench.checker.excuses().into_keys().chain(bench.checker.violations().into_keys()).collect();
        assert_eq!(judged, [expected], "{style:?}, doubted: {doubted}, {left:?}");
    }
}

#[test]
fn a_sign_out_that_leaves_no_token_needs_no_excuse() {
    let bench = Bench::new(Style::Ours);
    bench.core.revoke(FAMILY);
    let left = Left { store_failed: true, hindered: true };
    bench.checker.sign_out_settled(bench.scene(HOUR), bench.session, left);
    assert!(bench.checker.excuses().is_empty() && bench.found().is_empty());
}

#[test]
fn there_may_be_nothing_left_to_end_only_for_a_cookie_that_nothing_can_come_of() {
    let bench = Bench::new(Style::Ours);
    let was_over = |now, rotation| {
        let seen = Seen { rotation, held_since: HOUR, tokens_since: HOUR, ..bench.seen() };
        bench.checker.was_over(bench.scene(now), seen)
    };
    bench.checker.arrived(HOUR, bench.session);
    bench.refresh(HOUR, 0, Some("key"));
    bench.leaves(HOUR, 1, 0);
    assert_eq!(was_over(2 * HOUR, 0), None, "nobody has shown what followed");
    bench.checker.shown(HOUR, bench.session, 1);
    assert_eq!(was_over(HOUR + Duration::from_mins(5), 0), None);
    assert_eq!(was_over(2 * HOUR, 0), Some(Excuse::EndedSuperseded));
    assert_eq!(was_over(2 * HOUR, 1), None, "the newest is not superseded");
    bench.checker.kept(FAMILY, false);
    assert_eq!(was_over(HOUR + Duration::from_mins(5), 0), Some(Excuse::EndedSuperseded));
    assert_eq!(was_over(HOUR + LIVES.idle, 1), Some(Excuse::TimedOut));
}

#[test]
fn an_address_that_the_head_was_too_busy_to_take_is_not_missed_later() {
    for (disturbed, expected) in [(true, vec![]), (false, vec![Violation::Reverted.words()])] {
        let bench = Bench::new(Style::Commercetools);
        let glance = Glance { id: [0; 16], rotation: 1, generation: 1, email: 1 };
        let writing = Writing { store_down: false, head_is_busy: disturbed };
        bench.checker.leaves(bench.scene(HOUR), bench.session, glance, writing);
        bench.leaves(2 * HOUR, 2, 0);
        assert_eq!(bench.found(), expected, "{disturbed}");
    }
}

#[test]
fn only_503s_in_calm_weather_make_a_session_hopeless() {
    for (calm, expected) in [(true, 1), (false, 0)] {
        let bench = Bench::new(Style::Ours);
        for minutes in [0, 10, 20, 30, 40] {
            let now = Duration::from_mins(minutes);
            bench.checker.unavailable(bench.scene(now), bench.session, calm);
        }
        assert_eq!(bench.found().len(), expected, "{calm}");
    }
}

#[test]
fn a_token_in_doubt_excuses_one_session_where_reuse_ends_all_and_nothing_where_it_is_free() {
    for (style, excuse) in [
        (Style::CookieApi, Some(Excuse::Unresolved)),
        (Style::Commercetools, None),
        (Style::JwtSessions, None),
    ] {
        let bench = Bench::new(style);
        bench.present(HOUR, 0, None);
        bench.checker.doubted(FAMILY, 0);
        assert_eq!(bench.sent_away(2 * HOUR, 0), excuse, "{style:?}");
    }
}

#[test]
fn a_doubt_that_is_over_excuses_nothing() {
    let bench = Bench::new(Style::CookieApi);
    bench.checker.doubted(FAMILY, 0);
    bench.refresh(HOUR, 0, None);
    bench.checker.written(FAMILY, 1);
    assert_eq!(bench.sent_away(2 * HOUR, 1), None);
}

#[test]
fn nothing_excuses_the_end_of_all_sessions_of_a_person() {
    let bench = Bench::new(Style::CookieApi);
    bench.refresh(HOUR, 0, None);
    bench.checker.doubted(FAMILY, 0);
    bench.refresh(2 * HOUR, 0, None);
    assert_eq!(bench.found(), [Violation::PresentedTwice.words(), Violation::FamilyRevoked.words()]);
}

#[test]
fn an_answer_that_could_be_written_down_in_the_end_is_not_lost() {
    for (written, excuse) in [(false, Some(Excuse::AnswerLost)), (true, None)] {
        let bench = Bench::new(Style::Recorded);
        bench.refresh(HOUR, 0, None);
        bench.checker.answer_lost(HOUR, FAMILY, 1, LostTo::Partition);
        if written {
            bench.checker.written(FAMILY, 1);
        }
        assert_eq!(bench.sent_away(2 * HOUR, 0), excuse);
    }
}

#[test]
fn a_wait_that_the_api_asks_for_is_kept_by_whoever_can_know_of_it() {
    let until = HOUR + Duration::from_mins(1);
    for (blind, after_secs, expected) in [(false, 59, 1), (false, 60, 0), (true, 59, 0)] {
        let bench = Bench::new(Style::Commercetools);
        bench.present(HOUR, 0, None);
        bench.checker.turned_away(HOUR, FAMILY, Wait { generation: 0, until, told: true, asker: 0 });
        let now = HOUR + Duration::from_secs(after_secs);
        let sent = Sent { family: FAMILY, generation: 0, key: None, blind, asker: 1 };
        bench.checker.refresh_sent(bench.scene(now), sent);
        assert_eq!(bench.found().len(), expected, "{blind}, {after_secs} s");
    }
}

#[test]
fn while_the_api_asks_to_wait_nobody_has_a_chance_to_ask_for_a_lost_answer() {
    let minute = Duration::from_mins(1);
    for (until, excuse) in [(HOUR + minute, Some(Excuse::WindowPassed)), (Duration::ZERO, None)] {
        let bench = Bench::new(Style::Graced);
        bench.refresh(HOUR, 0, None);
        bench.checker.answer_lost(HOUR, FAMILY, 1, LostTo::Network);
        bench.checker.turned_away(HOUR, FAMILY, Wait { generation: 0, until, told: true, asker: 0 });
        bench.checker.chance_for(HOUR + Duration::from_secs(20), FAMILY);
        let late = HOUR + 3 * Duration::from_mins(1);
        bench.refresh(late, 0, None);
        assert_eq!(bench.sent_away(late, 0), excuse, "{until:?}");
    }
}

#[test]
fn a_grant_without_room_excuses_until_the_next_one_is_kept() {
    let bench = Bench::new(Style::Ours);
    bench.checker.kept(FAMILY, false);
    assert_eq!(bench.sent_away(HOUR, 0), Some(Excuse::StoreFull));
    bench.checker.kept(FAMILY, true);
    assert_eq!(bench.sent_away(HOUR, 0), None);
}

#[test]
fn an_address_that_becomes_the_old_one_again_is_found_unless_the_head_could_not_take_the_new_one() {
    for (store_down, expected) in [(false, vec![Violation::Reverted.words()]), (true, vec![])] {
        let bench = Bench::new(Style::Commercetools);
        bench.leaves(HOUR, 1, 1);
        let glance = Glance { id: [0; 16], rotation: 2, generation: 1, email: 0 };
        let writing = Writing { store_down, head_is_busy: false };
        bench.checker.leaves(bench.scene(HOUR), bench.session, glance, writing);
        assert_eq!(bench.found(), expected);
    }
}

#[test]
fn an_unknown_key_excuses_and_so_does_a_revocation_by_an_administrator() {
    let bench = Bench::new(Style::Commercetools);
    let seen = Seen { key_unknown: true, ..bench.seen() };
    assert_eq!(bench.checker.signed_out(bench.scene(HOUR), seen, "303"), Some(Excuse::KeyUnknown));
    bench.core.revoke(FAMILY);
    assert_eq!(bench.sent_away(HOUR, 0), Some(Excuse::AdminRevoked));
}

#[test]
fn a_process_that_was_left_alone_could_have_asked_again_without_anybody_coming() {
    for (to, excuse) in [(LostTo::Network, None), (LostTo::Crash, Some(Excuse::WindowPassed))] {
        let bench = Bench::new(Style::Graced);
        bench.refresh(HOUR, 0, None);
        bench.checker.answer_lost(HOUR, FAMILY, 1, to);
        bench.checker.was_left_alone(HOUR + Duration::from_secs(8), FAMILY, 1);
        let late = HOUR + Duration::from_mins(3);
        bench.refresh(late, 0, None);
        assert_eq!(bench.sent_away(late, 0), excuse, "{to:?}");
    }
}

#[test]
fn an_answer_that_is_lost_a_second_time_takes_nothing_from_whoever_has_it() {
    for (arrived, excuse) in [(true, None), (false, Some(Excuse::WindowPassed))] {
        let bench = Bench::new(Style::Graced);
        bench.refresh(HOUR, 0, None);
        if arrived {
            bench.checker.answer_arrived(FAMILY, 1);
        }
        bench.checker.answer_lost(HOUR, FAMILY, 1, LostTo::Network);
        let late = HOUR + Duration::from_mins(3);
        bench.refresh(late, 0, None);
        assert_eq!(bench.sent_away(late, 0), excuse, "{arrived}");
    }
}

#[test]
fn a_replica_that_died_may_have_said_that_the_token_leaves() {
    for (died, excuse) in [(true, Some(Excuse::Unresolved)), (false, None)] {
        let bench = Bench::new(Style::CookieApi);
        if died {
            bench.checker.died_at(bench.scene(HOUR), bench.session);
        }
        assert_eq!(bench.sent_away(2 * HOUR, 0), excuse);
    }
}

#[test]
fn whoever_was_asked_to_wait_knows_whatever_becomes_of_the_store() {
    for (asker, expected) in [(0, vec![Violation::TooEarly.words()]), (1, vec![])] {
        let bench = Bench::new(Style::Commercetools);
        let until = HOUR + Duration::from_mins(1);
        bench.checker.turned_away(HOUR, FAMILY, Wait { generation: 0, until, told: false, asker: 0 });
        let sent = Sent { family: FAMILY, generation: 0, key: None, blind: true, asker };
        bench.checker.refresh_sent(bench.scene(HOUR), sent);
        assert_eq!(bench.found(), expected, "{asker}");
    }
}

/// The API counts from the first time that the token was spent.
#[test]
fn a_repetition_that_is_lost_as_well_gives_no_chance_back() {
    let bench = Bench::new(Style::Ours);
    bench.refresh(HOUR, 0, Some("key"));
    bench.checker.answer_lost(HOUR, FAMILY, 1, LostTo::Crash);
    bench.checker.chance(HOUR + Duration::from_mins(5), bench.session);
    bench.checker.answer_lost(HOUR + Duration::from_mins(9), FAMILY, 1, LostTo::Network);
    bench.refresh(HOUR + Duration::from_mins(11), 0, Some("key"));
    assert_eq!(bench.found(), [Violation::FamilyRevoked.words()]);
}

#[test]
fn a_repetition_that_left_in_time_and_arrived_late_is_excused() {
    for (secs_on_its_way, expected) in [(20, vec![]), (2, vec![Violation::FamilyRevoked.words()])] {
        let bench = Bench::new(Style::Graced);
        bench.refresh(HOUR, 0, None);
        let late = Duration::from_secs(secs_on_its_way);
        let arrival = HOUR + Style::Graced.repeatable_for().unwrap() + Duration::from_secs(5);
        bench.arrives(arrival, 0, None, Some(late));
        assert_eq!(bench.found(), expected, "{secs_on_its_way} s");
    }
}

#[test]
fn a_chance_that_was_taken_at_once_and_turned_away_is_no_missed_one() {
    for (asked_after, expected) in [(3, vec![]), (20, vec![Violation::FamilyRevoked.words()])] {
        let bench = Bench::new(Style::Graced);
        bench.refresh(HOUR, 0, None);
        bench.checker.answer_lost(HOUR, FAMILY, 1, LostTo::Network);
        let could = HOUR + Duration::from_secs(8);
        bench.checker.was_left_alone(could, FAMILY, 1);
        let now = could + Duration::from_secs(asked_after);
        let wait = Wait { generation: 0, until: now + Duration::from_secs(88), told: true, asker: 0 };
        bench.checker.turned_away(now, FAMILY, wait);
        bench.refresh(HOUR + Duration::from_mins(4), 0, None);
        assert_eq!(bench.found(), expected, "{asked_after} s");
    }
}

#[test]
fn a_grant_that_an_heir_has_waited_for_in_vain_is_in_doubt_although_it_is_written_later() {
    for (secs, excuse) in [(59, None), (60, Some(Excuse::Unresolved))] {
        let bench = Bench::new(Style::CookieApi);
        bench.refresh(HOUR, 0, None);
        bench.checker.doubted(FAMILY, 0);
        bench.checker.written_after(FAMILY, 1, Duration::from_secs(secs));
        assert_eq!(bench.sent_away(2 * HOUR, 0), excuse, "{secs} s");
    }
}

/// The store is what knows that an answer was opened before.
#[test]
fn a_code_that_was_presented_twice_is_excused_only_if_the_store_failed_for_a_replica_that_did_it() {
    let code = CodeId::of(7);
    for (blind, expected) in
        [(None, None), (Some(CodeId::of(8)), None), (Some(code), Some(Excuse::CodeAgain))]
    {
        let bench = Bench::new(Style::OpenId);
        if let Some(blind) = blind {
            bench.checker.presented_blindly(blind);
        }
        bench.core.revoke_for_reuse(FAMILY);
        bench.checker.effect(bench.scene(HOUR), Effect::CodeAgain(FAMILY, code), None);
        assert_eq!(bench.sent_away(2 * HOUR, 0), expected);
        assert_eq!(bench.found().is_empty(), expected.is_some());
    }
}

#[test]
fn a_sign_in_that_began_just_before_the_provider_ended_it_may_be_newer_by_another_clock() {
    let bench = Bench::new(Style::OpenId);
    assert_eq!(bench.checker.session_of(FAMILY, Duration::ZERO), None);
    assert_eq!(bench.checker.session_of(FAMILY, HOUR), Some(bench.session));
    assert_eq!(bench.checker.sessions_of(PERSON, HOUR), [bench.session]);
    assert_eq!(bench.checker.sessions_of(PersonId(1), HOUR), []);
}

/// Two tabs come back from the provider. One of them is refused, the other one replaces the session.
#[test]
fn a_tab_that_failed_does_not_take_back_the_end_that_another_tab_brought() {
    let bench = Bench::new(Style::OpenId);
    bench.checker.ending(HOUR, bench.session);
    bench.checker.ended(bench.session, SHOWN.ended);
    bench.checker.not_ending(bench.session);
    assert_eq!(bench.sent_away(2 * HOUR, 0), Some(Excuse::Ending));
}

#[test]
fn what_belongs_to_a_session_is_removed_once() {
    for (blindly, found) in [(true, &[][..]), (false, &[Violation::CleanedTwice.words()])] {
        let bench = Bench::new(Style::Commercetools);
        bench.checker.cleaned_up(bench.scene(HOUR), FAMILY, blindly);
        bench.checker.cleaned_up(bench.scene(2 * HOUR), FAMILY, false);
        assert_eq!(bench.found(), found);
    }
}

#[test]
fn nothing_of_a_session_is_left_unless_somebody_was_hindered() {
    for (hindered, known, by_admin, found) in [
        (true, true, false, &[][..]),
        (false, false, false, &[]),
        (false, true, true, &[]),
        (false, true, false, &[Violation::NotCleaned.words()]),
    ] {
        let mut bench = Bench::new(Style::Commercetools);
        let guest = FamilyId(1);
        bench.core.handle(Duration::ZERO, &Call::Guest { person: PERSON });
        bench.session = bench.checker.begun(Duration::ZERO, PERSON, guest);
        let access = Some(Access { person: PERSON, family: guest, generation: 0, expires_at: u64::MAX });
        bench.core.handle(Duration::ZERO, &Call::Cart { access, what: CartCall::Open });
        if known {
            bench.checker.cart_shown(Duration::ZERO, guest);
        }
        if by_admin {
            bench.core.revoke(guest);
        }
        bench.checker.end_settled(bench.scene(HOUR), bench.session, HOUR, hindered);
        assert_eq!(bench.found(), found);
        bench.core.handle(Duration::ZERO, &Call::Cart { access, what: CartCall::Remove(guest) });
        bench.checker.end_settled(bench.scene(HOUR), bench.session, HOUR, false);
        assert_eq!(bench.found(), found);
    }
}
