//! `calls --by`: one row for each value of a field, with the number and the durations of its calls.

use super::Report;
use super::calls::GroupColumn;
use super::quantiles::DurationHistogram;
use super::quantity;
use super::records::{Cell, RecordColumn, RecordFormat, RecordWriter, number_column, text_column};
use super::selection::UnknownFields;
use super::time_format::TimeFormatter;
use super::value;
use crate::analysis::{Event, MessageNodes};
use crate::capture::Call;
use crate::filter::ALIASES;
use crate::naming::find_in_any_version;
use dissectors::exchange::Outcome;
use dissectors::session::{ExchangeId, Half};
use dissectors::tree::Node;
use dissectors::{Field, FieldKind, Tree, Value, Wants, format};
use hashbrown::HashMap;
use std::cmp::Reverse;
use std::collections::VecDeque;
use std::io::{self, Write};

/// Maximum number of groups. The calls of further values are one row. A group has some 8 kB at most, without its value.
const MAX_GROUPS: usize = 2_000;

/// Maximum number of bytes of a value: that of a digest.
const MAX_VALUE: usize = 4_096;

/// Maximum number of calls that are not complete, of which values are kept.
const MAX_PENDING: usize = 16_384;

/// Maximum number of bytes of these values.
const MAX_PENDING_BYTES: usize = 16 << 20;

static COLUMNS: &[RecordColumn] = &[
    RecordColumn::new("count", number_column("COUNT", 6, 0)),
    RecordColumn::new("total", number_column("TOTAL", 8, 0)),
    RecordColumn::new("p50", number_column("P50", 8, 3)),
    RecordColumn::new("p95", number_column("P95", 8, 2)),
    RecordColumn::new("p99", number_column("P99", 8, 4)),
    RecordColumn::new("max", number_column("MAX", 8, 1)),
    RecordColumn::new("rows", number_column("ROWS", 6, 5)),
    RecordColumn::new("errors", number_column("ERRORS", 6, 0)),
    RecordColumn::machine_only("unknown"),
    RecordColumn::machine_only("kind"),
    RecordColumn::new("value", text_column("VALUE", 20, 120, 0)),
];

/// Column of the histograms of groups, before their values.
static HISTOGRAM_COLUMN: RecordColumn = RecordColumn::new("histogram", text_column("CALLS BY DURATION", 24, 70, 0));

/// Parts of a sparkline, by the share of its highest one. A step without calls is a dot.
const SPARKS: [&str; 8] = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];

/// What calls are grouped by: a column of `calls`, a field, or an alias of several fields.
#[derive(Clone, Debug, Default)]
pub struct GroupField {
    column: Option<GroupColumn>,
    fields: Vec<&'static Field>,
}

impl GroupField {
    /// Resolves the name of a column of `calls`, of a field, or of an alias.
    pub fn new(name: &str) -> Result<GroupField, UnknownFields> {
        if let Some(column) = GroupColumn::find(name) {
            return Ok(GroupField { column: Some(column), ..GroupField::default() });
        }
        if let Some(field) = find_in_any_version(name).filter(|field| !field.name.starts_with("_ws.col.")) {
            return Ok(GroupField { fields: vec![field], ..GroupField::default() });
        }
        match ALIASES.iter().find(|alias| alias.name == name) {
            Some(alias) => {
                let fields = alias.targets.iter().map(|target| target.field).collect();
                Ok(GroupField { fields, ..GroupField::default() })
            }
            None => Err(UnknownFields::of(name)),
        }
    }

    /// Returns the fields that must be recorded.
    #[must_use]
    pub fn wants(&self) -> Wants {
        let mut wants = Wants::default();
        self.fields.iter().copied().chain(row_counts()).for_each(|field| wants.add(field));
        wants
    }

    fn is_of(&self, node: &Node) -> bool {
        self.fields.iter().any(|field| field.id == node.field.id)
    }
}

/// Returns the fields with the number of rows of a statement.
fn row_counts() -> impl Iterator<Item = &'static Field> {
    let rows = ALIASES.iter().filter(|alias| alias.name == "rows");
    rows.flat_map(|alias| &alias.targets).map(|target| target.field)
}

/// Truncates a value at the limit.
fn short(mut text: String) -> Box<str> {
    text.truncate(format::prefix(&text, MAX_VALUE).len());
    text.into()
}

/// What messages have of a call, before it is complete.
#[derive(Default)]
struct PendingCall {
    /// The first value of the request, and of the response.
    values: [Option<Box<str>>; 2],
    rows: Option<u64>,
}

impl PendingCall {
    fn len(&self) -> usize {
        size_of::<(ExchangeId, PendingCall)>() + self.values.iter().flatten().map(|value| value.len()).sum::<usize>()
    }
}

