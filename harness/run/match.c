/* Which message a step means: selectors, and whether a later step could take one. */
#include "inside.h"

#include <stdlib.h>

/* ------------------------------------------------------------ making */

/* A name that is not known yet leaves the selector open. */
static bool open_end(struct selector *out, bool found)
{
	if (!found)
		out->unknown = true;
	return true;
}

static bool make_message(struct run *r, const struct element_node *el, enum attribute name,
			 struct selector *out, struct why *why)
{
	const char *text = run_text(r, el, name, why);

	if (!text)
		return false;
	out->kind = name == AT_REQUEST ? SELECT_REQUEST : SELECT_RESPONSE;
	return purpose_parse(text, &out->exchange, &out->purpose) ||
	       why_set(why, "'%s' is no message", text);
}

static bool is_packet_word(const char *text)
{
	static const char *const words[] = { "ping", "pong", "udp", "tcp", "dummy", "any" };

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (strcmp(text, words[i]) == 0)
			return true;
	return false;
}

bool packet_of(struct run *r, const struct element_node *el, enum attribute name, const char **word,
	       struct bytes *octets, struct why *why)
{
	const char *text = run_text(r, el, name, why);
	struct scope scope = run_scope(r, NULL);
	struct expr *e;
	struct value v;

	if (!text)
		return false;
	*word = NULL;
	if (is_packet_word(text)) {
		*word = text;
		return true;
	}
	e = expr_parse(r->arena, attr_text(el, name), why);
	return e && expr_eval(e, &scope, r->arena, &v, why) &&
	       value_octets(&v, 0, r->arena, octets, why);
}

static bool make_again(struct run *r, const struct element_node *el, struct selector *out,
		       struct why *why)
{
	const char *text = run_text(r, el, AT_AGAIN, why);
	struct why missing;

	if (!text)
		return false;
	out->kind = SELECT_AGAIN;
	out->again = known_message(r, text, &missing);
	return open_end(out, out->again != NULL);
}

static bool make_kind(struct run *r, const struct element_node *el, struct selector *out,
		      struct why *why)
{
	if (el->element == EL_EXCHANGE) {
		bool good = make_message(r, el, AT_REQUEST, out, why);

		out->kind = SELECT_RESPONSE;
		return good;
	}
	if (attr_find(el, AT_REQUEST))
		return make_message(r, el, AT_REQUEST, out, why);
	if (attr_find(el, AT_RESPONSE))
		return make_message(r, el, AT_RESPONSE, out, why);
	if (attr_find(el, AT_AGAIN))
		return make_again(r, el, out, why);
	if (attr_find(el, AT_ESP) || attr_find(el, AT_IP)) {
		bool esp = attr_find(el, AT_ESP) != NULL;

		out->kind = esp ? SELECT_ESP : SELECT_CLEAR;
		return packet_of(r, el, esp ? AT_ESP : AT_IP, &out->packet, &out->octets, why);
	}
	out->kind = SELECT_ANSWER;
	return true;
}

static bool make_sas(struct run *r, const struct element_node *el, struct selector *out,
		     struct why *why)
{
	struct why missing;
	const char *text;

	if (attr_find(el, AT_IKE)) {
		if (!(text = run_text(r, el, AT_IKE, why)))
			return false;
		open_end(out, ike_named(r, text, &out->ike, &missing));
	}
	if (attr_find(el, AT_CHILD)) {
		if (!(text = run_text(r, el, AT_CHILD, why)))
			return false;
		open_end(out, child_named(r, text, &out->child, &missing));
	}
	return true;
}

static bool make_answers(struct run *r, const struct element_node *el, struct selector *out,
			 struct why *why)
{
	struct why missing;
	struct saved *s;
	const char *text;

	if (!attr_find(el, AT_ANSWERS)) {
		out->answers = out->tester->last_request && !out->tester->last_request->answered
				       ? out->tester->last_request
				       : NULL;
		return true;
	}
	if (!(text = run_text(r, el, AT_ANSWERS, why)))
		return false;
	s = known_message(r, text, &missing);
	out->answers_named = true;
	out->answers = s ? s->sent : NULL;
	return open_end(out, out->answers != NULL);
}

struct tester *tester_of(struct run *r, const struct element_node *el, struct why *why)
{
	const char *by = attr_find(el, AT_BY) ? run_text(r, el, AT_BY, why) : NULL;
	struct tester *t;

