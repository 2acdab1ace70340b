//! What of the capture could not be read again, and why: told where it would stand.

use super::model::Model;
use super::text;
use crate::browse::{Ask, Row, Short};
use std::mem::discriminant;

impl Model {
    /// Takes in that something could not be read again: it is told where it would stand.
    pub(crate) fn take_unread(&mut self, ask: Ask, why: String) {
        match &ask {
            Ask::Rows { frames, fields } => {
                let protocol =
                    |frame: u32| self.index.frames.get(frame.checked_sub(1)? as usize).map(|fact| fact.protocol);
                let row = |&frame: &u32| Row {
                    frame,
                    source: String::new(),
                    destination: String::new(),
                    protocol: protocol(frame).map_or("", Short::name),
                    info: text::plain(&why).into_owned(),
                    values: fields.iter().map(|&field| (field, String::new())).collect(),
                };
                let rows = frames.iter().map(row).collect();
                self.frames.take_rows(rows);
            }
            Ask::Frame(frame) => self.frames.lose(*frame),
            Ask::Call(_) => self.opened.curl = false,
            Ask::Ladder { .. } => self.ladder.waits = false,
            Ask::Follow(_) => self.follow.waits = false,
            Ask::Find { turn, .. } => {
                self.search.seeking.take_if(|(asked, _)| asked == turn);
            }
            // What it has let through stands; more will not come.
            Ask::Sift { turn, .. } => {
                if let Some(sifted) = self.sifted.as_mut().filter(|sifted| sifted.turn == *turn) {
                    sifted.done = true;
                }
            }
            _ => {}
        }
        self.wrong(why.clone());
        self.unread.retain(|(other, _)| discriminant(other) != discriminant(&ask));
        self.unread.push((ask, why));
    }

    /// Why something could not be read again.
    pub(crate) fn why_unread(&self, is_it: impl Fn(&Ask) -> bool) -> Option<&str> {
        self.unread.iter().find(|(ask, _)| is_it(ask)).map(|(_, why)| why.as_str())
    }

    /// The frame under the cursor of the list, and why it could not be read again.
    pub(crate) fn unread_frame(&self) -> Option<(u32, &str)> {
        let here = self.frame_numbers().at(self.frames.list.at).filter(|_| self.frames.opened.is_none())?;
        let why = self.why_unread(|ask| matches!(ask, Ask::Frame(frame) if *frame == here))?;
        Some((here, why))
    }
}
