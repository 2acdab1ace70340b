//! A line that is being typed.

use super::keys::Edit;

/// Characters of a line at most: what is pasted may be long.
const MOST: usize = 4096;

/// A line, and where the cursor is in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) text: String,
    /// The byte before which the cursor is; it begins a character, or is the end.
    pub(crate) at: usize,
    /// All of it is selected: what is typed replaces it.
    pub(crate) selected: bool,
}

impl Line {
    pub(crate) fn new(text: &str) -> Line {
        Line { text: text.to_owned(), at: text.len(), selected: false }
    }

    /// A line of which all is selected.
    pub(crate) fn selected(text: &str) -> Line {
        Line { selected: !text.is_empty(), ..Line::new(text) }
    }

    /// Writes what may be written: no control characters.
    pub(crate) fn write(&mut self, text: &str) {
        if std::mem::take(&mut self.selected) {
            self.delete(0, self.text.len());
        }
        for char in text.chars() {
            let char = if matches!(char, '\t' | '\n' | '\r') { ' ' } else { char };
            if dissectors::format::is_plain(char) && self.text.len() < MOST {
                self.text.insert(self.at, char);
                self.at += char.len_utf8();
            }
        }
    }

    fn before(&self) -> &str {
        self.text.get(..self.at).unwrap_or_default()
    }

    fn after(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// Moves and deletes. Returns whether the text has changed.
    pub(crate) fn edit(&mut self, edit: Edit) -> bool {
        let back = self.before().chars().next_back().map_or(0, char::len_utf8);
        let on = self.after().chars().next().map_or(0, char::len_utf8);
        let len = self.text.len();
        if std::mem::take(&mut self.selected) {
            match edit {
                Edit::Left | Edit::Home => self.at = 0,
                Edit::Right | Edit::End => self.at = len,
                Edit::Backspace | Edit::Delete | Edit::Word | Edit::Clear => self.delete(0, len),
                Edit::Next | Edit::Last | Edit::Older | Edit::Newer => {}
            }
            return self.text.len() != len;
        }
        match edit {
            Edit::Left => self.at -= back,
            Edit::Right => self.at += on,
            Edit::Home => self.at = 0,
            Edit::End => self.at = len,
            Edit::Backspace => self.delete(self.at - back, self.at),
            Edit::Delete => self.delete(self.at, self.at + on),
            Edit::Word => {
                let kept = self.before().trim_end().trim_end_matches(|char: char| !char.is_whitespace()).len();
                self.delete(kept, self.at);
            }
            Edit::Clear => self.delete(0, len),
            Edit::Next | Edit::Last | Edit::Older | Edit::Newer => {}
        }
        self.text.len() != len
    }

    fn delete(&mut self, from: usize, to: usize) {
        self.text.replace_range(from..to, "");
        self.at = from;
    }

    /// The name before and under the cursor, such as `http.re`: where it begins and ends.
    pub(crate) fn name(&self) -> std::ops::Range<usize> {
        let is_part = |char: char| char.is_ascii_alphanumeric() || matches!(char, '.' | '_' | '-');
        let start = self.before().trim_end_matches(is_part).len();
        let end = self.at + self.after().len() - self.after().trim_start_matches(is_part).len();
        start..end
    }

    /// Puts a text in the place of a part.
    pub(crate) fn replace(&mut self, part: std::ops::Range<usize>, text: &str) {
        if self.text.get(part.clone()).is_some() {
            self.text.replace_range(part.clone(), text);
            self.at = part.start + text.len();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_edited_by_characters() {
        let mut line = Line::new("uri == \"é日\"");
        line.edit(Edit::Left);
        line.edit(Edit::Backspace);
        line.edit(Edit::Backspace);
        assert_eq!(line.text, "uri == \"\"");
        line.edit(Edit::Home);
        line.edit(Edit::Backspace);
        line.edit(Edit::Delete);
        assert_eq!((line.text.as_str(), line.at), ("ri == \"\"", 0));
        line.edit(Edit::End);
        line.edit(Edit::Word);
        line.edit(Edit::Word);
        assert_eq!(line.text, "ri ");
        line.write("a\x1b\nb");
        assert_eq!(line.text, "ri a b");
    }

    #[test]
    fn what_is_selected_is_replaced_unless_the_cursor_is_moved() {
        let after = |edit| {
            let mut line = Line::selected("old");
            line.edit(edit);
            line.write("x");
            line.text
        };
        assert_eq!([Edit::Left, Edit::End, Edit::Delete, Edit::Next].map(after), ["xold", "oldx", "x", "oldx"]);
        let mut line = Line::selected("old");
        line.write("n");
        line.write("ew");
        assert_eq!((line.text.as_str(), line.selected), ("new", false));
    }

    #[test]
    fn a_name_can_be_replaced_where_the_cursor_is() {
        let mut line = Line { text: "tcp and http.re and x".into(), at: 12, selected: false };
        assert_eq!(line.name(), 8..15);
        line.replace(8..15, "http.request");
        assert_eq!((line.text.as_str(), line.at), ("tcp and http.request and x", 20));
    }
}
