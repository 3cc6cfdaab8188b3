/* The captures of a run: packets are kept until their case ends, for a comment may come after its packet. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "captures/captures.h"
#include "captures/folder.h"
#include "captures/key-list.h"

#define COMMENT_OCTETS 2000
#define CASE_OCTETS ((size_t)64 << 20)  /* of packets kept for one case; what comes later is counted, not kept */
#define ENDPOINTS 16
#define PATH_OCTETS 900

struct packet {
	struct packet *next;
	usec time;
	int64_t number;                 /* the world's serial number, the same in all events about it */
	char *comment;
	char endpoint[32];
	size_t len;
	uint8_t octets[];
};

/* What was edited in the packet that an endpoint is about to send; "tester" stands for any of ours. */
struct pending {
	char endpoint[32];
	char comment[COMMENT_OCTETS];
};

struct open_case {
	struct open_case *next;
	char *id, *target;
	struct packet *first, *last, *last_of_target;
	size_t octets, left_out;
	struct pending pending[ENDPOINTS];
	size_t pending_count;
	unsigned attempts;              /* that came before */
};

struct captures {
	char *dir;
	enum capture_keep keep;
	bool keys, per_target;
	struct open_case *open;
	struct key_list rows_ike, rows_esp;
	bool failed;
	struct why why;
};

const char wireshark_preferences[] = "esp.enable_encryption_decode: TRUE\n"
				     "esp.enable_authentication_check: TRUE\n"
				     "esp.enable_null_encryption_decode_heuristic: FALSE\n"
				     "udp.check_checksum: TRUE\n";

static bool make_folder(const char *dir, const char *below, struct why *why)
{
	char path[PATH_OCTETS];

	if (snprintf(path, sizeof(path), "%s%s%s", dir, *below ? "/" : "", below) >= (int)sizeof(path))
		return why_set(why, "the name of the result folder is too long");
	if (mkdir(path, 0777) == 0 || errno == EEXIST)
		return true;
	return why_set(why, "cannot make the folder %s: %s", path, strerror(errno));
}

struct captures *captures_new(const char *dir, enum capture_keep keep, bool keys, bool per_target, struct why *why)
{
	struct captures *c = calloc(1, sizeof(*c));

	if (!c) {
		why_set(why, "no memory for captures");
		return NULL;
	}
	c->keep = keep;
	c->keys = keys && keep != CAPTURE_NEVER;
	c->per_target = per_target;
	c->dir = strdup(dir);
	if (c->dir && make_folder(dir, "", why) &&
	    (keep == CAPTURE_NEVER || make_folder(dir, "captures", why)) &&
	    (!c->keys || make_folder(dir, "wireshark", why)))
		return c;
	if (!c->dir)
		why_set(why, "no memory for captures");
	captures_free(c);
	return NULL;
}

/* A name that stays in its folder, whatever somebody called a case or a profile. */
static void name_safely(char *name)
{
	size_t i;

	for (i = 0; name[i]; i++)
		if (name[i] == ':')
			name[i] = '-';          /* of a version; other systems take it for something else */
		else if (name[i] == '/' || (unsigned char)name[i] < 0x20 || (i == 0 && name[i] == '.'))
			name[i] = '_';
}

char *captures_path(const struct captures *c, const char *target, const char *id, char *text, size_t cap)
{
	char folder[100] = "", file[300];

	if (c->per_target && target)
		snprintf(folder, sizeof(folder), "%s", target);
	snprintf(file, sizeof(file), "%s", id);
	name_safely(folder);
	name_safely(file);
	snprintf(text, cap, "captures/%s%s%s.pcapng", folder, *folder ? "/" : "", file);
	return text;
}

static void trouble(struct captures *c, const struct why *why)
{
	if (!c->failed)
		c->why = *why;
	c->failed = true;
}

static bool same(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "") == 0;
}

static struct open_case *find_case(struct captures *c, const struct event *e)
{
	struct open_case *o;

	if (!e->run)
		return NULL;
	for (o = c->open; o; o = o->next)
		if (strcmp(o->id, e->run) == 0 && same(o->target, e->target))
			return o;
	return NULL;
}

static void free_packets(struct open_case *o)
{
	struct packet *p, *next;

	for (p = o->first; p; p = next) {
		next = p->next;
		free(p->comment);
		free(p);
	}
	o->first = o->last = o->last_of_target = NULL;
	o->octets = o->left_out = o->pending_count = 0;
}

static void free_case(struct open_case *o)
{
	free_packets(o);
	free(o->id);
	free(o->target);
	free(o);
}

static struct open_case *begin_case(struct captures *c, const struct event *e)
{
	const char *id = e->run ? e->run : e->id;
	struct open_case *o = calloc(1, sizeof(*o));

	if (!o || !id) {
		free(o);
		return NULL;
	}
	o->id = strdup(id);
	o->target = strdup(e->target ? e->target : "");
	if (!o->id || !o->target) {
		free_case(o);
		return NULL;
	}
	o->next = c->open;
	c->open = o;
	return o;
}

