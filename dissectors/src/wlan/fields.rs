//! Fields of IEEE 802.11 frames.

use crate::field::DisplayBase;

crate::fields! { "wlan";
    /// IEEE 802.11 wireless LAN.
    WLAN: Protocol "wlan" "IEEE 802.11 wireless LAN";
    /// Type and subtype of the frame.
    FC_TYPE_SUBTYPE: U16 "wlan.fc.type_subtype" "Type/Subtype" { base: DisplayBase::Hex, values: super::TYPES };
    /// Frame control field.
    FC: U16 "wlan.fc" "Frame Control Field" { base: DisplayBase::Hex };
    /// Version of the protocol: 0.
    FC_VERSION: U8 "wlan.fc.version" "Version";
    /// Type of the frame.
    FC_TYPE: U8 "wlan.fc.type" "Type" { values: FRAME_TYPES };
    /// Subtype of the frame.
    FC_SUBTYPE: U8 "wlan.fc.subtype" "Subtype";
    /// Flags of the frame.
    FLAGS: U8 "wlan.flags" "Flags" { base: DisplayBase::Hex };
    /// Direction of the frame: to or from the distribution system.
    FC_DS: U8 "wlan.fc.ds" "DS status" { base: DisplayBase::Hex, values: DIRECTIONS };
    /// Whether the frame goes to the distribution system.
    FC_TODS: Bool "wlan.fc.tods" "To DS" { hidden: true };
    /// Whether the frame comes from the distribution system.
    FC_FROMDS: Bool "wlan.fc.fromds" "From DS" { hidden: true };
    /// Whether more fragments follow.
    FC_FRAG: Bool "wlan.fc.frag" "More Fragments";
    /// Whether the frame was sent before.
    FC_RETRY: Bool "wlan.fc.retry" "Retry";
    /// Whether the station goes to power save mode.
    FC_PWRMGT: Bool "wlan.fc.pwrmgt" "PWR MGT";
    /// Whether more frames are buffered for the station.
    FC_MOREDATA: Bool "wlan.fc.moredata" "More Data";
    /// Whether the body is encrypted.
    FC_PROTECTED: Bool "wlan.fc.protected" "Protected flag";
    /// Whether the order is strict, or an HT Control field follows.
    FC_ORDER: Bool "wlan.fc.order" "+HTC/Order flag";
    /// Time that the medium is reserved for, in microseconds.
    DURATION: U16 "wlan.duration" "Duration";
    /// Receiver of the frame on the air.
    RA: Ether "wlan.ra" "Receiver address";
    /// Receiver of the frame on the air; by its name, or with `-n` as digits.
    RA_RESOLVED: Text "wlan.ra_resolved" "Receiver address (resolved)" { hidden: true };
    /// Organization of the address: its first three bytes.
    RA_OUI: U24 "wlan.ra.oui" "Receiver OUI" { hidden: true };
    /// Name of the organization that assigned the address.
    RA_OUI_RESOLVED: Text "wlan.ra.oui_resolved" "Receiver OUI (resolved)" { hidden: true };
    /// Whether the address is locally administered.
    RA_LG: Bool "wlan.ra.lg" "LG bit";
    /// Whether the address is a group address.
    RA_IG: Bool "wlan.ra.ig" "IG bit";
    /// Transmitter of the frame on the air.
    TA: Ether "wlan.ta" "Transmitter address";
    /// Transmitter of the frame on the air; by its name, or with `-n` as digits.
    TA_RESOLVED: Text "wlan.ta_resolved" "Transmitter address (resolved)" { hidden: true };
    /// Organization of the address: its first three bytes.
    TA_OUI: U24 "wlan.ta.oui" "Transmitter OUI" { hidden: true };
    /// Name of the organization that assigned the address.
    TA_OUI_RESOLVED: Text "wlan.ta.oui_resolved" "Transmitter OUI (resolved)" { hidden: true };
    /// Whether the address is locally administered.
    TA_LG: Bool "wlan.ta.lg" "LG bit";
    /// Whether the address is a group address.
    TA_IG: Bool "wlan.ta.ig" "IG bit";
    /// Final destination.
    DA: Ether "wlan.da" "Destination address";
    /// Final destination; by its name, or with `-n` as digits.
    DA_RESOLVED: Text "wlan.da_resolved" "Destination address (resolved)" { hidden: true };
    /// Organization of the address: its first three bytes.
    DA_OUI: U24 "wlan.da.oui" "Destination OUI" { hidden: true };
    /// Name of the organization that assigned the address.
    DA_OUI_RESOLVED: Text "wlan.da.oui_resolved" "Destination OUI (resolved)" { hidden: true };
    /// Whether the address is locally administered.
    DA_LG: Bool "wlan.da.lg" "LG bit";
    /// Whether the address is a group address.
    DA_IG: Bool "wlan.da.ig" "IG bit";
    /// Original source.
    SA: Ether "wlan.sa" "Source address";
    /// Original source; by its name, or with `-n` as digits.
    SA_RESOLVED: Text "wlan.sa_resolved" "Source address (resolved)" { hidden: true };
    /// Organization of the address: its first three bytes.
    SA_OUI: U24 "wlan.sa.oui" "Source OUI" { hidden: true };
    /// Name of the organization that assigned the address.
    SA_OUI_RESOLVED: Text "wlan.sa.oui_resolved" "Source OUI (resolved)" { hidden: true };
    /// Whether the address is locally administered.
    SA_LG: Bool "wlan.sa.lg" "LG bit";
    /// Whether the address is a group address.
    SA_IG: Bool "wlan.sa.ig" "IG bit";
    /// Basic service set: the address of its access point.
    BSSID: Ether "wlan.bssid" "BSS Id";
    /// Basic service set: the address of its access point, by its name, or with `-n` as digits.
    BSSID_RESOLVED: Text "wlan.bssid_resolved" "BSS Id (resolved)" { hidden: true };
    /// Organization of the address: its first three bytes.
    BSSID_OUI: U24 "wlan.bssid.oui" "BSS Id OUI" { hidden: true };
    /// Name of the organization that assigned the address.
    BSSID_OUI_RESOLVED: Text "wlan.bssid.oui_resolved" "BSS Id OUI (resolved)" { hidden: true };
    /// Whether the address is locally administered.
    BSSID_LG: Bool "wlan.bssid.lg" "LG bit";
    /// Whether the address is a group address.
    BSSID_IG: Bool "wlan.bssid.ig" "IG bit";
    /// Station that is not the access point.
    STAA: Ether "wlan.staa" "STA address";
    /// Station that is not the access point; by its name, or with `-n` as digits.
    STAA_RESOLVED: Text "wlan.staa_resolved" "STA address (resolved)" { hidden: true };
    /// Organization of the address: its first three bytes.
    STAA_OUI: U24 "wlan.staa.oui" "STA OUI" { hidden: true };
    /// Name of the organization that assigned the address.
    STAA_OUI_RESOLVED: Text "wlan.staa.oui_resolved" "STA OUI (resolved)" { hidden: true };
    /// Whether the address is locally administered.
    STAA_LG: Bool "wlan.staa.lg" "LG bit";
    /// Whether the address is a group address.
    STAA_IG: Bool "wlan.staa.ig" "IG bit";
    /// Any address of the header.
    ADDR: Ether "wlan.addr" "Hardware address" { hidden: true };
    /// Any address of the header; by its name, or with `-n` as digits.
    ADDR_RESOLVED: Text "wlan.addr_resolved" "Hardware address (resolved)" { hidden: true };
    /// Organization of any address: its first three bytes.
    ADDR_OUI: U24 "wlan.oui" "Hardware OUI" { hidden: true };
    /// Name of the organization that assigned any address.
    ADDR_OUI_RESOLVED: Text "wlan.oui_resolved" "Hardware OUI (resolved)" { hidden: true };
    /// Whether any address is locally administered.
    ADDR_LG: Bool "wlan.addr.lg" "LG bit" { hidden: true };
    /// Whether any address is a group address.
    ADDR_IG: Bool "wlan.addr.ig" "IG bit" { hidden: true };
    /// Number of the fragment, from 0.
    FRAG: U16 "wlan.frag" "Fragment number";
    /// Sequence number of the frame.
    SEQ: U16 "wlan.seq" "Sequence number";
    /// Frame check sequence, if captured.
    FCS: U32 "wlan.fcs" "Frame check sequence" { base: DisplayBase::Hex };
    /// Status of the frame check sequence: always unverified.
    FCS_STATUS: U8 "wlan.fcs.status" "FCS Status" { values: crate::names::CHECKSUM_STATUS_VALUES };
    /// Flags as letters.
    FLAGS_STR: Text "wlan.flags.str" "WLAN Flags";
    /// Quality of service control.
    QOS: U16 "wlan.qos" "Qos Control" { base: DisplayBase::Hex };
    /// Traffic identifier.
    QOS_TID: U16 "wlan.qos.tid" "TID";
    /// Priority of the traffic.
    QOS_PRIORITY: U16 "wlan.qos.priority" "Priority";
    /// Whether the service period ends.
    QOS_EOSP: Bool "wlan.qos.eosp" "EOSP";
    /// Whether the upper byte is a queue size.
    QOS_BIT4: Bool "wlan.qos.bit4" "QoS bit 4";
    /// Acknowledgment policy.
    QOS_ACK: U16 "wlan.qos.ack" "Ack Policy" { base: DisplayBase::Hex };
    /// Whether the body is an aggregate of several packets.
    QOS_AMSDUPRESENT: Bool "wlan.qos.amsdupresent" "Payload Type";
    /// Fragments of a reassembled frame.
    FRAGMENTS: Label "wlan.fragments" "802.11 Fragments";
    /// A frame with a fragment.
    FRAGMENT: Frame "wlan.fragment" "802.11 Fragment";
    /// A frame with a fragment that differs from an earlier one of its number.
    FRAGMENT_ERROR: Frame "wlan.fragment.error" "Defragmentation error";
    /// Whether an earlier fragment has the same number.
    FRAGMENT_OVERLAP: Bool "wlan.fragment.overlap" "Fragment overlap";
    /// Whether an earlier fragment has the same number and other data; the first counts.
    FRAGMENT_OVERLAP_CONFLICT: Bool "wlan.fragment.overlap.conflict" "Conflicting data in fragment overlap";
    /// Number of fragments of the reassembled frame.
    FRAGMENT_COUNT: U32 "wlan.fragment.count" "Fragment count";
    /// A frame was dropped because its fragments were too many, too long or too late.
    FRAGMENT_LIMIT: Note(Warn) "wlan.fragment.limit" "A limit of this program was reached" { ours: true };
    /// Length of the reassembled frame in bytes.
    REASSEMBLED_LENGTH: U32 "wlan.reassembled.length" "Reassembled 802.11 length";
    /// The frame that completed the frame of this fragment.
    REASSEMBLED_IN: Frame "wlan.reassembled_in" "Reassembled 802.11 in frame" { later: true };
    /// The frame was sent before.
    FC_RETRY_EXPERT: Note(Note) "wlan.fc.retry.expert" "Retransmission (retry)";
    /// HT, VHT or HE control.
    HTC: U32 "wlan.htc" "HT Control (+HTC)" { base: DisplayBase::Hex };
    /// Initialization vector of WEP.
    WEP_IV: U24 "wlan.wep.iv" "Initialization Vector" { base: DisplayBase::Hex };
    /// Number of the key.
    WEP_KEY: U8 "wlan.wep.key" "Key Index";
    /// Integrity check value of WEP.
    WEP_ICV: U32 "wlan.wep.icv" "WEP ICV" { base: DisplayBase::Hex };
}

const FRAME_TYPES: &[(u64, &str)] =
    &[(0, "Management frame"), (1, "Control frame"), (2, "Data frame"), (3, "Extension frame")];

const DIRECTIONS: &[(u64, &str)] = &[
    (0, "Not leaving DS or network is operating in AD-HOC mode (To DS: 0 From DS: 0)"),
    (1, "Frame from STA to DS via an AP (To DS: 1 From DS: 0)"),
    (2, "Frame from DS to a STA via AP(To DS: 0 From DS: 1)"),
    (3, "WDS (AP to AP) or Mesh (MP to MP) Frame (To DS: 1 From DS: 1)"),
];
