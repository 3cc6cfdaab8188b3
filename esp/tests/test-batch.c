/*
 * Batches: both backends make the same octets as esp_seal, open each other's, and refuse every bit
 * that is flipped.
 */
#include "pair.h"

#include "esp/batch.h"

#define LONGEST 9000u
#define ROOM    (LONGEST + 128u)
#define COUNT   33u /* more than any number of lanes, and no power of two */

/* Every suite of ESP that is implemented, made from the table of transforms, with and without ESN. */
#define SUITES_MAX 256u

static char names[SUITES_MAX][40];
static const char *suites[SUITES_MAX];
static size_t suites_count;

static bool is_of_esp(const struct transform *t, uint8_t type)
{
	uint8_t needed = TRANSFORM_IN_ESP | TRANSFORM_IMPLEMENTED;

	return t->type == type && (t->suites & needed) == needed;
}

static void add_suite(const struct transform *encr, const struct transform *integ)
{
	for (int esn = 0; esn < 2; esn++) {
		struct suite s = { .encr = encr, .integ = integ, .esn = esn };

		assert_true(suites_count < SUITES_MAX);
		suite_print_strongswan(&s, true, names[suites_count], sizeof(names[0]));
		suites[suites_count] = names[suites_count];
		suites_count++;
	}
}

static int all_suites(void **state)
{
	(void)state;
	for (size_t i = 0; i < transforms_count; i++) {
		if (!is_of_esp(&transforms[i], TRANSFORM_ENCR))
			continue;
		if (transforms[i].aead)
			add_suite(&transforms[i], NULL);
		for (size_t j = 0; j < transforms_count && !transforms[i].aead; j++)
			if (is_of_esp(&transforms[j], TRANSFORM_INTEG) && transforms[j].id != 0)
				add_suite(&transforms[i], &transforms[j]);
	}
	return 0;
}

/* Backend number b, if it knows the suite. */
static const char *backend_for(size_t b, const char *suite)
{
	struct suite s;
	struct esp_batch *batch;
	bool knows;

	if (!esp_backend_name(b))
		return NULL;
	assert_true(suite_parse(suite, true, &s, NULL));
	batch = esp_batch_new(esp_backend_name(b), 0, NULL);
	assert_non_null(batch);
	knows = esp_batch_knows(batch, &s);
	esp_batch_free(batch);
	return knows ? esp_backend_name(b) : "openssl";
}

/* One backend with an SA each way. */
struct end {
	struct crypto *crypto;
	struct esp_batch *batch;
	struct esp_sa *out, *in;
	struct rng rng;
};

static uint8_t packet[2][COUNT][ROOM], plain[COUNT][ROOM];
static const uint8_t key[128] = { 3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9, 3 };

static struct esp_sa *sa_new(struct end *e, const char *suite, enum esp_mode mode, bool sealing)
{
	struct esp_config config = { .spi = 0x1001, .mode = mode, .replay_window = 1024 };
	struct why why = { 0 };
	struct esp_sa *sa;

	if (!suite_parse(suite, true, &config.suite, &why))
		fail_msg("%s", why.text);
	config.key = bytes_make(key, (size_t)config.suite.encr->key + config.suite.encr->salt);
	config.integ_key = bytes_make(key + 7, config.suite.integ ? config.suite.integ->key : 0);
	config.from = address_of("192.0.2.1");
	config.to = address_of("192.0.2.2");
	sa = esp_sa_new(e->crypto, &config, sealing, &why);
	if (!sa || !esp_batch_join(e->batch, sa, &why))
		fail_msg("%s: %s", suite, why.text);
	return sa;
}

static void end_open(struct end *e, const char *backend, const char *suite, enum esp_mode mode)
{
	struct why why = { 0 };

	e->crypto = crypto_new(&why);
	e->batch = esp_batch_new(backend, 0, &why);
	if (!e->crypto || !e->batch)
		fail_msg("%s", why.text);
	rng_seed(&e->rng, 7, "batch");
	e->out = sa_new(e, suite, mode, true);
	e->in = sa_new(e, suite, mode, false);
}

static void end_close(struct end *e)
{
	esp_sa_free(e->out);
	esp_sa_free(e->in);
	esp_batch_free(e->batch);
	crypto_free(e->crypto);
}

static void fill(size_t rows)
{
	struct rng r;

	rng_seed(&r, 1, "plain");
	for (size_t i = 0; i < rows; i++)
		rng_fill(&r, plain[i], LONGEST);
}

