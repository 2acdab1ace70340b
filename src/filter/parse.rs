//! Text to tree. From loose to tight: `or`, `xor`, `and`, `not`, relations, `&`, `+ -`, `* / %`, minus, slices.

use super::ast::{Condition, Item, Operand, Operation, Quantifier, Range, Relation, Span, What};
use super::fault::Fault;
use super::lex::{Placed, Token, tokens};

/// As deep as conditions and operands may be nested.
const DEPTH: usize = 100;

/// As many signs of arithmetic and slices as one operand may have.
const SIGNS: usize = 400;

/// A filter as it was written.
#[derive(Debug)]
pub(super) struct Parsed {
    /// None of an empty filter.
    pub(super) condition: Option<Condition>,
    /// What is odd about the spelling.
    pub(super) remarks: Vec<Fault>,
}

/// Reads a filter.
pub(super) fn parse(filter: &str) -> Result<Parsed, Fault> {
    let mut parser = Parser { tokens: tokens(filter)?, at: 0, depth: 0, signs: 0, remarks: Vec::new() };
    if parser.peek() == &Token::End {
        return Ok(Parsed { condition: None, remarks: Vec::new() });
    }
    let condition = parser.or()?;
    match parser.peek() {
        Token::End => Ok(Parsed { condition: Some(condition), remarks: parser.remarks }),
        _ => Err(parser.unexpected()),
    }
}

struct Parser {
    tokens: Vec<Placed>,
    at: usize,
    depth: usize,
    /// Signs and slices of the present operand.
    signs: usize,
    remarks: Vec<Fault>,
}

/// Words that are operators and cannot be values.
#[rustfmt::skip] // A word a line would be 20 lines.
const OPERATORS: [&str; 21] = [
    "and", "or", "xor", "not", "eq", "ne", "gt", "lt", "ge", "le", "contains", "matches", "in", "all_eq", "any_eq",
    "all_ne", "any_ne", "any", "all", "bitwise_and", "bitand",
];

impl Parser {
    fn peek(&self) -> &Token {
        self.ahead(0)
    }

    fn ahead(&self, by: usize) -> &Token {
        self.tokens.get(self.at + by).map_or(&Token::End, |placed| &placed.token)
    }

    fn span(&self) -> Span {
        self.tokens.get(self.at).or(self.tokens.last()).map_or(Span::default(), |placed| placed.span)
    }

    /// Where the last token stood that was taken.
    fn last(&self) -> Span {
        self.at.checked_sub(1).and_then(|at| self.tokens.get(at)).map_or(Span::default(), |placed| placed.span)
    }

    fn skip(&mut self) {
        self.at += 1;
    }

    fn is_sign(&self, sign: &str) -> bool {
        matches!(self.peek(), Token::Sign(here) if *here == sign)
    }

    fn is_word(&self, word: &str) -> bool {
        matches!(self.peek(), Token::Word(here) if here == word)
    }

    /// Takes an operator in either spelling, if it comes next.
    fn takes(&mut self, sign: &str, word: &str) -> bool {
        let found = self.is_sign(sign) || self.is_word(word);
        if found {
            self.skip();
        }
        found
    }

    fn deeper<T>(&mut self, read: impl FnOnce(&mut Parser) -> Result<T, Fault>) -> Result<T, Fault> {
        if self.depth == DEPTH {
            return Err(Fault::new(self.span(), format!("it is nested more than {DEPTH} deep")));
        }
        self.depth += 1;
        let result = read(self);
        self.depth -= 1;
        result
    }

    /// Conditions with the same operator between them.
    fn joined(
        &mut self,
        (sign, word): (&str, &str),
        part: fn(&mut Parser) -> Result<Condition, Fault>,
        join: fn(Vec<Condition>) -> Condition,
    ) -> Result<Condition, Fault> {
        let first = part(self)?;
        let mut parts = vec![first];
        while self.takes(sign, word) {
            parts.push(part(self)?);
        }
        match <[Condition; 1]>::try_from(parts) {
            Ok([only]) => Ok(only),
            Err(parts) => Ok(join(parts)),
        }
    }

    fn or(&mut self) -> Result<Condition, Fault> {
        self.deeper(|parser| parser.joined(("||", "or"), Parser::xor, Condition::Or))
    }

