//! What a refresh does, by the rules of each style.

use std::time::Duration;

use super::answer::Answer;
use super::effect::Effect;
use super::ids::FamilyId;
use super::state::{Family, Revoked, State};
use super::times::{ACCESS_TTL, RENEWED_AFTER};
use crate::style::Style;
use crate::timeline::Timeline;

impl State {
    /// `generation` is that of the token.
    pub(super) fn refresh(
        &mut self,
        now: Duration,
        id: FamilyId,
        generation: u32,
        key: Option<&str>,
    ) -> (Answer, Effect) {
        let style = self.style;
        let refused = match style {
            Style::BetterAuth if id.0.is_multiple_of(2) => (Answer::Nobody, Effect::Refused),
            Style::CookieApi => (Answer::Forbidden, Effect::Refused),
            _ => (Answer::InvalidCredentials, Effect::Refused),
        };
        let Some(family) = self.families.get(id.0 as usize).filter(|family| family.revoked.is_none()) else {
            return refused;
        };
        let is_over = now >= self.ends_at(family);
        match style {
            Style::Commercetools | Style::JwtSessions | Style::BetterAuth if is_over => refused,
            Style::JwtSessions if is_alive(family.rotated_at, now) => {
                self.revoke(id, Revoked::Reuse, false);
                (Answer::InvalidCredentials, Effect::CaughtReuse(id))
            }
            Style::Commercetools | Style::JwtSessions | Style::BetterAuth => self.rotate(id, None, now),
            Style::Ours | Style::Recorded | Style::CookieApi | Style::Graced | Style::OpenId => {
                if generation > family.generation || generation == family.generation && is_over {
                    return refused;
                }
                let key = key.filter(|_| style == Style::Ours);
                if generation == family.generation {
                    return self.rotate(id, key, now);
                }
                let is_last = generation + 1 == family.generation;
                if is_last && is_repetition(style, family, key, now) {
                    return (Answer::Tokens(self.pair(id, now)), Effect::Repeated(id, generation + 1));
                }
                self.revoke(id, Revoked::Reuse, style == Style::CookieApi);
                (refused.0, Effect::CaughtReuse(id))
            }
        }
    }

    fn rotate(&mut self, id: FamilyId, key: Option<&str>, now: Duration) -> (Answer, Effect) {
        let family = &mut self.families[id.0 as usize];
        family.generation += 1;
        family.rotated_at = now;
        family.last_key = key.map(Into::into);
        let effect = Effect::Rotated(id, family.generation);
        self.rotations += 1;
        let mut pair = self.pair(id, now);
        pair.renewed = self.renew(id, now);
        (Answer::Tokens(pair), effect)
    }

    /// Gives a session its full life again where calls do that, if it is old enough. Returns whether it did.
    pub(super) fn renew(&mut self, id: FamilyId, now: Duration) -> bool {
        let is_renewing = self.style == Style::BetterAuth;
        let family = &mut self.families[id.0 as usize];
        let is_due = is_renewing && now >= family.renewed_at + RENEWED_AFTER;
        if is_due {
            family.renewed_at = now;
        }
        is_due
    }
}

/// Whether the request repeats the family's last refresh.
fn is_repetition(style: Style, family: &Family, key: Option<&str>, now: Duration) -> bool {
    let is_same = style == Style::Graced || key.is_some() && family.last_key.as_deref() == key;
    is_same && style.repeatable_for().is_some_and(|time| now < family.rotated_at + time)
}

/// Whether an access token issued at that time is valid. It expires on a whole second.
fn is_alive(issued_at: Duration, now: Duration) -> bool {
    Timeline::unix_secs(now) < Timeline::unix_secs(issued_at + ACCESS_TTL)
}
