/* Oracles over ESP packets: numbers and IVs, which stand in clear. */
#include "oracles.h"

void oracle_child_keys(struct oracles *o, const struct event_child_keys *k)
{
	struct oracle_esp *e;

	for (e = o->esp; e; e = e->next)
		if (e->spi == k->spi)
			return;
	e = arena_new_of(o->run->arena, struct oracle_esp);
	if (!e)
		return;
	e->spi = k->spi;
	e->aead = k->suite->encr->aead;
	e->iv = k->suite->encr->iv;
	e->next = o->esp;
	o->esp = e;
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

void oracle_esp_packet(struct oracles *o, struct bytes esp)
{
	struct oracle_esp *e;
	uint32_t seq;

	if (esp.len < 8)
		return;
	for (e = o->esp; e && e->spi != load_u32(esp.at); e = e->next)
		;
	if (!e)
		return;
	seq = load_u32(esp.at + 4);
	if (!e->packets++ && seq != 1)
		fire(o, ORACLE_ESP_FIRST, NULL, run_printf(o->run, "%u", seq));
	if (!number_new(e, seq))
		fire(o, ORACLE_ESP_NUMBER, NULL, run_printf(o->run, "%u again", seq));
	if (e->aead && esp.len >= 8 + e->iv &&
	    !once(o, &e->ivs, e->spi, bytes_slice(esp, 8, e->iv), oracle_hash(esp)))
		fire(o, ORACLE_ESP_IV, NULL, "an IV that an earlier packet bore");
}
