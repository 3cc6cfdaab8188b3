/* libpcap, and tshark on a capture of a run that is made for it. */
#include "inside.h"

#include <ftw.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "captures/captures.h"
#include "target/driver.h"

#define TSHARK_LIMIT (20 * USEC_S)
#define SPECIMEN     "interop.ping"

void look_libpcap(struct look *l)
{
	look_ok(l, "%.60s", pcap_lib_version());
}

void look_tshark(struct look *l)
{
	static const char *const argv[] = { "tshark", "--version", NULL };
	char said[4000];

	if (program_run(argv, NULL, TSHARK_LIMIT, said, sizeof said) == 0)
		look_ok(l, "%.*s", (int)strcspn(said, "\n"), said);
	else
		look_missing(l, "no tshark that runs");
}

/* ------------------------------------------------------------ does it decrypt? */

/* One handshake and its pings in the virtual world, captured with its keys. */
static bool make_specimen(struct look *l, const char *folder)
{
	static const char *const names[] = { SPECIMEN };
	struct run_options o = *l->options;
	struct event_log log = { .count = 0 };
	struct why why;
	struct captures *c = captures_new(folder, CAPTURE_ALWAYS, true, false, &why);
	struct test_suite *s;
	bool good = false;

	o.profile = library_profile(o.library, "builtin");
	o.filter = (struct run_filter){ .names = names, .name_count = 1, .role = ROLE_RESPONDER };
	o.log = &log;
	s = c && o.profile ? suite_new(&o, &why) : NULL;
	if (s) {
		event_listen(&log, captures_hear, c);
		good = suite_run(s, &why) && captures_finish(c, &why);
	}
	suite_free(s);
	captures_free(c);
	return good;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st;
	(void)kind;
	(void)at;
	return remove(path);
}

static unsigned lines_with(const char *text, const char *first, const char *second)
{
	unsigned count = 0;

	for (const char *at = text, *end; *at; at = *end ? end + 1 : end) {
		const char *a = strstr(at, first), *b = strstr(at, second);

		end = at + strcspn(at, "\n");
		count += a && a < end && b && b < end;
	}
	return count;
}

static void dissect(struct look *l, const char *folder)
{
	char file[200], keys[200], said[8000];
	const char *argv[] = { "tshark", "-n", "-r", file, "-Y", "isakmp.enc.decrypted or icmp", "-T", "fields", "-e",
			       "frame.protocols", NULL };
	const char *environment[] = { keys, NULL };
	unsigned ike, esp;

	snprintf(keys, sizeof keys, "WIRESHARK_CONFIG_DIR=%s/wireshark", folder);
	snprintf(file, sizeof file, "%s/captures/" SPECIMEN ".as-responder.pcapng", folder);
	if (access(file, R_OK) != 0)
		snprintf(file, sizeof file, "%s/captures/" SPECIMEN ".pcapng", folder);
	if (program_run(argv, environment, TSHARK_LIMIT, said, sizeof said) != 0) {
		look_missing(l, "tshark did not read a capture of ours");
		return;
	}
	ike = lines_with(said, "udp", "isakmp");
	esp = lines_with(said, "esp", "icmp");
	if (ike && esp)
		look_ok(l, "tshark opened %u IKE messages and %u ESP packets of a capture of ours", ike, esp);
	else
		look_missing(l, "tshark opened %s of a capture of ours", ike ? "IKE but no ESP" : "nothing");
}

void look_decrypts(struct look *l)
{
	const struct finding *tshark = findings_find(l->findings, "tshark");
	const char *base = getenv("TMPDIR");
	char folder[120];

	if (tshark && tshark->state != FINDING_OK) {
		l->row->what = "there is no tshark";
		return;
	}
	snprintf(folder, sizeof folder, "%.80s/ikespec-doctor-XXXXXX", base && *base ? base : "/tmp");
	if (!mkdtemp(folder)) {
		l->row->what = "no temporary folder could be made";
		return;
	}
	if (make_specimen(l, folder))
		dissect(l, folder);
	else
		l->row->what = "no capture could be made for it";
	nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* ------------------------------------------------------------ User-Mode Linux */

void look_user_mode_linux(struct look *l)
{
	static const char *const argv[] = { "/usr/bin/linux.uml", "--version", NULL };
	bool modules = access("/usr/lib/uml/modules", R_OK) == 0;
	char said[200];

	if (modules && program_run(argv, NULL, 5 * USEC_S, said, sizeof said) == 0)
		look_ok(l, "%.*s, with its modules", (int)strcspn(said, "\n"), said);
	else if (target_kernel_esp())
		look_note(l, "is not there, and not needed: this kernel has ESP");
	else
		look_missing(l, "%s", modules ? "/usr/bin/linux.uml does not run" : "is not installed");
	if (l->row->state == FINDING_NOTE)
		l->row->costs = l->row->mend = NULL;
}
