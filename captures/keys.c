/* Wireshark's key tables: the rows, and reading them again. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/crypto.h"
#include "captures/captures.h"
#include "captures/key-list.h"

#define HEX 300

void key_list_add(struct key_list *l, const char *row)
{
	if (l->count == l->cap) {
		size_t cap = l->cap ? l->cap * 2 : 64;
		char **rows = realloc(l->rows, cap * sizeof(*rows));

		if (!rows)
			return;
		l->rows = rows;
		l->cap = cap;
	}
	l->rows[l->count] = strdup(row);
	if (l->rows[l->count])
		l->count++;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void key_list_write(struct key_list *l, FILE *f)
{
	size_t i;

	if (l->count > 0)
		qsort(l->rows, l->count, sizeof(*l->rows), by_text);
	for (i = 0; i < l->count; i++)
		if (i == 0 || strcmp(l->rows[i], l->rows[i - 1]) != 0)
			fputs(l->rows[i], f);
}

void key_list_free(struct key_list *l)
{
	size_t i;

	for (i = 0; i < l->count; i++)
		free(l->rows[i]);
	free(l->rows);
	*l = (struct key_list){ 0 };
}

/* "HMAC_SHA2_256_128 [RFC4868]" of the IKE table is "HMAC-SHA-256-128 [RFC4868]" in the ESP table. */
static const char *integ_name(const struct suite *s, bool esp)
{
	if (s->encr->aead || !s->integ)
		return esp ? "NULL" : "NONE [RFC4306]";
	return esp ? s->integ->wireshark_esp : s->integ->wireshark_ike;
}

bool wireshark_ike_row(const struct event_ike_keys *k, char *text, size_t cap)
{
	char ei[HEX], er[HEX], ai[HEX], ar[HEX];
	const char *encr = k->suite && k->suite->encr ? k->suite->encr->wireshark_ike : NULL;
	const char *integ = k->suite && k->suite->encr ? integ_name(k->suite, false) : NULL;

	if (!encr || !integ)
		return false;
	return snprintf(text, cap, "%016llx,%016llx,%s,%s,\"%s\",%s,%s,\"%s\"\n", (unsigned long long)k->spi_i,
			(unsigned long long)k->spi_r, bytes_hex(k->sk_ei, ei, HEX), bytes_hex(k->sk_er, er, HEX),
			encr, bytes_hex(k->sk_ai, ai, HEX), bytes_hex(k->sk_ar, ar, HEX), integ) < (int)cap;
}

bool wireshark_esp_row(const struct event_child_keys *k, char *text, size_t cap)
{
	char key[HEX], auth[HEX];
	const char *encr = k->suite && k->suite->encr ? k->suite->encr->wireshark_esp : NULL;
	const char *integ = k->suite && k->suite->encr ? integ_name(k->suite, true) : NULL;

	if (!encr || !integ)
		return false;
	bytes_hex(k->key, key, HEX);
	bytes_hex(k->integ_key, auth, HEX);
	return snprintf(text, cap, "\"%s\",\"*\",\"*\",\"0x%08x\",\"%s\",\"%s%s\",\"%s\",\"%s%s\"\n",
			k->from.family == 6 ? "IPv6" : "IPv4", k->spi, encr, k->key.len > 0 ? "0x" : "", key, integ,
			k->integ_key.len > 0 ? "0x" : "", auth) < (int)cap;
}

/* ------------------------------------------------------------ reading */

#define FIELDS 10

/* Splits a comma separated row in place, quotes taken off; returns how many fields. */
static size_t split(char *row, char *fields[FIELDS])
{
	size_t count = 0;
	char *at = row;

	while (count < FIELDS) {
		bool quoted = *at == '"';
		char *end;

		if (quoted)
			at++;
		fields[count++] = at;
		end = quoted ? strchr(at, '"') : at + strcspn(at, ",\r\n");
		if (!end)
			return 0;
		at = end + (quoted ? 1 : 0);
		if (*at != ',') {
			*end = '\0';
			return count;
		}
		*end = '\0';
		at++;
	}
	return count;
}