/* Comments are UTF-8 by the format, and lines on a screen. */
static void clean(char *text)
{
	for (; *text; text++)
		if (((unsigned char)*text < 0x20 && *text != '\n') || (unsigned char)*text >= 0x7f)
			*text = '?';
}

static void add_comment(char **comment, const char *text)
{
	size_t had = *comment ? strlen(*comment) : 0, more = strlen(text);
	char *grown;

	if (had + more + 2 > COMMENT_OCTETS)
		return;
	grown = realloc(*comment, had + more + 2);
	if (!grown)
		return;
	if (had > 0)
		grown[had++] = '\n';
	memcpy(grown + had, text, more + 1);
	clean(grown + had);
	*comment = grown;
}

static struct pending *pending_of(struct open_case *o, const char *endpoint)
{
	size_t i;

	for (i = 0; i < o->pending_count; i++)
		if (strcmp(o->pending[i].endpoint, endpoint) == 0)
			return &o->pending[i];
	if (o->pending_count == ENDPOINTS)
		return NULL;
	snprintf(o->pending[i].endpoint, sizeof(o->pending[i].endpoint), "%s", endpoint);
	o->pending[i].comment[0] = '\0';
	o->pending_count++;
	return &o->pending[i];
}

static void hear_edited(struct open_case *o, const struct event *e)
{
	struct pending *p = pending_of(o, e->endpoint ? e->endpoint : "");
	size_t had;

	if (!p)
		return;
	had = strlen(p->comment);
	snprintf(p->comment + had, sizeof(p->comment) - had, "%sedited %s: %s -> %s", had ? "\n" : "",
		 e->path ? e->path : "?", e->wanted ? e->wanted : "", e->got ? e->got : "");
}

static void take_edits(struct open_case *o, const char *endpoint, char **comment)
{
	struct pending *edits = pending_of(o, endpoint);

	if (!edits || !edits->comment[0])
		return;
	add_comment(comment, edits->comment);
	edits->comment[0] = '\0';
}

static struct packet *packet_new(const struct event *e, const char *endpoint)
{
	struct packet *p = calloc(1, sizeof(*p) + e->octets.len);

	if (!p)
		return NULL;
	p->time = e->time;
	p->number = e->number;
	p->len = e->octets.len;
	if (p->len > 0)
		memcpy(p->octets, e->octets.at, p->len);
	snprintf(p->endpoint, sizeof(p->endpoint), "%s", endpoint);
	return p;
}

static void hear_sent(struct open_case *o, const struct event *e)
{
	const char *endpoint = e->endpoint ? e->endpoint : "";
	bool of_target = strcmp(endpoint, "target") == 0;
	struct packet *p = o->octets + e->octets.len > CASE_OCTETS ? NULL : packet_new(e, endpoint);

	if (!p) {
		o->left_out++;
		return;
	}
	take_edits(o, endpoint, &p->comment);
	if (!of_target)
		take_edits(o, "tester", &p->comment);
	if (o->last)
		o->last->next = p;
	else
		o->first = p;
	o->last = p;
	o->octets += p->len;
	if (of_target)
		o->last_of_target = p;
}

static void comment(struct packet *p, const char *text)
{
	if (p)
		add_comment(&p->comment, text);
}

/* The packet that a judgement speaks of: that with its octets, else the target's last, else the last. */
static struct packet *judged_packet(struct open_case *o, struct bytes octets)
{
	struct packet *p, *found = NULL;

	for (p = octets.len > 0 ? o->first : NULL; p; p = p->next)
		if (bytes_equal(bytes_make(p->octets, p->len), octets))
			found = p;
	if (!found)
		found = o->last_of_target ? o->last_of_target : o->last;
	return found;
}

static void hear_check(struct open_case *o, const struct event *e)
{
	const char *verdict = e->kind == EVENT_ORACLE ? "oracle" : e->verdict;
	char text[COMMENT_OCTETS / 2];

	if (!verdict || strcmp(verdict, "pass") == 0)
		return;
	snprintf(text, sizeof(text), "%s %s%s%s: wanted %s, got %s%s%s", verdict, e->id ? e->id : "",
		 e->path && *e->path ? " " : "", e->path ? e->path : "", e->wanted ? e->wanted : "?",
		 e->got ? e->got : "?", e->detail ? ", " : "", e->detail ? e->detail : "");
	if (e->file)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), " (%s:%u)", e->file, e->line);
	comment(judged_packet(o, e->octets), text);
}

/* By its number; a world that counts nothing speaks of the last one. */
static void hear_dropped(struct open_case *o, const struct event *e)
{
	struct packet *p, *found = e->number ? NULL : o->last;
	char text[200];

	for (p = e->number ? o->first : NULL; p; p = p->next)
		if (p->number == e->number)
			found = p;
	snprintf(text, sizeof(text), "lost on the way: %s", e->text ? e->text : "");
	comment(found, text);
}

