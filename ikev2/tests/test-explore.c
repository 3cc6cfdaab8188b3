/*
 * All interleavings of two operations, one of each end, with at most one datagram lost or late: both
 * ends agree in the end, within twice the retransmission limit.  And where an end leaves out a rule,
 * a disagreement is found.
 *
 *     test-explore                                                   all, and what breaks
 *     test-explore calm                                              the same, no datagram lost or late
 *     test-explore LEFT RIGHT [SEED [OMIT [left|right|both]]]        one pair, told in full
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "explore.h"

static double seconds(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static bool one(struct exploration *x, bool told)
{
	struct why why;
	double began = seconds();
	x->crypto = crypto_new(&why);
	explore(x);
	if (told || x->disagreements)
		printf("%-12s %-12s  %8zu paths %8zu states  %6.2f s  %s\n",
		       purpose_name(x->operation[0]), purpose_name(x->operation[1]), x->paths,
		       x->states, seconds() - began, x->disagreements ? x->what : "agreement");
	fflush(stdout);
	crypto_free(x->crypto);
	return !x->disagreements;
}

struct sum {
	size_t paths, states;
	bool good;
};

static void add(struct sum *sum, enum purpose left, enum purpose right, uint64_t seed, bool calm)
{
	struct exploration x = {
		.operation = { left, right }, .seed = seed, .calm = calm, .tells = true
	};
	sum->good = one(&x, true) && sum->good;
	sum->paths += x.paths;
	sum->states += x.states;
}

/* With other nonces another end makes the redundant SA. */
static bool all(bool calm)
{
	struct sum sum = { .good = true };
	double began = seconds();
	for (size_t i = 0; i < EXPLORE_OPERATIONS; i++)
		for (size_t k = 0; k < EXPLORE_OPERATIONS; k++)
			add(&sum, explore_operations[i], explore_operations[k], 1, calm);
	add(&sum, PURPOSE_REKEY_CHILD, PURPOSE_REKEY_CHILD, 2, calm);
	add(&sum, PURPOSE_REKEY_IKE, PURPOSE_REKEY_IKE, 2, calm);
	printf("%zu interleavings, %zu states, %.1f s\n", sum.paths, sum.states,
	       seconds() - began);
	return sum.good;
}

/* Each rule that is left out by the right end, or by both, makes the ends disagree somewhere. */
static const struct {
	const char *omit;
	bool both;
	enum purpose left, right;
	uint64_t seed;
} broken[] = {
	{ "redundant-child", false, PURPOSE_REKEY_CHILD, PURPOSE_REKEY_CHILD, 1 },
	{ "redundant-four", false, PURPOSE_REKEY_CHILD, PURPOSE_REKEY_CHILD, 2 },
	{ "redundant-ike", false, PURPOSE_REKEY_IKE, PURPOSE_REKEY_IKE, 1 },
	{ "replaced-deleted", false, PURPOSE_REKEY_CHILD, PURPOSE_REKEY_CHILD, 1 },
	{ "rekey-closing", false, PURPOSE_REKEY_CHILD, PURPOSE_DELETE_CHILD, 1 },
	{ "rekey-early", true, PURPOSE_REKEY_CHILD, PURPOSE_REKEY_CHILD, 1 },
	{ "rekey-not-found", false, PURPOSE_REKEY_CHILD, PURPOSE_DELETE_CHILD, 1 },
	{ "not-found-ignored", false, PURPOSE_REKEY_CHILD, PURPOSE_REKEY_CHILD, 1 },
	{ "delete-rekeying", true, PURPOSE_REKEY_CHILD, PURPOSE_DELETE_CHILD, 1 },
	{ "delete-overtakes", true, PURPOSE_NEW_CHILD, PURPOSE_DELETE_CHILD, 1 },
	{ "rekey-inherits", false, PURPOSE_REKEY_IKE, PURPOSE_NEW_CHILD, 1 },
	{ "rekey-old-deleted", true, PURPOSE_DELETE_IKE, PURPOSE_REKEY_IKE, 1 },
	{ "rekey-at-child", false, PURPOSE_REKEY_IKE, PURPOSE_DELETE_CHILD, 1 },
	{ "rekey-ike-closing", false, PURPOSE_REKEY_IKE, PURPOSE_DELETE_IKE, 1 },
	{ "delete-ike-rekeying", false, PURPOSE_REKEY_IKE, PURPOSE_REKEY_IKE, 1 },
	{ "delete-child-rekeying", false, PURPOSE_DELETE_CHILD, PURPOSE_REKEY_IKE, 1 },
};

static bool all_found(void)
{
	bool good = true;
	for (size_t i = 0; i < ARRAY_LEN(broken); i++) {
		struct exploration x = { .operation = { broken[i].left, broken[i].right },
					 .seed = broken[i].seed,
					 .omit = broken[i].omit,
					 .omit_at = { broken[i].both, true } };
		printf("without %-22s ", x.omit);
		if (one(&x, true)) {
			printf("%s is left out, and nothing comes of it\n", x.omit);
			good = false;
		}
	}
	return good;
}

static enum purpose purpose_of(const char *name)
{
	uint8_t exchange;
	enum purpose p;
	if (!purpose_parse(name, &exchange, &p) || p == PURPOSE_NONE) {
		fprintf(stderr, "'%s' is no operation\n", name);
		exit(2);
	}
	return p;
}

int main(int argc, char **argv)
{
	if (argc < 3) {
		bool agreed = all(argc == 2);
		return all_found() && agreed ? 0 : 1;
	}
	const char *at = argc > 5 ? argv[5] : "both";
	struct exploration x = {
		.operation = { purpose_of(argv[1]), purpose_of(argv[2]) },
		.seed = argc > 3 ? strtoull(argv[3], NULL, 10) : 1,
		.omit = argc > 4 ? argv[4] : NULL,
		.omit_at = { strcmp(at, "right") != 0, strcmp(at, "left") != 0 },
		.tells = true,
	};
	return one(&x, true) ? 0 : 1;
}
