/*
 * Authentication between two endpoints: every kind of key by RFC 7427 and by the older methods, each end its
 * own way, NULL, and every wrong certificate, in both roles; with a row left out exactly its defect passes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include "authority/authority.h"
#include "pair.h"

#define EPOCH 1767225600 /* 2026-01-01 */
#define ANY_HASH (HASHES_SHA2 | HASH_BIT(HASH_IDENTITY))

struct stand {
	struct pair *pair;
	struct authority *authority;
};

static struct stand new_stand(void)
{
	struct why why;
	struct stand s = { pair_new(&(struct pair_setup){ .ike = "aes128gcm16-prfsha256-x25519" }), NULL };
	s.authority = authority_new(s.pair->crypto, &why);
	assert_non_null(s.authority);
	return s;
}

static void free_stand(struct stand *s)
{
	pair_free(s->pair);
	authority_free(s->authority);
}

/* That end signs with a certificate of that kind; the other wants one. */
static void certify(struct stand *s, int end, const char *key, const char *kind)
{
	struct connection *c = &s->pair->end[end].connection, *other = &s->pair->end[!end].connection;
	struct authority_wish wish = { end == LEFT ? "tester" : "target", key, kind, c->us.type, c->us.data };
	struct authority_issued issued;
	struct why why;
	if (!authority_issue(s->authority, &wish, s->pair->arena, &issued, &why))
		fail_msg("%s", why.text);
	c->proof = (struct credentials){ .proof = PROOF_SIGNATURE, .key = issued.key };
	memcpy(c->proof.chain.rows, issued.chain, sizeof(issued.chain));
	c->proof.chain.count = issued.count;
	other->their_proof = PROOF_SIGNATURE;
	other->asks_certificate = true;
	other->trust.anchors[0] = authority_root(s->authority);
	other->trust.crls[0] = authority_crl(s->authority);
	other->trust.anchor_count = other->trust.crl_count = 1;
	s->pair->end[!end].config.epoch = EPOCH;
}

static void announce(struct stand *s, unsigned left, unsigned right)
{
	s->pair->end[LEFT].connection.hashes = left;
	s->pair->end[RIGHT].connection.hashes = right;
}

/* What follows a refusal is not to be the last that was refused. */
static bool no_informational(struct pair *p, int from, struct datagram *d)
{
	(void)p, (void)from;
	return d->octets.len < 19 || d->octets.at[18] != INFORMATIONAL;
}

static bool shakes(struct stand *s)
{
	s->pair->pass = no_informational;
	pair_start(s->pair);
	return pair_handshake(s->pair) && pair_agrees(s->pair);
}

static int last_refusal(struct stand *s, int end)
{
	return endpoint_counts(s->pair->end[end].endpoint).last_refusal;
}

/* ------------------------------------------------------------ good ways */

static void test_keys(void **state)
{
	(void)state;
	for (size_t k = 0; authority_key_name(k); k++)
		for (size_t o = 0; authority_key_name(o); o++) {
			struct stand s = new_stand();
			certify(&s, LEFT, authority_key_name(k), "good");
			certify(&s, RIGHT, authority_key_name(o), "with-intermediate");
			announce(&s, ANY_HASH, ANY_HASH);
			if (!shakes(&s))
				fail_msg("%s with %s", authority_key_name(k), authority_key_name(o));
			free_stand(&s);
		}
}

/* Without the notify of both ends the method is that of the key; EdDSA has none then. */
static void test_older_methods(void **state)
{
	static const struct {
		const char *key;
		bool works;
	} cases[] = { { "rsa", true },      { "ecdsa256", true }, { "ecdsa384", true },
		      { "ecdsa521", true }, { "ed25519", false }, { "ed448", false } };
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		for (unsigned who = 0; who < 3; who++) {
			struct stand s = new_stand();
			certify(&s, LEFT, cases[i].key, "good");
			certify(&s, RIGHT, "ecdsa256", "good");
			announce(&s, who == 1 ? ANY_HASH : 0, who == 2 ? ANY_HASH : 0);
			if (shakes(&s) != cases[i].works)
				fail_msg("%s, %u", cases[i].key, who);
			free_stand(&s);
		}
}

