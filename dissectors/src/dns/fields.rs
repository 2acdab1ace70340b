//! Fields of DNS.

use super::names::*;
use crate::field::DisplayBase;

crate::fields! { "dns";
    /// Domain Name System (RFC 1035).
    DNS: Protocol "dns" "Domain Name System";
    /// Length of the message over TCP (RFC 1035 4.2.2).
    LENGTH: U16 "dns.length" "Length";
    /// Identifier that the response repeats.
    ID: U16 "dns.id" "Transaction ID" { base: DisplayBase::Hex };
    /// Flags, opcode and reply code.
    FLAGS: U16 "dns.flags" "Flags" { base: DisplayBase::Hex };
    /// The message is a response.
    FLAGS_RESPONSE: Bool "dns.flags.response" "Response";
    /// Operation.
    FLAGS_OPCODE: U16 "dns.flags.opcode" "Opcode" { values: OPCODES };
    /// The server is an authority for the name.
    FLAGS_AUTHORITATIVE: Bool "dns.flags.authoritative" "Authoritative";
    /// LLMNR: the name is not unique (RFC 4795 2.1.1).
    FLAGS_CONFLICT: Bool "dns.flags.conflict" "Conflict";
    /// The message is truncated; the whole one is available over TCP.
    FLAGS_TRUNCATED: Bool "dns.flags.truncated" "Truncated";
    /// The client requests recursion.
    FLAGS_RECDESIRED: Bool "dns.flags.recdesired" "Recursion desired";
    /// LLMNR: the responder has not verified yet that its name is unique (RFC 4795 2.1.1).
    FLAGS_TENTATIVE: Bool "dns.flags.tentative" "Tentative";
    /// The server offers recursion.
    FLAGS_RECAVAIL: Bool "dns.flags.recavail" "Recursion available";
    /// Reserved bit.
    FLAGS_Z: Bool "dns.flags.z" "Z";
    /// The server has verified the records by DNSSEC (RFC 4035 3.2.3).
    FLAGS_AUTHENTICATED: Bool "dns.flags.authenticated" "Answer authenticated";
    /// The client understands the AD bit of the response (RFC 6840 5.7).
    FLAGS_AD: Bool "dns.flags.ad" "AD bit";
    /// Records that are not verified are acceptable.
    FLAGS_CHECKDISABLE: Bool "dns.flags.checkdisable" "Non-authenticated data";
    /// Reply code; its low four bits if there is an OPT record.
    FLAGS_RCODE: U16 "dns.flags.rcode" "Reply code" { values: RCODES };
    /// Name of a question, without its last dot.
    QRY_NAME: Text "dns.qry.name" "Name";
    /// Length of the name of a question, in characters.
    QRY_NAME_LEN: U16 "dns.qry.name.len" "Name Length";
    /// Number of labels of the name of a question.
    COUNT_LABELS: U16 "dns.count.labels" "Label Count";
    /// Type of a question.
    QRY_TYPE: U16 "dns.qry.type" "Type" { values: TYPES };
    /// Class of a question.
    QRY_CLASS: U16 "dns.qry.class" "Class" { base: DisplayBase::Hex, values: CLASSES };
    /// mDNS: the response is requested as unicast (RFC 6762 5.4).
    QRY_QU: Bool "dns.qry.qu" "\"QU\" question";
    /// Number of questions.
    COUNT_QUERIES: U16 "dns.count.queries" "Questions";
    /// Number of zones of an update.
    COUNT_ZONES: U16 "dns.count.zones" "Zones";
    /// Number of answers.
    COUNT_ANSWERS: U16 "dns.count.answers" "Answer RRs";
    /// Number of prerequisites of an update.
    COUNT_PREREQUISITES: U16 "dns.count.prerequisites" "Prerequisites";
    /// Number of authority records.
    COUNT_AUTH_RR: U16 "dns.count.auth_rr" "Authority RRs";
    /// Number of updates.
    COUNT_UPDATES: U16 "dns.count.updates" "Updates";
    /// Frame of the response.
    RESPONSE_IN: Frame "dns.response_in" "Response In" { later: true };
    /// Frame of the query.
    RESPONSE_TO: Frame "dns.response_to" "Request In";
    /// The message is repeated.
    RETRANSMISSION: Bool "dns.retransmission" "Retransmission";
    /// Frame of the first query, if this one repeats it.
    RETRANSMIT_REQUEST_IN: Frame "dns.retransmit_request_in" "Retransmitted request. Original request in";
    /// Frame of the first response, if this one repeats it.
    RETRANSMIT_RESPONSE_IN: Frame "dns.retransmit_response_in" "Retransmitted response. Original response in";
    /// Time from the query to the response.
    TIME: Duration "dns.time" "Time";
    /// The response has no query in the capture.
    UNSOLICITED: Bool "dns.unsolicited" "Unsolicited";
    /// Number of additional records.
    COUNT_ADD_RR: U16 "dns.count.add_rr" "Additional RRs";
    /// The query is repeated before its response.
    RETRANSMIT_REQUEST: Note(Note) "dns.retransmit_request" "DNS query retransmission";
    /// The response is repeated.
    RETRANSMIT_RESPONSE: Note(Note) "dns.retransmit_response" "DNS response retransmission";
    /// The capture has no response to the query.
    RESPONSE_MISSING: Note(Note) "dns.response_missing" "DNS response missing" { later: true };
    /// The message is a query.
    QUERY: Bool "dns.query" "Query" { ours: true, hidden: true };
    /// The message in one line, as in the Info column.
    SUMMARY: Text "dns.summary" "Summary" { ours: true, hidden: true };
    /// Type of the first question as text, or the operation if it is not a query.
    METHOD: Text "dns.method" "Method" { ours: true, hidden: true };
    /// Reply code of a response with the bits of EDNS, as text such as NXDOMAIN.
    STATUS: Text "dns.status" "Status" { ours: true, hidden: true };
    /// Name of a record, without its last dot. An SRV record has the parts of its name instead.
    RESP_NAME: Text "dns.resp.name" "Name";
    /// Type of a record, or of records in the bit map of an NSEC, NSEC3 or CSYNC record.
    RESP_TYPE: U16 "dns.resp.type" "Type" { values: TYPES };
    /// Class of a record.
    RESP_CLASS: U16 "dns.resp.class" "Class" { base: DisplayBase::Hex, values: CLASSES };
    /// mDNS: the record replaces those that are cached (RFC 6762 10.2).
    RESP_CACHE_FLUSH: Bool "dns.resp.cache_flush" "Cache flush";
    /// EDNS: high eight bits of the reply code.
    RESP_EXT_RCODE: U8 "dns.resp.ext_rcode" "Higher bits in extended RCODE" { base: DisplayBase::Hex };
    /// EDNS: version.
    RESP_EDNS0_VERSION: U8 "dns.resp.edns0_version" "EDNS0 version";
    /// EDNS: flags.
    RESP_Z: U16 "dns.resp.z" "Z" { base: DisplayBase::Hex };
    /// EDNS: DNSSEC records are requested.
    RESP_Z_DO: Bool "dns.resp.z.do" "DO bit";
    /// EDNS: reserved flags.
    RESP_Z_RESERVED: U16 "dns.resp.z.reserved" "Reserved" { base: DisplayBase::Hex };
    /// Service instance in the name of an SRV record (RFC 6763 4.1).
    SRV_INSTANCE: Text "dns.srv.instance" "Instance";
    /// Service in the name of an SRV record.
    SRV_SERVICE: Text "dns.srv.service" "Service";
    /// Protocol in the name of an SRV record.
    SRV_PROTO: Text "dns.srv.proto" "Protocol";
    /// Domain in the name of an SRV record.
    SRV_NAME: Text "dns.srv.name" "Name";
    /// Priority of an SRV or URI record; the lowest is tried first.
    SRV_PRIORITY: U16 "dns.srv.priority" "Priority";
    /// Weight of an SRV or URI record among those of the same priority.
    SRV_WEIGHT: U16 "dns.srv.weight" "Weight";
    /// Port of an SRV record.
    SRV_PORT: U16 "dns.srv.port" "Port";
    /// Host of an SRV record, or the URI of a URI record.
    SRV_TARGET: Text "dns.srv.target" "Target";
    /// Order in which NAPTR records are processed.
    NAPTR_ORDER: U16 "dns.naptr.order" "Order";
    /// Preference of a NAPTR record among those of the same order.
    NAPTR_PREFERENCE: U16 "dns.naptr.preference" "Preference";
    /// Length of the flags of a NAPTR record.
    NAPTR_FLAGS_LENGTH: U8 "dns.naptr.flags_length" "Flags Length";
    /// Flags of a NAPTR record.
    NAPTR_FLAGS: Text "dns.naptr.flags" "Flags";
    /// Length of the service of a NAPTR record.
    NAPTR_SERVICE_LENGTH: U8 "dns.naptr.service_length" "Service Length";
    /// Service of a NAPTR record.
    NAPTR_SERVICE: Text "dns.naptr.service" "Service";
    /// Length of the expression of a NAPTR record.
    NAPTR_REGEX_LENGTH: U8 "dns.naptr.regex_length" "Regex Length";
    /// Substitution expression of a NAPTR record.
    NAPTR_REGEX: Text "dns.naptr.regex" "Regex";
    /// Length of the replacement of a NAPTR record, in characters.
    NAPTR_REPLACEMENT_LENGTH: U8 "dns.naptr.replacement_length" "Replacement Length";
    /// Replacement of a NAPTR record.
    NAPTR_REPLACEMENT: Text "dns.naptr.replacement" "Replacement";
    /// Seconds for which a record may be cached.
    RESP_TTL: U32 "dns.resp.ttl" "Time to live";
    /// Length of the data of a record.
    RESP_LEN: U16 "dns.resp.len" "Data length";
    /// IPv4 address of an A record.
    A: Ipv4 "dns.a" "Address" { has_host_names: true };
    /// Domain of an A record of class CH.
    A_CH_DOMAIN: Text "dns.a.ch.domain" "Chaos Domain";
    /// Chaosnet address of an A record of class CH.
    A_CH_ADDR: U16 "dns.a.ch.addr" "Chaos Address";
    /// Mail destination of an MD record.
    MD: Text "dns.md" "Mail Destination";
    /// Mail forwarder of an MF record.
    MF: Text "dns.mf" "Mail Forwarder";
    /// Host of an MB record.
    MB: Text "dns.mb" "MailBox Domain";
    /// Member of a mail group, of an MG record.
    MG: Text "dns.mg" "Mail Group member";
    /// New name of a mailbox, of an MR record.
    MR: Text "dns.mr" "Mail Rename domain";
    /// Data of a NULL record.
    NULL: Bytes "dns.null" "Null (data)";
    /// IPv6 address of an AAAA record.
    AAAA: Ipv6 "dns.aaaa" "AAAA Address" { has_host_names: true };
    /// Canonical name of a CNAME record.
    CNAME: Text "dns.cname" "CNAME";
    /// EDNS: largest UDP message that the sender accepts.
    RR_UDP_PAYLOAD_SIZE: U16 "dns.rr.udp_payload_size" "UDP payload size";
    /// Primary name server of an SOA record.
    SOA_MNAME: Text "dns.soa.mname" "Primary name server";
    /// Mailbox of the person responsible, of an SOA record.
    SOA_RNAME: Text "dns.soa.rname" "Responsible authority's mailbox";
    /// Serial number of an SOA record.
    SOA_SERIAL_NUMBER: U32 "dns.soa.serial_number" "Serial Number";
    /// Seconds until a secondary server checks the zone, of an SOA record.
    SOA_REFRESH_INTERVAL: U32 "dns.soa.refresh_interval" "Refresh Interval";
    /// Seconds until a failed check is repeated, of an SOA record.
    SOA_RETRY_INTERVAL: U32 "dns.soa.retry_interval" "Retry Interval";
    /// Seconds after which a zone that could not be checked is dropped, of an SOA record.
    SOA_EXPIRE_LIMIT: U32 "dns.soa.expire_limit" "Expire limit";
    /// Seconds for which the absence of a name may be cached, of an SOA record.
    SOA_MINIMUM_TTL: U32 "dns.soa.minimum_ttl" "Minimum TTL";
    /// Name of a PTR record.
    PTR_DOMAIN_NAME: Text "dns.ptr.domain_name" "Domain Name" { has_host_names: true };
    /// Address of a WKS record.
    WKS_ADDRESS: Ipv4 "dns.wks.address" "Address";
    /// IP protocol of a WKS record.
    WKS_PROTOCOL: U8 "dns.wks.protocol" "Protocol";
    /// Byte of the port bit map of a WKS record.
    WKS_BITS: U8 "dns.wks.bits" "Bits" { base: DisplayBase::Hex };
    /// Length of the CPU of a HINFO record.
    HINFO_CPU_LENGTH: U8 "dns.hinfo.cpu_length" "CPU Length";
    /// CPU of a HINFO record.
    HINFO_CPU: Text "dns.hinfo.cpu" "CPU";
    /// Length of the operating system of a HINFO record.
    HINFO_OS_LENGTH: U8 "dns.hinfo.os_length" "OS Length";
    /// Operating system of a HINFO record.
    HINFO_OS: Text "dns.hinfo.os" "OS";
    /// Mailbox of the person responsible, of a MINFO record.
    MINFO_R: Text "dns.minfo.r" "Responsible Mailbox";
    /// Mailbox for errors of a MINFO record.
    MINFO_E: Text "dns.minfo.e" "Error Mailbox";
    /// Preference of an MX record; the lowest is tried first.
    MX_PREFERENCE: U16 "dns.mx.preference" "Preference";
    /// Mail server of an MX record.
    MX_MAIL_EXCHANGE: Text "dns.mx.mail_exchange" "Mail Exchange";
    /// Length of a text of a TXT record.
    TXT_LENGTH: U8 "dns.txt.length" "TXT Length";
    /// Text of a TXT record.
    TXT: Text "dns.txt" "TXT";
    /// Key of an OPENPGPKEY record.
    OPENPGPKEY: Text "dns.openpgpkey" "OpenPGP Key";
    /// SOA serial of a CSYNC record.
    CSYNC_SOA: U32 "dns.csync.soa" "SOA";
    /// Flags of a CSYNC record.
    CSYNC_FLAGS: U16 "dns.csync.flags" "Flags" { base: DisplayBase::Hex };
    /// The parent may process the CSYNC record at once.
    CSYNC_FLAGS_IMMEDIATE: Bool "dns.csync.flags.immediate" "immediate";
    /// The SOA serial of the zone must be at least that of the CSYNC record.
    CSYNC_FLAGS_SOAMINIMUM: Bool "dns.csync.flags.soaminimum" "soaminimum";
    /// Serial number of the zone of a ZONEMD record.
    ZONEMD_SERIAL: U32 "dns.zonemd.serial" "Serial";
    /// Scheme of a ZONEMD record.
    ZONEMD_SCHEME: U8 "dns.zonemd.scheme" "Scheme";
    /// Hash algorithm of a ZONEMD record.
    ZONEMD_HASH_ALGO: U8 "dns.zonemd.hash_algo" "Hash Algorithm";
    /// Digest of the zone of a ZONEMD record.
    ZONEMD_DIGEST: Bytes "dns.zonemd.digest" "Digest";
    /// Priority of an SVCB or HTTPS record; 0 is an alias.
    SVCB_SVCPRIORITY: U16 "dns.svcb.svcpriority" "SvcPriority";
    /// Target of an SVCB or HTTPS record.
    SVCB_TARGETNAME: Text "dns.svcb.targetname" "TargetName";
    /// Parameter of an SVCB or HTTPS record.
    SVCB_SVCPARAM: Label "dns.svcb.svcparam" "SvcParam";
    /// Key of a parameter.
    SVCB_SVCPARAM_KEY: U16 "dns.svcb.svcparam.key" "SvcParamKey" { values: SVCB_KEYS };
    /// Length of the value of a parameter.
    SVCB_SVCPARAM_VALUE_LENGTH: U16 "dns.svcb.svcparam.value.length" "SvcParamValue length";
    /// Value of a parameter without a field of its own.
    SVCB_SVCPARAM_VALUE: Bytes "dns.svcb.svcparam.value" "SvcParamValue";
    /// Key of a parameter that a client must understand.
    SVCB_SVCPARAM_MANDATORY_KEY: U16 "dns.svcb.svcparam.mandatory.key" "Mandatory key" { values: SVCB_KEYS };
    /// Length of an ALPN protocol name.
    SVCB_SVCPARAM_ALPN_LENGTH: U8 "dns.svcb.svcparam.alpn.length" "ALPN length";
    /// ALPN protocol of the service.
    SVCB_SVCPARAM_ALPN: Text "dns.svcb.svcparam.alpn" "ALPN";
    /// Port of the service.
    SVCB_SVCPARAM_PORT: U16 "dns.svcb.svcparam.port" "Port";
    /// IPv4 address of the service.
    SVCB_SVCPARAM_IPV4HINT_IP: Ipv4 "dns.svcb.svcparam.ipv4hint.ip" "IP";
    /// IPv6 address of the service.
    SVCB_SVCPARAM_IPV6HINT_IP: Ipv6 "dns.svcb.svcparam.ipv6hint.ip" "IP";
    /// URI template of DNS over HTTPS.
    SVCB_SVCPARAM_DOHPATH: Text "dns.svcb.svcparam.dohpath" "DoH path";
    /// Keys of Oblivious DNS over HTTPS.
    SVCB_SVCPARAM_ODOHCONFIG: Bytes "dns.svcb.svcparam.odohconfig" "ODoHConfig";
    /// Length of a text of an SPF record.
    SPF_LENGTH: U8 "dns.spf.length" "SPF Length";
    /// Text of an SPF record.
    SPF: Text "dns.spf" "SPF";
    /// Preference of an NID record.
    ILNP_NID_PREFERENCE: U16 "dns.ilnp.nid.preference" "Preference";
    /// Node identifier of an NID record.
    ILNP_NID: Bytes "dns.ilnp.nid" "NodeID";
    /// Preference of an L32 record.
    ILNP_L32_PREFERENCE: U16 "dns.ilnp.l32.preference" "Preference";
    /// Locator of an L32 record.
    ILNP_L32: Ipv4 "dns.ilnp.l32" "Locator32";
    /// Preference of an L64 record.
    ILNP_L64_PREFERENCE: U16 "dns.ilnp.l64.preference" "Preference";
    /// Locator of an L64 record.
    ILNP_L64: Bytes "dns.ilnp.l64" "Locator64";
    /// Preference of an LP record.
    ILNP_LP_PREFERENCE: U16 "dns.ilnp.lp.preference" "Preference";
    /// Name of the locator of an LP record.
    ILNP_LP: Text "dns.ilnp.lp" "Locator FQDN";
    /// Address of an EUI48 record.
    EUI48: Ether "dns.eui48" "EUI48 Address";
    /// Type of the records that a signature covers.
    RRSIG_TYPE_COVERED: U16 "dns.rrsig.type_covered" "Type Covered" { values: TYPES };
    /// Algorithm of a signature.
    RRSIG_ALGORITHM: U8 "dns.rrsig.algorithm" "Algorithm" { values: ALGORITHMS };
    /// Number of labels of the signed name, without a wildcard.
    RRSIG_LABELS: U8 "dns.rrsig.labels" "Labels";
    /// TTL of the signed records in the zone.
    RRSIG_ORIGINAL_TTL: U32 "dns.rrsig.original_ttl" "Original TTL";
    /// End of the validity of a signature.
    RRSIG_SIGNATURE_EXPIRATION: Time "dns.rrsig.signature_expiration" "Signature Expiration";
    /// Begin of the validity of a signature.
    RRSIG_SIGNATURE_INCEPTION: Time "dns.rrsig.signature_inception" "Signature Inception";
    /// Tag of the key of a signature.
    RRSIG_KEY_TAG: U16 "dns.rrsig.key_tag" "Key Tag";
    /// Zone whose key made a signature.
    RRSIG_SIGNERS_NAME: Text "dns.rrsig.signers_name" "Signer's name";
    /// Signature.
    RRSIG_SIGNATURE: Bytes "dns.rrsig.signature" "Signature";
    /// Flags of a key.
    DNSKEY_FLAGS: U16 "dns.dnskey.flags" "Flags" { base: DisplayBase::Hex };
    /// The key signs a zone.
    DNSKEY_FLAGS_ZONE_KEY: Bool "dns.dnskey.flags.zone_key" "Zone Key";
    /// The key is revoked (RFC 5011).
    DNSKEY_FLAGS_KEY_REVOKED: Bool "dns.dnskey.flags.key_revoked" "Key Revoked";
    /// The key is an entry point, such as a key-signing key.
    DNSKEY_FLAGS_SECURE_ENTRY_POINT: Bool "dns.dnskey.flags.secure_entry_point" "Secure Entry Point";
    /// Reserved flags of a key.
    DNSKEY_FLAGS_RESERVED: U16 "dns.dnskey.flags.reserved" "Reserved" { base: DisplayBase::Hex };
    /// Protocol of a key: 3.
    DNSKEY_PROTOCOL: U8 "dns.dnskey.protocol" "Protocol";
    /// Algorithm of a key.
    DNSKEY_ALGORITHM: U8 "dns.dnskey.algorithm" "Algorithm" { values: ALGORITHMS };
    /// Tag of a key, computed from its record (RFC 4034 B).
    DNSKEY_KEY_ID: U16 "dns.dnskey.key_id" "Key id";
    /// Public key of a DNSKEY record.
    DNSKEY_PUBLIC_KEY: Bytes "dns.dnskey.public_key" "Public Key";
    /// Flags of a KEY record (RFC 2535 3.1.2).
    KEY_FLAGS: U16 "dns.key.flags" "Flags" { base: DisplayBase::Hex };
    /// The key must not be used for authentication.
    KEY_FLAGS_AUTHENTICATION: Bool "dns.key.flags.authentication" "Key allowed for authentication";
    /// The key must not be used for confidentiality.
    KEY_FLAGS_CONFIDENTIALITY: Bool "dns.key.flags.confidentiality" "Key allowed for confidentiality";
    /// The key need not be used (RFC 2065 3.3).
    KEY_FLAGS_REQUIRED: Bool "dns.key.flags.required" "Key required";
    /// The key is that of a user.
    KEY_FLAGS_ASSOCIATED_USER: Bool "dns.key.flags.associated_user" "Key is associated with a user";
    /// The key is that of the named entity, which is not a zone.
    KEY_FLAGS_ASSOCIATED_NAMED_ENTITY: Bool "dns.key.flags.associated_named_entity" "Key is associated with the named entity";
    /// The key is for use with IPsec (RFC 2065 3.3).
    KEY_FLAGS_IPSEC: Bool "dns.key.flags.ipsec" "Key use with IPSEC";
    /// The key is for use with MIME security multiparts (RFC 2065 3.3).
    KEY_FLAGS_MIME: Bool "dns.key.flags.mime" "Key use with MIME security multiparts";
    /// Dynamic updates that the key may sign (RFC 2137 3.1).
    KEY_FLAGS_SIGNATORY: U16 "dns.key.flags.signatory" "Signatory";
    /// Protocol of a KEY record.
    KEY_PROTOCOL: U8 "dns.key.protocol" "Protocol";
    /// Algorithm of a KEY record.
    KEY_ALGORITHM: U8 "dns.key.algorithm" "Algorithm" { values: ALGORITHMS };
    /// Tag of the key of a KEY record, computed from it (RFC 4034 B).
    KEY_KEY_ID: U16 "dns.key.key_id" "Key ID";
    /// Public key of a KEY record.
    KEY_PUBLIC_KEY: Bytes "dns.key.public_key" "Public Key";
    /// Preference of a PX record.
    PX_PREFERENCE: U16 "dns.px.preference" "Preference";
    /// RFC 822 domain of a PX record.
    PX_MAP822: Text "dns.px.map822" "MAP822";
    /// X.400 domain of a PX record.
    PX_MAP400: Text "dns.px.map400" "MAPX400";
    /// Algorithm of a TKEY record.
    TKEY_ALGO_NAME: Text "dns.tkey.algo_name" "Algorithm name";
    /// End of the validity of the key of a TKEY record.
    TKEY_SIGNATURE_EXPIRATION: Time "dns.tkey.signature_expiration" "Signature Expiration";
    /// Begin of the validity of the key of a TKEY record.
    TKEY_SIGNATURE_INCEPTION: Time "dns.tkey.signature_inception" "Signature Inception";
    /// Mode of a TKEY record.
    TKEY_MODE: U16 "dns.tkey.mode" "Mode" { values: TKEY_MODES };
    /// Error of a TKEY record.
    TKEY_ERROR: U16 "dns.tkey.error" "Error" { values: RCODES };
    /// Length of the key of a TKEY record.
    TKEY_KEY_SIZE: U16 "dns.tkey.key_size" "Key Size";
    /// Key of a TKEY record.
    TKEY_KEY_DATA: Bytes "dns.tkey.key_data" "Key Data";
    /// Length of the other data of a TKEY record.
    TKEY_OTHER_SIZE: U16 "dns.tkey.other_size" "Other Size";
    /// Other data of a TKEY record.
    TKEY_OTHER_DATA: Bytes "dns.tkey.other_data" "Other Data";
    /// Precedence of an IPSECKEY record; the lowest is tried first.
    IPSECKEY_GATEWAY_PRECEDENCE: U8 "dns.ipseckey.gateway_precedence" "Gateway Precedence";
    /// Kind of the gateway of an IPSECKEY record.
    IPSECKEY_GATEWAY_TYPE: U8 "dns.ipseckey.gateway_type" "Gateway Type" { values: GATEWAY_TYPES };
    /// Algorithm of the key of an IPSECKEY record.
    IPSECKEY_GATEWAY_ALGORITHM: U8 "dns.ipseckey.gateway_algorithm" "Gateway Algorithm" { values: GATEWAY_ALGORITHMS };
    /// IPv4 address of the gateway of an IPSECKEY record.
    IPSECKEY_GATEWAY_IPV4: Ipv4 "dns.ipseckey.gateway_ipv4" "IPv4 Gateway";
    /// IPv6 address of the gateway of an IPSECKEY record.
    IPSECKEY_GATEWAY_IPV6: Ipv6 "dns.ipseckey.gateway_ipv6" "IPv6 Gateway";
    /// Name of the gateway of an IPSECKEY record.
    IPSECKEY_GATEWAY_DNS: Text "dns.ipseckey.gateway_dns" "DNS Gateway";
    /// Public key of an IPSECKEY record.
    IPSECKEY_PUBLIC_KEY: Bytes "dns.ipseckey.public_key" "Public Key";
    /// Target of a DNAME record.
    DNAME: Text "dns.dname" "Dname";
    /// Version of a LOC record.
    LOC_VERSION: U8 "dns.loc.version" "Version";
    /// Size of the described object of a LOC record, as mantissa and exponent.
    LOC_SIZE: U8 "dns.loc.size" "Size";
    /// Horizontal precision of a LOC record, as mantissa and exponent.
    LOC_HORIZONTAL_PRECISION: U8 "dns.loc.horizontal_precision" "Horizontal Precision";
    /// Vertical precision of a LOC record, as mantissa and exponent.
    LOC_VERTICAL_PRECISION: U8 "dns.loc.vertical_precision" "Vertical Precision";
    /// Latitude of a LOC record, in thousandths of a second of arc from 2^31.
    LOC_LATITUDE: U32 "dns.loc.latitude" "Latitude";
    /// Longitude of a LOC record, in thousandths of a second of arc from 2^31.
    LOC_LONGITUDE: U32 "dns.loc.longitude" "Longitude";
    /// Altitude of a LOC record, in centimeters from 100 km below the reference.
    LOC_ALTITUDE: U32 "dns.loc.altitude" "Altitude";
    /// Next name of an NXT record.
    NXT_NEXT_DOMAIN_NAME: Text "dns.nxt.next_domain_name" "Next Domain Name";
    /// Preference of a KX record.
    KX_PREFERENCE: U16 "dns.kx.preference" "Preference";
    /// Key exchanger of a KX record.
    KX_KEY_EXCHANGE: Text "dns.kx.key_exchange" "Key Exchange";
    /// Type of the certificate of a CERT record.
    CERT_TYPE: U16 "dns.cert.type" "Type" { values: CERT_TYPES };
    /// Tag of the key of a CERT record.
    CERT_KEY_TAG: U16 "dns.cert.key_tag" "Key Tag" { base: DisplayBase::Hex };
    /// Algorithm of the key of a CERT record.
    CERT_ALGORITHM: U8 "dns.cert.algorithm" "Algorithm" { values: ALGORITHMS };
    /// Certificate of a CERT record.
    CERT_CERTIFICATE: Bytes "dns.cert.certificate" "Certificate (or CRL)";
    /// Next name in the zone, of an NSEC record.
    NSEC_NEXT_DOMAIN_NAME: Text "dns.nsec.next_domain_name" "Next Domain Name";
    /// Name server of an NS record.
    NS: Text "dns.ns" "Name Server";
    /// EDNS option.
    OPT: Label "dns.opt" "Option";
    /// Code of an option.
    OPT_CODE: U16 "dns.opt.code" "Option Code" { values: OPTIONS };
    /// Length of an option.
    OPT_LEN: U16 "dns.opt.len" "Option Length";
    /// Data of an option.
    OPT_DATA: Bytes "dns.opt.data" "Option Data";
    /// DNSSEC algorithm that the client understands.
    OPT_DAU: U8 "dns.opt.dau" "DAU" { values: ALGORITHMS };
    /// DS hash that the client understands.
    OPT_DHU: U8 "dns.opt.dhu" "DHU" { values: DIGESTS };
    /// NSEC3 hash that the client understands.
    OPT_N3U: U8 "dns.opt.n3u" "N3U" { values: NSEC3_HASHES };
    /// Client subnet: address family.
    OPT_CLIENT_FAMILY: U16 "dns.opt.client.family" "Family" { values: FAMILIES };
    /// Client subnet: length of the prefix.
    OPT_CLIENT_NETMASK: U8 "dns.opt.client.netmask" "Source Netmask";
    /// Client subnet: length of the prefix that the response is valid for.
    OPT_CLIENT_SCOPE: U8 "dns.opt.client.scope" "Scope Netmask";
    /// Client subnet: address of another family.
    OPT_CLIENT_ADDR: Bytes "dns.opt.client.addr" "Client Subnet";
    /// Client subnet: IPv4 address.
    OPT_CLIENT_ADDR4: Ipv4 "dns.opt.client.addr4" "Client Subnet";
    /// Client subnet: IPv6 address.
    OPT_CLIENT_ADDR6: Ipv6 "dns.opt.client.addr6" "Client Subnet";
    /// Cookie of the client (RFC 7873).
    OPT_COOKIE_CLIENT: Bytes "dns.opt.cookie.client" "Client Cookie";
    /// Cookie of the server (RFC 7873).
    OPT_COOKIE_SERVER: Bytes "dns.opt.cookie.server" "Server Cookie";
    /// Idle time of the TCP connection, in 100 milliseconds (RFC 7828).
    OPT_EDNS_TCP_KEEPALIVE_TIMEOUT: U16 "dns.opt.edns_tcp_keepalive.timeout" "Timeout";
    /// Padding (RFC 7830).
    OPT_PADDING: Bytes "dns.opt.padding" "Padding";
    /// Closest trust point of the client (RFC 7901).
    OPT_CHAIN_FQDN: Text "dns.opt.chain.fqdn" "Closest Trust Point";
    /// Extended error (RFC 8914).
    OPT_EXT_ERROR_INFO_CODE: U16 "dns.opt.ext_error.info_code" "Info Code" { values: EXTENDED_ERRORS };
    /// Text of an extended error.
    OPT_EXT_ERROR_EXTRA_TEXT: Text "dns.opt.ext_error.extra_text" "Extra Text";
    /// Domain to report errors to (RFC 9567).
    OPT_AGENT_DOMAIN: Text "dns.opt.agent_domain" "Agent Domain";
    /// Hash algorithm of an NSEC3 record.
    NSEC3_ALGO: U8 "dns.nsec3.algo" "Hash algorithm" { values: NSEC3_HASHES };
    /// Flags of an NSEC3 record.
    NSEC3_FLAGS: U8 "dns.nsec3.flags" "NSEC3 flags";
    /// Delegations that are not signed may be omitted.
    NSEC3_FLAGS_OPT_OUT: Bool "dns.nsec3.flags.opt_out" "NSEC3 Opt-out flag";
    /// Number of further hash iterations of an NSEC3 record.
    NSEC3_ITERATIONS: U16 "dns.nsec3.iterations" "NSEC3 iterations";
    /// Length of the salt of an NSEC3 record.
    NSEC3_SALT_LENGTH: U8 "dns.nsec3.salt_length" "Salt length";
    /// Salt of an NSEC3 record.
    NSEC3_SALT_VALUE: Bytes "dns.nsec3.salt_value" "Salt value";
    /// Length of the hash of an NSEC3 record.
    NSEC3_HASH_LENGTH: U8 "dns.nsec3.hash_length" "Hash length";
    /// Next hashed name of an NSEC3 record, in base32.
    NSEC3_HASH_VALUE: Text "dns.nsec3.hash_value" "Next hashed owner";
    /// Usage of a TLSA or SMIMEA record.
    TLSA_CERTIFICATE_USAGE: U8 "dns.tlsa.certificate_usage" "Certificate Usage" { values: TLSA_USAGES };
    /// Part of the certificate that a TLSA or SMIMEA record selects.
    TLSA_SELECTOR: U8 "dns.tlsa.selector" "Selector" { values: TLSA_SELECTORS };
    /// How a TLSA or SMIMEA record is matched.
    TLSA_MATCHING_TYPE: U8 "dns.tlsa.matching_type" "Matching Type" { values: TLSA_MATCHES };
    /// Data of a TLSA or SMIMEA record.
    TLSA_CERTIFICATE_ASSOCIATION_DATA: Bytes "dns.tlsa.certificate_association_data" "Certificate Association Data";
    /// Algorithm of a TSIG record.
    TSIG_ALGORITHM_NAME: Text "dns.tsig.algorithm_name" "Algorithm Name";
    /// Time of a transaction signature.
    TSIG_TIME_SIGNED: Time "dns.tsig.time_signed" "Time Signed";
    /// Identifier of the signed message.
    TSIG_ORIGINAL_ID: U16 "dns.tsig.original_id" "Original Id";
    /// Error of a transaction signature.
    TSIG_ERROR: U16 "dns.tsig.error" "Error" { values: RCODES };
    /// Seconds by which the time of a signature may differ.
    TSIG_FUDGE: U16 "dns.tsig.fudge" "Fudge";
    /// Length of a transaction signature.
    TSIG_MAC_SIZE: U16 "dns.tsig.mac_size" "MAC Size";
    /// Length of the other data of a TSIG record.
    TSIG_OTHER_LEN: U16 "dns.tsig.other_len" "Other Len";
    /// Transaction signature.
    TSIG_MAC: Label "dns.tsig.mac" "MAC";
    /// Other data of a TSIG record.
    TSIG_OTHER_DATA: Bytes "dns.tsig.other_data" "Other Data";
    /// Algorithm of the key of an SSHFP record.
    SSHFP_ALGORITHM: U8 "dns.sshfp.algorithm" "Algorithm" { values: SSHFP_ALGORITHMS };
    /// Hash of an SSHFP record.
    SSHFP_FINGERPRINT_TYPE: U8 "dns.sshfp.fingerprint.type" "Fingerprint type" { values: SSHFP_TYPES };
    /// Fingerprint of an SSHFP record.
    SSHFP_FINGERPRINT: Bytes "dns.sshfp.fingerprint" "Fingerprint";
    /// Length of the identity tag of a HIP record.
    HIP_HIT_LENGTH: U8 "dns.hip.hit.length" "HIT length";
    /// Algorithm of the key of a HIP record.
    HIP_HIT_PK_ALGO: U8 "dns.hip.hit.pk.algo" "PK algorithm" { values: HIP_ALGORITHMS };
    /// Length of the key of a HIP record.
    HIP_PK_LENGTH: U16 "dns.hip.pk.length" "PK length";
    /// Identity tag of a HIP record.
    HIP_HIT: Bytes "dns.hip.hit" "Host Identity Tag";
    /// Public key of a HIP record.
    HIP_PK: Bytes "dns.hip.pk" "HIP Public Key";
    /// Rendezvous server of a HIP record.
    HIP_RENDEZVOUS_SERVER: Text "dns.hip.rendezvous_server" "Rendezvous Server";
    /// Data of a DHCID record.
    DHCID_RDATA: Bytes "dns.dhcid.rdata" "DHCID Data";
    /// Tag of the key of a DS record.
    DS_KEY_ID: U16 "dns.ds.key_id" "Key id" { base: DisplayBase::Hex };
    /// Algorithm of the key of a DS record.
    DS_ALGORITHM: U8 "dns.ds.algorithm" "Algorithm" { values: ALGORITHMS };
    /// Hash of a DS record.
    DS_DIGEST_TYPE: U8 "dns.ds.digest_type" "Digest Type" { values: DIGESTS };
    /// Digest of the key of a DS record.
    DS_DIGEST: Bytes "dns.ds.digest" "Digest";
    /// Address family of a prefix.
    APL_ADDRESS_FAMILY: U16 "dns.apl.address_family" "Address Family" { values: FAMILIES };
    /// Length of a prefix.
    APL_CODED_PREFIX: U8 "dns.apl.coded_prefix" "Prefix Length";
    /// The prefix is excluded.
    APL_NEGATION: Bool "dns.apl.negation" "Negation Flag";
    /// Length of the address of a prefix.
    APL_AFDLENGTH: U8 "dns.apl.afdlength" "Address Length";
    /// IPv4 address of a prefix.
    APL_AFDPART_IPV4: Ipv4 "dns.apl.afdpart.ipv4" "Address";
    /// IPv6 address of a prefix.
    APL_AFDPART_IPV6: Ipv6 "dns.apl.afdpart.ipv6" "Address";
    /// Address of a prefix of another family.
    APL_AFDPART_DATA: Bytes "dns.apl.afdpart.data" "Address";
    /// Length of the longitude of a GPOS record.
    GPOS_LONGITUDE_LENGTH: U8 "dns.gpos.longitude_length" "Longitude length";
    /// Longitude of a GPOS record.
    GPOS_LONGITUDE: Text "dns.gpos.longitude" "Longitude";
    /// Length of the latitude of a GPOS record.
    GPOS_LATITUDE_LENGTH: U8 "dns.gpos.latitude_length" "Latitude length";
    /// Latitude of a GPOS record.
    GPOS_LATITUDE: Text "dns.gpos.latitude" "Latitude";
    /// Length of the altitude of a GPOS record.
    GPOS_ALTITUDE_LENGTH: U8 "dns.gpos.altitude_length" "Altitude length";
    /// Altitude of a GPOS record.
    GPOS_ALTITUDE: Text "dns.gpos.altitude" "Altitude";
    /// Mailbox of an RP record.
    RP_MAILBOX: Text "dns.rp.mailbox" "Mailbox";
    /// Name of the TXT record of an RP record.
    RP_TXT_RR: Text "dns.rp.txt_rr" "TXT RR";
    /// Kind of the server of an AFSDB record.
    AFSDB_SUBTYPE: U16 "dns.afsdb.subtype" "Subtype";
    /// Host of an AFSDB record.
    AFSDB_HOSTNAME: Text "dns.afsdb.hostname" "Hostname";
    /// Length of the address of an X25 record.
    X25_LENGTH: U8 "dns.x25.length" "Length";
    /// Address of an X25 record.
    X25_PSDN_ADDRESS: Text "dns.x25.psdn_address" "PSDN-Address";
    /// Length of the address of an ISDN record.
    IDSN_LENGTH: U8 "dns.idsn.length" "Length";
    /// Address of an ISDN record.
    IDSN_ADDRESS: Text "dns.idsn.address" "ISDN Address";
    /// Length of the subaddress of an ISDN record.
    IDSN_SA_LENGTH: U8 "dns.idsn.sa.length" "Length";
    /// Subaddress of an ISDN record.
    IDSN_SA_ADDRESS: Text "dns.idsn.sa.address" "Sub Address";
    /// Preference of an RT record.
    RT_SUBTYPE: U16 "dns.rt.subtype" "Preference";
    /// Host of an RT record.
    RT_INTERMEDIATE_HOST: Text "dns.rt.intermediate_host" "Intermediate Hostname";
    /// Address of an NSAP record.
    NSAP_RDATA: Bytes "dns.nsap.rdata" "NSAP Data";
    /// Name of an NSAP-PTR record.
    NSAP_PTR_OWNER: Text "dns.nsap_ptr.owner" "Owner";
    /// Flags of a CAA record.
    CAA_FLAGS: U8 "dns.caa.flags" "CAA Flags" { base: DisplayBase::Hex };
    /// An authority must understand the property to issue a certificate.
    CAA_FLAGS_ISSUER_CRITICAL: Bool "dns.caa.flags.issuer_critical" "Issuer Critical";
    /// Authority that may issue certificates.
    CAA_ISSUE: Text "dns.caa.issue" "Issue";
    /// Authority that may issue wildcard certificates.
    CAA_ISSUEWILD: Text "dns.caa.issuewild" "Issue Wildcard";
    /// URL for reports of certificate requests.
    CAA_IODEF: Text "dns.caa.iodef" "Report URL";
    /// Value of another property.
    CAA_UNKNOWN: Text "dns.caa.unknown" "Unknown tag";
    /// Length of the name of a property.
    CAA_TAG_LENGTH: U8 "dns.caa.tag_length" "Tag length";
    /// Name of a property.
    CAA_TAG: Text "dns.caa.tag" "Tag";
    /// Value of a property.
    CAA_VALUE: Text "dns.caa.value" "Value";
    /// Data of a record of a type that is not dissected.
    DATA: Bytes "dns.data" "Data";
    /// The highest bit of a TTL is set (RFC 2181 8).
    TTL_HIGH_BIT: Note(Note) "dns.ttl.high_bit_set" "The uppermost bit of the TTL is set (RFC 2181, section 8)";
    /// Values of a stateful operation (RFC 8490).
    DSO: Label "dns.dso" "DNS Stateful Operation";
    /// Value of a stateful operation.
    DSO_TLV: Label "dns.dso.tlv" "DSO TLV";
    /// Type of a value.
    DSO_TLV_TYPE: U16 "dns.dso.tlv.type" "Type" { values: super::names::STATEFUL_TYPES };
    /// Length of a value in bytes.
    DSO_TLV_LENGTH: U16 "dns.dso.tlv.length" "Length";
    /// Data of a value of another type.
    DSO_TLV_DATA: Bytes "dns.dso.tlv.data" "Data";
    /// Milliseconds until an inactive session is closed (RFC 8490 7.1).
    DSO_TLV_KEEPALIVE_INACTIVITY: U32 "dns.dso.tlv.keepalive.inactivity" "Inactivity Timeout";
    /// Milliseconds between two keep-alive messages.
    DSO_TLV_KEEPALIVE_INTERVAL: U32 "dns.dso.tlv.keepalive.interval" "Keepalive Interval";
    /// Milliseconds after which the client may connect again (RFC 8490 7.2).
    DSO_TLV_RETRYDELAY_RETRYDELAY: U32 "dns.dso.tlv.retrydelay.retrydelay" "Retry Delay";
    /// Padding (RFC 8490 7.3).
    DSO_TLV_ENCPAD_PADDING: Bytes "dns.dso.tlv.encpad.padding" "Padding";
    /// Bytes follow the last record.
    EXTRANEOUS: Note(Note) "dns.extraneous" "Extraneous data";
    /// Bytes after the last record.
    EXTRANEOUS_DATA: Bytes "dns.extraneous.data" "Extraneous Data Bytes";
    /// Number of bytes after the last record.
    EXTRANEOUS_LENGTH: I32 "dns.extraneous.length" "Extraneous Data Length";
    /// Question or record, similar to a line of a zone file (RFC 1035 5.1).
    LINE: Text "dns.line" "Line" { ours: true, hidden: true };
    /// Section of the message.
    SECTION: Label "dns.section" "Section" { ours: true };
    /// Question or record.
    RECORD: Label "dns.record" "Record" { ours: true };
    /// A name is not valid: a label or a pointer beyond the message, a loop of pointers, or more than 255 bytes.
    BAD_NAME: Note(Error) "dns.bad_name" "Name is not valid" { ours: true };
    /// The message ends before its last record, or the data of a record does not have its length.
    MALFORMED: Note(Error) "dns.malformed" "Message is not valid" { ours: true };
    /// A list of types has a window that does not follow the one before, or not 1 to 32 bytes (RFC 4034 4.1.2).
    TYPE_BITMAP: Note(Warn) "dns.type_bitmap" "Type bit map is not valid" { ours: true };
    /// The message has more records than are recorded.
    LIMIT: Note(Warn) "dns.limit" "Not all records are shown" { ours: true };
}
