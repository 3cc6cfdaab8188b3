#include "internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#define ORDER_LIMIT (30 * USEC_S)

static const char *const verb_names[TARGET_VERBS] = {
	[TARGET_INITIATE]     = "initiate",
	[TARGET_NEW_CHILD]    = "new-child",
	[TARGET_REKEY_IKE]    = "rekey-ike",
	[TARGET_REKEY_CHILD]  = "rekey-child",
	[TARGET_DELETE_IKE]   = "delete-ike",
	[TARGET_DELETE_CHILD] = "delete-child",
	[TARGET_RESET]        = "reset",
	[TARGET_PING]         = "ping",
	[TARGET_STATUS]       = "status",
	[TARGET_COUNTERS]     = "counters",
	[TARGET_PROBE]        = "probe",
	[TARGET_RESTART]      = "restart",
	[TARGET_KILL]         = "kill",
};

const char *target_verb_name(enum target_verb verb)
{
	return verb < TARGET_VERBS ? verb_names[verb] : "?";
}

enum target_verb target_verb_find(const char *name)
{
	enum target_verb verb = 0;

	while (verb < TARGET_VERBS && strcmp(verb_names[verb], name) != 0)
		verb++;
	return verb;
}

static bool needs_connection(enum target_verb verb)
{
	return verb <= TARGET_PING;
}

static struct ticket *ticket_take(struct target *target)
{
	for (size_t i = 0; i < TICKETS; i++) {
		struct ticket *ticket = &target->ticket[i];

		if (ticket->id != 0)
			continue;
		if (++target->last_ticket == 0)
			++target->last_ticket;
		ticket->id = target->last_ticket;
		return ticket;
	}
	return NULL;
}

struct ticket *ticket_find(struct target *target, unsigned id)
{
	for (size_t i = 0; id != 0 && i < TICKETS; i++)
		if (target->ticket[i].id == id)
			return &target->ticket[i];
	return NULL;
}

void ticket_end(struct ticket *ticket, int code, const char *text)
{
	ticket->over = true;
	ticket->code = code;
	free(ticket->text);
	ticket->text = strdup(text);
}

static size_t ticket_file(const struct target *target, const struct ticket *ticket)
{
	return (size_t)(ticket - target->ticket);
}

static bool hand_over(struct target *target, const struct ticket *ticket, const char *line,
		struct why *why)
{
	char text[LINE_MAX_OCTETS + 64];
	int len = snprintf(text, sizeof(text), "%u %zu %s\n", ticket->id,
		ticket_file(target, ticket), line);

	if (len >= LINE_MAX_OCTETS)
		return why_set(why, "an order of %d octets is longer than %d", len,
			LINE_MAX_OCTETS);
	if (write(target->command, text, (size_t)len) != len)
		return why_set(why, "the target takes no order now: %s", strerror(errno));
	return true;
}

static bool by_line(struct target *target, const struct ticket *ticket,
		const struct target_connection *c, const struct target_child *child,
		struct why *why)
{
	char line[LINE_MAX_OCTETS];

	if (!target->driver->line(target, ticket->verb, c, child, line, sizeof(line)))
		return why_set(why, "%s cannot %s", target->name, target_verb_name(ticket->verb));
	return hand_over(target, ticket, line, why);
}

/* A command of a profile says itself how long it may take. */
static usec order_limit(const struct target *target, enum target_verb verb)
{
	usec own = target->config->command_limit ? target->config->command_limit[verb] : 0;

	return own + 5 * USEC_S > ORDER_LIMIT ? own + 5 * USEC_S : ORDER_LIMIT;
}

unsigned target_order(struct target *target, enum target_verb verb, const char *connection,
		struct why *why)
{
	const struct target_child *child = NULL;
	const struct target_connection *c = target_config_find(target->config, connection, &child);
	struct ticket *ticket;

	if (needs_connection(verb) && !c)
		return why_set(why, "%s: the target has no connection '%s'",
			target_verb_name(verb), connection ? connection : "");
	ticket = ticket_take(target);
	if (!ticket)
		return why_set(why, "%d orders are pending already", TICKETS);
	ticket->verb = verb;
	ticket->code = 0;
	ticket->over = false;
	ticket->deadline = clock_now() + order_limit(target, verb);
	snprintf(ticket->connection, sizeof(ticket->connection), "%s", c ? c->name : "");
	if (target->driver->take && target->driver->take(target, ticket, c, child))
		return ticket->id;
	if (!by_line(target, ticket, c, child, why))
		ticket->id = 0;
	return ticket->id;
}

