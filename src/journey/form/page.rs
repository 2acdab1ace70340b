//! Parts of HTML pages that journeys and traces have in common.

use crate::report::escape_markup as escape;

const STYLE: &str = include_str!("page.css");

/// Returns the start of a page up to its heading. `skip` is the target and the text of the first link, `line` the text below the
/// heading.
pub(crate) fn start(heading: &str, line: &str, skip: (&str, &str)) -> String {
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" \
         content=\"width=device-width, initial-scale=1\">\n<meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>{0}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<a class=\"skip\" href=\"#{2}\">{3}</a>\n<header>\n\
         <h1>{0}</h1>\n<p>{1}</p>\n</header>\n<main>\n",
        escape(heading),
        escape(line),
        skip.0,
        skip.1
    )
}

/// The end of a page.
pub(crate) const END: &str = "</main>\n</body>\n</html>\n";

/// Returns a bar of a waterfall. Start and length are in percent.
pub(crate) fn bar(class: &str, from: f64, length: f64) -> String {
    format!(
        "<svg viewBox=\"0 0 100 10\" preserveAspectRatio=\"none\" aria-hidden=\"true\"><rect class=\"{class}\" x=\"{from:.1}\" \
         y=\"0\" width=\"{width:.1}\" height=\"10\"/></svg>",
        width = length.max(0.4)
    )
}
