/*
 * Paths: reading them, and finding what they name in a tree.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include "wire-internal.h"

static bool bad_path(const char *path, const char *what, struct why *why)
{
	return why_set(why, "path '%s': %s", path, what);
}

static bool word_letter(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

/* Letters up to the end of the word, or NULL if there are none or too many. */
static const char *take_word(const char *at, bool (*letter)(char), char *out, size_t cap)
{
	size_t len = 0;

	while (letter(at[len]))
		len++;
	if (len == 0 || len >= cap)
		return NULL;
	memcpy(out, at, len);
	out[len] = '\0';
	return at + len;
}

static bool pick_letter(char c)
{
	return c != '\0' && c != ')' && c != '(' && c != '[';
}

/* "[3]" or "[*]"; NULL if it is neither. */
static const char *take_index(const char *at, struct wire_step *step)
{
	char *end;
	unsigned long n;

	if (at[1] == '*') {
		step->all = true;
		return at[2] == ']' ? at + 3 : NULL;
	}
	if (!isdigit((unsigned char)at[1]))
		return NULL;
	n = strtoul(at + 1, &end, 10);
	if (*end != ']' || n == 0 || n > 1000000)
		return NULL;
	step->index = (unsigned)n;
	return end + 1;
}

static bool take_step(const char *path, const char **at, struct wire_step *step, struct why *why)
{
	step->pick[0] = '\0';
	step->index = 0;
	step->all = false;
	*at = take_word(*at, word_letter, step->name, sizeof(step->name));
	if (!*at)
		return bad_path(path, "a name is missing", why);
	if (**at == '(') {
		*at = take_word(*at + 1, pick_letter, step->pick, sizeof(step->pick));
		if (!*at || **at != ')')
			return bad_path(path, "(X) is wanted, X a name or number", why);
		++*at;
	}
	if (**at == '[') {
		*at = take_index(*at, step);
		if (!*at)
			return bad_path(path, "[n] is wanted, n from 1, or [*]", why);
	}
	return true;
}

bool wire_parse_path(const char *path, struct wire_steps *out, struct why *why)
{
	const char *at = path;

	out->count = 0; /* the steps beyond stay as they are: there are many, and this is called often */
	for (;;) {
		if (out->count == WIRE_STEPS)
			return bad_path(path, "too many steps", why);
		if (!take_step(path, &at, &out->step[out->count++], why))
			return false;
		if (*at == '\0')
			return true;
		if (*at++ != '.')
			return bad_path(path, "a '.' is wanted between names", why);
	}
}

bool wire_pick_value(const char *text, const struct names *names, uint32_t *out)
{
	char *end;
	unsigned long v;

	if (names && names_value(names, text, out))
		return true;
	if (!isdigit((unsigned char)text[0]))
		return false;
	v = strtoul(text, &end, 0);
	*out = (uint32_t)v;
	return *end == '\0' && v <= UINT32_MAX;
}

bool wire_named(const struct wire_format *format, const char *name, size_t len)
{
	const char *alias = format->alias;

	if (strlen(format->name) == len && memcmp(format->name, name, len) == 0)
		return true;
	while (alias && *alias) {
		size_t word = strcspn(alias, " ");

		if (word == len && memcmp(alias, name, len) == 0)
			return true;
		alias += word + strspn(alias + word, " ");
	}
	return false;
}

/* With (X), the name of a chain's format for all other types means an element of any type. */
static bool means_any_type(const struct node *element, const struct wire_step *step)
{
	const struct node *list = element->parent;

	return step->pick[0] && list && node_is(list, WIRE_LIST) && list->row->choices &&
	       list->row->choices->other &&
	       name_is(list->row->choices->other->name, step->name);
}

static bool type_fits(const struct node *element, const struct wire_step *step)
{
	const struct node *list = element->parent;
	uint32_t value;

	return wire_pick_value(step->pick, list && list->row ? list->row->names : NULL, &value) &&
	       value == element->type;
}

static bool pick_fits(const struct node *n, const struct wire_step *step)
{
	const struct node *field;
	uint32_t value;

	if (!step->pick[0])
		return true;
	if (!n->format || !n->format->pick)
		return type_fits(n, step);
	field = wire_field(n, n->format->pick);
	return field && node_is_number(field) &&
	       wire_pick_value(step->pick, field->row->names, &value) && value == field->number;
}

