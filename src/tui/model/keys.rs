//! Key bindings. The help screen and the hints in the last line are generated from this table.

use crate::tui::model::{Tab, View};
use crate::tui::widgets::line_editor::EditAction;
use crate::tui::widgets::scroll::Move;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use std::fmt;

/// Key of a binding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Key {
    code: KeyCode,
    ctrl: bool,
}

impl Key {
    /// Returns the key of an event. Shift is part of a character.
    pub(crate) fn from_event(event: KeyEvent) -> Key {
        let code = match event.code {
            KeyCode::Tab if event.modifiers.contains(KeyModifiers::SHIFT) => KeyCode::BackTab,
            KeyCode::Char(char) if event.modifiers.contains(KeyModifiers::CONTROL) => {
                KeyCode::Char(char.to_ascii_lowercase())
            }
            code => code,
        };
        Key { code, ctrl: event.modifiers.contains(KeyModifiers::CONTROL) }
    }

    /// Returns the character the key types, if any.
    pub(crate) fn typed_char(self) -> Option<char> {
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

/// Context that keys are read in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeyContext {
    Calls,
    Streams,
    /// Panes of the frames view: list, tree and bytes.
    Frames,
    Tree,
    Bytes,
    /// Call view.
    Call,
    Journey,
    Ladder,
    Follow,
    Statistics,
    Notes,
    Help,
    Menu,
    /// Filter prompt.
    Filter,
    /// Other prompts.
    Prompt,
}

/// Action of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Move(Move),
    Left,
    Right,
    /// Opens or applies the selection.
    Enter,
    /// Closes a menu, a pane or a view.
    Back,
    ShowTab(Tab),
    NextTab,
    PreviousTab,
    NextPane,
    PreviousPane,
    Zoom,
    /// Toggles wrapping of long lines.
    Wrap,
    Filter,
    ToggleFilter,
    /// Filters by the selection.
    FilterBy(FilterMode),
    Find,
    FindNext,
    FindPrevious,
    GoToNumber,
    Mark,
    NextMark,
    PreviousMark,
    NextNote,
    PreviousNote,
    NextTimeFormat,
    SetTimeReference,
    /// Shows host names or addresses.
    ToggleNames,
    Sort,
    ReverseSort,
    Columns,
    /// Shows or hides the selected field as a column.
    ToggleColumn,
    Copy,
    Save,
    /// Opens the journey of the call.
    Journey,
    /// Opens the tree of the calls that the call caused.
    Trace,
    /// Opens the ladder of the connection.
    Ladder,
    /// Shows the data both sides of the connection sent.
    Follow,
    /// Goes to the frame in the frame list.
    GoToFrame,
    Unfold,
    Fold,
    NextBuffer,
    SourceOfBuffer,
    /// Selects the next measure: bytes or frames, the whole call or the wait.
    NextMeasure,
    /// Selects the next grouping.
    NextGrouping,
    LongerInterval,
    ShorterInterval,
    /// Selects the shortest interval that fits the whole capture on the screen.
    FitInterval,
    Help,
    Theme,
    /// Redraws the screen.
    Redraw,
    Suspend,
    Quit,
    Edit(EditAction),
}

/// Combination of the selection with the applied filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FilterMode {
    Only,
    Exclude,
    And,
    /// Filter for the conversation of the frame.
    Conversation,
}

/// Keys with the same action in the same contexts.
pub(crate) struct Binding {
    pub(crate) keys: &'static [Key],
    /// Contexts of the binding; all views if empty.
    pub(crate) contexts: &'static [KeyContext],
    pub(crate) action: Action,
    /// Description for the help screen.
    pub(crate) help: &'static str,
    /// Hint for the last line; not shown if empty.
    pub(crate) hint: &'static str,
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
    at: &'static [KeyContext],
    action: Action,
    hint: &'static str,
    help: &'static str,
) -> Binding {
    Binding { keys, contexts: at, action, help, hint }
}

use Action as A;
use KeyContext as C;

const LISTS: &[KeyContext] = &[C::Calls, C::Streams, C::Notes, C::Statistics];
const PROMPTS: &[KeyContext] = &[C::Filter, C::Prompt];
const OVERLAYS: &[KeyContext] = &[C::Menu, C::Help];
const STREAM_CONTEXTS: &[KeyContext] =
    &[C::Calls, C::Streams, C::Frames, C::Tree, C::Bytes, C::Call, C::Journey, C::Ladder, C::Follow, C::Notes];
