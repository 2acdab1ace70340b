//! Sequence analysis and connections on reused ports: conversations written out, with the values of tshark 4.4.

use crate::common::{Segment, events, pcap, print_fields};
use crate::{common, streams};
use dissectors::session::Side;
use overhear::analysis::{Event, Task};

/// Returns these fields of each frame of a conversation in the notation of `streams`.
fn fields(talk: &str, names: &[&str]) -> Vec<String> {
    let packets: Vec<_> = talk.lines().map(streams::packet).collect();
    print_fields(&packets, names)
}

/// Returns the numbers of the frames that have one of these fields.
fn frames_with(talk: &str, names: &[&str]) -> Vec<usize> {
    let rows = fields(talk, names).into_iter().enumerate();
    rows.filter(|(_, row)| row.chars().any(|c| c != '|')).map(|(nth, _)| nth + 1).collect()
}

const OPEN: &str = "> S 0\n< SA 0 1\n> A 1 1\n";

#[test]
fn a_syn_after_a_reset_begins_a_stream() {
    let talk = format!("> S 0\n< RA 0 1\n{OPEN}> PA 1 1 10\n< PA 1 11 20\n> A 11 21");
    assert_eq!(fields(&talk, &["tcp.stream"]), ["0", "0", "1", "1", "1", "1", "1", "1"]);
    assert_eq!(frames_with(&talk, &["tcp.analysis.reused_ports"]), [3]);
    assert_eq!(frames_with(&talk, &["tcp.analysis.flags"]), [3]);
    assert_eq!(fields(&talk, &["tcp.completeness"]), ["37", "37", "15", "15", "15", "15", "15", "15"]);
}

#[test]
fn the_same_first_number_after_both_fins_begins_a_stream() {
    let talk = format!("{OPEN}> FA 1 1\n< FA 1 2\n> A 2 2\n{OPEN}> PA 1 1 10");
    let streams: Vec<_> = fields(&talk, &["tcp.stream"]);
    assert_eq!(streams, ["0", "0", "0", "0", "0", "0", "1", "1", "1", "1"]);
    assert_eq!(frames_with(&talk, &["tcp.analysis.flags"]), [7]);
    assert_eq!(frames_with(&talk, &["tcp.analysis.reused_ports"]), [7]);
}

#[test]
fn a_syn_ack_with_another_number_begins_a_stream() {
    let talk = "> S 0\n< SA 5000 1\n< SA 0 1\n> A 1 1\n> PA 1 1 10\n< PA 1 11 20";
    assert_eq!(fields(talk, &["tcp.stream"]), ["0", "0", "1", "1", "1", "1"]);
    assert_eq!(frames_with(talk, &["tcp.analysis.flags"]), [3]);
}

#[test]
fn a_syn_that_is_sent_again_begins_no_stream() {
    let talk = format!("> S 0\n{OPEN}> PA 1 1 10");
    assert_eq!(fields(&talk, &["tcp.stream"]), ["0"; 5]);
    assert_eq!(frames_with(&talk, &["tcp.analysis.retransmission"]), [2]);
    assert_eq!(frames_with(&talk, &["tcp.analysis.out_of_order"]), [0; 0]);
}

#[test]
fn an_accepted_zero_window_probe_counts_as_data() {
    let probe = format!("{OPEN}< PA 1 1 10\n> A 1 11 0 0\n< A 11 1 1\n");
    let names = ["tcp.analysis.lost_segment", "tcp.analysis.ack_lost_segment"];
    let with_window = format!("{probe}> A 1 12 0 8000\n< PA 12 1 100\n> A 1 112");
    assert_eq!(frames_with(&with_window, &names), [0; 0]);
    assert_eq!(frames_with(&with_window, &["tcp.analysis.window_update"]), [7]);
    let without_window = format!("{probe}> A 1 12 0 0\n< PA 12 1 100\n> A 1 112");
    assert_eq!(frames_with(&without_window, &names), [0; 0]);
    assert_eq!(frames_with(&without_window, &["tcp.analysis.zero_window_probe_ack"]), [7]);
    let with_data = format!("{probe}> PA 1 12 7 8000\n< PA 12 8 100\n> A 8 112");
    assert_eq!(frames_with(&with_data, &names), [0; 0]);
    assert_eq!(frames_with(&with_data, &["tcp.analysis.window_update"]), [7]);
}

#[test]
fn a_gap_is_reported_by_one_acknowledgment() {
    let talk =
        format!("{OPEN}> PA 1 1 80\n> A 81 151\n> PA 81 151 80\n< PA 151 161 150\n> PA 161 301 80\n< PA 301 241 9");
    assert_eq!(frames_with(&talk, &["tcp.analysis.ack_lost_segment"]), [5]);
    assert_eq!(frames_with(&talk, &["tcp.analysis.lost_segment"]), [7]);
}

#[test]
fn an_acknowledgment_of_a_part_names_its_segment() {
    let talk = format!("{OPEN}> PA 1 1 100\n< A 1 50\n> PA 101 1 10\n< A 1 111");
    let names = ["tcp.analysis.acks_frame", "tcp.analysis.partial_ack"];
    let rows = fields(&talk, &names);
    assert_eq!(rows[4..], ["4|1", "|", "6|"]);
}

#[test]
fn the_acknowledgment_of_a_syn_ack_that_was_sent_again_refers_to_its_first_copy() {
    let rows = fields("> S 0\n< SA 0 1\n< SA 0 1\n> A 1 1", &["tcp.analysis.acks_frame", "tcp.analysis.ack_rtt"]);
    assert_eq!(rows, ["|", "1|0.001000000", "|", "2|0.002000000"]);
}

#[test]
fn a_retransmission_refers_to_the_oldest_segment_from_its_number_on() {
    let talk = format!("{OPEN}> PA 1 1 100\n> PA 101 1 100\n> PA 51 1 100\n> PA 51 1 20\n> PA 1 1 150\n> PA 1 1 10");
    assert_eq!(frames_with(&talk, &["tcp.analysis.out_of_order"]), [6]);
    let rows = fields(&talk, &["tcp.analysis.rto_frame"]);
    assert_eq!(rows[6..], ["5", "4", "4"]);
}

#[test]
fn the_text_of_a_reset_is_not_stream_data() {
    let mut packets: Vec<_> = format!("{OPEN}> PA 1 1 10\n< PA 1 11 30").lines().map(streams::packet).collect();
    let (flags, seq, ack) = (common::RST | common::ACK, 4_294_967_031, 7_011);
    packets.push(Segment { from_client: false, flags, seq, ack, data: b"No cookie for you".to_vec() }.packet());
    let names = ["tcp.reset_cause", "tcp.payload", "frame.protocols"];
    assert_eq!(print_fields(&packets, &names)[5], "No cookie for you||ip:tcp");
    let follow = Task { streams: true, ..Task::default() };
    let bytes = events(pcap(common::IPV4, &packets), follow).into_iter().find_map(|event| match event {
        Event::Stream(stream) => Some(stream.sides[Side::Server as usize].bytes),
        _ => None,
    });
    assert_eq!(bytes, Some(30));
}
