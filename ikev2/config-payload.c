/*
 * The Configuration payload (RFC 7296 2.19, 2.20, 3.15): a client asks for an inner address, a server
 * gives one of its pool for as long as the IKE SA lives.  Attributes that are not known are left
 * alone; what was not asked for is not answered.
 */
#include "inside.h"

#define INTERNAL_ADDRESS_FAILURE 36
#define FAILED_CP_REQUIRED       37

enum { CFG_REQUEST = 1, CFG_REPLY, CFG_SET, CFG_ACK };
enum attribute_type {
	INTERNAL_IP4_ADDRESS = 1,
	INTERNAL_IP4_NETMASK = 2,
	INTERNAL_IP4_DNS = 3,
	APPLICATION_VERSION = 7,
	INTERNAL_IP6_ADDRESS = 8,
	INTERNAL_IP6_DNS = 10,
	INTERNAL_IP4_SUBNET = 13,
	SUPPORTED_ATTRIBUTES = 14,
	INTERNAL_IP6_SUBNET = 15,
};
static const uint16_t supported[] = {
	INTERNAL_IP4_ADDRESS, INTERNAL_IP4_NETMASK, INTERNAL_IP4_DNS,     APPLICATION_VERSION,
	INTERNAL_IP6_ADDRESS, INTERNAL_IP6_DNS,     INTERNAL_IP4_SUBNET,  SUPPORTED_ATTRIBUTES,
	INTERNAL_IP6_SUBNET,
};

/* ------------------------------------------------------------ payloads */

static struct node *payload_cp(struct making *m, uint8_t type)
{
	struct node *p = message_chain_add(m->arena, m->chain, PAYLOAD_CP);
	return p && wire_give_number(p, "type", type) ? p : NULL;
}

static bool put(struct making *m, struct node *cp, uint16_t type, struct bytes value)
{
	struct node *list = payload_list(cp), *a = list ? payload_element(m->arena, list) : NULL;
	return a && wire_give_number(a, "type", type) &&
	       wire_give_octets(m->arena, a, "value", value);
}

/* The CP payload of that type, if there is one. */
static struct node *cp_of(const struct message *m, uint8_t type)
{
	struct node *p;
	for (unsigned n = 1; (p = message_payload(m, PAYLOAD_CP, n)) != NULL; n++)
		if (payload_number(p, "type") == type)
			return p;
	return NULL;
}

static struct node *attribute_of(struct node *cp, uint16_t type)
{
	struct node *list = cp ? payload_list(cp) : NULL;
	for (struct node *a = list ? list->first : NULL; a; a = a->next)
		if (payload_number(a, "type") == type)
			return a;
	return NULL;
}

static uint16_t address_type(bool six)
{
	return six ? INTERNAL_IP6_ADDRESS : INTERNAL_IP4_ADDRESS;
}

/* The address of an attribute; of IPv6 with a prefix length behind it.  False if it is empty or odd. */
static bool read_address(struct node *attribute, bool six, struct address *out)
{
	struct bytes v = payload_octets(attribute, "value");
	if (v.len != (six ? 17 : 4))
		return false;
	return address_from_octets(bytes_slice(v, 0, six ? 16 : 4), 0, out);
}

/* ------------------------------------------------------------ leases */

static bool in_pool(const struct connection *n, const struct address *a)
{
	for (size_t i = 0; i < n->pool_count; i++)
		if (address_in_range(a, &n->pools[i]))
			return true;
	return false;
}

static bool leased(const struct ike_sa *for_sa, const struct address *a)
{
	const struct endpoint *e = for_sa->endpoint;
	if (!check_on(e, CHECK_CONFIG_LEASE))
		return false;
	for (const struct ike_sa *sa = e->newest; sa; sa = sa->older)
		if (sa != for_sa && sa->state != IKE_GONE &&
		    address_same_host(&sa->given[a->family == 6], a))
			return true;
	return false;
}

static bool next_address(struct address *a, const struct address *last)
{
	if (address_same_host(a, last))
		return false;
	for (size_t i = a->family == 6 ? 16 : 4; i-- > 0;)
		if (++a->ip[i])
			break;
	return true;
}

/* The host part of the first address of a network is zero: it is nobody's. */
static bool anybody(const struct address_range *r, const struct address *a)
{
	return address_same_host(&r->first, &r->last) || !address_same_host(&r->first, a);
}

