//! The parser. Precedence from low to high: `or`, `xor`, `and`, `not`, relations, `&`, `+ -`, `* / %`, minus, slices.

mod operand;

use super::ast::{Condition, Quantifier, Relation, SetItem, Span};
use super::diagnostic::Diagnostic;
use super::lex::{SpannedToken, Token, tokens};
use crate::naming;

/// Maximum nesting depth of conditions and operands.
const MAX_DEPTH: usize = 100;

/// A parsed filter.
#[derive(Debug)]
pub(super) struct ParsedFilter {
    /// The condition; none if the filter is empty.
    pub(super) condition: Option<Condition>,
    /// Warnings about deprecated syntax.
    pub(super) warnings: Vec<Diagnostic>,
}

/// Parses a filter.
pub(super) fn parse(filter: &str) -> Result<ParsedFilter, Diagnostic> {
    let mut parser = Parser { tokens: tokens(filter)?, position: 0, depth: 0, operator_count: 0, warnings: Vec::new() };
    if parser.peek() == &Token::End {
        return Ok(ParsedFilter { condition: None, warnings: Vec::new() });
    }
    let condition = parser.or()?;
    match parser.peek() {
        Token::End => Ok(ParsedFilter { condition: Some(condition), warnings: parser.warnings }),
        _ => Err(parser.unexpected_token()),
    }
}

struct Parser {
    tokens: Vec<SpannedToken>,
    position: usize,
    depth: usize,
    /// Number of operators and slices in the current operand.
    operator_count: usize,
    warnings: Vec<Diagnostic>,
}

/// Words that are operators and cannot be values.
#[rustfmt::skip] // One word per line would need 20 lines.
const OPERATORS: [&str; 21] = [
    "and", "or", "xor", "not", "eq", "ne", "gt", "lt", "ge", "le", "contains", "matches", "in", "all_eq", "any_eq",
    "all_ne", "any_ne", "any", "all", "bitwise_and", "bitand",
];

impl Parser {
    fn peek(&self) -> &Token {
        self.peek_at(0)
    }

    fn peek_at(&self, by: usize) -> &Token {
        self.tokens.get(self.position + by).map_or(&Token::End, |placed| &placed.token)
    }

    fn span(&self) -> Span {
        self.tokens.get(self.position).or(self.tokens.last()).map_or(Span::default(), |placed| placed.span)
    }

    /// Returns the position of the last consumed token.
    fn last_span(&self) -> Span {
        self.position.checked_sub(1).and_then(|at| self.tokens.get(at)).map_or(Span::default(), |placed| placed.span)
    }

    fn advance(&mut self) {
        self.position += 1;
    }

    fn is_symbol(&self, sign: &str) -> bool {
        matches!(self.peek(), Token::Symbol(here) if *here == sign)
    }

    fn is_word(&self, word: &str) -> bool {
        matches!(self.peek(), Token::Word(here) if here == word)
    }

    /// Consumes an operator in either spelling, if it is next.
    fn accept(&mut self, sign: &str, word: &str) -> bool {
        let found = self.is_symbol(sign) || self.is_word(word);
        if found {
            self.advance();
        }
        found
    }

    fn nested<T>(&mut self, read: impl FnOnce(&mut Parser) -> Result<T, Diagnostic>) -> Result<T, Diagnostic> {
        if self.depth == MAX_DEPTH {
            return Err(Diagnostic::new(self.span(), format!("nested more than {MAX_DEPTH} levels deep")));
        }
        self.depth += 1;
        let result = read(self);
        self.depth -= 1;
        result
    }

    /// Parses conditions joined by the same operator.
    fn join_conditions(
        &mut self,
        (sign, word): (&str, &str),
        part: fn(&mut Parser) -> Result<Condition, Diagnostic>,
        join: fn(Vec<Condition>) -> Condition,
    ) -> Result<Condition, Diagnostic> {
        let first = part(self)?;
        let mut parts = vec![first];
        while self.accept(sign, word) {
            parts.push(part(self)?);
        }
        match <[Condition; 1]>::try_from(parts) {
            Ok([only]) => Ok(only),
            Err(parts) => Ok(join(parts)),
        }
    }

    fn or(&mut self) -> Result<Condition, Diagnostic> {
        self.nested(|parser| parser.join_conditions(("||", "or"), Parser::xor, Condition::Or))
    }

    fn xor(&mut self) -> Result<Condition, Diagnostic> {
        self.join_conditions(("^^", "xor"), Parser::and, Condition::Xor)
    }

    fn and(&mut self) -> Result<Condition, Diagnostic> {
        self.join_conditions(("&&", "and"), Parser::not, Condition::And)
    }

    fn not(&mut self) -> Result<Condition, Diagnostic> {
        if self.accept("!", "not") {
            return self.nested(|parser| Ok(Condition::Not(Box::new(parser.not()?))));
        }
        if self.is_symbol("(") {
            self.advance();
            let inner = self.or()?;
            self.expect_symbol(")")?;
            return match self.peek_relation() {
                Some(_) => Err(Diagnostic::new(
                    self.span(),
                    "a condition in ( ) has no value to compare; use { } to group arithmetic",
                )),
                None => Ok(inner),
            };
        }
        self.relations()
    }

