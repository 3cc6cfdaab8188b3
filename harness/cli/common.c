/* What commands that run until they are told have in common: signals as a descriptor, times as options. */
#include <argp.h>
#include <signal.h>
#include <sys/signalfd.h>

#include "cli.h"

int cli_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

usec cli_time(const char *name, const char *text, struct argp_state *state)
{
	usec t = 0;

	if (!usec_parse(text, &t))
		argp_failure(state, EXIT_USAGE, 0, "--%s takes a time as 30s, 10ms or 10min, got '%s'", name, text);
	return t;
}
