/* ikespec peer: a standalone endpoint, one end of each connection of its profiles. */
#include <argp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "captures/captures.h"
#include "cli.h"
#include "options.h"
#include "peer-ctl.h"
#include "peer/peer.h"

#define PEER_MANY 16
#define GRACE (4 * USEC_S)
#define LIVENESS (30 * USEC_S)

struct arguments {
	struct peer_options peer;
	const char *words[PEER_MANY];        /* profiles, or the words of an order */
	size_t word_count;
	struct address listen[PEER_MANY];
	const char *initiate[PEER_MANY];
	char control[200];
	const char *log, *pcap, *keys;
	bool ctl, json;
};

enum {
	OPTION_AS_TARGET = 256, OPTION_RESPONDER, OPTION_LISTEN, OPTION_ECHO, OPTION_TUN, OPTION_NETNS, OPTION_MTU,
	OPTION_CONTROL, OPTION_CTL, OPTION_LOG, OPTION_PCAP, OPTION_KEYS, OPTION_FOR, OPTION_KEEP_UP,
	OPTION_ENCAPSULATE, OPTION_LIVENESS, OPTION_JSON, OPTION_REKEY_IKE, OPTION_REKEY_CHILD,
};

static const struct argp_option options[] = {
	{ "initiate", 'i', "NAME", 0, "a connection to initiate, or all; may be repeated", 1 },
	{ "keep-up", OPTION_KEEP_UP, NULL, 0, "those are initiated again when they are lost", 1 },
	{ "responder", OPTION_RESPONDER, NULL, 0, "only answers, which is the default", 1 },
	{ "as-target", OPTION_AS_TARGET, NULL, 0, "plays the target's end of the profile, not the tester's", 1 },
	{ "listen", OPTION_LISTEN, "ADDRESS[:PORT]", 0, "our own address in place of the profile's; may be repeated", 2 },
	{ "encapsulate", OPTION_ENCAPSULATE, NULL, 0, "ESP in UDP without a NAT too", 2 },
	{ "echo", OPTION_ECHO, NULL, 0, "no TUN device: an inner host of its own answers pings", 3 },
	{ "tun", OPTION_TUN, "DEVICE", 0, "name of the TUN device; default ikespec0 or the next", 3 },
	{ "netns", OPTION_NETNS, "NAME", 0, "network namespace (or its path) for the TUN device", 3 },
	{ "mtu", OPTION_MTU, "N", 0, "of the TUN device; default 1400", 3 },
	{ "liveness", OPTION_LIVENESS, "TIME", 0, "silence until a liveness check, 0s: never; default 30s", 4 },
	{ "rekey-ike", OPTION_REKEY_IKE, "TIME", 0, "rekeys each IKE SA after this; default never", 4 },
	{ "rekey-child", OPTION_REKEY_CHILD, "TIME", 0, "rekeys each Child SA after this; default never", 4 },
	{ "for", OPTION_FOR, "TIME", 0, "end after this", 4 },
	{ "control", OPTION_CONTROL, "PATH", 0, "of the control socket, or none", 5 },
	{ "ctl", OPTION_CTL, NULL, 0, "send the order VERB [NAME] to a peer that runs; the verb help tells them", 5 },
	{ "json", OPTION_JSON, NULL, 0, "its answer as it comes", 5 },
	{ "log", OPTION_LOG, "FILE", 0, "lines go there, not to standard output", 6 },
	{ "pcap", OPTION_PCAP, "FILE", 0, "a capture (pcapng) of all packets", 6 },
	{ "keys", OPTION_KEYS, "DIR", 0, "a Wireshark configuration folder with the keys (WIRESHARK_CONFIG_DIR)", 6 },
	{ "verbose", 'v', NULL, 0, "-v trees of messages, -vv each ESP packet", 6 },
	{ "quiet", 'q', NULL, 0, "SAs and trouble only", 6 },
	{ 0 },
};

/* ------------------------------------------------------------ options */