	if (!attr_find(el, AT_BY))
		return el->element == EL_ALIVE && r->probe ? r->probe : &r->testers[0];
	if (!by)
		return NULL;
	t = tester_find(r, by);
	if (!t)
		why_set(why, "there is no tester '%s'", by);
	return t;
}

bool selector_make(struct run *r, const struct element_node *el, struct selector *out,
		   struct why *why)
{
	*out = (struct selector){ .tester = tester_of(r, el, why) };
	if (!out->tester || !make_kind(r, el, out, why) || !make_sas(r, el, out, why) ||
	    !make_answers(r, el, out, why))
		return false;
	if (attr_find(el, AT_WITH) && !(out->with = run_text(r, el, AT_WITH, why)))
		return false;
	if (attr_find(el, AT_WITHOUT) && !(out->without = run_text(r, el, AT_WITHOUT, why)))
		return false;
	if (el->element != EL_EXPECT_REFUSAL)
		return true;
	out->kind = SELECT_RESPONSE;
	out->error = true;
	if (attr_find(el, AT_NOTIFY) && !(out->notify = run_text(r, el, AT_NOTIFY, why)))
		return false;
	return true;
}

/* ------------------------------------------------------------ fitting */

bool same_request(const struct sent *a, const struct sent *b)
{
	if (a == b)
		return a != NULL;
	return a && b && a->ike == b->ike && a->id == b->id && a->purpose == b->purpose &&
	       a->response == b->response && a->composed.message.spi_i == b->composed.message.spi_i;
}

static bool has_part(struct run *r, const struct item *it, const char *part, size_t len)
{
	struct saved *s = item_saved(r, it);
	const char *path = run_printf(r, "%.*s", (int)len, part);

	return s && path && saved_nodes(r, s, path, NULL, 0) > 0;
}

static bool parts_fit(struct run *r, const struct selector *s, const struct item *it)
{
	const char *lists[] = { s->with, s->without };

	for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
		for (const char *p = lists[i]; p && *p;) {
			size_t len = strcspn(p, " ");

			if (has_part(r, it, p, len) != (i == 0))
				return false;
			p += len + strspn(p + len, " ");
		}
	}
	return true;
}

static bool purpose_fits(const struct selector *s, const struct seen *m)
{
	if (m->message.exchange != s->exchange)
		return false;
	if (s->purpose == PURPOSE_NONE || (m->message.response && !m->answers))
		return true;
	return m->purpose == s->purpose || s->purpose == PURPOSE_INFORMATIONAL;
}

/* Does a request speak of this child (our outbound SPI in a D or N(REKEY_SA) payload)? */
static bool child_fits(const struct child_sa *c, const struct seen *m)
{
	uint8_t spi[4];
	static const uint8_t types[] = { PAYLOAD_DELETE, PAYLOAD_NOTIFY };

	store_u32(spi, child_sa_view(c).spi_out);
	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		struct node *p;

		for (unsigned n = 1; (p = message_payload(&m->message, types[i], n)); n++) {
			struct bytes b = BYTES_NONE;

			wire_octets(m->message.arena, p, &b);
			for (size_t at = 0; at + 4 <= b.len; at += 4)
				if (memcmp(b.at + at, spi, 4) == 0)
					return true;
		}
	}
	return false;
}

static bool notify_fits(const struct selector *s, const struct seen *m)
{
	for (const char *p = s->notify; p && *p;) {
		size_t len = strcspn(p, " ");
		char name[64];
		uint32_t type;

		if (len >= sizeof name)
			return false;
		memcpy(name, p, len);
		name[len] = 0;
		if ((names_value(&names_notify, name, &type) ||
		     (type = (uint32_t)strtoul(name, NULL, 0))) &&
		    message_notify(&m->message, (uint16_t)type))
			return true;
		p += len + strspn(p + len, " ");
	}
	return !s->notify;
}

/* A refusal bears an error notify (or asks for a cookie): a response that merely lacks something is none. */
static bool refuses(const struct seen *m)
{
	struct node *n;
	uint64_t type;

	for (unsigned i = 1; (n = message_payload(&m->message, PAYLOAD_NOTIFY, i)); i++)
		if (wire_number(n, "type", &type) && (type < 16384 || type == NOTIFY_COOKIE))
			return true;
	return false;
}

static enum fit response_fit(struct run *r, const struct selector *s, const struct item *it)
{
	const struct seen *m = it->seen;
	bool ours = s->answers ? same_request(m->answers, s->answers) : !s->answers_named;

