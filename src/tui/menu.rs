//! Menus: a few things to choose from.

use super::keys::Action;
use super::leave::{self, Leave};
use super::list::List;
use super::model::{Model, View, Word};
use super::msg::Effect;
use super::sift;
use crate::browse::Ask;
use std::path::PathBuf;
use std::sync::Arc;

/// What is done when it is chosen.
#[derive(Clone, Debug)]
pub(crate) enum Choice {
    Copy(String),
    /// Copies the command that makes the same request as this call.
    Curl(usize),
    Filter(String),
    /// Sorts the list by this column.
    Sort(usize),
    /// Shows this column, or not; the menu stays.
    Column(usize),
    /// Takes the column of this field away.
    Field(&'static dissectors::Field),
    /// Writes over a file.
    Over(PathBuf),
    /// Ends, and does this with what was captured.
    Leave(Leave),
    Nothing,
}

/// A line of a menu.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    pub(crate) title: String,
    /// What stands beside it.
    pub(crate) about: String,
    pub(crate) choice: Choice,
}

/// A menu.
#[derive(Debug)]
pub(crate) struct Menu {
    pub(crate) title: String,
    pub(crate) items: Vec<Item>,
    pub(crate) list: List,
}

/// Lines of a menu that are seen at once.
pub(crate) const HEIGHT: usize = 14;

impl Menu {
    pub(crate) fn new(title: impl Into<String>, items: Vec<Item>) -> Menu {
        Menu { title: title.into(), items, list: List::default() }
    }
}

/// Opens a menu, if there is anything in it.
pub(crate) fn open(model: &mut Model, menu: Menu) {
    if menu.items.is_empty() {
        model.wrong("there is nothing to choose here");
    } else {
        model.menu = Some(menu);
    }
}

/// Opens the menu of columns to sort by.
pub(crate) fn sort(model: &mut Model) {
    let (columns, can_sort): (_, fn(usize) -> bool) = match (model.view, roster(model)) {
        (_, Some(roster)) => (roster.columns, |_| true),
        (View::Frames, _) => (&super::view::frames::COLUMNS[..], super::order::can_sort),
        _ => return,
    };
    let columns = columns.iter().enumerate().filter(|&(at, column)| !column.title.is_empty() && can_sort(at));
    let mut items = vec![Item { title: "as captured".into(), about: String::new(), choice: Choice::Sort(usize::MAX) }];
    items.extend(columns.map(|(at, column)| Item {
        title: column.title.into(),
        about: column.about.into(),
        choice: Choice::Sort(at),
    }));
    open(model, Menu::new("Sort by", items));
}

/// Opens the menu of columns to be shown.
pub(crate) fn columns(model: &mut Model) {
    let (columns, hidden) = match (model.view, roster(model)) {
        (_, Some(roster)) => (roster.columns, roster.hidden),
        (View::Frames, _) => (&super::view::frames::COLUMNS[..], model.frames.hidden),
        _ => return,
    };
    let mark = |at: usize| if hidden >> at & 1 == 0 { "[x]" } else { "[ ]" };
    let item = |title: String, about: &str, choice| Item { title, about: about.into(), choice };
    let own = columns.iter().enumerate();
    let own = own.map(|(at, column)| item(format!("{} {}", mark(at), column.title), column.about, Choice::Column(at)));
    let of_frames = model.frames.fields.iter().filter(|_| model.view == View::Frames);
    let fields = of_frames.map(|field| item(format!("[x] {}", field.name), field.doc, Choice::Field(field)));
    let items = own.chain(fields).collect();
    open(model, Menu::new("Columns", items));
}

/// Sorts the list of the view by a column, the other way round if it is sorted by it.
pub(crate) fn sort_by(model: &mut Model, column: usize) {
    if model.view == View::Frames {
        return model.frames.order.sort_by(column);
    }
    if let Some(roster) = roster(model) {
        roster.sort_by(column);
    }
}

