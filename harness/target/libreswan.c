#include "internal.h"

#include <stdlib.h>
#include <string.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

/* In a list of pluto, "+" offers each of several. */
#define GROUPS "-dh19+dh31+dh20+dh14"
#define IKE_SUITES \
	"aes_gcm256+aes_gcm128-sha2_256+sha2_384+sha2_512" GROUPS " " \
	"aes256+aes128-sha2_256+sha2_384+sha2_512" GROUPS " " IKE_MORE
/* What else there is, for those who ask. */
#define IKE_MORE \
	"aes_gcm192-sha2_256-dh31 aes_gcm_a128-sha1-dh31 aes_gcm_b256-aes_xcbc-dh31 " \
	"chacha20_poly1305-sha2_512-dh31 aes_gcm128-sha2_256-dh15+dh16+dh17+dh18+dh21 " \
	"aes_ctr128-sha1-dh31 aes_ctr256-aes_xcbc-dh31 aes128-sha1-dh14 3des-sha1-dh14"
#define ESP_MORE "aes_gcm192-none aes_gcm_a128-none aes_gcm_b256-none aes128-sha1"
#define ESP_GCM "aes_gcm256+aes_gcm128-none"
#define ESP_CBC "aes256+aes128-sha2_256+sha2_384+sha2_512"
#define ESP_SUITES ESP_GCM " " ESP_CBC " " ESP_MORE
/* With any of the groups, or (dh0) without. */
#define ESP_DH_SUITES ESP_GCM GROUPS "+dh0 " ESP_CBC GROUPS "+dh0"

#define COMMON \
	.ike_suites = IKE_SUITES, .esp_suites = ESP_SUITES, .plain_esp = true, .esn = true, \
	.ipv6 = true, .repeats_first_gap = true, .max_replay_window = 4096

static const struct target_facts facts_of[] = {
	{ .driver = "libreswan", .version = "4.10", COMMON, .child_dh_of_ike = true,
	  .user_mode_linux = true },
	{ .driver = "libreswan", .version = "4.10", COMMON, .child_dh_of_ike = true },
	{ .driver = "libreswan", .version = "5.2",  COMMON, .user_mode_linux = true },
	{ .driver = "libreswan", .version = "5.2",  COMMON },
};

/* IKESPEC_GUEST=yes or no overrides what the kernel says. */
static bool wants_guest(void)
{
	const char *said = getenv("IKESPEC_GUEST");

	if (said && (strcmp(said, "yes") == 0 || strcmp(said, "no") == 0))
		return said[0] == 'y';
	return !target_kernel_esp();
}

static const struct target_facts *facts(const char *version)
{
	bool guest = wants_guest();

	for (size_t i = 0; i < ARRAY_LEN(facts_of); i++)
		if ((!version[0] || strcmp(facts_of[i].version, version) == 0) &&
		    facts_of[i].user_mode_linux == guest)
			return &facts_of[i];
	return NULL;
}

static bool in_guest(const struct target *target)
{
	return target->facts->user_mode_linux;
}

static void identity(FILE *out, const char *id)
{
	struct address a;
	bool plain = address_parse(id, &a) || strchr(id, '@') || id[0] == '%';

	fprintf(out, "%s%s", plain ? "" : "@", id);
}

static void list(FILE *out, const char *key, const char *suites)
{
	fprintf(out, "    %s=", key);
	for (; *suites; suites++)
		fputc(*suites == ' ' ? ',' : *suites, out);
	fputc('\n', out);
}

/* Rekeyed a margin before the end; of who did not begin the SA half a margin before. */
static void short_lived(FILE *out, const struct target_lifetimes *l)
{
	fprintf(out, "    ikelifetime=%us\n    salifetime=%us\n    rekey=yes\n    rekeymargin=%us\n"
		"    rekeyfuzz=%u%%\n", l->ike_hard, l->child_hard, l->child_hard - l->child,
		l->jitter_percent);
}

static void lifetimes(FILE *out, const struct target_connection *c)
{
	bool rekeys = c->ike_lifetime_s || c->esp_lifetime_s;

	fprintf(out, "    ikelifetime=%us\n    salifetime=%us\n    rekey=%s\n    rekeymargin=5s\n"
		"    rekeyfuzz=0%%\n", c->ike_lifetime_s ? c->ike_lifetime_s : 86400,
		c->esp_lifetime_s ? c->esp_lifetime_s : 86400, rekeys ? "yes" : "no");
}

