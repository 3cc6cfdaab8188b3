/*
 * Honest messages with every payload, for tests and for the corpus of the fuzz targets.
 *
 * A part is added by its path and its fields are given: "id=20 value=256 data=h0a0b spi=r8", where hXX
 * are octets in hex and rN are N octets that count upward.
 */
#ifndef IKEV2_SAMPLES_H
#define IKEV2_SAMPLES_H

#include "ikev2/formats.h"
#include "ikev2/message.h"

#include <stdlib.h>

struct sample_part {
	const char *part, *fields;
};

#define INIT_SA                                                                            \
	{ "SA", "" }, { "SA.P", "number=1 protocol=1" },                                   \
	{ "SA.P[1].T(ENCR)", "id=20" }, { "SA.P[1].T[1].A(KEY_LENGTH)", "value=256" },     \
	{ "SA.P[1].T(PRF)", "id=5" }, { "SA.P[1].T(KE)", "id=31" },                        \
	{ "SA.P", "number=2 protocol=1" },                                                 \
	{ "SA.P[2].T(ENCR)", "id=12" }, { "SA.P[2].T[1].A(KEY_LENGTH)", "value=128" },     \
	{ "SA.P[2].T(ENCR)", "id=12" }, { "SA.P[2].T[2].A(KEY_LENGTH)", "value=256" },     \
	{ "SA.P[2].T(PRF)", "id=7" }, { "SA.P[2].T(INTEG)", "id=12" },                     \
	{ "SA.P[2].T(KE)", "id=14" }, { "SA.P[2].T(ADDKE1)", "id=36" }
#define CHILD_SA                                                                           \
	{ "SA", "" }, { "SA.P", "number=1 protocol=3 spi=hc0ffee01" },                     \
	{ "SA.P[1].T(ENCR)", "id=20" }, { "SA.P[1].T[1].A(KEY_LENGTH)", "value=128" },     \
	{ "SA.P[1].T(ESN)", "id=0" }, { "SA.P[1].T(ESN)", "id=1" }
#define SELECTORS                                                                              \
	{ "TSi", "" }, { "TSi.S(TS_IPV4_ADDR_RANGE)", "start_address=h0a000001 end_address=h0a0000ff" }, \
	{ "TSi.S(8)", "protocol=17 start_port=53 end_port=53 start_address=r16 end_address=r16" },      \
	{ "TSr", "" }, { "TSr.S(7)", "start_address=h00000000 end_address=hffffffff" },                 \
	{ "TSr.S(10)", "data=h73656c" }

static const struct sample_part init_request[] = {
	INIT_SA,
	{ "KE(31)", "data=r32" },
	{ "Ni", "data=r32" },
	{ "N(NAT_DETECTION_SOURCE_IP)", "data=r20" },
	{ "N(NAT_DETECTION_DESTINATION_IP)", "data=r20" },
	{ "N(IKEV2_FRAGMENTATION_SUPPORTED)", "" },
	{ "N(SIGNATURE_HASH_ALGORITHMS)", "data=h000200030004" },
	{ "V", "data=r16" },
};
static const struct sample_part init_response[] = {
	{ "SA", "" }, { "SA.P", "number=1 protocol=1" },
	{ "SA.P[1].T(ENCR)", "id=20" }, { "SA.P[1].T[1].A(KEY_LENGTH)", "value=256" },
	{ "SA.P[1].T(PRF)", "id=5" }, { "SA.P[1].T(KE)", "id=31" },
	{ "KE(31)", "data=r32" }, { "Nr", "data=r32" },
	{ "CERTREQ(4)", "data=r20" },
	{ "N(NAT_DETECTION_SOURCE_IP)", "data=r20" },
	{ "N(NAT_DETECTION_DESTINATION_IP)", "data=r20" },
};
static const struct sample_part cookie[] = { { "N(COOKIE)", "data=r24" } };
static const struct sample_part invalid_ke[] = { { "N(INVALID_KE_PAYLOAD)", "data=h000e" } };
static const struct sample_part auth_request[] = {
	{ "IDi(FQDN)", "data=h612e6578616d706c65" },
	{ "CERT(4)", "data=r40" }, { "CERTREQ(4)", "data=r40" },
	{ "IDr(IPV4_ADDR)", "data=hc0000202" },
	{ "AUTH(2)", "data=r32" },
	{ "CP(CFG_REQUEST)", "" }, { "CP.A(INTERNAL_IP4_ADDRESS)", "" }, { "CP.A(INTERNAL_IP4_DNS)", "" },
	CHILD_SA, SELECTORS,
	{ "N(INITIAL_CONTACT)", "" }, { "N(MOBIKE_SUPPORTED)", "" },
};
static const struct sample_part auth_response[] = {
	{ "IDr(FQDN)", "data=h622e6578616d706c65" }, { "AUTH(14)", "algorithm=h300a06082a8648ce3d040302 signature=r70" },
	{ "CP(CFG_REPLY)", "" }, { "CP.A(INTERNAL_IP4_ADDRESS)", "value=h0a000005" },
	{ "CP.A(INTERNAL_IP6_ADDRESS)", "value=r17" },
	CHILD_SA, SELECTORS,
};
static const struct sample_part auth_eap[] = { { "EAP", "code=1 identifier=7 type=26 data=r30" } };
static const struct sample_part eap_success[] = { { "EAP", "code=3 identifier=7" } };
static const struct sample_part eap_other[] = { { "EAP", "code=9 identifier=1 data=r3" } };
static const struct sample_part new_child[] = {
	{ "N(REKEY_SA)", "protocol=3 spi=hc0ffee01" }, CHILD_SA, { "Ni", "data=r32" },
	{ "KE(19)", "data=r64" }, SELECTORS, { "N(USE_TRANSPORT_MODE)", "" },
};
static const struct sample_part rekey_ike[] = {
	{ "SA", "" }, { "SA.P", "number=1 protocol=1 spi=r8" },
	{ "SA.P[1].T(ENCR)", "id=28" }, { "SA.P[1].T(PRF)", "id=6" }, { "SA.P[1].T(KE)", "id=20" },
	{ "Ni", "data=r48" }, { "KE(20)", "data=r96" },
};
static const struct sample_part delete_ike[] = { { "D", "protocol=1" } };
static const struct sample_part delete_child[] = {
	{ "D", "protocol=3" }, { "D.SPI", "spi=hc0ffee01" }, { "D.SPI", "spi=hc0ffee02" },
};
static const struct sample_part odd[] = {
	{ "SA", "" }, { "SA.P", "number=1 protocol=2 spi=r4" }, { "SA.P[1].T(200)", "id=7" },
	{ "SA.P[1].T[1].A(17)", "format=0 value=r5" },
	{ "PAYLOAD(200)", "critical=1 data=r9" }, { "PAYLOAD(49)", "" },
	{ "N(65000)", "protocol=3 spi=r4 data=r2" }, { "CP(9)", "" },
	{ "CP.A(16000)", "value=r3" },
};

