//! The end, and what becomes of what was captured: nothing that nobody saved is thrown away unasked.

use super::menu::{self, Choice, Item, Menu};
use super::model::Model;
use super::msg::Effect;
use super::sift::{Purpose, Typing};
use super::text::{counted, plain};
use super::update::suggested;
use crate::browse::Ask;
use std::path::Path;

/// What is done with what was captured and not saved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Leave {
    /// It stays where it is.
    Keep,
    Save,
    Discard,
}

/// Ends, or asks what is to be done before.
pub(crate) fn quit(model: &mut Model) -> Vec<Effect> {
    let Some(spool) = &model.spool else { return vec![Effect::Quit] };
    let unsaved = model.index.frames.len() as u64;
    if unsaved <= model.saved {
        return left(model.saved);
    }
    // Who does not answer keeps all.
    let is_asked = |menu: &Menu| menu.items.iter().any(|item| matches!(item.choice, Choice::Leave(_)));
    if model.menu.as_ref().is_some_and(is_asked) {
        return vec![Effect::Quit];
    }
    let spool = plain(&spool.to_string_lossy()).into_owned();
    let item = |title: &str, about: &str, choice| Item { title: title.into(), about: about.into(), choice };
    let items = vec![
        item("keep it", &spool, Choice::Leave(Leave::Keep)),
        item("save it", "as a file that has a name", Choice::Leave(Leave::Save)),
        item("throw it away", "", Choice::Leave(Leave::Discard)),
        item("stay", "", Choice::Nothing),
    ];
    menu::open(model, Menu::new(format!("quit: {} not saved", counted(unsaved, "frame")), items));
    Vec::new()
}

/// Does what was chosen.
pub(crate) fn choose(model: &mut Model, how: Leave) -> Vec<Effect> {
    match how {
        Leave::Keep => vec![Effect::Quit],
        Leave::Discard => left(u64::MAX),
        Leave::Save => {
            model.leaving = true;
            model.typing = Some(Typing::new(Purpose::Save, &suggested(&model.name)));
            Vec::new()
        }
    }
}

/// Takes in that frames were saved, or were not.
pub(crate) fn saved(model: &mut Model, path: &Path, result: Result<u64, String>) -> Vec<Effect> {
    let leaves = std::mem::take(&mut model.leaving);
    match result {
        Ok(count) => {
            // An earlier file may have been written over by this one.
            model.saved = count;
            model.done(format!("{} in {}", counted(count, "frame"), path.display()));
            if leaves { left(count) } else { Vec::new() }
        }
        Err(what) => {
            model.wrong(format!("{}: {what}", path.display()));
            Vec::new()
        }
    }
}

/// Ends; so many frames are not wanted any more.
fn left(unwanted: u64) -> Vec<Effect> {
    vec![Effect::Ask(Ask::Discard(unwanted)), Effect::Quit]
}
