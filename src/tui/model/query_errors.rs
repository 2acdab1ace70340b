//! Read errors: queries that failed because the capture cannot be read again, shown where the result would be.

use crate::browse::{BrowseRequest, FrameRow, ProtocolName};
use crate::tui::model::Model;
use crate::tui::widgets::text;
use std::mem::discriminant;

impl Model {
    /// Records a failed query, and shows its error where the result would be.
    pub(crate) fn record_query_error(&mut self, request: BrowseRequest, error: String) {
        match &request {
            BrowseRequest::Rows { frames, fields } => {
                let protocol =
                    |frame: u32| self.index.frames.get(frame.checked_sub(1)? as usize).map(|summary| summary.protocol);
                let row = |&frame: &u32| FrameRow {
                    frame,
                    source: String::new(),
                    destination: String::new(),
                    protocol: protocol(frame).map_or("", ProtocolName::name),
                    info: text::sanitize(&error).into_owned(),
                    values: fields.iter().map(|&field| (field, String::new())).collect(),
                };
                let rows = frames.iter().map(row).collect();
                self.frames.store_rows(rows);
            }
            BrowseRequest::Frame(frame) => self.frames.clear_frame(*frame),
            BrowseRequest::Call(_) => self.call_view.copies_curl = false,
            BrowseRequest::Ladder { .. } => (self.ladder.is_pending, self.ladder.target_frame) = (false, None),
            BrowseRequest::Follow { .. } => self.follow.is_pending = false,
            BrowseRequest::Find { id, .. } => {
                self.search.pending.take_if(|(pending, _)| pending == id);
            }
            // Matches so far stay; no more will arrive.
            BrowseRequest::Filter { id, .. } => {
                if let Some(applied) = self.applied_filter.as_mut().filter(|applied| applied.query_id == *id) {
                    applied.is_complete = true;
                }
            }
            _ => {}
        }
        self.show_error(error.clone());
        self.failed_queries.retain(|(other, _)| discriminant(other) != discriminant(&request));
        self.failed_queries.push((request, error));
    }

    /// Returns the error of a failed query.
    pub(crate) fn query_error(&self, matches: impl Fn(&BrowseRequest) -> bool) -> Option<&str> {
        self.failed_queries.iter().find(|(request, _)| matches(request)).map(|(_, error)| error.as_str())
    }

    /// Returns the frame under the list cursor and its error, if it could not be read.
    pub(crate) fn unreadable_frame(&self) -> Option<(u32, &str)> {
        let frame = self
            .frame_numbers()
            .get(self.frames.sorted_list.list.cursor)
            .filter(|_| self.frames.dissected.is_none())?;
        let error = self.query_error(|request| matches!(request, BrowseRequest::Frame(number) if *number == frame))?;
        Some((frame, error))
    }
}
