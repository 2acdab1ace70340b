//! A progress bar on stderr, where a person would otherwise wait without a sign.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use overhear::source::Progress;
use std::io::{self, IsTerminal};
use std::time::{Duration, Instant};

/// Frames between two looks at the clock.
const STRIDE: u32 = 4096;

/// Work shorter than this has no bar.
const PATIENCE: Duration = Duration::from_millis(500);

/// The bar, once there is a reason for one.
pub(super) struct Bar {
    begun: Instant,
    frames: u32,
    shown: Option<ProgressBar>,
    wanted: bool,
    /// How often the captures are read, and how often they have been.
    passes: u64,
    pass: u64,
}

impl Bar {
    /// A bar for reading the captures so many times; hidden if stderr is no terminal, or if the output fills the same one.
    pub(super) fn new(output_to_file: bool, passes: u64) -> Bar {
        let wanted = io::stderr().is_terminal() && (output_to_file || !io::stdout().is_terminal());
        Bar { begun: Instant::now(), frames: 0, shown: None, wanted, passes, pass: 0 }
    }

    /// Another pass begins.
    pub(super) fn again(&mut self) {
        self.pass += 1;
    }

    /// A frame was read; `progress` is asked now and then.
    #[inline]
    pub(super) fn frame(&mut self, progress: impl FnOnce() -> Progress) {
        self.frames = self.frames.wrapping_add(1);
        if self.wanted && self.frames.is_multiple_of(STRIDE) && self.begun.elapsed() > PATIENCE {
            self.draw(progress());
        }
    }

    #[cold]
    fn draw(&mut self, progress: Progress) {
        let passes = self.passes;
        let bar = self.shown.get_or_insert_with(|| {
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

    /// Takes the bar away.
    pub(super) fn clear(&mut self) {
        if let Some(bar) = self.shown.take() {
            bar.finish_and_clear();
        }
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}
