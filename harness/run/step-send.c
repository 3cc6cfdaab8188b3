/* send, and the sending half of exchange and answer. */
#include "inside.h"

#include <stdlib.h>

/* ------------------------------------------------------------ attributes */

static bool yes(const struct element_node *el, enum attribute name)
{
	const char *text = attr_text(el, name);

	return text && strcmp(text, "yes") == 0;
}

static bool notify_of(struct run *r, const struct element_node *el, uint16_t *out, struct why *why)
{
	const struct attr *a = attr_find(el, AT_NOTIFY);
	const char *text;
	uint32_t type;

	if (!a)
		return true;
	if (!(text = run_text(r, el, AT_NOTIFY, why)))
		return false;
	if (!names_value(&names_notify, text, &type))
		type = (uint32_t)strtoul(text, NULL, 0);
	*out = (uint16_t)type;
	return type || why_set(why, "'%s' is no notify type", text);
}

bool parse_suites(struct run *r, const char *text, bool esp, struct suite *out, size_t *count,
		  struct why *why)
{
	char *copy = arena_text(r->arena, text), *save = NULL;

	*count = 0;
	for (char *w = copy ? strtok_r(copy, " ,", &save) : NULL; w;
	     w = strtok_r(NULL, " ,", &save)) {
		if (*count == SUITES)
			return why_set(why, "more than %d suites in '%s'", SUITES, text);
		if (!suite_parse(w, esp, &out[(*count)++], why))
			return false;
	}
	return true;
}

static bool propose_of(struct run *r, const struct element_node *el, bool esp, struct sending *out,
		       struct why *why)
{
	struct suite *suites;
	const char *text;

	if (!attr_find(el, AT_PROPOSE))
		return true;
	text = run_text(r, el, AT_PROPOSE, why);
	suites = text ? arena_array(r->arena, SUITES, sizeof *suites) : NULL;
	if (!suites || !parse_suites(r, text, esp, suites, &out->propose_count, why))
		return false;
	out->propose = suites;
	return true;
}

static bool fragments_of(struct run *r, const struct element_node *el, struct sending *out,
			 struct why *why)
{
	const struct attr *a = attr_find(el, AT_FRAGMENTS);
	uint64_t n;

	if (attr_find(el, AT_ORDER) && !(out->order = run_text(r, el, AT_ORDER, why)))
		return false;
	if (!a)
		return true;
	if (!run_number(r, a, &n, why))
		return false;
	out->fragments = (unsigned)n;
	return n <= MESSAGE_FRAGMENTS ||
	       why_set(why, "%llu fragments are too many", (unsigned long long)n);
}

static bool is_esp_purpose(enum purpose p)
{
	return p == PURPOSE_IKE_AUTH || p == PURPOSE_NEW_CHILD || p == PURPOSE_REKEY_CHILD;
}

static bool shape_of(struct run *r, const struct element_node *el, struct sending *out,
		     struct why *why)
{
	const char *protect = attr_text(el, AT_PROTECT);

	out->clear = protect && strcmp(protect, "no") == 0;
	out->lost = yes(el, AT_LOST);
	out->edits = edits_of(r, el, why);
	return out->edits && notify_of(r, el, &out->notify, why) &&
	       propose_of(r, el, is_esp_purpose(out->purpose), out, why) &&
	       fragments_of(r, el, out, why);
}

/* ------------------------------------------------------------ requests and responses */

enum purpose purpose_default(uint8_t exchange)
{
	return exchange == IKE_SA_INIT     ? PURPOSE_IKE_SA_INIT
	       : exchange == IKE_AUTH      ? PURPOSE_IKE_AUTH
	       : exchange == INFORMATIONAL ? PURPOSE_INFORMATIONAL
					   : PURPOSE_NEW_CHILD;
}

static bool purpose_of(struct run *r, const struct element_node *el, enum attribute name,
		       enum purpose *out, struct why *why)
{
	const char *text = run_text(r, el, name, why);
	uint8_t exchange;

