#include "internal.h"

#include <stdlib.h>
#include <string.h>

#define IKE_SUITES \
	"aes256gcm16-aes128gcm16-prfsha256-prfsha384-prfsha512-ecp256-curve25519-ecp384-modp2048 " \
	"aes256-aes128-sha256-sha384-sha512-prfsha256-prfsha384-prfsha512-" \
	"ecp256-curve25519-ecp384-modp2048 " \
	"aes128gcm16-aes128ccm8-aes256ccm12-aes192ccm16-aes128gcm8-aes256gcm12-aes192gcm16-chacha20poly1305-" \
	"prfsha256-prfsha384-prfsha512-prfsha1-prfaesxcbc-prfaescmac-" MORE_GROUPS " " \
	"aes192-aes128ctr-aes256ctr-aes128-3des-sha1-aesxcbc-aescmac-prfsha1-prfaesxcbc-prfaescmac-" \
	"curve25519-modp1024-modp2048"
#define MORE_GROUPS \
	"curve25519-curve448-modp3072-modp4096-modp6144-modp8192-ecp521-" \
	"ecp224bp-ecp256bp-ecp384bp-ecp512bp"
#define ESP_GCM "aes256gcm16-aes128gcm16"
#define ESP_CBC "aes256-aes128-sha256-sha384-sha512"
/* What else there is, for those who ask: not what it offers first.  AES-192 with SHA2-256 is not: scenarios
 * ask for it as a suite that is not configured. */
#define ESP_MORE \
	"aes128gcm8-aes256gcm12-aes192gcm16-aes128ccm8-aes256ccm12-aes192ccm16-aes256ccm16 " \
	"chacha20poly1305 aes128-aes256-3des-sha1-sha256-aesxcbc-aescmac " \
	"aes128ctr-aes192ctr-aes256ctr-sha1-sha256-sha512 null-sha256-aesxcbc"
#define ESP_DH "-ecp256-curve25519-ecp384-modp2048"

static const struct target_facts facts_of[] = {
	{ "strongswan", "5.9.8", IKE_SUITES, ESP_GCM " " ESP_CBC, ESP_MORE,
	  .ipv6 = true, .fixed_replay_window = 128, .max_replay_window = 128 },
	{ "strongswan", "6.0.1", IKE_SUITES, ESP_GCM " " ESP_CBC, ESP_MORE,
	  .ipv6 = true, .fixed_replay_window = 128, .max_replay_window = 128 },
};

static const struct target_facts *facts(const char *version)
{
	for (size_t i = 0; i < ARRAY_LEN(facts_of); i++)
		if (!version[0] || strcmp(facts_of[i].version, version) == 0)
			return &facts_of[i];
	return NULL;
}

static void settings(FILE *out, const struct target *target)
{
	const struct target_config *config = target->config;
	bool cookies = config->cookies == TARGET_COOKIES_ALWAYS;

	fprintf(out, "charon-systemd {\n"
		"\tload_modular = no\n"
		"\tload = random nonce openssl pem x509 pubkey pkcs1 pkcs8 hmac kdf gcm aes "
		"ccm ctr xcbc cmac chapoly sha1 sha2 curve25519 constraints revocation kernel-libipsec kernel-netlink socket-default vici\n");
	/* Small enough that an answer with a certificate is cut. */
	fprintf(out, "\tfragment_size = 576\n\tretransmit_timeout = %.3f\n\tretransmit_base = %.3f\n"
		"\tretransmit_tries = %u\n", (double)config->retransmission.first / USEC_S,
		config->retransmission.base, config->retransmission.tries);
	fprintf(out, "\tdos_protection = %s\n\tcookie_threshold = 1\n"
		"\tcookie_threshold_ip = 100000\n\tblock_threshold = 200000\n"
		"\tinit_limit_half_open = 0\n\tinit_limit_job_load = 0\n"
		"\thalf_open_timeout = %d\n", cookies ? "yes" : "no", cookies ? 86400 : 30);
	/* A deleted SA is gone at once, not after the usual five seconds for stragglers. */
	fprintf(out, "\tdelete_rekeyed_delay = 0\n\tmake_before_break = no\n\tthreads = 16\n"
		"\tikesa_table_size = %u\n\tikesa_table_segments = %u\n"
		"\tfilelog {\n\t\tcharon {\n\t\t\tpath = /ctl/log\n\t\t\tdefault = %d\n"
		"\t\t\tcfg = %d\n\t\t\tike_name = yes\n\t\t\tflush_line = yes\n\t\t}\n\t}\n"
		"\tplugins {\n\t\tvici {\n\t\t\tsocket = unix:///ctl/vici\n\t\t}\n"
		"\t\tkernel-libipsec {\n\t\t\tallow_peer_ts = yes\n\t\t}\n\t}\n}\n"
		"swanctl {\n}\n", config->load ? 4096 : 1, config->load ? 16 : 1, config->load ? -1 : 1,
		config->load ? -1 : 1);
}

