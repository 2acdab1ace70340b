//! The table of keys: it binds them, and the help screen and the last line are printed from it.

use super::list::Move;
use super::model::{Tab, View};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use std::fmt;

/// A key, as it is bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Key {
    code: KeyCode,
    ctrl: bool,
}

impl Key {
    /// The key of an event. Shift is part of a character.
    pub(crate) fn of(event: KeyEvent) -> Key {
        let code = match event.code {
            KeyCode::Tab if event.modifiers.contains(KeyModifiers::SHIFT) => KeyCode::BackTab,
            KeyCode::Char(char) if event.modifiers.contains(KeyModifiers::CONTROL) => {
                KeyCode::Char(char.to_ascii_lowercase())
            }
            code => code,
        };
        Key { code, ctrl: event.modifiers.contains(KeyModifiers::CONTROL) }
    }

    /// The character it writes, if it writes one.
    pub(crate) fn written(self) -> Option<char> {
        match self.code {
            KeyCode::Char(char) if !self.ctrl => Some(char),
            _ => None,
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.ctrl {
            f.write_str("Ctrl-")?;
        }
        match self.code {
            KeyCode::Char(' ') => f.write_str("Space"),
            KeyCode::Char(char) if self.ctrl => write!(f, "{}", char.to_ascii_uppercase()),
            KeyCode::Char(char) => write!(f, "{char}"),
            KeyCode::Up => f.write_str("↑"),
            KeyCode::Down => f.write_str("↓"),
            KeyCode::Left => f.write_str("←"),
            KeyCode::Right => f.write_str("→"),
            KeyCode::Enter => f.write_str("Enter"),
            KeyCode::Esc => f.write_str("Esc"),
            KeyCode::Backspace => f.write_str("Backspace"),
            KeyCode::Delete => f.write_str("Del"),
            KeyCode::Home => f.write_str("Home"),
            KeyCode::End => f.write_str("End"),
            KeyCode::PageUp => f.write_str("PgUp"),
            KeyCode::PageDown => f.write_str("PgDn"),
            KeyCode::Tab => f.write_str("Tab"),
            KeyCode::BackTab => f.write_str("Shift-Tab"),
            code => write!(f, "{code}"),
        }
    }
}

/// What has the keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Context {
    Calls,
    Streams,
    /// The list of frames, and its tree and bytes.
    Frames,
    Tree,
    Bytes,
    /// An opened call.
    Call,
    Ladder,
    Follow,
    Statistics,
    Notes,
    Help,
    Menu,
    /// A filter that is being typed.
    Filter,
    /// Another line that is being typed.
    Line,
}

/// What a key does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Go(Move),
    Left,
    Right,
    /// Opens what is under the cursor, or takes what is chosen.
    Enter,
    /// Leaves: a menu, a pane, an opened view.
    Back,
    Show(Tab),
    NextTab,
    LastTab,
    NextPane,
    LastPane,
    Zoom,
    /// Wraps long lines, or not.
    Wrap,
    Filter,
    Unfilter,
    /// Filters by what is under the cursor, in one of these ways.
    FilterBy(By),
    Find,
    FindNext,
    FindBack,
    GoTo,
    Mark,
    NextMark,
    LastMark,
    NextOdd,
    Times,
    Reference,
    Sort,
    Turn,
    Columns,
    /// Gives the field under the cursor a column, or takes it away.
    Column,
    Copy,
    Save,
    /// Opens the ladder of the connection.
    Ladder,
    /// Shows what both sides of the connection said.
    Follow,
    /// Goes to the frame, in the list of frames.
    Frame,
    Unfold,
    Fold,
    NextBuffer,
    /// Measures something else: bytes or frames, the whole time or the wait.
    Measure,
    /// Groups by something else.
    Group,
    Longer,
    Shorter,
    /// Takes the interval with which all is seen.
    Fit,
    Help,
    Theme,
    /// Draws all anew.
    Redraw,
    Suspend,
    Quit,
    Edit(Edit),
}

/// How a filter is made of what is under the cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum By {
    Only,
    Not,
    And,
    /// The conversation of the frame.
    Conversation,
}

