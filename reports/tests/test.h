/*
 * What the tests of reports include: cmocka with what it needs before it, runs told in rows, whole files.
 */
#ifndef REPORTS_TESTS_TEST_H
#define REPORTS_TESTS_TEST_H

#include "reports/reports.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

/* One case of one requirement; what is NULL is left out. */
struct told {
	const char *id, *target, *verdict, *area, *reason, *wanted, *got, *capture;
};

/* Every text that has led a writer astray somewhere. */
#define AWKWARD "a\"b'c<d>&]]>e\033[31mf\001g\tx\ny\\z # SKIP {} \xc3\xa9\xe2\x86\x92 \xff\xfe\xc3( \xed\xa0\x80 \x7f"
/* What becomes of it. */
#define AWKWARD_CLEAN "a\"b'c<d>&]]>e?[31mf?g\tx\ny\\z # SKIP {} \xc3\xa9\xe2\x86\x92 ??" "?( ? ?"

static inline void tell_case(event_listener *hear, void *ctx, const struct told *t)
{
	const char *target = t->target ? t->target : "builtin";
	struct event e = { .run = t->id, .target = target, .endpoint = "tester" };

	e.kind = EVENT_CASE;
	e.text = "A title";
	e.path = t->area ? t->area : "auth";
	e.detail = "responder";
	e.file = "scenarios/a.xml";
	e.line = 1;
	hear(ctx, &e);
	e = (struct event){ .kind = EVENT_VERDICT, .run = t->id, .target = target, .id = "RFC7296-3.2-03",
			    .verdict = t->verdict, .detail = "must", .path = "violation", .text = t->reason };
	hear(ctx, &e);
	e = (struct event){ .kind = EVENT_CASE_END, .run = t->id, .target = target, .verdict = t->verdict,
			    .text = t->reason, .time = 41000, .number = 250000, .wanted = t->wanted, .got = t->got,
			    .id = t->wanted ? "RFC7296-3.2-03" : NULL, .file = "scenarios/a.xml",
			    .line = t->wanted ? 14 : 0 };
	hear(ctx, &e);
}

static inline void tell_begin(event_listener *hear, void *ctx)
{
	hear(ctx, &(struct event){ .kind = EVENT_BEGIN, .text = "0.1.0", .number = 7 });
	hear(ctx, &(struct event){ .kind = EVENT_CATALOGUE, .id = "RFC7296-3.2-03", .detail = "must", .path = "3.2",
				   .text = "lengths past the message are refused", .verdict = "violation" });
}

static inline void tell_end(event_listener *hear, void *ctx, bool interrupted)
{
	hear(ctx, &(struct event){ .kind = EVENT_END, .number = 3000000,
				   .verdict = interrupted ? "interrupted" : NULL });
}

/* The results of a whole run of these cases; rows end with an empty id. */
static inline struct results *results_of(const struct told *rows, bool interrupted)
{
	struct results *r = results_new();
	size_t i, k;

	assert_non_null(r);
	tell_begin(results_hear, r);
	for (i = 0; rows[i].id; i++)
		tell_case(results_hear, r, &rows[i]);
	tell_end(results_hear, r, interrupted);
	results_sort(r);
	for (i = 0; rows[i].id; i++)
		for (k = 0; k < r->count; k++)
			if (rows[i].capture && strcmp(r->cases[k].id, rows[i].id) == 0)
				results_capture(&r->cases[k], rows[i].capture);
	return r;
}

/* A file of the test's own, gone at its end. */
struct scratch {
	char path[60];
};

static inline struct scratch scratch_new(void)
{
	struct scratch s = { "/tmp/ikespec-reports-XXXXXX" };
	int fd = mkstemp(s.path);

	assert_true(fd >= 0);
	close(fd);
	return s;
}

static inline const char *scratch_text(const struct scratch *s)
{
	static char text[1 << 16];
	FILE *f = fopen(s->path, "r");

	assert_non_null(f);
	text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
	fclose(f);
	return text;
}

static inline void expect_text(const char *what, const char *wanted, const char *got)
{
	if (!wanted != !got || (wanted && strcmp(wanted, got) != 0))
		fail_msg("%s: wanted <%s>, got <%s>", what, wanted ? wanted : "none", got ? got : "none");
}

#endif
