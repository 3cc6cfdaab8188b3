/* Oracles over ESP packets: numbers and IVs, which stand in clear. */
#include "oracles.h"

static struct oracle_esp *find(const struct oracles *o, uint32_t spi)
{
	struct oracle_esp *e = o->esp;

	while (e && e->spi != spi)
		e = e->next;
	return e;
}

static struct oracle_esp *make(struct oracles *o, uint32_t spi)
{
	struct oracle_esp *e = arena_new_of(o->run->arena, struct oracle_esp);

	if (!e)
		return NULL;
	e->spi = spi;
	e->next = o->esp;
	o->esp = e;
	return e;
}

static void look_at_first(struct oracles *o, const struct oracle_esp *e)
{
	if (e->first != 1)
		fire(o, ORACLE_ESP_FIRST, NULL, run_printf(o->run, "%u", e->first));
}

void oracle_child_keys(struct oracles *o, const struct event_child_keys *k)
{
	struct oracle_esp *e = find(o, k->spi);

	if (e && !e->early)
		return;
	if (!e)
		e = make(o, k->spi);
	if (!e)
		return;
	e->aead = k->suite->encr->aead;
	e->iv = k->suite->encr->iv;
	e->early = false;
	if (e->packets > 0)
		look_at_first(o, e);
}

static bool number_new(struct oracle_esp *e, uint32_t seq)
{
	uint64_t behind;

	if (seq > e->top) {
		behind = seq - e->top;
		e->seen = behind >= 64 ? 1 : e->seen << behind | 1;
		e->top = seq;
		return true;
	}
	behind = e->top - seq;
	if (behind >= 64)
		return true;
	if (e->seen >> behind & 1)
		return false;
	e->seen |= (uint64_t)1 << behind;
	return true;
}

/* A packet of an SA that is not ours yet is kept in mind until its keys come, and judged then. */
void oracle_esp_packet(struct oracles *o, struct bytes esp)
{
	struct oracle_esp *e = esp.len < 8 ? NULL : find(o, load_u32(esp.at));
	uint32_t seq;

	if (esp.len < 8)
		return;
	if (!e) {
		e = make(o, load_u32(esp.at));
		if (!e)
			return;
		e->early = true;
	}
	seq = load_u32(esp.at + 4);
	if (!e->packets++) {
		e->first = seq;
		if (!e->early)
			look_at_first(o, e);
	}
	if (!number_new(e, seq) && !e->early)
		fire(o, ORACLE_ESP_NUMBER, NULL, run_printf(o->run, "%u again", seq));
	if (e->aead && esp.len >= 8 + e->iv &&
	    !once(o, &e->ivs, e->spi, bytes_slice(esp, 8, e->iv), oracle_hash(esp)))
		fire(o, ORACLE_ESP_IV, NULL, "an IV that an earlier packet bore");
}
