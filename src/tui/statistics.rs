//! Statistics of what the filter lets through: tables of counts, frames over time, and how long answers took.

use super::bins::Graph;
use super::hierarchy::Hierarchy;
use super::keys::Action;
use super::list::{List, Move, Numbers};
use super::model::{Model, View};
use super::msg::Effect;
use super::roster::{Roster, Sort};
use super::spread::{self, Measure, Spread};
use super::tally::{Hosts, Tally};
use super::view::statistics as shown;

/// A page of the statistics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Page {
    #[default]
    Protocols,
    Hosts,
    Pairs,
    Graph,
    Times,
}

impl Page {
    pub(crate) const ALL: [Page; 5] = [Page::Protocols, Page::Hosts, Page::Pairs, Page::Graph, Page::Times];

    pub(crate) fn title(self) -> &'static str {
        match self {
            Page::Protocols => "Protocols",
            Page::Hosts => "Endpoints",
            Page::Pairs => "Conversations",
            Page::Graph => "IO graph",
            Page::Times => "Response times",
        }
    }

    fn after(self, by: usize) -> Page {
        let at = Page::ALL.iter().position(|&page| page == self).unwrap_or(0);
        Page::ALL.get((at + by) % Page::ALL.len()).copied().unwrap_or(self)
    }
}

/// What is counted, and what of it is shown.
#[derive(Debug)]
pub(crate) struct Statistics {
    pub(crate) page: Page,
    pub(crate) all: Tally,
    /// What the filter lets through, if there is one.
    through: Tally,
    pub(crate) hosts: Hosts,
    pub(crate) hierarchy: Hierarchy,
    pub(crate) graph: Graph,
    /// Bytes are drawn, not frames.
    pub(crate) draws_bytes: bool,
    pub(crate) measure: Measure,
    pub(crate) by: spread::By,
    pub(crate) spread: Spread,
    /// The tables of protocols, hosts, pairs and times.
    tables: [Roster; 4],
    /// The interval under the cursor.
    pub(crate) bin: List,
    /// There is more to be counted.
    pub(crate) counting: bool,
    /// What each table was last sorted for.
    sorted: [Option<State>; 4],
}

/// What a table was sorted for: so many of a filter's frames or calls, by this column, and what was measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct State {
    turn: Option<u64>,
    counted: usize,
    sort: Sort,
    measure: Measure,
    by: spread::By,
}

impl Default for Statistics {
    fn default() -> Statistics {
        let mut tables = [&shown::PROTOCOLS[..], &shown::HOSTS, &shown::PAIRS, &shown::TIMES].map(Roster::new);
        for (table, column) in tables.iter_mut().zip(shown::FIRST_SORT) {
            table.sort = Some(Sort { column, falling: true });
        }
        Statistics {
            page: Page::default(),
            all: Tally::default(),
            through: Tally::default(),
            hosts: Hosts::default(),
            hierarchy: Hierarchy::default(),
            graph: Graph::default(),
            draws_bytes: false,
            measure: Measure::default(),
            by: spread::By::default(),
            spread: Spread::default(),
            tables,
            bin: List::default(),
            counting: false,
            sorted: [None; 4],
        }
    }
}

impl Statistics {
    /// What is counted of what is shown.
    pub(crate) fn tally(&self, is_filtered: bool) -> &Tally {
        if is_filtered { &self.through } else { &self.all }
    }

    fn place(&self) -> Option<usize> {
        match self.page {
            Page::Protocols => Some(0),
            Page::Hosts => Some(1),
            Page::Pairs => Some(2),
            Page::Times => Some(3),
            Page::Graph => None,
        }
    }

    /// The table of the page.
    pub(crate) fn table(&self) -> Option<&Roster> {
        self.tables.get(self.place()?)
    }

    pub(crate) fn table_mut(&mut self) -> Option<&mut Roster> {
        let place = self.place()?;
        self.tables.get_mut(place)
    }

    /// The list that is scrolled.
    pub(crate) fn list_mut(&mut self) -> &mut List {
        match self.place().and_then(|place| self.tables.get_mut(place)) {
            Some(table) => &mut table.list,
            None => &mut self.bin,
        }
    }

