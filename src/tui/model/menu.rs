//! Menu over the screen: its items, and what each of them does.

use crate::tui::model::Model;
use crate::tui::widgets::scroll::ScrollState;
use std::path::PathBuf;

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

/// Action for captured frames that were not saved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum QuitChoice {
    /// Keep the temporary file.
    Keep,
    Save,
    Discard,
}