/* Has the file "N.rc" of a ticket been written for this use of it? */
static void ticket_look(struct target *target, struct ticket *ticket)
{
	char name[32], text[64];
	unsigned id;
	int code;

	snprintf(name, sizeof(name), "out/%zu.rc", ticket_file(target, ticket));
	if (ticket->id == 0 || ticket->over ||
	    file_read(target->directory, name, text, sizeof(text)) <= 0 || !strchr(text, '\n') ||
	    sscanf(text, "%u %d", &id, &code) != 2 || id != ticket->id)
		return;
	ticket->over = true;
	ticket->code = code;
}

static void exit_look(struct target *target)
{
	char text[32];

	target->how = (struct target_exit){ 0 };
	if (file_read(target->directory, "out/exit", text, sizeof(text)) > 0) {
		int status = atoi(text);

		target->how.exited = true;
		target->how.signal = status > 128 && status < 192 ? status - 128 : 0;
		target->how.code = target->how.signal ? 0 : status;
	}
}

static void look_at(struct target *target, const char *name)
{
	char *end;
	unsigned long file = strtoul(name, &end, 10);

	if (strcmp(name, "exit") == 0)
		exit_look(target);
	else if (strcmp(end, ".rc") == 0 && file < TICKETS)
		ticket_look(target, &target->ticket[file]);
}

static void look_everywhere(struct target *target)
{
	exit_look(target);
	for (size_t i = 0; i < TICKETS; i++)
		ticket_look(target, &target->ticket[i]);
}

static void read_events(struct target *target)
{
	char buffer[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
	ssize_t len;

	while ((len = read(target->inotify, buffer, sizeof(buffer))) > 0) {
		for (char *at = buffer; at < buffer + len;) {
			const struct inotify_event *event = (const struct inotify_event *)at;

			if (event->mask & IN_Q_OVERFLOW)
				look_everywhere(target);
			else if (event->len > 0)
				look_at(target, event->name);
			at += sizeof(*event) + event->len;
		}
	}
}

static void first_process_look(struct target *target)
{
	struct pollfd end = { target->process, POLLIN, 0 };

	if (target->how.exited || target->process < 0 || poll(&end, 1, 0) <= 0)
		return;
	exit_look(target);
	if (!target->how.exited)
		target->how = (struct target_exit){ .exited = true, .signal = 9 };
}

static size_t tickets_over(const struct target *target)
{
	size_t count = 0;

	for (size_t i = 0; i < TICKETS; i++)
		count += target->ticket[i].id != 0 && target->ticket[i].over;
	return count;
}

usec target_poll(struct target *target)
{
	usec now = clock_now(), next = USEC_NEVER;
	size_t over = tickets_over(target);

	if (target->inotify >= 0)
		read_events(target);
	first_process_look(target);
	if (target->driver->pump)
		target->driver->pump(target);
	for (size_t i = 0; i < TICKETS; i++) {
		struct ticket *ticket = &target->ticket[i];

		if (ticket->id == 0 || ticket->over)
			continue;
		if (now >= ticket->deadline) {
			if (target->driver->drop)
				target->driver->drop(target, ticket);
			ticket->over = true;
			ticket->code = -1;
		} else {
			next = usec_min(next, ticket->deadline);
		}
	}
	return tickets_over(target) > over ? now : next;
}

size_t target_pollfds(const struct target *target, struct pollfd *fds, size_t cap)
{
	size_t count = 0;

	if (target->inotify >= 0 && count < cap)
		fds[count++] = (struct pollfd){ target->inotify, POLLIN, 0 };
	if (target->process >= 0 && !target->how.exited && count < cap)
		fds[count++] = (struct pollfd){ target->process, POLLIN, 0 };
	if (target->driver->fd && target->driver->fd(target) >= 0 && count < cap)
		fds[count++] = (struct pollfd){ target->driver->fd(target), POLLIN, 0 };
	return count;
}

struct target_result target_result(struct target *target, unsigned id)
{
	struct target_result result = { .progress = TARGET_REFUSED, .code = -1,
		.text = "no such ticket" };
	struct ticket *ticket = ticket_find(target, id);
	char name[32];

	if (!ticket)
		return result;
	if (!ticket->over) {
		result.progress = TARGET_PENDING;
		result.text = "";
		return result;
	}
	snprintf(name, sizeof(name), "out/%zu", ticket_file(target, ticket));
	if (ticket->text)
		snprintf(target->text, sizeof(target->text), "%s", ticket->text);
	else if (file_read(target->directory, name, target->text, sizeof(target->text)) < 0)
		target->text[0] = '\0';
	result.code = ticket->code;
	result.text = ticket->code < 0 && !target->text[0] ? "no answer in time" : target->text;
	result.progress = ticket->code == 0 ? TARGET_DONE : TARGET_REFUSED;
	if (target->driver->read)
		target->driver->read(target, ticket, target->text, &result);
	free(ticket->text);
	ticket->text = NULL;
	ticket->id = 0;
	return result;
}

bool target_alive(struct target *target, struct target_exit *how)
{
	target_poll(target);
	if (how)
		*how = target->how;
	return !target->how.exited;
}
