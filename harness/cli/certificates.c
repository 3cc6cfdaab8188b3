/*
 * ikespec certificates: what the test authority issues, and the files that a target is to be given: the CA, its
 * revocation list, and a certificate of each kind of key.
 */
#include <argp.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "authority/authority.h"
#include "cli.h"
#include "ikev2/endpoint.h"

struct asked {
	const char *folder, *identity;
};

static error_t take(int key, char *text, struct argp_state *state)
{
	struct asked *a = state->input;

	switch (key) {
	case 'i':
		a->identity = text;
		return 0;
	case ARGP_KEY_ARG:
		if (a->folder)
			return ARGP_ERR_UNKNOWN;
		a->folder = text;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_option options[] = {
	{ "id", 'i', "IDENTITY", 0, "whom the target's certificates are for (fqdn:target.example.org)", 0 },
	{ 0 },
};
static const struct argp argp = {
	options, take, "[FOLDER]",
	"Lists the kinds of certificates that the test authority issues, and writes into FOLDER what a target needs to "
	"know it by: ca.pem, crl.pem, and a certificate (KEY.pem, with its chain) and private key (KEY.key) for each "
	"kind of key.\vEverybody has the keys of this authority: nothing but a test may trust it.",
	NULL, NULL, NULL,
};

static void put_kinds(void)
{
	const struct authority_kind *k;

	puts("Keys, for certificate=\"...\" in profiles and scenarios:");
	for (size_t i = 0; authority_key_name(i); i++)
		printf("  %s\n", authority_key_name(i));
	puts("Kinds, by themselves or behind a key (\"ecdsa256 expired\"):");
	for (size_t i = 0; (k = authority_kind(i)); i++)
		printf("  %-22s %s%s\n", k->name, k->good ? "" : "not good: ", k->title);
}

static bool put_file(const char *folder, const char *name, mode_t mode, const char *text, struct why *why)
{
	char path[400];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	f = text ? fopen(path, "we") : NULL;
	if (!f)
		return why_set(why, "%s: %s", path, text ? strerror(errno) : "no memory");
	fchmod(fileno(f), mode);
	fputs(text, f);
	if (fclose(f) != 0)
		return why_set(why, "%s: %s", path, strerror(errno));
	puts(path);
	return true;
}

static const char *chain_of(struct arena *a, const struct authority_issued *issued)
{
	const char *text = "";

	for (size_t i = 0; text && i < issued->count; i++)
		text = arena_printf(a, "%s%s", text, authority_pem(a, "CERTIFICATE", issued->chain[i]));
	return text;
}

static bool put_key(struct authority *authority, struct arena *a, const struct asked *asked,
		    const struct identity *id, const char *key, struct why *why)
{
	struct authority_wish wish = { "target", key, NULL, id->type, id->data };
	struct authority_issued issued;
	char name[2][40];

	snprintf(name[0], sizeof(name[0]), "%s.pem", key);
	snprintf(name[1], sizeof(name[1]), "%s.key", key);
	return authority_issue(authority, &wish, a, &issued, why) &&
	       put_file(asked->folder, name[0], 0644, chain_of(a, &issued), why) &&
	       put_file(asked->folder, name[1], 0600, authority_pem(a, "PRIVATE KEY", issued.private_key), why);
}

static bool put_all(struct crypto *crypto, struct arena *a, const struct asked *asked, struct why *why)
{
	struct authority *authority = authority_new(crypto, why);
	struct identity id;
	bool good = authority &&
		    identity_parse(a, asked->identity ? asked->identity : "fqdn:target.example.org", &id, why) &&
		    (mkdir(asked->folder, 0755) == 0 || errno == EEXIST ||
		     why_set(why, "%s: %s", asked->folder, strerror(errno))) &&
		    put_file(asked->folder, "ca.pem", 0644,
			     authority_pem(a, "CERTIFICATE", authority_root(authority)), why) &&
		    put_file(asked->folder, "crl.pem", 0644,
			     authority_pem(a, "X509 CRL", authority_crl(authority)), why);

	for (size_t i = 0; good && authority_key_name(i); i++)
		good = put_key(authority, a, asked, &id, authority_key_name(i), why);
	authority_free(authority);
	return good;
}

int cli_certificates(int argc, char **argv)
{
	struct asked asked = { NULL, NULL };
	struct why why = { .text = "" };
	struct crypto *crypto;
	struct arena *a;
	bool good;

	if (argp_parse(&argp, argc, argv, 0, NULL, &asked))
		return EXIT_USAGE;
	if (!asked.folder) {
		put_kinds();
		return EXIT_OK;
	}
	crypto = crypto_new(&why);
	a = arena_new((size_t)1 << 22);
	good = crypto && a && put_all(crypto, a, &asked, &why);
	if (!good)
		cli_complain(&why);
	arena_free(a);
	crypto_free(crypto);
	return good ? EXIT_OK : EXIT_USAGE;
}
