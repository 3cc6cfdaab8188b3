/*
 * The event log in lines for people: who, which way, what.  Messages are shown as they are inside SK,
 * with the keys of their SAs.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "inside.h"

#define LOG_ARENA ((size_t)16 << 20)
#define OPENERS 128     /* IKE SAs whose messages can be shown; then the oldest is forgotten */

struct opener {
	uint64_t spi_i, spi_r;
	struct suite suite;
	struct sealer *sealer[2];       /* of the original initiator, of the responder */
};

struct peer_log {
	struct arena *arena;            /* of one event */
	struct opener openers[OPENERS];
	size_t next;
};

struct peer_log *peer_log_new(struct peer *p)
{
	struct peer_log *l = calloc(1, sizeof(*l));

	(void)p;
	if (l)
		l->arena = arena_new(LOG_ARENA);
	if (l && l->arena)
		return l;
	free(l);
	return NULL;
}

static void close_opener(struct opener *o)
{
	sealer_free(o->sealer[0]);
	sealer_free(o->sealer[1]);
	*o = (struct opener){ 0 };
}

void peer_log_free(struct peer_log *l)
{
	if (!l)
		return;
	for (size_t i = 0; i < OPENERS; i++)
		close_opener(&l->openers[i]);
	arena_free(l->arena);
	free(l);
}

