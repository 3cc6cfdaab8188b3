/* One case on a real target: testers on leased slots, orders through its driver. */
#include "host.h"

#include <limits.h>
#include <stdio.h>

/* ------------------------------------------------------------ slots of a scenario */

static bool moves(const struct element_node *steps, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if ((steps[i].element == EL_NETWORK && attr_find(&steps[i], AT_ADDRESS)) ||
		    moves(steps[i].children, steps[i].child_count))
			return true;
	return false;
}

/* A target may let one path at a time have a pair of selectors: the closing handshake has a slot of
 * its own. */
bool steps_behind_nat(const struct element_node *steps, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if ((steps[i].element == EL_NETWORK && attr_find(&steps[i], AT_NAT)) ||
		    steps_behind_nat(steps[i].children, steps[i].child_count))
			return true;
	return false;
}

static size_t testers_needed(const struct scenario *s)
{
	return (s->tester_count ? s->tester_count : 1) + steps_behind_nat(s->steps, s->step_count);
}

size_t slots_needed(const struct scenario *s)
{
	return testers_needed(s) + moves(s->steps, s->step_count);
}

/* ------------------------------------------------------------ testers */

static const struct target_connection *connection_of(const struct real_host *h, unsigned slot,
						     bool six)
{
	char name[TARGET_NAME];

	snprintf(name, sizeof name, six ? "s%u-ip6" : "s%u", slot);
	return target_config_find(&h->config, name, NULL);
}

static bool selector(const char *text, struct selectors *out, struct why *why)
{
	out->count = 1;
	out->rows[0] = (struct traffic_selector){ .last_port = 0xffff };
	return address_range_parse(text, &out->rows[0].range) ||
	       why_set(why, "'%s' is no range of addresses", text);
}

static bool identity(struct run *r, const char *text, struct identity *out, struct why *why)
{
	const char *kind = strchr(text, '@') ? "rfc822" : "fqdn";
	struct address a;

	if (strchr(text, ':') || address_parse(text, &a))
		return identity_parse(r->arena, text, out, why);
	return identity_parse(r->arena, arena_printf(r->arena, "%s:%s", kind, text), out, why);
}

/* The variant that a connection of the profile is named after, else what is inside. */
static const struct target_child *child_of(const struct target_connection *tc,
					   const struct profile_connection *pc, bool six)
{
	for (size_t i = 0; i < tc->children; i++)
		if (tc->child[i].variant != TARGET_PLAIN &&
		    strcmp(tc->child[i].suffix + 1, pc->name) == 0)
			return &tc->child[i];
	return &tc->child[six];
}

/* Inner addresses that one end gives the other are the slot's too. */
static bool slot_addresses(struct run *r, const struct target_child *child, struct connection *c,
			   struct why *why)
{
	struct address_range *pool;

	if (child->variant == TARGET_POOL)
		connection_asks(c);
	if (child->variant != TARGET_CLIENT)
		return true;
	pool = arena_new_of(r->arena, struct address_range);
	if (!pool)
		return why_set(why, "no memory for a pool");
	*pool = c->theirs.rows[0].range;
	c->pools = pool;
	c->pool_count = 1;
	return true;
}

/* The suites are the profile's, everything else is the slot's. */
static bool slot_connection(struct run *r, const struct target_connection *tc,
			    const struct target_child *child, const struct profile_connection *pc,
			    struct connection *c, struct why *why)
{
	const struct profile *p = r->options->profile;

	if (host_is_foreign(p))
		return foreign_connection(r, tc, c, why);
	c->name = tc->name;
	c->local = child->outer_tester.family ? child->outer_tester : tc->tester;
	c->local.port = 500;
	c->remote = child->outer_target.family ? child->outer_target : tc->target;
	c->remote.port = p->port;
	c->secret = bytes_text(tc->secret);
	if ((c->us.type != ID_NULL &&
	     !identity(r, child->tester_id[0] ? child->tester_id : tc->tester_id, &c->us, why)) ||
	    (c->them.type != ID_NULL && !identity(r, tc->target_id, &c->them, why)) ||
	    !connection_prove_again(r, pc, c, why) ||
	    !selector(child->tester_selector, &c->ours, why) ||
	    !selector(child->target_selector, &c->theirs, why))
		return false;
	return slot_addresses(r, child, c, why);
}

/* A target that asks for its inner address has none when it is the responder: the closing handshake
 * is for the plain child of the slot then. */
static bool honest_connection(struct run *r, const struct target_connection *tc,
			      const struct target_child *child, struct tester *t, struct why *why)
{
	const struct profile *p = r->options->profile;
	struct connection *c = &t->connections[CONNECTION_HONEST];

	*c = t->connections[CONNECTION_ASKED];
	return child->variant != TARGET_CLIENT ||
	       (connection_make(r, &p->connections[0], true, c, why) &&
		slot_connection(r, tc, &tc->child[0], &p->connections[0], c, why));
}

