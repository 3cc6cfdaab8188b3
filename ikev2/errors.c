/*
 * The table of errors that the peer tells: the first row that fits holds.
 */
#include "inside.h"

#define UNSUPPORTED_CRITICAL_PAYLOAD 1
#define INVALID_SYNTAX               7
#define INVALID_KE_PAYLOAD           17
#define AUTHENTICATION_FAILED        24
#define SINGLE_PAIR_REQUIRED         34
#define TEMPORARY_FAILURE            43
#define CHILD_SA_NOT_FOUND           44

/* clang-format off */
const struct error_row errors[] = {
	{ IKE_SA_INIT, PURPOSE_NONE, false, false, INVALID_KE_PAYLOAD, ERROR_FOLLOWED, "RFC 7296 1.2, 2.6.1",
	  "The request is made anew with a group that was offered" },
	{ IKE_SA_INIT, PURPOSE_NONE, false, false, 0, ERROR_REMEMBERED, "RFC 7296 2.21.1",
	  "An unprotected error does not end the half-open IKE SA at once" },
	{ IKE_AUTH, PURPOSE_NONE, false, false, 0, ERROR_ENDS, "RFC 7296 2.21.2",
	  "Without AUTH there is no IKE SA; beside AUTH an error is the Child SA's alone" },
	{ CREATE_CHILD_SA, PURPOSE_NONE, false, false, INVALID_SYNTAX, ERROR_ENDS, "RFC 7296 2.21.3",
	  "INVALID_SYNTAX is fatal in both peers" },
	{ CREATE_CHILD_SA, PURPOSE_NONE, false, false, AUTHENTICATION_FAILED, ERROR_ENDS, "RFC 7296 2.21",
	  "A failed authentication ends the IKE SA" },
	{ CREATE_CHILD_SA, PURPOSE_NONE, false, false, INVALID_KE_PAYLOAD, ERROR_FOLLOWED, "RFC 7296 1.3",
	  "The request is made anew with a group that was offered" },
	{ CREATE_CHILD_SA, PURPOSE_NONE, false, false, SINGLE_PAIR_REQUIRED, ERROR_FOLLOWED, "RFC 7296 2.9",
	  "One pair of addresses is asked for" },
	{ CREATE_CHILD_SA, PURPOSE_NONE, false, false, TEMPORARY_FAILURE, ERROR_WAITS, "RFC 7296 2.25",
	  "It is not asked for again at once, and for minutes at most" },
	{ CREATE_CHILD_SA, PURPOSE_REKEY_CHILD, false, false, CHILD_SA_NOT_FOUND, ERROR_AFRESH, "RFC 7296 2.25",
	  "The peer has no such Child SA: it is deleted in silence, and made afresh" },
	{ CREATE_CHILD_SA, PURPOSE_REKEY_CHILD, false, false, 0, ERROR_AGAIN, "RFC 7296 2.8",
	  "A rekey is tried until the lifetime is over" },
	{ CREATE_CHILD_SA, PURPOSE_REKEY_IKE, false, false, 0, ERROR_AGAIN, "RFC 7296 2.8",
	  "A rekey is tried until the lifetime is over" },
	{ CREATE_CHILD_SA, PURPOSE_NONE, false, false, 0, ERROR_FAILS, "RFC 7296 1.3.1, 3.10.1",
	  "There is no Child SA, and the IKE SA stands" },
	{ INFORMATIONAL, PURPOSE_NONE, false, false, INVALID_SYNTAX, ERROR_ENDS, "RFC 7296 2.21.3",
	  "INVALID_SYNTAX is fatal in both peers" },
	{ INFORMATIONAL, PURPOSE_NONE, false, false, AUTHENTICATION_FAILED, ERROR_ENDS, "RFC 7296 2.21",
	  "A failed authentication ends the IKE SA" },
	{ INFORMATIONAL, PURPOSE_NONE, false, false, 0, ERROR_FAILS, "RFC 7296 3.10.1",
	  "The request has failed, and the IKE SA stands" },
	{ INFORMATIONAL, PURPOSE_NONE, true, false, INVALID_SYNTAX, ERROR_ENDS, "RFC 7296 2.21.2",
	  "The initiator refuses the IKE_AUTH response so" },
	{ INFORMATIONAL, PURPOSE_NONE, true, false, AUTHENTICATION_FAILED, ERROR_ENDS, "RFC 7296 2.21.2",
	  "The initiator refuses the IKE_AUTH response so" },
	{ INFORMATIONAL, PURPOSE_NONE, true, true, UNSUPPORTED_CRITICAL_PAYLOAD, ERROR_ENDS, "RFC 7296 2.21.2",
	  "The initiator refuses the IKE_AUTH response so" },
	{ 0, PURPOSE_NONE, true, false, 0, ERROR_IGNORED, "RFC 7296 2.21, 3.10.1",
	  "Other errors in a request end nothing" },
};
/* clang-format on */
const size_t errors_count = ARRAY_LEN(errors);

const char *error_action_name(enum error_action a)
{
	static const char *const names[] = {
		[ERROR_IGNORED] = "ignored",
		[ERROR_FAILS] = "fails",
		[ERROR_FOLLOWED] = "followed",
		[ERROR_REMEMBERED] = "remembered",
		[ERROR_WAITS] = "waits",
		[ERROR_AGAIN] = "again later",
		[ERROR_AFRESH] = "made afresh",
		[ERROR_ENDS] = "IKE SA ends",
	};
	return (size_t)a < ARRAY_LEN(names) ? names[a] : "nothing";
}

static bool fits(const struct error_row *row, const struct error_row *wanted)
{
	return (!row->exchange || row->exchange == wanted->exchange) &&
	       (!row->purpose || row->purpose == wanted->purpose) &&
	       row->request == wanted->request && (!row->after_auth || wanted->after_auth) &&
	       (!row->notify || row->notify == wanted->notify);
}

static const struct error_row *find(const struct error_row *rows, size_t count,
				    const struct error_row *wanted)
{
	for (size_t i = 0; i < count; i++)
		if (fits(&rows[i], wanted))
			return &rows[i];
	return NULL;
}

static enum error_action action(const struct endpoint *e, const struct error_row *wanted)
{
	const struct error_row *row = find(e->config.errors, e->config.error_count, wanted);
	if (!row)
		row = find(errors, errors_count, wanted);
	return row ? row->action : ERROR_FAILS;
}

enum error_action error_in_response(const struct endpoint *e, enum purpose p, uint16_t notify)
{
	struct error_row wanted = { .exchange = purpose_exchange(p), .purpose = (int)p, .notify = notify };
	return action(e, &wanted);
}

enum error_action error_in_request(const struct incoming *x, uint16_t notify)
{
	struct error_row wanted = { .exchange = x->m.exchange, .purpose = (int)x->purpose, .request = true,
				    .after_auth = !x->ike->asked, .notify = notify };
	return action(x->e, &wanted);
}
