//! The fields of TLS that are readable without decryption (RFC 5246, RFC 8446).

use super::names::*;
use super::suites::CIPHER_SUITES;
use crate::field::DisplayBase;

crate::fields! { "tls";
    /// Transport Layer Security: one or more records.
    TLS: Protocol "tls" "Transport Layer Security";
    /// TLS record.
    RECORD: Label "tls.record" "Record Layer";
    /// Content type of the record.
    CONTENT_TYPE: U8 "tls.record.content_type" "Content Type" { values: CONTENT_TYPES };
    /// Content type of an encrypted TLS 1.3 record: always application data.
    OPAQUE_TYPE: U8 "tls.record.opaque_type" "Opaque Type" { values: CONTENT_TYPES };
    /// Version in the record header. It differs from the negotiated version: TLS 1.3 uses 1.2 here.
    RECORD_VERSION: U16 "tls.record.version" "Version" { base: DisplayBase::Hex, values: VERSIONS };
    /// Length of the record's content in bytes.
    RECORD_LENGTH: U16 "tls.record.length" "Length";
    /// Change of the cipher spec: later messages of the side are encrypted.
    CHANGE_CIPHER_SPEC: Label "tls.change_cipher_spec" "Change Cipher Spec Message";
    /// Alert.
    ALERT: Label "tls.alert_message" "Alert Message";
    /// Alert severity.
    ALERT_LEVEL: U8 "tls.alert_message.level" "Level" { values: ALERT_LEVELS };
    /// Alert description.
    ALERT_DESCRIPTION: U8 "tls.alert_message.desc" "Description" { values: ALERTS };
    /// Heartbeat (RFC 6520).
    HEARTBEAT: Label "tls.heartbeat_message" "Heartbeat Message";
    /// Encrypted application data.
    APP_DATA: Bytes "tls.app_data" "Encrypted Application Data";
    /// Application protocol, if negotiated in cleartext (ALPN before TLS 1.3).
    APP_DATA_PROTO: Text "tls.app_data_proto" "Application Data Protocol";

    /// Handshake message, or a fragment of one.
    HANDSHAKE: Label "tls.handshake" "Handshake Protocol";
    /// Type of the handshake message.
    HANDSHAKE_TYPE: U8 "tls.handshake.type" "Handshake Type" { values: HANDSHAKE_TYPES };
    /// Length of the handshake message's body in bytes.
    HANDSHAKE_LENGTH: U24 "tls.handshake.length" "Length";
    /// Fragments from which the handshake message was reassembled.
    FRAGMENTS: Label "tls.handshake.fragments" "Reassembled Handshake Fragments";
    /// Frame that contains a fragment of the handshake message.
    FRAGMENT: Frame "tls.handshake.fragment" "Handshake Fragment";
    /// Number of fragments.
    FRAGMENT_COUNT: U32 "tls.handshake.fragment.count" "Handshake Fragment count";
    /// Version in the hello. TLS 1.3 uses 1.2 here and negotiates in the extension supported_versions.
    VERSION: U16 "tls.handshake.version" "Version" { base: DisplayBase::Hex, values: VERSIONS };
    /// Random bytes of the sender.
    RANDOM: Bytes "tls.handshake.random" "Random";
    /// First four bytes of the random as a time, as defined before TLS 1.3.
    RANDOM_TIME: Time "tls.handshake.random_time" "GMT Unix Time" { later: true };
    /// Remaining 28 bytes of the random.
    RANDOM_BYTES: Bytes "tls.handshake.random_bytes" "Random Bytes" { later: true };
    /// Length of the session ID in bytes.
    SESSION_ID_LENGTH: U16 "tls.handshake.session_id_length" "Session ID Length";
    /// ID of a session to resume, or of a new resumable session.
    SESSION_ID: Bytes "tls.handshake.session_id" "Session ID";
    /// Length of the cipher suite list in bytes.
    CIPHER_SUITES_LENGTH: U16 "tls.handshake.cipher_suites_length" "Cipher Suites Length";
    /// Cipher suites that the client supports.
    CIPHERSUITES: Label "tls.handshake.ciphersuites" "Cipher Suites";
    /// Cipher suite offered by the client, or selected by the server.
    CIPHERSUITE: U16 "tls.handshake.ciphersuite" "Cipher Suite" { base: DisplayBase::Hex, values: CIPHER_SUITES };
    /// Type of a message of SSL 2.0.
    SSL2_TYPE: U8 "tls.ssl2.handshake.type" "Handshake Message Type" { values: SSL2_TYPES };
    /// Length of the cipher specs in bytes, in a client hello of SSL 2.0.
    CIPHER_SPECS_LENGTH: U16 "tls.handshake.cipher_spec_len" "Cipher Spec Length";
    /// Length of the challenge in bytes, in a client hello of SSL 2.0.
    CHALLENGE_LENGTH: U16 "tls.handshake.challenge_length" "Challenge Length";
    /// Cipher suite in a client hello of SSL 2.0; suites of later versions have a leading zero byte.
    SSL2_CIPHER_SPEC: U24 "tls.ssl2.handshake.cipherspec" "Cipher Spec" { base: DisplayBase::Hex };
    /// Random bytes of a client hello of SSL 2.0.
    CHALLENGE: Label "tls.handshake.challenge" "Challenge";
    /// Number of compression methods.
    COMP_METHODS_LENGTH: U8 "tls.handshake.comp_methods_length" "Compression Methods Length";
    /// Compression methods that the client supports.
    COMP_METHODS: Label "tls.handshake.comp_methods" "Compression Methods";
    /// Compression method offered by the client, or selected by the server.
    COMP_METHOD: U8 "tls.handshake.comp_method" "Compression Method" { values: COMPRESSION_METHODS };
    /// Group of related values.
    PART: Label "tls.handshake.part" "Values" { ours: true };

    /// Length of all extensions in bytes.
    EXTENSIONS_LENGTH: U16 "tls.handshake.extensions_length" "Extensions Length";
    /// Extension of a hello.
    EXTENSION: Label "tls.handshake.extension" "Extension" { ours: true };
    /// Extension type.
    EXTENSION_TYPE: U16 "tls.handshake.extension.type" "Type" { values: EXTENSIONS };
    /// Length of the extension's data in bytes.
    EXTENSION_LENGTH: U16 "tls.handshake.extension.len" "Length";
    /// Data of an extension that is not dissected further.
    EXTENSION_DATA: Bytes "tls.handshake.extension.data" "Data";
    /// Ticket of the session_ticket extension, of no bytes to request one.
    EXTENSION_TICKET: Bytes "tls.handshake.extensions.session_ticket" "Session Ticket";
    /// Length of the server name list in bytes.
    SERVER_NAME_LIST_LENGTH: U16 "tls.handshake.extensions_server_name_list_len" "Server Name list length";
    /// Type of the server name.
    SERVER_NAME_TYPE: U8 "tls.handshake.extensions_server_name_type" "Server Name Type" { values: SERVER_NAME_TYPES };
    /// Length of the server name in bytes.
    SERVER_NAME_LENGTH: U16 "tls.handshake.extensions_server_name_len" "Server Name length";
    /// Name of the requested server (server name indication, RFC 6066 3).
    SERVER_NAME: Text "tls.handshake.extensions_server_name" "Server Name";
    /// Maximum fragment length requested by the client (RFC 6066 4).
    MAX_FRAGMENT_LENGTH: U8 "tls.handshake.max_fragment_length" "Maximum Fragment Length" { values: FRAGMENT_LENGTHS };
    /// Type of certificate status information: how to verify that a certificate is not revoked (RFC 6066 8).
    STATUS_TYPE: U8 "tls.handshake.extensions_status_request_type" "Certificate Status Type" { values: STATUS_TYPES };
    /// Length of the responder ID list in bytes.
    STATUS_RESPONDERS_LENGTH: U16 "tls.handshake.extensions_status_request_responder_ids_len" "Responder ID list Length";
    /// Length of the request extensions in bytes.
    STATUS_EXTENSIONS_LENGTH: U16 "tls.handshake.extensions_status_request_exts_len" "Request Extensions Length";
    /// Length of the list of supported groups in bytes.
    SUPPORTED_GROUPS_LENGTH: U16 "tls.handshake.extensions_supported_groups_length" "Supported Groups List Length";
    /// Key exchange groups that the client supports, including elliptic curves.
    SUPPORTED_GROUPS: Label "tls.handshake.extensions_supported_groups" "Supported Groups List";
    /// Supported key exchange group.
    SUPPORTED_GROUP: U16 "tls.handshake.extensions_supported_group" "Supported Group" { base: DisplayBase::Hex, values: GROUPS };
    /// Number of elliptic curve point formats.
    POINT_FORMATS_LENGTH: U8 "tls.handshake.extensions_ec_point_formats_length" "EC point formats Length";
    /// Supported encodings of elliptic curve points.
    EC_POINT_FORMATS: Label "tls.handshake.extensions_ec_point_formats" "EC point formats";
    /// Supported encoding of elliptic curve points.
    EC_POINT_FORMAT: U8 "tls.handshake.extensions_ec_point_format" "EC point format" { values: POINT_FORMATS };
    /// Length of the list of signature algorithms in bytes.
    SIG_HASH_ALGS_LENGTH: U16 "tls.handshake.sig_hash_alg_len" "Signature Hash Algorithms Length";
    /// Signature algorithms that the sender supports.
    SIG_HASH_ALGS: Label "tls.handshake.sig_hash_algs" "Signature Algorithms";
    /// Signature algorithm.
    SIG_HASH_ALG: U16 "tls.handshake.sig_hash_alg" "Signature Algorithm" { base: DisplayBase::Hex, values: SIGNATURE_ALGORITHMS };
    /// Hash algorithm of the signature algorithm, as defined by TLS 1.2.
    SIG_HASH_HASH: U8 "tls.handshake.sig_hash_hash" "Signature Hash Algorithm Hash" { values: HASHES };
    /// Signature type of the signature algorithm, as defined by TLS 1.2.
    SIG_HASH_SIG: U8 "tls.handshake.sig_hash_sig" "Signature Hash Algorithm Signature" { values: SIGNATURES };
    /// Whether the peer may send heartbeat requests (RFC 6520).
    HEARTBEAT_MODE: U8 "tls.handshake.extension.heartbeat.mode" "Mode" { values: HEARTBEAT_MODES };
    /// Length of the protocol list in bytes.
    ALPN_LENGTH: U16 "tls.handshake.extensions_alpn_len" "ALPN Extension Length";
    /// Application protocols offered by the client, or selected by the server (RFC 7301).
    ALPN_LIST: Label "tls.handshake.extensions_alpn_list" "ALPN Protocol";
    /// Length of the protocol name in bytes.
    ALPN_STR_LENGTH: U8 "tls.handshake.extensions_alpn_str_len" "ALPN string length";
    /// Name of an application protocol, such as `h2`.
    ALPN_STR: Text "tls.handshake.extensions_alpn_str" "ALPN Next Protocol";
    /// Padding of the hello (RFC 7685).
    PADDING_DATA: Bytes "tls.handshake.extensions_padding_data" "Padding Data";
    /// Length of the list of compression algorithms in bytes (RFC 8879).
    COMPRESS_ALGORITHMS_LENGTH: U8 "tls.compress_certificate.algorithms_length" "Algorithms Length";
    /// Supported certificate compression algorithm.
    COMPRESS_ALGORITHM: U16 "tls.compress_certificate.algorithm" "Algorithm" { values: COMPRESSIONS };
    /// Maximum record size that the sender accepts (RFC 8449).
    RECORD_SIZE_LIMIT: U16 "tls.record_size_limit" "Record Size Limit";
    /// Length of the list of pre-shared key identities in bytes.
    PSK_IDENTITIES_LENGTH: U16 "tls.handshake.extensions.psk.identities.length" "Identities Length";
    /// Length of the pre-shared key identity in bytes.
    PSK_IDENTITY_LENGTH: U16 "tls.handshake.extensions.psk.identity.identity_length" "Identity Length";
    /// Identity of a pre-shared key, such as a session ticket.
    PSK_IDENTITY: Bytes "tls.handshake.extensions.psk.identity.identity" "Identity";
    /// Obfuscated age of the ticket in milliseconds.
    PSK_TICKET_AGE: U32 "tls.handshake.extensions.psk.identity.obfuscated_ticket_age" "Obfuscated Ticket Age";
    /// Length of the binders in bytes.
    PSK_BINDERS_LENGTH: U16 "tls.handshake.extensions.psk.binders_len" "PSK Binders length";
    /// Binders, which prove that the client possesses the pre-shared keys.
    PSK_BINDERS: Label "tls.handshake.extensions.psk.binders" "PSK Binders";
    /// Index of the pre-shared key selected by the server, from 0.
    PSK_SELECTED: U16 "tls.handshake.extensions.psk.identity.selected" "Selected Identity";
    /// Maximum bytes of early data that the client may send.
    MAX_EARLY_DATA: U32 "tls.early_data.max_early_data_size" "Maximum Early Data Size";
    /// Length of the version list in bytes.
    SUPPORTED_VERSIONS_LENGTH: U8 "tls.handshake.extensions.supported_versions_len" "Supported Versions length";
    /// Version supported by the client, or selected by the server.
    SUPPORTED_VERSION: U16 "tls.handshake.extensions.supported_version" "Supported Version" { base: DisplayBase::Hex, values: VERSIONS };
    /// Length of the cookie in bytes.
    COOKIE_LENGTH: U16 "tls.handshake.extensions.cookie_len" "Cookie length";
    /// Cookie of the server, which the client must return.
    COOKIE: Bytes "tls.handshake.extensions.cookie" "Cookie";
    /// Number of key exchange modes for pre-shared keys.
    PSK_MODES_LENGTH: U8 "tls.extension.psk_ke_modes_length" "PSK Key Exchange Modes Length";
    /// Key exchange mode for pre-shared keys.
    PSK_MODE: U8 "tls.extension.psk_ke_mode" "PSK Key Exchange Mode" { values: PSK_MODES };
    /// Length of the client's key shares in bytes.
    KEY_SHARES_LENGTH: U16 "tls.handshake.extensions_key_share_client_length" "Client Key Share Length";
    /// Group of the key share.
    KEY_SHARE_GROUP: U16 "tls.handshake.extensions_key_share_group" "Group" { values: GROUPS };
    /// Group for which the server requests a key share.
    KEY_SHARE_SELECTED: U16 "tls.handshake.extensions_key_share_selected_group" "Selected Group" { values: GROUPS };
    /// Length of the key exchange data in bytes.
    KEY_EXCHANGE_LENGTH: U16 "tls.handshake.extensions_key_share_key_exchange_length" "Key Exchange Length";
    /// Key exchange data: a public key.
    KEY_EXCHANGE: Bytes "tls.handshake.extensions_key_share_key_exchange" "Key Exchange";
    /// Length of the list of protocols with settings in bytes.
    ALPS_LENGTH: U16 "tls.handshake.extensions_alps_len" "ALPS Extension Length";
    /// Protocols for which the client supports application settings (ALPS).
    ALPS_LIST: Label "tls.handshake.extensions_alps_alpn_list" "Supported ALPN List";
    /// Length of the protocol name in bytes.
    ALPS_STR_LENGTH: U8 "tls.handshake.extensions_alps_alpn_str_len" "Supported ALPN Length";
    /// Name of a protocol with application settings.
    ALPS_STR: Text "tls.handshake.extensions_alps_alpn_str" "Supported ALPN";
    /// Length of the list of signed certificate timestamps in bytes.
    SCTS_LENGTH: U16 "tls.sct.scts_length" "Serialized SCT List Length";
    /// Length of a signed certificate timestamp in bytes.
    SCT_LENGTH: U16 "tls.sct.sct_length" "Serialized SCT Length";
    /// Version of a signed certificate timestamp, less one.
    SCT_VERSION: U8 "tls.sct.sct_version" "SCT Version";
    /// Identifier of the log: the hash of its public key.
    SCT_LOG: Bytes "tls.sct.sct_logid" "Log ID";
    /// Time at which the log accepted the certificate.
    SCT_TIMESTAMP: Time "tls.sct.sct_timestamp" "Timestamp";
    /// Length of the extensions of a timestamp in bytes.
    SCT_EXTENSIONS_LENGTH: U16 "tls.sct.sct_extensions_length" "Extensions length";
    /// Extensions of a timestamp.
    SCT_EXTENSIONS: Label "tls.sct.sct_extensions" "Extensions";
    /// Length of the signature of the log in bytes.
    SCT_SIGNATURE_LENGTH: U16 "tls.sct.sct_signature_length" "Signature Length";
    /// Signature of the log.
    SCT_SIGNATURE: Bytes "tls.sct.sct_signature" "Signature";
    /// Type of a client hello with Encrypted Client Hello (RFC 9849). Clients without a configuration of the server send random bytes
    /// in its place (GREASE, RFC 9849 6.2), which look the same.
    ECH_TYPE: U8 "tls.ech.client_hello_type" "Client Hello type" { values: ECH_TYPES };
    /// Algorithms that encrypt the inner client hello.
    ECH_CIPHER_SUITE: Label "tls.ech.hpke.keyconfig.cipher_suite" "Cipher Suite";
    /// Key derivation function of the cipher suite.
    ECH_KDF: U16 "tls.ech.hpke.keyconfig.cipher_suite.kdf_id" "KDF Id" { values: HPKE_KDFS };
    /// Cipher of the cipher suite.
    ECH_AEAD: U16 "tls.ech.hpke.keyconfig.cipher_suite.aead_id" "AEAD Id" { values: HPKE_AEADS };
    /// Number of the server's configuration.
    ECH_CONFIG_ID: U8 "tls.ech.config_id" "Config Id";
    /// Length of the encapsulated key in bytes.
    ECH_ENC_LENGTH: U16 "tls.ech.enc_length" "Enc length";
    /// Encapsulated key, with which the server decrypts the inner client hello.
    ECH_ENC: Bytes "tls.ech.enc" "Enc";
    /// Length of the inner client hello in bytes.
    ECH_PAYLOAD_LENGTH: U16 "tls.ech.payload_length" "Payload length";
    /// Encrypted inner client hello, or random bytes (GREASE), which look the same.
    ECH_PAYLOAD: Bytes "tls.ech.payload" "Payload";
    /// Length of the renegotiation data in bytes.
    RENEGOTIATION_LENGTH: U8 "tls.handshake.extensions_reneg_info_len" "Renegotiation info extension length";
    /// Renegotiation data, which binds the handshake to a previous one (RFC 5746).
    RENEGOTIATION: Bytes "tls.handshake.extensions_reneg_info" "Renegotiation info";
    /// Number of a transport parameter of QUIC (RFC 9000 18).
    QUIC_PARAMETER_TYPE: U64 "tls.quic.parameter.type" "Type" { values: QUIC_PARAMETERS };
    /// Bytes of its value.
    QUIC_PARAMETER_LENGTH: U64 "tls.quic.parameter.length" "Length";
    /// Its value, as sent.
    QUIC_PARAMETER_VALUE: Bytes "tls.quic.parameter.value" "Value";
    /// Connection ID that the client chose first for the server.
    QUIC_ORIGINAL_DCID: Bytes "tls.quic.parameter.original_destination_connection_id" "original_destination_connection_id";
    /// Time without packets after which the connection ends, in milliseconds.
    QUIC_IDLE_TIMEOUT: U64 "tls.quic.parameter.max_idle_timeout" "max_idle_timeout";
    /// Token that ends a stateless reset of the connection.
    QUIC_RESET_TOKEN: Bytes "tls.quic.parameter.stateless_reset_token" "stateless_reset_token";
    /// Maximum size of datagrams that the sender receives.
    QUIC_UDP_PAYLOAD: U64 "tls.quic.parameter.max_udp_payload_size" "max_udp_payload_size";
    /// Bytes that may be sent on the connection.
    QUIC_MAX_DATA: U64 "tls.quic.parameter.initial_max_data" "initial_max_data";
    /// Bytes that may be sent on a stream of both directions that the sender opens.
    QUIC_MAX_BIDI_LOCAL: U64 "tls.quic.parameter.initial_max_stream_data_bidi_local" "initial_max_stream_data_bidi_local";
    /// Bytes that may be sent on a stream of both directions that the receiver opens.
    QUIC_MAX_BIDI_REMOTE: U64 "tls.quic.parameter.initial_max_stream_data_bidi_remote" "initial_max_stream_data_bidi_remote";
    /// Bytes that may be sent on a stream of one direction.
    QUIC_MAX_UNI: U64 "tls.quic.parameter.initial_max_stream_data_uni" "initial_max_stream_data_uni";
    /// Number of streams of both directions that may be opened.
    QUIC_STREAMS_BIDI: U64 "tls.quic.parameter.initial_max_streams_bidi" "initial_max_streams_bidi";
    /// Number of streams of one direction that may be opened.
    QUIC_STREAMS_UNI: U64 "tls.quic.parameter.initial_max_streams_uni" "initial_max_streams_uni";
    /// Exponent by which the delays of acknowledgments are multiplied.
    QUIC_DELAY_EXPONENT: U64 "tls.quic.parameter.ack_delay_exponent" "ack_delay_exponent";
    /// Maximum delay of acknowledgments, in milliseconds.
    QUIC_MAX_DELAY: U64 "tls.quic.parameter.max_ack_delay" "max_ack_delay";
    /// Number of connection IDs that the sender keeps.
    QUIC_ID_LIMIT: U64 "tls.quic.parameter.active_connection_id_limit" "Active Connection ID Limit";
    /// Connection ID that the sender chose for itself.
    QUIC_INITIAL_SCID: Bytes "tls.quic.parameter.initial_source_connection_id" "Initial Source Connection ID";
    /// Connection ID that the server chose in a Retry packet.
    QUIC_RETRY_SCID: Bytes "tls.quic.parameter.retry_source_connection_id" "Retry Source Connection ID";
    /// Maximum size of DATAGRAM frames that the sender receives.
    QUIC_MAX_DATAGRAM: U64 "tls.quic.parameter.max_datagram_frame_size" "max_datagram_frame_size";
    /// Version of QUIC that the sender uses.
    QUIC_CHOSEN_VERSION: U32 "tls.quic.parameter.vi.chosen_version" "Chosen Version" { base: DisplayBase::Hex };
    /// Version of QUIC that the sender supports.
    QUIC_OTHER_VERSION: U32 "tls.quic.parameter.vi.other_version" "Other Version" { base: DisplayBase::Hex };
    /// Labels of the secrets that key logs have for this hello, separated by commas.
    SECRETS: Text "tls.handshake.secrets" "Secrets" { ours: true };
    /// What became of the records that are encrypted with these secrets.
    SECRETS_RESULT: U8 "tls.handshake.secrets.result" "Result of the secrets" { ours: true, later: true, values: SECRETS_RESULTS };
    /// Name of the file with the private key that decrypts the premaster secret of the connection, or of the session that it resumes.
    SECRETS_KEY: Text "tls.handshake.secrets.key" "Private key" { ours: true, later: true };
    /// JA4 fingerprint of the client software.
    JA4: Text "tls.handshake.ja4" "JA4";
    /// JA4 text, whose parts are hashed in the fingerprint.
    JA4_RAW: Text "tls.handshake.ja4_r" "JA4_r";
    /// JA3 text: the client's offers in order.
    JA3_FULL: Text "tls.handshake.ja3_full" "JA3 Fullstring";
    /// MD5 hash of the JA3 text, a fingerprint of the client software.
    JA3: Text "tls.handshake.ja3" "JA3";
    /// JA3S text: the server's selection.
    JA3S_FULL: Text "tls.handshake.ja3s_full" "JA3S Fullstring";
    /// MD5 hash of the JA3S text, a fingerprint of the server software.
    JA3S: Text "tls.handshake.ja3s" "JA3S";

    /// Length of the certificate chain in bytes.
    CERTIFICATES_LENGTH: U24 "tls.handshake.certificates_length" "Certificates Length";
    /// Certificate chain, starting with the sender's certificate.
    CERTIFICATES: Label "tls.handshake.certificates" "Certificates";
    /// Common name of the first certificate of the message, or else its first host name.
    CERTIFICATE_SUBJECT: Text "tls.handshake.certificate.subject" "Subject of the certificate" { ours: true };
    /// Host name that the first certificate was issued to.
    CERTIFICATE_HOST: Text "tls.handshake.certificate.host" "Host of the certificate" { ours: true };
    /// Time from which the first certificate is valid.
    CERTIFICATE_BEGIN: Time "tls.handshake.certificate.not_before" "Certificate valid from" { ours: true };
    /// Time up to which the first certificate is valid.
    CERTIFICATE_END: Time "tls.handshake.certificate.not_after" "Certificate valid until" { ours: true };
    /// Length of the certificate in bytes.
    CERTIFICATE_LENGTH: U24 "tls.handshake.certificate_length" "Certificate Length";
    /// X.509 certificate in DER.
    CERTIFICATE: Bytes "tls.handshake.certificate" "Certificate";
    /// Number of certificate types.
    CERT_TYPES_COUNT: U8 "tls.handshake.cert_types_count" "Certificate types count";
    /// Certificate types that the server accepts.
    CERT_TYPES: Label "tls.handshake.cert_types" "Certificate types";
    /// Certificate type.
    CERT_TYPE: U8 "tls.handshake.cert_type" "Certificate type" { values: CERTIFICATE_TYPES };
    /// Length of the list of distinguished names in bytes.
    DNAMES_LENGTH: U16 "tls.handshake.dnames_len" "Distinguished Names Length";
    /// Distinguished names of the certificate authorities that the server accepts.
    DNAMES: Label "tls.handshake.dnames" "Distinguished Names";
    /// Length of the distinguished name in bytes.
    DNAME_LENGTH: U16 "tls.handshake.dname_len" "Distinguished Name Length";
    /// Length of the OCSP response in bytes.
    OCSP_RESPONSE_LENGTH: U24 "tls.handshake.ocsp_response_len" "OCSP Response Length";
    /// How the curve is specified.
    CURVE_TYPE: U8 "tls.handshake.server_curve_type" "Curve Type" { base: DisplayBase::Hex, values: CURVE_TYPES };
    /// Curve of the key exchange.
    NAMED_CURVE: U16 "tls.handshake.server_named_curve" "Named Curve" { base: DisplayBase::Hex, values: GROUPS };
    /// Length of the server's public key in bytes.
    SERVER_POINT_LENGTH: U8 "tls.handshake.server_point_len" "Pubkey Length";
    /// Server's public key for this session: a point on the curve.
    SERVER_POINT: Bytes "tls.handshake.server_point" "Pubkey";
    /// Length of the client's public key in bytes.
    CLIENT_POINT_LENGTH: U8 "tls.handshake.client_point_len" "Pubkey Length";
    /// Client's public key for this session: a point on the curve.
    CLIENT_POINT: Bytes "tls.handshake.client_point" "Pubkey";
    /// Length of the prime in bytes.
    P_LENGTH: U16 "tls.handshake.p_len" "p Length";
    /// Prime of the Diffie-Hellman key exchange.
    P: Bytes "tls.handshake.p" "p";
    /// Length of the generator in bytes.
    G_LENGTH: U16 "tls.handshake.g_len" "g Length";
    /// Generator of the Diffie-Hellman key exchange.
    G: Bytes "tls.handshake.g" "g";
    /// Length of the server's public key in bytes.
    YS_LENGTH: U16 "tls.handshake.ys_len" "Pubkey Length";
    /// Server's Diffie-Hellman public key for this session.
    YS: Bytes "tls.handshake.ys" "Pubkey";
    /// Length of the client's public key in bytes.
    YC_LENGTH: U16 "tls.handshake.yc_len" "Pubkey Length";
    /// Client's Diffie-Hellman public key for this session.
    YC: Bytes "tls.handshake.yc" "Pubkey";
    /// Length of the encrypted premaster secret in bytes.
    EPMS_LENGTH: U16 "tls.handshake.epms_len" "Encrypted PreMaster length";
    /// Premaster secret, encrypted with the server's public key.
    EPMS: Bytes "tls.handshake.epms" "Encrypted PreMaster";
    /// Length of the signature in bytes.
    SIG_LENGTH: U16 "tls.handshake.sig_len" "Signature Length";
    /// Server's signature of the key exchange parameters.
    SIG: Bytes "tls.handshake.sig" "Signature";
    /// Length of the signature in bytes.
    VERIFY_SIG_LENGTH: U16 "tls.handshake.client_cert_vrfy.sig_len" "Signature length";
    /// Client's signature, which proves that it owns the certificate.
    VERIFY_SIG: Bytes "tls.handshake.client_cert_vrfy.sig" "Signature";
    /// Lifetime of the ticket in seconds.
    TICKET_LIFETIME: U32 "tls.handshake.session_ticket_lifetime_hint" "Session Ticket Lifetime Hint";
    /// Length of the ticket in bytes.
    TICKET_LENGTH: U16 "tls.handshake.session_ticket_length" "Session Ticket Length";
    /// Ticket for resumption of the session (RFC 5077).
    TICKET: Bytes "tls.handshake.session_ticket" "Session Ticket";
    /// Random number that obscures the age of the ticket.
    TICKET_AGE_ADD: U32 "tls.handshake.session_ticket_age_add" "Session Ticket Age Add";
    /// Length of the nonce in bytes.
    TICKET_NONCE_LENGTH: U8 "tls.handshake.session_ticket_nonce_length" "Session Ticket Nonce Length";
    /// Number of the ticket in its connection.
    TICKET_NONCE: Bytes "tls.handshake.session_ticket_nonce" "Session Ticket Nonce";
    /// Length of the context of a certificate request in bytes.
    REQUEST_CONTEXT_LENGTH: U8 "tls.handshake.certificate_request_context_length" "Certificate Request Context Length";
    /// Context of a certificate request, which the certificate repeats.
    REQUEST_CONTEXT: Bytes "tls.handshake.certificate_request_context" "Certificate Request Context";
    /// Hash of the handshake, which proves that both sides have the same one.
    VERIFY_DATA: Label "tls.handshake.verify_data" "Verify Data";
    /// Whether the receiver must update its keys, too.
    KEY_UPDATE_REQUEST: U8 "tls.handshake.key_update.request_update" "Key Update Request" { values: KEY_UPDATE_REQUESTS };

    /// An earlier session is resumed without a key exchange.
    RESUMED: Note(Note) "tls.resumed" "This session reuses previously negotiated keys (Session resumption)";
    /// Length of a record that is not permitted.
    INVALID_LENGTH: Note(Error) "tls.record.length.invalid" "Record fragment length is too small or too large";
    /// Data without a valid record header.
    UNKNOWN_RECORD: Note(Warn) "tls.ignored_unknown_record" "Ignored Unknown Record";
    /// The server responds to a client hello in another protocol.
    PLAIN_RESPONSE: Note(Warn) "tls.plain_response" "The server responds to a client hello without TLS" { ours: true };
    /// Bytes of the record were not captured.
    GAP: Note(Warn) "tls.gap" "Bytes of the record were not captured" { ours: true };
    /// A private key does not decrypt the connection.
    PRIVATE_KEY: Note(Note) "tls.private_key" "Not decrypted with a private key" { ours: true };
    /// A record is not authentic with the secret of the key log.
    NOT_AUTHENTIC: Note(Warn) "tls.not_authentic" "The record is not authentic with the secret of the key log" { ours: true };
    /// Decryption of a side ended.
    DECRYPTION_ENDED: Note(Warn) "tls.decryption_ended" "Decryption of this side ended: several records are not authentic" { ours: true };
    /// A handshake message exceeds the reassembly limit.
    HANDSHAKE_LIMIT: Note(Warn) "tls.handshake.limit" "Handshake message exceeds the reassembly limit" { ours: true };
}
