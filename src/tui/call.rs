//! An opened call: its phases with the frames of each, its request and its answer.

use super::keys::Action;
use super::layout;
use super::list::{List, Move};
use super::model::{Model, View};
use super::msg::Effect;
use super::phases;
use super::rows::{self, Rows};
use crate::browse::{Ask, Message, Phase, Told};

/// A part of the view.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Pane {
    #[default]
    Phases,
    Request,
    Response,
}

impl Pane {
    pub(crate) const ALL: [Pane; 3] = [Pane::Phases, Pane::Request, Pane::Response];

    fn after(self, by: usize) -> Pane {
        Pane::ALL.get((self as usize + by) % 3).copied().unwrap_or_default()
    }
}

/// The call that is open.
#[derive(Debug, Default)]
pub(crate) struct Opened {
    /// Whose messages these are.
    pub(crate) call: Option<usize>,
    pub(crate) told: Option<Box<Told>>,
    pub(crate) pane: Pane,
    /// The pane that has the keys is the only one.
    pub(crate) zoom: bool,
    /// The phases' part of the height, and the request's of the rest, in thousandths; as it suits where nobody has said.
    pub(crate) shares: [Option<u16>; 2],
    /// The lists of the panes.
    pub(crate) lists: [List; 3],
    /// The lines of the messages in rows; none of the phases.
    rows: [Rows; 3],
    /// Columns that are scrolled away on the left of the pane that has the keys.
    pub(crate) left: usize,
    /// The phases whose frames are listed.
    pub(crate) unfolded: Vec<Phase>,
    /// The command that makes the same request is to be copied when it is known.
    pub(crate) curl: bool,
    /// Whose messages were asked for.
    asked: Option<usize>,
}

impl Opened {
    pub(crate) fn list(&self, pane: Pane) -> &List {
        &self.lists[pane as usize]
    }

    /// The list of the pane that has the keys.
    pub(crate) fn list_mut(&mut self) -> &mut List {
        &mut self.lists[self.pane as usize]
    }

    /// The rows of a pane's message.
    pub(crate) fn rows(&self, pane: Pane) -> &Rows {
        &self.rows[pane as usize]
    }

    /// As many frames as a phase has.
    pub(crate) fn count(&self, phase: Phase) -> usize {
        self.told.as_ref().map_or(0, |told| told.counts[phase as usize])
    }

    /// The message of a pane.
    pub(crate) fn message(&self, pane: Pane) -> Option<&Message> {
        let told = self.told.as_ref()?;
        match pane {
            Pane::Phases => None,
            Pane::Request => told.request.as_ref(),
            Pane::Response => told.response.as_ref(),
        }
    }
}

/// A line of the pane of phases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Line {
    Phase(Phase),
    Frame(u32),
    /// So many more frames, which are not listed.
    More(usize),
}

/// The lines of the pane of phases.
pub(crate) fn phase_lines(model: &Model) -> Vec<Line> {
    let opened = &model.opened;
    let frames = opened.told.as_ref().map_or(&[][..], |told| &told.frames);
    let mut lines = Vec::new();
    for phase in phases::ALL {
        lines.push(Line::Phase(phase));
        if opened.unfolded.contains(&phase) {
            let own = frames.iter().filter(|(_, of)| *of == phase).map(|&(frame, _)| Line::Frame(frame));
            let before = lines.len();
            lines.extend(own);
            let more = opened.count(phase).saturating_sub(lines.len() - before);
            lines.extend((more > 0).then_some(Line::More(more)));
        }
    }
    lines
}

/// How many lines a pane has.
pub(crate) fn len(model: &Model, pane: Pane) -> usize {
    match pane {
        Pane::Phases => phase_lines(model).len(),
        _ => model.opened.rows(pane).len(),
    }
}

/// The lines of a message; that between its head and its body is empty.
pub(crate) fn lines(message: &Message) -> impl Iterator<Item = &str> {
    let between = (!message.body.is_empty()).then_some("");
    message.head.iter().map(String::as_str).chain(between).chain(message.body.iter().map(String::as_str))
}

/// A line of a message, and whether it is of its body.
pub(crate) fn line(message: &Message, place: usize) -> (&str, bool) {
    match message.head.get(place) {
        Some(line) => (line, false),
        None => {
            let place = place.checked_sub(message.head.len() + 1);
            (place.and_then(|place| message.body.get(place)).map_or("", String::as_str), true)
        }
    }
}

