/*
 * The framing of batches, the same for both backends: what esp_seal and esp_open do around the
 * cryptography, with packets where the caller has them.
 */
#include "batch-state.h"
#include "replay-window.h"

size_t esp_front(const struct esp_sa *sa)
{
	return ESP_HEADER + sa->iv;
}

size_t esp_sealed_len(const struct esp_sa *sa, size_t inner)
{
	return ESP_HEADER + sa->iv + inner + esp_pad_needed(sa, inner) + ESP_TRAILER + sa->icv;
}

static enum esp_result refuse(struct esp_sa *sa, enum esp_result r)
{
	sa->counters.refused[r]++;
	return r;
}

static bool joined(const struct esp_sa *sa, bool for_sealing)
{
	return sa->backend && sa->for_sealing == for_sealing;
}

/* Neighbours of the same backend go there together. */
static void run(struct esp_job *jobs, size_t count, bool sealing)
{
	size_t from = 0;

	for (size_t i = 1; i <= count; i++) {
		const struct esp_sa *sa = jobs[from].sa;

		if (i < count && jobs[i].sa->backend_state == sa->backend_state)
			continue;
		sa->backend->run(sa->backend_state, &jobs[from], i - from, sealing);
		from = i;
	}
}

static void put_iv(struct esp_sa *sa, struct rng *rng, uint8_t *at)
{
	uint8_t iv[ESP_IV_MAX];

	if (sa->omit == 0 && sa->iv_counted && sa->iv == 8) {
		store_u64(at, ++sa->iv_counter);
		return;
	}
	esp_choose_iv(sa, rng, NULL, iv);
	memcpy(at, iv, sa->iv);
}

static void lay_out(struct esp_sa *sa, struct rng *rng, struct esp_packet *p, size_t pad,
		    struct esp_job *j)
{
	uint8_t *text = p->out + ESP_HEADER + sa->iv;
	uint32_t high = esp_omits(sa, DUTY_ESN_HIGH) ? 0 : (uint32_t)(p->seq >> 32);

	if (p->at != text && p->len > 0)
		memmove(text, p->at, p->len);
	store_u32(p->out, sa->config.spi);
	store_u32(p->out + 4, (uint32_t)p->seq);
	put_iv(sa, rng, p->out + ESP_HEADER);
	esp_fill_padding(sa, text + p->len, pad);
	text[p->len + pad] = (uint8_t)pad;
	text[p->len + pad + 1] = p->next_header;
	j->sa = sa;
	j->packet = p;
	j->text = j->out = text;
	j->len = p->len + pad + ESP_TRAILER;
	j->right = false;
	esp_cover(sa, sa->config.spi, (uint32_t)p->seq, high, &j->covered);
}

static enum esp_result prepare_seal(struct rng *rng, struct esp_packet *p, struct esp_job *j)
{
	struct esp_sa *sa = p->sa;
	size_t pad = esp_pad_needed(sa, p->len);
	enum esp_result r;

	if (!joined(sa, true))
		return ESP_NO_SA;
	if (p->room < p->len ||
	    p->room - p->len < ESP_HEADER + sa->iv + pad + ESP_TRAILER + sa->icv)
		return refuse(sa, ESP_BAD_INNER);
	r = esp_choose_number(sa, NULL, &p->seq, NULL);
	if (r != ESP_OK)
		return refuse(sa, r);
	sa->counters.packets++;
	sa->counters.octets += p->len;
	sa->seq = p->seq;
	sa->begun = true;
	lay_out(sa, rng, p, pad, j);
	return ESP_OK;
}

/* The library did not seal what it should have: the number is gone, the packet was none. */
static enum esp_result unsealed(const struct esp_job *j)
{
	j->sa->counters.packets--;
	j->sa->counters.octets -= j->packet->len;
	return refuse(j->sa, ESP_BAD_INNER);
}

