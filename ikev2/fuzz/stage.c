#include "stage.h"

#include <stdio.h>
#include <stdlib.h>

#define SUITE_GCM "aes128gcm16-prfsha256-x25519"
#define SUITE_CBC "aes128-sha256-x25519"
#define START (1000 * USEC_S)

/* What came of one honest handshake: of each end its IKE SA when it had keys, and when it stood. */
struct model {
	struct endpoint *ends[2];
	struct ike_sa *keyed[2], *established[2];
	struct endpoint *keepers[4];
	struct stage_chain chains[STAGE_CHAINS];
	size_t chain_count;
};
static struct {
	struct crypto *crypto;
	struct arena *arena;
	struct connection connections[2][2]; /* by suite, by end */
	struct model models[2][2];           /* by suite, by who initiates */
	struct endpoint *reused;
	bool ready;
} stages;

const size_t stage_chain_count = STAGE_CHAINS;

static void broken(const char *what, const struct why *why)
{
	fprintf(stderr, "fuzz stage: %s: %s\n", what, why ? why->text : "");
	abort();
}

/* ------------------------------------------------------------ configuration */

static void fill(struct connection *c, int end, const char *suite, const char *esp)
{
	struct why why;
	*c = (struct connection){ .name = "c", .local_nat_port = 4500, .remote_nat_port = 4500 };
	address_parse(end ? "192.0.2.2:500" : "192.0.2.1:500", &c->local);
	address_parse(end ? "192.0.2.1:500" : "192.0.2.2:500", &c->remote);
	c->secret = bytes_text("secret");
	c->ours.count = c->theirs.count = c->ike_count = c->esp_count = 1;
	c->ours.rows[0].last_port = c->theirs.rows[0].last_port = 65535;
	if (!identity_parse(stages.arena, end ? "fqdn:b" : "fqdn:a", &c->us, &why) ||
	    !identity_parse(stages.arena, end ? "fqdn:a" : "fqdn:b", &c->them, &why) ||
	    !suite_parse(suite, false, &c->ike[0], &why) ||
	    !suite_parse(esp, true, &c->esp[0], &why))
		broken("configuration", &why);
	address_range_parse(end ? "10.2.0.0/16" : "10.1.0.0/16", &c->ours.rows[0].range);
	address_range_parse(end ? "10.1.0.0/16" : "10.2.0.0/16", &c->theirs.rows[0].range);
}

static struct endpoint_config config_of(int end, bool cbc)
{
	struct endpoint_config c = {
		.name = "e", .automatic = true, .crypto = stages.crypto,
		.connections = &stages.connections[cbc][end], .connection_count = 1,
		.retransmission = { USEC_S, 2000, 5 }, .liveness = 30 * USEC_S,
		.keepalive = 20 * USEC_S, .half_open = 30 * USEC_S, .hint = USEC_S,
		.tell_spi = USEC_S, .cookie_threshold = UINT32_MAX, .nat_detection = true,
		.unknown_spi_answers = 2, .tells_message_id = true, .window = 4,
		.retrying = { USEC_S, 8 * USEC_S },
		.fragmentation = { .offered = true, .octets = 1280, .probes = 2 },
	};
	rng_seed(&c.rng, 7, end ? "target" : "tester");
	return c;
}

static struct endpoint *endpoint_of(int end, bool cbc)
{
	struct endpoint_config c = config_of(end, cbc);
	struct why why;
	struct endpoint *e = endpoint_new(&c, &why);
	if (!e)
		broken("no endpoint", &why);
	return e;
}

/* ------------------------------------------------------------ copies */

static struct sealer *sealer_of(const struct ike_sa *sa, bool by_initiator, bool sealing)
{
	const struct ike_keys *k = &sa->keys;
	const struct suite *s = &sa->suite;
	struct why why;
	struct sealer *made = sealer_new(stages.crypto, s->encr, s->encr->aead ? NULL : s->integ,
					 by_initiator ? k->sk_ei : k->sk_er,
					 by_initiator ? k->sk_ai : k->sk_ar, sealing, &why);
	if (!made)
		broken("no sealer", &why);
	return made;
}

