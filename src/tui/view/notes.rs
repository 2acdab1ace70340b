//! The list of what was odd.

use super::{empty, fill, pieces, put, row};
use crate::tui::model::Model;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// Draws the list.
pub(crate) fn draw(model: &Model, area: Rect, buffer: &mut Buffer) {
    let theme = &model.theme;
    let numbers = model.note_numbers();
    put(buffer, row(area, 0), "  FRAME        TIME  SEVERITY  WHAT", theme.head);
    if numbers.len() == 0 {
        return empty(model, area, buffer, super::why_empty(model, "nothing odd yet", "nothing was odd"));
    }
    let list = &model.notes.list;
    let (start, reference) = (model.time(1).unwrap_or(0), model.times.reference.and_then(|frame| model.time(frame)));
    let note = |place: usize| model.index.notes.get(numbers.at(place)? as usize);
    for (nth, place) in list.seen(numbers.len(), usize::from(area.height.saturating_sub(1))).enumerate() {
        let Some(known) = note(place) else { continue };
        let line = row(area, nth as u16 + 1);
        let before = place.checked_sub(1).and_then(note).and_then(|note| model.time(note.frame));
        let time =
            model.time(known.frame).map_or(String::new(), |time| model.times.tell(time, start, before, reference));
        let on = place == list.at;
        if on {
            fill(buffer, line, theme.cursor);
        }
        let style = |style| if on { theme.cursor } else { style };
        let stream = model.index.frames.get(known.frame.saturating_sub(1) as usize);
        let stream = stream.filter(|fact| fact.stream != crate::browse::NO_STREAM);
        let stream = stream.map_or(String::new(), |fact| format!("  stream {}", fact.stream));
        pieces(
            buffer,
            line,
            [
                (&*format!("{:>7}  {time:>10}  ", known.frame), style(theme.dim)),
                (&*format!("{:<8}  ", known.severity.word()), style(theme.severity(known.severity))),
                (known.field.title, style(theme.text)),
                (&*format!("  {}", known.field.name), style(theme.dim)),
                (&*stream, style(theme.dim)),
            ],
        );
    }
}
