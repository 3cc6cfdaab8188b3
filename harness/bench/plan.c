/*
 * What is to be measured, from words.
 */
#include "bench/bench.h"

#include "esp/batch.h"

#include <stdlib.h>

static const char *const default_suites[] = {
	"aes128gcm16", "aes256gcm16", "chacha20poly1305", "aes128-sha256", "aes256-sha512",
};
static const char *const default_sizes[] = { "64",   "128",  "256",  "512",
					     "1024", "1420", "9000", "imix" };

/* RFC 6985 3: letters for sizes; z is the one that each user sets. */
static const struct {
	char letter;
	size_t len;
} genome[] = {
	{ 'a', 64 },   { 'b', 128 },  { 'c', 256 },  { 'd', 512 },  { 'e', 1024 },
	{ 'f', 1280 }, { 'g', 1518 }, { 'h', 2112 }, { 'i', 9000 }, { 'z', 594 },
};
static const char imix[] = "aazaazaazazg"; /* 7 : 4 : 1 */

#define LEN_MIN 28u /* an IPv4 header and 8 octets */
#define LEN_MAX 9000u

static bool suite_unknown(const char *text, const struct why *said, struct why *why)
{
	return why_set(why,
		       "suite '%s': %s; there are, among others, aes128gcm16, aes256gcm16, "
		       "chacha20poly1305, "
		       "aes128-sha256, aes256-sha512, null-sha256, each with -esn",
		       text, said->text);
}

bool bench_add_suite(struct bench_plan *p, const char *text, struct why *why)
{
	struct bench_suite *s = &p->suites[p->suite_count];
	struct why said = { "" };

	if (p->suite_count == BENCH_SUITES)
		return why_set(why, "more than %d suites", BENCH_SUITES);
	if (strlen(text) >= sizeof(s->name))
		return why_set(why, "'%s' is too long for a suite", text);
	if (!suite_parse(text, true, &s->suite, &said))
		return suite_unknown(text, &said, why);
	if (!(s->suite.encr->suites & TRANSFORM_IMPLEMENTED) ||
	    (s->suite.integ && !(s->suite.integ->suites & TRANSFORM_IMPLEMENTED))) {
		why_set(&said, "is not implemented");
		return suite_unknown(text, &said, why);
	}
	strcpy(s->name, text);
	p->suite_count++;
	return true;
}

static size_t letter_len(char letter)
{
	for (size_t i = 0; i < ARRAY_LEN(genome); i++)
		if (genome[i].letter == letter)
			return genome[i].len;
	return 0;
}

static bool read_genome(struct bench_size *s, const char *letters, struct why *why)
{
	s->count = strlen(letters);
	if (s->count == 0 || s->count > BENCH_MIX)
		return why_set(why, "a genome has 1 to %d letters, got %zu", BENCH_MIX, s->count);
	for (size_t i = 0; i < s->count; i++) {
		s->lens[i] = letter_len(letters[i]);
		if (s->lens[i] == 0)
			return why_set(why,
				       "'%c' is no letter of a genome; there are a=64 b=128 c=256 "
				       "d=512 e=1024 f=1280 "
				       "g=1518 h=2112 i=9000 z=594",
				       letters[i]);
	}
	return true;
}

static bool read_number(struct bench_size *s, const char *text, struct why *why)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (text[0] < '0' || text[0] > '9' || *end != '\0' || n < LEN_MIN || n > LEN_MAX)
		return why_set(why,
			       "size '%s': there are %u to %u octets of the inner packet, imix (7 "
			       "of 64, 4 of 594, 1 of "
			       "1518) and imix:LETTERS of RFC 6985",
			       text, LEN_MIN, LEN_MAX);
	s->lens[0] = n;
	s->count = 1;
	return true;
}

bool bench_add_size(struct bench_plan *p, const char *text, struct why *why)
{
	struct bench_size *s = &p->sizes[p->size_count];
	size_t sum = 0;
	bool good;

	if (p->size_count == BENCH_SIZES)
		return why_set(why, "more than %d sizes", BENCH_SIZES);
	if (strcmp(text, "imix") == 0)
		good = read_genome(s, imix, why);
	else if (strncmp(text, "imix:", 5) == 0)
		good = read_genome(s, text + 5, why);
	else
		good = read_number(s, text, why);
	if (!good)
		return false;
	for (size_t i = 0; i < s->count; i++)
		sum += s->lens[i];
	s->mean = (double)sum / (double)s->count;
	snprintf(s->name, sizeof(s->name), "%s", text);
	p->size_count++;
	return true;
}

bool bench_set_backend(struct bench_plan *p, const char *text, struct why *why)
{
	char names[80] = "";
	size_t len = 0;

	p->backend_count = 0;
	for (size_t i = 0; esp_backend_name(i) && p->backend_count < ARRAY_LEN(p->backends); i++) {
		if (strcmp(text, "all") == 0 || strcmp(text, esp_backend_name(i)) == 0)
			p->backends[p->backend_count++] = esp_backend_name(i);
		if (len < sizeof(names))
			len += (size_t)snprintf(names + len, sizeof(names) - len, "%s, ",
						esp_backend_name(i));
	}
	return p->backend_count > 0 ||
	       why_set(why, "there is no backend '%s' in this build; there are %sall", text, names);
}

static void leave_out(struct bench_plan *p)
{
	size_t kept = 0;

	for (size_t i = 0; i < p->backend_count; i++) {
		struct why why = { "" };
		struct esp_batch *b =
			esp_batch_new(p->backends[i], p->no_aesni ? ESP_NO_AESNI : 0, &why);

		if (b)
			p->backends[kept++] = p->backends[i];
		else
			snprintf(p->left_out, sizeof(p->left_out), "%s left out: %.160s",
				 p->backends[i], why.text);
		esp_batch_free(b);
	}
	p->backend_count = kept;
}

bool bench_complete(struct bench_plan *p, struct why *why)
{
	bool suites = p->suite_count > 0, sizes = p->size_count > 0;

	for (size_t i = 0; !suites && i < ARRAY_LEN(default_suites); i++)
		if (!bench_add_suite(p, default_suites[i], why))
			return false;
	for (size_t i = 0; !sizes && i < ARRAY_LEN(default_sizes); i++)
		if (!bench_add_size(p, default_sizes[i], why))
			return false;
	if (p->backend_count == 0 && !bench_set_backend(p, "all", why))
		return false;
	if (p->backend_count > 1)
		leave_out(p);
	if (p->cores == 0)
		p->cores = 1;
	if (p->seconds <= 0)
		p->seconds = 1;
	if (p->rounds == 0)
		p->rounds = 11;
	return true;
}
