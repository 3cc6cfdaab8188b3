/*
 * SA payloads: offers read, one suite chosen by our own order of preference, answers written and
 * judged (RFC 7296 2.7, 3.3).
 */
#include "inside.h"

#define FEW_TRANSFORMS       16 /* what a receiver with a small table would read */
#define ATTRIBUTE_KEY_LENGTH 14

static void read_attributes(struct node *t, struct offered_transform *out)
{
	struct node *list = payload_list(t);
	bool seen = false;
	for (struct node *a = list ? list->first : NULL; a; a = a->next) {
		bool key_length = payload_number(a, "type") == ATTRIBUTE_KEY_LENGTH;
		if (!key_length || seen || payload_number(a, "format") != 1 || a->undecoded)
			out->odd = true;
		else
			out->key_bits = (uint16_t)payload_number(a, "value");
		seen = true;
	}
}

static bool read_proposal(struct endpoint *e, struct arena *a, struct node *p, struct offered *out)
{
	struct node *list = payload_list(p);
	out->number = (uint8_t)payload_number(p, "number");
	out->protocol = (uint8_t)payload_number(p, "protocol");
	out->spi = arena_copy(a, payload_octets(p, "spi"));
	size_t count = list ? wire_count(list) : 0;
	if (count > FEW_TRANSFORMS && !check_on(e, CHECK_ALL_TRANSFORMS))
		count = FEW_TRANSFORMS;
	out->rows = arena_array(a, count, sizeof(*out->rows));
	if (!out->rows)
		return false;
	for (struct node *t = list ? list->first : NULL; t && out->count < count; t = t->next) {
		struct offered_transform *row = &out->rows[out->count];
		if (t->undecoded)
			continue;
		row->type = (uint8_t)payload_number(t, "type");
		row->id = (uint16_t)payload_number(t, "id");
		read_attributes(t, row);
		out->count++;
	}
	return true;
}

bool offers_read(struct endpoint *e, struct arena *a, struct node *payload, struct offers *out)
{
	struct node *list = payload ? payload_list(payload) : NULL;
	*out = (struct offers){ NULL, 0 };
	if (!list)
		return true;
	out->rows = arena_array(a, wire_count(list), sizeof(*out->rows));
	if (!out->rows)
		return false;
	for (struct node *p = list->first; p; p = p->next)
		if (!p->undecoded && !read_proposal(e, a, p, &out->rows[out->count++]))
			return false;
	return true;
}

/* Does the proposal offer this transform?  id 0 asks for NONE. */
static bool offers_transform(const struct endpoint *e, const struct offered *p, uint8_t type,
			     uint16_t id, uint16_t key_bits)
{
	for (size_t i = 0; i < p->count; i++) {
		const struct offered_transform *t = &p->rows[i];
		if (t->type != type || t->id != id)
			continue;
		if (t->odd && (!e || check_on(e, CHECK_TRANSFORM_ATTRIBUTES)))
			continue;
		if (t->key_bits == key_bits)
			return true;
		if (!t->key_bits && key_bits == 128 && e && !check_on(e, CHECK_KEY_LENGTH))
			return true;
	}
	return false;
}

static bool offers_type(const struct offered *p, uint8_t type)
{
	for (size_t i = 0; i < p->count; i++)
		if (p->rows[i].type == type)
			return true;
	return false;
}

static bool row_offered(const struct endpoint *e, const struct offered *p,
			const struct transform *t)
{
	return offers_transform(e, p, t->type, t->id, t->key_bits);
}

/* A type that the suite does without: not offered, or NONE is. */
static bool without(const struct endpoint *e, const struct offered *p, uint8_t type, bool *none)
{
	*none = offers_transform(e, p, type, 0, 0);
	return *none || !offers_type(p, type);
}

static bool known_types(const struct offered *p)
{
	for (size_t i = 0; i < p->count; i++)
		if (p->rows[i].type < TRANSFORM_ENCR || p->rows[i].type > TRANSFORM_ESN)
			return false;
	return true;
}

static const struct transform *integ_of(const struct suite *s)
{
	return s->integ && s->integ->id && !s->encr->aead ? s->integ : NULL;
}

/* The mandatory types (3.3.3); a receiver that takes a missing one as its own is a fault. */
static bool has(const struct endpoint *e, const struct offered *p, const struct transform *t)
{
	if (!offers_type(p, t->type) && e && !check_on(e, CHECK_MANDATORY_TRANSFORMS))
		return true;
	return row_offered(e, p, t);
}

