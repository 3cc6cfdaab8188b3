/* Which attributes go together, and what their words may be. */
#include <limits.h>
#include <stdio.h>

#include "base/crypto.h"
#include "expr.h"
#include "grammar.h"
#include "mean.h"

#define NONE AT_COUNT

/* So many of these attributes must be there. */
static const struct {
	enum element element;
	unsigned least, most;
	enum attribute of[12];
} choices[] = {
	{ EL_SEND, 1, 1, { AT_REQUEST, AT_RESPONSE, AT_ESP, AT_IP, AT_ICMP, AT_OCTETS, AT_AGAIN, NONE } },
	{ EL_EXPECT, 1, 1, { AT_REQUEST, AT_RESPONSE, AT_ESP, AT_IP, AT_AGAIN, NONE } },
	{ EL_EXPECT_NOTHING, 0, 1, { AT_REQUEST, AT_RESPONSE, AT_ESP, AT_IP, AT_AGAIN, NONE } },
	{ EL_LOAD, 1, 1, { AT_ESP, AT_REQUEST, NONE } },
	{ EL_WORKS, 0, 1, { AT_IKE, AT_CHILD, NONE } },
	{ EL_GONE, 0, 1, { AT_IKE, AT_CHILD, NONE } },
	{ EL_NETWORK, 1, 12, { AT_ADDRESS, AT_NAT, AT_MTU, AT_DELAY, AT_JITTER, AT_LOSS, AT_CORRUPT, AT_DUPLICATE,
			       AT_REORDER, AT_DROP_IP_FRAGMENTS, AT_DOWN, NONE } },
	{ EL_CORRUPT, 1, 1, { AT_FIELD, AT_OCTET, NONE } },
	{ EL_TRUNCATE, 1, 1, { AT_BY, AT_TO, NONE } },
	{ EL_MOVE, 1, 1, { AT_BEFORE, AT_AFTER, NONE } },
	{ EL_ADD, 0, 1, { AT_BEFORE, AT_AFTER, NONE } },
	{ EL_CHECK, 1, 7, { AT_IS, AT_IS_NOT, AT_ONE_OF, AT_MIN, AT_MAX, AT_SUBSET_OF, AT_COVERS, NONE } },
};

/* The first attribute makes sense only with one of the others. */
static const struct {
	enum element element;
	enum attribute attribute;
	enum attribute with[4];
} companions[] = {
	{ EL_SEND, AT_SEQ,       { AT_ESP, NONE } },
	{ EL_SEND, AT_SIZE,      { AT_ESP, AT_IP, NONE } },
	{ EL_SEND, AT_NOTIFY,    { AT_REQUEST, AT_RESPONSE, NONE } },
	{ EL_SEND, AT_PROPOSE,   { AT_REQUEST, AT_RESPONSE, NONE } },
	{ EL_SEND, AT_FRAGMENTS, { AT_REQUEST, AT_RESPONSE, NONE } },
	{ EL_SEND, AT_ORDER,     { AT_FRAGMENTS, AT_AGAIN, NONE } },
	{ EL_SEND, AT_PROTECT,   { AT_REQUEST, AT_RESPONSE, NONE } },
	{ EL_SEND, AT_NEW,       { AT_REQUEST, AT_RESPONSE, NONE } },
	{ EL_SEND, AT_ANSWERS,   { AT_RESPONSE, AT_ICMP, NONE } },
	{ EL_SEND, AT_ICMP,      { AT_ANSWERS, NONE } },
	{ EL_EXCHANGE, AT_ORDER, { AT_FRAGMENTS, NONE } },
	{ EL_ANSWER, AT_ORDER,   { AT_FRAGMENTS, NONE } },
	{ EL_EXPECT, AT_ANSWERS, { AT_RESPONSE, NONE } },
	{ EL_EXPECT, AT_NEW,     { AT_REQUEST, AT_RESPONSE, NONE } },
	{ EL_EXPECT, AT_WITH,    { AT_REQUEST, AT_RESPONSE, NONE } },
	{ EL_EXPECT, AT_WITHOUT, { AT_REQUEST, AT_RESPONSE, NONE } },
	{ EL_CORRUPT, AT_BIT,    { AT_FIELD, AT_OCTET, NONE } },
};

