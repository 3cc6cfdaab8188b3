/*
 * The whole of `bench esp`: for each suite and size everything that is compared, in turns.
 */
#include "measure.h"

#include "esp/batch.h"

#include <openssl/crypto.h>
#include <stdlib.h>

#define LIMITS 3 /* of a backend: raw, bare and ours */

struct course {
	const struct bench_plan *plan;
	const struct bench_watch *watch;
	struct bench_result *out;
	size_t done, of;
	uint64_t slice;
};

static bool raw_entrant(const struct course *c, struct entrant *e, const char *backend,
			const struct suite *suite, struct why *why)
{
	if (strcmp(backend, "openssl") == 0)
		return raw_openssl_entrant(e, suite, why);
	return raw_ipsec_mb_entrant(e, suite, c->plan->no_aesni, why);
}

/* Ours must be there; raw, bare and naive may not. */
static bool enter_all(const struct course *c, struct contest *f, const struct bench_suite *suite,
		      const struct bench_size *size, struct why *why)
{
	struct why spare;

	naive_entrant(&f->entrants[f->count++], &suite->suite, size, &spare);
	for (size_t i = 0; i < c->plan->backend_count; i++) {
		const char *backend = c->plan->backends[i];
		struct entrant *e = &f->entrants[f->count];

		f->count += LIMITS;
		raw_entrant(c, &e[0], backend, &suite->suite, &spare);
		if (strcmp(backend, "openssl") != 0)
			bare_ipsec_mb_entrant(&e[1], &suite->suite, size, c->plan->no_aesni,
					      &spare);
		if (!lane_entrant(&e[2], suite, size, backend, c->plan->no_aesni, why) &&
		    c->plan->backend_count == 1)
			return false;
	}
	return true;
}

static bool add_cores(struct course *c, const struct bench_row *one, struct why *why)
{
	for (unsigned cores = 2; cores <= c->plan->cores; cores++) {
		struct bench_row *row = &c->out->rows[c->out->count];

		*row = *one;
		row->cores = cores;
		if (!measure_cores(c->plan, c->watch, row, one, why))
			return false;
		c->out->count++;
	}
	return true;
}

static bool add_rows(struct course *c, struct contest *f, const struct bench_suite *suite,
		     const struct bench_size *size, struct why *why)
{
	for (size_t i = 0; i < c->plan->backend_count; i++) {
		size_t raw = 1 + LIMITS * i, bare = raw + 1, ours = raw + 2;
		struct bench_row row = {
			.suite = suite, .size = size, .backend = c->plan->backends[i], .cores = 1,
			.scaling = 1, .calibration = 1,
		};

		if (!f->entrants[ours].turn)
			continue;
		row.raw_ratio = contest_ratio(f, raw, ours, c->plan->rounds);
		row.naive_ratio = contest_ratio(f, 0, ours, c->plan->rounds);
		row.over = contest_difference(f, ours, bare, c->plan->rounds);
		contest_figures(f, ours, c->plan->rounds, &row.ours);
		contest_figures(f, raw, c->plan->rounds, &row.raw);
		contest_figures(f, bare, c->plan->rounds, &row.bare);
		contest_figures(f, 0, c->plan->rounds, &row.naive);
		c->out->rows[c->out->count++] = row;
		if (!add_cores(c, &row, why))
			return false;
	}
	return true;
}

static void tell(struct course *c, const struct bench_suite *suite, const struct bench_size *size)
{
	char what[120];

	snprintf(what, sizeof(what), "%s %s", suite->name, size->name);
	if (c->watch->progress)
		c->watch->progress(c->watch->ctx, c->done, c->of, what);
}

static bool run_cell(struct course *c, const struct bench_suite *suite,
		     const struct bench_size *size, struct why *why)
{
	struct contest *f = calloc(1, sizeof(*f));
	unsigned rounds = c->plan->rounds;
	bool good;

	if (!f)
		return why_set(why, "no memory for samples");
	good = enter_all(c, f, suite, size, why);
	for (unsigned round = 0; good && round < rounds; round++) {
		tell(c, suite, size);
		good = contest_round(f, c->slice, round, c->watch, why);
		c->done++;
	}
	good = good && add_rows(c, f, suite, size, why);
	contest_free(f);
	free(f);
	return good;
}

