//! Statistics of the frames and calls that match the filter: tables, IO graph and response times.

use super::counters::{HostTable, TrafficCounters};
use super::hierarchy::ProtocolHierarchy;
use super::histogram::IoGraph;
use super::keys::Action;
use super::latency::{self, LatencyMeasure, LatencyStatistics};
use super::message::Effect;
use super::model::{Model, View};
use super::scroll::{Move, RowNumbers, ScrollState};
use super::sorted_list::{SortColumn, SortedList};
use super::view::statistics as shown;

/// Page of the statistics view.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum StatisticsPage {
    #[default]
    Protocols,
    Hosts,
    Pairs,
    Graph,
    ResponseTimes,
}

impl StatisticsPage {
    pub(crate) const ALL: [StatisticsPage; 5] = [
        StatisticsPage::Protocols,
        StatisticsPage::Hosts,
        StatisticsPage::Pairs,
        StatisticsPage::Graph,
        StatisticsPage::ResponseTimes,
    ];

    pub(crate) fn title(self) -> &'static str {
        match self {
            StatisticsPage::Protocols => "Protocols",
            StatisticsPage::Hosts => "Endpoints",
            StatisticsPage::Pairs => "Conversations",
            StatisticsPage::Graph => "IO graph",
            StatisticsPage::ResponseTimes => "Response times",
        }
    }

    fn offset(self, grouping: usize) -> StatisticsPage {
        let at = StatisticsPage::ALL.iter().position(|&page| page == self).unwrap_or(0);
        StatisticsPage::ALL.get((at + grouping) % StatisticsPage::ALL.len()).copied().unwrap_or(self)
    }
}

/// State of the statistics view.
#[derive(Debug)]
pub(crate) struct StatisticsView {
    pub(crate) page: StatisticsPage,
    pub(crate) all: TrafficCounters,
    /// Counters of the frames that match the filter.
    filtered: TrafficCounters,
    pub(crate) hosts: HostTable,
    pub(crate) hierarchy: ProtocolHierarchy,
    pub(crate) graph: IoGraph,
    /// Whether the graph shows bytes instead of frames.
    pub(crate) draws_bytes: bool,
    pub(crate) measure: LatencyMeasure,
    pub(crate) grouping: latency::CallGrouping,
    pub(crate) latency: LatencyStatistics,
    /// Tables of protocols, hosts, pairs and response times.
    tables: [SortedList; 4],
    /// Scroll state of the graph; the cursor is the selected interval.
    pub(crate) interval_list: ScrollState,
    /// Whether counting is still in progress.
    pub(crate) is_counting: bool,
    /// Input of the last sort of each table.
    sort_inputs: [Option<TableSortInput>; 4],
}

/// Input of a table's sort: filter, number of frames or calls, column, measure and grouping.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct TableSortInput {
    filter_id: Option<u64>,
    counted: usize,
    sort: SortColumn,
    measure: LatencyMeasure,
    grouping: latency::CallGrouping,
}

impl Default for StatisticsView {
    fn default() -> StatisticsView {
        let mut tables =
            [&shown::PROTOCOLS[..], &shown::HOSTS, &shown::PAIRS, &shown::RESPONSE_TIMES].map(SortedList::new);
        for (table, column) in tables.iter_mut().zip(shown::FIRST_SORT) {
            table.sort = Some(SortColumn { column, descending: true });
        }
        StatisticsView {
            page: StatisticsPage::default(),
            all: TrafficCounters::default(),
            filtered: TrafficCounters::default(),
            hosts: HostTable::default(),
            hierarchy: ProtocolHierarchy::default(),
            graph: IoGraph::default(),
            draws_bytes: false,
            measure: LatencyMeasure::default(),
            grouping: latency::CallGrouping::default(),
            latency: LatencyStatistics::default(),
            tables,
            interval_list: ScrollState::default(),
            is_counting: false,
            sort_inputs: [None; 4],
        }
    }
}

impl StatisticsView {
    /// Returns the counters of the filtered or of all frames.
    pub(crate) fn counters(&self, is_filtered: bool) -> &TrafficCounters {
        if is_filtered { &self.filtered } else { &self.all }
    }

    fn table_index(&self) -> Option<usize> {
        match self.page {
            StatisticsPage::Protocols => Some(0),
            StatisticsPage::Hosts => Some(1),
            StatisticsPage::Pairs => Some(2),
            StatisticsPage::ResponseTimes => Some(3),
            StatisticsPage::Graph => None,
        }
    }

    /// Returns the table of the page.
    pub(crate) fn table(&self) -> Option<&SortedList> {
        self.tables.get(self.table_index()?)
    }

    pub(crate) fn table_mut(&mut self) -> Option<&mut SortedList> {
        let index = self.table_index()?;
        self.tables.get_mut(index)
    }

