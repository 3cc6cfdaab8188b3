/* Checks of traffic selectors: subset-of and covers (RFC 7296 2.9). */
#include "inside.h"

static bool address_at(struct node *n, const char *field, struct address *out)
{
	struct node *f = wire_find(n, field, NULL);

	return f && address_from_octets(f->octets, 0, out);
}

/* One selector of a TSi or TSr payload. */
static bool one_selector(struct node *n, struct traffic_selector *out)
{
	uint64_t protocol = 0, first = 0, last = 0xffff;

	if (!address_at(n, "start_address", &out->range.first) ||
	    !address_at(n, "end_address", &out->range.last))
		return false;
	wire_number(n, "protocol", &protocol);
	wire_number(n, "start_port", &first);
	wire_number(n, "end_port", &last);
	out->protocol = (uint8_t)protocol;
	out->first_port = (uint16_t)first;
	out->last_port = (uint16_t)last;
	return true;
}

static struct selectors of_node(struct node *n)
{
	struct selectors s = { 0 };

	if (one_selector(n, &s.rows[0])) {
		s.count = 1;
		return s;
	}
	return selectors_read(n);
}

static bool of_words(struct run *r, const char *text, struct selectors *out, struct why *why)
{
	char *copy = arena_text(r->arena, text), *save = NULL;

	out->count = 0;
	for (char *w = copy ? strtok_r(copy, " ", &save) : NULL; w;
	     w = strtok_r(NULL, " ", &save)) {
		if (out->count == SELECTORS)
			return why_set(why, "more than %d selectors", SELECTORS);
		if (!selector_parse(w, &out->rows[out->count], why))
			return false;
		out->count++;
	}
	return out->count || why_set(why, "there is no range of addresses in '%s'", text);
}

/* "${x.request.TSi.S[1]}": straight to the nodes, so that ports and protocol count too. */
static bool of_reference(struct run *r, const char *text, struct selectors *out)
{
	size_t len = strlen(text);
	const char *inside, *dot;
	struct node *node = NULL;
	const struct known *k;
	char *name;

	if (len < 4 || strncmp(text, "${", 2) != 0 || text[len - 1] != '}' ||
	    strstr(text + 2, "${"))
		return false;
	inside = arena_printf(r->arena, "%.*s", (int)(len - 3), text + 2);
	for (dot = inside; (dot = strchr(dot, '.')); dot++) {
		name = arena_printf(r->arena, "%.*s", (int)(dot - inside), inside);
		k = known_find(r, name);
		if (k && k->kind == KNOWN_MESSAGE && k->count &&
		    saved_nodes(r, k->messages[k->count - 1], dot + 1, &node, 1)) {
			*out = of_node(node);
			return true;
		}
	}
	return false;
}

static bool of_child(struct run *r, const char *text, struct selectors *out)
{
	bool ours = strcmp(text, "${child.ts_ours}") == 0;
	struct child_sa *c;

	if (!ours && strcmp(text, "${child.ts_theirs}") != 0)
		return false;
	c = newest_child(r, r->step.tester ? r->step.tester : &r->testers[0], NULL);
	if (!c)
		return false;
	*out = ours ? child_sa_view(c).ours : child_sa_view(c).theirs;
	return true;
}

static bool of_attr(struct run *r, const struct element_node *el, enum attribute name,
		    struct selectors *out, struct why *why)
{
	const char *text = attr_text(el, name);

	if (of_reference(r, text, out) || of_child(r, text, out))
		return true;
	text = run_text(r, el, name, why);
	return text && of_words(r, text, out, why);
}

static const char *print(struct run *r, const struct selectors *s)
{
	const char *text = "";

	for (size_t i = 0; i < s->count; i++) {
		char first[ADDRESS_TEXT], last[ADDRESS_TEXT];

		text = run_printf(r, "%s%s%s-%s protocol %u ports %u-%u", text, *text ? ", " : "",
				  address_print(&s->rows[i].range.first, first),
				  address_print(&s->rows[i].range.last, last), s->rows[i].protocol,
				  s->rows[i].first_port, s->rows[i].last_port);
	}
	return *text ? text : "none";
}

bool judge_selectors(struct run *r, const struct element_node *el, struct saved *s,
		     const char *path, const char *judges)
{
	bool subset = attr_find(el, AT_SUBSET_OF) != NULL, held;
	struct selectors wanted = { 0 }, got = { 0 };
	struct node *node = NULL;
	struct why why;

	if (!of_attr(r, el, subset ? AT_SUBSET_OF : AT_COVERS, &wanted, &why)) {
		run_end(r, VERDICT_ERROR, el, "%s", why.text);
		return false;
	}
	if (attr_find(el, AT_FIELD) && s && saved_nodes(r, s, path, &node, 1))
		got = of_node(node);
	else if (!attr_find(el, AT_VALUE) || !of_attr(r, el, AT_VALUE, &got, &why)) {
		judge(r, el, judges, false, path, subset ? "a subset" : "cover", "no selectors");
		return false;
	}
	held = got.count &&
	       (subset ? selectors_subset(&got, &wanted) : selectors_subset(&wanted, &got));
	judge(r, el, judges, held, path,
	      run_printf(r, "%s %s", subset ? "a subset of" : "to cover", print(r, &wanted)),
	      print(r, &got));
	return true;
}
