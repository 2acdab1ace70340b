//! The HTML form: one page without other files, in the style of the page of a journey.

use super::{heading, rows};
use crate::diagram::svg;
use crate::journey::page;
use crate::report::escape_markup as escape;
use crate::trace::model::Trace;
use crate::trace::sequence;

/// Maximum number of arrows in the diagram.
const MAX_ARROWS: usize = 400;

/// Returns a trace as a page.
pub(super) fn render(trace: &Trace) -> String {
    let (heading, line) = heading(trace);
    let mut out = page::start(&heading, &line, ("calls", "Skip to the calls"));
    out.push_str(
        "<section aria-labelledby=\"calls\">\n<h2 id=\"calls\">Calls</h2>\n<p>Calls of the critical path are bold.</p>\n<div \
         class=\"scroll\" tabindex=\"0\" role=\"group\" aria-labelledby=\"calls\">\n<table class=\"trace\">\n<thead><tr><th \
         scope=\"col\" class=\"number\">Call</th><th scope=\"col\">Request</th><th scope=\"col\">Cause</th><th scope=\"col\" \
         class=\"number\">Start</th><th scope=\"col\" class=\"number\">Total</th><th scope=\"col\" class=\"number\">Self</th><th \
         scope=\"col\">Time</th></tr></thead>\n",
    );
    for &root in &trace.roots {
        out.push_str("<tbody>\n");
        for row in rows(trace, root) {
            let is_critical = trace.is_critical.get(row.at) == Some(&true);
            let (text, class) = match is_critical {
                true => (format!("<strong>{}</strong>", escape(&row.text())), "wait"),
                false => (escape(&row.text()), "connect"),
            };
            let (from, length) = row.share();
            let [total, own] = row.times(trace);
            let selected = if trace.selected == Some(row.at) { " aria-current=\"true\"" } else { "" };
            out.push_str(&format!(
                "<tr{selected}><td class=\"number\">{}</td><th scope=\"row\"><span class=\"branch\" aria-hidden=\"true\">{}\
                 </span>{text}</th><td>{}</td><td class=\"number\">{}</td><td class=\"number\">{}</td><td \
                 class=\"number\">{}</td><td class=\"bar\">{}</td></tr>\n",
                row.traced.row,
                row.branch,
                escape(&trace.cause_text(row.at)),
                escape(&row.start()),
                escape(&total),
                escape(&own),
                page::bar(class, from, length)
            ));
        }
        out.push_str("</tbody>\n");
    }
    out.push_str("</table>\n</div>\n");
    trace.all_notes().iter().for_each(|note| out.push_str(&format!("<p>{}</p>\n", escape(note))));
    out.push_str("</section>\n<h2 id=\"diagram\">Sequence</h2>\n<section class=\"scroll\" tabindex=\"0\" aria-labelledby=\"diagram\">\n");
    out.push_str(&svg(&sequence::diagram(trace), MAX_ARROWS, false));
    out.push_str("</section>\n");
    out.push_str(page::END);
    out
}
