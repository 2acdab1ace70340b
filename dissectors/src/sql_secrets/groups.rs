//! Groups of a statement: parentheses and CASE, and the columns that are passwords in lists of values.

use super::words::{BOUNDARIES, is_any};
use crate::sql_text::Piece;
use alloc::vec::Vec;

/// Maximum number of groups in each other. Deeper ones are a part of the last.
const MAX_DEPTH: usize = 1000;
/// Maximum number of columns of a list that are passwords.
const MAX_COLUMNS: usize = 64;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum GroupKind {
    #[default]
    Statement,
    Parentheses,
    Case,
}

/// What a group is in its statement.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum GroupRole {
    /// Arguments of a function, or other parentheses.
    #[default]
    Other,
    /// The list behind IN.
    List,
    /// One value for each column.
    Values,
}

/// A group that is open.
#[derive(Clone, Debug, Default)]
pub(super) struct Group {
    kind: GroupKind,
    role: GroupRole,
    /// The first literal of the expression that is being read.
    pub(super) first_literal: usize,
    /// The first literal of the group.
    start: usize,
    /// It has the arguments of crypt.
    is_crypt: bool,
    /// Number of commas.
    element: usize,
    /// The element names a password.
    pub(super) has_password_name: bool,
    /// It has other than names.
    has_other: bool,
    /// Elements that are names of passwords.
    names: Vec<usize>,
}

/// Where values for columns follow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Columns {
    #[default]
    None,
    /// The list of the columns was read.
    Read,
    /// VALUES was read.
    Values,
    /// An operator that compares them was read.
    Compared,
    /// SELECT follows, or was read.
    Selected,
}

/// The open groups of a statement; the first is the statement itself.
#[derive(Debug)]
pub(super) struct Groups {
    groups: Vec<Group>,
    excess: usize,
    columns: Columns,
    /// Positions of the columns that are passwords.
    positions: Vec<usize>,
}

impl Default for Groups {
    fn default() -> Groups {
        Groups { groups: alloc::vec![Group::default()], excess: 0, columns: Columns::None, positions: Vec::new() }
    }
}

impl Groups {
    pub(super) fn clear(&mut self) {
        *self = Groups::default();
    }

    /// Number of groups around what is being read.
    pub(super) fn depth(&self) -> usize {
        self.groups.len() - 1
    }

    /// The innermost group.
    pub(super) fn last(&self) -> &Group {
        static NONE: Group = Group {
            kind: GroupKind::Statement,
            role: GroupRole::Other,
            first_literal: 0,
            start: 0,
            is_crypt: false,
            element: 0,
            has_password_name: false,
            has_other: false,
            names: Vec::new(),
        };
        self.groups.last().unwrap_or(&NONE)
    }

    /// Opens a group after a piece, before a literal.
    pub(super) fn open(&mut self, kind: GroupKind, before: Option<Piece<'_>>, literal: usize) {
        if self.groups.len() > MAX_DEPTH {
            self.excess += 1;
            return;
        }
        let is_after = |words: &[&str]| matches!(before, Some(Piece::Word(word)) if is_any(word, words));
        let is_in_values = self.groups.iter().any(|group| group.role == GroupRole::Values);
        let begins_values = match self.columns {
            _ if is_in_values || kind == GroupKind::Case => false,
            Columns::Values => is_after(&["VALUES", "VALUE", "ROW"]) || before == Some(Piece::Sign(b',')),
            Columns::Compared => !is_after(&["IN"]) && (is_after(&["ROW"]) || matches!(before, Some(Piece::Sign(_)))),
            Columns::None | Columns::Read | Columns::Selected => false,
        };
        let role = match () {
            () if begins_values => GroupRole::Values,
            () if is_after(&["IN"]) => GroupRole::List,
            () => GroupRole::Other,
        };
        let is_crypt = is_after(&["crypt"]);
        if let Some(group) = self.groups.last_mut() {
            group.has_other = true;
        }
        self.groups.push(Group { kind, role, is_crypt, first_literal: literal, start: literal, ..Group::default() });
    }

