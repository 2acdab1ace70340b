//! What the screen does, told to a model of frames made by hand.

use super::keys::{Action, KEYS, Key};
use super::list::Move;
use super::model::{Model, Tab, View, Word};
use super::theme::{Depth, Theme, Tone};
use super::update::act;
use super::{Effect, Msg, update, view};
use crate::browse::{Answer, Ask, End, Fact, NO_STREAM, News, Place, Row, Said, Short, Stack, State, Times, Way};
use crate::capture::{self, Closed, Endpoint, Opened, Sent, Stream};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use dissectors::session::At;
use jiff::tz::TimeZone;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use std::path::Path;

fn model() -> Model {
    let mut model = Model::new("a.pcap", Theme::new(Depth::None, Tone::Dark), TimeZone::UTC);
    update(&mut model, Msg::Resize(80, 24));
    model
}

/// Tells of `count` more frames; returns what is asked.
fn frames(model: &mut Model, count: usize, state: State) -> Vec<Effect> {
    let fact = Fact {
        time: 0,
        length: 60,
        stream: NO_STREAM,
        way: Way::NONE,
        protocol: Short::new("TCP"),
        stack: Stack::default(),
        worst: None,
    };
    let times = Some(Times::with(None, 0));
    let news = News { frames: vec![fact; count], times, state, ..News::default() };
    update(model, Msg::Answer(Answer::News(Box::new(news))))
}

fn press(model: &mut Model, code: KeyCode) -> Vec<Effect> {
    update(model, Msg::Key(KeyEvent::new(code, KeyModifiers::NONE)))
}

/// Types a line and enters it.
fn line(model: &mut Model, begin: char, text: &str) -> Vec<Effect> {
    press(model, KeyCode::Char(begin));
    text.chars().for_each(|char| drop(press(model, KeyCode::Char(char))));
    press(model, KeyCode::Enter)
}

fn rows(effects: &[Effect]) -> Vec<&[u32]> {
    let asked = effects.iter().filter_map(|effect| match effect {
        Effect::Ask(Ask::Rows { frames, .. }) => Some(frames.as_slice()),
        _ => None,
    });
    asked.collect()
}

fn sifted(turn: u64, frames: Vec<u32>, done: bool) -> Msg {
    let upto = frames.last().copied().unwrap_or(0);
    Msg::Answer(Answer::Sifted { turn, frames, calls: Vec::new(), streams: Vec::new(), upto, done })
}

#[test]
fn the_words_of_what_is_seen_and_a_screen_around_it_are_asked_for_once() {
    let mut model = model();
    frames(&mut model, 1000, State::Whole(None));
    let asked = press(&mut model, KeyCode::Char('3'));
    let asked = rows(&asked);
    assert_eq!(asked.len(), 1);
    let told = asked[0].to_vec();
    assert_eq!((told.first(), told.last()), (Some(&1), Some(&16)));
    // Nothing is asked again before it is answered, nor after.
    assert!(rows(&press(&mut model, KeyCode::Char('j'))).is_empty());
    let row = |frame| Row {
        frame,
        source: "a".into(),
        destination: "b".into(),
        protocol: "TCP",
        info: "c".into(),
        values: Vec::new(),
    };
    update(&mut model, Msg::Answer(Answer::Rows(told.into_iter().map(row).collect())));
    assert!(rows(&press(&mut model, KeyCode::Char('k'))).is_empty());
    let asked = press(&mut model, KeyCode::End);
    assert_eq!(rows(&asked), [(985..=1000).collect::<Vec<u32>>()]);
}

#[test]
fn the_tail_is_followed_until_it_is_scrolled_up() {
    let mut model = model().following(Tab::Frames);
    let live = || State::Live { name: "lo".into(), lost: [0; 3] };
    frames(&mut model, 100, live());
    assert_eq!(model.frame_here(), Some(100));
    frames(&mut model, 50, live());
    assert_eq!(model.frame_here(), Some(150));
    press(&mut model, KeyCode::Up);
    frames(&mut model, 50, live());
    assert_eq!(model.frame_here(), Some(149));
    press(&mut model, KeyCode::Char('G'));
    frames(&mut model, 1, live());
    assert_eq!(model.frame_here(), Some(201));
}

