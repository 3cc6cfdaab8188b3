/*
 * A message in a line, for people.
 */
#include "base/names.h"
#include "ikev2/message.h"

static const char *or_empty(const char *text)
{
	return text ? text : "";
}

static const char *payload_words(struct arena *a, const struct message *m)
{
	struct node *list = m->inner ? m->inner : m->outer ? m->outer->last : NULL;
	const char *text = "";
	char spare[32];

	if (list && !m->inner && list->row && list->row->kind != WIRE_LIST)
		return "";
	for (struct node *p = list ? list->first : NULL; p; p = p->next) {
		uint64_t type;
		if (!p->format)
			continue;
		text = or_empty(arena_printf(a, "%s%s%s", text, *text ? ", " : "", p->format->name));
		if (p->type == PAYLOAD_NOTIFY && wire_number(p, "type", &type))
			text = or_empty(arena_printf(
				a, "%s(%s)", text,
				names_print(&names_notify, (uint32_t)type, spare, sizeof(spare))));
	}
	return text;
}

const char *message_line(struct arena *a, const struct message *m)
{
	char spare[32];
	const char *parts = payload_words(a, m);

	return or_empty(arena_printf(a, "%s %s%s%s%s",
				     names_print(&names_exchange, m->exchange, spare, sizeof(spare)),
				     m->response ? "response" : "request",
				     m->protection == MESSAGE_BAD_ICV ? " with a wrong ICV" : "",
				     *parts ? " with " : " without payloads", parts));
}
