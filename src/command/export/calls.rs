//! Exports of calls: reads captures once, and passes the calls that match a filter to a form.

use crate::args::{CaptureArgs, RunArgs};
use crate::command::capture_run::CaptureRun;
use crate::command::decode::decode_options;
use crate::command::divided_passes::ConsumerWork;
use crate::command::extraction::Extractor;
use crate::command::filter_matcher::{FilterMatcher, MatchUnit};
use crate::command::input::CaptureInput;
use crate::command::output::{Output, OutputContent};
use crate::command::overwrite::refuse_captures;
use crate::command::shard_queue::Items;
use crate::command::{CommandOutcome, finish_output, print_message};
use dissectors::session::ConversationId;
use overhear::analysis::{Analyzer, Event};
use overhear::capture::Call;
use overhear::export::{CallCollector, CallForm, CallMessage, ConnectionTime, MessageExtractor};
use overhear::report::DissectedFrame;
use std::io;

/// What is exported of calls.
#[derive(Clone, Copy)]
pub(super) struct CallContent {
    /// Bytes of each body.
    pub(super) body_limit: usize,
    /// Whether times of connections, and all messages that exported exchanges carry, are exported.
    pub(super) has_connections: bool,
}

impl CallContent {
    fn extractor(self) -> MessageExtractor {
        let messages = MessageExtractor::new(self.body_limit);
        if self.has_connections { messages.with_connections() } else { messages }
    }

    fn collector(self) -> CallCollector {
        let collector = CallCollector::new(self.body_limit);
        if self.has_connections { collector.with_carried() } else { collector }
    }
}

/// Exports the calls of captures in a form.
pub(super) fn export_calls<F: CallForm>(
    captures: CaptureArgs,
    run: &RunArgs,
    content: CallContent,
    form: &mut F,
) -> io::Result<CommandOutcome> {
    let (run, matcher, mut out) = match open(captures, run) {
        Ok(opened) => opened,
        Err(message) => return Ok(CommandOutcome::Error(message)),
    };
    let mut task = content.extractor().task();
    matcher.extend_task(&mut task);
    let Some(mut passes) = run.open_divided(&task, !matcher.has_filter(), ConsumerWork::Little, out.is_file()) else {
        out.keep_existing();
        return finish_output(out, true);
    };
    form.begin(&mut out)?;
    let mut collector = content.collector();
    let extractor = || CallExtractor { matcher: matcher.fork(), messages: content.extractor() };
    passes.run(&task, &extractor, &mut |items: &mut Items<CallItem>| match items.next_item() {
        Some(CallItem::Message(message)) => {
            collector.add_message(message.take_copy());
            Ok(())
        }
        Some(CallItem::Call(event)) => {
            let Some((call, connection, is_match)) = event.take() else { return Ok(()) };
            form.any_call(&call);
            let exported = collector.call(call, connection, is_match);
            exported.map_or(Ok(()), |call| form.call(call, &mut out))
        }
        Some(&mut CallItem::End(conversation)) => {
            collector.conversation_end(conversation);
            form.conversation_end(conversation, &mut out)
        }
        None => Ok(()),
    })?;
    form.end(&mut out)?;
    let outcome = finish_output(out, passes.has_errors)?;
    passes.note_order();
    form.notes().iter().for_each(|note| print_message(note));
    if collector.dropped() > 0 {
        print_message(&format!("limit of open calls reached; the messages of {} were dropped", collector.dropped()));
    }
    Ok(outcome)
}

fn open(captures: CaptureArgs, run: &RunArgs) -> Result<(CaptureRun, FilterMatcher, Output), String> {
    let decode_args = captures.decode.clone();
    let CaptureInput { paths, filter } = CaptureInput::of(captures)?;
    refuse_captures("-o", run.output.as_deref(), &paths, &decode_args)?;
    let matcher = FilterMatcher::new(filter.map(|filter| filter.0), MatchUnit::Calls);
    let capture_run = CaptureRun::new(paths, run, decode_options(&decode_args)?).merged();
    let out = Output::open(run, OutputContent::Text, false)?;
    Ok((capture_run, matcher, out))
}

/// What is extracted of calls.
enum CallItem {
    /// A message. It is copied when it is consumed: what a thread allocates is freed by it.
    Message(Box<CallMessage>),
    /// A call, the times of its connection, and whether it matches; none once it is consumed.
    Call(Option<(Call, Option<ConnectionTime>, bool)>),
    End(ConversationId),
}

/// Extracts calls and their messages.
struct CallExtractor {
    matcher: FilterMatcher,
    messages: MessageExtractor,
}

fn push_message(items: &mut Items<CallItem>, message: CallMessage) {
    let size = message.size();
    items.push(CallItem::Message(Box::new(message)), size);
}

impl Extractor for CallExtractor {
    type Store = Items<CallItem>;

    fn frame(&mut self, frame: &DissectedFrame<'_>, analyzer: &Analyzer, items: &mut Items<CallItem>) -> bool {
        let is_match = self.matcher.matches_frame(frame.frame.number, analyzer);
        // Messages of all calls are read: a later frame may match.
        self.messages.frame(frame, analyzer.connections()).for_each(|message| push_message(items, message));
        is_match
    }

    fn event(&mut self, event: Event, items: &mut Items<CallItem>) {
        let is_match = self.matcher.matches_event(&event);
        match event {
            Event::Call(call) => {
                let connection = self.messages.connection(&call);
                items.push(CallItem::Call(Some((call, connection, is_match))), 0);
            }
            Event::Unfinished(unfinished) => {
                let messages = self.messages.messages(&unfinished.messages, &unfinished.tree);
                messages.for_each(|message| push_message(items, message));
            }
            Event::End { conversation, .. } => {
                self.messages.conversation_end(conversation);
                items.push(CallItem::End(conversation), 0);
            }
            _ => {}
        }
    }
}
