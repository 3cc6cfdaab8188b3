/*
 * Honest handshakes: every suite, both families, cookies, another group, NATs; deletion;
 * determinism.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include "pair.h"

static void good(struct pair *p)
{
	struct why why = { .text = "" };
	for (int i = 0; i < 2; i++)
		if (!endpoint_validate(p->end[i].endpoint, &why))
			fail_msg("end %d: %s", i, why.text);
}

/* From the handshake to the delete, all that an honest pair does. */
static void whole_life(struct pair *p)
{
	assert_true(pair_ask(p, LEFT, PURPOSE_LIVENESS));
	assert_true(pair_ask(p, RIGHT, PURPOSE_LIVENESS));
	assert_true(pair_agrees(p));
	assert_true(pair_ask(p, RIGHT, PURPOSE_DELETE_CHILD));
	assert_int_equal(p->end[LEFT].removes, 1);
	assert_int_equal(p->end[RIGHT].removes, 1);
	assert_int_equal(pair_ike(p, LEFT).state, IKE_ESTABLISHED);
	assert_true(pair_ask(p, LEFT, PURPOSE_DELETE_IKE));
	assert_int_equal(pair_living(p, LEFT), 0);
	assert_int_equal(pair_living(p, RIGHT), 0);
	good(p);
}

/* ------------------------------------------------------------ suites */

static const char *const encrs[] = { "aes128gcm16-prfsha256",   "aes256gcm16-prfsha384",
				     "aes128-sha256-prfsha256", "aes256-sha384-prfsha384",
				     "aes256-sha512-prfsha512", "aes128gcm16-prfsha512",
				     "aes128-sha512-prfsha256", "aes256-sha256-prfsha512" };
static const char *const groups[] = { "modp2048", "ecp256", "ecp384", "x25519" };
static const char *const esps[] = { "aes128gcm16",   "aes256gcm16-esn",   "aes128-sha256-esn",
				    "aes256-sha384", "aes256-sha512-esn", "aes128-sha256" };

static void suites(void **state)
{
	(void)state;
	char ike[80];
	for (size_t i = 0; i < ARRAY_LEN(encrs); i++) {
		for (size_t g = 0; g < ARRAY_LEN(groups); g++) {
			snprintf(ike, sizeof(ike), "%s-%s", encrs[i], groups[g]);
			const char *esp = esps[(i * 4 + g) % ARRAY_LEN(esps)];
			struct pair *p = pair_new(&(struct pair_setup){
				.ike = ike, .esp = esp, .seed = i * 9 + g, .ipv6 = g & 1 });
			pair_start(p);
			if (!pair_handshake(p))
				fail_msg("%s with %s", ike, esp);
			assert_int_equal(p->packets, 4);
			assert_int_equal(p->end[LEFT].installed.suite.esn,
					 strstr(esp, "esn") != NULL);
			whole_life(p);
			pair_free(p);
		}
	}
}

/* Chosen by the responder's order; left offers, right prefers. */
static const struct {
	const char *left, *right, *chosen;
	size_t packets;
} negotiations[] = {
	{ "aes128gcm16-prfsha256-ecp256 aes256-sha512-x25519",
	  "aes256-sha512-x25519 aes128gcm16-prfsha256-ecp256", "aes256-sha512-x25519", 6 },
	{ "aes128gcm16-prfsha256-ecp256 aes256-sha512-ecp256",
	  "aes256-sha512-ecp256 aes128gcm16-prfsha256-ecp256", "aes256-sha512-ecp256", 4 },
	{ "aes128gcm16-prfsha256-ecp256 aes128gcm16-prfsha256-ecp384 aes128gcm16-prfsha256-x25519",
	  "aes128gcm16-prfsha256-x25519", "aes128gcm16-prfsha256-x25519", 6 },
	{ "aes128gcm16-prfsha256-ecp256",
	  "aes256gcm16-prfsha256-ecp256 aes128gcm16-prfsha256-ecp256",
	  "aes128gcm16-prfsha256-ecp256", 4 },
};

