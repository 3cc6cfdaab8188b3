#include "pair.h"

#include <stdio.h>
#include <stdlib.h>

#define LIMIT 10000

static size_t suites(const char *text, bool esp, struct suite out[static SUITES])
{
	char copy[1024], *save = NULL;
	size_t count = 0;
	snprintf(copy, sizeof(copy), "%s", text);
	for (char *t = strtok_r(copy, " ", &save); t; t = strtok_r(NULL, " ", &save)) {
		struct why why;
		if (!suite_parse(t, esp, &out[count++], &why)) {
			fprintf(stderr, "%s: %s\n", t, why.text);
			abort();
		}
	}
	return count;
}

static struct traffic_selector selector(const char *range)
{
	struct traffic_selector t = { .last_port = 65535 };
	if (!address_range_parse(range, &t.range))
		abort();
	return t;
}

static void fill_connection(struct pair *p, const struct pair_setup *s, int end)
{
	struct connection *c = &p->end[end].connection;
	bool right = end == RIGHT;
	const char *ike = right && s->ike_right ? s->ike_right
			  : s->ike              ? s->ike
						: "aes256gcm16-prfsha256-x25519";
	const char *esp = right && s->esp_right ? s->esp_right : s->esp ? s->esp : "aes256gcm16";
	struct why why;
	const char *addresses[2][2] = { { "192.0.2.1:500", "192.0.2.2:500" },
					{ "[2001:db8::1]:500", "[2001:db8::2]:500" } };
	c->name = right ? "right" : "left";
	address_parse(addresses[s->ipv6][end], &c->local);
	address_parse(addresses[s->ipv6][!end], &c->remote);
	c->local_nat_port = c->remote_nat_port = 4500;
	identity_parse(p->arena, right ? "fqdn:right.example" : "fqdn:left.example", &c->us, &why);
	identity_parse(p->arena, right ? "fqdn:left.example" : "fqdn:right.example", &c->them,
		       &why);
	c->secret = bytes_text("a secret that both ends share");
	c->ike_count = suites(ike, false, c->ike);
	c->esp_count = suites(esp, true, c->esp);
	c->ours.rows[0] = selector(right ? "10.2.0.0/16" : "10.1.0.0/16");
	c->theirs.rows[0] = selector(right ? "10.1.0.0/16" : "10.2.0.0/16");
	c->ours.count = c->theirs.count = 1;
}

struct pair *pair_new(const struct pair_setup *setup)
{
	struct why why;
	struct pair *p = calloc(1, sizeof(*p));
	p->arena = arena_new(1 << 24);
	p->borrows_crypto = setup->crypto != NULL;
	p->crypto = setup->crypto ? setup->crypto : crypto_new(&why);
	p->now = 1000 * USEC_S;
	for (int i = 0; i < 2; i++) {
		struct endpoint_config *c = &p->end[i].config;
		fill_connection(p, setup, i);
		c->name = i == LEFT ? "left" : "right";
		c->automatic = true;
		c->crypto = p->crypto;
		rng_seed(&c->rng, setup->seed + 1, c->name);
		c->connections = &p->end[i].connection;
		c->connection_count = 1;
		c->retransmission = (struct retransmission){ USEC_S, 2000, 5 };
		c->keepalive = 20 * USEC_S;
		c->half_open = 30 * USEC_S;
		c->cookie_threshold = UINT32_MAX;
		c->nat_detection = true;
	}
	return p;
}

void pair_start(struct pair *p)
{
	struct why why;
	for (int i = 0; i < 2; i++) {
		p->end[i].endpoint = endpoint_new(&p->end[i].config, &why);
		if (!p->end[i].endpoint)
			abort();
	}
}

void pair_free(struct pair *p)
{
	for (int i = 0; i < 2; i++) {
		endpoint_free(p->end[i].endpoint);
		free((void *)p->end[i].last.at);
	}
	if (!p->borrows_crypto)
		crypto_free(p->crypto);
	arena_free(p->arena);
	free(p);
}

static void copy_keys(struct pair_end *end, const struct child_order *o)
{
	struct sink s = sink_over(end->keys, sizeof(end->keys));
	sink_put(&s, o->in.key);
	sink_put(&s, o->in.integ_key);
	sink_put(&s, o->out.key);
	sink_put(&s, o->out.integ_key);
	end->keys_len = s.len;
}

static void take_orders(struct pair_end *end)
{
	struct child_order o;
	while (endpoint_order(end->endpoint, &o)) {
		if (o.kind == ORDER_INSTALL) {
			end->installs++;
			end->installed = o;
			copy_keys(end, &o);
		} else if (o.kind == ORDER_REMOVE) {
			end->removes++;
		} else {
			end->readdresses++;
		}
	}
}