	if (m->part)
		return FIT_NO;
	if (!m->message.response || m->repeats || !ours)
		return FIT_NO;
	if (s->ike && m->ike != s->ike)
		return FIT_NO;
	if (!s->error && !purpose_fits(s, m))
		return FIT_NO;
	if (s->error)
		return refuses(m) && notify_fits(s, m) ? FIT_YES : FIT_SPOILS;
	if (!parts_fit(r, s, it))
		return FIT_SPOILS;
	return s->with || !m->error ? FIT_YES : FIT_SPOILS;
}

static enum fit request_fit(struct run *r, const struct selector *s, const struct item *it)
{
	const struct seen *m = it->seen;

	if (m->part || m->message.response || m->repeats || !purpose_fits(s, m))
		return FIT_NO;
	if (s->ike && m->ike != s->ike)
		return FIT_NO;
	if (s->child && !child_fits(s->child, m))
		return FIT_NO;
	return parts_fit(r, s, it) ? FIT_YES : FIT_NO;
}

static bool same_place(const struct seen *a, const struct seen *b)
{
	return a->message.spi_i == b->message.spi_i && a->message.id == b->message.id &&
	       a->message.exchange == b->message.exchange &&
	       a->message.response == b->message.response;
}

static enum fit again_fit(const struct selector *s, const struct item *it)
{
	const struct saved *m = s->again;

	if (s->unknown)
		return it->seen && it->seen->repeats ? FIT_YES : FIT_NO;
	if (!it->seen || m->seen == it->seen)
		return FIT_NO;
	if (bytes_equal(saved_octets(m), it->seen->datagram.octets))
		return FIT_YES;
	if (m->kind == SAVED_SEEN && same_place(m->seen, it->seen) && !it->seen->repeats &&
	    !m->seen->response)
		return FIT_SPOILS;
	return FIT_NO;
}

bool item_is_pong(const struct item *it, const struct esp_sent *ping)
{
	const struct arrival *a = it->arrival;

	return ping && a->is_echo && a->echo.reply && a->echo.id == ping->echo.id &&
	       a->echo.seq == ping->echo.seq;
}

/* Opened, ICV right: the target did send this, whatever our own data plane makes of it. */
static bool sent_anyway(enum esp_result result)
{
	return result == ESP_OUTSIDE;
}

static bool packet_word_fits(const struct selector *s, const struct item *it)
{
	const struct arrival *a = it->arrival;
	bool good = a->kind == ARRIVED_CLEAR || a->result == ESP_OK || a->result == ESP_DUMMY ||
		    (s->forbidden && sent_anyway(a->result));

	if (!s->packet)
		return good && bytes_equal(a->inner.octets, s->octets);
	if (strcmp(s->packet, "any") == 0)
		return true;
	if (strcmp(s->packet, "dummy") == 0)
		return a->result == ESP_DUMMY;
	if (!good)
		return false;
	if (strcmp(s->packet, "ping") == 0)
		return a->is_echo && !a->echo.reply;
	if (strcmp(s->packet, "pong") == 0)
		return item_is_pong(it, s->tester->last_ping);
	return a->inner.protocol == (strcmp(s->packet, "udp") == 0 ? PROTO_UDP : PROTO_TCP);
}

static enum fit packet_fit(const struct selector *s, const struct item *it)
{
	enum arrival_kind kind = s->kind == SELECT_ESP ? ARRIVED_ESP : ARRIVED_CLEAR;

	if (it->arrival->kind != kind || (s->child && it->arrival->child != s->child))
		return FIT_NO;
	return packet_word_fits(s, it) ? FIT_YES : FIT_NO;
}

/* The target was slow, a request left again by its timer, and this is the answer to that. */
static bool owed(const struct seen *m)
{
	return m->repeats && m->answers && m->copy <= m->answers->retransmitted;
}

/* Any answer to what we did last: a response, an IKE message in clear, the reply to our last ping.
 */
static enum fit answer_fit(struct run *r, const struct selector *s, const struct item *it)
{
	const struct seen *m = it->seen;

	(void)r;
	if (it->arrival->time < s->tester->stimulus)
		return FIT_NO;
	if (!m)
		return item_is_pong(it, s->tester->last_ping) ? FIT_YES : FIT_NO;
	if (!m->is_ike)
		return FIT_NO;
	if (m->message.response)
		return owed(m) || (m->answers && private_ike(r, m->answers->ike)) ? FIT_NO : FIT_YES;
	return m->message.protection == MESSAGE_CLEAR && m->message.exchange != IKE_SA_INIT
		       ? FIT_YES
		       : FIT_NO;
}

