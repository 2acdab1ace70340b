//! Sequence diagrams: arrows between hosts in the order of time, as text, SVG or Mermaid.

mod mermaid;
mod svg;
mod text;

pub use mermaid::{mermaid, mermaid_text};
pub use svg::svg;
pub use text::diagram_lines;

/// A sequence diagram.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diagram {
    /// Names of the hosts, without control characters.
    pub lanes: Vec<String>,
    /// Arrows, in the order of time.
    pub arrows: Vec<Arrow>,
    /// Time that offsets are relative to, in nanoseconds since 1970.
    pub start: i64,
    /// What an arrow is, for the number of those that are omitted: segment, message or frame.
    pub noun: &'static str,
}

/// An arrow of a diagram: a packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrow {
    /// Frame number.
    pub frame: u32,
    /// Nanoseconds since 1970.
    pub time: i64,
    /// Lane of the sender.
    pub from: usize,
    /// Lane of the receiver.
    pub to: usize,
    /// Label without control characters.
    pub label: String,
    /// Whether it shows trouble.
    pub is_anomalous: bool,
    /// Whether it is kept where arrows are omitted.
    pub is_key: bool,
}

/// A row of a diagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DiagramRow<'d> {
    /// An arrow.
    Arrow(&'d Arrow),
    /// Number of arrows that are omitted here.
    Omitted(usize),
}

/// The part of a diagram that is shown: rows, and the lanes that their arrows connect.
struct ShownDiagram<'d> {
    rows: Vec<DiagramRow<'d>>,
    lanes: Vec<&'d str>,
    /// Position of each lane of the diagram among those that are shown.
    places: Vec<usize>,
}

impl Diagram {
    /// Returns the lane of a host, which is added if it is not there.
    pub fn lane(&mut self, name: String) -> usize {
        self.lanes.iter().position(|lane| *lane == name).unwrap_or_else(|| {
            self.lanes.push(name);
            self.lanes.len() - 1
        })
    }

    /// Returns the rows for a limit, and the lanes that they need: all, unless arrows are omitted.
    fn shown(&self, limit: usize) -> ShownDiagram<'_> {
        let rows = self.rows(limit);
        let mut is_used = vec![self.arrows.len() <= limit; self.lanes.len()];
        for row in &rows {
            let DiagramRow::Arrow(arrow) = row else { continue };
            [arrow.from, arrow.to]
                .into_iter()
                .for_each(|lane| is_used.get_mut(lane).into_iter().for_each(|used| *used = true));
        }
        let mut lanes = Vec::new();
        let places = self.lanes.iter().zip(is_used).map(|(name, is_used)| {
            let place = lanes.len();
            lanes.extend(is_used.then_some(name.as_str()));
            place
        });
        let places = places.collect();
        ShownDiagram { rows, lanes, places }
    }

    /// Returns the rows: all arrows, or about `limit` of them, from the start and the end, with those that are keys.
    #[must_use]
    pub fn rows(&self, limit: usize) -> Vec<DiagramRow<'_>> {
        let count = self.arrows.len();
        let (first, last) = (limit / 2, count.saturating_sub(limit / 4));
        let mut keys = limit / 4;
        let mut rows: Vec<DiagramRow<'_>> = Vec::new();
        for (nth, arrow) in self.arrows.iter().enumerate() {
            let is_key = arrow.is_key && keys > 0;
            if count <= limit || nth < first || nth >= last || is_key {
                keys -= usize::from(is_key && nth >= first && nth < last && count > limit);
                rows.push(DiagramRow::Arrow(arrow));
            } else if let Some(DiagramRow::Omitted(omitted)) = rows.last_mut() {
                *omitted += 1;
            } else {
                rows.push(DiagramRow::Omitted(1));
            }
        }
        rows
    }

    /// Returns the time of an arrow as an offset: `+1.2 ms`.
    fn offset(&self, arrow: &Arrow) -> String {
        let mut text = String::from(if arrow.time < self.start { "-" } else { "+" });
        let nanos = i64::try_from(arrow.time.abs_diff(self.start)).unwrap_or(i64::MAX);
        crate::report::quantity::duration(&mut text, nanos);
        text
    }
}

impl ShownDiagram<'_> {
    fn place(&self, lane: usize) -> usize {
        self.places.get(lane).copied().unwrap_or_default()
    }
}

/// Returns the text of a row of omitted arrows.
fn omitted_text(diagram: &Diagram, count: usize) -> String {
    format!("{count} more {}{}", diagram.noun, if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns a diagram of two hosts with these labels, one arrow per millisecond in turn.
    pub(super) fn diagram(labels: &[&str]) -> Diagram {
        let arrow = |(nth, label): (usize, &&str)| Arrow {
            frame: nth as u32 + 1,
            time: nth as i64 * 1_000_000,
            from: nth % 2,
            to: 1 - nth % 2,
            label: (*label).to_owned(),
            is_anomalous: label.starts_with("RST"),
            is_key: false,
        };
        let lanes = vec!["10.0.0.1:50000".to_owned(), "10.0.0.2:80".to_owned()];
        Diagram { lanes, arrows: labels.iter().enumerate().map(arrow).collect(), start: 0, noun: "segment" }
    }

    #[test]
    fn arrows_beyond_the_limit_are_omitted_but_for_keys() {
        let mut diagram = diagram(&["x"; 100]);
        assert_eq!(diagram.rows(100).len(), 100);
        diagram.arrows[50].is_key = true;
        let rows = diagram.rows(20);
        let expected = [DiagramRow::Omitted(40), DiagramRow::Arrow(&diagram.arrows[50]), DiagramRow::Omitted(44)];
        assert_eq!(rows[10..13], expected);
        assert_eq!(rows.len(), 10 + 3 + 5);
    }

    #[test]
    fn lanes_of_omitted_arrows_are_omitted() {
        let mut diagram = diagram(&["x"; 100]);
        diagram.lanes.insert(1, "10.0.0.9:53".to_owned());
        for (nth, arrow) in diagram.arrows.iter_mut().enumerate() {
            (arrow.from, arrow.to) = if nth == 50 { (0, 1) } else { (0, 2) };
        }
        assert_eq!(diagram.shown(100).lanes.len(), 3);
        let shown = diagram.shown(20);
        assert_eq!((shown.lanes.as_slice(), shown.place(2)), (&["10.0.0.1:50000", "10.0.0.2:80"][..], 1));
        assert_eq!(omitted_text(&diagram, 2), "2 more segments");
    }
}
