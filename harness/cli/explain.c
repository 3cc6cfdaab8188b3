/*
 * ikespec explain: decodes a capture or hex with the keys that lie beside it, and says what is wrong
 * with each packet by itself: octets that mean nothing, reserved bits, ICV, padding, repeated numbers.
 */
#include <errno.h>
#include <jansson.h>
#include <libgen.h>
#include <limits.h>
#include <stdlib.h>

#include "captures/captures.h"
#include "cli.h"
#include "esp/esp.h"
#include "esp/inner.h"
#include "ikev2/fragments.h"
#include "ikev2/message.h"

#define KEYS 4096
#define FINDINGS 1000
#define HEX_FILE (1 << 20)
#define DIRECTIONS 2
#define INPUT_MAX ((size_t)1 << 30)

struct ike_key {
	uint64_t spi_i, spi_r;
	struct suite suite;
	struct sealer *sealer[DIRECTIONS];      /* of the original initiator, of the responder */
};
struct esp_key {
	uint32_t spi;
	struct esp_sa *sa[2];                   /* key tables do not tell extended sequence numbers: without, with */
	uint64_t highest;
};

struct explaining {
	struct crypto *crypto;
	struct arena *arena;
	struct fragment_queue *fragments;
	struct ike_key *ike;
	struct esp_key *esp;
	size_t ike_count, esp_count;
	unsigned packets, findings;
	char text[FINDINGS];                    /* what is wrong with this packet */
	json_t *json;                           /* NULL: text */
	FILE *out;
};

/* ------------------------------------------------------------ keys */

static void found_ike(void *ctx, const struct event_ike_keys *k)
{
	struct explaining *x = ctx;
	struct ike_key *new = &x->ike[x->ike_count];
	struct why why;

	if (x->ike_count == KEYS)
		return;
	*new = (struct ike_key){ .spi_i = k->spi_i, .spi_r = k->spi_r, .suite = *k->suite };
	new->sealer[0] = sealer_new(x->crypto, k->suite->encr, k->suite->integ, k->sk_ei, k->sk_ai, false, &why);
	new->sealer[1] = sealer_new(x->crypto, k->suite->encr, k->suite->integ, k->sk_er, k->sk_ar, false, &why);
	if (new->sealer[0] && new->sealer[1])
		x->ike_count++;
}

static void found_esp(void *ctx, const struct event_child_keys *k)
{
	struct explaining *x = ctx;
	struct esp_config config = { .spi = k->spi, .suite = *k->suite, .key = k->key, .integ_key = k->integ_key };
	struct esp_key *new = &x->esp[x->esp_count];

	if (x->esp_count == KEYS)
		return;
	*new = (struct esp_key){ .spi = k->spi, .sa[0] = esp_sa_new(x->crypto, &config, false, NULL) };
	config.suite.esn = true;
	new->sa[1] = esp_sa_new(x->crypto, &config, false, NULL);
	if (new->sa[0] && new->sa[1])
		x->esp_count++;
}

/* The folder that was named must hold keys; else they are looked for beside the file. */
static bool load_keys(struct explaining *x, const char *file, const char *keys, struct why *why)
{
	static const char *const places[] = { "../wireshark", "../../wireshark", "wireshark", "." };
	char copy[PATH_MAX], path[PATH_MAX + 20];
	const char *dir;
	size_t i;

	if (keys)
		return wireshark_read(keys, found_ike, found_esp, x, why);
	snprintf(copy, sizeof(copy), "%s", strcmp(file, "-") == 0 ? "." : file);
	dir = strcmp(file, "-") == 0 ? "." : dirname(copy);
	for (i = 0; i < ARRAY_LEN(places); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, places[i]);
		if (wireshark_read(path, found_ike, found_esp, x, NULL))
			break;
	}
	return true;
}

/* ------------------------------------------------------------ findings */

