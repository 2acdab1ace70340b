//! `split`: the frames of captures in several files, by flow, time, size or number.

use super::frames::{EncoderSettings, frame_count, note_omitted_secrets};
use super::parts::{Parts, part_path};
use crate::args::{SplitArgs, SplitRule};
use crate::command::capture_run::CaptureRun;
use crate::command::decode::decode_options;
use crate::command::output::escape_paths;
use crate::command::pass_loop::{PassConsumer, PassLoop, print_read_error};
use crate::command::{CommandOutcome, print_message};
use dissectors::session::FirstPass;
use overhear::analysis::{Analyzer, Task, unsupported_link_message};
use overhear::export::FlowHash;
use overhear::report::DissectedFrame;
use overhear::sink::Format;
use overhear::source::{Error, Frame, SectionMetadata, Time};
use std::collections::HashMap;
use std::convert::Infallible;
use std::io;
use std::ops::ControlFlow;
use std::path::Path;

pub(in crate::command) fn run_split(args: SplitArgs) -> io::Result<CommandOutcome> {
    Ok(split(args).unwrap_or_else(CommandOutcome::Error))
}

fn split(args: SplitArgs) -> Result<CommandOutcome, String> {
    let SplitArgs { files, output, rule, written, decode } = args;
    if output == Path::new("-") {
        return Err("-o: several files cannot be written to standard output".into());
    }
    let run = CaptureRun::new(files.clone(), &written.run(output.clone()), decode_options(&decode)?).merged();
    let secrets = written.with_secrets.then(|| run.secrets());
    let format = Format::for_path(&output);
    let settings = EncoderSettings::new(format, secrets, &files)?;
    let by_flow = rule.flows.is_some();
    let (passes, options, has_errors) = run.open_passes(if by_flow { 2 } else { 1 }, true);
    let Some(mut passes) = passes else { return Ok(CommandOutcome::Reported) };
    let mut task = Task { shallow: !by_flow, decode: options, ..Task::default() };
    let (mut first_pass, mut completed) = (FirstPass::default(), HashMap::new());
    if by_flow {
        task.wants = FlowHash::default().wants();
        (first_pass, completed) = find_fragments(&mut passes, &task);
    }
    let parts = Parts::new(output.clone(), files, decode, settings);
    let flow = FlowHash::default();
    let mut writer = SplitWriter { parts, rule, flow, completed, place: Place::default(), has_errors };
    passes.run(&mut Analyzer::with_first_pass(task, first_pass), None, &mut writer)?;
    let SplitWriter { parts, has_errors, .. } = writer;
    let (first, summary) = (escape_paths([part_path(&parts.output, 1).as_path()]), parts.finish()?);
    let plural = if summary.files == 1 { "" } else { "s" };
    let named = if summary.files > 0 { format!(", the first is named {first}") } else { String::new() };
    print_message(&format!("{} written to {} file{plural}{named}", frame_count(summary.frames), summary.files));
    format.compression_note(&output).iter().for_each(|note| print_message(note));
    note_omitted_secrets(summary.omits_secrets);
    Ok(if has_errors { CommandOutcome::Reported } else { CommandOutcome::Done })
}

/// Reads the captures for the packets that were sent in fragments: which frame completes each, and the hash of its flow.
fn find_fragments(passes: &mut PassLoop, task: &Task) -> (FirstPass, HashMap<u32, u64>) {
    let mut finder = FragmentFinder { flow: FlowHash::default(), hashes: HashMap::new() };
    let mut analyzer = Analyzer::new(Task { collect: true, ..task.clone() });
    let Ok(()) = passes.run(&mut analyzer, None, &mut finder);
    passes.start_again();
    (analyzer.into_first_pass(), finder.hashes)
}

/// Finds the flows of packets that were sent in fragments.
struct FragmentFinder {
    flow: FlowHash,
    /// Hashes of the frames that complete a packet.
    hashes: HashMap<u32, u64>,
}

impl PassConsumer for FragmentFinder {
    type Error = Infallible;

    fn frame(&mut self, frame: &DissectedFrame<'_>, analyzer: &Analyzer) -> Result<bool, Infallible> {
        if analyzer.is_fragment()
            && let Some(hash) = self.flow.of(frame.tree)
        {
            self.hashes.insert(frame.frame.number, hash);
        }
        Ok(true)
    }

    fn events(&mut self, analyzer: &mut Analyzer) -> Result<(), Infallible> {
        drop(analyzer.events());
        Ok(())
    }

    // The last pass reports errors.
    fn read_error(&mut self, _: Error) -> Result<ControlFlow<()>, Infallible> {
        Ok(ControlFlow::Continue(()))
    }
}

/// Position in the sequence of files, for the rules by time, size and number.
#[derive(Default)]
struct Place {
    /// Number of the file.
    number: u64,
    /// Time of the first frame.
    start: Option<Time>,
    /// Number of the interval of time of the file.
    interval: i64,
}

/// Writes each frame to its file.
struct SplitWriter {
    parts: Parts,
    rule: SplitRule,
    flow: FlowHash,
    completed: HashMap<u32, u64>,
    place: Place,
    has_errors: bool,
}

impl SplitWriter {
    /// Returns the number of the file of a frame, from 1.
    fn number(&mut self, dissected: &DissectedFrame<'_>) -> Result<u64, String> {
        if let Some(count) = self.rule.flows {
            // A fragment is in the file of the packet that it is a part of.
            let whole = self.flow.reassembled_in(dissected.tree).and_then(|frame| self.completed.get(&frame).copied());
            let hash = whole.or_else(|| self.flow.of(dissected.tree)).unwrap_or(0);
            return Ok(1 + hash % u64::from(count));
        }
        if self.place.number == 0 || self.is_full(dissected.frame) {
            self.parts.close_all()?;
            self.place.number += 1;
        }
        Ok(self.place.number)
    }

    /// Returns whether the frame begins a file.
    fn is_full(&mut self, frame: &Frame<'_>) -> bool {
        let (bytes, frames) = self.parts.size_of_last();
        if let Some(nanos) = self.rule.nanos {
            if !frame.has_time {
                return false;
            }
            let start = *self.place.start.get_or_insert(frame.time);
            let interval = (frame.time - start).div_euclid(nanos);
            // A frame that is earlier than those before it is in their file.
            let is_next = interval > self.place.interval;
            self.place.interval = self.place.interval.max(interval);
            return is_next;
        }
        self.rule.kilobytes.is_some_and(|limit| bytes >= limit.saturating_mul(1000))
            || self.rule.frames.is_some_and(|limit| frames >= limit)
    }
}

impl PassConsumer for SplitWriter {
    type Error = String;

    fn frame(&mut self, frame: &DissectedFrame<'_>, _: &Analyzer) -> Result<bool, String> {
        if self.place.start.is_none() && frame.frame.has_time {
            self.place.start = Some(frame.frame.time);
        }
        let number = self.number(frame)?;
        self.parts.write(number, frame.frame)?;
        Ok(true)
    }

    fn events(&mut self, analyzer: &mut Analyzer) -> Result<(), String> {
        drop(analyzer.events());
        Ok(())
    }

    fn metadata(&mut self, added: SectionMetadata) -> Result<(), String> {
        self.parts.add_metadata(added)
    }

    fn unsupported_link(&mut self, link: u16) -> Result<(), String> {
        if self.rule.flows.is_some() {
            print_message(&unsupported_link_message(link));
        }
        Ok(())
    }

    fn read_error(&mut self, error: Error) -> Result<ControlFlow<()>, String> {
        Ok(print_read_error(&error, &mut self.has_errors))
    }
}
