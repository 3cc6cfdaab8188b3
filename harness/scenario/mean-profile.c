/* Addresses, suites, secrets and features of a profile. */
#include "base/crypto.h"
#include "expr.h"
#include "grammar.h"
#include "ikev2/endpoint.h"
#include "mean.h"
#include "authority/authority.h"
#include "scenario/connect.h"

static void check_address(struct library *l, const struct profile *p, unsigned line,
			  const char *what, const char *text)
{
	struct address a;
	if (text != NULL && !address_parse(text, &a))
		complain(l, p->file, line, "'%.60s' is no address of %s", text, what);
}

static void check_each(struct library *l, const struct profile *p, unsigned line, const char *text,
		       bool range)
{
	for (const char *at = text, *word;
	     at != NULL && (word = word_next(l->arena, &at)) != NULL;) {
		struct traffic_selector s;
		struct address a;
		struct why why;
		if (range ? !selector_parse(word, &s, &why) : !address_parse(word, &a))
			complain(l, p->file, line, range ? "%s" : "'%.60s' is no address",
				 range ? why.text : word);
	}
}

static void check_suites(struct library *l, const struct profile *p, unsigned line,
			 const char *const *suites, size_t count, bool esp)
{
	struct suite suite;
	struct why why;
	for (size_t i = 0; i < count; i++)
		if (!suite_parse(suites[i], esp, &suite, &why))
			complain(l, p->file, line, "%s", why.text);
}

static void check_end(struct library *l, const struct profile *p, const struct profile_end *end)
{
	check_each(l, p, end->line, end->selectors, true);
	check_each(l, p, end->line, end->inner, false);
	check_each(l, p, end->line, end->pool, true);
	check_each(l, p, end->line, end->dns, false);
}

static bool by(const struct profile_end *end, const char *auth)
{
	return end->auth != NULL && strcmp(end->auth, auth) == 0;
}

static bool certificate_known(const struct profile *p, const char *name)
{
	for (size_t i = 0; i < p->certificate_count; i++)
		if (p->certificates[i].name != NULL && strcmp(p->certificates[i].name, name) == 0)
			return true;
	return authority_knows_key(name) || authority_knows_kind(name);
}

static void check_proof(struct library *l, const struct profile *p, const struct profile_end *end)
{
	struct credentials credentials;
	struct why why;
	unsigned hashes;
	if (by(end, "certificate") && end->certificate == NULL)
		complain(l, p->file, end->line, "auth=\"certificate\" needs a certificate");
	for (const char *at = end->certificate, *word;
	     at != NULL && (word = word_next(l->arena, &at)) != NULL;)
		if (!certificate_known(p, word))
			complain(l, p->file, end->line,
				 "there is no certificate '%s' in the profile, and the test authority issues none",
				 word);
	if (!signature_word(end->signature, &credentials, &why))
		complain(l, p->file, end->line, "%s", why.text);
	if (end->hashes != NULL && !hashes_parse(l->arena, end->hashes, &hashes, &why))
		complain(l, p->file, end->line, "%s", why.text);
}

static void check_connection(struct library *l, const struct profile *p,
			     const struct profile_connection *c)
{
	check_suites(l, p, c->line, c->ike_suites, c->ike_count, false);
	check_suites(l, p, c->line, c->esp_suites, c->esp_count, true);
	check_end(l, p, &c->tester);
	check_end(l, p, &c->target);
	check_proof(l, p, &c->tester);
	check_proof(l, p, &c->target);
	if ((by(&c->tester, "psk") || by(&c->target, "psk")) && c->tester.secret == NULL &&
	    c->target.secret == NULL)
		complain(l, p->file, c->line, "auth=\"psk\" needs a secret");
}

static void check_features(struct library *l, const struct profile *p)
{
	const char *hint;
	for (size_t i = 0; i < p->feature_count; i++) {
		const struct profile_feature *f = &p->features[i];
		if (f->name != NULL && !feature_known(l, f->name, &hint))
			complain(l, p->file, f->line,
				 "a target has no feature '%s'%s; one's own begin with 'x-'",
				 f->name, hint);
	}
}

static void check_commands(struct library *l, const struct profile *p)
{
	static const char *const more[] = { "up", "down", "status", "reset", "log" };
	for (size_t i = 0; i < p->command_count; i++) {
		const char *verb = p->commands[i].verb;
		size_t k = 0;
		while (verb != NULL && k < ARRAY_LEN(more) && strcmp(more[k], verb) != 0)
			k++;
		if (verb != NULL && k == ARRAY_LEN(more) && !words_have(&verb_words, verb))
			complain(l, p->file, p->commands[i].line, "there is no command '%s'%s",
				 verb, did_you_mean(l, verb, verb_words.words, verb_words.count));
	}
}

bool mean_profile(struct library *l, const struct profile *p)
{
	size_t before = l->complaints.count;
	check_address(l, p, 0, "the target", p->address);
	check_address(l, p, 0, "the target", p->address6);
	for (size_t i = 0; i < p->tester_count; i++) {
		check_address(l, p, 0, "a tester", p->testers[i]);
		check_address(l, p, 0, "a tester behind a NAT", p->nats[i]);
	}
	for (size_t i = 0; i < p->connection_count; i++)
		check_connection(l, p, &p->connections[i]);
	check_features(l, p);
	check_commands(l, p);
	return l->complaints.count == before;
}
