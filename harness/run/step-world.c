/* target, network, wait: the surroundings. */
#include "inside.h"

/* ------------------------------------------------------------ target do */

static bool target_sas(struct run *r, struct step *s, const char *verb, struct why *why)
{
	const char *text;

	if (strcmp(verb, "initiate") == 0 || strcmp(verb, "restart") == 0 ||
	    strcmp(verb, "kill") == 0)
		return true;
	if (attr_find(s->el, AT_IKE) &&
	    (!(text = run_text(r, s->el, AT_IKE, why)) || !ike_named(r, text, &s->ike, why)))
		return false;
	if (attr_find(s->el, AT_CHILD) &&
	    (!(text = run_text(r, s->el, AT_CHILD, why)) || !child_named(r, text, &s->child, why)))
		return false;
	if (!s->ike)
		s->ike = s->child ? child_sa_view(s->child).ike : newest_ike(r, s->tester);
	if (!s->child)
		s->child = newest_child(r, s->tester, s->ike);
	return true;
}

/* How long an order may wait to be taken: the target's driver is not what is judged. */
#define ORDER_PATIENCE (20 * USEC_S)

static usec order_limit(const struct run *r, bool restart)
{
	const struct profile *p = r->options->profile;

	return (restart ? p->restart : p->answer) + (r->is_virtual ? 0 : ORDER_PATIENCE);
}

static bool target_begin(struct run *r, struct step *s, struct why *why)
{
	const char *verb = run_text(r, s->el, AT_DO, why);
	bool restart = verb && strcmp(verb, "restart") == 0;

	if (!verb || !target_sas(r, s, verb, why) ||
	    !within_of(r, s, AT_WITHIN, order_limit(r, restart), why))
		return false;
	s->ticket = r->target->order(r, s->tester, verb, s->ike, s->child, why);
	if (s->ticket && strcmp(verb, "initiate") == 0)
		s->tester->ordered++;
	s->tester->stimulus = run_now(r);
	return s->ticket != 0;
}

static enum progress target_look(struct run *r, struct step *s)
{
	struct why why = { 0 };
	int result = r->target->result(r, s->ticket, &why);

	if (result > 0)
		return STEP_DONE;
	if (result == 0 && run_now(r) < s->deadline)
		return STEP_WAITS;
	run_end(r, VERDICT_ERROR, s->el, "target do=\"%s\": %s", attr_text(s->el, AT_DO),
		why.text[0] ? why.text : "it has not been taken in time");
	return STEP_STOPS;
}

/* ------------------------------------------------------------ network */

static bool share(struct run *r, const struct element_node *el, enum attribute name, uint32_t *out,
		  struct why *why)
{
	const struct attr *a = attr_find(el, name);
	struct value v;

	if (!a)
		return true;
	if (!run_value(r, a, NULL, &v, why))
		return false;
	if (v.kind != VALUE_NUMBER || v.negative || v.number > 1 || (v.number == 1 && v.micro))
		return why_set(why, "%s: '%s' is no share between 0%% and 100%%",
			       attribute_name(name), a->text);
	*out = (uint32_t)v.number * 1000000 + v.micro;
	return true;
}

static bool span(struct run *r, const struct element_node *el, enum attribute name, usec *out,
		 struct why *why)
{
	const struct attr *a = attr_find(el, name);

	return !a || run_time(r, a, out, why);
}

static bool yes(const struct element_node *el, enum attribute name)
{
	const char *text = attr_text(el, name);

	return text && strcmp(text, "yes") == 0;
}

static bool fate_named(const struct element_node *el)
{
	static const enum attribute names[] = { AT_MTU,     AT_DELAY,
						AT_JITTER,  AT_LOSS,
						AT_CORRUPT, AT_DUPLICATE,
						AT_REORDER, AT_DROP_IP_FRAGMENTS,
						AT_DOWN };

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (attr_find(el, names[i]))
			return true;
	return false;
}

