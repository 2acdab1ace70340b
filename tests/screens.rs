//! Screens of the terminal UI: each text in `screens/` has lines `$ CAPTURE COLUMNSxROWS KEYS...`, each followed by the
//! resulting screen. `CAPTURE+redact` is one with its secrets redacted. `OVERHEAR_BLESS=1` (`make screenshots`) rewrites the texts, and copies those of `readme.txt` into
//! README.md; read the difference before committing it.
//!
//! A key is written as on the help screen (`j`, `Enter`, `Ctrl-F`); text between quotes is typed; `click:X,Y`,
//! `drag:X,Y` and `wheel:X,Y,N` are mouse events; `resize:X,Y` changes the size of the terminal. `~` in a capture means
//! `fixtures/`.

use crate::common;

use common::Random;
use common::screen::Screen;
use std::fs;
use std::path::{Path, PathBuf};

const PROMPT: &str = "$ ";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Returns the screen of a line.
fn shown(line: &str) -> String {
    let mut words = line.trim_start_matches(PROMPT).splitn(3, ' ');
    let (capture, size, keys) = (words.next(), words.next(), words.next());
    let capture = capture.expect("a capture");
    let (capture, is_redacted) = (capture.trim_end_matches("+redact"), capture.ends_with("+redact"));
    let capture = root().join("fixtures").join(capture);
    let (width, height) = size.and_then(|size| size.split_once('x')).expect("a size");
    let size = (width.parse().expect("columns"), height.parse().expect("rows"));
    let mut screen = if is_redacted { Screen::open_redacted(&capture, size) } else { Screen::open(&capture, size) };
    screen.keys(keys.unwrap_or_default());
    screen.text()
}

/// Returns the command lines, each with the screen below it.
fn screens(text: &str) -> Vec<(&str, String)> {
    let mut screens: Vec<(&str, String)> = Vec::new();
    for line in text.split_inclusive('\n') {
        if line.starts_with(PROMPT) {
            screens.push((line.trim_end(), String::new()));
        } else if let Some((_, screen)) = screens.last_mut() {
            screen.push_str(line);
        }
    }
    screens
}

fn files() -> Vec<PathBuf> {
    let entries = fs::read_dir(root().join("tests/screens")).expect("tests/screens").flatten();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    paths.sort();
    paths
}

#[test]
fn keys_lead_to_the_recorded_screens() {
    let bless = std::env::var_os("OVERHEAR_BLESS").is_some();
    let mut count = 0;
    for path in files() {
        let text = fs::read_to_string(&path).expect("screens");
        let mut now = String::new();
        for (line, expected) in screens(&text) {
            let shown = shown(line) + "\n";
            assert!(bless || shown == expected, "{}: {line}\nshown:\n{shown}\nexpected:\n{expected}", path.display());
            now += &format!("{line}\n{shown}");
            if bless && path.ends_with("readme.txt") && !expected.trim().is_empty() {
                let readme = fs::read_to_string(root().join("README.md")).expect("README.md");
                let readme = readme.replace(expected.trim_end(), shown.trim_end());
                fs::write(root().join("README.md"), readme).expect("README.md can be written");
            }
            count += 1;
        }
        if bless {
            fs::write(&path, now).expect("the screens can be written");
        }
    }
    assert!(count > 0, "there are no screens");
}

#[test]
fn the_readme_shows_a_screen() {
    let readme = fs::read_to_string(root().join("README.md")).expect("README.md");
    let text = fs::read_to_string(root().join("tests/screens/readme.txt")).expect("screens");
    for (line, screen) in screens(&text) {
        assert!(readme.contains(screen.trim_end()), "README.md shows another screen than {line}");
    }
}

#[test]
fn matching_frames_are_saved_and_files_are_overwritten_only_on_confirmation() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("part.pcapng");
    let save = format!("w Ctrl-U \"{}\" Enter", path.display());
    let mut screen = Screen::open(&root().join("fixtures/http/post-login.pcap"), (120, 24));
    screen.keys("/ \"http\" Enter");
    screen.keys(&save);
    assert!(screen.text().contains("Saved 8 frames to "), "{}", screen.text());
    let saved = Screen::open(&path, (80, 24)).text();
    assert!(saved.contains("part.pcapng  8 frames"), "{saved}");
    screen.keys("Esc");
    screen.keys(&save);
    assert!(screen.text().contains("already exists"), "{}", screen.text());
    screen.keys("Enter");
    assert!(Screen::open(&path, (80, 24)).text().contains("8 frames"));
    screen.keys(&save);
    screen.keys("j Enter");
    assert!(Screen::open(&path, (80, 24)).text().contains("16 frames"));
}

