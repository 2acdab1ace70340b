//! Tests of the terminal UI, on a model with made-up frames.

use super::model::keys::{Action, KEYS, Key};
use super::model::{Model, StatusMessage, Tab, View};
use super::panes::actions::run_action;
use super::widgets::scroll::Move;
use super::widgets::theme::{Background, ColorDepth, Theme};
use super::{Effect, Msg, update, view};
use crate::browse::{
    BrowseEvent, BrowseRequest, CaptureEnd, CaptureTimes, DirectedPair, FollowLine, FollowWindow, FrameRow,
    FrameSummary, IndexUpdate, LoadState, NO_STREAM, ProtocolName, SearchTarget, StackId,
};
use crate::capture::{self, CloseKind, Endpoint, OpenKind, SideCounters, Stream};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use dissectors::session::{ConversationId, Stamp};
use jiff::tz::TimeZone;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use std::path::Path;

fn model() -> Model {
    let mut model = Model::new("a.pcap", Theme::new(ColorDepth::None, Background::Dark), TimeZone::UTC);
    update(&mut model, Msg::Resize(80, 24));
    model
}

/// Adds `count` frames to the model; returns the effects.
fn frames(model: &mut Model, count: usize, state: LoadState) -> Vec<Effect> {
    let summary = FrameSummary {
        time: 0,
        length: 60,
        stream: NO_STREAM,
        hosts: DirectedPair::NONE,
        protocol: ProtocolName::new("TCP"),
        stack: StackId::default(),
        severity: None,
    };
    let times = Some(CaptureTimes::extended_by(None, 0));
    let changes = IndexUpdate { frames: vec![summary; count], times, state, ..IndexUpdate::default() };
    update(model, Msg::QueryResult(BrowseEvent::IndexUpdate(Box::new(changes))))
}

fn press(model: &mut Model, code: KeyCode) -> Vec<Effect> {
    update(model, Msg::Key(KeyEvent::new(code, KeyModifiers::NONE)))
}

/// Opens a prompt, types a line and enters it.
fn line(model: &mut Model, begin: char, text: &str) -> Vec<Effect> {
    press(model, KeyCode::Char(begin));
    text.chars().for_each(|char| drop(press(model, KeyCode::Char(char))));
    press(model, KeyCode::Enter)
}

fn rows(effects: &[Effect]) -> Vec<&[u32]> {
    let requested = effects.iter().filter_map(|effect| match effect {
        Effect::Query(BrowseRequest::Rows { frames, .. }) => Some(frames.as_slice()),
        _ => None,
    });
    requested.collect()
}

fn filter_result(id: u64, frames: Vec<u32>, done: bool) -> Msg {
    let upto = frames.last().copied().unwrap_or(0);
    Msg::QueryResult(BrowseEvent::FilterResult {
        id,
        frames,
        calls: Vec::new(),
        streams: Vec::new(),
        datagrams: Vec::new(),
        upto,
        done,
    })
}

#[test]
fn visible_rows_and_a_screen_around_them_are_requested_once() {
    let mut model = model();
    frames(&mut model, 1000, LoadState::Complete(None));
    let effects = press(&mut model, KeyCode::Char('3'));
    let requested = rows(&effects);
    assert_eq!(requested.len(), 1);
    let frames = requested[0].to_vec();
    assert_eq!((frames.first(), frames.last()), (Some(&1), Some(&16)));
    // Nothing is requested again, before or after the result arrives.
    assert!(rows(&press(&mut model, KeyCode::Char('j'))).is_empty());
    let row = |frame| FrameRow {
        frame,
        source: "a".into(),
        destination: "b".into(),
        protocol: "TCP",
        info: "c".into(),
        values: Vec::new(),
    };
    update(&mut model, Msg::QueryResult(BrowseEvent::Rows(frames.into_iter().map(row).collect())));
    assert!(rows(&press(&mut model, KeyCode::Char('k'))).is_empty());
    let effects = press(&mut model, KeyCode::End);
    assert_eq!(rows(&effects), [(985..=1000).collect::<Vec<u32>>()]);
}

