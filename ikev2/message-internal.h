/*
 * What the files of message share.
 */
#ifndef MESSAGE_INTERNAL_H
#define MESSAGE_INTERNAL_H

#include "ikev2/formats.h"
#include "ikev2/message.h"

static inline size_t suite_icv(const struct suite *s)
{
	if (s->encr->aead)
		return s->encr->icv;
	return s->integ ? s->integ->icv : 0;
}

/* The SK or SKF payload of an outer tree, or NULL; it may have lost its fields to a wrong length. */
struct node *message_sealed(const struct node *outer);
/* Where the payloads of an outer tree hang. */
struct node *message_list(const struct node *outer);
/* Splits the body of SK into iv, ciphertext and icv; false if it is too short for them. */
bool message_split(const struct message *m, struct node *sealed, const struct suite *suite);
/* The fields of struct message that are read from the header. */
bool message_read_header(struct message *m, struct why *why);
/* The ICV that belongs to a ciphertext, with the keys it is sealed with. */
bool message_icv(struct arena *a, const struct message_keys *keys, struct bytes iv,
		 struct bytes aad, struct bytes ciphertext, struct bytes *icv);

#endif
