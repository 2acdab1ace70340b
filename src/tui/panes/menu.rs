//! Menus: sort order, columns, copying, filters and confirmations.

use crate::browse::BrowseRequest;
use crate::tui::model::keys::Action;
use crate::tui::model::menu::{MAX_VISIBLE_ITEMS, Menu, MenuChoice, MenuItem, open};
use crate::tui::model::message::Effect;
use crate::tui::model::{Model, StatusMessage, View, display_filter};
use crate::tui::panes::{call, quit_menu};
use crate::tui::widgets::columns::ListColumn;
use crate::tui::widgets::draw::centered;
use crate::tui::widgets::text;
use crate::tui::widgets::text::width;
use ratatui::layout::Rect;
use std::path::PathBuf;
use std::sync::Arc;

/// Opens the menu of sort columns.
pub(crate) fn open_sort_menu(model: &mut Model) {
    let Some(list) = model.sorted_list_mut() else { return };
    let is_listed = |&(at, column): &(usize, &ListColumn)| !column.title.is_empty() && list.can_sort(at);
    let columns: Vec<_> = list.columns.iter().enumerate().filter(is_listed).collect();
    let mut items = vec![MenuItem {
        title: "as captured".into(),
        description: String::new(),
        choice: MenuChoice::Sort(usize::MAX),
    }];
    items.extend(columns.into_iter().map(|(at, column)| MenuItem {
        title: column.title.into(),
        description: column.description.into(),
        choice: MenuChoice::Sort(at),
    }));
    open(model, Menu::new("Sort by", items));
}

/// Opens the menu of visible columns.
pub(crate) fn open_columns_menu(model: &mut Model) {
    let Some((columns, hidden)) = model.sorted_list_mut().map(|list| (list.columns, list.hidden)) else { return };
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
    if let Some(list) = model.sorted_list_mut() {
        list.sort_by(column);
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
                return call::copy_curl(model);
            }
            model.call_view.copies_curl = true;
            vec![call::request(model, call)]
        }
        MenuChoice::Filter(text) => display_filter::apply(model, &text),
        MenuChoice::Sort(column) => {
            sort_by(model, column);
            Vec::new()
        }
        MenuChoice::Column(column) => {
            if let Some(list) = model.sorted_list_mut() {
                list.hidden ^= 1 << column;
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
    let title = format!("{} already exists", text::sanitize(&path.to_string_lossy()));
    let item = |title: &str, choice| MenuItem { title: title.into(), description: String::new(), choice };
    let items = vec![item("Cancel", MenuChoice::Cancel), item("Replace", MenuChoice::Overwrite(path))];
    open(model, Menu::new(title, items));
}

/// Returns the area of a menu.
pub(crate) fn area(menu: &Menu, body: Rect) -> Rect {
    let title = menu.items.iter().map(|item| width(&item.title)).max().unwrap_or(0);
    let descriptions = menu.items.iter().map(|item| width(&item.description)).max().unwrap_or(0);
    let total = (title + descriptions + 6).max(width(&menu.title) + 6).max(30);
    centered(body, u16::try_from(total).unwrap_or(u16::MAX), menu.items.len().min(MAX_VISIBLE_ITEMS) as u16 + 2)
}

/// Returns a file name for a part of a capture.
pub(crate) fn suggested_file_name(name: &str) -> String {
    let name = name.rsplit('/').next().unwrap_or(name);
    let stem = name.split('.').next().filter(|stem| !stem.is_empty() && *stem != "-").unwrap_or("capture");
    format!("{stem}-part.pcapng")
}