/// What is done in a line that is being typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Edit {
    Left,
    Right,
    Home,
    End,
    Backspace,
    Delete,
    /// Deletes the word before the cursor.
    Word,
    Clear,
    /// The next completion, or the next way of looking.
    Next,
    Last,
    Older,
    Newer,
}

/// Keys that do the same in the same places.
pub(crate) struct Binding {
    pub(crate) keys: &'static [Key],
    /// Where; in all views if it is empty.
    pub(crate) at: &'static [Context],
    pub(crate) action: Action,
    /// What it does, for the help screen.
    pub(crate) help: &'static str,
    /// The same in a word, for the last line; empty if it is not there.
    pub(crate) foot: &'static str,
}

const fn char(char: char) -> Key {
    Key { code: KeyCode::Char(char), ctrl: false }
}

const fn ctrl(char: char) -> Key {
    Key { code: KeyCode::Char(char), ctrl: true }
}

const fn key(code: KeyCode) -> Key {
    Key { code, ctrl: false }
}

const fn bind(
    keys: &'static [Key],
    at: &'static [Context],
    action: Action,
    foot: &'static str,
    help: &'static str,
) -> Binding {
    Binding { keys, at, action, help, foot }
}

use Action as A;
use Context as C;

const LISTS: &[Context] = &[C::Calls, C::Streams, C::Notes, C::Statistics];
const TYPED: &[Context] = &[C::Filter, C::Line];
const OVER: &[Context] = &[C::Menu, C::Help];
const OF_A_STREAM: &[Context] =
    &[C::Calls, C::Streams, C::Frames, C::Tree, C::Bytes, C::Call, C::Ladder, C::Follow, C::Notes];
const FOUND: &[Context] =
    &[C::Calls, C::Streams, C::Frames, C::Tree, C::Bytes, C::Call, C::Ladder, C::Follow, C::Notes, C::Statistics];

