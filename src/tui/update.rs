//! What the screen does when something happens.

use super::keys::{self, Action, Context, Edit, Key};
use super::list::List;
use super::model::{Model, Tab, View, Word};
use super::msg::{Effect, Msg};
use super::sift::{self, Change, Purpose, Typing};
use super::times::Since;
use super::{call, find, follow, frames, ladder, layout, leave, menu, mouse, notes, pick, statistics};
use crate::browse::{Answer, Ask, State};
use crossterm::event::{KeyEvent, KeyEventKind};
use dissectors::Severity;
use std::path::PathBuf;

/// Tells the model what has happened; returns what is to be done.
pub fn update(model: &mut Model, msg: Msg) -> Vec<Effect> {
    let mut effects = match msg {
        Msg::Key(event) if event.kind != KeyEventKind::Release => key(model, event),
        Msg::Key(_) => return Vec::new(),
        Msg::Mouse(event) => mouse::update(model, event),
        Msg::Paste(text) => {
            paste(model, &text);
            Vec::new()
        }
        Msg::Resize(width, height) => {
            model.size = (width, height);
            let first = model.first.take();
            first.map_or(Vec::new(), |filter| sift::apply(model, &filter))
        }
        Msg::Continue => find::step(model),
        Msg::Copied => {
            menu::copied(model);
            Vec::new()
        }
        Msg::Answer(answer) => heard(model, answer),
    };
    settle(model, &mut effects);
    effects
}

fn key(model: &mut Model, event: KeyEvent) -> Vec<Effect> {
    let (key, here) = (Key::of(event), model.context());
    model.word = None;
    let typed = matches!(here, Context::Filter | Context::Line);
    match (keys::action(key, here), key.written()) {
        (Some(action), _) => act(model, action),
        (None, Some(char)) if typed => {
            write(model, char.encode_utf8(&mut [0; 4]));
            Vec::new()
        }
        _ => Vec::new(),
    }
}

fn write(model: &mut Model, text: &str) {
    if let Some(typing) = &mut model.typing {
        typing.line.write(text);
        typing.wrong = None;
    }
    sift::check(model);
}

/// What is pasted where nothing is typed is a filter to be.
fn paste(model: &mut Model, text: &str) {
    if model.typing.is_none() && model.menu.is_none() && model.help.is_none() {
        sift::begin(model);
    }
    write(model, text);
}

/// Does what a key is bound to, or what the mouse stands for.
pub(crate) fn act(model: &mut Model, action: Action) -> Vec<Effect> {
    match model.context() {
        Context::Menu if !matches!(action, Action::Quit | Action::Suspend) => return menu::act(model, action),
        Context::Help => {
            if let Some(help) = in_help(model, action) {
                return help;
            }
        }
        Context::Filter | Context::Line => return in_line(model, action),
        _ => {}
    }
    match action {
        Action::Quit => return leave::quit(model),
        Action::Suspend => return vec![Effect::Suspend],
        Action::Redraw => return vec![Effect::Redraw],
        Action::Help => model.help = Some(List::default()),
        Action::Theme => model.theme = model.theme.turned(),
        Action::Show(tab) => model.show(tab.view()),
        Action::NextTab => model.show(model.view.tab().after(1).view()),
        Action::LastTab => model.show(model.view.tab().after(Tab::ALL.len() - 1).view()),
        Action::Back => return back(model),
        Action::Filter => sift::begin(model),
        Action::Unfilter => return sift::toggle(model),
        Action::FilterBy(by) => return pick::filter_by(model, by),
        Action::Find => find::begin(model),
        Action::FindNext => return find::seek(model, false),
        Action::FindBack => return find::seek(model, true),
        Action::GoTo => model.typing = Some(Typing::new(Purpose::GoTo, "")),
        Action::Save => model.typing = Some(Typing::new(Purpose::Save, &suggested(&model.name))),
        Action::Copy => pick::copy(model),
        Action::Sort => menu::sort(model),
        Action::Columns => menu::columns(model),
        Action::Column => turn_column(model),
        Action::Turn => turn(model),
        Action::Mark => mark(model),
        Action::NextMark => to_mark(model, true),
        Action::LastMark => to_mark(model, false),
        Action::NextOdd => next_odd(model),
        Action::Times => {
            model.times.turn();
            model.done(format!("times are {}", model.times.about()));
        }
        Action::Reference => {
            if let Some(frame) = model.frame_here() {
                model.times.reference = Some(frame);
                model.times.since = Since::Reference;
                model.done(format!("times are counted from frame {frame}"));
            }
        }
        Action::Wrap => {
            model.wraps = !model.wraps;
            (model.opened.left, model.follow.left) = (0, 0);
            model.done(if model.wraps { "long lines are wrapped" } else { "long lines are scrolled by ← and →" });
        }
        Action::Frame => {
            if let Some(frame) = model.frame_here() {
                model.show_frame(frame);
            }
        }
        Action::Ladder => open_stream(model, View::Ladder),
        Action::Follow => open_stream(model, View::Follow),
        _ => return in_view(model, action),
    }
    Vec::new()
}

