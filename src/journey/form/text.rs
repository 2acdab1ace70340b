//! The text form: a title, the waterfall, the verdicts, and the steps with their frames.

use super::waterfall::{columns, percent, share};
use crate::journey::model::{Journey, PhaseKind, Statement};
use crate::journey::text::{between, call_end_text, duration, list, request_text, size, status_text, time_text};
use dissectors::session::Side;
use unicode_width::UnicodeWidthStr;

/// Least width of a line.
const MIN_WIDTH: usize = 24;

/// Maximum number of frames in the list of a statement. A range counts as one.
const MAX_FRAMES: usize = 6;

/// A line of the text form.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JourneyLine {
    /// Text without control characters.
    pub text: String,
    /// Frames that the line names.
    pub frames: Vec<u32>,
    /// Whether it is a heading.
    pub is_heading: bool,
}

/// Returns the lines of a journey, each of at most `width` columns as far as words allow.
#[must_use]
pub fn text_lines(journey: &Journey, width: usize, explains: bool) -> Vec<JourneyLine> {
    let mut lines = Lines::new(width);
    let (title, line) = title(journey);
    lines.paragraph("", &title);
    lines.paragraph("", &line);
    waterfall(journey, &mut lines);
    if !journey.verdicts.is_empty() {
        lines.heading("Verdicts");
        for (nth, verdict) in journey.verdicts.iter().enumerate() {
            lines.statement(&format!("{:>3}. ", nth + 1), &verdict.statement);
        }
    }
    for step in &journey.steps {
        let mut heading = step.kind.label().to_owned();
        if let Some((from, to)) = step.span {
            let start = offset(journey, from);
            heading.push_str(&format!(" ({start}, {})", between(from, to)));
        }
        lines.heading(&heading);
        if explains && !step.explanation.is_empty() {
            lines.paragraph("  | ", &step.explanation);
        }
        step.statements.iter().for_each(|statement| lines.statement("  ", statement));
    }
    if !journey.notes.is_empty() {
        lines.heading("Notes");
        journey.notes.iter().for_each(|note| lines.paragraph("  ", note));
    }
    lines.into_lines()
}

/// Returns a time as an offset to the start: `+1.2 ms`, or `-1.2 ms` before it.
pub(super) fn offset(journey: &Journey, time: i64) -> String {
    let sign = if time < journey.start() { '-' } else { '+' };
    format!("{sign}{}", between(journey.start(), time))
}

/// Returns the title of a journey, and the line below it.
pub(super) fn title(journey: &Journey) -> (String, String) {
    let (call, exchange) = (&journey.call, &journey.call.exchange);
    let mut text = match exchange.request {
        Some(_) => request_text(exchange),
        None if exchange.has_unknown_request => "Request unknown".to_owned(),
        None => "Request not captured".to_owned(),
    };
    let status = match journey.lacks_side {
        Some(_) if exchange.has_unknown_response() => status_text(exchange),
        Some(_) if exchange.lacks_response() => "response not captured".to_owned(),
        None if journey.may_have_response => "response not read".to_owned(),
        _ => status_text(exchange),
    };
    if !status.is_empty() {
        text.push_str(&format!(": {status}"));
    }
    if let Some(bytes) = exchange.size() {
        text.push_str(&format!(", {}", size(bytes)));
    }
    text.push_str(&format!(" in {}", duration(journey.call_total())));
    let [own, total] = [journey.call_total(), journey.total()].map(duration);
    if own != total {
        text.push_str(&format!(" ({total} with {})", list(&journey.openings())));
    }
    let row = if journey.row > 0 { format!("call {}, ", journey.row) } else { String::new() };
    let (client, server) = (call_end_text(call, Side::Client), call_end_text(call, Side::Server));
    let place = match exchange.id.conversation.tcp() {
        Some(stream) => format!("stream {stream}"),
        None => exchange.id.conversation.to_string(),
    };
    let (protocol, time) = (exchange.named_protocol(), time_text(journey.start()));
    (text, format!("{row}{protocol}, {place}, {client} to {server}, {time}"))
}

fn waterfall(journey: &Journey, lines: &mut Lines) {
    const NAME: usize = 11;
    const DURATION: usize = 11;
    const SHARE: usize = 9;
    // A narrow line has no shares.
    let has_share = lines.width >= 48;
    let values = DURATION + if has_share { SHARE } else { 0 };
    let room = lines.width.saturating_sub(NAME + values + 2).clamp(1, 100);
    lines.blank();
    for phase in &journey.phases {
        let (from, to) = columns(journey, phase, room);
        let bar = if phase.kind == PhaseKind::Pause { "·" } else { "█" };
        let bar = format!("{}{}{}", " ".repeat(from), bar.repeat(to - from), " ".repeat(room.saturating_sub(to)));
        let share = if has_share { percent(share(journey, phase.length())) } else { String::new() };
        lines.push(format!("  {:<9}{bar} {:>10} {share:>8}", phase.kind.label(), duration(phase.length())));
    }
    let zero = format!("{:<NAME$}0", "");
    let end = duration(journey.total());
    let gap = (NAME + room).saturating_sub(zero.width() + end.width());
    lines.push(format!("{zero}{}{end}", " ".repeat(gap.max(1))));
}