static void copy_children(struct ike_sa *to, const struct ike_sa *from)
{
	for (const struct child_sa *c = from->children; c; c = c->older) {
		struct child_sa *new = child_new(to, c->initiator);
		struct arena *arena = new ? new->arena : NULL;
		if (!new)
			broken("no Child SA", NULL);
		*new = *c;
		new->arena = arena;
		new->endpoint = to->endpoint;
		new->ike = to;
		new->next_order = NULL;
		new->dh = NULL;
		new->replaces = new->heir = NULL;
		new->ordered = new->order_install = new->order_readdress = new->order_remove = false;
		new->by_spi = (struct link){ 0 };
		child_link(new);
	}
}

/* What it points to and does not own stays that of the model, which lives on. */
static struct ike_sa *copy_sa(struct endpoint *e, const struct ike_sa *from)
{
	struct ike_sa *sa = ike_sa_new(e, e->config.connections, from->initiator, from->created);
	if (!sa)
		broken("no IKE SA", NULL);
	struct arena *arena = sa->arena;
	struct place place = sa->place;
	*sa = *from;
	sa->endpoint = e;
	sa->arena = arena;
	sa->place = place;
	sa->newer = sa->older = NULL;
	sa->replaces = sa->successor = sa->rival = NULL;
	sa->connection = e->config.connections;
	sa->linked = sa->lingering = false;
	sa->dh = NULL;
	sa->fragments = NULL;
	sa->fragments_counted = 0;
	sa->children = NULL;
	sa->child_count = 0;
	memset(sa->pending, 0, sizeof(sa->pending));
	memset(sa->window.retained, 0, sizeof(sa->window.retained));
	sa->seal = sealer_of(from, from->initiator, true);
	sa->open = sealer_of(from, !from->initiator, false);
	copy_children(sa, from);
	ike_sa_link(sa);
	return sa;
}

/* ------------------------------------------------------------ models */

static struct ike_sa *kept_copy(struct model *m, struct endpoint **keeper, int end, bool cbc)
{
	*keeper = endpoint_of(end, cbc);
	return copy_sa(*keeper, endpoint_ike_sa(m->ends[end], 0));
}

static void drain(struct endpoint *e, usec now)
{
	struct datagram d;
	struct child_order o;
	while (endpoint_output(e, now, &d))
		continue;
	while (endpoint_order(e, &o))
		continue;
}

static void keep_chain(struct model *m, const struct datagram *d)
{
	struct arena *a = stages.arena;
	struct message msg;
	struct why why;
	if (m->chain_count == STAGE_CHAINS || !message_decode(a, arena_copy(a, d->octets), &msg, &why))
		return;
	if (msg.protection == MESSAGE_SEALED) {
		const struct ike_sa *by = receive_lookup(m->ends[TESTER], &msg);
		if (!by)
			return;
		struct message_keys keys = { &by->suite, sealer_of(by, by->initiator, false) };
		if (!message_open(&msg, &keys, true, true, &why))
			broken("what the tester sends cannot be opened", &why);
		sealer_free(keys.sealer);
	} else if (!wire_octets(a, payload_list(msg.outer), &msg.plain)) {
		return;
	}
	m->chains[m->chain_count++] = (struct stage_chain){ .exchange = msg.exchange,
		.first = msg.protection == MESSAGE_OPENED ? msg.first : msg.next_payload,
		.response = msg.response, .plain = msg.plain };
}

/* All that waits goes over, in turn; the tester's messages are kept. */
static void pump(struct model *m)
{
	struct datagram d;
	for (int quiet = 0, from = TESTER; quiet < 2; from = !from) {
		quiet++;
		while (endpoint_output(m->ends[from], START, &d)) {
			quiet = 0;
			if (from == TESTER)
				keep_chain(m, &d);
			endpoint_input(m->ends[!from], &d, START);
		}
	}
}

static void ask(struct model *m, int end, enum purpose purpose)
{
	struct endpoint *e = m->ends[end];
	struct ike_sa *sa = endpoint_ike_sa(e, 0);
	struct child_sa *c = sa->children;
	struct why why;
	while (c && c->gone)
		c = c->older;
	if (!endpoint_request(e, purpose, sa, c, START, &why))
		return;
	pump(m);
	drain(m->ends[TESTER], START);
	drain(m->ends[TARGET], START);
}

