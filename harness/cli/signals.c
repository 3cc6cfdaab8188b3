/* Signals as a descriptor, for commands that wait in a loop of their own. */
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