    fn expect_symbol(&mut self, sign: &str) -> Result<(), Diagnostic> {
        if !self.is_symbol(sign) {
            return Err(match self.peek() {
                Token::End => Diagnostic::new(self.span(), format!("unexpected end of filter: expected {sign}")),
                _ => self.unexpected_token(),
            });
        }
        self.advance();
        Ok(())
    }

    /// Parses an operand alone, or with its relations.
    fn relations(&mut self) -> Result<Condition, Diagnostic> {
        let quantifier = match self.peek() {
            Token::Word(word) if word == "any" => Some(Quantifier::Any),
            Token::Word(word) if word == "all" => Some(Quantifier::All),
            _ => None,
        };
        if quantifier.is_some() {
            self.advance();
        }
        let first = self.operand()?;
        let not = self.is_word("not") && matches!(self.peek_at(1), Token::Word(word) if word == "in");
        if not || self.is_word("in") {
            self.position += if not { 2 } else { 1 };
            let set = self.set()?;
            return Ok(Condition::Member { quantifier, operand: first, not, set });
        }
        let mut rest = Vec::new();
        while let Some(relation) = self.peek_relation() {
            if self.is_symbol("~=") {
                let message = "~= is deprecated: use !== (any value differs) or != (all values differ)";
                self.warnings.push(Diagnostic::new(self.span(), message));
            }
            self.advance();
            if relation == Relation::Matches && !matches!(self.peek(), Token::Text(_) | Token::End) {
                return Err(Diagnostic::new(self.span(), "expected a regular expression in double quotes"));
            }
            rest.push((relation, self.operand()?));
        }
        match (rest.is_empty(), quantifier) {
            (false, _) => Ok(Condition::Compare { quantifier, first, rest }),
            (true, None) => Ok(Condition::Test(first)),
            (true, Some(_)) => Err(Diagnostic::new(self.span(), "expected a field and a comparison after any or all")),
        }
    }

    /// Returns the next relation without consuming it.
    fn peek_relation(&self) -> Option<Relation> {
        let word = match self.peek() {
            Token::Word(word) => word.as_str(),
            Token::Symbol(sign) => sign,
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

    fn set(&mut self) -> Result<Vec<SetItem>, Diagnostic> {
        if !self.is_symbol("{") {
            return Err(Diagnostic::new(self.span(), "expected a set after in: { } with values separated by commas"));
        }
        self.advance();
        let mut items = Vec::new();
        loop {
            let low = self.operand()?;
            let high = if self.is_symbol("..") {
                self.advance();
                Some(self.operand()?)
            } else {
                None
            };
            items.push(SetItem { low, high });
            match self.peek() {
                Token::Symbol(",") => self.advance(),
                Token::Symbol("}") => {
                    self.advance();
                    return Ok(items);
                }
                Token::Word(_) | Token::Text(_) | Token::Char(_) => {
                    return Err(Diagnostic::new(self.span(), "expected a comma between the values of a set"));
                }
                _ => self.expect_symbol("}")?,
            }
        }
    }

    /// Returns the error for an unexpected next token.
    fn unexpected_token(&self) -> Diagnostic {
        let span = self.span();
        let message = match self.peek() {
            Token::End => "unexpected end of filter: expected a field or a value".to_owned(),
            Token::Symbol("$") => return self.unexpected_dollar(),
            Token::Symbol("=") => "unexpected =: use == to compare".to_owned(),
            Token::Symbol("|") => "unexpected |: use || or the word or".to_owned(),
            Token::Symbol("/") => "unexpected /: quote text that has a slash".to_owned(),
            Token::Symbol("(") => "unexpected (: ( ) group conditions, { } group arithmetic".to_owned(),
            Token::Symbol(sign) => format!("unexpected {sign}"),
            Token::Word(word) if is_operator_in_capitals(word) => {
                format!("operators are lower case: use {}", word.to_lowercase())
            }
            Token::Word(word) if self.position > 0 && !OPERATORS.contains(&word.as_str()) => {
                format!("unexpected {word}: expected and, or, or a comparison before it")
            }
            Token::Word(word) => format!("unexpected {word}"),
            Token::Text(_) => "unexpected text".to_owned(),
            Token::Char(_) => "unexpected character literal".to_owned(),
            Token::Brackets(_) => "unexpected slice: a slice follows a field or a function".to_owned(),
        };
        Diagnostic::new(span, message)
    }

    /// Returns the error for a dollar sign as the next token.
    fn unexpected_dollar(&self) -> Diagnostic {
        let braces = usize::from(self.peek_at(1) == &Token::Symbol("{"));
        let (Token::Word(word), Some(last)) = (self.peek_at(1 + braces), self.tokens.get(self.position + 1 + braces))
        else {
            return Diagnostic::new(self.span(), "unexpected $: macros are not supported");
        };
        let name = word.split(':').next().unwrap_or_default();
        let message = match naming::find(name) {
            Some(_) => format!("references to the selected frame are not supported: {name}"),
            None => format!("macros are not supported: replace {name} with its definition"),
        };
        let end = last.span.start + name.len();
        Diagnostic::new(Span { end, ..self.span() }, message)
    }
}

/// Returns whether a word is an operator.
pub(super) fn is_operator(word: &str) -> bool {
    OPERATORS.contains(&word)
}

fn is_operator_in_capitals(word: &str) -> bool {
    let lower = word.to_lowercase();
    lower != word && OPERATORS.contains(&lower.as_str())
}
