//! Tells what the comparison found: shares, the worst fields, the differing cells, the list's own faults.

use std::collections::{BTreeMap, BTreeSet};

use crate::ask::{BETWEEN, Overhear, Tshark, arguments};
use crate::compare::{Count, Difference, EXIT, FORMS, FRAMES, percent};
use crate::explained::{COLUMNS, Explained, glob, ranges};
use crate::fields::GROUPS;
use crate::{Capture, Unit, Wish};

/// What is compared, and loudly what is not.
pub(crate) fn opening(tshark: &Tshark, overhear: &Overhear, ignored: &[String]) {
    println!("tshark {}", tshark.version);
    let all = || GROUPS.iter().flat_map(|group| group.fields);
    let dropped: Vec<_> = all().copied().filter(|field| !tshark.knows(field)).collect();
    if !dropped.is_empty() {
        println!("NOT COMPARED, unknown to this tshark ({}): {}", dropped.len(), dropped.join(" "));
    }
    let unknown: Vec<_> = overhear.unknown.iter().copied().collect();
    if !unknown.is_empty() {
        println!(
            "UNKNOWN TO OVERHEAR, counted as empty ({} of {}): {}",
            unknown.len(),
            all().count(),
            unknown.join(" ")
        );
    }
    for form in FORMS.iter().filter(|form| tshark.series() < form.until) {
        println!("form {}: {}", form.name, form.reason);
    }
    if !ignored.is_empty() {
        println!("hints not used, for protocols not compared: {}", ignored.join("; "));
    }
}

/// Sums over some cells.
#[derive(Clone, Copy, Default)]
struct Sum {
    count: Count,
    explained: u64,
    unexplained: u64,
}

impl Sum {
    fn take(&mut self, count: Count) {
        self.count.add(count);
    }

    fn differ(&mut self, why: Option<usize>) {
        match why {
            Some(_) => self.explained += 1,
            None => self.unexplained += 1,
        }
    }

    fn lose(&mut self, cells: u64, explained: bool) {
        *if explained { &mut self.explained } else { &mut self.unexplained } += cells;
    }
}

/// What is wrong with the list itself, as far as the captures asked about can tell.
pub(crate) fn complaints(
    explained: &Explained,
    tshark: &Tshark,
    all: &[Capture],
    asked: &[&Capture],
    results: &[Vec<Unit>],
) -> Vec<String> {
    let mut covered: BTreeMap<usize, BTreeSet<(String, &str, usize)>> = BTreeMap::new();
    for (capture, units) in asked.iter().zip(results) {
        for (it, why) in units.iter().flat_map(|unit| &unit.differences) {
            if let Some(entry) = why {
                covered.entry(*entry).or_default().insert((capture.name.clone(), it.field, it.frame));
            }
        }
    }
    let fields = || GROUPS.iter().flat_map(|group| group.fields.iter().copied());
    let none = BTreeSet::new();
    let mut bad = Vec::new();
    for (at, entry) in explained.entries.iter().enumerate() {
        let named: Vec<&Capture> = all.iter().filter(|c| glob(&entry.capture, &c.name)).collect();
        let root = entry.capture.split('/').next().unwrap_or("");
        let fields_named = fields().filter(|f| glob(&entry.field, f)).collect::<Vec<_>>();
        let whole = [EXIT, FRAMES].iter().any(|f| glob(&entry.field, f));
        let complaint = if fields_named.is_empty() && !whole {
            Some(format!("{} names no field that is compared", entry.field))
        } else if !entry.holds_for(&tshark.version) || !whole && fields_named.iter().all(|f| !tshark.knows(f)) {
            None
        } else if named.is_empty() {
            let there = all.iter().any(|c| c.name.split('/').next() == Some(root));
            there.then(|| format!("{} names no capture", entry.capture))
        } else if named.iter().all(|c| asked.iter().any(|a| a.name == c.name)) {
            entry.complaint(covered.get(&at).unwrap_or(&none))
        } else {
            None
        };
        if let Some(why) = complaint {
            bad.push(format!("explained.tsv:{}: {why}: {} {}", entry.line, entry.capture, entry.field));
        }
    }
    bad
}

