//! `export qlog`, read by an independent reader: its events are those that tshark shows of the same captures.

use qlog::events::EventData;
use qlog::events::quic::{PacketHeader, PacketType, QuicFrame};
use qlog::reader::{Event, QlogSeqReader};
use std::process::Command;

/// The events of a capture.
fn events(name: &str, options: &[&str]) -> Vec<qlog::events::Event> {
    events_of(&format!("fixtures/{name}.pcapng"), name, options)
}

/// The events of the capture in a file.
fn events_of(capture: &str, name: &str, options: &[&str]) -> Vec<qlog::events::Event> {
    let folder = tempfile::tempdir().expect("room");
    let file = folder.path().join("out.sqlog");
    let mut program = Command::new(env!("CARGO_BIN_EXE_overhear"));
    let status =
        program.args(["export", "qlog", capture]).args(options).arg("-o").arg(&file).output().expect("it runs");
    assert!(status.status.success(), "{}", String::from_utf8_lossy(&status.stderr));
    let text = std::fs::read(&file).expect("a file");
    let reader = QlogSeqReader::new(Box::new(std::io::Cursor::new(text.clone()))).expect("a header");
    assert_eq!(reader.qlog.file_schema, "urn:ietf:params:qlog:file:sequential");
    let events: Vec<_> = reader
        .map(|event| if let Event::Qlog(event) = event { event } else { unreachable!("{name}: not an event of QUIC") })
        .collect();
    // RFC 7464: a separator before each record, and the reader skips none.
    assert_eq!(text.iter().filter(|&&byte| byte == 0x1e).count(), events.len() + 1, "{name}");
    // The frames of this capture are not in the order of time.
    let is_ordered = events.windows(2).all(|pair| pair[0].time <= pair[1].time);
    assert!(is_ordered || name == "http3/download-reordered", "{name}: in the order of time");
    events
}

/// The packets among events: whether the client sent it, its header, and its frames.
fn packets(events: &[qlog::events::Event]) -> Vec<(bool, &PacketHeader, &[QuicFrame])> {
    let mut found = Vec::new();
    for event in events {
        match &event.data {
            EventData::QuicPacketSent(packet) => {
                found.push((true, &packet.header, packet.frames.as_deref().unwrap_or_default()));
            }
            EventData::QuicPacketReceived(packet) => {
                found.push((false, &packet.header, packet.frames.as_deref().unwrap_or_default()));
            }
            _ => {}
        }
    }
    found
}

#[test]
fn every_capture_of_quic_is_read_by_an_independent_reader() {
    let mut count = 0;
    for folder in ["quic", "http3"] {
        for entry in std::fs::read_dir(format!("fixtures/{folder}")).expect("a folder").flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if let Some(name) = name.strip_suffix(".pcapng") {
                count += packets(&events(&format!("{folder}/{name}"), &[])).len();
            }
        }
    }
    assert!(count > 500, "{count}");
}

#[test]
fn packets_have_the_numbers_and_frames_that_tshark_shows() {
    // tshark 4.0 of frames 10 to 17 (udp.stream 1): packet numbers, and what they acknowledge.
    let events = events("http3/closes", &["udp.stream == 1"]);
    let found = packets(&events);
    let row = |&(is_client, header, frames): &(bool, &PacketHeader, &[QuicFrame])| {
        let acked = frames.iter().find_map(|frame| match frame {
            QuicFrame::Ack { acked_ranges, .. } => acked_ranges.as_ref().and_then(|ranges| Some(ranges.first()?.end)),
            _ => None,
        });
        (is_client, header.packet_number.expect("it is decrypted"), acked)
    };
    let rows: Vec<_> = found.iter().map(row).collect();
    let (client, server) = (true, false);
    let expected = [
        (client, 0, None),
        (server, 0, Some(0)),
        (server, 1, None),
        (server, 2, None),
        (client, 1, Some(0)),
        (client, 2, Some(1)),
        (client, 3, Some(2)),
        (server, 3, None),
        (client, 4, None),
        (server, 4, Some(4)),
        (client, 5, Some(4)),
        (client, 6, None),
    ];
    assert_eq!(rows, expected);
    let types: Vec<_> = found.iter().map(|(_, header, _)| header.packet_type.clone()).collect();
    assert_eq!(types[..4], [PacketType::Initial, PacketType::Initial, PacketType::Handshake, PacketType::OneRtt]);
    let names: Vec<_> = events.iter().map(|event| &event.data).collect();
    assert!(matches!(names[0], EventData::QuicConnectionStarted(started) if started.local.port_v4 == Some(50_001)));
    assert!(matches!(names[names.len() - 1], EventData::QuicConnectionClosed(_)));
    let is_close = |frame: &QuicFrame| matches!(frame, QuicFrame::ConnectionClose { error_code: Some(256), .. });
    assert!(found[11].2.iter().any(is_close));
}

#[test]
fn the_end_of_a_connection_states_whose_code_it_has() {
    // tshark 4.4: quic.cc.error_code.app is 258 and 256 in frames 9 and 17, quic.cc.error_code is 376 (an alert, 0x178) in frame 19.
    let events = events("http3/closes", &[]);
    let closed = events.iter().filter_map(|event| match &event.data {
        EventData::QuicConnectionClosed(closed) => {
            Some((closed.application_error.is_some(), closed.connection_error.is_some(), closed.error_code))
        }
        _ => None,
    });
    let expected = [(true, false, Some(258)), (true, false, Some(256)), (false, true, Some(376))];
    assert_eq!(closed.collect::<Vec<_>>(), expected);
}

