/*
 * The control socket: a Unix stream socket; a line is an order, each answered by a line of JSON, in
 * their order.  A client that says too much or does not read is dropped; the peer never waits for one.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "inside.h"

#define CLIENTS 16
#define LINE 200
#define DRAINED 64                      /* reads of a client that said too much */
#define UNREAD ((size_t)4 << 20)        /* octets of answers that a client has not read */

struct client {
	int fd;                         /* -1: nobody */
	struct control *control;
	char in[LINE];
	size_t in_len;
	char *out;
	size_t out_len, out_sent;
	struct order *order;            /* that it waits for */
	bool over;                      /* it says no more */
};

struct control {
	struct peer *peer;
	int fd;
	char path[108];
	struct client clients[CLIENTS];
};

/* ------------------------------------------------------------ the socket */

static bool address_of(const char *path, struct sockaddr_un *out, struct why *why)
{
	*out = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (strlen(path) >= sizeof(out->sun_path))
		return why_set(why, "the path of the control socket is too long: %s", path);
	memcpy(out->sun_path, path, strlen(path));
	return true;
}

/* One that nobody listens on any more was left by a crash. */
static bool make_room(const struct sockaddr_un *at, struct why *why)
{
	struct stat st;
	int fd, error;

	if (lstat(at->sun_path, &st) != 0)
		return true;
	if (!S_ISSOCK(st.st_mode))
		return why_set(why, "%s is there and no socket: left alone", at->sun_path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	error = connect(fd, (const struct sockaddr *)at, sizeof(*at)) == 0 ? 0 : errno;
	close(fd);
	if (error != ECONNREFUSED)
		return why_set(why, "another peer listens on %s: choose one by --control", at->sun_path);
	return unlink(at->sun_path) == 0 || why_set(why, "%s: %s", at->sun_path, strerror(errno));
}

static bool open_socket(struct control *c, const char *path, struct why *why)
{
	struct sockaddr_un at;
	mode_t mask;
	bool bound;

	if (!address_of(path, &at, why) || !make_room(&at, why))
		return false;
	c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	mask = umask(0177);
	bound = c->fd >= 0 && bind(c->fd, (struct sockaddr *)&at, sizeof(at)) == 0;
	umask(mask);
	if (!bound)
		return why_set(why, "the control socket %s: %s", path, strerror(errno));
	snprintf(c->path, sizeof(c->path), "%s", path);
	return listen(c->fd, CLIENTS) == 0 || why_set(why, "the control socket %s: %s", path, strerror(errno));
}

struct control *control_new(struct peer *p, const char *path, struct why *why)
{
	struct control *c = calloc(1, sizeof(*c));

	if (!c) {
		why_set(why, "no memory for a control socket");
		return NULL;
	}
	c->peer = p;
	c->fd = -1;
	for (size_t i = 0; i < CLIENTS; i++)
		c->clients[i] = (struct client){ .fd = -1, .control = c };
	if (open_socket(c, path, why))
		return c;
	control_free(c);
	return NULL;
}

static void client_end(struct client *x)
{
	if (x->order)
		order_drop(x->control->peer, x->order);
	if (x->fd >= 0)
		close(x->fd);
	free(x->out);
	*x = (struct client){ .fd = -1, .control = x->control };
}

void control_free(struct control *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < CLIENTS; i++)
		client_end(&c->clients[i]);
	if (c->fd >= 0)
		close(c->fd);
	if (c->path[0])
		unlink(c->path);
	free(c);
}

/* ------------------------------------------------------------ answers */

static void flush(struct client *x)
{
	while (x->out_sent < x->out_len) {
		ssize_t put = send(x->fd, x->out + x->out_sent, x->out_len - x->out_sent,
				   MSG_DONTWAIT | MSG_NOSIGNAL);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0) {
			if (errno != EAGAIN)
				client_end(x);
			return;
		}
		x->out_sent += (size_t)put;
	}
	x->out_len = x->out_sent = 0;
}

