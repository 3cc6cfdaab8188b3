/*
 * Writes the corpus of the fuzz targets.  make-corpus DIRECTORY
 *
 * decode/: every sample of the tests as a datagram in clear and as an inner chain, and datagrams with
 * SK and SKF.  open/: the samples sealed with the keys of fuzz-open, whole and as fragments.
 * endpoint/: for each state of fuzz-endpoint every honest message, in SK, in fragments or in clear.
 * reassembly/: orders of fragments.
 */
#include <stdio.h>

#include "../tests/samples.h"
#include "keys.h"

static bool write_file(const char *directory, const char *name, uint8_t root, struct bytes b)
{
	char path[4096];
	FILE *f;
	bool good;

	snprintf(path, sizeof(path), "%s/%s.bin", directory, name);
	f = fopen(path, "wb");
	if (!f)
		return false;
	good = fwrite(&root, 1, 1, f) == 1 && fwrite(b.at, 1, b.len, f) == b.len;
	return fclose(f) == 0 && good;
}

static bool write_sample(const char *directory, const struct sample *s, struct why *why)
{
	struct arena *a = arena_new(1 << 20);
	struct node *chain = sample_chain(a, s, why);
	struct composition c = sample_composition(a, s, chain);
	struct composed out;
	struct bytes inner;
	char name[64];
	bool good;

	good = chain && message_finish(&c, &out, why) &&
	       write_file(directory, s->name, 0, out.datagrams[0]);
	if (good && chain->first) {
		snprintf(name, sizeof(name), "chain-%s", s->name);
		good = wire_octets(a, chain, &inner) &&
		       write_file(directory, name, (uint8_t)chain->first->type, inner);
	}
	arena_free(a);
	return good;
}

/* Sealed octets need no key: any will do. */
static bool write_sealed(const char *directory, uint8_t type, const char *name)
{
	struct arena *a = arena_new(1 << 20);
	struct node *root = wire_new(a, &ike_message), *sealed;
	struct bytes octets;
	uint8_t body[100];
	bool good;

	for (size_t i = 0; i < sizeof(body); i++)
		body[i] = (uint8_t)(i * 37);
	sealed = wire_append(a, wire_find(root, "payloads", NULL), NULL, type);
	good = wire_give_number(sealed, "next_payload", PAYLOAD_IDI) &&
	       wire_give_octets(a, sealed, "ciphertext", bytes_make(body, sizeof(body))) &&
	       wire_give_number(root, "HDR.exchange_type", IKE_AUTH) &&
	       wire_encode(a, root, &octets, NULL) && write_file(directory, name, 0, octets);
	arena_free(a);
	return good;
}

static bool write_decode(const char *directory, struct why *why)
{
	for (size_t i = 0; i < ARRAY_LEN(samples); i++)
		if (!write_sample(directory, &samples[i], why))
			return false;
	return write_sealed(directory, PAYLOAD_SK, "sealed") &&
	       write_sealed(directory, PAYLOAD_SKF, "fragment");
}

/* A sample under a suite, with ICV and padding not looked at: mutants then reach everything behind. */
static bool write_open(const char *directory, const struct sample *s, struct fuzz_keys *keys,
		       uint8_t suite, unsigned fragments, struct why *why)
{
	struct arena *a = arena_new(1 << 20);
	struct rng rng;
	struct composition c = sample_composition(a, s, sample_chain(a, s, why));
	struct composed out;
	char name[80];
	bool good;

	rng_seed(&rng, suite, s->name);
	c.protect = true;
	c.keys = &keys->keys;
	c.rng = &rng;
	c.fragments = fragments;
	good = c.chain && message_finish(&c, &out, why);
	for (size_t i = 0; good && i < out.count; i++) {
		snprintf(name, sizeof(name), "%s-%u-%zu", s->name, suite, i + 1);
		good = write_file(directory, name, suite, out.datagrams[i]);
	}
	arena_free(a);
	return good;
}

