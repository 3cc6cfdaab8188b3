#include "internal.h"

#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

bool target_kernel_esp(void)
{
	const int spaces = CLONE_NEWNET | (geteuid() == 0 ? 0 : CLONE_NEWUSER);
	int status = -1;
	pid_t pid = fork();

	if (pid == 0) {
		if (unshare(spaces) == 0)
			execlp("sh", "sh", "-c", "exec ip xfrm state add src 127.0.0.1 "
				"dst 127.0.0.1 proto esp spi 0x101 mode tunnel "
				"aead 'rfc4106(gcm(aes))' "
				"0x00112233445566778899aabbccddeeff01020304 128 >/dev/null 2>&1",
				(char *)NULL);
		_exit(127);
	}
	return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) &&
		WEXITSTATUS(status) == 0;
}
