//! Status line of a live capture, and the summary at its end.

use super::output::escape_paths;
use overhear::live::CaptureCounts;
use overhear::sink::Summary;
use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};
use terminal_size::{Width, terminal_size_of};

/// Minimum interval between redraws.
const PERIOD: Duration = Duration::from_millis(250);

/// Status line on stderr, if stderr is a terminal.
pub(super) struct StatusLine {
    enabled: bool,
    shown: bool,
    last_drawn: Option<Instant>,
}

impl StatusLine {
    pub(super) fn new() -> StatusLine {
        let dumb = std::env::var_os("TERM").is_none_or(|term| term == "dumb");
        StatusLine { enabled: io::stderr().is_terminal() && !dumb, shown: false, last_drawn: None }
    }

    /// Draws the counts if the line is hidden or [`PERIOD`] has passed.
    pub(super) fn show(&mut self, counts: &CaptureCounts) {
        if !self.enabled || self.shown && self.last_drawn.is_some_and(|drawn| drawn.elapsed() < PERIOD) {
            return;
        }
        let width = terminal_size_of(io::stderr()).map_or(80, |(Width(width), _)| usize::from(width));
        let text: String = status_text(counts).chars().take(width.saturating_sub(1)).collect();
        // A write error is ignored.
        let _ = write!(io::stderr(), "\r{text}\x1b[K");
        self.shown = true;
        self.last_drawn = Some(Instant::now());
    }

    /// Erases the line before other output.
    pub(super) fn hide(&mut self) {
        if self.shown {
            let _ = write!(io::stderr(), "\r\x1b[K");
            self.shown = false;
        }
    }
}

/// Formats the status line.
fn status_text(counts: &CaptureCounts) -> String {
    format!("{} captured, {} waiting; {}", frame_count(counts.captured), counts.waiting, drop_counts(counts))
}

/// Formats the summary of a capture.
pub(super) fn capture_summary(names: &str, counts: &CaptureCounts, time: Duration) -> String {
    format!("{names}: {} in {:.1} s; {}", frame_count(counts.captured), time.as_secs_f64(), drop_counts(counts))
}

/// Formats the summary of the written files.
pub(super) fn written_summary(summary: &Summary) -> String {
    let &Summary { files, removed, packets, bytes, .. } = summary;
    let last = summary.last.as_deref().map_or("standard output".into(), |path| escape_paths([path]));
    let written = format!("{} written to {last} ({bytes} bytes)", frame_count(packets));
    match (files, removed) {
        (1, _) => written,
        (_, 0) => format!("{} written to {files} files ({bytes} bytes), last {last}", frame_count(packets)),
        _ => {
            format!("{} written to {files} files ({bytes} bytes), last {last}; {removed} removed", frame_count(packets))
        }
    }
}

/// Formats a number of frames.
fn frame_count(count: u64) -> String {
    format!("{count} frame{}", if count == 1 { "" } else { "s" })
}

/// Formats the numbers of dropped frames.
fn drop_counts(counts: &CaptureCounts) -> String {
    let CaptureCounts { drops, queue_dropped, .. } = counts;
    format!("dropped: {} by kernel, {} by interface, {queue_dropped} by overhear", drops.kernel, drops.interface)
}

#[cfg(test)]
mod tests {
    use super::*;
    use overhear::live::Drops;

    #[test]
    fn prints_all_drop_counts() {
        let drops = Drops { received: 9, kernel: 3, interface: 1 };
        let counts = CaptureCounts { captured: 1, waiting: 2, queue_dropped: 4, drops, ..CaptureCounts::default() };
        assert_eq!(
            status_text(&counts),
            "1 frame captured, 2 waiting; dropped: 3 by kernel, 1 by interface, 4 by overhear"
        );
        let end = capture_summary("eth0", &counts, Duration::from_millis(1250));
        assert_eq!(end, "eth0: 1 frame in 1.2 s; dropped: 3 by kernel, 1 by interface, 4 by overhear");
    }
}
