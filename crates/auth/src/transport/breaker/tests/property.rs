//! Invariants that hold for any events in any order.

use std::sync::atomic::Ordering;

use proptest::prelude::*;

use super::super::BreakerState;
use super::world::{Flight, World, reset};

#[derive(Debug, Clone)]
enum Step {
    Start,
    Answered(usize),
    Failed(usize),
    Dropped(usize),
    Advance(u64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => Just(Step::Start),
        1 => any::<usize>().prop_map(Step::Answered),
        4 => any::<usize>().prop_map(Step::Failed),
        2 => any::<usize>().prop_map(Step::Dropped),
        3 => (0_u64..4_000).prop_map(Step::Advance),
    ]
}

proptest! {
    #[test]
    fn never_more_than_one_probe_is_out_and_no_order_of_events_shuts_it_for_ever(
        steps in prop::collection::vec(step(), 0..200),
        chance: u8,
    ) {
        let world = World::with(chance);
        // Each call, with its start time if it is a probe.
        let mut flights: Vec<(Flight, Option<u64>)> = Vec::new();
        for step in steps {
            let at = |index: usize, len: usize| index.checked_rem(len);
            match step {
                Step::Start => {
                    let before = world.state();
                    let flight = world.start();
                    if flight.is_refused() {
                        prop_assert_ne!(before, BreakerState::Closed);
                    } else {
                        let now = world.millis.load(Ordering::SeqCst);
                        flights.push((flight, (before != BreakerState::Closed).then_some(now)));
                    }
                }
                Step::Answered(index) => if let Some(index) = at(index, flights.len()) {
                    flights.swap_remove(index).0.answered(200);
                },
                Step::Failed(index) => if let Some(index) = at(index, flights.len()) {
                    flights.swap_remove(index).0.fails(reset());
                },
                Step::Dropped(index) => if let Some(index) = at(index, flights.len()) {
                    drop(flights.swap_remove(index));
                },
                Step::Advance(millis) => world.advance(millis),
            }
            if world.state() == BreakerState::Closed {
                // The outage is over: what was a probe is now an ordinary call.
                for (_, probe) in &mut flights {
                    *probe = None;
                }
            }
            let now = world.millis.load(Ordering::SeqCst);
            let young = |start: &u64| now - start < 3_000;
            prop_assert!(flights.iter().filter_map(|(_, probe)| probe.as_ref()).filter(|at| young(at)).count() <= 1);
        }
        drop(flights);
        world.advance(5_000);
        prop_assert!(!world.start().is_refused(), "it stays {:?}", world.state());
    }
}
