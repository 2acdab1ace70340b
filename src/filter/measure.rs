//! What can be measured: fields and functions whose values are numbers or lengths of time.

use super::ast::{Condition, Operand, Span};
use super::check::check;
use super::fault::Fault;
use super::kind::Type;
use super::operand::build;
use super::plan::{Expr, Plan, Val};
use super::{parse, sugar};
use dissectors::{Tree, Wants};
use std::ops::ControlFlow;

/// A field, a function or arithmetic, made ready to be measured.
pub struct Measure {
    /// A short word may stand for several fields.
    ways: Vec<Way>,
    is_duration: bool,
}

/// What is measured, and what must hold where it is.
struct Way {
    when: Vec<Plan>,
    expr: Expr,
}

impl Measure {
    /// Reads and checks what stands left of a bound: `http.time`, `len(body)`, `tcp.len + 1`.
    pub fn new(text: &str) -> Result<Measure, Fault> {
        let all = Span { start: 0, end: text.len() };
        let fault = || Fault::new(all, "a field or a function was wanted, such as http.time or len(uri)");
        let condition = parse::parse(text)?.condition.filter(|condition| matches!(condition, Condition::Test(_)));
        let ways = match condition.map(sugar::expand).ok_or_else(fault)? {
            Condition::Or(ways) => ways,
            only => vec![only],
        };
        let mut measure = Measure { ways: Vec::new(), is_duration: false };
        for way in ways {
            let mut parts = if let Condition::And(parts) = way { parts } else { vec![way] };
            // The word itself comes last, behind what makes it mean that.
            let Some(Condition::Test(operand)) = parts.pop() else { return Err(fault()) };
            let when = parts.iter().map(check).collect::<Result<_, _>>()?;
            let expr = measure.build(&operand, text)?;
            measure.ways.push(Way { when, expr });
        }
        Ok(measure)
    }

    fn build(&mut self, operand: &Operand, text: &str) -> Result<Expr, Fault> {
        let (expr, like) = build(operand, None)?;
        match like.kind {
            Type::Integer => Ok(expr),
            Type::Duration => {
                self.is_duration = true;
                Ok(expr)
            }
            kind => {
                let message = format!("{} is {}; a number or a duration was wanted", text.trim(), kind.words());
                Err(Fault::new(operand.span, message))
            }
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
        for way in &self.ways {
            way.when.iter().for_each(|part| part.want(&mut wants));
            way.expr.want(&mut wants);
        }
        wants
    }

    /// Visits its values.
    pub fn each(&self, tree: &Tree, mut visit: impl FnMut(i128)) {
        for way in self.ways.iter().filter(|way| way.when.iter().all(|part| part.holds(tree))) {
            let _ = way.expr.each(tree, &mut |value| {
                if let Val::Number(number) = value {
                    visit(number);
                }
                ControlFlow::Continue(())
            });
        }
    }
}
