/*
 * What the tests of captures include: cmocka with what it needs before it, folders that vanish, whole files.
 */
#ifndef CAPTURES_TESTS_TEST_H
#define CAPTURES_TESTS_TEST_H

#include "captures/captures.h"

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

struct folder {
	char path[100];
};

static inline struct folder folder_new(void)
{
	struct folder f = { "/tmp/ikespec-captures-XXXXXX" };

	assert_non_null(mkdtemp(f.path));
	return f;
}

static inline int folder_remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

static inline void folder_end(const struct folder *f)
{
	assert_int_equal(nftw(f->path, folder_remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

/* DIR/NAME in one of four buffers in turn. */
static inline const char *folder_file(const struct folder *f, const char *name)
{
	static char texts[4][300];
	static unsigned turn;
	char *text = texts[turn++ % 4];

	snprintf(text, sizeof(texts[0]), "%s/%s", f->path, name);
	return text;
}

struct whole {
	uint8_t at[65536];
	size_t len;
	bool there;
};

/* Not reentrant: one file at a time. */
static inline const struct whole *file_whole(const char *path)
{
	static struct whole w;
	FILE *f = fopen(path, "rb");

	w = (struct whole){ .there = f != NULL };
	if (f) {
		w.len = fread(w.at, 1, sizeof(w.at) - 1, f);
		fclose(f);
	}
	return &w;
}

static inline void file_write(const char *path, const void *at, size_t len)
{
	FILE *f = fopen(path, "wb");

	assert_non_null(f);
	assert_int_equal(fwrite(at, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
}

/* What a command prints, both streams; its exit status, or -1 if it is not installed. */
static inline int command(const char *line, char *out, size_t cap)
{
	FILE *p = popen(line, "r");
	size_t len;
	int status;

	assert_non_null(p);
	len = fread(out, 1, cap - 1, p);
	out[len] = '\0';
	status = pclose(p);
	status = WIFEXITED(status) ? WEXITSTATUS(status) : 1000;
	return status == 127 ? -1 : status;
}

/* IPv4, UDP from port 500 to 500 with one octet of data: as small as a packet gets. */
#define SMALL_PACKET                                                                       \
	"4500001d00010000401100000a0000010a000002" "01f401f400090000" "2a"

static inline struct bytes small_packet(uint8_t last)
{
	static uint8_t octets[4][29];
	static unsigned turn;
	uint8_t *at = octets[turn++ % 4];
	size_t len;

	assert_true(bytes_from_hex(SMALL_PACKET, at, 29, &len));
	at[28] = last;
	return bytes_make(at, len);
}

#endif