	if (!text || !purpose_parse(text, &exchange, out))
		return text ? why_set(why, "'%s' is no message", text) : false;
	if (*out != PURPOSE_NONE)
		return true;
	*out = purpose_default(exchange);
	return true;
}

static bool request_sas(struct run *r, const struct element_node *el, struct tester *t,
			struct sending *out, struct why *why)
{
	const char *text;

	if (attr_find(el, AT_IKE)) {
		if (!(text = run_text(r, el, AT_IKE, why)) || !ike_named(r, text, &out->ike, why))
			return false;
	}
	if (attr_find(el, AT_CHILD)) {
		if (!(text = run_text(r, el, AT_CHILD, why)) ||
		    !child_named(r, text, &out->child, why))
			return false;
		if (!out->ike)
			out->ike = child_sa_view(out->child).ike;
	}
	if (out->purpose == PURPOSE_IKE_SA_INIT) {
		if (!out->ike)
			out->ike = t->again;
		t->again = NULL;
		return true;
	}
	if (!out->ike)
		out->ike = newest_ike(r, t);
	if (!out->child &&
	    (out->purpose == PURPOSE_DELETE_CHILD || out->purpose == PURPOSE_REKEY_CHILD))
		out->child = newest_child(r, t, out->ike);
	return out->ike || why_set(why, "there is no IKE SA for this request yet");
}

static void stimulated(struct run *r, struct tester *t, bool esp)
{
	t->stimulus = run_now(r);
	t->esp_last = esp;
}

bool send_message(struct run *r, struct step *s, const struct element_node *el, bool retransmit,
		  struct why *why)
{
	struct sending out = { .retransmit = retransmit };
	struct tester *t = s->tester;

	if (!purpose_of(r, el, AT_REQUEST, &out.purpose, why) ||
	    !request_sas(r, el, t, &out, why) || !shape_of(r, el, &out, why))
		return false;
	s->sent = endpoint_send(t->endpoint, &out, run_now(r), why);
	if (!s->sent)
		return false;
	t->last_request = s->sent;
	stimulated(r, t, false);
	return true;
}

bool send_response(struct run *r, struct tester *t, const struct element_node *el, struct seen *to,
		   struct why *why)
{
	struct sending out = {
		.response = true, .answers = to, .ike = to->ike, .purpose = to->purpose
	};
	struct sent *sent;

	if (attr_find(el, AT_RESPONSE) && !purpose_of(r, el, AT_RESPONSE, &out.purpose, why))
		return false;
	if (to->purpose != PURPOSE_NONE && out.purpose == PURPOSE_INFORMATIONAL)
		out.purpose = to->purpose;
	if (!shape_of(r, el, &out, why))
		return false;
	sent = endpoint_send(t->endpoint, &out, run_now(r), why);
	if (!sent)
		return false;
	if (t->last_asked == to && !out.notify)
		t->last_asked = NULL;
	stimulated(r, t, false);
	responded(r, t, to, sent);
	r->step.sent = sent;
	return true;
}

static bool send_answer(struct run *r, struct step *s, struct why *why)
{
	const char *name =
		attr_find(s->el, AT_ANSWERS) ? run_text(r, s->el, AT_ANSWERS, why) : NULL;
	struct seen *to = s->tester->last_asked;
	struct saved *m;

	if (attr_find(s->el, AT_ANSWERS)) {
		m = name ? known_message(r, name, why) : NULL;
		if (!m)
			return false;
		to = m->seen;
	}
	if (!to)
		return why_set(why, "no request of the target waits for an answer");
	return send_response(r, s->tester, s->el, to, why);
}

/* ------------------------------------------------------------ again */

/* Another tester repeats it, or it is the target's own message: raw octets. */
static bool send_copy(struct run *r, struct step *s, struct bytes octets, bool marker,
		      struct why *why)
{
	const struct connection *c = &s->tester->connections[CONNECTION_ASKED];
	struct datagram d = {
		.from = c->local, .to = c->remote, .marker = marker, .octets = octets
	};
	struct address now = node_address(s->tester->node, c->remote.family);

