//! What TLS can say in clear (RFC 5246, RFC 8446).

use super::names::*;
use super::suites::CIPHER_SUITES;
use crate::field::Form;

crate::fields! { "tls";
    /// Transport Layer Security: one or more records.
    TLS: Protocol "tls" "Transport Layer Security";
    /// A record.
    RECORD: Label "tls.record" "Record Layer";
    /// What a record carries.
    CONTENT_TYPE: U8 "tls.record.content_type" "Content Type" { values: CONTENT_TYPES };
    /// The same in a record of TLS 1.3 that is encrypted: it says application data, whatever is within.
    OPAQUE_TYPE: U8 "tls.record.opaque_type" "Opaque Type" { values: CONTENT_TYPES };
    /// The version a record says, which is not the one that is spoken: TLS 1.3 says 1.2.
    RECORD_VERSION: U16 "tls.record.version" "Version" { form: Form::Hex, values: VERSIONS };
    /// How many bytes a record carries.
    RECORD_LENGTH: U16 "tls.record.length" "Length";
    /// The cipher spec changes: what follows is encrypted.
    CHANGE_CIPHER_SPEC: Label "tls.change_cipher_spec" "Change Cipher Spec Message";
    /// An alert.
    ALERT: Label "tls.alert_message" "Alert Message";
    /// How grave an alert is.
    ALERT_LEVEL: U8 "tls.alert_message.level" "Level" { values: ALERT_LEVELS };
    /// What an alert says.
    ALERT_DESCRIPTION: U8 "tls.alert_message.desc" "Description" { values: ALERTS };
    /// A heartbeat (RFC 6520).
    HEARTBEAT: Label "tls.heartbeat_message" "Heartbeat Message";
    /// Application data, encrypted.
    APP_DATA: Bytes "tls.app_data" "Encrypted Application Data";
    /// The protocol within, where the server has agreed to it in clear (ALPN before TLS 1.3).
    APP_DATA_PROTO: Text "tls.app_data_proto" "Application Data Protocol";

    /// A message of the handshake, or a part of one.
    HANDSHAKE: Label "tls.handshake" "Handshake Protocol";
    /// What the message is.
    HANDSHAKE_TYPE: U8 "tls.handshake.type" "Handshake Type" { values: HANDSHAKE_TYPES };
    /// How many bytes follow in the message.
    HANDSHAKE_LENGTH: U24 "tls.handshake.length" "Length";
    /// The records from which a message was put together.
    FRAGMENTS: Label "tls.handshake.fragments" "Reassembled Handshake Fragments";
    /// The frame with one of them.
    FRAGMENT: Frame "tls.handshake.fragment" "Handshake Fragment";
    /// How many they are.
    FRAGMENT_COUNT: U32 "tls.handshake.fragment.count" "Handshake Fragment count";
    /// The version of a hello; TLS 1.3 says 1.2 and means the extension supported_versions.
    VERSION: U16 "tls.handshake.version" "Version" { form: Form::Hex, values: VERSIONS };
    /// What the sender drew at random.
    RANDOM: Bytes "tls.handshake.random" "Random";
    /// The first four bytes of it as a time, which they were meant to be before TLS 1.3.
    RANDOM_TIME: Time "tls.handshake.random_time" "GMT Unix Time" { later: true };
    /// The other bytes of it.
    RANDOM_BYTES: Bytes "tls.handshake.random_bytes" "Random Bytes" { later: true };
    /// The length of the session's identifier.
    SESSION_ID_LENGTH: U16 "tls.handshake.session_id_length" "Session ID Length";
    /// The identifier of a session to resume, or that can be.
    SESSION_ID: Bytes "tls.handshake.session_id" "Session ID";
    /// How many bytes the list of cipher suites has.
    CIPHER_SUITES_LENGTH: U16 "tls.handshake.cipher_suites_length" "Cipher Suites Length";
    /// The cipher suites that a client knows.
    CIPHERSUITES: Label "tls.handshake.ciphersuites" "Cipher Suites";
    /// One of them, or the one that the server has chosen.
    CIPHERSUITE: U16 "tls.handshake.ciphersuite" "Cipher Suite" { form: Form::Hex, values: CIPHER_SUITES };
    /// How many compression methods a client knows.
    COMP_METHODS_LENGTH: U8 "tls.handshake.comp_methods_length" "Compression Methods Length";
    /// The compression methods that a client knows.
    COMP_METHODS: Label "tls.handshake.comp_methods" "Compression Methods";
    /// One of them, or the one that the server has chosen.
    COMP_METHOD: U8 "tls.handshake.comp_method" "Compression Method" { values: COMPRESSION_METHODS };
    /// Values that belong together.
    PART: Label "tls.handshake.part" "Values" { ours: true };

    /// How many bytes the extensions have.
    EXTENSIONS_LENGTH: U16 "tls.handshake.extensions_length" "Extensions Length";
    /// An extension of a hello.
    EXTENSION: Label "tls.handshake.extension" "Extension" { ours: true };
    /// Which extension it is.
    EXTENSION_TYPE: U16 "tls.handshake.extension.type" "Type" { values: EXTENSIONS };
    /// How many bytes it has.
    EXTENSION_LENGTH: U16 "tls.handshake.extension.len" "Length";
    /// What it says, where it is not read further.
    EXTENSION_DATA: Bytes "tls.handshake.extension.data" "Data";
    /// How many bytes the list of names has.
    SERVER_NAME_LIST_LENGTH: U16 "tls.handshake.extensions_server_name_list_len" "Server Name list length";
    /// What kind of name it is.
    SERVER_NAME_TYPE: U8 "tls.handshake.extensions_server_name_type" "Server Name Type" { values: SERVER_NAME_TYPES };
    /// How long the name is.
    SERVER_NAME_LENGTH: U16 "tls.handshake.extensions_server_name_len" "Server Name length";
    /// The server that the client wants to reach (server name indication, RFC 6066 3).
    SERVER_NAME: Text "tls.handshake.extensions_server_name" "Server Name";
    /// The longest record that the client wants (RFC 6066 4).
    MAX_FRAGMENT_LENGTH: U8 "tls.handshake.max_fragment_length" "Maximum Fragment Length" { values: FRAGMENT_LENGTHS };
    /// How the client would learn whether a certificate is still good (RFC 6066 8).
    STATUS_TYPE: U8 "tls.handshake.extensions_status_request_type" "Certificate Status Type" { values: STATUS_TYPES };
    /// How many bytes the list of responders has.
    STATUS_RESPONDERS_LENGTH: U16 "tls.handshake.extensions_status_request_responder_ids_len" "Responder ID list Length";
    /// How many bytes the extensions of the request have.
    STATUS_EXTENSIONS_LENGTH: U16 "tls.handshake.extensions_status_request_exts_len" "Request Extensions Length";
    /// How many bytes the list of groups has.
    SUPPORTED_GROUPS_LENGTH: U16 "tls.handshake.extensions_supported_groups_length" "Supported Groups List Length";
    /// The groups of a key exchange that the client knows, curves among them.
    SUPPORTED_GROUPS: Label "tls.handshake.extensions_supported_groups" "Supported Groups List";
    /// One of them.
    SUPPORTED_GROUP: U16 "tls.handshake.extensions_supported_group" "Supported Group" { form: Form::Hex, values: GROUPS };
    /// How many formats of points there are.
    POINT_FORMATS_LENGTH: U8 "tls.handshake.extensions_ec_point_formats_length" "EC point formats Length";
    /// The forms in which points of a curve can be written.
    EC_POINT_FORMATS: Label "tls.handshake.extensions_ec_point_formats" "EC point formats";
    /// One of them.
    EC_POINT_FORMAT: U8 "tls.handshake.extensions_ec_point_format" "EC point format" { values: POINT_FORMATS };
    /// How many bytes the list of signature algorithms has.
    SIG_HASH_ALGS_LENGTH: U16 "tls.handshake.sig_hash_alg_len" "Signature Hash Algorithms Length";
    /// The signature algorithms that the sender knows.
    SIG_HASH_ALGS: Label "tls.handshake.sig_hash_algs" "Signature Algorithms";
    /// A signature algorithm.
    SIG_HASH_ALG: U16 "tls.handshake.sig_hash_alg" "Signature Algorithm" { form: Form::Hex, values: SIGNATURE_ALGORITHMS };
    /// The hash of it, as TLS 1.2 reads it.
    SIG_HASH_HASH: U8 "tls.handshake.sig_hash_hash" "Signature Hash Algorithm Hash" { values: HASHES };
    /// The signature of it, as TLS 1.2 reads it.
    SIG_HASH_SIG: U8 "tls.handshake.sig_hash_sig" "Signature Hash Algorithm Signature" { values: SIGNATURES };
    /// Who may send heartbeats (RFC 6520).
    HEARTBEAT_MODE: U8 "tls.handshake.extension.heartbeat.mode" "Mode" { values: HEARTBEAT_MODES };
    /// How many bytes the list of protocols has.
    ALPN_LENGTH: U16 "tls.handshake.extensions_alpn_len" "ALPN Extension Length";
    /// The protocols that the client would speak, or the one that the server has chosen (RFC 7301).
    ALPN_LIST: Label "tls.handshake.extensions_alpn_list" "ALPN Protocol";
    /// How long the name of a protocol is.
    ALPN_STR_LENGTH: U8 "tls.handshake.extensions_alpn_str_len" "ALPN string length";
    /// The name of a protocol, such as `h2`.
    ALPN_STR: Text "tls.handshake.extensions_alpn_str" "ALPN Next Protocol";
    /// Bytes that only make the hello longer (RFC 7685).
    PADDING_DATA: Bytes "tls.handshake.extensions_padding_data" "Padding Data";
    /// How many bytes the list of algorithms has (RFC 8879).
    COMPRESS_ALGORITHMS_LENGTH: U8 "tls.compress_certificate.algorithms_length" "Algorithms Length";
    /// How certificates may be compressed.
    COMPRESS_ALGORITHM: U16 "tls.compress_certificate.algorithm" "Algorithm" { values: COMPRESSIONS };
    /// The longest record that the sender reads (RFC 8449).
    RECORD_SIZE_LIMIT: U16 "tls.record_size_limit" "Record Size Limit";
    /// How many bytes the identities of keys have.
    PSK_IDENTITIES_LENGTH: U16 "tls.handshake.extensions.psk.identities.length" "Identities Length";
    /// How long the identity of a key is.
    PSK_IDENTITY_LENGTH: U16 "tls.handshake.extensions.psk.identity.identity_length" "Identity Length";
    /// The identity of a key that both sides have, such as a ticket.
    PSK_IDENTITY: Bytes "tls.handshake.extensions.psk.identity.identity" "Identity";
    /// The age of the ticket in milliseconds, made unreadable.
    PSK_TICKET_AGE: U32 "tls.handshake.extensions.psk.identity.obfuscated_ticket_age" "Obfuscated Ticket Age";
    /// How many bytes the binders have.
    PSK_BINDERS_LENGTH: U16 "tls.handshake.extensions.psk.binders_len" "PSK Binders length";
    /// What proves that the client has the keys.
    PSK_BINDERS: Label "tls.handshake.extensions.psk.binders" "PSK Binders";
    /// The key that the server has chosen, counted from 0.
    PSK_SELECTED: U16 "tls.handshake.extensions.psk.identity.selected" "Selected Identity";
    /// How much data a client may send before the handshake is done.
    MAX_EARLY_DATA: U32 "tls.early_data.max_early_data_size" "Maximum Early Data Size";
    /// How many bytes the list of versions has.
    SUPPORTED_VERSIONS_LENGTH: U8 "tls.handshake.extensions.supported_versions_len" "Supported Versions length";
    /// A version that the client knows, or the one that the server has chosen.
    SUPPORTED_VERSION: U16 "tls.handshake.extensions.supported_version" "Supported Version" { form: Form::Hex, values: VERSIONS };
    /// How long the cookie is.
    COOKIE_LENGTH: U16 "tls.handshake.extensions.cookie_len" "Cookie length";
    /// What the server wants to hear again.
    COOKIE: Bytes "tls.handshake.extensions.cookie" "Cookie";
    /// How many ways to use a key there are.
    PSK_MODES_LENGTH: U8 "tls.extension.psk_ke_modes_length" "PSK Key Exchange Modes Length";
    /// A way to use a key that both sides have.
    PSK_MODE: U8 "tls.extension.psk_ke_mode" "PSK Key Exchange Mode" { values: PSK_MODES };
    /// How many bytes the client's key shares have.
    KEY_SHARES_LENGTH: U16 "tls.handshake.extensions_key_share_client_length" "Client Key Share Length";
    /// The group of a key share.
    KEY_SHARE_GROUP: U16 "tls.handshake.extensions_key_share_group" "Group" { values: GROUPS };
    /// The group of which the server wants a key share.
    KEY_SHARE_SELECTED: U16 "tls.handshake.extensions_key_share_selected_group" "Selected Group" { values: GROUPS };
    /// How long the key share is.
    KEY_EXCHANGE_LENGTH: U16 "tls.handshake.extensions_key_share_key_exchange_length" "Key Exchange Length";
    /// The key share.
    KEY_EXCHANGE: Bytes "tls.handshake.extensions_key_share_key_exchange" "Key Exchange";
    /// How many bytes the list of protocols with settings has.
    ALPS_LENGTH: U16 "tls.handshake.extensions_alps_len" "ALPS Extension Length";
    /// The protocols of which the client would have the settings at once.
    ALPS_LIST: Label "tls.handshake.extensions_alps_alpn_list" "Supported ALPN List";
    /// How long the name of such a protocol is.
    ALPS_STR_LENGTH: U8 "tls.handshake.extensions_alps_alpn_str_len" "Supported ALPN Length";
    /// The name of such a protocol.
    ALPS_STR: Text "tls.handshake.extensions_alps_alpn_str" "Supported ALPN";
    /// How long the proof is that this handshake follows an earlier one (RFC 5746).
    RENEGOTIATION_LENGTH: U8 "tls.handshake.extensions_reneg_info_len" "Renegotiation info extension length";
    /// The proof.
    RENEGOTIATION: Bytes "tls.handshake.extensions_reneg_info" "Renegotiation info";
    /// What a client offers, as a text in which the order counts.
    JA3_FULL: Text "tls.handshake.ja3_full" "JA3 Fullstring";
    /// The MD5 of that text: the same for the same software.
    JA3: Text "tls.handshake.ja3" "JA3";
    /// What a server has chosen, as such a text.
    JA3S_FULL: Text "tls.handshake.ja3s_full" "JA3S Fullstring";
    /// The MD5 of that text.
    JA3S: Text "tls.handshake.ja3s" "JA3S";

    /// How many bytes the certificates have.
    CERTIFICATES_LENGTH: U24 "tls.handshake.certificates_length" "Certificates Length";
    /// A chain of certificates, the sender's own first.
    CERTIFICATES: Label "tls.handshake.certificates" "Certificates";
    /// How long a certificate is.
    CERTIFICATE_LENGTH: U24 "tls.handshake.certificate_length" "Certificate Length";
    /// A certificate of X.509, in DER.
    CERTIFICATE: Bytes "tls.handshake.certificate" "Certificate";
    /// How many kinds of certificates the server takes.
    CERT_TYPES_COUNT: U8 "tls.handshake.cert_types_count" "Certificate types count";
    /// The kinds of certificates that the server takes.
    CERT_TYPES: Label "tls.handshake.cert_types" "Certificate types";
    /// One of them.
    CERT_TYPE: U8 "tls.handshake.cert_type" "Certificate type" { values: CERTIFICATE_TYPES };
    /// How many bytes the names of those have whose certificates the server takes.
    DNAMES_LENGTH: U16 "tls.handshake.dnames_len" "Distinguished Names Length";
    /// The names of those whose certificates the server takes.
    DNAMES: Label "tls.handshake.dnames" "Distinguished Names";
    /// How long such a name is.
    DNAME_LENGTH: U16 "tls.handshake.dname_len" "Distinguished Name Length";
    /// How long an answer about a certificate is.
    OCSP_RESPONSE_LENGTH: U24 "tls.handshake.ocsp_response_len" "OCSP Response Length";
    /// How the curve is named.
    CURVE_TYPE: U8 "tls.handshake.server_curve_type" "Curve Type" { form: Form::Hex, values: CURVE_TYPES };
    /// The curve of a key exchange.
    NAMED_CURVE: U16 "tls.handshake.server_named_curve" "Named Curve" { form: Form::Hex, values: GROUPS };
    /// How long the server's public key is.
    SERVER_POINT_LENGTH: U8 "tls.handshake.server_point_len" "Pubkey Length";
    /// The server's public key for this session: a point of the curve.
    SERVER_POINT: Bytes "tls.handshake.server_point" "Pubkey";
    /// How long the client's public key is.
    CLIENT_POINT_LENGTH: U8 "tls.handshake.client_point_len" "Pubkey Length";
    /// The client's public key for this session: a point of the curve.
    CLIENT_POINT: Bytes "tls.handshake.client_point" "Pubkey";
    /// How long the prime is.
    P_LENGTH: U16 "tls.handshake.p_len" "p Length";
    /// The prime of a Diffie-Hellman key exchange.
    P: Bytes "tls.handshake.p" "p";
    /// How long the generator is.
    G_LENGTH: U16 "tls.handshake.g_len" "g Length";
    /// The generator of a Diffie-Hellman key exchange.
    G: Bytes "tls.handshake.g" "g";
    /// How long the server's public key is.
    YS_LENGTH: U16 "tls.handshake.ys_len" "Pubkey Length";
    /// The server's public key for this session.
    YS: Bytes "tls.handshake.ys" "Pubkey";
    /// How long the client's public key is.
    YC_LENGTH: U16 "tls.handshake.yc_len" "Pubkey Length";
    /// The client's public key for this session.
    YC: Bytes "tls.handshake.yc" "Pubkey";
    /// How long the encrypted secret is.
    EPMS_LENGTH: U16 "tls.handshake.epms_len" "Encrypted PreMaster length";
    /// The secret, encrypted with the server's public key.
    EPMS: Bytes "tls.handshake.epms" "Encrypted PreMaster";
    /// How long the signature is.
    SIG_LENGTH: U16 "tls.handshake.sig_len" "Signature Length";
    /// The server's signature of its public key.
    SIG: Bytes "tls.handshake.sig" "Signature";
    /// How long the signature is.
    VERIFY_SIG_LENGTH: U16 "tls.handshake.client_cert_vrfy.sig_len" "Signature length";
    /// The client's signature, which proves that the certificate is its own.
    VERIFY_SIG: Bytes "tls.handshake.client_cert_vrfy.sig" "Signature";
    /// For how many seconds a ticket can be used.
    TICKET_LIFETIME: U32 "tls.handshake.session_ticket_lifetime_hint" "Session Ticket Lifetime Hint";
    /// How long the ticket is.
    TICKET_LENGTH: U16 "tls.handshake.session_ticket_length" "Session Ticket Length";
    /// A ticket with which the session can be resumed (RFC 5077).
    TICKET: Bytes "tls.handshake.session_ticket" "Session Ticket";

    /// The sides resume an earlier session: no keys are exchanged.
    RESUMED: Note(Note) "tls.resumed" "This session reuses previously negotiated keys (Session resumption)";
    /// Where a record should begin, none does.
    UNKNOWN_RECORD: Note(Warn) "tls.ignored_unknown_record" "Ignored Unknown Record";
    /// Bytes of the record were not captured.
    GAP: Note(Warn) "tls.gap" "Bytes of the record were not captured" { ours: true };
    /// A message of the handshake is longer than is kept.
    HANDSHAKE_LIMIT: Note(Warn) "tls.handshake.limit" "The message is longer than is kept" { ours: true };
}
