/*
 * Suites as words joined by '-'.  The dialects differ in one thing: behind an AEAD in IKE,
 * Libreswan's "sha2_256" is the PRF, where strongSwan writes "prfsha256".
 */
#include "base/crypto.h"

#include <stdarg.h>
#include <stdio.h>

#define WORD_MAX 40

/* Further spellings; key_bits as in the table. */
static const struct {
	const char *word;
	uint8_t type;
	uint16_t id, key_bits;
} spellings[] = {
	{ "aes",               TRANSFORM_ENCR,  12, 128 },
	{ "aes_cbc",           TRANSFORM_ENCR,  12, 128 },
	{ "aes_gcm",           TRANSFORM_ENCR,  20, 128 },
	{ "aes_gcm_c",         TRANSFORM_ENCR,  20, 128 },
	{ "aes_gcm_c128",      TRANSFORM_ENCR,  20, 128 },
	{ "aes_gcm_c192",      TRANSFORM_ENCR,  20, 192 },
	{ "aes_gcm_c256",      TRANSFORM_ENCR,  20, 256 },
	{ "aes_gcm_a",         TRANSFORM_ENCR,  18, 128 },
	{ "aes_gcm_b",         TRANSFORM_ENCR,  19, 128 },
	{ "aes128gcm",         TRANSFORM_ENCR,  20, 128 },
	{ "aes192gcm",         TRANSFORM_ENCR,  20, 192 },
	{ "aes256gcm",         TRANSFORM_ENCR,  20, 256 },
	{ "aes128gcm128",      TRANSFORM_ENCR,  20, 128 },
	{ "aes192gcm128",      TRANSFORM_ENCR,  20, 192 },
	{ "aes256gcm128",      TRANSFORM_ENCR,  20, 256 },
	{ "aes128gcm96",       TRANSFORM_ENCR,  19, 128 },
	{ "aes192gcm96",       TRANSFORM_ENCR,  19, 192 },
	{ "aes256gcm96",       TRANSFORM_ENCR,  19, 256 },
	{ "aes128gcm64",       TRANSFORM_ENCR,  18, 128 },
	{ "aes192gcm64",       TRANSFORM_ENCR,  18, 192 },
	{ "aes256gcm64",       TRANSFORM_ENCR,  18, 256 },
	{ "aes_ctr",           TRANSFORM_ENCR,  13, 128 },
	{ "chachapoly",        TRANSFORM_ENCR,  28, 0   },
	{ "prfsha",            TRANSFORM_PRF,   2,  0   },
	{ "sha",               TRANSFORM_INTEG, 2,  0   },
	{ "sha2",              TRANSFORM_INTEG, 12, 0   },
	{ "hmac_sha1",         TRANSFORM_INTEG, 2,  0   },
	{ "hmac_sha2_256",     TRANSFORM_INTEG, 12, 0   },
	{ "hmac_sha2_384",     TRANSFORM_INTEG, 13, 0   },
	{ "hmac_sha2_512",     TRANSFORM_INTEG, 14, 0   },
	{ "none",              TRANSFORM_INTEG, 0,  0   },
	{ "curve25519",        TRANSFORM_KE,    31, 0   },
	{ "curve448",          TRANSFORM_KE,    32, 0   },
	{ "ecp_256",           TRANSFORM_KE,    19, 0   },
	{ "ecp_384",           TRANSFORM_KE,    20, 0   },
	{ "ecp_521",           TRANSFORM_KE,    21, 0   },
};

/* The PRF that goes with an integrity transform where none is named. */
static const struct {
	uint16_t integ, prf;
} same_hash[] = {
	{ 1, 1 }, { 2, 2 }, { 5, 4 }, { 6, 1 }, { 7, 2 }, { 8, 8 }, { 12, 5 }, { 13, 6 }, { 14, 7 },
};

static const struct transform *prf_of(const struct transform *integ)
{
	for (size_t i = 0; integ && i < ARRAY_LEN(same_hash); i++)
		if (same_hash[i].integ == integ->id)
			return transform_find(TRANSFORM_PRF, same_hash[i].prf, 0);
	return NULL;
}