/// Lines so far.
pub(crate) struct Lines {
    width: usize,
    lines: Vec<JourneyLine>,
}

impl Lines {
    pub(crate) fn new(width: usize) -> Lines {
        Lines { width: width.max(MIN_WIDTH), lines: Vec::new() }
    }

    pub(crate) fn into_lines(self) -> Vec<JourneyLine> {
        self.lines
    }

    pub(crate) fn len(&self) -> usize {
        self.lines.len()
    }

    pub(crate) fn push(&mut self, text: String) {
        self.lines.push(JourneyLine { text: text.trim_end().to_owned(), ..JourneyLine::default() });
    }

    pub(crate) fn blank(&mut self) {
        self.lines.push(JourneyLine::default());
    }

    fn heading(&mut self, text: &str) {
        self.blank();
        let first = self.lines.len();
        self.paragraph("", text);
        self.lines.iter_mut().skip(first).for_each(|line| line.is_heading = true);
    }

    /// Sets the frames of the lines from a position on.
    pub(crate) fn set_frames(&mut self, first: usize, frames: &[u32]) {
        self.lines.iter_mut().skip(first).for_each(|line| line.frames = frames.to_vec());
    }

    fn statement(&mut self, prefix: &str, statement: &Statement) {
        let first = self.lines.len();
        let mut text = statement.text.clone();
        if !statement.frames.is_empty() {
            text.push_str(&format!("  [{}]", frame_list(&statement.frames)));
        }
        self.paragraph(prefix, &text);
        self.set_frames(first, &statement.frames);
    }

    /// Adds text, broken between words. Later lines are indented by the width of the prefix, or begin with the same bar.
    pub(crate) fn paragraph(&mut self, prefix: &str, text: &str) {
        let indent = if prefix.contains('|') { prefix.to_owned() } else { " ".repeat(prefix.width()) };
        let room = self.width.saturating_sub(prefix.width()).max(16);
        let mut line = String::new();
        let mut is_first = true;
        let mut flush = |line: &mut String, lines: &mut Vec<JourneyLine>| {
            let start = if std::mem::take(&mut is_first) { prefix } else { &indent };
            let text = format!("{start}{line}").trim_end().to_owned();
            lines.push(JourneyLine { text, ..JourneyLine::default() });
            line.clear();
        };
        for word in text.split(' ') {
            for word in split_word(word, room) {
                if !line.is_empty() && line.width() + 1 + word.width() > room {
                    flush(&mut line, &mut self.lines);
                } else if !line.is_empty() {
                    line.push(' ');
                }
                line.push_str(&word);
            }
        }
        flush(&mut line, &mut self.lines);
    }
}

/// Returns the parts of a word that fit into a line.
fn split_word(word: &str, room: usize) -> Vec<String> {
    let mut parts = vec![String::new()];
    for char in word.chars() {
        if parts.last().is_some_and(|part| part.width() >= room) {
            parts.push(String::new());
        }
        if let Some(part) = parts.last_mut() {
            part.push(char);
        }
    }
    parts
}

/// Returns frames as a list of numbers and ranges: `#3, #5-#9 and 4 more`.
pub(super) fn frame_list(frames: &[u32]) -> String {
    frame_list_with(frames, |frame| format!("#{frame}"))
}

/// Returns a list of frames, of which those that are named are written by a function.
pub(super) fn frame_list_with(frames: &[u32], name: impl Fn(u32) -> String) -> String {
    let mut ranges: Vec<(u32, u32)> = Vec::new();
    for &frame in frames {
        match ranges.last_mut() {
            Some((_, last)) if *last + 1 == frame => *last = frame,
            _ => ranges.push((frame, frame)),
        }
    }
    let range = |&(first, last): &(u32, u32)| match last - first {
        0 => name(first),
        1 => format!("{} {}", name(first), name(last)),
        _ => format!("{}-{}", name(first), name(last)),
    };
    let shown: Vec<String> = ranges.iter().take(MAX_FRAMES).map(range).collect();
    let rest: u64 = ranges.iter().skip(MAX_FRAMES).map(|(first, last)| u64::from(last - first) + 1).sum();
    let more = if rest > 0 { format!(" and {rest} more") } else { String::new() };
    format!("{}{more}", shown.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_listed_as_ranges() {
        assert_eq!(frame_list(&[3]), "#3");
        assert_eq!(frame_list(&[3, 4, 6, 7, 8]), "#3 #4 #6-#8");
        let many: Vec<u32> = (0..20).map(|nth| 2 * nth).collect();
        assert_eq!(frame_list(&many), "#0 #2 #4 #6 #8 #10 and 14 more");
    }

    #[test]
    fn lines_are_broken_between_words_and_within_long_ones() {
        let mut lines = Lines { width: 20, lines: Vec::new() };
        lines.paragraph("- ", "one two three four abcdefghijklmnopqrstuvwxyz");
        let texts: Vec<&str> = lines.lines.iter().map(|line| line.text.as_str()).collect();
        assert_eq!(texts, ["- one two three four", "  abcdefghijklmnopqr", "  stuvwxyz"]);
    }
}
