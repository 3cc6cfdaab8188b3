/* The walk through the steps: what each makes known, and what it refers to. */
#include <stdio.h>

#include "expr.h"
#include "grammar.h"
#include "mean.h"

static void visit(struct mean *m, const struct element_node *n);

/* ------------------------------------------------------------ messages */

static const char *settled_or(struct mean *m, const struct element_node *n, enum attribute a)
{
	const char *text = attr_text(n, a), *out;
	return text != NULL && settle_text(m, text, &out) == SETTLED ? out : NULL;
}

/* The exchange behind a purpose: rekey-child is a CREATE_CHILD_SA. */
static const char *exchange_of(const char *name)
{
	static const char *const creates[] = { "new-child", "rekey-child", "rekey-ike" };
	for (size_t i = 0; i < ARRAY_LEN(creates); i++)
		if (strcmp(creates[i], name) == 0)
			return "CREATE_CHILD_SA";
	return name[0] >= 'a' && name[0] <= 'z' ? "INFORMATIONAL" : name;
}

static bool same_exchange(const char *a, const char *b)
{
	return strcmp(a, b) == 0 ||
	       (strcmp(exchange_of(a), exchange_of(b)) == 0 &&
		(strcmp(exchange_of(a), a) == 0 || strcmp(exchange_of(b), b) == 0));
}

/* Which message of an exchange a reference means. */
static struct known side_of(const struct known *k, const char *reference)
{
	struct known side = *k;
	const char *tail = strchr(reference, '.');
	if (!k->both || tail == NULL)
		return side;
	side.both = false;
	if (strcmp(tail, ".response") == 0) {
		side.ours = !k->ours;
		side.request = false;
	}
	return side;
}

static void check_again(struct mean *m, const struct element_node *n)
{
	const struct known *k = mean_named(m, AT_AGAIN, KNOWN_MESSAGE);
	bool send = n->element == EL_SEND;
	if (k == NULL)
		return;
	const char *name = settled_or(m, n, AT_AGAIN);
	struct known side = side_of(k, name);
	if (side.both)
		mean_complain(m, name, "'%s' is an exchange: write %s.request or %s.response",
			      k->name, k->name, k->name);
	else if (side.ours != send)
		mean_complain(m, name, "'%s' was %s; <%s again> wants one that %s", name,
			      side.ours ? "sent by the tester" : "sent by the target",
			      element_name(n->element),
			      send ? "the tester sent" : "the target sent");
}

static void check_answers(struct mean *m, const struct element_node *n)
{
	const struct known *k = mean_named(m, AT_ANSWERS, KNOWN_MESSAGE);
	bool send = n->element == EL_SEND;
	if (k == NULL)
		return;
	struct known side = side_of(k, settled_or(m, n, AT_ANSWERS));
	const char *response = settled_or(m, n, AT_RESPONSE);
	if (side.message != MESSAGE_IKE && attr_find(n, AT_ICMP) == NULL)
		mean_complain(m, NULL, "'%s' is no IKE request", k->name);
	else if (side.ours == send)
		mean_complain(m, NULL, "'%s' was sent by the %s: the %s cannot answer it", k->name,
			      side.ours ? "tester" : "target", send ? "tester" : "target");
	else if (!side.request && attr_find(n, AT_ICMP) == NULL)
		mean_complain(m, NULL, "'%s' is a response: it has no answer", k->name);
	else if (response != NULL && side.purpose != NULL && !same_exchange(response, side.purpose))
		mean_complain(m, NULL, "a response to '%s' is of %s, not %s", k->name, side.purpose,
			      response);
}

/* What `save` of this element keeps. */
static struct known message_of(struct mean *m, const struct element_node *n)
{
	struct known k = { .kind = KNOWN_MESSAGE,
			   .ours = n->element == EL_SEND || n->element == EL_EXCHANGE };
	const struct known *again =
		attr_find(n, AT_AGAIN) != NULL
			? mean_known(m, arena_printf(m->scratch, "%.*s",
						     (int)strcspn(attr_text(n, AT_AGAIN), "."),
						     attr_text(n, AT_AGAIN)))
			: NULL;
	if (again != NULL && again->kind == KNOWN_MESSAGE)
		return side_of(again, attr_text(n, AT_AGAIN));
	k.request = attr_find(n, AT_REQUEST) != NULL;
	k.both = n->element == EL_EXCHANGE || n->element == EL_ANSWER;
	k.purpose = settled_or(m, n, k.request ? AT_REQUEST : AT_RESPONSE);
	k.message = attr_find(n, AT_ESP) != NULL  ? MESSAGE_ESP
		    : attr_find(n, AT_IP) != NULL ? MESSAGE_IP
		    : attr_find(n, AT_OCTETS) != NULL || attr_find(n, AT_ICMP) != NULL
			    ? MESSAGE_RAW
			    : MESSAGE_IKE;
	return k;
}

