//! The list of differences that have a reason, and the few rules that may stand for a class of them.

use std::collections::BTreeSet;

use crate::ask::{BETWEEN, Table};
use crate::compare::Difference;

/// The first line of the file.
pub(crate) const COLUMNS: &str = "capture\tfield\tframes\ttshark\trule\treason";

/// One line of explained.tsv.
#[derive(Debug)]
pub(crate) struct Entry {
    /// Where it stands, for messages.
    pub(crate) line: usize,
    /// A capture's name or a glob, below `fixtures/` or `corpus/`.
    pub(crate) capture: String,
    /// A field's name or a glob.
    pub(crate) field: String,
    frames: Frames,
    versions: Vec<String>,
    /// What the two values must look like.
    pub(crate) rule: Rule,
    /// Why, in plain words.
    pub(crate) reason: String,
}

/// Which cells an entry covers.
#[derive(Debug)]
struct Frames {
    /// Frame numbers from, to; none for every frame.
    ranges: Option<Vec<(usize, usize)>>,
    /// How many cells exactly; without it every frame listed is one.
    cells: Option<usize>,
}

/// The shape two differing values must have for an entry to cover them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Rule {
    /// `-`: any; only the place is tested.
    Any,
    /// `prefix P,Q`: for frame.protocols. overhear's (without a last `data` or `media`) is tshark's cut before one of
    /// these.
    Prefix(Vec<String>),
    /// `less-data`: for frame.protocols. overhear's is tshark's and a last `data`.
    LessData,
    /// `backslash`: overhear's is tshark's with every backslash doubled.
    Backslash,
    /// `absent-under P,Q`: tshark sees one of these protocols in the frame and overhear does not, and overhear's
    /// values are only the first of tshark's, or none.
    AbsentUnder(Vec<String>),
    /// `from-request`: tshark has nothing; overhear repeats what both say of the frame in http.request_in.
    FromRequest,
    /// `bits-added M`: overhear's number is tshark's with further bits out of M.
    BitsAdded(u64),
    /// `with-preference P`: overhear says what tshark says when asked with `-o P`.
    WithPreference(String),
}

/// What a rule may look at besides the two values.
pub(crate) struct Around<'a> {
    /// overhear's whole table.
    pub(crate) ours: &'a Table,
    /// tshark's whole table.
    pub(crate) theirs: &'a Table,
    /// Whether tshark, asked with a preference, says in this cell what overhear says.
    pub(crate) otherwise: &'a dyn Fn(&str, &Difference) -> bool,
}

/// The whole list.
#[derive(Debug, Default)]
pub(crate) struct Explained {
    /// In the order of the file; the first that covers a cell has it.
    pub(crate) entries: Vec<Entry>,
}

impl Explained {
    /// Reads the list; every bad line is told.
    pub(crate) fn parse(text: &str) -> Result<Explained, Vec<String>> {
        let mut entries = Vec::new();
        let mut bad = Vec::new();
        if text.lines().next() != Some(COLUMNS) {
            bad.push(format!("explained.tsv:1: the first line is not {COLUMNS:?}"));
        }
        for (number, line) in text.lines().enumerate().skip(1) {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            match Entry::parse(number + 1, line) {
                Ok(entry) => entries.push(entry),
                Err(why) => bad.push(format!("explained.tsv:{}: {why}", number + 1)),
            }
        }
        if bad.is_empty() { Ok(Explained { entries }) } else { Err(bad) }
    }

    /// The entry that covers this difference, by its place in the list.
    pub(crate) fn covers(&self, capture: &str, version: &str, it: &Difference, around: &Around) -> Option<usize> {
        self.entries.iter().position(|entry| {
            entry.holds_for(version)
                && glob(&entry.capture, capture)
                && glob(&entry.field, it.field)
                && entry.frames.contain(it.frame)
                && entry.rule.fits(it, around)
        })
    }
}

