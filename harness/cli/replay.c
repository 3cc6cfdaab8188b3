/* ikespec replay: the datagrams of a capture once more, to the target of a profile. */
#include <argp.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "captures/captures.h"
#include "cli.h"
#include "esp/inner.h"
#include "options.h"
#include "peer/replay.h"

#define WAIT USEC_S
#define OCTETS ((size_t)1 << 30)

struct replaying {
	struct replay_options replay;
	const char *file, *profile;
	struct address sender;          /* family 0: of the first packet */
	struct arena *arena;
	struct replay_packet *packets;
	size_t count, cap;
	bool quiet, failed;
};

enum { OPTION_SENDER = 256, OPTION_SPEED, OPTION_GAP, OPTION_WAIT };

static const struct argp_option options[] = {
	{ "target", 't', "PROFILE", 0, "whom it is sent to: the target of this profile and nobody else", 0 },
	{ "sender", OPTION_SENDER, "ADDRESS", 0, "what this one sent; default the sender of the first packet", 0 },
	{ "speed", OPTION_SPEED, "X", 0, "of the capture's own pace; default 1", 0 },
	{ "gap", OPTION_GAP, "TIME", 0, "between all of them, in place of the capture's own pace", 0 },
	{ "wait", OPTION_WAIT, "TIME", 0, "for answers to the last one; default 1s", 0 },
	{ "quiet", 'q', NULL, 0, "the summary only", 0 },
	{ 0 },
};

/* ------------------------------------------------------------ options */

static double speed_of(const char *text, struct argp_state *state)
{
	char *end;
	double speed = strtod(text, &end);

	if (*end || !(speed >= 0.001 && speed <= 1000000))
		argp_failure(state, EXIT_USAGE, 0, "--speed takes 0.001 to 1000000, got '%s'", text);
	return speed;
}

static error_t parse(int key, char *text, struct argp_state *state)
{
	struct replaying *r = state->input;

	switch (key) {
	case 't':
		r->profile = text;
		return 0;
	case 'q':
		r->quiet = true;
		return 0;
	case OPTION_SENDER:
		if (!address_parse(text, &r->sender))
			argp_failure(state, EXIT_USAGE, 0, "--sender takes an address, got '%s'", text);
		return 0;
	case OPTION_SPEED:
		r->replay.speed = speed_of(text, state);
		return 0;
	case OPTION_GAP:
		r->replay.gap = cli_time("gap", text, state);
		r->replay.speed = 0;
		return 0;
	case OPTION_WAIT:
		r->replay.wait = cli_time("wait", text, state);
		return 0;
	case ARGP_KEY_ARG:
		if (r->file)
			argp_error(state, "'%s' is too much", text);
		r->file = text;
		return 0;
	case ARGP_KEY_END:
		if (!r->file || !r->profile)
			argp_error(state, r->file ? "whom to? -t PROFILE" : "no FILE is given");
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

/* ------------------------------------------------------------ the capture */

static bool grow(struct replaying *r)
{
	size_t cap = r->cap ? 2 * r->cap : 1024;
	struct replay_packet *grown = realloc(r->packets, cap * sizeof(*grown));

	if (!grown)
		return false;
	r->packets = grown;
	r->cap = cap;
	return true;
}

static void take_packet(void *ctx, usec time, struct bytes octets)
{
	struct replaying *r = ctx;
	struct ip_packet ip;
	struct bytes copy;

	if (r->failed || !ip_parse(octets, &ip, NULL))
		return;
	if (r->sender.family == 0)
		r->sender = ip.from;
	if (!address_same_host(&r->sender, &ip.from))
		return;
	copy = arena_copy(r->arena, octets);
	if (copy.at == NULL || (r->count == r->cap && !grow(r)))
		r->failed = true;
	else
		r->packets[r->count++] = (struct replay_packet){ time, copy };
}

static bool read_file(struct replaying *r, struct why *why)
{
	FILE *f = fopen(r->file, "rb");

	if (!f)
		return why_set(why, "cannot read %s: %s", r->file, strerror(errno));
	r->arena = arena_new(OCTETS);
	return capture_read(f, r->file, take_packet, r, why) &&
	       (!r->failed || why_set(why, "%s: more than %zu octets", r->file, OCTETS));
}

/* ------------------------------------------------------------ the command */

static void put_line(void *ctx, enum peer_level level, const char *text)
{
	(void)ctx;
	(void)level;
	puts(text);
	fflush(stdout);
}

static int send_it(struct replaying *r, const struct profile *profile, struct why *why)
{
	struct event_log log = { 0 };
	struct replay_figures f;

	r->replay.profile = profile;
	r->replay.packets = r->packets;
	r->replay.count = r->count;
	r->replay.log = &log;
	r->replay.line = r->quiet ? NULL : put_line;
	r->replay.signals = cli_signals();
	if (!replay_run(&r->replay, &f, why)) {
		cli_complain(why);
		return EXIT_UNCLEAR;
	}
	printf("%zu packets sent, %zu could not be sent, %zu left out; %zu answers\n", f.sent, f.refused, f.left_out,
	       f.answers);
	return f.refused ? EXIT_UNCLEAR : f.interrupted ? EXIT_INTERRUPTED : f.sent ? EXIT_OK : EXIT_NOTHING;
}

static int with_profile(struct replaying *r, struct why *why)
{
	struct options o = { .targets = { r->profile }, .target_count = 1 };
	const struct profile *profile;
	const char *files[MANY];
	char root[400];
	size_t count;
	struct library *l = options_load(&o, root, files, &count);
	int code = EXIT_USAGE;

	if (!l)
		return EXIT_USAGE;
	profile = cli_profile(l, r->profile);
	r->replay.crypto = crypto_new(why);
	if (!profile)
		fprintf(stderr, "ikespec: there is no profile '%s'\n", r->profile);
	else if (!r->replay.crypto)
		cli_complain(why);
	else
		code = send_it(r, profile, why);
	crypto_free(r->replay.crypto);
	library_free(l);
	return code;
}

int cli_replay(int argc, char **argv)
{
	static const struct argp argp = {
		options, parse, "FILE",
		"Sends what one end of a capture sent once more, as it was but for addresses and ports, to the target of "
		"a profile, and tells what comes back.", NULL, NULL, NULL
	};
	struct replaying r = { .replay = { .speed = 1, .wait = WAIT } };
	static char name[] = "ikespec replay";
	struct why why = { "" };
	int code = EXIT_USAGE;

	argv[0] = name;
	if (argp_parse(&argp, argc, argv, 0, NULL, &r) != 0)
		return EXIT_USAGE;
	if (!read_file(&r, &why))
		cli_complain(&why);
	else if (r.count > 0)
		code = with_profile(&r, &why);
	else {
		fprintf(stderr, "ikespec: %s holds nothing of that sender\n", r.file);
		code = EXIT_NOTHING;
	}
	arena_free(r.arena);
	free(r.packets);
	return code;
}
