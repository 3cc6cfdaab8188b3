/* UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing past U+10FFFF. */
#include <stdint.h>
#include <string.h>

#include "reports/text.h"

/* Octets of the character at `at`, which may be any but NUL; 0 if it is none. */
static size_t character(const unsigned char *at, uint32_t *code)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t len = at[0] < 0x80 ? 1 : at[0] >> 5 == 6 ? 2 : at[0] >> 4 == 14 ? 3 : at[0] >> 3 == 30 ? 4 : 0, i;

	*code = len == 1 ? at[0] : at[0] & (0x7fu >> len);
	for (i = 1; i < len; i++) {
		if (at[i] >> 6 != 2)
			return 0;
		*code = *code << 6 | (at[i] & 0x3f);
	}
	return len > 0 && *code >= least[len] ? len : 0;
}

static int is_harmless(uint32_t code)
{
	if (code < 0x20)
		return code == '\n' || code == '\t';
	return (code < 0x7f || code >= 0xa0) && (code < 0xd800 || code > 0xdfff) && code != 0xfffe && code != 0xffff &&
	       code <= 0x10ffff;
}

char *text_clean(const char *in, char *out, size_t cap)
{
	const unsigned char *at = (const unsigned char *)(in ? in : "");
	size_t len = 0, size;
	uint32_t code;

	while (*at) {
		size = character(at, &code);
		if (len + (size ? size : 1) >= cap)
			break;
		if (size > 0 && is_harmless(code)) {
			memcpy(out + len, at, size);
			len += size;
		} else {
			out[len++] = '?';
		}
		at += size ? size : 1;
	}
	out[len] = '\0';
	return out;
}

char *text_line(const char *in, char *out, size_t cap)
{
	char *at;

	text_clean(in, out, cap);
	for (at = out; *at; at++)
		if (*at == '\n' || *at == '\t')
			*at = ' ';
	return out;
}