static void liveness(FILE *out, const struct target_connection *c)
{
	if (c->liveness_s)
		fprintf(out, "    dpddelay=%us\n    dpdtimeout=%us\n    dpdaction=clear\n",
			c->liveness_s, 5 * c->liveness_s);
}

static void behaviour(FILE *out, const struct target *target, const struct target_connection *c,
		const struct target_child *child)
{
	static const char *const esn[] = { "no", "yes", "either" };
	bool narrows = child->variant == TARGET_CLIENT || child->variant == TARGET_POOL;
	const struct target_retransmission *again = &target->config->retransmission;
	double gap = (double)again->first, total = gap;

	for (unsigned i = 0; i < again->tries; i++)
		total += gap *= 2.0;
	fprintf(out, "    esn=%s\n    pfs=%s\n    encapsulation=%s\n    replay-window=%u\n"
		"    fragmentation=%s\n    mobike=%s\n    narrowing=%s\n    initial-contact=no\n"
		"    retransmit-interval=%llu\n    retransmit-timeout=%us\n",
		esn[c->esn], target_child_dh(c, child) ? "yes" : "no", c->force_encapsulation ? "yes" : "auto",
		c->replay_window, c->fragmentation ? "yes" : "no",
		child->variant == TARGET_MOBIKE ? "yes" : "no", narrows ? "yes" : "no",
		(unsigned long long)(again->first / USEC_MS),
		(unsigned)(total / USEC_S + 0.999));
	if (target->facts->version[0] == '4')
		fprintf(out, "    keyingtries=1\n");
}

/* Networks, the ends themselves, or what one end gives the other. */
static void selectors(FILE *out, const struct target_child *child)
{
	struct address last = child->tester;
	char first[ADDRESS_TEXT], text[ADDRESS_TEXT];

	switch (child->variant) {
	case TARGET_TRANSPORT:
		fprintf(out, "    type=transport\n");
		break;
	case TARGET_POOL:
		last.ip[3] += 13;
		fprintf(out, "    leftsubnet=%s\n    rightaddresspool=%s-%s\n    modecfgdns=10.2.0.53\n"
			"    leftmodecfgserver=yes\n    rightmodecfgclient=yes\n",
			child->target_selector, address_print(&child->tester, first),
			address_print(&last, text));
		break;
	case TARGET_CLIENT:
		fprintf(out, "    leftsubnet=0.0.0.0/0\n    rightsubnet=%s\n    leftmodecfgclient=yes\n    rightmodecfgserver=yes\n",
			child->tester_selector);
		break;
	default:
		fprintf(out, "    leftsubnet=%s\n    rightsubnet=%s\n", child->target_selector,
			child->tester_selector);
	}
}

static const char *auth(enum target_proof proof, const char *key)
{
	return proof == TARGET_BY_SECRET  ? "secret"
	       : proof == TARGET_BY_NOTHING ? "null"
	       : key && strncmp(key, "ecdsa", 5) == 0 ? "ecdsa" : "rsasig";
}

/* How each end proves who it is; both by the secret unless it is a variant of its own. */
static void proofs(FILE *out, const struct target_child *child)
{
	const struct target_certificate *own = child->certificate;

	if (child->variant != TARGET_PROOF) {
		fprintf(out, "    authby=secret\n");
		return;
	}
	fprintf(out, "    leftauth=%s\n    rightauth=%s\n",
		auth(child->target_proof, own ? own->name : NULL),
		auth(child->tester_proof, child->tester_key));
	if (own)
		fprintf(out, "    leftcert=%s\n    leftsendcert=always\n", own->name);
	if (child->tester_proof == TARGET_BY_CERTIFICATE)
		fprintf(out, "    rightca=\"%s\"\n", TARGET_AUTHORITY);
}

/* pluto has MOBIKE only with addresses that it finds out itself: its own by the route, its peer's as responder
 * (as initiator it is told it with the order). */
