//! Quitting: captured frames that were not saved are never discarded without confirmation.

use crate::browse::BrowseRequest;
use crate::tui::model::display_filter::{Prompt, PromptPurpose};
use crate::tui::model::menu::{Menu, MenuChoice, MenuItem, QuitChoice};
use crate::tui::model::message::Effect;
use crate::tui::model::{Model, menu};
use crate::tui::panes::menu::suggested_file_name;
use crate::tui::widgets::text::{format_quantity, sanitize};
use std::path::Path;

/// Quits, or opens the quit menu if frames were not saved.
pub(crate) fn quit(model: &mut Model) -> Vec<Effect> {
    let Some(spool) = &model.spool else { return vec![Effect::Quit] };
    let unsaved = model.index.frames.len() as u64;
    if unsaved <= model.saved_frames {
        return quit_and_discard(model.saved_frames);
    }
    // A second quit keeps everything.
    let is_quit_menu = |menu: &Menu| menu.items.iter().any(|item| matches!(item.choice, MenuChoice::Quit(_)));
    if model.menu.as_ref().is_some_and(is_quit_menu) {
        return vec![Effect::Quit];
    }
    let spool = sanitize(&spool.to_string_lossy()).into_owned();
    let item = |title: &str, choice| MenuItem { title: title.into(), description: String::new(), choice };
    let items = vec![
        item(&format!("Keep in {spool}"), MenuChoice::Quit(QuitChoice::Keep)),
        item("Save as...", MenuChoice::Quit(QuitChoice::Save)),
        item("Discard", MenuChoice::Quit(QuitChoice::Discard)),
        item("Cancel", MenuChoice::Cancel),
    ];
    menu::open(model, Menu::new(format!("Quit: {} not saved", format_quantity(unsaved, "frame")), items));
    Vec::new()
}

/// Runs the selected action.
pub(crate) fn run_choice(model: &mut Model, how: QuitChoice) -> Vec<Effect> {
    match how {
        QuitChoice::Keep => vec![Effect::Quit],
        QuitChoice::Discard => quit_and_discard(u64::MAX),
        QuitChoice::Save => {
            model.quits_after_save = true;
            model.prompt = Some(Prompt::new(PromptPurpose::Save, &suggested_file_name(&model.name)));
            Vec::new()
        }
    }
}

/// Records the result of saving frames.
pub(crate) fn record_save(
    model: &mut Model,
    path: &Path,
    result: Result<u64, String>,
    omits_secrets: bool,
) -> Vec<Effect> {
    let quits = std::mem::take(&mut model.quits_after_save);
    match result {
        Ok(count) => {
            // This save may have overwritten an earlier file.
            model.saved_frames = count;
            let without = if omits_secrets { ", without secrets (--with-secrets)" } else { "" };
            model.show_info(format!("Saved {} to {}{without}", format_quantity(count, "frame"), path.display()));
            if quits { quit_and_discard(count) } else { Vec::new() }
        }
        Err(error) => {
            model.show_error(format!("{}: {error}", path.display()));
            Vec::new()
        }
    }
}

/// Quits and discards this number of frames.
fn quit_and_discard(unwanted: u64) -> Vec<Effect> {
    vec![Effect::Query(BrowseRequest::Discard(unwanted)), Effect::Quit]
}
