/* The cases of a scenario: rows x for-each x role, and their ids. */
#include <stdio.h>
#include <stdlib.h>

#include "base/wire.h"
#include "cases.h"
#include "expr.h"
#include "library.h"

struct making {
	struct library *l;
	const struct scenario *s;
	const struct profile *profile;
	const struct variable *set;
	size_t set_count;
	const struct scenario_row *row;         /* of this case, or NULL */
	enum role role;
	struct variable *chosen;                /* of for-each, so far */
	size_t chosen_count;
	struct list cases;
	bool missing;                           /* the profile lacks a feature */
	const char *not_applicable;
	struct why *why;
};

/* ------------------------------------------------------------ variables at hand */

static const struct variable *find_in(const struct variable *vars, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(vars[i].name, name) == 0)
			return &vars[i];
	return NULL;
}

static const struct variable *find_variable(void *ctx, const char *name)
{
	const struct making *m = ctx;
	const struct variable *v = find_in(m->set, m->set_count, name);
	if (v == NULL && m->row != NULL)
		v = find_in(m->row->vars, m->row->count, name);
	if (v == NULL)
		v = find_in(m->chosen, m->chosen_count, name);
	return v != NULL ? v : find_in(m->s->vars, m->s->var_count, name);
}

static bool lookup(void *ctx, const char *reference, struct arena *a, struct value *out,
		   struct why *why)
{
	struct making *m = ctx;
	if (m->profile == NULL)
		return why_set(why, "'%s' is not known without a profile", reference);
	m->missing = !profile_lookup(m->profile, reference, a, out, why);
	return !m->missing;
}

/* ------------------------------------------------------------ what a for-each runs over */

static bool add_word(struct making *m, struct list *out, const char *word)
{
	if (out->count >= CASES_MAX)
		return why_set(m->why, "more than %d values", CASES_MAX);
	return (word != NULL && list_add(m->l->arena, out, (void *)word)) || why_set(m->why, "no memory");
}

bool range_parse(const char *text, uint64_t *low, uint64_t *high)
{
	char *end;
	if (text[0] < '0' || text[0] > '9')
		return false;
	*low = strtoull(text, &end, 10);
	if (strncmp(end, "..", 2) != 0 || end[2] < '0' || end[2] > '9')
		return false;
	*high = strtoull(end + 2, &end, 10);
	return *end == '\0';
}

static bool add_range(struct making *m, struct list *out, uint64_t low, uint64_t high)
{
	if (low > high)
		return why_set(m->why, "the range is empty");
	for (uint64_t n = low;; n++) {
		if (!add_word(m, out, arena_printf(m->l->arena, "%llu", (unsigned long long)n)))
			return false;
		if (n == high)
			return true;
	}
}