static void ids(FILE *out, const struct target_connection *c, const struct target_child *child,
		const struct address *tester)
{
	const struct address *own = child->outer_target.family ? &child->outer_target : &c->target;
	bool mobike = child->variant == TARGET_MOBIKE;
	char text[ADDRESS_TEXT];

	fprintf(out, "    left=%s\n    leftid=", mobike ? "%defaultroute" : address_print(own, text));
	identity(out, child->target_proof == TARGET_BY_NOTHING ? "%null" : c->target_id);
	fprintf(out, "\n    leftupdown=%%disabled\n    right=%s\n    rightid=",
		mobike ? "%any" : address_print(tester, text));
	identity(out, child->tester_proof == TARGET_BY_NOTHING ? "%null" :
		child->tester_id[0] ? child->tester_id : c->tester_id);
	fputc('\n', out);
}

static void connection(FILE *out, const struct target *target, const struct target_connection *c,
		const struct target_child *child, const struct address *tester, const char *tail)
{
	const struct target_facts *known = target->facts;

	fprintf(out, "conn %s%s%s\n    connalias=%s-all\n", c->name, child->suffix, tail, c->name);
	ids(out, c, child, tester);
	proofs(out, child);
	fprintf(out, "    %s\n    auto=ignore\n",
		known->version[0] == '4' ? "ikev2=insist" : "keyexchange=ikev2");
	selectors(out, child);
	list(out, "ike", c->ike[0] ? c->ike : known->ike_suites);
	list(out, "esp", c->esp[0] ? c->esp : target_child_dh(c, child) ? ESP_DH_SUITES : known->esp_suites);
	behaviour(out, target, c, child);
	if (child->variant == TARGET_SHORT_LIVED)
		short_lived(out, &target->config->lifetimes);
	else
		lifetimes(out, c);
	liveness(out, c);
}

/* Who proves what is tried without a NAT; a peer with MOBIKE may be anywhere. */
static bool has_nat(const struct target_connection *c, const struct target_child *child)
{
	return c->nat.family && !child->no_nat && child->variant != TARGET_PROOF && child->variant != TARGET_MOBIKE;
}

/* One for each child, and again with the address behind the NAT. */
static void connections(FILE *out, const struct target *target, const struct target_connection *c)
{
	for (size_t i = 0; i < c->children; i++) {
		connection(out, target, c, &c->child[i],
			c->child[i].outer_tester.family ? &c->child[i].outer_tester : &c->tester, "");
		if (has_nat(c, &c->child[i]))
			connection(out, target, c, &c->child[i], &c->nat, "-nat");
	}
}

static bool write_connections(const struct target *target, struct why *why)
{
	FILE *out = file_create(target->directory, "ipsec.conf", why);

	if (!out)
		return false;
	fprintf(out, "config setup\n    uniqueids=%s\n\n",
		target->config->replace_unique ? "yes" : "no");
	for (size_t i = 0; i < target->config->connections; i++)
		connections(out, target, &target->config->connection[i]);
	return file_close(out, "ipsec.conf", why);
}

/* All of them by name, a line each. */
static bool write_names(const struct target *target, struct why *why)
{
	FILE *out = file_create(target->directory, "names", why);

	if (!out)
		return false;
	for (size_t i = 0; i < target->config->connections; i++) {
		const struct target_connection *c = &target->config->connection[i];

		for (size_t k = 0; k < c->children; k++) {
			fprintf(out, "%s%s\n", c->name, c->child[k].suffix);
			if (has_nat(c, &c->child[k]))
				fprintf(out, "%s%s-nat\n", c->name, c->child[k].suffix);
		}
	}
	return file_close(out, "names", why);
}

static void secret(FILE *out, const struct target_connection *c, const char *tester_id)
{
	identity(out, c->target_id);
	fputc(' ', out);
	identity(out, tester_id);
	fprintf(out, " : PSK 0x");
	for (const char *at = c->secret; *at; at++)
		fprintf(out, "%02x", (unsigned char)*at);
	fputc('\n', out);
}

static bool write_secrets(const struct target *target, struct why *why)
{
	FILE *out = file_create(target->directory, "ipsec.secrets", why);

	if (!out)
		return false;
	for (size_t i = 0; i < target->config->connections; i++) {
		const struct target_connection *c = &target->config->connection[i];

		secret(out, c, c->tester_id);
		for (size_t k = 0; k < c->children; k++)
			if (c->child[k].tester_id[0])
				secret(out, c, c->child[k].tester_id);
	}
	return file_close(out, "ipsec.secrets", why);
}