/// Everything found; the number of units that failed.
pub(crate) fn closing(
    wish: &Wish,
    tshark: &Tshark,
    explained: &Explained,
    asked: &[&Capture],
    results: &[Vec<Unit>],
    complaints: &[String],
) -> usize {
    let mut groups: BTreeMap<String, (usize, Sum)> = BTreeMap::new();
    let mut fields: BTreeMap<&str, Sum> = BTreeMap::new();
    let mut reasons: BTreeMap<&str, u64> = BTreeMap::new();
    let (mut total, mut aside) = (Sum::default(), Sum::default());
    for (capture, units) in asked.iter().zip(results) {
        let group = groups.entry(family(&capture.name)).or_default();
        group.0 += 1;
        let told = units.iter().flat_map(|u| &u.differences).any(|(it, why)| it.field == FRAMES && why.is_some());
        for unit in units {
            for (field, count) in &unit.counts {
                let sums = if unit.informative { vec![&mut aside] } else { vec![&mut total, &mut group.1] };
                let own = if unit.informative { None } else { Some(fields.entry(*field).or_default()) };
                for sum in sums.into_iter().chain(own) {
                    sum.take(*count);
                    sum.lose(count.lost, told);
                }
            }
            for (it, why) in &unit.differences {
                let sums = if unit.informative { vec![&mut aside] } else { vec![&mut total, &mut group.1] };
                let own = if unit.informative { None } else { Some(fields.entry(it.field).or_default()) };
                for sum in sums.into_iter().chain(own) {
                    sum.differ(*why);
                }
                if let Some(entry) = why.and_then(|at| explained.entries.get(at)) {
                    *reasons.entry(&entry.reason).or_default() += 1;
                }
            }
        }
    }
    let failed = failures(wish, tshark, explained, asked, results);
    for line in complaints {
        println!("FAILED {line}");
    }
    if wish.suggest {
        suggest(&tshark.version, asked, results);
    }
    shares(&groups, total, aside);
    worst(&fields);
    for (reason, cells) in &reasons {
        println!("explained {cells:>7}  {reason}");
    }
    let open: u64 = reasons.iter().filter(|(reason, _)| reason.starts_with("open:")).map(|(_, cells)| *cells).sum();
    println!("OPEN: {open} of the explained cells are only counted, not understood: they wait to be mended");
    failed
}

/// Tells the differences, all or a line for each capture that fails.
fn failures(wish: &Wish, tshark: &Tshark, explained: &Explained, asked: &[&Capture], results: &[Vec<Unit>]) -> usize {
    let mut failed = 0;
    for (capture, units) in asked.iter().zip(results) {
        for unit in units.iter().filter(|unit| !unit.informative && !unit.passed()) {
            failed += 1;
            if let Some(why) = &unit.broken {
                println!("FAILED {} {}: {}", capture.name, unit.group, shown(why));
                continue;
            }
            let mut by_field: BTreeMap<&str, usize> = BTreeMap::new();
            for (it, _) in unit.differences.iter().filter(|(_, why)| why.is_none()) {
                *by_field.entry(it.field).or_default() += 1;
            }
            let lost: u64 = unit.counts.iter().filter(|_| unit.lost).map(|(_, count)| count.lost).sum();
            let mut told: Vec<String> = by_field.iter().map(|(field, cells)| format!("{field} {cells}")).collect();
            if lost > 0 {
                told.push(format!("{lost} cells of frames that only one program printed"));
            }
            println!("FAILED {} {}: {}", capture.name, unit.group, told.join(", "));
        }
        if wish.diff {
            cells(tshark, explained, capture, units);
        }
    }
    failed
}

/// Every differing cell of a capture, and the commands to compare by hand.
fn cells(tshark: &Tshark, explained: &Explained, capture: &Capture, units: &[Unit]) {
    println!("\n{}", capture.name);
    let mut names: Vec<&'static str> = Vec::new();
    for (it, why) in units.iter().flat_map(|unit| &unit.differences) {
        let (ours, theirs) = around_the_difference(&it.ours, &it.theirs);
        println!("  frame {} {}\n    overhear  {ours}\n    tshark    {theirs}", it.frame, it.field);
        match why.and_then(|at| explained.entries.get(at)) {
            Some(entry) => println!("    explained in line {}: {}", entry.line, entry.reason),
            None => println!("    UNEXPLAINED"),
        }
        if !names.contains(&it.field) && it.frame > 0 {
            names.push(it.field);
        }
    }
    if names.is_empty() {
        return;
    }
    names.insert(0, "frame.number");
    println!("  overhear {}", command(&arguments(&capture.path, &names)));
    let known: Vec<_> = names.into_iter().filter(|name| tshark.knows(name)).collect();
    println!("  tshark {}", command(&tshark.arguments(&capture.path, &known, &capture.hints)));
}