#[test]
fn the_list_follows_the_end_until_it_is_scrolled_up() {
    let mut model = model().with_follow(Tab::Frames);
    let live = || LoadState::Live { name: "lo".into(), dropped: [0; 3] };
    frames(&mut model, 100, live());
    assert_eq!(model.selected_frame(), Some(100));
    frames(&mut model, 50, live());
    assert_eq!(model.selected_frame(), Some(150));
    press(&mut model, KeyCode::Up);
    frames(&mut model, 50, live());
    assert_eq!(model.selected_frame(), Some(149));
    press(&mut model, KeyCode::Char('G'));
    frames(&mut model, 1, live());
    assert_eq!(model.selected_frame(), Some(201));
}

#[test]
fn the_frame_under_the_cursor_stays_when_a_filter_is_applied_and_cleared() {
    let mut model = model();
    frames(&mut model, 1000, LoadState::Complete(None));
    press(&mut model, KeyCode::Char('3'));
    line(&mut model, 'g', "500");
    assert_eq!(model.selected_frame(), Some(500));
    let effects = line(&mut model, '/', "tcp");
    let id = effects.iter().find_map(|effect| match effect {
        Effect::Query(BrowseRequest::Filter { id, filter }) => (**filter == *"tcp").then_some(*id),
        _ => None,
    });
    let id = id.expect("a filter query");
    assert_eq!(model.selected_frame(), None);
    update(&mut model, filter_result(id, vec![10, 300], false));
    assert_eq!(model.selected_frame(), Some(300));
    // Matches of an earlier filter are ignored.
    update(&mut model, filter_result(id - 1, vec![499, 500], true));
    assert_eq!(model.selected_frame(), Some(300));
    update(&mut model, filter_result(id, vec![500, 700], true));
    assert_eq!(model.selected_frame(), Some(500));
    press(&mut model, KeyCode::Esc);
    assert_eq!((model.selected_frame(), model.applied_filter.is_none()), (Some(500), true));
    // The cleared filter is applied again.
    assert!(
        press(&mut model, KeyCode::Char('\\'))
            .iter()
            .any(|effect| matches!(effect, Effect::Query(BrowseRequest::Filter { .. })))
    );
}

#[test]
fn an_invalid_filter_is_not_applied() {
    let mut model = model();
    let effects = line(&mut model, '/', "tcp.prt == 80");
    assert!(effects.is_empty() && model.prompt.is_some() && model.applied_filter.is_none());
    press(&mut model, KeyCode::Esc);
    assert!(model.prompt.is_none());
}

#[test]
fn the_prompt_has_a_filter_history() {
    let mut model = model();
    line(&mut model, '/', "tcp");
    press(&mut model, KeyCode::Char('\\'));
    line(&mut model, '/', "udp");
    press(&mut model, KeyCode::Esc);
    press(&mut model, KeyCode::Char('/'));
    press(&mut model, KeyCode::Char('x'));
    let mut shown = |code| {
        press(&mut model, code);
        model.prompt.as_ref().map(|typing| typing.line.text.clone()).unwrap_or_default()
    };
    assert_eq!([KeyCode::Up, KeyCode::Up, KeyCode::Up].map(&mut shown), ["udp", "tcp", "tcp"]);
    assert_eq!([KeyCode::Down, KeyCode::Down].map(&mut shown), ["udp", "x"]);
}

#[test]
fn escape_closes_views_in_reverse_order() {
    let mut model = model();
    frames(&mut model, 10, LoadState::Complete(None));
    press(&mut model, KeyCode::Char('2'));
    line(&mut model, 'g', "5");
    press(&mut model, KeyCode::Enter);
    press(&mut model, KeyCode::Char('z'));
    let mut visited = Vec::new();
    for _ in 0..3 {
        press(&mut model, KeyCode::Esc);
        visited.push((model.view, model.frames.zoom));
    }
    assert_eq!(visited, [(View::Frames, false), (View::Frames, false), (View::Streams, false)]);
}

/// Opens the follow view of a stream with these lines.
fn following(lines: &[String]) -> Model {
    let mut model = model();
    model.view = View::Follow(ConversationId::Tcp(0));
    update(&mut model, Msg::Continue);
    update(&mut model, Msg::QueryResult(BrowseEvent::Follow(followed(lines))));
    model
}

