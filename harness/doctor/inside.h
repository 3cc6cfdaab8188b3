/*
 * What the files of harness/doctor share.
 */
#ifndef DOCTOR_INSIDE_H
#define DOCTOR_INSIDE_H

#include "doctor/doctor.h"

/* One look at the machine: a row of the table, and where its finding goes. */
struct look {
	const struct run_options *options;
	struct findings *findings;
	struct finding *row; /* state, what, costs and mend are set to those of the table before */
};
/* The texts are the findings' own.  All return what makes a look end: true. */
void look_ok(struct look *l, const char *format, ...) __attribute__((format(printf, 2, 3)));
void look_missing(struct look *l, const char *format, ...) __attribute__((format(printf, 2, 3)));
void look_note(struct look *l, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* machine-system.c, machine-network.c, machine-tools.c, machine-targets.c */
void look_privilege(struct look *l);
void look_namespaces(struct look *l);
void look_clock(struct look *l);
void look_cpu(struct look *l);
void look_backend(struct look *l);
void look_descriptors(struct look *l);
void look_kernel_esp(struct look *l);
void look_tun(struct look *l);
void look_raw_sockets(struct look *l);
void look_port_ike(struct look *l);
void look_port_nat(struct look *l);
void look_ipv6(struct look *l);
void look_libpcap(struct look *l);
void look_tshark(struct look *l);
void look_decrypts(struct look *l);
void look_user_mode_linux(struct look *l);
void look_tree(struct look *l);
void look_standing(struct look *l);
void look_leftovers(struct look *l);

/* program.c: runs a program for at most so long; what it said on standard output, cut to cap.  Its exit status,
 * -1 if it did not end in time or could not be started. */
int program_run(const char *const *argv, const char *const *environment, usec limit, char *said, size_t cap);
/* In a child of its own, which may enter namespaces: what does() returned, -1 if it did not end in time. */
int program_try(int (*does)(void *ctx), void *ctx, usec limit);

#endif