static enum link_way way_of(const struct element_node *el)
{
	const char *toward = attr_text(el, AT_TOWARD);

	if (!toward || strcmp(toward, "both") == 0)
		return LINK_BOTH;
	return strcmp(toward, "target") == 0 ? LINK_TO_TARGET : LINK_TO_TESTER;
}

static bool set_fate(struct run *r, const struct element_node *el, struct why *why)
{
	struct link_fate fate = { 0 };
	const struct attr *mtu = attr_find(el, AT_MTU);
	uint64_t n = 0;

	if (!fate_named(el))
		return true;
	if (!span(r, el, AT_DELAY, &fate.delay, why) ||
	    !span(r, el, AT_JITTER, &fate.jitter, why) ||
	    !share(r, el, AT_LOSS, &fate.loss_ppm, why) ||
	    !share(r, el, AT_CORRUPT, &fate.corrupt_ppm, why) ||
	    !share(r, el, AT_DUPLICATE, &fate.duplicate_ppm, why) ||
	    !share(r, el, AT_REORDER, &fate.reorder_ppm, why) ||
	    (mtu && !run_number(r, mtu, &n, why)))
		return false;
	fate.mtu = (uint32_t)n;
	fate.drop_ip_fragments = yes(el, AT_DROP_IP_FRAGMENTS);
	fate.down = yes(el, AT_DOWN);
	world_fate(r->world, way_of(el), &fate);
	return true;
}

static bool set_nat(struct run *r, struct step *s, struct why *why)
{
	const char *text;
	struct address outside;

	if (!attr_find(s->el, AT_NAT))
		return true;
	if (!(text = run_text(r, s->el, AT_NAT, why)))
		return false;
	if (strcmp(text, "no") == 0 || strcmp(text, "none") == 0)
		return world_nat(r->world, s->tester->node, NULL, why);
	if (!address_parse(text, &outside))
		return why_set(why, "nat: '%s' is no address", text);
	return world_nat(r->world, s->tester->node, &outside, why);
}

static bool set_address(struct run *r, struct step *s, struct why *why)
{
	const char *text;
	struct address now, before;

	if (!attr_find(s->el, AT_ADDRESS))
		return true;
	if (!(text = run_text(r, s->el, AT_ADDRESS, why)))
		return false;
	if (strcmp(text, "1") == 0)
		now = s->tester->connections[CONNECTION_ASKED].local;
	else if (strcmp(text, "2") == 0)
		now = s->tester->second;
	else if (!address_parse(text, &now))
		return why_set(why, "address: '%s' is no address of the tester", text);
	before = node_address(s->tester->node, now.family);
	if (!now.family || !world_readdress(r->world, s->tester->node, &now))
		return why_set(why, "the tester has no address '%s'", text);
	endpoint_move(s->tester->endpoint, &before, &now, run_now(r));
	return true;
}

static bool network_begin(struct run *r, struct step *s, struct why *why)
{
	return set_fate(r, s->el, why) && set_nat(r, s, why) && set_address(r, s, why);
}

/* ------------------------------------------------------------ wait */

static bool wait_begin(struct run *r, struct step *s, struct why *why)
{
	usec most = r->options->max_wait ? r->options->max_wait : 60 * USEC_S;

	if (!within_of(r, s, AT_FOR, 0, why))
		return false;
	if (world_virtual(r->world) || r->options->slow || s->within <= most)
		return true;
	run_end(r, VERDICT_NOT_APPLICABLE, s->el, "waits for %s, longer than --max-wait",
		attr_text(s->el, AT_FOR));
	return true;
}

static enum progress wait_look(struct run *r, struct step *s)
{
	return run_now(r) >= s->deadline ? STEP_DONE : STEP_WAITS;
}

const struct step_row step_row_target = { target_begin, target_look, NULL };
const struct step_row step_row_network = { network_begin, NULL, NULL };
const struct step_row step_row_wait = { wait_begin, wait_look, NULL };
