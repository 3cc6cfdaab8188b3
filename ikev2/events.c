/*
 * What the endpoint tells the event log: states, timers, keys.
 */
#include <stdarg.h>
#include <stdio.h>

#include "inside.h"

static struct event event_of(const struct endpoint *e, enum event_kind kind)
{
	return (struct event){
		.kind = kind, .time = e->now, .run = e->config.run, .endpoint = e->config.name
	};
}

static const char *sa_name(const struct ike_sa *sa, char *text, size_t cap)
{
	if (!sa)
		return NULL;
	snprintf(text, cap, "%016llx_i %016llx_r", (unsigned long long)sa->spi_i,
		 (unsigned long long)sa->spi_r);
	return text;
}

void note_state(struct endpoint *e, const struct ike_sa *sa, const char *format, ...)
{
	char text[320], name[48];
	va_list args;
	if (!e->config.log)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	struct event event = event_of(e, EVENT_STATE);
	event.text = text;
	event.id = sa_name(sa, name, sizeof(name));
	event_emit(e->config.log, &event);
}

void note_timer(struct endpoint *e, const struct ike_sa *sa, const char *timer)
{
	char name[48];
	if (!e->config.log)
		return;
	struct event event = event_of(e, EVENT_TIMER);
	event.text = timer;
	event.id = sa_name(sa, name, sizeof(name));
	event_emit(e->config.log, &event);
}

void note_keys(struct ike_sa *sa)
{
	struct endpoint *e = sa->endpoint;
	if (!e->config.log)
		return;
	struct event_ike_keys keys = {
		.spi_i = sa->spi_i,
		.spi_r = sa->spi_r,
		.suite = &sa->suite,
		.sk_ei = sa->keys.sk_ei,
		.sk_er = sa->keys.sk_er,
		.sk_ai = sa->keys.sk_ai,
		.sk_ar = sa->keys.sk_ar,
	};
	struct event event = event_of(e, EVENT_KEYS_IKE);
	event.ike_keys = &keys;
	event_emit(e->config.log, &event);
}