/// Returns the data of a stream with these lines.
fn followed(lines: &[String]) -> FollowWindow {
    let mut window = FollowWindow::default();
    for text in lines {
        let (offset, text) = (window.range.end, text.clone());
        window.range.end += text.len() as u64 + 1;
        window.lines.push(FollowLine { from_client: true, frame: 1, offset, begins_message: false, text });
    }
    window
}

#[test]
fn new_data_of_a_followed_stream_is_requested() {
    let mut model = following(&["one".into()]);
    let row = |frames| {
        let at = Stamp { frame: 1, time: 0 };
        let stream = Stream {
            number: 0,
            client: Endpoint::default(),
            server: Endpoint::default(),
            opened: OpenKind::MidStream,
            closed: CloseKind::Open,
            states: [capture::SideState::Established; 2],
            fins: [None; 2],
            simultaneous_close: false,
            reset: None,
            completeness: 0,
            first: at,
            last: at,
            sides: [SideCounters { frames, ..SideCounters::default() }, SideCounters::default()],
            initial_rtt: None,
            names: None,
        };
        IndexUpdate { streams: vec![stream], state: LoadState::Reading(None), ..IndexUpdate::default() }
    };
    let count_requests = |effects: Vec<Effect>| {
        effects.iter().filter(|effect| matches!(effect, Effect::Query(BrowseRequest::Follow { .. }))).count()
    };
    let mut changes =
        |frames| count_requests(update(&mut model, Msg::QueryResult(BrowseEvent::IndexUpdate(Box::new(row(frames))))));
    assert_eq!([changes(3), changes(4), changes(4)], [1, 0, 0]);
    let event = BrowseEvent::Follow(followed(&["one".into(), "two".into()]));
    // Frames arrived while the request was pending.
    assert_eq!(count_requests(update(&mut model, Msg::QueryResult(event))), 1);
    assert_eq!(model.follow.loaded.lines.len(), 2);
}

/// Returns the text with the search hit style on the screen, row by row.
fn found(model: &Model) -> Vec<String> {
    let mut terminal = Terminal::new(TestBackend::new(80, 24)).expect("a terminal");
    terminal.draw(|frame| view(model, frame)).expect("a screen");
    let buffer = terminal.backend().buffer();
    let style = model.theme.found.add_modifier;
    let of = |y| (0..80).map(move |x| &buffer[(x, y)]).filter(|cell| cell.modifier.contains(style));
    // The first rows are titles.
    (2..24).map(|y| of(y).map(|cell| cell.symbol()).collect()).filter(|row: &String| !row.is_empty()).collect()
}

#[test]
fn the_search_goes_from_hit_to_hit_and_highlights_them() {
    // Rows have 70 columns: the second hit is wrapped, the third is far below.
    let long = format!("{}Needle{}", "x".repeat(67), "y".repeat(9000));
    let mut model = following(&["a needle".into(), long, "".into(), "é needle".into()]);
    let at =
        |model: &Model| (model.follow.list.cursor, model.follow.rows.get(model.follow.list.cursor).map(|row| row.line));
    line(&mut model, 'f', "needle");
    assert_eq!(at(&model), (0, Some(0)));
    assert_eq!(found(&model), ["needle", "Nee", "dle"]);
    press(&mut model, KeyCode::Char('n'));
    assert_eq!(at(&model), (1, Some(1)));
    press(&mut model, KeyCode::Char('n'));
    assert_eq!(at(&model).1, Some(3));
    assert_eq!(found(&model), ["needle"]);
    press(&mut model, KeyCode::Char('n'));
    assert_eq!(at(&model), (0, Some(0)));
    press(&mut model, KeyCode::Char('N'));
    assert_eq!(at(&model).1, Some(3));
    line(&mut model, 'f', "nowhere");
    assert!(
        matches!(&model.status, Some(StatusMessage::Error(error)) if error == "\"nowhere\" not found in this stream")
    );
    assert_eq!(at(&model).1, Some(3));
}