static void test_schemes(void **state)
{
	(void)state;
	for (size_t i = 0; i < signature_schemes_count; i++) {
		const struct signature_scheme *scheme = &signature_schemes[i];
		const char *key = strcmp(scheme->key, "RSA") == 0    ? "rsa"
				  : strcmp(scheme->key, "EC") == 0   ? "ecdsa384"
				  : strcmp(scheme->key, "ED448") == 0 ? "ed448"
								      : "ed25519";
		for (int end = 0; end < 2; end++)
			for (int offered = 0; offered < 2; offered++) {
				struct stand s = new_stand();
				unsigned own = HASH_BIT(scheme->hash_id), hashes = offered ? own : 0x3e & ~own;
				certify(&s, LEFT, "ecdsa256", "good");
				certify(&s, RIGHT, "ecdsa256", "good");
				certify(&s, end, key, "good");
				announce(&s, end == LEFT ? ANY_HASH : hashes, end == RIGHT ? ANY_HASH : hashes);
				s.pair->end[end].connection.proof.scheme = scheme;
				/* The other end signs by SHA-2 that we take. */
				if (shakes(&s) != offered)
					fail_msg("%s by %d, offered %d", scheme->name, end, offered);
				free_stand(&s);
			}
	}
}

/* Only one hash, and that is not our first choice; or none that fits. */
static void test_choice_of_hash(void **state)
{
	static const struct {
		const char *key;
		unsigned hashes;
		bool works;
	} cases[] = {
		{ "rsa", HASH_BIT(HASH_SHA2_512), true },      { "rsa", HASH_BIT(HASH_IDENTITY), false },
		{ "ecdsa256", HASH_BIT(HASH_SHA2_384), true }, { "ed25519", HASHES_SHA2, false },
		{ "ed25519", HASH_BIT(HASH_IDENTITY), true },  { "rsa", HASH_BIT(HASH_SHA1), false },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		for (int end = 0; end < 2; end++) {
			struct stand s = new_stand();
			certify(&s, end, cases[i].key, "good");
			announce(&s, end == LEFT ? ANY_HASH : cases[i].hashes,
				 end == RIGHT ? ANY_HASH : cases[i].hashes);
			if (shakes(&s) != cases[i].works)
				fail_msg("%s, %#x", cases[i].key, cases[i].hashes);
			free_stand(&s);
		}
}

static void nothing(struct stand *s, int end)
{
	struct connection *c = &s->pair->end[end].connection, *other = &s->pair->end[!end].connection;
	struct why why;
	c->proof.proof = other->their_proof = PROOF_NONE;
	identity_parse(s->pair->arena, "null", &c->us, &why);
	other->them = c->us;
}

/* Each end in its own way: all nine pairs. */
static void test_mixed(void **state)
{
	(void)state;
	for (int left = 0; left < 3; left++)
		for (int right = 0; right < 3; right++) {
			struct stand s = new_stand();
			int ways[2] = { left, right };
			announce(&s, ANY_HASH, ANY_HASH);
			for (int end = 0; end < 2; end++) {
				if (ways[end] == 1)
					certify(&s, end, "rsa", "good");
				else if (ways[end] == 2)
					nothing(&s, end);
			}
			if (!shakes(&s))
				fail_msg("%d with %d", left, right);
			free_stand(&s);
		}
}

/* ------------------------------------------------------------ wrong ways */

static const struct {
	const char *kind, *key, *check;
} wrong[] = {
	{ "expired",              "rsa",      "cert-expired"   },
	{ "not-yet-valid",        "ecdsa256", "cert-not-yet"   },
	{ "revoked",              "ed25519",  "cert-revoked"   },
	{ "other-ca",             "rsa",      "cert-chain"     },
	{ "other-ca-same-name",   "ecdsa384", "cert-chain"     },
	{ "self-signed",          "ecdsa521", "cert-chain"     },
	{ "missing-intermediate", "rsa",      "cert-chain"     },
	{ "issued-by-end-entity", "rsa",      "cert-ca"        },
	{ "bad-signature",        "ecdsa256", "cert-chain"     },
	{ "other-identity",       "ed448",    "cert-identity"  },
	{ "wildcard-identity",    "rsa",      "cert-identity"  },
	{ "no-identity",          "rsa",      "cert-identity"  },
	{ "wrong-purpose",        "ecdsa256", "cert-purpose"   },
	{ "wrong-usage",          "ecdsa256", "cert-key-usage" },
	{ "critical-extension",   "rsa",      "cert-critical"  },
	{ "weak-key",             "rsa",      "cert-strength"  },
};

static bool wrong_passes(size_t i, int end, bool omit, const char **refused)
{
	struct stand s = new_stand();
	certify(&s, LEFT, "ecdsa256", "good");
	certify(&s, RIGHT, "ecdsa256", "good");
	certify(&s, end, wrong[i].key, wrong[i].kind);
	announce(&s, ANY_HASH, ANY_HASH);
	if (omit)
		pair_omit(s.pair, !end, wrong[i].check);
	bool good = shakes(&s);
	int row = last_refusal(&s, !end);
	*refused = row < 0 ? "none" : checks[row].name;
	free_stand(&s);
	return good;
}

static void test_wrong_certificates(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
		for (int end = 0; end < 2; end++) {
			const char *refused;
			if (wrong_passes(i, end, false, &refused) || strcmp(refused, wrong[i].check) != 0)
				fail_msg("%s of end %d: refused by %s", wrong[i].kind, end, refused);
			if (!wrong_passes(i, end, true, &refused))
				fail_msg("%s of end %d, without %s: refused by %s", wrong[i].kind, end,
					 wrong[i].check, refused);
		}
}

/* A proof other than the one that is wanted; every pair. */
static void test_wrong_proof(void **state)
{
	(void)state;
	for (int is = 0; is < 3; is++)
		for (int wanted = 0; wanted < 3; wanted++)
			for (int end = 0; end < 2 && is != wanted; end++) {
				struct stand s = new_stand();
				announce(&s, ANY_HASH, ANY_HASH);
				certify(&s, end, "rsa", "good");
				s.pair->end[end].connection.proof.proof = (enum proof)is;
				s.pair->end[!end].connection.their_proof = (enum proof)wanted;
				assert_false(shakes(&s));
				assert_string_equal(checks[last_refusal(&s, !end)].name,
						    is == PROOF_NONE ? "null-auth" : "auth-method");
				free_stand(&s);
			}
}

/* The world's time, not the machine's. */
static void test_time(void **state)
{
	static const struct {
		uint64_t epoch;
		bool works;
	} cases[] = { { EPOCH, true }, { 1500000000, false }, { 2600000000, false }, { 1600000000, true } };
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct stand s = new_stand();
		certify(&s, LEFT, "rsa", "good");
		certify(&s, RIGHT, "rsa", "good");
		s.pair->end[RIGHT].config.epoch = cases[i].epoch;
		assert_int_equal(shakes(&s), cases[i].works);
		free_stand(&s);
	}
}

