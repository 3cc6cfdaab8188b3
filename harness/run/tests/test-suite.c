/* Many cases in flight: the same octets in any order and number, selection, deviations, the selftest. */
#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define RUNS 600

struct stream {
	char run[120];
	uint64_t hash;
	uint64_t events;
};
struct streams {
	struct stream rows[RUNS];
	size_t count;
};

static void put(uint64_t *h, const void *at, size_t len)
{
	for (size_t i = 0; i < len; i++)
		*h = (*h ^ ((const uint8_t *)at)[i]) * 1099511628211u;
}

static void put_text(uint64_t *h, const char *text)
{
	put(h, text ? text : "", text ? strlen(text) + 1 : 1);
}

static struct stream *stream_of(struct streams *s, const char *run)
{
	for (size_t i = s->count; i-- > 0;)
		if (strcmp(s->rows[i].run, run) == 0)
			return &s->rows[i];
	assert_true(s->count < RUNS);
	snprintf(s->rows[s->count].run, sizeof s->rows[0].run, "%s", run);
	return &s->rows[s->count++];
}

static void hear(void *ctx, const struct event *e)
{
	struct stream *s = stream_of(ctx, e->run);

	s->events++;
	put(&s->hash, &e->kind, sizeof e->kind);
	put(&s->hash, &e->time, sizeof e->time);
	put_text(&s->hash, e->endpoint);
	put_text(&s->hash, e->text);
	put_text(&s->hash, e->path);
	put_text(&s->hash, e->wanted);
	put_text(&s->hash, e->got);
	put_text(&s->hash, e->verdict);
	put(&s->hash, e->octets.at, e->octets.len);
	if (e->ike_keys)
		put(&s->hash, e->ike_keys->sk_ei.at, e->ike_keys->sk_ei.len);
}


static struct run_options options(const char *const *names, size_t count)
{
	return (struct run_options){
		.library = whole, .crypto = whole_crypto, .profile = library_profile(whole, "builtin"), .root = scenarios_root,
		.filter = { .names = names, .name_count = count }, .seed = 7,
	};
}

static struct suite_summary run(const struct run_options *o)
{
	struct why why = { 0 };
	struct test_suite *s = suite_new(o, &why);
	struct suite_summary sum;

	if (!s || !suite_run(s, &why))
		fail_msg("%s", why.text);
	sum = suite_summary(s);
	suite_free(s);
	return sum;
}

static const char *const some[] = { "esp", "ikev2.auth", "ikev2.init", "ikev2.retransmit", "natt", "interop.lossy" };

static struct streams *streams_of(unsigned jobs, bool shuffle, uint64_t seed)
{
	struct streams *s = calloc(1, sizeof *s);
	struct run_options o = options(some, ARRAY_LEN(some));
	struct event_log log = { 0 };

	assert_non_null(s);
	event_listen(&log, hear, s);
	o.jobs = jobs;
	o.shuffle = shuffle;
	o.seed = seed;
	o.log = &log;
	run(&o);
	return s;
}

static size_t differing(struct streams *a, struct streams *b)
{
	size_t count = 0;

	for (size_t i = 0; i < a->count; i++) {
		struct stream *other = stream_of(b, a->rows[i].run);

		if (other->hash == a->rows[i].hash && other->events == a->rows[i].events)
			continue;
		if (!count++)
			print_message("first difference: %s\n", a->rows[i].run);
	}
	return count;
}

static void same_octets(void **state)
{
	struct streams *one = streams_of(1, false, 7), *again = streams_of(1, false, 7), *many = streams_of(8, true, 7);

	(void)state;
	assert_true(one->count > 40);
	assert_int_equal(one->count, many->count);
	assert_int_equal(differing(one, again), 0);
	assert_int_equal(differing(one, many), 0);
	free(again);
	again = streams_of(8, false, 8);
	assert_true(differing(one, again) > one->count / 2);
	free(one);
	free(again);
	free(many);
}

/* ------------------------------------------------------------ selection */

static size_t selected(const struct run_filter *f)
{
	struct run_options o = options(NULL, 0);
	const struct scenario_case *const *cases;
	struct why why = { 0 };
	struct test_suite *s;
	size_t count;

	o.filter = *f;
	s = suite_new(&o, &why);
	if (!s)
		return SIZE_MAX;
	count = suite_cases(s, &cases);
	for (size_t i = 1; i < count; i++)
		assert_true(strcmp(cases[i - 1]->id, cases[i]->id) < 0);
	suite_free(s);
	return count;
}

