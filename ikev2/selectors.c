/*
 * Traffic selectors: what two policies share (RFC 7296 2.9), and a TSi or TSr payload read.
 */
#include "inside.h"

static bool meet_ranges(const struct address_range *a, const struct address_range *b,
			struct address_range *out)
{
	if (a->first.family != b->first.family)
		return false;
	*out = *a;
	if (memcmp(b->first.ip, a->first.ip, 16) > 0)
		out->first = b->first;
	if (memcmp(b->last.ip, a->last.ip, 16) < 0)
		out->last = b->last;
	out->first.port = out->last.port = 0;
	return memcmp(out->first.ip, out->last.ip, 16) <= 0;
}

/* OPAQUE ports (first above last) meet only themselves. */
static bool meet_ports(const struct traffic_selector *a, const struct traffic_selector *b,
		       struct traffic_selector *out)
{
	out->first_port = a->first_port;
	out->last_port = a->last_port;
	if (a->first_port > a->last_port || b->first_port > b->last_port)
		return a->first_port == b->first_port && a->last_port == b->last_port;
	if (b->first_port > out->first_port)
		out->first_port = b->first_port;
	if (b->last_port < out->last_port)
		out->last_port = b->last_port;
	return out->first_port <= out->last_port;
}

static bool meet(const struct traffic_selector *a, const struct traffic_selector *b,
		 struct traffic_selector *out)
{
	*out = (struct traffic_selector){ .protocol = a->protocol ? a->protocol : b->protocol };
	if (a->protocol && b->protocol && a->protocol != b->protocol)
		return false;
	return meet_ranges(&a->range, &b->range, &out->range) && meet_ports(a, b, out);
}

static bool inside(const struct traffic_selector *in, const struct traffic_selector *out)
{
	if (out->protocol && out->protocol != in->protocol)
		return false;
	if (in->first_port > in->last_port || out->first_port > out->last_port)
		return (in->first_port == out->first_port && in->last_port == out->last_port) ||
		       (out->first_port == 0 && out->last_port == 65535);
	return in->first_port >= out->first_port && in->last_port <= out->last_port &&
	       address_range_inside(&in->range, &out->range);
}

/* Adds a row unless another holds it already. */
static void add(struct selectors *s, const struct traffic_selector *t)
{
	for (size_t i = 0; i < s->count; i++)
		if (inside(t, &s->rows[i]))
			return;
	if (s->count < SELECTORS)
		s->rows[s->count++] = *t;
}

struct selectors selectors_meet(const struct selectors *a, const struct selectors *b)
{
	struct selectors out = { .count = 0 };
	for (size_t i = 0; i < a->count; i++) {
		for (size_t k = 0; k < b->count; k++) {
			struct traffic_selector t;
			if (meet(&a->rows[i], &b->rows[k], &t))
				add(&out, &t);
		}
	}
	return out;
}

bool selectors_subset(const struct selectors *inner, const struct selectors *outer)
{
	for (size_t i = 0; i < inner->count; i++) {
		bool held = false;
		for (size_t k = 0; k < outer->count && !held; k++)
			held = inside(&inner->rows[i], &outer->rows[k]);
		if (!held)
			return false;
	}
	return true;
}

static bool read_one(struct node *s, struct traffic_selector *t)
{
	uint64_t type = payload_number(s, "type");
	if (type != 7 && type != 8)
		return false;
	*t = (struct traffic_selector){
		.protocol = (uint8_t)payload_number(s, "protocol"),
		.first_port = (uint16_t)payload_number(s, "start_port"),
		.last_port = (uint16_t)payload_number(s, "end_port"),
	};
	return address_from_octets(payload_octets(s, "start_address"), 0, &t->range.first) &&
	       address_from_octets(payload_octets(s, "end_address"), 0, &t->range.last) &&
	       t->range.first.family == (type == 7 ? 4 : 6) &&
	       t->range.last.family == t->range.first.family;
}

