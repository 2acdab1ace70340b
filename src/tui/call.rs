//! An opened call: its messages, its phases, and the frames of each.

use super::keys::Action;
use super::list::List;
use super::model::{Model, View};
use super::msg::Effect;
use crate::browse::{Ask, Told};

/// The call that is open.
#[derive(Debug, Default)]
pub(crate) struct Opened {
    /// Whose messages these are.
    pub(crate) call: Option<usize>,
    pub(crate) told: Option<Box<Told>>,
    pub(crate) list: List,
    /// The command that makes the same request is to be copied when it is known.
    pub(crate) curl: bool,
    /// Whose messages were asked for.
    asked: Option<usize>,
}

/// Does what a key says in this view.
pub(crate) fn act(model: &mut Model, action: Action, height: usize) -> Vec<Effect> {
    if let Action::Go(way) = action {
        let len = super::view::call::lines(model).len();
        model.opened.list.go(way, len, height);
    }
    Vec::new()
}

/// Asks for the messages of a call.
pub(crate) fn ask(model: &mut Model, call: usize) -> Effect {
    model.opened = Opened { asked: Some(call), curl: model.opened.curl, ..Opened::default() };
    Effect::Ask(Ask::Call(call))
}

/// Takes the messages that were asked for.
pub(crate) fn answer(model: &mut Model, call: usize, told: Box<Told>) -> Vec<Effect> {
    let opened = &mut model.opened;
    if opened.asked != Some(call) {
        return Vec::new();
    }
    let curl = told.curl.clone().filter(|_| std::mem::take(&mut opened.curl));
    opened.call = Some(call);
    opened.told = Some(told);
    curl.map_or(Vec::new(), |curl| super::menu::copy(model, curl))
}

/// Makes what is shown fit, and asks for what is missing.
pub(crate) fn settle(model: &mut Model, height: usize, effects: &mut Vec<Effect>) {
    let View::Call(call) = model.view else { return };
    if model.opened.asked != Some(call) {
        effects.push(ask(model, call));
    }
    let len = super::view::call::lines(model).len();
    model.opened.list.settle(len, height);
}
