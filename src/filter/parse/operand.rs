//! Operands: values, fields with their layers, slices, arithmetic, functions.

use super::super::ast::{Operand, Operation, Range, Span, What};
use super::super::fault::Fault;
use super::super::lex::Token;
use super::{OPERATORS, Parser};

/// As many signs of arithmetic and slices as one operand may have.
const SIGNS: usize = 400;

impl Parser {
    pub(super) fn operand(&mut self) -> Result<Operand, Fault> {
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
