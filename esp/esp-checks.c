/*
 * The checks of a receiver and the duties of a sender, in the order of enum esp_check_row.
 */
#include "esp-sa.h"

const struct esp_check esp_checks[] = {
	[CHECK_LENGTH]           = { "esp-length",           "RFC4303-3.4.3-10",   "The packet holds header, IV, trailer and ICV (left out: nothing is taken after one that does not)", ESP_SHORT },
	[CHECK_ALIGNMENT]        = { "esp-alignment",        "RFC4303-2.4-04",     "The ciphertext is whole blocks and whole words", ESP_SHORT },
	[CHECK_SPI]              = { "esp-spi",              "RFC4303-3.4.2-01",   "The SPI is that of the SA", ESP_NO_SA },
	[CHECK_SEQ_ZERO]         = { "esp-seq-zero",         "RFC4303-3.3.3-01",   "The sequence number is not 0", ESP_ZERO },
	[CHECK_REPLAY]           = { "esp-replay",           "RFC4303-3.4.3-04",   "The sequence number was not seen before", ESP_REPLAYED },
	[CHECK_WINDOW_LEFT]      = { "esp-window-left",      "RFC4303-3.4.3-08",   "The sequence number is not left of the window", ESP_LEFT },
	[CHECK_WINDOW_SIZE]      = { "esp-window-size",      "RFC4303-3.4.3-06",   "The window is as wide as it should be (left out: one less)", ESP_LEFT },
	[CHECK_WINDOW_AFTER_ICV] = { "esp-window-after-icv", "RFC4303-3.4.3-09",   "The window moves only after the ICV was right", ESP_LEFT },
	[CHECK_WINDOW_KEPT]      = { "esp-window-kept",      "RFC4303-3.4.3-04",   "The window stays when the peer moves to another address", ESP_REPLAYED },
	[CHECK_ESN_HIGH]         = { "esp-esn-high",         "RFC4303-A-01",       "The high half is that of Appendix A (left out: past a wrap one too many)", ESP_BAD_ICV },
	[CHECK_ICV]              = { "esp-icv",              "RFC4303-3.4.4.1-01", "The ICV is right", ESP_BAD_ICV },
	[CHECK_PAD_LENGTH]       = { "esp-pad-length",       "RFC4303-2.5-01",     "The pad length does not reach past the start", ESP_BAD_PADDING },
	[CHECK_PADDING]          = { "esp-padding",          "RFC4303-2.4-03",     "The padding is 1, 2, 3, ...", ESP_BAD_PADDING },
	[CHECK_PAD_ANY]          = { "esp-pad-any",          "RFC4303-2.4-01",     "Padding of any length is taken off (left out: none beyond a block)", ESP_OK },
	[CHECK_DUMMY]            = { "esp-dummy",            "RFC4303-2.6-03",     "Dummy packets are dropped in silence (left out: nothing is taken after one)", ESP_DUMMY },
	[CHECK_NEXT_HEADER]      = { "esp-next-header",      "RFC4301-5.2-01",     "The next header is that of the inner packet", ESP_BAD_INNER },
	[CHECK_INNER]            = { "esp-inner",            "RFC4301-5.2-01",     "The inner packet is whole", ESP_BAD_INNER },
	[CHECK_TFC]              = { "esp-tfc",              "RFC4303-2.7-02",     "TFC padding is taken off by the inner length (left out: refused)", ESP_OK },
	[CHECK_SELECTORS]        = { "esp-selectors",        "RFC4301-5.2-01",     "The inner packet fits the selectors of the SA", ESP_OUTSIDE },
	[CHECK_BOTH_LIVE]        = { "esp-both-live",        "RFC7296-2.8-14",     "During a rekey packets of both SAs are taken (left out: of the new one alone)", ESP_NO_SA },
	[DUTY_SEQ_FIRST_ONE]     = { "esp-seq-first-one",    "RFC4303-3.3.3-01",   "The first packet bears the number 1 (left out: 0)", ESP_OK },
	[DUTY_SEQ_BY_ONE]        = { "esp-seq-by-one",       "RFC4303-2.2-01",     "Numbers rise by one (left out: by two)", ESP_OK },
	[DUTY_SEQ_RISING]        = { "esp-seq-rising",       "RFC4303-2.2-01",     "No number is sent twice (left out: each fourth packet repeats one)", ESP_OK },
	[DUTY_NO_WRAP]           = { "esp-no-wrap",          "RFC4303-3.3.3-02",   "Numbers never wrap", ESP_EXHAUSTED },
	[DUTY_IV_FRESH]          = { "esp-iv-fresh",         "RFC4106-2-01",       "No IV is used twice (left out: zero)", ESP_OK },
	[DUTY_IV_UNPREDICTABLE]  = { "esp-iv-unpredictable", "RFC4303-2.3-01",     "The IV of a block cipher cannot be foretold (left out: counted)", ESP_OK },
	[DUTY_PADDING]           = { "esp-padding-sent",     "RFC4303-2.4-02",     "Padding is sent as 1, 2, 3, ... (left out: zero)", ESP_OK },
	[DUTY_ESN_HIGH]          = { "esp-esn-high-sent",    "RFC4303-2.2.1-03",   "The ICV covers the high half of the number (left out: zero)", ESP_OK },
};
const size_t esp_checks_count = ARRAY_LEN(esp_checks);

_Static_assert(ARRAY_LEN(esp_checks) == ESP_CHECK_ROWS, "a row for each check");
_Static_assert(ESP_CHECK_ROWS <= 64, "an omission is a bit of 64");

int esp_check_find(const char *name)
{
	for (size_t i = 0; i < esp_checks_count; i++)
		if (strcmp(esp_checks[i].name, name) == 0)
			return (int)i;
	return -1;
}

const char *esp_result_name(enum esp_result r)
{
	static const char *const names[ESP_RESULTS] = {
		[ESP_OK] = "ok", [ESP_DUMMY] = "dummy", [ESP_SHORT] = "short", [ESP_REPLAYED] = "replayed",
		[ESP_LEFT] = "left of the window", [ESP_ZERO] = "sequence number 0",
		[ESP_BAD_ICV] = "bad ICV", [ESP_BAD_PADDING] = "bad padding",
		[ESP_BAD_INNER] = "bad inner packet", [ESP_OUTSIDE] = "outside the selectors",
		[ESP_EXHAUSTED] = "sequence numbers exhausted", [ESP_NO_SA] = "no SA",
	};

	return (size_t)r < ESP_RESULTS ? names[r] : "unknown";
}
