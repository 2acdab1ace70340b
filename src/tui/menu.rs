//! Menus: sort order, columns, copying, filters and confirmations.

use super::display_filter;
use super::keys::Action;
use super::message::Effect;
use super::model::{Model, StatusMessage, View};
use super::quit_menu::{self, QuitChoice};
use super::scroll::ScrollState;
use crate::browse::BrowseRequest;
use std::path::PathBuf;
use std::sync::Arc;

/// Action of a menu item.
#[derive(Clone, Debug)]
pub(crate) enum MenuChoice {
    Copy(String),
    /// Copies this call's request as a curl command.
    Curl(usize),
    Filter(String),
    /// Sorts the list by this column.
    Sort(usize),
    /// Shows or hides this column; the menu stays open.
    Column(usize),
    /// Hides the column of this field.
    Field(&'static dissectors::Field),
    /// Saves over an existing file.
    Overwrite(PathBuf),
    /// Quits, with this action for the captured frames.
    Quit(QuitChoice),
    Cancel,
}

/// Item of a menu.
#[derive(Clone, Debug)]
pub(crate) struct MenuItem {
    pub(crate) title: String,
    /// Description shown beside the title.
    pub(crate) description: String,
    pub(crate) choice: MenuChoice,
}

/// Open menu.
#[derive(Debug)]
pub(crate) struct Menu {
    pub(crate) title: String,
    pub(crate) items: Vec<MenuItem>,
    pub(crate) list: ScrollState,
}

/// Maximum number of visible items.
pub(crate) const MAX_VISIBLE_ITEMS: usize = 14;

impl Menu {
    pub(crate) fn new(title: impl Into<String>, items: Vec<MenuItem>) -> Menu {
        Menu { title: title.into(), items, list: ScrollState::default() }
    }
}

/// Opens a menu, unless it is empty.
pub(crate) fn open(model: &mut Model, menu: Menu) {
    if menu.items.is_empty() {
        model.show_error("Nothing to select here");
    } else {
        model.menu = Some(menu);
    }
}

/// Opens the menu of sort columns.
pub(crate) fn open_sort_menu(model: &mut Model) {
    let (columns, can_sort): (_, fn(usize) -> bool) = match (model.view, sorted_list(model)) {
        (_, Some(list)) => (list.columns, |_| true),
        (View::Frames, _) => (&super::view::frames::COLUMNS[..], super::frame_order::can_sort),
        _ => return,
    };
    let columns = columns.iter().enumerate().filter(|&(at, column)| !column.title.is_empty() && can_sort(at));
    let mut items = vec![MenuItem {
        title: "as captured".into(),
        description: String::new(),
        choice: MenuChoice::Sort(usize::MAX),
    }];
    items.extend(columns.map(|(at, column)| MenuItem {
        title: column.title.into(),
        description: column.description.into(),
        choice: MenuChoice::Sort(at),
    }));
    open(model, Menu::new("Sort by", items));
}

/// Opens the menu of visible columns.
pub(crate) fn open_columns_menu(model: &mut Model) {
    let (columns, hidden) = match (model.view, sorted_list(model)) {
        (_, Some(list)) => (list.columns, list.hidden),
        (View::Frames, _) => (&super::view::frames::COLUMNS[..], model.frames.hidden),
        _ => return,
    };
    let mark = |at: usize| if hidden >> at & 1 == 0 { "[x]" } else { "[ ]" };
    let item = |title: String, description: &str, choice| MenuItem { title, description: description.into(), choice };
    let own = columns.iter().enumerate();
    let own = own
        .map(|(at, column)| item(format!("{} {}", mark(at), column.title), column.description, MenuChoice::Column(at)));
    let of_frames = model.frames.fields.iter().filter(|_| model.view == View::Frames);
    let fields = of_frames.map(|field| item(format!("[x] {}", field.name), field.doc, MenuChoice::Field(field)));
    let items = own.chain(fields).collect();
    open(model, Menu::new("Columns", items));
}

/// Sorts the view's list by a column; reverses the order if it is sorted by it.
pub(crate) fn sort_by(model: &mut Model, column: usize) {
    if model.view == View::Frames {
        return model.frames.order.sort_by(column);
    }
    if let Some(list) = sorted_list(model) {
        list.sort_by(column);
    }
}

/// Returns the sorted list of the view, if it has one.
pub(crate) fn sorted_list(model: &mut Model) -> Option<&mut super::sorted_list::SortedList> {
    match model.view {
        View::Calls => Some(&mut model.calls),
        View::Streams => Some(&mut model.streams),
        View::Notes => Some(&mut model.notes.sorted_list),
        View::Statistics => model.statistics.table_mut(),
        _ => None,
    }
}

/// Runs an action of the menu.
pub(crate) fn run_action(model: &mut Model, action: Action) -> Vec<Effect> {
    let Some(menu) = &mut model.menu else { return Vec::new() };
    match action {
        Action::Move(step) => menu.list.move_cursor(step, menu.items.len(), MAX_VISIBLE_ITEMS),
        Action::Back => {
            model.menu = None;
            model.quits_after_save = false;
        }
        Action::Enter => {
            let choice = menu.items.get(menu.list.cursor).map(|item| item.choice.clone());
            return choice.map_or(Vec::new(), |choice| run_choice(model, choice));
        }
        _ => {}
    }
    if let Some(menu) = &mut model.menu {
        menu.list.fit(menu.items.len(), MAX_VISIBLE_ITEMS);
    }
    Vec::new()
}

fn run_choice(model: &mut Model, choice: MenuChoice) -> Vec<Effect> {
    let Some(menu) = model.menu.take() else { return Vec::new() };
    match choice {
        MenuChoice::Copy(text) => copy(model, text),
        MenuChoice::Curl(call) => {
            if model.call_view.details.is_some() && model.call_view.loaded == Some(call) {
                return super::call::copy_curl(model);
            }
            model.call_view.copies_curl = true;
            vec![super::call::request(model, call)]
        }
        MenuChoice::Filter(text) => display_filter::apply(model, &text),
        MenuChoice::Sort(column) => {
            sort_by(model, column);
            Vec::new()
        }
        MenuChoice::Column(column) => {
            match sorted_list(model) {
                Some(list) => list.hidden ^= 1 << column,
                None => model.frames.hidden ^= 1 << column,
            }
            open_columns_menu(model);
            if let Some(shown) = &mut model.menu {
                shown.list = menu.list;
            }
            Vec::new()
        }
        MenuChoice::Field(field) => {
            // A visible column can always be hidden.
            let _ = model.frames.toggle_column(field);
            Vec::new()
        }
        MenuChoice::Overwrite(path) => save(model, path, true),
        MenuChoice::Quit(choice) => quit_menu::run_choice(model, choice),
        MenuChoice::Cancel => {
            model.quits_after_save = false;
            Vec::new()
        }
    }
}

/// Status after copying a text.
const CLIPBOARD_STATUS: &str = "Sent to the terminal's clipboard";

/// Adds to the status that the text was also copied to tmux's buffer.
pub(crate) fn add_tmux_status(model: &mut Model) {
    if let Some(StatusMessage::Info(message)) = &model.status
        && message.starts_with(CLIPBOARD_STATUS)
    {
        model.status = Some(StatusMessage::Info(format!("Copied to tmux's buffer. {message}")));
    }
}

/// Copies a text to the clipboard.
pub(crate) fn copy(model: &mut Model, text: String) -> Vec<Effect> {
    let lines = text.lines().count();
    let more = if lines > 1 { format!(" (and {} more lines)", lines - 1) } else { String::new() };
    // Terminals do not confirm OSC 52.
    model.show_info(format!("{CLIPBOARD_STATUS}: {}{more}", text.lines().next().unwrap_or_default()));
    vec![Effect::Copy(text)]
}

/// Saves the frames that match the filter; all frames when quitting.
pub(crate) fn save(model: &mut Model, path: PathBuf, overwrite: bool) -> Vec<Effect> {
    let applied = model.applied_filter.as_ref().filter(|_| !model.quits_after_save);
    let frames = applied.map(|applied| Arc::clone(&applied.frames));
    model.show_info(format!("Saving {}", path.display()));
    vec![Effect::Query(BrowseRequest::Save { path, frames, overwrite })]
}

/// Opens the menu that confirms overwriting a file.
pub(crate) fn confirm_overwrite(model: &mut Model, path: PathBuf) {
    model.status = None;
    let title = format!("{} already exists", super::text::sanitize(&path.to_string_lossy()));
    let item = |title: &str, choice| MenuItem { title: title.into(), description: String::new(), choice };
    let items = vec![item("Cancel", MenuChoice::Cancel), item("Replace", MenuChoice::Overwrite(path))];
    open(model, Menu::new(title, items));
}
