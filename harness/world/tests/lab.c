#include "lab.h"

#include <stdio.h>

static const uint8_t key_out[36] = { 1 }, key_in[36] = { 2 };

static void hear(void *ctx, const struct event *e)
{
	struct heard *h = ctx;

	h->digest = h->digest * 31 + e->kind * 7 + e->time + (uint64_t)e->number;
	for (size_t i = 0; i < e->octets.len; i++)
		h->digest = h->digest * 31 + e->octets.at[i];
	if (e->kind == EVENT_RECEIVED)
		assert_true(e->number > 0 && e->number <= h->last_number);
	h->received += e->kind == EVENT_RECEIVED;
	if (e->kind == EVENT_DROPPED) {
		h->dropped++;
		snprintf(h->last_drop, sizeof(h->last_drop), "%s", e->text);
	} else if (e->kind == EVENT_NOTE) {
		h->notes++;
		snprintf(h->last_note, sizeof(h->last_note), "%s", e->text);
	} else if (e->kind == EVENT_KEYS_CHILD) {
		h->keys++;
		h->key_spis += e->child_keys->spi;
	} else if (e->kind == EVENT_SENT) {
		h->sent++;
		if (e->octets.len > 6 && e->octets.at[0] == 0x45 && h->len > 6 && h->octets[0] == 0x45 &&
		    memcmp(e->octets.at + 4, h->octets + 4, 2) == 0)
			h->same_ids++;
		assert_true(e->number > h->last_number);
		h->last_number = e->number;
		h->len = e->octets.len < sizeof(h->octets) ? e->octets.len : sizeof(h->octets);
		memcpy(h->octets, e->octets.at, h->len);
	}
}

static void arrived(void *ctx, struct world_node *n, struct arrival *a)
{
	struct lab *l = ctx;

	(void)n;
	l->arrivals[l->arrival_count++ % 64] = a;
}

struct node_config config_of(struct lab *l, bool target, bool stepped)
{
	struct node_config c = {
		.endpoint = { .name = target ? "target" : "tester", .crypto = l->crypto },
		.outer = { address_of(target ? "192.0.2.1" : "198.51.100.1"),
			   address_of(target ? "2001:db8:1::1" : "2001:db8:2::1") },
		.outer_count = 2,
		.inner = { address_of(target ? "10.2.0.1" : "10.1.0.1"),
			   address_of(target ? "fd00:2::1" : "fd00:1::1") },
		.inner_count = 2, .is_target = target, .answers_echo = true, .replay_window = 64,
	};

	rng_seed(&c.endpoint.rng, 5, c.endpoint.name);
	if (stepped) {
		c.arrived = arrived;
		c.ctx = l;
	}
	return c;
}

static void inside(void *ctx, struct world_node *node, struct bytes inner)
{
	struct lab *l = ctx;

	assert_ptr_equal(node, l->target);
	l->inside_len = inner.len < sizeof(l->inside) ? inner.len : sizeof(l->inside);
	memcpy(l->inside, inner.at, l->inside_len);
	l->insides++;
}

static struct lab *lab_make(bool stepped, usec linger)
{
	struct lab *l = calloc(1, sizeof(*l));
	struct world_config wc = { .log = &l->log, .run = "test", .target = "built-in" };
	struct node_config tester, target;
	struct why why;

	l->crypto = crypto_new(&why);
	assert_non_null(l->crypto);
	wc.crypto = l->crypto;
	rng_seed(&wc.rng, 1, "world");
	assert_true(event_listen(&l->log, hear, &l->heard));
	l->world = world_new(&wc, &why);
	assert_non_null(l->world);
	tester = config_of(l, false, stepped);
	target = config_of(l, true, false);
	target.inside = inside;
	target.linger = linger;
	target.ctx = l;
	l->tester = node_new(l->world, &tester, &why);
	l->target = node_new(l->world, &target, &why);
	assert_non_null(l->tester);
	assert_non_null(l->target);
	l->tester_e = node_endpoint(l->tester);
	l->target_e = node_endpoint(l->target);
	return l;
}

struct lab *lab_new(bool stepped)
{
	return lab_make(stepped, 0);
}

struct lab *lab_lingering(void)
{
	return lab_make(false, USEC_S);
}

void lab_free(struct lab *l)
{
	world_free(l->world);
	crypto_free(l->crypto);
	free(l);
}

