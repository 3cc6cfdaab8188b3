/*
 * The whole of `bench ike -t TARGET`: for each group and way to authenticate handshakes with a window
 * and one at a time, beside the limit of the cryptography in the same minute; then rekeys, the first
 * ESP packet, and how many SAs are held.
 */
#include "bench/ike-load.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "../clock.h"
#include "cryptography.h"
#include "drive.h"
#include "first-packet.h"

#define LIMIT_SECONDS 0.4 /* before and after each row */
#define SECOND        1e9

static const char *const usual_real[] = { "x25519", "ecp256", "ecp384", "modp2048" };

bool load_complete(struct load_plan *p, struct why *why)
{
	bool builtin = !p->target || strcmp(p->target, "builtin") == 0;

	if (!p->target)
		p->target = "builtin";
	for (size_t i = 0; !p->ike.group_count && i < ARRAY_LEN(usual_real); i++)
		p->ike.groups[i] = usual_real[i];
	if (!p->ike.group_count)
		p->ike.group_count = ARRAY_LEN(usual_real);
	if (!builtin && !p->ike.auth_count)
		p->ike.auths[p->ike.auth_count++] = "psk";
	if (p->ike.seconds <= 0)
		p->ike.seconds = 3;
	if (!p->window)
		p->window = 32;
	if (p->limit_seconds <= 0)
		p->limit_seconds = 600;
	return ike_complete(&p->ike, why);
}

/* ------------------------------------------------------------ a row */

struct course {
	const struct load_plan *plan;
	const struct bench_watch *watch;
	struct load_result *out;
	struct stand stand;
	struct why why;
	double hertz;
	uint64_t limit;
	size_t done, of;
};

static void tell(struct course *c, const char *what, const char *group, const char *auth)
{
	char text[100];

	snprintf(text, sizeof(text), "%s %s %s", what, group, auth);
	if (c->watch && c->watch->progress)
		c->watch->progress(c->watch->ctx, c->done, c->of, text);
	c->done++;
}

/* Handshakes a second that one end's cryptography allows on this core. */
static bool limit_now(struct course *c, double *out)
{
	double cycles;

	if (!cryptography_of(&c->stand.own, c->hertz * LIMIT_SECONDS, &cycles, NULL))
		return why_set(&c->why, "the handshake in memory fails");
	*out = c->hertz / (cycles / 2);
	return true;
}

static bool rekeys(struct course *c, struct drive *d, struct load_row *row)
{
	double seconds = c->plan->ike.seconds / 2;

	if (!c->plan->rekey || !row->full.successes)
		return true;
	return drive_rekeys(d, false, c->plan->window, seconds, &row->child, &c->why) &&
	       drive_rekeys(d, true, c->plan->window, seconds, &row->ike, &c->why);
}

static bool figures(struct course *c, struct drive *d, struct load_row *row)
{
	double seconds = c->plan->ike.seconds;

	return drive_handshakes(d, c->plan->window, seconds, &row->full, &c->why) &&
	       (!row->full.successes || drive_handshakes(d, 1, seconds / 3, &row->alone, &c->why)) &&
	       rekeys(c, d, row) && (!c->stand.target || drive_deletes(d, c->plan->window, &c->why));
}

static bool measure_row(struct course *c, const char *group, const char *auth)
{
	struct load_row *row = &c->out->rows[c->out->count];
	double before = 0, after = 0;
	struct drive d;
	bool good;

	if (c->out->count == ARRAY_LEN(c->out->rows))
		return true;
	*row = (struct load_row){ .limit = 0 };
	snprintf(row->group, sizeof(row->group), "%s", group);
	snprintf(row->auth, sizeof(row->auth), "%s", auth);
	tell(c, "handshakes", group, auth);
	if (!stand_begin(&c->stand, group, auth, &c->why))
		return false;
	c->out->count++;
	drive_begin(&d, &c->stand, c->limit);
	good = limit_now(c, &before) && figures(c, &d, row) && limit_now(c, &after);
	row->limit = (before + (after > 0 ? after : before)) / 2;
	drive_end(&d);
	stand_end(&c->stand);
	return good;
}

/* Every group by the first way, then the other ways with the first group. */
static bool measure_rows(struct course *c)
{
	const struct ike_plan *p = &c->plan->ike;
	bool good = true;

	for (size_t i = 0; good && i < p->group_count; i++)
		good = measure_row(c, p->groups[i], p->auths[0]);
	for (size_t i = 1; good && i < p->auth_count; i++)
		good = measure_row(c, p->groups[0], p->auths[i]);
	return good;
}

/* ------------------------------------------------------------ the rest */

static bool measure_hold(struct course *c)
{
	const struct ike_plan *p = &c->plan->ike;
	struct drive d;
	bool good;

	if (!c->plan->hold)
		return true;
	tell(c, "holding SAs", p->groups[0], p->auths[0]);
	if (!stand_begin(&c->stand, p->groups[0], p->auths[0], &c->why))
		return false;
	drive_begin(&d, &c->stand, c->limit);
	good = drive_hold(&d, c->plan->window, c->plan->hold, &c->out->hold, &c->why);
	drive_end(&d);
	stand_end(&c->stand);
	return good;
}

static bool measure_first(struct course *c)
{
	if (!c->plan->first)
		return true;
	tell(c, "the first ESP packet", "", "");
	return first_packets(c->plan, c->watch, &c->out->first, &c->why);
}

static void describe(struct course *c)
{
	struct load_result *r = c->out;
	const struct target_facts *facts = c->stand.target ? target_facts(c->stand.target) : NULL;

	r->plan = c->plan;
	r->pinned = c->stand.target_cpu >= 0;
	snprintf(r->path, sizeof(r->path), "%s", facts ? c->stand.path : "veth or loopback");
	snprintf(r->version, sizeof(r->version), "%s", facts ? facts->version : "");
	snprintf(r->libraries, sizeof(r->libraries), "%s", OpenSSL_version(OPENSSL_VERSION));
	cpu_name(r->cpu, sizeof(r->cpu));
}

bool bench_load(const struct load_plan *p, const struct bench_watch *w, struct load_result *out, struct why *why)
{
	struct course c = { .plan = p, .watch = w, .out = out, .hertz = clock_hertz(),
			    .of = p->ike.group_count + p->ike.auth_count + 1 };
	bool good;

	*out = (struct load_result){ 0 };
	c.limit = clock_nanoseconds() + (uint64_t)(p->limit_seconds * SECOND);
	good = measure_first(&c) && stand_open(&c.stand, p, w, &c.why);
	if (good) {
		describe(&c);
		good = measure_rows(&c) && measure_hold(&c);
		snprintf(out->path, sizeof(out->path), "%s", c.stand.path);
		stand_close(&c.stand);
	}
	if (good)
		return true;
	out->interrupted = out->plan && ((w && w->stop && *w->stop) || clock_nanoseconds() > c.limit);
	*why = c.why;
	return out->interrupted;
}
