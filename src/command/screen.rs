//! The screen: a capture that is looked through.

use super::input::Named;
use super::output::shown;
use super::{Outcome, tell};
use crate::args::Input;
use jiff::tz::TimeZone;
use overhear::browse::Browser;
use overhear::source::Capture;
use overhear::tui::{Hear, Model, Theme};
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};

/// Shows what a command line names until the user leaves.
pub(super) fn show(input: Input) -> io::Result<Outcome> {
    #[cfg(feature = "live")]
    if !input.listen.interfaces.is_empty() {
        return Ok(Outcome::Wrong("interfaces are not shown on the screen yet; `overhear calls -i` prints".into()));
    }
    let named = match named(input) {
        Ok(named) => named,
        Err(what) => return Ok(Outcome::Wrong(what)),
    };
    if !io::stdout().is_terminal() {
        let what = "the screen needs a terminal; into a pipe or a file go `overhear print`, `calls` and `streams`";
        return Ok(Outcome::Wrong(what.into()));
    }
    let zone = TimeZone::try_system().unwrap_or(TimeZone::UTC);
    let theme = Theme::of(|name| std::env::var_os(name));
    let names = named.paths.iter().map(PathBuf::as_path);
    let names = names.map(|path| if path == Path::new("-") { Path::new("standard input") } else { path });
    let model = Model::new(&shown(names), theme, zone);
    let model = model.filtered(named.text.as_deref().unwrap_or_default());
    let paths = named.paths;
    let open = |hear: Hear| {
        let browser = Browser::open(paths, move |answer| hear.hear(answer));
        move |ask| browser.ask(ask)
    };
    match overhear::tui::run(model, open) {
        Ok(()) => Ok(Outcome::Done),
        Err(error) => {
            tell(&format!("the terminal cannot be used: {error}"));
            Ok(Outcome::Told)
        }
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
    path == Path::new("-") || path.metadata().is_ok_and(|meta| !meta.is_file())
}