static void finding(struct explaining *x, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void finding(struct explaining *x, const char *format, ...)
{
	size_t had = strlen(x->text);
	va_list args;

	if (had + 2 >= sizeof(x->text))
		return;
	if (had > 0)
		had += (size_t)snprintf(x->text + had, sizeof(x->text) - had, "; ");
	va_start(args, format);
	vsnprintf(x->text + had, sizeof(x->text) - had, format, args);
	va_end(args);
	x->findings++;
}

/* Reserved fields that are not zero and octets that mean nothing, in document order. */
static void look_at_tree(struct explaining *x, const struct node *n)
{
	const struct node *child;
	char path[128];

	if (!n)
		return;
	if (n->undecoded)
		finding(x, "%s: %zu octets that mean nothing", wire_path_of(n, path, sizeof(path)), n->octets.len);
	if (n->row && n->row->kind == WIRE_RESERVED && n->number != 0)
		finding(x, "%s is %llu, reserved", wire_path_of(n, path, sizeof(path)), (unsigned long long)n->number);
	for (child = n->first; child; child = child->next)
		look_at_tree(x, child);
}

struct text {
	char *at;
	size_t len, cap;
};

static void collect(void *ctx, const char *text, size_t len)
{
	struct text *t = ctx;

	if (t->len + len + 1 > t->cap) {
		size_t cap = (t->len + len + 1) * 2;
		char *grown = realloc(t->at, cap);

		if (!grown)
			return;
		t->at = grown;
		t->cap = cap;
	}
	memcpy(t->at + t->len, text, len);
	t->len += len;
	t->at[t->len] = '\0';
}

/* ------------------------------------------------------------ packets */

static void open_message(struct explaining *x, struct message *m)
{
	struct message_keys keys;
	struct why why;
	size_t i;

	for (i = 0; i < x->ike_count; i++)
		if (x->ike[i].spi_i == m->spi_i && x->ike[i].spi_r == m->spi_r)
			break;
	if (i == x->ike_count) {
		if (m->protection == MESSAGE_SEALED)
			finding(x, "no keys for it");
		return;
	}
	keys = (struct message_keys){ &x->ike[i].suite, x->ike[i].sealer[m->initiator ? 0 : 1] };
	if (m->protection == MESSAGE_SEALED && !message_open(m, &keys, true, true, &why))
		finding(x, "cannot be opened: %s", why.text);
}

/* A field of a transform; 0 if it is not there. */
static uint16_t transform_field(struct node *chain, unsigned p, unsigned t, const char *field)
{
	char path[60];
	uint64_t value = 0;

	snprintf(path, sizeof(path), "SA.P[%u].T[%u].%s", p, t, field);
	return wire_number(chain, path, &value) ? (uint16_t)value : 0;
}

/* What a proposal names that should be used no more. */
static void weigh_transforms(struct node *chain, unsigned p, bool esp, struct text *tree)
{
	uint8_t type;
	unsigned t;

	for (t = 1; (type = (uint8_t)transform_field(chain, p, t, "type")) != 0; t++) {
		const struct transform *row = transform_find(type, transform_field(chain, p, t, "id"),
							     transform_field(chain, p, t, "A(KEY_LENGTH).value"));
		char line[120];

		if (!row || !transform_discouraged(row, esp))
			continue;
		snprintf(line, sizeof(line), "SA.P[%u].T[%u]: %s %s be used for %s (%s)\n", p, t, row->name,
			 transform_level_name(transform_level(row, esp)), esp ? "ESP" : "IKE",
			 esp ? "RFC 8221" : "RFC 8247");
		collect(tree, line, strlen(line));
	}
}

static void weigh_proposals(struct node *chain, struct text *tree)
{
	uint64_t protocol;
	char path[30];
	unsigned p;

	for (p = 1; chain; p++) {
		snprintf(path, sizeof(path), "SA.P[%u].protocol", p);
		if (!wire_number(chain, path, &protocol))
			return;
		weigh_transforms(chain, p, protocol == 3, tree);
	}
}

/* What is inside shows with the last fragment. */
static void explain_fragment(struct explaining *x, struct message *m, struct text *tree)
{
	char text[80];
	struct why why;
	enum fragment_fate fate = FRAGMENT_NUMBERS;
	unsigned number = m->fragment, total = m->fragments;

	if (!x->fragments)
		x->fragments = fragment_queue_new(&(struct fragment_limits){ 65535, 1024, 1024, 0 });
	if (x->fragments)
		fate = fragment_queue_add(x->fragments, m, 0, 0);
	if (fate == FRAGMENT_WHOLE && !fragment_queue_join(x->fragments, m, &why))
		finding(x, "its fragments cannot be joined: %s", why.text);
	if (fate == FRAGMENT_NUMBERS)
		finding(x, "fragment %u of %u cannot be", number, total);
	else if (fate == FRAGMENT_SMALLER)
		finding(x, "a smaller total than that of the fragments before it");
	snprintf(text, sizeof(text), "fragment %u of %u%s\n", number, total,
		 fate == FRAGMENT_WHOLE   ? ", the message is whole"
		 : fate == FRAGMENT_AGAIN ? ", again"
					  : "");
	collect(tree, text, strlen(text));
}

static void explain_ike(struct explaining *x, struct bytes octets, struct text *tree)
{
	struct message m;
	struct why why;

	if (!message_decode(x->arena, octets, &m, &why)) {
		finding(x, "no IKE message: %s", why.text);
		return;
	}
	if (m.length != octets.len)
		finding(x, "HDR.length is %u, the datagram has %zu octets", m.length, octets.len);
	open_message(x, &m);
	if (m.is_fragment && m.protection == MESSAGE_OPENED)
		explain_fragment(x, &m, tree);
	look_at_tree(x, m.outer);
	look_at_tree(x, m.inner);
	wire_print(m.outer, collect, tree);
	if (m.inner) {
		collect(tree, "inside SK:\n", 11);
		wire_print(m.inner, collect, tree);
	}
	weigh_proposals(m.outer, tree);
	weigh_proposals(m.inner, tree);
}

static void explain_esp(struct explaining *x, struct bytes packet, struct text *tree)
{
	struct esp_opened opened = { 0 };
	bool icv_right = false;
	uint32_t spi = packet.len >= 4 ? load_u32(packet.at) : 0;
	bool looked = false;
	size_t i, esn;

	for (i = 0; i < x->esp_count && x->esp[i].spi != spi; i++)
		;
	if (i == x->esp_count) {
		finding(x, "no keys for SPI 0x%08x", spi);
		return;
	}
	for (esn = 0; esn < 2 && !icv_right; esn++)
		looked = esp_look(x->esp[i].sa[esn], x->arena, packet, 0, &opened, &icv_right);
	if (!looked) {
		finding(x, "no ESP packet of this SA: %zu octets", packet.len);
		return;
	}
	if (!icv_right)
		finding(x, "ICV wrong (or an extended sequence number past 32 bits)");
	if (opened.seq <= x->esp[i].highest)
		finding(x, "number %llu after %llu", (unsigned long long)opened.seq,
			(unsigned long long)x->esp[i].highest);
	else
		x->esp[i].highest = opened.seq;
	if (opened.tree)
		wire_print(opened.tree, collect, tree);
}

static void explain_udp(struct explaining *x, const struct ip_packet *p, struct text *tree)
{
	bool nat_port = p->from.port == 4500 || p->to.port == 4500;

	if (nat_port && p->udp.len == 1 && p->udp.at[0] == 0xff)
		collect(tree, "NAT keepalive\n", 14);
	else if (nat_port && p->udp.len >= 4 && load_u32(p->udp.at) != 0)
		explain_esp(x, p->udp, tree);
	else
		explain_ike(x, nat_port ? bytes_slice(p->udp, 4, p->udp.len) : p->udp, tree);
}

static void show(struct explaining *x, usec time, const char *what, const struct text *tree)
{
	if (x->json) {
		json_array_append_new(x->json, json_pack("{s:i, s:f, s:s, s:s, s:s}", "packet", (int)x->packets,
							 "time", (double)time / 1e6, "what", what, "tree",
							 tree->at ? tree->at : "", "findings", x->text));
		return;
	}
	fprintf(x->out, "%u  %.6fs  %s\n%s", x->packets, (double)time / 1e6, what, tree->at ? tree->at : "");
	if (x->text[0])
		fprintf(x->out, "   ! %s\n", x->text);
}

static void explain_packet(void *ctx, usec time, struct bytes ip)
{
	struct explaining *x = ctx;
	char what[300], from[ADDRESS_TEXT], to[ADDRESS_TEXT];
	struct text tree = { 0 };
	struct ip_packet p;
	struct why why;

	x->packets++;
	x->text[0] = '\0';
	arena_reset(x->arena);
	if (!ip_parse(ip, &p, &why)) {
		finding(x, "no IP packet: %s", why.text);
		snprintf(what, sizeof(what), "%zu octets", ip.len);
	} else {
		snprintf(what, sizeof(what), "%s > %s, protocol %u, %zu octets", address_print(&p.from, from),
			 address_print(&p.to, to), p.protocol, p.octets.len);
		if (!p.checksum_right)
			finding(x, "checksum wrong");
		if (p.protocol == PROTO_UDP)
			explain_udp(x, &p, &tree);
		else if (p.protocol == PROTO_ESP)
			explain_esp(x, p.payload, &tree);
	}
	show(x, time, what, &tree);
	free(tree.at);
}

/* ------------------------------------------------------------ hex */

/* An IP packet, or an IKE message with or without the non-ESP marker. */
static void explain_octets(struct explaining *x, struct bytes octets)
{
	struct text tree = { 0 };
	struct ip_packet p;

	if (ip_parse(octets, &p, NULL)) {
		explain_packet(x, 0, octets);
		return;
	}
	if (octets.len > 4 && bytes_zero(bytes_slice(octets, 0, 4)))
		octets = bytes_slice(octets, 4, octets.len);
	x->packets++;
	explain_ike(x, octets, &tree);
	show(x, 0, "IKE message", &tree);
	free(tree.at);
}

static bool explain_hex(struct explaining *x, FILE *f, const char *name, struct why *why)
{
	char *text = calloc(1, HEX_FILE + 1);
	uint8_t *octets = malloc(HEX_FILE / 2);
	bool ok = false;
	size_t len = 0;

	if (!text || !octets)
		why_set(why, "no memory");
	else if (fread(text, 1, HEX_FILE, f) == HEX_FILE)
		why_set(why, "%s: no capture, and more than %d characters of hex", name, HEX_FILE);
	else if (ferror(f))
		why_set(why, "cannot read %s: %s", name, strerror(errno));
	else if (!bytes_from_hex(text, octets, HEX_FILE / 2, &len) || len == 0)
		why_set(why, "%s: neither a capture nor hex", name);
	else
		ok = true;
	fclose(f);
	if (ok)
		explain_octets(x, bytes_make(octets, len));
	free(text);
	free(octets);
	return ok;
}

/* ------------------------------------------------------------ the command */

/* The file, or a copy of standard input that can be rewound. */
static FILE *open_input(const char *file, struct why *why)
{
	bool standard = strcmp(file, "-") == 0;
	FILE *f = standard ? tmpfile() : fopen(file, "rb");
	char chunk[1 << 14];
	size_t len, total = 0;

	if (!f) {
		why_set(why, "cannot read %s: %s", file, strerror(errno));
		return NULL;
	}
	while (standard && total < INPUT_MAX && (len = fread(chunk, 1, sizeof(chunk), stdin)) > 0)
		total += fwrite(chunk, 1, len, f);
	rewind(f);
	return f;
}

static bool explain_input(struct explaining *x, const char *file, const char *keys, struct why *why)
{
	const char *name = strcmp(file, "-") == 0 ? "standard input" : file;
	FILE *f;

	if (!load_keys(x, file, keys, why) || !(f = open_input(file, why)))
		return false;
	return capture_is(f) ? capture_read(f, name, explain_packet, x, why) : explain_hex(x, f, name, why);
}

static int explain_file(struct explaining *x, const char *file, const char *keys)
{
	struct why why = { 0 };
	bool ok;

	x->crypto = crypto_new(&why);
	x->arena = arena_new(64 << 20);
	x->ike = calloc(KEYS, sizeof(*x->ike));
	x->esp = calloc(KEYS, sizeof(*x->esp));
	if (!x->crypto || !x->arena || !x->ike || !x->esp) {
		cli_complain(&why);
		return EXIT_UNCLEAR;
	}
	ok = explain_input(x, file, keys, &why);
	if (x->json && (ok || x->packets > 0)) {
		json_dumpf(x->json, stdout, JSON_INDENT(1) | JSON_REAL_PRECISION(12));
		putchar('\n');
	} else if (ok || x->packets > 0) {
		printf("%u packets, %u findings\n", x->packets, x->findings);
	}
	if (!ok)
		cli_complain(&why);
	return !ok ? EXIT_USAGE : x->findings > 0 ? EXIT_FAILED : EXIT_OK;
}

static void explain_end(struct explaining *x)
{
	size_t i;

	for (i = 0; i < x->ike_count; i++) {
		sealer_free(x->ike[i].sealer[0]);
		sealer_free(x->ike[i].sealer[1]);
	}
	for (i = 0; i < x->esp_count; i++) {
		esp_sa_free(x->esp[i].sa[0]);
		esp_sa_free(x->esp[i].sa[1]);
	}
	free(x->ike);
	free(x->esp);
	json_decref(x->json);
	fragment_queue_free(x->fragments);
	arena_free(x->arena);
	crypto_free(x->crypto);
}

int cli_explain(int argc, char **argv)
{
	struct explaining x = { .out = stdout };
	const char *file = NULL, *keys = NULL;
	bool json = false;
	int i, code;

	for (i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--json") == 0)
			json = true;
		else if (strcmp(argv[i], "--keys") == 0 && i + 1 < argc)
			keys = argv[++i];
		else if ((argv[i][0] != '-' || !argv[i][1]) && !file)
			file = argv[i];
		else
			break;
	}
	if (i < argc || !file) {
		bool help = i < argc && strcmp(argv[i], "--help") == 0;

		fputs("Usage: ikespec explain [--json] [--keys FOLDER] FILE\n"
		      "Decodes a capture (pcap, pcapng) or hex, '-' from standard input; keys from a Wireshark folder,\n"
		      "by default from ../wireshark beside the file.\n"
		      "Exit 0: nothing wrong, 1: findings, 4: not readable.\n", help ? stdout : stderr);
		return help ? EXIT_OK : EXIT_USAGE;
	}
	x.json = json ? json_array() : NULL;
	code = explain_file(&x, file, keys);
	explain_end(&x);
	return code;
}
