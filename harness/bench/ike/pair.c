#include "pair.h"

#include <limits.h>

#define LIMIT 200 /* datagrams of one exchange */

static const char *const names[] = { "initiator", "responder" };

static bool host(struct address *a, const char *text, uint16_t port)
{
	bool good = address_parse(text, a);

	a->port = port;
	return good;
}

static bool network(struct selectors *s, const char *text)
{
	s->count = 1;
	s->rows[0] = (struct traffic_selector){ .last_port = UINT16_MAX };
	return address_range_parse(text, &s->rows[0].range);
}

bool ike_pair_prove(struct ike_pair *p, struct connection *c, size_t end, const char *kind, struct why *why)
{
	struct authority_wish wish = { end ? "target" : "tester", kind, NULL, c->us.type, c->us.data };
	struct authority_issued got;

	if (!authority_issue(p->authority, &wish, p->arena, &got, why))
		return false;
	c->proof = (struct credentials){ .proof = PROOF_SIGNATURE, .key = got.key };
	c->proof.chain.count = got.count;
	for (size_t i = 0; i < got.count; i++)
		c->proof.chain.rows[i] = got.chain[i];
	c->their_proof = PROOF_SIGNATURE;
	c->trust.anchors[c->trust.anchor_count++] = authority_root(p->authority);
	c->hashes = HASHES_SHA2 | HASH_BIT(HASH_IDENTITY);
	c->asks_certificate = true;
	return true;
}

static bool fill(struct ike_pair *p, size_t end, const char *suite, const char *auth, struct why *why)
{
	static const char *const hosts[] = { "192.0.2.1", "192.0.2.2" };
	static const char *const nets[] = { "10.1.0.0/16", "10.2.0.0/16" };
	static const char *const ids[] = { "fqdn:initiator.example.org", "fqdn:responder.example.org" };
	struct connection *c = &p->connections[end];

	*c = (struct connection){
		.name = names[end],
		.local_nat_port = 4500,
		.remote_nat_port = 4500,
		.secret = bytes_text("the secret of a measurement"),
		.ike_count = 1,
		.esp_count = 1,
	};
	return host(&c->local, hosts[end], 500) && host(&c->remote, hosts[!end], 500) &&
	       network(&c->ours, nets[end]) && network(&c->theirs, nets[!end]) &&
	       suite_parse(suite, false, &c->ike[0], why) && suite_parse("aes256gcm16", true, &c->esp[0], why) &&
	       identity_parse(p->arena, ids[end], &c->us, why) &&
	       identity_parse(p->arena, ids[!end], &c->them, why) &&
	       (strcmp(auth, "psk") == 0 || ike_pair_prove(p, c, end, auth, why));
}

static bool begin(struct ike_pair *p, size_t end, struct why *why)
{
	struct endpoint_config c = {
		.name = names[end],
		.automatic = true,
		.crypto = p->crypto,
		.connections = &p->connections[end],
		.connection_count = 1,
		.retransmission = { USEC_S, 2000, 5 },
		.half_open = 30 * USEC_S,
		.cookie_threshold = UINT_MAX,
		.nat_detection = true,
		.epoch = 1750000000,
	};

	rng_seed(&c.rng, end, "bench ike");
	p->ends[end] = endpoint_new(&c, why);
	return p->ends[end] != NULL;
}

bool ike_pair_open(struct ike_pair *p, const char *suite, const char *auth, struct why *why)
{
	*p = (struct ike_pair){ .now = USEC_S, .crypto = crypto_new(why), .arena = arena_new(16 << 20) };
	p->authority = p->crypto ? authority_new(p->crypto, why) : NULL;
	return p->authority && p->arena && fill(p, 0, suite, auth, why) && fill(p, 1, suite, auth, why) &&
	       begin(p, 0, why) && begin(p, 1, why);
}

void ike_pair_close(struct ike_pair *p)
{
	endpoint_free(p->ends[0]);
	endpoint_free(p->ends[1]);
	authority_free(p->authority);
	arena_free(p->arena);
	crypto_free(p->crypto);
	*p = (struct ike_pair){ .now = 0 };
}

static bool deliver(struct ike_pair *p, size_t from)
{
	struct child_order order;
	struct datagram d;
	bool any = false;

	while (endpoint_output(p->ends[from], p->now, &d)) {
		if (p->seen)
			p->seen(p->ctx, &d);
		endpoint_input(p->ends[!from], &d, p->now);
		any = true;
	}
	while (endpoint_order(p->ends[from], &order))
		continue;
	return any;
}

/* Until nobody says anything. */
static void shuttle(struct ike_pair *p)
{
	for (unsigned i = 0; i < LIMIT; i++) {
		bool one = deliver(p, 0), other = deliver(p, 1);

		if (!one && !other)
			return;
	}
}

/* Is its newest IKE SA of now, established, and with a Child SA? */
static bool whole(struct endpoint *e, usec now)
{
	struct ike_sa *sa = endpoint_ike_sa(e, 0);

	return sa && ike_sa_view(sa).state == IKE_ESTABLISHED && ike_sa_view(sa).last_heard == now &&
	       endpoint_child_sa(e, sa, 0);
}

bool ike_pair_handshake(struct ike_pair *p)
{
	struct why why;

	p->now += USEC_MS;
	if (!endpoint_initiate(p->ends[0], 0, p->now, &why))
		return false;
	shuttle(p);
	return whole(p->ends[0], p->now) && whole(p->ends[1], p->now);
}

static bool ask(struct ike_pair *p, enum purpose purpose)
{
	struct ike_sa *sa = endpoint_ike_sa(p->ends[0], 0);
	struct why why;

	p->now += USEC_MS;
	if (!sa || !endpoint_request(p->ends[0], purpose, sa, NULL, p->now, &why))
		return false;
	shuttle(p);
	return true;
}

bool ike_pair_delete(struct ike_pair *p)
{
	return ask(p, PURPOSE_DELETE_IKE);
}

bool ike_pair_liveness(struct ike_pair *p)
{
	return ask(p, PURPOSE_LIVENESS);
}