#[test]
fn the_frame_under_the_cursor_stays_when_a_filter_comes_and_goes() {
    let mut model = model();
    frames(&mut model, 1000, State::Whole(None));
    press(&mut model, KeyCode::Char('3'));
    line(&mut model, 'g', "500");
    assert_eq!(model.frame_here(), Some(500));
    let asked = line(&mut model, '/', "tcp");
    let turn = asked.iter().find_map(|effect| match effect {
        Effect::Ask(Ask::Sift { turn, filter }) => (**filter == *"tcp").then_some(*turn),
        _ => None,
    });
    let turn = turn.expect("the filter was asked for");
    assert_eq!(model.frame_here(), None);
    update(&mut model, sifted(turn, vec![10, 300], false));
    assert_eq!(model.frame_here(), Some(300));
    // What an earlier filter has let through comes too late.
    update(&mut model, sifted(turn - 1, vec![499, 500], true));
    assert_eq!(model.frame_here(), Some(300));
    update(&mut model, sifted(turn, vec![500, 700], true));
    assert_eq!(model.frame_here(), Some(500));
    press(&mut model, KeyCode::Esc);
    assert_eq!((model.frame_here(), model.sifted.is_none()), (Some(500), true));
    // It comes back as it was.
    assert!(
        press(&mut model, KeyCode::Char('\\')).iter().any(|effect| matches!(effect, Effect::Ask(Ask::Sift { .. })))
    );
}

#[test]
fn a_filter_that_is_wrong_is_not_applied() {
    let mut model = model();
    let asked = line(&mut model, '/', "tcp.prt == 80");
    assert!(asked.is_empty() && model.typing.is_some() && model.sifted.is_none());
    press(&mut model, KeyCode::Esc);
    assert!(model.typing.is_none());
}

#[test]
fn filters_are_remembered() {
    let mut model = model();
    line(&mut model, '/', "tcp");
    press(&mut model, KeyCode::Char('\\'));
    line(&mut model, '/', "udp");
    press(&mut model, KeyCode::Esc);
    press(&mut model, KeyCode::Char('/'));
    press(&mut model, KeyCode::Char('x'));
    let mut shown = |code| {
        press(&mut model, code);
        model.typing.as_ref().map(|typing| typing.line.text.clone()).unwrap_or_default()
    };
    assert_eq!([KeyCode::Up, KeyCode::Up, KeyCode::Up].map(&mut shown), ["udp", "tcp", "tcp"]);
    assert_eq!([KeyCode::Down, KeyCode::Down].map(&mut shown), ["udp", "x"]);
}

#[test]
fn escape_goes_back_the_way_that_was_come() {
    let mut model = model();
    frames(&mut model, 10, State::Whole(None));
    press(&mut model, KeyCode::Char('2'));
    line(&mut model, 'g', "5");
    press(&mut model, KeyCode::Enter);
    press(&mut model, KeyCode::Char('z'));
    let mut went = Vec::new();
    for _ in 0..3 {
        press(&mut model, KeyCode::Esc);
        went.push((model.view, model.frames.zoom));
    }
    assert_eq!(went, [(View::Frames, false), (View::Frames, false), (View::Streams, false)]);
}

/// What was said on a connection, in lines of these texts.
fn following(lines: &[String]) -> Model {
    let mut model = model();
    model.view = View::Follow(0);
    update(&mut model, Msg::Continue);
    let said = vec![Said { from_client: true, frame: 1, lines: lines.to_vec() }];
    update(&mut model, Msg::Answer(Answer::Follow { stream: 0, said, more: false }));
    model
}

#[test]
fn what_is_said_next_is_asked_for_when_it_comes() {
    let mut model = following(&["one".into()]);
    let row = |frames| {
        let at = At { frame: 1, time: 0 };
        let stream = Stream {
            number: 0,
            client: Endpoint::default(),
            server: Endpoint::default(),
            opened: Opened::MidStream,
            closed: Closed::Open,
            states: [capture::State::Established; 2],
            fins: [None; 2],
            crossed: false,
            reset: None,
            completeness: 0,
            first: at,
            last: at,
            sides: [Sent { frames, ..Sent::default() }, Sent::default()],
            initial_rtt: None,
        };
        News { streams: vec![stream], state: State::Reading(None), ..News::default() }
    };
    let asks =
        |effects: Vec<Effect>| effects.iter().filter(|effect| matches!(effect, Effect::Ask(Ask::Follow(0)))).count();
    let mut news = |frames| asks(update(&mut model, Msg::Answer(Answer::News(Box::new(row(frames))))));
    assert_eq!([news(3), news(4), news(4)], [1, 0, 0]);
    let said = vec![Said { from_client: true, frame: 1, lines: vec!["one".into(), "two".into()] }];
    let answer = Answer::Follow { stream: 0, said, more: false };
    // More has come while it was waited for.
    assert_eq!(asks(update(&mut model, Msg::Answer(answer))), 1);
    assert_eq!(model.follow.lines.len(), 2);
}