    /// Returns the list that is scrolled.
    pub(crate) fn list_mut(&mut self) -> &mut ScrollState {
        match self.table_index().and_then(|index| self.tables.get_mut(index)) {
            Some(table) => &mut table.list,
            None => &mut self.interval_list,
        }
    }

    /// Returns the rows of the page's table, in display order.
    pub(crate) fn rows(&self) -> RowNumbers {
        let none = RowNumbers::All { first: 0, count: 0 };
        self.table().map_or(none.clone(), |table| table.numbers(None, none))
    }

    /// Remembers the row under the cursor, for when the table changes.
    pub(crate) fn remember_selection(&mut self) {
        let rows = self.rows();
        if let Some(table) = self.table_mut() {
            table.remember_selection(&rows);
        }
    }

    /// Returns the number of rows or intervals of the page.
    pub(crate) fn len(&self) -> usize {
        match self.page {
            StatisticsPage::Graph => self.graph.all.counts.len(),
            _ => self.rows().len(),
        }
    }
}

/// Runs an action of the statistics view.
pub(crate) fn run_action(model: &mut Model, action: Action, height: usize) -> Vec<Effect> {
    let statistics = &mut model.statistics;
    match action {
        Action::NextPane => statistics.page = statistics.page.offset(1),
        Action::PreviousPane => statistics.page = statistics.page.offset(StatisticsPage::ALL.len() - 1),
        Action::Enter => return open_selection(model),
        Action::NextMeasure => match statistics.page {
            StatisticsPage::Graph => statistics.draws_bytes = !statistics.draws_bytes,
            StatisticsPage::ResponseTimes => {
                statistics.measure = match statistics.measure {
                    LatencyMeasure::Whole => LatencyMeasure::Wait,
                    LatencyMeasure::Wait => LatencyMeasure::Whole,
                }
            }
            _ => {}
        },
        Action::NextGrouping if statistics.page == StatisticsPage::ResponseTimes => {
            statistics.grouping = statistics.grouping.next()
        }
        Action::LongerInterval if statistics.page == StatisticsPage::Graph => {
            change_interval(model, |graph| graph.change_interval(true))
        }
        Action::ShorterInterval if statistics.page == StatisticsPage::Graph => {
            change_interval(model, |graph| graph.change_interval(false))
        }
        Action::FitInterval if statistics.page == StatisticsPage::Graph => change_interval(model, IoGraph::fit),
        Action::Left | Action::Right => move_sideways(statistics, action, height),
        Action::Move(step) => {
            let rows = statistics.rows();
            let len = statistics.len();
            match statistics.table_mut() {
                Some(table) => table.move_cursor(step, &rows, height),
                None => statistics.interval_list.move_cursor(step, len, shown::graph_columns(model.size.0)),
            }
        }
        _ => {}
    }
    Vec::new()
}

/// Moves to the previous or next interval, or sorts by the previous or next column.
fn move_sideways(statistics: &mut StatisticsView, action: Action, height: usize) {
    let len = statistics.len();
    let Some(table) = statistics.table_mut() else {
        let step = if action == Action::Left { Move::Up } else { Move::Down };
        return statistics.interval_list.move_cursor(step, len, height);
    };
    let last = table.columns.len().saturating_sub(1);
    let column = table.sort.map_or(0, |sort| sort.column);
    let column = if action == Action::Left { column.saturating_sub(1) } else { (column + 1).min(last) };
    // Names sort ascending, numbers descending.
    let descending = table.columns.get(column).is_some_and(|column| column.right_aligned);
    table.sort = Some(SortColumn { column, descending });
}

/// Changes the interval length; the cursor keeps its time.
fn change_interval(model: &mut Model, change: impl Fn(&mut IoGraph)) {
    let statistics = &mut model.statistics;
    let before = i128::from(statistics.graph.interval());
    change(&mut statistics.graph);
    let at = statistics.interval_list.cursor as i128 * before / i128::from(statistics.graph.interval().max(1));
    statistics.interval_list.set_cursor(usize::try_from(at).unwrap_or(0));
}

/// Filters by the row, or goes to the first frame of the interval.
fn open_selection(model: &mut Model) -> Vec<Effect> {
    if model.statistics.page != StatisticsPage::Graph {
        return super::selection::filter_by(model, super::keys::FilterMode::Only);
    }
    match first_frame_in_interval(model) {
        Some(frame) => model.show_frame(frame),
        None => model.show_error("No frames in this interval"),
    }
    Vec::new()
}

/// Returns the first listed frame of the selected interval.
fn first_frame_in_interval(model: &Model) -> Option<u32> {
    let start = model.statistics.graph.all.start;
    let (bin, interval) = (model.statistics.interval_list.cursor as i64, model.statistics.graph.interval());
    let numbers = model.unsorted_frames();
    let is_in = |frame: &u32| {
        let since = model.time(*frame).map_or(-1, |time| time.saturating_sub(start));
        since >= 0 && since / interval == bin
    };
    (0..numbers.len()).filter_map(|row| numbers.get(row)).find(is_in)
}

