/*
 * The packets and keys of an endpoint that runs on: written as they come, so that a file can be
 * opened, decrypted, while more is added to it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "captures/captures.h"
#include "captures/folder.h"

struct live {
	struct pcapng *file;
	FILE *ike, *esp;
	usec begun;             /* of the epoch */
	bool failed;
	struct why why;
};

static FILE *table(const char *dir, const char *name, struct why *why)
{
	char path[1200];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "w");
	if (!f)
		why_set(why, "cannot write %s: %s", path, strerror(errno));
	return f;
}

static bool open_tables(struct live *l, const char *dir, struct why *why)
{
	FILE *preferences;

	if (mkdir(dir, 0700) != 0 && errno != EEXIST)
		return why_set(why, "cannot make the folder %s: %s", dir, strerror(errno));
	preferences = table(dir, "preferences", why);
	if (!preferences)
		return false;
	fputs(wireshark_preferences, preferences);
	l->ike = table(dir, "ikev2_decryption_table", why);
	l->esp = l->ike ? table(dir, "esp_sa", why) : NULL;
	return fclose(preferences) == 0 && l->esp;
}

struct live *live_new(const char *file, const char *keys, usec epoch, struct why *why)
{
	struct live *l = calloc(1, sizeof(*l));

	if (!l) {
		why_set(why, "no memory for a capture");
		return NULL;
	}
	l->begun = epoch;
	l->file = file ? pcapng_create(file, why) : NULL;
	if ((!file || l->file) && (!keys || open_tables(l, keys, why)))
		return l;
	live_close(l, NULL);
	return NULL;
}

static void put_row(struct live *l, FILE *f, const char *row)
{
	if (fputs(row, f) >= 0 && fflush(f) == 0)
		return;
	if (!l->failed)
		why_set(&l->why, "cannot write a key table: %s", strerror(errno));
	l->failed = true;
}

void live_hear(void *live, const struct event *e)
{
	struct live *l = live;
	char row[1200];

	if (e->kind == EVENT_KEYS_IKE && l->ike && wireshark_ike_row(e->ike_keys, row, sizeof(row)))
		put_row(l, l->ike, row);
	if (e->kind == EVENT_KEYS_CHILD && l->esp && wireshark_esp_row(e->child_keys, row, sizeof(row)))
		put_row(l, l->esp, row);
	if (e->kind != EVENT_SENT || !l->file)
		return;
	pcapng_packet(l->file, pcapng_interface(l->file, e->endpoint ? e->endpoint : ""),
		      l->begun + e->time, e->octets, NULL);
	pcapng_flush(l->file);
}

static bool close_table(FILE *f)
{
	return !f || fclose(f) == 0;
}

bool live_close(struct live *l, struct why *why)
{
	bool good = true, wrote;

	if (!l)
		return true;
	if (l->file)
		good = pcapng_close(l->file, why);
	wrote = close_table(l->ike);
	wrote = close_table(l->esp) && wrote;
	if (!wrote && !l->failed)
		why_set(&l->why, "cannot write a key table: the disk is full");
	if ((l->failed || !wrote) && good && why)
		*why = l->why;
	good = good && wrote && !l->failed;
	free(l);
	return good;
}
