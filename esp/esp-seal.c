/*
 * Sealing: the way out (RFC 4303 3.3).
 *
 * The fast path lays the packet out once in the arena and encrypts it in place; edits go another
 * way.
 */
#include "esp-sa.h"
#include "ip-tree.h"

static enum esp_result exhausted(const struct esp_sa *sa, uint64_t seq, struct why *why)
{
	why_set(why, "SPI %08x: no sequence number behind %llu (%s)", sa->config.spi,
		(unsigned long long)seq, sa->config.suite.esn ? "ESN" : "32 bits");
	return ESP_EXHAUSTED;
}

static uint64_t last_number(const struct esp_sa *sa)
{
	return sa->config.suite.esn ? UINT64_MAX : UINT32_MAX;
}

static uint64_t following(const struct esp_sa *sa)
{
	uint64_t step = 1;

	if (!sa->begun)
		return esp_omits(sa, DUTY_SEQ_FIRST_ONE) ? 0 : 1;
	if (esp_omits(sa, DUTY_SEQ_RISING) && sa->counters.packets % 4 == 3)
		return sa->seq;
	if (esp_omits(sa, DUTY_SEQ_BY_ONE) && sa->seq < last_number(sa) - 1)
		step = 2;
	return (sa->seq + step) & last_number(sa);
}

enum esp_result esp_choose_number(const struct esp_sa *sa, const struct esp_shape *shape,
				  uint64_t *seq, struct why *why)
{
	if (shape && shape->has_seq) {
		*seq = shape->seq;
		return *seq > last_number(sa) ? exhausted(sa, *seq, why) : ESP_OK;
	}
	if (sa->seq == last_number(sa) && !esp_omits(sa, DUTY_NO_WRAP))
		return exhausted(sa, sa->seq, why);
	*seq = following(sa);
	return ESP_OK;
}

void esp_choose_iv(struct esp_sa *sa, struct rng *rng, const struct esp_shape *shape,
		   uint8_t iv[static ESP_IV_MAX])
{
	memset(iv, 0, ESP_IV_MAX);
	sa->iv_counter++;
	if (shape && shape->iv)
		memcpy(iv, shape->iv->at, shape->iv->len < sa->iv ? shape->iv->len : sa->iv);
	else if (esp_omits(sa, DUTY_IV_FRESH))
		return;
	else if (!sa->iv_counted && rng && !esp_omits(sa, DUTY_IV_UNPREDICTABLE))
		rng_secret(rng, iv, sa->iv);
	else if (sa->iv >= 8)
		store_u64(iv + sa->iv - 8, sa->iv_counter);
}

static bool choose_padding(const struct esp_sa *sa, const struct esp_shape *shape,
			   struct esp_draft *d, struct why *why)
{
	size_t extra = shape ? shape->pad : 0;

	d->tfc = shape ? shape->tfc : 0;
	d->pad = esp_pad_needed(sa, d->inner.len + d->tfc) + extra;
	if (extra % sa->align != 0)
		return why_set(why, "%zu octets more of padding are not a multiple of %zu", extra,
			       sa->align);
	if (d->pad > 255)
		return why_set(why, "padding of %zu octets, at most 255", d->pad);
	return true;
}

static void lay_out_plain(const struct esp_sa *sa, const struct esp_draft *d, uint8_t *at)
{
	if (d->inner.len > 0)
		memcpy(at, d->inner.at, d->inner.len);
	at += d->inner.len + d->tfc;
	esp_fill_padding(sa, at, d->pad);
	at[d->pad] = (uint8_t)d->pad;
	at[d->pad + 1] = d->next_header;
}

static bool seal_plain(struct esp_sa *sa, struct arena *a, const struct esp_draft *d,
		       struct bytes *out, struct why *why)
{
	size_t plain = d->inner.len + d->tfc + d->pad + ESP_TRAILER;
	size_t front = ESP_HEADER + sa->iv, total = front + plain + sa->icv;
	uint32_t high = esp_omits(sa, DUTY_ESN_HIGH) ? 0 : (uint32_t)(d->seq >> 32);
	uint8_t *at = arena_alloc(a, total);
	struct esp_covered c;

	if (at == NULL)
		return why_set(why, "no memory for an ESP packet of %zu octets", total);
	store_u32(at, sa->config.spi);
	store_u32(at + 4, (uint32_t)d->seq);
	memcpy(at + ESP_HEADER, d->iv, sa->iv);
	lay_out_plain(sa, d, at + front);
	esp_cover(sa, sa->config.spi, (uint32_t)d->seq, high, &c);
	*out = bytes_make(at, total);
	if (!sealer_seal(sa->sealer, bytes_make(d->iv, sa->iv), bytes_make(c.aad, c.aad_len),
			 bytes_make(at + front, plain), bytes_make(c.tail, c.tail_len), at + front,
			 at + front + plain))
		return why_set(why, "%s failed over %zu octets", sa->config.suite.encr->name,
			       plain);
	return true;
}

static bool has_edits(const struct edits *edits)
{
	for (size_t i = 0; edits && i < edits->count; i++) {
		const struct edit *e = &edits->rows[i];

		if (edit_of_datagram(e) || edit_is_below(e, "ESP") || edit_is_below(e, "INNER"))
			return true;
	}
	return false;
}

static enum esp_result refuse(struct esp_sa *sa, enum esp_result r)
{
	sa->counters.refused[r]++;
	return r;
}

enum esp_result esp_seal(struct esp_sa *sa, struct arena *a, struct rng *rng, struct bytes inner,
			 uint8_t next_header, const struct esp_shape *shape, struct bytes *out,
			 struct why *why)
{
	struct esp_draft d = { .inner = inner, .next_header = next_header };
	enum esp_result r = esp_choose_number(sa, shape, &d.seq, why);
	bool ok;

	*out = BYTES_NONE;
	if (r != ESP_OK)
		return refuse(sa, r);
	if (!choose_padding(sa, shape, &d, why))
		return refuse(sa, ESP_BAD_PADDING);
	esp_choose_iv(sa, rng, shape, d.iv);
	if (shape && has_edits(shape->edits))
		ok = esp_seal_edited(sa, a, &d, shape->edits, out, why);
	else
		ok = seal_plain(sa, a, &d, out, why);
	if (!ok)
		return refuse(sa, ESP_BAD_INNER);
	sa->seq = d.seq;
	sa->begun = true;
	sa->counters.packets++;
	sa->counters.octets += inner.len;
	return ESP_OK;
}