/* `new` of a message that makes an SA. */
static void learn_new(struct mean *m, const struct element_node *n)
{
	static const char *const makes_ike[] = { "IKE_SA_INIT", "rekey-ike", "IKE_SESSION_RESUME" };
	static const char *const makes_child[] = { "IKE_AUTH", "CREATE_CHILD_SA", "new-child",
						   "rekey-child" };
	const char *name = attr_text(n, AT_NEW);
	if (name == NULL)
		return;
	const char *message =
		settled_or(m, n, attr_find(n, AT_REQUEST) != NULL ? AT_REQUEST : AT_RESPONSE);
	struct known k = { .kind = KNOWN_CHILD };
	bool makes = message == NULL;
	for (size_t i = 0; message != NULL && i < ARRAY_LEN(makes_ike); i++)
		if (strcmp(makes_ike[i], message) == 0) {
			k.kind = KNOWN_IKE;
			makes = true;
		}
	for (size_t i = 0; message != NULL && i < ARRAY_LEN(makes_child); i++)
		makes = makes || strcmp(makes_child[i], message) == 0;
	if (!makes)
		mean_complain(m, NULL, "%s makes no SA that 'new' could name", message);
	else
		mean_learn(m, name, &k);
}

static void check_paths(struct mean *m, const struct element_node *n, enum attribute name)
{
	const char *text = settled_or(m, n, name);
	struct field f;
	if (text == NULL)
		return;
	for (const char *at = text, *path; (path = word_next(m->scratch, &at)) != NULL;) {
		struct why why;
		if (!path_possible(MESSAGE_IKE, path, &f, m->scratch, &why))
			mean_complain(m, attr_text(n, name), "%s", why.text);
	}
}

/* A word of one list in another. */
static bool holds_word(struct mean *m, const char *list, const char *word)
{
	for (const char *at = list, *other; (other = word_next(m->scratch, &at)) != NULL;)
		if (strcmp(other, word) == 0)
			return true;
	return false;
}

static void check_with_without(struct mean *m, const struct element_node *n)
{
	const char *with = settled_or(m, n, AT_WITH), *without = settled_or(m, n, AT_WITHOUT);
	check_paths(m, n, AT_WITH);
	check_paths(m, n, AT_WITHOUT);
	if (with == NULL || without == NULL)
		return;
	for (const char *word; (word = word_next(m->scratch, &with)) != NULL;)
		if (holds_word(m, without, word))
			mean_complain(m, NULL, "no message is both with and without %s", word);
}

static void check_presence(struct mean *m, const struct element_node *n)
{
	for (size_t i = 0; i < n->child_count; i++)
		for (size_t k = 0; k < n->child_count; k++) {
			const struct element_node *a = &n->children[i], *b = &n->children[k];
			if (a->element != EL_PRESENT || b->element != EL_ABSENT)
				continue;
			const char *x = attr_text(a, AT_PART), *y = attr_text(b, AT_PART);
			if (x != NULL && y != NULL && strcmp(x, y) == 0)
				complain(m->l, b->file, b->line,
					 "'%s' cannot be both present and absent", x);
		}
}

static void visit_message(struct mean *m, const struct element_node *n)
{
	struct known message = message_of(m, n);
	const char *save = attr_text(n, AT_SAVE);
	check_again(m, n);
	check_answers(m, n);
	check_with_without(m, n);
	mean_named(m, AT_IKE, KNOWN_IKE);
	mean_named(m, AT_CHILD, KNOWN_CHILD);
	learn_new(m, n);
	if (save != NULL)
		mean_learn(m, save, &message);
	check_presence(m, n);
	for (size_t i = 0; i < n->child_count; i++) {
		if (element_is_edit(n->children[i].element))
			mean_edit(m, &n->children[i], message.message);
		else
			mean_judgement(m, &n->children[i], message.message);
	}
	m->at = n;
}

/* ------------------------------------------------------------ other steps */

static void visit_establish(struct mean *m, const struct element_node *n)
{
	const char *until = settled_or(m, n, AT_UNTIL);
	const char *ike = attr_text(n, AT_IKE), *child = attr_text(n, AT_CHILD);
	struct field f;
	if (ike != NULL)
		mean_learn(m, ike, &(struct known){ .kind = KNOWN_IKE });
	if (child != NULL)
		mean_learn(m, child, &(struct known){ .kind = KNOWN_CHILD });
	if (until != NULL && !words_have(&message_words, until))
		mean_path(m, until, MESSAGE_IKE, &f);
}

static void visit_sas(struct mean *m, const struct element_node *n)
{
	(void)n;
	mean_named(m, AT_IKE, KNOWN_IKE);
	mean_named(m, AT_CHILD, KNOWN_CHILD);
}

static void visit_load(struct mean *m, const struct element_node *n)
{
	const char *name = attr_text(n, AT_NAME);
	visit_sas(m, n);
	if (name != NULL)
		mean_learn(m, name, &(struct known){ .kind = KNOWN_LOAD });
}