/* Seals `count` packets of sizes[i] octets from elsewhere or, if in_place, where they are to be. */
static void seal(struct end *e, uint8_t to[][ROOM], struct esp_packet *p, const size_t *sizes,
		 size_t count, bool in_place)
{
	for (size_t i = 0; i < count; i++) {
		p[i] = (struct esp_packet){ .sa = e->out,
					    .at = plain[i],
					    .len = sizes[i],
					    .out = to[i],
					    .room = esp_sealed_len(e->out, sizes[i]),
					    .next_header = PROTO_UDP };
		if (!in_place)
			continue;
		p[i].at = to[i] + esp_front(e->out);
		memcpy(p[i].at, plain[i], sizes[i]);
	}
	expect_number("sealed", count, esp_seal_batch(e->batch, &e->rng, p, count));
	for (size_t i = 0; i < count; i++)
		expect_number("length", esp_sealed_len(e->out, sizes[i]), p[i].done.len);
}

static void open_all(struct end *e, struct esp_packet *sealed, const size_t *sizes, size_t count,
		     bool in_place)
{
	static uint8_t to[COUNT][ROOM];
	struct esp_packet p[COUNT];
	char what[60];

	for (size_t i = 0; i < count; i++) {
		p[i] = (struct esp_packet){ .sa = e->in,
					    .at = sealed[i].out,
					    .len = sealed[i].done.len };
		if (!in_place) {
			p[i].out = to[i];
			p[i].room = ROOM;
		}
	}
	expect_number("opened", count, esp_open_batch(e->batch, p, count));
	for (size_t i = 0; i < count; i++) {
		snprintf(what, sizeof(what), "%zu octets opened by %s", sizes[i],
			 esp_sa_backend(e->in));
		expect_bytes(what, bytes_make(plain[i], sizes[i]), p[i].done);
		expect_number("next header", PROTO_UDP, p[i].next_header);
		expect_number("number", sealed[i].seq, p[i].seq);
	}
}

/* The same packets one by one through esp_seal. */
static void expect_as_single(const char *suite, struct esp_packet *p, const size_t *sizes,
			     size_t count)
{
	struct pair pair;
	struct rng rng;
	struct why why = { 0 };
	struct bytes out;
	struct esp_sa *sa;
	struct end e = { 0 };

	pair_open(&pair, suite, 64);
	e.crypto = pair.crypto;
	e.batch = esp_batch_new("openssl", 0, &why);
	sa = sa_new(&e, suite, ESP_TRANSPORT, true);
	rng_seed(&rng, 7, "batch");
	for (size_t i = 0; i < count; i++) {
		if (esp_seal(sa, pair.arena, &rng, bytes_make(plain[i], sizes[i]), PROTO_UDP, NULL,
			     &out, &why) != ESP_OK)
			fail_msg("%s", why.text);
		expect_bytes(suite, out, p[i].done);
	}
	esp_sa_free(sa);
	esp_batch_free(e.batch);
	pair_close(&pair);
}

/* Sizes 0 to 200 and some longer ones, in batches of every length up to COUNT. */
static size_t next_sizes(size_t *at, size_t sizes[COUNT], size_t round)
{
	static const size_t longer[] = { 512, 576, 594, 1024, 1280, 1420, 1518, 2112, 9000 };
	size_t count = 0, wanted = round % COUNT + 1;

	for (; count < wanted && *at < 201 + ARRAY_LEN(longer); count++, ++*at)
		sizes[count] = *at <= 200 ? *at : longer[*at - 201];
	return count;
}

static void agree_on(const char *suite, bool in_place)
{
	struct end a = { 0 }, b = { 0 };
	struct esp_packet p[COUNT], q[COUNT];
	size_t sizes[COUNT], at = 0, count;

	end_open(&a, backend_for(0, suite), suite, ESP_TRANSPORT);
	end_open(&b, "openssl", suite, ESP_TRANSPORT);
	for (size_t round = 0; (count = next_sizes(&at, sizes, round * 7)) > 0; round++) {
		seal(&a, packet[0], p, sizes, count, in_place);
		seal(&b, packet[1], q, sizes, count, !in_place);
		for (size_t i = 0; i < count; i++)
			if (!bytes_equal(p[i].done, q[i].done))
				fail_msg("%s: backends differ at %zu octets", suite, sizes[i]);
		if (round == 0)
			expect_as_single(suite, p, sizes, count);
		open_all(&b, p, sizes, count, in_place);
		open_all(&a, q, sizes, count, !in_place);
	}
	end_close(&a);
	end_close(&b);
}

static void agree(void **state)
{
	(void)state;
	fill(COUNT);
	for (size_t i = 0; i < suites_count; i++) {
		agree_on(suites[i], true);
		agree_on(suites[i], false);
	}
}

