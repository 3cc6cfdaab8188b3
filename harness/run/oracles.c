/* The table of oracles, their premises, and what becomes of one that fires. */
#include "oracles.h"

#include <stdio.h>

struct oracle_row {
	const char *name, *requirement, *wanted;
	const char *premise; /* roots of paths of ours, between spaces, whose edits switch it off;
				"*" any */
};

/* clang-format off */
static const struct oracle_row oracle_rows[ORACLES] = {
	[ORACLE_AUTH] = { "auth-recomputed", "RFC7296-2.15-01", "AUTH that keys and signed octets give",
		"HDR SA KE Ni Nr IDi IDr AUTH SK datagram" },
	[ORACLE_RESPONSE] = { "response-matches", "RFC7296-2.2-03", "ID, exchange and SPI of a request that was sent",
		"HDR datagram" },
	[ORACLE_RETRANSMISSION] = { "retransmission-same", "RFC7296-2.1-07", "the same octets as the first time", "" },
	[ORACLE_IKE_IV] = { "ike-iv-once", "RFC5282-3.1-02", "an IV that this key has not seen", "" },
	[ORACLE_ESP_IV] = { "esp-iv-once", "RFC4106-2-01", "an IV that this key has not seen", "" },
	[ORACLE_ESP_FIRST] = { "esp-first-is-1", "RFC4303-3.3.3-01", "sequence number 1", "" },
	[ORACLE_ESP_NUMBER] = { "esp-number-once", "RFC4303-3.3.3-02", "a number that this SA has not used", "" },
	[ORACLE_NONCE] = { "nonce-once", "RFC7296-3.9-02", "a nonce of this exchange alone", "" },
	[ORACLE_SPI] = { "spi-once", "RFC7296-2.6-01", "an SPI of this IKE SA alone", "HDR" },
	[ORACLE_RESERVED] = { "reserved-zero", "RFC7296-2.5-05", "0", "" },
	[ORACLE_CRITICAL] = { "critical-clear", "RFC7296-3.2-01", "0", "" },
	[ORACLE_CLEAR] = { "nothing-in-clear", "RFC4301-5-01", "protected traffic inside ESP", "" },
	[ORACLE_LENGTHS] = { "lengths-right", "RFC7296-3.2-03", "a message that can be decoded whole", "" },
	[ORACLE_NAT_HASH] = { "nat-hash-size", "RFC7296-2.23-06", "20 octets", "" },
};
/* clang-format on */

/* ------------------------------------------------------------ firing */

void fire(struct oracles *o, enum oracle which, const char *wanted, const char *got)
{
	const struct oracle_row *row = &oracle_rows[which];
	struct run *r = o->run;

	if (o->off[which])
		return;
	if (!wanted)
		wanted = row->wanted;
	if (!o->fired[which].count++) {
		o->fired[which].wanted = arena_text(r->arena, wanted);
		o->fired[which].got = arena_text(r->arena, got);
	}
	event_emit(&r->log, &(struct event){
				    .kind = EVENT_ORACLE,
				    .time = run_now(r),
				    .endpoint = "target",
				    .id = row->name,
				    .detail = row->requirement,
				    .wanted = wanted,
				    .got = got,
				    .file = r->place ? r->place->file : NULL,
				    .line = r->place ? r->place->line : 0,
			    });
}

void oracle_fire(struct run *r, const char *name, const char *wanted, const char *got)
{
	for (size_t i = 0; i < ORACLES && r->oracles; i++)
		if (strcmp(oracle_rows[i].name, name) == 0)
			fire(r->oracles, (enum oracle)i, wanted, got);
}

static bool has_word(const char *words, const char *word, size_t len)
{
	for (const char *p = words; *p;) {
		size_t n = strcspn(p, " ");

		if (n == len && strncmp(p, word, len) == 0)
			return true;
		p += n + strspn(p + n, " ");
	}
	return false;
}

void oracles_edited(struct run *r, const char *path)
{
	size_t len = path && *path ? strcspn(path, ".([") : 0;

	for (size_t i = 0; i < ORACLES && r->oracles; i++) {
		const char *premise = oracle_rows[i].premise;

		if (len ? has_word(premise, path, len) : has_word(premise, "datagram", 8))
			r->oracles->off[i] = true;
	}
}

size_t oracles_results(struct run *r, struct arena *a, struct requirement_result *out, size_t cap)
{
	size_t count = 0;

	for (size_t i = 0; i < ORACLES && r->oracles && count < cap; i++) {
		const struct oracle_row *row = &oracle_rows[i];
		const struct requirement *q =
			library_requirement(r->options->library, row->requirement);

		if (!r->oracles->fired[i].count)
			continue;
		out[count++] = (struct requirement_result){
			.name = row->name,
			.requirement = q,
			.ref = row->requirement,
			.oracle = true,
			.verdict = q ? verdict_of_break(q->gate) : VERDICT_FAIL,
			.file = arena_text(a, r->scenario->file),
			.line = 1,
			.wanted = arena_text(a, r->oracles->fired[i].wanted),
			.got = arena_text(a, r->oracles->fired[i].got),
			.reason =
				arena_printf(a, "oracle %s: wanted %s, got %s (%u times)",
					     row->name, r->oracles->fired[i].wanted,
					     r->oracles->fired[i].got, r->oracles->fired[i].count),
		};
	}
	return count;
}

/* ------------------------------------------------------------ what must not come twice */