static bool write_opens(const char *directory, struct why *why)
{
	struct crypto *crypto = crypto_new(why);
	struct fuzz_keys keys;
	bool good = crypto != NULL;

	for (uint8_t suite = 0; good && suite < FUZZ_SUITES; suite++) {
		good = fuzz_keys_start(&keys, crypto, suite, true, why);
		for (size_t i = 0; good && i < ARRAY_LEN(samples); i++)
			good = write_open(directory, &samples[i], &keys, suite, i % 3 == 0 ? 2 : 0, why);
		sealer_free(good ? keys.keys.sealer : NULL);
	}
	crypto_free(crypto);
	return good;
}

/* Six honest messages, each with an edit that changes nothing much, then some time. */
static bool write_state(const char *directory, uint8_t stage, uint8_t choice, uint8_t kind,
			uint8_t first)
{
	uint8_t octets[200];
	struct sink s = sink_over(octets, sizeof(octets));
	char name[80];

	sink_u8(&s, choice);
	for (uint8_t i = 0; i < 6; i++) {
		static const uint8_t edit[] = { 0, 2, 2, 1 };

		sink_u8(&s, i == 5 ? 6 : kind);
		sink_u8(&s, i == 5 ? 40 : 0);
		sink_u16(&s, i == 5 ? 0 : 1 + sizeof(edit) * (i & 1));
		if (i == 5)
			continue;
		sink_u8(&s, (uint8_t)(first + i));
		if (i & 1)
			sink_put(&s, BYTES_OF(edit));
	}
	snprintf(name, sizeof(name), "state-%u-%u-%u-%u", stage, choice, kind, first);
	return write_file(directory, name, stage, sink_bytes(&s));
}

static bool write_states(const char *directory)
{
	static const uint8_t roles[] = { 0, 0x80, 0x40 };

	for (uint8_t stage = 0; stage < 15; stage++)
		for (uint8_t i = 0; i < 4; i++)
			if (!write_state(directory, stage | roles[(stage + i) % 3],
					 i == 3 ? 0xc0 : (uint8_t)(stage * 4 + i), 3 + i % 3,
					 (uint8_t)(5 * i)))
				return false;
	return true;
}

/* Steps of fuzz-reassembly: which message, number, total, length, time, content. */
static bool write_reassembly(const char *directory)
{
	static const uint8_t orders[][4 * 6] = {
		{ 0, 1, 3, 20, 0, 1, 0, 2, 3, 20, 0, 2, 0, 3, 3, 20, 0, 3, 1, 1, 1, 9, 0, 4 },
		{ 0, 3, 3, 20, 0, 1, 0, 3, 3, 30, 0, 2, 0, 1, 3, 0, 1, 3, 0, 2, 3, 5, 0, 4 },
		{ 0, 1, 2, 20, 0, 1, 0, 1, 3, 20, 0, 2, 0, 2, 2, 20, 0, 3, 0, 2, 3, 9, 40, 4 },
		{ 2, 1, 200, 255, 0, 1, 2, 2, 200, 255, 0, 1, 0x42, 1, 2, 1, 0, 3, 0x82, 2, 2, 1, 0, 4 },
	};
	char name[32];

	for (size_t i = 0; i < ARRAY_LEN(orders); i++) {
		snprintf(name, sizeof(name), "order-%zu", i + 1);
		if (!write_file(directory, name, orders[i][0], bytes_make(orders[i] + 1, 23)))
			return false;
	}
	return true;
}

int main(int argc, char **argv)
{
	struct why why = { .octet = WHY_NO_OCTET };
	char decode[2000], open[2000], endpoint[2000], reassembly[2000];

	if (argc != 2)
		return 2;
	snprintf(decode, sizeof(decode), "%s/decode", argv[1]);
	snprintf(open, sizeof(open), "%s/open", argv[1]);
	snprintf(endpoint, sizeof(endpoint), "%s/endpoint", argv[1]);
	snprintf(reassembly, sizeof(reassembly), "%s/reassembly", argv[1]);
	if (write_decode(decode, &why) && write_opens(open, &why) && write_states(endpoint) &&
	    write_reassembly(reassembly))
		return 0;
	fprintf(stderr, "make-corpus: %s\n", why.text);
	return 1;
}
