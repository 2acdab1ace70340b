//! What TCP can say (RFC 9293), and what is concluded from a whole stream.

use crate::field::Form;

crate::fields! { "tcp";
    /// Transmission Control Protocol.
    TCP: Protocol "tcp" "Transmission Control Protocol";
    /// The port it was sent from.
    SRCPORT: U16 "tcp.srcport" "Source Port";
    /// The port it was sent to.
    DSTPORT: U16 "tcp.dstport" "Destination Port";
    /// Either port.
    PORT: U16 "tcp.port" "Source or Destination Port" { hidden: true };
    /// The connection it belongs to, counted from 0 in the order of the capture.
    STREAM: U32 "tcp.stream" "Stream index";
    /// Its place among the frames of its connection, from 1.
    STREAM_PNUM: U32 "tcp.stream.pnum" "Stream Packet Number";
    /// What was seen of the connection in the whole capture: 1 SYN, 2 SYN-ACK, 4 ACK, 8 data, 16 FIN, 32 RST, added up.
    COMPLETENESS: U8 "tcp.completeness" "Conversation completeness" { later: true };
    /// An RST was seen in the connection.
    COMPLETENESS_RST: Bool "tcp.completeness.rst" "RST" { later: true };
    /// A FIN was seen in the connection.
    COMPLETENESS_FIN: Bool "tcp.completeness.fin" "FIN" { later: true };
    /// Data was seen in the connection.
    COMPLETENESS_DATA: Bool "tcp.completeness.data" "Data" { later: true };
    /// An ACK without data was seen in the connection.
    COMPLETENESS_ACK: Bool "tcp.completeness.ack" "ACK" { later: true };
    /// A SYN-ACK was seen in the connection.
    COMPLETENESS_SYN_ACK: Bool "tcp.completeness.syn-ack" "SYN-ACK" { later: true };
    /// A SYN was seen in the connection.
    COMPLETENESS_SYN: Bool "tcp.completeness.syn" "SYN" { later: true };
    /// The completeness as letters: R F D A S S for RST, FIN, data, ACK, SYN-ACK, SYN, and a dot for what is missing.
    COMPLETENESS_STR: Text "tcp.completeness.str" "Completeness Flags" { later: true };
    /// How many bytes of data it carries.
    LEN: U32 "tcp.len" "TCP Segment Len";
    /// The place of its first byte in what this side sends, counted from the connection's beginning.
    SEQ: U32 "tcp.seq" "Sequence Number";
    /// The sequence number as sent.
    SEQ_RAW: U32 "tcp.seq_raw" "Sequence Number (raw)";
    /// The sequence number of what this side sends next.
    NXTSEQ: U32 "tcp.nxtseq" "Next Sequence Number";
    /// The place of the byte this side expects next, counted from the connection's beginning.
    ACK: U32 "tcp.ack" "Acknowledgment Number";
    /// The acknowledgment number as sent.
    ACK_RAW: U32 "tcp.ack_raw" "Acknowledgment number (raw)";
    /// Bytes of the header, options included.
    HDR_LEN: U8 "tcp.hdr_len" "Header Length";
    /// All flags as one number.
    FLAGS: U16 "tcp.flags" "Flags" { form: Form::Hex };
    /// Reserved bits, which ought to be zero.
    FLAGS_RES: Bool "tcp.flags.res" "Reserved";
    /// Accurate ECN (once the nonce sum).
    FLAGS_AE: Bool "tcp.flags.ae" "Accurate ECN";
    /// The sender has reduced its congestion window.
    FLAGS_CWR: Bool "tcp.flags.cwr" "Congestion Window Reduced";
    /// The sender was told of congestion, or in a SYN: it knows ECN.
    FLAGS_ECE: Bool "tcp.flags.ece" "ECN-Echo";
    /// The urgent pointer counts.
    FLAGS_URG: Bool "tcp.flags.urg" "Urgent";
    /// The acknowledgment number counts.
    FLAGS_ACK: Bool "tcp.flags.ack" "Acknowledgment";
    /// The receiver should hand on the data at once.
    FLAGS_PUSH: Bool "tcp.flags.push" "Push";
    /// The connection is reset.
    FLAGS_RESET: Bool "tcp.flags.reset" "Reset";
    /// The connection is opened: sequence numbers are synchronised.
    FLAGS_SYN: Bool "tcp.flags.syn" "Syn";
    /// This side sends nothing more.
    FLAGS_FIN: Bool "tcp.flags.fin" "Fin";
    /// All flags as letters, a dot for each that is not set.
    FLAGS_STR: Text "tcp.flags.str" "TCP Flags";
    /// The window as sent.
    WINDOW_SIZE_VALUE: U16 "tcp.window_size_value" "Window";
    /// The window in bytes, scaled if the handshake was seen.
    WINDOW_SIZE: U32 "tcp.window_size" "Calculated window size";
    /// By how much the window is multiplied; -1 if unknown, -2 if the handshake agreed on none.
    WINDOW_SIZE_SCALEFACTOR: I32 "tcp.window_size_scalefactor" "Window size scaling factor";
    /// The checksum over pseudo header, header and data.
    CHECKSUM: U16 "tcp.checksum" "Checksum" { form: Form::Hex };
    /// What is known of the checksum: it is not verified, as sending hosts leave it to their network card.
    CHECKSUM_STATUS: U8 "tcp.checksum.status" "Checksum Status" { values: crate::names::CHECKSUM_STATES };
    /// Where the urgent data ends, if the urgent flag is set.
    URGENT_POINTER: U16 "tcp.urgent_pointer" "Urgent Pointer";
    /// The options' bytes.
    OPTIONS: Bytes "tcp.options" "Options";
    /// An option's number.
    OPTION_KIND: U8 "tcp.option_kind" "Kind" { values: super::options::KINDS };
    /// An option's length, kind and length included.
    OPTION_LEN: U8 "tcp.option_len" "Length";
    /// The end of the options.
    OPTIONS_EOL: Bytes "tcp.options.eol" "TCP Option - End of Option List (EOL)";
    /// Fills up to the next option.
    OPTIONS_NOP: Bytes "tcp.options.nop" "TCP Option - No-Operation (NOP)";
    /// The maximum segment size option.
    OPTIONS_MSS: Bytes "tcp.options.mss" "TCP Option - Maximum segment size";
    /// The most data this side wants in one segment.
    OPTIONS_MSS_VAL: U16 "tcp.options.mss_val" "MSS Value";
    /// The window scale option.
    OPTIONS_WSCALE: Bytes "tcp.options.wscale" "TCP Option - Window scale";
    /// By how many bits this side's windows are shifted.
    OPTIONS_WSCALE_SHIFT: U8 "tcp.options.wscale.shift" "Shift count";
    /// By how much this side's windows are multiplied.
    OPTIONS_WSCALE_MULTIPLIER: U16 "tcp.options.wscale.multiplier" "Multiplier";
    /// This side understands selective acknowledgments.
    OPTIONS_SACK_PERM: Bytes "tcp.options.sack_perm" "TCP Option - SACK permitted";
    /// The selective acknowledgment option.
    OPTIONS_SACK: Bytes "tcp.options.sack" "TCP Option - SACK";
    /// How many blocks are acknowledged selectively.
    OPTIONS_SACK_COUNT: U8 "tcp.options.sack.count" "TCP SACK Count";
    /// The first sequence number of a block that arrived, counted from the connection's beginning.
    OPTIONS_SACK_LE: U32 "tcp.options.sack_le" "TCP SACK Left Edge";
    /// The sequence number after a block that arrived, counted from the connection's beginning.
    OPTIONS_SACK_RE: U32 "tcp.options.sack_re" "TCP SACK Right Edge";
    /// The first sequence number of a block that arrived twice.
    OPTIONS_SACK_DSACK_LE: U32 "tcp.options.sack.dsack_le" "TCP D-SACK Left Edge";
    /// The sequence number after a block that arrived twice.
    OPTIONS_SACK_DSACK_RE: U32 "tcp.options.sack.dsack_re" "TCP D-SACK Right Edge";
    /// The timestamps option.
    OPTIONS_TIMESTAMP: Bytes "tcp.options.timestamp" "TCP Option - Timestamps";
    /// The sender's clock.
    OPTIONS_TIMESTAMP_TSVAL: U32 "tcp.options.timestamp.tsval" "Timestamp value";
    /// The clock value of the other side that this answers.
    OPTIONS_TIMESTAMP_TSECR: U32 "tcp.options.timestamp.tsecr" "Timestamp echo reply";
    /// The user timeout option.
    OPTIONS_USER_TO: Bytes "tcp.options.user_to" "TCP Option - User Timeout";
    /// The MD5 signature option.
    OPTIONS_MD5: Bytes "tcp.options.md5" "TCP Option - MD5 signature";
    /// The Multipath TCP option.
    OPTIONS_MPTCP: Bytes "tcp.options.mptcp" "TCP Option - Multipath TCP";
    /// The TCP Fast Open option.
    OPTIONS_TFO: Bytes "tcp.options.tfo" "TCP Option - TCP Fast Open";
    /// The TCP Fast Open cookie.
    OPTIONS_TFO_COOKIE: Bytes "tcp.options.tfo.cookie" "Fast Open Cookie";
    /// An experimental option (RFC 6994).
    OPTIONS_EXPERIMENTAL: Bytes "tcp.options.experimental" "TCP Option - Experimental";
    /// An option of a kind that is not known.
    OPTIONS_UNKNOWN: Bytes "tcp.options.unknown" "TCP Option - Unknown";
    /// The option's length does not fit.
    OPTION_LEN_INVALID: Note(Warn) "tcp.option.len.invalid" "Invalid length for option";
    /// The header's length is less than 20 bytes or more than there is.
    BOGUS_HEADER_LENGTH: Note(Error) "tcp.bogus_header_length" "Bogus TCP header length";
    /// The acknowledgment number is not zero although the ACK flag is not set.
    ACK_NONZERO: Note(Note) "tcp.ack.nonzero" "The acknowledgment number is nonzero while the ACK flag is not set";
    /// A connection is asked for.
    CONNECTION_SYN: Note(Chat) "tcp.connection.syn" "Connection establish request (SYN)";
    /// A connection is granted.
    CONNECTION_SYNACK: Note(Chat) "tcp.connection.synack" "Connection establish acknowledge (SYN+ACK)";
    /// One side is done.
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
    /// What the sequence and acknowledgment numbers tell.
    ANALYSIS: Label "tcp.analysis" "SEQ/ACK analysis";
    /// The frame with the segment that this acknowledges.
    ANALYSIS_ACKS_FRAME: Frame "tcp.analysis.acks_frame" "This is an ACK to the segment in frame";
    /// Time from the segment to this acknowledgment of it.
    ANALYSIS_ACK_RTT: Duration "tcp.analysis.ack_rtt" "The RTT to ACK the segment was";
    /// Time from the SYN to the acknowledgment that ended the handshake.
    ANALYSIS_INITIAL_RTT: Duration "tcp.analysis.initial_rtt" "iRTT" { later: true };
    /// Bytes this side has sent that are not acknowledged yet.
    ANALYSIS_BYTES_IN_FLIGHT: U32 "tcp.analysis.bytes_in_flight" "Bytes in flight";
    /// Bytes this side has sent since its last segment with the PSH flag.
    ANALYSIS_PUSH_BYTES_SENT: U32 "tcp.analysis.push_bytes_sent" "Bytes sent since last PSH flag";
    /// The sequence numbers tell something out of the ordinary.
    ANALYSIS_FLAGS: Label "tcp.analysis.flags" "TCP Analysis Flags";
    /// The same data was sent before.
    ANALYSIS_RETRANSMISSION: Note(Note) "tcp.analysis.retransmission" "This frame is a (suspected) retransmission";
    /// Sent again because the other side asked by repeating its acknowledgment.
    ANALYSIS_FAST_RETRANSMISSION: Note(Note) "tcp.analysis.fast_retransmission" "This frame is a (suspected) fast retransmission";
    /// Sent again although it was acknowledged.
    ANALYSIS_SPURIOUS_RETRANSMISSION: Note(Note) "tcp.analysis.spurious_retransmission" "This frame is a (suspected) spurious retransmission";
    /// It comes after data that was sent later.
    ANALYSIS_OUT_OF_ORDER: Note(Warn) "tcp.analysis.out_of_order" "This frame is a (suspected) out-of-order segment";
    /// Data before this was not captured.
    ANALYSIS_LOST_SEGMENT: Note(Warn) "tcp.analysis.lost_segment" "Previous segment(s) not captured (common at capture start)";
    /// It acknowledges data that was not captured.
    ANALYSIS_ACK_LOST_SEGMENT: Note(Warn) "tcp.analysis.ack_lost_segment" "ACKed segment that wasn't captured (common at capture start)";
    /// The acknowledgment says the same as the last one.
    ANALYSIS_DUPLICATE_ACK: Note(Note) "tcp.analysis.duplicate_ack" "Duplicate ACK";
    /// How often the acknowledgment has been repeated.
    ANALYSIS_DUPLICATE_ACK_NUM: U32 "tcp.analysis.duplicate_ack_num" "Duplicate ACK #";
    /// The frame with the acknowledgment that is repeated.
    ANALYSIS_DUPLICATE_ACK_FRAME: Frame "tcp.analysis.duplicate_ack_frame" "Duplicate to the ACK in frame";
    /// It asks whether the other side is still there.
    ANALYSIS_KEEP_ALIVE: Note(Note) "tcp.analysis.keep_alive" "TCP keep-alive segment";
    /// It says that this side is still there.
    ANALYSIS_KEEP_ALIVE_ACK: Note(Note) "tcp.analysis.keep_alive_ack" "ACK to a TCP keep-alive segment";
    /// This side has no room for more data.
    ANALYSIS_ZERO_WINDOW: Note(Warn) "tcp.analysis.zero_window" "TCP Zero Window segment";
    /// It asks whether the other side has room again.
    ANALYSIS_ZERO_WINDOW_PROBE: Note(Note) "tcp.analysis.zero_window_probe" "TCP Zero Window Probe";
    /// It says that there is still no room.
    ANALYSIS_ZERO_WINDOW_PROBE_ACK: Note(Note) "tcp.analysis.zero_window_probe_ack" "ACK to a TCP Zero Window Probe";
    /// It changes the window and says nothing else.
    ANALYSIS_WINDOW_UPDATE: Note(Chat) "tcp.analysis.window_update" "TCP window update";
    /// With this segment the other side's window is used up.
    ANALYSIS_WINDOW_FULL: Note(Warn) "tcp.analysis.window_full" "TCP window specified by the receiver is now completely full";
    /// The ports were used by an earlier connection.
    ANALYSIS_REUSED_PORTS: Note(Note) "tcp.analysis.reused_ports" "A new tcp session is started with the same ports as an earlier session in this trace";
    /// Time since the segment was first sent that is sent again here.
    ANALYSIS_RTO: Duration "tcp.analysis.rto" "The RTO for this segment was";
    /// The frame from which that time is counted.
    ANALYSIS_RTO_FRAME: Frame "tcp.analysis.rto_frame" "RTO based on delta from frame";
    /// The data.
    PAYLOAD: Bytes "tcp.payload" "TCP payload";
    /// Data that is part of a message which a later frame completes, or the part of it that this frame ends with.
    SEGMENT_DATA: Bytes "tcp.segment_data" "TCP segment data" { later: true };
    /// The frame in which this data became part of a message.
    REASSEMBLED_IN: Frame "tcp.reassembled_in" "Reassembled PDU in frame" { later: true };
    /// The segments a message was put together from.
    SEGMENTS: Label "tcp.segments" "Reassembled TCP Segments";
    /// A frame with a part of the message.
    SEGMENT: Frame "tcp.segment" "TCP Segment";
    /// How many segments the message was put together from.
    SEGMENT_COUNT: U32 "tcp.segment.count" "Segment count";
    /// Bytes of the message that was put together.
    REASSEMBLED_LENGTH: U32 "tcp.reassembled.length" "Reassembled TCP length";
    /// The bytes of the message that was put together, as sent.
    REASSEMBLED_DATA: Bytes "tcp.reassembled.data" "Reassembled TCP Data";
    /// Some of this data came before.
    SEGMENT_OVERLAP: Bool "tcp.segment.overlap" "Segment overlap";
    /// Some of this data came before and was different; the first copy counts.
    SEGMENT_OVERLAP_CONFLICT: Bool "tcp.segment.overlap.conflict" "Conflicting data in segment overlap";
    /// Bytes of this side that were never captured: reading went on after them.
    GAP: U64 "tcp.gap" "Bytes missing in the capture" { ours: true };
    /// More data waited for what was missing before it than is kept.
    LIMIT: Note(Warn) "tcp.limit" "A limit of this program was reached" { ours: true };
}

