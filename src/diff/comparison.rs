//! Comparison of two profiles: which operations are gone, new, slower, or otherwise different.

use super::difference::{Difference, DifferenceKind, Subject};
use super::profile::{CallPosition, CallSample, CaptureProfile, Operation, OperationKey, StatusCount};
use super::rank_test::{least_probability, median, percentile, probability_of_greater};
use crate::journey::text::{count, duration, size};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

/// Highest probability of a difference of ranks by chance that counts as a difference.
const SIGNIFICANCE: f64 = 0.01;

/// Least difference of medians that counts: nanoseconds, bytes.
const LEAST_NANOS: u64 = 100_000;
const LEAST_BYTES: u64 = 64;

/// What counts as a difference.
#[derive(Clone, Debug)]
pub struct ComparisonSettings {
    /// Kinds that are not reported.
    pub ignored: Vec<DifferenceKind>,
    /// Least difference of the medians of durations and sizes, in percent of the first.
    pub min_difference: u32,
    /// Increase of a duration, in percent, beyond which an operation with too few calls for the test is slower. Without it, such an
    /// operation is never slower.
    pub limit: Option<u32>,
}

impl Default for ComparisonSettings {
    fn default() -> ComparisonSettings {
        ComparisonSettings { ignored: Vec::new(), min_difference: 10, limit: None }
    }
}

/// The first calls that differ, in each capture.
type FirstCalls = [Option<CallPosition>; 2];

/// Returns what the key of an operation has beside the protocol.
fn name_of(key: &OperationKey) -> [&str; 3] {
    [&key.method, &key.host, &key.path]
}

/// What the durations of an operation show.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum SlowerVerdict {
    /// The test finds no difference, or one that is too small.
    Same,
    /// The second capture is slower.
    Slower,
    /// The second capture is faster.
    Faster,
    /// There are too few calls for the test.
    TooFew,
}

/// Durations of an operation in both captures.
#[derive(Clone, Debug)]
pub struct OperationTimes {
    /// Operation, or server whose handshakes were measured.
    pub subject: Subject,
    /// Number of durations.
    pub counts: [usize; 2],
    /// Medians in nanoseconds.
    pub medians: [u64; 2],
    /// 95th percentiles in nanoseconds.
    pub p95: [u64; 2],
    /// Probability that a difference in this direction is due to chance; `None` if there are too few calls for the test.
    pub probability: Option<f64>,
    /// Verdict.
    pub verdict: SlowerVerdict,
}

/// The differences between two captures.
#[derive(Clone, Debug, Default)]
pub struct Comparison {
    /// Differences by kind, then by operation.
    pub differences: Vec<Difference>,
    /// Durations of the operations that both captures have.
    pub times: Vec<OperationTimes>,
    /// Number of operations of both captures.
    pub common: usize,
    /// Number of calls of each capture.
    pub calls: [u64; 2],
    /// What the profiles lack.
    pub notes: Vec<String>,
}

impl Comparison {
    /// Compares two profiles.
    #[must_use]
    pub fn new(a: &CaptureProfile, b: &CaptureProfile, settings: &ComparisonSettings) -> Comparison {
        let mut comparison = Comparison { calls: [a.calls, b.calls], ..Comparison::default() };
        let new = b.operations.iter().filter(|(key, _)| !a.operations.contains_key(key));
        let mut new: BTreeMap<&OperationKey, &Operation> = new.collect();
        // An operation that is called by another protocol now.
        let mut by_name: HashMap<[&str; 3], Vec<&OperationKey>> = HashMap::new();
        new.keys().rev().for_each(|&key| by_name.entry(name_of(key)).or_default().push(key));
        for (key, operation) in &a.operations {
            if let Some(other) = b.operations.get(key) {
                comparison.compare(key, operation, other, settings);
                continue;
            }
            let moved = by_name.get_mut(&name_of(key)).and_then(Vec::pop);
            match moved.and_then(|moved| Some((moved, new.remove(moved)?))) {
                Some((moved, other)) => {
                    let text = format!("protocol: {} → {}", key.protocol, moved.protocol);
                    let detail = json!({ "field": "protocol", "values": [key.protocol, moved.protocol] });
                    let first = [operation.first_call(), other.first_call()];
                    comparison.push(DifferenceKind::Parameters, key, text, detail, first);
                    comparison.compare(key, operation, other, settings);
                }
                None => comparison.push_only(DifferenceKind::Gone, key, operation),
            }
        }
        new.into_iter().for_each(|(key, operation)| comparison.push_only(DifferenceKind::New, key, operation));
        comparison.compare_servers(a, b, settings);
        for (name, profile) in [("first", a), ("second", b)] {
            comparison.notes.extend(profile.notes().into_iter().map(|note| format!("{name} capture: {note}")));
        }
        if comparison.calls == [0, 0] {
            comparison.notes.push("no calls to compare".into());
        }
        comparison.differences.retain(|difference| !settings.ignored.contains(&difference.kind));
        comparison.differences.sort_by_key(|difference| difference.kind);
        comparison
    }

