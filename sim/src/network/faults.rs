//! The faults of one call, drawn from the seed.

use std::fmt;
use std::time::Duration;

use crate::core_api::{Call, FamilyId};
use crate::counts::Fault;
use crate::dice::Dice;
use crate::outage::Outage;
use crate::script::{Kind, Script};
use crate::style::Style;
use crate::world::World;

/// What becomes of a call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Fate {
    Answered,
    NotSent,
    Reset {
        handled: bool,
    },
    Silent {
        handled: bool,
    },
    /// It is handled when nobody waits for it any more.
    Late,
    Replaced {
        handled: bool,
        how: How,
    },
    /// The API, or the rate limit in front of it, asks to wait (429). No other status says that nothing was spent.
    TurnedAway {
        secs: u64,
    },
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum How {
    Error,
    Garbage,
}

/// What happens to the replica while it waits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Trigger {
    CrashBefore,
    CrashAfter,
    CrashWithAnswer,
    CrashAfterAnswer,
    Pause,
    PartitionBefore,
    PartitionAfter,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    pub(crate) there: Duration,
    pub(crate) back: Duration,
    pub(crate) fate: Fate,
    pub(crate) trigger: Option<Trigger>,
    delayed: bool,
}

/// How many of a thousand refreshes meet each of these.
const REFRESH_FATES: &[(u32, (Fault, Fate))] = &[
    (8, (Fault::NotSent, Fate::NotSent)),
    (6, (Fault::ResetBefore, Fate::Reset { handled: false })),
    (6, (Fault::ResetAfter, Fate::Reset { handled: true })),
    (5, (Fault::TimeoutBefore, Fate::Silent { handled: false })),
    (5, (Fault::TimeoutAfter, Fate::Silent { handled: true })),
    (5, (Fault::LateArrival, Fate::Late)),
    (6, (Fault::ErrorBefore, Fate::Replaced { handled: false, how: How::Error })),
    (6, (Fault::ErrorAfter, Fate::Replaced { handled: true, how: How::Error })),
    (6, (Fault::GarbageBefore, Fate::Replaced { handled: false, how: How::Garbage })),
    (6, (Fault::GarbageAfter, Fate::Replaced { handled: true, how: How::Garbage })),
];
const REFRESH_TRIGGERS: &[(u32, Trigger)] = &[
    (5, Trigger::CrashBefore),
    (5, Trigger::CrashAfter),
    (5, Trigger::CrashWithAnswer),
    (10, Trigger::CrashAfterAnswer),
    (5, Trigger::Pause),
    (5, Trigger::PartitionBefore),
    (5, Trigger::PartitionAfter),
];
/// How many of a thousand refreshes the API refuses, and how many where it does so all the time.
const TURNED_AWAY_PER_MILLE: u32 = 20;
const TURNED_AWAY_IN_A_STORM_PER_MILLE: u32 = 400;
const LONGEST_WAIT_SECS: u64 = 90;
/// How long a rate limit of the table lasts, and a slow answer takes.
const LIMITED_SECS: (u64, u64) = (5, 30);
const SLOW_SECS: (u64, u64) = (3, 12);
const DELAYED_PER_MILLE: u32 = 10;
const OTHER_FAILED_PER_MILLE: u32 = 12;
const FATE_PER_MILLE: u32 = total(REFRESH_FATES);
const TRIGGER_PER_MILLE: u32 = total(REFRESH_TRIGGERS);

impl Plan {
    pub(crate) fn draw(world: &World, replica: usize, call: &Call) -> Self {
        let outage = world.outage();
        let mut dice = world.dice();
        let (there, back) = latencies(&mut dice);
        let mut plan = Self { there, back, fate: Fate::Answered, trigger: None, delayed: false };
        let is_refresh = matches!(call, Call::Refresh { .. });
        if let Some(script) = world.script() {
            if let Call::Refresh { family, .. } = call {
                plan.follow(script, *family, world.now(), world.setup.seed);
            }
            return plan;
        }
        if let Some(outage) = outage {
            plan.fate = outage.fate(is_refresh, &mut dice);
        } else if is_refresh {
            let fault = plan.spoil_refresh(world.setup.style, &mut dice);
            drop(dice);
            if let Some(fault) = fault {
                world.counts.fault(fault);
            }
            if plan.trigger.is_some() && !world.replicas[replica].is_calm() {
                plan.trigger = None;
            }
        } else if dice.per_mille(OTHER_FAILED_PER_MILLE) {
            let limited = u32::from(world.setup.style.lists_sessions());
            plan.fate = dice.weighted(&[
                (limited, Fate::TurnedAway { secs: 10 }),
                (1, Fate::NotSent),
                (1, Fate::Reset { handled: false }),
                (1, Fate::Reset { handled: true }),
                (1, Fate::Replaced { handled: true, how: How::Error }),
                (1, Fate::Replaced { handled: false, how: How::Garbage }),
            ]);
            world.counts.fault(Fault::OtherCallFailed);
        }
        plan
    }

