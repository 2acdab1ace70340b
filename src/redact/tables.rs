//! Secrets in tables: columns that the first line names, whose cells have separators (CSV) or are aligned.

use super::Redactor;
use super::json::{is_named, is_naming};
use super::lines::add_content;
use super::names::{Rule, is_name};
use super::text::Spans;
use std::ops::Range;

/// Maximum number of rows of a table until one has as many fields as the first.
const MAX_HEAD: usize = 8;

impl Redactor {
    /// Adds the values of the columns of a table whose first line has their names.
    pub(super) fn add_columns(&self, text: &[u8], spans: &mut Spans) {
        // Spreadsheets read the separator in the first line.
        let first = memchr::memchr(b'\n', text).map_or(text.len(), |end| end + 1);
        let mut begin = if text.starts_with(b"sep=") { first } else { 0 };
        let line =
            |at: usize| text.get(at..).unwrap_or_default().split(|&byte| byte == b'\n').next().unwrap_or_default();
        // A table may have lines around it.
        while is_ruler(line(begin)) {
            begin += line(begin).len() + 1;
        }
        let header = line(begin);
        let count = |sign: &u8| memchr::memchr_iter(*sign, header).count();
        let Some(sign) = [b',', b';', b'|', b'\t'].into_iter().max_by_key(count).filter(|sign| count(sign) > 0) else {
            return self.add_aligned(text, begin, spans);
        };
        let mut names = Vec::new();
        let mut start = row(text, begin, sign, &mut names);
        // One of the first rows has as many fields as there are names.
        let (mut after, mut has_row) = (start, false);
        for _ in 0..MAX_HEAD {
            let mut fields = Vec::new();
            after = row(text, after, sign, &mut fields);
            has_row |= fields.len() == names.len();
        }
        let name = |range: &Range<usize>| {
            let name = text.get(range.clone()).unwrap_or_default().trim_ascii();
            name.strip_prefix(b"\"").and_then(|name| name.strip_suffix(b"\"")).unwrap_or(name)
        };
        if !has_row || !names.iter().map(name).all(is_name) {
            return;
        }
        let rules: Vec<Option<Rule>> = names.iter().map(|range| self.rule_of(name(range))).collect();
        let first = rules.iter().copied().fold(None, Rule::either);
        // A table of names and values.
        let naming = names.iter().map(name).position(is_naming);
        let value = names.iter().map(name).position(is_named);
        if first.is_none() && (naming.is_none() || value.is_none()) {
            return;
        }
        // Fields in quotes may have line ends.
        let mut fields = Vec::new();
        while start < text.len() {
            let end = row(text, start, sign, &mut fields);
            if is_ruler(text.get(start..end).unwrap_or_default()) {
                (start, fields) = (end, Vec::new());
                continue;
            }
            // Of a row of another length it is not known which field is which.
            let is_known = fields.len() == rules.len();
            let named = naming.and_then(|nth| self.naming_rule(name(fields.get(nth)?)));
            for (nth, field) in fields.drain(..).enumerate() {
                let rule = if is_known { rules.get(nth).copied().flatten() } else { first };
                let rule = Rule::either(rule, named.filter(|_| is_known && value == Some(nth)));
                let is_empty = text.get(field.clone()).unwrap_or_default().trim_ascii().is_empty();
                if let Some(rule) = rule.filter(|_| !is_empty) {
                    add_content(text, field, rule, spans);
                }
            }
            start = end;
        }
    }

    /// Adds the values of the columns of a table whose cells are aligned by blanks.
    fn add_aligned(&self, text: &[u8], begin: usize, spans: &mut Spans) {
        let mut lines = Vec::new();
        let mut start = begin;
        for line in text.get(begin..).unwrap_or_default().split_inclusive(|&byte| byte == b'\n') {
            let own = line.trim_ascii_end();
            if own.is_empty() {
                break;
            }
            if !is_ruler(own) {
                lines.push((start, cells(own)));
            }
            start += line.len();
            // Few texts are tables.
            if lines.len() == 2 && lines.first().is_none_or(|(_, names)| !self.is_header(text, begin, names)) {
                return;
            }
        }
        let Some(((start, names), rows)) = lines.split_first() else { return };
        if !rows.iter().take(MAX_HEAD).any(|(_, cells)| cells.len() == names.len()) {
            return;
        }
        let rules: Vec<Option<Rule>> = names.iter().map(|name| self.rule_of(cell(text, *start, name))).collect();
        for (start, cells) in rows {
            for (nth, own) in cells.iter().enumerate() {
                // A cell may be left or right of its name, and others may be missing.
                let is_below = |nth: usize| {
                    let end = names.get(nth + 1).map_or(usize::MAX, |next| next.start);
                    names.get(nth).is_some_and(|name| own.start < end && own.end > name.start)
                };
                let is_named = |at: usize| if cells.len() == names.len() { at == nth } else { is_below(at) };
                let rule = rules.iter().enumerate().filter(|(at, _)| is_named(*at)).find_map(|(_, rule)| *rule);
                if let Some(rule) = rule {
                    add_content(text, start + own.start..start + own.end, rule, spans);
                }
            }
        }
    }

    /// Returns whether the cells of a line are names, one of them that of a secret.
    fn is_header(&self, text: &[u8], start: usize, names: &[Range<usize>]) -> bool {
        let is_secret = |name: &[u8]| self.rule_of(name).is_some_and(|rule| rule.least == 0);
        names.len() > 1
            && names.iter().all(|name| is_name(cell(text, start, name)))
            && names.iter().any(|name| is_secret(cell(text, start, name)))
    }
}

/// Returns the text of a cell of a line.
fn cell<'t>(text: &'t [u8], start: usize, cell: &Range<usize>) -> &'t [u8] {
    text.get(start + cell.start..start + cell.end).unwrap_or_default()
}

/// Returns the places of the cells in a line, which have two blanks or more between them.
fn cells(line: &[u8]) -> Vec<Range<usize>> {
    let mut cells: Vec<Range<usize>> = Vec::new();
    let words = line.split(|&byte| byte == b' ');
    let mut start = 0;
    for word in words {
        let end = start + word.len();
        match cells.last_mut().filter(|last| last.end + 1 == start) {
            _ if word.is_empty() => {}
            Some(last) => last.end = end,
            None => cells.push(start..end),
        }
        start = end + 1;
    }
    cells
}

/// Returns whether a line has no text, but the lines of a table.
fn is_ruler(line: &[u8]) -> bool {
    let line = line.trim_ascii();
    line.len() > 2 && line.iter().all(|byte| b"+-|=: \t".contains(byte)) && line.iter().any(|byte| b"-=".contains(byte))
}

/// Reads the fields of a row of a table. Returns where it ends.
fn row(text: &[u8], mut at: usize, sign: u8, fields: &mut Vec<Range<usize>>) -> usize {
    let mut start = at;
    let mut is_quoted = false;
    while let Some(&byte) = text.get(at) {
        at += 1;
        match byte {
            b'"' => is_quoted = !is_quoted,
            b'\n' if !is_quoted => {
                fields.push(start..at - 1);
                return at;
            }
            _ if byte == sign && !is_quoted => {
                fields.push(start..at - 1);
                start = at;
            }
            _ => {}
        }
    }
    fields.push(start..at);
    at
}