#[test]
fn data_that_cannot_be_read_again_is_replaced_by_the_error() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("cut.pcap");
    fs::copy(root().join("fixtures/http/post-login.pcap"), &path).expect("a copy");
    let mut screen = Screen::open(&path, (100, 24));
    screen.keys("3 End");
    assert!(screen.text().contains("── Frame 16 ─"), "{}", screen.text());
    fs::OpenOptions::new().write(true).open(&path).and_then(|file| file.set_len(100)).expect("it can be cut");
    let why = "file changed after it was read";
    // The tree and the bytes of another frame must not be shown.
    screen.keys("Home");
    let text = screen.text();
    let count = text.lines().filter(|line| line.contains(why)).count();
    assert!(count >= 3 && text.contains("── Frame 1 ─") && !text.contains("Frame 16"), "{text}");
    for keys in ["1 Enter", "Esc 2 Enter", "Esc F"] {
        screen.keys(keys);
        let text = screen.text();
        let body: String = text.lines().take(20).collect();
        assert!(body.contains(why) && !body.contains("reading"), "{keys}: {text}");
    }
}

#[test]
fn copied_text_goes_to_the_clipboard() {
    let copied = |capture: &str, keys: &str| {
        let mut screen = Screen::open(&root().join("fixtures").join(capture), (80, 24));
        screen.keys(keys);
        screen.copied
    };
    assert_eq!(copied("http/post-login.pcap", "y Enter"), ["http://10.0.0.2:8080/login"]);
    assert_eq!(copied("http/post-login.pcap", "3 j j j Enter End y Enter"), ["6"]);
    assert_eq!(copied("http/post-login.pcap", "/ \"status == 401\" Enter y End k Enter"), ["status == 401"]);
    let curl = copied("http/post-login.pcap", "j y End Enter").concat();
    assert!(curl.starts_with("curl ") && curl.contains("10.0.0.2:8080/user/login") && curl.contains("alice"), "{curl}");
}

/// A segment: time in microseconds, whether the client sent it, flags, numbers and data.
type Row<'d> = (u32, bool, u8, u32, u32, &'d [u8]);

/// Returns a screen that shows segments.
fn conversation(rows: &[Row<'_>]) -> (tempfile::NamedTempFile, Screen) {
    let mut file = common::pcap(common::IPV4, &[]);
    for &(micros, from_client, flags, seq, ack, data) in rows {
        let packet = common::Segment { from_client, flags, seq, ack, data: data.to_vec() }.packet();
        let length = packet.len() as u32;
        let header = [micros / 1_000_000, micros % 1_000_000, length, length];
        file.extend(header.iter().flat_map(|word| word.to_le_bytes()));
        file.extend(packet);
    }
    let place = tempfile::NamedTempFile::new().expect("disk space");
    fs::write(place.path(), file).expect("disk space");
    let screen = Screen::open(place.path(), (100, 24));
    (place, screen)
}

#[test]
fn messages_are_listed_under_their_handshake() {
    let place = tempfile::NamedTempFile::new().expect("disk space");
    let texts = [(3, "one"), (1, "two"), (3, "three"), (1, "four")];
    fs::write(place.path(), common::http2_frames::two_dialogues(&texts)).expect("disk space");
    let mut screen = Screen::open(place.path(), (80, 24));
    let rows = |screen: &mut Screen| -> Vec<String> {
        let row = |line: &str| {
            let words: Vec<&str> = line.split_whitespace().skip(1).collect();
            let end = words.iter().position(|word| word.starts_with("h/"))?;
            Some(words[..=end].join(" "))
        };
        screen.text().lines().filter_map(row).collect()
    };
    let of_stream = |path: &str| [format!("CONNECT h{path}"), format!("←Text └ h{path}"), format!("←Text └ h{path}")];
    assert_eq!(rows(&mut screen), [of_stream("/a"), of_stream("/b")].concat());
    // In the other direction, the handshake is still the first of its group.
    screen.keys("S");
    assert_eq!(rows(&mut screen), [of_stream("/b"), of_stream("/a")].concat());
    screen.keys("S C");
    assert_eq!(rows(&mut screen), ["CONNECT ▸2 h/a", "CONNECT ▸2 h/b"]);
    // Messages whose handshake does not match the filter are listed.
    screen.keys("/ \"websocket.payload.text contains e\" Enter");
    assert_eq!(rows(&mut screen), ["←Text └ h/b", "←Text └ h/b"]);
    screen.keys("Esc O b");
    let by_time = ["CONNECT h/a", "CONNECT h/b", "←Text h/b", "←Text h/a", "←Text h/b", "←Text h/a"];
    assert_eq!(rows(&mut screen), by_time);
    // The cursor goes to the handshake of a message that is hidden.
    screen.keys("Home Down Down Down C Enter");
    assert!(screen.text().contains(" CONNECT http://h/a "), "{}", screen.text());
}

#[test]
fn times_are_counted_from_the_earliest_frame() {
    use common::{ACK, SYN};
    let (_file, mut screen) = conversation(&[
        (5_000_000, true, SYN, 0, 0, b""),
        (3_000_000, false, SYN | ACK, 0, 1, b""),
        (4_500_000, true, ACK, 1, 1, b""),
        (4_499_999, true, ACK, 1, 1, b"x"),
    ]);
    let text = screen.text();
    assert!(text.lines().next().is_some_and(|line| line.ends_with("  4 frames  2.0 s")), "{text}");
    screen.keys("3");
    let text = screen.text();
    assert!(text.contains(" -2.000000 ") && text.contains(" -0.500001 "), "{text}");
    screen.keys("4 p p p");
    let text = screen.text();
    assert!(text.contains(" -2 s: 1 frame, ") && !text.contains("without a time"), "{text}");
    // The round-trip time is unknown.
    screen.keys("2 Enter");
    let text = screen.text();
    assert!(!text.contains("RTT") && !text.contains("+-") && text.contains("  -2.0 s"), "{text}");
}

#[test]
fn a_long_connection_is_shown_to_its_end() {
    use common::{ACK, FIN, PSH, SYN};
    let count = 21_000;
    let response = format!("HTTP/1.1 200 OK\r\nContent-Length: {count}\r\n\r\n");
    let next = 1 + response.len() as u32;
    let mut rows: Vec<Row<'_>> = vec![
        (0, true, SYN, 0, 0, b""),
        (1, false, SYN | ACK, 0, 1, b""),
        (2, true, ACK, 1, 1, b""),
        (3, true, PSH | ACK, 1, 1, b"GET / HTTP/1.1\r\n\r\n"),
        (4, false, PSH | ACK, 1, 19, response.as_bytes()),
    ];
    rows.extend((0..count).map(|nth| (5 + nth, false, ACK, next + nth, 19, b"x".as_slice())));
    rows.push((5 + count, false, FIN | ACK, next + count, 19, b""));
    let (_file, mut screen) = conversation(&rows);
    screen.keys("2 Enter");
    assert!(screen.text().contains("FIN by the server #21006 only"), "{}", screen.text());
    screen.keys("G");
    let text = screen.text();
    assert!(text.contains("response, end") && text.contains("teardown") && !text.contains("reading"), "{text}");
    screen.keys("Home");
    assert!(screen.text().contains("HTTP/1.1 200 OK"), "{}", screen.text());
    // The frames of the response are 5 to 21,005, of which the first 20,000 are listed.
    screen.keys("1 Enter Down Down Down Down");
    assert!(screen.text().contains("21,001 frames"), "{}", screen.text());
    screen.keys("Enter End");
    assert!(screen.text().contains("and 1,005 frames more"), "{}", screen.text());
}

