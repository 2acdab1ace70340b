//! Frames of the conversations that have a matching frame.

use crate::command::capture_run::CaptureRun;
use crate::command::filter_matcher::FilterMatcher;
use crate::command::output::Output;
use crate::command::pass_loop::{FrameFinder, PassConsumer};
use dissectors::session::ConversationId;
use overhear::analysis::{Analyzer, NumberSet, Task};
use overhear::export::FlowHash;
use overhear::report::{DissectedFrame, Report};
use overhear::source::{Error, SectionMetadata};
use std::collections::HashMap;
use std::convert::Infallible;
use std::io;
use std::ops::ControlFlow;

/// Writes the frames of all conversations that have a matching frame, and matching frames of none. Reads the captures three
/// times: for what later frames decide, for the conversations, and for their frames. Returns whether there were errors.
pub(super) fn export(
    run: CaptureRun,
    mut matcher: FilterMatcher,
    report: &mut dyn Report,
    out: &mut Output,
) -> io::Result<bool> {
    let (passes, decode, has_open_errors) = run.open_passes(3, out.is_file());
    let Some(mut passes) = passes else {
        out.keep_existing();
        return Ok(true);
    };
    let flow = FlowHash::default();
    let mut task = Task { wants: flow.wants(), udp_conversations: true, decode, ..Task::default() };
    let writing = task.clone();
    matcher.extend_task(&mut task);
    let first_pass =
        passes.run_first(Analyzer::new(Task { collect: true, ..task.clone() }), &mut FrameFinder::default());
    let mut finder = StreamFinder {
        matcher: &mut matcher,
        flow,
        found: Streams::default(),
        fragments: Vec::new(),
        completed: HashMap::new(),
    };
    let Ok(()) = passes.run(&mut Analyzer::with_first_pass(task, first_pass), None, &mut finder);
    let found = finder.finish();
    passes.start_again();
    let mut writer = StreamWriter { found, report, out };
    writer.report.begin(writer.out)?;
    passes.run(&mut Analyzer::new(writing), None, &mut writer)?;
    writer.report.end(writer.out)?;
    Ok(has_open_errors || passes.has_errors)
}

/// Conversations, and frames of none.
#[derive(Default)]
struct Streams {
    tcp: NumberSet,
    udp: NumberSet,
    frames: NumberSet,
}

impl Streams {
    /// Returns whether a frame belongs to one of the conversations.
    fn has_conversation_of(&self, analyzer: &Analyzer) -> bool {
        let of_tcp = analyzer.connections().iter().filter_map(|connection| connection.conversation.tcp());
        let mut of_udp = analyzer.udp_conversations().iter();
        of_tcp.into_iter().any(|stream| self.tcp.contains(stream)) || of_udp.any(|&number| self.udp.contains(number))
    }

    fn add(&mut self, conversation: ConversationId) {
        match conversation {
            ConversationId::Tcp(number) => self.tcp.insert(number),
            ConversationId::Udp(number) => self.udp.insert(number),
        }
    }
}

/// Finds the conversations of matching frames.
struct StreamFinder<'m> {
    matcher: &'m mut FilterMatcher,
    flow: FlowHash,
    found: Streams,
    /// Fragments, each with the frame that completes its packet.
    fragments: Vec<(u32, u32)>,
    /// Conversations of the packets that fragments complete, by frame.
    completed: HashMap<u32, Vec<ConversationId>>,
}

impl StreamFinder<'_> {
    /// Returns the conversations, and the frames of fragments of their packets.
    fn finish(mut self) -> Streams {
        // Later ones first: the packet that a frame completes may be a fragment in a tunnel.
        for (frame, completed_in) in self.fragments.into_iter().rev() {
            let is_of = |conversation: &ConversationId| match *conversation {
                ConversationId::Tcp(number) => self.found.tcp.contains(number),
                ConversationId::Udp(number) => self.found.udp.contains(number),
            };
            let of_conversation = self.completed.get(&completed_in).is_some_and(|own| own.iter().any(is_of));
            if of_conversation || self.found.frames.contains(completed_in) {
                self.found.frames.insert(frame);
            }
        }
        self.found
    }
}

/// Returns the conversations of the frame that was read last.
fn conversations(analyzer: &Analyzer) -> Vec<ConversationId> {
    let udp = analyzer.udp_conversations().iter().map(|&number| ConversationId::Udp(number));
    analyzer.connections().iter().map(|connection| connection.conversation).chain(udp).collect()
}

impl PassConsumer for StreamFinder<'_> {
    type Error = Infallible;

    fn frame(&mut self, frame: &DissectedFrame<'_>, analyzer: &Analyzer) -> Result<bool, Infallible> {
        let number = frame.frame.number;
        let is_match = self.matcher.matches_frame(number, analyzer);
        if is_match {
            self.found.frames.insert(number);
            conversations(analyzer).into_iter().for_each(|conversation| self.found.add(conversation));
        }
        if analyzer.is_fragment() {
            let later = self.flow.reassembled_in(frame.tree).filter(|&later| later != number);
            self.fragments.extend(later.map(|completed_in| (number, completed_in)));
            let own = conversations(analyzer);
            if !own.is_empty() {
                self.completed.insert(number, own);
            }
        }
        Ok(is_match)
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

/// Writes the frames of conversations.
struct StreamWriter<'a> {
    found: Streams,
    report: &'a mut dyn Report,
    out: &'a mut Output,
}

impl PassConsumer for StreamWriter<'_> {
    type Error = io::Error;

    fn frame(&mut self, frame: &DissectedFrame<'_>, analyzer: &Analyzer) -> io::Result<bool> {
        let is_written = self.found.frames.contains(frame.frame.number) || self.found.has_conversation_of(analyzer);
        if is_written {
            self.report.frame(frame, self.out)?;
        }
        Ok(is_written)
    }

    fn events(&mut self, analyzer: &mut Analyzer) -> io::Result<()> {
        drop(analyzer.events());
        Ok(())
    }

    fn metadata(&mut self, added: SectionMetadata) -> io::Result<()> {
        self.report.metadata(&added, self.out)
    }
}