/* "request, response or esp" */
static const char *list_text(const enum attribute *of, char *text, size_t cap)
{
	size_t len = 0;
	text[0] = '\0';
	for (size_t i = 0; of[i] != NONE && len < cap; i++) {
		const char *gap = i == 0 ? "" : of[i + 1] == NONE ? " or " : ", ";
		len += (size_t)snprintf(text + len, cap - len, "%s%s", gap, attribute_name(of[i]));
	}
	return text;
}

static unsigned count_of(const struct element_node *n, const enum attribute *of)
{
	unsigned count = 0;
	for (size_t i = 0; of[i] != NONE; i++)
		count += attr_find(n, of[i]) != NULL;
	return count;
}

static void check_choices(struct mean *m, const struct element_node *n)
{
	char text[160];
	for (size_t i = 0; i < ARRAY_LEN(choices); i++) {
		if (choices[i].element != n->element)
			continue;
		unsigned count = count_of(n, choices[i].of);
		if (count >= choices[i].least && count <= choices[i].most)
			continue;
		list_text(choices[i].of, text, sizeof(text));
		mean_complain(m, NULL, "<%s> needs %s of %s%s", element_name(n->element),
			      choices[i].least == 0  ? "at most one"
			      : choices[i].most == 1 ? "exactly one"
						     : "at least one",
			      text, count > 1 ? ", and has several" : "");
	}
}

static void check_companions(struct mean *m, const struct element_node *n)
{
	char text[160];
	for (size_t i = 0; i < ARRAY_LEN(companions); i++)
		if (companions[i].element == n->element &&
		    attr_find(n, companions[i].attribute) != NULL &&
		    count_of(n, companions[i].with) == 0)
			mean_complain(m, NULL, "<%s %s> makes sense only with %s",
				      element_name(n->element),
				      attribute_name(companions[i].attribute),
				      list_text(companions[i].with, text, sizeof(text)));
}

/* ------------------------------------------------------------ words */

static bool is_number(const char *word)
{
	return word[0] >= '0' && word[0] <= '9';
}

static void check_notify(struct mean *m, const struct element_node *n)
{
	const char *text = attr_text(n, AT_NOTIFY), *words;
	const char *names[512];
	size_t count = 0;
	if (text == NULL || settle_text(m, text, &words) != SETTLED)
		return;
	for (const char *at = words, *word; (word = word_next(m->scratch, &at)) != NULL; count++) {
		uint32_t value;
		if (is_number(word) || names_value(&names_notify, word, &value))
			continue;
		size_t k = 0;
		for (; k < names_notify.count && k < ARRAY_LEN(names); k++)
			names[k] = names_notify.rows[k].text;
		mean_complain(m, text, "'%.60s' is no notify%s", word,
			      did_you_mean(m->l, word, names, k));
	}
	if (count != 1 && n->element != EL_EXPECT_REFUSAL)
		mean_complain(m, text, "<%s notify> takes one notify", element_name(n->element));
}

static bool suite_known(const char *word, bool ike, bool esp, struct why *why)
{
	struct suite suite;
	uint64_t group;
	if ((ike && suite_parse(word, false, &suite, why)) ||
	    (esp && suite_parse(word, true, &suite, why)))
		return true;
	return strchr(word, '-') == NULL && word_number(&names_ke, word, &group);
}

static void check_suites(struct mean *m, const struct attr *a, bool ike, bool esp)
{
	const char *words;
	if (a == NULL || settle_text(m, a->text, &words) != SETTLED)
		return;
	for (const char *at = words, *word; (word = word_next(m->scratch, &at)) != NULL;) {
		struct why why = { .text = "" };
		if (!suite_known(word, ike, esp, &why))
			mean_complain(m, a->text, "%s", why.text);
	}
}

static bool says(const char *text, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(words[i], text) == 0)
			return true;
	return false;
}

