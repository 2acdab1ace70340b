//! Saved files have all metadata of their frames, and only regular files are overwritten.

use super::test_browser::{TestBrowser, written};
use overhear::browse::{BrowseEvent, BrowseRequest};
use overhear::source::Capture;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::sync::Arc;

/// Saves these frames, or all. Returns the result as text.
fn saved(browser: &mut TestBrowser, path: &Path, frames: Option<Vec<u32>>, over: bool) -> String {
    match browser.request(BrowseRequest::Save { path: path.to_owned(), frames: frames.map(Arc::new), overwrite: over })
    {
        BrowseEvent::SaveResult { result: Ok(count), .. } => format!("{count} frames"),
        BrowseEvent::SaveResult { result: Err(wrong), .. } => wrong,
        BrowseEvent::FileExists { .. } => "exists".into(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn only_regular_files_are_overwritten_and_never_the_input() {
    let folder = tempfile::tempdir().expect("disk space");
    let place = |name: &str| folder.path().join(name);
    fs::copy(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/http/post-login.pcap"), place("read.pcap"))
        .expect("a copy");
    fs::write(place("plain"), "plain").expect("a file");
    fs::create_dir(place("folder")).expect("a folder");
    fs::hard_link(place("read.pcap"), place("hard.pcap")).expect("a name");
    for (name, to) in [("link", "plain"), ("soft.pcap", "read.pcap"), ("null", "/dev/null"), ("lost", "nothing")] {
        symlink(to, place(name)).expect("a link");
    }
    let mut browser = TestBrowser::open(&[place("read.pcap")]);
    let rows = [
        ("read.pcap", "is the capture being read"),
        ("hard.pcap", "is the capture being read"),
        ("soft.pcap", "is the capture being read"),
        ("folder", "is a directory"),
        ("null", "not a regular file"),
        ("/dev/null", "not a regular file"),
        ("lost", "broken symbolic link"),
    ];
    for (name, wrong) in rows {
        for over in [false, true] {
            assert_eq!(saved(&mut browser, &place(name), None, over), wrong, "{name}");
        }
    }
    assert_eq!(saved(&mut browser, &place("link"), None, false), "exists");
    fs::set_permissions(place("plain"), fs::Permissions::from_mode(0o664)).expect("a mode");
    assert_eq!(saved(&mut browser, &place("link"), None, true), "16 frames");
    let mode = fs::metadata(place("plain")).expect("the file").permissions().mode();
    assert_eq!(mode & 0o777, 0o664, "a replaced file keeps its mode");
    assert!(place("link").is_symlink(), "the target of the link is replaced");
    assert_eq!(
        Capture::open([place("plain")]).expect("a capture").current_file().map(|file| file.format),
        Some("pcapng")
    );
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 8, "no temporary file is left");
}

/// A block of a pcapng file: its type, and its body as integers and bytes.
fn block(kind: u32, words: &[u32], bytes: &[u8]) -> Vec<u8> {
    let padding = [0; 3];
    let words = words.iter().flat_map(|word| word.to_le_bytes());
    let body: Vec<u8> =
        words.chain(bytes.iter().copied()).chain(padding.into_iter().take(bytes.len().wrapping_neg() & 3)).collect();
    let length = (body.len() as u32 + 12).to_le_bytes();
    [&kind.to_le_bytes()[..], &length, &body, &length].concat()
}

#[test]
fn keys_and_names_are_saved_with_the_frames_of_their_section() {
    const TLS: u32 = 0x544c_534b;
    let section = |nth: u8| {
        let name = [&[1, 0, 7, 0, 10, 0, 0, nth, b'a', nth, 0, 0][..], &[0; 4]].concat();
        [
            block(0x0a0d_0d0a, &[0x1a2b_3c4d, 1, u32::MAX, u32::MAX], &[]),
            block(1, &[1, 0], &[]),
            block(4, &[], &name),
            block(6, &[0, 0, 0, 5, 5], &[nth; 5]),
            // Such a block may follow the frames, and have any length.
            block(10, &[TLS, 3], &[b'k', b'0' + nth, b'\n']),
        ]
        .concat()
    };
    let (_file, path) = written(&[section(1), section(2), section(3)].concat());
    let folder = tempfile::tempdir().expect("disk space");
    let place = folder.path().join("saved.pcapng");
    let rows = [(None, "123"), (Some(vec![2]), "2"), (Some(vec![3, 1]), "31"), (Some(vec![]), "")];
    for (frames, sections) in rows {
        let mut browser = TestBrowser::open(std::slice::from_ref(&path));
        assert_eq!(saved(&mut browser, &place, frames, true), format!("{} frames", sections.len()));
        let mut capture = Capture::open([place.clone()]).expect("a capture");
        let mut count = 0;
        while let Some(frame) = capture.next().expect("a frame") {
            let nth = frame.bytes[0];
            // A sequential reader needs the name before the frame.
            let has_name = capture.names().iter().any(|name| name.name.as_bytes() == [b'a', nth]);
            assert!(has_name, "frame of section {nth}");
            count += 1;
        }
        assert_eq!(count, sections.len());
        assert!(capture.secrets().is_empty());
        let names: Vec<String> =
            capture.names().iter().map(|name| format!("{} {:?}", name.address, name.name)).collect();
        let wanted = sections.bytes().map(|nth| {
            let nth = nth - b'0';
            format!("10.0.0.{nth} {:?}", String::from_utf8(vec![b'a', nth]).expect("text"))
        });
        assert_eq!(names, wanted.collect::<Vec<_>>());
    }
}