uint64_t oracle_hash(struct bytes b)
{
	uint64_t h = 14695981039346656037u;

	for (size_t i = 0; i < b.len; i++)
		h = (h ^ b.at[i]) * 1099511628211u;
	return h;
}

bool once(struct oracles *o, struct oracle_set *set, uint64_t key, struct bytes octets,
	  uint64_t message)
{
	uint64_t h = oracle_hash(octets) ^ key * 0x9e3779b97f4a7c15u;
	struct oracle_once **bucket = &set->buckets[(h ^ h >> 32) % ONCE_BUCKETS], *n;

	for (n = *bucket; n; n = n->next)
		if (n->key == key && bytes_equal(n->octets, octets))
			return n->message == message;
	n = arena_new_of(o->run->arena, struct oracle_once);
	if (!n)
		return true;
	*n = (struct oracle_once){ key, arena_copy(o->run->arena, octets), message, *bucket };
	*bucket = n;
	return true;
}

/* ------------------------------------------------------------ packets */

static bool is_inner_host(const struct address *list, size_t count, const struct address *a)
{
	for (size_t i = 0; i < count; i++)
		if (address_same_host(&list[i], a))
			return true;
	return false;
}

static void look_for_clear(struct oracles *o, const struct ip_packet *ip)
{
	const struct run *r = o->run;
	char from[ADDRESS_TEXT], to[ADDRESS_TEXT];

	for (size_t i = 0; i < r->tester_count; i++) {
		const struct tester *t = &r->testers[i];

		if (is_inner_host(t->target_inner, t->target_inner_count, &ip->from) &&
		    is_inner_host(t->inner, t->inner_count, &ip->to))
			fire(o, ORACLE_CLEAR, NULL,
			     run_printf(o->run, "a packet in clear from %s to %s",
					address_print(&ip->from, from),
					address_print(&ip->to, to)));
	}
}

static bool is_port(const struct run *r, uint16_t port, bool nat)
{
	return port == (nat ? 4500 : 500) ||
	       port == (nat ? r->options->profile->nat_port : r->options->profile->port);
}

/* ESP in the first piece of an IPv4 packet that was cut: number and IV lie at its start. */
static struct bytes start_of_esp(const struct run *r, const struct ip_packet *ip)
{
	struct bytes upper = ip->payload;

	if (ip->family != 4 || load_u16(ip->octets.at + 6) & 0x1fff)
		return BYTES_NONE;
	if (ip->protocol == PROTO_ESP)
		return upper;
	if (ip->protocol != PROTO_UDP || upper.len < 12 || !is_port(r, load_u16(upper.at), true))
		return BYTES_NONE;
	upper = bytes_slice(upper, 8, upper.len - 8);
	return load_u32(upper.at) ? upper : BYTES_NONE;
}

static void packet(struct oracles *o, struct bytes octets, bool by_target)
{
	struct run *r = o->run;
	struct ip_packet ip;
	uint16_t port;

	if (!ip_parse(octets, &ip, NULL))
		return;
	if (ip.fragment) {
		if (by_target)
			oracle_esp_packet(o, start_of_esp(r, &ip));
		return;
	}
	if (ip.protocol == PROTO_ESP && by_target)
		oracle_esp_packet(o, ip.payload);
	if (ip.protocol != PROTO_UDP) {
		if (by_target && ip.protocol != PROTO_ESP)
			look_for_clear(o, &ip);
		return;
	}
	port = by_target ? ip.from.port : ip.to.port;
	if (is_port(r, port, true) && ip.udp.len > 4) {
		if (load_u32(ip.udp.at) == 0)
			oracle_ike(o, bytes_slice(ip.udp, 4, ip.udp.len - 4), by_target);
		else if (by_target)
			oracle_esp_packet(o, ip.udp);
	} else if (is_port(r, port, false)) {
		oracle_ike(o, ip.udp, by_target);
	} else if (by_target) {
		look_for_clear(o, &ip);
	}
}

static void hear(void *ctx, const struct event *e)
{
	struct oracles *o = ctx;
	bool by_target = e->endpoint && strcmp(e->endpoint, "target") == 0;

	switch (e->kind) {
	case EVENT_SENT:
		packet(o, e->octets, by_target);
		break;
	case EVENT_KEYS_IKE:
		if (e->ike_keys && !by_target)
			oracle_ike_keys(o, e->ike_keys);
		break;
	case EVENT_KEYS_CHILD:
		if (e->child_keys && !by_target)
			oracle_child_keys(o, e->child_keys);
		break;
	default:
		break;
	}
}

#define SCRATCH ((size_t)8 << 20)

bool oracles_begin(struct run *r)
{
	struct oracles *o = arena_new_of(r->arena, struct oracles);

	if (!o)
		return false;
	o->run = r;
	o->scratch = arena_new(SCRATCH);
	r->oracles = o;
	return o->scratch && event_listen(&r->log, hear, o);
}

void oracles_end(struct run *r)
{
	if (!r->oracles)
		return;
	for (struct oracle_keys *k = r->oracles->keys; k; k = k->next) {
		sealer_free(k->from_initiator.sealer);
		sealer_free(k->from_responder.sealer);
	}
	fragment_queue_free(r->oracles->fragments);
	arena_free(r->oracles->scratch);
	event_unlisten(&r->log, hear, r->oracles);
	r->oracles = NULL;
}
