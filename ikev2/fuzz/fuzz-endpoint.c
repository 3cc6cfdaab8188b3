/*
 * Any datagrams to an endpoint in any state, with the keys known, so that the inside of SK is
 * reached: never a crash, never a refusal without a row, never more memory than its caps.
 *
 * The first octet chooses the state and whether some checks are left out; then come datagrams, each
 * an octet of kind, its length in two octets, and octets: as they are, or the inside of SK.
 */
#include <stdio.h>
#include <stdlib.h>

#include "fuzz.h"
#include "ikev2/endpoint.h"

enum { TESTER, TARGET };
enum { DATAGRAMS = 8, STATES = 6, CAP = 2048 };

static struct crypto *crypto;
static struct arena *arena;
static struct connection connections[2];
static struct endpoint *ends[2];
static usec now;

static void broken(const char *what, const struct why *why)
{
	fprintf(stderr, "fuzz-endpoint: %s: %s\n", what, why ? why->text : "");
	abort();
}

static void fill(int end)
{
	struct connection *c = &connections[end];
	struct why why;
	*c = (struct connection){ .name = "c", .local_nat_port = 4500, .remote_nat_port = 4500 };
	address_parse(end ? "192.0.2.2:500" : "192.0.2.1:500", &c->local);
	address_parse(end ? "192.0.2.1:500" : "192.0.2.2:500", &c->remote);
	c->secret = bytes_text("secret");
	c->ours.count = c->theirs.count = c->ike_count = c->esp_count = 1;
	c->ours.rows[0].last_port = c->theirs.rows[0].last_port = 65535;
	if (!identity_parse(arena, end ? "fqdn:b" : "fqdn:a", &c->us, &why) ||
	    !identity_parse(arena, end ? "fqdn:a" : "fqdn:b", &c->them, &why) ||
	    !suite_parse("aes128gcm16-prfsha256-x25519", false, &c->ike[0], &why) ||
	    !suite_parse("aes128gcm16", true, &c->esp[0], &why))
		broken("start", &why);
	address_range_parse(end ? "10.2.0.0/16" : "10.1.0.0/16", &c->ours.rows[0].range);
	address_range_parse(end ? "10.1.0.0/16" : "10.2.0.0/16", &c->theirs.rows[0].range);
}

static void start(void)
{
	struct why why;
	if (arena)
		return;
	arena = arena_new(1 << 20);
	crypto = crypto_new(&why);
	if (!arena || !crypto)
		broken("start", &why);
	fill(TESTER);
	fill(TARGET);
}

static void make_ends(uint64_t omit)
{
	struct why why;
	now = 1000 * USEC_S;
	for (int i = 0; i < 2; i++) {
		struct endpoint_config c = {
			.name = "e",
			.automatic = true,
			.crypto = crypto,
			.connections = &connections[i],
			.connection_count = 1,
			.retransmission = { USEC_S, 2000, 5 },
			.liveness = 30 * USEC_S,
			.keepalive = 20 * USEC_S,
			.half_open = 30 * USEC_S,
			.cookie_threshold = UINT32_MAX,
			.nat_detection = true,
			.unknown_spi_answers = 2,
		};
		rng_seed(&c.rng, 7, i ? "target" : "tester");
		for (int w = 0; i == TARGET && omit && w < CHECK_WORDS; w++)
			c.omit[w] = omit * (UINT64_C(0x9e3779b97f4a7c15) << w) & omit;
		ends[i] = endpoint_new(&c, &why);
		if (!ends[i])
			broken("start", &why);
	}
}

/* Delivers n datagrams between the two, from the initiator on. */
static void deliver(int initiator, int n)
{
	struct datagram d;
	struct why why;
	if (n > 0 && !endpoint_initiate(ends[initiator], 0, now, &why))
		broken("no handshake", &why);
	for (int from = initiator; n-- > 0; from = !from)
		if (endpoint_output(ends[from], now, &d))
			endpoint_input(ends[!from], &d, now);
}

