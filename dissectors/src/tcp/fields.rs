//! Fields of TCP (RFC 9293), and of the analysis of streams.

use crate::field::DisplayBase;

crate::fields! { "tcp";
    /// Transmission Control Protocol.
    TCP: Protocol "tcp" "Transmission Control Protocol";
    /// Source port.
    SRCPORT: U16 "tcp.srcport" "Source Port";
    /// Destination port.
    DSTPORT: U16 "tcp.dstport" "Destination Port";
    /// Source or destination port.
    PORT: U16 "tcp.port" "Source or Destination Port" { hidden: true };
    /// Number of the connection, from 0 in capture order.
    STREAM: U32 "tcp.stream" "Stream index";
    /// Number of the frame in its connection, from 1.
    STREAM_PNUM: U32 "tcp.stream.pnum" "Stream Packet Number";
    /// Packet types of the connection in the whole capture, as a sum: 1 SYN, 2 SYN-ACK, 4 ACK, 8 data, 16 FIN, 32 RST.
    COMPLETENESS: U8 "tcp.completeness" "Conversation completeness" { later: true };
    /// Whether the connection has an RST.
    COMPLETENESS_RST: Bool "tcp.completeness.rst" "RST" { later: true };
    /// Whether the connection has a FIN.
    COMPLETENESS_FIN: Bool "tcp.completeness.fin" "FIN" { later: true };
    /// Whether the connection has data.
    COMPLETENESS_DATA: Bool "tcp.completeness.data" "Data" { later: true };
    /// Whether the connection has an ACK without data.
    COMPLETENESS_ACK: Bool "tcp.completeness.ack" "ACK" { later: true };
    /// Whether the connection has a SYN-ACK.
    COMPLETENESS_SYN_ACK: Bool "tcp.completeness.syn-ack" "SYN-ACK" { later: true };
    /// Whether the connection has a SYN.
    COMPLETENESS_SYN: Bool "tcp.completeness.syn" "SYN" { later: true };
    /// Completeness as letters: R F D A S S for RST, FIN, data, ACK, SYN-ACK, SYN, and a dot for each missing one.
    COMPLETENESS_STR: Text "tcp.completeness.str" "Completeness Flags" { later: true };
    /// Number of data bytes.
    LEN: U32 "tcp.len" "TCP Segment Len";
    /// Sequence number of the first data byte, relative to the start of the connection.
    SEQ: U32 "tcp.seq" "Sequence Number";
    /// Sequence number as sent.
    SEQ_RAW: U32 "tcp.seq_raw" "Sequence Number (raw)";
    /// Sequence number of the next data byte of this side, relative to the start of the connection.
    NXTSEQ: U32 "tcp.nxtseq" "Next Sequence Number";
    /// Next sequence number that this side expects, relative to the start of the connection.
    ACK: U32 "tcp.ack" "Acknowledgment Number";
    /// Acknowledgment number as sent.
    ACK_RAW: U32 "tcp.ack_raw" "Acknowledgment number (raw)";
    /// Length of the header in bytes, options included.
    HDR_LEN: U8 "tcp.hdr_len" "Header Length";
    /// All flags.
    FLAGS: U16 "tcp.flags" "Flags" { base: DisplayBase::Hex };
    /// Reserved bits, normally zero.
    FLAGS_RES: Bool "tcp.flags.res" "Reserved";
    /// Accurate ECN (formerly nonce sum).
    FLAGS_AE: Bool "tcp.flags.ae" "Accurate ECN";
    /// Whether the sender has reduced its congestion window.
    FLAGS_CWR: Bool "tcp.flags.cwr" "Congestion Window Reduced";
    /// Whether the sender received a congestion mark or, in a SYN, supports ECN.
    FLAGS_ECE: Bool "tcp.flags.ece" "ECN-Echo";
    /// Whether the urgent pointer is valid.
    FLAGS_URG: Bool "tcp.flags.urg" "Urgent";
    /// Whether the acknowledgment number is valid.
    FLAGS_ACK: Bool "tcp.flags.ack" "Acknowledgment";
    /// Whether the receiver should deliver the data immediately.
    FLAGS_PUSH: Bool "tcp.flags.push" "Push";
    /// The connection is reset.
    FLAGS_RESET: Bool "tcp.flags.reset" "Reset";
    /// Whether the connection is opened: sequence numbers are synchronised.
    FLAGS_SYN: Bool "tcp.flags.syn" "Syn";
    /// Whether this side sends no more data.
    FLAGS_FIN: Bool "tcp.flags.fin" "Fin";
    /// All flags as letters, with a dot for each flag that is not set.
    FLAGS_STR: Text "tcp.flags.str" "TCP Flags";
    /// Window as sent.
    WINDOW_SIZE_VALUE: U16 "tcp.window_size_value" "Window";
    /// Window in bytes, scaled if the handshake was captured.
    WINDOW_SIZE: U32 "tcp.window_size" "Calculated window size";
    /// Factor by which the window is multiplied; -1 if unknown, -2 if the handshake negotiated none.
    WINDOW_SIZE_SCALEFACTOR: I32 "tcp.window_size_scalefactor" "Window size scaling factor";
    /// Checksum of pseudo header, header and data.
    CHECKSUM: U16 "tcp.checksum" "Checksum" { base: DisplayBase::Hex };
    /// Checksum status: always unverified, because sending hosts may leave the checksum to their network card.
    CHECKSUM_STATUS: U8 "tcp.checksum.status" "Checksum Status" { values: crate::names::CHECKSUM_STATUS_VALUES };
    /// Offset of the end of the urgent data, if the urgent flag is set.
    URGENT_POINTER: U16 "tcp.urgent_pointer" "Urgent Pointer";
    /// Bytes of the options.
    OPTIONS: Bytes "tcp.options" "Options";
    /// Type of an option.
    OPTION_KIND: U8 "tcp.option_kind" "Kind" { values: super::options::KINDS };
    /// Length of an option in bytes, kind and length included.
    OPTION_LEN: U8 "tcp.option_len" "Length";
    /// End of the options.
    OPTIONS_EOL: Bytes "tcp.options.eol" "TCP Option - End of Option List (EOL)";
    /// Padding up to the next option.
    OPTIONS_NOP: Bytes "tcp.options.nop" "TCP Option - No-Operation (NOP)";
    /// The maximum segment size option.
    OPTIONS_MSS: Bytes "tcp.options.mss" "TCP Option - Maximum segment size";
    /// Largest segment that this side accepts.
    OPTIONS_MSS_VAL: U16 "tcp.options.mss_val" "MSS Value";
    /// The window scale option.
    OPTIONS_WSCALE: Bytes "tcp.options.wscale" "TCP Option - Window scale";
    /// Number of bits by which this side's windows are shifted.
    OPTIONS_WSCALE_SHIFT: U8 "tcp.options.wscale.shift" "Shift count";
    /// Factor by which this side's windows are multiplied.
    OPTIONS_WSCALE_MULTIPLIER: U16 "tcp.options.wscale.multiplier" "Multiplier";
    /// This side supports selective acknowledgments.
    OPTIONS_SACK_PERM: Bytes "tcp.options.sack_perm" "TCP Option - SACK permitted";
    /// The selective acknowledgment option.
    OPTIONS_SACK: Bytes "tcp.options.sack" "TCP Option - SACK";
    /// Number of selectively acknowledged blocks.
    OPTIONS_SACK_COUNT: U8 "tcp.options.sack.count" "TCP SACK Count";
    /// First sequence number of a received block, relative to the start of the connection.
    OPTIONS_SACK_LE: U32 "tcp.options.sack_le" "TCP SACK Left Edge";
    /// Sequence number after a received block, relative to the start of the connection.
    OPTIONS_SACK_RE: U32 "tcp.options.sack_re" "TCP SACK Right Edge";
    /// First sequence number of a block that was received twice.
    OPTIONS_SACK_DSACK_LE: U32 "tcp.options.sack.dsack_le" "TCP D-SACK Left Edge";
    /// Sequence number after a block that was received twice.
    OPTIONS_SACK_DSACK_RE: U32 "tcp.options.sack.dsack_re" "TCP D-SACK Right Edge";
    /// The timestamps option.
    OPTIONS_TIMESTAMP: Bytes "tcp.options.timestamp" "TCP Option - Timestamps";
    /// Timestamp of the sender's clock.
    OPTIONS_TIMESTAMP_TSVAL: U32 "tcp.options.timestamp.tsval" "Timestamp value";
    /// Echoed timestamp of the other side.
    OPTIONS_TIMESTAMP_TSECR: U32 "tcp.options.timestamp.tsecr" "Timestamp echo reply";
    /// The user timeout option.
    OPTIONS_USER_TO: Bytes "tcp.options.user_to" "TCP Option - User Timeout";
    /// The MD5 signature option.
    OPTIONS_MD5: Bytes "tcp.options.md5" "TCP Option - MD5 signature";
    /// The Multipath TCP option.
    OPTIONS_MPTCP: Bytes "tcp.options.mptcp" "TCP Option - Multipath TCP";
    /// The TCP Fast Open option.
    OPTIONS_TFO: Bytes "tcp.options.tfo" "TCP Option - TCP Fast Open";
    /// A SYN requests a TCP Fast Open cookie.
    OPTIONS_TFO_REQUEST: Label "tcp.options.tfo.request" "Fast Open Cookie Request";
    /// The TCP Fast Open cookie.
    OPTIONS_TFO_COOKIE: Bytes "tcp.options.tfo.cookie" "Fast Open Cookie";
    /// An experimental option (RFC 6994).
    OPTIONS_EXPERIMENTAL: Bytes "tcp.options.experimental" "TCP Option - Experimental";
    /// Identifier of the experiment.
    OPTIONS_EXPERIMENTAL_EXID: U16 "tcp.options.experimental.exid" "Experiment Identifier" { base: DisplayBase::Hex, values: super::options::EXPERIMENTS };
    /// An option of an unknown kind.
    OPTIONS_UNKNOWN: Bytes "tcp.options.unknown" "TCP Option - Unknown";
    /// A selective acknowledgment reports data that arrived twice (RFC 2883).
    OPTIONS_SACK_DSACK: Note(Warn) "tcp.options.sack.dsack" "D-SACK Sequence";
    /// The shift count of the window scale option is above 14 (RFC 7323 2.3).
    OPTIONS_WSCALE_SHIFT_INVALID: Note(Warn) "tcp.options.wscale.shift.invalid" "Window scale shift exceeds 14";
    /// Four NOPs in a row fill a word: a router may have removed an option.
    NOP: Note(Warn) "tcp.nop" "4 NOP in a row - a router may have removed some options";
    /// A SYN has options, but not the maximum segment size (RFC 9293 3.7.1).
    OPTIONS_MSS_ABSENT: Note(Note) "tcp.options.mss.absent" "The SYN packet does not contain a MSS option";
    /// A segment without SYN has the option of the maximum segment size.
    OPTIONS_MSS_PRESENT: Note(Warn) "tcp.options.mss.present" "The non-SYN packet does contain a MSS option";
    /// A SYN has options, but does not permit selective acknowledgments (RFC 2018 2).
    OPTIONS_SACK_PERM_ABSENT: Note(Note) "tcp.options.sack_perm.absent" "The SYN packet does not contain a SACK PERM option";
    /// A segment without SYN has the option that permits selective acknowledgments.
    OPTIONS_SACK_PERM_PRESENT: Note(Warn) "tcp.options.sack_perm.present" "The non-SYN packet does contain a SACK PERM option";
    /// Bytes after the end of the option list are not zero (RFC 9293 3.1).
    NON_ZERO_BYTES_AFTER_EOL: Note(Error) "tcp.non_zero_bytes_after_eol" "Non-zero header padding";
    /// A SYN has a TCP Fast Open cookie (RFC 7413).
    ANALYSIS_TFO_SYN: Note(Note) "tcp.analysis.tfo_syn" "TCP SYN with TFO Cookie";
    /// A part of an option exceeds it.
    SUBOPTION_MALFORMED: Note(Error) "tcp.suboption_malformed" "suboption would go past end of option";
    /// The length of the option is invalid.
    OPTION_LEN_INVALID: Note(Note) "tcp.option.len.invalid" "Invalid length for option";
    /// The header length is less than 20 bytes, or exceeds the segment.
    BOGUS_HEADER_LENGTH: Note(Error) "tcp.bogus_header_length" "Bogus TCP header length";
    /// The segment ends before its header does, which has all fields but the last.
    SHORT_SEGMENT: Note(Warn) "tcp.short_segment" "Short segment. Segment/fragment does not contain a full TCP header (might be NMAP or someone else deliberately sending unusual packets)";
    /// The urgent pointer is not zero, but the URG flag is not set.
    URGENT_POINTER_NON_ZERO: Note(Note) "tcp.urgent_pointer.non_zero" "The urgent pointer field is nonzero while the URG flag is not set";
    /// The acknowledgment number is not zero, but the ACK flag is not set.
    ACK_NONZERO: Note(Note) "tcp.ack.nonzero" "The acknowledgment number field is nonzero while the ACK flag is not set";
    /// A SYN-ACK acknowledges data of the SYN (RFC 7413).
    ANALYSIS_TFO_ACK: Note(Note) "tcp.analysis.tfo_ack" "TCP SYN-ACK accepting TFO data";
    /// A SYN-ACK does not acknowledge the data of a SYN that has a cookie.
    ANALYSIS_TFO_IGNORED: Note(Note) "tcp.analysis.tfo_ignored" "TCP SYN-ACK ignoring TFO data";
    /// A request to open a connection.
    CONNECTION_SYN: Note(Chat) "tcp.connection.syn" "Connection establish request (SYN)";
    /// A connection is accepted.
    CONNECTION_SYNACK: Note(Chat) "tcp.connection.synack" "Connection establish acknowledge (SYN+ACK)";
    /// One side has finished sending.
    CONNECTION_FIN: Note(Chat) "tcp.connection.fin" "Connection finish (FIN)";
    /// The first FIN of the connection.
    CONNECTION_FIN_ACTIVE: Note(Note) "tcp.connection.fin_active" "This frame initiates the connection closing";
    /// The second FIN of the connection.
    CONNECTION_FIN_PASSIVE: Note(Note) "tcp.connection.fin_passive" "This frame undergoes the connection closing";
    /// The connection is reset.
    CONNECTION_RST: Note(Warn) "tcp.connection.rst" "Connection reset (RST)";
    /// Time since the first frame of the connection.
    TIME_RELATIVE: Duration "tcp.time_relative" "Time since first frame in this TCP stream";
    /// Time since the previous frame of the connection.
    TIME_DELTA: Duration "tcp.time_delta" "Time since previous frame in this TCP stream";
    /// Results of the analysis of sequence and acknowledgment numbers.
    ANALYSIS: Label "tcp.analysis" "SEQ/ACK analysis";
    /// Frame with the segment that this acknowledges.
    ANALYSIS_ACKS_FRAME: Frame "tcp.analysis.acks_frame" "This is an ACK to the segment in frame";
    /// It acknowledges a part of a segment.
    ANALYSIS_PARTIAL_ACK: Note(Note) "tcp.analysis.partial_ack" "Partial Acknowledgement of a segment";
    /// Time from the segment to its acknowledgment.
    ANALYSIS_ACK_RTT: Duration "tcp.analysis.ack_rtt" "The RTT to ACK the segment was";
    /// Time from the SYN to the acknowledgment that completed the handshake.
    ANALYSIS_INITIAL_RTT: Duration "tcp.analysis.initial_rtt" "iRTT" { later: true };
    /// Number of bytes that this side has sent and that are not acknowledged yet.
    ANALYSIS_BYTES_IN_FLIGHT: U32 "tcp.analysis.bytes_in_flight" "Bytes in flight";
    /// Number of bytes that this side has sent since its last segment with the PSH flag.
    ANALYSIS_PUSH_BYTES_SENT: U32 "tcp.analysis.push_bytes_sent" "Bytes sent since last PSH flag";
    /// Abnormal findings of the analysis.
    ANALYSIS_FLAGS: Label "tcp.analysis.flags" "TCP Analysis Flags";
    /// The same data was sent before.
    ANALYSIS_RETRANSMISSION: Note(Note) "tcp.analysis.retransmission" "This frame is a (suspected) retransmission";
    /// A retransmission that the other side requested by duplicate acknowledgments.
    ANALYSIS_FAST_RETRANSMISSION: Note(Note) "tcp.analysis.fast_retransmission" "This frame is a (suspected) fast retransmission";
    /// A retransmission of acknowledged data.
    ANALYSIS_SPURIOUS_RETRANSMISSION: Note(Note) "tcp.analysis.spurious_retransmission" "This frame is a (suspected) spurious retransmission";
    /// The segment follows data that was sent later.
    ANALYSIS_OUT_OF_ORDER: Note(Warn) "tcp.analysis.out_of_order" "This frame is a (suspected) out-of-order segment";
    /// Data before this was not captured.
    ANALYSIS_LOST_SEGMENT: Note(Warn) "tcp.analysis.lost_segment" "Previous segment(s) not captured (common at capture start)";
    /// It acknowledges data that was not captured.
    ANALYSIS_ACK_LOST_SEGMENT: Note(Warn) "tcp.analysis.ack_lost_segment" "ACKed segment that wasn't captured (common at capture start)";
    /// The acknowledgment repeats the previous one.
    ANALYSIS_DUPLICATE_ACK: Note(Note) "tcp.analysis.duplicate_ack" "Duplicate ACK";
    /// Number of repetitions of the acknowledgment.
    ANALYSIS_DUPLICATE_ACK_NUM: U32 "tcp.analysis.duplicate_ack_num" "Duplicate ACK #";
    /// Frame with the repeated acknowledgment.
    ANALYSIS_DUPLICATE_ACK_FRAME: Frame "tcp.analysis.duplicate_ack_frame" "Duplicate to the ACK in frame";
    /// A probe whether the other side is still alive.
    ANALYSIS_KEEP_ALIVE: Note(Note) "tcp.analysis.keep_alive" "TCP keep-alive segment";
    /// A response that this side is still alive.
    ANALYSIS_KEEP_ALIVE_ACK: Note(Note) "tcp.analysis.keep_alive_ack" "ACK to a TCP keep-alive segment";
    /// This side has no buffer space for more data.
    ANALYSIS_ZERO_WINDOW: Note(Warn) "tcp.analysis.zero_window" "TCP Zero Window segment";
    /// A probe whether the other side has buffer space again.
    ANALYSIS_ZERO_WINDOW_PROBE: Note(Note) "tcp.analysis.zero_window_probe" "TCP Zero Window Probe";
    /// A response that there is still no buffer space.
    ANALYSIS_ZERO_WINDOW_PROBE_ACK: Note(Note) "tcp.analysis.zero_window_probe_ack" "ACK to a TCP Zero Window Probe";
    /// The segment only changes the window.
    ANALYSIS_WINDOW_UPDATE: Note(Chat) "tcp.analysis.window_update" "TCP window update";
    /// The segment fills the window of the other side.
    ANALYSIS_WINDOW_FULL: Note(Warn) "tcp.analysis.window_full" "TCP window specified by the receiver is now completely full";
    /// The ports were used by an earlier connection.
    ANALYSIS_REUSED_PORTS: Note(Note) "tcp.analysis.reused_ports" "A new tcp session is started with the same ports as an earlier session in this trace";
    /// Time since the first transmission of this segment.
    ANALYSIS_RTO: Duration "tcp.analysis.rto" "The RTO for this segment was";
    /// Frame of the first transmission.
    ANALYSIS_RTO_FRAME: Frame "tcp.analysis.rto_frame" "RTO based on delta from frame";
    /// Text in a reset that states its cause; not part of the stream.
    RESET_CAUSE: Text "tcp.reset_cause" "Reset cause";
    /// The data.
    PAYLOAD: Bytes "tcp.payload" "TCP payload";
    /// Data of a message that a later frame completes, or the part that this frame completes.
    SEGMENT_DATA: Bytes "tcp.segment_data" "TCP segment data" { later: true };
    /// The frame that completes the message of this data.
    REASSEMBLED_IN: Frame "tcp.reassembled_in" "Reassembled PDU in frame" { later: true };
    /// Segments of a reassembled message.
    SEGMENTS: Label "tcp.segments" "Reassembled TCP Segments";
    /// A frame with a segment of the message.
    SEGMENT: Frame "tcp.segment" "TCP Segment";
    /// Number of segments of the reassembled message.
    SEGMENT_COUNT: U32 "tcp.segment.count" "Segment count";
    /// Length of the reassembled message in bytes.
    REASSEMBLED_LENGTH: U32 "tcp.reassembled.length" "Reassembled TCP length";
    /// Bytes of the reassembled message, as sent.
    REASSEMBLED_DATA: Bytes "tcp.reassembled.data" "Reassembled TCP Data";
    /// Whether the segment overlaps earlier data.
    SEGMENT_OVERLAP: Bool "tcp.segment.overlap" "Segment overlap";
    /// Whether the segment overlaps earlier data and differs from it; the first copy counts.
    SEGMENT_OVERLAP_CONFLICT: Bool "tcp.segment.overlap.conflict" "Conflicting data in segment overlap";
    /// Number of bytes of this side that were never captured: parsing resumed after them.
    GAP: U64 "tcp.gap" "Bytes missing in the capture" { ours: true };
    /// Too much data is buffered, or the connection continues one that was dropped at the limit of conversations.
    LIMIT: Note(Warn) "tcp.limit" "A limit of this program was reached" { ours: true };
}
