/* The values of paths in saved messages, and what is computed of them. */
#include "lookup.h"

/* ------------------------------------------------------------ splitting paths */

/* The end of the first step of a path: a dot outside of brackets, or the end. */
const char *path_step_end(const char *p)
{
	int depth = 0;

	for (; *p; p++) {
		if (*p == '(' || *p == '[')
			depth++;
		else if (*p == ')' || *p == ']')
			depth--;
		else if (*p == '.' && depth == 0)
			break;
	}
	return p;
}

static const char *last_step(const char *path)
{
	const char *last = path;

	for (;;) {
		const char *end = path_step_end(last);

		if (!*end)
			return last;
		last = end + 1;
	}
}

/* Takes "what()" off the end of a path; NULL if it does not end so. */
const char *path_function(struct arena *a, const char *path, const char **rest)
{
	const char *last = last_step(path);
	size_t len = strlen(last);

	if (len < 3 || strcmp(last + len - 2, "()") != 0 || strcspn(last, "([") != len - 2)
		return NULL;
	*rest = last == path ? "" : arena_printf(a, "%.*s", (int)(last - path - 1), path);
	return arena_printf(a, "%.*s", (int)(len - 2), last);
}

/* ------------------------------------------------------------ nodes */

struct value node_value(struct run *r, struct node *n)
{
	struct bytes b = BYTES_NONE;
	enum wire_kind kind = n->row ? n->row->kind : WIRE_STRUCT;

	switch (kind) {
	case WIRE_UINT:
	case WIRE_RESERVED:
	case WIRE_NEXT:
	case WIRE_MORE:
	case WIRE_LENGTH:
	case WIRE_COUNT:
	case WIRE_SIZE:
		return of_number(n->number, n->row->bits);
	case WIRE_OCTETS:
	case WIRE_REST:
	case WIRE_COMPUTED:
		return of_octets(n->octets);
	default:
		wire_octets(r->arena, n, &b);
		return of_octets(b);
	}
}

/* ------------------------------------------------------------ layers of a packet */

static struct bytes outer_packet(const struct saved *s)
{
	if (s->arrival)
		return s->arrival->packet;
	return s->kind == SAVED_ESP_SENT ? s->esp->packet : BYTES_NONE;
}

static struct node *root_outer(struct run *r, struct saved *s)
{
	if (!s->ip)
		s->ip = ip_outer_tree(r->arena, outer_packet(s));
	return s->ip;
}

static struct node *root_inner(struct run *r, struct saved *s)
{
	if (!s->inner && s->arrival)
		s->inner = ip_inner_tree(r->arena, s->arrival->inner.octets);
	return s->inner;
}

static struct bytes esp_octets(const struct saved *s)
{
	if (s->kind == SAVED_ESP_SENT)
		return s->esp->esp;
	if (!s->arrival || s->arrival->kind != ARRIVED_ESP)
		return BYTES_NONE;
	return s->arrival->ip.protocol == PROTO_UDP ? s->arrival->ip.udp : s->arrival->ip.payload;
}

static struct node *root_esp(struct run *r, struct saved *s)
{
	struct bytes b = esp_octets(s);

	if (!s->esp_tree && s->arrival)
		s->esp_tree = s->arrival->opened.tree;
	if (!s->esp_tree && b.len)
		s->esp_tree = wire_decode(r->arena, &format_esp, b, NULL, NULL);
	return s->esp_tree;
}

static const struct {
	const char *name;
	struct node *(*root)(struct run *, struct saved *);
	bool named; /* the tree has the root's name in its paths */
} roots[] = {
	{"IP",     root_outer, true },
	{ "UDP",   root_outer, true },
	{ "INNER", root_inner, true },
	{ "ESP",   root_esp,   false},
};

/* All nodes at a path of a packet's layer; true if the path begins with one. */
static bool layer_nodes(struct run *r, struct saved *s, const char *path, struct node **out,
			size_t cap, size_t *count)
{
	size_t len = strcspn(path, ".[(");

	for (size_t i = 0; i < ARRAY_LEN(roots); i++) {
		struct node *root;

		if (strlen(roots[i].name) != len || strncmp(path, roots[i].name, len) != 0)
			continue;
		root = roots[i].root(r, s);
		*count = 0;
		if (!root)
			return true;
		if (roots[i].named || path[len] == '.') {
			*count = wire_find_all(root, roots[i].named ? path : path + len + 1, out,
					       cap);
			return true;
		}
		*count = 1;
		if (cap)
			out[0] = root;
		return true;
	}
	return false;
}