static void visit_stop(struct mean *m, const struct element_node *n)
{
	(void)n;
	mean_named(m, AT_LOAD, KNOWN_LOAD);
}

static void visit_repeat(struct mean *m, const struct element_node *n)
{
	mean_steps(m, n->children, n->child_count);
}

static void visit_include(struct mean *m, const struct element_node *n)
{
	if (m->depth > INCLUDE_DEPTH_MAX)
		return;
	m->frames[m->depth++] = n;
	mean_steps(m, n->children, n->child_count);
	m->depth--;
}

/* ------------------------------------------------------------ any-of */

static const struct element_node *first_step(const struct element_node *n)
{
	for (unsigned depth = 0; depth < INCLUDE_DEPTH_MAX && n->child_count > 0; depth++) {
		n = &n->children[0];
		if (n->element != EL_INCLUDE)
			return n;
	}
	return NULL;
}

static void visit_case(struct mean *m, const struct element_node *n)
{
	const struct element_node *first = first_step(n);
	if (first != NULL && first->element != EL_EXPECT && first->element != EL_EXPECT_NOTHING &&
	    first->element != EL_EXPECT_REFUSAL && first->element != EL_ANSWER)
		complain(m->l, n->file, n->line,
			 "a <case> begins with an <expect...> or <answer>, not with <%s>",
			 element_name(first->element));
	mean_steps(m, n->children, n->child_count);
}

static void check_wanted(struct mean *m, const struct element_node *n)
{
	const char *wanted = settled_or(m, n, AT_WANTED), *names[64];
	size_t count = 0;
	for (size_t i = 0; i < n->child_count && count < ARRAY_LEN(names); i++) {
		const char *when = attr_text(&n->children[i], AT_WHEN);
		if (when == NULL)
			continue;
		for (size_t k = 0; k < count; k++)
			if (strcmp(names[k], when) == 0)
				complain(m->l, n->children[i].file, n->children[i].line,
					 "a second case '%s'", when);
		names[count++] = when;
	}
	for (size_t i = 0; wanted != NULL && i < count; i++)
		if (strcmp(names[i], wanted) == 0)
			return;
	if (wanted != NULL)
		mean_complain(m, attr_text(n, AT_WANTED), "no case is '%.60s'%s", wanted,
			      did_you_mean(m->l, wanted, names, count));
}

static void visit_any_of(struct mean *m, const struct element_node *n)
{
	check_wanted(m, n);
	for (size_t i = 0; i < n->child_count; i++)
		visit_case(m, &n->children[i]);
}

/* ------------------------------------------------------------ the walk */

static void visit_network(struct mean *m, const struct element_node *n)
{
	const char *nat = settled_or(m, n, AT_NAT), *address = settled_or(m, n, AT_ADDRESS);
	struct address a;
	if (nat != NULL && strcmp(nat, "no") != 0 && !address_parse(nat, &a))
		mean_complain(m, attr_text(n, AT_NAT), "'%.60s' is no address", nat);
	if (address != NULL && strcmp(address, "1") != 0 && strcmp(address, "2") != 0 &&
	    !address_parse(address, &a))
		mean_complain(m, attr_text(n, AT_ADDRESS), "'%.60s' is no address, and not 1 or 2",
			      address);
}

static void (*const visits[EL_COUNT])(struct mean *m, const struct element_node *n) = {
	[EL_SEND] = visit_message,           [EL_EXPECT] = visit_message,
	[EL_EXPECT_NOTHING] = visit_message, [EL_EXPECT_REFUSAL] = visit_message,
	[EL_EXCHANGE] = visit_message,       [EL_ANSWER] = visit_message,
	[EL_ESTABLISH] = visit_establish,    [EL_WORKS] = visit_sas,
	[EL_GONE] = visit_sas,               [EL_TARGET] = visit_sas,
	[EL_NETWORK] = visit_network,        [EL_LOAD] = visit_load,
	[EL_STOP] = visit_stop,              [EL_CHECK] = mean_check_step,
	[EL_ANY_OF] = visit_any_of,          [EL_REPEAT] = visit_repeat,
	[EL_INCLUDE] = visit_include,
};

static void visit(struct mean *m, const struct element_node *n)
{
	m->at = n;
	if (++m->visits > VISITS_MAX) {
		if (m->visits == VISITS_MAX + 1)
			mean_complain(m, NULL, "with its includes the scenario has too many steps");
		return;
	}
	if (n->element != EL_CHECK) {
		for (size_t i = 0; i < n->attr_count; i++)
			if (n->attrs[i].name != AT_NOTE)
				mean_references(m, n->attrs[i].text);
		mean_rules(m, n, false);
		mean_judges(m, n);
		mean_named(m, AT_BY, KNOWN_TESTER);
	}
	if (visits[n->element] != NULL)
		visits[n->element](m, n);
}

void mean_steps(struct mean *m, const struct element_node *steps, size_t count)
{
	for (size_t i = 0; i < count && m->visits <= VISITS_MAX; i++)
		visit(m, &steps[i]);
}