/// Does what a key says in one view only.
fn in_view(model: &mut Model, action: Action) -> Vec<Effect> {
    let height = layout::height(model);
    match (model.view, action) {
        (View::Calls, Action::Go(way)) => {
            let numbers = model.call_numbers();
            model.calls.go(way, &numbers, height);
        }
        (View::Calls, Action::Enter) => {
            if let Some(call) = model.call_here() {
                model.open(View::Call(call));
            }
        }
        (View::Streams, Action::Go(way)) => {
            let numbers = model.stream_numbers();
            model.streams.go(way, &numbers, height);
        }
        (View::Streams, Action::Enter) => open_stream(model, View::Ladder),
        (View::Notes, Action::Go(way)) => {
            let numbers = model.note_numbers();
            model.notes.roster.go(way, &numbers, height);
        }
        (View::Notes | View::Ladder(_) | View::Follow(_), Action::Enter) => {
            if let Some(frame) = model.frame_here() {
                model.show_frame(frame);
            }
        }
        (View::Frames, _) => return frames::act(model, action, height),
        (View::Call(_), _) => return call::act(model, action, height),
        (View::Ladder(_), _) => return ladder::act(model, action, height),
        (View::Follow(_), _) => return follow::act(model, action, height),
        (View::Statistics, _) => return statistics::act(model, action, height),
        _ => {}
    }
    Vec::new()
}

fn open_stream(model: &mut Model, view: impl Fn(u32) -> View) {
    match model.stream_here() {
        Some(stream) => model.open(view(stream)),
        None => model.wrong("this frame belongs to no TCP connection"),
    }
}

/// Leaves the pane, then the opened view, then the filter.
fn back(model: &mut Model) -> Vec<Effect> {
    if model.search.seeking.take().is_some() {
        return vec![Effect::Ask(Ask::EndFind)];
    }
    if model.view == View::Frames && model.frames.zoom {
        model.frames.zoom = false;
    } else if model.view == View::Frames && model.frames.pane != frames::Pane::List {
        model.frames.pane = match model.frames.pane {
            frames::Pane::Bytes => frames::Pane::Tree,
            _ => frames::Pane::List,
        };
    } else if let Some(view) = model.before.pop() {
        model.view = view;
    } else {
        return sift::clear(model);
    }
    Vec::new()
}

/// Does what a key says on the help screen; none if it means the same as elsewhere.
fn in_help(model: &mut Model, action: Action) -> Option<Vec<Effect>> {
    let height = usize::from(layout::screen(model).body.height.saturating_sub(1));
    let len = super::view::help::lines(model).len();
    match action {
        Action::Go(way) => {
            // It is scrolled, there is no cursor.
            let help = model.help.as_mut()?;
            help.go(way, len, height);
            let by = match way {
                super::list::Move::Up | super::list::Move::PageUp | super::list::Move::First => help.at,
                _ => help.at.max(height).min(len.saturating_sub(1)),
            };
            help.at = by;
            help.settle(len, height);
        }
        Action::Back => model.help = None,
        _ => return None,
    }
    Some(Vec::new())
}

