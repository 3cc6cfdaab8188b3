/*
 * The whole of `bench ike` in memory: a row for each job of each message, and for each group and way
 * to authenticate.
 */
#include "bench/ike.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "../clock.h"
#include "../measure.h"
#include "cryptography.h"
#include "instructions.h"
#include "messages.h"

#define BATCH     64u /* of a job between two looks at the clock */
#define WARM_UP   3u
#define NAME_TEXT 64

static const char *const usual_groups[] = { "x25519", "ecp256", "ecp384", "modp2048" };
static const char *const usual_auths[] = { "psk", "rsa", "ecdsa256", "ed25519" };

/* ------------------------------------------------------------ the plan */

static bool suite_of(const struct ike_plan *p, const char *group, char text[static NAME_TEXT], struct suite *out,
		     struct why *why)
{
	snprintf(text, NAME_TEXT, "%s-%s", p->suite ? p->suite : "aes256gcm16-prfsha256", group);
	return suite_parse(text, false, out, why) && (out->ke || why_set(why, "'%s' is no group", group));
}

bool ike_add_group(struct ike_plan *p, const char *text, struct why *why)
{
	char suite[NAME_TEXT];
	struct suite s;

	if (p->group_count == IKE_WORDS)
		return why_set(why, "at most %d groups", IKE_WORDS);
	p->groups[p->group_count++] = text;
	return suite_of(p, text, suite, &s, why);
}

bool ike_add_auth(struct ike_plan *p, const char *text, struct why *why)
{
	char known[160] = "psk";

	for (size_t i = 0; authority_key_name(i); i++)
		snprintf(known + strlen(known), sizeof(known) - strlen(known), " %s", authority_key_name(i));
	if (strcmp(text, "psk") != 0 && !authority_knows_key(text))
		return why_set(why, "no way to authenticate is called '%s'; there are: %s", text, known);
	if (p->auth_count == IKE_WORDS)
		return why_set(why, "at most %d ways to authenticate", IKE_WORDS);
	p->auths[p->auth_count++] = text;
	return true;
}

bool ike_complete(struct ike_plan *p, struct why *why)
{
	if (!p->suite)
		p->suite = "aes256gcm16-prfsha256";
	for (size_t i = 0; !p->group_count && i < ARRAY_LEN(usual_groups); i++)
		p->groups[i] = usual_groups[i];
	if (!p->group_count)
		p->group_count = ARRAY_LEN(usual_groups);
	for (size_t i = 0; !p->auth_count && i < ARRAY_LEN(usual_auths); i++)
		p->auths[i] = usual_auths[i];
	if (!p->auth_count)
		p->auth_count = ARRAY_LEN(usual_auths);
	if (!p->rounds)
		p->rounds = 15;
	if (p->seconds <= 0)
		p->seconds = 0.3;
	return p->rounds <= ROUNDS_MAX || why_set(why, "at most %d rounds", ROUNDS_MAX);
}

/* ------------------------------------------------------------ rows */

struct course {
	const struct ike_plan *plan;
	const struct bench_watch *watch;
	struct ike_result *out;
	struct instructions counter;
	size_t done, of;
};

static bool stopped(const struct course *c)
{
	return c->watch && c->watch->stop && *c->watch->stop;
}

static void tell(struct course *c, const char *what)
{
	if (c->watch && c->watch->progress)
		c->watch->progress(c->watch->ctx, c->done, c->of, what);
	c->done++;
}

static bool do_batch(struct specimens *s, const struct ike_specimen *m, enum ike_job job, bool before,
		     uint64_t *cycles)
{
	uint64_t begin = clock_cycles();
	bool good = true;

	for (unsigned i = 0; i < BATCH && good; i++)
		good = specimen_do(s, m, job, before);
	*cycles = clock_cycles() - begin;
	return good;
}

/* What comes before a job is done beside it and taken off. */
static bool job_round(struct course *c, struct specimens *s, const struct ike_specimen *m, enum ike_job job,
		      double *cycles, double *instructions)
{
	uint64_t end = clock_cycles() + (uint64_t)(c->out->hertz * c->plan->seconds / c->plan->rounds);
	double each[TURNS_MAX];
	uint64_t with, without, a, b, d;
	size_t count = 0;

	do {
		a = instructions_now(&c->counter);
		if (!do_batch(s, m, job, true, &without))
			return false;
		b = instructions_now(&c->counter);
		if (!do_batch(s, m, job, false, &with))
			return false;
		d = instructions_now(&c->counter);
		each[count++] = ((double)with - (double)without) / BATCH;
		*instructions = ((double)(d - b) - (double)(b - a)) / BATCH;
	} while (clock_cycles() < end && count < TURNS_MAX);
	*cycles = median(each, count, NULL);
	return true;
}