    /// Closes a group; returns whether one of this kind is open.
    pub(super) fn close(&mut self, kind: GroupKind) -> bool {
        if self.excess > 0 {
            self.excess -= 1;
            return true;
        }
        // A parenthesis ends all CASE expressions in it.
        let is_open = |group: &Group| group.kind == kind;
        let Some(at) = self.groups.iter().rposition(is_open).filter(|at| *at > 0) else { return false };
        if kind == GroupKind::Case && at + 1 != self.groups.len() {
            return false;
        }
        let closed = self.groups.drain(at..).next().unwrap_or_default();
        if !closed.names.is_empty() && !closed.has_other {
            (self.columns, self.positions) = (Columns::Read, closed.names);
        } else if self.columns == Columns::Compared && matches!(closed.role, GroupRole::List | GroupRole::Values) {
            let is_in_list = self.groups.iter().any(|group| group.role == GroupRole::List);
            if !is_in_list {
                self.columns = Columns::None;
            }
        }
        true
    }

    /// Begins the next element of a list.
    pub(super) fn next_element(&mut self, literal: usize) {
        if let Some(group) = self.groups.last_mut() {
            group.element += 1;
            (group.first_literal, group.has_password_name) = (literal, false);
        }
    }

    /// Begins another expression.
    pub(super) fn begin_expression(&mut self, literal: usize) {
        if let Some(group) = self.groups.last_mut() {
            group.first_literal = literal;
        }
    }

    /// Notes that the element that is being read names a password.
    pub(super) fn note_password_name(&mut self) {
        if let Some(group) = self.groups.last_mut() {
            group.has_password_name = true;
            if group.names.len() < MAX_COLUMNS && group.names.last() != Some(&group.element) {
                group.names.push(group.element);
            }
        }
    }

    /// Notes a piece, for what follows a list of columns.
    pub(super) fn note_piece(&mut self, piece: Piece<'_>) {
        let is = |words: &[&str]| matches!(piece, Piece::Word(word) if is_any(word, words));
        let Some(group) = self.groups.last_mut() else { return };
        group.has_other |= match piece {
            Piece::Literal => true,
            Piece::Word(_) => is(BOUNDARIES),
            Piece::Sign(sign) => !matches!(sign, b'.' | b',' | b'(' | b')'),
        };
        self.columns = match (self.columns, piece) {
            (Columns::Read, Piece::Word(_)) if is(&["VALUES", "VALUE"]) => Columns::Values,
            (Columns::Read, Piece::Word(_)) if is(&["SELECT"]) => Columns::Selected,
            (Columns::Read, Piece::Word(_)) if is(&["IN"]) => Columns::Compared,
            (Columns::Read, Piece::Word(_)) if is(&["NOT", "OVERRIDING", "USER", "SYSTEM", "IS", "DISTINCT"]) => {
                Columns::Read
            }
            (Columns::Read, Piece::Word(_) | Piece::Literal) => Columns::None,
            (Columns::Read, Piece::Sign(b'=' | b'<' | b'>' | b'!')) => Columns::Compared,
            (Columns::Read, Piece::Sign(b'(' | b')')) => Columns::Read,
            (Columns::Read, Piece::Sign(_)) => Columns::None,
            (Columns::Values, Piece::Word(_))
                if is(&["WHERE", "ON", "RETURNING", "SELECT", "WHEN"]) && group.role != GroupRole::Values =>
            {
                Columns::None
            }
            (columns, _) => columns,
        };
        // The list of a query has one value for each column.
        if is(&["SELECT"])
            && (self.columns == Columns::Selected || group.role == GroupRole::List && self.columns == Columns::Compared)
        {
            (group.role, group.element) = (GroupRole::Values, 0);
        } else if is(&["FROM", "WHERE", "UNION", "LIMIT"]) && group.role == GroupRole::Values {
            group.role = GroupRole::Other;
        }
    }

    /// Whether what is being read is the value of a column that is a password.
    pub(super) fn is_in_password_column(&self) -> bool {
        let values = self.groups.iter().rev().find(|group| group.role == GroupRole::Values);
        values.is_some_and(|group| self.positions.contains(&group.element))
    }

    /// Whether a list of arguments or values is being read, other than that of IN.
    pub(super) fn is_in_arguments(&self) -> bool {
        let group = self.last();
        group.kind == GroupKind::Parentheses && group.role != GroupRole::List
    }

    /// The first literal of the arguments of crypt that are being read.
    pub(super) fn first_of_crypt(&self) -> Option<usize> {
        Some(self.last()).filter(|group| group.is_crypt).map(|group| group.start)
    }
}