/* Every suite of a space-separated list with something appended, comma-separated. */
static void suites(FILE *out, const char *list, const char *tail, const char **comma)
{
	while (*list) {
		size_t len = strcspn(list, " ");

		fprintf(out, "%s%.*s%s", *comma, (int)len, list, tail);
		*comma = ",";
		list += len;
		list += strspn(list, " ");
	}
}

static void proposals(FILE *out, const struct target *target, const struct target_connection *c)
{
	const char *comma = "";

	fprintf(out, "\t\tproposals = ");
	suites(out, c->ike[0] ? c->ike : target->facts->ike_suites, "", &comma);
	fprintf(out, "\n");
}

/* With and without KE, the preferred first: that is what it offers itself. */
static void esp_proposals(FILE *out, const struct target *target,
		const struct target_connection *c, const struct target_child *child)
{
	const char *comma = "";
	bool dh = target_child_dh(c, child);

	fprintf(out, "\t\t\t\tesp_proposals = ");
	if (c->esp[0]) {
		suites(out, c->esp, "", &comma);
	} else {
		const char *list = target->facts->esp_suites;

		suites(out, list, dh ? ESP_DH : "", &comma);
		suites(out, list, dh ? "" : ESP_DH, &comma);
		if (target->facts->esp_more)
			suites(out, target->facts->esp_more, "", &comma);
	}
	fprintf(out, "\n");
}

/* The addresses that it is given are not known before. */
static const char *selector(const struct target_child *child, bool target)
{
	bool outer = child->variant == TARGET_TRANSPORT;
	bool given = child->variant == (target ? TARGET_CLIENT : TARGET_POOL);

	return outer || given ? "dynamic" : target ? child->target_selector : child->tester_selector;
}

static struct target_lifetimes lifetimes_of(const struct target *target,
		const struct target_connection *c, const struct target_child *child)
{
	if (child->variant == TARGET_SHORT_LIVED)
		return target->config->lifetimes;
	return (struct target_lifetimes){
		.ike = c->ike_lifetime_s, .ike_hard = c->ike_lifetime_s, .child = c->esp_lifetime_s,
		.child_hard = c->esp_lifetime_s ? c->esp_lifetime_s + 60 : 0,
	};
}

static void child(FILE *out, const struct target *target, const struct target_connection *c,
		const struct target_child *child)
{
	fprintf(out, "\t\t\t%s%s {\n\t\t\t\tlocal_ts = %s\n\t\t\t\tremote_ts = %s\n", c->name,
		child->suffix, selector(child, true), selector(child, false));
	if (child->variant == TARGET_TRANSPORT)
		fprintf(out, "\t\t\t\tmode = transport\n");
	esp_proposals(out, target, c, child);
	struct target_lifetimes l = lifetimes_of(target, c, child);

	fprintf(out, "\t\t\t\treplay_window = %u\n\t\t\t\trekey_time = %us\n"
		"\t\t\t\tlife_time = %us\n"
		"\t\t\t\trand_time = %us\n\t\t\t\tdpd_action = clear\n\t\t\t}\n", c->replay_window,
		l.child, l.child_hard, l.child * l.jitter_percent / 100);
}

/* What holds for the children of a variant, or for all that are none. */
static void settings_of(FILE *out, const struct target *target, const struct target_connection *c,
		const struct target_child *child)
{
	bool childless = target->config->childless;

	fprintf(out, "\t\tmobike = %s\n\t\tchildless = %s\n",
		child->variant == TARGET_MOBIKE ? "yes" : "no",
		child->variant == TARGET_CHILDLESS ? "force" : childless ? "allow" : "never");
	if (child->variant == TARGET_CLIENT)
		fprintf(out, "\t\tvips = 0.0.0.0\n");
	if (child->variant == TARGET_POOL)
		fprintf(out, "\t\tpools = %s%s\n", c->name, child->suffix);
}

