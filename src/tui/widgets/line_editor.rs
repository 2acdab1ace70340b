//! Line editor for filters, searches and file names.

/// Maximum length of a line, in bytes; pasted text may be long.
const MAX_LENGTH: usize = 4096;

/// Line of text with a cursor.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct EditLine {
    pub(crate) text: String,
    /// Byte offset of the cursor; always on a character boundary.
    pub(crate) cursor: usize,
    /// Whether the whole text is selected: typing replaces it.
    pub(crate) is_selected: bool,
}

impl EditLine {
    pub(crate) fn new(text: &str) -> EditLine {
        EditLine { text: text.to_owned(), cursor: text.len(), is_selected: false }
    }

    /// Returns a line with its whole text selected.
    pub(crate) fn with_selection(text: &str) -> EditLine {
        EditLine { is_selected: !text.is_empty(), ..EditLine::new(text) }
    }

    /// Inserts text at the cursor, without control characters.
    pub(crate) fn insert(&mut self, text: &str) {
        if std::mem::take(&mut self.is_selected) {
            self.delete(0, self.text.len());
        }
        for char in text.chars() {
            let char = if matches!(char, '\t' | '\n' | '\r') { ' ' } else { char };
            if dissectors::format::is_printable(char) && self.text.len() < MAX_LENGTH {
                self.text.insert(self.cursor, char);
                self.cursor += char.len_utf8();
            }
        }
    }

    fn before_cursor(&self) -> &str {
        self.text.get(..self.cursor).unwrap_or_default()
    }

    fn after_cursor(&self) -> &str {
        self.text.get(self.cursor..).unwrap_or_default()
    }

    /// Moves the cursor or deletes text. Returns whether the text changed.
    pub(crate) fn apply(&mut self, edit: EditAction) -> bool {
        let previous_len = self.before_cursor().chars().next_back().map_or(0, char::len_utf8);
        let on = self.after_cursor().chars().next().map_or(0, char::len_utf8);
        let len = self.text.len();
        if std::mem::take(&mut self.is_selected) {
            match edit {
                EditAction::Left | EditAction::Home => self.cursor = 0,
                EditAction::Right | EditAction::End => self.cursor = len,
                EditAction::Backspace | EditAction::Delete | EditAction::DeleteWord | EditAction::Clear => {
                    self.delete(0, len)
                }
                EditAction::Next | EditAction::Previous | EditAction::Older | EditAction::Newer => {}
            }
            return self.text.len() != len;
        }
        match edit {
            EditAction::Left => self.cursor -= previous_len,
            EditAction::Right => self.cursor += on,
            EditAction::Home => self.cursor = 0,
            EditAction::End => self.cursor = len,
            EditAction::Backspace => self.delete(self.cursor - previous_len, self.cursor),
            EditAction::Delete => self.delete(self.cursor, self.cursor + on),
            EditAction::DeleteWord => {
                let word_start =
                    self.before_cursor().trim_end().trim_end_matches(|char: char| !char.is_whitespace()).len();
                self.delete(word_start, self.cursor);
            }
            EditAction::Clear => self.delete(0, len),
            EditAction::Next | EditAction::Previous | EditAction::Older | EditAction::Newer => {}
        }
        self.text.len() != len
    }

    fn delete(&mut self, from: usize, to: usize) {
        self.text.replace_range(from..to, "");
        self.cursor = from;
    }

    /// Returns the byte range of the name around the cursor, such as `http.re`.
    pub(crate) fn name_range(&self) -> std::ops::Range<usize> {
        let is_part = |char: char| char.is_ascii_alphanumeric() || matches!(char, '.' | '_' | '-');
        let start = self.before_cursor().trim_end_matches(is_part).len();
        let end = self.cursor + self.after_cursor().len() - self.after_cursor().trim_start_matches(is_part).len();
        start..end
    }

    /// Replaces a byte range with a text.
    pub(crate) fn replace(&mut self, part: std::ops::Range<usize>, text: &str) {
        if self.text.get(part.clone()).is_some() {
            self.text.replace_range(part.clone(), text);
            self.cursor = part.start + text.len();
        }
    }
}

/// Editing key of a prompt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EditAction {
    Left,
    Right,
    Home,
    End,
    Backspace,
    Delete,
    /// Deletes the word before the cursor.
    DeleteWord,
    Clear,
    /// Selects the next completion, or the next kind of search.
    Next,
    Previous,
    Older,
    Newer,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_edited_by_characters() {
        let mut line = EditLine::new("uri == \"é日\"");
        line.apply(EditAction::Left);
        line.apply(EditAction::Backspace);
        line.apply(EditAction::Backspace);
        assert_eq!(line.text, "uri == \"\"");
        line.apply(EditAction::Home);
        line.apply(EditAction::Backspace);
        line.apply(EditAction::Delete);
        assert_eq!((line.text.as_str(), line.cursor), ("ri == \"\"", 0));
        line.apply(EditAction::End);
        line.apply(EditAction::DeleteWord);
        line.apply(EditAction::DeleteWord);
        assert_eq!(line.text, "ri ");
        line.insert("a\x1b\nb");
        assert_eq!(line.text, "ri a b");
    }

    #[test]
    fn typing_replaces_the_selection_unless_the_cursor_moves() {
        let after = |edit| {
            let mut line = EditLine::with_selection("old");
            line.apply(edit);
            line.insert("x");
            line.text
        };
        assert_eq!(
            [EditAction::Left, EditAction::End, EditAction::Delete, EditAction::Next].map(after),
            ["xold", "oldx", "x", "oldx"]
        );
        let mut line = EditLine::with_selection("old");
        line.insert("n");
        line.insert("ew");
        assert_eq!((line.text.as_str(), line.is_selected), ("new", false));
    }

    #[test]
    fn the_name_under_the_cursor_can_be_replaced() {
        let mut line = EditLine { text: "tcp and http.re and x".into(), cursor: 12, is_selected: false };
        assert_eq!(line.name_range(), 8..15);
        line.replace(8..15, "http.request");
        assert_eq!((line.text.as_str(), line.cursor), ("tcp and http.request and x", 20));
    }
}