/// Contexts in which nothing can be opened and closed.
const SELECTION_CONTEXTS: &[KeyContext] = &[
    C::Calls,
    C::Streams,
    C::Frames,
    C::Tree,
    C::Bytes,
    C::Call,
    C::Journey,
    C::Ladder,
    C::Follow,
    C::Notes,
    C::Statistics,
];

/// All key bindings, in the order of the help screen. The first match wins.
pub(crate) static KEYS: &[Binding] = &[
    // Opening and closing.
    bind(&[key(KeyCode::Enter)], &[C::Menu], A::Enter, "select", "Select"),
    bind(&[key(KeyCode::Esc), char('q'), char('?')], OVERLAYS, A::Back, "close", "Close the menu or this screen"),
    bind(&[key(KeyCode::Enter)], &[C::Calls], A::Enter, "open", "Open the call: messages, phases, frames"),
    bind(&[key(KeyCode::Enter)], &[C::Streams], A::Enter, "ladder", "Open the ladder of the connection"),
    bind(&[key(KeyCode::Enter)], &[C::Frames], A::Enter, "tree", "Go to the tree"),
    bind(
        &[key(KeyCode::Enter), char(' ')],
        &[C::Tree],
        A::Enter,
        "fold",
        "Open or close the line; go to the frame it refers to",
    ),
    bind(&[key(KeyCode::Enter)], &[C::Bytes], A::Enter, "", "Go to the field of the byte"),
    bind(&[key(KeyCode::Enter)], &[C::Journey, C::Ladder, C::Follow], A::Enter, "frame", "Go to the frame"),
    bind(&[key(KeyCode::Enter)], &[C::Call], A::Enter, "frames", "List the frames of a phase; go to the frame"),
    bind(&[key(KeyCode::Enter)], &[C::Notes], A::Enter, "go to", "Go to the frame"),
    bind(
        &[key(KeyCode::Enter)],
        &[C::Statistics],
        A::Enter,
        "filter",
        "Filter by the row, or go to the interval's first frame",
    ),
    bind(&[key(KeyCode::Esc)], &[], A::Back, "", "Back: leave the pane, the view, then the filter"),
    // Cursor movement.
    bind(&[key(KeyCode::Up), char('k')], &[], A::Move(Move::Up), "", "Up"),
    bind(&[key(KeyCode::Down), char('j')], &[], A::Move(Move::Down), "", "Down"),
    bind(&[key(KeyCode::Left), char('h')], &[C::Bytes, C::Call, C::Follow], A::Left, "", "Left"),
    bind(
        &[key(KeyCode::Left), char('h')],
        &[C::Statistics],
        A::Left,
        "",
        "Sort by the previous column; previous interval",
    ),
    bind(&[key(KeyCode::Right), char('l')], &[C::Bytes, C::Call, C::Follow], A::Right, "", "Right"),
    bind(&[key(KeyCode::Right), char('l')], &[C::Statistics], A::Right, "", "Sort by the next column; next interval"),
    bind(&[key(KeyCode::Left), char('h')], &[C::Tree], A::Left, "", "Close the line, or go to its parent"),
    bind(&[key(KeyCode::Right), char('l')], &[C::Tree], A::Right, "", "Open the line, or go to the next"),
    bind(&[key(KeyCode::PageUp), ctrl('b'), ctrl('u')], &[], A::Move(Move::PageUp), "", "Page up"),
    bind(&[key(KeyCode::PageDown), char(' '), ctrl('d')], &[], A::Move(Move::PageDown), "", "Page down"),
    bind(&[key(KeyCode::Home)], &[], A::Move(Move::First), "", "Go to the first row"),
    bind(&[key(KeyCode::End), char('G')], &[], A::Move(Move::Last), "", "Go to the last row, and follow new rows"),
    bind(&[char('g'), char(':')], &[], A::GoToNumber, "", "Go to a frame by number"),
    // Views.
    bind(&[char('1')], &[], A::ShowTab(Tab::Calls), "", "Calls: requests and responses"),
    bind(&[char('2')], &[], A::ShowTab(Tab::Streams), "", "Streams: connections of TCP and QUIC"),
    bind(&[char('3')], &[], A::ShowTab(Tab::Frames), "", "Frames: list, tree and bytes"),
    bind(&[char('4')], &[], A::ShowTab(Tab::Statistics), "", "Statistics"),
    bind(&[char('5'), char('!')], &[], A::ShowTab(Tab::Notes), "", "Notes: warnings and notes"),
    bind(&[key(KeyCode::Tab)], &[], A::NextTab, "", "Next view"),
    bind(&[key(KeyCode::BackTab)], &[], A::PreviousTab, "", "Previous view"),
    bind(&[char('p')], &[C::Frames, C::Tree, C::Bytes], A::NextPane, "pane", "Next pane: list, tree, bytes"),
    bind(&[char('P')], &[C::Frames, C::Tree, C::Bytes], A::PreviousPane, "", "Previous pane"),
    bind(&[char('p')], &[C::Streams], A::NextPane, "TCP/QUIC", "Connections of TCP, or of QUIC"),
    bind(&[char('p')], &[C::Statistics], A::NextPane, "page", "Next page"),
    bind(&[char('P')], &[C::Statistics], A::PreviousPane, "", "Previous page"),
    bind(
        &[char('u')],
        &[C::Statistics],
        A::NextMeasure,
        "measure",
        "Show bytes or frames; measure the whole call or the wait",
    ),
    bind(&[char('b')], &[C::Statistics], A::NextGrouping, "by", "Group response times by host, status or method"),
    bind(&[char('>')], &[C::Statistics], A::LongerInterval, "", "Longer intervals"),
    bind(&[char('<')], &[C::Statistics], A::ShorterInterval, "", "Shorter intervals"),
    bind(&[char('0')], &[C::Statistics], A::FitInterval, "", "Fit the whole capture on the screen"),
    bind(&[char('z')], &[C::Frames, C::Tree, C::Bytes], A::Zoom, "zoom", "Show this pane alone, or all"),
    bind(&[char('p')], &[C::Call], A::NextPane, "pane", "Next pane: phases, request, response"),
    bind(&[char('P')], &[C::Call], A::PreviousPane, "", "Previous pane"),
    bind(&[char('z')], &[C::Call], A::Zoom, "zoom", "Show this pane alone, or all"),
    bind(&[char('z')], &[C::Ladder], A::Zoom, "card", "Fold or unfold the handshake card"),
    bind(&[char('W')], &[C::Call, C::Follow], A::Wrap, "", "Wrap long lines, or scroll them sideways"),
    bind(&[char('J')], &[C::Calls, C::Call], A::Journey, "journey", "Show the journey of the call, step by step"),
    bind(
        &[char('R')],
        &[C::Calls, C::Call],
        A::Trace,
        "trace",
        "Show which calls caused the call, and which it caused",
    ),
    bind(&[char('L')], STREAM_CONTEXTS, A::Ladder, "", "Show the ladder of the connection"),
    bind(&[char('F')], STREAM_CONTEXTS, A::Follow, "follow", "Follow the stream: data of both sides, or its messages"),
    bind(&[char('p')], &[C::Follow], A::NextPane, "bytes/messages", "Show the bytes of the stream, or its messages"),
    bind(
        &[char('v')],
        &[C::Calls, C::Streams, C::Call, C::Journey, C::Ladder, C::Follow],
        A::GoToFrame,
        "frame",
        "Go to the frame",
    ),
    // Filter, search and display.
    bind(&[char('/')], &[], A::Filter, "filter", "Filter all views"),
    bind(&[char('\\')], &[], A::ToggleFilter, "", "Toggle filter"),
    bind(&[char('=')], SELECTION_CONTEXTS, A::FilterBy(FilterMode::Only), "", "Filter by selection"),
    bind(&[char('-')], SELECTION_CONTEXTS, A::FilterBy(FilterMode::Exclude), "", "Exclude selection from filter"),
    bind(&[char('+')], SELECTION_CONTEXTS, A::FilterBy(FilterMode::And), "", "Add selection to filter (AND)"),
    bind(&[char('c')], STREAM_CONTEXTS, A::FilterBy(FilterMode::Conversation), "", "Filter by conversation"),
    bind(&[char('f'), ctrl('f')], &[], A::Find, "find", "Find text, bytes or a regular expression"),
    bind(&[char('n')], &[], A::FindNext, "", "Find next"),
    bind(&[char('N')], &[], A::FindPrevious, "", "Find previous"),
    bind(&[char('m')], STREAM_CONTEXTS, A::Mark, "", "Mark or unmark the frame"),
    bind(&[char('\''), char(']')], &[], A::NextMark, "", "Next marked frame"),
    bind(&[char('[')], &[], A::PreviousMark, "", "Previous marked frame"),
    bind(&[char('e')], &[], A::NextNote, "", "Next frame with a note, a warning or an error"),
    bind(&[char('E')], &[], A::PreviousNote, "", "Previous frame with a note, a warning or an error"),
    bind(&[char('t')], &[], A::NextTimeFormat, "", "Time: since start, previous row, clock or reference"),
    bind(&[char('T')], STREAM_CONTEXTS, A::SetTimeReference, "", "Set the time reference"),
    bind(&[char('a')], &[], A::ToggleNames, "", "Show host names of the capture, or addresses"),
    bind(&[char('s')], LISTS, A::Sort, "sort", "Sort by a column"),
    bind(&[char('s')], &[C::Frames], A::Sort, "", "Sort by a column"),
    bind(&[char('S')], LISTS, A::ReverseSort, "", "Reverse the sort order"),
    bind(&[char('S')], &[C::Frames], A::ReverseSort, "", "Reverse the sort order"),
    bind(&[char('o')], &[C::Calls, C::Streams, C::Frames, C::Notes], A::Columns, "", "Choose columns"),
    bind(&[char('o')], &[C::Tree], A::ToggleColumn, "", "Show or hide this field as a column"),
    bind(&[char('b')], &[C::Tree, C::Bytes], A::NextBuffer, "", "Next buffer: frame, reassembled, decoded"),
    bind(&[char('B')], &[C::Tree, C::Bytes], A::SourceOfBuffer, "", "Bytes that this buffer is from, such as a record"),
    bind(&[char('b')], &[C::Calls], A::NextGrouping, "", "List messages under their handshake, or all calls by time"),
    bind(&[char('O')], &[C::Calls], A::Unfold, "", "List the messages of all sessions"),
    bind(&[char('O')], &[C::Tree], A::Unfold, "", "Open all lines"),
    bind(&[char('O')], &[C::Call], A::Unfold, "", "List the frames of all phases"),
    bind(&[char('O')], &[C::Notes], A::Unfold, "", "List all notes"),
    bind(&[char('C')], &[C::Notes], A::Fold, "", "List one note of each kind, with their number"),
    bind(&[char('C')], &[C::Calls], A::Fold, "", "Hide messages, and show their number at their handshake"),
    bind(&[char('C')], &[C::Call], A::Fold, "", "Hide the frames of all phases"),
    bind(&[char('C')], &[C::Tree], A::Fold, "", "Close all lines"),
    // Copy and save.
    bind(&[char('y')], STREAM_CONTEXTS, A::Copy, "copy", "Copy a value, the row, the filter or a curl command"),
    bind(&[char('w')], &[], A::Save, "", "Save the listed frames as pcapng"),
    // Program.
    bind(&[char('?'), key(KeyCode::F(1))], &[], A::Help, "help", "Help"),
    bind(&[char('i')], &[], A::Theme, "", "Toggle light and dark theme"),
    bind(&[ctrl('l')], &[], A::Redraw, "", "Redraw the screen"),
    bind(&[ctrl('z')], &[], A::Suspend, "", "Suspend; fg resumes"),
    bind(&[char('q'), ctrl('c')], &[], A::Quit, "quit", "Quit"),
    // Prompts.
    bind(&[key(KeyCode::Enter)], &[C::Filter], A::Enter, "apply", "Apply the filter"),
    bind(&[key(KeyCode::Enter)], &[C::Prompt], A::Enter, "confirm", "Confirm"),
    bind(&[key(KeyCode::Esc), ctrl('c')], PROMPTS, A::Back, "cancel", "Cancel"),
    bind(
        &[key(KeyCode::Tab)],
        &[C::Filter],
        A::Edit(EditAction::Next),
        "complete",
        "Complete a name; again for the next",
    ),
    bind(&[key(KeyCode::BackTab)], &[C::Filter], A::Edit(EditAction::Previous), "", "Previous completion"),
    bind(
        &[key(KeyCode::Tab)],
        &[C::Prompt],
        A::Edit(EditAction::Next),
        "kind",
        "Find: text, bytes or a regular expression",
    ),
    bind(
        &[key(KeyCode::BackTab)],
        &[C::Prompt],
        A::Edit(EditAction::Previous),
        "place",
        "Find: in rows, trees or bytes",
    ),
    bind(&[key(KeyCode::Up), ctrl('p')], PROMPTS, A::Edit(EditAction::Older), "older", "Previous entry of the history"),
    bind(&[key(KeyCode::Down), ctrl('n')], PROMPTS, A::Edit(EditAction::Newer), "", "Next entry of the history"),
    bind(&[key(KeyCode::Left), ctrl('b')], PROMPTS, A::Edit(EditAction::Left), "", "Left"),
    bind(&[key(KeyCode::Right), ctrl('f')], PROMPTS, A::Edit(EditAction::Right), "", "Right"),
    bind(&[key(KeyCode::Home), ctrl('a')], PROMPTS, A::Edit(EditAction::Home), "", "Go to the start"),
    bind(&[key(KeyCode::End), ctrl('e')], PROMPTS, A::Edit(EditAction::End), "", "Go to the end"),
    bind(
        &[key(KeyCode::Backspace), ctrl('h')],
        PROMPTS,
        A::Edit(EditAction::Backspace),
        "",
        "Delete the character before the cursor",
    ),
    bind(
        &[key(KeyCode::Delete), ctrl('d')],
        PROMPTS,
        A::Edit(EditAction::Delete),
        "",
        "Delete the character at the cursor",
    ),
    bind(&[ctrl('w')], PROMPTS, A::Edit(EditAction::DeleteWord), "", "Delete the word before the cursor"),
    bind(&[ctrl('u')], PROMPTS, A::Edit(EditAction::Clear), "clear", "Delete the whole line"),
    bind(&[ctrl('z')], &[C::Filter, C::Prompt, C::Help, C::Menu], A::Suspend, "", "Suspend; fg resumes"),
    bind(&[ctrl('c')], OVERLAYS, A::Quit, "", "Quit"),
    bind(&[key(KeyCode::Up), char('k')], OVERLAYS, A::Move(Move::Up), "", "Up"),
    bind(&[key(KeyCode::Down), char('j')], OVERLAYS, A::Move(Move::Down), "", "Down"),
    bind(&[key(KeyCode::PageUp), ctrl('u')], OVERLAYS, A::Move(Move::PageUp), "", "Page up"),
    bind(&[key(KeyCode::PageDown), char(' ')], OVERLAYS, A::Move(Move::PageDown), "", "Page down"),
    bind(&[key(KeyCode::Home), char('g')], OVERLAYS, A::Move(Move::First), "", "Go to the first row"),
    bind(&[key(KeyCode::End), char('G')], OVERLAYS, A::Move(Move::Last), "", "Go to the last row"),
];