    /// The rows of the table of the page, in their order.
    pub(crate) fn rows(&self) -> Numbers {
        let none = Numbers::All { first: 0, count: 0 };
        self.table().map_or(none.clone(), |table| table.numbers(None, none))
    }

    /// Keeps what is under the cursor for when the table changes.
    pub(crate) fn choose(&mut self) {
        let rows = self.rows();
        if let Some(table) = self.table_mut() {
            table.choose(&rows);
        }
    }

    /// How many rows or intervals the page has.
    pub(crate) fn len(&self) -> usize {
        match self.page {
            Page::Graph => self.graph.all.counts.len(),
            _ => self.rows().len(),
        }
    }
}

/// Does what a key says in this view.
pub(crate) fn act(model: &mut Model, action: Action, height: usize) -> Vec<Effect> {
    let statistics = &mut model.statistics;
    match action {
        Action::NextPane => statistics.page = statistics.page.after(1),
        Action::LastPane => statistics.page = statistics.page.after(Page::ALL.len() - 1),
        Action::Enter => return enter(model),
        Action::Measure => match statistics.page {
            Page::Graph => statistics.draws_bytes = !statistics.draws_bytes,
            Page::Times => {
                statistics.measure = match statistics.measure {
                    Measure::Whole => Measure::Wait,
                    Measure::Wait => Measure::Whole,
                }
            }
            _ => {}
        },
        Action::Group if statistics.page == Page::Times => statistics.by = statistics.by.next(),
        Action::Longer if statistics.page == Page::Graph => scale(model, |graph| graph.choose(true)),
        Action::Shorter if statistics.page == Page::Graph => scale(model, |graph| graph.choose(false)),
        Action::Fit if statistics.page == Page::Graph => scale(model, Graph::fit),
        Action::Left | Action::Right => aside(statistics, action, height),
        Action::Go(way) => {
            let rows = statistics.rows();
            let len = statistics.len();
            match statistics.table_mut() {
                Some(table) => table.go(way, &rows, height),
                None => statistics.bin.go(way, len, shown::columns(model.size.0)),
            }
        }
        _ => {}
    }
    Vec::new()
}

/// Goes to the interval beside, or sorts by the column beside.
fn aside(statistics: &mut Statistics, action: Action, height: usize) {
    let len = statistics.len();
    let Some(table) = statistics.table_mut() else {
        let way = if action == Action::Left { Move::Up } else { Move::Down };
        return statistics.bin.go(way, len, height);
    };
    let last = table.columns.len().saturating_sub(1);
    let column = table.sort.map_or(0, |sort| sort.column);
    let column = if action == Action::Left { column.saturating_sub(1) } else { (column + 1).min(last) };
    // Names rise, numbers fall.
    let falling = table.columns.get(column).is_some_and(|column| column.right);
    table.sort = Some(Sort { column, falling });
}

/// Changes the interval; the cursor stays at its time.
fn scale(model: &mut Model, change: impl Fn(&mut Graph)) {
    let statistics = &mut model.statistics;
    let before = i128::from(statistics.graph.interval());
    change(&mut statistics.graph);
    let at = statistics.bin.at as i128 * before / i128::from(statistics.graph.interval().max(1));
    statistics.bin.put(usize::try_from(at).unwrap_or(0));
}

/// Filters by the row, or goes to the first frame of the interval.
fn enter(model: &mut Model) -> Vec<Effect> {
    if model.statistics.page != Page::Graph {
        return super::pick::filter_by(model, super::keys::By::Only);
    }
    match first_in_bin(model) {
        Some(frame) => model.show_frame(frame),
        None => model.wrong("there is no frame in this interval"),
    }
    Vec::new()
}

/// The first frame of the interval under the cursor, among those that are shown.
fn first_in_bin(model: &Model) -> Option<u32> {
    let start = model.statistics.graph.all.start;
    let (bin, interval) = (model.statistics.bin.at as i64, model.statistics.graph.interval());
    let numbers = model.unsorted_frames();
    let is_in = |frame: &u32| {
        let since = model.time(*frame).map_or(-1, |time| time.saturating_sub(start));
        since >= 0 && since / interval == bin
    };
    (0..numbers.len()).filter_map(|place| numbers.at(place)).find(is_in)
}

