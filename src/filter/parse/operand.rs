//! Parses operands: values, fields with their layers, slices, arithmetic, functions.

use super::super::ast::{IndexRange, Operand, OperandKind, Operation, Span};
use super::super::diagnostic::Diagnostic;
use super::super::lex::Token;
use super::{OPERATORS, Parser};

/// Maximum number of arithmetic operators and slices in one operand.
const MAX_OPERATORS: usize = 400;

impl Parser {
    pub(super) fn operand(&mut self) -> Result<Operand, Diagnostic> {
        self.operator_count = 0;
        self.arithmetic(1)
    }

    /// Parses arithmetic with operators of at least this precedence.
    fn arithmetic(&mut self, least: u8) -> Result<Operand, Diagnostic> {
        let mut left = self.operand_with_slices()?;
        while let Some(operation) = self.peek_operation().filter(|operation| operation.precedence() >= least) {
            self.count_operator()?;
            self.advance();
            let right = self.arithmetic(operation.precedence() + 1)?;
            let span = left.span.to(right.span);
            left = Operand { span, kind: OperandKind::Arithmetic(operation, Box::new(left), Box::new(right)) };
        }
        Ok(left)
    }

    fn peek_operation(&self) -> Option<Operation> {
        Some(match self.peek() {
            Token::Symbol("+") => Operation::Add,
            Token::Symbol("-") => Operation::Subtract,
            Token::Symbol("*") => Operation::Multiply,
            Token::Symbol("/") => Operation::Divide,
            Token::Symbol("%") => Operation::Remainder,
            Token::Symbol("&") => Operation::And,
            Token::Word(word) if word == "bitwise_and" || word == "bitand" => Operation::And,
            _ => return None,
        })
    }

    fn count_operator(&mut self) -> Result<(), Diagnostic> {
        self.operator_count += 1;
        match self.operator_count > MAX_OPERATORS {
            true => Err(Diagnostic::new(self.span(), format!("an operand has more than {MAX_OPERATORS} operators"))),
            false => Ok(()),
        }
    }

    /// Parses an operand and the slices after it.
    fn operand_with_slices(&mut self) -> Result<Operand, Diagnostic> {
        let mut operand = self.primary()?;
        while let Token::Brackets(text) = self.peek() {
            let ranges = parse_ranges(text, self.span())?;
            self.count_operator()?;
            let span = operand.span.to(self.span());
            self.advance();
            operand = Operand { span, kind: OperandKind::Slice(Box::new(operand), ranges) };
        }
        Ok(operand)
    }

    fn primary(&mut self) -> Result<Operand, Diagnostic> {
        let span = self.span();
        let kind = match self.peek().clone() {
            Token::Word(word) if OPERATORS.contains(&word.as_str()) => return Err(self.unexpected_token()),
            Token::Word(word) => {
                self.advance();
                return self.call_or_field(word, span);
            }
            Token::Text(bytes) => OperandKind::Text(bytes),
            Token::Char(char) => OperandKind::Char(char),
            Token::Symbol("-") => {
                self.count_operator()?;
                self.advance();
                let inner = self.nested(Parser::operand_with_slices)?;
                return Ok(Operand { span: span.to(inner.span), kind: OperandKind::Negative(Box::new(inner)) });
            }
            Token::Symbol("+") => {
                self.count_operator()?;
                self.advance();
                return self.nested(Parser::operand_with_slices);
            }
            Token::Symbol("{") => {
                self.advance();
                let inner = self.nested(|parser| parser.arithmetic(1))?;
                self.expect_symbol("}")?;
                return Ok(Operand { span: span.to(self.last_span()), ..inner });
            }
            Token::Symbol("@") => {
                self.advance();
                return match self.peek().clone() {
                    Token::Word(name) => {
                        self.advance();
                        self.field(name, true, span)
                    }
                    _ => Err(Diagnostic::new(span, "expected a field name after @")),
                };
            }
            _ => return Err(self.unexpected_token()),
        };
        self.advance();
        Ok(Operand { span, kind })
    }