/// The calls of one value.
#[derive(Default)]
struct Group {
    count: u64,
    total: u64,
    times: DurationHistogram,
    rows: Option<u64>,
    errors: u64,
    /// Calls whose outcome is not known.
    unknown: u64,
}

impl Group {
    fn add(&mut self, call: &Call, rows: Option<u64>) {
        let exchange = &call.exchange;
        self.count += 1;
        if let Some(nanos) = exchange.total().and_then(|nanos| u64::try_from(nanos).ok()) {
            self.total = self.total.saturating_add(nanos);
            self.times.add(nanos);
        }
        if let Some(rows) = rows {
            self.rows = Some(self.rows.unwrap_or_default().saturating_add(rows));
        }
        let is_failed = matches!(exchange.outcome, Outcome::ClientError | Outcome::ServerError | Outcome::Aborted);
        self.errors += u64::from(is_failed || call.is_unanswered());
        self.unknown += u64::from(exchange.outcome == Outcome::Unknown);
    }

    /// Returns the number of calls in each step.
    fn steps(&self, bounds: &[[u64; 2]]) -> Vec<([u64; 2], u64)> {
        bounds.iter().map(|&[low, high]| ([low, high], self.times.count_within(low, high))).collect()
    }
}

/// Returns a histogram as one line: the shortest duration, a column for each step, and the longest.
fn sparkline(steps: &[([u64; 2], u64)]) -> String {
    let (Some(([low, _], _)), Some(([_, high], _))) = (steps.first(), steps.last()) else { return String::new() };
    let max = steps.iter().map(|&(_, calls)| calls).max().unwrap_or(0).max(1);
    let columns = steps.iter().map(|&(_, calls)| {
        // The highest one of all has the last part.
        let part = u128::from(calls) * (SPARKS.len() as u128 - 1) / u128::from(max);
        if calls == 0 { "·" } else { SPARKS.get(part as usize).copied().unwrap_or("█") }
    });
    let columns: String = columns.collect();
    let mut text = String::new();
    quantity::duration(&mut text, i64::try_from(*low).unwrap_or(i64::MAX));
    text.push_str(&format!(" {columns} "));
    quantity::duration(&mut text, i64::try_from(*high).unwrap_or(i64::MAX));
    text
}

/// What a row is about.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum GroupKind {
    Value,
    /// Calls without the field.
    None,
    /// Calls of values beyond the limit.
    Other,
}

/// Groups calls by the values of a field, and prints the groups at the end.
pub struct CallGroupsReport {
    field: GroupField,
    rows: Vec<&'static Field>,
    records: RecordWriter,
    /// Whether rows have the histograms of their durations.
    has_histograms: bool,
    clock: TimeFormatter,
    pending: HashMap<ExchangeId, PendingCall>,
    /// Pending calls in the order of their first values. May include completed ones.
    queue: VecDeque<ExchangeId>,
    pending_bytes: usize,
    groups: HashMap<Box<str>, Group>,
    none: Group,
    other: Group,
    /// Number of pending calls whose values were dropped.
    dropped: u64,
}

impl CallGroupsReport {
    /// Returns a report of groups by a field in this format.
    #[must_use]
    pub fn new(field: GroupField, format: RecordFormat) -> CallGroupsReport {
        CallGroupsReport {
            field,
            rows: row_counts().collect(),
            records: RecordWriter::new(COLUMNS, format),
            has_histograms: false,
            clock: TimeFormatter::local(),
            pending: HashMap::new(),
            queue: VecDeque::new(),
            pending_bytes: 0,
            groups: HashMap::new(),
            none: Group::default(),
            other: Group::default(),
            dropped: 0,
        }
    }

    /// Returns a report whose rows have the histograms of their durations too.
    #[must_use]
    pub(crate) fn with_histograms(field: GroupField, format: RecordFormat) -> CallGroupsReport {
        let (value, others) = COLUMNS.split_last().unzip();
        let columns = others.into_iter().flatten().chain([&HISTOGRAM_COLUMN]).chain(value);
        let records = RecordWriter::new(columns, format);
        CallGroupsReport { records, has_histograms: true, ..CallGroupsReport::new(field, format) }
    }

    /// Returns messages about what the rows lack: values beyond a limit.
    #[must_use]
    pub fn limit_notes(&self) -> Vec<String> {
        let calls = |count: u64| format!("{count} call{}", if count == 1 { "" } else { "s" });
        let other = (self.other.count > 0).then(|| {
            format!("limit of {MAX_GROUPS} values reached; {} of other values are one row", calls(self.other.count))
        });
        let dropped = (self.dropped > 0)
            .then(|| format!("limit of open calls reached; the values of {} were dropped", calls(self.dropped)));
        other.into_iter().chain(dropped).collect()
    }

