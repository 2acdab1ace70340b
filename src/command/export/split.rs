//! `split`: the frames of captures in several files, by flow, time, size or number.

use super::frames::{EncoderSettings, frame_count, note_omitted_secrets};
use super::parts::{Parts, part_path};
use crate::args::{SplitArgs, SplitRule};
use crate::command::capture_run::CaptureRun;
use crate::command::decode::decode_options;
use crate::command::output::escape_paths;
use crate::command::pass_loop::{PassConsumer, PassLoop};
use crate::command::{CommandOutcome, print_message};
use dissectors::Tree;
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
    let grouping = Grouping { flow: FlowHash::default(), by_stream: rule.streams };
    let is_grouped = rule.streams || rule.flows.is_some();
    // The first pass is for fragments.
    let (passes, options, has_errors) = run.open_passes(if is_grouped { 2 } else { 1 }, true);
    let Some(mut passes) = passes else { return Ok(CommandOutcome::Reported) };
    let mut task = Task { shallow: !is_grouped, udp_conversations: rule.streams, decode: options, ..Task::default() };
    let (mut first_pass, mut completed) = (FirstPass::default(), HashMap::new());
    if is_grouped {
        task.wants = grouping.flow.wants();
        (first_pass, completed) = find_fragments(&mut passes, &task, &grouping);
    }
    let parts = Parts::new(output.clone(), files, decode, settings);
    let mut writer =
        SplitWriter { parts, rule, grouping, completed, place: Place::default(), streams: StreamFiles::default() };
    passes.run(&mut Analyzer::with_first_pass(task, first_pass), None, &mut writer)?;
    let SplitWriter { parts, streams, .. } = writer;
    if streams.omitted > 0 {
        print_message(&format!(
            "limit of {MAX_STREAMS} streams reached; {} of others in the first file",
            frame_count(streams.omitted)
        ));
    }
    let summary = parts.finish()?;
    let first = summary.first.map(|number| escape_paths([part_path(&output, number).as_path()]));
    let plural = if summary.files == 1 { "" } else { "s" };
    let named = first.map(|first| format!(", the first is named {first}")).unwrap_or_default();
    print_message(&format!("{} written to {} file{plural}{named}", frame_count(summary.frames), summary.files));
    format.compression_note(&output).iter().for_each(|note| print_message(note));
    note_omitted_secrets(summary.omits_secrets);
    Ok(if has_errors || passes.has_errors { CommandOutcome::Reported } else { CommandOutcome::Done })
}

/// Reads the captures for the packets that were sent in fragments: which frame completes each, and the group of that.
fn find_fragments(passes: &mut PassLoop, task: &Task, grouping: &Grouping) -> (FirstPass, HashMap<u32, u64>) {
    let mut finder = FragmentFinder { grouping, groups: HashMap::new() };
    let mut analyzer = Analyzer::new(Task { collect: true, ..task.clone() });
    let Ok(()) = passes.run(&mut analyzer, None, &mut finder);
    passes.start_again();
    let (first_pass, groups) = (analyzer.into_first_pass(), finder.groups);
    let whole = |frame: u32| groups.get(&grouping.flow.completed_in(frame, &first_pass)).copied();
    let groups = groups.keys().filter_map(|&frame| Some((frame, whole(frame)?))).collect();
    (first_pass, groups)
}

/// How frames are grouped: by flow, or by stream.
struct Grouping {
    flow: FlowHash,
    by_stream: bool,
}

impl Grouping {
    /// Returns the group of the frame that was dissected last: the hash of its flow, or the number of its innermost TCP connection or
    /// UDP conversation.
    fn of(&self, tree: &Tree, analyzer: &Analyzer) -> Option<u64> {
        if !self.by_stream {
            return self.flow.of(tree);
        }
        let mut tcp = analyzer.connections().iter().filter_map(|connection| connection.conversation.tcp());
        let udp = analyzer.udp_conversations().last();
        tcp.next_back().map(|number| u64::from(number) << 1).or(udp.map(|&number| u64::from(number) << 1 | 1))
    }
}

/// Maximum number of streams with a file of their own.
const MAX_STREAMS: u64 = 10_000;

/// Files of streams, in the order of their first frames. The first file has the frames without a stream.
#[derive(Default)]
struct StreamFiles {
    numbers: HashMap<u64, u64>,
    /// Number of frames of streams beyond the limit.
    omitted: u64,
}

impl StreamFiles {
    /// Returns the number of the file of a stream, from 1.
    fn number(&mut self, stream: Option<u64>) -> u64 {
        let next = self.numbers.len() as u64 + 2;
        let number = match stream {
            None => 1,
            Some(stream) if next <= MAX_STREAMS + 1 => *self.numbers.entry(stream).or_insert(next),
            Some(stream) => self.numbers.get(&stream).copied().unwrap_or(1),
        };
        self.omitted += u64::from(number == 1 && stream.is_some());
        number
    }
}

/// Finds the groups of packets that were sent in fragments.
struct FragmentFinder<'g> {
    grouping: &'g Grouping,
    /// Groups of the frames that complete a packet.
    groups: HashMap<u32, u64>,
}

impl PassConsumer for FragmentFinder<'_> {
    type Error = Infallible;

    fn frame(&mut self, frame: &DissectedFrame<'_>, analyzer: &Analyzer) -> Result<bool, Infallible> {
        if analyzer.is_fragment()
            && let Some(group) = self.grouping.of(frame.tree, analyzer)
        {
            self.groups.insert(frame.frame.number, group);
        }
        Ok(true)
    }

    fn events(&mut self, analyzer: &mut Analyzer) -> Result<(), Infallible> {
        drop(analyzer.events());
        Ok(())
    }

    // The last pass reports errors.
    fn unsupported_link(&mut self, _: u16) -> Result<(), Infallible> {
        Ok(())
    }

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
    grouping: Grouping,
    /// Groups of the frames that complete packets of fragments.
    completed: HashMap<u32, u64>,
    place: Place,
    streams: StreamFiles,
}

impl SplitWriter {
    /// Returns the number of the file of a frame, from 1.
    fn number(&mut self, dissected: &DissectedFrame<'_>, analyzer: &Analyzer) -> Result<u64, String> {
        if self.rule.streams || self.rule.flows.is_some() {
            // A fragment is in the file of the packet that it is a part of.
            let flow = &self.grouping.flow;
            let whole = flow.reassembled_in(dissected.tree).and_then(|frame| self.completed.get(&frame).copied());
            let group = whole.or_else(|| self.grouping.of(dissected.tree, analyzer));
            return Ok(match self.rule.flows {
                Some(count) => 1 + group.unwrap_or(0) % u64::from(count),
                None => self.streams.number(group),
            });
        }
        if self.place.number == 0 || self.is_full(dissected.frame) {
            self.parts.finish_all()?;
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

    fn frame(&mut self, frame: &DissectedFrame<'_>, analyzer: &Analyzer) -> Result<bool, String> {
        if self.place.start.is_none() && frame.frame.has_time {
            self.place.start = Some(frame.frame.time);
        }
        let number = self.number(frame, analyzer)?;
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
        if self.rule.flows.is_some() || self.rule.streams {
            print_message(&unsupported_link_message(link));
        }
        Ok(())
    }
}