bool fields_parse(const char *text, char message[static 32], int *kind, struct why *why)
{
	const char *colon = strchr(text + 7, ':');
	if (colon == NULL || colon == text + 7 || colon - text - 7 >= 32)
		return why_set(why, "'%.60s': it looks like fields:IKE_SA_INIT:LENGTH", text);
	snprintf(message, 32, "%.*s", (int)(colon - text - 7), text + 7);
	*kind = wire_kind_value(colon + 1);
	if (*kind >= 0)
		return true;
	const char *names[WIRE_KINDS];
	for (int i = 0; i < WIRE_KINDS; i++)
		names[i] = wire_kind_name((enum wire_kind)i);
	const char *near = why_nearest(colon + 1, names, WIRE_KINDS);
	return why_set(why, "there is no kind of field '%.40s'%s%s%s", colon + 1,
		       near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

static bool add_fields(struct making *m, struct list *out, const char *text)
{
	char message[32];
	const char **paths;
	size_t count;
	int kind;
	if (!fields_parse(text, message, &kind, m->why))
		return false;
	if (m->l->fields == NULL)
		return why_set(m->why, "'%s' needs the engine that knows the honest message", text);
	if (!m->l->fields(m->l->fields_ctx, message, m->role, kind, m->l->arena, &paths, &count,
			  m->why))
		return false;
	for (size_t i = 0; i < count; i++)
		if (!add_word(m, out, arena_text(m->l->arena, paths[i])))
			return false;
	return true;
}

static bool words_of(struct making *m, const struct scenario_each *each, struct list *out)
{
	struct scope scope = { .variable = find_variable, .lookup = lookup, .ctx = m };
	const char *text;
	uint64_t low, high;
	if (!text_expand(each->in, &scope, m->l->arena, &text, m->why))
		return false;
	for (const char *at = text, *word; (word = word_next(m->l->arena, &at)) != NULL;) {
		bool ok = strncmp(word, "fields:", 7) == 0 ? add_fields(m, out, word) :
			  range_parse(word, &low, &high)   ? add_range(m, out, low, high) :
							     add_word(m, out, word);
		if (!ok)
			return false;
	}
	return true;
}

/* ------------------------------------------------------------ ids */

/* Small letters, digits, and '-' for everything else, not twice in a row and not at an end. */
static void add_slug(struct sink *id, const char *text)
{
	size_t from = id->len;
	for (; *text != '\0'; text++) {
		char c = *text >= 'A' && *text <= 'Z' ? (char)(*text - 'A' + 'a') : *text;
		bool word = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
		if (word)
			sink_u8(id, (uint8_t)c);
		else if (id->len > from && id->at[id->len - 1] != '-')
			sink_u8(id, '-');
	}
	while (id->len > from && id->at[id->len - 1] == '-')
		id->len--;
	if (id->len == from)
		sink_put(id, bytes_text("none"));
}

const char *case_id(struct arena *a, const struct scenario *s, const struct scenario_row *row,
		    const struct variable *chosen, size_t count, enum role role)
{
	char text[600];
	struct sink id = sink_over(text, sizeof(text) - 1);
	sink_put(&id, bytes_text(s->id));
	if (row != NULL) {
		sink_u8(&id, '.');
		sink_put(&id, bytes_text(row->id));
	}
	for (size_t i = 0; i < count; i++) {
		sink_u8(&id, '.');
		add_slug(&id, chosen[i].text);
	}
	if (s->target == ROLE_BOTH)
		sink_put(&id,
			 bytes_text(role == ROLE_INITIATOR ? ".as-initiator" : ".as-responder"));
	text[id.len] = '\0';
	return arena_text(a, text);
}

/* ------------------------------------------------------------ the product */

/* The row's variables, then those of for-each, in one array of the case. */
static const struct variable *case_vars(struct making *m, size_t *count)
{
	size_t rows = m->row != NULL ? m->row->count : 0;
	struct variable *vars = arena_array(m->l->arena, rows + m->chosen_count + 1, sizeof(*vars));
	*count = rows + m->chosen_count;
	if (vars != NULL && rows > 0)
		memcpy(vars, m->row->vars, rows * sizeof(*vars));
	if (vars != NULL && m->chosen_count > 0)
		memcpy(vars + rows, m->chosen, m->chosen_count * sizeof(*vars));
	return vars;
}

static bool make_case(struct making *m)
{
	struct scenario_case *c = arena_new_of(m->l->arena, struct scenario_case);
	if (m->cases.count >= CASES_MAX)
		return why_set(m->why, "'%s' has more than %d cases", m->s->id, CASES_MAX);
	if (c == NULL || !list_add(m->l->arena, &m->cases, c))
		return why_set(m->why, "no memory");
	c->scenario = m->s;
	c->target = m->role;
	c->not_applicable = m->not_applicable;
	c->id = case_id(m->l->arena, m->s, m->row, m->chosen, m->chosen_count, m->role);
	c->vars = case_vars(m, &c->var_count);
	return (c->id != NULL && c->vars != NULL) || why_set(m->why, "no memory");
}

/* One case stands for all that the missing list would have made. */
static bool make_inapplicable(struct making *m)
{
	m->missing = false;
	m->not_applicable = arena_text(m->l->arena, m->why->text);
	bool ok = m->not_applicable != NULL && make_case(m);
	m->not_applicable = NULL;
	return ok;
}

static bool make_each(struct making *m)
{
	struct list words = { NULL, 0, 0 };
	if (m->chosen_count == m->s->for_each_count)
		return make_case(m);
	const struct scenario_each *each = &m->s->for_each[m->chosen_count];
	struct variable *v = &m->chosen[m->chosen_count];
	if (!words_of(m, each, &words))
		return m->missing && make_inapplicable(m);
	m->chosen_count++;
	for (size_t i = 0; i < words.count; i++) {
		const char *word = words.items[i];
		*v = (struct variable){ each->name, word, expr_parse(m->l->arena, word, NULL),
					each->line };
		if (!make_each(m))
			return false;
	}
	m->chosen_count--;
	return true;
}

static bool make_roles(struct making *m)
{
	for (unsigned role = ROLE_INITIATOR; role <= ROLE_RESPONDER; role++) {
		if ((m->s->target & role) == 0)
			continue;
		m->role = (enum role)role;
		if (!make_each(m))
			return false;
	}
	return true;
}

static int by_id(const void *a, const void *b)
{
	const struct scenario_case *x = a, *y = b;
	return strcmp(x->id, y->id);
}

/* An array in the order of making; equal ids are an error. */
static bool finish(struct making *m, const struct scenario_case **out, size_t *count)
{
	size_t n = m->cases.count;
	struct scenario_case *cases = arena_array(m->l->arena, n + 1, sizeof(*cases));
	struct scenario_case *sorted = arena_array(m->l->arena, n + 1, sizeof(*sorted));
	if (cases == NULL || sorted == NULL)
		return why_set(m->why, "no memory");
	for (size_t i = 0; i < n; i++)
		cases[i] = sorted[i] = *(struct scenario_case *)m->cases.items[i];
	qsort(sorted, n, sizeof(*sorted), by_id);
	for (size_t i = 1; i < n; i++)
		if (strcmp(sorted[i - 1].id, sorted[i].id) == 0)
			return why_at_line(m->why, m->s->file, m->s->line,
					   "two cases have the id '%s'", sorted[i].id);
	*out = cases;
	*count = n;
	return true;
}

bool scenario_cases(struct library *l, const struct scenario *s, const struct profile *p,
		    const struct variable *set, size_t set_count, const struct scenario_case **out,
		    size_t *count, struct why *why)
{
	struct why spare;
	struct making m = { .l = l, .s = s, .profile = p, .set = set, .set_count = set_count,
			    .why = why != NULL ? why : &spare };
	m.chosen = arena_array(l->arena, s->for_each_count + 1, sizeof(*m.chosen));
	if (m.chosen == NULL)
		return why_set(m.why, "no memory");
	if (s->row_count == 0 && !make_roles(&m))
		return false;
	for (size_t i = 0; i < s->row_count; i++) {
		m.row = &s->rows[i];
		if (!make_roles(&m))
			return false;
	}
	return finish(&m, out, count);
}