    /// Returns the value of a node.
    fn value(&mut self, node: &Node, tree: &Tree) -> Box<str> {
        let mut text = String::new();
        match (node.field.kind, node.value) {
            (FieldKind::Text, Value::Text(slice)) => {
                let bytes = tree.bytes(slice);
                text.push_str(&String::from_utf8_lossy(bytes.get(..MAX_VALUE).unwrap_or(bytes)));
            }
            _ => value::node_value(&mut text, node, tree, &mut self.clock),
        }
        short(text)
    }

    /// Keeps the values of a message.
    fn add_message(&mut self, message: &MessageNodes, shared: Option<&Node>, tree: &Tree) {
        let nodes = tree.nodes().get(message.nodes.clone()).unwrap_or_default();
        // The first target of an alias that the message has, as in a filter.
        let mut fields = self.field.fields.iter();
        let own = fields.find_map(|field| nodes.iter().find(|node| node.field.id == field.id));
        let rows = nodes.iter().filter(|node| self.rows.iter().any(|field| field.id == node.field.id));
        let rows = rows.filter_map(|node| if let Value::Uint(rows) = node.value { Some(rows) } else { None });
        let rows = rows.fold(None, |sum: Option<u64>, rows| Some(sum.unwrap_or_default().saturating_add(rows)));
        let found = own.or(shared);
        if found.is_none() && rows.is_none() {
            return;
        }
        let known = self.pending.get(&message.exchange).map(|call| call.values.each_ref().map(Option::is_some));
        // A value of the request decides: that of a response need not be read.
        let is_needed = known.is_none_or(|known| !known[Half::Request as usize] && !known[message.half as usize]);
        let value = found.filter(|_| is_needed).map(|node| self.value(node, tree));
        if value.is_none() && rows.is_none() {
            return;
        }
        if known.is_none() {
            self.queue.push_back(message.exchange);
            self.pending_bytes += PendingCall::default().len();
        }
        let call = self.pending.entry(message.exchange).or_default();
        if let Some(rows) = rows {
            call.rows = Some(call.rows.unwrap_or_default().saturating_add(rows));
        }
        if let Some(value) = value {
            self.pending_bytes += value.len();
            call.values[message.half as usize] = Some(value);
        }
        self.evict();
    }

    /// Drops the oldest pending calls beyond the limits.
    fn evict(&mut self) {
        while self.pending.len() > MAX_PENDING || self.pending_bytes > MAX_PENDING_BYTES {
            let Some(oldest) = self.queue.pop_front() else { break };
            if let Some(call) = self.pending.remove(&oldest) {
                self.pending_bytes = self.pending_bytes.saturating_sub(call.len());
                self.dropped += 1;
            }
        }
        if self.queue.len() > 2 * self.pending.len() + 1024 {
            self.queue.retain(|id| self.pending.contains_key(id));
        }
    }

    /// Adds a call.
    pub(crate) fn add_call(&mut self, call: &Call) {
        let pending = self.pending.remove(&call.exchange.id);
        self.pending_bytes = self.pending_bytes.saturating_sub(pending.as_ref().map_or(0, PendingCall::len));
        let PendingCall { values: [request, response], rows } = pending.unwrap_or_default();
        let value = self.field.column.and_then(|column| column.value(call)).map(short).or(request).or(response);
        let group = match value {
            None => &mut self.none,
            Some(value) if self.groups.len() < MAX_GROUPS || self.groups.contains_key(&value) => {
                self.groups.entry(value).or_default()
            }
            Some(_) => &mut self.other,
        };
        group.add(call, rows);
    }
}

impl Report for CallGroupsReport {
    fn reads_messages(&self) -> bool {
        true
    }

    fn messages(&mut self, messages: &[MessageNodes], tree: &Tree) {
        // A field of a layer below is in no message.
        let is_shared = |at: &usize| messages.iter().all(|message| !message.nodes.contains(at));
        let nodes = tree.nodes().iter().enumerate();
        let shared = nodes.filter(|(at, node)| self.field.is_of(node) && is_shared(at)).map(|(_, node)| node).next();
        messages.iter().for_each(|message| self.add_message(message, shared, tree));
    }

    fn event(&mut self, event: Event, _: &mut dyn Write) -> io::Result<()> {
        if let Event::Call(call) = event {
            self.add_call(&call);
        }
        Ok(())
    }