static struct slot *lease(struct run *r)
{
	struct real_host *h = r->target_state;
	struct job_plan plan = {
		.lively = plan_lively(r->scenario) && host_is_ours(r->options->profile),
		.need = need_of(r->options->profile, r->scenario),
	};

	return host_lease(h, &plan);
}

static bool tester_on_slot(struct run *r, size_t nth, struct why *why)
{
	struct real_host *h = r->target_state;
	const struct scenario_tester *row =
		nth < r->scenario->tester_count ? &r->scenario->testers[nth] : NULL;
	const struct profile_connection *pc =
		profile_connection_find(r->options->profile, row ? row->connection : NULL);
	struct tester *t = &r->testers[nth];
	struct slot *slot = lease(r);
	const struct target_connection *tc;
	const struct target_child *child;
	bool outer_six = row && row->address && strcmp(row->address, "ipv6") == 0;
	bool inner_six = row && row->connection && strstr(row->connection, "v6");

	if (!pc || !slot)
		return why_set(why, pc ? "no slot is free" : "the profile has no such connection");
	*t = (struct tester){ .name = row && row->name ? row->name
				      : nth            ? "probe"
						       : "tester",
			      .index = nth,
			      .slot = slot->number };
	tc = connection_of(h, slot->number, outer_six);
	child = tc ? child_of(tc, pc, inner_six) : NULL;
	if (!child || !connection_make(r, pc, true, &t->connections[CONNECTION_ASKED], why) ||
	    !slot_connection(r, tc, child, pc, &t->connections[CONNECTION_ASKED], why) ||
	    !honest_connection(r, tc, child, t, why))
		return false;
	t->inner[0] = child->tester;
	t->target_inner[0] = child->target;
	t->inner_count = child->variant != TARGET_POOL;
	t->target_inner_count = child->variant != TARGET_CLIENT;
	t->nat = tc->nat;
	t->slot_name = run_printf(r, "%s%s", tc->name, child->suffix);
	extensions_needed(r, &t->connections[CONNECTION_ASKED]);
	return !row || connection_override(r, row, &t->connections[CONNECTION_ASKED], why);
}

/* ------------------------------------------------------------ orders */

#define ORDER_TRIES 8
#define ORDER_GAP   (250 * USEC_MS)

/* Its only child is the one of that name. */
static bool of_variant(const struct real_host *h, const struct tester *t)
{
	const struct target_child *child;

	return target_config_find(&h->config, t->slot_name, &child) && child->variant != TARGET_PLAIN;
}

static unsigned real_order(struct run *r, struct tester *t, const char *verb, struct ike_sa *ike,
			   struct child_sa *child, struct why *why)
{
	struct real_host *h = r->target_state;

	(void)ike;
	(void)child;
	r->order_verb = target_verb_find(verb);
	if (r->order_verb == TARGET_VERBS)
		return why_set(why, "the driver knows no '%s'", verb);
	r->order_name = t->slot_name;
	if (r->order_verb == TARGET_RESTART || r->order_verb == TARGET_KILL)
		h->asked = true;
	r->order_tries = 0;
	r->order_again = 0;
	if (r->order_verb == TARGET_NEW_CHILD && !of_variant(h, t))
		r->order_name = run_printf(r, "%s-more", t->connections[0].name);
	r->order_ticket =
		target_order(h->target, (enum target_verb)r->order_verb, r->order_name, why);
	return r->order_ticket ? 1 : 0;
}

/* What makes the SA whole may still be on its way to the target: refused orders are given again. */
static int real_result(struct run *r, unsigned ticket, struct why *why)
{
	struct real_host *h = r->target_state;
	struct target_result result;

	(void)ticket;
	/* What comes of a ping is on the wire; its answer is the scenario's affair. */
	if (r->order_verb == TARGET_PING) {
		host_forget(h, r->order_ticket);
		r->order_ticket = 0;
		return 1;
	}
	if (!r->order_ticket) {
		if (run_now(r) < r->order_again)
			return 0;
		r->order_ticket = target_order(h->target, (enum target_verb)r->order_verb,
					       r->order_name, why);
		return r->order_ticket ? 0 : -1;
	}
	result = target_result(h->target, r->order_ticket);
	if (result.progress == TARGET_PENDING)
		return 0;
	r->order_ticket = 0;
	if (result.progress == TARGET_DONE) {
		h->asked &= r->order_verb != TARGET_RESTART;
		return 1;
	}
	why_set(why, "%s", result.text ? result.text : "refused");
	if (r->order_verb == TARGET_INITIATE || ++r->order_tries >= ORDER_TRIES)
		return -1;
	r->order_again = run_now(r) + ORDER_GAP;
	return 0;
}