static void drain(void)
{
	struct datagram d;
	struct child_order o;
	while (endpoint_output(ends[TARGET], now, &d))
		continue;
	while (endpoint_order(ends[TARGET], &o))
		continue;
}

/* Plaintext behind five octets: flags, exchange, message ID, first payload, padding. */
static struct bytes seal(struct bytes in, uint8_t out[static CAP + 128])
{
	struct ike_sa *sa = endpoint_ike_sa(ends[TESTER], 0);
	uint8_t iv[8] = { 1 }, plain[CAP + 1];
	if (!sa || !ike_sa_keys(sa, false).sealer || in.len < 5 || in.len > CAP)
		return in;
	struct ike_view v = ike_sa_view(sa);
	size_t len = in.len - 5;
	struct sink s = sink_over(out, CAP + 128);
	sink_u64(&s, v.spi_i);
	sink_u64(&s, v.spi_r);
	sink_u8(&s, 46);
	sink_u8(&s, 0x20);
	sink_u8(&s, in.at[1] & 0x80 ? in.at[1] : (uint8_t)(35 + in.at[1] % 3));
	sink_u8(&s, (uint8_t)((in.at[0] & 0x20) | (v.initiator ? 8 : 0)));
	sink_u32(&s, in.at[2]);
	sink_u32(&s, (uint32_t)(28 + 4 + 8 + len + 1 + 16));
	sink_u8(&s, in.at[3]);
	sink_u8(&s, 0);
	sink_u16(&s, (uint16_t)(4 + 8 + len + 1 + 16));
	struct bytes aad = bytes_make(out, s.len);
	memcpy(plain, in.at + 5, len);
	plain[len] = in.at[4] & 0x80 ? in.at[4] : 0;
	sink_put(&s, BYTES_OF(iv));
	if (!sealer_seal(ike_sa_keys(sa, false).sealer, BYTES_OF(iv), aad,
			 bytes_make(plain, len + 1), BYTES_NONE, out + s.len,
			 out + s.len + len + 1))
		broken("not sealed", NULL);
	return bytes_make(out, s.len + len + 1 + 16);
}

static void throw_one(uint8_t kind, struct bytes in)
{
	uint8_t out[CAP + 128];
	struct why why;
	struct datagram d = { .from = connections[TARGET].remote,
			      .to = connections[TARGET].local,
			      .marker = kind & 2,
			      .keepalive = (kind & 0x3c) == 0x3c,
			      .octets = kind & 1 ? seal(in, out) : in };
	if (kind & 2)
		d.from.port = d.to.port = 4500;
	endpoint_input(ends[TARGET], &d, now);
	if (!endpoint_validate(ends[TARGET], &why))
		broken("not valid", &why);
	drain();
	if (kind & 0x40) {
		now += (usec)(kind >> 2) * USEC_S;
		endpoint_tick(ends[TARGET], now);
		drain();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cursor c = cursor_over(bytes_make(data, size));
	struct why why;
	uint8_t state, kind;
	uint16_t len;
	struct bytes octets;
	start();
	if (!cursor_u8(&c, &state))
		return 0;
	make_ends(state & 0x80 ? UINT64_C(0x0101010101010101) << (state >> 4 & 7) : 0);
	deliver((state & 8) ? TARGET : TESTER, state % STATES);
	if (state & 0x40 && endpoint_ike_sa(ends[TARGET], 0))
		endpoint_request(ends[TARGET], PURPOSE_LIVENESS, endpoint_ike_sa(ends[TARGET], 0),
				 NULL, now, &why);
	drain();
	for (int i = 0; i < DATAGRAMS && cursor_u8(&c, &kind) && cursor_u16(&c, &len); i++) {
		if (len > c.left)
			len = (uint16_t)c.left;
		if (len > CAP)
			len = CAP;
		cursor_take(&c, len, &octets);
		throw_one(kind, octets);
	}
	endpoint_free(ends[TARGET]);
	endpoint_free(ends[TESTER]);
	return 0;
}
