//! Each style on its own.

use super::*;

const LIFE: Duration = Duration::from_hours(48);

fn refresh(api: &CoreApi, at_secs: u64, generation: u32, key: Option<&str>) -> Effect {
    let call = Call::Refresh { family: FamilyId(0), generation, key: key.map(Into::into) };
    api.handle(Duration::from_secs(at_secs), &call).1
}

fn signed_in(style: Style) -> CoreApi {
    let api = CoreApi::new(style, LIFE);
    let (_, effect) = api.handle(Duration::ZERO, &Call::SignIn { person: PersonId(3) });
    assert_eq!(effect, Effect::SignedIn(FamilyId(0)));
    api
}

#[test]
fn a_spent_token_takes_its_family_along() {
    let api = signed_in(Style::Ours);
    assert_eq!(refresh(&api, 1, 0, None), Effect::Rotated(FamilyId(0), 1));
    assert!(api.has_unused_token(FamilyId(0), Duration::from_secs(2)));
    assert_eq!(refresh(&api, 2, 0, None), Effect::CaughtReuse(FamilyId(0)));
    assert_eq!(refresh(&api, 3, 1, None), Effect::Refused);
    assert!(!api.has_unused_token(FamilyId(0), Duration::from_secs(4)));
}

#[test]
fn the_same_key_gives_the_same_pair_for_ten_minutes() {
    let api = signed_in(Style::Ours);
    assert_eq!(refresh(&api, 0, 0, Some("key")), Effect::Rotated(FamilyId(0), 1));
    assert_eq!(refresh(&api, 599, 0, Some("key")), Effect::Repeated(FamilyId(0), 1));
    assert_eq!(refresh(&api, 600, 0, Some("key")), Effect::CaughtReuse(FamilyId(0)));
}

#[test]
fn another_key_is_a_reuse() {
    let api = signed_in(Style::Ours);
    refresh(&api, 0, 0, Some("key"));
    assert_eq!(refresh(&api, 1, 0, Some("another")), Effect::CaughtReuse(FamilyId(0)));
}

#[test]
fn the_recorded_contract_knows_no_key() {
    let api = signed_in(Style::Recorded);
    refresh(&api, 0, 0, Some("key"));
    assert_eq!(refresh(&api, 1, 0, Some("key")), Effect::CaughtReuse(FamilyId(0)));
}

#[test]
fn an_access_token_is_good_until_it_ends_even_after_its_family() {
    let api = signed_in(Style::Ours);
    let ends = Timeline::unix_secs(ACCESS_TTL);
    let access = wire::Access { person: PersonId(3), family: FamilyId(0), generation: 0, expires_at: ends };
    let call = Call::CurrentUser { access: Some(access), cookie: None };
    api.revoke(FamilyId(0));
    assert!(matches!(api.handle(ACCESS_TTL / 2, &call).0, Answer::User { person: PersonId(3), .. }));
    assert!(matches!(api.handle(ACCESS_TTL, &call).0, Answer::Unauthorized));
    api.refuse_access(FamilyId(0));
    assert!(matches!(api.handle(ACCESS_TTL / 2, &call).0, Answer::Unauthorized));
}

#[test]
fn a_refresh_token_ends_by_itself() {
    let api = signed_in(Style::Ours);
    assert_eq!(refresh(&api, LIFE.as_secs(), 0, None), Effect::Refused);
}

#[test]
fn a_token_that_stays_can_be_presented_any_number_of_times() {
    let api = signed_in(Style::Commercetools);
    for times in 1..4 {
        assert_eq!(refresh(&api, 1, 0, None), Effect::Rotated(FamilyId(0), times));
    }
}

#[test]
fn reuse_ends_every_session_of_the_person_and_of_nobody_else() {
    let api = signed_in(Style::CookieApi);
    for person in [3, 4] {
        api.handle(Duration::ZERO, &Call::SignIn { person: PersonId(person) });
    }
    refresh(&api, 1, 0, None);
    assert_eq!(refresh(&api, 2, 0, None), Effect::CaughtReuse(FamilyId(0)));
    let living = [0, 1, 2].map(|family| api.has_unused_token(FamilyId(family), Duration::from_secs(3)));
    assert_eq!(living, [false, false, true]);
}

