/* The lines that a target's own configuration needs: for strongSwan, for Libreswan, and as a table for any other. */
#include "write.h"

struct ends {
	const struct profile *p;
	const struct profile_connection *c;
	const char *testers; /* with ", " between */
};

/* "fqdn:gate.example.org" without its kind; Libreswan marks names with '@'. */
static const char *identity(struct exam *x, const char *text, const char *mark)
{
	const char *colon = text ? strchr(text, ':') : NULL;
	bool name = text && (strncmp(text, "fqdn:", 5) == 0 || strncmp(text, "rfc822:", 7) == 0);

	if (!text)
		return "%any";
	return name ? exam_text(x, "%s%s", mark, colon + 1) : text;
}

static const char *auth(const struct profile_end *e, const char *psk, const char *certificate)
{
	return e->auth && strcmp(e->auth, "certificate") == 0 ? certificate : psk;
}

static const char *selectors(struct exam *x, const char *text)
{
	char *copy = (char *)exam_text(x, "%s", text ? text : "");

	for (char *at = copy; *at; at++)
		if (*at == ' ')
			*at = ',';
	return copy;
}

static void swanctl(struct exam *x, const struct ends *e, FILE *out)
{
	fprintf(out,
		"  strongSwan, swanctl.conf:\n"
		"    connections {\n"
		"      ikespec {\n"
		"        version = 2\n"
		"        local_addrs = %s\n"
		"        remote_addrs = %s\n"
		"        proposals = %s\n"
		"        local { auth = %s\n"
		"                id = %s }\n"
		"        remote { auth = %s\n"
		"                 id = %s }\n"
		"        children { ikespec { local_ts = %s\n"
		"                             remote_ts = %s\n",
		e->p->address ? e->p->address : "%any", e->testers, write_suites(x, WRITE_IKE, false, ", "),
		auth(&e->c->target, "psk", "pubkey"), identity(x, e->c->target.identity, ""),
		auth(&e->c->tester, "psk", "pubkey"), identity(x, e->c->tester.identity, ""),
		selectors(x, e->c->target.selectors), selectors(x, e->c->tester.selectors));
	fprintf(out,
		"                             esp_proposals = %s } }\n"
		"      }\n"
		"    }\n"
		"    secrets { ike-ikespec { id = %s\n"
		"                            secret = the secret of the profile } }\n\n",
		x->esp_count ? write_suites(x, WRITE_ESP, false, ", ") : "default", identity(x, e->c->tester.identity, ""));
}

static void ipsec(struct exam *x, const struct ends *e, FILE *out)
{
	fprintf(out,
		"  Libreswan, ipsec.conf (and the secret in ipsec.secrets: %s %s : PSK \"...\"):\n"
		"    conn ikespec\n"
		"      ikev2=insist   # or, from 5.0 on: keyexchange=ikev2\n"
		"      left=%s\n"
		"      leftid=%s\n"
		"      leftsubnets=%s\n"
		"      right=%s\n"
		"      rightid=%s\n"
		"      rightsubnets=%s\n"
		"      authby=%s\n"
		"      ike=%s\n"
		"      esp=%s\n"
		"      auto=add\n\n",
		identity(x, e->c->target.identity, "@"), identity(x, e->c->tester.identity, "@"),
		e->p->address ? e->p->address : "%defaultroute", identity(x, e->c->target.identity, "@"),
		selectors(x, e->c->target.selectors), e->p->tester_count == 1 ? e->testers : "%any",
		identity(x, e->c->tester.identity, "@"), selectors(x, e->c->tester.selectors),
		auth(&e->c->target, "secret", "rsasig,ecdsa"), write_suites(x, WRITE_IKE, true, ","),
		x->esp_count ? write_suites(x, WRITE_ESP, true, ",") : "aes_gcm256");
}

static void table(struct exam *x, const struct ends *e, FILE *out)
{
	const struct {
		const char *what, *value;
	} rows[] = {
		{ "protocol", "IKEv2, as responder (and initiator where a driver can tell it to)" },
		{ "peer addresses", e->testers },
		{ "peer identity", e->c->tester.identity },
		{ "own identity", e->c->target.identity },
		{ "peer's authentication", auth(&e->c->tester, "pre-shared key", "certificate") },
		{ "own authentication", auth(&e->c->target, "pre-shared key", "certificate") },
		{ "networks behind it", e->c->target.selectors },
		{ "networks behind the peer", e->c->tester.selectors },
		{ "IKE proposals", write_suites(x, WRITE_IKE, false, ", ") },
		{ "ESP proposals", x->esp_count ? write_suites(x, WRITE_ESP, false, ", ") : "any of the profile" },
		{ "an inner host that answers pings", e->c->target.inner },
		{ "limits", "no block of a peer with several half-open IKE SAs, nor of failed logins" },
	};

	fputs("  Any other box:\n", out);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (rows[i].value)
			fprintf(out, "    %-32s  %s\n", rows[i].what, rows[i].value);
}

void exam_config(struct exam *x, FILE *out)
{
	const struct profile *p = x->run.profile;
	struct ends e = { p, &p->connections[0], "" };
	bool strongswan = p->driver && strcmp(p->driver, "strongswan") == 0;
	bool libreswan = p->driver && strcmp(p->driver, "libreswan") == 0;

	for (size_t i = 0; i < p->tester_count && i < 8; i++)
		e.testers = exam_text(x, "%s%s%s", e.testers, i ? ", " : "", p->testers[i]);
	if (!libreswan)
		swanctl(x, &e, out);
	if (!strongswan)
		ipsec(x, &e, out);
	if (!strongswan && !libreswan)
		table(x, &e, out);
}