/// A command line for a shell.
fn command(words: &[String]) -> String {
    let between = BETWEEN.to_string();
    let words = words.iter().map(|word| {
        if word.contains(&between) {
            "aggregator=,".to_owned()
        } else if word.chars().all(|c| c.is_ascii_alphanumeric() || "-_./=+:,@".contains(c)) {
            word.clone()
        } else {
            format!("'{}'", word.replace('\'', r"'\''"))
        }
    });
    words.collect::<Vec<_>>().join(" ")
}

/// Two values from a little before the place where they part, long ones cut.
fn around_the_difference(ours: &str, theirs: &str) -> (String, String) {
    let same = ours.chars().zip(theirs.chars()).take_while(|(a, b)| a == b).count();
    let skip = same.saturating_sub(20);
    let part = |text: &str| {
        let length = text.chars().count();
        let cut: String = text.chars().skip(skip).take(100).collect();
        let from = if skip > 0 { format!("[from {skip}] ") } else { String::new() };
        let to = if length > skip + 100 { format!(" [of {length}]") } else { String::new() };
        if text.is_empty() { "(nothing)".to_owned() } else { format!("{from}{}{to}", shown(&cut)) }
    };
    (part(ours), part(theirs))
}

/// Safe for a terminal: values are separated, control characters are escaped.
fn shown(text: &str) -> String {
    text.chars().fold(String::new(), |mut out, c| {
        match c {
            BETWEEN => out.push_str(" | "),
            c if c.is_control() => out.extend(c.escape_default()),
            c => out.push(c),
        }
        out
    })
}

/// Candidates for explained.tsv; a person writes the reason, without which they fail.
fn suggest(version: &str, asked: &[&Capture], results: &[Vec<Unit>]) {
    let series: Vec<&str> = version.split('.').take(2).collect();
    println!("\n{COLUMNS}");
    for (capture, units) in asked.iter().zip(results) {
        let mut frames: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        let binding = units.iter().filter(|unit| !unit.informative);
        for Difference { field, frame, .. } in
            binding.flat_map(|unit| &unit.differences).filter(|(_, why)| why.is_none()).map(|(it, _)| it)
        {
            frames.entry(field).or_default().push(*frame);
        }
        for (field, frames) in frames {
            println!("{}\t{field}\t{}\t{}\t-\t?", capture.name, ranges(&frames), series.join("."));
        }
    }
}

/// Captures of one origin are told together: `corpus/zeek+zeek`, `fixtures/http`.
fn family(name: &str) -> String {
    let folders = name.rsplit_once('/').map_or("", |(folders, _)| folders);
    folders.split('/').take(2).collect::<Vec<_>>().join("/")
}

fn shares(groups: &BTreeMap<String, (usize, Sum)>, total: Sum, aside: Sum) {
    println!(
        "\n{:<40} {:>5} {:>10} {:>10} {:>9} {:>9} {:>9} {:>11} {:>11}",
        "captures", "", "cells", "equal", "non-empty", "explained", "unexpl.", "% equal", "% of said"
    );
    let line = |name: &str, captures: usize, sum: Sum| {
        let Count { cells, equal, full, said, .. } = sum.count;
        println!(
            "{name:<40} {captures:>5} {cells:>10} {equal:>10} {full:>9} {:>9} {:>9} {:>11} {:>11}",
            sum.explained,
            sum.unexplained,
            percent(equal, cells),
            percent(full, said)
        );
    };
    let captures = groups.values().map(|(captures, _)| captures).sum();
    groups.iter().for_each(|(name, (captures, sum))| line(name, *captures, *sum));
    line("in all", captures, total);
    line("columns (not binding)", captures, aside);
    println!("% of said: of the cells where either program says something, those where both say the same\n");
}

/// The fields with most differences, the unexplained first.
fn worst(fields: &BTreeMap<&str, Sum>) {
    let mut fields: Vec<_> = fields.iter().filter(|(_, sum)| sum.count.said > sum.count.full).collect();
    fields.sort_by_key(|(_, sum)| std::cmp::Reverse((sum.unexplained, sum.explained)));
    for (name, sum) in fields.into_iter().take(20) {
        println!(
            "worst {name:<36} {:>7} unexplained {:>7} explained {:>11} % of said",
            sum.unexplained,
            sum.explained,
            percent(sum.count.full, sum.count.said)
        );
    }
}
