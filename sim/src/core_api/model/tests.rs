//! Each style on its own.

use super::*;
use crate::core_api::call::CartCall;
use crate::core_api::state::Cart;
use crate::core_api::times::{
    ACCESS_TTL, FRESH_FOR, GRACE, LIFE_WITHOUT_ROTATION, RENEWED_AFTER, SESSION_LIFE,
};
use crate::core_api::tokens::Access;
use crate::timeline::Timeline;

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
    let access = Access { person: PersonId(3), family: FamilyId(0), generation: 0, expires_at: ends };
    let call = Call::CurrentUser { access: Some(access) };
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
fn a_refresh_token_that_stays_ends_at_its_own_time() {
    let api = signed_in(Style::JwtSessions);
    assert!(matches!(refresh(&api, LIFE_WITHOUT_ROTATION.as_secs() - 1, 0, None), Effect::Rotated(..)));
    assert!(!api.has_unused_token(FamilyId(0), LIFE_WITHOUT_ROTATION));
    assert_eq!(
        refresh(&api, LIFE_WITHOUT_ROTATION.as_secs() + ACCESS_TTL.as_secs(), 0, None),
        Effect::Refused
    );
}

#[test]
fn a_form_needs_the_value_of_the_last_refresh() {
    let api = signed_in(Style::JwtSessions);
    let life = ACCESS_TTL.as_secs();
    refresh(&api, life, 0, None);
    let access = Some(of(3, 1));
    for (csrf, is_taken) in [(Some((FamilyId(0), 1)), true), (Some((FamilyId(0), 0)), false), (None, false)] {
        let (answer, _) = api.handle(ACCESS_TTL, &Call::Write { access, csrf });
        assert_eq!(matches!(answer, Answer::Written { .. }), is_taken, "{csrf:?}");
    }
}

fn of(person: u32, generation: u32) -> Access {
    Access { person: PersonId(person), family: FamilyId(0), generation, expires_at: u64::MAX }
}

#[test]
fn a_session_cookie_is_renewed_by_the_first_call_that_is_late_enough() {
    let api = signed_in(Style::BetterAuth);
    let renewed_at = |at: Duration| {
        let call = Call::Refresh { family: FamilyId(0), generation: 0, key: None };
        let Answer::Tokens(pair) = api.handle(at, &call).0 else { panic!("refused") };
        pair.renewed
    };
    assert!(!renewed_at(RENEWED_AFTER / 2));
    assert!(renewed_at(RENEWED_AFTER));
    assert!(!renewed_at(RENEWED_AFTER * 3 / 2));
    assert!(renewed_at(RENEWED_AFTER / 2 + SESSION_LIFE), "it has lived on");
    assert_eq!(refresh(&api, (RENEWED_AFTER + 2 * SESSION_LIFE).as_secs(), 0, None), Effect::Refused);
}

#[test]
fn a_list_of_sign_ins_is_refused_after_a_day_and_renews_the_session() {
    let api = signed_in(Style::BetterAuth);
    let family = Some(FamilyId(0));
    let list = |at: Duration| api.handle(at, &Call::ListSessions { family }).0;
    assert_eq!(list(Duration::from_secs(1)), Answer::Sessions { renewed: None });
    assert_eq!(list(FRESH_FOR), Answer::NotFresh { renewed: family });
    assert!(matches!(refresh(&api, FRESH_FOR.as_secs(), 0, None), Effect::Rotated(..)), "it ends nothing");
    api.revoke(FamilyId(0));
    assert_eq!(list(FRESH_FOR), Answer::Unauthorized);
}

#[test]
fn a_sign_out_needs_an_access_token_where_there_are_cookies() {
    let api = signed_in(Style::CookieApi);
    let sign_out = |access| api.handle(ACCESS_TTL / 2, &Call::SignOut { family: FamilyId(0), access }).0;
    assert_eq!(sign_out(None), Answer::Unauthorized);
    assert_eq!(sign_out(Some(of(3, 0))), Answer::Done);
    assert!(!api.has_unused_token(FamilyId(0), ACCESS_TTL));
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
fn a_guests_cart_goes_along_or_is_removed_once() {
    let carried = Some(Answer::Cart { guest: FamilyId(0), person: Some(PersonId(3)) });
    for (signs_in, cart, then) in [(true, Cart::Of(PersonId(3)), carried), (false, Cart::Removed, None)] {
        let api = CoreApi::new(Style::Commercetools, LIFE);
        api.handle(Duration::ZERO, &Call::Guest { person: PersonId(3) });
        assert!(api.is_guest(FamilyId(0)));
        let access = Some(of(3, 0));
        let call = |what| api.handle(Duration::ZERO, &Call::Cart { access, what }).0;
        assert_eq!(call(CartCall::Show), Answer::NotFound);
        assert_eq!(call(CartCall::Open), Answer::Cart { guest: FamilyId(0), person: None });
        if signs_in {
            api.handle(Duration::ZERO, &Call::CarryOver { access, person: PersonId(3) });
        } else {
            assert_eq!(call(CartCall::Remove(FamilyId(0))), Answer::Done);
        }
        assert_eq!(api.look(FamilyId(0), |guest| guest.cart), Some(cart));
        assert_eq!(call(CartCall::Find(FamilyId(0))), then.unwrap_or(Answer::NotFound));
        assert_eq!(call(CartCall::Show), Answer::NotFound);
        let second = Answer::Cart { guest: FamilyId(0), person: None };
        assert_eq!(call(CartCall::Open), if signs_in { second } else { Answer::NotFound });
    }
}

#[test]
fn a_revoked_access_token_is_refused_and_its_refresh_token_is_not() {
    let api = signed_in(Style::Commercetools);
    api.handle(Duration::ZERO, &Call::RevokeAccess { access: of(3, 0) });
    let call = Call::CurrentUser { access: Some(of(3, 0)) };
    assert_eq!(api.handle(Duration::ZERO, &call).0, Answer::Unauthorized);
    assert_eq!(refresh(&api, 1, 0, None), Effect::Rotated(FamilyId(0), 1));
}