    /// Returns whether the captures differ otherwise than by shorter durations.
    #[must_use]
    pub fn has_differences(&self) -> bool {
        self.differences.iter().any(|difference| difference.kind != DifferenceKind::Faster)
    }

    fn push(&mut self, kind: DifferenceKind, key: &OperationKey, text: String, detail: Value, first: FirstCalls) {
        self.differences.push(Difference { kind, subject: Subject::Operation(key.clone()), text, detail, first });
    }

    fn push_only(&mut self, kind: DifferenceKind, key: &OperationKey, operation: &Operation) {
        let call = operation.first_call();
        let first = if kind == DifferenceKind::Gone { [call, None] } else { [None, call] };
        self.push(kind, key, calls(operation.calls), json!({ "calls": operation.calls }), first);
    }

    fn compare(&mut self, key: &OperationKey, a: &Operation, b: &Operation, settings: &ComparisonSettings) {
        self.common += 1;
        let first = [a.first_call(), b.first_call()];
        if a.calls != b.calls {
            let text = format!("{} → {}", calls(a.calls), calls(b.calls));
            self.push(DifferenceKind::Count, key, text, json!({ "calls": [a.calls, b.calls] }), first);
        }
        self.compare_statuses(key, a, b);
        let times = OperationTimes::new(Subject::Operation(key.clone()), &a.times(), &b.times(), settings);
        if let Some(times) = times {
            self.add_times(times, first);
        }
        if let Some((text, detail)) = size_difference(&a.sizes(), &b.sizes(), settings) {
            self.push(DifferenceKind::Size, key, text, detail, first);
        }
        self.compare_headers(key, a, b);
    }

    fn add_times(&mut self, times: OperationTimes, first: FirstCalls) {
        let kind = match times.verdict {
            SlowerVerdict::Slower => Some(DifferenceKind::Slower),
            SlowerVerdict::Faster => Some(DifferenceKind::Faster),
            SlowerVerdict::Same | SlowerVerdict::TooFew => None,
        };
        if let Some(kind) = kind {
            let (subject, text, detail) = (times.subject.clone(), times.text(), times.to_json());
            self.differences.push(Difference { kind, subject, text, detail, first });
        }
        self.times.push(times);
    }

    fn compare_statuses(&mut self, key: &OperationKey, a: &Operation, b: &Operation) {
        let compared = a.calls.min(b.calls);
        let changes = if a.is_sampled() && b.is_sampled() {
            sampled_changes(&a.samples, &b.samples)
        } else {
            counted_changes(&a.statuses, &b.statuses, compared)
        };
        let reported: BTreeSet<&str> = changes.keys().flatten().copied().collect();
        for ([before, after], StatusChange { calls: changed, first }) in changes {
            let name = |status: &str| if status.is_empty() { "no response".to_owned() } else { status.to_owned() };
            let text = format!("{} → {} in {changed} of {}", name(before), name(after), calls(compared));
            let status = |status: &str| if status.is_empty() { Value::Null } else { status.into() };
            let detail = json!({
                "status": [status(before), status(after)],
                "changed_calls": changed,
                "compared_calls": compared,
            });
            self.push(DifferenceKind::Status, key, text, detail, first.map(Some));
        }
        self.compare_further_statuses(key, a, b, &reported);
    }

