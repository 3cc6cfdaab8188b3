#include <stdio.h>
#include <stdlib.h>

#include "build.h"
#include "expr.h"

#define COMMAND_LIMIT (25 * USEC_S)

struct build {
	struct library *l;
	const char *file;
	xmlNode *root;
	struct profile *p;
	const struct profile *base;     /* or NULL */
};

static uint16_t port_of(const char *text, uint16_t otherwise)
{
	return text != NULL ? (uint16_t)strtoul(text, NULL, 10) : otherwise;
}

static void build_time(struct build *b, const char *name, usec otherwise, usec *out)
{
	xmlNode *n = dom_child(b->root, "timing");
	const char *text = n != NULL ? dom_attr(b->l, n, name) : NULL;
	if (b->base == NULL)
		*out = otherwise;
	if (text != NULL && !usec_parse(text, out) && !told(b->l, b->file, dom_line(n)))
		complain(b->l, b->file, dom_line(n), "<timing %s>: '%s' is no time", name, text);
}

static bool build_testers(struct build *b, size_t count)
{
	struct profile *p = b->p;
	p->testers = build_array(b->l, b->file, count, sizeof(*p->testers));
	p->nats = build_array(b->l, b->file, count, sizeof(*p->nats));
	p->tester_ports = build_array(b->l, b->file, count, sizeof(*p->tester_ports));
	p->tester_count = 0;
	if (p->testers == NULL || p->nats == NULL || p->tester_ports == NULL)
		return false;
	for (xmlNode *n = dom_child(b->root, "tester"); n != NULL; n = dom_next(n, "tester")) {
		p->nats[p->tester_count] = dom_attr(b->l, n, "nat");
		p->tester_ports[p->tester_count] = (struct profile_ports){
			port_of(dom_attr(b->l, n, "port"), 500),
			port_of(dom_attr(b->l, n, "nat-port"), 4500),
		};
		p->testers[p->tester_count++] = dom_attr(b->l, n, "address");
	}
	return true;
}

static bool build_addresses(struct build *b)
{
	struct profile *p = b->p;
	size_t count = dom_count(b->root, "tester");
	xmlNode *target = dom_child(b->root, "target");
	if (b->base == NULL && (target == NULL || count == 0))
		return complain(b->l, b->file, dom_line(b->root),
				"a profile without a base needs <target> and <tester>");
	if (target != NULL) {
		p->address = dom_attr(b->l, target, "address");
		p->address6 = dom_attr(b->l, target, "address6");
		p->second = dom_attr(b->l, target, "second");
		p->port = port_of(dom_attr(b->l, target, "port"), 500);
		p->nat_port = port_of(dom_attr(b->l, target, "nat-port"), 4500);
	}
	return count == 0 || build_testers(b, count);
}

static usec command_limit(struct build *b, xmlNode *n)
{
	const char *text = dom_attr(b->l, n, "within");
	usec t = COMMAND_LIMIT;
	return text != NULL && usec_parse(text, &t) ? t : COMMAND_LIMIT;
}

static bool build_driver(struct build *b)
{
	struct profile *p = b->p;
	xmlNode *driver = dom_child(b->root, "driver");
	if (driver == NULL)
		return true;
	p->command_count = 0;
	p->driver = dom_attr(b->l, driver, "kind");
	p->driver_config = dom_attr(b->l, driver, "config");
	p->standing = dom_attr(b->l, driver, "standing");
	p->commands =
		build_array(b->l, b->file, dom_count(driver, "command"), sizeof(*p->commands));
	if (p->commands == NULL)
		return false;
	for (xmlNode *n = dom_child(driver, "command"); n != NULL; n = dom_next(n, "command"))
		p->commands[p->command_count++] = (struct profile_command){
			dom_attr(b->l, n, "do"), dom_text(b->l, n), command_limit(b, n),
			dom_line(n),
		};
	return true;
}

static const char **build_suites(struct build *b, xmlNode *n, const char *name, size_t *count)
{
	const char **out = build_array(b->l, b->file, dom_count(n, name), sizeof(*out));
	for (xmlNode *s = dom_child(n, name); out != NULL && s != NULL; s = dom_next(s, name)) {
		const char *suite = dom_attr(b->l, s, "suite");
		if (suite != NULL)
			out[(*count)++] = suite;
	}
	return out;
}