    fn xor(&mut self) -> Result<Condition, Fault> {
        self.joined(("^^", "xor"), Parser::and, Condition::Xor)
    }

    fn and(&mut self) -> Result<Condition, Fault> {
        self.joined(("&&", "and"), Parser::not, Condition::And)
    }

    fn not(&mut self) -> Result<Condition, Fault> {
        if self.takes("!", "not") {
            return self.deeper(|parser| Ok(Condition::Not(Box::new(parser.not()?))));
        }
        if self.is_sign("(") {
            self.skip();
            let inner = self.or()?;
            self.close(")")?;
            return match self.relation() {
                Some(_) => Err(Fault::new(self.span(), "a condition in ( ) has no value; { } group arithmetic")),
                None => Ok(inner),
            };
        }
        self.relations()
    }

    fn close(&mut self, sign: &str) -> Result<(), Fault> {
        if !self.is_sign(sign) {
            return Err(match self.peek() {
                Token::End => Fault::new(self.span(), format!("the filter ends, and {sign} is missing")),
                _ => self.unexpected(),
            });
        }
        self.skip();
        Ok(())
    }

    /// An operand alone, or with what it is related to.
    fn relations(&mut self) -> Result<Condition, Fault> {
        let quantifier = match self.peek() {
            Token::Word(word) if word == "any" => Some(Quantifier::Any),
            Token::Word(word) if word == "all" => Some(Quantifier::All),
            _ => None,
        };
        if quantifier.is_some() {
            self.skip();
        }
        let first = self.operand()?;
        let not = self.is_word("not") && matches!(self.ahead(1), Token::Word(word) if word == "in");
        if not || self.is_word("in") {
            self.at += if not { 2 } else { 1 };
            let set = self.set()?;
            return Ok(Condition::Member { quantifier, operand: first, not, set });
        }
        let mut rest = Vec::new();
        while let Some(relation) = self.relation() {
            if self.is_sign("~=") {
                let message = "~= is deprecated: !== says the same, some value differs; != says that all do";
                self.remarks.push(Fault::new(self.span(), message));
            }
            self.skip();
            if relation == Relation::Matches && !matches!(self.peek(), Token::Text(_) | Token::End) {
                return Err(Fault::new(self.span(), "matches wants a regular expression in double quotes"));
            }
            rest.push((relation, self.operand()?));
        }
        match (rest.is_empty(), quantifier) {
            (false, _) => Ok(Condition::Compare { quantifier, first, rest }),
            (true, None) => Ok(Condition::Test(first)),
            (true, Some(_)) => Err(Fault::new(self.span(), "after any or all comes a field and a relation")),
        }
    }

    /// The relation that comes next, not taken yet.
    fn relation(&self) -> Option<Relation> {
        let word = match self.peek() {
            Token::Word(word) => word.as_str(),
            Token::Sign(sign) => sign,
            _ => return None,
        };
        Some(match word {
            "==" | "eq" | "any_eq" => Relation::Equal,
            "===" | "all_eq" => Relation::AllEqual,
            "!=" | "ne" | "all_ne" => Relation::Unequal,
            "!==" | "~=" | "any_ne" => Relation::AnyUnequal,
            "<" | "lt" => Relation::Less,
            "<=" | "le" => Relation::LessOrEqual,
            ">" | "gt" => Relation::Greater,
            ">=" | "ge" => Relation::GreaterOrEqual,
            "contains" => Relation::Contains,
            "matches" | "~" => Relation::Matches,
            _ => return None,
        })
    }

    fn set(&mut self) -> Result<Vec<Item>, Fault> {
        if !self.is_sign("{") {
            return Err(Fault::new(self.span(), "in wants a set: { } with commas between the values"));
        }
        self.skip();
        let mut items = Vec::new();
        loop {
            let low = self.operand()?;
            let high = if self.is_sign("..") {
                self.skip();
                Some(self.operand()?)
            } else {
                None
            };
            items.push(Item { low, high });
            match self.peek() {
                Token::Sign(",") => self.skip(),
                Token::Sign("}") => {
                    self.skip();
                    return Ok(items);
                }
                Token::Word(_) | Token::Text(_) | Token::Char(_) => {
                    return Err(Fault::new(self.span(), "values in a set have commas between them"));
                }
                _ => self.close("}")?,
            }
        }
    }

