/*
 * The keys of fuzz-open and its corpus.
 */
#ifndef FUZZ_KEYS_H
#define FUZZ_KEYS_H

#include "ikev2/message.h"

#define FUZZ_SUITES 2

struct fuzz_keys {
	struct suite suite;
	struct message_keys keys;
};

static inline bool fuzz_keys_start(struct fuzz_keys *k, struct crypto *crypto, unsigned suite,
				   bool sealing, struct why *why)
{
	static const char *const keywords[FUZZ_SUITES] = {
		"aes128gcm16-prfsha256-x25519",
		"aes128-sha256-modp2048",
	};
	static const uint8_t octets[128] = { 1, 2, 3 };
	const struct transform *encr, *integ;

	if (!suite_parse(keywords[suite], false, &k->suite, why))
		return false;
	encr = k->suite.encr;
	integ = k->suite.integ;
	k->keys.suite = &k->suite;
	k->keys.sealer = sealer_new(crypto, encr, integ, bytes_make(octets, encr->key + encr->salt),
				    bytes_make(octets, integ ? integ->key : 0), sealing, why);
	return k->keys.sealer != NULL;
}

#endif