static bool describe(const struct bench_plan *p, struct bench_result *r, struct why *why)
{
	struct esp_batch *b = esp_batch_new(p->backends[0], p->no_aesni ? ESP_NO_AESNI : 0, why);
	const char *uses;

	if (!b)
		return false;
	uses = esp_batch_instructions(b);
	cpu_name(r->cpu, sizeof(r->cpu));
	cpu_features(p->no_aesni, r->features, sizeof(r->features));
	snprintf(r->libraries, sizeof(r->libraries), "%s%s%s%s%s%s%s",
		 OpenSSL_version(OPENSSL_VERSION), *uses ? ", " : "", *uses ? p->backends[0] : "",
		 *uses ? " with " : "", uses, p->left_out[0] ? "; " : "", p->left_out);
	esp_batch_free(b);
	r->no_aesni = p->no_aesni;
	r->hertz = clock_hertz();
	return true;
}

static size_t rows_of(const struct bench_plan *p)
{
	return p->suite_count * p->size_count * p->backend_count * p->cores;
}

bool bench_esp(const struct bench_plan *p, const struct bench_watch *w, struct bench_result *out,
	       struct why *why)
{
	struct course c = {
		.plan = p, .watch = w, .out = out, .of = p->suite_count * p->size_count * p->rounds
	};
	bool good = true;

	*out = (struct bench_result){ .rows = calloc(rows_of(p), sizeof(*out->rows)) };
	if (p->rounds > ROUNDS_MAX || p->cores > BENCH_CORES || !out->rows)
		return why_set(why, "at most %d rounds and %d cores", ROUNDS_MAX, BENCH_CORES);
	if (!describe(p, out, why))
		return false;
	c.slice = (uint64_t)(out->hertz * p->seconds / p->rounds /
			     (double)(1 + 2.5 * (double)p->backend_count));
	for (size_t i = 0; good && i < p->suite_count; i++)
		for (size_t j = 0; good && j < p->size_count; j++)
			good = run_cell(&c, &p->suites[i], &p->sizes[j], why);
	out->interrupted = w->stop && *w->stop;
	return good || out->interrupted;
}

void bench_result_free(struct bench_result *r)
{
	free(r->rows);
	r->rows = NULL;
	r->count = 0;
}

double bench_gbps(const struct bench_result *r, const struct bench_row *row, double cycles)
{
	return cycles > 0 ? row->size->mean * 8 * r->hertz / cycles / 1e9 : 0;
}

double bench_raw_gbps(const struct bench_result *r, double cycles)
{
	return cycles > 0 ? RAW_LEN * 8 * r->hertz / cycles / 1e9 : 0;
}

double bench_pps(const struct bench_result *r, const struct bench_row *row, double cycles)
{
	(void)row;
	return cycles > 0 ? r->hertz / cycles : 0;
}

double bench_share(const struct bench_row *row)
{
	return row->raw_ratio * row->size->mean / RAW_LEN * row->scaling / row->cores;
}

double bench_gain(const struct bench_row *row)
{
	return row->naive_ratio * row->scaling;
}

double bench_overhead(const struct bench_row *row)
{
	return row->cores == 1 ? row->over : 0;
}

const struct bench_row *bench_find(const struct bench_result *r, const char *suite,
				   const char *size, const char *backend, unsigned cores)
{
	for (size_t i = 0; i < r->count; i++) {
		const struct bench_row *row = &r->rows[i];

		if (strcmp(row->suite->name, suite) == 0 && strcmp(row->size->name, size) == 0 &&
		    strcmp(row->backend, backend) == 0 && row->cores == cores)
			return row;
	}
	return NULL;
}
