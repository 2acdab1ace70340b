//! The HTML form: one page without other files, for screens of any width, for paper, and for screen readers.

use super::page;
use super::text::{frame_list_with, offset, title};
use super::waterfall::{percent, share};
use crate::diagram::{DiagramRow, svg};
use crate::journey::model::{Journey, PhaseKind, Statement};
use crate::journey::text::{between, duration};
use crate::report::escape_markup as escape;
use std::cell::RefCell;
use std::collections::BTreeSet;

/// Maximum number of arrows in the diagram, and of rows in the table of frames.
const MAX_ARROWS: usize = 400;

/// Returns a journey as a page.
pub(super) fn render(journey: &Journey, explains: bool) -> String {
    let (heading, line) = title(journey);
    let rows = journey.diagram.rows(MAX_ARROWS);
    let shown = rows.iter().filter_map(|row| if let DiagramRow::Arrow(arrow) = row { Some(arrow.frame) } else { None });
    let written = Page { journey, frames: shown.collect() };
    let mut out = page::start(&heading, &line, ("steps", "Skip to the steps"));
    written.waterfall(&mut out);
    written.verdicts(&mut out);
    written.steps(explains, &mut out);
    written.diagram(&mut out);
    written.frames(&rows, &mut out);
    written.details(&mut out);
    out.push_str(page::END);
    out
}

/// A page that is written.
struct Page<'j> {
    journey: &'j Journey,
    /// Frames in the table, which links lead to.
    frames: BTreeSet<u32>,
}