    /// The fault of the table that this refresh meets, if it is its turn.
    ///
    /// What it is like follows from the seed and the turn alone, so that both clients meet the very same faults.
    fn follow(&mut self, script: &Script, family: FamilyId, now: Duration, seed: u64) {
        let Some(turn) = script.turn_of(family) else { return };
        let mut dice = Dice::new(seed ^ (u64::from(turn) + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
        (self.there, self.back) = latencies(&mut dice);
        let secs = dice.range(LIMITED_SECS.0, LIMITED_SECS.1);
        let slow = dice.secs(SLOW_SECS.0, SLOW_SECS.1);
        let Some(left) = script.strike(family, now, Duration::from_secs(secs)) else { return };
        let handled = turn.is_multiple_of(2);
        match script.kind {
            Kind::AnswerLost => self.fate = Fate::Silent { handled: true },
            Kind::RequestLost => self.fate = Fate::Silent { handled: false },
            Kind::Reset => self.fate = Fate::Reset { handled },
            Kind::Error => self.fate = Fate::Replaced { handled, how: How::Error },
            Kind::Throttled => {
                self.fate = Fate::TurnedAway { secs: left.as_secs().max(1) };
            }
            Kind::Slow if handled => self.back += slow,
            Kind::Slow => self.there += slow,
            Kind::TwoReplicas => {}
            Kind::Killed => {
                let when = [Trigger::CrashBefore, Trigger::CrashAfter, Trigger::CrashWithAnswer];
                self.trigger = Some(when[turn as usize % when.len()]);
            }
            Kind::StoreUnreachable if handled => self.trigger = Some(Trigger::PartitionAfter),
            Kind::StoreUnreachable => self.trigger = Some(Trigger::PartitionBefore),
        }
    }

    fn spoil_refresh(&mut self, style: Style, dice: &mut Dice) -> Option<Fault> {
        let is_storm = style == Style::CookieApi;
        if dice.per_mille(if is_storm { TURNED_AWAY_IN_A_STORM_PER_MILLE } else { TURNED_AWAY_PER_MILLE }) {
            let secs = dice.range(1, LONGEST_WAIT_SECS);
            self.fate = Fate::TurnedAway { secs };
            return Some(Fault::TurnedAway);
        }
        if dice.per_mille(FATE_PER_MILLE) {
            let (fault, fate) = dice.weighted(REFRESH_FATES);
            self.fate = fate;
            if fate == Fate::Late {
                self.there = dice.secs(6, 20);
            }
            return Some(fault);
        }
        if dice.per_mille(TRIGGER_PER_MILLE) {
            self.trigger = Some(dice.weighted(REFRESH_TRIGGERS));
            // Long enough for others to arrive in the meantime.
            self.there += dice.millis(0, 200);
            return None;
        }
        if dice.per_mille(DELAYED_PER_MILLE) {
            self.delayed = true;
            let delay = dice.millis(1000, 4500);
            if dice.once_in(2) {
                self.there += delay;
            } else {
                self.back += delay;
            }
            return Some(Fault::Delayed);
        }
        None
    }

    pub(crate) const fn is_faulty(&self) -> bool {
        self.trigger.is_some() || self.delayed || !matches!(self.fate, Fate::Answered)
    }

    /// Whether nobody can know what happens to the token.
    pub(crate) const fn is_doubtful(&self) -> bool {
        let settled = matches!(self.fate, Fate::Answered | Fate::NotSent | Fate::TurnedAway { .. });
        self.trigger.is_some() || !settled
    }

    /// Whether the core API receives it.
    pub(crate) const fn is_handled(&self) -> bool {
        match self.fate {
            Fate::Answered | Fate::Late => !matches!(self.trigger, Some(Trigger::CrashBefore)),
            Fate::NotSent | Fate::TurnedAway { .. } => false,
            Fate::Reset { handled } | Fate::Silent { handled } | Fate::Replaced { handled, .. } => handled,
        }
    }
}

/// How long a call takes to get there, and its answer back.
fn latencies(dice: &mut Dice) -> (Duration, Duration) {
    let mut one = || dice.mostly_short(Duration::from_millis(2), Duration::from_millis(60));
    (one(), one())
}

impl Outage {
    fn fate(self, is_refresh: bool, dice: &mut Dice) -> Fate {
        match self {
            Self::Refusing => Fate::NotSent,
            Self::Silent if is_refresh => Fate::Silent { handled: dice.once_in(4) },
            Self::Erring | Self::Silent => {
                Fate::Replaced { handled: is_refresh && dice.once_in(4), how: How::Error }
            }
        }
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.trigger, self.delayed) {
            (Some(trigger), _) => write!(f, "{trigger:?}"),
            (None, true) => write!(f, "answered after {:?}", self.there + self.back),
            (None, false) => write!(f, "{:?}", self.fate),
        }
    }
}

const fn total<T>(weights: &[(u32, T)]) -> u32 {
    let (mut sum, mut index) = (0, 0);
    while index < weights.len() {
        sum += weights[index].0;
        index += 1;
    }
    sum
}