static void add_listen(struct arguments *a, const char *text, struct argp_state *state)
{
	if (a->peer.listen_count == PEER_MANY)
		argp_failure(state, EXIT_USAGE, 0, "more than %d addresses to listen on", PEER_MANY);
	if (!address_parse(text, &a->listen[a->peer.listen_count++]))
		argp_failure(state, EXIT_USAGE, 0, "--listen takes ADDRESS or ADDRESS:PORT, got '%s'", text);
}

static void add_text(const char **list, size_t *count, const char *text, struct argp_state *state)
{
	if (*count == PEER_MANY)
		argp_failure(state, EXIT_USAGE, 0, "'%s': more than %d of them", text, PEER_MANY);
	list[(*count)++] = text;
}

static unsigned mtu_of(const char *text, struct argp_state *state)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (*end || n < 576 || n > 65000)
		argp_failure(state, EXIT_USAGE, 0, "--mtu takes 576 to 65000, got '%s'", text);
	return (unsigned)n;
}

static bool parse_text(struct arguments *a, int key, const char *text)
{
	switch (key) {
	case OPTION_TUN:
		a->peer.device = text;
		return true;
	case OPTION_NETNS:
		a->peer.netns = text;
		return true;
	case OPTION_CONTROL:
		snprintf(a->control, sizeof(a->control), "%s", text);
		return true;
	case OPTION_LOG:
		a->log = text;
		return true;
	case OPTION_PCAP:
		a->pcap = text;
		return true;
	case OPTION_KEYS:
		a->keys = text;
		return true;
	}
	return false;
}

static bool parse_flag(struct arguments *a, int key)
{
	switch (key) {
	case OPTION_AS_TARGET:
		return a->peer.as_target = true;
	case OPTION_KEEP_UP:
		return a->peer.keep_up = true;
	case OPTION_ENCAPSULATE:
		return a->peer.encapsulate = true;
	case OPTION_ECHO:
		return a->peer.echo = true;
	case OPTION_CTL:
		return a->ctl = true;
	case OPTION_JSON:
		return a->json = true;
	case 'v':
		a->peer.level++;
		return true;
	case 'q':
		a->peer.level = PEER_STATE;
		return true;
	}
	return key == OPTION_RESPONDER;
}