/// The list of calls, of connections or of what is counted, if the view is one of those.
pub(crate) fn roster(model: &mut Model) -> Option<&mut super::roster::Roster> {
    match model.view {
        View::Calls => Some(&mut model.calls),
        View::Streams => Some(&mut model.streams),
        View::Notes => Some(&mut model.notes.roster),
        View::Statistics => model.statistics.table_mut(),
        _ => None,
    }
}

/// Does what a key says in a menu.
pub(crate) fn act(model: &mut Model, action: Action) -> Vec<Effect> {
    let Some(menu) = &mut model.menu else { return Vec::new() };
    match action {
        Action::Go(way) => menu.list.go(way, menu.items.len(), HEIGHT),
        Action::Back => {
            model.menu = None;
            model.leaving = false;
        }
        Action::Enter => {
            let choice = menu.items.get(menu.list.at).map(|item| item.choice.clone());
            return choice.map_or(Vec::new(), |choice| choose(model, choice));
        }
        _ => {}
    }
    if let Some(menu) = &mut model.menu {
        menu.list.settle(menu.items.len(), HEIGHT);
    }
    Vec::new()
}

fn choose(model: &mut Model, choice: Choice) -> Vec<Effect> {
    let Some(menu) = model.menu.take() else { return Vec::new() };
    match choice {
        Choice::Copy(text) => copy(model, text),
        Choice::Curl(call) => {
            if model.opened.told.is_some() && model.opened.call == Some(call) {
                return super::call::copy_curl(model);
            }
            model.opened.curl = true;
            vec![super::call::ask(model, call)]
        }
        Choice::Filter(text) => sift::apply(model, &text),
        Choice::Sort(column) => {
            sort_by(model, column);
            Vec::new()
        }
        Choice::Column(column) => {
            match roster(model) {
                Some(roster) => roster.hidden ^= 1 << column,
                None => model.frames.hidden ^= 1 << column,
            }
            columns(model);
            if let Some(shown) = &mut model.menu {
                shown.list = menu.list;
            }
            Vec::new()
        }
        Choice::Field(field) => {
            // One that has a column can be taken away.
            let _ = model.frames.turn_column(field);
            Vec::new()
        }
        Choice::Over(path) => save(model, path, true),
        Choice::Leave(how) => leave::choose(model, how),
        Choice::Nothing => {
            model.leaving = false;
            Vec::new()
        }
    }
}

/// What is told of a text that was copied.
const SENT: &str = "sent to the terminal's clipboard";

/// Learns that what was copied is in tmux's buffer, too.
pub(crate) fn copied(model: &mut Model) {
    if let Some(Word::Done(what)) = &model.word
        && what.starts_with(SENT)
    {
        model.word = Some(Word::Done(format!("in tmux's buffer, and {what}")));
    }
}

/// Puts a text into the clipboard.
pub(crate) fn copy(model: &mut Model, text: String) -> Vec<Effect> {
    let lines = text.lines().count();
    let more = if lines > 1 { format!(" (and {} more lines)", lines - 1) } else { String::new() };
    // No terminal says whether it has taken it.
    model.done(format!("{SENT}: {}{more}", text.lines().next().unwrap_or_default()));
    vec![Effect::Copy(text)]
}

/// Saves the frames that the filter lets through; all when they are left.
pub(crate) fn save(model: &mut Model, path: PathBuf, over: bool) -> Vec<Effect> {
    let sifted = model.sifted.as_ref().filter(|_| !model.leaving);
    let frames = sifted.map(|sifted| Arc::clone(&sifted.frames));
    model.done(format!("saving {}", path.display()));
    vec![Effect::Ask(Ask::Save { path, frames, over })]
}

/// Asks whether a file is to be written over.
pub(crate) fn ask_over(model: &mut Model, path: PathBuf) {
    model.word = None;
    let title = format!("{} is there already", super::text::plain(&path.to_string_lossy()));
    let item = |title: &str, choice| Item { title: title.into(), about: String::new(), choice };
    let items = vec![item("leave it", Choice::Nothing), item("replace it", Choice::Over(path))];
    open(model, Menu::new(title, items));
}
