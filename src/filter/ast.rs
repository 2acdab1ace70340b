//! What a filter says, as it was written: the tree that the parser makes and the checker reads.

/// Where something stands in the text of a filter, in bytes. Two trees are the same wherever their parts stand.
#[derive(Clone, Copy, Debug, Default)]
pub struct Span {
    /// Its first byte.
    pub start: usize,
    /// The byte after its last.
    pub end: usize,
}

impl Span {
    /// From one to the other.
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

/// A condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// One of them holds: `or`.
    Or(Vec<Condition>),
    /// An odd number of them holds: `xor`.
    Xor(Vec<Condition>),
    /// All of them hold: `and`.
    And(Vec<Condition>),
    /// It does not hold: `not`.
    Not(Box<Condition>),
    /// There is such a value, or it is not zero.
    Test(Operand),
    /// `a < b <= c`: each relation holds between its neighbours.
    Compare {
        /// How many values must be so, where that is written.
        quantifier: Option<Quantifier>,
        /// The leftmost.
        first: Operand,
        /// What follows.
        rest: Vec<(Relation, Operand)>,
    },
    /// `in`: a value is in a set.
    Member {
        /// How many values must be so, where that is written.
        quantifier: Option<Quantifier>,
        /// What may be in the set.
        operand: Operand,
        /// It must not be: `not in`.
        not: bool,
        /// The set.
        set: Vec<Item>,
    },
}

/// How many of several values must be so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantifier {
    /// One or more.
    Any,
    /// All, and there is one.
    All,
}

/// What two operands have to do with each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// `==`: some value is equal.
    Equal,
    /// `===`: all values are equal.
    AllEqual,
    /// `!=`: no value is equal, and there is one.
    Unequal,
    /// `!==`: some value is not equal.
    AnyUnequal,
    /// `<`.
    Less,
    /// `<=`.
    LessOrEqual,
    /// `>`.
    Greater,
    /// `>=`.
    GreaterOrEqual,
    /// `contains`: the one is a part of the other.
    Contains,
    /// `matches`: a regular expression.
    Matches,
}

impl Relation {
    /// The spelling in which it is printed.
    #[must_use]
    pub fn word(self) -> &'static str {
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

/// A member of a set, or a range of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// It, or the first of the range.
    pub low: Operand,
    /// The last of the range.
    pub high: Option<Operand>,
}

/// What stands beside a relation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operand {
    /// Where it stands.
    pub span: Span,
    /// What it is.
    pub what: What,
}

/// The kinds of operands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// A word: a field's name, or a value without quotes.
    Word(String),
    /// A field's name for certain: one that begins with a dot, has `@` before it or layers behind it.
    Field {
        /// The name.
        name: String,
        /// Its bytes as captured are meant: `@`.
        raw: bool,
        /// In which layers of its protocol: `#1`.
        layers: Vec<Range>,
    },
    /// Text in quotes, its escapes undone.
    Text(Vec<u8>),
    /// A character in single quotes.
    Char(char),
    /// Some of the bytes or characters: `[0:3]`.
    Slice(Box<Operand>, Vec<Range>),
    /// A minus sign.
    Negative(Box<Operand>),
    /// Two operands that become one.
    Arithmetic(Operation, Box<Operand>, Box<Operand>),
    /// A function.
    Call {
        /// Its name.
        name: String,
        /// Where that stands.
        span: Span,
        /// What it is given.
        arguments: Vec<Operand>,
    },
}

/// How two operands become one.
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
    /// `&`: the bits that both have.
    And,
}

impl Operation {
    /// The sign in which it is printed.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Operation::Add => "+",
            Operation::Subtract => "-",
            Operation::Multiply => "*",
            Operation::Divide => "/",
            Operation::Remainder => "%",
            Operation::And => "&",
        }
    }

    /// How tightly it binds: the greater, the tighter.
    pub(super) fn strength(self) -> u8 {
        match self {
            Operation::And => 1,
            Operation::Add | Operation::Subtract => 2,
            Operation::Multiply | Operation::Divide | Operation::Remainder => 3,
        }
    }
}

/// A run of places: of bytes from 0, of layers from 1; places below 0 count from the end, -1 being the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Range {
    /// One place: `3`.
    At(i32),
    /// As many places: `3:2`.
    Length(i32, u32),
    /// From one to the other: `3-4`.
    To(i32, i32),
    /// All from there on: `3:`.
    From(i32),
}