static void build_end(struct build *b, xmlNode *connection, const char *name,
		      struct profile_end *end)
{
	xmlNode *n = dom_child(connection, name);
	if (n == NULL)
		return;
	end->auth = dom_attr(b->l, n, "auth");
	end->identity = dom_attr(b->l, n, "identity");
	end->secret = dom_attr(b->l, n, "secret");
	end->certificate = dom_attr(b->l, n, "certificate");
	end->signature = dom_attr(b->l, n, "signature");
	end->hashes = dom_attr(b->l, n, "hashes");
	end->selectors = dom_attr(b->l, n, "selectors");
	end->inner = dom_attr(b->l, n, "inner");
	end->asks = dom_attr(b->l, n, "asks");
	end->pool = dom_attr(b->l, n, "pool");
	end->dns = dom_attr(b->l, n, "dns");
	end->refuses = dom_attr(b->l, n, "refuses");
	end->line = dom_line(n);
}

/* Where a connection of that name goes: over that of the base, or at the end. */
static struct profile_connection *connection_place(struct profile *p, const char *name)
{
	size_t i = 0;
	while (i < p->connection_count && name != NULL &&
	       strcmp(p->connections[i].name, name) != 0)
		i++;
	if (i == p->connection_count || name == NULL)
		i = p->connection_count++;
	p->connections[i] = (struct profile_connection){ .name = name };
	return &p->connections[i];
}

static bool build_connections(struct build *b)
{
	struct profile *p = b->p;
	size_t inherited = p->connection_count;
	struct profile_connection *of_base = p->connections;
	p->connections = build_array(b->l, b->file,
				     inherited + dom_count(b->root, "connection"),
				     sizeof(*p->connections));
	if (p->connections == NULL)
		return false;
	for (size_t i = 0; i < inherited; i++)
		p->connections[i] = of_base[i];
	for (xmlNode *n = dom_child(b->root, "connection"); n != NULL;
	     n = dom_next(n, "connection")) {
		struct profile_connection *c = connection_place(p, dom_attr(b->l, n, "name"));
		const char *mode = dom_attr(b->l, n, "mode");
		c->mode = mode != NULL ? mode : "tunnel";
		const char *mobike = dom_attr(b->l, n, "mobike");
		c->mobike = mobike != NULL && strcmp(mobike, "yes") == 0;
		c->policy = dom_attr(b->l, n, "policy");
		c->tfc = port_of(dom_attr(b->l, n, "tfc"), 0);
		c->line = dom_line(n);
		c->ike_suites = build_suites(b, n, "ike", &c->ike_count);
		c->esp_suites = build_suites(b, n, "esp", &c->esp_count);
		build_end(b, n, "tester", &c->tester);
		build_end(b, n, "target", &c->target);
		if (c->ike_suites == NULL || c->esp_suites == NULL)
			return false;
	}
	return true;
}

static void feature_put(struct build *b, xmlNode *n)
{
	struct profile *p = b->p;
	const char *name = dom_attr(b->l, n, "name"), *absent = dom_attr(b->l, n, "absent");
	const char *reason = dom_attr(b->l, n, "reason");
	size_t i = 0;
	if (reason != NULL && (absent == NULL || strcmp(absent, "yes") != 0))
		complain(b->l, b->file, dom_line(n), "a reason is for what is absent");
	while (i < p->feature_count && name != NULL && p->features[i].name != NULL &&
	       strcmp(p->features[i].name, name) != 0)
		i++;
	if (absent != NULL && strcmp(absent, "yes") == 0 && reason == NULL) {
		if (i < p->feature_count)
			p->features[i] = p->features[--p->feature_count];
		else
			complain(b->l, b->file, dom_line(n), "the base has no feature '%s'", name);
		return;
	}
	if (i == p->feature_count)
		p->feature_count++;
	p->features[i] = (struct profile_feature){ name, dom_attr(b->l, n, "value"), dom_line(n), reason };
}

