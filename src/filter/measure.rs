//! What can be measured: fields and functions whose values are numbers or lengths of time.

use super::ast::{Condition, Span};
use super::fault::Fault;
use super::kind::Type;
use super::operand::build;
use super::plan::{Expr, Val};
use super::{parse, sugar};
use dissectors::{Tree, Wants};
use std::ops::ControlFlow;

/// A field, a function or arithmetic, made ready to be measured.
pub struct Measure {
    expr: Expr,
    is_duration: bool,
}

impl Measure {
    /// Reads and checks what stands left of a bound: `http.time`, `len(body)`, `tcp.len + 1`.
    pub fn new(text: &str) -> Result<Measure, Fault> {
        let fault = |span| Fault::new(span, "a field or a function was wanted, such as http.time or len(uri)");
        let all = Span { start: 0, end: text.len() };
        let condition = parse::parse(text)?.condition.map(sugar::expand);
        let Some(Condition::Test(operand)) = condition else { return Err(fault(all)) };
        let (expr, like) = build(&operand, None)?;
        match like.kind {
            Type::Integer => Ok(Measure { expr, is_duration: false }),
            Type::Duration => Ok(Measure { expr, is_duration: true }),
            kind => Err(Fault::new(
                operand.span,
                format!("{} is {}; a number or a duration was wanted", text.trim(), kind.words()),
            )),
        }
    }

    /// Whether its values are nanoseconds.
    #[must_use]
    pub fn is_duration(&self) -> bool {
        self.is_duration
    }

    /// The fields that must be recorded for it.
    #[must_use]
    pub fn wants(&self) -> Wants {
        let mut wants = Wants::default();
        self.expr.want(&mut wants);
        wants
    }

    /// Visits its values.
    pub fn each(&self, tree: &Tree, mut visit: impl FnMut(i128)) {
        let _ = self.expr.each(tree, &mut |value| {
            if let Val::Number(number) = value {
                visit(number);
            }
            ControlFlow::Continue(())
        });
    }
}
