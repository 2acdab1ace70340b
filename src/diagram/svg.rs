//! SVG form of a sequence diagram.

use super::{Diagram, DiagramRow, ShownDiagram, omitted_text};
use crate::report::escape_markup;

/// Height of a row, and of the heading.
const ROW: usize = 26;
const HEADING: usize = 36;

/// Width of the columns of frames and times.
const TIMES: usize = 150;

/// Least distance of two hosts.
const MIN_GAP: usize = 120;

/// Width of a character, and of the ends of an arrow beside its label.
const CHARACTER: usize = 8;
const ENDS: usize = 24;

/// Space right of the last host.
const MARGIN: usize = 110;

/// Maximum characters of a label.
const MAX_LABEL: usize = 62;

/// Returns a diagram as SVG. Colors are those of the text around it, and that of trouble; in a file of its own, black and red.
/// With `links`, the number of each frame leads to the element `frame-NUMBER`.
#[must_use]
pub fn svg(diagram: &Diagram, limit: usize, links: bool) -> String {
    let shown = diagram.shown(limit);
    let gaps = shown.lanes.len().saturating_sub(1);
    let gap = distance(&shown);
    let (width, height) = (TIMES + gaps * gap + MARGIN, HEADING + shown.rows.len() * ROW + 12);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" \
         role=\"img\" aria-label=\"Sequence diagram\" font-family=\"ui-monospace, monospace\" font-size=\"12\" \
         fill=\"currentColor\">\n"
    );
    for (lane, name) in shown.lanes.iter().enumerate() {
        let x = TIMES + lane * gap;
        out.push_str(&format!(
            "<text x=\"{x}\" y=\"18\" text-anchor=\"middle\" font-weight=\"bold\">{}</text>\n<line x1=\"{x}\" y1=\"26\" \
             x2=\"{x}\" y2=\"{}\" stroke=\"currentColor\" stroke-opacity=\"0.4\"/>\n",
            escape_markup(name),
            height - 6
        ));
    }
    for (nth, row) in shown.rows.iter().enumerate() {
        let y = HEADING + nth * ROW + ROW / 2;
        match row {
            DiagramRow::Arrow(arrow) => {
                let frame = match links {
                    true => format!("<a href=\"#frame-{0}\" fill=\"var(--link, currentColor)\">#{0}</a>", arrow.frame),
                    false => format!("#{}", arrow.frame),
                };
                let color = if arrow.is_anomalous { "var(--bad, #b3261e)" } else { "currentColor" };
                let (from, to) = (TIMES + shown.place(arrow.from) * gap, TIMES + shown.place(arrow.to) * gap);
                let back = if to > from { to.saturating_sub(8) } else { to + 8 };
                let label: String = arrow.label.chars().take(MAX_LABEL).collect();
                out.push_str(&format!(
                    "<text x=\"4\" y=\"{}\">{frame}</text>\n<text x=\"{}\" y=\"{}\" text-anchor=\"end\" \
                     fill-opacity=\"0.8\">{}</text>\n",
                    y + 4,
                    TIMES - 8,
                    y + 4,
                    escape_markup(&diagram.offset(arrow))
                ));
                out.push_str(&format!(
                    "<path d=\"M{from} {y}H{to}M{back} {}L{to} {y}L{back} {}\" stroke=\"{color}\" fill=\"none\"/>\n<text \
                     x=\"{}\" y=\"{}\" text-anchor=\"middle\" fill=\"{color}\">{}</text>\n",
                    y - 4,
                    y + 4,
                    from.midpoint(to),
                    y - 4,
                    escape_markup(&label)
                ));
            }
            DiagramRow::Omitted(count) => out.push_str(&format!(
                "<text x=\"{}\" y=\"{}\" text-anchor=\"middle\" font-style=\"italic\">… {} …</text>\n",
                TIMES + gaps * gap / 2,
                y + 4,
                escape_markup(&omitted_text(diagram, *count))
            )),
        }
    }
    out.push_str("</svg>\n");
    out
}

/// Returns the distance of two hosts for which names and labels have room.
fn distance(shown: &ShownDiagram<'_>) -> usize {
    let names = shown.lanes.iter().map(|name| name.chars().count());
    let labels = shown.rows.iter().filter_map(|row| match row {
        DiagramRow::Arrow(arrow) => {
            let hosts = shown.place(arrow.from).abs_diff(shown.place(arrow.to)).max(1);
            Some(arrow.label.chars().count().min(MAX_LABEL).div_ceil(hosts))
        }
        DiagramRow::Omitted(_) => None,
    });
    let characters = names.chain(labels).max().unwrap_or_default();
    (characters * CHARACTER + ENDS).max(MIN_GAP)
}

#[cfg(test)]
mod tests {
    use super::super::tests::diagram;
    use super::*;

    #[test]
    fn labels_are_escaped_and_frames_are_links() {
        let text = svg(&diagram(&["<script>&'\"", "RST"]), 10, true);
        assert!(text.contains("&lt;script&gt;&amp;&#39;&quot;") && !text.contains("<script"), "{text}");
        assert!(text.contains("href=\"#frame-2\"") && text.contains("#b3261e"), "{text}");
        assert!(!svg(&diagram(&["a"]), 10, false).contains("href"));
    }
}