static bool worth_keeping(const struct captures *c, const struct event *end)
{
	static const char *const good[] = { "pass", "not-applicable", "weak", "expected-fail" };
	size_t i;

	if (c->keep != CAPTURE_FAILED)
		return c->keep == CAPTURE_ALWAYS;
	for (i = 0; i < ARRAY_LEN(good); i++)
		if (end->verdict && strcmp(end->verdict, good[i]) == 0)
			return false;
	return true;
}

/* attempt 0: the last one, which bears the name of the case alone. */
static void write_case(struct captures *c, struct open_case *o, unsigned attempt)
{
	char id[300], name[420], path[PATH_OCTETS + 420];
	struct pcapng *file = NULL;
	struct packet *p;
	struct why why;
	char *slash;

	snprintf(id, sizeof(id), attempt ? "%s.attempt-%u" : "%s", o->id, attempt);
	captures_path(c, o->target, id, name, sizeof(name));
	snprintf(path, sizeof(path), "%s/%s", c->dir, name);
	slash = strrchr(name, '/');
	*slash = '\0';
	if (make_folder(c->dir, name, &why))
		file = pcapng_create(path, &why);
	if (!file) {
		trouble(c, &why);
		return;
	}
	if (o->left_out > 0) {
		snprintf(name, sizeof(name), "%zu later packets are not here: too many octets", o->left_out);
		comment(o->last, name);
	}
	for (p = o->first; p; p = p->next)
		pcapng_packet(file, pcapng_interface(file, p->endpoint), p->time, bytes_make(p->octets, p->len),
			      p->comment);
	if (!pcapng_close(file, &why))
		trouble(c, &why);
}

static void end_case(struct captures *c, struct open_case *o, const struct event *e)
{
	struct open_case **at;

	if (o->first && worth_keeping(c, e))
		write_case(c, o, 0);
	for (at = &c->open; *at; at = &(*at)->next)
		if (*at == o) {
			*at = o->next;
			break;
		}
	free_case(o);
}

static void hear_keys(struct captures *c, const struct event *e)
{
	char row[1200];

	if (e->kind == EVENT_KEYS_IKE && e->ike_keys && wireshark_ike_row(e->ike_keys, row, sizeof(row)))
		key_list_add(&c->rows_ike, row);
	if (e->kind == EVENT_KEYS_CHILD && e->child_keys && wireshark_esp_row(e->child_keys, row, sizeof(row)))
		key_list_add(&c->rows_esp, row);
}

/* An attempt that decided nothing and is made again: both captures are kept. */
static void again(struct captures *c, struct open_case *o)
{
	o->attempts++;
	if (o->first)
		write_case(c, o, o->attempts);
	free_packets(o);
}

void captures_hear(void *captures, const struct event *e)
{
	struct captures *c = captures;
	struct open_case *o;

	if (c->keep == CAPTURE_NEVER)
		return;
	if (c->keys)
		hear_keys(c, e);
	o = find_case(c, e);
	if (!o && (e->kind == EVENT_CASE || e->kind == EVENT_SENT))
		o = begin_case(c, e);
	else if (o && e->kind == EVENT_CASE)
		again(c, o);
	if (!o)
		return;
	switch (e->kind) {
	case EVENT_SENT:
		hear_sent(o, e);
		break;
	case EVENT_EDITED:
		hear_edited(o, e);
		break;
	case EVENT_DROPPED:
		hear_dropped(o, e);
		break;
	case EVENT_CHECK:
	case EVENT_ORACLE:
		hear_check(o, e);
		break;
	case EVENT_CASE_END:
		end_case(c, o, e);
		break;
	default:
		break;
	}
}

static void write_text(struct captures *c, const char *name, const char *text, struct key_list *rows)
{
	char path[PATH_OCTETS + 100];
	struct why why;
	FILE *f;

	snprintf(path, sizeof(path), "%s/wireshark/%s", c->dir, name);
	f = fopen(path, "w");
	if (!f) {
		why_set(&why, "cannot write %s: %s", path, strerror(errno));
		trouble(c, &why);
		return;
	}
	if (text)
		fputs(text, f);
	if (rows)
		key_list_write(rows, f);
	if ((ferror(f) != 0) + (fclose(f) != 0) > 0) {
		why_set(&why, "cannot write %s: the disk is full or the file is gone", path);
		trouble(c, &why);
	}
}

bool captures_finish(struct captures *c, struct why *why)
{
	static const struct event interrupted = { .kind = EVENT_CASE_END, .verdict = "inconclusive" };

	while (c->open)
		end_case(c, c->open, &interrupted);
	if (c->keys) {
		write_text(c, "preferences", wireshark_preferences, NULL);
		write_text(c, "ikev2_decryption_table", NULL, &c->rows_ike);
		write_text(c, "esp_sa", NULL, &c->rows_esp);
	}
	if (c->failed && why)
		*why = c->why;
	return !c->failed;
}

void captures_free(struct captures *c)
{
	struct open_case *o;

	if (!c)
		return;
	while ((o = c->open)) {
		c->open = o->next;
		free_case(o);
	}
	key_list_free(&c->rows_ike);
	key_list_free(&c->rows_esp);
	free(c->dir);
	free(c);
}
