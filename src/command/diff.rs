//! `diff`: differences between the calls of two captures.

use super::capture_run::CaptureRun;
use super::decode::decode_options;
use super::divided_passes::{CaptureNotes, ConsumerWork};
use super::extraction::{FrameConsumer, FrameSelector, SelectedFrame};
use super::filter_matcher::{FilterMatcher, MatchUnit};
use super::input::CaptureInput;
use super::output::{Output, escape_paths};
use super::overwrite::refuse_captures;
use super::{CommandOutcome, print_message};
use crate::args::{DiffArgs, RunArgs};
use overhear::analysis::{Analyzer, Event, FrameResults, Task};
use overhear::diff::{CaptureProfile, Comparison, ComparisonSettings, ProfileBuilder};
use overhear::report::DissectedFrame;
use std::io::{self, Write};
use std::path::PathBuf;

/// Exit code if the captures differ.
const EXIT_DIFFERENT: u8 = 1;

pub(super) fn run_diff(args: DiffArgs) -> io::Result<CommandOutcome> {
    match open(&args) {
        Ok((captures, matchers, out)) => compare(&args, captures, matchers, out),
        Err(message) => Ok(CommandOutcome::Error(message)),
    }
}

/// The captures, each with its matcher, and the output.
type Opened = ([PathBuf; 2], [FilterMatcher; 2], Output);

fn open(args: &DiffArgs) -> Result<Opened, String> {
    let decode = &args.captures.decode;
    let CaptureInput { paths, filter } = CaptureInput::of(args.captures.clone())?;
    let found = paths.len();
    let paths: [PathBuf; 2] =
        paths.try_into().map_err(|_| format!("expected two captures: overhear diff A B [FILTER], found {found}"))?;
    refuse_captures("-o", args.output.as_deref(), &paths, decode)?;
    let matcher = FilterMatcher::new(filter.map(|filter| filter.0), MatchUnit::Calls);
    Ok((paths, [matcher.fork(), matcher], Output::create(args.output.as_deref())?))
}

fn compare(
    args: &DiffArgs,
    paths: [PathBuf; 2],
    matchers: [FilterMatcher; 2],
    mut out: Output,
) -> io::Result<CommandOutcome> {
    let names = paths.clone().map(|path| escape_paths([path.as_path()]));
    let (mut profiles, mut has_errors) = (Vec::new(), false);
    for (path, matcher) in paths.into_iter().zip(matchers) {
        let (profile, is_incomplete) = match profile(args, path, matcher, out.is_file()) {
            Ok(read) => read,
            Err(message) => return Ok(CommandOutcome::Error(message)),
        };
        has_errors |= is_incomplete;
        profiles.extend(profile);
    }
    let [a, b] = profiles.as_slice() else {
        out.keep_existing();
        out.finish()?;
        return Ok(CommandOutcome::Reported);
    };
    let settings =
        ComparisonSettings { ignored: args.ignore.clone(), min_difference: args.min_difference, limit: args.limit };
    let comparison = Comparison::new(a, b, &settings);
    out.write_all(args.format.form().render(&comparison, [&names[0], &names[1]]).as_bytes())?;
    out.finish()?;
    comparison.notes.iter().for_each(|note| print_message(note));
    Ok(match () {
        () if has_errors => CommandOutcome::Reported,
        () if comparison.has_differences() => CommandOutcome::Exit(EXIT_DIFFERENT),
        () => CommandOutcome::Done,
    })
}

/// Reads the profile of a capture; none if it cannot be opened. Returns it with whether there were errors.
fn profile(
    args: &DiffArgs,
    path: PathBuf,
    matcher: FilterMatcher,
    is_file: bool,
) -> Result<(Option<CaptureProfile>, bool), String> {
    let decode = decode_options(&args.captures.decode)?;
    let run = CaptureRun::new(vec![path], &RunArgs::complete(None, None).on(args.threads), decode);
    let builder = ProfileBuilder::new(!args.any_host, matcher.has_filter());
    let mut task = Task::default();
    matcher.extend_task(&mut task);
    builder.extend_task(&mut task);
    let Some(mut passes) = run.open_divided(&task, !matcher.has_filter(), ConsumerWork::Core, is_file) else {
        return Ok((None, true));
    };
    let (mut consumer, mut notes) = (ProfileConsumer(builder), CaptureNotes::default());
    let selector = || ProfileSelector(matcher.fork());
    passes.run_frames(&task, &selector, &mut consumer, &mut notes).map_err(|error| error.to_string())?;
    passes.finish(&notes);
    Ok((Some(consumer.0.finish()), passes.has_errors))
}

/// Selects the calls that match the filter.
struct ProfileSelector(FilterMatcher);

impl FrameSelector for ProfileSelector {
    fn frame(&mut self, frame: &DissectedFrame<'_>, analyzer: &Analyzer) -> SelectedFrame {
        SelectedFrame { is_displayed: self.0.matches_frame(frame.frame.number, analyzer), is_read: true }
    }

    fn event(&mut self, event: &Event) -> [bool; 2] {
        [self.0.matches_event(event); 2]
    }
}

/// Collects a profile.
struct ProfileConsumer(ProfileBuilder);

impl FrameConsumer for ProfileConsumer {
    fn frame(&mut self, _: &DissectedFrame<'_>, results: &FrameResults<'_>, _: bool) {
        self.0.frame(results);
    }

    fn event(&mut self, event: Event, [is_match, _]: [bool; 2]) {
        self.0.event(&event, is_match);
    }
}
