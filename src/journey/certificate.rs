//! The certificate of a server: its names and dates, and whether it is that of the requested server.

use super::collected::Certificate;
use super::facts::{self, Fact};
use dissectors::call_facts::FactRole;

/// Returns the certificate among the facts of a frame, if the frame has one.
pub(super) fn read(facts: &[Fact], server_name: Option<&str>, frame: u32) -> Option<Certificate> {
    let subject = facts::best(facts, FactRole::CertificateSubject)?.text.clone();
    let number = |role| facts::best(facts, role).and_then(|fact| fact.number);
    let hosts = || facts.iter().filter(|fact| fact.role == FactRole::CertificateHost).map(|fact| fact.text.as_str());
    let count = hosts().count();
    Some(Certificate {
        frame,
        subject,
        host: hosts().next().unwrap_or_default().to_owned(),
        hosts: count,
        is_of_server: server_name.filter(|_| count > 0).map(|name| hosts().any(|host| is_host(host, name))),
        validity: [number(FactRole::CertificateBegin), number(FactRole::CertificateEnd)],
    })
}

/// Whether a host name of a certificate is that of a server. A wildcard stands for the first label (RFC 9525 6.3).
fn is_host(host: &str, server: &str) -> bool {
    let server = server.trim_end_matches('.');
    match host.strip_prefix("*.") {
        Some(domain) => server.split_once('.').is_some_and(|(_, rest)| rest.eq_ignore_ascii_case(domain)),
        None => host.trim_end_matches('.').eq_ignore_ascii_case(server),
    }
}

#[cfg(test)]
mod tests {
    use super::is_host;

    #[test]
    fn a_wildcard_stands_for_one_label() {
        assert!(is_host("www.a.test", "WWW.a.test.") && is_host("*.a.test", "www.a.test"));
        assert!(!is_host("*.a.test", "a.test") && !is_host("*.a.test", "x.www.a.test") && !is_host("a.test", "b.test"));
    }
}
