/*
 * Writes the corpus of the fuzz targets: every sample of the tests as a datagram in clear and as an
 * inner chain, and one datagram with an SK payload.  make-corpus DIRECTORY
 */
#include <stdio.h>

#include "../tests/samples.h"

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

int main(int argc, char **argv)
{
	struct why why = { .octet = WHY_NO_OCTET };

	if (argc != 2)
		return 2;
	for (size_t i = 0; i < ARRAY_LEN(samples); i++) {
		if (!write_sample(argv[1], &samples[i], &why)) {
			fprintf(stderr, "make-corpus: %s: %s\n", samples[i].name, why.text);
			return 1;
		}
	}
	return !write_sealed(argv[1], PAYLOAD_SK, "sealed") ||
	       !write_sealed(argv[1], PAYLOAD_SKF, "fragment");
}
