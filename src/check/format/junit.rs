//! Findings as JUnit XML: one test suite per capture, one test case per check. The output has neither times nor a host
//! name, so that equal findings give equal bytes.

use super::{CheckOutcome, Finding, count, failure_lines, group_by_capture};
use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};
use std::io;

/// Formats the document.
pub(super) fn render(findings: &[Finding]) -> String {
    let mut writer = Writer::new_with_indent(Vec::new(), b' ', 2);
    // Writing to a vector cannot fail.
    let _ = write_document(findings, &mut writer);
    let mut out = String::from_utf8(writer.into_inner()).unwrap_or_default();
    out.push('\n');
    out
}

/// Writes the document.
fn write_document(findings: &[Finding], writer: &mut Writer<Vec<u8>>) -> io::Result<()> {
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let numbers = |findings: &[Finding]| {
        [
            ("tests", findings.len().to_string()),
            ("failures", count(findings, CheckOutcome::Fails).to_string()),
            ("errors", count(findings, CheckOutcome::Unreadable).to_string()),
        ]
    };
    let all = numbers(findings);
    let mut suites = writer.create_element("testsuites").with_attribute(("name", "overhear"));
    for (name, number) in &all {
        suites = suites.with_attribute((*name, number.as_str()));
    }
    suites.write_inner_content(|writer| {
        for findings in group_by_capture(findings) {
            let capture = findings.first().map_or("", |finding| &finding.capture);
            let numbers = numbers(findings);
            let mut suite = writer.create_element("testsuite").with_attribute(("name", capture));
            for (name, number) in &numbers {
                suite = suite.with_attribute((*name, number.as_str()));
            }
            suite.write_inner_content(|writer| findings.iter().try_for_each(|finding| write_case(finding, writer)))?;
        }
        Ok(())
    })?;
    Ok(())
}

/// Writes a test case.
fn write_case(finding: &Finding, writer: &mut Writer<Vec<u8>>) -> io::Result<()> {
    let Finding { name, capture, found, rule, .. } = finding;
    let case = writer.create_element("testcase");
    let case = case.with_attribute(("name", name.as_str())).with_attribute(("classname", capture.as_str()));
    let outcome = match finding.outcome {
        CheckOutcome::Holds => return case.write_empty().map(drop),
        CheckOutcome::Fails => "failure",
        CheckOutcome::Unreadable => "error",
    };
    let lines: String = failure_lines(finding).iter().map(|(label, line)| format!("\n{label:8}{line}")).collect();
    case.write_inner_content(|writer| {
        let element = writer.create_element(outcome).with_attribute(("message", found.as_str()));
        element.with_attribute(("type", rule.as_str())).write_text_content(BytesText::new(&lines)).map(drop)
    })?;
    Ok(())
}