static void selection(void **state)
{
	static const char *const init[] = { "ikev2.init" }, *const part[] = { "ikev2.ini" }, *const honest[] = { "ikev2.init.honest" };
	static const char *const glob[] = { "*replay*" }, *const none[] = { "nothing.of.the.kind" };
	size_t all = selected(&(struct run_filter){ 0 }), shards = 0;

	(void)state;
	assert_true(all > 100);
	assert_in_range(selected(&(struct run_filter){ .names = init, .name_count = 1 }), 10, all - 1);
	assert_int_equal(selected(&(struct run_filter){ .names = honest, .name_count = 1 }), 1);
	assert_int_equal(selected(&(struct run_filter){ .names = part, .name_count = 1 }), SIZE_MAX);
	assert_int_equal(selected(&(struct run_filter){ .names = none, .name_count = 1 }), SIZE_MAX);
	assert_in_range(selected(&(struct run_filter){ .globs = glob, .glob_count = 1 }), 1, 10);
	assert_int_equal(selected(&(struct run_filter){ .only = none, .only_count = 1 }), 0);
	assert_int_equal(selected(&(struct run_filter){ .role = ROLE_INITIATOR }) +
			 selected(&(struct run_filter){ .role = ROLE_RESPONDER }), all);
	assert_in_range(selected(&(struct run_filter){ .rfc = "4303" }), 5, all / 2);
	assert_in_range(selected(&(struct run_filter){ .rfc = "7296:2.1" }), 2, all / 2);
	assert_in_range(selected(&(struct run_filter){ .level = "should" }), 2, all - 1);
	for (unsigned i = 1; i <= 3; i++)
		shards += selected(&(struct run_filter){ .shard = i, .shards = 3 });
	assert_int_equal(shards, all);
}

static void count_one(void *ctx, const struct case_result *c)
{
	size_t *n = ctx;

	(void)c;
	++*n;
}

static void counting(void **state)
{
	static const char *const two[] = { "ikev2.init.honest", "ikev2.auth.psk" };
	struct run_options o = options(two, 2);
	struct suite_summary sum;
	volatile bool stop = true;
	size_t heard = 0;

	(void)state;
	o.finished = count_one;
	o.ctx = &heard;
	o.repeat = 3;
	sum = run(&o);
	assert_int_equal(heard, 6);
	assert_int_equal(sum.passed, 6);
	o.stop = &stop;
	sum = run(&o);
	assert_int_equal(sum.passed, 0);
	assert_true(sum.interrupted);
	o.stop = NULL;
	o.fault = "accepts-bad-icv";
	o.filter.names = (const char *const[]){ "ikev2.auth.sk-icv" };
	o.filter.name_count = 1;
	o.fail_fast = true;
	o.jobs = 1;
	sum = run(&o);
	assert_int_equal(sum.failed, 1);
	assert_int_equal(sum.passed, 0);
}

/* ------------------------------------------------------------ known deviations */

static void write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

#define LISTED "{\"schema\": \"ikespec-deviations/1\", \"target\": \"builtin\", " \
	"\"versions\": [\"1\", \"2\"], \"deviations\": [" \
	"{\"id\": \"ikev2.auth.sk-icv*\", \"verdict\": \"fail\", \"reason\": \"known\"}," \
	"{\"id\": \"ikev2.init.honest\", \"verdict\": \"fail\", \"reason\": \"was known\", " \
	"\"versions\": [\"2\"]}," \
	"{\"id\": \"ikev2.init.large\", \"verdict\": \"fail\", \"reason\": \"known now and then\", " \
	"\"sometimes\": true}," \
	"{\"id\": \"another.case\", \"verdict\": \"fail\", \"reason\": \"of another version\", " \
	"\"versions\": [\"1\"]}," \
	"{\"id\": \"no.such.case\", \"verdict\": \"fail\", \"reason\": \"misspelt\"}]}"

static void known_deviations(void **state)
{
	static const char *const names[] = { "ikev2.auth.sk-icv", "ikev2.init.honest", "ikev2.init.large" };
	struct run_options o = options(names, 3);
	char path[] = "/tmp/deviations-XXXXXX";
	const struct case_result *const *results;
	const char *const *stale;
	struct why why = { 0 };
	struct deviations *d;
	struct test_suite *s;
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	close(fd);
	write_file(path, LISTED);
	assert_null(deviations_load(path, "3", &why));
	d = deviations_load(path, "2", &why);
	assert_non_null(d);
	o.deviations = d;
	o.fault = "accepts-bad-icv";
	s = suite_new(&o, &why);
	assert_true(s && suite_run(s, &why));
	for (size_t i = 0, n = suite_results(s, &results); i < n; i++)
		assert_int_equal(results[i]->verdict,
				 strncmp(results[i]->id, "ikev2.auth", 10) == 0 ? VERDICT_EXPECTED_FAIL
				 : strcmp(results[i]->id, "ikev2.init.large") == 0 ? VERDICT_PASS
										   : VERDICT_UNEXPECTED_PASS);
	assert_int_equal(suite_stale(s, &stale), 1);
	suite_free(s);
	deviations_free(d);
	remove(path);
}

/* ------------------------------------------------------------ selftest */

static void selftest(void **state)
{
	static const char *const names[] = { "ikev2.auth.sk-icv" };
	struct run_options o = options(names, 1);
	struct why why = { 0 };
	const struct selftest *t = selftest_run(&o, &why);

	(void)state;
	assert_non_null(t);
	assert_true(t->row_count > 0);
	for (size_t i = 0; i < t->row_count; i++)
		assert_true(t->rows[i].killed);
	assert_int_equal(t->broken_count, 0);
	assert_int_equal(t->never_failing_count, 0);
	selftest_free(t);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(same_octets, whole_begin, whole_end),
		cmocka_unit_test_setup_teardown(selection, whole_begin, whole_end),
		cmocka_unit_test_setup_teardown(counting, whole_begin, whole_end),
		cmocka_unit_test_setup_teardown(known_deviations, whole_begin, whole_end),
		cmocka_unit_test_setup_teardown(selftest, whole_begin, whole_end),
	};

	return tests_main(argc, argv, tests, ARRAY_LEN(tests));
}