static bool write_octets(const struct target *target, const char *name, struct bytes octets, struct why *why)
{
	FILE *out = file_create(target->directory, name, why);

	if (!out)
		return false;
	fwrite(octets.at, 1, octets.len, out);
	return file_close(out, name, why);
}

/* For the database of NSS: see import_certificates in the script. */
static bool write_certificates(const struct target *target, struct why *why)
{
	const struct target_config *config = target->config;
	char name[40];

	if (!config->authority)
		return true;
	if (!file_write(target->directory, "ca.pem", 0644, config->authority, why) ||
	    !file_write(target->directory, "crl.pem", 0644, config->crl, why) ||
	    !file_write(target->directory, "password", 0600, TARGET_PASSWORD "\n", why))
		return false;
	for (size_t i = 0; i < config->certificates; i++) {
		snprintf(name, sizeof(name), "%s.p12", config->certificate[i].name);
		if (!write_octets(target, name, config->certificate[i].pkcs12, why))
			return false;
	}
	return true;
}

static bool write_options(const struct target *target, struct why *why)
{
	bool cookies = target->config->cookies == TARGET_COOKIES_ALWAYS;
	bool unique = target->config->replace_unique;
	char text[80];

	snprintf(text, sizeof(text), "%s%s\n", cookies ? "--force-busy" : "--force-unlimited",
		unique ? " --uniqueids" : "");
	return file_write(target->directory, "options", 0644, text, why);
}

static bool write_files(const struct target *target, struct room *room, struct why *why)
{
	bool guest = target->facts->user_mode_linux;

	room->inside = !guest;
	return write_connections(target, why) && write_names(target, why) &&
		write_secrets(target, why) && write_certificates(target, why) &&
		write_options(target, why) && net_write(target, guest, why) &&
		file_write(target->directory, "guest", 0644, guest_script, why) &&
		file_write(target->directory, "whack.pl", 0644, whack_script, why) &&
		file_write(target->directory, "daemon", 0644, libreswan_script, why);
}

/* To a peer that its connection does not name; from 5 on whack waits for the SA then, whatever it is told. */
static bool initiate_mobike(const struct target *target, const struct target_connection *c,
		const struct target_child *child, char *line, size_t cap)
{
	bool waits = target->facts->version[0] != '4';
	char text[ADDRESS_TEXT];

	return snprintf(line, cap, "%s --initiate --asynchronous --remote-host %s --name %s%s%s", waits ? "w" : "@say",
		address_print(&c->tester, text), c->name, child->suffix, waits ? " &" : "") < (int)cap;
}

static bool line(const struct target *target, enum target_verb verb,
		const struct target_connection *c, const struct target_child *child, char *line,
		size_t cap)
{
	static const char *const lines[TARGET_VERBS] = {
		[TARGET_INITIATE] = "@say --initiate --asynchronous --name %1$s%2$s",
		[TARGET_NEW_CHILD] = "@say --initiate --asynchronous --name %1$s%2$s",
		[TARGET_REKEY_IKE] = "@IKE %1$s(-[a-z]+)* --rekey-ike --asynchronous",
		[TARGET_REKEY_CHILD] = "@CHILD %1$s%2$s(-nat)? --rekey-ipsec --asynchronous",
		[TARGET_DELETE_IKE] = "@IKE %1$s(-[a-z]+)* --asynchronous --deletestate",
		[TARGET_DELETE_CHILD] = "@CHILD %1$s%2$s(-nat)? --asynchronous --deletestate",
		[TARGET_RESET] = "@reset %1$s",
		[TARGET_STATUS] = "@say --showstates",
		[TARGET_COUNTERS] = "@counters",
		[TARGET_PROBE] = "@probe",
		[TARGET_RESTART] = "daemon_restart",
		[TARGET_KILL] = "kill_daemon",
	};

	if (verb == TARGET_PING)
		return ping_line(child, line, cap);
	if (verb == TARGET_INITIATE && child && child->variant == TARGET_MOBIKE)
		return initiate_mobike(target, c, child, line, cap);
	if (verb == TARGET_REKEY_CHILD && target->facts->version[0] != '4')
		return line_fill("@CHILD %1$s%2$s(-nat)? --rekey-child --asynchronous", c, child,
			line, cap);
	return line_fill(lines[verb], c, child, line, cap);
}

