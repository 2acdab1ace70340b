//! Text form of a sequence diagram.

use super::{Arrow, Diagram, DiagramRow, omitted_text};
use unicode_width::UnicodeWidthStr;

/// Width of the column of times, with the space after it.
const TIMES: usize = 11;

/// Least columns between two hosts.
const MIN_GAP: usize = 16;

/// Returns the lines of a diagram, each of about `width` columns, with the frame that it shows.
#[must_use]
pub fn diagram_lines(diagram: &Diagram, width: usize, limit: usize) -> Vec<(String, Option<u32>)> {
    let gaps = diagram.lanes.len().saturating_sub(1).max(1);
    // The frame number follows the last lane.
    let gap = (width.saturating_sub(TIMES + 12) / gaps).max(MIN_GAP);
    let column = |lane: usize| TIMES + lane * gap;
    let mut lines = vec![(heading(diagram, gap), None)];
    for row in diagram.rows(limit) {
        match row {
            DiagramRow::Arrow(arrow) => {
                let mut line = format!("{:>10} ", diagram.offset(arrow));
                for lane in 0..diagram.lanes.len() {
                    line.push('│');
                    if lane + 1 < diagram.lanes.len() {
                        line.push_str(&between_lanes(arrow, lane, gap - 1));
                    }
                }
                let mark = if arrow.is_anomalous { " !" } else { "" };
                lines.push((format!("{line} #{}{mark}", arrow.frame), Some(arrow.frame)));
            }
            DiagramRow::Omitted(count) => {
                lines.push((format!("{:column$}… {}", "", omitted_text(count), column = column(0)), None));
            }
        }
    }
    lines
}

/// Returns the names of the hosts, each above its line.
fn heading(diagram: &Diagram, gap: usize) -> String {
    let mut line = " ".repeat(TIMES);
    for (lane, name) in diagram.lanes.iter().enumerate() {
        let column = TIMES + lane * gap;
        let space = column.saturating_sub(line.width());
        line.push_str(&" ".repeat(if lane > 0 { space.max(1) } else { space }));
        line.push_str(name);
    }
    line
}

/// Returns the part of an arrow between a lane and the next one.
fn between_lanes(arrow: &Arrow, lane: usize, room: usize) -> String {
    let (left, right) = (arrow.from.min(arrow.to), arrow.from.max(arrow.to));
    if lane < left || lane >= right {
        return " ".repeat(room);
    }
    let (begins, ends) = (arrow.from > arrow.to && lane == left, arrow.to > arrow.from && lane + 1 == right);
    let label = if lane == left { truncated(&arrow.label, room.saturating_sub(6)) } else { String::new() };
    let label = if label.is_empty() { label } else { format!(" {label} ") };
    let heads = usize::from(begins) + usize::from(ends);
    let dashes = room.saturating_sub(label.width() + heads);
    let before = dashes / 2;
    let (start, end) = (if begins { "◀" } else { "" }, if ends { "▶" } else { "" });
    format!("{start}{}{label}{}{end}", "─".repeat(before), "─".repeat(dashes - before))
}

/// Returns text of at most this width.
fn truncated(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut out = String::new();
    for char in text.chars() {
        if out.width() + 2 > width {
            break;
        }
        out.push(char);
    }
    out.push('…');
    out
}

#[cfg(test)]
mod tests {
    use super::super::tests::diagram;
    use super::*;

    #[test]
    fn arrows_are_drawn_between_the_lines_of_their_hosts() {
        let diagram =
            diagram(&["SYN", "SYN, ACK", "a label that is longer than the room between the two hosts", "RST"]);
        let lines = diagram_lines(&diagram, 60, 100);
        let texts: Vec<&str> = lines.iter().map(|(line, _)| line.as_str()).collect();
        assert_eq!(texts.len(), 5);
        assert!(texts.iter().all(|line| line.width() <= 62), "{texts:#?}");
        assert_eq!(texts[0].find("10.0.0.1"), Some(TIMES));
        assert!(texts[1].contains("─ SYN ─") && texts[1].ends_with("▶│ #1"), "{}", texts[1]);
        assert!(texts[2].contains("│◀─") && texts[4].ends_with("│ #4 !"), "{texts:#?}");
    }
}