#[test]
fn an_unwrapped_line_scrolls_to_the_hit() {
    let long = format!("{}needle{}needle", "日".repeat(300), "y".repeat(500));
    let mut model = following(&[long]);
    press(&mut model, KeyCode::Char('W'));
    assert_eq!(model.follow.rows.len(), 1);
    for left in [583, 1089, 583] {
        if left == 583 && model.search.hit.is_none() {
            line(&mut model, 'f', "needle");
        } else {
            press(&mut model, KeyCode::Char('n'));
        }
        assert_eq!((model.follow.scrolled_columns, found(&model)), (left, vec!["needle".to_owned()]));
    }
    press(&mut model, KeyCode::Home);
    assert_eq!((model.follow.scrolled_columns, found(&model).len()), (0, 0));
    (0..100).for_each(|_| drop(press(&mut model, KeyCode::Right)));
    assert_eq!(model.follow.scrolled_columns, 2 * 300 + 6 + 500 + 6 - 70);
}

#[test]
fn typing_replaces_the_previous_search() {
    let mut model = following(&["one".into(), "two".into()]);
    line(&mut model, 'f', "one");
    assert_eq!(model.follow.list.cursor, 0);
    line(&mut model, 'f', "two");
    assert_eq!((model.search.text.as_str(), model.follow.list.cursor), ("two", 1));
    // A view with one search scope has none to choose.
    press(&mut model, KeyCode::Char('f'));
    press(&mut model, KeyCode::BackTab);
    assert_eq!(model.search.scope, SearchTarget::Row);
}

#[test]
fn only_the_visible_rows_of_a_huge_line_are_drawn() {
    let mut model = following(&["é".repeat(1 << 20)]);
    press(&mut model, KeyCode::End);
    let rows = model.follow.rows.len();
    assert_eq!((rows, model.follow.list.cursor), ((1_usize << 20).div_ceil(70), rows - 1));
    let row = model.follow.rows.get(rows - 1).expect("a row");
    assert_eq!(row.bytes(), 2 * 70 * (rows - 1)..2 << 20);
}

/// Returns the screen of a live capture after this many frames.
fn live_model(frames_so_far: usize) -> Model {
    let mut model = model().with_follow(Tab::Calls).with_spool(Some(Path::new("/tmp/overhear-x/capture.pcapng")));
    frames(&mut model, frames_so_far, LoadState::Live { name: "lo".into(), dropped: [0; 3] });
    model
}

/// Returns the number of frames discarded before quitting, or `None` if the effects do not quit.
fn ends(effects: &[Effect]) -> Option<u64> {
    let discarded = effects.iter().find_map(|effect| match effect {
        Effect::Query(BrowseRequest::Discard(count)) => Some(*count),
        _ => None,
    });
    effects.iter().any(|effect| matches!(effect, Effect::Quit)).then(|| discarded.unwrap_or(0))
}

#[test]
fn unsaved_frames_are_not_discarded_without_confirmation() {
    let quit = |model: &mut Model| ends(&press(model, KeyCode::Char('q')));
    assert_eq!(quit(&mut model()), Some(0));
    assert_eq!(quit(&mut live_model(0)), Some(0));
    // Enter keeps the frames, as the first item; so does a second Ctrl-C.
    let mut model = live_model(5);
    assert_eq!(quit(&mut model), None);
    assert_eq!(ends(&press(&mut model, KeyCode::Enter)), Some(0));
    let mut model = live_model(5);
    let interrupt = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
    let ended = [(); 2].map(|()| ends(&update(&mut model, Msg::Key(interrupt))));
    assert_eq!(ended, [None, Some(0)]);
    // Esc cancels, Discard quits.
    let mut model = live_model(5);
    quit(&mut model);
    assert_eq!((ends(&press(&mut model, KeyCode::Esc)), model.menu.is_none()), (None, true));
    quit(&mut model);
    press(&mut model, KeyCode::Down);
    press(&mut model, KeyCode::Down);
    assert_eq!(ends(&press(&mut model, KeyCode::Enter)), Some(u64::MAX));
}

