//! The step of the security handshake.

use super::{Statement, Step, StepKind};
use crate::journey::collected::Collected;
use crate::journey::datagram::DatagramTransport;
use crate::journey::facts;
use crate::journey::text::{between, count, date, list, quote};
use dissectors::call_facts::ExplainedStep;

/// Returns the handshake between TCP and the call, for the first call on the connection.
pub(super) fn step(collected: &Collected) -> Option<Step> {
    let secure = &collected.secure;
    if secure.protocol.is_empty() && secure.alerts.is_empty() || !collected.is_first() {
        return None;
    }
    let mut statements = transport(&collected.transport);
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
            add(format!("Protocol above: {}{of} (ALPN).", quote(name)), vec![secure.offer, *frame]);
        }
        (None, []) => {}
        (None, offered) => {
            let offered: Vec<String> = offered.iter().map(|name| quote(name)).collect();
            add(format!("The client offers {} (ALPN).", list(&offered)), vec![secure.offer]);
        }
    }
    if let Some(frame) = secure.resumed {
        add("The keys of an earlier handshake are used again (resumption).".into(), vec![frame]);
    }
    match secure.early_data {
        [Some(offer), Some(accept)] => {
            let text =
                "The client offers early data before the handshake is complete (0-RTT), and the server accepts it.";
            add(text.into(), vec![offer, accept]);
        }
        [Some(offer), None] => {
            let (answer, frames) = match secure.early_data_rejected {
                Some(rejection) => (", and the server rejects it: it reads none of it", vec![offer, rejection]),
                None => ("; no acceptance was captured", vec![offer]),
            };
            let text = format!("The client offers early data before the handshake is complete (0-RTT){answer}.");
            add(text, frames);
        }
        [None, _] => {}
    }
    if let Some(certificate) = &secure.certificate {
        let dates = match certificate.validity {
            [Some(begin), Some(end)] => format!(", valid from {} to {}", date(begin), date(end)),
            _ => String::new(),
        };
        let more = match certificate.hosts {
            0 => String::new(),
            1 if certificate.subject == certificate.host => String::new(),
            1 => format!(", for the host {}", quote(&certificate.host)),
            hosts => format!(" ({}, among them {})", count(hosts as u64, "host name"), quote(&certificate.host)),
        };
        let text = format!("The certificate is issued to {}{more}{dates}.", quote(&certificate.subject));
        add(text, vec![certificate.frame]);
    }
    let lasts = secure.first.frame > 0;
    let is_complete = collected.has_complete_handshake();
    if lasts {
        let transport = match collected.transport.name() {
            "" => String::new(),
            name => format!("{name} and "),
        };
        let took = match is_complete {
            true => format!("took {}", between(secure.first.time, secure.last.time)),
            false => "did not complete".to_owned(),
        };
        let frames = secure.frames.iter().map(|(frame, _)| *frame).chain([secure.first.frame]);
        add(format!("The {transport}{} handshake {took}.", secure.protocol), frames.collect());
    }
    for alert in &secure.alerts {
        let level = if alert.level.is_empty() { String::new() } else { format!(" ({})", quote(&alert.level)) };
        let text = format!("The {} sends an alert: {}{level}.", alert.side.name(), quote(&alert.reason));
        statements.push(Statement::new(text, [alert.at.frame]));
    }
    statements.extend(super::connect::moves(collected));
    let explanation = facts::explanation(collected.transport.filter_name, ExplainedStep::Handshake)
        .or_else(|| facts::explanation(secure.filter_name, ExplainedStep::Handshake))
        .or_else(|| facts::any_explanation(ExplainedStep::Handshake));
    let exchange = collected.exchange();
    let halves = [exchange.request, exchange.response].into_iter().flatten().filter(|_| !is_complete);
    let end = halves.map(|half| half.last.time).chain([secure.last.time]).max().unwrap_or(secure.last.time);
    let span = lasts.then_some((secure.first.time, end));
    Some(super::step(StepKind::Secure, span, statements, explanation.unwrap_or_default()))
}

/// Returns what a transport in datagrams did to open the connection.
fn transport(transport: &DatagramTransport) -> Vec<Statement> {
    let name = transport.name();
    let mut statements = Vec::new();
    if let Some(frame) = transport.version_negotiation {
        let offered: Vec<String> = transport.offered_versions.iter().map(|version| quote(version)).collect();
        let text = format!(
            "The server does not have the version of {name} that the client began with, and offers versions {}.",
            list(&offered)
        );
        statements.push(Statement::new(text, [frame]));
    }
    if let Some(frame) = transport.address_check {
        let text =
            "The server makes the client begin again with a token (Retry), to verify its address: a round trip more.";
        statements.push(Statement::new(text, [frame]));
    }
    if let Some((version, frame)) = &transport.version {
        statements
            .push(Statement::new(format!("The connection is one of {name}, version {}.", quote(version)), [*frame]));
    }
    statements
}