/// Does what a key says in a line that is being typed.
fn in_line(model: &mut Model, action: Action) -> Vec<Effect> {
    let Some(typing) = &mut model.typing else { return Vec::new() };
    match (&typing.purpose, action) {
        (_, Action::Suspend) => return vec![Effect::Suspend],
        (_, Action::Back) => {
            model.typing = None;
            model.leaving = false;
        }
        (Purpose::Filter(_), Action::Enter) => return sift::enter(model),
        (Purpose::Filter(_), Action::Edit(edit)) => sift::edit(model, edit),
        (Purpose::Find, Action::Enter) => return find::enter(model),
        (Purpose::Find, Action::Edit(Edit::Next)) => find::next_kind(model),
        (Purpose::Find, Action::Edit(Edit::Last)) => find::next_place(model),
        (Purpose::GoTo, Action::Enter) => go_to(model),
        (Purpose::Save, Action::Enter) => {
            let path = typing.line.text.trim().to_owned();
            if !path.is_empty() {
                model.typing = None;
                return menu::save(model, PathBuf::from(path), false);
            }
        }
        (_, Action::Edit(edit)) => {
            typing.line.edit(edit);
            typing.wrong = None;
        }
        _ => {}
    }
    Vec::new()
}

/// Goes to the frame whose number was typed.
fn go_to(model: &mut Model) {
    let Some(typing) = &mut model.typing else { return };
    let count = model.index.frames.len();
    match typing.line.text.trim().parse::<u32>() {
        Ok(frame) if frame > 0 && frame as usize <= count => {
            model.typing = None;
            model.show_frame(frame);
        }
        Ok(_) => typing.wrong = Some(format!("there are {count} frames")),
        Err(_) => typing.wrong = Some("that is no number of a frame".into()),
    }
}

/// A name for a part of a capture.
pub(crate) fn suggested(name: &str) -> String {
    let name = name.rsplit('/').next().unwrap_or(name);
    let stem = name.split('.').next().filter(|stem| !stem.is_empty() && *stem != "-").unwrap_or("capture");
    format!("{stem}-part.pcapng")
}

fn turn(model: &mut Model) {
    let sort = match menu::roster(model) {
        Some(roster) => roster.sort,
        None => model.frames.order.sort,
    };
    if let Some(sort) = sort {
        menu::sort_by(model, sort.column);
    }
}

/// Gives the field of the line under the cursor a column, or takes it away.
fn turn_column(model: &mut Model) {
    let Some(field) = model.frames.line().map(|line| line.field) else { return };
    match model.frames.turn_column(field) {
        Ok(true) => model.done(format!("{} has a column", field.name)),
        Ok(false) => model.done(format!("{} has no column any more", field.name)),
        Err(wrong) => model.wrong(wrong),
    }
}

fn mark(model: &mut Model) {
    let Some(frame) = model.frame_here() else { return };
    if model.marks.remove(&frame) {
        model.done(format!("frame {frame} is marked no more"));
    } else {
        model.marks.insert(frame);
        model.done(format!("frame {frame} is marked"));
    }
}

/// Goes to the next mark, or the one before, round and round.
fn to_mark(model: &mut Model, on: bool) {
    let here = model.frame_here().unwrap_or(0);
    let marks = &model.marks;
    let found = match on {
        true => marks.range(here.saturating_add(1)..).next().or(marks.first()),
        false => marks.range(..here).next_back().or(marks.last()),
    };
    match found.copied() {
        Some(frame) => model.show_frame(frame),
        None => model.wrong("no frame is marked; m marks one"),
    }
}