/* The one asked for if it is free, else the first that is. */
static bool lease(struct ike_sa *sa, bool six, const struct address *wanted, struct address *out)
{
	const struct connection *n = sa->connection;
	if (wanted->family && in_pool(n, wanted) && !leased(sa, wanted)) {
		*out = *wanted;
		return true;
	}
	for (size_t i = 0; i < n->pool_count; i++) {
		const struct address_range *r = &n->pools[i];
		if (r->first.family != (six ? 6 : 4))
			continue;
		*out = r->first;
		do {
			if (anybody(r, out) && !leased(sa, out))
				return true;
		} while (next_address(out, &r->last));
	}
	return false;
}

/* Faults: who minds what it should not. */
static bool minded(struct incoming *x, struct node *request)
{
	struct node *list = request ? payload_list(request) : NULL;
	bool odd = !check_on(x->e, CHECK_CONFIG_EXPIRY) && attribute_of(request, 5);
	for (struct node *a = list ? list->first : NULL; a; a = a->next)
		odd |= payload_number(a, "type") >= 16384 && !check_on(x->e, CHECK_CONFIG_TOLERANT);
	return odd;
}

/* ------------------------------------------------------------ the client */

bool config_asked(const struct connection *n)
{
	return n->asks[0] || n->asks[1];
}

/* An address of each family wanted, and what goes with it, all empty (3.15.1). */
bool config_build_request(struct making *m)
{
	static const uint16_t with[2][3] = {
		{ INTERNAL_IP4_ADDRESS, INTERNAL_IP4_DNS, INTERNAL_IP4_SUBNET },
		{ INTERNAL_IP6_ADDRESS, INTERNAL_IP6_DNS, INTERNAL_IP6_SUBNET },
	};
	const struct connection *n = m->ike->connection;
	struct node *cp = config_asked(n) ? payload_cp(m, CFG_REQUEST) : NULL;
	if (!config_asked(n))
		return true;
	for (size_t six = 0; cp && six < 2; six++)
		for (size_t i = 0; i < ARRAY_LEN(with[six]) && n->asks[six]; i++)
			if (!put(m, cp, with[six][i], BYTES_NONE))
				return false;
	return cp != NULL;
}

/* What we were given is our host's from now on. */
void config_read_reply(struct incoming *x)
{
	struct node *cp = cp_of(&x->m, CFG_REPLY);
	struct ike_sa *sa = x->ike;
	if (minded(x, cp))
		return;
	for (size_t six = 0; six < 2; six++) {
		struct node *a = attribute_of(cp, address_type(six));
		if (a && sa->connection->asks[six])
			read_address(a, six, &sa->assigned[six]);
	}
}

/* ------------------------------------------------------------ the server */

static bool put_address(struct making *m, struct node *cp, const struct address *a)
{
	uint8_t octets[17];
	bool six = a->family == 6;
	memcpy(octets, a->ip, six ? 16 : 4);
	octets[16] = 128;
	return put(m, cp, address_type(six), bytes_make(octets, six ? 17 : 4));
}

/* A network as address and netmask, or address and prefix length, from a range that is one. */
static bool put_subnet(struct making *m, struct node *cp, const struct address_range *r)
{
	bool six = r->first.family == 6;
	size_t len = six ? 16 : 4;
	uint8_t octets[17], bits = 0;
	memcpy(octets, r->first.ip, len);
	for (size_t i = 0; i < len; i++) {
		uint8_t same = (uint8_t)~(r->first.ip[i] ^ r->last.ip[i]);
		if (!six)
			octets[4 + i] = same;
		for (; same & 0x80; same = (uint8_t)(same << 1))
			bits++;
	}
	octets[16] = bits;
	return put(m, cp, six ? INTERNAL_IP6_SUBNET : INTERNAL_IP4_SUBNET,
		   bytes_make(octets, six ? 17 : 8));
}

static bool put_supported(struct making *m, struct node *cp)
{
	uint8_t octets[2 * ARRAY_LEN(supported)];
	for (size_t i = 0; i < ARRAY_LEN(supported); i++)
		store_u16(octets + 2 * i, supported[i]);
	return put(m, cp, SUPPORTED_ATTRIBUTES, BYTES_OF(octets));
}

static bool put_subnets(struct making *m, struct node *cp, bool six)
{
	const struct selectors *s = &m->ike->connection->ours;
	for (size_t i = 0; i < s->count; i++)
		if ((s->rows[i].range.first.family == 6) == six &&
		    !put_subnet(m, cp, &s->rows[i].range))
			return false;
	return true;
}