static void make_model(bool cbc, bool by_target)
{
	static const enum purpose purposes[] = { PURPOSE_LIVENESS, PURPOSE_NEW_CHILD,
						 PURPOSE_REKEY_CHILD, PURPOSE_REKEY_IKE,
						 PURPOSE_DELETE_CHILD, PURPOSE_DELETE_IKE };
	struct model *m = &stages.models[cbc][by_target];
	int first = by_target ? TARGET : TESTER;
	struct datagram d;
	struct why why;
	for (int i = 0; i < 2; i++)
		m->ends[i] = endpoint_of(i, cbc);
	if (!endpoint_initiate(m->ends[first], 0, START, &why))
		broken("no handshake", &why);
	endpoint_output(m->ends[first], START, &d);
	if (first == TESTER)
		keep_chain(m, &d);
	endpoint_input(m->ends[!first], &d, START);
	m->keyed[!first] = kept_copy(m, &m->keepers[0], !first, cbc);
	endpoint_output(m->ends[!first], START, &d);
	if (first == TARGET)
		keep_chain(m, &d);
	endpoint_input(m->ends[first], &d, START);
	m->keyed[first] = kept_copy(m, &m->keepers[1], first, cbc);
	pump(m);
	for (int i = 0; i < 2; i++)
		m->established[i] = kept_copy(m, &m->keepers[2 + i], i, cbc);
	for (size_t i = 0; i < ARRAY_LEN(purposes); i++)
		for (int end = 0; end < 2; end++)
			if (endpoint_ike_sa(m->ends[end], 0))
				ask(m, end, purposes[i]);
}

static void start(void)
{
	struct why why;
	if (stages.ready)
		return;
	stages.ready = true;
	stages.arena = arena_new(64 << 20);
	stages.crypto = crypto_new(&why);
	if (!stages.arena || !stages.crypto)
		broken("start", &why);
	for (int end = 0; end < 2; end++) {
		fill(&stages.connections[0][end], end, SUITE_GCM, "aes128gcm16");
		fill(&stages.connections[1][end], end, SUITE_CBC, "aes128-sha256");
	}
	for (int i = 0; i < 4; i++)
		make_model(i & 1, i & 2);
}

const struct stage_chain *stage_chain(const struct stage_options *o, size_t n)
{
	const struct model *m = &stages.models[o->cbc][o->initiator];
	return &m->chains[n % m->chain_count];
}

/* ------------------------------------------------------------ stages */

/* The endpoint as it was made; its arenas are kept. */
static struct endpoint *empty_endpoint(const struct stage_options *o)
{
	struct endpoint_config c = config_of(TARGET, o->cbc);
	struct endpoint *e = stages.reused;
	if (o->stepped || !e)
		e = endpoint_of(TARGET, o->cbc);
	if (!o->stepped)
		stages.reused = e;
	c.automatic = !o->stepped;
	c.cookie_threshold = o->stage == STAGE_COOKIES ? 0 : UINT32_MAX;
	memcpy(c.omit, o->omit, sizeof(c.omit));
	e->config = c;
	e->rng = c.rng;
	return e;
}

static void request(struct staged *s, enum purpose purpose)
{
	struct why why;
	if (s->target->config.automatic)
		endpoint_request(s->target, purpose, s->ike, endpoint_child_sa(s->target, s->ike, 0),
				 s->now, &why);
	else
		endpoint_send(s->target, &(struct sending){ .purpose = purpose, .ike = s->ike }, s->now,
			      &why);
}

static void initiate(struct staged *s)
{
	struct why why;
	struct sending q = { .purpose = PURPOSE_IKE_SA_INIT };
	if (s->target->config.automatic)
		endpoint_initiate(s->target, 0, s->now, &why);
	else
		endpoint_send(s->target, &q, s->now, &why);
	s->ike = endpoint_ike_sa(s->target, 0);
}

