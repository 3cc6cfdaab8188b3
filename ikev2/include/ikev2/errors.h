/*
 * What becomes of an error notify that the peer sends (RFC 7296 2.21, 2.25): one row for each kind of
 * message and error.  A policy may put rows of its own before the table.  What we tell the peer of
 * errors that we find is the answer of the check table.
 */
#ifndef IKEV2_ERRORS_H
#define IKEV2_ERRORS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum error_action {
	ERROR_IGNORED,      /* nothing changes */
	ERROR_FAILS,        /* the request has failed, and that is all */
	ERROR_FOLLOWED,     /* the request is made anew as the error says, so many times */
	ERROR_REMEMBERED,   /* anybody could have sent it: the request goes on until its time is over */
	ERROR_WAITS,        /* the request is made again after growing gaps; for minutes, then the IKE SA is closed */
	ERROR_AGAIN,        /* the same, until the lifetime is over */
	ERROR_AFRESH,       /* the Child SA is gone without a Delete, and another is asked for */
	ERROR_ENDS,         /* the IKE SA is gone without a Delete */
};
struct error_row {
	uint8_t exchange;           /* 0: any */
	int purpose;                /* enum purpose; 0: any */
	bool request;               /* it came in a request of the peer, else in a response */
	bool after_auth;            /* ... in the first request after IKE_AUTH only */
	uint16_t notify;            /* 0: any other error */
	enum error_action action;
	const char *reference, *title;
};
extern const struct error_row errors[];
extern const size_t errors_count;
const char *error_action_name(enum error_action a);

#endif