/* "rsa-pss-sha256" is charon's "rsa/pss-sha256". */
static void pss(FILE *out, const char *signature)
{
	const char *dash = strchr(signature, '-');

	fprintf(out, "%.*s/%s", (int)(dash - signature), signature, dash + 1);
}

static void ends(FILE *out, const struct target_connection *c, const struct target_child *child)
{
	bool variant = child->variant != TARGET_PLAIN;
	const struct target_certificate *own = child->certificate;

	fprintf(out, "\t\tlocal {\n\t\t\tid = %s\n\t\t\tauth = ", c->target_id);
	if (child->target_proof == TARGET_BY_CERTIFICATE && child->signature)
		pss(out, child->signature);
	else
		fprintf(out, child->target_proof == TARGET_BY_CERTIFICATE ? "pubkey" : "psk");
	if (own)
		fprintf(out, "\n\t\t\tcerts = %s.pem", own->name);
	fprintf(out, "\n\t\t}\n\t\tremote {\n\t\t\tid = %s\n",
		variant ? child->tester_id : c->tester_id);
	fprintf(out, child->tester_proof == TARGET_BY_CERTIFICATE ?
		"\t\t\tauth = pubkey\n\t\t\tcacerts = ca.pem\n" : "\t\t\tauth = psk\n");
	fprintf(out, "\t\t}\n");
	if (own || child->tester_proof == TARGET_BY_CERTIFICATE)
		fprintf(out, "\t\tsend_cert = always\n");
}

static void connection(FILE *out, const struct target *target, const struct target_connection *c,
		const struct target_child *first)
{
	char a[ADDRESS_TEXT], b[ADDRESS_TEXT], nat[ADDRESS_TEXT];
	struct target_lifetimes l = lifetimes_of(target, c, first);
	bool variant = first->variant != TARGET_PLAIN;

	fprintf(out, "\t%s%s {\n\t\tversion = 2\n\t\tlocal_addrs = %s\n\t\tremote_addrs = %s",
		c->name, variant ? first->suffix : "", address_print(&c->target, a),
		address_print(&c->tester, b));
	if (c->nat.family)
		fprintf(out, ",%s", address_print(&c->nat, nat));
	fprintf(out, "\n");
	proposals(out, target, c);
	settings_of(out, target, c, first);
	fprintf(out, "\t\tencap = %s\n\t\tfragmentation = %s\n\t\tunique = %s\n"
		"\t\tdpd_delay = %us\n\t\trekey_time = %us\n"
		"\t\tover_time = %us\n\t\treauth_time = 0s\n\t\trand_time = %us\n"
		"\t\tkeyingtries = 1\n",
		c->force_encapsulation ? "yes" : "no", c->fragmentation ? "yes" : "no",
		target->config->replace_unique ? "replace" : "never", c->liveness_s,
		l.ike, l.ike_hard - l.ike, l.ike * l.jitter_percent / 100);
	ends(out, c, first);
	fprintf(out, "\t\tchildren {\n");
	for (size_t i = 0; i < c->children; i++)
		if (variant ? &c->child[i] == first : c->child[i].variant == TARGET_PLAIN)
			child(out, target, c, &c->child[i]);
	fprintf(out, "\t\t}\n\t}\n");
}

/* The plain children together, each variant for itself. */
static void all_connections(FILE *out, const struct target *target,
		const struct target_connection *c)
{
	if (c->children)
		connection(out, target, c, &c->child[0]);
	for (size_t i = 0; i < c->children; i++)
		if (c->child[i].variant != TARGET_PLAIN)
			connection(out, target, c, &c->child[i]);
}

static void pools(FILE *out, const struct target_connection *c)
{
	for (size_t i = 0; i < c->children; i++)
		if (c->child[i].variant == TARGET_POOL)
			fprintf(out, "\t%s%s {\n\t\taddrs = %s\n\t\tdns = 10.2.0.53\n\t}\n",
				c->name, c->child[i].suffix, c->child[i].tester_selector);
}

