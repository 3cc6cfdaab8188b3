#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "expr.h"

#define MICRO 1000000

struct value value_of_number(uint64_t n)
{
	return (struct value){ .kind = VALUE_NUMBER, .number = n };
}

struct value value_of_octets(struct bytes b)
{
	return (struct value){ .kind = VALUE_OCTETS, .octets = b };
}

struct value value_of_text(const char *text)
{
	return (struct value){ .kind = VALUE_TEXT, .text = text };
}

/* Octets in network order as a number; false if they do not fit 64 bits. */
static bool octets_number(struct bytes b, uint64_t *out)
{
	*out = 0;
	while (b.len > 8 && b.at[0] == 0)
		b = bytes_make(b.at + 1, b.len - 1);
	if (b.len > 8)
		return false;
	for (size_t i = 0; i < b.len; i++)
		*out = *out << 8 | b.at[i];
	return true;
}

bool value_wide(const struct value *v, wide *out)
{
	uint64_t n = v->number;
	if (v->kind == VALUE_OCTETS && (v->octets.len == 0 || !octets_number(v->octets, &n)))
		return false;
	if (v->kind != VALUE_NUMBER && v->kind != VALUE_TIME && v->kind != VALUE_OCTETS)
		return false;
	*out = (wide)n * MICRO + (v->kind == VALUE_NUMBER ? v->micro : 0);
	if (v->negative)
		*out = -*out;
	return true;
}

bool value_from_wide(wide w, enum value_kind kind, struct value *out, struct why *why)
{
	*out = (struct value){ .kind = kind, .negative = w < 0 };
	if (w < 0)
		w = -w;
	if (w / MICRO > UINT64_MAX)
		return why_set(why, "the result has more than 64 bits");
	out->number = (uint64_t)(w / MICRO);
	if (kind == VALUE_NUMBER)
		out->micro = (uint32_t)(w % MICRO);
	return true;
}

static const char *kind_text(const struct value *v)
{
	static const char *const texts[] = {
		[VALUE_NONE] = "nothing", [VALUE_NUMBER] = "a number", [VALUE_OCTETS] = "octets",
		[VALUE_TEXT] = "text", [VALUE_TIME] = "a time", [VALUE_ADDRESS] = "an address",
		[VALUE_LIST] = "a list",
	};
	return texts[v->kind];
}

bool value_number(const struct value *v, uint64_t *out, struct why *why)
{
	if (v->kind == VALUE_TEXT)
		return why_set(why, "'%.80s' is no number and no name that is known here", v->text);
	if (v->negative && (v->number != 0 || v->micro != 0))
		return why_set(why, "-%" PRIu64 " is below zero", v->number);
	if (v->kind == VALUE_NUMBER && v->micro != 0)
		return why_set(why, "a whole number is wanted, not %" PRIu64 ".%06" PRIu32,
			       v->number, v->micro);
	if (v->kind == VALUE_OCTETS) {
		if (octets_number(v->octets, out))
			return true;
		return why_set(why, "%zu octets are no number of 64 bits", v->octets.len);
	}
	if (v->kind == VALUE_ADDRESS && v->address.family == 4)
		return octets_number(address_octets(&v->address), out);
	if (v->kind != VALUE_NUMBER)
		return why_set(why, "a number is wanted, not %s", kind_text(v));
	*out = v->number;
	return true;
}

bool value_time(const struct value *v, usec *out, struct why *why)
{
	if (v->kind == VALUE_TEXT && v->text != NULL && usec_parse(v->text, out))
		return true;
	if (v->kind == VALUE_NUMBER)
		return why_set(why, "a time needs a unit: us, ms, s, min or h");
	if (v->kind != VALUE_TIME)
		return why_set(why, "a time is wanted, not %s", kind_text(v));
	if (v->negative && v->number != 0)
		return why_set(why, "a time below zero");
	*out = v->number;
	return true;
}

static bool number_octets(const struct value *v, size_t width, struct arena *a, struct bytes *out,
			  struct why *why)
{
	uint64_t n;
	if (!value_number(v, &n, why))
		return false;
	size_t least = 1;
	while (least < 8 && n >> (8 * least) != 0)
		least++;
	if (width == 0)
		width = v->bits != 0 ? (v->bits + 7) / 8 : least;
	if (width < least)
		return why_set(why, "%" PRIu64 " does not fit %zu octet%s", n, width,
			       width == 1 ? "" : "s");
	uint8_t *octets = arena_alloc(a, width);
	if (octets == NULL)
		return why_set(why, "no memory");
	for (size_t i = 0; i < least; i++)
		octets[width - 1 - i] = (uint8_t)(n >> (8 * i));
	*out = bytes_make(octets, width);
	return true;
}