/* Flips bits of one sealed packet, a step apart; each must be refused, the packet itself taken. */
static void flip(struct end *e, size_t size, size_t step)
{
	static uint8_t whole[ROOM];
	struct esp_packet p, q;
	size_t len;

	seal(e, packet[0], &p, &size, 1, false);
	len = p.done.len;
	memcpy(whole, p.out, len);
	for (size_t bit = 0; bit < len * 8; bit += step) {
		q = (struct esp_packet){ .sa = e->in, .at = packet[1][0], .len = len };
		memcpy(q.at, whole, len);
		q.at[bit / 8] ^= (uint8_t)(1u << bit % 8);
		if (esp_open_batch(e->batch, &q, 1) != 0 || q.result == ESP_OK)
			fail_msg("%s took a packet of %zu octets with bit %zu flipped",
				 esp_sa_backend(e->in), size, bit);
	}
	q = (struct esp_packet){ .sa = e->in, .at = whole, .len = len };
	expect_number("unflipped", 1, esp_open_batch(e->batch, &q, 1));
}

static void flipped(void **state)
{
	static const struct {
		size_t size, step;
	} rows[] = { { 0, 1 },    { 1, 1 },     { 64, 1 },     { 200, 3 },
		     { 594, 41 }, { 1420, 97 }, { 9000, 6011 } };

	(void)state;
	fill(1);
	for (size_t i = 0; i < suites_count; i++)
		for (size_t b = 0; esp_backend_name(b); b++) {
			struct end e = { 0 };

			end_open(&e, backend_for(b, suites[i]), suites[i], ESP_TRANSPORT);
			for (size_t j = 0; j < ARRAY_LEN(rows); j++)
				flip(&e, rows[j].size, rows[j].step);
			end_close(&e);
		}
}

/* Every length up to 100 of noise is refused, and counted. */
static void short_ones(void **state)
{
	uint8_t noise[101];

	(void)state;
	for (size_t i = 0; i < suites_count; i++)
		for (size_t b = 0; esp_backend_name(b); b++) {
			struct end e = { 0 };
			struct esp_counters c;
			uint64_t refused = 0;

			end_open(&e, backend_for(b, suites[i]), suites[i], ESP_TUNNEL);
			for (size_t len = 0; len <= 100; len++) {
				uint8_t *exact = malloc(len + 1);
				struct esp_packet p = { .sa = e.in, .at = exact + 1, .len = len };

				rng_fill(&e.rng, noise, len);
				memcpy(exact + 1, noise, len);
				if (len >= 8) {
					store_u32(exact + 1, 0x1001);
					store_u32(exact + 5, 1);
				}
				expect_number(suites[i], 0, esp_open_batch(e.batch, &p, 1));
				free(exact);
			}
			c = esp_sa_counters(e.in);
			for (size_t r = 0; r < ESP_RESULTS; r++)
				refused += c.refused[r];
			expect_number("refused", 101, refused);
			expect_number("window", 0, c.seq);
			end_close(&e);
		}
}

/* A batch judges each packet as if those before it had come alone. */
static void window(void **state)
{
	struct end e = { 0 };
	struct esp_packet p[4], q[7];
	const size_t sizes[4] = { 40, 40, 40, 40 };
	static const struct {
		size_t of;
		enum esp_result wanted;
	} rows[7] = { { 1, ESP_OK },       { 1, ESP_REPLAYED }, { 0, ESP_OK },      { 3, ESP_OK },
		      { 3, ESP_REPLAYED }, { 2, ESP_OK },       { 0, ESP_REPLAYED } };

	(void)state;
	for (size_t b = 0; esp_backend_name(b); b++) {
		end_open(&e, esp_backend_name(b), "aes128-sha256", ESP_TRANSPORT);
		seal(&e, packet[0], p, sizes, 4, false);
		for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
			memcpy(packet[1][i], p[rows[i].of].out, p[rows[i].of].done.len);
			q[i] = (struct esp_packet){ .sa = e.in,
						    .at = packet[1][i],
						    .len = p[rows[i].of].done.len };
		}
		expect_number("opened", 4, esp_open_batch(e.batch, q, ARRAY_LEN(rows)));
		for (size_t i = 0; i < ARRAY_LEN(rows); i++)
			expect_result("in one batch", rows[i].wanted, q[i].result);
		end_close(&e);
	}
}

