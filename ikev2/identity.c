/*
 * Identities as people write them (RFC 7296 3.5).
 */
#include <strings.h>

#include "inside.h"

static const struct {
	const char *prefix;
	uint8_t type;
	bool hex;
} forms[] = {
	{ "fqdn:",   2,  false },
	{ "rfc822:", 3,  false },
	{ "email:",  3,  false },
	{ "keyid:",  11, true  },
	{ "dn:",     9,  true  },
};

static bool from_hex(struct arena *a, const char *text, struct bytes *out, struct why *why)
{
	size_t cap = strlen(text) / 2 + 1, len;
	uint8_t *at = arena_alloc(a, cap);
	if (!at)
		return why_set(why, "no memory for an identity");
	if (!bytes_from_hex(text, at, cap, &len))
		return why_set(why, "'%s' is not hexadecimal", text);
	*out = bytes_make(at, len);
	return true;
}

static bool as_address(struct arena *a, const char *text, struct identity *out)
{
	struct address address;
	if (strncasecmp(text, "ipv4:", 5) == 0 || strncasecmp(text, "ipv6:", 5) == 0)
		text += 5;
	if (!address_parse(text, &address) || address.port)
		return false;
	out->type = address.family == 6 ? 5 : 1;
	out->data = arena_copy(a, address_octets(&address));
	return out->data.at != NULL;
}

bool identity_parse(struct arena *a, const char *text, struct identity *out, struct why *why)
{
	if (strcasecmp(text, "null") == 0) { /* RFC 7619 2.2 */
		*out = (struct identity){ .type = ID_NULL };
		return true;
	}
	for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
		size_t len = strlen(forms[i].prefix);
		if (strncasecmp(text, forms[i].prefix, len) != 0)
			continue;
		out->type = forms[i].type;
		if (forms[i].hex)
			return from_hex(a, text + len, &out->data, why);
		out->data = arena_copy(a, bytes_text(text + len));
		return true;
	}
	if (as_address(a, text, out))
		return true;
	if (text[0] == '\0' || strchr(text, ':'))
		return why_set(why, "'%s' is no identity; wanted an address, fqdn:, rfc822: or keyid:", text);
	out->type = strchr(text, '@') && text[0] != '@' ? 3 : 2;
	out->data = arena_copy(a, bytes_text(text[0] == '@' ? text + 1 : text));
	return out->data.at != NULL || why_set(why, "no memory for an identity");
}