impl Entry {
    fn parse(line: usize, text: &str) -> Result<Entry, String> {
        let parts: Vec<&str> = text.split('\t').collect();
        let &[capture, field, frames, versions, rule, reason] = parts.as_slice() else {
            return Err(format!("{} columns, not the 6 of the first line", parts.len()));
        };
        let frames = Frames::parse(frames)?;
        let many = [capture, field].iter().any(|name| name.contains('*'));
        if (many || frames.ranges.is_none()) && frames.cells.is_none() {
            return Err("a * must carry the exact number of cells it covers, as in *=12 or 3,7-9=8".to_owned());
        }
        if !capture.starts_with("fixtures/") && !capture.starts_with("corpus/") {
            return Err(format!("{capture} begins neither with fixtures/ nor with corpus/"));
        }
        let reason = reason.trim();
        if reason.is_empty() || reason.starts_with('?') {
            return Err("the reason is missing".to_owned());
        }
        let versions: Vec<String> = versions.split(',').map(str::to_owned).collect();
        if versions.iter().any(|v| !v.starts_with(|c: char| c.is_ascii_digit())) {
            return Err("the version is a list of prefixes, as in 4.0 or 4.0,4.4".to_owned());
        }
        Ok(Entry {
            line,
            capture: capture.to_owned(),
            field: field.to_owned(),
            frames,
            versions,
            rule: Rule::parse(rule)?,
            reason: reason.to_owned(),
        })
    }

    /// Whether it speaks of this version of tshark: `4.0` does of 4.0.17, not of 4.01.
    pub(crate) fn holds_for(&self, version: &str) -> bool {
        self.versions.iter().any(|prefix| {
            version.strip_prefix(prefix.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        })
    }

    /// What is wrong with it, given the cells it covered: (capture, field, frame).
    pub(crate) fn complaint(&self, covered: &BTreeSet<(String, &str, usize)>) -> Option<String> {
        if let Some(cells) = self.frames.cells {
            let what = if covered.is_empty() { "stale: " } else { "" };
            return (covered.len() != cells).then(|| format!("{what}says {cells} cells, covers {}", covered.len()));
        }
        let seen: BTreeSet<usize> = covered.iter().map(|(_, _, frame)| *frame).collect();
        let listed = self.frames.ranges.iter().flatten().flat_map(|(from, to)| *from..=*to);
        let idle: Vec<usize> = listed.filter(|frame| !seen.contains(frame)).collect();
        (!idle.is_empty()).then(|| format!("stale: nothing to explain in frame {}", ranges(&idle)))
    }
}

impl Frames {
    fn parse(text: &str) -> Result<Frames, String> {
        let (list, cells) = match text.split_once('=') {
            Some((list, cells)) => {
                let cells: usize = cells.parse().map_err(|_| format!("{cells} is no number of cells"))?;
                (list, Some(cells))
            }
            None => (text, None),
        };
        if cells == Some(0) {
            return Err("an entry that covers 0 cells explains nothing".to_owned());
        }
        if list == "*" {
            return Ok(Frames { ranges: None, cells });
        }
        let ranges: Result<Vec<_>, String> = list.split(',').map(range).collect();
        Ok(Frames { ranges: Some(ranges?), cells })
    }

    fn contain(&self, frame: usize) -> bool {
        self.ranges.as_ref().is_none_or(|ranges| ranges.iter().any(|(from, to)| (*from..=*to).contains(&frame)))
    }
}

/// `7` or `7-9`.
fn range(text: &str) -> Result<(usize, usize), String> {
    let (from, to) = text.split_once('-').unwrap_or((text, text));
    match (from.parse(), to.parse()) {
        (Ok(from), Ok(to)) if from <= to && to - from < 1_000_000 => Ok((from, to)),
        _ => Err(format!("{text} is no frame and no range of frames")),
    }
}

/// Ascending numbers as the list writes them: `1-3,7`.
pub(crate) fn ranges(numbers: &[usize]) -> String {
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for number in numbers {
        match runs.last_mut() {
            Some((_, to)) if *to + 1 >= *number => *to = *number,
            _ => runs.push((*number, *number)),
        }
    }
    let written = runs.iter().map(|(from, to)| if from == to { from.to_string() } else { format!("{from}-{to}") });
    written.collect::<Vec<_>>().join(",")
}

impl Rule {
    fn parse(text: &str) -> Result<Rule, String> {
        let (name, rest) = text.split_once(' ').unwrap_or((text, ""));
        let list = || rest.split(',').map(str::to_owned).collect::<Vec<_>>();
        match (name, rest) {
            ("-", "") => Ok(Rule::Any),
            ("prefix", _) if !rest.is_empty() => Ok(Rule::Prefix(list())),
            ("absent-under", _) if !rest.is_empty() => Ok(Rule::AbsentUnder(list())),
            ("less-data", "") => Ok(Rule::LessData),
            ("backslash", "") => Ok(Rule::Backslash),
            ("from-request", "") => Ok(Rule::FromRequest),
            ("bits-added", _) => {
                rest.parse().map(Rule::BitsAdded).map_err(|_| format!("{rest:?} is no mask in decimal"))
            }
            ("with-preference", _) if rest.contains(':') => Ok(Rule::WithPreference(rest.to_owned())),
            _ => Err(format!("{text:?} is no rule")),
        }
    }

