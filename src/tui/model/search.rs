//! State of the search: pattern, scope and hit.

use crate::browse::{Needle, SearchTarget};
use crate::tui::model::call::CallPane;
use crate::tui::model::{Model, View};
use regex::bytes::Regex;
use std::ops::Range;

/// Kind of search pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(crate) enum SearchKind {
    #[default]
    Text,
    Bytes,
    Regex,
}

impl SearchKind {
    pub(crate) fn label(self) -> &'static str {
        match self {
            SearchKind::Text => "text",
            SearchKind::Bytes => "hex bytes",
            SearchKind::Regex => "regex",
        }
    }
}

/// State of the last search.
#[derive(Debug)]
pub(crate) struct Search {
    pub(crate) text: String,
    pub(crate) kind: SearchKind,
    pub(crate) scope: SearchTarget,
    pub(crate) needle: Option<(Needle, Regex)>,
    /// View that was last searched.
    pub(crate) view: Option<View>,
    /// Last hit, in views whose lines may be longer than a row.
    pub(crate) hit: Option<SearchHit>,
    /// Search through the parts of a followed stream, while the next part is requested.
    pub(crate) parts: Option<PartSearch>,
    /// ID of the pending search and the frame it has reached.
    pub(crate) pending: Option<(u64, u32)>,
    /// Position of a search through an index list.
    pub(crate) list_position: Option<ListPosition>,
    /// Frame whose detail tree contains the hit.
    pub(crate) tree_hit_frame: Option<u32>,
}

/// A search through the parts of a followed stream.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PartSearch {
    pub(crate) backward: bool,
    /// Whether it continued from the other end.
    pub(crate) has_wrapped: bool,
}

/// Position of a search through an index list, which runs in steps.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ListPosition {
    pub(crate) view: View,
    pub(crate) row: usize,
    pub(crate) remaining: usize,
    pub(crate) backward: bool,
}

impl Default for Search {
    fn default() -> Search {
        Search {
            text: String::new(),
            kind: SearchKind::Text,
            scope: SearchTarget::Row,
            needle: None,
            view: None,
            hit: None,
            parts: None,
            pending: None,
            list_position: None,
            tree_hit_frame: None,
        }
    }
}

impl Search {
    /// Returns the pattern, if this view was searched with it.
    pub(crate) fn pattern_in(&self, view: View) -> Option<&Regex> {
        self.needle.as_ref().filter(|_| self.view == Some(view)).map(|(_, regex)| regex)
    }
}

/// Returns the search scope; only the frames view has several.
pub(crate) fn scope(model: &Model) -> Option<SearchTarget> {
    (model.view == View::Frames).then_some(model.search.scope)
}

/// Returns the label of a search scope.
pub(crate) fn scope_label(target: SearchTarget) -> &'static str {
    match target {
        SearchTarget::Row => "rows",
        SearchTarget::Tree => "trees",
        SearchTarget::Bytes => "bytes",
    }
}

/// Position of a hit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SearchHit {
    pub(crate) pane: CallPane,
    pub(crate) line: u32,
    pub(crate) bytes: Range<usize>,
}
