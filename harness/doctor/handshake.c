/* Handshakes and single requests of an ordinary endpoint, with what the answers said. */
#include "exam.h"

#include <stdio.h>

#include "scenario/connect.h"

enum {
	NOTIFY_SET_WINDOW = 16385, NOTIFY_COOKIE = 16390, NOTIFY_TRANSPORT = 16391, NOTIFY_HASHES = 16431,
	NOTIFY_INVALID_KE = 17,
};

bool notify_heard(const struct notify_set *s, uint16_t type)
{
	for (size_t i = 0; i < s->count; i++)
		if (s->types[i] == type)
			return true;
	return false;
}

const char *notify_text(struct exam *x, uint16_t type)
{
	const char *text = names_text(&names_notify, type);

	return text ? text : type ? exam_text(x, "notify %u", type) : "no error";
}

/* ------------------------------------------------------------ reading */

static uint16_t read_notifies(const struct message *m, struct notify_set *out)
{
	uint16_t error = 0;
	struct node *n;
	uint64_t type;

	for (unsigned i = 1; (n = message_payload(m, PAYLOAD_NOTIFY, i)); i++) {
		if (!wire_number(n, "type", &type))
			continue;
		if (type < 16384 && !error)
			error = (uint16_t)type;
		if (out && out->count < NOTIFIES && !notify_heard(out, (uint16_t)type))
			out->types[out->count++] = (uint16_t)type;
	}
	return error;
}

static struct bytes data_of(struct exam *x, const struct message *m, uint16_t type)
{
	struct node *n = message_notify(m, type), *data = n ? wire_find(n, "data", NULL) : NULL;

	return data ? arena_copy(x->arena, data->octets) : BYTES_NONE;
}

/* As text where it is text, else its first octets. */
static const char *vendor_text(struct exam *x, struct bytes b)
{
	char text[64];
	size_t len = 0;

	while (len < b.len && len < sizeof text - 1 && b.at[len] >= 0x20 && b.at[len] < 0x7f) {
		text[len] = (char)b.at[len];
		len++;
	}
	text[len] = '\0';
	if (len >= 6)
		return exam_text(x, "\"%s\"", text);
	for (len = 0; len < b.len && len < 16; len++)
		snprintf(text + 2 * len, 3, "%02x", b.at[len]);
	return exam_text(x, "%s%s", text, b.len > 16 ? "..." : "");
}

static void read_init(struct exam *x, const struct message *m, struct shake *out)
{
	struct node *n;

	out->error = read_notifies(m, &out->init);
	out->hashes = data_of(x, m, NOTIFY_HASHES);
	for (unsigned i = 1; (n = message_payload(m, PAYLOAD_VENDOR, i)); i++) {
		struct node *data = wire_find(n, "data", NULL);

		if (data)
			out->vendors = exam_text(x, "%s%s%s", out->vendors ? out->vendors : "", out->vendors ? ", " : "",
						 vendor_text(x, data->octets));
	}
}

static void read_auth(struct exam *x, const struct seen *s, struct shake *out)
{
	const struct connection *c = stage_connection(x->stage);

	out->error = read_notifies(&s->message, &out->auth);
	out->window = data_of(x, &s->message, NOTIFY_SET_WINDOW);
	out->transport = message_notify(&s->message, NOTIFY_TRANSPORT) != NULL;
	out->on_nat_port = s->datagram.from.port == c->remote_nat_port;
}

/* ------------------------------------------------------------ asking */

static bool followed(const struct seen *s)
{
	return s->message.exchange == IKE_SA_INIT && (message_notify(&s->message, NOTIFY_COOKIE) ||
						      message_notify(&s->message, NOTIFY_INVALID_KE));
}

static bool answers(const struct seen *s, const struct sent *to)
{
	return s->is_ike && s->message.response && !s->part && s->answers && s->answers->ike == to->ike &&
	       s->answers->purpose == to->purpose;
}

/* COOKIE and INVALID_KE_PAYLOAD are followed, requests of the target answered. */
struct seen *exam_ask(struct exam *x, struct sending *s, uint16_t *error)
{
	struct endpoint *e = stage_endpoint(x->stage);
	usec until = stage_now(x->stage) + EXAM_PATIENCE;
	struct why why = { "" };
	struct sent *sent;
	struct seen *seen;