    fn end(&mut self, out: &mut dyn Write) -> io::Result<()> {
        let named = self.groups.iter().map(|(value, group)| (GroupKind::Value, &**value, group));
        let others = [(GroupKind::None, "", &self.none), (GroupKind::Other, "(other)", &self.other)];
        let mut rows: Vec<_> = named.chain(others.into_iter().filter(|(.., group)| group.count > 0)).collect();
        rows.sort_unstable_by_key(|&(kind, value, group)| (Reverse((group.total, group.count)), kind, value));
        let mut all = DurationHistogram::default();
        if self.has_histograms {
            rows.iter().for_each(|(.., group)| all.merge(&group.times));
        }
        let bounds: Vec<[u64; 2]> = all.bars().into_iter().map(|(bounds, _)| bounds).collect();
        self.records.begin(out)?;
        for (kind, value, group) in rows {
            let steps = group.steps(&bounds);
            let text = sparkline(&steps);
            let steps: Vec<_> = steps.into_iter().filter(|&(_, calls)| calls > 0).collect();
            let duration = |nanos: Option<u64>| {
                nanos.map_or(Cell::Empty, |nanos| Cell::Duration(i64::try_from(nanos).unwrap_or(i64::MAX)))
            };
            let percentile = |percent| duration(group.times.percentile(percent));
            let value = if kind == GroupKind::Other { Cell::Missing("(other)") } else { Cell::Text(value) };
            let last = [Cell::Histogram(&steps, &text), value];
            let mut cells = vec![
                Cell::Number(group.count),
                duration(Some(group.total)),
                percentile(50),
                percentile(95),
                percentile(99),
                duration(group.times.max()),
                group.rows.map_or(Cell::Empty, Cell::Number),
                Cell::Number(group.errors),
                Cell::Number(group.unknown),
                Cell::Word(match kind {
                    GroupKind::Value => "value",
                    GroupKind::None => "none",
                    GroupKind::Other => "other",
                }),
            ];
            cells.extend(last.get(usize::from(!self.has_histograms)..).unwrap_or_default());
            self.records.row(&cells, out)?;
        }
        self.records.end(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::Endpoint;
    use dissectors::exchange::Exchange;
    use dissectors::tree::Slice;

    fn call(target: String) -> Call {
        let exchange = Exchange { target: target.into(), is_one_way: true, ..Exchange::default() };
        let (client, server) = (Endpoint::default(), Endpoint::default());
        Call { exchange: Box::new(exchange), client, server, connect: None, start: 0, names: None }
    }

    #[test]
    fn values_beyond_the_limit_are_one_row() {
        let field = GroupField::new("uri").expect("a column");
        let mut report = CallGroupsReport::new(field, RecordFormat::Csv);
        let mut out = Vec::new();
        for nth in 0..MAX_GROUPS + 7 {
            report.event(Event::Call(call(format!("/{nth}"))), &mut out).expect("memory can be written to");
        }
        report.event(Event::Call(call("/5".into())), &mut out).expect("memory can be written to");
        report.end(&mut out).expect("memory can be written to");
        let text = String::from_utf8(out).expect("it is text");
        assert_eq!(text.lines().count(), 1 + MAX_GROUPS + 1);
        assert!(text.lines().any(|line| line.starts_with("7,") && line.ends_with(",0,other,")), "{text}");
        assert!(text.lines().any(|line| line.starts_with("2,") && line.ends_with(",0,value,/5")), "{text}");
        assert_eq!(report.limit_notes(), ["limit of 2000 values reached; 7 calls of other values are one row"]);
    }

    #[test]
    fn a_sparkline_has_a_column_for_each_step() {
        let steps = [([1_000_000, 2_000_000], 8), ([2_000_000, 5_000_000], 0), ([5_000_000, 10_000_000], 1)];
        assert_eq!(sparkline(&steps), "1.0 ms █·▁ 10.0 ms");
        assert_eq!(sparkline(&[]), "");
    }

    #[test]
    fn values_of_calls_that_do_not_end_are_bounded() {
        let field = find_in_any_version("sql.digest").expect("a field");
        let mut report = CallGroupsReport::new(GroupField::new("sql.digest").expect("a field"), RecordFormat::Csv);
        let mut tree = Tree::new(Wants::everything());
        tree.begin(b"");
        tree.put_text(field, Slice::default(), format_args!("{}", "x".repeat(2 * MAX_VALUE)));
        for nth in 0..MAX_PENDING as u32 + 10 {
            let exchange = ExchangeId { nth, ..ExchangeId::default() };
            report.messages(&[MessageNodes { exchange, half: Half::Request, nodes: 0..1 }], &tree);
        }
        assert!(report.pending_bytes <= MAX_PENDING_BYTES && report.pending.len() <= MAX_PENDING);
        assert!(report.limit_notes().iter().any(|note| note.starts_with("limit of open calls reached")));
    }
}
