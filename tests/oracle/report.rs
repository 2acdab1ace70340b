//! The report of a comparison: shares by folder, counts by field, differing cells, rules that do not fit.

use std::collections::BTreeMap;

use crate::ask::{BETWEEN, Overhear, Tshark, arguments};
use crate::compare::{Count, Difference, EXIT, FORMS, FRAMES, percent};
use crate::fields::GROUPS;
use crate::rules::{Rules, glob};
use crate::{Capture, Options, Unit};

/// What is compared, and loudly what is not.
pub(crate) fn opening(tshark: &Tshark, overhear: &Overhear, ignored: &[String]) {
    println!("\n== tshark {}", tshark.version);
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
    /// Cells where only tshark has a value.
    missing: u64,
    /// Cells where only overhear has a value.
    extra: u64,
    /// Cells with two values.
    different: u64,
    explained: u64,
    unexplained: u64,
}

impl Sum {
    fn take(&mut self, count: Count) {
        self.count.add(count);
    }

    fn add(&mut self, other: &Sum) {
        self.count.add(other.count);
        self.missing += other.missing;
        self.extra += other.extra;
        self.different += other.different;
        self.explained += other.explained;
        self.unexplained += other.unexplained;
    }

    fn differ(&mut self, it: &Difference, why: Option<usize>) {
        *match (it.ours.is_empty(), it.theirs.is_empty()) {
            (true, _) => &mut self.missing,
            (_, true) => &mut self.extra,
            _ => &mut self.different,
        } += 1;
        match why {
            Some(_) => self.explained += 1,
            None => self.unexplained += 1,
        }
    }

    fn lose(&mut self, cells: u64, explained: bool) {
        *if explained { &mut self.explained } else { &mut self.unexplained } += cells;
    }
}

/// Rules that cover too much or nothing, and rules for unknown fields.
pub(crate) fn complaints(
    rules: &Rules,
    tshark: &Tshark,
    all: &[Capture],
    selected: &[&Capture],
    results: &[Vec<Unit>],
) -> Vec<String> {
    let mut covered: BTreeMap<usize, usize> = BTreeMap::new();
    for rule in results.iter().flatten().flat_map(|unit| &unit.differences).filter_map(|(_, rule)| *rule) {
        *covered.entry(rule).or_default() += 1;
    }
    // A fresh clone has no corpus: a rule that names captures there may cover nothing.
    let is_compared = |pattern: &str| {
        selected.len() == all.len() && (pattern != "*" || has_corpus(all)) && all.iter().any(|c| glob(pattern, &c.name))
    };
    let mut complaints = rules.complaints(&tshark.version, &covered, is_compared);
    let fields: Vec<&str> =
        GROUPS.iter().flat_map(|group| group.fields.iter().copied()).chain([EXIT, FRAMES]).collect();
    for rule in &rules.rules {
        for pattern in rule.fields.iter().filter(|pattern| !fields.iter().any(|field| glob(pattern, field))) {
            complaints.push(format!("rules.tsv:{}: {pattern} matches no field that is compared", rule.line));
        }
    }
    complaints
}

fn has_corpus(all: &[Capture]) -> bool {
    all.iter().any(|capture| capture.name.starts_with("corpus/"))
}

/// Everything found; the number of units that failed.
pub(crate) fn closing(
    options: &Options,
    tshark: &Tshark,
    rules: &Rules,
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
        let is_explained =
            units.iter().flat_map(|u| &u.differences).any(|(it, why)| it.field == FRAMES && why.is_some());
        for unit in units {
            for (field, count) in &unit.counts {
                let sums = if unit.informative { vec![&mut aside] } else { vec![&mut total, &mut group.1] };
                let own = if unit.informative { None } else { Some(fields.entry(*field).or_default()) };
                for sum in sums.into_iter().chain(own) {
                    sum.take(*count);
                    sum.lose(count.lost, is_explained);
                }
            }
            for (it, why) in &unit.differences {
                let sums = if unit.informative { vec![&mut aside] } else { vec![&mut total, &mut group.1] };
                let own = if unit.informative { None } else { Some(fields.entry(it.field).or_default()) };
                for sum in sums.into_iter().chain(own) {
                    sum.differ(it, *why);
                }
                if let Some(entry) = why.and_then(|at| rules.rules.get(at)) {
                    *reasons.entry(&entry.reason).or_default() += 1;
                }
            }
        }
    }
    let failed = failures(options, tshark, rules, asked, results);
    for line in complaints {
        println!("FAILED {line}");
    }
    if options.cells {
        print_cells(tshark, rules, asked, results);
    }
    shares(&groups, total, aside);
    by_field(&fields);
    for (reason, cells) in &reasons {
        println!("explained {cells:>7}  {reason}");
    }
    failed
}