struct sample {
	const char *name;
	uint8_t exchange;
	bool response;
	const struct sample_part *parts;
	size_t count;
};
#define SAMPLE(name, exchange, response, parts) { name, exchange, response, parts, ARRAY_LEN(parts) }
static const struct sample samples[] = {
	SAMPLE("init-request", IKE_SA_INIT, false, init_request),
	SAMPLE("init-response", IKE_SA_INIT, true, init_response),
	SAMPLE("cookie", IKE_SA_INIT, true, cookie),
	SAMPLE("invalid-ke", IKE_SA_INIT, true, invalid_ke),
	SAMPLE("auth-request", IKE_AUTH, false, auth_request),
	SAMPLE("auth-response", IKE_AUTH, true, auth_response),
	SAMPLE("auth-eap", IKE_AUTH, true, auth_eap),
	SAMPLE("eap-success", IKE_AUTH, true, eap_success),
	SAMPLE("eap-other", IKE_AUTH, true, eap_other),
	SAMPLE("new-child", CREATE_CHILD_SA, false, new_child),
	SAMPLE("rekey-ike", CREATE_CHILD_SA, false, rekey_ike),
	SAMPLE("delete-ike", INFORMATIONAL, false, delete_ike),
	SAMPLE("delete-child", INFORMATIONAL, false, delete_child),
	SAMPLE("odd", 240, false, odd),
	{ "empty", INFORMATIONAL, false, NULL, 0 },
};

static bool sample_give(struct arena *a, struct node *part, char *field)
{
	char *value = strchr(field, '=');
	uint8_t octets[256];
	size_t len;

	*value++ = '\0';
	if (*value != 'h' && *value != 'r')
		return wire_give_number(part, field, strtoull(value, NULL, 0));
	if (*value == 'h')
		return bytes_from_hex(value + 1, octets, sizeof(octets), &len) &&
		       wire_give_octets(a, part, field, bytes_make(octets, len));
	len = strtoull(value + 1, NULL, 10);
	for (size_t i = 0; i < len; i++)
		octets[i] = (uint8_t)(i + 1);
	return wire_give_octets(a, part, field, bytes_make(octets, len));
}

static bool sample_part(struct arena *a, struct node *chain, const struct sample_part *p, struct why *why)
{
	struct node *part = wire_add(a, chain, p->part, NULL, NULL, why);
	char text[200], *at = text;

	if (!part || strlen(p->fields) >= sizeof(text))
		return false;
	memcpy(text, p->fields, strlen(p->fields) + 1);
	for (char *field = strsep(&at, " "); field; field = strsep(&at, " "))
		if (*field && !sample_give(a, part, field))
			return why_set(why, "%s: cannot give %s", p->part, field);
	return true;
}

/* The chain of a sample; NULL and why if its script is wrong. */
static inline struct node *sample_chain(struct arena *a, const struct sample *s, struct why *why)
{
	struct node *chain = message_chain_new(a);

	for (size_t i = 0; i < s->count; i++)
		if (!sample_part(a, chain, &s->parts[i], why))
			return NULL;
	return chain;
}

static inline struct composition sample_composition(struct arena *a, const struct sample *s,
						    struct node *chain)
{
	return (struct composition){ .arena = a, .spi_i = 0x0102030405060708, .spi_r = s->response ? 9 : 0,
				     .exchange = s->exchange, .initiator = !s->response,
				     .response = s->response, .id = 1, .chain = chain };
}

#endif