void run(struct lab *l, usec span)
{
	usec end = world_now(l->world) + span;

	world_pump(l->world);
	while (world_deadline(l->world) <= end) {
		world_advance(l->world, world_deadline(l->world));
		world_pump(l->world);
	}
	world_advance(l->world, end);
}

static struct selectors selectors_of(const char *four, const char *six)
{
	struct selectors s = { .count = 2 };

	assert_true(address_range_parse(four, &s.rows[0].range));
	assert_true(address_range_parse(six, &s.rows[1].range));
	s.rows[0].last_port = s.rows[1].last_port = 65535;
	return s;
}

const struct carriage carriages[CARRIAGES] = {
	{ "plain, IPv4",      "198.51.100.1",         "192.0.2.1",           "aes256gcm16" },
	{ "in UDP, IPv4",     "198.51.100.1:4500",    "192.0.2.1:4500",      "aes256gcm16" },
	{ "plain, IPv6",      "2001:db8:2::1",        "2001:db8:1::1",       "aes256gcm16-esn" },
	{ "in UDP, IPv6",     "[2001:db8:2::1]:4500", "[2001:db8:1::1]:4500", "aes256gcm16" },
	{ "in UDP, CBC",      "198.51.100.1:4500",    "192.0.2.1:4500",      "aes128-sha256" },
};

static void install_on(struct lab *l, int i, const struct carriage *c, bool both)
{
	struct child_order o = {
		.kind = ORDER_INSTALL, .child = &l->child[i], .spi_in = 0x1000 + (uint32_t)i,
		.spi_out = 0x2000 + (uint32_t)i, .local = address_of(c->tester),
		.remote = address_of(c->target), .transport = c->transport,
	};
	struct child_order m;
	struct why why;
	size_t key;

	if (!suite_parse(c->suite, true, &o.suite, &why))
		fail_msg("%s", why.text);
	o.udp = o.remote.port != 0;
	key = (size_t)o.suite.encr->key + o.suite.encr->salt;
	o.in.key = bytes_make(key_in, key);
	o.out.key = bytes_make(key_out, key);
	if (!o.suite.encr->aead) {
		o.in.integ_key = bytes_make(key_in, o.suite.integ->key);
		o.out.integ_key = bytes_make(key_out, o.suite.integ->key);
	}
	o.ours = selectors_of("10.1.0.0/16", "fd00:1::/64");
	o.theirs = selectors_of("10.2.0.0/16", "fd00:2::/64");
	for (size_t row = 0; l->port && row < o.theirs.count; row++)
		o.theirs.rows[row].first_port = o.theirs.rows[row].last_port = l->port;
	o.initiator = true;
	m = o;
	m.initiator = !l->asked;
	m.child = &l->mirror[i];
	m.spi_in = o.spi_out;
	m.spi_out = o.spi_in;
	m.in = o.out;
	m.out = o.in;
	m.ours = o.theirs;
	m.theirs = o.ours;
	m.local = o.remote;
	m.remote = o.local;
	if (both)
		fake_order(l->tester_e, &o);
	fake_order(l->target_e, &m);
	world_pump(l->world);
}

void install(struct lab *l, int i, const struct carriage *c)
{
	install_on(l, i, c, true);
}

void install_at_target(struct lab *l, int i, const struct carriage *c)
{
	install_on(l, i, c, false);
}

struct child_order order_of(struct lab *l, int i, enum order_kind kind)
{
	return (struct child_order){ .kind = kind, .child = &l->child[i],
				.spi_in = 0x1000 + (uint32_t)i };
}

struct esp_sent *ping(struct lab *l, int child, struct why *why)
{
	return node_send_esp(l->tester, &(struct esp_sending){ .kind = ESP_SEND_PING,
				.child = &l->child[child] },
			     why);
}

const struct arrival *last_arrival(const struct lab *l)
{
	assert_true(l->arrival_count > 0);
	return l->arrivals[(l->arrival_count - 1) % 64];
}

struct esp_counters counters(struct world_node *n, const struct child_sa *c, bool inbound)
{
	struct esp_counters in, out;

	assert_true(node_esp_counters(n, c, &in, &out));
	return inbound ? in : out;
}

bool value(void *ctx, const void *expression, const struct edit_place *place, struct arena *a,
		  struct edit_value *out, struct why *why)
{
	(void)ctx;
	(void)place;
	(void)a;
	(void)why;
	*out = *(const struct edit_value *)expression;
	return true;
}
