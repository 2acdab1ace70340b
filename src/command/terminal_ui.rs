//! Terminal UI for a capture or for interfaces.

use super::CommandOutcome;
use super::decode::decode_options;
use super::frame_source::WRITE_REQUIRES;
use super::input::CaptureInput;
#[cfg(feature = "live")]
use super::input::{LiveInput, live_input};
use super::output::escape_paths;
#[cfg(feature = "live")]
use super::print_message;
use crate::args::{InputArgs, unknown_command};
use jiff::tz::TimeZone;
use overhear::browse::Browser;
#[cfg(feature = "live")]
use overhear::browse::saved_message;
#[cfg(feature = "live")]
use overhear::confine::{FileAccess, become_caller, drop_capabilities};
use overhear::source::Capture;
use overhear::tui::{self, Inbox, Model, ScreenEnd, Theme};
#[cfg(feature = "live")]
use overhear::{live, sink, tui::Tab};
use signal_hook::low_level::emulate_default_handler;
use std::io::{self, IsTerminal};
#[cfg(feature = "live")]
use std::num::NonZeroU64;
use std::path::{Path, PathBuf};

/// Exit code offset of a program that a signal ended: 128 plus the signal's number, by shell convention.
const SIGNAL_EXIT_BASE: u8 = 128;

/// Shows the captures or interfaces of a command line until the user quits.
pub(super) fn show(input: InputArgs) -> io::Result<CommandOutcome> {
    disable_huge_pages();
    match prepare(input) {
        Err(message) => Ok(CommandOutcome::Error(message)),
        Ok((model, mail, browser)) => {
            let ended = tui::run(model, mail, |request| browser.send(request));
            let is_success = close(browser);
            Ok(match ended {
                Ok(ScreenEnd::Quit) if is_success => CommandOutcome::Done,
                Ok(ScreenEnd::Quit) => CommandOutcome::Reported,
                Ok(ScreenEnd::Signal(signal)) => {
                    let _ = emulate_default_handler(signal);
                    CommandOutcome::Exit(SIGNAL_EXIT_BASE.saturating_add(u8::try_from(signal).unwrap_or(0)))
                }
                Err(error) => CommandOutcome::Error(format!("cannot use the terminal: {error}")),
            })
        }
    }
}

/// Closes the browser and prints its errors and the capture files that it keeps. Returns whether there were no errors.
#[cfg(feature = "live")]
fn close(browser: Browser) -> bool {
    let result = browser.close();
    result.errors.iter().for_each(|message| print_message(&escape_paths([Path::new(message)])));
    result.kept_file.iter().for_each(|path| print_message(&saved_message(path)));
    result.errors.is_empty()
}

/// Closes the browser. Returns whether there were no errors.
#[cfg(not(feature = "live"))]
fn close(browser: Browser) -> bool {
    drop(browser);
    true
}

/// Disables transparent huge pages. They make a single pass faster, but enlarge the index of a browsed capture by 20 %.
fn disable_huge_pages() {
    #[cfg(target_os = "linux")]
    let _ = nix::sys::prctl::set_thp_disable(true);
}

/// Creates the initial model, its message channel and the browser that serves it.
fn prepare(input: InputArgs) -> Result<(Model, Inbox, Browser), String> {
    #[cfg(feature = "live")]
    if !input.live.interfaces.is_empty() {
        return prepare_live(input);
    }
    if input.write.is_some() {
        return Err(WRITE_REQUIRES.into());
    }
    let mut decode = decode_options(&input.decode)?;
    decode.saves_secrets = input.with_secrets;
    let input = open_input(input)?;
    if input.paths.iter().any(|path| is_pipe(path)) {
        decode.await_secrets();
    }
    require_terminal()?;
    let names = input.paths.iter().map(PathBuf::as_path);
    let names = names.map(|path| if path == Path::new("-") { Path::new("standard input") } else { path });
    let model =
        empty_model(&escape_paths(names), input.filter.map(|filter| filter.1)).with_names(decode.names.flags.network);
    let model = model.with_key_logs(decode.key_log_names()).with_redaction(decode.redactor.is_some());
    let (sender, mail) = tui::inbox();
    let browser = Browser::open_with(input.paths, decode, move |response| sender.send(response));
    Ok((model, mail, browser))
}

