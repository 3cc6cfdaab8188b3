/*
 * The mapping table of a NAT, as a table of packets: what leaves as what, what comes back to whom.
 */
#include "../nat.h"
#include "base/bytes.h"
#include "cm.h"

enum act { SET, OUT, IN };
struct row {
	enum act act;
	char owner;             /* a tester; 0 for none */
	const char *address;    /* SET: the outside; OUT: the inside; IN: the outside */
	const char *wanted; /* OUT: the outside; IN: the inside; NULL: none, "?": nothing mapped */
};

static const struct row rows[] = {
	{ OUT, 'a', "10.0.0.1:500", NULL },
	{ SET, 'a', "203.0.113.1", NULL },
	{ IN,  'a', "203.0.113.1:31000", "?" },
	{ OUT, 'a', "10.0.0.1:500", "203.0.113.1:31000" },
	{ OUT, 'a', "10.0.0.1:4500", "203.0.113.1:31001" },
	{ OUT, 'a', "10.0.0.1:500", "203.0.113.1:31000" },
	{ OUT, 'b', "10.0.0.2:500", NULL },
	{ OUT, 'a', "[fd00::1]:500", NULL },
	{ IN,  'a', "203.0.113.1:31001", "10.0.0.1:4500" },
	{ IN,  'a', "203.0.113.1", "10.0.0.1" },
	{ IN,  'a', "203.0.113.1:31002", "?" },
	{ IN,  0,   "203.0.113.2:31000", NULL },
	/* a rebinding: new ports beside the old */
	{ SET, 'a', "203.0.113.1", NULL },
	{ OUT, 'a', "10.0.0.1:4500", "203.0.113.1:31002" },
	{ IN,  'a', "203.0.113.1:31001", "10.0.0.1:4500" },
	{ IN,  'a', "203.0.113.1:31002", "10.0.0.1:4500" },
	/* another address */
	{ SET, 'a', "203.0.113.9", NULL },
	{ OUT, 'a', "10.0.0.1:4500", "203.0.113.9:31000" },
	{ IN,  'a', "203.0.113.1:31002", "10.0.0.1:4500" },
	/* a tester behind the same outside address shares its ports */
	{ SET, 'b', "203.0.113.9", NULL },
	{ OUT, 'b', "10.0.0.2:500", "203.0.113.9:31001" },
	{ OUT, 'a', "10.0.0.1:500", "203.0.113.9:31002" },
	{ OUT, 'b', "10.0.0.2:4500", "203.0.113.9:31003" },
	{ OUT, 'a', "10.0.0.1:501", "203.0.113.9:31004" },
	{ IN,  'b', "203.0.113.9:31001", "10.0.0.2:500" },
	{ IN,  'a', "203.0.113.9:31002", "10.0.0.1:500" },
	/* a port that is asked for, then the next ones */
	{ SET, 'a', "203.0.113.7:40000", NULL },
	{ OUT, 'a', "10.0.0.1:500", "203.0.113.7:40000" },
	{ OUT, 'a', "10.0.0.1:4500", "203.0.113.7:40001" },
	/* the same one again: the newest mapping has it */
	{ SET, 'a', "203.0.113.7:40000", NULL },
	{ OUT, 'a', "10.0.0.1:4500", "203.0.113.7:40000" },
	{ IN,  'a', "203.0.113.7:40000", "10.0.0.1:4500" },
	/* IPv6 beside it */
	{ SET, 'a', "2001:db8::7", NULL },
	{ OUT, 'a', "[fd00::1]:500", "[2001:db8::7]:31000" },
	{ OUT, 'a', "10.0.0.1:500", "203.0.113.7:40001" },
	/* none: what is mapped stays open */
	{ SET, 'a', NULL, NULL },
	{ OUT, 'a', "10.0.0.1:500", NULL },
	{ OUT, 'a', "[fd00::1]:500", NULL },
	{ IN,  'a', "203.0.113.9:31002", "10.0.0.1:500" },
	{ IN,  'a', "[2001:db8::7]:31000", "[fd00::1]:500" },
};

static const void *owner_of(char name)
{
	static const char owners[256];

	return name ? &owners[(unsigned char)name] : NULL;
}

static void same(size_t row, const char *wanted, const struct address *got)
{
	struct address w = wanted ? address_of(wanted) : (struct address){ 0 };
	char text[ADDRESS_TEXT];

	if (!address_equal(&w, got))
		fail_msg("row %zu: wanted %s, got %s", row, wanted ? wanted : "none",
			 got->family ? address_print(got, text) : "none");
}

static void go_out(struct nat *n, size_t i, const struct row *r)
{
	struct address inside = address_of(r->address), got = { 0 };

	assert_int_equal(nat_out(n, owner_of(r->owner), &inside, &got),
			 r->wanted ? NAT_MAPPED : NAT_NONE);
	same(i, r->wanted, &got);
}

static void come_in(const struct nat *n, size_t i, const struct row *r)
{
	struct address outside = address_of(r->address), got = { 0 };
	bool mapped;
	const void *owner = nat_in(n, &outside, &got, &mapped);

	if (owner != owner_of(r->owner))
		fail_msg("row %zu: %s belongs to another", i, r->address);
	assert_int_equal(mapped, r->wanted && r->wanted[0] != '?');
	if (mapped)
		same(i, r->wanted, &got);
}

static void table(void **state)
{
	struct nat n = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct row *r = &rows[i];
		struct address outside = { 0 };

		if (r->act == OUT)
			go_out(&n, i, r);
		else if (r->act == IN)
			come_in(&n, i, r);
		else {
			if (r->address)
				outside = address_of(r->address);
			assert_true(nat_set(&n, owner_of(r->owner), r->address ? &outside : NULL));
		}
	}
	nat_free(&n);
}

static void mappings_are_bounded(void **state)
{
	struct nat n = { 0 };
	struct address outside = address_of("203.0.113.1"), inside = address_of("10.0.0.1:1"), got;
	unsigned mapped = 0;

	(void)state;
	assert_true(nat_set(&n, &n, &outside));
	for (unsigned port = 1; port < NAT_MAPPINGS + 1000; port++) {
		inside.port = (uint16_t)port;
		mapped += nat_out(&n, &n, &inside, &got) == NAT_MAPPED;
	}
	assert_int_equal(mapped, NAT_MAPPINGS);
	nat_free(&n);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(table),
				cmocka_unit_test(mappings_are_bounded) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