static bool has_integ(const struct endpoint *e, const struct offered *p, const struct suite *s,
		      struct chosen *out)
{
	const struct transform *integ = integ_of(s);
	return integ ? has(e, p, integ) : without(e, p, TRANSFORM_INTEG, &out->integ_none);
}

static bool holds_ike(const struct endpoint *e, const struct offered *p, const struct suite *s,
		      struct chosen *out)
{
	return has(e, p, s->encr) && has(e, p, s->prf) && has(e, p, s->ke) &&
	       has_integ(e, p, s, out);
}

static bool holds_esp(const struct endpoint *e, const struct offered *p, const struct suite *s,
		      struct chosen *out)
{
	bool esn = offers_transform(e, p, TRANSFORM_ESN, s->esn, 0);
	if (!offers_type(p, TRANSFORM_ESN) && e && !check_on(e, CHECK_MANDATORY_TRANSFORMS))
		esn = !s->esn;
	if (s->ke ? !has(e, p, s->ke) : !without(e, p, TRANSFORM_KE, &out->ke_none))
		return false;
	return esn && has(e, p, s->encr) && has_integ(e, p, s, out);
}

static bool holds(const struct endpoint *e, const struct offered *p, uint8_t protocol,
		  const struct suite *s, struct chosen *out)
{
	*out = (struct chosen){ .suite = *s, .number = p->number, .spi = p->spi };
	if (p->protocol != protocol ||
	    (!known_types(p) && (!e || check_on(e, CHECK_TRANSFORM_TYPES))))
		return false;
	return protocol == PROTOCOL_IKE ? holds_ike(e, p, s, out) : holds_esp(e, p, s, out);
}

bool offers_choose(struct endpoint *e, const struct offers *o, uint8_t protocol,
		   const struct suite *ours, size_t count, struct chosen *out)
{
	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < o->count; k++)
			if (holds(e, &o->rows[k], protocol, &ours[i], out))
				return true;
	return false;
}

static const struct transform *first_known(const struct offered *p, uint8_t type)
{
	for (size_t i = 0; i < p->count; i++) {
		const struct transform *t =
			p->rows[i].type == type
				? transform_find(type, p->rows[i].id, p->rows[i].key_bits)
				: NULL;
		if (t && (t->suites & TRANSFORM_IMPLEMENTED))
			return t;
	}
	return NULL;
}

bool offers_any(const struct offers *o, uint8_t protocol, struct chosen *out)
{
	for (size_t k = 0; k < o->count; k++) {
		const struct offered *p = &o->rows[k];
		struct suite s = { .encr = first_known(p, TRANSFORM_ENCR) };
		if (p->protocol != protocol || !s.encr)
			continue;
		s.integ = s.encr->aead ? NULL : first_known(p, TRANSFORM_INTEG);
		s.prf = first_known(p, TRANSFORM_PRF);
		s.ke = first_known(p, TRANSFORM_KE);
		s.esn = !offers_transform(NULL, p, TRANSFORM_ESN, 0, 0);
		*out = (struct chosen){ .suite = s, .number = p->number, .spi = p->spi };
		if ((s.encr->aead || s.integ) && (protocol != PROTOCOL_IKE || (s.prf && s.ke)))
			return true;
	}
	return false;
}

bool offers_hold_group(const struct offers *o, uint16_t group)
{
	for (size_t i = 0; i < o->count; i++)
		if (offers_transform(NULL, &o->rows[i], TRANSFORM_KE, group, 0))
			return true;
	return false;
}

/* Each transform of the answer stands in the offer, each type of the offer once in the answer. */
static bool consistent(const struct offered *offer, const struct offered *answer)
{
	unsigned types = 0;
	for (size_t i = 0; i < answer->count; i++) {
		const struct offered_transform *t = &answer->rows[i];
		if (t->odd || t->type > 31 || (types & 1u << t->type) ||
		    !offers_transform(NULL, offer, t->type, t->id, t->key_bits))
			return false;
		types |= 1u << t->type;
	}
	for (size_t i = 0; i < offer->count; i++) {
		uint8_t type = offer->rows[i].type;
		bool may_lack = offers_transform(NULL, offer, type, 0, 0) && type != TRANSFORM_ESN;
		/* A mixed proposal (RFC 5282 8): with an AEAD the answer has no INTEG. */
		if (type > 31 || (!(types & 1u << type) && !may_lack && type != TRANSFORM_INTEG))
			return false;
	}
	return true;
}