enum fit selector_fit(struct run *r, const struct selector *s, const struct item *it)
{
	if (s->tester && it->tester != s->tester)
		return FIT_NO;
	switch (s->kind) {
	case SELECT_ANSWER:
		return answer_fit(r, s, it);
	case SELECT_REQUEST:
		return it->seen && it->seen->is_ike ? request_fit(r, s, it) : FIT_NO;
	case SELECT_RESPONSE:
		return it->seen && it->seen->is_ike ? response_fit(r, s, it) : FIT_NO;
	case SELECT_ESP:
	case SELECT_CLEAR:
		return packet_fit(s, it);
	case SELECT_AGAIN:
		return again_fit(s, it);
	}
	return FIT_NO;
}

/* Fences and whole conversations follow in any case. */
static bool of_conversation(struct run *r, const struct seen *s)
{
	if (r->phase != RUN_STEPS || (s->answers && private_ike(r, s->answers->ike)))
		return true;
	return r->stepping && r->step.el->element == EL_ESTABLISH &&
	       same_request(s->answers, r->step.sent);
}

bool is_followed(struct run *r, const struct seen *s)
{
	if (!s || !s->is_ike || !s->message.response || s->message.exchange != IKE_SA_INIT)
		return false;
	if (message_notify(&s->message, NOTIFY_COOKIE))
		return !r->names_cookie || of_conversation(r, s);
	return message_notify(&s->message, NOTIFY_INVALID_KE_PAYLOAD) &&
	       (!r->names_invalid_ke || of_conversation(r, s));
}

/* ------------------------------------------------------------ look-ahead */

static bool steps_could(struct run *r, const struct element_node *steps, size_t count,
			const struct item *it);

static bool one_could(struct run *r, const struct element_node *el, const struct item *it)
{
	struct selector s;
	struct why why;

	/* Its request has not been sent: no answer to it can be here. */
	if (attr_find(el, AT_RESPONSE) && attr_find(el, AT_ANSWERS)) {
		const char *name = run_text(r, el, AT_ANSWERS, &why);

		if (!name || !known_find(r, name))
			return false;
	}
	if (!selector_make(r, el, &s, &why))
		return true;
	if (s.kind == SELECT_RESPONSE && !s.answers_named)
		s.answers = NULL;
	if (s.unknown) {
		s.ike = NULL;
		s.child = NULL;
	}
	return selector_fit(r, &s, it) != FIT_NO;
}

static bool establish_could(struct run *r, const struct item *it)
{
	return r->what->target == ROLE_INITIATOR && it->seen && it->seen->is_ike &&
	       !it->seen->message.response && !it->seen->repeats &&
	       it->seen->message.exchange == IKE_SA_INIT;
}

static bool step_could(struct run *r, const struct element_node *el, const struct item *it)
{
	switch (el->element) {
	case EL_EXPECT:
	case EL_EXPECT_NOTHING:
	case EL_EXPECT_REFUSAL:
		return one_could(r, el, it);
	case EL_ANSWER:
		return !attr_text(el, AT_ALWAYS) && one_could(r, el, it);
	case EL_ESTABLISH:
		return establish_could(r, it);
	case EL_ANY_OF:
	case EL_CASE:
	case EL_REPEAT:
	case EL_INCLUDE:
		return steps_could(r, el->children, el->child_count, it);
	default:
		return false;
	}
}

static bool steps_could(struct run *r, const struct element_node *steps, size_t count,
			const struct item *it)
{
	for (size_t i = 0; i < count; i++)
		if (step_could(r, &steps[i], it))
			return true;
	return false;
}

bool could_take(struct run *r, const struct item *it)
{
	if (r->phase != RUN_STEPS)
		return false;
	if (r->stepping && r->step.el->element == EL_ANY_OF)
		for (size_t i = 0; i < r->step.el->child_count; i++) {
			const struct element_node *c = &r->step.el->children[i];

			if (c->child_count > 1 &&
			    steps_could(r, c->children + 1, c->child_count - 1, it))
				return true;
		}
	for (size_t d = r->depth; d-- > 0;) {
		const struct frame *f = &r->frames[d];

		if (f->next < f->count &&
		    steps_could(r, f->steps + f->next, f->count - f->next, it))
			return true;
		if (f->kind == FRAME_REPEAT && f->round < f->rounds &&
		    steps_could(r, f->steps, f->count, it))
			return true;
	}
	return false;
}
