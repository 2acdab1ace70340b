//! The screen: a capture that is looked through.

use super::Outcome;
use super::input::Named;
#[cfg(feature = "live")]
use super::input::filter_alone;
use super::output::shown;
#[cfg(feature = "live")]
use super::tell;
use crate::args::Input;
use jiff::tz::TimeZone;
use overhear::browse::Browser;
#[cfg(feature = "live")]
use overhear::browse::kept;
#[cfg(feature = "live")]
use overhear::confine::{Files, become_caller, disarm};
use overhear::source::Capture;
use overhear::tui::{self, Ended, Mail, Model, Theme};
#[cfg(feature = "live")]
use overhear::{live, sink, tui::Tab};
use signal_hook::low_level::emulate_default_handler;
use std::io::{self, IsTerminal};
#[cfg(feature = "live")]
use std::num::NonZeroU64;
use std::path::{Path, PathBuf};

/// The exit code of a program that a signal has ended is greater than this by its number, by the shells' convention.
const SIGNALLED: u8 = 128;

/// Shows what a command line names until the user leaves.
pub(super) fn show(input: Input) -> io::Result<Outcome> {
    spare_memory();
    match prepared(input) {
        Err(what) => Ok(Outcome::Wrong(what)),
        Ok((model, mail, browser)) => {
            let ended = tui::run(model, mail, |ask| browser.ask(ask));
            let is_well = close(browser);
            Ok(match ended {
                Ok(Ended::Left) if is_well => Outcome::Done,
                Ok(Ended::Left) => Outcome::Told,
                Ok(Ended::Signal(signal)) => {
                    let _ = emulate_default_handler(signal);
                    Outcome::Exit(SIGNALLED.saturating_add(u8::try_from(signal).unwrap_or(0)))
                }
                Err(error) => Outcome::Wrong(format!("the terminal cannot be used: {error}")),
            })
        }
    }
}

/// Ends what is read, and tells what is left of what was captured; whether nothing was wrong with it.
#[cfg(feature = "live")]
fn close(browser: Browser) -> bool {
    let left = browser.close();
    left.wrong.iter().for_each(|what| tell(&shown([Path::new(what)])));
    left.kept.iter().for_each(|path| tell(&kept(path)));
    left.wrong.is_empty()
}

/// Ends what is read.
#[cfg(not(feature = "live"))]
fn close(browser: Browser) -> bool {
    drop(browser);
    true
}

/// Goes without huge pages, where the system has them: they make a single reading faster, and what is kept of a capture
/// that is looked through a fifth larger.
fn spare_memory() {
    #[cfg(target_os = "linux")]
    let _ = nix::sys::prctl::set_thp_disable(true);
}

/// What is shown first, and who reads what is shown.
fn prepared(input: Input) -> Result<(Model, Mail, Browser), String> {
    #[cfg(feature = "live")]
    if !input.listen.interfaces.is_empty() {
        return listening(input);
    }
    let named = named(input)?;
    is_terminal()?;
    let names = named.paths.iter().map(PathBuf::as_path);
    let names = names.map(|path| if path == Path::new("-") { Path::new("standard input") } else { path });
    let model = model(&shown(names), named.filter.map(|wanted| wanted.1));
    let (hear, mail) = tui::mail();
    let browser = Browser::open(named.paths, move |answer| hear.hear(answer));
    Ok((model, mail, browser))
}

/// The same of interfaces.
#[cfg(feature = "live")]
fn listening(input: Input) -> Result<(Model, Mail, Browser), String> {
    use super::listening::{interfaces, names};
    let (filter, listen) = filter_alone(input)?;
    let stop: sink::Stop = listen.autostop.iter().copied().collect();
    if stop.size.is_some() || stop.files.is_some() || !listen.rotate.is_empty() {
        return Err("on the screen packets go into one file; -b and -a filesize or files go with a command".into());
    }
    if listen.write.as_deref() == Some(Path::new("-")) {
        return Err("-w -: standard output is the screen".into());
    }
    is_terminal()?;
    let opened = interfaces(&listen)?;
    // Files are still to be made: what is captured, what is saved. They are the caller's.
    let give_up = || become_caller().and_then(|_| disarm(Files::Make)).map(drop);
    give_up().map_err(|error| error.to_string())?;
    let model = model(&names(&opened), filter.map(|wanted| wanted.1)).following(Tab::Calls);
    let limits = live::Limits { packets: stop.packets.map(NonZeroU64::get), time: stop.duration };
    let (hear, mail) = tui::mail();
    let browser = Browser::listen(opened, listen.write, limits, move |answer| hear.hear(answer))?;
    Ok((model.spooled(browser.spool()), mail, browser))
}

/// An empty screen for this terminal.
fn model(name: &str, filter: Option<String>) -> Model {
    let zone = TimeZone::try_system().unwrap_or(TimeZone::UTC);
    let theme = Theme::of(|name| std::env::var_os(name));
    Model::new(name, theme, zone).filtered(filter.as_deref().unwrap_or_default())
}

fn is_terminal() -> Result<(), String> {
    if !io::stdout().is_terminal() {
        return Err(
            "the screen needs a terminal; into a pipe or a file go `overhear print`, `calls` and `streams`".into()
        );
    }
    match std::env::var_os("TERM").filter(|kind| !kind.is_empty()) {
        Some(kind) if kind != "dumb" => Ok(()),
        kind => Err(format!(
            "the screen needs a terminal with a cursor that can be placed, and TERM is {}; \
             `overhear print`, `calls` and `streams` need none",
            kind.map_or("not set", |_| "dumb")
        )),
    }
}

/// What a command line names, all of which can be opened.
fn named(input: Input) -> Result<Named, String> {
    if let ([only], []) = (input.words.as_slice(), input.read.as_slice())
        && only.to_str().is_some_and(|word| word.bytes().all(|byte| byte.is_ascii_lowercase()))
        && !Path::new(only).exists()
    {
        return Err(format!(
            "{}: there is no such command and no such file; see `overhear --help`",
            shown([Path::new(only)])
        ));
    }
    let named = Named::new(input)?;
    // What is no capture is told without a screen; a pipe is read only once.
    let files: Vec<PathBuf> = named.paths.iter().filter(|path| !is_pipe(path)).cloned().collect();
    if !files.is_empty() {
        Capture::open(files).map_err(|error| error.to_string())?;
    }
    Ok(named)
}

fn is_pipe(path: &Path) -> bool {
    path == Path::new("-") || path.metadata().is_ok_and(|about| !about.is_file() && !about.is_dir())
}
