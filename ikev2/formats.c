/*
 * The wire tables of IKEv2.
 */
#include "ikev2/formats.h"

#define FORMAT(what, text, about, where, rows_, ...)                             \
	const struct wire_format what = { .name = text, .title = about,          \
					  .section = where, .rows = rows_,       \
					  .count = ARRAY_LEN(rows_), __VA_ARGS__ }

#define UINT(text, width, ...)     { text, WIRE_UINT, width, __VA_ARGS__ }
#define RESERVED(text, width, ...) { text, WIRE_RESERVED, width, __VA_ARGS__ }
#define REST(text, ...)            { text, WIRE_REST, 0, __VA_ARGS__ }

/* RFC 7296 3.2: every payload begins with these. */
#define GENERIC_HEADER(seals)                                                             \
	{ "next_payload", WIRE_NEXT, 8, .of = seals, .names = &names_payload,             \
	  .wireshark = "isakmp.nextpayload" },                                            \
	UINT("critical", 1, .wireshark = "isakmp.criticalpayload"),                       \
	RESERVED("reserved", 7, .wireshark = "isakmp.reserved7"),                         \
	{ "length", WIRE_LENGTH, 16, .wireshark = "isakmp.payloadlength",                 \
	  .note = "of the payload with this header" }

/* 3.1 */
static const struct wire_row header_rows[] = {
	UINT("spi_i", 64, .wireshark = "isakmp.ispi"),
	UINT("spi_r", 64, .wireshark = "isakmp.rspi", .note = "zero in the first request"),
	{ "next_payload", WIRE_NEXT, 8, .of = "payloads", .names = &names_payload,
	  .wireshark = "isakmp.nextpayload" },
	UINT("major_version", 4, .constant = 2, .wireshark = "isakmp.mjver"),
	UINT("minor_version", 4, .wireshark = "isakmp.mnver"),
	UINT("exchange_type", 8, .names = &names_exchange, .wireshark = "isakmp.exchangetype"),
	RESERVED("reserved2", 2, .note = "the two high bits of the flags"),
	UINT("response", 1, .wireshark = "isakmp.flag_r"),
	UINT("version_flag", 1, .wireshark = "isakmp.flag_v", .note = "could speak a higher major version"),
	UINT("initiator", 1, .wireshark = "isakmp.flag_i", .note = "sent by the original initiator"),
	RESERVED("reserved", 3, .note = "the three low bits of the flags"),
	UINT("message_id", 32, .wireshark = "isakmp.messageid"),
	{ "length", WIRE_LENGTH, 32, .wireshark = "isakmp.length", .note = "of the whole message" },
};
FORMAT(ike_header, "HDR", "IKE header", "RFC 7296 3.1", header_rows);

/* 3.3 */
static const struct wire_row attribute_tv_rows[] = {
	UINT("value", 16, .wireshark = "isakmp.ike2.attr.value"),
};
static const struct wire_row attribute_tlv_rows[] = {
	{ "length", WIRE_SIZE, 16, .of = "value", .wireshark = "isakmp.ike2.attr.length",
	  .note = "of the value alone" },
	{ "value", WIRE_OCTETS, .wireshark = "isakmp.ike2.attr.value" },
};
static FORMAT(attribute_tv, "A", "attribute, type and value", "RFC 7296 3.3.5", attribute_tv_rows);
static FORMAT(attribute_tlv, "A", "attribute, type, length, value", "RFC 7296 3.3.5", attribute_tlv_rows);
static const struct wire_choice attribute_choice_rows[] = {
	{ 0, &attribute_tlv },
	{ 1, &attribute_tv  },
};
static const struct wire_choices attribute_choices = { attribute_choice_rows, 2, NULL };
static const struct wire_row attribute_rows[] = {
	UINT("format", 1, .constant = 1, .wireshark = "isakmp.ike2.attr.format",
	     .note = "AF: 1 for a value of two octets, 0 for a length and octets"),
	UINT("type", 15, .names = &names_attribute, .wireshark = "isakmp.ike2.attr.type"),
	{ "by_format", WIRE_CHOICE, .of = "format", .choices = &attribute_choices },
};
static FORMAT(attribute, "A", "Transform Attribute", "RFC 7296 3.3.5", attribute_rows, .pick = "type");

