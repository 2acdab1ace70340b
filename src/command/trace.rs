//! `trace`: the calls that calls caused.

use super::CommandOutcome;
use super::call_run::prepare_call;
use crate::args::TraceArgs;
use overhear::trace::render;
use std::io;

pub(super) fn run_trace(mut args: TraceArgs) -> io::Result<CommandOutcome> {
    let (prepared, selection) = match prepare_call(&mut args.call, "trace") {
        Ok(prepared) => prepared,
        Err(message) => return Ok(CommandOutcome::Error(message)),
    };
    prepared.write(if selection.is_some() { 2 } else { 1 }, |passes| {
        let selected = selection.map(|selection| passes.select(selection)).transpose()?;
        let trace = passes.trace(selected.map(|selected| selected.row))?;
        Ok(render(&trace, args.call.format.form(passes.width)))
    })
}