/// Goes to the next frame with a warning or an error, among those that are shown.
fn next_odd(model: &mut Model) {
    let here = model.frame_here().unwrap_or(0);
    let numbers = notes::unsorted(model);
    let notes = || (0..numbers.len()).filter_map(|place| model.index.notes.get(numbers.at(place)? as usize));
    let odd = || notes().filter(|note| note.severity >= Severity::Warn).map(|note| note.frame);
    match odd().find(|&frame| frame > here).or_else(|| odd().next()) {
        Some(frame) => model.show_frame(frame),
        None => model.wrong("no frame has a warning or an error"),
    }
}

/// Takes an answer.
fn heard(model: &mut Model, answer: Answer) -> Vec<Effect> {
    match answer {
        Answer::News(news) => {
            let was_growing = model.is_growing();
            model.index.take(*news);
            sift::changed(model, Change::More);
            if was_growing && !model.is_growing() {
                if let State::Whole(Some(wrong)) = &model.index.state {
                    model.wrong(wrong.clone());
                }
                model.frames.ask_again();
                model.ladder.ask_again();
                return sift::ask_again(model);
            }
        }
        Answer::Rows(rows) => model.frames.take_rows(rows),
        Answer::Frame(frame) => {
            model.frames.take_frame(frame);
            find::show_line(model);
        }
        Answer::Ladder(part) => ladder::answer(model, part),
        Answer::Call { call, told } => return call::answer(model, call, told),
        Answer::Follow { stream, said, more } => follow::answer(model, stream, said, more),
        Answer::Sifted { turn, frames, calls, streams, upto, done } => {
            sift::answer(model, turn, [frames, calls, streams], upto, done);
        }
        Answer::Found { turn, frame, bytes } => find::answer(model, turn, frame, bytes),
        Answer::Seeking { turn, at } => {
            if let Some(seeking) = model.search.seeking.as_mut().filter(|seeking| seeking.0 == turn) {
                seeking.1 = at;
            }
        }
        Answer::Saved { path, result } => return leave::saved(model, &path, result),
        Answer::Exists { path } => menu::ask_over(model, path),
        Answer::Unread { ask, why } => model.take_unread(ask, why),
        Answer::Failed(what) => model.wrong(what),
    }
    Vec::new()
}

/// Makes all lists fit, and asks for what is shown and not known.
fn settle(model: &mut Model, effects: &mut Vec<Effect>) {
    sift::sort(model);
    let body = usize::from(layout::screen(model).body.height);
    let below = |view| body.saturating_sub(layout::title(model, view).into());
    let heights = [View::Calls, View::Streams, View::Notes].map(below);
    let calls = model.call_numbers();
    model.calls.settle(&calls, heights[0]);
    let streams = model.stream_numbers();
    model.streams.settle(&streams, heights[1]);
    let notes = model.note_numbers();
    model.notes.roster.settle(&notes, heights[2]);
    frames::settle(model, effects);
    let height = layout::height(model);
    call::settle(model, effects);
    ladder::settle(model, height, effects);
    follow::settle(model, height, effects);
    statistics::settle(model, height, effects);
    // Several may have something to go on with.
    let mut goes_on = false;
    effects.retain(|effect| !matches!(effect, Effect::Continue) || !std::mem::replace(&mut goes_on, true));
}

impl Model {
    /// Shows a view that lies beside the others.
    pub(crate) fn show(&mut self, view: View) {
        self.before.clear();
        self.view = view;
    }

    /// Opens a view, from which one comes back.
    pub(crate) fn open(&mut self, view: View) {
        if self.view != view {
            self.before.push(self.view);
            self.view = view;
        }
    }

    /// Shows a frame in the list of frames; of one that the filter leaves out, the next.
    pub(crate) fn show_frame(&mut self, frame: u32) {
        let numbers = self.frame_numbers();
        if numbers.len() == 0 {
            return self.wrong("the filter lets no frame through");
        }
        if !numbers.has(frame) {
            self.word = Some(Word::Wrong(format!("the filter leaves out frame {frame}; this is the nearest")));
        }
        self.open(View::Frames);
        self.frames.list.put(numbers.place(frame));
        frames::choose(self);
    }
}
