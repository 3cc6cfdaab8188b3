/*
 * The wire tables: ESP, IPv4, IPv6, UDP, ICMP echo.
 *
 * IPv4 options stay in the payload: IP.ihl is a plain number.
 */
#include "formats.h"

#define FORMAT(id, title_, section_, rows_)                                              \
	{ .name = (id), .title = (title_), .section = (section_), .rows = (rows_),         \
	  .count = ARRAY_LEN(rows_) }

static const struct wire_row rows_esp[] = {
	{ "spi",         WIRE_UINT,     32, .wireshark = "esp.spi" },
	{ "seq",         WIRE_UINT,     32, .wireshark = "esp.sequence" },
	{ "iv",          WIRE_OCTETS,   0,  .wireshark = "esp.iv" },
	{ "payload",     WIRE_OCTETS,   0,  .note = "the inner packet as it is protected" },
	{ "tfc",         WIRE_OCTETS,   0,  .note = "traffic flow confidentiality padding (2.7)" },
	{ "padding",     WIRE_OCTETS,   0,  .note = "1, 2, 3, ... (2.4)" },
	{ "pad_length",  WIRE_SIZE,     8,  .of = "padding", .wireshark = "esp.pad_len" },
	{ "next_header", WIRE_UINT,     8,  .names = &names_ip_protocol, .wireshark = "esp.protocol" },
	{ "icv",         WIRE_COMPUTED, 0,  .wireshark = "esp.icv" },
	{ "seq_high",    WIRE_UINT,     32, .note = "with ESN: in the ICV, never on the wire (2.2.1)" },
};
const struct wire_format format_esp = FORMAT("ESP", "Encapsulating Security Payload", "RFC 4303 2", rows_esp);

static const struct wire_row rows_udp[] = {
	{ "source",      WIRE_UINT,     16, .wireshark = "udp.srcport" },
	{ "destination", WIRE_UINT,     16, .wireshark = "udp.dstport" },
	{ "length",      WIRE_LENGTH,   16, .wireshark = "udp.length" },
	{ "checksum",    WIRE_COMPUTED, 16, .wireshark = "udp.checksum" },
	{ "marker",      WIRE_OCTETS,   0,  .note = "the non-ESP marker, 4 octets or none (RFC 3948 2.2)" },
	{ "data",        WIRE_REST },
};
const struct wire_format format_udp = FORMAT("UDP", "User Datagram Protocol", "RFC 768", rows_udp);

static const struct wire_row rows_icmp[] = {
	{ "type",       WIRE_UINT,     8,  .wireshark = "icmp.type" },
	{ "code",       WIRE_UINT,     8,  .wireshark = "icmp.code" },
	{ "checksum",   WIRE_COMPUTED, 16, .wireshark = "icmp.checksum" },
	{ "identifier", WIRE_UINT,     16, .wireshark = "icmp.ident" },
	{ "sequence",   WIRE_UINT,     16, .wireshark = "icmp.seq" },
	{ "data",       WIRE_REST },
};
const struct wire_format format_icmp_echo = FORMAT("ICMP", "ICMP or ICMPv6 echo", "RFC 792, RFC 4443 4", rows_icmp);

static const struct wire_row rows_upper_udp[] = { { "UDP", WIRE_STRUCT, .item = &format_udp } };
static const struct wire_row rows_upper_icmp[] = { { "ICMP", WIRE_STRUCT, .item = &format_icmp_echo } };
static const struct wire_row rows_upper_data[] = { { "data", WIRE_REST } };
static const struct wire_format upper_udp = FORMAT("UDP packet", "UDP", "RFC 768", rows_upper_udp);
static const struct wire_format upper_icmp = FORMAT("ICMP packet", "ICMP", "RFC 792", rows_upper_icmp);
static const struct wire_format upper_data = FORMAT("data", "any other protocol", "", rows_upper_data);

static const struct wire_choice over_ipv4[] = { { PROTO_ICMP, &upper_icmp }, { PROTO_UDP, &upper_udp } };
static const struct wire_choice over_ipv6[] = { { PROTO_ICMP6, &upper_icmp }, { PROTO_UDP, &upper_udp } };
static const struct wire_choices upper_ipv4 = { over_ipv4, ARRAY_LEN(over_ipv4), &upper_data };
static const struct wire_choices upper_ipv6 = { over_ipv6, ARRAY_LEN(over_ipv6), &upper_data };