static void secret_for(FILE *out, const struct target_connection *c, const char *suffix,
		const char *tester_id)
{
	fprintf(out, "\tike-%s%s {\n\t\tid-target = %s\n\t\tid-tester = %s\n\t\tsecret = 0x", c->name,
		suffix, c->target_id, tester_id);
	for (const char *at = c->secret; *at; at++)
		fprintf(out, "%02x", (unsigned char)*at);
	fprintf(out, "\n\t}\n");
}

static void secret(FILE *out, const struct target_connection *c)
{
	secret_for(out, c, "", c->tester_id);
	for (size_t i = 0; i < c->children; i++)
		if (c->child[i].variant != TARGET_PLAIN)
			secret_for(out, c, c->child[i].suffix, c->child[i].tester_id);
}

static bool connections(const struct target *target, struct why *why)
{
	const struct target_config *config = target->config;
	FILE *out = file_create(target->directory, "swanctl.conf", why);

	if (!out)
		return false;
	fprintf(out, "connections {\n");
	if (config->cookies == TARGET_COOKIES_ALWAYS)
		fprintf(out, "\thalf-open {\n\t\tlocal_addrs = 127.0.0.1\n"
			"\t\tremote_addrs = 127.0.0.1\n"
			"\t\tproposals = aes256gcm16-prfsha256-curve25519\n\t}\n");
	for (size_t i = 0; i < config->connections; i++)
		all_connections(out, target, &config->connection[i]);
	fprintf(out, "}\npools {\n");
	for (size_t i = 0; i < config->connections; i++)
		pools(out, &config->connection[i]);
	fprintf(out, "}\nsecrets {\n");
	for (size_t i = 0; i < config->connections; i++)
		secret(out, &config->connection[i]);
	fprintf(out, "}\n");
	return file_close(out, "swanctl.conf", why);
}

/* A file in one of the folders of swanctl. */
static bool credential(const struct target *target, const char *folder, const char *name, const char *text,
		struct why *why)
{
	char path[80];

	snprintf(path, sizeof(path), "%s/%s.pem", folder, name);
	return file_write(target->directory, path, 0600, text, why);
}

static bool credentials(const struct target *target, struct why *why)
{
	const struct target_config *config = target->config;

	if (!config->authority)
		return true;
	if (!folder_make(target->directory, "x509", why) || !folder_make(target->directory, "x509ca", why) ||
	    !folder_make(target->directory, "x509crl", why) || !folder_make(target->directory, "private", why) ||
	    !credential(target, "x509ca", "ca", config->authority, why) ||
	    !credential(target, "x509crl", "ca", config->crl, why))
		return false;
	for (size_t i = 0; i < config->certificates; i++) {
		const struct target_certificate *t = &config->certificate[i];

		if (!credential(target, "x509", t->name, t->chain[0], why) ||
		    !credential(target, "private", t->name, t->key, why))
			return false;
		for (size_t k = 1; k < t->count; k++)
			if (!credential(target, "x509", "intermediate", t->chain[k], why))
				return false;
	}
	return true;
}

static bool write_files(const struct target *target, struct room *room, struct why *why)
{
	FILE *out;

	room->inside = true;
	if (target->config->cookies == TARGET_COOKIES_ALWAYS &&
	    !file_write(target->directory, "half-open", 0644, "", why))
		return false;
	out = file_create(target->directory, "strongswan.conf", why);
	if (!out)
		return false;
	settings(out, target);
	return file_close(out, "strongswan.conf", why) && connections(target, why) &&
		credentials(target, why) &&
		net_write(target, false, why) &&
		file_write(target->directory, "daemon", 0644, strongswan_script, why);
}

static bool line(const struct target *target, enum target_verb verb,
		const struct target_connection *c, const struct target_child *child, char *line,
		size_t cap)
{
	(void)target;
	if (verb == TARGET_PING)
		return ping_line(child, line, cap);
	return line_fill(verb == TARGET_RESTART ? "daemon_restart" :
		verb == TARGET_KILL ? "kill_daemon" : NULL, c, child, line, cap);
}

const struct driver strongswan_driver = {
	.name = "strongswan",
	.facts = facts,
	.write = write_files,
	.line = line,
	.take = strongswan_take,
	.pump = strongswan_pump,
	.fd = strongswan_fd,
	.drop = strongswan_drop,
	.end = strongswan_end,
	.read = strongswan_read,
	.takes_addresses = true,
	.log = "log",
	.has_tree = true,
};