/// Filters that find what the row under the cursor counts.
pub(crate) fn filters(model: &Model) -> Vec<String> {
    let statistics = &model.statistics;
    let row = || statistics.rows().at(statistics.table()?.list.at);
    let Some(row) = row() else { return Vec::new() };
    let address = |host: crate::browse::Host| super::pick::address(&host.to_string(), "addr");
    let filter = match statistics.page {
        Page::Protocols => statistics.hierarchy.name(row).map(str::to_owned),
        Page::Hosts => statistics.hosts.hosts.get(row as usize).copied().and_then(address),
        Page::Pairs => model.index.pairs.get(row as usize).and_then(|&[one, other]| {
            let both = (address(one)?, address(other)?);
            Some(if one == other { both.0 } else { format!("{} and {}", both.0, both.1) })
        }),
        Page::Times => {
            statistics.spread.groups.get(row as usize).filter(|(name, _)| !name.is_empty()).map(|(name, _)| {
                match statistics.by {
                    spread::By::Host => format!("http.host == {}", super::pick::quoted(name)),
                    spread::By::Status => format!("http.response.code == {name}"),
                    spread::By::Method => format!("http.request.method == {}", super::pick::quoted(name)),
                }
            })
        }
        Page::Graph => None,
    };
    filter.into_iter().collect()
}

/// Counts what has come, sorts the tables, and makes the cursor fit.
pub(crate) fn settle(model: &mut Model, height: usize, effects: &mut Vec<Effect>) {
    if model.view != View::Statistics {
        return;
    }
    let turn = model.sifted.as_ref().map(|sifted| sifted.turn);
    let (frames, calls) = (model.unsorted_frames(), model.unsorted_calls());
    let columns = shown::columns(model.size.0);
    let (index, statistics) = (&model.index, &mut model.statistics);
    statistics.hosts.take(&index.pairs);
    let all = Numbers::All { first: 1, count: index.frames.len() };
    let mut more = statistics.all.take(index, &all, &statistics.hosts);
    statistics.through.turn(turn);
    if turn.is_some() {
        more |= statistics.through.take(index, &frames, &statistics.hosts);
    }
    if statistics.page == Page::Graph {
        more |= statistics.graph.take(index, turn.map(|turn| (turn, &frames)), columns);
    }
    if statistics.page == Page::Times {
        statistics.spread.turn((turn, statistics.measure, statistics.by));
        more |= statistics.spread.take(index, &calls);
    }
    statistics.counting = more;
    if more {
        effects.push(Effect::Continue);
    } else {
        sort(model, turn);
    }
    let statistics = &mut model.statistics;
    let (rows, len) = (statistics.rows(), statistics.len());
    match statistics.table_mut() {
        Some(table) => table.settle(&rows, height),
        None => statistics.bin.settle(len, columns),
    }
}

/// Sorts the table of the page, if anything has changed.
fn sort(model: &mut Model, turn: Option<u64>) {
    let (index, statistics) = (&model.index, &mut model.statistics);
    let Some(place) = statistics.place() else { return };
    let Statistics { page, all, through, hosts, hierarchy, spread, measure, by, tables, sorted, .. } = statistics;
    let tally = if turn.is_some() { through } else { all };
    let (Some(table), Some(sorted)) = (tables.get_mut(place), sorted.get_mut(place)) else { return };
    // There is no order as captured.
    let first = shown::FIRST_SORT.get(place).copied().unwrap_or_default();
    let sort = *table.sort.get_or_insert(Sort { column: first, falling: true });
    let counted = if *page == Page::Times { spread.counted } else { tally.counted };
    let state = Some(State { turn, counted, sort, measure: *measure, by: *by });
    if *sorted == state {
        return;
    }
    *sorted = state;
    table.changed(true);
    if *page == Page::Protocols {
        hierarchy.take(&index.stacks, tally);
        return table.put(hierarchy.order(sort));
    }
    let met = match page {
        Page::Hosts => &tally.hosts.met,
        Page::Pairs => &tally.pairs.met,
        Page::Protocols | Page::Times | Page::Graph => &spread.met,
    };
    let rows = Numbers::These { numbers: met.clone(), rising: false };
    table.refresh(&rows, &shown::Rows { page: *page, pairs: &index.pairs, hosts: &hosts.hosts, tally, spread });
}
