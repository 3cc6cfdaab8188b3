#include "stand.h"

#include <stdio.h>
#include <stdlib.h>

static bool value(void *ctx, const void *expression, const struct edit_place *place,
		  struct arena *a, struct edit_value *out, struct why *why)
{
	const char *text = expression;
	char *end;
	size_t len;
	(void)ctx;
	(void)place;
	*out = (struct edit_value){ .is_octets = true };
	if (strncmp(text, "hex:", 4) == 0) {
		uint8_t *at = arena_alloc(a, strlen(text));
		bytes_from_hex(text + 4, at, strlen(text), &len);
		out->octets = bytes_make(at, len);
	} else if (strncmp(text, "ones:", 5) == 0 || strncmp(text, "zero:", 5) == 0) {
		len = strtoul(text + 5, NULL, 10);
		uint8_t *at = arena_alloc(a, len);
		memset(at, text[0] == 'o' ? 0xff : 0, len);
		out->octets = bytes_make(at, len);
	} else {
		*out = (struct edit_value){ .number = strtoull(text, &end, 0) };
		if (*end)
			return why_set(why, "'%s' is no value", text);
	}
	return true;
}

static enum edit_op op_of(const char *word)
{
	static const struct {
		const char *word;
		enum edit_op op;
	} ops[] = {
		{ "set", EDIT_SET },
		{ "freeze", EDIT_FREEZE },
		{ "corrupt", EDIT_CORRUPT },
		{ "add", EDIT_ADD },
		{ "drop", EDIT_DROP },
		{ "copy", EDIT_COPY },
		{ "move", EDIT_MOVE },
		{ "flip", EDIT_CORRUPT_OCTET },
		{ "truncate", EDIT_TRUNCATE_TO },
		{ "append", EDIT_APPEND },
	};
	for (size_t i = 0; i < ARRAY_LEN(ops); i++)
		if (strcmp(word, ops[i].word) == 0)
			return ops[i].op;
	fprintf(stderr, "no such edit: %s\n", word);
	abort();
}

static void add_words(struct edit *e, struct edit_field *fields, char **save)
{
	for (char *w = strtok_r(NULL, " ", save); w; w = strtok_r(NULL, " ", save)) {
		char *equal = strchr(w, '=');
		if (!equal) {
			e->value = w;
			continue;
		}
		*equal = '\0';
		if (strcmp(w, "before") == 0)
			e->before = equal + 1;
		else if (strcmp(w, "after") == 0)
			e->after = equal + 1;
		else if (strcmp(w, "times") == 0)
			e->times = (unsigned)atoi(equal + 1);
		else
			fields[e->field_count++] = (struct edit_field){ w, equal + 1 };
	}
}

const struct edits *edits_of(struct edit_text *t, const char *text)
{
	char *outer = NULL, *inner;
	*t = (struct edit_text){ .edits = { .rows = t->rows, .value = value } };
	if (!text || !*text)
		return NULL;
	snprintf(t->text, sizeof(t->text), "%s", text);
	for (char *one = strtok_r(t->text, ";", &outer); one; one = strtok_r(NULL, ";", &outer)) {
		struct edit *e = &t->rows[t->edits.count];
		struct edit_field *fields = t->fields[t->edits.count++];
		*e = (struct edit){ .op = op_of(strtok_r(one, " ", &inner)),
				    .fields = fields,
				    .times = 1,
				    .file = "test" };
		if (edit_of_datagram(e)) {
			e->path = "datagram";
			e->value = strtok_r(NULL, " ", &inner);
		} else {
			e->path = strtok_r(NULL, " ", &inner);
			add_words(e, fields, &inner);
		}
	}
	return &t->edits;
}

struct pair *stand_new(const struct pair_setup *setup)
{
	struct pair *p = pair_new(setup);
	p->end[LEFT].config.automatic = false;
	return p;
}

static void to_target(struct pair *p)
{
	struct datagram d;
	while (endpoint_output(p->end[LEFT].endpoint, p->now, &d)) {
		p->packets++;
		endpoint_input(p->end[RIGHT].endpoint, &d, p->now);
	}
}

struct seen *stand_hear(struct pair *p)
{
	struct datagram d;
	struct seen *last = NULL;
	while (endpoint_output(p->end[RIGHT].endpoint, p->now, &d)) {
		p->packets++;
		last = endpoint_look(p->end[LEFT].endpoint, &d, p->now);
	}
	return last;
}

struct seen *stand_send(struct pair *p, const struct sending *s)
{
	struct why why;
	if (!endpoint_send(p->end[LEFT].endpoint, s, p->now, &why)) {
		fprintf(stderr, "%s: %s\n", purpose_name(s->purpose), why.text);
		abort();
	}
	to_target(p);
	return stand_hear(p);
}

struct seen *stand_ask(struct pair *p, enum purpose purpose, const char *edits)
{
	struct edit_text *t = arena_new_of(p->arena, struct edit_text);
	struct sending s = { .purpose = purpose, .edits = edits_of(t, edits) };
	if (purpose != PURPOSE_IKE_SA_INIT)
		s.ike = endpoint_ike_sa(p->end[LEFT].endpoint, 0);
	return stand_send(p, &s);
}

void stand_take(struct pair *p, struct seen *s)
{
	endpoint_take(p->end[LEFT].endpoint, s, TAKE_AUTOMATIC, p->now);
	to_target(p);
}

bool stand_establish(struct pair *p)
{
	static const enum purpose purposes[] = { PURPOSE_IKE_SA_INIT, PURPOSE_IKE_AUTH };
	for (size_t i = 0; i < ARRAY_LEN(purposes); i++) {
		struct seen *s = stand_ask(p, purposes[i], NULL);
		if (!s)
			return false;
		stand_take(p, s);
	}
	pair_pump(p);
	return pair_agrees(p);
}

static struct seen *answer(struct pair *p, struct seen *request, const char *edits)
{
	struct edit_text *t = arena_new_of(p->arena, struct edit_text);
	endpoint_take(p->end[LEFT].endpoint, request, TAKE_HOLD, p->now);
	struct sending s = { .purpose = request->purpose,
			     .response = true,
			     .answers = request,
			     .edits = edits_of(t, edits) };
	return stand_send(p, &s);
}

bool stand_answer_handshake(struct pair *p, const char *init_edits, const char *auth_edits)
{
	struct why why;
	if (!endpoint_initiate(p->end[RIGHT].endpoint, 0, p->now, &why))
		return false;
	struct seen *s = stand_hear(p);
	s = s ? answer(p, s, init_edits) : NULL;
	if (!s || s->purpose != PURPOSE_IKE_AUTH)
		return false;
	answer(p, s, auth_edits);
	pair_pump(p);
	return pair_ike(p, RIGHT).state == IKE_ESTABLISHED;
}

const char *stand_outcome(const struct seen *s)
{
	if (!s || !s->is_ike)
		return "silence";
	if (s->message.protection != MESSAGE_CLEAR && s->message.protection != MESSAGE_OPENED)
		return "sealed";
	for (unsigned n = 1;; n++) {
		struct node *p = message_payload(&s->message, PAYLOAD_NOTIFY, n);
		uint64_t type = 0;
		if (!p)
			return "ok";
		if (wire_number(p, "type", &type) && (type < 16384 || type == 16390))
			return names_text(&names_notify, (uint32_t)type);
	}
}

bool stand_done(struct pair *p, enum purpose purpose, const char *edits)
{
	struct seen *s = stand_ask(p, purpose, edits);
	if (s)
		stand_take(p, s);
	pair_pump(p);
	return s && strcmp(stand_outcome(s), "ok") == 0;
}
