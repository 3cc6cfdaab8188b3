/*
 * Any octets sent to an endpoint that has keys: opened, or refused with a reason; never anything else.
 *
 * The first octet chooses the suite, and whether ICV and padding are looked at (they are not, in some
 * faults of the built-in target, so that everything behind them is reached).
 */
#include <stdio.h>
#include <stdlib.h>

#include "fuzz.h"
#include "keys.h"

static struct crypto *crypto;
static struct fuzz_keys keys[FUZZ_SUITES];
static struct arena *arena;

static void broken(const char *what, const struct why *why)
{
	fprintf(stderr, "fuzz-open: %s: %s\n", what, why ? why->text : "");
	abort();
}

static void start(void)
{
	struct why why = { .octet = WHY_NO_OCTET };

	if (arena) {
		arena_reset(arena);
		return;
	}
	arena = arena_new(128u << 20);
	crypto = crypto_new(&why);
	if (!arena || !crypto)
		broken("start", &why);
	for (unsigned i = 0; i < FUZZ_SUITES; i++)
		if (!fuzz_keys_start(&keys[i], crypto, i, false, &why))
			broken("start", &why);
}

/* Every octet of the plaintext is somewhere in the trees. */
static void check_opened(const struct message *m)
{
	struct why why = { .octet = WHY_NO_OCTET };
	struct bytes outer, inner;

	if (!wire_validate(m->outer, &why) || (m->inner && !wire_validate(m->inner, &why)))
		broken("a tree is not valid", &why);
	if (!wire_octets(arena, m->outer, &outer) || !bytes_equal(outer, m->octets))
		broken("the outer tree is not the datagram", NULL);
	if (m->inner && (!wire_octets(arena, m->inner, &inner) || !bytes_equal(inner, m->plain)))
		broken("the inner tree is not the plaintext", NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct why why = { .octet = WHY_NO_OCTET };
	struct message m;
	unsigned choice;

	if (size == 0)
		return 0;
	start();
	choice = data[0];
	if (!message_decode(arena, bytes_make(data + 1, size - 1), &m, &why)) {
		if (size > IKE_HEADER)
			broken("not decoded", &why);
		return 0;
	}
	if (!message_open(&m, &keys[choice % FUZZ_SUITES].keys, choice & 2, choice & 4, &why)) {
		if (why.text[0] == '\0' || m.protection == MESSAGE_OPENED)
			broken("refused without a reason", NULL);
		return 0;
	}
	if (m.fragments && !m.inner && !message_join(&m, &m, 1, &why))
		broken("not joined", &why);
	check_opened(&m);
	message_find(&m, "SA.P[*].T(ENCR).id", NULL);
	message_notify(&m, 16393);
	return 0;
}