static const struct transform *named(uint8_t type, const char *name, bool esp, size_t key_octets)
{
	size_t i;

	for (i = 0; i < transforms_count; i++) {
		const struct transform *t = &transforms[i];
		const char *wireshark = esp ? t->wireshark_esp : t->wireshark_ike;

		if (t->type == type && wireshark && strcmp(wireshark, name) == 0 &&
		    t->key + t->salt == key_octets)
			return t;
	}
	return NULL;
}

static bool hex_field(const char *text, uint8_t *out, size_t cap, struct bytes *b)
{
	size_t len;

	if (strncmp(text, "0x", 2) == 0)
		text += 2;
	if (!bytes_from_hex(text, out, cap, &len))
		return false;
	*b = bytes_make(out, len);
	return true;
}

/* With an AEAD there is no other integrity; any other cipher needs the name of one. */
static bool suite_whole(struct suite *s)
{
	if (s->encr && s->encr->aead)
		s->integ = NULL;
	return s->encr && (s->encr->aead || s->integ);
}

static void read_ike(char *row, wireshark_ike_found *found, void *ctx)
{
	uint8_t octets[4][HEX / 2];
	struct event_ike_keys k = { 0 };
	struct suite suite = { 0 };
	char *f[FIELDS];

	if (split(row, f) < 8)
		return;
	k.spi_i = strtoull(f[0], NULL, 16);
	k.spi_r = strtoull(f[1], NULL, 16);
	if (!hex_field(f[2], octets[0], HEX / 2, &k.sk_ei) || !hex_field(f[3], octets[1], HEX / 2, &k.sk_er) ||
	    !hex_field(f[5], octets[2], HEX / 2, &k.sk_ai) || !hex_field(f[6], octets[3], HEX / 2, &k.sk_ar))
		return;
	suite.encr = named(TRANSFORM_ENCR, f[4], false, k.sk_ei.len);
	suite.integ = named(TRANSFORM_INTEG, f[7], false, k.sk_ai.len);
	k.suite = &suite;
	if (suite_whole(&suite))
		found(ctx, &k);
}

static void read_esp(char *row, wireshark_esp_found *found, void *ctx)
{
	uint8_t octets[2][HEX / 2];
	struct event_child_keys k = { 0 };
	struct suite suite = { 0 };
	char *f[FIELDS];

	if (split(row, f) < 8)
		return;
	k.from.family = strcmp(f[0], "IPv6") == 0 ? 6 : 4;
	k.spi = (uint32_t)strtoul(f[3], NULL, 16);
	if (!hex_field(f[5], octets[0], HEX / 2, &k.key) || !hex_field(f[7], octets[1], HEX / 2, &k.integ_key))
		return;
	suite.encr = named(TRANSFORM_ENCR, f[4], true, k.key.len);
	suite.integ = named(TRANSFORM_INTEG, f[6], true, k.integ_key.len);
	k.suite = &suite;
	if (suite_whole(&suite))
		found(ctx, &k);
}

bool wireshark_read(const char *folder, wireshark_ike_found *ike, wireshark_esp_found *esp, void *ctx,
		    struct why *why)
{
	static const char *const names[] = { "ikev2_decryption_table", "esp_sa" };
	char path[512], row[2048];
	bool any = false;
	size_t i;

	for (i = 0; i < ARRAY_LEN(names); i++) {
		FILE *f;

		snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		f = fopen(path, "r");
		if (!f)
			continue;
		any = true;
		while (fgets(row, sizeof(row), f))
			i == 0 ? read_ike(row, ike, ctx) : read_esp(row, esp, ctx);
		fclose(f);
	}
	return any || why_set(why, "%s holds neither ikev2_decryption_table nor esp_sa", folder);
}