static error_t parse(int key, char *text, struct argp_state *state)
{
	struct arguments *a = state->input;

	if (parse_flag(a, key) || parse_text(a, key, text))
		return 0;
	switch (key) {
	case 'i':
		add_text(a->initiate, &a->peer.initiate_count, text, state);
		return 0;
	case OPTION_LISTEN:
		add_listen(a, text, state);
		return 0;
	case OPTION_MTU:
		a->peer.mtu = mtu_of(text, state);
		return 0;
	case OPTION_FOR:
		a->peer.duration = cli_time("for", text, state);
		return 0;
	case OPTION_LIVENESS:
		a->peer.liveness = cli_time("liveness", text, state);
		return 0;
	case OPTION_REKEY_IKE:
		a->peer.rekey_ike = cli_time("rekey-ike", text, state);
		return 0;
	case OPTION_REKEY_CHILD:
		a->peer.rekey_child = cli_time("rekey-child", text, state);
		return 0;
	case ARGP_KEY_ARG:
		add_text(a->words, &a->word_count, text, state);
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, a->ctl ? "which order? --ctl help tells them" : "no PROFILE is given");
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

/* ------------------------------------------------------------ lines */

struct lines {
	FILE *out;
};

static void put_line(void *ctx, enum peer_level level, const char *text)
{
	struct lines *l = ctx;
	char clock[16];
	struct timeval now;
	struct tm tm;

	(void)level;
	gettimeofday(&now, NULL);
	localtime_r(&now.tv_sec, &tm);
	strftime(clock, sizeof(clock), "%H:%M:%S", &tm);
	fprintf(l->out, "%s.%03u  %s\n", clock, (unsigned)(now.tv_usec / 1000), text);
	fflush(l->out);
}

static void put_end(FILE *out, const struct peer_figures *f)
{
	fprintf(out, "%zu IKE SAs and %zu Child SAs came to be; %llu inner packets in, %llu out; %zu IKE SAs left over\n",
		f->ike_sas, f->child_sas, (unsigned long long)f->packets_in, (unsigned long long)f->packets_out,
		f->left);
	fflush(out);
}

/* ------------------------------------------------------------ running */

static usec time_of_day(void)
{
	struct timeval now;

	gettimeofday(&now, NULL);
	return (usec)now.tv_sec * USEC_S + (usec)now.tv_usec;
}

static int run(struct arguments *a, struct live *live, FILE *out, struct why *why)
{
	bool senseless;
	struct peer *p = peer_new(&a->peer, &senseless, why);
	struct peer_figures figures;
	enum peer_end end;

	if (!p) {
		cli_complain(why);
		live_close(live, NULL);
		return senseless ? EXIT_USAGE : EXIT_UNCLEAR;
	}
	end = peer_run(p);
	figures = peer_figures(p);
	peer_free(p);
	put_end(out, &figures);
	if (!live_close(live, why)) {
		cli_complain(why);
		return EXIT_UNCLEAR;
	}
	return figures.left || figures.never_up ? EXIT_FAILED : end == PEER_INTERRUPTED ? EXIT_INTERRUPTED : EXIT_OK;
}

static int prepare(struct arguments *a, struct event_log *log, struct why *why)
{
	FILE *out = a->log ? fopen(a->log, "a") : stdout;
	struct lines lines = { out };
	struct live *live;
	int code;

	if (!out) {
		fprintf(stderr, "ikespec: cannot write %s\n", a->log);
		return EXIT_UNCLEAR;
	}
	live = live_new(a->pcap, a->keys, time_of_day(), why);
	if (!live) {
		cli_complain(why);
		return EXIT_UNCLEAR;
	}
	event_listen(log, live_hear, live);
	a->peer.line = put_line;
	a->peer.line_ctx = &lines;
	a->peer.log = log;
	a->peer.signals = cli_signals();
	code = run(a, live, out, why);
	if (out != stdout)
		fclose(out);
	return code;
}

static bool find_profiles(const struct arguments *a, struct library *l, const struct profile **out, size_t *count)
{
	for (*count = 0; *count < a->word_count; ++*count) {
		out[*count] = cli_profile(l, a->words[*count]);
		if (!out[*count]) {
			fprintf(stderr, "ikespec: there is no profile '%s'\n", a->words[*count]);
			return false;
		}
	}
	return true;
}

static int begin(struct arguments *a)
{
	struct options o = { .target_count = a->word_count };
	const char *files[MANY];
	const struct profile *profiles[PEER_MANY];
	struct event_log log = { 0 };
	struct why why = { "" };
	struct library *l;
	char root[400];
	size_t count;
	int code = EXIT_USAGE;

	memcpy(o.targets, a->words, sizeof(o.targets));
	l = options_load(&o, root, files, &count);
	if (!l)
		return EXIT_USAGE;
	a->peer.crypto = crypto_new(&why);
	if (!a->peer.crypto)
		cli_complain(&why);
	else if (find_profiles(a, l, profiles, &a->peer.profile_count)) {
		a->peer.profiles = profiles;
		code = prepare(a, &log, &why);
	}
	crypto_free(a->peer.crypto);
	library_free(l);
	return code;
}

int cli_peer(int argc, char **argv)
{
	static const struct argp argp = {
		options, parse, "PROFILE...\n--ctl VERB [NAME]",
		"A standalone IKEv2/ESP endpoint on real sockets: one end of each connection of the profiles.\v"
		"It runs until ^C (or the order quit), and then deletes its SAs; ^C once more ends it at once.\n"
		"The control socket takes lines VERB [NAME] and answers each with a line of JSON.", NULL, NULL, NULL
	};
	struct arguments a = { .peer = { .level = PEER_MESSAGE, .liveness = LIVENESS, .grace = GRACE } };
	static char name[] = "ikespec peer";

	peer_control_path(a.control, sizeof(a.control));
	argv[0] = name;
	if (argp_parse(&argp, argc, argv, 0, NULL, &a) != 0)
		return EXIT_USAGE;
	if (a.ctl)
		return peer_ctl(a.control, (char *const *)a.words, a.word_count, a.json);
	a.peer.control = strcmp(a.control, "none") == 0 ? NULL : a.control;
	a.peer.listen = a.listen;
	a.peer.initiate = a.initiate;
	return begin(&a);
}