static bool add_job(struct course *c, struct specimens *s, const struct ike_specimen *m, enum ike_job job,
		    struct why *why)
{
	struct ike_row *row = &c->out->rows[c->out->count];
	double samples[ROUNDS_MAX];

	*row = (struct ike_row){ .octets = m->octets.len };
	snprintf(row->name, sizeof(row->name), "%s %s", ike_job_name(job), m->name);
	tell(c, row->name);
	for (unsigned i = 0; i < c->plan->rounds; i++)
		if (stopped(c) || !job_round(c, s, m, job, &samples[i], &row->instructions))
			return why_set(why, stopped(c) ? "stopped" : "%s: it failed", row->name);
	row->cycles = median(samples, c->plan->rounds, &row->spread);
	c->out->count++;
	return true;
}

static const enum ike_job order[] = { JOB_DECODE, JOB_ENCODE, JOB_OPEN, JOB_REENCODE, JOB_SEAL };

static bool add_messages(struct course *c, struct why *why)
{
	struct specimens s;
	char suite[NAME_TEXT];
	struct suite parsed;
	bool good = suite_of(c->plan, c->plan->groups[0], suite, &parsed, why) && specimens_take(&s, suite, why);

	for (size_t i = 0; good && i < s.count; i++)
		for (size_t k = 0; good && k < ARRAY_LEN(order) && c->out->count < IKE_ROWS; k++)
			if (specimen_has(&s.rows[i], order[k]))
				good = add_job(c, &s, &s.rows[i], order[k], why);
	specimens_free(&s);
	return good;
}

/* ------------------------------------------------------------ handshakes */

static bool handshake_round(struct course *c, struct ike_pair *p, double *cycles, double *share, double *instructions)
{
	double inside;
	uint64_t before;

	if (!cryptography_of(p, c->out->hertz * c->plan->seconds / c->plan->rounds, &inside, cycles))
		return false;
	*share = 1 - inside / *cycles;
	before = instructions_now(&c->counter);
	if (!ike_pair_handshake(p))
		return false;
	*instructions = (double)(instructions_now(&c->counter) - before);
	return ike_pair_delete(p);
}

static void handshake_name(char name[static NAME_TEXT], const char *group, const char *auth)
{
	snprintf(name, NAME_TEXT, "handshake %.24s %.24s", group, auth);
}

static bool warm(struct ike_pair *p, struct why *why)
{
	for (unsigned i = 0; i < WARM_UP; i++)
		if (!ike_pair_handshake(p) || !ike_pair_delete(p))
			return why_set(why, "the handshake fails");
	return true;
}

static bool add_handshake(struct course *c, const char *group, const char *auth, struct why *why)
{
	struct ike_row *row = &c->out->rows[c->out->count];
	double samples[ROUNDS_MAX], shares[ROUNDS_MAX];
	char suite[NAME_TEXT];
	struct suite parsed;
	struct ike_pair p = { .now = 0 };

	*row = (struct ike_row){ .handshake = true };
	handshake_name(row->name, group, auth);
	tell(c, row->name);
	bool good = suite_of(c->plan, group, suite, &parsed, why) && ike_pair_open(&p, suite, auth, why) && warm(&p, why);
	for (unsigned i = 0; good && i < c->plan->rounds; i++)
		good = (!stopped(c) && handshake_round(c, &p, &samples[i], &shares[i], &row->instructions)) ||
		       why_set(why, stopped(c) ? "stopped" : "%s: it failed", row->name);
	ike_pair_close(&p);
	if (!good)
		return false;
	row->cycles = median(samples, c->plan->rounds, &row->spread);
	row->other_share = median(shares, c->plan->rounds, NULL);
	c->out->count++;
	return true;
}

/* Every group by the first way, then the other ways with the first group. */
static bool add_handshakes(struct course *c, struct why *why)
{
	const struct ike_plan *p = c->plan;
	bool good = true;

	for (size_t i = 0; good && i < p->group_count && c->out->count < IKE_ROWS; i++)
		good = add_handshake(c, p->groups[i], p->auths[0], why);
	for (size_t i = 1; good && i < p->auth_count && c->out->count < IKE_ROWS; i++)
		good = add_handshake(c, p->groups[0], p->auths[i], why);
	return good;
}