    fn operand(&mut self) -> Result<Operand, Fault> {
        self.signs = 0;
        self.arithmetic(1)
    }

    /// Arithmetic whose signs bind at least so tightly.
    fn arithmetic(&mut self, least: u8) -> Result<Operand, Fault> {
        let mut left = self.sliced()?;
        while let Some(operation) = self.operation().filter(|operation| operation.strength() >= least) {
            self.count_sign()?;
            self.skip();
            let right = self.arithmetic(operation.strength() + 1)?;
            let span = left.span.to(right.span);
            left = Operand { span, what: What::Arithmetic(operation, Box::new(left), Box::new(right)) };
        }
        Ok(left)
    }

    fn operation(&self) -> Option<Operation> {
        Some(match self.peek() {
            Token::Sign("+") => Operation::Add,
            Token::Sign("-") => Operation::Subtract,
            Token::Sign("*") => Operation::Multiply,
            Token::Sign("/") => Operation::Divide,
            Token::Sign("%") => Operation::Remainder,
            Token::Sign("&") => Operation::And,
            Token::Word(word) if word == "bitwise_and" || word == "bitand" => Operation::And,
            _ => return None,
        })
    }

    fn count_sign(&mut self) -> Result<(), Fault> {
        self.signs += 1;
        match self.signs > SIGNS {
            true => Err(Fault::new(self.span(), format!("an operand has more than {SIGNS} signs"))),
            false => Ok(()),
        }
    }

    /// An operand and the slices behind it.
    fn sliced(&mut self) -> Result<Operand, Fault> {
        let mut operand = self.plain()?;
        while let Token::Brackets(text) = self.peek() {
            let ranges = ranges(text, self.span())?;
            self.count_sign()?;
            let span = operand.span.to(self.span());
            self.skip();
            operand = Operand { span, what: What::Slice(Box::new(operand), ranges) };
        }
        Ok(operand)
    }

    fn plain(&mut self) -> Result<Operand, Fault> {
        let span = self.span();
        let what = match self.peek().clone() {
            Token::Word(word) if OPERATORS.contains(&word.as_str()) => return Err(self.unexpected()),
            Token::Word(word) => {
                self.skip();
                return self.named(word, span);
            }
            Token::Text(bytes) => What::Text(bytes),
            Token::Char(char) => What::Char(char),
            Token::Sign("-") => {
                self.count_sign()?;
                self.skip();
                let inner = self.deeper(Parser::sliced)?;
                return Ok(Operand { span: span.to(inner.span), what: What::Negative(Box::new(inner)) });
            }
            Token::Sign("+") => {
                self.count_sign()?;
                self.skip();
                return self.deeper(Parser::sliced);
            }
            Token::Sign("{") => {
                self.skip();
                let inner = self.deeper(|parser| parser.arithmetic(1))?;
                self.close("}")?;
                return Ok(Operand { span: span.to(self.last()), ..inner });
            }
            Token::Sign("@") => {
                self.skip();
                return match self.peek().clone() {
                    Token::Word(name) => {
                        self.skip();
                        self.field(name, true, span)
                    }
                    _ => Err(Fault::new(span, "after @ comes the name of a field, whose bytes are meant")),
                };
            }
            _ => return Err(self.unexpected()),
        };
        self.skip();
        Ok(Operand { span, what })
    }

    /// What begins with a word: a call, a field with its layers, or just the word.
    fn named(&mut self, word: String, span: Span) -> Result<Operand, Fault> {
        if self.is_sign("(") && self.span().start == span.end {
            self.skip();
            let arguments = self.deeper(Parser::arguments)?;
            return Ok(Operand { span: span.to(self.last()), what: What::Call { name: word, span, arguments } });
        }
        match word.strip_prefix('.') {
            Some("") => Err(Fault::new(span, "after . comes the name of a field")),
            Some(name) => self.field(name.to_owned(), false, span),
            None if self.is_sign("#") => self.field(word, false, span),
            None => Ok(Operand { span, what: What::Word(word) }),
        }
    }

    fn arguments(&mut self) -> Result<Vec<Operand>, Fault> {
        let mut arguments = Vec::new();
        if self.is_sign(")") {
            self.skip();
            return Ok(arguments);
        }
        loop {
            arguments.push(self.arithmetic(1)?);
            if self.is_sign(",") {
                self.skip();
                continue;
            }
            self.close(")")?;
            return Ok(arguments);
        }
    }

