//! Text to tree. From loose to tight: `or`, `xor`, `and`, `not`, relations, `&`, `+ -`, `* / %`, minus, slices.

mod operand;

use super::ast::{Condition, Item, Quantifier, Relation, Span};
use super::fault::Fault;
use super::lex::{Placed, Token, tokens};
use crate::naming;

/// As deep as conditions and operands may be nested.
const DEPTH: usize = 100;

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

    /// What to say of the token that comes next and should not.
    fn unexpected(&self) -> Fault {
        let span = self.span();
        let message = match self.peek() {
            Token::End => "the filter ends where something is missing".to_owned(),
            Token::Sign("$") => return self.dollar(),
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

    /// What to say of a dollar sign, which comes next.
    fn dollar(&self) -> Fault {
        let braces = usize::from(self.ahead(1) == &Token::Sign("{"));
        let (Token::Word(word), Some(last)) = (self.ahead(1 + braces), self.tokens.get(self.at + 1 + braces)) else {
            return Fault::new(self.span(), "$ begins the name of a macro, and macros are not known here");
        };
        let name = word.split(':').next().unwrap_or_default();
        let message = match naming::find(name) {
            Some(_) => format!("{name} of a selected frame is meant, and no frame is selected here"),
            None => format!("{name} is a macro, and macros are not known here: write what it stands for"),
        };
        let end = last.span.start + name.len();
        Fault::new(Span { end, ..self.span() }, message)
    }
}

fn is_operator_in_capitals(word: &str) -> bool {
    let small = word.to_lowercase();
    small != word && OPERATORS.contains(&small.as_str())
}