    /// Whether the two values have the shape this rule speaks of.
    fn fits(&self, it: &Difference, around: &Around) -> bool {
        let row = it.frame.wrapping_sub(1);
        match self {
            Rule::Any => true,
            Rule::Prefix(missing) => {
                let shown = [":data", ":media"].iter().find_map(|last| it.ours.strip_suffix(last));
                let ours = shown.unwrap_or(&it.ours);
                let rest = it.theirs.strip_prefix(ours).and_then(|rest| rest.strip_prefix(':'));
                let first = rest.and_then(|rest| rest.split(':').next());
                it.field == "frame.protocols" && first.is_some_and(|first| missing.iter().any(|name| name == first))
            }
            Rule::LessData => it.field == "frame.protocols" && it.ours.strip_suffix(":data") == Some(&it.theirs),
            Rule::Backslash => it.theirs.contains('\\') && it.ours == it.theirs.replace('\\', r"\\"),
            Rule::AbsentUnder(protocols) => {
                let sees = |table: &Table, name: &str| {
                    table.cell("frame.protocols", row).split(':').any(|layer| layer == name)
                };
                let unseen = protocols.iter().any(|name| sees(around.theirs, name) && !sees(around.ours, name));
                let cut = it.theirs.strip_prefix(&it.ours).is_some_and(|rest| rest.starts_with(BETWEEN));
                unseen && (it.ours.is_empty() || cut)
            }
            Rule::FromRequest => it.theirs.is_empty() && repeats_the_request(it, row, around),
            Rule::BitsAdded(mask) => match (it.ours.parse::<u64>(), it.theirs.parse::<u64>()) {
                (Ok(ours), Ok(theirs)) => ours & theirs == theirs && ours != theirs && (ours ^ theirs) & !mask == 0,
                _ => false,
            },
            Rule::WithPreference(preference) => (around.otherwise)(preference, it),
        }
    }
}

/// Whether each of overhear's values stands, for both programs, in a frame that http.request_in names.
fn repeats_the_request(it: &Difference, row: usize, around: &Around) -> bool {
    let named = around.ours.cell("http.request_in", row);
    let requests: Vec<usize> = named.split(BETWEEN).filter_map(|frame| frame.parse().ok()).collect();
    it.ours.split(BETWEEN).all(|one| {
        requests.iter().filter_map(|frame| frame.checked_sub(1)).any(|request| {
            let said = around.ours.cell(it.field, request);
            said == around.theirs.cell(it.field, request) && said.split(BETWEEN).any(|value| value == one)
        })
    })
}

/// Whether a name fits a pattern in which `*` stands for anything.
pub(crate) fn glob(pattern: &str, name: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else {
        return pattern == name;
    };
    let Some(mut name) = name.strip_prefix(head) else {
        return false;
    };
    let mut parts: Vec<&str> = rest.split('*').collect();
    let tail = parts.pop().unwrap_or("");
    for part in parts {
        match name.find(part) {
            Some(at) => name = name.get(at + part.len()..).unwrap_or(""),
            None => return false,
        }
    }
    name.ends_with(tail)
}