    /// Finds statuses that only one capture has, among the calls that it has more: those are not paired. `reported` are the statuses
    /// in which paired calls differ.
    fn compare_further_statuses(
        &mut self,
        key: &OperationKey,
        a: &Operation,
        b: &Operation,
        reported: &BTreeSet<&str>,
    ) {
        let is_more = a.calls < b.calls;
        let (more, fewer) = if is_more { (b, a) } else { (a, b) };
        if more.calls == fewer.calls {
            return;
        }
        let is_further = |status: &str| !fewer.statuses.contains_key(status) && !reported.contains(status);
        for (status, count) in more.statuses.iter().filter(|(status, _)| is_further(status)) {
            let name = if status.is_empty() { "no response" } else { status };
            let counts = if is_more { [0, count.calls] } else { [count.calls, 0] };
            let [before, after] = counts;
            let text = format!("{name} in {before} of {} → {after} of {}", calls(a.calls), calls(b.calls));
            let value = if status.is_empty() { Value::Null } else { (&**status).into() };
            let detail = json!({ "status_of_one": value, "calls_with_status": counts, "calls": [a.calls, b.calls] });
            let first = Some(count.first);
            let first = if is_more { [None, first] } else { [first, None] };
            self.push(DifferenceKind::Status, key, text, detail, first);
        }
    }

    fn compare_headers(&mut self, key: &OperationKey, a: &Operation, b: &Operation) {
        let halves = ["request", "response"].into_iter().zip(a.messages.iter().zip(&b.messages));
        for ((half, (&of_a, &of_b)), (headers, others)) in halves.zip(a.headers.iter().zip(&b.headers)) {
            if of_a == 0 || of_b == 0 {
                continue;
            }
            // A header that most messages have and none of the other capture.
            let only = |own: &BTreeMap<String, u64>, messages: u64, other: &BTreeMap<String, u64>| {
                let names = own.iter().filter(|&(name, &count)| 2 * count > messages && !other.contains_key(name));
                names.map(|(name, _)| name.clone()).collect::<Vec<_>>()
            };
            let (lost, added) = (only(headers, of_a, others), only(others, of_b, headers));
            if lost.is_empty() && added.is_empty() {
                continue;
            }
            let words = added.iter().map(|name| format!("+ {name}")).chain(lost.iter().map(|name| format!("- {name}")));
            let text = format!("{half}: {}", words.collect::<Vec<_>>().join(", "));
            let detail = json!({ "message": half, "added": added, "lost": lost });
            self.push(DifferenceKind::Headers, key, text, detail, [a.first_call(), b.first_call()]);
        }
    }

    fn compare_servers(&mut self, a: &CaptureProfile, b: &CaptureProfile, settings: &ComparisonSettings) {
        let servers = |profile: &CaptureProfile| -> BTreeSet<String> {
            profile.servers.keys().map(|parameter| parameter.server.clone()).collect()
        };
        let common: BTreeSet<String> = servers(a).intersection(&servers(b)).cloned().collect();
        let parameters: BTreeSet<_> = a.servers.keys().chain(b.servers.keys()).collect();
        for parameter in parameters.into_iter().filter(|parameter| common.contains(&parameter.server)) {
            let values = |profile: &CaptureProfile| -> BTreeSet<String> {
                profile.servers.get(parameter).into_iter().flatten().map(|(value, _)| value.clone()).collect()
            };
            let (before, after) = (values(a), values(b));
            if before == after {
                continue;
            }
            let joined = |values: &BTreeSet<String>| match values.is_empty() {
                true => "none".to_owned(),
                false => values.iter().map(String::as_str).collect::<Vec<_>>().join(", "),
            };
            let text =
                format!("{} of the {}: {} → {}", parameter.name, parameter.side, joined(&before), joined(&after));
            let detail = json!({ "field": parameter.name, "side": parameter.side, "values": [before, after] });
            let subject = Subject::Server(parameter.server.clone());
            self.differences.push(Difference {
                kind: DifferenceKind::Parameters,
                subject,
                text,
                detail,
                first: [None, None],
            });
        }
        for (server, times) in &a.round_trips {
            let Some(others) = b.round_trips.get(server) else { continue };
            let times = OperationTimes::new(Subject::Server(server.clone()), times, others, settings);
            times.into_iter().for_each(|times| self.add_times(times, [None, None]));
        }
    }
}

