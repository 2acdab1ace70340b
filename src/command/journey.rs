//! `journey`: one call, explained from the lookup of its name to the end of its connection.

use super::CommandOutcome;
use super::call_run::{CallSelection, prepare_call};
use crate::args::{JourneyArgs, JourneyFormat};
use overhear::journey::{CallChoice, render};
use std::io;

pub(super) fn run_journey(mut args: JourneyArgs) -> io::Result<CommandOutcome> {
    let (prepared, selection) = match prepare_call(&mut args.call, "journey") {
        Ok(prepared) => prepared,
        Err(message) => return Ok(CommandOutcome::Error(message)),
    };
    let selection = selection.unwrap_or_else(|| CallSelection::new(CallChoice::Slowest));
    let is_page = args.call.format == JourneyFormat::Html;
    prepared.write(if is_page { 4 } else { 2 }, |passes| {
        let selected = passes.select(selection)?;
        let mut journey = passes.journey(selected);
        if is_page {
            passes.add_details(&mut journey);
        }
        Ok(render(&journey, args.call.format.form(passes.width), args.explain))
    })
}
