//! Progress bar on stderr for reading captures.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use overhear::source::Progress;
use std::io::{self, IsTerminal};
use std::time::{Duration, Instant};

/// Frames between two checks of the clock.
const FRAMES_PER_CLOCK_CHECK: u32 = 4096;

/// Minimum elapsed time before the bar appears.
const MIN_ELAPSED: Duration = Duration::from_millis(500);

/// Progress bar, drawn once reading takes longer than [`MIN_ELAPSED`].
pub(super) struct ReadProgressBar {
    start: Instant,
    frames: u32,
    bar: Option<ProgressBar>,
    /// Whether stderr is a terminal that may show the bar.
    enabled: bool,
    /// Number of passes over the captures.
    passes: u64,
    /// Number of completed passes.
    pass: u64,
}

impl ReadProgressBar {
    /// Creates a bar for `passes` passes over the captures. Disabled unless stderr is a terminal without other output.
    pub(super) fn new(output_to_file: bool, passes: u64) -> ReadProgressBar {
        let enabled = io::stderr().is_terminal() && (output_to_file || !io::stdout().is_terminal());
        ReadProgressBar { start: Instant::now(), frames: 0, bar: None, enabled, passes, pass: 0 }
    }

    /// Creates a bar that is never drawn.
    pub(super) fn disabled() -> ReadProgressBar {
        ReadProgressBar { start: Instant::now(), frames: 0, bar: None, enabled: false, passes: 1, pass: 0 }
    }

    /// Starts the next pass.
    pub(super) fn start_pass(&mut self) {
        self.pass += 1;
    }

    /// Counts a frame and redraws the bar periodically. Calls `progress` only when drawing.
    #[inline]
    pub(super) fn count_frame(&mut self, progress: impl FnOnce() -> Progress) {
        self.frames = self.frames.wrapping_add(1);
        if self.enabled && self.frames.is_multiple_of(FRAMES_PER_CLOCK_CHECK) && self.start.elapsed() > MIN_ELAPSED {
            self.draw(progress());
        }
    }

    #[cold]
    fn draw(&mut self, progress: Progress) {
        let passes = self.passes;
        let bar = self.bar.get_or_insert_with(|| {
            let target = ProgressDrawTarget::stderr();
            match progress.total {
                Some(total) => {
                    let bar = ProgressBar::with_draw_target(Some(total.saturating_mul(passes)), target);
                    bar.with_style(style("{bar:40} {percent:>3} % of {total_bytes}"))
                }
                None => ProgressBar::with_draw_target(None, target).with_style(style("{bytes} read")),
            }
        });
        bar.set_position(progress.total.unwrap_or(0).saturating_mul(self.pass).saturating_add(progress.read));
    }

    /// Removes the bar.
    pub(super) fn clear(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}