impl KeyContext {
    /// Returns whether the context is a view, not an overlay.
    pub(crate) fn is_view(self) -> bool {
        !matches!(self, C::Help | C::Menu | C::Filter | C::Prompt)
    }
}

impl Binding {
    /// Returns whether the binding applies in a context.
    pub(crate) fn applies(&self, context: KeyContext) -> bool {
        if self.contexts.is_empty() { context.is_view() } else { self.contexts.contains(&context) }
    }
}

/// Returns the action of a key. Bindings of this context come before those of all views.
pub(crate) fn action(key: Key, context: KeyContext) -> Option<Action> {
    let bound = |binding: &&Binding| binding.keys.contains(&key) && binding.applies(context);
    let special = KEYS.iter().filter(|binding| !binding.contexts.is_empty()).find(bound);
    special.or_else(|| KEYS.iter().find(bound)).map(|binding| binding.action)
}

/// Returns the bindings with a hint for the last line.
pub(crate) fn hints(context: KeyContext) -> impl Iterator<Item = &'static Binding> {
    KEYS.iter().filter(move |binding| !binding.hint.is_empty() && binding.applies(context))
}

/// Returns the context of a view.
pub(crate) fn context_of(view: View) -> KeyContext {
    match view {
        View::Calls => C::Calls,
        View::Streams | View::Connections => C::Streams,
        View::Frames => C::Frames,
        View::Statistics => C::Statistics,
        View::Notes => C::Notes,
        View::Call(_) => C::Call,
        View::Journey(_) | View::Trace(_) => C::Journey,
        View::Ladder(_) => C::Ladder,
        View::Follow(_) => C::Follow,
    }
}
