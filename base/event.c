#include "base/event.h"

#include <assert.h>

static const char *const kind_names[] = {
	[EVENT_BEGIN] = "begin",
	[EVENT_CATALOGUE] = "catalogue",
	[EVENT_PROFILE] = "profile",
	[EVENT_CASE] = "case",
	[EVENT_SENT] = "sent",
	[EVENT_RECEIVED] = "received",
	[EVENT_DROPPED] = "dropped",
	[EVENT_TREE] = "tree",
	[EVENT_EDITED] = "edited",
	[EVENT_KEYS_IKE] = "keys-ike",
	[EVENT_KEYS_CHILD] = "keys-child",
	[EVENT_STATE] = "state",
	[EVENT_TIMER] = "timer",
	[EVENT_STEP] = "step",
	[EVENT_STEP_END] = "step-end",
	[EVENT_CHECK] = "check",
	[EVENT_ORACLE] = "oracle",
	[EVENT_TARGET] = "target",
	[EVENT_NOTE] = "note",
	[EVENT_VERDICT] = "verdict",
	[EVENT_ESP] = "esp",
	[EVENT_CASE_END] = "case-end",
	[EVENT_END] = "end",
};

const char *event_kind_name(enum event_kind kind)
{
	assert((size_t)kind < ARRAY_LEN(kind_names));
	return kind_names[kind];
}

bool event_listen(struct event_log *log, event_listener *hear, void *ctx)
{
	if (log->count == EVENT_LISTENERS)
		return false;
	log->listeners[log->count].hear = hear;
	log->listeners[log->count].ctx = ctx;
	log->count++;
	return true;
}

void event_unlisten(struct event_log *log, event_listener *hear, void *ctx)
{
	size_t kept = 0;
	for (size_t i = 0; i < log->count; i++)
		if (log->listeners[i].hear != hear || log->listeners[i].ctx != ctx)
			log->listeners[kept++] = log->listeners[i];
	log->count = kept;
}

void event_emit(struct event_log *log, const struct event *e)
{
	for (size_t i = 0; log && i < log->count; i++)
		log->listeners[i].hear(log->listeners[i].ctx, e);
}
