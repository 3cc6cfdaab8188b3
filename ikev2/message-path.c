/*
 * Paths in an IKE message: which tree a name is looked for in.
 */
#include "message-internal.h"

#include <stdio.h>
#include <stdlib.h>

/* "padding" of "SK.padding", "pad_length" of "SKF[2].pad_length"; NULL if it is not of the trailer. */
static const char *trailer_field(const char *path)
{
	char root[16];
	const char *field = strchr(path, '.');

	edit_root(path, root, sizeof(root));
	if (!field || (strcmp(root, "SK") != 0 && strcmp(root, "SKF") != 0))
		return NULL;
	field++;
	return strcmp(field, "padding") == 0 || strcmp(field, "pad_length") == 0 ? field : NULL;
}

static bool of_outer(const char *path)
{
	char root[16];

	edit_root(path, root, sizeof(root));
	return strcmp(root, "HDR") == 0 || strcmp(root, "SK") == 0 || strcmp(root, "SKF") == 0;
}

/* "SKF[2].icv" of a message in fragments: ".icv" in the second of them, "[*]" in each. */
static size_t in_parts(const struct message *m, const char *path, struct node **out, size_t cap)
{
	const char *end = strchr(path, ']'), *rest = path[3] == '[' && end ? end + 1 : path + 3;
	bool every = strncmp(path + 3, "[*]", 3) == 0;
	size_t wanted = path[3] == '[' ? strtoul(path + 4, NULL, 10) : 1, count = 0;
	const char *field = trailer_field(path);
	char local[128];

	snprintf(local, sizeof(local), "SKF%s", rest);
	for (size_t k = 0; k < m->part_count; k++) {
		struct node *found = NULL;
		bool there;

		if (!every && k + 1 != wanted)
			continue;
		there = field ? m->part_trailers && m->part_trailers[k] &&
					wire_find_all(m->part_trailers[k], field, &found, 1)
			      : wire_find_all(m->parts[k], local, &found, 1);
		if (there && count < cap)
			out[count] = found;
		count += there;
	}
	return count;
}

size_t message_find_all(const struct message *m, const char *path, struct node **out, size_t cap)
{
	const char *field = trailer_field(path);
	size_t count = 0;

	if (m->part_count && strncmp(path, "SKF", 3) == 0)
		return in_parts(m, path, out, cap);
	if (field)
		return m->trailer ? wire_find_all(m->trailer, field, out, cap) : 0;
	if (m->inner && !of_outer(path))
		count = wire_find_all(m->inner, path, out, cap);
	return count ? count : wire_find_all(m->outer, path, out, cap);
}

struct node *message_find(const struct message *m, const char *path, struct why *why)
{
	struct node *found = NULL;

	if (message_find_all(m, path, &found, 1) > 0)
		return found;
	return wire_find(m->inner && !of_outer(path) ? m->inner : m->outer, path, why);
}

static const char *const auth_inputs[] = { "message", "nonce", "id", "key" };
static const char *const sk_inputs[] = { "key" };

bool message_path_is_input(const char *path)
{
	return strncmp(path, "AUTH.from.", 10) == 0 || strncmp(path, "SK.from.", 8) == 0;
}

static bool input_possible(const char *path, struct why *why)
{
	bool auth = path[0] == 'A';
	const char *const *names = auth ? auth_inputs : sk_inputs;
	size_t count = auth ? ARRAY_LEN(auth_inputs) : ARRAY_LEN(sk_inputs);
	const char *field = path + (auth ? 10 : 8), *near;

	for (size_t i = 0; i < count; i++)
		if (strcmp(names[i], field) == 0)
			return true;
	near = why_nearest(field, names, count);
	return why_set(why, "%.*s has no input '%s'%s%s%s", auth ? 9 : 7, path, field,
		       near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

bool message_path_possible(const char *path, struct why *why)
{
	if (message_path_is_input(path))
		return input_possible(path, why);
	return trailer_field(path) || wire_path_possible(&ike_message, path, why);
}

const struct wire_row *message_path_row(const char *path)
{
	const char *field = trailer_field(path);

	return field ? wire_path_row(&ike_trailer, field) : wire_path_row(&ike_message, path);
}

static bool beside_sealed(const char *path)
{
	char root[16];

	edit_root(path, root, sizeof(root));
	return strcmp(root, "SK") == 0 || strcmp(root, "SKF") == 0;
}

static bool derived(const char *path)
{
	const struct wire_row *row = message_path_row(path);

	return strcmp(path, "AUTH.data") == 0 || message_path_is_input(path) ||
	       (row && ((row->kind >= WIRE_NEXT && row->kind <= WIRE_SIZE) ||
			row->kind == WIRE_COMPUTED));
}

enum edit_phase edit_phase_of(const struct edit *e)
{
	static const char *const later[] = { "UDP", "IP", "ESP", "INNER", "ICMP" };
	char root[16];

	if (edit_of_datagram(e))
		return EDIT_DATAGRAM;
	edit_root(e->path, root, sizeof(root));
	for (size_t i = 0; i < ARRAY_LEN(later); i++)
		if (strcmp(root, later[i]) == 0)
			return EDIT_LATER;
	if (trailer_field(e->path) || message_path_is_input(e->path))
		return EDIT_DERIVED;
	if (of_outer(e->path) || (e->before && beside_sealed(e->before)) ||
	    (e->after && beside_sealed(e->after)))
		return EDIT_OUTER;
	return e->op != EDIT_ADD && derived(e->path) ? EDIT_DERIVED : EDIT_INNER;
}
