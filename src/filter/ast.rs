//! The syntax tree of a filter: built by the parser, read by the compiler.

/// Byte range in the text of a filter. All spans compare equal, so that syntax trees compare by content.
#[derive(Clone, Copy, Debug, Default)]
pub struct Span {
    /// Offset of the first byte.
    pub start: usize,
    /// Offset after the last byte.
    pub end: usize,
}

impl Span {
    /// Returns the span from the start of `self` to the end of `end`.
    pub(super) fn to(self, end: Span) -> Span {
        Span { start: self.start, end: end.end }
    }
}

impl PartialEq for Span {
    fn eq(&self, _: &Span) -> bool {
        true
    }
}

impl Eq for Span {}

/// A condition: true or false for a frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// True if any part holds: `or`.
    Or(Vec<Condition>),
    /// True if an odd number of parts holds: `xor`.
    Xor(Vec<Condition>),
    /// True if all parts hold: `and`.
    And(Vec<Condition>),
    /// True if the part does not hold: `not`.
    Not(Box<Condition>),
    /// An operand alone: true if the field is present, or the result of arithmetic is not zero.
    Test(Operand),
    /// `a < b <= c`: each relation must hold between its two neighbours.
    Compare {
        /// `any` or `all`, if written.
        quantifier: Option<Quantifier>,
        /// Leftmost operand.
        first: Operand,
        /// Relations with their right operands.
        rest: Vec<(Relation, Operand)>,
    },
    /// `in`: set membership.
    Member {
        /// `any` or `all`, if written.
        quantifier: Option<Quantifier>,
        /// Operand whose values are searched in the set.
        operand: Operand,
        /// Whether it is written `not in`.
        not: bool,
        /// Members of the set.
        set: Vec<SetItem>,
    },
}

/// How many of several values must satisfy a relation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantifier {
    /// At least one value.
    Any,
    /// All values, and at least one.
    All,
}

/// A relation between two operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// `==`: any value is equal.
    Equal,
    /// `===`: all values are equal.
    AllEqual,
    /// `!=`: all values differ, and there is at least one.
    Unequal,
    /// `!==`: any value differs.
    AnyUnequal,
    /// `<`.
    Less,
    /// `<=`.
    LessOrEqual,
    /// `>`.
    Greater,
    /// `>=`.
    GreaterOrEqual,
    /// `contains`: the right operand occurs in the left one.
    Contains,
    /// `matches`: the regular expression on the right matches the left operand.
    Matches,
}

impl Relation {
    /// Returns the canonical spelling.
    #[must_use]
    pub fn symbol(self) -> &'static str {
        match self {
            Relation::Equal => "==",
            Relation::AllEqual => "===",
            Relation::Unequal => "!=",
            Relation::AnyUnequal => "!==",
            Relation::Less => "<",
            Relation::LessOrEqual => "<=",
            Relation::Greater => ">",
            Relation::GreaterOrEqual => ">=",
            Relation::Contains => "contains",
            Relation::Matches => "matches",
        }
    }
}

/// A member of a set: a value or a range of values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetItem {
    /// The value, or the lower bound of the range.
    pub low: Operand,
    /// Upper bound of the range, included.
    pub high: Option<Operand>,
}

/// An operand of a relation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operand {
    /// Its position in the filter.
    pub span: Span,
    /// Its kind and content.
    pub kind: OperandKind,
}

/// Kind of an operand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OperandKind {
    /// A word: the name of a field, or a value without quotes.
    Word(String),
    /// An unambiguous field: its name has a dot or `@` in front, or a layer after it.
    Field {
        /// Field name.
        name: String,
        /// Whether `@` selects the raw bytes of the field.
        raw: bool,
        /// Selected layers of its protocol: `#1`.
        layers: Vec<IndexRange>,
    },
    /// Text in double quotes, escapes decoded.
    Text(Vec<u8>),
    /// A character in single quotes.
    Char(char),
    /// A slice of bytes or characters: `[0:3]`.
    Slice(Box<Operand>, Vec<IndexRange>),
    /// Negation: a minus sign before an operand.
    Negative(Box<Operand>),
    /// An arithmetic operation on two operands.
    Arithmetic(Operation, Box<Operand>, Box<Operand>),
    /// A function call.
    Call {
        /// Function name.
        name: String,
        /// Position of the name.
        span: Span,
        /// Arguments.
        arguments: Vec<Operand>,
    },
}

/// Arithmetic operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// `+`.
    Add,
    /// `-`.
    Subtract,
    /// `*`.
    Multiply,
    /// `/`.
    Divide,
    /// `%`.
    Remainder,
    /// `&`: bitwise and.
    And,
}

impl Operation {
    /// Returns the operator's symbol.
    #[must_use]
    pub fn symbol(self) -> &'static str {
        match self {
            Operation::Add => "+",
            Operation::Subtract => "-",
            Operation::Multiply => "*",
            Operation::Divide => "/",
            Operation::Remainder => "%",
            Operation::And => "&",
        }
    }

    /// Returns the precedence: a higher number binds tighter.
    pub(super) fn precedence(self) -> u8 {
        match self {
            Operation::And => 1,
            Operation::Add | Operation::Subtract => 2,
            Operation::Multiply | Operation::Divide | Operation::Remainder => 3,
        }
    }
}

/// A range of indices: bytes and characters count from 0, layers from 1. A negative index counts from the end; -1 is
/// the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IndexRange {
    /// A single index: `3`.
    Single(i32),
    /// A start and a length: `3:2`.
    Length(i32, u32),
    /// The first and the last index, included: `3-4`.
    To(i32, i32),
    /// All indices from a start: `3:`.
    From(i32),
}