static void answer(struct client *x, json_t *json)
{
	char *text = json ? json_dumps(json, JSON_COMPACT) : NULL, *grown;
	size_t len = text ? strlen(text) : 0;

	json_decref(json);
	grown = x->out_len + len < UNREAD && text ? realloc(x->out, x->out_len + len + 1) : NULL;
	if (grown) {
		memcpy(grown + x->out_len, text, len);
		grown[x->out_len + len] = '\n';
		x->out = grown;
		x->out_len += len + 1;
	}
	free(text);
	if (grown)
		flush(x);
	else
		client_end(x);
}

static void order_over(void *ctx, struct order *o, json_t *json)
{
	struct control *c = ctx;

	for (size_t i = 0; i < CLIENTS; i++)
		if (c->clients[i].fd >= 0 && c->clients[i].order == o) {
			c->clients[i].order = NULL;
			answer(&c->clients[i], json);
			return;
		}
	json_decref(json);
}

/* ------------------------------------------------------------ lines */

static void take_line(struct client *x, char *line)
{
	json_t *json = NULL;
	size_t len = strlen(line);

	if (len > 0 && line[len - 1] == '\r')
		line[len - 1] = '\0';
	x->order = order_begin(x->control->peer, line, &json);
	if (!x->order)
		answer(x, json);
}

/* The next whole line, unless the one before is not answered. */
static bool next_line(struct client *x)
{
	char line[LINE], *end = memchr(x->in, '\n', x->in_len);
	size_t len = end ? (size_t)(end - x->in) : 0;

	if (x->fd < 0 || x->order || !end)
		return false;
	memcpy(line, x->in, len);
	line[len] = '\0';
	x->in_len -= len + 1;
	memmove(x->in, end + 1, x->in_len);
	take_line(x, line);
	return true;
}

/* What is left unread when a socket is closed takes the answer with it. */
static void drain(int fd)
{
	char octets[4096];

	for (int i = 0; i < DRAINED && recv(fd, octets, sizeof(octets), MSG_DONTWAIT) > 0; i++)
		;
}

static void too_long(struct client *x)
{
	x->in_len = 0;
	x->over = true;
	drain(x->fd);
	answer(x, answer_error("a line of more than %d characters", LINE - 1));
}

static void read_some(struct client *x)
{
	size_t room = LINE - x->in_len;
	ssize_t got;

	if (room == 0)
		return;         /* an order is waited for, more may follow */
	got = recv(x->fd, x->in + x->in_len, room, MSG_DONTWAIT);
	if (got > 0)
		x->in_len += (size_t)got;
	if (got == 0)
		x->over = true;
	else if (got < 0 && errno != EAGAIN && errno != EINTR)
		client_end(x);
	else if (x->in_len == LINE && !memchr(x->in, '\n', LINE))
		too_long(x);
}

static void serve(struct client *x)
{
	if (!x->over)
		read_some(x);
	while (next_line(x))
		;
	if (x->fd >= 0)
		flush(x);
	if (x->fd >= 0 && x->over && !x->order && x->out_len == 0)
		client_end(x);
}

static void accept_one(struct control *c)
{
	int fd = accept4(c->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0)
		return;
	for (size_t i = 0; i < CLIENTS; i++)
		if (c->clients[i].fd < 0) {
			c->clients[i].fd = fd;
			return;
		}
	close(fd);
}

size_t control_pollfds(const struct control *c, struct pollfd *fds, size_t cap)
{
	size_t count = 0;

	if (cap > 0)
		fds[count++] = (struct pollfd){ .fd = c->fd, .events = POLLIN };
	for (size_t i = 0; i < CLIENTS && count < cap; i++) {
		const struct client *x = &c->clients[i];
		short reads = x->over || x->in_len == LINE ? 0 : POLLIN;

		if (x->fd >= 0)
			fds[count++] = (struct pollfd){
				.fd = x->fd, .events = (short)(reads | (x->out_len ? POLLOUT : 0))
			};
	}
	return count;
}

void control_turn(struct control *c)
{
	accept_one(c);
	orders_look(c->peer, order_over, c);
	for (size_t i = 0; i < CLIENTS; i++)
		if (c->clients[i].fd >= 0)
			serve(&c->clients[i]);
}