    /// A field whose name was taken, with the layers behind it.
    fn field(&mut self, name: String, raw: bool, span: Span) -> Result<Operand, Fault> {
        let mut layers = Vec::new();
        if self.is_sign("#") {
            self.skip();
            layers = match self.peek() {
                Token::Word(number) => {
                    ranges(number, Span { start: self.span().start.saturating_sub(1), ..self.span() })?
                }
                Token::Brackets(text) => ranges(text, self.span())?,
                _ => return Err(Fault::new(self.span(), "after # comes the number of a layer: #1, #[1-2]")),
            };
            self.skip();
        }
        Ok(Operand { span: span.to(self.last()), what: What::Field { name, raw, layers } })
    }

    /// What to say of the token that comes next and should not.
    fn unexpected(&self) -> Fault {
        let span = self.span();
        let message = match self.peek() {
            Token::End => "the filter ends where something is missing".to_owned(),
            Token::Sign("$") => "macros and references to fields ($name, ${name}) are not known here".to_owned(),
            Token::Sign("=") => "= alone means nothing: == compares".to_owned(),
            Token::Sign("|") => "| alone means nothing: || or the word or".to_owned(),
            Token::Sign("/") => "/ was not expected here; text with a slash is written in quotes".to_owned(),
            Token::Sign("(") => "( was not expected here: ( ) group conditions, { } arithmetic".to_owned(),
            Token::Sign(sign) => format!("{sign} was not expected here"),
            Token::Word(word) if is_operator_in_capitals(word) => {
                format!("operators are in small letters: {}", word.to_lowercase())
            }
            Token::Word(word) if self.at > 0 && !OPERATORS.contains(&word.as_str()) => {
                format!("{word} was not expected here: and, or, or a relation is missing before it")
            }
            Token::Word(word) => format!("{word} was not expected here"),
            Token::Text(_) => "text was not expected here".to_owned(),
            Token::Char(_) => "a character was not expected here".to_owned(),
            Token::Brackets(_) => "a slice stands behind a field or a function".to_owned(),
        };
        Fault::new(span, message)
    }
}

fn is_operator_in_capitals(word: &str) -> bool {
    let small = word.to_lowercase();
    small != word && OPERATORS.contains(&small.as_str())
}

/// The ranges that stand in brackets, which stand at `span`.
fn ranges(text: &str, span: Span) -> Result<Vec<Range>, Fault> {
    let mut start = span.start + 1;
    let mut ranges = Vec::new();
    for part in text.split(',') {
        let place = Span { start, end: start + part.len().max(1) };
        start += part.len() + 1;
        ranges.push(range(part.trim()).map_err(|message| Fault::new(place, message))?);
    }
    Ok(ranges)
}

fn range(text: &str) -> Result<Range, String> {
    if text.is_empty() {
        return Err("a range is missing: 3, 3:2 (two from 3), 3-4, 3: or :3".into());
    }
    let wrong = || format!("{text} is no range: 3, 3:2 (two from 3), 3-4, 3: and :3 are");
    let number = |text: &str| text.trim().parse::<i32>().map_err(|_| wrong());
    if let Some((from, length)) = text.split_once(':') {
        let from = if from.trim().is_empty() { 0 } else { number(from)? };
        return match (length.trim(), number(length)) {
            ("", _) => Ok(Range::From(from)),
            (_, Ok(length @ 1..)) => Ok(Range::Length(from, length.unsigned_abs())),
            (_, Ok(_)) => Err(format!("{text} is no range: its length is not above zero")),
            (_, Err(message)) => Err(message),
        };
    }
    // The first sign may belong to the first number.
    let minus = text.char_indices().skip(1).find(|&(_, char)| char == '-').map(|(at, _)| at);
    match minus.and_then(|at| text.split_at_checked(at)) {
        Some((from, to)) => {
            let (from, to) = (number(from)?, number(to.strip_prefix('-').unwrap_or(to))?);
            match from > to && (from < 0) == (to < 0) {
                true => Err(format!("{text} is no range: {from} comes after {to}")),
                false => Ok(Range::To(from, to)),
            }
        }
        None => number(text).map(Range::At),
    }
}