/* ------------------------------------------------------------ payloads on the wire */

static unsigned certificates_seen;

/* Any octets as a certificate, as the peer's only one: refused, never worse. */
static void test_garbage(void **state)
{
	(void)state;
	struct stand probe = new_stand();
	certify(&probe, LEFT, "ecdsa256", "good");
	uint8_t whole[2048];
	size_t len = probe.pair->end[LEFT].connection.proof.chain.rows[0].len;
	assert_true(len < sizeof(whole));
	memcpy(whole, probe.pair->end[LEFT].connection.proof.chain.rows[0].at, len);
	free_stand(&probe);
	for (size_t i = 0; i < len; i += 3) {
		struct stand s = new_stand();
		uint8_t octets[2048];
		certify(&s, LEFT, "ecdsa256", "good");
		memcpy(octets, whole, len);
		octets[i] ^= 0xff;
		s.pair->end[LEFT].connection.proof.chain.rows[0] = bytes_make(octets, i % 2 ? i : len);
		assert_false(shakes(&s));
		certificates_seen++;
		free_stand(&s);
	}
	assert_true(certificates_seen > 100);
}

static void test_octets_repeat(void **state)
{
	uint8_t first[8192];
	size_t len = 0;
	(void)state;
	for (int i = 0; i < 2; i++) {
		struct stand s = new_stand();
		certify(&s, LEFT, "rsa", "chain-of-four");
		certify(&s, RIGHT, "ecdsa256", "good");
		announce(&s, ANY_HASH, ANY_HASH);
		s.pair->end[LEFT].connection.proof.scheme = signature_scheme_find("rsa-pss-sha512");
		assert_true(shakes(&s));
		struct bytes last = s.pair->end[LEFT].last;
		if (i == 0) {
			assert_true(last.len > 1500 && last.len < sizeof(first));
			memcpy(first, last.at, len = last.len);
		} else {
			assert_true(bytes_equal(last, bytes_make(first, len)));
		}
		free_stand(&s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_older_methods),
		cmocka_unit_test(test_schemes),
		cmocka_unit_test(test_choice_of_hash),
		cmocka_unit_test(test_mixed),
		cmocka_unit_test(test_wrong_certificates),
		cmocka_unit_test(test_wrong_proof),
		cmocka_unit_test(test_time),
		cmocka_unit_test(test_garbage),
		cmocka_unit_test(test_octets_repeat),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