static void two_fragments(struct staged *s)
{
	struct fragment_limits limits = fragment_limits_usual;
	s->ike->fragments = fragment_queue_new(&limits);
	for (uint16_t n = 1; n <= 3; n += 2) {
		struct message m = { .arena = s->target->scratch, .octets = BYTES_NONE,
				     .spi_i = s->spi_i, .spi_r = s->spi_r,
				     .initiator = s->tester_initiated,
				     .id = s->ike->window.next_expected, .is_fragment = true,
				     .fragment = n, .fragments = 3, .first = PAYLOAD_NOTIFY,
				     .plain = bytes_make("\0\0\0\10\0\0\100\0", 8), .clean = true };
		fragment_queue_add(s->ike->fragments, &m, 0, s->now);
	}
	ike_sa_touch(s->ike);
}

static void act(struct staged *s, enum stage stage)
{
	switch (stage) {
	case STAGE_LIVENESS:
		request(s, PURPOSE_LIVENESS);
		break;
	case STAGE_NEW_CHILD:
		request(s, PURPOSE_NEW_CHILD);
		break;
	case STAGE_REKEY_CHILD:
		request(s, PURPOSE_REKEY_CHILD);
		break;
	case STAGE_REKEY_IKE:
		request(s, PURPOSE_REKEY_IKE);
		break;
	case STAGE_DELETE_CHILD:
		request(s, PURPOSE_DELETE_CHILD);
		break;
	case STAGE_DELETE_IKE:
		request(s, PURPOSE_DELETE_IKE);
		break;
	case STAGE_FRAGMENTS:
		two_fragments(s);
		break;
	case STAGE_WINDOW:
		s->ike->window.ours = s->ike->window.theirs = 4;
		request(s, PURPOSE_LIVENESS);
		request(s, PURPOSE_DELETE_CHILD);
		request(s, PURPOSE_INFORMATIONAL);
		break;
	case STAGE_GONE:
		ike_sa_gone(s->ike, "the stage", s->now);
		break;
	default:
		break;
	}
}

static void put_on(struct staged *s, const struct stage_options *o)
{
	const struct model *m = &stages.models[o->cbc][o->initiator];
	bool keyed = o->stage == STAGE_KEYED_RESPONDER || o->stage == STAGE_KEYED_INITIATOR;
	const struct ike_sa *from = keyed ? m->keyed[TARGET] : m->established[TARGET];
	struct making making;
	struct why why;
	s->ike = copy_sa(s->target, from);
	s->spi_i = from->spi_i;
	s->spi_r = from->spi_r;
	s->suite = &from->suite;
	s->seal = sealer_of(from, !from->initiator, true);
	s->tester_initiated = !from->initiator;
	if (keyed && from->initiator && s->target->config.automatic)
		request_send(s->ike, PURPOSE_IKE_AUTH, NULL, NULL, s->now, &making, &why);
	act(s, o->stage);
}

void stage_begin(struct staged *s, const struct stage_options *options)
{
	struct stage_options o = *options;
	start();
	if (o.stage == STAGE_KEYED_RESPONDER || o.stage == STAGE_KEYED_INITIATOR)
		o.initiator = o.stage == STAGE_KEYED_INITIATOR;
	*s = (struct staged){ .target = empty_endpoint(&o), .now = START,
			      .from = stages.connections[o.cbc][TARGET].remote,
			      .to = stages.connections[o.cbc][TARGET].local };
	s->target->now = s->now;
	crypto_draw_from(stages.crypto, &s->target->rng);
	if (o.stage == STAGE_INITIATED)
		initiate(s);
	else if (o.stage > STAGE_INITIATED)
		put_on(s, &o);
	drain(s->target, s->now);
}

void stage_end(struct staged *s)
{
	struct endpoint *e = s->target;
	sealer_free(s->seal);
	if (e != stages.reused) {
		endpoint_free(e);
		return;
	}
	endpoint_empty(e);
	drain(e, s->now);
	memset(e->cookie_secret, 0, sizeof(e->cookie_secret));
	e->cookie_version = 0;
	e->cookie_since = e->answer_since = 0;
	e->answers = 0;
	e->counts = (struct endpoint_counts){ .last_refusal = -1 };
}