struct selectors selectors_read(struct node *payload)
{
	struct selectors out = { .count = 0 };
	struct node *list = payload ? payload_list(payload) : NULL;
	for (struct node *s = list ? list->first : NULL; s && out.count < SELECTORS; s = s->next)
		if (read_one(s, &out.rows[out.count]))
			out.count++;
	return out;
}

/* ------------------------------------------------------------ as text */

static bool read_number(const char *text, const char *end, uint32_t most, uint32_t *out)
{
	*out = 0;
	if (text == end)
		return false;
	for (; text < end; text++) {
		if (*text < '0' || *text > '9')
			return false;
		*out = *out * 10 + (uint32_t)(*text - '0');
		if (*out > most)
			return false;
	}
	return true;
}

static bool read_ports(const char *at, const char *end, struct traffic_selector *t)
{
	const char *dash = memchr(at, '-', (size_t)(end - at));
	bool icmp = t->protocol == 1 || t->protocol == 58;
	uint32_t most = icmp ? 255 : 65535, first, last;
	if (end - at == 6 && strncmp(at, "opaque", 6) == 0) {
		t->first_port = 65535;
		t->last_port = 0;
		return true;
	}
	if (!read_number(at, dash ? dash : end, most, &first) ||
	    !read_number(dash ? dash + 1 : at, end, most, &last) || first > last)
		return false;
	t->first_port = (uint16_t)(icmp ? first << 8 : first);
	t->last_port = (uint16_t)(icmp ? last << 8 | 255 : last);
	return true;
}

/* "tcp/80-90" */
static bool read_flow(const char *at, const char *end, struct traffic_selector *t)
{
	const char *slash = memchr(at, '/', (size_t)(end - at)), *stop = slash ? slash : end;
	char name[16];
	uint32_t number;
	if (stop == at || (size_t)(stop - at) >= sizeof(name))
		return false;
	memcpy(name, at, (size_t)(stop - at));
	name[stop - at] = '\0';
	if (!read_number(at, stop, 255, &number)) {
		for (char *c = name; *c; c++)
			*c = *c >= 'a' && *c <= 'z' ? (char)(*c - 'a' + 'A') : *c;
		if (!names_value(&names_ip_protocol, name, &number) || number > 255)
			return false;
	}
	t->protocol = (uint8_t)number;
	return !slash || read_ports(slash + 1, end, t);
}

bool selector_parse(const char *text, struct traffic_selector *out, struct why *why)
{
	const char *open = strchr(text, '['), *close = open ? strchr(open, ']') : NULL;
	char range[2 * ADDRESS_TEXT + 8];
	size_t len = open ? (size_t)(open - text) : strlen(text);
	*out = (struct traffic_selector){ .last_port = 65535 };
	if (len >= sizeof(range) || (open && (!close || close[1])))
		return why_set(why, "'%.80s' is no selector", text);
	memcpy(range, text, len);
	range[len] = '\0';
	if (!address_range_parse(range, &out->range))
		return why_set(why, "'%.80s' is no range of addresses", range);
	return !open || read_flow(open + 1, close, out) ||
	       why_set(why, "'%.40s' is no protocol and ports, as in [tcp/80-90]", open);
}

bool payload_selectors(struct making *m, uint8_t type, const struct selectors *s)
{
	struct node *p = message_chain_add(m->arena, m->chain, type);
	struct node *list = p ? payload_list(p) : NULL;
	for (size_t i = 0; list && i < s->count; i++) {
		const struct traffic_selector *t = &s->rows[i];
		struct node *n = payload_element(m->arena, list);
		if (!n || !wire_give_number(n, "type", t->range.first.family == 6 ? 8 : 7) ||
		    !wire_give_number(n, "protocol", t->protocol) ||
		    !wire_give_number(n, "start_port", t->first_port) ||
		    !wire_give_number(n, "end_port", t->last_port) ||
		    !wire_give_octets(m->arena, n, "start_address",
				      address_octets(&t->range.first)) ||
		    !wire_give_octets(m->arena, n, "end_address", address_octets(&t->range.last)))
			return false;
	}
	return list != NULL;
}
