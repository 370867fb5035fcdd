//! How a test fails.

use std::panic::Location;

use super::seat::Seat;
use super::world::World;

/// Panics with what was expected, what came, and everything that led to it.
pub(super) fn fail(world: &World, seat: &Seat, at: &Location<'_>, expected: &str, came: &str) -> ! {
    let Seat { number, name, .. } = seat;
    let conversation = world.conversation(*number);
    let again = world.how_again();
    panic!(
        "{name} expected {expected}, but {came}\n  at {at}\n\n\
         all that {name} sent (→) and got (←):\n{conversation}\n{again}\n"
    );
}
