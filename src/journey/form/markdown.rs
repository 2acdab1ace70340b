//! The Markdown form: tables and lists for an issue of GitHub, with a Mermaid diagram.

use super::text::{frame_list, offset, title};
use super::waterfall::{percent, share};
use crate::diagram::mermaid;
use crate::journey::model::{Journey, Statement};
use crate::journey::text::{between, duration};

/// Maximum number of arrows in the diagram.
const MAX_ARROWS: usize = 60;

/// Returns a journey in GitHub's Markdown.
pub(super) fn render(journey: &Journey, explains: bool) -> String {
    let (heading, line) = title(journey);
    let mut out = format!("## {}\n\n{}\n\n", escape(&heading), escape(&line));
    out.push_str("| phase | duration | share |\n|---|---:|---:|\n");
    for phase in &journey.phases {
        let share = percent(share(journey, phase.length()));
        out.push_str(&format!("| {} | {} | {share} |\n", phase.kind.label(), duration(phase.length())));
    }
    if !journey.verdicts.is_empty() {
        out.push_str("\n### Verdicts\n\n");
        for (nth, verdict) in journey.verdicts.iter().enumerate() {
            out.push_str(&format!("{}. {}\n", nth + 1, statement(&verdict.statement)));
        }
    }
    for step in &journey.steps {
        let span = step.span.map(|(from, to)| format!(" ({}, {})", offset(journey, from), between(from, to)));
        out.push_str(&format!("\n### {}{}\n\n", step.kind.label(), escape(&span.unwrap_or_default())));
        if explains && !step.explanation.is_empty() {
            out.push_str(&format!("> {}\n\n", escape(&step.explanation)));
        }
        step.statements.iter().for_each(|line| out.push_str(&format!("* {}\n", statement(line))));
    }
    if !journey.notes.is_empty() {
        out.push_str("\n### Notes\n\n");
        journey.notes.iter().for_each(|note| out.push_str(&format!("* {}\n", escape(note))));
    }
    out.push_str(&format!("\n```mermaid\n{}```\n", mermaid(&journey.diagram, MAX_ARROWS)));
    out
}

/// Returns a statement with its frames. A number sign before a digit would be a link to an issue, so frames are code.
fn statement(statement: &Statement) -> String {
    let frames = match statement.frames.as_slice() {
        [] => String::new(),
        frames => format!(" `{}`", frame_list(frames)),
    };
    format!("{}{frames}", escape(&statement.text))
}

/// Returns text in which no character has a meaning in Markdown.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for char in text.chars() {
        if "\\`*_{}[]<>#|~!@&$".contains(char) {
            out.push('\\');
        }
        out.push(char);
    }
    // A domain or a URL would become a link.
    out.replace("://", ":\\//").replace("www.", "www\\.")
}

#[cfg(test)]
mod tests {
    use super::escape;

    #[test]
    fn text_of_the_wire_has_no_meaning_in_markdown() {
        assert_eq!(escape("GET /a*b_c|<img> #12 @all `x`"), "GET /a\\*b\\_c\\|\\<img\\> \\#12 \\@all \\`x\\`");
        assert_eq!(escape("http://www.a.test"), "http:\\//www\\.a.test");
    }
}