/* One attribute of a request answered; an address has been leased before. */
static bool answer_one(struct making *m, struct node *cp, uint16_t type)
{
	static const uint8_t host_mask[4] = { 255, 255, 255, 255 };
	const struct ike_sa *sa = m->ike;
	const struct address *dns = sa->connection->dns;
	bool six = type == INTERNAL_IP6_DNS || type == INTERNAL_IP6_SUBNET;
	switch (type) {
	case INTERNAL_IP4_NETMASK:
		return !sa->given[0].family || put(m, cp, type, BYTES_OF(host_mask));
	case INTERNAL_IP4_DNS:
	case INTERNAL_IP6_DNS:
		return !dns[six].family || put(m, cp, type, address_octets(&dns[six]));
	case INTERNAL_IP4_SUBNET:
	case INTERNAL_IP6_SUBNET:
		return !sa->given[six].family || put_subnets(m, cp, six);
	case APPLICATION_VERSION:
		return put(m, cp, type, bytes_text("ikespec"));
	case SUPPORTED_ATTRIBUTES:
		return put_supported(m, cp);
	default: /* unknown or not to be had; a fault sends it back */
		return check_on(m->e, CHECK_CONFIG_UNKNOWN) || type == INTERNAL_IP4_ADDRESS ||
		       type == INTERNAL_IP6_ADDRESS || put(m, cp, type, BYTES_NONE);
	}
}

static bool answer_all(struct making *m, struct node *request)
{
	struct node *list = payload_list(request), *cp = payload_cp(m, CFG_REPLY);
	const struct address *given = m->ike->given;
	for (size_t six = 0; cp && six < 2; six++)
		if (given[six].family && attribute_of(request, address_type(six)) &&
		    !put_address(m, cp, &given[six]))
			return false;
	for (struct node *a = list ? list->first : NULL; cp && a; a = a->next)
		if (!answer_one(m, cp, (uint16_t)payload_number(a, "type")))
			return false;
	return cp != NULL;
}

/* Addresses for what is asked; false if none was to be had of those. */
static bool give(struct incoming *x, struct node *request, bool *asked)
{
	struct ike_sa *sa = x->ike;
	bool any = false;
	*asked = false;
	for (size_t six = 0; six < 2; six++) {
		struct node *a = attribute_of(request, address_type(six));
		struct address wanted = { 0 };
		if (!a)
			continue;
		*asked = true;
		read_address(a, six, &wanted);
		any |= lease(sa, six, &wanted, &sa->given[six]);
	}
	return any;
}

/* In IKE_AUTH, before the SA payload: the reply, or the notify that refuses the Child SA. */
bool config_answer(struct incoming *x, struct making *m, uint16_t *refusal)
{
	struct node *request = cp_of(&x->m, CFG_REQUEST);
	const struct connection *n = m->ike->connection;
	bool asked = false, given = request && n->pool_count && give(x, request, &asked);
	*refusal = 0;
	if (n->pool_count && !asked && check_on(x->e, CHECK_CONFIG_REQUIRED)) {
		refused_count(x->e, CHECK_CONFIG_REQUIRED);
		*refusal = FAILED_CP_REQUIRED;
	} else if ((asked && !given && check_on(x->e, CHECK_CONFIG_EXHAUSTED)) ||
		   minded(x, request)) {
		refused_count(x->e, CHECK_CONFIG_EXHAUSTED);
		*refusal = INTERNAL_ADDRESS_FAILURE;
	}
	if (*refusal)
		return true;
	if (!request)
		return check_on(x->e, CHECK_CONFIG_ASKED) || payload_cp(m, CFG_REPLY);
	return answer_all(m, request);
}

/* ------------------------------------------------------------ INFORMATIONAL */

/* Nothing but what a peer may ask at any time (2.20). */
bool config_build_query(struct making *m)
{
	struct node *cp = payload_cp(m, CFG_REQUEST);
	return cp && put(m, cp, APPLICATION_VERSION, BYTES_NONE);
}

/* Name servers are taken, the rest is not (3.15.1). */
static bool acknowledge(struct making *m, struct node *set)
{
	struct node *list = payload_list(set), *cp = payload_cp(m, CFG_ACK);
	for (struct node *a = list ? list->first : NULL; cp && a; a = a->next) {
		uint16_t type = (uint16_t)payload_number(a, "type");
		bool taken = type == INTERNAL_IP4_DNS || type == INTERNAL_IP6_DNS;
		if (!taken && check_on(m->e, CHECK_CONFIG_ACK))
			continue;
		if (!put(m, cp, type, BYTES_NONE))
			return false;
	}
	return cp != NULL;
}

bool config_answer_query(struct incoming *x, struct making *m)
{
	struct node *request = cp_of(&x->m, CFG_REQUEST), *set = cp_of(&x->m, CFG_SET);
	return (!request || answer_all(m, request)) && (!set || acknowledge(m, set));
}