/// All keys, in the order in which help tells them; of two that could be meant the first is.
pub(crate) static KEYS: &[Binding] = &[
    // What is opened.
    bind(&[key(KeyCode::Enter)], &[C::Menu], A::Enter, "choose", "choose"),
    bind(&[key(KeyCode::Esc), char('q'), char('?')], OVER, A::Back, "leave", "leave the menu, or this screen"),
    bind(&[key(KeyCode::Enter)], &[C::Calls], A::Enter, "open", "open the call: messages, phases, frames"),
    bind(&[key(KeyCode::Enter)], &[C::Streams], A::Enter, "ladder", "open the ladder of the connection"),
    bind(&[key(KeyCode::Enter)], &[C::Frames], A::Enter, "tree", "go into the tree"),
    bind(&[key(KeyCode::Enter), char(' ')], &[C::Tree], A::Enter, "fold", "open or close the line"),
    bind(&[key(KeyCode::Enter)], &[C::Bytes], A::Enter, "", "go to the field of the byte"),
    bind(&[key(KeyCode::Enter)], &[C::Ladder, C::Follow], A::Enter, "frame", "go to the frame"),
    bind(&[key(KeyCode::Enter)], &[C::Call], A::Enter, "frames", "list the frames of a phase; go to the frame"),
    bind(&[key(KeyCode::Enter)], &[C::Notes], A::Enter, "go to", "go to the frame"),
    bind(
        &[key(KeyCode::Enter)],
        &[C::Statistics],
        A::Enter,
        "filter",
        "filter by the row, or go to the interval's first frame",
    ),
    bind(&[key(KeyCode::Esc)], &[], A::Back, "", "back: to the pane, the view, the whole capture"),
    // Moving.
    bind(&[key(KeyCode::Up), char('k')], &[], A::Go(Move::Up), "", "one up"),
    bind(&[key(KeyCode::Down), char('j')], &[], A::Go(Move::Down), "", "one down"),
    bind(&[key(KeyCode::Left), char('h')], &[C::Bytes, C::Call, C::Follow], A::Left, "", "left"),
    bind(
        &[key(KeyCode::Left), char('h')],
        &[C::Statistics],
        A::Left,
        "",
        "sort by the column to the left; the interval before",
    ),
    bind(&[key(KeyCode::Right), char('l')], &[C::Bytes, C::Call, C::Follow], A::Right, "", "right"),
    bind(
        &[key(KeyCode::Right), char('l')],
        &[C::Statistics],
        A::Right,
        "",
        "sort by the column to the right; the next interval",
    ),
    bind(&[key(KeyCode::Left), char('h')], &[C::Tree], A::Left, "", "close the line, or go to the one above"),
    bind(&[key(KeyCode::Right), char('l')], &[C::Tree], A::Right, "", "open the line, or go to the one below"),
    bind(&[key(KeyCode::PageUp), ctrl('b'), ctrl('u')], &[], A::Go(Move::PageUp), "", "one screen up"),
    bind(&[key(KeyCode::PageDown), char(' '), ctrl('d')], &[], A::Go(Move::PageDown), "", "one screen down"),
    bind(&[key(KeyCode::Home)], &[], A::Go(Move::First), "", "to the first"),
    bind(&[key(KeyCode::End), char('G')], &[], A::Go(Move::Last), "", "to the last, and follow what comes"),
    bind(&[char('g'), char(':')], &[], A::GoTo, "", "go to a frame by its number"),
    // Views.
    bind(&[char('1')], &[], A::Show(Tab::Calls), "", "calls: requests and their answers"),
    bind(&[char('2')], &[], A::Show(Tab::Streams), "", "streams: TCP connections"),
    bind(&[char('3')], &[], A::Show(Tab::Frames), "", "frames: list, tree and bytes"),
    bind(&[char('4')], &[], A::Show(Tab::Statistics), "", "statistics"),
    bind(&[char('5'), char('!')], &[], A::Show(Tab::Notes), "", "notes: what was odd"),
    bind(&[key(KeyCode::Tab)], &[], A::NextTab, "", "the next view"),
    bind(&[key(KeyCode::BackTab)], &[], A::LastTab, "", "the view before"),
    bind(&[char('p')], &[C::Frames, C::Tree, C::Bytes], A::NextPane, "pane", "the next pane: list, tree, bytes"),
    bind(&[char('P')], &[C::Frames, C::Tree, C::Bytes], A::LastPane, "", "the pane before"),
    bind(&[char('p')], &[C::Statistics], A::NextPane, "page", "the next page"),
    bind(&[char('P')], &[C::Statistics], A::LastPane, "", "the page before"),
    bind(
        &[char('u')],
        &[C::Statistics],
        A::Measure,
        "measure",
        "draw bytes or frames; measure the whole time or the wait",
    ),
    bind(&[char('b')], &[C::Statistics], A::Group, "by", "response times by host, status or method"),
    bind(&[char('>')], &[C::Statistics], A::Longer, "", "longer intervals"),
    bind(&[char('<')], &[C::Statistics], A::Shorter, "", "shorter intervals"),
    bind(&[char('0')], &[C::Statistics], A::Fit, "", "the interval with which all is seen"),
    bind(&[char('z')], &[C::Frames, C::Tree, C::Bytes], A::Zoom, "zoom", "this pane alone, or all"),
    bind(&[char('p')], &[C::Call], A::NextPane, "pane", "the next pane: phases, request, answer"),
    bind(&[char('P')], &[C::Call], A::LastPane, "", "the pane before"),
    bind(&[char('z')], &[C::Call], A::Zoom, "zoom", "this pane alone, or all"),
    bind(&[char('z')], &[C::Ladder], A::Zoom, "card", "the card of the handshake, or only its title"),
    bind(&[char('W')], &[C::Call, C::Follow], A::Wrap, "", "wrap long lines, or scroll them to the side"),
    bind(&[char('L')], OF_A_STREAM, A::Ladder, "", "the ladder of the connection"),
    bind(&[char('F')], OF_A_STREAM, A::Follow, "follow", "what both sides of the connection said"),
    bind(&[char('v')], &[C::Calls, C::Streams, C::Call, C::Ladder, C::Follow], A::Frame, "frame", "go to its frame"),
    // What is shown.
    bind(&[char('/')], &[], A::Filter, "filter", "filter all views"),
    bind(&[char('\\')], &[], A::Unfilter, "", "without a filter, or with it again"),
    bind(&[char('=')], FOUND, A::FilterBy(By::Only), "", "filter by what is under the cursor"),
    bind(&[char('-')], FOUND, A::FilterBy(By::Not), "", "leave out what is under the cursor"),
    bind(&[char('+')], FOUND, A::FilterBy(By::And), "", "filter by what is under the cursor too"),
    bind(&[char('c')], OF_A_STREAM, A::FilterBy(By::Conversation), "", "filter by the conversation"),
    bind(&[char('f'), ctrl('f')], &[], A::Find, "find", "find text, bytes or an expression"),
    bind(&[char('n')], &[], A::FindNext, "", "find the next"),
    bind(&[char('N')], &[], A::FindBack, "", "find the one before"),
    bind(&[char('m')], OF_A_STREAM, A::Mark, "", "mark the frame, or not"),
    bind(&[char('\''), char(']')], &[], A::NextMark, "", "the next mark"),
    bind(&[char('[')], &[], A::LastMark, "", "the mark before"),
    bind(&[char('e')], &[], A::NextOdd, "", "the next frame with a warning or an error"),
    bind(&[char('t')], &[], A::Times, "", "times from the start, row before, midnight, a reference"),
    bind(&[char('T')], OF_A_STREAM, A::Reference, "", "count times from here"),
    bind(&[char('s')], LISTS, A::Sort, "sort", "sort by a column"),
    bind(&[char('s')], &[C::Frames], A::Sort, "", "sort by a column"),
    bind(&[char('S')], LISTS, A::Turn, "", "sort the other way round"),
    bind(&[char('S')], &[C::Frames], A::Turn, "", "sort the other way round"),
    bind(&[char('o')], &[C::Calls, C::Streams, C::Frames, C::Notes], A::Columns, "", "choose columns"),
    bind(&[char('o')], &[C::Tree], A::Column, "", "give the field a column in the list, or take it away"),
    bind(&[char('b')], &[C::Tree, C::Bytes], A::NextBuffer, "", "the next buffer: frame, reassembled, decoded"),
    bind(&[char('E')], &[C::Tree], A::Unfold, "", "open all lines"),
    bind(&[char('E')], &[C::Call], A::Unfold, "", "list the frames of all phases"),
    bind(&[char('C')], &[C::Call], A::Fold, "", "list no frames of phases"),
    bind(&[char('C')], &[C::Tree], A::Fold, "", "close all lines"),
    // What is taken along.
    bind(&[char('y')], OF_A_STREAM, A::Copy, "copy", "copy a value, the row, the filter or a curl command"),
    bind(&[char('w')], &[], A::Save, "", "save the frames that are shown as pcapng"),
    // The program.
    bind(&[char('?'), key(KeyCode::F(1))], &[], A::Help, "help", "this screen"),
    bind(&[char('i')], &[], A::Theme, "", "light or dark"),
    bind(&[ctrl('l')], &[], A::Redraw, "", "draw the screen anew"),
    bind(&[ctrl('z')], &[], A::Suspend, "", "back to the shell; fg returns"),
    bind(&[char('q'), ctrl('c')], &[], A::Quit, "quit", "quit"),
    // Lines that are being typed.
    bind(&[key(KeyCode::Enter)], &[C::Filter], A::Enter, "filter", "filter by it"),
    bind(&[key(KeyCode::Enter)], &[C::Line], A::Enter, "do it", "do it"),
    bind(&[key(KeyCode::Esc), ctrl('c')], TYPED, A::Back, "leave", "leave the line"),
    bind(&[key(KeyCode::Tab)], &[C::Filter], A::Edit(Edit::Next), "complete", "complete a name; again for the next"),
    bind(&[key(KeyCode::BackTab)], &[C::Filter], A::Edit(Edit::Last), "", "the completion before"),
    bind(&[key(KeyCode::Tab)], &[C::Line], A::Edit(Edit::Next), "kind", "find: text, bytes or an expression"),
    bind(&[key(KeyCode::BackTab)], &[C::Line], A::Edit(Edit::Last), "place", "find: in rows, trees or bytes"),
    bind(&[key(KeyCode::Up), ctrl('p')], TYPED, A::Edit(Edit::Older), "older", "what was typed before"),
    bind(&[key(KeyCode::Down), ctrl('n')], TYPED, A::Edit(Edit::Newer), "", "what was typed after it"),
    bind(&[key(KeyCode::Left), ctrl('b')], TYPED, A::Edit(Edit::Left), "", "left"),
    bind(&[key(KeyCode::Right), ctrl('f')], TYPED, A::Edit(Edit::Right), "", "right"),
    bind(&[key(KeyCode::Home), ctrl('a')], TYPED, A::Edit(Edit::Home), "", "to its beginning"),
    bind(&[key(KeyCode::End), ctrl('e')], TYPED, A::Edit(Edit::End), "", "to its end"),
    bind(&[key(KeyCode::Backspace), ctrl('h')], TYPED, A::Edit(Edit::Backspace), "", "delete the character before"),
    bind(&[key(KeyCode::Delete), ctrl('d')], TYPED, A::Edit(Edit::Delete), "", "delete the character"),
    bind(&[ctrl('w')], TYPED, A::Edit(Edit::Word), "", "delete the word before"),
    bind(&[ctrl('u')], TYPED, A::Edit(Edit::Clear), "clear", "delete all of it"),
    bind(&[ctrl('z')], &[C::Filter, C::Line, C::Help, C::Menu], A::Suspend, "", "back to the shell; fg returns"),
    bind(&[ctrl('c')], OVER, A::Quit, "", "quit"),
    bind(&[key(KeyCode::Up), char('k')], OVER, A::Go(Move::Up), "", "one up"),
    bind(&[key(KeyCode::Down), char('j')], OVER, A::Go(Move::Down), "", "one down"),
    bind(&[key(KeyCode::PageUp), ctrl('u')], OVER, A::Go(Move::PageUp), "", "one screen up"),
    bind(&[key(KeyCode::PageDown), char(' ')], OVER, A::Go(Move::PageDown), "", "one screen down"),
    bind(&[key(KeyCode::Home), char('g')], OVER, A::Go(Move::First), "", "to the first"),
    bind(&[key(KeyCode::End), char('G')], OVER, A::Go(Move::Last), "", "to the last"),
];

