//! Actions, filters and layout of the statistics view.

use crate::tui::model::keys::{Action, FilterMode};
use crate::tui::model::message::Effect;
use crate::tui::model::statistics::histogram::IoGraph;
use crate::tui::model::statistics::latency::{CallGrouping, LatencyMeasure};
use crate::tui::model::statistics::{StatisticsPage, StatisticsView, sort_table};
use crate::tui::model::{Model, View};
use crate::tui::panes::{layout, selection};
use crate::tui::widgets::row_order::SortColumn;
use crate::tui::widgets::scroll::{Move, RowNumbers};
use crate::tui::widgets::text::width;
use dissectors::exchange::content_statuses;
use dissectors::{Field, FieldKind, MessageFields, message_fields};
use std::ops::Range;

/// Columns left of the graph, for the labels of its vertical axis.
pub(crate) const AXIS_WIDTH: u16 = 9;

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
                None => statistics.interval_list.move_cursor(step, len, graph_columns(model.size.0)),
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
        return selection::filter_by(model, FilterMode::Only);
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
    let address = |host: crate::browse::Host| selection::address_filter(&host.to_string(), "addr");
    let filter = match statistics.page {
        StatisticsPage::Protocols => statistics.hierarchy.name(row).map(str::to_owned),
        StatisticsPage::Hosts => statistics.hosts.hosts.get(row as usize).copied().and_then(address),
        StatisticsPage::Pairs => model.index.pairs.get(row as usize).and_then(|&[one, other]| {
            let both = (address(one)?, address(other)?);
            Some(if one == other { both.0 } else { format!("{} and {}", both.0, both.1) })
        }),
        StatisticsPage::ResponseTimes => {
            statistics.latency.groups.get(row as usize).filter(|(name, _)| !name.is_empty()).map(|(name, _)| {
                match statistics.grouping {
                    CallGrouping::Host => any_field(roles(|fields| fields.authority), name),
                    CallGrouping::Status => any_field(roles(|fields| fields.code).chain(content_statuses()), name),
                    CallGrouping::Method => any_field(roles(|fields| fields.method), name),
                }
            })
        }
        StatisticsPage::Graph => None,
    };
    filter.into_iter().collect()
}

/// Returns the field of a role of each protocol with messages.
fn roles(role: impl Fn(&MessageFields) -> &'static Field) -> impl Iterator<Item = &'static Field> {
    message_fields().map(move |(_, fields)| role(fields))
}

/// Returns a filter that matches messages with a field that can have a value.
fn any_field(fields: impl Iterator<Item = &'static Field>, value: &str) -> String {
    let is_number = value.parse::<u64>().is_ok();
    let mut alternatives = Vec::new();
    for field in fields {
        let alternative = match field.kind {
            FieldKind::Text => format!("{} == {}", field.name, selection::quote(value)),
            FieldKind::Label => continue,
            _ if is_number => format!("{} == {value}", field.name),
            _ => continue,
        };
        if !alternatives.contains(&alternative) {
            alternatives.push(alternative);
        }
    }
    alternatives.join(" or ")
}

/// Counts new frames and calls, sorts the table, and fits the cursor to it.
pub(crate) fn fit(model: &mut Model, height: usize, effects: &mut Vec<Effect>) {
    if model.view != View::Statistics {
        return;
    }
    let filter_id = model.applied_filter.as_ref().map(|applied| applied.query_id);
    let (frames, calls) = (model.unsorted_frames(), model.unsorted_calls());
    let columns = graph_columns(model.size.0);
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

/// Returns the number of columns that the graph has for intervals.
pub(crate) fn graph_columns(width: u16) -> usize {
    width.saturating_sub(AXIS_WIDTH + 1).into()
}

/// Returns the number of lines above the scrolled rows.
pub(crate) fn header_height(model: &Model) -> u16 {
    match model.statistics.page {
        StatisticsPage::ResponseTimes => {
            3 + histogram_bars(model, layout::screen_areas(model).body.height).len() as u16
        }
        _ => 2,
    }
}

/// Returns the pages, each with the columns its title covers.
pub(crate) fn page_spans() -> impl Iterator<Item = (StatisticsPage, Range<u16>)> {
    let mut x = 1;
    StatisticsPage::ALL.into_iter().map(move |page| {
        let span = x..x + width(page.title()) as u16;
        x = span.end + 2;
        (page, span)
    })
}

/// Returns the bars of the histogram, as many as fit this height.
pub(crate) fn histogram_bars(model: &Model, height: u16) -> Vec<([i64; 2], u64)> {
    let max_bars = (height / 2).saturating_sub(2).clamp(1, 15);
    model.statistics.latency.all.histogram(max_bars.into())
}
