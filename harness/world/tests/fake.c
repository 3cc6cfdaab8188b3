#include "fake.h"

#include "cm.h"

struct endpoint *endpoint_new(const struct endpoint_config *config, struct why *why)
{
	struct endpoint *e = calloc(1, sizeof(*e));

	(void)config;
	(void)why;
	e->deadline = USEC_NEVER;
	return e;
}

void endpoint_free(struct endpoint *e)
{
	free(e);
}

void fake_order(struct endpoint *e, const struct child_order *o)
{
	assert_true(e->order_count < FAKE_QUEUE);
	e->orders[e->order_count++] = *o;
}

void fake_say(struct endpoint *e, const char *from, const char *to, struct bytes octets)
{
	assert_true(e->output_count < FAKE_QUEUE);
	e->outputs[e->output_count++] = (struct datagram){
		.from = address_of(from), .to = address_of(to), .octets = octets,
	};
	e->outputs[e->output_count - 1].marker = e->outputs[e->output_count - 1].from.port == 4500;
}

void endpoint_input(struct endpoint *e, const struct datagram *in, usec now)
{
	(void)now;
	e->inputs++;
	e->last = *in;
	assert_true(in->octets.len <= sizeof(e->octets));
	if (in->octets.len)
		memcpy(e->octets, in->octets.at, in->octets.len);
	e->last.octets.at = e->octets;
	if (!e->parrot)
		return;
	memcpy(e->said, e->octets, in->octets.len);
	e->output_next = 0;
	e->output_count = 1;
	e->outputs[0] = (struct datagram){ .from = in->to, .to = in->from, .marker = in->marker,
					   .octets = bytes_make(e->said, in->octets.len) };
}

bool endpoint_output(struct endpoint *e, usec now, struct datagram *out)
{
	(void)now;
	if (e->output_next == e->output_count) {
		e->output_next = e->output_count = 0;
		return false;
	}
	*out = e->outputs[e->output_next++];
	return true;
}

bool endpoint_order(struct endpoint *e, struct child_order *out)
{
	if (e->order_next == e->order_count) {
		e->order_next = e->order_count = 0;
		return false;
	}
	*out = e->orders[e->order_next++];
	return true;
}

void endpoint_report(struct endpoint *e, const struct child_report *r, usec now)
{
	(void)now;
	e->reports[e->report_count++ % FAKE_QUEUE] = *r;
}

usec endpoint_deadline(struct endpoint *e)
{
	return e->deadline;
}

void endpoint_tick(struct endpoint *e, usec now)
{
	assert_true(now >= e->deadline);
	e->ticks++;
	if (e->stuck)
		return;
	e->deadline = e->period ? e->deadline + e->period : USEC_NEVER;
}