/* Are these the suites of IKE, of ESP, or can it be either? */
static void check_propose(struct mean *m, const struct element_node *n)
{
	static const char *const ikes[] = { "IKE_SA_INIT", "rekey-ike" };
	static const char *const esps[] = { "IKE_AUTH", "new-child", "rekey-child" };
	const char *name = attr_text(n, AT_REQUEST);
	if (name == NULL)
		name = attr_text(n, AT_RESPONSE);
	bool ike =
		n->element == EL_ESTABLISH || (name != NULL && says(name, ikes, ARRAY_LEN(ikes)));
	bool esp = n->element != EL_ESTABLISH && name != NULL && says(name, esps, ARRAY_LEN(esps));
	check_suites(m, attr_find(n, AT_PROPOSE), ike || !esp, esp || !ike);
	check_suites(m, attr_find(n, AT_PROPOSE_CHILD), false, true);
}

/* The datagrams that go out are among the fragments there are. */
static void check_order(struct mean *m, const struct element_node *n)
{
	const struct attr *fragments = attr_find(n, AT_FRAGMENTS), *order = attr_find(n, AT_ORDER);
	uint64_t most = UINT16_MAX;
	const char *words;
	if (fragments != NULL && settle_number(m, fragments, &most) == SETTLED &&
	    (most == 0 || most > 64))
		mean_complain(m, fragments->text, "a message is cut into 1 to 64 fragments");
	if (order == NULL || settle_text(m, order->text, &words) != SETTLED)
		return;
	for (const char *at = words, *word; (word = word_next(m->scratch, &at)) != NULL;) {
		unsigned long index = 0;
		if (sscanf(word, "%5lu", &index) != 1 || index == 0)
			mean_complain(
				m, order->text,
				"<%s order>: numbers of fragments from 1 are wanted, not '%.20s'",
				element_name(n->element), word);
		else if (fragments != NULL && index > most)
			mean_complain(m, order->text, "there is no fragment %lu of %llu", index,
				      (unsigned long long)most);
		else
			continue;
		return;
	}
}

static void check_times(struct mean *m, const struct element_node *n)
{
	const char *text = attr_text(n, AT_TIMES), *settled;
	unsigned least, most;
	if (text == NULL || settle_text(m, text, &settled) != SETTLED)
		return;
	if (!count_parse(settled, &least, &most) || least > most)
		mean_complain(m, text, "'%.60s' is no count; it looks like 3, 0..5 or 2..",
			      settled);
	else if (most == 0)
		mean_complain(m, text, "<%s> no times at all%s", element_name(n->element),
			      n->element == EL_EXPECT ? "; <expect-nothing> says that" : "");
	else if (least != most && n->element != EL_EXPECT && n->element != EL_ANSWER)
		mean_complain(m, text, "<%s times> takes one number", element_name(n->element));
}

static void check_shares(struct mean *m, const struct element_node *n)
{
	static const enum attribute shares[] = { AT_LOSS, AT_CORRUPT, AT_DUPLICATE, AT_REORDER };
	struct value v;
	wide w;
	for (size_t i = 0; i < ARRAY_LEN(shares); i++) {
		const struct attr *a = attr_find(n, shares[i]);
		if (a == NULL || settle_value(m, a, NULL, &v) != SETTLED)
			continue;
		if (v.kind != VALUE_NUMBER || !value_wide(&v, &w) || w < 0 || w > 1000000)
			mean_complain(m, a->text, "<network %s> is a share from 0%% to 100%%",
				      attribute_name(a->name));
	}
}