static void negotiation(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(negotiations); i++) {
		struct pair *p = pair_new(&(struct pair_setup){
			.ike = negotiations[i].left, .ike_right = negotiations[i].right });
		struct suite wanted;
		struct why why;
		pair_start(p);
		assert_true(pair_handshake(p));
		assert_true(suite_parse(negotiations[i].chosen, false, &wanted, &why));
		struct suite got = pair_ike(p, LEFT).suite;
		assert_ptr_equal(got.encr, wanted.encr);
		assert_ptr_equal(got.ke, wanted.ke);
		assert_int_equal(p->packets, negotiations[i].packets);
		whole_life(p);
		pair_free(p);
	}
}

static void nothing_shared(void **state)
{
	(void)state;
	struct pair *p = pair_new(&(struct pair_setup){ .ike = "aes128-sha256-ecp256",
							.ike_right = "aes256-sha256-ecp256" });
	pair_start(p);
	assert_false(pair_handshake(p));
	assert_int_equal(pair_living(p, LEFT), 1); /* not believed at once */
	pair_run(p, p->now + 200 * USEC_S);
	assert_int_equal(pair_living(p, LEFT), 0);
	assert_int_equal(pair_living(p, RIGHT), 0);
	pair_free(p);
	p = pair_new(&(struct pair_setup){ .esp = "aes128gcm16", .esp_right = "aes256gcm16" });
	pair_start(p);
	assert_false(pair_handshake(p));
	assert_int_equal(pair_ike(p, LEFT).state, IKE_ESTABLISHED);
	assert_int_equal(pair_ike(p, RIGHT).state, IKE_ESTABLISHED);
	assert_int_equal(p->end[LEFT].installs, 0);
	pair_free(p);
}

/* ------------------------------------------------------------ selectors */

static struct selectors selectors_of(const char *text)
{
	struct selectors s = { .count = 0 };
	char copy[200], *save = NULL;
	snprintf(copy, sizeof(copy), "%s", text);
	for (char *t = strtok_r(copy, " ", &save); t; t = strtok_r(NULL, " ", &save)) {
		s.rows[s.count] = (struct traffic_selector){ .last_port = 65535 };
		assert_true(address_range_parse(t, &s.rows[s.count++].range));
	}
	return s;
}

static const struct {
	const char *left, *right, *both; /* of the left network; both empty: TS_UNACCEPTABLE */
} narrowings[] = {
	{ "10.1.0.0/16", "10.1.0.0/16", "10.1.0.0/16" },
	{ "10.0.0.0/8", "10.1.0.0/16", "10.1.0.0/16" },
	{ "10.1.2.0/24", "10.1.0.0/16", "10.1.2.0/24" },
	{ "10.1.1.0/24 10.1.2.0/24 192.168.0.0/24", "10.1.0.0/16", "10.1.1.0/24 10.1.2.0/24" },
	{ "0.0.0.0/0", "10.1.0.0/16 172.16.0.0/12", "10.1.0.0/16 172.16.0.0/12" },
	{ "10.1.0.0/16 2001:db8:1::/48", "2001:db8::/32", "2001:db8:1::/48" },
	{ "10.9.0.0/16", "10.1.0.0/16", "" },
};

static void narrowing(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(narrowings); i++) {
		struct pair *p = pair_new(&(struct pair_setup){ .seed = i });
		struct selectors wanted = selectors_of(narrowings[i].both);
		p->end[LEFT].connection.ours = selectors_of(narrowings[i].left);
		p->end[RIGHT].connection.theirs = selectors_of(narrowings[i].right);
		pair_start(p);
		assert_int_equal(pair_handshake(p), wanted.count > 0);
		assert_int_equal(pair_ike(p, LEFT).state, IKE_ESTABLISHED);
		assert_int_equal(p->end[LEFT].installs, wanted.count > 0);
		assert_int_equal(p->end[RIGHT].installs, wanted.count > 0);
		if (wanted.count) {
			struct selectors *l = &p->end[LEFT].installed.ours,
					 *r = &p->end[RIGHT].installed.theirs;
			assert_int_equal(l->count, wanted.count);
			assert_true(selectors_subset(l, &wanted) && selectors_subset(&wanted, l));
			assert_true(selectors_subset(r, &wanted) && selectors_subset(&wanted, r));
		}
		good(p);
		pair_free(p);
	}
}

/* ------------------------------------------------------------ retries and NATs */

