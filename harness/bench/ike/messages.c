#include "messages.h"

/* ------------------------------------------------------------ taking them */

static const char *name_of(const struct message *m)
{
	switch (m->exchange) {
	case IKE_SA_INIT:
		return m->response ? "IKE_SA_INIT response" : "IKE_SA_INIT request";
	case IKE_AUTH:
		return m->response ? "IKE_AUTH response" : "IKE_AUTH request";
	default:
		return m->response ? "INFORMATIONAL response" : "INFORMATIONAL request";
	}
}

static void keep(void *ctx, const struct datagram *d)
{
	struct specimens *s = ctx;
	struct message m;
	struct why why;

	arena_reset(s->scratch);
	if (s->count == SPECIMENS || !message_decode(s->scratch, d->octets, &m, &why))
		return;
	s->rows[s->count++] = (struct ike_specimen){
		.name = name_of(&m),
		.sealed = m.protection == MESSAGE_SEALED,
		.octets = arena_copy(s->pair.arena, d->octets),
	};
}

/* Whoever gets a message opens it with the keys of the other's way. */
static void take_keys(struct specimens *s)
{
	struct ike_sa *sa = endpoint_ike_sa(s->pair.ends[1], 0);

	for (size_t i = 0; i < s->count; i++) {
		bool from_initiator = strstr(s->rows[i].name, "request") != NULL;
		struct ike_sa *own = endpoint_ike_sa(s->pair.ends[!from_initiator], 0);

		s->rows[i].open = ike_sa_keys(from_initiator ? sa : endpoint_ike_sa(s->pair.ends[0], 0), true);
		s->rows[i].seal = ike_sa_keys(own, false);
	}
}

bool specimens_take(struct specimens *s, const char *suite, struct why *why)
{
	*s = (struct specimens){ .scratch = arena_new(8 << 20) };
	rng_seed(&s->rng, 1, "specimens");
	if (!s->scratch)
		return why_set(why, "no memory for messages");
	if (!ike_pair_open(&s->pair, suite, "psk", why))
		return false;
	s->pair.seen = keep;
	s->pair.ctx = s;
	if (!ike_pair_handshake(&s->pair) || !ike_pair_liveness(&s->pair))
		return why_set(why, "the handshake of the specimens failed");
	s->pair.seen = NULL;
	take_keys(s);
	return true;
}

void specimens_free(struct specimens *s)
{
	ike_pair_close(&s->pair);
	arena_free(s->scratch);
}

/* ------------------------------------------------------------ jobs */

const char *ike_job_name(enum ike_job job)
{
	static const char *const names[] = { "decode", "encode", "open", "seal", "encode" };

	return names[job];
}

bool specimen_has(const struct ike_specimen *m, enum ike_job job)
{
	return job == JOB_DECODE || m->sealed == (job != JOB_ENCODE);
}

static struct node *chain_of(const struct message *m)
{
	struct node *first = m->inner ? m->inner : message_payload(m, PAYLOAD_SA, 1);

	return m->inner ? m->inner : first ? first->parent : NULL;
}

static bool finish(struct specimens *s, const struct ike_specimen *m, const struct message *got, bool protect)
{
	struct composition c = {
		.arena = s->scratch,
		.rng = &s->rng,
		.spi_i = got->spi_i,
		.spi_r = got->spi_r,
		.exchange = got->exchange,
		.initiator = got->initiator,
		.response = got->response,
		.id = got->id,
		.chain = chain_of(got),
		.protect = protect,
		.keys = &m->seal,
	};
	struct composed *out = arena_new_of(s->scratch, struct composed);
	struct why why;

	return out && c.chain && message_finish(&c, out, &why);
}

bool specimen_do(struct specimens *s, const struct ike_specimen *m, enum ike_job job, bool before)
{
	struct message got;
	struct why why;

	arena_reset(s->scratch);
	if (job == JOB_DECODE && before)
		return true;
	if (!message_decode(s->scratch, m->octets, &got, &why))
		return false;
	if (job == JOB_DECODE || (job == JOB_OPEN && before) || (job == JOB_ENCODE && before))
		return true;
	if (job == JOB_ENCODE)
		return finish(s, m, &got, false);
	if (!message_open(&got, &m->open, true, true, &why))
		return false;
	if (job == JOB_OPEN || before)
		return true;
	return finish(s, m, &got, job == JOB_SEAL);
}
