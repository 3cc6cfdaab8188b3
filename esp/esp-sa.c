/*
 * An SA: its keys, counters and omissions.
 */
#include "esp-batch.h"

#include <stdlib.h>

static bool fitting(const struct esp_config *config, struct why *why)
{
	const struct transform *encr = config->suite.encr, *integ = config->suite.integ;

	if (encr == NULL || !(encr->suites & TRANSFORM_IN_ESP))
		return why_set(why, "%s is no encryption of ESP", encr ? encr->name : "nothing");
	if (encr->iv > ESP_IV_MAX || encr->icv > ESP_ICV_MAX || (integ && integ->icv > ESP_ICV_MAX))
		return why_set(why, "%s has an IV or ICV too long", encr->name);
	if (config->key.len > ESP_KEY_MAX || config->integ_key.len > ESP_KEY_MAX)
		return why_set(why, "keys of %zu and %zu octets, at most %u", config->key.len,
			       config->integ_key.len, ESP_KEY_MAX);
	if (config->sources > ESP_SELECTORS || config->destinations > ESP_SELECTORS)
		return why_set(why, "%zu and %zu selectors, at most %d", config->sources,
			       config->destinations, ESP_SELECTORS);
	return true;
}

static struct bytes keep_key(uint8_t *at, struct bytes key)
{
	if (key.len > 0)
		memcpy(at, key.at, key.len);
	return bytes_make(at, key.len);
}

static void set_shape(struct esp_sa *sa)
{
	const struct suite *suite = &sa->config.suite;

	sa->iv = suite->encr->iv;
	sa->iv_counted = suite->encr->block == 1;
	sa->icv = suite->encr->aead ? suite->encr->icv : suite->integ ? suite->integ->icv : 0;
	sa->align = suite->encr->block > 4 ? suite->encr->block : 4;
}

struct esp_sa *esp_sa_new(struct crypto *c, const struct esp_config *config, bool for_sealing,
			  struct why *why)
{
	struct esp_sa *sa;

	if (!fitting(config, why))
		return NULL;
	sa = calloc(1, sizeof(*sa));
	if (sa == NULL) {
		why_set(why, "no memory for an ESP SA");
		return NULL;
	}
	sa->config = *config;
	sa->config.key = keep_key(sa->key, config->key);
	sa->config.integ_key = keep_key(sa->integ_key, config->integ_key);
	sa->crypto = c;
	sa->for_sealing = for_sealing;
	set_shape(sa);
	sa->sealer = sealer_new(c, config->suite.encr, config->suite.integ, sa->config.key,
				sa->config.integ_key, for_sealing, why);
	if (sa->sealer && !for_sealing) {
		sa->replay = replay_new(config->replay_window, config->suite.esn);
		if (sa->replay == NULL)
			why_set(why, "no memory for a window of %u", config->replay_window);
	}
	if (sa->sealer == NULL || (!for_sealing && sa->replay == NULL)) {
		esp_sa_free(sa);
		return NULL;
	}
	return sa;
}

static void wipe(volatile uint8_t *at, size_t len)
{
	while (len-- > 0)
		*at++ = 0;
}

void esp_sa_free(struct esp_sa *sa)
{
	if (sa == NULL)
		return;
	esp_backend_leave(sa);
	sealer_free(sa->sealer);
	replay_free(sa->replay);
	wipe(sa->key, sizeof(sa->key));
	wipe(sa->integ_key, sizeof(sa->integ_key));
	free(sa);
}

const struct esp_config *esp_sa_config(const struct esp_sa *sa)
{
	return &sa->config;
}

void esp_sa_omit(struct esp_sa *sa, uint64_t checks)
{
	sa->omit = checks;
}

void esp_sa_readdress(struct esp_sa *sa, const struct address *from, const struct address *to)
{
	sa->config.from = *from;
	sa->config.to = *to;
	if (sa->replay && esp_omits(sa, CHECK_WINDOW_KEPT))
		replay_start(sa->replay, 0);
}

struct esp_counters esp_sa_counters(const struct esp_sa *sa)
{
	struct esp_counters counters = sa->counters;

	counters.seq = sa->replay ? replay_right_edge(sa->replay) : sa->seq;
	return counters;
}

void esp_sa_set_seq(struct esp_sa *sa, uint64_t seq)
{
	if (sa->replay)
		replay_start(sa->replay, seq);
	sa->seq = seq;
	sa->begun = seq != 0;
}

/* RFC 4303 2.4 */
const uint8_t esp_counting[255] = {
	1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16,
	17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32,
	33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48,
	49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63, 64,
	65, 66, 67, 68, 69, 70, 71, 72, 73, 74, 75, 76, 77, 78, 79, 80,
	81, 82, 83, 84, 85, 86, 87, 88, 89, 90, 91, 92, 93, 94, 95, 96,
	97, 98, 99, 100, 101, 102, 103, 104, 105, 106, 107, 108, 109, 110, 111, 112,
	113, 114, 115, 116, 117, 118, 119, 120, 121, 122, 123, 124, 125, 126, 127, 128,
	129, 130, 131, 132, 133, 134, 135, 136, 137, 138, 139, 140, 141, 142, 143, 144,
	145, 146, 147, 148, 149, 150, 151, 152, 153, 154, 155, 156, 157, 158, 159, 160,
	161, 162, 163, 164, 165, 166, 167, 168, 169, 170, 171, 172, 173, 174, 175, 176,
	177, 178, 179, 180, 181, 182, 183, 184, 185, 186, 187, 188, 189, 190, 191, 192,
	193, 194, 195, 196, 197, 198, 199, 200, 201, 202, 203, 204, 205, 206, 207, 208,
	209, 210, 211, 212, 213, 214, 215, 216, 217, 218, 219, 220, 221, 222, 223, 224,
	225, 226, 227, 228, 229, 230, 231, 232, 233, 234, 235, 236, 237, 238, 239, 240,
	241, 242, 243, 244, 245, 246, 247, 248, 249, 250, 251, 252, 253, 254, 255,
};

void esp_fill_padding(const struct esp_sa *sa, uint8_t *at, size_t len)
{
	if (esp_omits(sa, DUTY_PADDING))
		memset(at, 0, len);
	else
		memcpy(at, esp_counting, len);
}
