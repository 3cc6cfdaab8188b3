/*
 * Opening: the way in (RFC 4303 3.4), check by check.
 *
 * The order is that of the RFC: number, ICV, window, decryption, padding, next header, inner
 * packet, selectors.  Each check can be left out by a bit of `omit`; none of them is needed to stay
 * inside the packet.
 */
#include "esp-sa.h"
#include "ip-header.h"
#include "replay-window.h"

/* Where a check that is broken counts only if it is not left out. */
static enum esp_result verdict(const struct esp_sa *sa, enum esp_check_row row, bool right)
{
	return right || esp_omits(sa, row) ? ESP_OK : esp_checks[row].answer;
}

static size_t block_of(const struct esp_sa *sa)
{
	return sa->config.suite.encr->block > 1 ? sa->config.suite.encr->block : 1;
}

/* With the length check left out a packet too short does what reading past it might: the SA is
 * of no use from then on. */
static enum esp_result check_length(struct esp_sa *sa, struct bytes packet)
{
	if (packet.len >= ESP_HEADER + sa->iv + sa->icv + sa->align)
		return ESP_OK;
	sa->choked = sa->choked || esp_omits(sa, CHECK_LENGTH);
	return ESP_SHORT;
}

static enum esp_result cut(const struct esp_sa *sa, struct bytes packet, struct esp_parts *p)
{
	size_t front = ESP_HEADER + sa->iv;

	if (packet.len < front + sa->icv + ESP_TRAILER)
		return ESP_SHORT;
	p->spi = load_u32(packet.at);
	p->seq = load_u32(packet.at + 4);
	p->iv = bytes_make(packet.at + ESP_HEADER, sa->iv);
	p->cipher = bytes_make(packet.at + front, packet.len - front - sa->icv);
	p->icv = bytes_make(p->cipher.at + p->cipher.len, sa->icv);
	if ((p->cipher.len & (sa->align - 1)) == 0)
		return ESP_OK;
	if (!esp_omits(sa, CHECK_ALIGNMENT))
		return ESP_SHORT;
	p->cipher.len -= p->cipher.len % block_of(sa);
	return p->cipher.len < ESP_TRAILER ? ESP_SHORT : ESP_OK;
}

static uint64_t whole_number(const struct esp_sa *sa, uint32_t seq)
{
	uint64_t guess;
	bool wrapped;

	if (!sa->config.suite.esn)
		return seq;
	guess = replay_guess(sa->replay, seq);
	wrapped = guess >> 32 > replay_right_edge(sa->replay) >> 32;
	if (wrapped && esp_omits(sa, CHECK_ESN_HIGH))
		guess += UINT64_C(1) << 32;
	return guess;
}

/* The left end of the window, which a fault cuts off. */
static bool is_left_end(const struct esp_sa *sa, uint64_t seq)
{
	uint64_t right = replay_right_edge(sa->replay);

	return sa->config.replay_window > 0 && seq <= right &&
	       right - seq == sa->config.replay_window - 1;
}

enum esp_result esp_check_number(const struct esp_sa *sa, uint64_t seq)
{
	enum esp_result r = window_check(sa->replay, seq);

	switch (r) {
	case ESP_ZERO:
		return verdict(sa, CHECK_SEQ_ZERO, false);
	case ESP_LEFT:
		return verdict(sa, CHECK_WINDOW_LEFT, false);
	case ESP_REPLAYED:
		return verdict(sa, CHECK_REPLAY, false);
	default:
		break;
	}
	if (esp_omits(sa, CHECK_WINDOW_SIZE) && is_left_end(sa, seq))
		return ESP_LEFT;
	return r;
}

static bool decrypt(const struct esp_sa *sa, const struct esp_parts *p, uint64_t seq,
		    uint8_t *plain, bool *icv_right)
{
	struct esp_covered c;

	esp_cover(sa, p->spi, p->seq, (uint32_t)(seq >> 32), &c);
	*icv_right = sealer_open(sa->sealer, p->iv, bytes_make(c.aad, c.aad_len), p->cipher,
				 bytes_make(c.tail, c.tail_len), p->icv, plain);
	if (*icv_right)
		return true;
	return sealer_open_unchecked(sa->sealer, p->iv, bytes_make(c.aad, c.aad_len), p->cipher,
				     plain);
}

static enum esp_result check_icv(const struct esp_sa *sa, const struct esp_parts *p, uint64_t seq,
				 uint8_t *plain)
{
	struct esp_covered c;
	bool right;

	if (esp_omits(sa, CHECK_ICV))
		return decrypt(sa, p, seq, plain, &right) ? ESP_OK : ESP_BAD_ICV;
	esp_cover(sa, p->spi, p->seq, (uint32_t)(seq >> 32), &c);
	right = sealer_open(sa->sealer, p->iv, bytes_make(c.aad, c.aad_len), p->cipher,
			    bytes_make(c.tail, c.tail_len), p->icv, plain);
	return right ? ESP_OK : ESP_BAD_ICV;
}

static bool counts_up(struct bytes padding)
{
	return memcmp(padding.at, esp_counting, padding.len) == 0;
}

/* Takes trailer and padding off; with the pad length trusted, one too long takes nothing off. */
static enum esp_result strip_padding(const struct esp_sa *sa, struct bytes plain,
				     struct esp_opened *out)
{
	size_t body = plain.len - ESP_TRAILER, pad;