static char small(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool same(const char *known, const char *word)
{
	if (!known)
		return false;
	while (*known && small(*known) == small(*word))
		known++, word++;
	return *known == *word;
}

/* A row of the type that has this keyword, name or spelling.  A PRF is known by its strongSwan
 * keyword and name alone: its Libreswan keyword is that of the integrity transform. */
static const struct transform *find_word(uint8_t type, const char *word)
{
	for (size_t i = 0; i < transforms_count; i++) {
		const struct transform *t = &transforms[i];
		if (t->type == type && (same(t->strongswan, word) || same(t->name, word) ||
					(type != TRANSFORM_PRF && same(t->libreswan, word))))
			return t;
	}
	for (size_t i = 0; i < ARRAY_LEN(spellings); i++)
		if (spellings[i].type == type && same(spellings[i].word, word))
			return transform_find(type, spellings[i].id, spellings[i].key_bits);
	return NULL;
}

static bool unknown(const char *word, struct why *why)
{
	const char *words[2 * 160 + ARRAY_LEN(spellings)];
	size_t count = 0;
	for (size_t i = 0; i < transforms_count && count + 2 <= 2 * 160; i++) {
		words[count++] = transforms[i].strongswan;
		words[count++] = transforms[i].libreswan;
	}
	for (size_t i = 0; i < ARRAY_LEN(spellings); i++)
		words[count++] = spellings[i].word;
	const char *near = why_nearest(word, words, count);
	if (near)
		return why_set(why, "unknown keyword '%s' in a suite; did you mean '%s'?", word,
			       near);
	return why_set(why, "unknown keyword '%s' in a suite", word);
}

static bool twice(const char *what, const char *word, struct why *why)
{
	return why_set(why, "'%s' is a second %s in a suite", word, what);
}

/* A hash word: integrity, or the PRF where integrity has been said or is not wanted (IKE only). */
static bool take_hash(struct suite *s, const struct transform *hash, bool esp, const char *word,
		      struct why *why)
{
	if (s->encr->aead && hash->id == 0)
		return true;
	if (esp && s->encr->aead)
		return why_set(why, "%s brings its own integrity, '%s' is too much", s->encr->name,
			       word);
	if (!s->encr->aead && !s->integ) {
		s->integ = hash;
		return true;
	}
	if (esp || s->prf)
		return twice(esp ? "integrity transform" : "PRF", word, why);
	s->prf = prf_of(hash);
	return s->prf || why_set(why, "'%s' is no PRF", word);
}

static bool take_word(struct suite *s, const char *word, bool esp, struct why *why)
{
	const struct transform *t;
	if (!s->encr) {
		s->encr = find_word(TRANSFORM_ENCR, word);
		return s->encr || unknown(word, why);
	}
	if ((t = find_word(TRANSFORM_INTEG, word)))
		return take_hash(s, t, esp, word, why);
	if ((t = find_word(TRANSFORM_PRF, word))) {
		if (esp)
			return why_set(why, "'%s': ESP has no PRF", word);
		if (s->prf)
			return twice("PRF", word, why);
		s->prf = t;
		return true;
	}
	if ((t = find_word(TRANSFORM_KE, word))) {
		if (s->ke)
			return twice("key exchange method", word, why);
		s->ke = t;
		return true;
	}
	if ((t = find_word(TRANSFORM_ESN, word))) {
		s->esn = t->id == 1;
		return esp || why_set(why, "'%s': IKE has no sequence numbers", word);
	}
	if (find_word(TRANSFORM_ENCR, word))
		return twice("cipher", word, why);
	return unknown(word, why);
}

/* What is missing, and what may not be used there. */
static bool complete(struct suite *s, const char *text, bool esp, struct why *why)
{
	uint8_t where = esp ? TRANSFORM_IN_ESP : TRANSFORM_IN_IKE;
	if (!esp && !s->prf)
		s->prf = prf_of(s->integ);
	if (s->ke && s->ke->id == 0)
		s->ke = NULL;
	if (s->integ && s->integ->id == 0)
		s->integ = NULL;
	if (!s->encr->aead && !s->integ)
		return why_set(why, "'%s' has no integrity transform, which %s needs", text,
			       s->encr->name);
	if (!esp && !s->prf)
		return why_set(why, "'%s' has no PRF, which IKE needs", text);
	if (!esp && !s->ke)
		return why_set(why, "'%s' has no key exchange method, which IKE needs", text);
	if (!(s->encr->suites & where))
		return why_set(why, "%s is not for %s", s->encr->name, esp ? "ESP" : "IKE");
	return true;
}

bool suite_parse(const char *text, bool esp, struct suite *out, struct why *why)
{
	struct suite s = { NULL };
	const char *at = text;
	for (;;) {
		char word[WORD_MAX];
		size_t len = strcspn(at, "-");
		if (len == 0)
			return why_set(why, "'%s': a keyword is missing at character %zu", text,
				       (size_t)(at - text) + 1);
		if (len >= sizeof(word))
			return why_set(why, "'%.*s' is too long for a keyword", WORD_MAX, at);
		memcpy(word, at, len);
		word[len] = '\0';
		if (!take_word(&s, word, esp, why))
			return false;
		if (at[len] == '\0')
			break;
		at += len + 1;
	}
	if (!complete(&s, text, esp, why))
		return false;
	*out = s;
	return true;
}

static void put_word(struct sink *text, const char *word)
{
	if (text->len > 0)
		sink_u8(text, '-');
	sink_put(text, bytes_text(word));
}

static const char *word_or_name(const char *word, const struct transform *t)
{
	return word ? word : t->name;
}

/* Room for the NUL is kept back; a text that does not fit is cut at a word. */
static char *finish_text(struct sink *s, char *text, size_t cap)
{
	if (cap > 0)
		text[s->len] = '\0';
	return text;
}

char *suite_print_libreswan(const struct suite *s, bool esp, char *text, size_t cap)
{
	struct sink out = sink_over(text, cap > 0 ? cap - 1 : 0);
	put_word(&out, word_or_name(s->encr->libreswan, s->encr));
	if (s->integ && s->integ->id != 0)
		put_word(&out, word_or_name(s->integ->libreswan, s->integ));
	if (!esp && s->prf && s->prf != prf_of(s->integ))
		put_word(&out, word_or_name(s->prf->libreswan, s->prf));
	if (s->ke)
		put_word(&out, word_or_name(s->ke->libreswan, s->ke));
	return finish_text(&out, text, cap);
}

char *suite_print_strongswan(const struct suite *s, bool esp, char *text, size_t cap)
{
	struct sink out = sink_over(text, cap > 0 ? cap - 1 : 0);
	put_word(&out, word_or_name(s->encr->strongswan, s->encr));
	if (s->integ && s->integ->id != 0)
		put_word(&out, word_or_name(s->integ->strongswan, s->integ));
	if (!esp && s->prf && s->prf != prf_of(s->integ))
		put_word(&out, word_or_name(s->prf->strongswan, s->prf));
	if (s->ke)
		put_word(&out, word_or_name(s->ke->strongswan, s->ke));
	if (esp && s->esn)
		put_word(&out, "esn");
	return finish_text(&out, text, cap);
}