impl Page<'_> {
    fn waterfall(&self, out: &mut String) {
        let journey = self.journey;
        out.push_str("<section aria-labelledby=\"phases\">\n<h2 id=\"phases\">Phases</h2>\n<div class=\"scroll\">\n<table \
                      class=\"waterfall\">\n<thead><tr><th scope=\"col\">Phase</th><th scope=\"col\">Time</th><th \
                      scope=\"col\" class=\"number\">Duration</th><th scope=\"col\" class=\"number\">Share</th></tr></thead>\n\
                      <tbody>\n");
        for phase in &journey.phases {
            let tenths = |nanos: u64| share(journey, nanos) as f64 / 10.0;
            let (from, length) = (tenths(phase.from.abs_diff(journey.start())), tenths(phase.length()));
            let class = if phase.kind == PhaseKind::Pause { "pause" } else { phase.kind.label() };
            out.push_str(&format!(
                "<tr><th scope=\"row\">{name}</th><td class=\"bar\">{bar}</td><td class=\"number\">{duration}</td><td \
                 class=\"number\">{percent}</td></tr>\n",
                name = phase.kind.label(),
                bar = page::bar(class, from, length),
                duration = escape(&duration(phase.length())),
                percent = percent(share(journey, phase.length()))
            ));
        }
        out.push_str("</tbody>\n</table>\n</div>\n</section>\n");
    }

    fn verdicts(&self, out: &mut String) {
        out.push_str("<section aria-labelledby=\"verdicts\">\n<h2 id=\"verdicts\">Verdicts</h2>\n");
        if self.journey.verdicts.is_empty() {
            out.push_str("<p>None: nothing unusual was found.</p>\n");
        } else {
            out.push_str("<ol>\n");
            for verdict in &self.journey.verdicts {
                out.push_str(&format!("<li>{}</li>\n", self.statement(&verdict.statement)));
            }
            out.push_str("</ol>\n");
        }
        if !self.journey.notes.is_empty() {
            out.push_str("<h3>Notes</h3>\n<ul>\n");
            self.journey.notes.iter().for_each(|note| out.push_str(&format!("<li>{}</li>\n", escape(note))));
            out.push_str("</ul>\n");
        }
        out.push_str("</section>\n");
    }

    fn steps(&self, explains: bool, out: &mut String) {
        out.push_str("<section id=\"steps\" aria-labelledby=\"steps-heading\">\n<h2 id=\"steps-heading\">Steps</h2>\n");
        for step in &self.journey.steps {
            let span = step.span.map(|(from, to)| format!("{}, {}", offset(self.journey, from), between(from, to)));
            let span = span.map(|span| format!(" <span class=\"time\">{}</span>", escape(&span)));
            out.push_str(&format!(
                "<details open>\n<summary><h3>{}</h3>{}</summary>\n",
                escape(step.kind.label()),
                span.unwrap_or_default()
            ));
            if explains && !step.explanation.is_empty() {
                out.push_str(&format!("<p class=\"explanation\">{}</p>\n", escape(&step.explanation)));
            }
            out.push_str("<ul>\n");
            for statement in &step.statements {
                out.push_str(&format!("<li>{}</li>\n", self.statement(statement)));
            }
            out.push_str("</ul>\n</details>\n");
        }
        out.push_str("</section>\n");
    }

    fn diagram(&self, out: &mut String) {
        out.push_str(
            "<h2 id=\"diagram\">Sequence</h2>\n<section class=\"scroll\" tabindex=\"0\" \
                      aria-labelledby=\"diagram\">\n",
        );
        out.push_str(&svg(&self.journey.diagram, MAX_ARROWS, true));
        out.push_str("</section>\n");
    }

    fn frames(&self, rows: &[DiagramRow<'_>], out: &mut String) {
        out.push_str("<section aria-labelledby=\"frames\">\n<h2 id=\"frames\">Frames</h2>\n<div class=\"scroll\">\n<table>\n\
                      <thead><tr><th scope=\"col\" class=\"number\">Frame</th><th scope=\"col\" class=\"number\">Time</th>\
                      <th scope=\"col\">From</th><th scope=\"col\">To</th><th scope=\"col\">Segment</th></tr></thead>\n<tbody>\n");
        let lane = |nth: usize| self.journey.diagram.lanes.get(nth).map(String::as_str).unwrap_or_default();
        let mut last = 0;
        for row in rows {
            match row {
                DiagramRow::Arrow(arrow) => {
                    // A frame with several arrows has one row with its anchor.
                    let id = if arrow.frame == last { String::new() } else { format!(" id=\"frame-{}\"", arrow.frame) };
                    last = arrow.frame;
                    let number = arrow.frame.to_string();
                    let class = if arrow.is_anomalous { " class=\"bad\"" } else { "" };
                    out.push_str(&format!(
                        "<tr{id}{class}><td class=\"number\">{}</td><td class=\"number\">{}</td><td>{}</td><td>{}</td>\
                         <td>{}</td></tr>\n",
                        self.details_link(arrow.frame, &number).unwrap_or(number),
                        escape(&offset(self.journey, arrow.time)),
                        escape(lane(arrow.from)),
                        escape(lane(arrow.to)),
                        escape(&arrow.label)
                    ));
                }
                DiagramRow::Omitted(count) => {
                    out.push_str(&format!("<tr><td colspan=\"5\">{count} more</td></tr>\n"));
                }
            }
        }
        out.push_str("</tbody>\n</table>\n</div>\n</section>\n");
    }

    fn details(&self, out: &mut String) {
        if self.journey.details.is_empty() {
            return;
        }
        out.push_str("<section aria-labelledby=\"details\">\n<h2 id=\"details\">Details of frames</h2>\n");
        for (frame, text) in &self.journey.details {
            out.push_str(&format!("<details>\n<summary>Frame {frame}</summary>\n<div id=\"details-{frame}\">\n"));
            let mut layer = Vec::new();
            for line in text.lines().chain([""]) {
                if !line.starts_with(' ') && !layer.is_empty() {
                    out.push_str(&layer_markup(&layer));
                    layer.clear();
                }
                layer.push(line);
            }
            if self.frames.contains(frame) {
                out.push_str(&format!("<p><a href=\"#frame-{frame}\">Frame {frame} in the table</a></p>\n"));
            }
            out.push_str("</div>\n</details>\n");
        }
        out.push_str("</section>\n");
    }

    /// Returns a text that leads to the details of a frame, if the page has them.
    fn details_link(&self, frame: u32, text: &str) -> Option<String> {
        let is_shown = self.journey.details.contains_key(&frame);
        is_shown.then(|| format!("<a href=\"#details-{frame}\">{text}</a>"))
    }

    /// Returns a frame number that leads to the details of the frame, or to its row in the table.
    fn link(&self, frame: u32) -> String {
        let number = format!("#{frame}");
        let row = || self.frames.contains(&frame).then(|| format!("<a href=\"#frame-{frame}\">{number}</a>"));
        self.details_link(frame, &number).or_else(row).unwrap_or(number)
    }

    /// Returns a statement with links to its frames.
    fn statement(&self, statement: &Statement) -> String {
        let mut out = escape(&statement.text);
        if statement.frames.is_empty() {
            return out;
        }
        out.push_str(" <span class=\"frames\">");
        out.push_str(&frame_list_with(&statement.frames, |frame| self.link(frame)));
        out.push_str("</span>");
        out
    }
}

/// Returns the markup of a layer of a frame: its first line, and the tree below it.
fn layer_markup(layer: &[&str]) -> String {
    let Some((first, rest)) = layer.split_first() else { return String::new() };
    let rest: Vec<String> = rest.iter().map(|line| escape(line.strip_prefix("    ").unwrap_or(line))).collect();
    match rest.is_empty() {
        true => format!("<p class=\"layer\">{}</p>\n", escape(first)),
        false => format!(
            "<details>\n<summary>{}</summary>\n<pre tabindex=\"0\">{}</pre>\n</details>\n",
            escape(first),
            rest.join("\n")
        ),
    }
}

/// Returns the frames that a page links to, those of verdicts first.
pub(crate) fn linked_frames(journey: &Journey) -> Vec<u32> {
    let frames = RefCell::new(Vec::new());
    let verdicts = journey.verdicts.iter().map(|verdict| &verdict.statement);
    let steps = journey.steps.iter().flat_map(|step| &step.statements);
    for statement in verdicts.chain(steps) {
        frame_list_with(&statement.frames, |frame| {
            frames.borrow_mut().push(frame);
            String::new()
        });
    }
    frames.into_inner()
}