static void line(struct peer *p, enum peer_level level, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void line(struct peer *p, enum peer_level level, const char *format, ...)
{
	char text[2000];
	va_list args;

	if (!p->options.line || level > p->options.level)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	p->options.line(p->options.line_ctx, level, text);
}

void peer_say(struct peer *p, const char *who, const char *format, ...)
{
	char text[1200];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	event_emit(p->options.log, &(struct event){ .kind = EVENT_NOTE, .time = p->real ? peer_now(p) : 0,
						    .endpoint = who, .id = "peer", .text = text });
}

/* ------------------------------------------------------------ messages */

static void keep_keys(struct peer *p, const struct event_ike_keys *k)
{
	struct opener *o = &p->log->openers[p->log->next++ % OPENERS];
	const struct transform *integ = k->suite->encr->aead ? NULL : k->suite->integ;
	struct why why;

	close_opener(o);
	*o = (struct opener){ .spi_i = k->spi_i, .spi_r = k->spi_r, .suite = *k->suite };
	o->sealer[0] = sealer_new(p->options.crypto, k->suite->encr, integ, k->sk_ei, k->sk_ai, false, &why);
	o->sealer[1] = sealer_new(p->options.crypto, k->suite->encr, integ, k->sk_er, k->sk_ar, false, &why);
}

static void open_message(struct peer *p, struct message *m)
{
	for (size_t i = 0; i < OPENERS; i++) {
		struct opener *o = &p->log->openers[i];
		struct message_keys keys = { &o->suite, o->sealer[m->initiator ? 0 : 1] };
		struct why why;

		if (keys.sealer && o->spi_i == m->spi_i && o->spi_r == m->spi_r) {
			message_open(m, &keys, true, true, &why);
			return;
		}
	}
}

static struct ike_sa *sa_of(const struct peer *p, uint64_t spi_i, uint64_t spi_r)
{
	struct ike_sa *sa;

	for (size_t n = 0; (sa = endpoint_ike_sa(p->endpoint, n)) != NULL; n++) {
		struct ike_view v = ike_sa_view(sa);

		if (v.spi_i == spi_i && (v.spi_r == spi_r || spi_r == 0 || v.spi_r == 0))
			return sa;
	}
	return NULL;
}

static const char *connection_name(const struct ike_sa *sa)
{
	return sa ? ike_sa_view(sa).connection->name : "-";
}

struct text {
	struct arena *arena;
	char *at;
};

static void collect(void *ctx, const char *text, size_t len)
{
	struct text *t = ctx;
	char *grown = arena_printf(t->arena, "%s%.*s", t->at ? t->at : "", (int)len, text);

	if (grown)
		t->at = grown;
}

/* A line each. */
static void tree_lines(struct peer *p, struct node *root)
{
	struct text t = { .arena = p->log->arena };
	char *save = NULL;

	if (!root || p->options.level < PEER_TREE)
		return;
	wire_print(root, collect, &t);
	for (char *l = t.at ? strtok_r(t.at, "\n", &save) : NULL; l; l = strtok_r(NULL, "\n", &save))
		line(p, PEER_TREE, "      %s", l);
}

static void show_message(struct peer *p, const struct event *e, const struct ip_packet *ip, struct bytes octets)
{
	bool sent = e->kind == EVENT_SENT;
	char peer[ADDRESS_TEXT];
	struct message m;
	struct ike_sa *sa;
	struct why why;

	address_print(sent ? &ip->to : &ip->from, peer);
	if (!message_decode(p->log->arena, octets, &m, &why)) {
		line(p, PEER_MESSAGE, "-  %s %s  no IKE message: %s", sent ? ">" : "<", peer, why.text);
		return;
	}
	sa = sa_of(p, m.spi_i, m.spi_r);
	if (m.protection == MESSAGE_SEALED)
		open_message(p, &m);
	line(p, PEER_MESSAGE, "%s  %s %s  %u %s", connection_name(sa), sent ? ">" : "<", peer, m.id,
	     message_line(p->log->arena, &m));
	tree_lines(p, m.outer);
	tree_lines(p, m.inner);
}

static void show_esp(struct peer *p, const struct event *e, const struct ip_packet *ip, struct bytes esp)
{
	bool sent = e->kind == EVENT_SENT;
	char peer[ADDRESS_TEXT];

	if (esp.len >= 8)
		line(p, PEER_PACKET, "-  %s %s  ESP %08x number %u, %zu octets", sent ? ">" : "<",
		     address_print(sent ? &ip->to : &ip->from, peer), load_u32(esp.at), load_u32(esp.at + 4),
		     esp.len);
}

/* RFC 3948 2: what stands behind UDP on the port of NAT traversal. */
static bool is_nat_port(const struct peer *p, uint16_t port)
{
	for (size_t i = 0; i < p->connection_count; i++)
		if (p->connections[i].local_nat_port == port)
			return true;
	return false;
}

static void show_packet(struct peer *p, const struct event *e)
{
	static const uint8_t marker[4];
	struct ip_packet ip;
	bool nat_port;

	if (!ip_parse(e->octets, &ip, NULL))
		return;
	nat_port = ip.protocol == PROTO_UDP && ip.udp.len >= 4;
	if (ip.protocol == PROTO_ESP)
		show_esp(p, e, &ip, ip.payload);
	else if (ip.protocol == PROTO_UDP && ip.udp.len == 1)
		line(p, PEER_PACKET, "-  %s NAT keepalive", e->kind == EVENT_SENT ? ">" : "<");
	else if (nat_port && memcmp(ip.udp.at, marker, 4) == 0)
		show_message(p, e, &ip, bytes_slice(ip.udp, 4, ip.udp.len));
	else if (nat_port && is_nat_port(p, e->kind == EVENT_SENT ? ip.from.port : ip.to.port))
		show_esp(p, e, &ip, ip.udp);
	else if (ip.protocol == PROTO_UDP)
		show_message(p, e, &ip, ip.udp);
}

/* ------------------------------------------------------------ events */

static const char *name_by_id(const struct peer *p, const char *id)
{
	unsigned long long spi_i, spi_r;

	if (!id || sscanf(id, "%llx_i %llx_r", &spi_i, &spi_r) != 2)
		return "-";
	return connection_name(sa_of(p, spi_i, spi_r));
}

/* By known.c, with suites and selectors. */
static bool told_in_full(const char *text)
{
	return strcmp(text, "IKE SA is established") == 0 ||
	       (strncmp(text, "Child SA ", 9) == 0 && strcmp(text + strlen(text) - 6, " is up") == 0);
}

/* Then it must be said which. */
static bool is_of_ike_sa(const char *text)
{
	return strncmp(text, "IKE SA ", 7) == 0;
}

static void show(struct peer *p, const struct event *e)
{
	bool ours = e->id && strcmp(e->id, "peer") == 0;

	switch (e->kind) {
	case EVENT_SENT:
	case EVENT_RECEIVED:
		/* What came from outside is told when it is delivered. */
		if (p->options.level >= PEER_MESSAGE &&
		    (e->kind == EVENT_RECEIVED || strcmp(e->endpoint, p->name) == 0))
			show_packet(p, e);
		break;
	case EVENT_STATE:
		if (!told_in_full(e->text))
			line(p, PEER_STATE, "%s  %s%s%s", name_by_id(p, e->id), e->text,
			     is_of_ike_sa(e->text) ? ": " : "", is_of_ike_sa(e->text) ? e->id : "");
		break;
	case EVENT_TIMER:
		line(p, PEER_MESSAGE, "%s  timer: %s", name_by_id(p, e->id), e->text);
		break;
	case EVENT_DROPPED:
		line(p, PEER_STATE, "-  lost: %s", e->text);
		break;
	case EVENT_NOTE:
		line(p, PEER_STATE, "%s  %s", ours && e->endpoint ? e->endpoint : "-", e->text);
		break;
	default:
		break;
	}
}

void peer_log_hear(void *peer, const struct event *e)
{
	struct peer *p = peer;

	orders_hear(p, e);
	if (!p->options.line || !p->log)
		return;
	arena_reset(p->log->arena);
	if (e->kind == EVENT_KEYS_IKE)
		keep_keys(p, e->ike_keys);
	show(p, e);
}
