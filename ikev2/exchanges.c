/*
 * The exchange table: which payloads each message must and may hold (RFC 7296 1.2 to 1.4), and the
 * names of purposes.  What is not named in a row may stand any number of times.
 */
#include "inside.h"

static const struct {
	const char *name;
	uint8_t exchange;
} purposes[] = {
	[PURPOSE_NONE]             = { "none",             0               },
	[PURPOSE_IKE_SA_INIT]      = { "IKE_SA_INIT",      IKE_SA_INIT     },
	[PURPOSE_IKE_AUTH]         = { "IKE_AUTH",         IKE_AUTH        },
	[PURPOSE_NEW_CHILD]        = { "new-child",        CREATE_CHILD_SA },
	[PURPOSE_REKEY_CHILD]      = { "rekey-child",      CREATE_CHILD_SA },
	[PURPOSE_REKEY_IKE]        = { "rekey-ike",        CREATE_CHILD_SA },
	[PURPOSE_LIVENESS]         = { "liveness",         INFORMATIONAL   },
	[PURPOSE_DELETE_CHILD]     = { "delete-child",     INFORMATIONAL   },
	[PURPOSE_DELETE_IKE]       = { "delete-ike",       INFORMATIONAL   },
	[PURPOSE_UPDATE_ADDRESSES] = { "update-addresses", INFORMATIONAL   },
	[PURPOSE_CONFIGURE]        = { "configure",        INFORMATIONAL   },
	[PURPOSE_INFORMATIONAL]    = { "INFORMATIONAL",    INFORMATIONAL   },
};

#define RULES(...) { __VA_ARGS__ }, ARRAY_LEN(((struct payload_rule[]){ __VA_ARGS__ }))
#define ONCE(type) { PAYLOAD_##type, 1, 1 }
#define MAY(type)  { PAYLOAD_##type, 0, 1 }

const struct exchange_row exchanges[] = {
	{ IKE_SA_INIT, PURPOSE_IKE_SA_INIT, false, RULES(ONCE(SA), ONCE(KE), ONCE(NONCE)) },
	{ IKE_SA_INIT, PURPOSE_IKE_SA_INIT, true, RULES(ONCE(SA), ONCE(KE), ONCE(NONCE)) },
	{ IKE_AUTH, PURPOSE_IKE_AUTH, false,
	  RULES(ONCE(IDI), MAY(IDR), ONCE(AUTH), MAY(CP), ONCE(SA), ONCE(TSI), ONCE(TSR)) },
	{ IKE_AUTH, PURPOSE_IKE_AUTH, true,
	  RULES(ONCE(IDR), ONCE(AUTH), MAY(CP), ONCE(SA), ONCE(TSI), ONCE(TSR)) },
	{ CREATE_CHILD_SA, PURPOSE_NEW_CHILD, false,
	  RULES(ONCE(SA), ONCE(NONCE), MAY(KE), ONCE(TSI), ONCE(TSR)) },
	{ CREATE_CHILD_SA, PURPOSE_NEW_CHILD, true,
	  RULES(ONCE(SA), ONCE(NONCE), MAY(KE), ONCE(TSI), ONCE(TSR)) },
	{ CREATE_CHILD_SA, PURPOSE_REKEY_CHILD, false,
	  RULES(ONCE(SA), ONCE(NONCE), MAY(KE), ONCE(TSI), ONCE(TSR)) },
	{ CREATE_CHILD_SA, PURPOSE_REKEY_CHILD, true,
	  RULES(ONCE(SA), ONCE(NONCE), MAY(KE), ONCE(TSI), ONCE(TSR)) },
	{ CREATE_CHILD_SA, PURPOSE_REKEY_IKE, false, RULES(ONCE(SA), ONCE(NONCE), ONCE(KE)) },
	{ CREATE_CHILD_SA, PURPOSE_REKEY_IKE, true, RULES(ONCE(SA), ONCE(NONCE), ONCE(KE)) },
	{ INFORMATIONAL, PURPOSE_LIVENESS, false, { { 0 } }, 0 },
	{ INFORMATIONAL, PURPOSE_LIVENESS, true, { { 0 } }, 0 },
	{ INFORMATIONAL, PURPOSE_DELETE_CHILD, false, RULES({ PAYLOAD_DELETE, 1, 255 }) },
	{ INFORMATIONAL, PURPOSE_DELETE_CHILD, true, { { 0 } }, 0 },
	{ INFORMATIONAL, PURPOSE_DELETE_IKE, false, RULES({ PAYLOAD_DELETE, 1, 255 }) },
	{ INFORMATIONAL, PURPOSE_DELETE_IKE, true, { { 0 } }, 0 },
	{ INFORMATIONAL, PURPOSE_INFORMATIONAL, false, { { 0 } }, 0 },
	{ INFORMATIONAL, PURPOSE_INFORMATIONAL, true, { { 0 } }, 0 },
};
const size_t exchanges_count = ARRAY_LEN(exchanges);

const char *purpose_name(enum purpose p)
{
	return (size_t)p < ARRAY_LEN(purposes) ? purposes[p].name : "none";
}

uint8_t purpose_exchange(enum purpose p)
{
	return (size_t)p < ARRAY_LEN(purposes) ? purposes[p].exchange : 0;
}

bool purpose_parse(const char *name, uint8_t *exchange, enum purpose *purpose)
{
	uint32_t value;
	*purpose = PURPOSE_NONE;
	for (size_t i = PURPOSE_NEW_CHILD; i < PURPOSE_INFORMATIONAL; i++) {
		if (strcmp(purposes[i].name, name) == 0) {
			*purpose = (enum purpose)i;
			*exchange = purposes[i].exchange;
			return true;
		}
	}
	if (!names_value(&names_exchange, name, &value) || value > 255)
		return false;
	*exchange = (uint8_t)value;
	return true;
}

const struct exchange_row *exchange_find(enum purpose purpose, bool response)
{
	for (size_t i = 0; i < exchanges_count; i++)
		if (exchanges[i].purpose == purpose && exchanges[i].response == response)
			return &exchanges[i];
	return NULL;
}

bool exchange_has_all(const struct exchange_row *row, const struct message *m)
{
	for (size_t i = 0; i < row->rule_count; i++)
		if (row->rules[i].min &&
		    !message_payload(m, row->rules[i].payload, row->rules[i].min))
			return false;
	return true;
}

bool exchange_has_more(const struct exchange_row *row, const struct message *m)
{
	for (size_t i = 0; i < row->rule_count; i++)
		if (row->rules[i].max < 255 &&
		    message_payload(m, row->rules[i].payload, row->rules[i].max + 1u))
			return true;
	return false;
}