/* ------------------------------------------------------------ instructions from outside */

#define FEW  20u
#define MANY 60u

static uint64_t one_run(const struct ike_plan *p, const char *name, unsigned times, struct why *why)
{
	char count[16];
	const char *argv[] = { p->self, "bench", "ike", "--suite", p->suite, "--group", p->groups[0],
			       "--one", name,   "--times", count,   NULL };

	snprintf(count, sizeof(count), "%u", times);
	return instructions_of(argv, why);
}

/* Two lengths of run: what begins and ends a process drops out. */
static void count_from_outside(struct course *c)
{
	struct why why;

	for (size_t i = 0; i < c->out->count && !stopped(c); i++) {
		struct ike_row *row = &c->out->rows[i];
		unsigned scale = row->handshake ? 1 : 50;
		uint64_t few, many;

		tell(c, "instructions under valgrind");
		few = one_run(c->plan, row->name, FEW * scale, &why);
		many = few ? one_run(c->plan, row->name, MANY * scale, &why) : 0;
		if (!many) {
			snprintf(c->out->counter, sizeof(c->out->counter), "not counted: %.90s", why.text);
			return;
		}
		row->instructions = (double)(many - few) / ((MANY - FEW) * scale);
	}
	snprintf(c->out->counter, sizeof(c->out->counter),
		 "counted by valgrind, whose CPU has no AVX-512: differences of two runs");
}

static bool one_handshake(const struct ike_plan *plan, const char *name, unsigned times, struct why *why)
{
	char group[25], auth[25], suite[NAME_TEXT];
	struct ike_pair p = { .now = 0 };
	struct suite parsed;
	bool good;

	if (sscanf(name, "handshake %24s %24s", group, auth) != 2)
		return why_set(why, "no row is called '%s'", name);
	good = suite_of(plan, group, suite, &parsed, why) && ike_pair_open(&p, suite, auth, why) && warm(&p, why);
	/* Kept, so that no Delete is counted: the tester's limits are far away. */
	for (unsigned i = 0; good && i < times; i++)
		good = ike_pair_handshake(&p) || why_set(why, "the handshake fails");
	ike_pair_close(&p);
	return good;
}

bool bench_ike_one(const struct ike_plan *p, const char *name, unsigned times, struct why *why)
{
	struct specimens s;
	char suite[NAME_TEXT], row[NAME_TEXT];
	struct suite parsed;
	bool found = false;

	if (strncmp(name, "handshake", 9) == 0)
		return one_handshake(p, name, times, why);
	if (!suite_of(p, p->groups[0], suite, &parsed, why) || !specimens_take(&s, suite, why))
		return false;
	for (size_t i = 0; i < s.count && !found; i++)
		for (size_t k = 0; k < ARRAY_LEN(order) && !found; k++) {
			snprintf(row, sizeof(row), "%s %s", ike_job_name(order[k]), s.rows[i].name);
			if (!specimen_has(&s.rows[i], order[k]) || strcmp(row, name) != 0)
				continue;
			found = true;
			/* One more than without: the difference is the job. */
			for (unsigned n = 0; n < MANY * 50; n++)
				specimen_do(&s, &s.rows[i], order[k], n >= times);
		}
	specimens_free(&s);
	return found || why_set(why, "no row is called '%s'", name);
}

/* ------------------------------------------------------------ all together */

bool bench_ike(const struct ike_plan *p, const struct bench_watch *w, struct ike_result *out, struct why *why)
{
	struct course c = { .plan = p, .watch = w, .out = out, .of = 16 + p->group_count + p->auth_count };
	struct why uncounted = { "" };

	*out = (struct ike_result){ .hertz = clock_hertz() };
	cpu_name(out->cpu, sizeof(out->cpu));
	snprintf(out->libraries, sizeof(out->libraries), "%s", OpenSSL_version(OPENSSL_VERSION));
	bool counts = instructions_open(&c.counter, &uncounted);
	snprintf(out->counter, sizeof(out->counter), "%.110s", counts ? "counted by the CPU" : uncounted.text);
	bool good = add_messages(&c, why) && add_handshakes(&c, why);
	if (good && !counts && p->instructions)
		count_from_outside(&c);
	instructions_close(&c.counter);
	out->interrupted = stopped(&c);
	return good || out->interrupted;
}
