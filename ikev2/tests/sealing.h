/*
 * Keys for tests of protected messages: a sealer and an opener for a suite by its keywords.
 */
#ifndef IKEV2_SEALING_H
#define IKEV2_SEALING_H

#include "../../base/tests/with-crypto.h"
#include "samples.h"

struct sealing {
	struct suite suite;
	struct message_keys seal, open;
};

static inline struct sealer *sealing_key(const struct suite *s, bool sealing)
{
	uint8_t key[64], integ_key[64];
	size_t integ_len = s->integ ? s->integ->key : 0;
	struct why why = { .octet = 0 };
	struct sealer *sealer;

	memset(key, 0x42, sizeof(key));
	memset(integ_key, 0x17, sizeof(integ_key));
	sealer = sealer_new(crypto, s->encr, s->integ, bytes_make(key, s->encr->key + s->encr->salt),
			    bytes_make(integ_key, integ_len), sealing, &why);
	if (!sealer)
		fail_msg("%s", why.text);
	return sealer;
}

static inline void sealing_start(struct sealing *s, const char *keywords)
{
	struct why why = { .octet = 0 };

	if (!suite_parse(keywords, false, &s->suite, &why))
		fail_msg("%s: %s", keywords, why.text);
	s->seal = (struct message_keys){ &s->suite, sealing_key(&s->suite, true) };
	s->open = (struct message_keys){ &s->suite, sealing_key(&s->suite, false) };
}

static inline void sealing_stop(struct sealing *s)
{
	sealer_free(s->seal.sealer);
	sealer_free(s->open.sealer);
}

#endif
