/*
 * The exchange table (RFC 7296 1.2 to 1.4): which payloads each message must and may hold, and what
 * makes, answers and accepts it.  What is not named in a row may stand any number of times.
 */
#include "inside.h"

#define RULES(...)  { { __VA_ARGS__ }, ARRAY_LEN(((struct payload_rule[]){ __VA_ARGS__ })) }
#define ANY         { { { 0 } }, 0 }
#define ONCE(type)  { PAYLOAD_##type, 1, 1 }
#define MAY(type)   { PAYLOAD_##type, 0, 1 }
#define SOME(type)  { PAYLOAD_##type, 1, 255 }
#define CHILD_RULES RULES(ONCE(SA), ONCE(NONCE), MAY(KE), ONCE(TSI), ONCE(TSR))
#define AS_INFORMATIONAL \
	informational_build_request, NULL, informational_request, informational_response
#define AS_CREATE_CHILD \
	create_child_build_request, child_offered, create_child_request, create_child_response

/* clang-format off */
const struct exchange_row exchanges[] = {
	[PURPOSE_NONE] = { .name = "none" },
	[PURPOSE_IKE_SA_INIT] = { "IKE_SA_INIT", IKE_SA_INIT, IKE_HALF_OPEN,
		RULES(ONCE(SA), ONCE(KE), ONCE(NONCE)), RULES(ONCE(SA), ONCE(KE), ONCE(NONCE)),
		init_build_request, init_request_sent, init_request, init_response },
	[PURPOSE_IKE_AUTH] = { "IKE_AUTH", IKE_AUTH, IKE_KEYED,
		RULES(ONCE(IDI), MAY(IDR), ONCE(AUTH), MAY(CP), ONCE(SA), ONCE(TSI), ONCE(TSR)),
		RULES(ONCE(IDR), ONCE(AUTH), MAY(CP), ONCE(SA), ONCE(TSI), ONCE(TSR)),
		auth_build_request, child_offered, auth_request, auth_response },
	[PURPOSE_CHILDLESS] = { "childless", IKE_AUTH, IKE_KEYED,
		RULES(ONCE(IDI), MAY(IDR), ONCE(AUTH)), RULES(ONCE(IDR), ONCE(AUTH)),
		auth_build_request, NULL, auth_request, auth_response },
	[PURPOSE_NEW_CHILD] = { "new-child", CREATE_CHILD_SA, IKE_ESTABLISHED,
		CHILD_RULES, CHILD_RULES, AS_CREATE_CHILD },
	[PURPOSE_REKEY_CHILD] = { "rekey-child", CREATE_CHILD_SA, IKE_ESTABLISHED,
		CHILD_RULES, CHILD_RULES, AS_CREATE_CHILD },
	[PURPOSE_REKEY_IKE] = { "rekey-ike", CREATE_CHILD_SA, IKE_ESTABLISHED,
		RULES(ONCE(SA), ONCE(NONCE), ONCE(KE)), RULES(ONCE(SA), ONCE(NONCE), ONCE(KE)),
		rekey_ike_build_request, rekey_ike_offered, rekey_ike_request, rekey_ike_response },
	[PURPOSE_LIVENESS] = { "liveness", INFORMATIONAL, IKE_ESTABLISHED,
		ANY, ANY, AS_INFORMATIONAL },
	[PURPOSE_DELETE_CHILD] = { "delete-child", INFORMATIONAL, IKE_ESTABLISHED,
		RULES(SOME(DELETE)), ANY, AS_INFORMATIONAL },
	[PURPOSE_DELETE_IKE] = { "delete-ike", INFORMATIONAL, IKE_ESTABLISHED,
		RULES(SOME(DELETE)), ANY, AS_INFORMATIONAL },
	[PURPOSE_UPDATE_ADDRESSES] = { "update-addresses", INFORMATIONAL, IKE_ESTABLISHED,
		ANY, ANY, AS_INFORMATIONAL },
	[PURPOSE_CONFIGURE] = { "configure", INFORMATIONAL, IKE_ESTABLISHED,
		ANY, ANY, AS_INFORMATIONAL },
	[PURPOSE_INFORMATIONAL] = { "INFORMATIONAL", INFORMATIONAL, IKE_ESTABLISHED,
		ANY, ANY, AS_INFORMATIONAL },
};
/* clang-format on */
const size_t exchanges_count = ARRAY_LEN(exchanges);

const struct exchange_row *exchange_row(enum purpose p)
{
	return (size_t)p < exchanges_count && exchanges[p].name ? &exchanges[p]
								: &exchanges[PURPOSE_NONE];
}

const char *purpose_name(enum purpose p)
{
	return exchange_row(p)->name;
}

uint8_t purpose_exchange(enum purpose p)
{
	return exchange_row(p)->exchange;
}

/* Only a purpose within an exchange; the name of an exchange is no purpose. */
bool purpose_parse(const char *name, uint8_t *exchange, enum purpose *purpose)
{
	uint32_t value;
	*purpose = PURPOSE_NONE;
	if (names_value(&names_exchange, name, &value) && value <= 255) {
		*exchange = (uint8_t)value;
		return true;
	}
	for (size_t i = PURPOSE_NONE + 1; i < exchanges_count; i++) {
		if (exchanges[i].name && strcmp(exchanges[i].name, name) == 0) {
			*purpose = (enum purpose)i;
			*exchange = exchanges[i].exchange;
			return true;
		}
	}
	return false;
}

const struct payload_rules *exchange_rules(enum purpose purpose, bool response)
{
	const struct exchange_row *row = exchange_row(purpose);
	return response ? &row->response : &row->request;
}

bool exchange_has_all(const struct payload_rules *rules, const struct message *m)
{
	for (size_t i = 0; i < rules->count; i++)
		if (rules->rows[i].min &&
		    !message_payload(m, rules->rows[i].payload, rules->rows[i].min))
			return false;
	return true;
}

bool exchange_has_more(const struct payload_rules *rules, const struct message *m)
{
	for (size_t i = 0; i < rules->count; i++)
		if (rules->rows[i].max < 255 &&
		    message_payload(m, rules->rows[i].payload, rules->rows[i].max + 1u))
			return true;
	return false;
}