static bool step_fits(const struct node *n, const struct wire_step *step)
{
	if (n->row)
		return name_is(n->row->name, step->name) && pick_fits(n, step);
	if (!n->format)
		return false;
	if (wire_named(n->format, step->name, strlen(step->name)))
		return pick_fits(n, step);
	return means_any_type(n, step) && type_fits(n, step);
}

struct search {
	const struct wire_steps *steps;
	struct node **out;
	size_t cap;
	size_t found;
};

static void search_below(struct search *s, struct node *at, size_t i);

/* One candidate for step i; true if the step is done with. */
static bool try_node(struct search *s, struct node *n, size_t i, unsigned *seen)
{
	const struct wire_step *step = &s->steps->step[i];
	size_t before = s->found;

	if (!step_fits(n, step))
		return false;
	++*seen;
	if (step->index && *seen != step->index)
		return false;
	if (i + 1 < s->steps->count) {
		search_below(s, n, i + 1);
	} else {
		if (s->found < s->cap)
			s->out[s->found] = n;
		s->found++;
	}
	return step->index || (!step->all && s->found > before);
}

static bool try_children(struct search *s, struct node *at, size_t i, unsigned *seen)
{
	for (struct node *n = at->first; n; n = n->next) {
		if (try_node(s, n, i, seen))
			return true;
		if ((node_is(n, WIRE_CHOICE) || node_is(n, WIRE_LIST)) &&
		    try_children(s, n, i, seen))
			return true;
	}
	return false;
}

static void search_below(struct search *s, struct node *at, size_t i)
{
	unsigned seen = 0;

	try_children(s, at, i, &seen);
}

size_t wire_find_all(struct node *root, const char *path, struct node **out, size_t cap)
{
	struct wire_steps steps;
	struct search s = { &steps, out, cap, 0 };

	if (!wire_parse_path(path, &steps, NULL))
		return 0;
	search_below(&s, root, 0);
	return s.found;
}

bool wire_find_steps(struct node *root, const struct wire_steps *steps, struct node **out)
{
	struct search s = { steps, out, 1, 0 };

	search_below(&s, root, 0);
	return s.found > 0;
}

/* The names of what is below a node, each once, for people. */
static void list_names(const struct node *at, char *text, size_t cap)
{
	for (const struct node *n = at->first; n; n = n->next) {
		const char *name = n->row ? n->row->name : n->format ? n->format->name : "";
		size_t len = strlen(text);

		if (node_is(n, WIRE_LIST) || node_is(n, WIRE_CHOICE))
			list_names(n, text, cap);
		else if (!strstr(text, name))
			snprintf(text + len, cap - len, "%s%s", len ? " " : "", name);
	}
}

/* Says at which step a path leaves the tree, and what there is. */
static void why_not_found(struct node *root, const char *path, struct wire_steps *steps,
			  struct why *why)
{
	struct node *at = root;
	char names[200] = "", where[96] = "the message";
	size_t count = steps->count;

	while (steps->count > 1) {
		steps->count--;
		if (wire_find_steps(root, steps, &at)) {
			wire_path_of(at, where, sizeof(where));
			break;
		}
		at = root;
	}
	list_names(at, names, sizeof(names));
	steps->count = count;
	why_set(why, "%s is not in the message: %s has %s", path, where,
		names[0] ? names : "nothing");
}

/* How long the word is that a path begins with. */
static size_t word_of(const char *path)
{
	size_t len = 0;

	while (path[len] && path[len] != '.' && path[len] != '(' && path[len] != '[')
		len++;
	return len;
}

static bool is_word(const struct node *n, const char *word, size_t len)
{
	const char *name = n->row ? n->row->name : NULL;

	if (!name)
		return n->format && wire_named(n->format, word, len);
	for (size_t i = 0; i < len; i++)
		if (name[i] != word[i])
			return false;
	return name[len] == '\0';
}

/* What most paths are, words with dots between them, found as they are read. */
static struct node *find_words(const struct node *at, const char *path, size_t len)
{
	const char *rest = path[len] ? path + len + 1 : NULL;