    /// Parses what follows a word: a call, a field with its layers, or just the word.
    fn call_or_field(&mut self, word: String, span: Span) -> Result<Operand, Diagnostic> {
        if self.is_symbol("(") && self.span().start == span.end {
            self.advance();
            let arguments = self.nested(Parser::arguments)?;
            return Ok(Operand {
                span: span.to(self.last_span()),
                kind: OperandKind::Call { name: word, span, arguments },
            });
        }
        match word.strip_prefix('.') {
            Some("") => Err(Diagnostic::new(span, "expected a field name after .")),
            Some(name) => self.field(name.to_owned(), false, span),
            None if self.is_symbol("#") => self.field(word, false, span),
            None => Ok(Operand { span, kind: OperandKind::Word(word) }),
        }
    }

    fn arguments(&mut self) -> Result<Vec<Operand>, Diagnostic> {
        let mut arguments = Vec::new();
        if self.is_symbol(")") {
            self.advance();
            return Ok(arguments);
        }
        loop {
            arguments.push(self.arithmetic(1)?);
            if self.is_symbol(",") {
                self.advance();
                continue;
            }
            self.expect_symbol(")")?;
            return Ok(arguments);
        }
    }

    /// Parses the layers after the name of a field.
    fn field(&mut self, name: String, raw: bool, span: Span) -> Result<Operand, Diagnostic> {
        let mut layers = Vec::new();
        if self.is_symbol("#") {
            self.advance();
            layers = match self.peek() {
                Token::Word(number) => {
                    parse_ranges(number, Span { start: self.span().start.saturating_sub(1), ..self.span() })?
                }
                Token::Brackets(text) => parse_ranges(text, self.span())?,
                _ => return Err(Diagnostic::new(self.span(), "expected a layer number after #, such as #1 or #[1-2]")),
            };
            self.advance();
        }
        Ok(Operand { span: span.to(self.last_span()), kind: OperandKind::Field { name, raw, layers } })
    }
}

/// Parses the ranges in brackets; `span` is the position of the brackets.
fn parse_ranges(text: &str, span: Span) -> Result<Vec<IndexRange>, Diagnostic> {
    let mut start = span.start + 1;
    let mut ranges = Vec::new();
    for part in text.split(',') {
        let span = Span { start, end: start + part.len().max(1) };
        start += part.len() + 1;
        ranges.push(parse_range(part.trim()).map_err(|message| Diagnostic::new(span, message))?);
    }
    Ok(ranges)
}

fn parse_range(text: &str) -> Result<IndexRange, String> {
    if text.is_empty() {
        return Err("expected a range: 3, 3:2 (two from 3), 3-4, 3: or :3".into());
    }
    let invalid = || format!("invalid range {text}: expected 3, 3:2 (two from 3), 3-4, 3: or :3");
    let number = |text: &str| text.trim().parse::<i32>().map_err(|_| invalid());
    if let Some((from, length)) = text.split_once(':') {
        let from = if from.trim().is_empty() { 0 } else { number(from)? };
        return match (length.trim(), number(length)) {
            ("", _) => Ok(IndexRange::From(from)),
            (_, Ok(length @ 1..)) => Ok(IndexRange::Length(from, length.unsigned_abs())),
            (_, Ok(_)) => Err(format!("invalid range {text}: the length must be positive")),
            (_, Err(message)) => Err(message),
        };
    }
    // A leading minus sign belongs to the first number.
    let minus = text.char_indices().skip(1).find(|&(_, char)| char == '-').map(|(at, _)| at);
    match minus.and_then(|at| text.split_at_checked(at)) {
        Some((from, to)) => {
            let (from, to) = (number(from)?, number(to.strip_prefix('-').unwrap_or(to))?);
            match from > to && (from < 0) == (to < 0) {
                true => Err(format!("invalid range {text}: {from} is after {to}")),
                false => Ok(IndexRange::To(from, to)),
            }
        }
        None => number(text).map(IndexRange::Single),
    }
}