/// Returns filters that match the row under the cursor.
pub(crate) fn filters(model: &Model) -> Vec<String> {
    let statistics = &model.statistics;
    let row = || statistics.rows().get(statistics.table()?.list.cursor);
    let Some(row) = row() else { return Vec::new() };
    let address = |host: crate::browse::Host| super::selection::address_filter(&host.to_string(), "addr");
    let filter = match statistics.page {
        StatisticsPage::Protocols => statistics.hierarchy.name(row).map(str::to_owned),
        StatisticsPage::Hosts => statistics.hosts.hosts.get(row as usize).copied().and_then(address),
        StatisticsPage::Pairs => model.index.pairs.get(row as usize).and_then(|&[one, other]| {
            let both = (address(one)?, address(other)?);
            Some(if one == other { both.0 } else { format!("{} and {}", both.0, both.1) })
        }),
        StatisticsPage::ResponseTimes => statistics
            .latency
            .groups
            .get(row as usize)
            .filter(|(name, _)| !name.is_empty())
            .map(|(name, _)| match statistics.grouping {
                latency::CallGrouping::Host => format!("http.host == {}", super::selection::quote(name)),
                latency::CallGrouping::Status => format!("http.response.code == {name}"),
                latency::CallGrouping::Method => format!("http.request.method == {}", super::selection::quote(name)),
            }),
        StatisticsPage::Graph => None,
    };
    filter.into_iter().collect()
}

/// Counts new frames and calls, sorts the table, and fits the cursor to it.
pub(crate) fn fit(model: &mut Model, height: usize, effects: &mut Vec<Effect>) {
    if model.view != View::Statistics {
        return;
    }
    let filter_id = model.applied_filter.as_ref().map(|applied| applied.query_id);
    let (frames, calls) = (model.unsorted_frames(), model.unsorted_calls());
    let columns = shown::graph_columns(model.size.0);
    let (index, statistics) = (&model.index, &mut model.statistics);
    statistics.hosts.add_pairs(&index.pairs);
    let all = RowNumbers::All { first: 1, count: index.frames.len() };
    let mut more = statistics.all.count_next(index, &all, &statistics.hosts);
    statistics.filtered.set_filter(filter_id);
    if filter_id.is_some() {
        more |= statistics.filtered.count_next(index, &frames, &statistics.hosts);
    }
    if statistics.page == StatisticsPage::Graph {
        more |= statistics.graph.count_next(index, filter_id.map(|filter_id| (filter_id, &frames)), columns);
    }
    if statistics.page == StatisticsPage::ResponseTimes {
        statistics.latency.configure((filter_id, statistics.measure, statistics.grouping));
        more |= statistics.latency.count_next(index, &calls);
    }
    statistics.is_counting = more;
    if more {
        effects.push(Effect::Continue);
    } else {
        sort_table(model, filter_id);
    }
    let statistics = &mut model.statistics;
    let (rows, len) = (statistics.rows(), statistics.len());
    match statistics.table_mut() {
        Some(table) => table.fit(&rows, height),
        None => statistics.interval_list.fit(len, columns),
    }
}

/// Sorts the table of the page, if its input has changed.
fn sort_table(model: &mut Model, filter_id: Option<u64>) {
    let (index, statistics) = (&model.index, &mut model.statistics);
    let Some(nth) = statistics.table_index() else { return };
    let StatisticsView {
        page,
        all,
        filtered,
        hosts,
        hierarchy,
        latency,
        measure,
        grouping,
        tables,
        sort_inputs: sorted,
        ..
    } = statistics;
    let counters = if filter_id.is_some() { filtered } else { all };
    let (Some(table), Some(sorted)) = (tables.get_mut(nth), sorted.get_mut(nth)) else { return };
    // Tables have no capture order.
    let first = shown::FIRST_SORT.get(nth).copied().unwrap_or_default();
    let sort = *table.sort.get_or_insert(SortColumn { column: first, descending: true });
    let counted = if *page == StatisticsPage::ResponseTimes { latency.counted } else { counters.counted };
    let state = Some(TableSortInput { filter_id, counted, sort, measure: *measure, grouping: *grouping });
    if *sorted == state {
        return;
    }
    *sorted = state;
    table.mark_changed(true);
    if *page == StatisticsPage::Protocols {
        hierarchy.recount(&index.stacks, counters);
        return table.set_order(hierarchy.sorted_nodes(sort));
    }
    let seen = match page {
        StatisticsPage::Hosts => &counters.hosts.seen,
        StatisticsPage::Pairs => &counters.pairs.seen,
        StatisticsPage::Protocols | StatisticsPage::ResponseTimes | StatisticsPage::Graph => &latency.group_numbers,
    };
    let rows = RowNumbers::Listed { numbers: seen.clone(), ascending: false };
    table.sort_changes(
        &rows,
        &shown::StatisticsRows { page: *page, pairs: &index.pairs, hosts: &hosts.hosts, counters, latency },
    );
}