/* Several SAs of both backends in one batch, across the end of 32 bits. */
static void many_sas(void **state)
{
	static const char *const mixed[] = { "aes128gcm16-esn", "aes128-sha256-esn",
					     "chacha20poly1305-esn", "aes256-sha512-esn",
					     "null-sha256" };
	struct end e[ARRAY_LEN(mixed)] = { 0 };
	struct esp_packet p[COUNT], q[COUNT];

	(void)state;
	fill(COUNT);
	for (size_t i = 0; i < ARRAY_LEN(mixed); i++) {
		struct why why = { 0 };

		end_open(&e[i], NULL, mixed[i], ESP_TRANSPORT);
		esp_sa_set_seq(e[i].out, i < 4 ? 0xfffffffd : 0);
		esp_sa_set_seq(e[i].in, i < 4 ? 0xfffffffd : 0);
		if (i % 2 && (!esp_batch_join(e[0].batch, e[i].out, &why) ||
			      !esp_batch_join(e[0].batch, e[i].in, &why)))
			fail_msg("%s", why.text);
	}
	for (size_t i = 0; i < COUNT; i++)
		p[i] = (struct esp_packet){ .sa = e[i % ARRAY_LEN(e)].out,
					    .at = plain[i],
					    .len = i * 11,
					    .out = packet[0][i],
					    .room = ROOM,
					    .next_header = PROTO_UDP };
	expect_number("sealed", COUNT, esp_seal_batch(e[0].batch, &e[0].rng, p, COUNT));
	for (size_t i = 0; i < COUNT; i++)
		q[i] = (struct esp_packet){ .sa = e[i % ARRAY_LEN(e)].in,
					    .at = packet[0][i],
					    .len = p[i].done.len };
	expect_number("opened", COUNT, esp_open_batch(e[0].batch, q, COUNT));
	for (size_t i = 0; i < COUNT; i++) {
		expect_bytes("inner", bytes_make(plain[i], i * 11), q[i].done);
		expect_number("number", p[i].seq, q[i].seq);
	}
	for (size_t i = ARRAY_LEN(e); i-- > 0;)
		end_close(&e[i]);
}

/* What cannot be done says so, and takes no number. */
static void refusals(void **state)
{
	struct end e = { 0 };
	struct why why = { 0 };
	struct esp_packet p;

	(void)state;
	assert_null(esp_batch_new("kernel", 0, &why));
	assert_non_null(strstr(why.text, "openssl"));
	assert_null(esp_backend_name(99));
	end_open(&e, NULL, "aes128gcm16", ESP_TUNNEL);
	p = (struct esp_packet){
		.sa = e.out, .at = plain[0], .len = 100, .out = packet[0][0], .room = 135
	};
	expect_number("no room", 0, esp_seal_batch(e.batch, &e.rng, &p, 1));
	expect_result("no room", ESP_BAD_INNER, p.result);
	expect_number("no number", 0, esp_sa_counters(e.out).seq);
	p.room = 136;
	expect_number("room", 1, esp_seal_batch(e.batch, &e.rng, &p, 1));
	expect_number("its length", 136, p.done.len);
	p = (struct esp_packet){
		.sa = e.in, .at = packet[0][0], .len = 136, .out = packet[1][0], .room = 103
	};
	expect_number("no room to open", 0, esp_open_batch(e.batch, &p, 1));
	expect_result("no room to open", ESP_SHORT, p.result);
	esp_sa_set_seq(e.out, 0xffffffff);
	p = (struct esp_packet){
		.sa = e.out, .at = plain[0], .len = 9, .out = packet[0][0], .room = ROOM
	};
	expect_number("exhausted", 0, esp_seal_batch(e.batch, &e.rng, &p, 1));
	expect_result("exhausted", ESP_EXHAUSTED, p.result);
	expect_number("wrong direction", 0, esp_open_batch(e.batch, &p, 1));
	expect_result("wrong direction", ESP_NO_SA, p.result);
	end_close(&e);
}

/* An SA with omissions does in a batch what it does alone. */
static void omissions(void **state)
{
	(void)state;
	for (size_t b = 0; esp_backend_name(b); b++) {
		struct end e = { 0 };
		struct esp_packet p, q;
		const size_t size = 64;

		end_open(&e, esp_backend_name(b), "aes128gcm16", ESP_TRANSPORT);
		esp_sa_omit(e.in, UINT64_C(1) << esp_check_find("esp-icv"));
		esp_sa_omit(e.out, UINT64_C(1) << esp_check_find("esp-seq-first-one"));
		seal(&e, packet[0], &p, &size, 1, false);
		expect_number("first number", 0, p.seq);
		seal(&e, packet[0], &p, &size, 1, false);
		p.out[p.done.len - 1] ^= 1;
		q = (struct esp_packet){ .sa = e.in, .at = p.out, .len = p.done.len };
		expect_number("ICV not looked at", 1, esp_open_batch(e.batch, &q, 1));
		end_close(&e);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(agree),      cmocka_unit_test(flipped),
		cmocka_unit_test(short_ones), cmocka_unit_test(window),
		cmocka_unit_test(many_sas),   cmocka_unit_test(refusals),
		cmocka_unit_test(omissions),
	};

	return cmocka_run_group_tests_name("batch", tests, all_suites, NULL);
}
