/*
 * What the files of this box share: the target, its tickets, and what a driver is.
 *
 * A driver writes files into the run directory and turns orders into shell lines.  The scripts of
 * scripts/ run them where the daemon is, and leave in out/N what a line said and in out/N.rc how it
 * ended.  So an order costs one write to a FIFO, and its end is one event of inotify.
 */
#ifndef TARGET_INTERNAL_H
#define TARGET_INTERNAL_H

#include <stdio.h>

#include "target/driver.h"

#define TICKETS 512
#define LINE_MAX_OCTETS 3800    /* below PIPE_BUF and the longest line of a terminal */
#define TEXT_CAP (256 * 1024)

struct ticket {
	unsigned id;                    /* 0: free */
	enum target_verb verb;
	usec deadline;
	bool over;
	int code;
	char connection[TARGET_NAME];   /* without its child; or empty */
	char *text;                     /* of an order that the driver took itself, and its parts */
	unsigned parts;
};

struct room {
	const char *tree;               /* its /ctl is the run directory; NULL: no namespaces */
	const char *directory;
	bool inside;                    /* the first process runs with the tree as its root */
	bool owned;                     /* ends with this process */
};

struct driver {
	const char *name;
	/* Facts of this version of the tree; NULL if the driver has none of that name. */
	const struct target_facts *(*facts)(const char *version);
	/* Writes configuration and scripts into the run directory; says in room where to go. */
	bool (*write)(const struct target *target, struct room *room, struct why *why);
	/* The shell line of an order, at most cap octets; false if there is no such order. */
	bool (*line)(const struct target *target, enum target_verb verb,
			const struct target_connection *connection,
			const struct target_child *child, char *line, size_t cap);
	/*
	 * For a driver that speaks to its daemon without a shell: takes an order itself (false: by
	 * its line), moves things along, gives up an order that took too long, ends.
	 */
	bool (*take)(struct target *target, struct ticket *ticket,
			const struct target_connection *connection,
			const struct target_child *child);
	void (*pump)(struct target *target);
	int (*fd)(const struct target *target);
	void (*drop)(struct target *target, const struct ticket *ticket);
	void (*end)(struct target *target);
	/* What the text of a finished order says. */
	void (*read)(const struct target *target, const struct ticket *ticket, const char *text,
			struct target_result *result);
	bool (*in_guest)(const struct target *target); /* orders run in a guest; NULL: never */
	bool takes_addresses;           /* puts an inner address that it is given on a device */
	const char *log;                /* file in the run directory */
	bool has_tree;                  /* and so namespaces and a wire */
};

struct target {
	char name[TARGET_NAME];
	char directory[160];
	char tree[200];
	const struct driver *driver;
	const struct target_facts *facts;
	const struct target_config *config;
	bool owned;                     /* ends with this process */
	pid_t pid;                      /* first process of the namespaces; 0 if there is none */
	int net;                        /* its network namespace */
	int command;                    /* FIFO to the shell that runs the orders */
	int inotify;
	int process;                    /* pidfd of the first process */
	int lock;                       /* the run directory, of one that stands */
	void *own;                      /* the driver's */
	unsigned last_ticket;
	struct ticket ticket[TICKETS];
	struct target_exit how;         /* what is known of the daemon */
	usec start_by;                  /* it has to be ready by then */
	char text[TEXT_CAP];
};

/* process.c: CLOCK_MONOTONIC. */
usec clock_now(void);
/* The start time of a process in clock ticks since boot, 0 if it is gone (or a zombie). */
unsigned long long process_start(pid_t pid);

/* orders.c: */
struct ticket *ticket_find(struct target *target, unsigned id);
/* Ends a ticket with a code and what is to be told, which is copied. */
void ticket_end(struct ticket *ticket, int code, const char *text);

/* files.c: files in a directory. */
bool file_write(const char *directory, const char *name, mode_t mode, const char *text,
		struct why *why);
bool folder_make(const char *directory, const char *name, struct why *why);
FILE *file_create(const char *directory, const char *name, struct why *why);
bool file_close(FILE *file, const char *name, struct why *why);
/* Reads at most cap - 1 octets, ends them with NUL; the count, or -1 if there is no such file. */
long file_read(const char *directory, const char *name, char *text, size_t cap);
bool file_exists(const char *directory, const char *name);
bool directory_remove(const char *path);

/* tree.c: where the target's root is; made (20 s or so) if it is not there and make says so. */
bool tree_find(struct target *target, bool make, struct why *why);

/* room.c: namespaces. */
/* Makes them and runs `sh CTL/first` as their first process; its pid, or -1. */
pid_t room_open(const struct room *room, struct why *why);
/* Ends the first process, and so all of them.  Waits until it is gone; true if it is. */
bool room_close(pid_t pid);

/* runs.c: run directories, and what is left in them of starts that ended badly. */
/* The folder of all run directories, made if need be: $IKESPEC_RUN, /run/ikespec, or the user's. */
bool runs_folder(char *path, size_t cap, struct why *why);
/* Makes a run directory that names this process as its owner. */
bool runs_make(const char *name, char *path, size_t cap, struct why *why);
/* Notes the first process in it; finds it again, 0 if it is gone or another has its number. */
bool runs_note(const char *directory, pid_t first, struct why *why);
pid_t runs_first(const char *directory);
/* Ends and removes what belongs to owners that are gone. */
void runs_sweep(void);
/* The directory of the one that is up under a name. */
bool runs_standing(const char *name, char *path, size_t cap, struct why *why);

/* lines.c: a driver's constant format with the connection's name (%1$s), child's suffix (%2$s). */
bool line_fill(const char *format, const struct target_connection *connection,
		const struct target_child *child, char *line, size_t cap);
bool ping_line(const struct target_child *child, char *line, size_t cap);
/* The time of the first answer that ping tells of, 0 if there is none. */
usec ping_rtt(const char *text);
/* Calls take with each line of a text, without its end. */
void each_line(const char *text, void (*take)(const char *line, void *context), void *context);
/* The number after a word in a line, 0 if the word is not there. */
uint64_t number_after(const char *line, const char *word);

/* net.c: addresses and routes for `ip -batch`: "net", and with a guest "guest-net" for its own. */
bool net_write(const struct target *target, bool guest, struct why *why);

/* scripts.c: the files of scripts/. */
extern const char first_script[], guest_script[], orders_script[];
extern const char strongswan_script[], libreswan_script[], whack_script[], exec_script[];

/* strongswan-orders.c */
bool strongswan_take(struct target *target, struct ticket *ticket,
		const struct target_connection *connection, const struct target_child *child);
void strongswan_pump(struct target *target);
int strongswan_fd(const struct target *target);
void strongswan_drop(struct target *target, const struct ticket *ticket);
void strongswan_end(struct target *target);
void strongswan_read(const struct target *target, const struct ticket *ticket, const char *text,
		struct target_result *result);

extern const struct driver strongswan_driver, libreswan_driver, exec_driver, none_driver;

#endif
