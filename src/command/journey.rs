//! `journey`: one call, explained from the lookup of its name to the end of its connection.

use super::CommandOutcome;
use super::call_run::{CallSelection, prepare_call};
use crate::args::JourneyArgs;
use overhear::journey::{CallChoice, render};
use std::io;

pub(super) fn run_journey(mut args: JourneyArgs) -> io::Result<CommandOutcome> {
    let (prepared, selection) = match prepare_call(&mut args.call, "journey") {
        Ok(prepared) => prepared,
        Err(message) => return Ok(CommandOutcome::Error(message)),
    };
    let selection = selection.unwrap_or_else(|| CallSelection::new(CallChoice::Slowest));
    prepared.write(2, |passes| {
        let selected = passes.select(selection)?;
        let journey = passes.journey(selected);
        Ok(render(&journey, args.call.format.form(passes.width), args.explain))
    })
}