static size_t seal_group(struct esp_batch *b, struct rng *rng, struct esp_packet *packets,
			 size_t count)
{
	size_t jobs = 0, good = 0;

	for (size_t i = 0; i < count; i++) {
		packets[i].done = BYTES_NONE;
		packets[i].result = prepare_seal(rng, &packets[i], &b->jobs[jobs]);
		jobs += packets[i].result == ESP_OK;
	}
	if (jobs > 0)
		run(b->jobs, jobs, true);
	for (size_t i = 0; i < jobs; i++) {
		const struct esp_job *j = &b->jobs[i];
		struct esp_packet *p = j->packet;

		if (j->right)
			p->done =
				bytes_make(p->out, (size_t)(esp_job_icv(j) - p->out) + j->sa->icv);
		else
			p->result = unsealed(j);
		good += j->right;
	}
	return good;
}

size_t esp_seal_batch(struct esp_batch *b, struct rng *rng, struct esp_packet *packets,
		      size_t count)
{
	size_t good = 0, n;

	for (size_t i = 0; i < count; i += n) {
		n = count - i < ESP_GROUP ? count - i : ESP_GROUP;
		good += seal_group(b, rng, &packets[i], n);
	}
	return good;
}

static enum esp_result prepare_open(struct esp_packet *p, struct esp_job *j)
{
	struct esp_sa *sa = p->sa;
	struct esp_parts parts;
	enum esp_result r;

	if (!joined(sa, false))
		return ESP_NO_SA;
	r = esp_open_begin(sa, bytes_make(p->at, p->len), &parts, &p->seq);
	if (r != ESP_OK)
		return refuse(sa, r);
	/* With alignment left unchecked there are octets between text and ICV: not for a batch. */
	if (parts.icv.at != parts.cipher.at + parts.cipher.len)
		return refuse(sa, ESP_SHORT);
	if (p->out && p->room < parts.cipher.len)
		return refuse(sa, ESP_SHORT);
	j->sa = sa;
	j->packet = p;
	j->text = p->at + ESP_HEADER + sa->iv;
	j->out = p->out ? p->out : j->text;
	j->len = parts.cipher.len;
	j->right = false;
	esp_cover(sa, parts.spi, parts.seq, (uint32_t)(p->seq >> 32), &j->covered);
	return ESP_OK;
}

static enum esp_result finish_open(const struct esp_job *j)
{
	struct esp_packet *p = j->packet;
	struct esp_opened opened;
	enum esp_result r = ESP_OK;

	if (!j->right)
		return ESP_BAD_ICV;
	/* Those before it in the group may have moved the window. */
	if (j->sa->omit == 0)
		r = window_check(j->sa->replay, p->seq);
	else if (!esp_omits(j->sa, CHECK_WINDOW_AFTER_ICV))
		r = esp_check_number(j->sa, p->seq);
	if (r != ESP_OK)
		return r;
	window_take(j->sa->replay, p->seq);
	r = esp_open_end(j->sa, bytes_make(j->out, j->len), &opened);
	p->next_header = opened.next_header;
	p->done.at = j->out;
	p->done.len = opened.inner.len;
	if (r != ESP_OK)
		return r;
	j->sa->counters.packets++;
	j->sa->counters.octets += opened.inner.len;
	return ESP_OK;
}

static size_t open_group(struct esp_batch *b, struct esp_packet *packets, size_t count)
{
	size_t jobs = 0, good = 0;

	for (size_t i = 0; i < count; i++) {
		packets[i].done = BYTES_NONE;
		packets[i].seq = 0;
		packets[i].result = prepare_open(&packets[i], &b->jobs[jobs]);
		jobs += packets[i].result == ESP_OK;
	}
	if (jobs > 0)
		run(b->jobs, jobs, false);
	for (size_t i = 0; i < jobs; i++) {
		struct esp_packet *p = b->jobs[i].packet;

		p->result = finish_open(&b->jobs[i]);
		if (p->result == ESP_OK)
			good++;
		else
			refuse(p->sa, p->result);
	}
	return good;
}

size_t esp_open_batch(struct esp_batch *b, struct esp_packet *packets, size_t count)
{
	size_t good = 0, n;

	for (size_t i = 0; i < count; i += n) {
		n = count - i < ESP_GROUP ? count - i : ESP_GROUP;
		good += open_group(b, &packets[i], n);
	}
	return good;
}