#[test]
fn a_refresh_while_the_access_token_lives_is_a_theft() {
    let api = signed_in(Style::JwtSessions);
    let life = ACCESS_TTL.as_secs();
    assert_eq!(refresh(&api, life, 0, None), Effect::Rotated(FamilyId(0), 1));
    assert_eq!(refresh(&api, 2 * life - 1, 0, None), Effect::CaughtReuse(FamilyId(0)));
}

#[test]
fn the_last_token_is_good_for_a_time_of_grace() {
    let api = signed_in(Style::Graced);
    let grace = GRACE.as_secs();
    refresh(&api, 0, 0, None);
    assert_eq!(refresh(&api, grace - 1, 0, None), Effect::Repeated(FamilyId(0), 1));
    assert_eq!(refresh(&api, grace, 0, None), Effect::CaughtReuse(FamilyId(0)));
}

#[test]
fn the_former_cookie_is_good_until_the_new_one_has_been_shown_for_a_while() {
    let api = signed_in(Style::BetterAuth);
    let hours = |hours: u64| 3600 * hours;
    let access =
        wire::Access { person: PersonId(3), family: FamilyId(0), generation: 0, expires_at: u64::MAX };
    let value = CookieValue { family: FamilyId(0), serial: 0 };
    let call = Call::CurrentUser { access: Some(access), cookie: Some(value) };
    let (answer, _) = api.handle(COOKIE_RENEWED_AFTER, &call);
    let renewed = CookieValue { serial: 1, ..value };
    assert!(matches!(answer, Answer::User { cookie: Some(given), .. } if given == renewed));
    assert!(matches!(refresh(&api, hours(40), 0, None), Effect::Rotated(..)), "nobody has shown the new one");
    assert!(matches!(refresh(&api, hours(41), 1, None), Effect::Rotated(..)));
    assert!(matches!(refresh(&api, hours(64), 0, None), Effect::Rotated(..)));
    assert_eq!(refresh(&api, hours(65), 0, None), Effect::Refused);
}

#[test]
fn a_list_of_sign_ins_is_refused_after_a_day_and_renews_the_cookie() {
    let api = signed_in(Style::BetterAuth);
    let value = CookieValue { family: FamilyId(0), serial: 0 };
    let list = |at: Duration| api.handle(at, &Call::ListSessions { cookie: Some(value) }).0;
    assert_eq!(list(Duration::from_secs(1)), Answer::Sessions(value));
    assert_eq!(list(FRESH_FOR), Answer::NotFresh(CookieValue { serial: 1, ..value }));
    assert!(matches!(refresh(&api, FRESH_FOR.as_secs(), 1, None), Effect::Rotated(..)), "it ends nothing");
    api.revoke(FamilyId(0));
    assert_eq!(list(FRESH_FOR), Answer::Unauthorized);
}

#[test]
fn the_end_of_a_session_cookie_is_null_or_401() {
    for (family, said) in [(FamilyId(0), Answer::Nobody), (FamilyId(1), Answer::InvalidCredentials)] {
        let api = signed_in(Style::BetterAuth);
        api.handle(Duration::ZERO, &Call::SignIn { person: PersonId(4) });
        api.revoke(family);
        let call = Call::Refresh { family, generation: 0, key: None };
        assert_eq!(api.handle(Duration::from_secs(1), &call), (said, Effect::Refused));
    }
}

#[test]
fn a_guest_who_signs_in_keeps_the_cart() {
    let api = CoreApi::new(Style::Commercetools, LIFE);
    let person = PersonId(3);
    api.handle(Duration::ZERO, &Call::Guest { person });
    assert!(api.is_guest(FamilyId(0)));
    api.handle(Duration::ZERO, &Call::SignInWithCart { person, guest: FamilyId(0) });
    api.handle(Duration::ZERO, &Call::SignIn { person });
    let carts = [FamilyId(1), FamilyId(2)].map(|family| api.look(family, |family| family.cart_of));
    assert_eq!(carts, [Some(Some(FamilyId(0))), Some(None)]);
    assert!(!api.is_guest(FamilyId(1)));
}