static bool real_alive(struct run *r, char *how, size_t cap)
{
	const struct real_host *h = r->target_state;

	if (!h->dead)
		return true;
	snprintf(how, cap, "%s", h->how);
	r->log_tail = host_tail(h, r->arena);
	return false;
}

/* ------------------------------------------------------------ counters */

/* What a tester's own plane opened and sealed under the SAs that it still has. */
static struct esp_counters own_counters(const struct tester *t, bool inbound)
{
	struct esp_counters sum = { 0 }, in, out;
	struct child_sa *c;

	for (size_t i = 0; (c = endpoint_child_sa(t->endpoint, NULL, i)); i++)
		if (!child_sa_view(c).gone && node_esp_counters(t->node, c, &in, &out))
			sum.packets += inbound ? in.packets : out.packets;
	return sum;
}

static bool counted(struct run *r, struct tester *t)
{
	struct real_host *h = r->target_state;
	struct target_result result;

	if (!t->counters) {
		if (!own_counters(t, true).packets)
			return true;
		t->counters =
			target_order(h->target, TARGET_COUNTERS, t->connections[0].name, NULL);
		return !t->counters;
	}
	result = target_result(h->target, t->counters);
	if (result.progress == TARGET_PENDING)
		return false;
	if (result.progress == TARGET_DONE)
		run_note(r,
			 "data plane of the target, %s: %llu packets in, %llu out; of the tester: "
			 "%llu in, %llu out",
			 t->connections[0].name, (unsigned long long)result.counters.in_packets,
			 (unsigned long long)result.counters.out_packets,
			 (unsigned long long)own_counters(t, true).packets,
			 (unsigned long long)own_counters(t, false).packets);
	return true;
}

static bool real_count(struct run *r)
{
	bool waits = false;

	for (size_t i = 0; i < r->tester_count; i++) {
		struct tester *t = &r->testers[i];

		t->counted = t->counted || counted(r, t);
		waits |= !t->counted;
	}
	return waits;
}

/* A probe under way has taken so long at least.  What a foreign target's command takes says little of the target. */
static usec real_slowness(const struct run *r)
{
	const struct real_host *h = r->target_state;
	usec waits = h->probe ? real_now(h->real) - h->probed : 0;

	return h->foreign ? 0 : waits > h->took ? waits : h->took;
}

static const struct target_kind real_kind = { real_order, real_result, real_alive, real_count, real_slowness };

/* ------------------------------------------------------------ setup */

static bool second_address(struct run *r, struct tester *t, struct why *why)
{
	struct slot *slot;

	if (!moves(r->scenario->steps, r->scenario->step_count))
		return true;
	slot = lease(r);
	if (!slot)
		return why_set(why, "no slot is free");
	t->second_slot = slot->number;
	t->second =
		connection_of(r->target_state, slot->number, t->connections[0].local.family == 6)
			->tester;
	t->second.port = 500;
	return true;
}

bool real_setup(struct run *r, struct why *why)
{
	struct real_host *h = r->target_state;
	size_t count = testers_needed(r->scenario);
	struct world_config config = {
		.crypto = r->options->crypto,
		.log = &r->log,
		.run = r->label,
		.target = r->options->profile->id,
		.real = h->real,
	};

	r->rng.fresh = true;
	r->rng.entropy = real_entropy;
	r->rng.entropy_ctx = h->real;
	config.rng = rng_split(&r->rng, "link");
	r->target = &real_kind;
	r->world = world_new(&config, why);
	run_weather(r);
	r->testers = arena_array(r->arena, count, sizeof *r->testers);
	if (!r->world || !r->testers)
		return false;
	for (size_t i = 0; i < count; i++) {
		if (!tester_on_slot(r, i, why))
			return false;
		r->tester_count = i + 1;
		if (i == 0 && !second_address(r, &r->testers[0], why))
			return false;
	}
	if (count > 1 && count > r->scenario->tester_count)
		r->probe = &r->testers[count - 1];
	for (size_t i = 0; i < r->tester_count; i++)
		if (!tester_node(r, &r->testers[i], why))
			return false;
	return true;
}

bool slots_cleared(const struct run *r)
{
	const struct real_host *h = r->target_state;

	for (size_t i = 0; i < r->tester_count; i++)
		if (host_clearing(h, r->testers[i].slot) || host_clearing(h, r->testers[i].second_slot))
			return false;
	return true;
}

void slots_release(struct run *r)
{
	host_forget(r->target_state, r->order_ticket);
	for (size_t i = 0; i < r->tester_count; i++) {
		if (r->testers[i].counters && !r->testers[i].counted)
			host_forget(r->target_state, r->testers[i].counters);
		if (r->testers[i].slot)
			host_release(r->target_state, r->testers[i].slot);
		if (r->testers[i].second_slot)
			host_release(r->target_state, r->testers[i].second_slot);
	}
}
