/* From the connections of a profile to those of an endpoint, of either end. */
#include "scenario/connect.h"

#define POOLS 4

bool secret_octets(const struct connecting *x, const char *text, struct bytes *out, struct why *why)
{
	static const char *const prefixes[] = { "text:",   "hex:",  "env:", "file:",
						"random:", "zero:", "ones:" };
	struct expr *e;
	struct value v;

	*out = BYTES_NONE;
	if (!text)
		return true;
	for (size_t i = 0; i < ARRAY_LEN(prefixes); i++) {
		if (strncmp(text, prefixes[i], strlen(prefixes[i])) != 0)
			continue;
		e = expr_parse(x->arena, text, why);
		return e && expr_eval(e, x->scope, x->arena, &v, why) &&
		       value_octets(&v, 0, x->arena, out, why);
	}
	*out = bytes_text(text);
	return true;
}

static bool suites(const char *const *names, size_t count, bool esp, struct suite *out,
		   size_t *made, struct why *why)
{
	*made = 0;
	for (size_t i = 0; i < count; i++) {
		if (*made == SUITES)
			return why_set(why, "more than %d suites", SUITES);
		if (!suite_parse(names[i], esp, &out[(*made)++], why))
			return false;
	}
	return true;
}

/* Words between spaces; each is handed to take. */
static bool words(struct arena *a, const char *text,
		  bool (*take)(void *ctx, const char *word, struct why *why), void *ctx,
		  struct why *why)
{
	char *copy = text ? arena_text(a, text) : NULL, *save = NULL;

	for (char *w = copy ? strtok_r(copy, " ", &save) : NULL; w; w = strtok_r(NULL, " ", &save))
		if (!take(ctx, w, why))
			return false;
	return true;
}

static bool take_range(void *ctx, const char *word, struct why *why)
{
	struct selectors *s = ctx;
	struct traffic_selector *row = &s->rows[s->count];

	if (s->count == SELECTORS)
		return why_set(why, "more than %d selectors", SELECTORS);
	s->count++;
	return selector_parse(word, row, why);
}

struct address_list {
	struct address *rows;
	size_t count, cap;
};

static bool take_address(void *ctx, const char *word, struct why *why)
{
	struct address_list *l = ctx;

	if (l->count == l->cap)
		return true;
	return address_parse(word, &l->rows[l->count++]) ||
	       why_set(why, "'%s' is no address", word);
}

bool addresses_parse(struct arena *a, const char *text, struct address *out, size_t cap,
		     size_t *count, struct why *why)
{
	struct address_list list = { out, 0, cap };
	bool good = words(a, text, take_address, &list, why);

	*count = list.count;
	return good;
}

static void host(const struct address *a, struct selectors *s)
{
	s->count = 1;
	s->rows[0] = (struct traffic_selector){ { *a, *a }, .last_port = 0xffff };
	s->rows[0].range.first.port = s->rows[0].range.last.port = 0;
}

void connection_hosts(struct connection *out)
{
	host(&out->local, &out->ours);
	host(&out->remote, &out->theirs);
}

bool connection_ends(const struct profile *p, size_t tester, bool tester_side,
		     struct connection *out, struct why *why)
{
	const struct profile_ports *ports = &p->tester_ports[tester];
	struct address ours, theirs;

	if (!address_parse(p->testers[tester], &ours))
		return why_set(why, "'%s' is no address", p->testers[tester]);
	if (!address_parse(ours.family == 6 ? p->address6 ? p->address6 : "" : p->address, &theirs))
		return why_set(why, "the target has no IPv%u address", ours.family);
	ours.port = ports->ike;
	theirs.port = p->port;
	out->local = tester_side ? ours : theirs;
	out->remote = tester_side ? theirs : ours;
	if (out->transport && !out->ours.count)
		connection_hosts(out);
	out->local_nat_port = tester_side ? ports->nat : p->nat_port;
	out->remote_nat_port = tester_side ? p->nat_port : ports->nat;
	return true;
}

static bool identity(const struct connecting *x, const char *text, struct identity *out,
		     struct why *why)
{
	return !text || identity_parse(x->arena, text, out, why);
}

static enum policy policy_of(const char *text)
{
	return !text                            ? POLICY_PRODUCT
	       : strcmp(text, "pairs") == 0       ? POLICY_PAIRS
	       : strcmp(text, "single-pair") == 0 ? POLICY_SINGLE_PAIR
						  : POLICY_PRODUCT;
}

/* The first of the inner addresses. */
static void first_host(const char *text, struct address *out)
{
	char word[ADDRESS_TEXT];
	size_t len = text ? strcspn(text, " ") : 0;

	*out = (struct address){ 0 };
	if (len == 0 || len >= sizeof word)
		return;
	memcpy(word, text, len);
	word[len] = '\0';
	address_parse(word, out);
}

