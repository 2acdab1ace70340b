//! Arrows between the files and folders of one folder: which may use which, and no cycle among them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Folders whose rooms (the files and folders in them) form no cycle, each with the path that names it.
const FOLDERS: [(&str, &str); 12] = [
    ("src/tui", "tui"),
    ("src/analysis", "analysis"),
    ("src/browse", "browse"),
    ("src/check", "check"),
    ("src/command", "command"),
    ("src/export", "export"),
    ("src/filter", "filter"),
    ("src/journey", "journey"),
    ("src/report", "report"),
    ("src/source", "source"),
    ("src/statistics", "statistics"),
    ("src/trace", "trace"),
];

/// The rooms of the screen from the top down: each may use those after it.
const TUI: [&str; 6] = ["run", "view", "update", "panes", "model", "widgets"];

/// Arrows that close a cycle, each with the reason why it is kept.
const ALLOWED: [(&str, &str, &str); 8] = [
    // A feed holds what all drivers of the conversation share, and drivers are called with a feed.
    ("src/analysis", "frame_context", "session_driver"),
    // The tables of a run hold all conversations. TCP and UDP each add the methods for their own.
    ("src/analysis", "tcp", "layers"),
    ("src/analysis", "udp", "layers"),
    // The clock of a run reads a frame into its tables.
    ("src/analysis", "seek", "layers"),
    // The cache of rows keeps the open ladder, which is read through the cache.
    ("src/browse", "ladder", "row_cache"),
    // A compiled call names its function, and a function evaluates compiled arguments.
    ("src/filter", "plan", "function"),
    // The metadata of a capture include the positions of its records.
    ("src/source", "frame", "record_store"),
    // A packet holds the registry in which its layers find the next protocol, whose function reads a packet.
    ("dissectors/src", "packet", "protocol"),
];

/// Arrows between rooms: for each, the rooms that it uses and a file that does.
type Arrows = BTreeMap<String, BTreeMap<String, String>>;

/// The text without comments and unit tests.
pub fn code(text: &str) -> String {
    let text = text.split("\n#[cfg(test)]\nmod tests").next().unwrap_or_default();
    text.lines().map(|line| line.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join("\n")
}

/// Adds the paths of a tree such as `a::{b, c::d}` to the list, each as its segments. Returns the rest of the text.
fn read_paths<'t>(mut text: &'t str, prefix: &[&'t str], paths: &mut Vec<Vec<&'t str>>) -> &'t str {
    let mut path = prefix.to_vec();
    loop {
        text = text.trim_start();
        if let Some(mut group) = text.strip_prefix('{') {
            while !group.trim_start().starts_with('}') && !group.trim_start().is_empty() {
                group = read_paths(group, &path, paths).trim_start();
                group = group.strip_prefix(',').unwrap_or(group);
            }
            return group.trim_start().strip_prefix('}').unwrap_or_default();
        }
        let end = text.find(|char: char| !char.is_alphanumeric() && char != '_').unwrap_or(text.len());
        let (name, rest) = text.split_at(end);
        path.push(name);
        match rest.strip_prefix("::") {
            Some(rest) if !name.is_empty() => text = rest,
            _ => {
                paths.push(path);
                // A new name of an import, or a character that belongs to no path.
                return rest.trim_start_matches(|char| !matches!(char, ',' | '}' | '{' | ';'));
            }
        }
    }
}

/// All paths that begin with `crate`, `super` or `self`, each as its segments.
fn paths(code: &str) -> Vec<Vec<&str>> {
    let mut paths = Vec::new();
    for start in ["crate::", "super::", "self::"] {
        for (at, _) in code.match_indices(start) {
            let is_inside = |char: char| char.is_alphanumeric() || matches!(char, '_' | ':' | '$');
            if !code[..at].ends_with(is_inside) {
                read_paths(&code[at..], &[], &mut paths);
            }
        }
    }
    paths
}

/// Returns the arrows between the rooms of a folder, whose modules have this path in their crate.
fn arrows(folder: &str, module: &[&str]) -> Arrows {
    let files: Vec<(Vec<String>, String)> = super::sources(folder)
        .into_iter()
        .map(|(path, text)| {
            let below = path.strip_prefix(folder).expect("inside").with_extension("");
            let names = below.iter().map(|name| name.to_string_lossy().into_owned());
            (names.filter(|name| name != "mod").collect(), code(&text))
        })
        .collect();
    let rooms: BTreeSet<&String> = files.iter().filter_map(|(names, _)| names.first()).collect();
    // What the folder's own file names again stands for the room it is from.
    let facade = files.iter().find(|(names, _)| names.is_empty() || names[0] == "lib").map(|(_, code)| code.as_str());
    let mut renamed: BTreeMap<&str, &str> = BTreeMap::new();
    for import in facade.unwrap_or_default().split("use ").skip(1) {
        let mut paths = Vec::new();
        read_paths(import, &[], &mut paths);
        let from_room = paths.into_iter().filter(|path| path.len() > 1 && rooms.contains(&path[0].to_owned()));
        renamed.extend(from_room.map(|path| (path[path.len() - 1], path[0])));
    }
    let mut arrows = Arrows::new();
    for (names, code) in files.iter().filter(|(names, _)| !names.is_empty() && names[0] != "lib") {
        for path in paths(code) {
            // The path from the folder on.
            let inside: Vec<&str> = match path[0] {
                "crate" => match path[1..].strip_prefix(module) {
                    Some(inside) => inside.to_vec(),
                    None => continue,
                },
                first => {
                    let up = path.iter().take_while(|name| **name == "super").count();
                    let Some(kept) = names.len().checked_sub(up) else { continue };
                    let own = names[..kept].iter().map(String::as_str);
                    own.chain(path[up + usize::from(first == "self")..].iter().copied()).collect()
                }
            };
            let Some(first) = inside.first() else { continue };
            let room = renamed.get(first).filter(|_| !rooms.contains(&(*first).to_owned())).unwrap_or(first);
            if rooms.contains(&(*room).to_owned()) && *room != names[0] {
                let own = arrows.entry(names[0].clone()).or_default();
                own.entry((*room).to_owned()).or_insert(format!("{folder}/{}.rs", names.join("/")));
            }
        }
    }
    arrows
}