	(void)r;
	(void)why;
	memcpy(d.from.ip, now.ip, sizeof now.ip);
	if (marker) {
		d.from.port = c->local_nat_port;
		d.to.port = c->remote_nat_port;
	}
	node_send_datagram(s->tester->node, &d);
	return true;
}

static bool again_ike(struct run *r, struct step *s, struct saved *m, const struct edits *edits,
		      struct why *why)
{
	bool foreign = m->tester != s->tester;
	const char *order = attr_find(s->el, AT_ORDER) ? run_text(r, s->el, AT_ORDER, why) : NULL;
	struct sent *sent;

	if (attr_find(s->el, AT_ORDER) && !order)
		return false;
	sent = endpoint_again_ordered(m->tester->endpoint, m->sent, order, edits,
				      foreign || yes(s->el, AT_LOST), run_now(r), why);
	if (!sent)
		return false;
	s->sent = sent;
	for (size_t i = 0; foreign && i < sent->composed.count; i++)
		if (!send_copy(r, s, sent->composed.datagrams[i], sent->marker, why))
			return false;
	if (foreign)
		return true;
	if (!sent->response)
		s->tester->last_request = sent;
	return true;
}

static bool again_esp(struct run *r, struct step *s, struct saved *m, const struct edits *edits,
		      struct why *why)
{
	const struct esp_sent *sent = node_send_again(s->tester->node, m->esp, edits, why);

	if (!sent)
		return false;
	s->saved = saved_esp(r, s->tester, sent);
	s->tester->last_ping = (struct esp_sent *)sent;
	return true;
}

static bool send_again(struct run *r, struct step *s, struct why *why)
{
	const char *name = run_text(r, s->el, AT_AGAIN, why);
	struct saved *m = name ? known_message(r, name, why) : NULL;
	const struct edits *edits = m ? edits_of(r, s->el, why) : NULL;
	bool good;

	if (!edits)
		return false;
	if (m->kind == SAVED_SENT)
		good = again_ike(r, s, m, edits, why);
	else if (m->kind == SAVED_ESP_SENT)
		good = again_esp(r, s, m, edits, why);
	else
		good = send_copy(r, s, saved_octets(m), m->seen && m->seen->datagram.marker, why);
	if (good)
		stimulated(r, s->tester, m->kind == SAVED_ESP_SENT);
	return good;
}

/* ------------------------------------------------------------ packets */

static enum esp_kind esp_kind_of(const char *word)
{
	static const struct {
		const char *word;
		enum esp_kind kind;
	} kinds[] = {
		{"ping",   ESP_SEND_PING },
		{ "udp",   ESP_SEND_UDP  },
		{ "tcp",   ESP_SEND_TCP  },
		{ "dummy", ESP_SEND_DUMMY},
	};

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (strcmp(word, kinds[i].word) == 0)
			return kinds[i].kind;
	return ESP_SEND_PING;
}

static bool esp_shape(struct run *r, struct step *s, struct esp_sending *out, struct why *why)
{
	const struct attr *seq = attr_find(s->el, AT_SEQ), *size = attr_find(s->el, AT_SIZE);
	uint64_t n = 0;

	if (seq && !run_number(r, seq, &out->shape.seq, why))
		return false;
	out->shape.has_seq = seq != NULL;
	s->tester->numbered |= seq != NULL;
	if (size && !run_number(r, size, &n, why))
		return false;
	out->size = (size_t)n;
	out->lost = yes(s->el, AT_LOST);
	out->shape.edits = edits_of(r, s->el, why);
	return out->shape.edits != NULL;
}