static const struct {
	bool cookie, group, nat_left, nat_right, ipv6;
	size_t packets;
} ways[] = {
	{ false, false, false, false, false, 4 }, { true, false, false, false, false, 6 },
	{ false, true, false, false, false, 6 },  { true, true, false, false, false, 8 },
	{ true, true, false, false, true, 8 },    { false, false, true, false, false, 4 },
	{ false, false, false, true, false, 4 },  { false, false, true, true, false, 4 },
	{ true, true, true, true, false, 8 },
};

static void retries_and_nats(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
		bool nat = ways[i].nat_left || ways[i].nat_right;
		struct pair *p = pair_new(&(struct pair_setup){
			.ike = "aes128gcm16-prfsha256-ecp256 aes128gcm16-prfsha256-x25519",
			.ike_right = ways[i].group ? "aes128gcm16-prfsha256-x25519" : NULL,
			.ipv6 = ways[i].ipv6 });
		if (ways[i].cookie)
			p->end[RIGHT].config.cookie_threshold = 0;
		if (ways[i].nat_left)
			address_parse("203.0.113.7:31000", &p->end[LEFT].nat);
		if (ways[i].nat_right) {
			address_parse("203.0.113.9:500", &p->end[RIGHT].nat);
			p->end[LEFT].connection.remote = p->end[RIGHT].nat;
		}
		pair_start(p);
		if (!pair_handshake(p))
			fail_msg("row %zu", i);
		assert_int_equal(p->packets, ways[i].packets);
		assert_int_equal(p->end[LEFT].installed.udp, nat);
		assert_int_equal(pair_ike(p, LEFT).nat_here, ways[i].nat_left);
		assert_int_equal(pair_ike(p, LEFT).nat_there, ways[i].nat_right);
		assert_int_equal(pair_ike(p, RIGHT).nat_there, ways[i].nat_left);
		assert_int_equal(pair_ike(p, LEFT).local.port, nat ? 4500 : 500);
		if (nat) {
			assert_int_equal(p->end[LEFT].installed.local.port, 4500);
			assert_int_equal(p->end[RIGHT].installed.remote.port,
					 ways[i].nat_left ? 31001 : 4500);
			pair_run(p, p->now + 65 * USEC_S);
			assert_int_equal(p->end[LEFT].keepalives, ways[i].nat_left ? 3 : 0);
		}
		whole_life(p);
		pair_free(p);
	}
}

static void encapsulation_forced(void **state)
{
	(void)state;
	for (int end = 0; end < 2; end++) {
		struct pair *p = pair_new(&(struct pair_setup){ .seed = 5 });
		p->end[end].config.encapsulate = true;
		pair_start(p);
		assert_true(pair_handshake(p));
		assert_true(p->end[LEFT].installed.udp);
		assert_int_equal(p->end[RIGHT].installed.local.port, 4500);
		whole_life(p);
		pair_free(p);
	}
}

/* The NAT gives another port in the middle of the SA; the responder follows. */
static void rebinding(void **state)
{
	(void)state;
	struct pair *p = pair_new(&(struct pair_setup){ .seed = 6 });
	address_parse("203.0.113.7:31000", &p->end[LEFT].nat);
	pair_start(p);
	assert_true(pair_handshake(p));
	p->end[LEFT].nat.port = 32000;
	assert_true(pair_ask(p, LEFT, PURPOSE_LIVENESS));
	assert_int_equal(pair_ike(p, RIGHT).remote.port, 32001);
	assert_int_equal(p->end[RIGHT].readdresses, 1);
	struct child_report r = { .kind = REPORT_NEW_ADDRESS,
				  .spi_in = p->end[RIGHT].installed.spi_in };
	address_parse("203.0.113.7:40000", &r.address);
	endpoint_report(p->end[RIGHT].endpoint, &r, p->now);
	assert_int_equal(pair_ike(p, RIGHT).remote.port, 40000);
	pair_free(p);
}

/* ------------------------------------------------------------ sameness */

struct digest {
	uint64_t hash;
};

static bool digest(struct pair *p, int from, struct datagram *d)
{
	struct digest *s = p->ctx;
	(void)from;
	for (size_t i = 0; i < d->octets.len; i++)
		s->hash = s->hash * 31 + d->octets.at[i];
	return true;
}