impl Context {
    /// Whether it is a view, not something that lies over one.
    pub(crate) fn is_view(self) -> bool {
        !matches!(self, C::Help | C::Menu | C::Filter | C::Line)
    }
}

impl Binding {
    /// Whether it holds here.
    pub(crate) fn holds(&self, here: Context) -> bool {
        if self.at.is_empty() { here.is_view() } else { self.at.contains(&here) }
    }
}

/// What a key does here. What is bound here only comes before what is bound in all views.
pub(crate) fn action(key: Key, here: Context) -> Option<Action> {
    let bound = |binding: &&Binding| binding.keys.contains(&key) && binding.holds(here);
    let special = KEYS.iter().filter(|binding| !binding.at.is_empty()).find(bound);
    special.or_else(|| KEYS.iter().find(bound)).map(|binding| binding.action)
}

/// The bindings whose words stand in the last line.
pub(crate) fn foot(here: Context) -> impl Iterator<Item = &'static Binding> {
    KEYS.iter().filter(move |binding| !binding.foot.is_empty() && binding.holds(here))
}

/// The context of a view.
pub(crate) fn of(view: View) -> Context {
    match view {
        View::Calls => C::Calls,
        View::Streams => C::Streams,
        View::Frames => C::Frames,
        View::Statistics => C::Statistics,
        View::Notes => C::Notes,
        View::Call(_) => C::Call,
        View::Ladder(_) => C::Ladder,
        View::Follow(_) => C::Follow,
    }
}
