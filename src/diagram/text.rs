//! Text form of a sequence diagram.

use super::{Arrow, Diagram, DiagramRow, omitted_text};
use unicode_width::UnicodeWidthStr;

/// Width of the column of times, with the space after it.
const TIMES: usize = 11;

/// Least columns between two hosts.
const MIN_GAP: usize = 20;

/// Width of a frame number and of the mark after it, right of the last lane.
const FRAMES: usize = 12;

/// Returns the lines of a diagram with the frame that each shows. It is a list if `width` columns are too few for the hosts.
#[must_use]
pub fn diagram_lines(diagram: &Diagram, width: usize, limit: usize) -> Vec<(String, Option<u32>)> {
    let gaps = diagram.lanes.len().saturating_sub(1).max(1);
    let last_name = diagram.lanes.last().map_or(0, |name| name.width());
    let gap = width.saturating_sub(TIMES + last_name.max(FRAMES)) / gaps;
    if gap < MIN_GAP || diagram.lanes.iter().rev().skip(1).any(|name| name.width() >= gap) {
        return list(diagram, width, limit);
    }
    let column = |lane: usize| TIMES + lane * gap;
    let mut lines = vec![(heading(diagram, gap), None)];
    for row in diagram.rows(limit) {
        match row {
            DiagramRow::Arrow(arrow) => {
                let mut line = format!("{:>10} ", diagram.offset(arrow));
                let left = arrow.from.min(arrow.to);
                let right = arrow.from.max(arrow.to).max(left + 1);
                for lane in 0..diagram.lanes.len() {
                    // The arrow covers the lanes that it crosses.
                    if left < lane && lane < right {
                        continue;
                    }
                    line.push('│');
                    if lane == left {
                        line.push_str(&arrow_text(arrow, (right - left) * gap - 1));
                    } else if lane + 1 < diagram.lanes.len() {
                        line.push_str(&" ".repeat(gap - 1));
                    }
                }
                let mark = if arrow.is_anomalous { " !" } else { "" };
                lines.push((format!("{line} #{}{mark}", arrow.frame), Some(arrow.frame)));
            }
            DiagramRow::Omitted(count) => {
                lines.push((format!("{:column$}… {}", "", omitted_text(diagram, count), column = column(0)), None));
            }
        }
    }
    lines
}

/// Returns a diagram as a list: the hosts with letters, then a line for each arrow.
fn list(diagram: &Diagram, width: usize, limit: usize) -> Vec<(String, Option<u32>)> {
    let name = |lane: usize| match u8::try_from(lane) {
        Ok(nth @ 0..26) => char::from(b'A' + nth).to_string(),
        _ => (lane + 1).to_string(),
    };
    let hosts = diagram.lanes.iter().enumerate();
    let mut lines: Vec<_> =
        hosts.map(|(lane, host)| (truncated(&format!("{} = {host}", name(lane)), width), None)).collect();
    for row in diagram.rows(limit) {
        let (line, frame) = match row {
            DiagramRow::Arrow(arrow) => {
                let mark = if arrow.is_anomalous { " !" } else { "" };
                let (from, to) = (name(arrow.from), name(arrow.to));
                let line = format!("{:>10} #{}{mark} {from}→{to} {}", diagram.offset(arrow), arrow.frame, arrow.label);
                (line, Some(arrow.frame))
            }
            DiagramRow::Omitted(count) => (format!("{:TIMES$}… {}", "", omitted_text(diagram, count)), None),
        };
        lines.push((truncated(&line, width), frame));
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

/// Returns an arrow with its label, from the left one of its lanes to the right one.
fn arrow_text(arrow: &Arrow, room: usize) -> String {
    let (start, end) = if arrow.from > arrow.to { ("◀", "") } else { ("", "▶") };
    let label = truncated(&arrow.label, room.saturating_sub(6));
    let label = if label.is_empty() { label } else { format!(" {label} ") };
    let dashes = room.saturating_sub(label.width() + 1);
    let before = dashes / 2;
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

    #[test]
    fn without_room_for_the_hosts_a_diagram_is_a_list() {
        let mut diagram = diagram(&["SYN", "RST: a label that is longer than the line"]);
        diagram.lanes[1] = "[2001:db8::1234]:8080".to_owned();
        let lines: Vec<String> = diagram_lines(&diagram, 40, 100).into_iter().map(|(line, _)| line).collect();
        let expected = [
            "A = 10.0.0.1:50000",
            "B = [2001:db8::1234]:8080",
            "     +0 ns #1 A→B SYN",
            "   +1.0 ms #2 ! B→A RST: a label that i…",
        ];
        assert_eq!(lines, expected);
        assert!(lines.iter().all(|line| line.width() <= 40));
    }

    #[test]
    fn an_arrow_covers_the_lanes_that_it_crosses() {
        let mut diagram = diagram(&["a label between the outer hosts"]);
        diagram.lanes.insert(1, "10.0.0.9:53".to_owned());
        diagram.arrows[0].to = 2;
        let lines = diagram_lines(&diagram, 80, 100);
        let (line, _) = &lines[1];
        assert!(line.contains("─ a label between the outer hosts ─") && line.ends_with("▶│ #1"), "{line}");
        assert_eq!(line.width(), lines[0].0.find("10.0.0.2").expect("a lane") + 4);
    }
}