/* Those of the profile itself go before those of its base. */
static bool build_certificates(struct build *b)
{
	struct profile *p = b->p;
	xmlNode *authority = dom_child(b->root, "authority");
	struct profile_certificate *of_base = p->certificates;
	size_t more = p->certificate_count;
	p->certificate_count = 0;
	p->certificates = build_array(b->l, b->file, dom_count(b->root, "certificate") + more,
				      sizeof(*p->certificates));
	if (p->certificates == NULL)
		return false;
	for (xmlNode *n = dom_child(b->root, "certificate"); n != NULL; n = dom_next(n, "certificate"))
		p->certificates[p->certificate_count++] = (struct profile_certificate){
			dom_attr(b->l, n, "name"), dom_attr(b->l, n, "chain"), dom_attr(b->l, n, "key"),
			dom_line(n),
		};
	for (size_t i = 0; i < more; i++)
		p->certificates[p->certificate_count++] = of_base[i];
	if (authority == NULL)
		return true;
	p->authority_certificate = dom_attr(b->l, authority, "certificate");
	p->authority_crl = dom_attr(b->l, authority, "crl");
	return true;
}

static bool build_features(struct build *b)
{
	struct profile *p = b->p;
	size_t inherited = p->feature_count;
	struct profile_feature *of_base = p->features;
	p->features = build_array(b->l, b->file, inherited + dom_count(b->root, "feature"),
				  sizeof(*p->features));
	if (p->features == NULL)
		return false;
	for (size_t i = 0; i < inherited; i++)
		p->features[i] = of_base[i];
	for (xmlNode *n = dom_child(b->root, "feature"); n != NULL; n = dom_next(n, "feature"))
		feature_put(b, n);
	return true;
}

/* The profile as text for the log: secrets that stand in it in clear are left out. */
static const char *without_secrets(struct library *l, struct bytes text)
{
	static const char *const marks[] = { "secret=", "ppk=" };
	char *out = arena_printf(l->arena, "%.*s", (int)text.len, (const char *)text.at);
	for (size_t i = 0; out != NULL && i < ARRAY_LEN(marks); i++)
		for (char *at = out; (at = strstr(at, marks[i])) != NULL;) {
			at += strlen(marks[i]);
			char quote = *at;
			if (quote != '"' && quote != '\'')
				continue;
			for (at++; *at != '\0' && *at != quote; at++)
				*at = '*';
		}
	return out;
}

/* Begins with all that its base says. */
static bool build_base(struct build *b)
{
	const char *name = dom_attr(b->l, b->root, "base");
	if (name == NULL)
		return true;
	b->base = profile_needed(b->l, name);
	if (b->base == NULL)
		return complain(b->l, b->file, dom_line(b->root),
				"there is no profile '%s' to be the base", name);
	*b->p = *b->base;
	return true;
}

static bool build_name(struct build *b, struct bytes text)
{
	struct profile *p = b->p;
	const char *own = without_secrets(b->l, text), *title = dom_child_text(b->l, b->root, "title");
	const char *version = dom_attr(b->l, b->root, "version");
	p->id = dom_attr(b->l, b->root, "id");
	p->title = title;
	p->file = b->file;
	p->source = b->base != NULL ? arena_printf(b->l->arena, "%s\n%s", b->base->source, own) : own;
	if (version != NULL)
		p->version = version;
	return p->id != NULL && p->source != NULL;
}

bool build_profile(struct library *l, const char *file, struct bytes text, struct _xmlNode *root)
{
	struct build b = { l, file, root, arena_new_of(l->arena, struct profile), NULL };
	size_t before = l->complaints.count;
	if (b.p == NULL)
		return complain(l, file, 0, "no memory");
	if (!build_base(&b) || !build_name(&b, text))
		return false;
	build_time(&b, "answer", 5 * USEC_S, &b.p->answer);
	build_time(&b, "silence", 3 * USEC_S, &b.p->silence);
	build_time(&b, "settle", 200 * USEC_MS, &b.p->settle);
	build_time(&b, "restart", 30 * USEC_S, &b.p->restart);
	if (!build_addresses(&b) || !build_driver(&b) || !build_certificates(&b) ||
	    !build_connections(&b) || !build_features(&b))
		return false;
	if (b.p->connection_count == 0)
		complain(l, file, dom_line(root), "a profile needs a connection");
	const struct profile *other = library_profile(l, b.p->id);
	if (other != NULL)
		complain(l, file, dom_line(root), "the profile '%s' is also defined in %s", b.p->id,
			 other->file);
	mean_profile(l, b.p);
	return l->complaints.count == before && list_add(l->arena, &l->profiles, b.p);
}

