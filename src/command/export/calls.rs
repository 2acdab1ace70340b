//! Exports of calls: reads captures once, and passes the calls that match a filter to a form, which writes them on a second thread.

use crate::args::{CaptureArgs, RunArgs};
use crate::command::capture_run::CaptureRun;
use crate::command::decode::decode_options;
use crate::command::filter_matcher::{FilterMatcher, MatchUnit};
use crate::command::input::CaptureInput;
use crate::command::output::{Output, OutputContent};
use crate::command::overwrite::refuse_captures;
use crate::command::pass_loop::PassConsumer;
use crate::command::{CommandOutcome, finish_output, print_message};
use dissectors::session::ConversationId;
use overhear::analysis::{Analyzer, Event, Task};
use overhear::capture::Call;
use overhear::export::{CallCollector, CallForm, CollectedCall};
use overhear::report::DissectedFrame;
use std::io;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

/// Items, and bytes of their messages, after which a batch is passed to the thread of the form.
const BATCH_ITEMS: usize = 256;
const BATCH_BYTES: usize = 1 << 20;
/// Maximum number of batches in the queue. If it is full, analysis waits for the form.
const MAX_PENDING: usize = 4;

/// Exports the calls of captures in a form.
pub(super) fn export_calls<F: CallForm>(
    captures: CaptureArgs,
    run: &RunArgs,
    collector: CallCollector,
    form: &mut F,
) -> io::Result<CommandOutcome> {
    let (run, matcher, mut out) = match open(captures, run) {
        Ok(opened) => opened,
        Err(message) => return Ok(CommandOutcome::Error(message)),
    };
    let (passes, decode, has_errors) = run.open_passes(1, out.is_file());
    let Some(mut passes) = passes else {
        out.keep_existing();
        return finish_output(out, true);
    };
    let mut task = Task { decode, ..collector.task() };
    matcher.extend_task(&mut task);
    // Messages of all calls are read: a later frame may match.
    let mut analyzer = Analyzer::new(task);
    form.begin(&mut out)?;
    let (batches, received) = sync_channel(MAX_PENDING);
    let (batch, batch_bytes) = (Vec::new(), 0);
    let mut export = CallExport { matcher, collector, batches: Some(batches), batch, batch_bytes };
    thread::scope(|scope| {
        let write = || write_items(form, received, &mut out);
        let thread = thread::Builder::new().name("form".into()).spawn_scoped(scope, write)?;
        let result = passes.run(&mut analyzer, None, &mut export).and_then(|()| export.send_batch());
        export.batches = None;
        // An error of the thread is why it receives no more.
        thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)).and(result)
    })?;
    let collector = export.collector;
    form.end(&mut out)?;
    let outcome = finish_output(out, has_errors || passes.has_errors)?;
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

/// What a form reads, in the order of the capture.
enum FormItem {
    /// A call that is exported.
    Exported(Box<CollectedCall>),
    /// A call that is not.
    Other(Call),
    End(ConversationId),
}

/// Writes what is received with a form.
fn write_items<F: CallForm>(form: &mut F, received: Receiver<Vec<FormItem>>, out: &mut Output) -> io::Result<()> {
    for item in received.into_iter().flatten() {
        match item {
            FormItem::Exported(call) => {
                form.any_call(&call.call);
                form.call(*call, out)?;
            }
            FormItem::Other(call) => form.any_call(&call),
            FormItem::End(conversation) => form.conversation_end(conversation, out)?,
        }
    }
    Ok(())
}

/// Consumer of a pass that exports calls.
struct CallExport {
    matcher: FilterMatcher,
    collector: CallCollector,
    /// Queue of the thread of the form; none after the end.
    batches: Option<SyncSender<Vec<FormItem>>>,
    batch: Vec<FormItem>,
    batch_bytes: usize,
}

impl CallExport {
    fn push(&mut self, item: FormItem) -> io::Result<()> {
        if let FormItem::Exported(call) = &item {
            self.batch_bytes += call.message_bytes();
        }
        self.batch.push(item);
        let is_full = self.batch.len() >= BATCH_ITEMS || self.batch_bytes >= BATCH_BYTES;
        if is_full { self.send_batch() } else { Ok(()) }
    }

    fn send_batch(&mut self) -> io::Result<()> {
        self.batch_bytes = 0;
        let batch = std::mem::replace(&mut self.batch, Vec::with_capacity(BATCH_ITEMS));
        let is_sent = self.batches.as_ref().is_some_and(|batches| batches.send(batch).is_ok());
        if is_sent { Ok(()) } else { Err(io::ErrorKind::BrokenPipe.into()) }
    }
}

impl PassConsumer for CallExport {
    type Error = io::Error;

    fn frame(&mut self, frame: &DissectedFrame<'_>, analyzer: &Analyzer) -> io::Result<bool> {
        let is_match = self.matcher.matches_frame(frame.frame.number, analyzer);
        self.collector.frame(frame, analyzer.connections());
        Ok(is_match)
    }

    fn events(&mut self, analyzer: &mut Analyzer) -> io::Result<()> {
        for event in analyzer.events() {
            let is_match = self.matcher.matches_event(&event);
            match event {
                Event::Call(call) => {
                    let call = self.collector.call(call, is_match);
                    self.push(call.map_or_else(FormItem::Other, |call| FormItem::Exported(Box::new(call))))?;
                }
                Event::Unfinished(unfinished) => {
                    self.collector.add_messages(&unfinished.messages, &unfinished.tree);
                }
                Event::End(conversation) => {
                    self.collector.conversation_end(conversation);
                    self.push(FormItem::End(conversation))?;
                }
                _ => {}
            }
        }
        Ok(())
    }
}
