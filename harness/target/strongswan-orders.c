#include "vici.h"

#include <stdlib.h>
#include <string.h>

/* Orders to charon through vici; a reset is a list first, then a part for each IKE SA found. */

#define IDS_MAX 256

struct wording {
	const char *command;
	bool names_ike, names_child, at_once;
};

static const struct wording wordings[TARGET_VERBS] = {
	[TARGET_INITIATE]     = { "initiate",  true,  true,  true  },
	[TARGET_NEW_CHILD]    = { "initiate",  true,  true,  true  },
	[TARGET_REKEY_IKE]    = { "rekey",     true,  false, false },
	[TARGET_REKEY_CHILD]  = { "rekey",     false, true,  false },
	[TARGET_DELETE_IKE]   = { "terminate", true,  false, true  },
	[TARGET_DELETE_CHILD] = { "terminate", false, true,  true  },
	[TARGET_RESET]        = { "list-sas",  false, false, false },
	[TARGET_STATUS]       = { "list-sas",  false, false, false },
	[TARGET_COUNTERS]     = { "list-sas",  false, false, false },
	[TARGET_PROBE]        = { "version",   false, false, false },
};

static struct vici *vici_of(struct target *target)
{
	char path[256];

	if (!target->own) {
		snprintf(path, sizeof(path), "%s/vici", target->directory);
		target->own = vici_new(path);
	}
	return target->own;
}

bool strongswan_take(struct target *target, struct ticket *ticket,
		const struct target_connection *c, const struct target_child *child)
{
	const struct wording *wording = &wordings[ticket->verb];
	struct vici *vici = vici_of(target);
	const char *pairs[3][2];
	size_t count = 0;
	char name[TARGET_NAME + 16], ike[TARGET_NAME + 16];
	bool variant = child && child->variant != TARGET_PLAIN;

	if (!wording->command || !vici)
		return false;
	if (wording->names_ike) {
		pairs[count][0] = "ike";
		snprintf(ike, sizeof(ike), "%s%s", c->name, variant ? child->suffix : "");
		pairs[count++][1] = ike;
	}
	if (wording->names_child) {
		snprintf(name, sizeof(name), "%s%s", c->name, child->suffix);
		pairs[count][0] = "child";
		pairs[count++][1] = name;
	}
	if (wording->at_once) {
		pairs[count][0] = "timeout";
		pairs[count++][1] = "-1";
	}
	ticket->parts = 1;
	if (!vici_ask(vici, ticket->id, wording->command, (const char *const (*)[2])pairs, count))
		return false;
	vici_send(vici);
	return true;
}

/* Is a line of the list an IKE SA of the connection: by name, or half-open with its addresses? */
static bool belongs(const char *line, const struct target_connection *c)
{
	char mark[ADDRESS_TEXT + 32], text[ADDRESS_TEXT];
	const struct address *const hosts[] = { &c->tester, &c->nat };

	snprintf(mark, sizeof(mark), "list-sa event {%s {", c->name);
	if (strncmp(line, mark, strlen(mark)) == 0)
		return true;
	for (size_t i = 0; i < ARRAY_LEN(hosts); i++) {
		if (!hosts[i]->family)
			continue;
		snprintf(mark, sizeof(mark), " remote-host=%s ", address_print(hosts[i], text));
		if (strstr(line, mark))
			return true;
	}
	return false;
}

struct finder {
	const struct target_connection *connection;
	size_t count;
	char id[IDS_MAX][16];
};

static void find_id(const char *line, void *context)
{
	struct finder *finder = context;

	if (strncmp(line, "list-sa event {", 15) == 0 && belongs(line, finder->connection) &&
	    finder->count < IDS_MAX)
		snprintf(finder->id[finder->count++], sizeof(finder->id[0]), "%llu",
			(unsigned long long)number_after(line, "uniqueid="));
}

/* Asks for the end of each IKE SA that the list names. */
static void end_each(struct target *target, struct ticket *ticket, const char *list)
{
	struct finder finder = {
		.connection = target_config_find(target->config, ticket->connection, NULL),
	};

	each_line(list, find_id, &finder);
	for (size_t i = 0; i < finder.count; i++) {
		const char *const pairs[][2] = {
			{ "ike-id", finder.id[i] }, { "force", "yes" }, { "timeout", "-1" },
		};

		if (vici_ask(target->own, ticket->id, "terminate", pairs, ARRAY_LEN(pairs)))
			ticket->parts++;
	}
}

static void take_answer(struct target *target, struct ticket *ticket, bool good, const char *text)
{
	bool list = ticket->verb == TARGET_RESET && !ticket->text;

	if (list && good) {
		ticket->text = strdup("");
		end_each(target, ticket, text);
	}
	/* An IKE SA that ended by itself meanwhile is no failure of a reset. */
	if (--ticket->parts == 0)
		ticket_end(ticket, good || (ticket->verb == TARGET_RESET && !list) ? 0 : 1, text);
}

void strongswan_pump(struct target *target)
{
	struct vici *vici = target->own;
	const char *text;
	unsigned id;
	bool good;

	if (!vici)
		return;
	vici_pump(vici);
	while (vici_answer(vici, &id, &good, &text)) {
		struct ticket *ticket = ticket_find(target, id);

		if (ticket && !ticket->over)
			take_answer(target, ticket, good, text);
		vici_pump(vici);
	}
}

int strongswan_fd(const struct target *target)
{
	return target->own ? vici_fd(target->own) : -1;
}

void strongswan_drop(struct target *target, const struct ticket *ticket)
{
	if (target->own)
		vici_drop(target->own, ticket->id);
}

void strongswan_end(struct target *target)
{
	vici_free(target->own);
	target->own = NULL;
}

static size_t occurrences(const char *line, const char *word)
{
	size_t count = 0;

	for (line = strstr(line, word); line; line = strstr(line + 1, word))
		count++;
	return count;
}

/* Sums a number that stands after each occurrence of a word. */
static uint64_t sum_after(const char *line, const char *word)
{
	uint64_t sum = 0;

	for (line = strstr(line, word); line; line = strstr(line + 1, word))
		sum += number_after(line, word);
	return sum;
}

struct reader {
	const struct target_connection *connection;     /* NULL: all */
	struct target_result *result;
};

/* A line of the list is an IKE SA with its children. */
static void take_sa(const char *line, void *context)
{
	const struct reader *reader = context;
	struct target_result *result = reader->result;
	size_t children = occurrences(line, " state=INSTALLED ");

	if (strncmp(line, "list-sa event {", 15) != 0 ||
	    (reader->connection && !belongs(line, reader->connection)))
		return;
	result->ike_sas++;
	if (!strstr(line, " state=ESTABLISHED ") && !strstr(line, " state=REKEY"))
		result->half_open++;
	result->child_sas += children;
	result->counters.sas += 2 * children;
	result->counters.in_packets += sum_after(line, " packets-in=");
	result->counters.in_octets += sum_after(line, " bytes-in=");
	result->counters.out_packets += sum_after(line, " packets-out=");
	result->counters.out_octets += sum_after(line, " bytes-out=");
}

void strongswan_read(const struct target *target, const struct ticket *ticket, const char *text,
		struct target_result *result)
{
	struct reader reader = {
		.connection = target_config_find(target->config, ticket->connection, NULL),
		.result = result,
	};

	if (ticket->verb == TARGET_PING)
		result->rtt = ping_rtt(text);
	else if (ticket->verb == TARGET_STATUS || ticket->verb == TARGET_COUNTERS)
		each_line(text, take_sa, &reader);
}