/// The frame under the cursor: of the line, or of the message.
pub(crate) fn frame_here(model: &Model) -> Option<u32> {
    let exchange = &model.index.calls.get(model.call_here()?)?.exchange;
    let opened = &model.opened;
    let message = match opened.pane {
        Pane::Response => exchange.response.or(exchange.request),
        _ => exchange.request.or(exchange.response),
    };
    let of_message = message.map(|transfer| transfer.told);
    if opened.pane != Pane::Phases {
        return of_message;
    }
    let told = opened.told.as_ref()?;
    match phase_lines(model).get(opened.list(Pane::Phases).at)? {
        Line::Frame(frame) => Some(*frame),
        Line::More(_) => told.frames.last().map(|&(frame, _)| frame),
        Line::Phase(phase) => {
            let first = told.frames.iter().find(|(_, of)| of == phase);
            first.map(|&(frame, _)| frame).or(of_message)
        }
    }
}

/// Does what a key says in this view.
pub(crate) fn act(model: &mut Model, action: Action, height: usize) -> Vec<Effect> {
    let len = len(model, model.opened.pane);
    let room = layout::call_rooms(model)[model.opened.pane as usize];
    let opened = &mut model.opened;
    match action {
        Action::Go(Move::First) if opened.left > 0 => opened.left = 0,
        Action::Go(way) => opened.list_mut().go(way, len, height),
        Action::NextPane | Action::LastPane => {
            opened.pane = opened.pane.after(if action == Action::NextPane { 1 } else { 2 });
            opened.left = 0;
        }
        Action::Zoom => opened.zoom = !opened.zoom,
        Action::Left => opened.left = opened.left.saturating_sub(room / 2),
        Action::Right => {
            let seen = opened.list(opened.pane).seen(len, height);
            opened.left = rows::right(opened.left, room, opened.rows(opened.pane).widest(seen));
        }
        Action::Unfold => opened.unfolded = phases::ALL.to_vec(),
        Action::Fold => opened.unfolded.clear(),
        Action::Enter => enter(model),
        _ => {}
    }
    Vec::new()
}

/// Lists the frames of a phase or not, or goes to the frame.
fn enter(model: &mut Model) {
    let line = phase_lines(model).get(model.opened.list(Pane::Phases).at).copied();
    match (model.opened.pane, line) {
        (Pane::Phases, Some(Line::Phase(phase))) => {
            let unfolded = &mut model.opened.unfolded;
            match unfolded.iter().position(|&other| other == phase) {
                Some(place) => drop(unfolded.remove(place)),
                None => unfolded.push(phase),
            }
        }
        _ => {
            if let Some(frame) = frame_here(model) {
                model.show_frame(frame);
            }
        }
    }
}

/// Asks for the messages of a call.
pub(crate) fn ask(model: &mut Model, call: usize) -> Effect {
    let Opened { curl, zoom, shares, .. } = model.opened;
    model.opened = Opened { asked: Some(call), curl, zoom, shares, ..Opened::default() };
    Effect::Ask(Ask::Call(call))
}

/// Takes the messages that were asked for.
pub(crate) fn answer(model: &mut Model, call: usize, told: Box<Told>) -> Vec<Effect> {
    let opened = &mut model.opened;
    if opened.asked != Some(call) {
        return Vec::new();
    }
    opened.call = Some(call);
    opened.told = Some(told);
    opened.rows.iter_mut().for_each(Rows::clear);
    if std::mem::take(&mut opened.curl) { copy_curl(model) } else { Vec::new() }
}

/// Copies the command that makes the same request, or says why there is none.
pub(crate) fn copy_curl(model: &mut Model) -> Vec<Effect> {
    match model.opened.told.as_ref().and_then(|told| told.curl.clone()) {
        Some(Ok(curl)) => return super::menu::copy(model, curl),
        Some(Err(why)) => model.wrong(why),
        None => model.wrong("the request was not seen whole"),
    }
    Vec::new()
}

/// Makes what is shown fit, and asks for what is missing.
pub(crate) fn settle(model: &mut Model, effects: &mut Vec<Effect>) {
    let View::Call(call) = model.view else { return };
    if model.opened.asked != Some(call) {
        effects.push(ask(model, call));
    }
    let rooms = layout::call_rooms(model);
    let Opened { told, rows, lists, .. } = &mut model.opened;
    let messages = told.as_ref().map_or([None; 3], |told| [None, told.request.as_ref(), told.response.as_ref()]);
    for (((rows, list), message), room) in rows.iter_mut().zip(lists).zip(messages).zip(rooms) {
        if let Some(message) = message {
            rows.refresh(model.wraps.then_some(room), lines(message), list);
        }
    }
    let panes = layout::call_panes(model);
    for (pane, area) in Pane::ALL.into_iter().zip(panes) {
        let len = len(model, pane);
        model.opened.lists[pane as usize].settle(len, area.height.saturating_sub(1).into());
    }
}
