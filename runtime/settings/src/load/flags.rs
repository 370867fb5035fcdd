//! Settings from the command line of `wsfn`.

use super::{Named, Reading, look_up};
use crate::problem::Problem;
use crate::sources::{Origin, Raw, Sources};
use crate::table::FLAG;

pub(super) fn read(sources: &Sources, reading: &mut Reading) {
    for (name, value) in &sources.flags {
        let spelled = format!("{FLAG}{name}");
        if matches!(look_up(name), Named::Setting(setting) if setting.kind == crate::Kind::Secrets)
        {
            // Every user of the machine reads the arguments of a process.
            reading.problems.push(Problem::new(
                &spelled,
                Origin::Flag,
                format!(
                    "a secret on the command line is none; use {spelled}-file or the environment"
                ),
            ));
            continue;
        }
        reading.take(name, spelled, Raw::One(value.clone()), Origin::Flag);
    }
}
