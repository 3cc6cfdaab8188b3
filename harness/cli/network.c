/* --network: what every packet of a run suffers on its way. */
#include <stdlib.h>
#include <string.h>

#include "options.h"

static bool share(const char *text, uint32_t *out)
{
	char *end;
	double n = strtod(text, &end);

	if (end == text || (*end && strcmp(end, "%") != 0))
		return false;
	n = *end ? n / 100 : n;
	*out = (uint32_t)(n * 1e6 + 0.5);
	return n >= 0 && n < 1;
}

static bool size(const char *text, uint32_t *out)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	*out = (uint32_t)n;
	return end != text && !*end && n >= 576 && n <= 65535;
}

static bool one(const char *name, const char *value, struct link_fate *f, struct why *why)
{
	const struct {
		const char *name;
		uint32_t *ppm;
		usec *time;
	} parts[] = {
		{ "loss", &f->loss_ppm, NULL },       { "duplicate", &f->duplicate_ppm, NULL },
		{ "reorder", &f->reorder_ppm, NULL }, { "corrupt", &f->corrupt_ppm, NULL },
		{ "delay", NULL, &f->delay },         { "jitter", NULL, &f->jitter },
	};

	if (strcmp(name, "mtu") == 0)
		return size(value, &f->mtu) || why_set(why, "an MTU is 576 to 65535, not '%s'", value);
	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		if (strcmp(parts[i].name, name) != 0)
			continue;
		if (parts[i].ppm)
			return share(value, parts[i].ppm) ||
			       why_set(why, "%s takes a share below 100%%, not '%s'", name, value);
		return usec_parse(value, parts[i].time) ||
		       why_set(why, "%s takes a time, not '%s'", name, value);
	}
	return why_set(why, "there is no '%s': loss, duplicate, reorder, corrupt, delay, jitter, mtu", name);
}

bool options_network(const char *text, struct link_fate *out, struct why *why)
{
	char copy[200], *rest = copy, *word;

	*out = (struct link_fate){ 0 };
	if (snprintf(copy, sizeof(copy), "%s", text) >= (int)sizeof(copy))
		return why_set(why, "too long");
	while ((word = strsep(&rest, ","))) {
		char *equals = strchr(word, '=');

		if (!equals)
			return why_set(why, "'%s' has no '='", word);
		*equals = '\0';
		if (!one(word, equals + 1, out, why))
			return false;
	}
	return true;
}