#[test]
fn a_search_continues_through_all_parts_of_a_followed_stream() {
    use common::{ACK, SYN};
    let mut parts = vec![format!("{:99}\n", "").repeat(10); 3_000];
    parts[10] = format!("{:99}\n", "needle one");
    parts[2_500] = format!("{:99}\n", "needle two");
    let (mut seq, mut rows): (u32, Vec<Row<'_>>) =
        (1, vec![(0, true, SYN, 0, 0, b""), (1, false, SYN | ACK, 0, 1, b"")]);
    for (part, nth) in parts.iter().zip(2..) {
        rows.push((nth, true, ACK, seq, 1, part.as_bytes()));
        seq += part.len() as u32;
    }
    let (_file, mut screen) = conversation(&rows);
    screen.keys("2 F f \"needle\" Enter");
    assert!(screen.text().contains("needle one"), "{}", screen.text());
    for (key, hit) in [("n", "two"), ("n", "one"), ("N", "two"), ("N", "one")] {
        screen.keys(key);
        assert!(screen.text().contains(&format!("needle {hit}")), "{key}: {}", screen.text());
    }
    screen.keys("f Ctrl-U \"nowhere\" Enter");
    assert!(screen.text().contains("\"nowhere\" not found in this stream"), "{}", screen.text());
}

#[test]
fn no_key_and_no_size_of_a_terminal_makes_it_panic() {
    let mut random = Random::new(5);
    for capture in ["http/post-login.pcap", "tcp/loss.pcap", "file/empty.pcap", "link/arp.pcap"] {
        let mut screen = Screen::open(&root().join("fixtures").join(capture), (80, 24));
        let keys = "Enter Esc Tab Shift-Tab Space Up Down Left Right PgUp PgDn Home End Backspace Ctrl-F Ctrl-U Ctrl-W \
                    j k h l g G 1 2 3 4 5 p P z L F v / \\ = - + c f n N m ' ] [ e t T s S o b E C y ? i : ! a 0 \" \u{301} 日";
        let keys: Vec<&str> = keys.split_whitespace().collect();
        let mut pressed = Vec::new();
        for _ in 0..600 {
            let (x, y) = (random.below(130), random.below(50));
            let key = match random.below(20) {
                0 => format!("resize:{x},{y}"),
                1 => format!("click:{x},{y}"),
                2 => format!("press:{x},{y} drag:{},{}", random.below(130), random.below(50)),
                3 => format!("wheel:{x},{y},{}", random.below(7) as i32 - 3),
                _ => keys[random.below(keys.len() as u64) as usize].to_owned(),
            };
            pressed.push(key.clone());
            if key == "\"" {
                continue;
            }
            screen.keys(&key);
            assert!(screen.text().chars().all(|char| !char.is_control() || char == '\n'), "{pressed:?}");
        }
    }
}