/// Creates model, message channel and browser for a live capture.
#[cfg(feature = "live")]
fn prepare_live(input: InputArgs) -> Result<(Model, Inbox, Browser), String> {
    use super::live_run::{interface_names, open_interfaces};
    let mut decode = decode_options(&input.decode)?;
    decode.saves_secrets = input.with_secrets;
    decode.await_secrets();
    let LiveInput { listen, filter, write } = live_input(input)?;
    let stop: sink::StopConditions = listen.autostop.iter().copied().collect();
    if stop.size.is_some() || stop.files.is_some() || !listen.rotate.is_empty() {
        return Err(
            "the terminal UI writes one file; -b, -a filesize and -a files require a command such as print".into()
        );
    }
    if write.as_deref() == Some(Path::new("-")) {
        return Err("-w -: standard output is in use by the terminal UI".into());
    }
    require_terminal()?;
    let opened = open_interfaces(&listen)?;
    // The terminal UI still creates files for captured and saved packets. They belong to the calling user.
    let drop_rights = || become_caller().and_then(|_| drop_capabilities(FileAccess::Create)).map(drop);
    drop_rights().map_err(|error| error.to_string())?;
    let model = empty_model(&interface_names(&opened), filter.map(|filter| filter.1)).with_follow(Tab::Calls);
    let model = model.with_names(decode.names.flags.network).with_key_logs(decode.key_log_names());
    let limits = live::Limits { packets: stop.packets.map(NonZeroU64::get), time: stop.duration };
    let (sender, mail) = tui::inbox();
    let browser = Browser::open_live(opened, write, limits, decode, move |response| sender.send(response))?;
    Ok((model.with_spool(browser.spool()), mail, browser))
}

/// Creates an empty model for this terminal.
fn empty_model(name: &str, filter: Option<String>) -> Model {
    let zone = TimeZone::try_system().unwrap_or(TimeZone::UTC);
    let theme = Theme::detect(|name| std::env::var_os(name));
    Model::new(name, theme, zone).with_filter(filter.as_deref().unwrap_or_default())
}

/// Returns an error unless standard output is a terminal that can show the terminal UI.
fn require_terminal() -> Result<(), String> {
    if !io::stdout().is_terminal() {
        return Err(
            "the terminal UI requires a terminal; for a pipe or a file use `overhear print`, `calls` or `streams`"
                .into(),
        );
    }
    match std::env::var_os("TERM").filter(|kind| !kind.is_empty()) {
        Some(kind) if kind != "dumb" => Ok(()),
        kind => Err(format!(
            "the terminal UI requires a terminal with cursor addressing, but TERM is {}; \
             use `overhear print`, `calls` or `streams`",
            kind.map_or("not set", |_| "dumb")
        )),
    }
}

/// Returns the captures and the filter of a command line. Returns an error if a capture file cannot be opened.
fn open_input(input: InputArgs) -> Result<CaptureInput, String> {
    if let Some(message) = input.words.first().and_then(|word| unknown_command(word.to_str()?)) {
        return Err(message);
    }
    if let ([word], []) = (input.words.as_slice(), input.read.as_slice())
        && word.to_str().is_some_and(|word| word.bytes().all(|byte| byte.is_ascii_lowercase()))
        && !Path::new(word).exists()
    {
        return Err(format!("{}: no such command or file; see `overhear --help`", escape_paths([Path::new(word)])));
    }
    let input = CaptureInput::new(input)?;
    // Errors are reported before the terminal UI appears. A pipe can be read only once and is not tested.
    let files: Vec<PathBuf> = input.paths.iter().filter(|path| !is_pipe(path)).cloned().collect();
    if !files.is_empty() {
        Capture::open(files).map_err(|error| error.to_string())?;
    }
    Ok(input)
}

/// Returns whether a path is standard input or neither a regular file nor a directory.
fn is_pipe(path: &Path) -> bool {
    path == Path::new("-") || path.metadata().is_ok_and(|metadata| !metadata.is_file() && !metadata.is_dir())
}