size_t saved_nodes(struct run *r, struct saved *s, const char *path, struct node **out, size_t cap)
{
	size_t count = 0;

	if (layer_nodes(r, s, path, out, cap, &count))
		return count;
	if (s->kind == SAVED_SENT)
		return message_find_all(&s->sent->composed.message, path, out, cap);
	if (s->kind == SAVED_SEEN && s->seen->is_ike)
		return message_find_all(&s->seen->message, path, out, cap);
	return 0;
}

static uint64_t position(const struct node *n)
{
	uint64_t at = 1;

	for (; n->prev; n = n->prev)
		at++;
	return at;
}

#define NODES 256

static bool nodes_value(struct run *r, struct node **nodes, size_t count, bool every,
			struct value *out)
{
	struct value *items;

	if (!every) {
		*out = node_value(r, nodes[0]);
		return true;
	}
	items = arena_array(r->arena, count ? count : 1, sizeof *items);
	for (size_t i = 0; items && i < count; i++)
		items[i] = node_value(r, nodes[i]);
	*out = (struct value){ .kind = VALUE_LIST, .items = items, .count = items ? count : 0 };
	return true;
}

/* What is computed of each node by itself. */
static bool node_computed(struct run *r, struct node *n, const char *what, struct value *out)
{
	struct bytes b = BYTES_NONE;

	if (strcmp(what, "index") == 0) {
		*out = of_number(position(n), 0);
		return true;
	}
	if (strcmp(what, "octets") != 0 && strcmp(what, "size") != 0)
		return false;
	wire_octets(r->arena, n, &b);
	*out = *what == 'o' ? of_octets(b) : of_number(b.len, 0);
	return true;
}

static bool each_computed(struct run *r, struct node **nodes, size_t count, const char *what,
			  struct value *out)
{
	struct value *items = arena_array(r->arena, count ? count : 1, sizeof *items);

	*out = (struct value){ .kind = VALUE_LIST, .items = items, .count = items ? count : 0 };
	for (size_t i = 0; i < out->count; i++)
		node_computed(r, nodes[i], what, &items[i]);
	return true;
}

/* What is computed of nodes. */
static bool nodes_computed(struct run *r, struct node **nodes, size_t count, bool every,
			   const char *what, struct value *out, struct why *why)
{
	bool single = strcmp(what, "index") == 0 || strcmp(what, "octets") == 0 ||
		      strcmp(what, "size") == 0;
	struct value v;

	if (strcmp(what, "count") == 0) {
		*out = of_number(count, 0);
		return true;
	}
	if (single)
		return every ? each_computed(r, nodes, count, what, out)
			     : node_computed(r, nodes[0], what, out);
	nodes_value(r, nodes, count, every, &v);
	return value_computed(&v, what, r->arena, out, why);
}

/* What is computed of a whole message. */
static bool message_computed(struct run *r, struct saved *s, const char *what, struct value *out,
			     struct why *why)
{
	struct value v = of_octets(saved_octets(s));

	if (strcmp(what, "time") == 0) {
		*out = of_time(s->time - r->began);
		return true;
	}
	if (strcmp(what, "octets") == 0) {
		*out = v;
		return true;
	}
	return value_computed(&v, what, r->arena, out, why);
}

bool saved_value(struct run *r, struct saved *s, const char *path, struct value *out,
		 struct why *why)
{
	struct node *nodes[NODES];
	const char *rest = path, *what = path_function(r->arena, path, &rest);
	bool every = strstr(path, "[*]") != NULL;
	size_t count;

	if (!*rest)
		return message_computed(r, s, what ? what : "octets", out, why);
	/* How many there are of what the path would name the first of. */
	if (what && strcmp(what, "count") == 0 && rest[strlen(rest) - 1] != ']')
		rest = run_printf(r, "%s[*]", rest);
	count = saved_nodes(r, s, rest, nodes, NODES);
	if (count > NODES)
		count = NODES;
	if (!count && !every && !(what && strcmp(what, "count") == 0))
		return why_set(why, "%s " EDIT_MISSING, rest);
	return what ? nodes_computed(r, nodes, count, every, what, out, why)
		    : nodes_value(r, nodes, count, every, out);
}