/// What is painted as found on the screen, row by row.
fn found(model: &Model) -> Vec<String> {
    let mut terminal = Terminal::new(TestBackend::new(80, 24)).expect("a terminal");
    terminal.draw(|frame| view(model, frame)).expect("a screen");
    let buffer = terminal.backend().buffer();
    let style = model.theme.found.add_modifier;
    let of = |y| (0..80).map(move |x| &buffer[(x, y)]).filter(|cell| cell.modifier.contains(style));
    // Above are the titles.
    (2..24).map(|y| of(y).map(|cell| cell.symbol()).collect()).filter(|row: &String| !row.is_empty()).collect()
}

#[test]
fn what_is_found_is_gone_to_from_hit_to_hit_and_painted() {
    // Rows have 70 columns: the second hit is wrapped, the third is far below.
    let long = format!("{}Needle{}", "x".repeat(67), "y".repeat(9000));
    let mut model = following(&["a needle".into(), long, "".into(), "é needle".into()]);
    let at = |model: &Model| (model.follow.list.at, model.follow.rows.get(model.follow.list.at).map(|row| row.line));
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
    assert!(matches!(&model.word, Some(Word::Wrong(wrong)) if wrong == "nowhere is not in what was said"));
    assert_eq!(at(&model).1, Some(3));
}

#[test]
fn of_a_line_that_is_not_wrapped_what_is_found_is_scrolled_to() {
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
        assert_eq!((model.follow.left, found(&model)), (left, vec!["needle".to_owned()]));
    }
    press(&mut model, KeyCode::Home);
    assert_eq!((model.follow.left, found(&model).len()), (0, 0));
    (0..100).for_each(|_| drop(press(&mut model, KeyCode::Right)));
    assert_eq!(model.follow.left, 2 * 300 + 6 + 500 + 6 - 70);
}

#[test]
fn the_line_of_what_is_looked_for_is_replaced_by_what_is_typed() {
    let mut model = following(&["one".into(), "two".into()]);
    line(&mut model, 'f', "one");
    assert_eq!(model.follow.list.at, 0);
    line(&mut model, 'f', "two");
    assert_eq!((model.search.text.as_str(), model.follow.list.at), ("two", 1));
    // Where there are no other places to look in, none is chosen.
    press(&mut model, KeyCode::Char('f'));
    press(&mut model, KeyCode::BackTab);
    assert_eq!(model.search.place, Place::Row);
}

#[test]
fn a_line_of_megabytes_is_wrapped_in_rows_that_are_drawn_alone() {
    let mut model = following(&["é".repeat(1 << 20)]);
    press(&mut model, KeyCode::End);
    let rows = model.follow.rows.len();
    assert_eq!((rows, model.follow.list.at), ((1_usize << 20).div_ceil(70), rows - 1));
    let row = model.follow.rows.get(rows - 1).expect("a row");
    assert_eq!(row.bytes(), 2 * 70 * (rows - 1)..2 << 20);
}

/// The screen of an interface after so many frames.
fn listening(frames_so_far: usize) -> Model {
    let mut model = model().following(Tab::Calls).spooled(Some(Path::new("/tmp/overhear-x/capture.pcapng")));
    frames(&mut model, frames_so_far, State::Live { name: "lo".into(), lost: [0; 3] });
    model
}

/// What a key leads to: how many frames are discarded before the end, if it is the end.
fn ends(effects: &[Effect]) -> Option<u64> {
    let discarded = effects.iter().find_map(|effect| match effect {
        Effect::Ask(Ask::Discard(count)) => Some(*count),
        _ => None,
    });
    effects.iter().any(|effect| matches!(effect, Effect::Quit)).then(|| discarded.unwrap_or(0))
}