#define TRANSFORM_ID(what, names_, field)                                                       \
	static const struct wire_row what##_id_rows[] = {                                       \
		UINT("id", 16, .names = names_, .wireshark = field),                            \
	};                                                                                      \
	static FORMAT(what##_id, "T", "transform ID", "RFC 7296 3.3.2", what##_id_rows)
TRANSFORM_ID(encr, &names_encr, "isakmp.tf.id.encr");
TRANSFORM_ID(prf, &names_prf, "isakmp.tf.id.prf");
TRANSFORM_ID(integ, &names_integ, "isakmp.tf.id.integ");
TRANSFORM_ID(ke, &names_ke, "isakmp.tf.id.dh");
TRANSFORM_ID(esn, &names_esn, "isakmp.tf.id.esn");
TRANSFORM_ID(any, NULL, "isakmp.tf.id");
static const struct wire_choice id_choice_rows[] = {
	{ 1,  &encr_id  },
	{ 2,  &prf_id   },
	{ 3,  &integ_id },
	{ 4,  &ke_id    },
	{ 5,  &esn_id   },
	{ 6,  &ke_id    },
	{ 7,  &ke_id    },
	{ 8,  &ke_id    },
	{ 9,  &ke_id    },
	{ 10, &ke_id    },
	{ 11, &ke_id    },
	{ 12, &ke_id    },
};
static const struct wire_choices id_choices = { id_choice_rows, ARRAY_LEN(id_choice_rows), &any_id };

static const struct wire_row transform_rows[] = {
	{ "more", WIRE_MORE, 8, .constant = 3, .note = "Last Substruc: 3 if another transform follows" },
	RESERVED("reserved", 8),
	{ "length", WIRE_LENGTH, 16, .wireshark = "isakmp.payloadlength" },
	UINT("type", 8, .names = &names_transform_type, .constant = 1, .wireshark = "isakmp.tf.type"),
	RESERVED("reserved2", 8),
	{ "by_type", WIRE_CHOICE, .of = "type", .choices = &id_choices },
	{ "attributes", WIRE_LIST, .item = &attribute },
};
static FORMAT(transform, "T", "Transform substructure", "RFC 7296 3.3.2", transform_rows, .pick = "type");

static const struct wire_row proposal_rows[] = {
	{ "more", WIRE_MORE, 8, .constant = 2, .note = "Last Substruc: 2 if another proposal follows" },
	RESERVED("reserved", 8),
	{ "length", WIRE_LENGTH, 16, .wireshark = "isakmp.payloadlength" },
	UINT("number", 8, .constant = 1, .wireshark = "isakmp.prop.number"),
	UINT("protocol", 8, .names = &names_protocol, .constant = 1, .wireshark = "isakmp.prop.protoid"),
	{ "spi_size", WIRE_SIZE, 8, .of = "spi", .wireshark = "isakmp.spisize" },
	{ "transform_count", WIRE_COUNT, 8, .of = "transforms", .wireshark = "isakmp.prop.transforms" },
	{ "spi", WIRE_OCTETS, .wireshark = "isakmp.spi" },
	{ "transforms", WIRE_LIST, .item = &transform },
};
static FORMAT(proposal, "P", "Proposal substructure", "RFC 7296 3.3.1", proposal_rows, .pick = "protocol");

static const struct wire_row sa_rows[] = {
	GENERIC_HEADER(NULL),
	{ "proposals", WIRE_LIST, .item = &proposal },
};
static FORMAT(sa, "SA", "Security Association payload", "RFC 7296 3.3", sa_rows);

/* 3.4 */
static const struct wire_row ke_rows[] = {
	GENERIC_HEADER(NULL),
	UINT("group", 16, .names = &names_ke, .wireshark = "isakmp.key_exchange.dh_group"),
	RESERVED("reserved2", 16),
	REST("data", .wireshark = "isakmp.key_exchange.data"),
};
static FORMAT(ke, "KE", "Key Exchange payload", "RFC 7296 3.4", ke_rows, .pick = "group");

/* 3.5 */
static const struct wire_row id_rows[] = {
	GENERIC_HEADER(NULL),
	UINT("type", 8, .names = &names_id_type, .wireshark = "isakmp.id.type"),
	RESERVED("reserved2", 24),
	REST("data", .wireshark = "isakmp.id.data"),
};
static FORMAT(idi, "IDi", "Identification payload of the initiator", "RFC 7296 3.5", id_rows,
	      .pick = "type");
static FORMAT(idr, "IDr", "Identification payload of the responder", "RFC 7296 3.5", id_rows,
	      .pick = "type");

/* 3.6, 3.7 */
static const struct wire_row cert_rows[] = {
	GENERIC_HEADER(NULL),
	UINT("encoding", 8, .names = &names_cert_encoding, .wireshark = "isakmp.cert.encoding"),
	REST("data", .wireshark = "isakmp.cert.data"),
};
static FORMAT(cert, "CERT", "Certificate payload", "RFC 7296 3.6", cert_rows, .pick = "encoding");
static const struct wire_row certreq_rows[] = {
	GENERIC_HEADER(NULL),
	UINT("encoding", 8, .names = &names_cert_encoding, .wireshark = "isakmp.certreq.type"),
	REST("data", .note = "SHA-1 hashes of the trusted authorities' public keys"),
};
static FORMAT(certreq, "CERTREQ", "Certificate Request payload", "RFC 7296 3.7", certreq_rows,
	      .pick = "encoding");

/* 3.8, and RFC 7427 3 */
static const struct wire_row auth_signature_rows[] = {
	{ "algorithm_length", WIRE_SIZE, 8, .of = "algorithm", .note = "ASN.1 Length" },
	{ "algorithm", WIRE_OCTETS, .note = "DER AlgorithmIdentifier of the signature" },
	REST("signature"),
};
static const struct wire_row auth_other_rows[] = {
	REST("data", .wireshark = "isakmp.auth.data"),
};
static FORMAT(auth_signature, "AUTH", "digital signature, method 14", "RFC 7427 3", auth_signature_rows);
static FORMAT(auth_other, "AUTH", "any other method", "RFC 7296 3.8", auth_other_rows);
static const struct wire_choice auth_choice_rows[] = {
	{ 14, &auth_signature },
};
static const struct wire_choices auth_choices = { auth_choice_rows, ARRAY_LEN(auth_choice_rows), &auth_other };
static const struct wire_row auth_rows[] = {
	GENERIC_HEADER(NULL),
	UINT("method", 8, .names = &names_auth_method, .wireshark = "isakmp.auth.method"),
	RESERVED("reserved2", 24),
	{ "by_method", WIRE_CHOICE, .of = "method", .choices = &auth_choices },
};
static FORMAT(auth, "AUTH", "Authentication payload", "RFC 7296 3.8", auth_rows, .pick = "method");

/* 3.9 */
static const struct wire_row nonce_rows[] = {
	GENERIC_HEADER(NULL),
	REST("data", .wireshark = "isakmp.nonce"),
};
static FORMAT(nonce, "Nonce", "Nonce payload", "RFC 7296 3.9", nonce_rows, .alias = "Ni Nr");

/* 3.10 */
static const struct wire_row notify_rows[] = {
	GENERIC_HEADER(NULL),
	UINT("protocol", 8, .names = &names_protocol, .wireshark = "isakmp.notify.protoid"),
	{ "spi_size", WIRE_SIZE, 8, .of = "spi", .wireshark = "isakmp.spisize" },
	UINT("type", 16, .names = &names_notify, .wireshark = "isakmp.notify.msgtype"),
	{ "spi", WIRE_OCTETS, .wireshark = "isakmp.spi" },
	REST("data", .wireshark = "isakmp.notify.data"),
};
static FORMAT(notify, "N", "Notify payload", "RFC 7296 3.10", notify_rows, .pick = "type");

/* 3.11 */
static const struct wire_row spi_rows[] = {
	{ "spi", WIRE_OCTETS, .of = "spi_size", .wireshark = "isakmp.delete.spi" },
};
static FORMAT(spi, "SPI", "SPI of an SA that is deleted", "RFC 7296 3.11", spi_rows);
static const struct wire_row delete_rows[] = {
	GENERIC_HEADER(NULL),
	UINT("protocol", 8, .names = &names_protocol, .constant = 1, .wireshark = "isakmp.delete.protoid"),
	{ "spi_size", WIRE_SIZE, 8, .of = "spis", .wireshark = "isakmp.spisize" },
	{ "spi_count", WIRE_COUNT, 16, .of = "spis", .wireshark = "isakmp.spinum" },
	{ "spis", WIRE_LIST, .item = &spi },
};
static FORMAT(delete, "D", "Delete payload", "RFC 7296 3.11", delete_rows, .pick = "protocol");

/* 3.12 */
static const struct wire_row vendor_rows[] = {
	GENERIC_HEADER(NULL),
	REST("data", .wireshark = "isakmp.vid_bytes"),
};
static FORMAT(vendor, "V", "Vendor ID payload", "RFC 7296 3.12", vendor_rows);

/* 3.13 */
static const struct wire_row ts4_rows[] = {
	UINT("start_port", 16, .wireshark = "isakmp.ts.start_port"),
	UINT("end_port", 16, .constant = 65535, .wireshark = "isakmp.ts.end_port"),
	{ "start_address", WIRE_OCTETS, 32, .wireshark = "isakmp.ts.start_ipv4" },
	{ "end_address", WIRE_OCTETS, 32, .wireshark = "isakmp.ts.end_ipv4" },
};
static FORMAT(ts4, "S", "IPv4 address range", "RFC 7296 3.13.1", ts4_rows);
static const struct wire_row ts6_rows[] = {
	UINT("start_port", 16, .wireshark = "isakmp.ts.start_port"),
	UINT("end_port", 16, .constant = 65535, .wireshark = "isakmp.ts.end_port"),
	{ "start_address", WIRE_OCTETS, 128, .wireshark = "isakmp.ts.start_ipv6" },
	{ "end_address", WIRE_OCTETS, 128, .wireshark = "isakmp.ts.end_ipv6" },
};
static FORMAT(ts6, "S", "IPv6 address range", "RFC 7296 3.13.1", ts6_rows);
static const struct wire_row ts_other_rows[] = {
	REST("data", .wireshark = "isakmp.ts.data"),
};
static FORMAT(ts_other, "S", "selector of an unknown type", "RFC 7296 3.13.1", ts_other_rows);
static const struct wire_choice ts_choice_rows[] = {
	{ 7, &ts4 },
	{ 8, &ts6 },
};
static const struct wire_choices ts_choices = { ts_choice_rows, ARRAY_LEN(ts_choice_rows), &ts_other };
static const struct wire_row selector_rows[] = {
	UINT("type", 8, .names = &names_ts_type, .constant = 7, .wireshark = "isakmp.ts.type"),
	UINT("protocol", 8, .names = &names_ip_protocol, .wireshark = "isakmp.ts.protoid",
	     .note = "0: any"),
	{ "length", WIRE_LENGTH, 16, .wireshark = "isakmp.ts.selector_length" },
	{ "by_type", WIRE_CHOICE, .of = "type", .choices = &ts_choices },
};
static FORMAT(selector, "S", "Traffic Selector", "RFC 7296 3.13.1", selector_rows, .pick = "type");
static const struct wire_row ts_rows[] = {
	GENERIC_HEADER(NULL),
	{ "count", WIRE_COUNT, 8, .of = "selectors", .wireshark = "isakmp.ts.number" },
	RESERVED("reserved2", 24),
	{ "selectors", WIRE_LIST, .item = &selector },
};
static FORMAT(tsi, "TSi", "Traffic Selector payload of the initiator", "RFC 7296 3.13", ts_rows);
static FORMAT(tsr, "TSr", "Traffic Selector payload of the responder", "RFC 7296 3.13", ts_rows);

/* 3.14, and RFC 7383 2.5 */
#define SEALED                                                                            \
	{ "iv", WIRE_OCTETS, .wireshark = "isakmp.enc.iv" },                              \
	REST("ciphertext", .note = "everything, until it is opened"),                     \
	{ "icv", WIRE_COMPUTED, .wireshark = "isakmp.enc.icd" }
static const struct wire_row sk_rows[] = {
	GENERIC_HEADER("ciphertext"),
	SEALED,
};
static FORMAT(sk, "SK", "Encrypted payload", "RFC 7296 3.14", sk_rows);
static const struct wire_row skf_rows[] = {
	GENERIC_HEADER("ciphertext"),
	UINT("number", 16, .constant = 1, .wireshark = "isakmp.frag.number"),
	UINT("total", 16, .constant = 1, .wireshark = "isakmp.frag.total"),
	SEALED,
};
static FORMAT(skf, "SKF", "Encrypted Fragment payload", "RFC 7383 2.5", skf_rows);
static const struct wire_row trailer_rows[] = {
	REST("padding", .wireshark = "isakmp.enc.padding"),
	{ "pad_length", WIRE_SIZE, 8, .of = "padding", .wireshark = "isakmp.enc.padlength" },
};
FORMAT(ike_trailer, "SK", "end of the plaintext of an Encrypted payload", "RFC 7296 3.14", trailer_rows);

/* 3.15 */
static const struct wire_row cp_attribute_rows[] = {
	RESERVED("reserved", 1),
	UINT("type", 15, .names = &names_cp_attribute, .wireshark = "isakmp.cfg.attr.type"),
	{ "length", WIRE_SIZE, 16, .of = "value", .wireshark = "isakmp.cfg.attr.length",
	  .note = "of the value alone" },
	{ "value", WIRE_OCTETS, .wireshark = "isakmp.cfg.attr.value" },
};
static FORMAT(cp_attribute, "A", "Configuration Attribute", "RFC 7296 3.15.1", cp_attribute_rows,
	      .pick = "type");
static const struct wire_row cp_rows[] = {
	GENERIC_HEADER(NULL),
	UINT("type", 8, .names = &names_cp_type, .constant = 1, .wireshark = "isakmp.cfg.type"),
	RESERVED("reserved2", 24),
	{ "attributes", WIRE_LIST, .item = &cp_attribute },
};
static FORMAT(cp, "CP", "Configuration payload", "RFC 7296 3.15", cp_rows, .pick = "type");

/* 3.16: Success and Failure have no type. */
static const struct wire_row eap_typed_rows[] = {
	UINT("type", 8, .names = &names_eap_type, .wireshark = "eap.type"),
	REST("data"),
};
static const struct wire_row eap_other_rows[] = {
	REST("data"),
};
static FORMAT(eap_typed, "EAP", "Request and Response", "RFC 3748 4.1", eap_typed_rows);
static FORMAT(eap_other, "EAP", "any other code", "RFC 3748 4", eap_other_rows);
static const struct wire_format eap_result = { .name = "EAP", .title = "Success and Failure",
					       .section = "RFC 3748 4.2" };
static const struct wire_choice eap_choice_rows[] = {
	{ 1, &eap_typed  },
	{ 2, &eap_typed  },
	{ 3, &eap_result },
	{ 4, &eap_result },
};
static const struct wire_choices eap_choices = { eap_choice_rows, ARRAY_LEN(eap_choice_rows), &eap_other };
static const struct wire_row eap_rows[] = {
	GENERIC_HEADER(NULL),
	UINT("code", 8, .names = &names_eap_code, .constant = 1, .wireshark = "eap.code"),
	UINT("identifier", 8, .wireshark = "eap.id"),
	{ "eap_length", WIRE_LENGTH, 16, .of = "code", .wireshark = "eap.len",
	  .note = "of the EAP message, from its code on" },
	{ "by_code", WIRE_CHOICE, .of = "code", .choices = &eap_choices },
};
static FORMAT(eap, "EAP", "EAP payload", "RFC 7296 3.16", eap_rows, .pick = "code");

/* Any other type. */
static const struct wire_row unknown_rows[] = {
	GENERIC_HEADER(NULL),
	REST("data", .wireshark = "isakmp.datapayload"),
};
static FORMAT(unknown, "PAYLOAD", "payload of any type, as octets", "RFC 7296 3.2", unknown_rows);

static const struct wire_choice payload_rows[] = {
	{ 33, &sa      },
	{ 34, &ke      },
	{ 35, &idi     },
	{ 36, &idr     },
	{ 37, &cert    },
	{ 38, &certreq },
	{ 39, &auth    },
	{ 40, &nonce   },
	{ 41, &notify  },
	{ 42, &delete  },
	{ 43, &vendor  },
	{ 44, &tsi     },
	{ 45, &tsr     },
	{ 46, &sk      },
	{ 47, &cp      },
	{ 48, &eap     },
	{ 53, &skf     },
};
static const struct wire_choices payload_choices = { payload_rows, ARRAY_LEN(payload_rows), &unknown };

#define CHAIN { "payloads", WIRE_LIST, .choices = &payload_choices, .names = &names_payload }
const struct wire_row ike_chain = CHAIN;

static const struct wire_row message_rows[] = {
	{ "HDR", WIRE_STRUCT, .item = &ike_header },
	CHAIN,
};
FORMAT(ike_message, "message", "IKE message", "RFC 7296 3", message_rows);

const struct wire_format *ike_payload_format(uint32_t type)
{
	for (size_t i = 0; i < ARRAY_LEN(payload_rows); i++)
		if (payload_rows[i].value == type)
			return payload_rows[i].format;
	return &unknown;
}