	for (struct node *n = at->first; n; n = n->next) {
		struct node *found = NULL;

		if (is_word(n, path, len))
			found = rest ? find_words(n, rest, word_of(rest)) : n;
		if (!found && (node_is(n, WIRE_CHOICE) || node_is(n, WIRE_LIST)))
			found = find_words(n, path, len);
		if (found)
			return found;
	}
	return NULL;
}

static bool is_words(const char *path)
{
	while (*path && *path != '(' && *path != '[')
		path++;
	return *path == '\0';
}

/* Most names that are asked for are the very literal of the table: one copy is left of equal ones. */
static struct node *same_literal(const struct node *root, const char *path)
{
	for (struct node *n = root->first; n && n->row; n = n->next) {
		if (n->row->name == path)
			return n;
		if (n->row->kind == WIRE_CHOICE || n->row->kind == WIRE_LIST)
			break;
	}
	return NULL;
}

struct node *wire_find(struct node *root, const char *path, struct why *why)
{
	struct wire_steps steps;
	struct node *found = same_literal(root, path);
	size_t len;

	if (found)
		return found;
	len = word_of(path);
	if (path[len] == '\0' || is_words(path + len))
		found = find_words(root, path, len);
	if (found || (path[len] == '\0' && !why))
		return found;
	if (!wire_parse_path(path, &steps, why))
		return NULL;
	if (wire_find_steps(root, &steps, &found))
		return found;
	if (why)
		why_not_found(root, path, &steps, why);
	return NULL;
}

static const char *name_of(const struct node *n)
{
	return n->row ? n->row->name : n->format ? n->format->name : "";
}

/* The registry name of an element's pick field, or NULL. */
static const char *pick_text(const struct node *n)
{
	const struct node *field =
		n->format && n->format->pick ? wire_field(n, n->format->pick) : NULL;

	if (!field || !node_is_number(field) || !field->row->names)
		return NULL;
	return names_text(field->row->names, (uint32_t)field->number);
}

static bool same_pick(const struct node *a, const struct node *b)
{
	const char *x = pick_text(a), *y = pick_text(b);

	return x && y && name_is(x, y);
}

/* Where an element stands among those of its name, and of its name and type. */
struct rank {
	unsigned of_name, names, of_pick, picks;
};

static struct rank rank_of(const struct node *n)
{
	struct rank r = { 0 };

	for (const struct node *e = n->parent->first; e; e = e->next) {
		bool same = !e->row && e->format && name_is(name_of(e), name_of(n));
		bool pick = same && same_pick(e, n);

		r.names += same;
		r.picks += pick;
		if (e == n) {
			r.of_name = r.names;
			r.of_pick = r.picks;
		}
	}
	return r;
}

static void add_element(const struct node *n, char *text, size_t cap)
{
	bool chain = n->parent->row && n->parent->row->choices;
	struct rank r = rank_of(n);
	size_t len = strlen(text);

	if (n->format->pick == NULL && chain && n->parent->row->choices->other == n->format)
		snprintf(text + len, cap - len, "%s(%u)", name_of(n), n->type);
	else if (chain && r.names == 1)
		snprintf(text + len, cap - len, "%s", name_of(n));
	else if (chain && r.picks == 1)
		snprintf(text + len, cap - len, "%s(%s)", name_of(n), pick_text(n));
	else if (chain && r.picks > 1)
		snprintf(text + len, cap - len, "%s(%s)[%u]", name_of(n), pick_text(n), r.of_pick);
	else
		snprintf(text + len, cap - len, "%s[%u]", name_of(n), r.of_name);
}

static void add_path(const struct node *n, char *text, size_t cap)
{
	size_t len;

	if (!n->parent)
		return;
	add_path(n->parent, text, cap);
	if (node_is(n, WIRE_CHOICE) || (node_is(n, WIRE_LIST) && n->first))
		return;
	len = strlen(text);
	if (len > 0)
		snprintf(text + len, cap - len, ".");
	if (!n->row && n->format)
		add_element(n, text, cap);
	else
		snprintf(text + strlen(text), cap - strlen(text), "%s", name_of(n));
}

char *wire_path_of(const struct node *n, char *text, size_t cap)
{
	text[0] = '\0';
	add_path(n, text, cap);
	if (text[0] == '\0' && n->row)
		snprintf(text, cap, "%s", n->row->name);
	return text;
}