#define IPV4_ROWS                                                                        \
	{ "version",         WIRE_UINT,     4,  .constant = 4, .wireshark = "ip.version" },          \
	{ "ihl",             WIRE_UINT,     4,  .constant = 5, .note = "header in words of 4 octets" }, \
	{ "dscp",            WIRE_UINT,     6,  .wireshark = "ip.dsfield.dscp" },                    \
	{ "ecn",             WIRE_UINT,     2,  .wireshark = "ip.dsfield.ecn" },                     \
	{ "total_length",    WIRE_LENGTH,   16, .wireshark = "ip.len" },                             \
	{ "identification",  WIRE_UINT,     16, .wireshark = "ip.id" },                              \
	{ "reserved",        WIRE_RESERVED, 1,  .wireshark = "ip.flags.rb" },                        \
	{ "df",              WIRE_UINT,     1,  .wireshark = "ip.flags.df" },                        \
	{ "mf",              WIRE_UINT,     1,  .wireshark = "ip.flags.mf" },                        \
	{ "fragment_offset", WIRE_UINT,     13, .wireshark = "ip.frag_offset" },                     \
	{ "ttl",             WIRE_UINT,     8,  .constant = 64, .wireshark = "ip.ttl" },             \
	{ "protocol",        WIRE_UINT,     8,  .names = &names_ip_protocol, .wireshark = "ip.proto" }, \
	{ "checksum",        WIRE_COMPUTED, 16, .wireshark = "ip.checksum" },                        \
	{ "source",          WIRE_OCTETS,   32, .wireshark = "ip.src" },                             \
	{ "destination",     WIRE_OCTETS,   32, .wireshark = "ip.dst" }

/* payload_length counts what stands behind the header: the field `behind`. */
#define IPV6_ROWS(behind)                                                                \
	{ "version",         WIRE_UINT,     4,  .constant = 6, .wireshark = "ipv6.version" },        \
	{ "dscp",            WIRE_UINT,     6,  .wireshark = "ipv6.tclass.dscp" },                   \
	{ "ecn",             WIRE_UINT,     2,  .wireshark = "ipv6.tclass.ecn" },                    \
	{ "flow_label",      WIRE_UINT,     20, .wireshark = "ipv6.flow" },                          \
	{ "payload_length",  WIRE_SIZE,     16, .of = (behind), .wireshark = "ipv6.plen" },          \
	{ "protocol",        WIRE_UINT,     8,  .names = &names_ip_protocol, .wireshark = "ipv6.nxt" }, \
	{ "ttl",             WIRE_UINT,     8,  .constant = 64, .wireshark = "ipv6.hlim" },          \
	{ "source",          WIRE_OCTETS,   128, .wireshark = "ipv6.src" },                          \
	{ "destination",     WIRE_OCTETS,   128, .wireshark = "ipv6.dst" }

static const struct wire_row rows_ipv4[] = {
	IPV4_ROWS, { "payload", WIRE_CHOICE, .of = "protocol", .choices = &upper_ipv4 },
};
static const struct wire_row rows_ipv6[] = {
	IPV6_ROWS("payload"), { "payload", WIRE_CHOICE, .of = "protocol", .choices = &upper_ipv6 },
};
const struct wire_format format_ipv4 = FORMAT("IPv4", "Internet Protocol", "RFC 791", rows_ipv4);
const struct wire_format format_ipv6 = FORMAT("IPv6", "Internet Protocol, version 6", "RFC 8200", rows_ipv6);

/* The outer headers, with what they carry beside them and not in them: IP.*, UDP.*. */
static const struct wire_row rows_ipv4_header[] = { IPV4_ROWS };
static const struct wire_row rows_ipv6_over_udp[] = { IPV6_ROWS("UDP") };
static const struct wire_row rows_ipv6_over_data[] = { IPV6_ROWS("payload") };
static const struct wire_format ipv4_header = FORMAT("IPv4", "Internet Protocol", "RFC 791", rows_ipv4_header);
static const struct wire_format ipv6_over_udp = FORMAT("IPv6", "Internet Protocol, version 6", "RFC 8200",
						       rows_ipv6_over_udp);
static const struct wire_format ipv6_over_data = FORMAT("IPv6", "Internet Protocol, version 6", "RFC 8200",
							rows_ipv6_over_data);

#define ROOT(id, ...)                                                                     \
	static const struct wire_row rows_##id[] = { __VA_ARGS__ };                        \
	const struct wire_format id = FORMAT("packet", "a packet", "", rows_##id)

ROOT(root_ipv4_udp,  { "IP", WIRE_STRUCT, .item = &ipv4_header },    { "UDP", WIRE_STRUCT, .item = &format_udp });
ROOT(root_ipv6_udp,  { "IP", WIRE_STRUCT, .item = &ipv6_over_udp },  { "UDP", WIRE_STRUCT, .item = &format_udp });
ROOT(root_ipv4_data, { "IP", WIRE_STRUCT, .item = &ipv4_header },    { "payload", WIRE_REST });
ROOT(root_ipv6_data, { "IP", WIRE_STRUCT, .item = &ipv6_over_data }, { "payload", WIRE_REST });
ROOT(root_inner_ipv4, { "INNER", WIRE_STRUCT, .item = &format_ipv4 });
ROOT(root_inner_ipv6, { "INNER", WIRE_STRUCT, .item = &format_ipv6 });
ROOT(root_esp,       { "ESP", WIRE_STRUCT, .item = &format_esp });