/// Prints the differences: all, or a line for each unit that fails.
fn failures(options: &Options, tshark: &Tshark, rules: &Rules, asked: &[&Capture], results: &[Vec<Unit>]) -> usize {
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
            let mut parts: Vec<String> = by_field.iter().map(|(field, cells)| format!("{field} {cells}")).collect();
            if lost > 0 {
                parts.push(format!("{lost} cells of frames that only one program printed"));
            }
            println!("FAILED {} {}: {}", capture.name, unit.group, parts.join(", "));
        }
        if options.diff {
            cells(tshark, rules, capture, units);
        }
    }
    failed
}

/// Every differing cell of a capture, and the commands to compare by hand.
fn cells(tshark: &Tshark, rules: &Rules, capture: &Capture, units: &[Unit]) {
    println!("\n{}", capture.name);
    let mut names: Vec<&'static str> = Vec::new();
    for (it, why) in units.iter().flat_map(|unit| &unit.differences) {
        let (ours, theirs) = around_the_difference(&it.ours, &it.theirs);
        println!("  frame {} {}\n    overhear  {ours}\n    tshark    {theirs}", it.frame, it.field);
        match why.and_then(|at| rules.rules.get(at)) {
            Some(entry) => println!("    rules.tsv:{}: {}", entry.line, entry.reason),
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

/// Every differing cell in a line.
fn print_cells(tshark: &Tshark, rules: &Rules, asked: &[&Capture], results: &[Vec<Unit>]) {
    for (capture, units) in asked.iter().zip(results) {
        let binding = units.iter().filter(|unit| !unit.informative);
        for (it, why) in binding.flat_map(|unit| &unit.differences) {
            let rule = why.and_then(|at| rules.rules.get(at)).map_or(0, |rule| rule.line);
            let (ours, theirs) = (shown(&it.ours), shown(&it.theirs));
            println!(
                "cell\t{}\t{}\t{}\t{}\t{ours}\t{theirs}\t{rule}",
                tshark.version, capture.name, it.field, it.frame
            );
        }
    }
}

/// Captures of one origin are summed: `corpus/zeek+zeek`, `fixtures/http`.
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

/// The fields that differ, those with missing values first.
fn by_field(fields: &BTreeMap<&str, Sum>) {
    println!(
        "{:<48} {:>9} {:>8} {:>8} {:>9} {:>9} {:>9}",
        "fields that differ", "equal", "missing", "extra", "different", "explained", "unexpl."
    );
    let mut fields: Vec<_> = fields.iter().filter(|(_, sum)| sum.missing + sum.extra + sum.different > 0).collect();
    fields.sort_by_key(|(_, sum)| std::cmp::Reverse((sum.unexplained, sum.missing, sum.extra + sum.different)));
    let line = |name: &str, sum: &Sum| {
        let Sum { count, missing, extra, different, explained, unexplained } = sum;
        let equal = count.full;
        println!("{name:<48} {equal:>9} {missing:>8} {extra:>8} {different:>9} {explained:>9} {unexplained:>9}");
    };
    let mut total = Sum::default();
    for (name, sum) in fields {
        line(name, sum);
        total.add(sum);
    }
    line("in all", &total);
    println!("missing: only tshark has a value; extra: only overhear has one; different: both have one\n");
}