bool value_octets(const struct value *v, size_t width, struct arena *a, struct bytes *out,
		  struct why *why)
{
	switch (v->kind) {
	case VALUE_NUMBER:
		return number_octets(v, width, a, out, why);
	case VALUE_OCTETS:
		*out = v->octets;
		break;
	case VALUE_TEXT:
		*out = bytes_text(v->text);
		break;
	case VALUE_ADDRESS:
		*out = arena_copy(a, address_octets(&v->address));
		if (out->at == NULL)
			return why_set(why, "no memory");
		break;
	default:
		return why_set(why, "octets are wanted, not %s", kind_text(v));
	}
	if (width != 0 && out->len != width)
		return why_set(why, "%zu octets are wanted, not %zu", width, out->len);
	return true;
}

/* ------------------------------------------------------------ comparison */

/* Borrowed octets of whatever has some without computing. */
static bool plain_octets(const struct value *v, struct bytes *out)
{
	if (v->kind == VALUE_OCTETS)
		*out = v->octets;
	else if (v->kind == VALUE_ADDRESS)
		*out = address_octets(&v->address);
	else if (v->kind == VALUE_TEXT && v->text != NULL)
		*out = bytes_text(v->text);
	else
		return false;
	return true;
}

static bool list_equal(const struct value *a, const struct value *b)
{
	if (a->kind != VALUE_LIST || b->kind != VALUE_LIST || a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (!value_equal(&a->items[i], &b->items[i]))
			return false;
	return true;
}

bool value_equal(const struct value *a, const struct value *b)
{
	wide x, y;
	struct bytes p, q;
	if (a->kind == VALUE_LIST || b->kind == VALUE_LIST)
		return list_equal(a, b);
	if (a->kind == VALUE_ADDRESS && b->kind == VALUE_ADDRESS)
		return a->address.port != 0 && b->address.port != 0 ?
			       address_equal(&a->address, &b->address) :
			       address_same_host(&a->address, &b->address);
	if (a->kind == VALUE_OCTETS && b->kind == VALUE_OCTETS)
		return bytes_equal(a->octets, b->octets);
	if ((a->kind == VALUE_TIME) != (b->kind == VALUE_TIME))
		return false;
	if (value_wide(a, &x) && value_wide(b, &y))
		return x == y;
	if (plain_octets(a, &p) && plain_octets(b, &q))
		return bytes_equal(p, q);
	return a->text != NULL && b->text != NULL && strcmp(a->text, b->text) == 0;
}

static int sign(int n)
{
	return n < 0 ? -1 : n > 0;
}

bool value_order(const struct value *a, const struct value *b, int *out)
{
	wide x, y;
	struct bytes p, q;
	if ((a->kind == VALUE_TIME) != (b->kind == VALUE_TIME))
		return false;
	if (value_wide(a, &x) && value_wide(b, &y)) {
		*out = x < y ? -1 : x > y;
		return true;
	}
	if (a->kind == VALUE_TEXT || b->kind == VALUE_TEXT || !plain_octets(a, &p) ||
	    !plain_octets(b, &q) || p.len != q.len || p.len == 0)
		return false;
	*out = sign(memcmp(p.at, q.at, p.len));
	return true;
}

/* ------------------------------------------------------------ operators */

static bool width_of(const struct value *v, size_t *out)
{
	if (v->kind == VALUE_OCTETS)
		*out = v->octets.len;
	else if (v->kind == VALUE_NUMBER)
		*out = (v->bits + 7) / 8;
	else
		return false;
	return true;
}

/* The value right-aligned in so many octets. */
static bool laid_out(const struct value *v, size_t width, struct arena *a, uint8_t **out,
		     struct why *why)
{
	struct bytes b;
	if (!value_octets(v, 0, a, &b, why))
		return false;
	if (b.len > width)
		return why_set(why, "%zu octets do not fit %zu", b.len, width);
	*out = arena_alloc(a, width > 0 ? width : 1);
	if (*out == NULL)
		return why_set(why, "no memory");
	if (b.len > 0)
		memcpy(*out + width - b.len, b.at, b.len);
	return true;
}

/* + - ^ on octets too wide for a number; a carry past the first octet is refused. */
static bool operate_octets(enum expr_op op, const struct value *a, const struct value *b,
			   size_t width, struct arena *arena, struct value *out, struct why *why)
{
	uint8_t *x, *y;
	int carry = 0;
	if (op == EXPR_MULTIPLY)
		return why_set(why, "octets cannot be multiplied");
	if (!laid_out(a, width, arena, &x, why) || !laid_out(b, width, arena, &y, why))
		return false;
	for (size_t i = width; i-- > 0;) {
		int n = op == EXPR_XOR   ? x[i] ^ y[i]
			: op == EXPR_ADD ? x[i] + y[i] + carry
					 : x[i] - y[i] - carry;
		carry = op == EXPR_XOR ? 0 : op == EXPR_ADD ? n >> 8 : n < 0;
		x[i] = (uint8_t)n;
	}
	if (carry != 0)
		return why_set(why, "the result does not fit %zu octets", width);
	*out = value_of_octets(bytes_make(x, width));
	return true;
}

static bool multiply_wide(wide x, wide y, wide *out)
{
	const wide most = (wide)1 << 126;
	bool negative = (x < 0) != (y < 0);
	x = x < 0 ? -x : x;
	y = y < 0 ? -y : y;
	if (x % MICRO == 0)
		x /= MICRO;
	else if (y % MICRO == 0)
		y /= MICRO;
	else if (y != 0 && x > most / y)
		return false;
	else {
		*out = x * y / MICRO;
		*out = negative ? -*out : *out;
		return true;
	}
	if (y != 0 && x > most / y)
		return false;
	*out = negative ? -(x * y) : x * y;
	return true;
}

/* The kind of a result: time with time, time times a number, otherwise a number. */
static bool result_kind(enum expr_op op, const struct value *a, const struct value *b,
			enum value_kind *out, struct why *why)
{
	unsigned times = (a->kind == VALUE_TIME) + (b->kind == VALUE_TIME);
	*out = times > 0 ? VALUE_TIME : VALUE_NUMBER;
	if (times == 0 || (times == 2 && (op == EXPR_ADD || op == EXPR_SUBTRACT)) ||
	    (times == 1 && op == EXPR_MULTIPLY))
		return true;
	if (times == 2)
		return why_set(why, "two times can only be added or subtracted");
	return why_set(why, "a time and a number cannot be added; the number needs a unit");
}

static bool operate_numbers(enum expr_op op, const struct value *a, const struct value *b,
			    struct value *out, struct why *why)
{
	enum value_kind kind;
	wide x, y, sum;
	if (!value_wide(a, &x) || !value_wide(b, &y)) {
		const struct value *odd = value_wide(a, &x) ? b : a;
		if (odd->kind == VALUE_TEXT)
			return why_set(why, "'%.80s' is no number and no name that is known here",
				       odd->text);
		return why_set(why, "one cannot compute with %s", kind_text(odd));
	}
	if (!result_kind(op, a, b, &kind, why))
		return false;
	if (op == EXPR_XOR)
		return why_set(why, "'^' wants whole numbers that are not below zero");
	if (op == EXPR_MULTIPLY && !multiply_wide(x, y, &sum))
		return why_set(why, "the result has more than 64 bits");
	if (op != EXPR_MULTIPLY)
		sum = op == EXPR_ADD ? x + y : x - y;
	return value_from_wide(sum, kind, out, why);
}

static bool xor_numbers(const struct value *a, const struct value *b, struct value *out,
			struct why *why)
{
	uint64_t x, y;
	if (!value_number(a, &x, why) || !value_number(b, &y, why))
		return false;
	*out = value_of_number(x ^ y);
	return true;
}

static bool join(const struct value *a, const struct value *b, struct arena *arena,
		 struct value *out, struct why *why)
{
	struct bytes x, y;
	if (!value_octets(a, 0, arena, &x, why) || !value_octets(b, 0, arena, &y, why))
		return false;
	if (x.len + y.len > VALUE_OCTETS_MAX)
		return why_set(why, "more than %zu octets", VALUE_OCTETS_MAX);
	uint8_t *both = arena_alloc(arena, x.len + y.len > 0 ? x.len + y.len : 1);
	if (both == NULL)
		return why_set(why, "no memory");
	if (x.len > 0)
		memcpy(both, x.at, x.len);
	if (y.len > 0)
		memcpy(both + x.len, y.at, y.len);
	*out = value_of_octets(bytes_make(both, x.len + y.len));
	return true;
}

/* An address so many further, or before; it stays within its family. */
static bool step_address(enum expr_op op, const struct value *a, const struct value *b,
			 struct value *out, struct why *why)
{
	uint64_t n;
	size_t len = a->address.family == 6 ? 16 : 4;

	if ((op != EXPR_ADD && op != EXPR_SUBTRACT) || b->kind != VALUE_NUMBER)
		return why_set(why, "to an address a number can be added, and nothing else");
	if (!value_number(b, &n, why))
		return false;
	*out = *a;
	for (size_t i = len; i-- > 0 && n > 0; n >>= 8) {
		int sum = out->address.ip[i] + (op == EXPR_ADD ? (int)(n & 255) : -(int)(n & 255));
		out->address.ip[i] = (uint8_t)sum;
		n += op == EXPR_ADD ? (sum > 255) * 256ULL : (sum < 0) * 256ULL;
	}
	return n == 0 || why_set(why, "there is no such address");
}

bool value_operate(enum expr_op op, const struct value *a, const struct value *b,
		   struct arena *arena, struct value *out, struct why *why)
{
	size_t x = 0, y = 0;
	if (op == EXPR_JOIN)
		return join(a, b, arena, out, why);
	if (a->kind == VALUE_ADDRESS)
		return step_address(op, a, b, out, why);
	bool octets = a->kind == VALUE_OCTETS || b->kind == VALUE_OCTETS;
	if (octets && width_of(a, &x) && width_of(b, &y) && op != EXPR_MULTIPLY)
		return operate_octets(op, a, b, x > y ? x : y, arena, out, why);
	bool ok = op == EXPR_XOR && a->kind == VALUE_NUMBER && b->kind == VALUE_NUMBER ?
			  xor_numbers(a, b, out, why) :
			  operate_numbers(op, a, b, out, why);
	if (ok && out->kind == VALUE_NUMBER)
		out->bits = a->bits > b->bits ? a->bits : b->bits;
	return ok;
}

bool value_negate(const struct value *v, struct value *out, struct why *why)
{
	wide w;
	if (!value_wide(v, &w))
		return why_set(why, "one cannot compute with %s", kind_text(v));
	return value_from_wide(-w, v->kind == VALUE_TIME ? VALUE_TIME : VALUE_NUMBER, out, why);
}

/* ------------------------------------------------------------ print */

static char *print_list(const struct value *v, char *text, size_t cap)
{
	size_t len = 0;
	text[0] = '\0';
	for (size_t i = 0; i < v->count && len + 2 < cap; i++) {
		if (i > 0)
			text[len++] = ' ';
		value_print(&v->items[i], text + len, cap - len);
		len += strlen(text + len);
	}
	return text;
}

char *value_print(const struct value *v, char *text, size_t cap)
{
	const char *minus = v->negative ? "-" : "";
	char place[ADDRESS_TEXT], time[48];
	switch (v->kind) {
	case VALUE_NONE:
		snprintf(text, cap, "nothing");
		break;
	case VALUE_NUMBER:
		if (v->text != NULL)
			snprintf(text, cap, "%s", v->text);
		else if (v->micro != 0)
			snprintf(text, cap, "%s%" PRIu64 ".%06" PRIu32, minus, v->number, v->micro);
		else
			snprintf(text, cap, "%s%" PRIu64, minus, v->number);
		break;
	case VALUE_OCTETS:
		snprintf(text, cap, "hex:");
		if (cap > 5)
			bytes_hex(v->octets, text + 4, cap - 4);
		break;
	case VALUE_TEXT:
		snprintf(text, cap, "%s", v->text);
		break;
	case VALUE_TIME:
		snprintf(text, cap, "%s%s", minus, usec_print(v->number, time, sizeof(time)));
		break;
	case VALUE_ADDRESS:
		snprintf(text, cap, "%s", address_print(&v->address, place));
		break;
	case VALUE_LIST:
		return print_list(v, text, cap);
	}
	return text;
}