impl OperationTimes {
    fn new(subject: Subject, a: &[u64], b: &[u64], settings: &ComparisonSettings) -> Option<OperationTimes> {
        let medians = [median(a)?, median(b)?];
        let is_slower = medians[1] >= medians[0];
        let is_testable = least_probability(a.len(), b.len()) <= SIGNIFICANCE;
        let probability = match is_slower {
            _ if !is_testable => None,
            true => probability_of_greater(a, b),
            false => probability_of_greater(b, a),
        };
        let [before, after] = medians;
        let is_far = before.abs_diff(after) >= LEAST_NANOS.max(share(before, settings.min_difference));
        let exceeds = |limit| is_slower && before.abs_diff(after) > LEAST_NANOS.max(share(before, limit));
        let verdict = match probability {
            Some(probability) if probability > SIGNIFICANCE || !is_far => SlowerVerdict::Same,
            Some(_) if is_slower => SlowerVerdict::Slower,
            Some(_) => SlowerVerdict::Faster,
            None if settings.limit.is_some_and(exceeds) => SlowerVerdict::Slower,
            None if settings.limit.is_some() => SlowerVerdict::Same,
            None => SlowerVerdict::TooFew,
        };
        let p95 = [percentile(a, 95)?, percentile(b, 95)?];
        Some(OperationTimes { subject, counts: [a.len(), b.len()], medians, p95, probability, verdict })
    }

    /// Returns the change of the median in percent.
    pub(super) fn change(&self) -> Option<f64> {
        let [before, after] = self.medians;
        (before > 0).then(|| (after as f64 - before as f64) * 100.0 / before as f64)
    }

    /// Returns the numbers in one line.
    pub(super) fn text(&self) -> String {
        let [before, after] = self.medians.map(duration);
        let change = self.change().map(|change| format!(" ({change:+.0} %)")).unwrap_or_default();
        let kind = if matches!(self.subject, Subject::Server(_)) { "round-trip time of handshakes, " } else { "" };
        let [own, other] = self.counts;
        let [p95, other_p95] = self.p95.map(duration);
        let mut line = format!("{kind}median {before} → {after}{change}");
        if own > 1 || other > 1 {
            line.push_str(&format!(", p95 {p95} → {other_p95}"));
        }
        line.push_str(&format!(", {own} and {other} samples"));
        match self.probability {
            Some(probability) if probability < 1e-4 => line.push_str(", p < 0.0001"),
            Some(probability) => line.push_str(&format!(", p = {probability:.4}")),
            None => line.push_str(", too few for a test"),
        }
        line
    }

    /// Returns the numbers as an object.
    pub(super) fn to_json(&self) -> Value {
        json!({
            "samples": self.counts,
            "median_ns": self.medians,
            "p95_ns": self.p95,
            "change_percent": self.change(),
            "probability": self.probability,
        })
    }
}

/// Calls whose status changed.
struct StatusChange {
    calls: u64,
    /// The first of them, in each capture.
    first: [CallPosition; 2],
}

/// The changes of statuses, by the statuses of both captures.
type StatusChanges<'s> = BTreeMap<[&'s str; 2], StatusChange>;

/// Returns the changes of the statuses of calls that are paired.
fn sampled_changes<'s>(a: &'s [CallSample], b: &'s [CallSample]) -> StatusChanges<'s> {
    let mut changes = StatusChanges::new();
    for (one, other) in pairs(a, b).into_iter().filter(|(one, other)| one.status != other.status) {
        let first = [one.position, other.position];
        changes.entry([&one.status, &other.status]).or_insert(StatusChange { calls: 0, first }).calls += 1;
    }
    changes
}