/// Returns a cycle among the rooms, if there is one.
fn cycle(arrows: &Arrows) -> Option<Vec<String>> {
    fn visit(room: &str, arrows: &Arrows, path: &mut Vec<String>, done: &mut BTreeSet<String>) -> bool {
        if let Some(at) = path.iter().position(|other| other == room) {
            path.drain(..at);
            return true;
        }
        if !done.insert(room.to_owned()) {
            return false;
        }
        path.push(room.to_owned());
        let next = arrows.get(room).into_iter().flat_map(BTreeMap::keys);
        if next.into_iter().any(|next| visit(next, arrows, path, done)) {
            return true;
        }
        path.pop();
        false
    }
    let mut done = BTreeSet::new();
    arrows.keys().find_map(|room| {
        let mut path = Vec::new();
        visit(room, arrows, &mut path, &mut done).then_some(path)
    })
}

/// Fails if the arrows have a cycle beside the allowed ones, or if an allowed arrow closes none.
fn assert_no_cycle(folder: &str, mut arrows: Arrows) {
    let allowed: Vec<_> = ALLOWED.iter().filter(|(of, ..)| *of == folder).collect();
    for (_, from, to) in &allowed {
        let removed = arrows.get_mut(*from).and_then(|uses| uses.remove(*to));
        assert!(removed.is_some(), "{folder}: {from} no longer uses {to}; remove it from ALLOWED");
    }
    let found = cycle(&arrows);
    assert!(found.is_none(), "{folder}: {} form a cycle", found.unwrap_or_default().join(" -> "));
    for (_, from, to) in &allowed {
        let mut closed = arrows.clone();
        closed.entry((*from).to_owned()).or_default().insert((*to).to_owned(), String::new());
        assert!(cycle(&closed).is_some(), "{folder}: {from} -> {to} closes no cycle; remove it from ALLOWED");
    }
}

#[test]
fn the_rooms_of_a_folder_form_no_cycle() {
    for (folder, module) in FOLDERS {
        let arrows = arrows(folder, &[module]);
        assert!(arrows.len() > 2, "the arrows of {folder} were not found");
        assert_no_cycle(folder, arrows);
    }
}

#[test]
fn drawing_is_above_the_model_and_widgets_are_below_it() {
    let arrows = arrows("src/tui", &["tui"]);
    for (level, below) in TUI.iter().enumerate() {
        let uses = arrows.get(*below).cloned().unwrap_or_default();
        for above in &TUI[..level] {
            assert!(!uses.contains_key(*above), "{} uses {above}, which is above {below}", uses[*above]);
        }
    }
    let of = |room: &str| arrows.get(room).map(|uses| uses.keys().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(of("widgets"), None);
    assert_eq!(of("model"), Some(vec!["widgets"]));
    assert_eq!(of("panes"), Some(vec!["model", "widgets"]));
    for (path, text) in super::sources("src/tui/widgets") {
        for above in ["crate::browse", "crate::capture", "crate::analysis", "crate::filter"] {
            assert!(!text.contains(above), "{} knows captures: it uses {above}", path.display());
        }
    }
}

#[test]
fn the_language_of_dissectors_forms_no_cycle() {
    let is_file =
        |room: &String| super::root().join("dissectors/src").join(Path::new(room)).with_extension("rs").exists();
    let mut arrows = arrows("dissectors/src", &[]);
    arrows.retain(|room, _| is_file(room));
    arrows.values_mut().for_each(|uses| uses.retain(|room, _| is_file(room)));
    assert!(arrows.len() > 5, "the arrows were not found");
    assert_no_cycle("dissectors/src", arrows);
}

#[test]
fn paths_are_read_from_groups_and_between_other_text() {
    let mut found = paths("use crate::a::{b, c::{self, D as E}};\nlet x = super::f(crate::g::H::new(), mycrate::z);");
    found.sort();
    let expected = ["crate::a::b", "crate::a::c::D", "crate::a::c::self", "crate::g::H::new", "super::f"];
    assert_eq!(found.iter().map(|path| path.join("::")).collect::<Vec<_>>(), expected);
    let arrow = |to: &str| BTreeMap::from([(to.to_owned(), String::new())]);
    let chain = Arrows::from([("a".to_owned(), arrow("b")), ("b".to_owned(), arrow("c"))]);
    assert_eq!(cycle(&chain), None);
    let ring = Arrows::from([("a".to_owned(), arrow("b")), ("b".to_owned(), arrow("c")), ("c".to_owned(), arrow("b"))]);
    assert_eq!(cycle(&ring), Some(vec!["b".to_owned(), "c".to_owned()]));
}