static const struct offered *numbered(const struct offers *o, uint8_t number)
{
	for (size_t i = 0; i < o->count; i++)
		if (o->rows[i].number == number)
			return &o->rows[i];
	return NULL;
}

bool offers_answer(struct endpoint *e, const struct offers *ours, struct node *payload,
		   uint8_t protocol, struct arena *a, struct chosen *out)
{
	struct offers answer;
	if (!offers_read(e, a, payload, &answer) || answer.count < 1 ||
	    !offers_any(&answer, protocol, out))
		return false;
	const struct offered *offer = numbered(ours, answer.rows[0].number);
	return answer.count == 1 && offer && offer->protocol == protocol &&
	       consistent(offer, &answer.rows[0]);
}

/* ------------------------------------------------------------ writing */

static bool write_transform(struct arena *a, struct node *list, uint8_t type, uint16_t id,
			    uint16_t key_bits)
{
	struct node *t = payload_element(a, list);
	if (!t || !wire_give_number(t, "type", type) || !wire_give_number(t, "id", id))
		return false;
	if (!key_bits)
		return true;
	struct node *attributes = payload_list(t);
	struct node *attribute = attributes ? payload_element(a, attributes) : NULL;
	return attribute && wire_give_number(attribute, "type", ATTRIBUTE_KEY_LENGTH) &&
	       wire_give_number(attribute, "value", key_bits);
}

static bool write_row(struct arena *a, struct node *list, const struct transform *t)
{
	return !t || write_transform(a, list, t->type, t->id, t->key_bits);
}

static struct node *write_proposal(struct arena *a, struct node *payload, uint8_t protocol,
				   uint8_t number, struct bytes spi)
{
	struct node *list = payload_list(payload);
	struct node *p = list ? payload_element(a, list) : NULL;
	if (!p || !wire_give_number(p, "number", number) ||
	    !wire_give_number(p, "protocol", protocol))
		return NULL;
	if (spi.len && !wire_give_octets(a, p, "spi", spi))
		return NULL;
	return payload_list(p);
}

static bool same_but_ke(const struct suite *x, const struct suite *y)
{
	return x->encr == y->encr && integ_of(x) == integ_of(y) && x->prf == y->prf &&
	       x->esn == y->esn;
}

/* Suites that differ in the group alone share a proposal. */
bool proposals_write(struct arena *a, struct node *payload, uint8_t protocol,
		     const struct suite *suites, size_t count, struct bytes spi, bool with_ke)
{
	uint8_t number = 0;
	for (size_t i = 0; i < count; i++) {
		const struct suite *s = &suites[i];
		if (i && same_but_ke(s, &suites[i - 1]))
			continue;
		struct node *list = write_proposal(a, payload, protocol, ++number, spi);
		if (!list || !write_row(a, list, s->encr) ||
		    !write_row(a, list, protocol == PROTOCOL_IKE ? s->prf : NULL) ||
		    !write_row(a, list, integ_of(s)))
			return false;
		for (size_t k = i; with_ke && k < count && same_but_ke(s, &suites[k]); k++)
			if (!write_row(a, list, suites[k].ke))
				return false;
		if (protocol != PROTOCOL_IKE && !write_transform(a, list, TRANSFORM_ESN, s->esn, 0))
			return false;
	}
	return number > 0;
}

bool proposal_write_chosen(struct arena *a, struct node *payload, uint8_t protocol,
			   const struct chosen *c, struct bytes spi)
{
	const struct suite *s = &c->suite;
	struct node *list = write_proposal(a, payload, protocol, c->number, spi);
	if (!list || !write_row(a, list, s->encr))
		return false;
	if (protocol == PROTOCOL_IKE && !write_row(a, list, s->prf))
		return false;
	if (integ_of(s) ? !write_row(a, list, s->integ)
			: c->integ_none && !write_transform(a, list, TRANSFORM_INTEG, 0, 0))
		return false;
	if (s->ke ? !write_row(a, list, s->ke)
		  : c->ke_none && !write_transform(a, list, TRANSFORM_KE, 0, 0))
		return false;
	return protocol == PROTOCOL_IKE || write_transform(a, list, TRANSFORM_ESN, s->esn, 0);
}
