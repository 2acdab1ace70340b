//! Steps of a journey: what happened, in order, each statement with its frames.

mod close;
mod connect;
mod lookup;
mod message;
mod secure;

pub(super) use close::close_reason;

use super::collected::Collected;
use super::model::{Statement, Step, StepKind};
use dissectors::call_facts::StatusMeaning;
use dissectors::session::Half;

/// Returns the steps of a call.
pub(super) fn steps(collected: &Collected) -> Vec<Step> {
    let steps = [
        lookup::step(collected),
        connect::step(collected),
        secure::step(collected),
        connect::reuse(collected),
        message::step(collected, Half::Request),
        message::wait(collected),
        message::step(collected, Half::Response),
        upgrade(collected),
        close::step(collected),
    ];
    steps.into_iter().flatten().collect()
}

/// Returns the change of protocol that the call made.
fn upgrade(collected: &Collected) -> Option<Step> {
    let exchange = collected.exchange();
    if super::facts::meaning(exchange) != Some(StatusMeaning::Upgrade) {
        return None;
    }
    let response = exchange.response?;
    let name = collected.message(Half::Response).and_then(|message| message.header("upgrade"));
    let text = match name {
        Some(name) => format!("The connection continues with {}.", super::text::quote(name)),
        None => "The connection continues with another protocol.".to_owned(),
    };
    let explanation = "The response allows the change, and the bytes after it are of the new protocol. The connection, its \
                       ports and its keys stay the same (RFC 9110 7.8).";
    Some(step(StepKind::Upgrade, None, vec![Statement::new(text, [response.last.frame])], explanation))
}

fn step(kind: StepKind, span: Option<(i64, i64)>, statements: Vec<Statement>, explanation: &str) -> Step {
    Step { kind, span, statements, explanation: explanation.to_owned() }
}
