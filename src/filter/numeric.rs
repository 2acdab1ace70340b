//! Numeric expressions: fields, functions and arithmetic whose values are numbers or durations.

use super::ast::{Condition, Operand, Span};
use super::compile::compile;
use super::diagnostic::Diagnostic;
use super::kind::ValueType;
use super::operand::compile_operand;
use super::plan::{Expr, FilterPlan, FilterValue};
use super::{alias, parse};
use dissectors::{Tree, Wants};
use std::ops::ControlFlow;

/// A compiled field, function or arithmetic expression with numeric values.
pub struct NumericExpr {
    /// One alternative for each field that an alias stands for.
    alternatives: Vec<NumericAlternative>,
    is_duration: bool,
}

/// An expression, with the conditions under which it is evaluated.
struct NumericAlternative {
    conditions: Vec<FilterPlan>,
    expr: Expr,
}

impl NumericExpr {
    /// Parses and compiles an expression: `http.time`, `len(body)`, `tcp.len + 1`.
    pub fn new(text: &str) -> Result<NumericExpr, Diagnostic> {
        let all = Span { start: 0, end: text.len() };
        let diagnostic = || Diagnostic::new(all, "expected a field or a function, such as http.time or len(uri)");
        let condition = parse::parse(text)?.condition.filter(|condition| matches!(condition, Condition::Test(_)));
        let alternatives = match condition.map(alias::expand).ok_or_else(diagnostic)? {
            Condition::Or(alternatives) => alternatives,
            only => vec![only],
        };
        let mut numeric = NumericExpr { alternatives: Vec::new(), is_duration: false };
        for alternative in alternatives {
            let mut parts = if let Condition::And(parts) = alternative { parts } else { vec![alternative] };
            // The expression is the last part, after the conditions of its alias.
            let Some(Condition::Test(operand)) = parts.pop() else { return Err(diagnostic()) };
            let conditions = parts.iter().map(compile).collect::<Result<_, _>>()?;
            let expr = numeric.build(&operand, text)?;
            numeric.alternatives.push(NumericAlternative { conditions, expr });
        }
        Ok(numeric)
    }

    fn build(&mut self, operand: &Operand, text: &str) -> Result<Expr, Diagnostic> {
        let (expr, own) = compile_operand(operand, None)?;
        match own.kind {
            ValueType::Integer => Ok(expr),
            ValueType::Duration => {
                self.is_duration = true;
                Ok(expr)
            }
            kind => {
                let message = format!("{}: expected a number or a duration, found {}", text.trim(), kind.description());
                Err(Diagnostic::new(operand.span, message))
            }
        }
    }

    /// Returns whether the values are durations in nanoseconds.
    #[must_use]
    pub fn is_duration(&self) -> bool {
        self.is_duration
    }

    /// Returns the fields that must be recorded to evaluate the expression.
    #[must_use]
    pub fn wants(&self) -> Wants {
        let mut wants = Wants::default();
        for alternative in &self.alternatives {
            alternative.conditions.iter().for_each(|part| part.add_wants(&mut wants));
            alternative.expr.add_wants(&mut wants);
        }
        wants
    }

    /// Visits the values of a frame.
    pub fn for_each_value(&self, tree: &Tree, mut visit: impl FnMut(i128)) {
        for alternative in self
            .alternatives
            .iter()
            .filter(|alternative| alternative.conditions.iter().all(|condition| condition.holds(tree)))
        {
            let _ = alternative.expr.visit_values(tree, &mut |value| {
                if let FilterValue::Number(number) = value {
                    visit(number);
                }
                ControlFlow::Continue(())
            });
        }
    }
}