	out->pad_length = plain.at[body];
	out->next_header = plain.at[body + 1];
	out->inner = bytes_make(plain.at, body);
	pad = out->pad_length;
	if (pad > body)
		return verdict(sa, CHECK_PAD_LENGTH, false);
	if (pad > 16 && esp_omits(sa, CHECK_PAD_ANY))
		return ESP_BAD_PADDING;
	out->inner.len = body - pad;
	return verdict(sa, CHECK_PADDING, counts_up(bytes_make(plain.at + body - pad, pad)));
}

static uint8_t version_of(struct bytes inner)
{
	return inner.len == 0 ? 0 : inner.at[0] >> 4;
}

static enum esp_result check_tunnel(const struct esp_sa *sa, struct esp_opened *out)
{
	bool four = out->next_header == PROTO_IPIP && version_of(out->inner) == 4;
	bool six = out->next_header == PROTO_IPV6 && version_of(out->inner) == 6;
	size_t length;

	if (!four && !six && !esp_omits(sa, CHECK_NEXT_HEADER))
		return ESP_BAD_INNER;
	length = ip_length(out->inner);
	if (length == 0)
		return verdict(sa, CHECK_INNER, false);
	if (esp_omits(sa, CHECK_TFC) && out->inner.len != length)
		return ESP_BAD_INNER;
	out->inner.len = length;
	return ESP_OK;
}

static enum esp_result check_inner(struct esp_sa *sa, struct esp_opened *out)
{
	enum esp_result r = ESP_OK;

	if (out->next_header == PROTO_NONE && !esp_omits(sa, CHECK_DUMMY))
		return ESP_DUMMY;
	if (out->next_header == PROTO_NONE)
		sa->choked = true;
	if (sa->choked)
		return ESP_BAD_INNER;
	if (sa->config.mode == ESP_TUNNEL)
		r = check_tunnel(sa, out);
	if (r == ESP_OK && (sa->omit != 0 || sa->config.sources + sa->config.destinations > 0) &&
	    !esp_omits(sa, CHECK_SELECTORS) && !esp_selected(sa, out->inner, out->next_header))
		r = ESP_OUTSIDE;
	return r;
}

enum esp_result esp_open_begin(struct esp_sa *sa, struct bytes packet, struct esp_parts *p,
			       uint64_t *seq)
{
	enum esp_result r = check_length(sa, packet);

	if (r == ESP_OK)
		r = cut(sa, packet, p);
	if (r == ESP_OK)
		r = verdict(sa, CHECK_SPI, p->spi == sa->config.spi);
	if (r != ESP_OK)
		return r;
	*seq = whole_number(sa, p->seq);
	r = esp_check_number(sa, *seq);
	if (r == ESP_OK && esp_omits(sa, CHECK_WINDOW_AFTER_ICV))
		window_take(sa->replay, *seq);
	return r;
}

enum esp_result esp_open_end(struct esp_sa *sa, struct bytes plain, struct esp_opened *out)
{
	enum esp_result r = strip_padding(sa, plain, out);

	return r == ESP_OK ? check_inner(sa, out) : r;
}

static enum esp_result open_packet(struct esp_sa *sa, struct arena *a, struct bytes packet,
				   bool want_tree, struct esp_opened *out)
{
	struct esp_parts p;
	enum esp_result r = esp_open_begin(sa, packet, &p, &out->seq);
	struct bytes plain;
	uint8_t *at;

	if (r != ESP_OK)
		return r;
	at = arena_alloc(a, p.cipher.len);
	if (at == NULL)
		return ESP_SHORT;
	plain = bytes_make(at, p.cipher.len);
	r = check_icv(sa, &p, out->seq, at);
	if (r != ESP_OK)
		return r;
	window_take(sa->replay, out->seq);
	r = esp_open_end(sa, plain, out);
	if (want_tree && out->inner.at != NULL)
		out->tree = esp_opened_tree(sa, a, &p, plain, out);
	return r;
}

enum esp_result esp_open(struct esp_sa *sa, struct arena *a, struct bytes packet, bool want_tree,
			 struct esp_opened *out)
{
	enum esp_result r;

	*out = (struct esp_opened){ 0 };
	if (sa->for_sealing)
		return ESP_NO_SA;
	r = open_packet(sa, a, packet, want_tree, out);
	if (r == ESP_OK) {
		sa->counters.packets++;
		sa->counters.octets += out->inner.len;
	} else {
		sa->counters.refused[r]++;
	}
	return r;
}

bool esp_look(struct esp_sa *sa, struct arena *a, struct bytes packet, uint32_t seq_high,
	      struct esp_opened *out, bool *icv_right)
{
	struct esp_parts p;
	struct ip_header h;
	struct bytes plain;
	uint8_t *at;

	*out = (struct esp_opened){ 0 };
	*icv_right = false;
	if (sa->for_sealing || cut(sa, packet, &p) != ESP_OK)
		return false;
	at = arena_alloc(a, p.cipher.len);
	out->seq = (uint64_t)(sa->config.suite.esn ? seq_high : 0) << 32 | p.seq;
	if (at == NULL || !decrypt(sa, &p, out->seq, at, icv_right))
		return false;
	plain = bytes_make(at, p.cipher.len);
	strip_padding(sa, plain, out);
	if (sa->config.mode == ESP_TUNNEL && ip_header_read(out->inner, &h, NULL))
		out->inner.len = h.length;
	out->tree = esp_opened_tree(sa, a, &p, plain, out);
	return true;
}