static bool asks(const struct profile_end *end, const char *family)
{
	return end->asks && strstr(end->asks, family);
}

static bool pools(const struct connecting *x, const char *text, struct connection *out,
		  struct why *why)
{
	struct address_range *rows = arena_array(x->arena, POOLS, sizeof *rows);
	struct selectors s = { .count = 0 };

	if (!rows)
		return why_set(why, "no memory for pools");
	if (!words(x->arena, text, take_range, &s, why))
		return false;
	for (size_t i = 0; i < s.count && i < POOLS; i++)
		rows[out->pool_count++] = s.rows[i].range;
	out->pools = rows;
	return true;
}

static bool name_servers(const struct connecting *x, const char *text, struct connection *out,
			 struct why *why)
{
	struct address rows[4];
	size_t count = 0;

	if (!addresses_parse(x->arena, text, rows, ARRAY_LEN(rows), &count, why))
		return false;
	for (size_t i = count; i-- > 0;)
		out->dns[rows[i].family == 6] = rows[i];
	return true;
}

static void everything(bool six, struct selectors *s)
{
	struct traffic_selector *t = &s->rows[s->count++];

	*t = (struct traffic_selector){ .last_port = 0xffff };
	address_range_parse(six ? "::/0" : "0.0.0.0/0", &t->range);
}

void connection_asks(struct connection *out)
{
	out->ours.count = 0;
	for (size_t six = 0; six < 2; six++)
		if (out->asks[six])
			everything(six, &out->ours);
}

void connection_gives(struct connection *out)
{
	out->theirs.count = 0;
	for (size_t i = 0; i < out->pool_count && i < SELECTORS; i++)
		out->theirs.rows[out->theirs.count++] =
			(struct traffic_selector){ out->pools[i], .last_port = 0xffff };
}

/* Who asks for an address proposes everything; who gives one has selectors from the pool. */
static bool configuration(const struct connecting *x, const struct profile_end *us,
			  const struct profile_end *them, struct connection *out, struct why *why)
{
	out->asks[0] = asks(us, "ipv4");
	out->asks[1] = asks(us, "ipv6");
	if (us->asks)
		connection_asks(out);
	if (!us->pool)
		return true;
	if (!pools(x, us->pool, out, why) || !name_servers(x, us->dns, out, why))
		return false;
	connection_gives(out);
	(void)them;
	return true;
}

bool connection_from_profile(const struct connecting *x, const struct profile_connection *pc,
			     bool tester_side, struct connection *out, struct why *why)
{
	const struct profile *p = x->profile;
	const struct profile_end *us = tester_side ? &pc->tester : &pc->target;
	const struct profile_end *them = tester_side ? &pc->target : &pc->tester;

	*out = (struct connection){
		.name = pc->name,
		.local_nat_port = tester_side ? 4500 : p->nat_port,
		.remote_nat_port = tester_side ? p->nat_port : 4500,
		.policy = policy_of(pc->policy),
		.transport = pc->mode && strcmp(pc->mode, "transport") == 0,
		.childless = !tester_side && profile_feature(p, "childless"),
		.begin_childless = pc->mode && strcmp(pc->mode, "none") == 0,
		.mobike = !tester_side && pc->mobike,
		.tfc = tester_side ? 0 : pc->tfc,
	};
	first_host(us->inner, &out->host);
	first_host(them->inner, &out->their_host);
	if (!configuration(x, us, them, out, why))
		return false;
	if (us->refuses && !address_range_parse(us->refuses, &out->refuses))
		return why_set(why, "'%s' is no range of addresses", us->refuses);
	return identity(x, us->identity, &out->us, why) &&
	       identity(x, them->identity, &out->them, why) &&
	       secret_octets(x, us->secret ? us->secret : them->secret, &out->secret, why) &&
	       suites(pc->ike_suites, pc->ike_count, false, out->ike, &out->ike_count, why) &&
	       suites(pc->esp_suites, pc->esp_count, true, out->esp, &out->esp_count, why) &&
	       words(x->arena, us->selectors, take_range, &out->ours, why) &&
	       words(x->arena, them->selectors, take_range, &out->theirs, why) &&
	       connection_prove(x, pc, tester_side, out, why);
}

const struct profile_connection *profile_connection_find(const struct profile *p, const char *name)
{
	for (size_t i = 0; i < p->connection_count; i++)
		if (!name || strcmp(p->connections[i].name, name) == 0)
			return &p->connections[i];
	return NULL;
}
