//! How a capture goes, in the last line of the terminal and at its end.

use super::output::shown;
use overhear::live::Counts;
use overhear::sink::Summary;
use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};
use terminal_size::{Width, terminal_size_of};

/// How often it is drawn anew.
const PERIOD: Duration = Duration::from_millis(250);

/// A line on stderr, if that is a terminal.
pub(super) struct Status {
    wanted: bool,
    shown: bool,
    drawn: Option<Instant>,
}

impl Status {
    pub(super) fn new() -> Status {
        let dumb = std::env::var_os("TERM").is_none_or(|term| term == "dumb");
        Status { wanted: io::stderr().is_terminal() && !dumb, shown: false, drawn: None }
    }

    /// Shows how it goes, now and then.
    pub(super) fn show(&mut self, counts: &Counts) {
        if !self.wanted || self.shown && self.drawn.is_some_and(|drawn| drawn.elapsed() < PERIOD) {
            return;
        }
        let width = terminal_size_of(io::stderr()).map_or(80, |(Width(width), _)| usize::from(width));
        let text: String = line(counts).chars().take(width.saturating_sub(1)).collect();
        // That nobody can see it is no matter.
        let _ = write!(io::stderr(), "\r{text}\x1b[K");
        self.shown = true;
        self.drawn = Some(Instant::now());
    }

    /// Makes room for what is printed.
    pub(super) fn hide(&mut self) {
        if self.shown {
            let _ = write!(io::stderr(), "\r\x1b[K");
            self.shown = false;
        }
    }
}

fn line(counts: &Counts) -> String {
    format!("{} captured, {} waiting; {}", frames(counts.taken), counts.waiting, lost(counts))
}

/// What a capture has come to.
pub(super) fn summary(names: &str, counts: &Counts, time: Duration) -> String {
    format!("{names}: {} in {:.1} s; {}", frames(counts.taken), time.as_secs_f64(), lost(counts))
}

/// What was written.
pub(super) fn written(summary: &Summary) -> String {
    let &Summary { files, removed, packets, bytes, .. } = summary;
    let last = summary.last.as_deref().map_or("standard output".into(), |path| shown([path]));
    let written = format!("{} written to {last} ({bytes} bytes)", frames(packets));
    match (files, removed) {
        (1, _) => written,
        (_, 0) => format!("{} written to {files} files ({bytes} bytes), the last {last}", frames(packets)),
        _ => {
            format!("{} written to {files} files ({bytes} bytes), the last {last}; {removed} removed", frames(packets))
        }
    }
}

fn frames(count: u64) -> String {
    format!("{count} frame{}", if count == 1 { "" } else { "s" })
}

/// What was lost, by whom.
fn lost(counts: &Counts) -> String {
    let Counts { drops, left_out, .. } = counts;
    format!("lost: {} by the kernel, {} by the interface, {left_out} here", drops.kernel, drops.interface)
}

#[cfg(test)]
mod tests {
    use super::*;
    use overhear::live::Drops;

    #[test]
    fn all_that_was_lost_is_told() {
        let drops = Drops { received: 9, kernel: 3, interface: 1 };
        let counts = Counts { taken: 1, waiting: 2, left_out: 4, drops, ..Counts::default() };
        assert_eq!(line(&counts), "1 frame captured, 2 waiting; lost: 3 by the kernel, 1 by the interface, 4 here");
        let end = summary("eth0", &counts, Duration::from_millis(1250));
        assert_eq!(end, "eth0: 1 frame in 1.2 s; lost: 3 by the kernel, 1 by the interface, 4 here");
    }
}