/// Returns the changes that remain of so many calls if those with the same status are paired. Their targets are not known.
fn counted_changes<'s>(
    a: &'s BTreeMap<Box<str>, StatusCount>,
    b: &'s BTreeMap<Box<str>, StatusCount>,
    compared: u64,
) -> StatusChanges<'s> {
    let rest = |own: &'s BTreeMap<Box<str>, StatusCount>, other: &BTreeMap<Box<str>, StatusCount>| {
        let paired = |status: &str| other.get(status).map_or(0, |count| count.calls);
        let rest =
            own.iter().map(move |(status, own)| (&**status, own.calls.saturating_sub(paired(status)), own.first));
        rest.filter(|(_, calls, _)| *calls > 0).collect::<VecDeque<_>>()
    };
    let (mut before, mut after) = (rest(a, b), rest(b, a));
    let mut left = compared;
    let mut changes = StatusChanges::new();
    while let (Some((from, of_a, first)), Some((to, of_b, other))) = (before.front_mut(), after.front_mut()) {
        let calls = left.min(*of_a).min(*of_b);
        if calls == 0 {
            break;
        }
        changes.insert([*from, *to], StatusChange { calls, first: [*first, *other] });
        (*of_a, *of_b, left) = (*of_a - calls, *of_b - calls, left - calls);
        before.retain(|(_, calls, _)| *calls > 0);
        after.retain(|(_, calls, _)| *calls > 0);
    }
    changes
}

/// Pairs the calls of an operation: those with the same target and status, then those with the same target, those with the same
/// status, and the others, each in their order. What is left of statuses that differ does not depend on the order of the calls.
fn pairs<'s>(a: &'s [CallSample], b: &'s [CallSample]) -> Vec<(&'s CallSample, &'s CallSample)> {
    let (mut rest, mut others): (Vec<_>, Vec<_>) = (a.iter().collect(), b.iter().collect());
    let mut pairs = Vec::new();
    for (has_target, has_status) in [(true, true), (true, false), (false, true), (false, false)] {
        let key = |sample: &'s CallSample| (has_target.then_some(sample.target), has_status.then_some(&*sample.status));
        let mut by_key: HashMap<_, VecDeque<&CallSample>> = HashMap::new();
        others.iter().for_each(|&other| by_key.entry(key(other)).or_default().push_back(other));
        rest.retain(|&sample| match by_key.get_mut(&key(sample)).and_then(VecDeque::pop_front) {
            Some(other) => {
                pairs.push((sample, other));
                false
            }
            None => true,
        });
        others = by_key.into_values().flatten().collect();
        others.sort_by_key(|other| (other.started, other.position));
    }
    pairs
}

/// Returns how the sizes of bodies differ, if they do.
fn size_difference(a: &[u64], b: &[u64], settings: &ComparisonSettings) -> Option<(String, Value)> {
    let [before, after] = [median(a)?, median(b)?];
    let is_constant = |sizes: &[u64]| sizes.len() > 1 && sizes.windows(2).all(|pair| pair[0] == pair[1]);
    let is_far = before.abs_diff(after) >= LEAST_BYTES.max(share(before, settings.min_difference));
    let is_different = match () {
        () if is_constant(a) && is_constant(b) => before != after,
        () if least_probability(a.len(), b.len()) <= SIGNIFICANCE => {
            let probability = probability_of_greater(a, b)?.min(probability_of_greater(b, a)?);
            is_far && 2.0 * probability <= SIGNIFICANCE
        }
        () => is_far,
    };
    let difference = match after >= before {
        true => format!("+{}", size(after - before)),
        false => format!("-{}", size(before - after)),
    };
    let line = format!("median {} → {} ({difference}), {} and {} samples", size(before), size(after), a.len(), b.len());
    let detail = json!({ "median_bytes": [before, after], "samples": [a.len(), b.len()] });
    is_different.then_some((line, detail))
}

/// Returns a share of a number in percent.
fn share(number: u64, percent: u32) -> u64 {
    u64::try_from(u128::from(number) * u128::from(percent) / 100).unwrap_or(u64::MAX)
}

fn calls(number: u64) -> String {
    count(number, "call")
}