static uint64_t life_digest(uint64_t seed)
{
	struct digest d = { 1 };
	struct pair *p =
		pair_new(&(struct pair_setup){ .seed = seed, .ike = "aes128-sha256-modp2048" });
	p->pass = digest;
	p->ctx = &d;
	pair_start(p);
	assert_true(pair_handshake(p));
	whole_life(p);
	assert_int_equal(crypto_stray_draws(p->crypto), 0);
	pair_free(p);
	return d.hash;
}

static void same_seed_same_octets(void **state)
{
	(void)state;
	assert_true(life_digest(7) == life_digest(7));
	assert_true(life_digest(7) != life_digest(8));
}

/* ------------------------------------------------------------ further Child SAs */

static const struct {
	const char *esp;
	size_t packets; /* of a new one, and of a rekey with its delete */
} further[] = {
	{ "aes256gcm16", 2 },
	{ "aes128-sha256-x25519", 2 },
	{ "aes256gcm16-ecp256-esn", 2 },
};

static void more_children(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2 * ARRAY_LEN(further); i++) {
		struct pair *p =
			pair_new(&(struct pair_setup){ .esp = further[i / 2].esp, .seed = i });
		struct why why;
		int end = i & 1;
		pair_start(p);
		assert_true(pair_handshake(p));
		size_t before = p->packets;
		assert_true(pair_ask(p, end, PURPOSE_NEW_CHILD));
		assert_int_equal(p->packets - before, further[i / 2].packets);
		assert_true(pair_agrees(p));
		assert_int_equal(p->end[LEFT].installs, 2);
		struct endpoint *e = p->end[end].endpoint;
		struct ike_sa *sa = endpoint_ike_sa(e, 0);
		assert_true(endpoint_request(e, PURPOSE_REKEY_CHILD, sa,
					     endpoint_child_sa(e, sa, 0), p->now, &why));
		before = p->packets;
		pair_pump(p);
		assert_int_equal(p->packets - before, 4);
		assert_true(pair_agrees(p));
		assert_int_equal(p->end[LEFT].installs, 3);
		assert_int_equal(p->end[LEFT].removes, 1);
		assert_int_equal(p->end[RIGHT].removes, 1);
		assert_true(pair_ask(p, LEFT, PURPOSE_DELETE_IKE));
		assert_int_equal(p->end[RIGHT].removes, 3);
		good(p);
		pair_free(p);
	}
}

/* The responder wants another group for the Child SA than is tried first. */
static void child_of_another_group(void **state)
{
	(void)state;
	struct pair *p =
		pair_new(&(struct pair_setup){ .esp = "aes256gcm16-ecp256 aes256gcm16-x25519",
					       .esp_right = "aes256gcm16-x25519" });
	pair_start(p);
	assert_true(pair_handshake(p));
	size_t before = p->packets;
	assert_true(pair_ask(p, LEFT, PURPOSE_NEW_CHILD));
	assert_int_equal(p->packets - before, 4);
	assert_true(pair_agrees(p));
	good(p);
	pair_free(p);
}

static void initial_contact(void **state)
{
	(void)state;
	struct pair *p = pair_new(&(struct pair_setup){ .seed = 9 });
	p->end[LEFT].connection.initial_contact = true;
	pair_start(p);
	assert_true(pair_handshake(p));
	assert_true(pair_handshake(p));
	assert_int_equal(pair_living(p, RIGHT), 1);
	assert_int_equal(p->end[RIGHT].removes, 1);
	pair_free(p);
}

static void wrong_secret(void **state)
{
	(void)state;
	for (int end = 0; end < 2; end++) {
		struct pair *p = pair_new(&(struct pair_setup){ .seed = 10 });
		p->end[end].connection.secret = bytes_text("another");
		pair_start(p);
		assert_false(pair_handshake(p));
		assert_int_equal(pair_living(p, LEFT) + pair_living(p, RIGHT), 0);
		good(p);
		pair_free(p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(suites),
		cmocka_unit_test(negotiation),
		cmocka_unit_test(nothing_shared),
		cmocka_unit_test(narrowing),
		cmocka_unit_test(retries_and_nats),
		cmocka_unit_test(encapsulation_forced),
		cmocka_unit_test(rebinding),
		cmocka_unit_test(more_children),
		cmocka_unit_test(child_of_another_group),
		cmocka_unit_test(same_seed_same_octets),
		cmocka_unit_test(initial_contact),
		cmocka_unit_test(wrong_secret),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