static void check_spans(struct mean *m, const struct element_node *n)
{
	static const enum attribute times[] = { AT_WITHIN, AT_FOR, AT_EVERY, AT_DELAY, AT_JITTER };
	static const enum attribute numbers[] = { AT_SEQ, AT_SIZE, AT_MTU, AT_RATE, AT_BIT, AT_BY };
	static const enum attribute values[] = { AT_OCTETS, AT_OCTET, AT_TO };
	usec t;
	uint64_t number;
	struct value v;
	for (size_t i = 0; i < ARRAY_LEN(times); i++) {
		const struct attr *a = attr_find(n, times[i]);
		if (a != NULL && settle_time(m, a, &t) == SETTLED && t == 0 &&
		    times[i] != AT_DELAY && times[i] != AT_JITTER)
			mean_complain(m, a->text, "<%s %s> of no time at all",
				      element_name(n->element), attribute_name(a->name));
	}
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
		const struct attr *a = attr_find(n, numbers[i]);
		if (a != NULL && a->expr != NULL)
			settle_number(m, a, &number);
	}
	for (size_t i = 0; i < ARRAY_LEN(values); i++) {
		const struct attr *a = attr_find(n, values[i]);
		if (a != NULL && a->expr != NULL && n->element != EL_SET)
			settle_value(m, a, NULL, &v);
	}
}

/* IKE_SA_INIT and IKE_AUTH are sent by one end: a scenario for both roles can only establish. */
static void check_roles(struct mean *m, const struct element_node *n)
{
	static const char *const once[] = { "IKE_SA_INIT", "IKE_AUTH" };
	static const enum attribute messages[] = { AT_REQUEST, AT_RESPONSE };
	if (m->s == NULL || m->s->target != ROLE_BOTH || n->element == EL_ESTABLISH)
		return;
	for (size_t i = 0; i < ARRAY_LEN(messages); i++) {
		const char *text = attr_text(n, messages[i]), *name;
		if (text != NULL && settle_text(m, text, &name) == SETTLED &&
		    says(name, once, ARRAY_LEN(once)))
			mean_complain(m, text,
				      "a scenario for both roles cannot name %s; use <establish>, "
				      "or a target "
				      "of one role",
				      name);
	}
}

static void check_message_name(struct mean *m, const struct element_node *n)
{
	static const enum attribute messages[] = { AT_REQUEST, AT_RESPONSE };
	for (size_t i = 0; i < ARRAY_LEN(messages); i++) {
		const char *text = attr_text(n, messages[i]), *name;
		if (text == NULL || !text_has_reference(text) ||
		    settle_text(m, text, &name) != SETTLED)
			continue;
		if (!words_have(&message_words, name))
			mean_complain(
				m, text, "'%.60s' is no message%s", name,
				did_you_mean(m->l, name, message_words.words, message_words.count));
	}
}

/* An edit of our message after a check of theirs would read as if it came later; and the reverse.
 */
static void check_children_order(struct mean *m, const struct element_node *n)
{
	bool edits_first = n->element == EL_EXCHANGE;
	for (size_t i = 1; i < n->child_count; i++) {
		const struct element_node *a = &n->children[i - 1], *b = &n->children[i];
		if (element_is_edit(a->element) == element_is_edit(b->element) ||
		    element_is_edit(a->element) == edits_first)
			continue;
		complain(
			m->l, b->file, b->line, "in <%s> %s", element_name(n->element),
			edits_first
				? "the edits of our request stand before the checks of the response"
				: "the checks of the request stand before the edits of our "
				  "response");
	}
}

void mean_rules(struct mean *m, const struct element_node *n, bool inside_message)
{
	check_choices(m, n);
	check_companions(m, n);
	check_notify(m, n);
	check_propose(m, n);
	check_order(m, n);
	check_times(m, n);
	check_shares(m, n);
	check_spans(m, n);
	check_message_name(m, n);
	check_roles(m, n);
	if (n->element == EL_EXCHANGE || n->element == EL_ANSWER)
		check_children_order(m, n);
	if (n->element != EL_CHECK)
		return;
	if (inside_message && (attr_find(n, AT_FIELD) == NULL || attr_find(n, AT_VALUE) != NULL))
		mean_complain(m, NULL, "<check> inside a message needs a field, and no value");
	if (!inside_message && (attr_find(n, AT_VALUE) == NULL || attr_find(n, AT_FIELD) != NULL))
		mean_complain(m, NULL,
			      "<check> as a step needs a value; a field belongs inside a message");
}
