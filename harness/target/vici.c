#include "vici.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define QUEUE 512
#define REQUEST_CAP 320
#define PACKET_CAP (512 * 1024)         /* charon's own limit */

enum packet {
	CMD_REQUEST, CMD_RESPONSE, CMD_UNKNOWN, EVENT_REGISTER, EVENT_UNREGISTER, EVENT_CONFIRM,
	EVENT_UNKNOWN, EVENT,
};

enum element {
	SECTION_START = 1, SECTION_END, KEY_VALUE, LIST_START, LIST_ITEM, LIST_END,
};

struct request {
	unsigned tag;
	bool dropped;
	size_t len;
	uint8_t packet[REQUEST_CAP];
};

struct vici {
	char path[108];
	int fd;
	bool under_way;                 /* the first of the queue has been sent */
	bool over;                      /* and answered, or given up */
	bool good;
	size_t first, count;
	struct request queue[QUEUE];
	size_t in_len, text_len;
	uint8_t in[PACKET_CAP + 4];
	char text[TEXT_CAP];
};

struct vici *vici_new(const char *path)
{
	struct vici *vici = calloc(1, sizeof(*vici));

	if (!vici)
		return NULL;
	snprintf(vici->path, sizeof(vici->path), "%s", path);
	vici->fd = -1;
	return vici;
}

static void disconnect(struct vici *vici)
{
	if (vici->fd >= 0)
		close(vici->fd);
	vici->fd = -1;
	vici->in_len = 0;
}

void vici_free(struct vici *vici)
{
	if (!vici)
		return;
	disconnect(vici);
	free(vici);
}

int vici_fd(const struct vici *vici)
{
	return vici->fd;
}

static void put_name(struct sink *out, const char *name)
{
	sink_u8(out, (uint8_t)strlen(name));
	sink_put(out, bytes_text(name));
}

static void put_pair(struct sink *out, const char *key, const char *value)
{
	sink_u8(out, KEY_VALUE);
	put_name(out, key);
	sink_u16(out, (uint16_t)strlen(value));
	sink_put(out, bytes_text(value));
}

bool vici_ask(struct vici *vici, unsigned tag, const char *command, const char *const (*pairs)[2],
		size_t count)
{
	struct request *request = &vici->queue[(vici->first + vici->count) % QUEUE];
	struct sink out = sink_over(request->packet, sizeof(request->packet));

	if (vici->count == QUEUE)
		return false;
	sink_u32(&out, 0);
	sink_u8(&out, CMD_REQUEST);
	put_name(&out, command);
	for (size_t i = 0; i < count; i++)
		put_pair(&out, pairs[i][0], pairs[i][1]);
	if (out.full)
		return false;
	sink_patch_u32(&out, 0, (uint32_t)(out.len - 4));
	request->tag = tag;
	request->dropped = false;
	request->len = out.len;
	vici->count++;
	return true;
}