/* ------------------------------------------------------------ features */

static const struct profile_feature *feature_find(const struct profile *p, const char *name)
{
	for (size_t i = 0; i < p->feature_count; i++)
		if (p->features[i].name != NULL && strcmp(p->features[i].name, name) == 0)
			return &p->features[i];
	return NULL;
}

const char *profile_feature(const struct profile *p, const char *name)
{
	const struct profile_feature *f = feature_find(p, name);
	if (f == NULL || f->lacks != NULL)
		return NULL;
	return f->value != NULL ? f->value : "";
}

const char *profile_lacks(const struct profile *p, const char *name)
{
	const struct profile_feature *f = feature_find(p, name);
	return f != NULL ? f->lacks : NULL;
}

/* '_' of a reference stands for '-' of the feature. */
static const char *feature_of(const struct profile *p, const char *from, size_t len)
{
	char name[80];
	if (len >= sizeof(name))
		return NULL;
	for (size_t i = 0; i < len; i++)
		name[i] = from[i] == '_' ? '-' : from[i];
	name[len] = '\0';
	if (strcmp(name, "address") == 0)
		return p->address;
	return profile_feature(p, name);
}

/* Without a feature of that name the suites are those of the first connection. */
static const char *suites_of(const struct profile *p, struct arena *a, const char *from, size_t len)
{
	const struct profile_connection *c = p->connection_count > 0 ? &p->connections[0] : NULL;
	bool ike = len == 10 && memcmp(from, "ike_suites", 10) == 0;
	const char *text = "";
	if (c == NULL || (!ike && (len != 10 || memcmp(from, "esp_suites", 10) != 0)))
		return NULL;
	for (size_t i = 0; text != NULL && i < (ike ? c->ike_count : c->esp_count); i++)
		text = arena_printf(a, "%s %s", text, ike ? c->ike_suites[i] : c->esp_suites[i]);
	return text;
}

/* A word or expression of a feature as a value: times, numbers and addresses as such, else text. */
static struct value value_of_word(struct arena *a, const char *text)
{
	struct value v = { .kind = VALUE_TEXT, .text = text };
	struct value number;
	struct scope scope = { .names = NULL };
	const struct expr *e = expr_parse(a, text, NULL);
	if (e == NULL || !expr_constant(e) || !expr_eval(e, &scope, a, &number, NULL))
		return v;
	return number.kind == VALUE_TEXT || number.text != NULL ? v : number;
}

static bool element_number(const char *text, size_t *out)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);
	*out = n;
	return text[0] >= '1' && text[0] <= '9' && strcmp(end, "]") == 0;
}

bool profile_lookup(const struct profile *p, const char *reference, struct arena *a,
		    struct value *out, struct why *why)
{
	if (strncmp(reference, "target.", 7) != 0)
		return why_set(why, "'%s' is not the target's", reference);
	const char *name = reference + 7;
	size_t len = strcspn(name, "["), wanted = 0, count = 0;
	const char *text = feature_of(p, name, len);
	if (text == NULL)
		text = suites_of(p, a, name, len);
	if (text == NULL)
		return why_set(why, "the profile '%s' has no feature '%.*s'", p->id, (int)len,
			       name);
	if (name[len] == '[' && !element_number(name + len + 1, &wanted))
		return why_set(why, "'%s': elements count from 1", reference);
	struct value *items = arena_array(a, strlen(text) / 2 + 1, sizeof(*items));
	for (const char *at = text, *word; items != NULL && (word = word_next(a, &at)) != NULL;)
		items[count++] = value_of_word(a, word);
	if (items == NULL)
		return why_set(why, "no memory");
	if (wanted > count)
		return why_set(why, "'%.*s' of the profile '%s' has only %zu elements", (int)len,
			       name, p->id, count);
	*out = wanted > 0 ? items[wanted - 1] : count == 1 ? items[0] :
		(struct value){ .kind = VALUE_LIST, .items = items, .count = count };
	return true;
}