	s->retransmit = true;
	*error = 0;
	x->questions++;
	sent = endpoint_send(e, s, stage_now(x->stage), &why);
	if (!sent)
		return NULL;
	while ((seen = stage_hear(x->stage, until))) {
		bool it = answers(seen, sent) && !followed(seen);

		endpoint_take(e, seen, TAKE_AUTOMATIC, stage_now(x->stage));
		if (!it)
			continue;
		*error = read_notifies(&seen->message, NULL);
		return seen;
	}
	return NULL;
}

/* ------------------------------------------------------------ the handshake */

/* Other connections have suites of their own. */
static bool ask_init(struct exam *x, const struct shake_plan *p, struct shake *out)
{
	struct sending s = { .purpose = PURPOSE_IKE_SA_INIT };
	struct seen *seen;

	if (x->suite_count && !p->connection) {
		s.propose = x->suites;
		s.propose_count = x->suite_count;
	}
	seen = exam_ask(x, &s, &out->error);
	out->state = seen ? SHAKE_REFUSED : SHAKE_NO_ANSWER;
	if (!seen)
		return false;
	read_init(x, &seen->message, out);
	out->ike = endpoint_ike_sa(stage_endpoint(x->stage), 0);
	if (out->error || !out->ike || ike_sa_view(out->ike).state != IKE_KEYED)
		return false;
	out->state = SHAKE_HALF_OPEN;
	out->suite = ike_sa_view(out->ike).suite;
	return true;
}

static void ask_auth(struct exam *x, const struct shake_plan *p, struct shake *out)
{
	struct sending s = {
		.purpose = ike_sa_view(out->ike).begins_childless ? PURPOSE_CHILDLESS : PURPOSE_IKE_AUTH,
		.ike = out->ike, .fragments = p->fragments, .propose = p->esp, .propose_count = p->esp ? 1 : 0,
	};
	struct seen *seen = exam_ask(x, &s, &out->error);

	out->state = SHAKE_UNHEARD;
	if (!seen)
		return;
	read_auth(x, seen, out);
	out->state = SHAKE_AUTH_REFUSED;
	if (ike_sa_view(out->ike).state != IKE_ESTABLISHED)
		return;
	out->child = endpoint_child_sa(stage_endpoint(x->stage), out->ike, 0);
	if (out->child && child_sa_view(out->child).gone)
		out->child = NULL;
	out->state = out->child ? SHAKE_UP : SHAKE_NO_CHILD;
}

struct shake shake_hands(struct exam *x, const struct shake_plan *p)
{
	struct stage_tester t = { p->connection, p->family ? p->family : x->family, p->nat };
	struct shake out = { .state = SHAKE_NO_ANSWER };
	struct why why = { "" };
	struct connection *c;

	if (!stage_enter(x->stage, &t, &why))
		return out;
	c = stage_connection(x->stage);
	c->begin_childless |= p->childless;
	if (!c->hashes && c->proof.proof == PROOF_SECRET)
		c->hashes = HASHES_SHA2; /* so that the target tells its own */
	if (p->transport && !c->transport) {
		c->transport = true;
		connection_hosts(c);
	}
	if (ask_init(x, p, &out) && !p->init_only)
		ask_auth(x, p, &out);
	return out;
}

const char *shake_text(struct exam *x, const struct shake *s)
{
	switch (s->state) {
	case SHAKE_NO_ANSWER:
		return "no answer to IKE_SA_INIT";
	case SHAKE_REFUSED:
		return exam_text(x, "IKE_SA_INIT was answered with %s", notify_text(x, s->error));
	case SHAKE_HALF_OPEN:
		return "IKE_SA_INIT succeeded";
	case SHAKE_UNHEARD:
		return "no answer to IKE_AUTH";
	case SHAKE_AUTH_REFUSED:
		return exam_text(x, "IKE_AUTH was answered with %s",
				 s->error ? notify_text(x, s->error) : "what our end refuses");
	case SHAKE_NO_CHILD:
		return exam_text(x, "an IKE SA without a Child SA (%s)", notify_text(x, s->error));
	case SHAKE_UP:
		break;
	}
	return "an IKE SA and a Child SA";
}