/* A NAT keeps the marker and maps the address; the port 4500 becomes the next one. */
static void through_nat(struct pair *p, int from, struct datagram *d)
{
	struct pair_end *here = &p->end[from], *there = &p->end[!from];
	if (here->nat.family) {
		bool second = d->from.port == here->connection.local_nat_port;
		d->from = here->nat;
		d->from.port = (uint16_t)(here->nat.port + second);
	}
	if (there->nat.family) {
		bool second = d->to.port != there->nat.port && d->to.port != 500;
		d->to = there->connection.local;
		d->to.port =
			second ? there->connection.local_nat_port : there->connection.local.port;
	}
}

static void keep_last(struct pair_end *end, const struct datagram *d)
{
	uint8_t *at = malloc(d->octets.len + 1);
	memcpy(at, d->octets.at, d->octets.len);
	free((void *)end->last.at);
	end->last = bytes_make(at, d->octets.len);
	end->last_datagram = *d;
	end->last_datagram.octets = end->last;
}

static bool deliver(struct pair *p, int from)
{
	struct datagram d;
	struct pair_end *end = &p->end[from];
	if (!endpoint_output(end->endpoint, p->now, &d))
		return false;
	end->sent++;
	end->keepalives += d.keepalive;
	p->packets++;
	through_nat(p, from, &d);
	keep_last(end, &d);
	if (p->pass && !p->pass(p, from, &d))
		return true;
	endpoint_input(p->end[!from].endpoint, &d, p->now);
	return true;
}

size_t pair_pump(struct pair *p)
{
	size_t before = p->packets;
	bool moved = true;
	while (moved && p->packets - before < LIMIT) {
		moved = deliver(p, LEFT);
		moved = deliver(p, RIGHT) || moved;
		take_orders(&p->end[LEFT]);
		take_orders(&p->end[RIGHT]);
	}
	return p->packets - before;
}

void pair_run(struct pair *p, usec t)
{
	for (int i = 0; i < LIMIT; i++) {
		pair_pump(p);
		usec next = usec_min(endpoint_deadline(p->end[0].endpoint),
				     endpoint_deadline(p->end[1].endpoint));
		if (next > t)
			break;
		if (next > p->now)
			p->now = next;
		endpoint_tick(p->end[0].endpoint, p->now);
		endpoint_tick(p->end[1].endpoint, p->now);
	}
	p->now = t;
}

bool pair_handshake(struct pair *p)
{
	struct why why;
	if (!endpoint_initiate(p->end[LEFT].endpoint, 0, p->now, &why)) {
		fprintf(stderr, "%s\n", why.text);
		return false;
	}
	pair_pump(p);
	return pair_agrees(p);
}

struct ike_view pair_ike(struct pair *p, int end)
{
	struct ike_sa *sa = endpoint_ike_sa(p->end[end].endpoint, 0);
	return sa ? ike_sa_view(sa) : (struct ike_view){ .state = IKE_GONE };
}

static bool keys_cross(const struct pair_end *a, const struct pair_end *b)
{
	size_t half = a->keys_len / 2;
	return a->keys_len && a->keys_len == b->keys_len &&
	       memcmp(a->keys, b->keys + half, half) == 0 &&
	       memcmp(b->keys, a->keys + half, half) == 0;
}

bool pair_agrees(struct pair *p)
{
	struct ike_view l = pair_ike(p, LEFT), r = pair_ike(p, RIGHT);
	struct pair_end *a = &p->end[LEFT], *b = &p->end[RIGHT];
	if (l.state != IKE_ESTABLISHED || r.state != IKE_ESTABLISHED || l.spi_i != r.spi_i ||
	    l.spi_r != r.spi_r)
		return false;
	return a->installs && b->installs && a->installed.spi_in == b->installed.spi_out &&
	       a->installed.spi_out == b->installed.spi_in &&
	       a->installed.suite.encr == b->installed.suite.encr &&
	       a->installed.suite.integ == b->installed.suite.integ &&
	       a->installed.suite.esn == b->installed.suite.esn &&
	       a->installed.udp == b->installed.udp && keys_cross(a, b);
}

void pair_omit(struct pair *p, int end, const char *check)
{
	int n = check_find(check);
	if (n < 0) {
		fprintf(stderr, "there is no check %s\n", check);
		abort();
	}
	p->end[end].config.omit[n / 64] |= UINT64_C(1) << (n % 64);
}

size_t pair_living(struct pair *p, int end)
{
	size_t n = 0;
	for (size_t i = 0;; i++) {
		struct ike_sa *sa = endpoint_ike_sa(p->end[end].endpoint, i);
		if (!sa)
			return n;
		n += ike_sa_view(sa).state != IKE_GONE;
	}
}

bool pair_ask(struct pair *p, int end, enum purpose purpose)
{
	struct endpoint *e = p->end[end].endpoint;
	struct ike_sa *sa = endpoint_ike_sa(e, 0);
	bool of_child = purpose == PURPOSE_DELETE_CHILD || purpose == PURPOSE_REKEY_CHILD;
	struct why why;
	bool asked = endpoint_request(e, purpose, sa, of_child ? endpoint_child_sa(e, sa, 0) : NULL,
				      p->now, &why);
	pair_pump(p);
	return asked;
}
