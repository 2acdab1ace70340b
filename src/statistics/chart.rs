//! Column charts of tables as SVG, for HTML pages.

use crate::report::escape_markup as escape;

/// Width and height of a chart, and the space for its labels.
const WIDTH: usize = 720;
const HEIGHT: usize = 180;
const TOP: usize = 18;
const BOTTOM: usize = 20;

/// Maximum number of columns. Of more, neighbors are joined.
const MAX_COLUMNS: usize = 240;

/// Numbers with their labels, in order.
pub struct Chart {
    /// Description for those who do not see the chart.
    pub(super) title: &'static str,
    pub(super) columns: Vec<ChartColumn>,
}

/// A column of a chart.
pub(super) struct ChartColumn {
    /// Position on the horizontal axis.
    pub(super) label: String,
    pub(super) value: u64,
    /// The value with its unit.
    pub(super) text: String,
}

impl Chart {
    /// Returns the chart; empty without columns.
    pub(super) fn svg(mut self) -> String {
        let step = self.columns.len().div_ceil(MAX_COLUMNS).max(1);
        if step > 1 {
            // The highest of the joined columns is shown.
            let mut joined = Vec::new();
            while !self.columns.is_empty() {
                let rest = self.columns.split_off(step.min(self.columns.len()));
                joined.extend(self.columns.into_iter().max_by_key(|column| column.value));
                self.columns = rest;
            }
            self.columns = joined;
        }
        let (Some(first), Some(last)) = (self.columns.first(), self.columns.last()) else { return String::new() };
        let highest = self.columns.iter().max_by_key(|column| column.value);
        let max = highest.map_or(1, |column| column.value.max(1));
        let (count, full) = (self.columns.len(), HEIGHT - TOP - BOTTOM);
        let base = HEIGHT - BOTTOM;
        let mut out = format!(
            "<figure class=\"chart\"><svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{}\">\n\
             <text x=\"0\" y=\"12\">{}</text>\n",
            escape(self.title),
            escape(&highest.map(|column| column.text.clone()).unwrap_or_default()),
        );
        let width = WIDTH as f64 / count as f64;
        for (nth, column) in self.columns.iter().enumerate() {
            let height = column.value as f64 * full as f64 / max as f64;
            out.push_str(&format!(
                "<rect x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{height:.1}\"><title>{}: {}</title></rect>\n",
                nth as f64 * width,
                base as f64 - height,
                (width * 0.85).max(0.5),
                escape(&column.label),
                escape(&column.text),
            ));
        }
        out.push_str(&format!(
            "<line x1=\"0\" y1=\"{base}\" x2=\"{WIDTH}\" y2=\"{base}\"/>\n<text x=\"0\" y=\"{}\">{}</text>\n\
             <text x=\"{WIDTH}\" y=\"{}\" text-anchor=\"end\">{}</text>\n</svg></figure>\n",
            HEIGHT - 5,
            escape(&first.label),
            HEIGHT - 5,
            escape(&last.label),
        ));
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart(values: &[u64]) -> String {
        let column =
            |(nth, &value): (usize, &u64)| ChartColumn { label: format!("<{nth}>"), value, text: value.to_string() };
        Chart { title: "a \"title\"", columns: values.iter().enumerate().map(column).collect() }.svg()
    }

    #[test]
    fn columns_are_in_proportion_and_texts_are_escaped() {
        let svg = chart(&[5, 10, 0]);
        let document = roxmltree::Document::parse(&svg).expect("XML");
        let heights: Vec<&str> = document
            .descendants()
            .filter(|node| node.has_tag_name("rect"))
            .filter_map(|node| node.attribute("height"))
            .collect();
        assert_eq!(heights, ["71.0", "142.0", "0.0"]);
        assert!(svg.contains("&lt;0&gt;: 5") && svg.contains("a &quot;title&quot;") && !svg.contains("<0>"));
        assert_eq!(chart(&[]), "");
        assert_eq!(chart(&vec![1; 1000]).matches("<rect").count(), 200);
    }
}
