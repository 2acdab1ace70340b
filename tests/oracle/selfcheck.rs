//! Shows, before anything is compared, that the oracle can fail: each row is a sentence and whether it holds.

use std::collections::{BTreeMap, HashMap};

use crate::ask::Table;
use crate::compare::{Count, Difference, Oracle, percent};
use crate::fields::{Duty, Group, tsharks_name};
use crate::rules::{Around, COLUMNS, Rules, glob, ranges};

/// How many sentences hold, and those that do not.
pub(crate) fn run() -> (usize, Vec<&'static str>) {
    let rows: Vec<(&'static str, bool)> =
        [comparing(), forms(), reading(), listing(), counting(), rules(), small_things()].concat();
    let held = rows.iter().filter(|(_, holds)| *holds).count();
    (held, rows.into_iter().filter(|(_, holds)| !holds).map(|(name, _)| name).collect())
}

const GROUP: Group = Group {
    name: "test",
    duty: Duty::Binding,
    fields: &["frame.number", "frame.protocols", "tcp.len", "tcp.flags.syn", "http.request.uri", "http.request_in"],
};

/// A table of [`GROUP`] from lines of cells.
fn table(text: &str) -> Table {
    let mut table = Table::default();
    // A bad line leaves the table empty, which no row below expects.
    let _ = table.add(GROUP.fields, text);
    table
}

fn compare_as(series: (u32, u32), ours: &str, theirs: &str) -> (Count, Vec<Difference>) {
    let types = [("tcp.flags.syn", "FT_BOOLEAN"), ("http.file_data", "FT_STRING")];
    let types: HashMap<String, String> = types.iter().map(|(f, k)| ((*f).into(), (*k).into())).collect();
    let oracle = Oracle { series, types: &types };
    let (counts, differences) = oracle.compare(&GROUP, |_| true, &table(ours), &table(theirs));
    let mut sum = Count::default();
    counts.iter().for_each(|(_, count)| sum.add(*count));
    (sum, differences)
}

fn compare(ours: &str, theirs: &str) -> (Count, Vec<Difference>) {
    compare_as((4, 4), ours, theirs)
}

const SAID: &str = "1\teth:ip:tcp\t0\tTrue\t\t\n2\teth:ip:tcp:http\t9\tFalse\t/a\t\n";

fn comparing() -> Vec<(&'static str, bool)> {
    let (equal, none) = compare(SAID, SAID);
    let (_, wrong) = compare(&SAID.replace("\t9\t", "\t8\t"), SAID);
    let place = |d: &Difference| (d.field, d.frame, d.ours.clone(), d.theirs.clone());
    let (empty, gone) = compare(&SAID.replace("\t9\t", "\t\t"), SAID);
    let (cut, rest) = compare("1\teth:ip:tcp\t0\tTrue\t\t\n", SAID);
    let (longer, _) = compare(SAID, "1\teth:ip:tcp\t0\tTrue\t\t\n");
    vec![
        ("equal tables have no difference", none.is_empty() && (equal.cells, equal.equal) == (12, 12)),
        ("equal empty cells are not counted as said", (equal.full, equal.said) == (9, 9)),
        ("a wrong cell is one difference at its place", {
            wrong.iter().map(place).eq([("tcp.len", 2, "8".to_owned(), "9".to_owned())])
        }),
        ("an empty cell for a value is a difference", gone.len() == 1 && (empty.full, empty.said) == (8, 9)),
        ("frames missing at the end are lost cells, not equal ones", (cut.cells, cut.equal, cut.lost) == (12, 6, 6)),
        ("the frames before a cut are compared", rest.is_empty()),
        ("frames too many are lost cells too", longer.lost == 6),
        ("a blank more is a difference", compare(&SAID.replace("/a", "/a "), SAID).1.len() == 1),
    ]
}

fn forms() -> Vec<(&'static str, bool)> {
    let old = SAID.replace("True", "1").replace("False", "0");
    let swapped = SAID.replace("True", "False");
    let types: HashMap<String, String> = [("http.file_data".to_owned(), "FT_STRING".to_owned())].into();
    let group = Group { name: "body", duty: Duty::Binding, fields: &["http.file_data"] };
    let body = |ours: &str, theirs: &str| {
        let (mut a, mut b) = (Table::default(), Table::default());
        let read = a.add(group.fields, ours).is_ok() && b.add(group.fields, theirs).is_ok();
        let oracle = Oracle { series: (4, 0), types: &types };
        read && oracle.compare(&group, |_| true, &a, &b).1.is_empty()
    };
    vec![
        ("True is 1 to tshark 4.0", compare_as((4, 0), SAID, &old).1.is_empty()),
        ("a wrong boolean differs in 4.0 too", compare_as((4, 0), &swapped, &old).1.len() == 1),
        ("True is not 1 to tshark 4.4", compare_as((4, 4), SAID, &old).1.len() == 2),
        (
            "1 from overhear is not 4.4's form, whatever tshark is installed",
            compare_as((4, 0), &old, &old).1.len() == 2,
        ),
        (
            "only booleans are rewritten",
            compare_as((4, 0), &SAID.replace("/a", "True"), &old.replace("/a", "1")).1.len() == 1,
        ),
        ("a body in hex is 4.0's text", body("610d0a09c3a900ff\n", "a\\r\\n\\t\u{fffd}\u{fffd}\n")),
        ("another body in hex is not", !body("620d0a\n", "a\\r\\n\n")),
        ("a body as text is not 4.4's form", !body("a\n", "a\n")),
    ]
}

fn reading() -> Vec<(&'static str, bool)> {
    let read = |text: &str| Table::default().add(&["frame.number", "tcp.len"], text);
    vec![
        ("no output is no frame", read("") == Ok(0)),
        ("an empty line is a frame of one empty field", Table::default().add(&["tcp.len"], "\n\n") == Ok(2)),
        ("a line with too few cells is an error", read("1\t2\n3\n").is_err()),
        ("a line with too many cells is an error", read("1\t2\t3\n").is_err()),
        ("a carriage return stays in its cell", {
            let mut table = Table::default();
            table.add(&["tcp.len"], "1\r\n") == Ok(1) && table.cell("tcp.len", 0) == "1\r"
        }),
    ]
}

/// Whether a file of one rule is accepted.
fn accepts(line: &str) -> bool {
    Rules::parse(&format!("{COLUMNS}\n{line}\n")).is_ok()
}

fn listing() -> Vec<(&'static str, bool)> {
    vec![
        ("a complete rule is accepted", accepts("tcp.len tcp.seq\t4.0 4.4\tin corpus/a.pcap; missing\t3\tbecause")),
        ("a reason of ? is refused", !accepts("tcp.len\t4.0\tmissing\t3\t?")),
        ("no reason is refused", !accepts("tcp.len\t4.0\tmissing\t3\t")),
        ("a missing column is refused", !accepts("tcp.len\t4.0\tmissing\tbecause")),
        ("no number of cells is refused", !accepts("tcp.len\t4.0\tmissing\t*\tbecause")),
        ("no cells are refused", !accepts("tcp.len\t4.0\tmissing\t0\tbecause")),
        ("no condition is refused", !accepts("tcp.len\t4.0\t\t3\tbecause")),
        ("an unknown condition is refused", !accepts("tcp.len\t4.0\tmagic\t3\tbecause")),
        ("a condition without its protocols is refused", !accepts("tcp.len\t4.0\tprefix\t3\tbecause")),
        ("any version is refused", !accepts("tcp.len\t*\tmissing\t3\tbecause")),
        ("rules without the columns are refused", Rules::parse("tcp.len\t4.0\tmissing\t3\tbecause").is_err()),
    ]
}

/// Whether a rule explains a difference in tcp.len of so many frames of corpus/x/a.pcap, without complaints.
fn explains(line: &str, version: &str, frames: usize) -> bool {
    let Ok(rules) = Rules::parse(&format!("{COLUMNS}\n{line}\n")) else { return false };
    let empty = Table::default();
    let around = Around { ours: &empty, theirs: &empty, otherwise: &|_, _| false };
    let mut covered = BTreeMap::new();
    for frame in 1..=frames {
        let it = Difference { field: "tcp.len", frame, ours: "1".into(), theirs: "2".into() };
        let Some(rule) = rules.covers("corpus/x/a.pcap", version, &it, &around) else { return false };
        *covered.entry(rule).or_default() += 1;
    }
    rules.complaints(version, &covered, |_| true).is_empty()
}

fn counting() -> Vec<(&'static str, bool)> {
    let rule = "tcp.seq tcp.l*\t4.0\tin corpus/b.pcap,corpus/x/*; different\t2\tbecause";
    vec![
        ("fewer cells than stated are explained", explains(rule, "4.0.17", 1)),
        ("as many cells as stated are explained", explains(rule, "4.0.17", 2)),
        ("more cells than stated fail", !explains(rule, "4.0.17", 3)),
        ("a rule that covers nothing is stale", !explains(rule, "4.0.17", 0)),
        ("a rule for another version is not stale", explains(rule, "4.4.18", 0)),
        ("another capture is not explained", !explains(&rule.replace("/x/", "/y/"), "4.0.17", 1)),
        ("another field is not explained", !explains(&rule.replace("tcp.l", "tcp.s"), "4.0.17", 1)),
        ("another kind of difference is not explained", !explains(&rule.replace("different", "missing"), "4.0.17", 1)),
        ("another version is not explained", !explains(rule, "4.4.18", 1)),
        ("4.0 does not begin 4.01", !explains(rule, "4.01", 1)),
        ("several versions may be named", explains(&rule.replace("4.0", "4.4 4.0"), "4.0.17", 2)),
    ]
}

/// Whether a condition covers a difference of this field in frame 2 of the two tables.
fn fits(condition: &str, field: &'static str, ours: &str, theirs: &str) -> bool {
    let line = format!("{COLUMNS}\n{field}\t4.0\t{condition}\t1\tbecause\n");
    let Ok(rules) = Rules::parse(&line) else { return false };
    let (a, b) = (table(ours), table(theirs));
    let it = Difference { field, frame: 2, ours: a.cell(field, 1).into(), theirs: b.cell(field, 1).into() };
    let otherwise = |preference: &str, _: &Difference| preference == "tcp.x:TRUE";
    let around = Around { ours: &a, theirs: &b, otherwise: &otherwise };
    rules.covers("corpus/a.pcap", "4.0.17", &it, &around).is_some()
}

fn rules() -> Vec<(&'static str, bool)> {
    let layers = |text: &str| format!("1\t\t\t\t\t\n2\teth:ip{text}\t\t\t\t\n");
    let prefix = |ours: &str, theirs: &str| fits("prefix dns,tls", "frame.protocols", &layers(ours), &layers(theirs));
    let less_data = |ours: &str, theirs: &str| fits("less-data", "frame.protocols", &layers(ours), &layers(theirs));
    let under = |ours: &str, theirs: &str, a: &str, b: &str| {
        let row = |layers: &str, value: &str| format!("1\t\t\t\t\t\n2\teth{layers}\t{value}\t\t\t\n");
        fits("absent-under l2tp", "tcp.len", &row(ours, a), &row(theirs, b))
    };
    let uri = |ours: &str, theirs: &str, request_in: &str| {
        let row = |own: &str| format!("1\t\t\t\t/a\t\n2\t\t\t\t{own}\t{request_in}\n");
        fits("from-request", "http.request.uri", &row(ours), &row(theirs))
    };
    let bits = |ours: &str, theirs: &str| {
        let row = |own: &str| format!("1\t\t\t\t\t\n2\t\t{own}\t\t\t\n");
        fits("bits-added 8", "tcp.len", &row(ours), &row(theirs))
    };
    vec![
        ("prefix: fewer layers, the first missing one listed", prefix(":udp", ":udp:dns")),
        ("prefix: data may replace undissected protocols", prefix(":udp:data", ":udp:dns")),
        ("prefix: a layer missing that is not listed differs", !prefix(":tcp", ":tcp:http")),
        ("prefix: another layer differs", !prefix(":tcp", ":udp:dns")),
        ("prefix: more layers than tshark differ", !prefix(":udp:dns", ":udp")),
        ("prefix: a cut inside a name differs", !prefix(":ud", ":udp:dns")),
        ("prefix: speaks of frame.protocols only", !fits("prefix dns", "tcp.len", &layers(""), &layers(":dns"))),
        ("prefix: media may replace them too", prefix(":udp:media", ":udp:dns")),
        ("less-data: data where tshark has no layer", less_data(":tcp:data", ":tcp")),
        ("less-data: another layer differs", !less_data(":tcp:media", ":tcp") && !less_data(":tcp", ":tcp")),
        ("backslash: doubled", fits("backslash", "frame.protocols", &layers(r"\\a"), &layers(r"\a"))),
        ("backslash: any other differs", !fits("backslash", "frame.protocols", &layers(r"\\b"), &layers(r"\a"))),
        ("absent-under: nothing under what is not dissected", under("", ":l2tp:ip", "", "7")),
        ("absent-under: the outer value alone", under("", ":l2tp:ip", "5", "5\u{1f}7")),
        ("absent-under: a wrong value differs", !under("", ":l2tp:ip", "6", "5\u{1f}7")),
        ("absent-under: a value where tshark has none differs", !under("", ":l2tp:ip", "6", "")),
        ("absent-under: not where overhear dissects it", !under(":l2tp", ":l2tp:ip", "", "7")),
        ("absent-under: not in other frames", !under("", ":ip", "", "7")),
        ("from-request: the request's own target", uri("/a", "", "1")),
        ("from-request: another target differs", !uri("/b", "", "1")),
        ("from-request: not if tshark differs", !uri("/a", "/c", "1")),
        ("from-request: not without a request", !uri("/a", "", "")),
        ("bits-added: the bit of the mask", bits("12", "4")),
        ("bits-added: another bit differs", !bits("20", "4")),
        ("bits-added: a bit less differs", !bits("4", "12")),
        ("with-preference: equal to tshark then", fits("with-preference tcp.x:TRUE", "tcp.len", &layers(""), SAID)),
        ("with-preference: otherwise it differs", !fits("with-preference tcp.y:TRUE", "tcp.len", &layers(""), SAID)),
    ]
}

fn small_things() -> Vec<(&'static str, bool)> {
    vec![
        ("a share is not rounded up", percent(999_999_999, 1_000_000_000) == "99.9999"),
        ("all is 100", percent(7, 7) == "100.0000"),
        ("a share of nothing is none", percent(0, 0) == "-"),
        ("a glob matches any middle", glob("corpus/*/a*.pcap", "corpus/x/y/abc.pcap")),
        ("a glob holds at both ends", !glob("corpus/*a", "corpus/ab") && !glob("b*", "ab")),
        ("a glob does not count a letter twice", !glob("ab*ba", "aba")),
        ("frames are written as ranges", ranges(&[1, 2, 3, 7, 9, 10]) == "1-3,7,9-10"),
        ("the columns had capitals before 4.2", tsharks_name("_ws.col.info", (4, 0)) == "_ws.col.Info"),
        ("and have none since", tsharks_name("_ws.col.info", (4, 4)) == "_ws.col.info"),
    ]
}