static void say(struct vici *vici, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void say(struct vici *vici, const char *format, ...)
{
	size_t left = sizeof(vici->text) - vici->text_len;
	va_list arguments;
	int len;

	va_start(arguments, format);
	len = vsnprintf(vici->text + vici->text_len, left, format, arguments);
	va_end(arguments);
	vici->text_len += (size_t)len < left ? (size_t)len : left - 1;
}

static bool take_name(struct cursor *in, struct bytes *name)
{
	uint8_t len;

	return cursor_u8(in, &len) && cursor_take(in, len, name);
}

static bool take_value(struct cursor *in, struct bytes *value)
{
	uint16_t len;

	return cursor_u16(in, &len) && cursor_take(in, len, value);
}

static void say_bytes(struct vici *vici, const char *before, struct bytes text, const char *after)
{
	say(vici, "%s%.*s%s", before, (int)text.len, (const char *)text.at, after);
}

/* One element of a message as text; gap is the space before it, if there is to be one. */
static bool say_element(struct vici *vici, struct cursor *in, const char **gap)
{
	struct bytes name, value;
	uint8_t kind;

	if (!cursor_u8(in, &kind))
		return false;
	if (kind == SECTION_END || kind == LIST_END) {
		say(vici, kind == SECTION_END ? "}" : "]");
		*gap = " ";
		return true;
	}
	if (kind != LIST_ITEM && !take_name(in, &name))
		return false;
	if (kind == SECTION_START || kind == LIST_START) {
		say(vici, "%s", *gap);
		say_bytes(vici, "", name, kind == SECTION_START ? " {" : "=[");
		*gap = "";
		return true;
	}
	if ((kind != KEY_VALUE && kind != LIST_ITEM) || !take_value(in, &value))
		return false;
	say(vici, "%s", *gap);
	if (kind == KEY_VALUE)
		say_bytes(vici, "", name, "=");
	say_bytes(vici, "", value, "");
	*gap = " ";
	return true;
}

static bool say_message(struct vici *vici, struct cursor *in)
{
	const char *gap = "";

	say(vici, "{");
	while (in->left > 0)
		if (!say_element(vici, in, &gap))
			return false;
	say(vici, "}\n");
	return true;
}

/* Does the text since `from` say that the command failed? */
static bool failed_since(const struct vici *vici, size_t from)
{
	return strstr(vici->text + from, "success=no") != NULL;
}

static bool take_packet(struct vici *vici, struct bytes packet)
{
	struct cursor in = cursor_over(packet);
	size_t from = vici->text_len;
	struct bytes name;
	uint8_t kind;

	if (!cursor_u8(&in, &kind))
		return false;
	switch (kind) {
	case EVENT:
		if (!take_name(&in, &name))
			return false;
		say_bytes(vici, "", name, " event ");
		return say_message(vici, &in);
	case CMD_RESPONSE:
		if (!say_message(vici, &in))
			return false;
		vici->over = true;
		vici->good = !failed_since(vici, from);
		return true;
	case CMD_UNKNOWN:
		say(vici, "charon does not know that command\n");
		vici->over = true;
		vici->good = false;
		return true;
	default:
		return kind == EVENT_CONFIRM;
	}
}

static void take_packets(struct vici *vici)
{
	size_t at = 0;

	while (vici->in_len - at >= 4 && !vici->over) {
		size_t len = load_u32(vici->in + at);

		if (len > PACKET_CAP || (len + 4 <= vici->in_len - at &&
				!take_packet(vici, bytes_make(vici->in + at + 4, len)))) {
			disconnect(vici);
			return;
		}
		if (len + 4 > vici->in_len - at)
			break;
		at += len + 4;
	}
	memmove(vici->in, vici->in + at, vici->in_len - at);
	vici->in_len -= at;
}

static bool send_all(struct vici *vici, const void *at, size_t len)
{
	return send(vici->fd, at, len, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)len;
}

static bool connect_now(struct vici *vici)
{
	static const uint8_t listen_to[] = { 0, 0, 0, 9, EVENT_REGISTER, 7,
		'l', 'i', 's', 't', '-', 's', 'a' };
	struct sockaddr_un to = { .sun_family = AF_UNIX };

	vici->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (vici->fd < 0)
		return false;
	memcpy(to.sun_path, vici->path, sizeof(vici->path));
	if (connect(vici->fd, (struct sockaddr *)&to, sizeof(to)) == 0 &&
	    send_all(vici, listen_to, sizeof(listen_to)))
		return true;
	disconnect(vici);
	return false;
}

/* Sends a request, on a new connection if charon has closed the old one. */
static bool send_request(struct vici *vici, const struct request *request)
{
	if (vici->fd >= 0 && send_all(vici, request->packet, request->len))
		return true;
	disconnect(vici);
	return connect_now(vici) && send_all(vici, request->packet, request->len);
}

void vici_send(struct vici *vici)
{
	if (vici->count == 0 || vici->under_way)
		return;
	vici->under_way = true;
	vici->over = vici->good = false;
	vici->text_len = 0;
	vici->text[0] = '\0';
	if (send_request(vici, &vici->queue[vici->first]))
		return;
	say(vici, "charon takes no order: %s\n", strerror(errno));
	disconnect(vici);
	vici->over = true;
}

/* Reads what is there; what nobody asked for is forgotten. */
static void receive(struct vici *vici)
{
	while (vici->fd >= 0 && !vici->over) {
		ssize_t got = recv(vici->fd, vici->in + vici->in_len,
			sizeof(vici->in) - vici->in_len, MSG_DONTWAIT);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return;
		if (got <= 0)
			disconnect(vici);
		else
			vici->in_len += (size_t)got;
		take_packets(vici);
		if (!vici->under_way)
			vici->over = false;
	}
	if (vici->under_way && !vici->over) {
		say(vici, "charon closed the connection\n");
		vici->over = true;
		vici->good = false;
	}
}

void vici_pump(struct vici *vici)
{
	vici_send(vici);
	receive(vici);
}

bool vici_answer(struct vici *vici, unsigned *tag, bool *good, const char **text)
{
	const struct request *request = &vici->queue[vici->first];

	if (!vici->under_way || !vici->over)
		return false;
	*tag = request->dropped ? 0 : request->tag;
	*good = vici->good;
	*text = vici->text;
	vici->first = (vici->first + 1) % QUEUE;
	vici->count--;
	vici->under_way = vici->over = false;
	return true;
}

void vici_drop(struct vici *vici, unsigned tag)
{
	for (size_t i = 0; i < vici->count; i++) {
		struct request *request = &vici->queue[(vici->first + i) % QUEUE];

		if (request->tag != tag)
			continue;
		request->dropped = true;
		if (i == 0 && vici->under_way)
			disconnect(vici);       /* its answer would be taken for another's */
	}
}