#[test]
fn what_was_captured_and_not_saved_is_not_thrown_away_unasked() {
    let quit = |model: &mut Model| ends(&press(model, KeyCode::Char('q')));
    assert_eq!(quit(&mut model()), Some(0));
    assert_eq!(quit(&mut listening(0)), Some(0));
    // Enter keeps it, as the first that can be chosen; so does Ctrl-C, who does not answer.
    let mut model = listening(5);
    assert_eq!(quit(&mut model), None);
    assert_eq!(ends(&press(&mut model, KeyCode::Enter)), Some(0));
    let mut model = listening(5);
    let interrupt = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
    let ended = [(); 2].map(|()| ends(&update(&mut model, Msg::Key(interrupt))));
    assert_eq!(ended, [None, Some(0)]);
    // To stay is no end; to throw it away is one.
    let mut model = listening(5);
    quit(&mut model);
    assert_eq!((ends(&press(&mut model, KeyCode::Esc)), model.menu.is_none()), (None, true));
    quit(&mut model);
    press(&mut model, KeyCode::Down);
    press(&mut model, KeyCode::Down);
    assert_eq!(ends(&press(&mut model, KeyCode::Enter)), Some(u64::MAX));
}

#[test]
fn what_is_saved_before_the_end_is_all_that_was_captured() {
    let mut model = listening(5);
    line(&mut model, '/', "tcp");
    let turn = model.turn;
    update(&mut model, sifted(turn, vec![2], true));
    press(&mut model, KeyCode::Char('q'));
    press(&mut model, KeyCode::Down);
    press(&mut model, KeyCode::Enter);
    let asked = press(&mut model, KeyCode::Enter);
    assert!(matches!(asked.as_slice(), [Effect::Ask(Ask::Save { frames: None, .. })]), "{asked:?}");
    let saved = Answer::Saved { path: "a.pcapng".into(), result: Ok(5) };
    assert_eq!(ends(&update(&mut model, Msg::Answer(saved))), Some(5));
    // Nobody is asked about what is saved, as long as no more comes.
    assert_eq!(ends(&press(&mut model, KeyCode::Char('q'))), Some(5));
    frames(&mut model, 1, State::Live { name: "lo".into(), lost: [0; 3] });
    assert_eq!(ends(&press(&mut model, KeyCode::Char('q'))), None);
    // What was saved may have been written over by a part of it.
    let mut model = listening(5);
    for count in [5, 1] {
        update(&mut model, Msg::Answer(Answer::Saved { path: "a.pcapng".into(), result: Ok(count) }));
    }
    assert_eq!(ends(&press(&mut model, KeyCode::Char('q'))), None);
}

/// The first lines of a screen.
fn head(model: &Model, lines: u16) -> Vec<String> {
    let (width, height) = model.size;
    let mut terminal = Terminal::new(TestBackend::new(width, height)).expect("a terminal");
    terminal.draw(|frame| view(model, frame)).expect("drawn");
    let buffer = terminal.backend().buffer();
    let line = |y| (0..width).map(|x| buffer[(x, y)].symbol()).collect::<String>().trim_end().to_owned();
    (0..lines).map(line).collect()
}

#[test]
fn what_was_dropped_and_what_ended_it_stay_on_screen() {
    let mut model = model().following(Tab::Calls);
    assert!(head(&model, 1)[0].ends_with("live  dropped: kernel 0, interface 0, here 0"));
    let ended = |by| State::Ended { name: "lo".into(), lost: [7, 0, 0], by };
    frames(&mut model, 4, ended(End::Packets(4)));
    assert_eq!(head(&model, 1)[0], format!(" lo  4 frames  0 ns{:24}ended after 4 packets  dropped 7/0/0", ""));
    let full = "/tmp/overhear-x/capture.pcapng: it cannot be written on: no space left on device";
    frames(&mut model, 0, ended(End::Failed(full.into())));
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
fn nothing_makes_an_empty_screen_panic() {
    let mut model = Model::new("", Theme::new(Depth::True, Tone::Light), TimeZone::UTC);
    for size in [(0, 0), (1, 1), (20, 5), (80, 24)] {
        update(&mut model, Msg::Resize(size.0, size.1));
        for binding in KEYS.iter().filter(|binding| binding.action != Action::Quit) {
            act(&mut model, binding.action);
            update(&mut model, Msg::Continue);
        }
    }
    act(&mut model, Action::Go(Move::Last));
}

#[test]
fn no_key_is_bound_twice_in_one_place() {
    let mut met: Vec<(Key, String)> = Vec::new();
    for binding in KEYS {
        for key in binding.keys {
            let places = binding.at.iter().map(|at| format!("{at:?}"));
            let places: Vec<String> = if binding.at.is_empty() { vec!["everywhere".into()] } else { places.collect() };
            for place in places {
                assert!(!met.contains(&(*key, place.clone())), "{key} is bound twice in {place}");
                met.push((*key, place));
            }
        }
        assert!(!binding.help.is_empty());
    }
}
