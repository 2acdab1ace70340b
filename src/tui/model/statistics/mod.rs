//! Statistics of the frames and calls that match the filter: tables, IO graph and response times.

pub(crate) mod counters;
pub(crate) mod hierarchy;
pub(crate) mod histogram;
pub(crate) mod latency;
pub(crate) mod table;

use crate::tui::model::Model;
use crate::tui::model::statistics::counters::{HostTable, TrafficCounters};
use crate::tui::model::statistics::hierarchy::ProtocolHierarchy;
use crate::tui::model::statistics::histogram::IoGraph;
use crate::tui::model::statistics::latency::{LatencyMeasure, LatencyStatistics};
use crate::tui::widgets::row_order::SortColumn;
use crate::tui::widgets::scroll::{RowNumbers, ScrollState};
use crate::tui::widgets::sorted_list::SortedList;

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

    pub(crate) fn offset(self, by: usize) -> StatisticsPage {
        let at = StatisticsPage::ALL.iter().position(|&page| page == self).unwrap_or(0);
        StatisticsPage::ALL.get((at + by) % StatisticsPage::ALL.len()).copied().unwrap_or(self)
    }
}

/// State of the statistics view.
#[derive(Debug)]
pub(crate) struct StatisticsView {
    pub(crate) page: StatisticsPage,
    pub(crate) all: TrafficCounters,
    /// Counters of the frames that match the filter.
    pub(crate) filtered: TrafficCounters,
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
            [&table::PROTOCOLS[..], &table::HOSTS, &table::PAIRS, &table::RESPONSE_TIMES].map(SortedList::new);
        for (table, column) in tables.iter_mut().zip(table::FIRST_SORT) {
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

/// Sorts the table of the page, if its input has changed.
pub(crate) fn sort_table(model: &mut Model, filter_id: Option<u64>) {
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
    let first = table::FIRST_SORT.get(nth).copied().unwrap_or_default();
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
        filter_id,
        &rows,
        &table::StatisticsRows { page: *page, pairs: &index.pairs, hosts: &hosts.hosts, counters, latency },
    );
}
