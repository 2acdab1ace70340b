//! Mermaid form of a sequence diagram.

use super::{Diagram, DiagramRow, omitted_text};

/// Returns a diagram in Mermaid's language (https://mermaid.js.org/syntax/sequenceDiagram.html).
#[must_use]
pub fn mermaid(diagram: &Diagram, limit: usize) -> String {
    let mut out = String::from("sequenceDiagram\n");
    let shown = diagram.shown(limit);
    for (lane, name) in shown.lanes.iter().enumerate() {
        out.push_str(&format!("    participant H{lane} as {}\n", mermaid_text(name)));
    }
    let last = shown.lanes.len().saturating_sub(1);
    for row in &shown.rows {
        match row {
            DiagramRow::Arrow(arrow) => {
                let head = if arrow.is_anomalous { "--x" } else { "->>" };
                let label = format!("{} #{} {}", diagram.offset(arrow), arrow.frame, arrow.label);
                let (from, to) = (shown.place(arrow.from), shown.place(arrow.to));
                out.push_str(&format!("    H{from}{head}H{to}: {}\n", mermaid_text(&label)));
            }
            DiagramRow::Omitted(count) => {
                out.push_str(&format!("    Note over H0,H{last}: {}\n", mermaid_text(&omitted_text(diagram, *count))));
            }
        }
    }
    out
}

/// Returns text in which no character has a meaning in Mermaid: all but letters, digits and common signs are entities.
#[must_use]
pub fn mermaid_text(text: &str) -> String {
    let mut out = String::new();
    for char in text.chars() {
        match char {
            ' ' | ',' | '.' | '=' | '/' | '_' | '+' => out.push(char),
            _ if char.is_alphanumeric() => out.push(char),
            _ => out.push_str(&format!("#{};", u32::from(char))),
        }
    }
    // A text cannot be empty.
    if out.trim().is_empty() { "#160;".to_owned() } else { out }
}

#[cfg(test)]
mod tests {
    use super::super::tests::diagram;
    use super::*;

    #[test]
    fn text_of_the_wire_has_no_meaning_in_mermaid() {
        let text = mermaid(&diagram(&["GET /a;b#c <br> \"%%\"", "RST"]), 10);
        let expected = "sequenceDiagram\n    participant H0 as 10.0.0.1#58;50000\n    participant H1 as 10.0.0.2#58;80\n    \
                        H0->>H1: +0 ns #35;1 GET /a#59;b#35;c #60;br#62; #34;#37;#37;#34;\n    H1--xH0: +1.0 ms #35;2 RST\n";
        assert_eq!(text, expected);
    }
}