#[test]
fn saving_before_quitting_saves_all_captured_frames() {
    let mut model = live_model(5);
    line(&mut model, '/', "tcp");
    let id = model.last_query_id;
    update(&mut model, filter_result(id, vec![2], true));
    press(&mut model, KeyCode::Char('q'));
    press(&mut model, KeyCode::Down);
    press(&mut model, KeyCode::Enter);
    let effects = press(&mut model, KeyCode::Enter);
    assert!(matches!(effects.as_slice(), [Effect::Query(BrowseRequest::Save { frames: None, .. })]), "{effects:?}");
    let saved = BrowseEvent::SaveResult { path: "a.pcapng".into(), result: Ok(5), omits_secrets: false };
    assert_eq!(ends(&update(&mut model, Msg::QueryResult(saved))), Some(5));
    // Saved frames need no confirmation, unless more frames arrive.
    assert_eq!(ends(&press(&mut model, KeyCode::Char('q'))), Some(5));
    frames(&mut model, 1, LoadState::Live { name: "lo".into(), dropped: [0; 3] });
    assert_eq!(ends(&press(&mut model, KeyCode::Char('q'))), None);
    // A part of the capture may have overwritten the saved file.
    let mut model = live_model(5);
    for count in [5, 1] {
        let saved = BrowseEvent::SaveResult { path: "a.pcapng".into(), result: Ok(count), omits_secrets: false };
        update(&mut model, Msg::QueryResult(saved));
    }
    assert_eq!(ends(&press(&mut model, KeyCode::Char('q'))), None);
}

/// Returns the first lines of the screen.
fn head(model: &Model, lines: u16) -> Vec<String> {
    let (width, height) = model.size;
    let mut terminal = Terminal::new(TestBackend::new(width, height)).expect("a terminal");
    terminal.draw(|frame| view(model, frame)).expect("drawn");
    let buffer = terminal.backend().buffer();
    let line = |y| (0..width).map(|x| buffer[(x, y)].symbol()).collect::<String>().trim_end().to_owned();
    (0..lines).map(line).collect()
}

#[test]
fn dropped_frames_and_the_reason_of_the_end_stay_on_screen() {
    let mut model = model().with_follow(Tab::Calls);
    assert!(head(&model, 1)[0].ends_with("live  dropped: kernel 0, interface 0, overhear 0"));
    let ended = |by| LoadState::LiveEnded { name: "lo".into(), dropped: [7, 0, 0], reason: by };
    frames(&mut model, 4, ended(CaptureEnd::Packets(4)));
    assert_eq!(head(&model, 1)[0], format!(" lo  4 frames  0 ns{:24}ended after 4 packets  dropped 7/0/0", ""));
    let full = "/tmp/overhear-x/capture.pcapng: it cannot be written on: no space left on device";
    frames(&mut model, 0, ended(CaptureEnd::Failed(full.into())));
    update(&mut model, Msg::Resize(40, 12));
    press(&mut model, KeyCode::Char('j'));
    let head = head(&model, 5);
    assert_eq!(head[0], " lo  4 frames      ended  dropped 7/0/0");
    assert_eq!(
        head[2..],
        [" /tmp/overhear-x/capture.pcapng: it", " cannot be written on: no space left on", " device"]
    );
}

#[test]
fn no_action_makes_an_empty_screen_panic() {
    let mut model = Model::new("", Theme::new(ColorDepth::True, Background::Light), TimeZone::UTC);
    for size in [(0, 0), (1, 1), (20, 5), (80, 24)] {
        update(&mut model, Msg::Resize(size.0, size.1));
        for binding in KEYS.iter().filter(|binding| binding.action != Action::Quit) {
            run_action(&mut model, binding.action);
            update(&mut model, Msg::Continue);
        }
    }
    run_action(&mut model, Action::Move(Move::Last));
}

#[test]
fn no_key_is_bound_twice_in_one_context() {
    let mut bound: Vec<(Key, String)> = Vec::new();
    for binding in KEYS {
        for key in binding.keys {
            let contexts = binding.contexts.iter().map(|at| format!("{at:?}"));
            let contexts: Vec<String> =
                if binding.contexts.is_empty() { vec!["everywhere".into()] } else { contexts.collect() };
            for context in contexts {
                assert!(!bound.contains(&(*key, context.clone())), "{key} is bound twice in {context}");
                bound.push((*key, context));
            }
        }
        assert!(!binding.help.is_empty());
    }
}
