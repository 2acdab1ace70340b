//! The step of the security handshake.

use super::{Statement, Step, StepKind, side_name};
use crate::journey::collected::Collected;
use crate::journey::facts;
use crate::journey::text::{between, count, date, list, quote};
use dissectors::call_facts::ExplainedStep;

/// Returns the handshake between TCP and the call, for the first call on the connection.
pub(super) fn step(collected: &Collected) -> Option<Step> {
    let secure = &collected.secure;
    if secure.protocol.is_empty() && secure.alerts.is_empty() || !collected.is_first() {
        return None;
    }
    let mut statements = Vec::new();
    let mut add = |text: String, frames: Vec<u32>| statements.push(Statement::new(text, frames));
    if let Some((name, frame)) = &secure.server_name {
        add(format!("The client names the server it wants: {} (SNI).", quote(name)), vec![*frame]);
    }
    let version = secure.version.as_ref();
    if let Some((version, frame)) = version {
        let cipher = secure.cipher.as_ref().map_or(String::new(), |(cipher, _)| format!(" with {}", quote(cipher)));
        add(format!("The server selects {}{cipher}.", quote(version)), vec![*frame]);
    }
    match (&secure.application_protocol, secure.offered_protocols.as_slice()) {
        (Some((name, frame)), offered) => {
            let offered: Vec<String> = offered.iter().map(|name| quote(name)).collect();
            let of = if offered.is_empty() { String::new() } else { format!(" of {}", list(&offered)) };
            add(format!("Protocol above: {}{of} (ALPN).", quote(name)), vec![secure.first.frame, *frame]);
        }
        (None, []) => {}
        (None, offered) => {
            let offered: Vec<String> = offered.iter().map(|name| quote(name)).collect();
            add(format!("The client offers {} (ALPN).", list(&offered)), vec![secure.first.frame]);
        }
    }
    if let Some(frame) = secure.resumed {
        add("The keys of an earlier handshake are used again (resumption).".into(), vec![frame]);
    }
    match secure.early_data {
        [Some(offer), Some(accept)] => {
            let text =
                "The client sends early data before the handshake is complete (0-RTT), and the server accepts it.";
            add(text.into(), vec![offer, accept]);
        }
        [Some(offer), None] => {
            let text =
                "The client offers early data before the handshake is complete (0-RTT); no acceptance was captured.";
            add(text.into(), vec![offer]);
        }
        [None, _] => {}
    }
    if let Some(certificate) = &secure.certificate {
        let dates = match certificate.validity {
            [Some(begin), Some(end)] => format!(", valid from {} to {}", date(begin), date(end)),
            _ => String::new(),
        };
        let more = if certificate.hosts > 1 {
            format!(" ({})", count(certificate.hosts as u64, "host name"))
        } else {
            String::new()
        };
        let text = format!("The certificate is issued to {}{more}{dates}.", quote(&certificate.subject));
        add(text, vec![certificate.frame]);
    }
    let lasts = secure.first.frame > 0;
    if lasts {
        add(
            format!("The {} handshake took {}.", secure.protocol, between(secure.first.time, secure.last.time)),
            secure.frames.clone(),
        );
    }
    for alert in &secure.alerts {
        let text = format!(
            "The {} sends an alert: {} ({}).",
            side_name(alert.side),
            quote(&alert.reason),
            quote(&alert.level)
        );
        statements.push(Statement::new(text, [alert.at.frame]));
    }
    let explanation = facts::explanation(secure.filter_name, ExplainedStep::Handshake)
        .or_else(|| facts::any_explanation(ExplainedStep::Handshake));
    let span = lasts.then_some((secure.first.time, secure.last.time));
    Some(super::step(StepKind::Secure, span, statements, explanation.unwrap_or_default()))
}