struct states {
	const char *connection;         /* of which; empty: of all */
	struct target_result *result;
};

/* Is a quoted name that of a connection, one of its children, or either behind the NAT? */
static bool names(const char *quoted, const char *connection)
{
	size_t len = strlen(connection);

	if (len == 0)
		return true;
	if (strncmp(quoted, connection, len) != 0)
		return false;
	quoted += len;
	return *quoted == '"' || (*quoted == '-' && strncmp(quoted, "-ip6", 4) != 0);
}

/* `000 #2: "s1":500 STATE_V2_ESTABLISHED_CHILD_SA (established Child SA); ...` */
static void take_state(const char *line, void *context)
{
	const struct states *states = context;
	struct target_result *result = states->result;
	const char *name = strchr(line, '"');
	const char *at = strstr(line, "\":");     /* lines on traffic have no port after the name */

	if (!at)
		at = strstr(line, "\"[");      /* nor a number of an instance */

	if (!at || !strchr(line, '#') || !names(name + 1, states->connection))
		return;
	if (strstr(at, "ESTABLISHED_CHILD_SA")) {
		result->child_sas++;
	} else if (strstr(at, "ESTABLISHED_IKE_SA")) {
		result->ike_sas++;
	} else if (!strstr(at, "CHILD")) {
		result->ike_sas++;
		result->half_open++;
	}
}

struct reader {
	const struct target *target;
	const struct target_connection *connection;     /* NULL: all */
	struct target_counters *counters;
	bool in, other;                 /* the SA whose lines these are; of another connection */
};

static bool ours(const struct target *target, const char *text)
{
	struct address a;

	return address_parse(text, &a) && (address_same_host(&a, &target->config->target4) ||
		address_same_host(&a, &target->config->target6) || strcmp(text, TARGET_FOR_NOBODY_4) == 0);
}

static bool tester_of(const struct target_connection *c, const char *text)
{
	struct address a;

	return address_parse(text, &a) &&
	       (address_same_host(&a, &c->tester) || address_same_host(&a, &c->nat));
}

/* Lines of `ip -s xfrm state`, and of /proc/net/xfrm_stat. */
static void take_counter(const char *line, void *context)
{
	struct reader *reader = context;
	struct target_counters *sum = reader->counters;
	unsigned long long octets, packets, replays, failed;
	char from[64], to[64];

	if (sscanf(line, "src %63s dst %63s", from, to) == 2) {
		reader->in = ours(reader->target, to);
		reader->other = reader->connection &&
			!tester_of(reader->connection, reader->in ? from : to);
		sum->sas += !reader->other;
	} else if (reader->other) {
		return;
	} else if (sscanf(line, " %llu(bytes), %llu(packets)", &octets, &packets) == 2) {
		*(reader->in ? &sum->in_octets : &sum->out_octets) += octets;
		*(reader->in ? &sum->in_packets : &sum->out_packets) += packets;
	} else if (sscanf(line, " replay-window %*u replay %llu failed %llu", &replays,
			&failed) == 2) {
		sum->replays += replays;
		sum->bad_icv += failed;
	}
}

static void read_text(const struct target *target, const struct ticket *ticket, const char *text,
		struct target_result *result)
{
	struct states states = { ticket->connection, result };
	struct reader reader = {
		.target = target, .counters = &result->counters,
		.connection = target_config_find(target->config, ticket->connection, NULL),
	};

	if (ticket->verb == TARGET_PING)
		result->rtt = ping_rtt(text);
	else if (ticket->verb == TARGET_STATUS)
		each_line(text, take_state, &states);
	else if (ticket->verb == TARGET_COUNTERS)
		each_line(text, take_counter, &reader);
}

const struct driver libreswan_driver = {
	.name = "libreswan",
	.facts = facts,
	.write = write_files,
	.line = line,
	.read = read_text,
	.in_guest = in_guest,
	.log = "log",
	.has_tree = true,
};