static bool send_packet(struct run *r, struct step *s, struct why *why)
{
	bool clear = attr_find(s->el, AT_IP) != NULL;
	struct esp_sending out = { .kind = ESP_SEND_OCTETS, .clear = clear };
	struct esp_sent *sent;
	const char *word, *name;

	if (!packet_of(r, s->el, clear ? AT_IP : AT_ESP, &word, &out.octets, why) ||
	    !esp_shape(r, s, &out, why))
		return false;
	if (word)
		out.kind = esp_kind_of(word);
	if (attr_find(s->el, AT_CHILD)) {
		if (!(name = run_text(r, s->el, AT_CHILD, why)) ||
		    !child_named(r, name, &out.child, why))
			return false;
	} else {
		out.child = newest_child(r, s->tester, NULL);
	}
	if (!out.child && !clear)
		return why_set(why, "there is no Child SA yet");
	sent = node_send_esp(s->tester->node, &out, why);
	if (!sent)
		return false;
	s->saved = saved_esp(r, s->tester, sent);
	if (!clear)
		fence_sent(r, s->tester, sent);
	s->tester->last_ping = sent;
	stimulated(r, s->tester, true);
	return true;
}

static bool send_octets(struct run *r, struct step *s, struct why *why)
{
	struct ike_sa *sa = newest_ike(r, s->tester);
	struct bytes octets;
	struct value v;

	if (!run_value(r, attr_find(s->el, AT_OCTETS), NULL, &v, why) ||
	    !value_octets(&v, 0, r->arena, &octets, why))
		return false;
	endpoint_send_octets(
		s->tester->endpoint, CONNECTION_ASKED,
		sa && ike_sa_view(sa).local.port ==
				s->tester->connections[CONNECTION_ASKED].local_nat_port,
		octets, run_now(r));
	stimulated(r, s->tester, false);
	return true;
}

static bool send_icmp(struct run *r, struct step *s, struct why *why)
{
	const char *kind = run_text(r, s->el, AT_ICMP, why), *name = NULL;
	struct saved *m = NULL;
	struct bytes packet;
	struct address us;

	if (kind && attr_find(s->el, AT_ANSWERS))
		name = run_text(r, s->el, AT_ANSWERS, why);
	if (name)
		m = known_message(r, name, why);
	if (!m || !m->arrival)
		return kind && !m ? why_set(why, "icmp needs answers= a message of the target")
				  : false;
	us = node_address(s->tester->node, m->arrival->ip.family);
	if (!icmp_error_make(r->arena, &us, &m->arrival->ip.from, kind, m->arrival->delivered,
			     &packet))
		return why_set(why, "'%s' is no ICMP error", kind);
	node_send_packet(s->tester->node, packet);
	stimulated(r, s->tester, false);
	return true;
}

/* ------------------------------------------------------------ the step */

/* clang-format off */
static const struct {
	enum attribute attribute;
	bool (*send)(struct run *r, struct step *s, struct why *why);
} sendings[] = {
	{ AT_RESPONSE, send_answer },
	{ AT_AGAIN,    send_again  },
	{ AT_ESP,      send_packet },
	{ AT_IP,       send_packet },
	{ AT_OCTETS,   send_octets },
	{ AT_ICMP,     send_icmp   },
};
/* clang-format on */

static void save_sent(struct run *r, struct step *s, struct why *why)
{
	const char *name = run_text(r, s->el, AT_SAVE, why);

	if (!name)
		return;
	if (s->saved)
		known_save(r, name, s->saved);
	else if (s->sent)
		known_save(r, name, saved_sent(r, s->tester, s->sent));
}

bool step_send_begin(struct run *r, struct step *s, struct why *why)
{
	bool good = false;

	if (attr_find(s->el, AT_REQUEST))
		good = send_message(r, s, s->el, false, why);
	else
		for (size_t i = 0; i < ARRAY_LEN(sendings); i++)
			if (attr_find(s->el, sendings[i].attribute)) {
				good = sendings[i].send(r, s, why);
				break;
			}
	if (!good)
		return false;
	if (s->sent && !s->sent->response)
		name_sent(r, s->tester, s->el, s->sent);
	save_sent(r, s, why);
	return true;
}