#[test]
fn versions_parameters_and_key_updates_are_events() {
    // tshark 4.4 of frames 1 and 2: tls.quic.parameter.*, quic.version.
    let events_of_get = events("http3/get", &[]);
    let parameters: Vec<_> = events_of_get
        .iter()
        .filter_map(|event| if let EventData::QuicParametersSet(set) = &event.data { Some(set) } else { None })
        .collect();
    let numbers = |at: usize| (parameters[at].max_idle_timeout, parameters[at].initial_max_streams_bidi);
    assert_eq!((parameters.len(), numbers(0), numbers(1)), (2, (Some(60_000), Some(128)), (Some(60_000), Some(128))));
    assert!(parameters[0].original_destination_connection_id.is_none());
    assert!(
        parameters[1].original_destination_connection_id.is_some() && parameters[1].stateless_reset_token.is_some()
    );
    let versions = |events: &[qlog::events::Event]| {
        let of = |event: &qlog::events::Event| match &event.data {
            EventData::QuicVersionInformation(information) => Some(information.clone()),
            _ => None,
        };
        events.iter().filter_map(of).collect::<Vec<_>>()
    };
    let chosen = versions(&events_of_get);
    assert_eq!((chosen.len(), chosen[0].chosen_version.as_deref()), (1, Some("00000001")));
    // The server offers versions 1 and 2 in frame 2, after 0x1a2a3a4a in frame 1 (tshark 4.4: quic.supported_version).
    let refused = versions(&events("http3/version-negotiation", &[]));
    let offered = refused[0].server_versions.as_ref().expect("versions of the server");
    assert_eq!(offered.iter().map(|version| &**version).collect::<Vec<_>>(), ["00000001", "6b3343cf"]);
    assert_eq!(refused[0].client_versions.as_ref().expect("a version").len(), 1);
    assert_eq!((refused.len(), refused[1].chosen_version.as_deref()), (2, Some("00000001")));
    let updated = events("http3/key-update", &[]);
    let is_update = |event: &&qlog::events::Event| matches!(event.data, EventData::QuicKeyUpdated(_));
    assert_eq!(updated.iter().filter(is_update).count(), 6, "three of each side (tshark 4.4: quic.key_phase)");
}

#[test]
fn packets_that_are_not_decrypted_have_what_their_headers_show() {
    let events = events("http3/no-keys", &[]);
    let found = packets(&events);
    let short: Vec<_> = found.iter().filter(|(_, header, _)| header.packet_type == PacketType::OneRtt).collect();
    assert!(!short.is_empty());
    assert!(short.iter().all(|(_, header, frames)| {
        header.packet_number.is_none() && header.spin_bit.is_some() && header.dcid.is_some() && frames.is_empty()
    }));
}

#[test]
fn a_connection_is_one_group_on_all_its_paths() {
    let events = events("http3/migration", &[]);
    assert!(events.iter().all(|event| event.group_id.as_deref().map(String::as_str) == Some("0")));
    // 28 frames, of which frame 2 and 3 have three packets each (tshark 4.0: quic.packet_length).
    assert_eq!(packets(&events).len(), 32);
    // The client changes its port twice.
    let is_tuple = |event: &&qlog::events::Event| matches!(event.data, EventData::QuicTupleAssigned(_));
    assert_eq!(events.iter().filter(is_tuple).count(), 2);
}

#[test]
fn packets_from_other_endpoints_are_apart_and_forged_ones_are_dropped() {
    // A block of pcapng with a packet: type 6, and its length; the Ethernet frame begins at byte 28.
    let file = std::fs::read("fixtures/http3/get.pcapng").expect("a fixture");
    let (mut at, mut forged, mut packets_seen) = (0, Vec::new(), 0);
    while let Some(head) = file.get(at..at + 8) {
        let word = |bytes: &[u8]| u32::from_le_bytes(bytes.try_into().expect("four bytes")) as usize;
        let (kind, len) = (word(&head[..4]), word(&head[4..]));
        let block = &file[at..at + len];
        forged.extend_from_slice(block);
        packets_seen += usize::from(kind == 6);
        // After the packets that have keys of all levels: one of the client from another address, with other bytes.
        if kind == 6 && packets_seen == 4 {
            let mut copy = block.to_vec();
            copy[28 + 26 + 3] = 77;
            copy[28 + 42 + 20] ^= 1;
            forged.extend(copy);
        }
        at += len;
    }
    let folder = tempfile::tempdir().expect("room");
    let path = folder.path().join("forged.pcapng");
    std::fs::write(&path, forged).expect("a file");
    let (before, after) = (events("http3/get", &[]), events_of(path.to_str().expect("a path"), "forged", &[]));
    let dropped: Vec<_> = after.iter().filter(|event| matches!(event.data, EventData::QuicPacketDropped(_))).collect();
    assert_eq!(dropped.len(), 1);
    assert_eq!(dropped[0].ex_data.get("tuple").and_then(|tuple| tuple.as_str()), Some("1"));
    let assigned = after.iter().find_map(|event| match &event.data {
        EventData::QuicTupleAssigned(assigned) => assigned.tuple_local.as_ref().and_then(|end| end.ip_v4.clone()),
        _ => None,
    });
    assert_eq!(assigned.as_deref(), Some("10.0.0.77"));
    assert_eq!(packets(&after).len(), packets(&before).len());
    let paths =
        |events: &[qlog::events::Event]| events.iter().filter(|event| event.ex_data.contains_key("tuple")).count();
    assert_eq!((paths(&before), paths(&after)), (0, 1));
}
