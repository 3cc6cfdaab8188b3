/* What shows in single handshakes: a table of looks, each with a tester of its own. */
#include "exam.h"

#include "scenario/connect.h"
#include "target/config.h"

enum {
	NOTIFY_AUTH_FAILED = 24, NOTIFY_NAT_SOURCE = 16388, NOTIFY_COOKIE = 16390, NOTIFY_MOBIKE = 16396,
	NOTIFY_CHILDLESS = 16418, NOTIFY_FRAGMENTATION = 16430, NOTIFY_HASHES = 16431,
	NOTIFY_REDIRECT = 16406, NOTIFY_TICKET = 16410, NOTIFY_QCD = 16419, NOTIFY_PPK = 16435,
	NOTIFY_INTERMEDIATE = 16438,
};
#define FRAGMENTS 3
#define HALF_OPEN 12 /* IKE SAs at a time, at most, until a cookie is asked for */

/* An IKE_AUTH that the target understood, whether or not it let us in. */
static bool was_read(const struct shake *s)
{
	return s->state == SHAKE_UP || s->state == SHAKE_NO_CHILD || (s->state == SHAKE_AUTH_REFUSED && s->error);
}

static const char *named(const struct exam *x, const char *mode, const char *name)
{
	const struct profile *p = x->run.profile;

	for (size_t i = 0; i < p->connection_count; i++)
		if ((mode && p->connections[i].mode && strcmp(p->connections[i].mode, mode) == 0) ||
		    (name && strcmp(p->connections[i].name, name) == 0))
			return p->connections[i].name;
	return NULL;
}

/* ------------------------------------------------------------ looks */

static void remember(struct exam *x, const struct shake *s)
{
	for (size_t i = 0; i < s->init.count; i++)
		if (!notify_heard(&x->in_init, s->init.types[i]) && x->in_init.count < NOTIFIES)
			x->in_init.types[x->in_init.count++] = s->init.types[i];
	for (size_t i = 0; i < s->auth.count; i++)
		if (!notify_heard(&x->in_auth, s->auth.types[i]) && x->in_auth.count < NOTIFIES)
			x->in_auth.types[x->in_auth.count++] = s->auth.types[i];
}

static const char *notifies_text(struct exam *x, const struct notify_set *s)
{
	const char *text = "";

	for (size_t i = 0; i < s->count; i++)
		text = exam_text(x, "%s%s%s", text, i ? " " : "", notify_text(x, s->types[i]));
	return text;
}

static void tell_init(struct exam *x, const struct shake *s)
{
	const char *hashes = "";
	char spare[16];

	x->name = "notifies";
	found(x, FINDING_NOTE, "IKE_SA_INIT: %s; IKE_AUTH: %s", notifies_text(x, &s->init),
	      s->auth.count ? notifies_text(x, &s->auth) : "none");
	x->name = "vendor-ids";
	found(x, FINDING_NOTE, "%s", s->vendors ? s->vendors : "none");
	x->name = "signature-hashes";
	for (size_t i = 0; i + 1 < s->hashes.len; i += 2)
		hashes = exam_text(x, "%s%s%s", hashes, i ? " " : "",
				   names_print(&names_hash, (uint32_t)(s->hashes.at[i] << 8 | s->hashes.at[i + 1]),
					       spare, sizeof spare));
	found(x, *hashes ? FINDING_YES : FINDING_NO, "%s",
	      *hashes ? hashes : "no SIGNATURE_HASH_ALGORITHMS: only methods 1 and 9 to 11 for signatures");
}

/* What was at a place moves to one before it, and those between make room. */
static void put_at(struct exam *x, size_t to, size_t from, const struct suite *s)
{
	struct suite kept = *s;

	memmove(&x->suites[to + 1], &x->suites[to], (from - to) * sizeof x->suites[0]);
	x->suites[to] = kept;
}

/* The suite that the target chose of all is what it likes best: the first one from now on. */
static void prefer(struct exam *x, const struct suite *chosen)
{
	size_t at = 0;

	while (at < x->suite_count && !(x->suites[at].encr == chosen->encr && x->suites[at].integ == chosen->integ &&
					x->suites[at].prf == chosen->prf && x->suites[at].ke == chosen->ke))
		at++;
	if (at == x->suite_count && at < SUITES)
		x->suite_count++;
	else if (at == SUITES)
		at--;
	put_at(x, 0, at, chosen);
	/* The second is of another cipher and group, for what tells two suites from each other. */
	for (at = 1; at < x->suite_count; at++)
		if (x->suites[at].encr != chosen->encr && x->suites[at].ke != chosen->ke) {
			struct suite other = x->suites[at];

			put_at(x, 1, at, &other);
			return;
		}
}

static void look_handshake(struct exam *x)
{
	struct shake s = shake_hands(x, &(struct shake_plan){ .family = x->family });

	remember(x, &s);
	x->auth_error = s.error;
	if (s.state > SHAKE_REFUSED)
		prefer(x, &s.suite);
	x->authenticated = s.state == SHAKE_UP || s.state == SHAKE_NO_CHILD;
	if (x->authenticated)
		found(x, FINDING_YES, "%s", shake_text(x, &s));
	else if (!x->options.credentials)
		found(x, FINDING_UNCHECKED, "no credentials are known (%s): what follows IKE_AUTH cannot be seen",
		      shake_text(x, &s));
	else
		found(x, FINDING_NO, "%s: are identities and secret of the profile the target's?", shake_text(x, &s));
	if (s.init.count || s.state > SHAKE_REFUSED)
		tell_init(x, &s);
}

static void look_fragmentation(struct exam *x)
{
	struct shake s;

	if (!notify_heard(&x->in_init, NOTIFY_FRAGMENTATION)) {
		found(x, FINDING_NO, "no IKEV2_FRAGMENTATION_SUPPORTED");
		return;
	}
	s = shake_hands(x, &(struct shake_plan){ .fragments = FRAGMENTS });
	remember(x, &s);
	if (!was_read(&s)) {
		found(x, FINDING_NO, "announced, but IKE_AUTH in %d fragments: %s", FRAGMENTS, shake_text(x, &s));
		return;
	}
	found(x, FINDING_YES, "announced; IKE_AUTH in %d fragments was put together (%s)", FRAGMENTS, shake_text(x, &s));
	mark(x, "fragmentation", "1280", "answered IKE_AUTH in 3 fragments");
}

static void look_nat(struct exam *x)
{
	struct shake s;

	if (!notify_heard(&x->in_init, NOTIFY_NAT_SOURCE)) {
		found(x, FINDING_NO, "no NAT_DETECTION_SOURCE_IP");
		return;
	}
	s = shake_hands(x, &(struct shake_plan){ .nat = true });
	remember(x, &s);
	if (was_read(&s) && s.on_nat_port)
		found(x, FINDING_YES, "a NAT is detected, and IKE_AUTH is answered on port %u",
		      x->run.profile->nat_port);
	else
		found(x, FINDING_NO, "NAT_DETECTION is sent, but behind a NAT: %s", shake_text(x, &s));
}

static void look_childless(struct exam *x)
{
	struct shake s;

	if (!notify_heard(&x->in_init, NOTIFY_CHILDLESS)) {
		found(x, FINDING_NO, "no CHILDLESS_IKEV2_SUPPORTED");
		return;
	}
	if (!x->authenticated) {
		found(x, FINDING_YES, "announced (that it works takes credentials)");
		return;
	}
	s = shake_hands(x, &(struct shake_plan){ .connection = named(x, "none", "childless"), .childless = true });
	if (s.state != SHAKE_NO_CHILD || s.error) {
		found(x, FINDING_NO, "announced, but without a Child SA: %s", shake_text(x, &s));
		return;
	}
	found(x, FINDING_YES, "announced, and IKE_AUTH without a Child SA made an IKE SA");
	mark(x, "childless", NULL, "an IKE SA without a Child SA was made");
}

static void look_mobike(struct exam *x)
{
	const char *connection = named(x, NULL, "mobike");
	struct shake s = { .state = SHAKE_NO_ANSWER };

	if (!x->authenticated) {
		found(x, FINDING_UNCHECKED, "it shows in IKE_AUTH, which did not succeed");
		return;
	}
	if (connection) {
		s = shake_hands(x, &(struct shake_plan){ .connection = connection });
		remember(x, &s);
	}
	if (!notify_heard(&x->in_auth, NOTIFY_MOBIKE)) {
		found(x, FINDING_NO, "no MOBIKE_SUPPORTED");
		return;
	}
	found(x, FINDING_YES, "MOBIKE_SUPPORTED%s%s", connection ? " on the connection " : "", connection ? connection : "");
	mark(x, "mobike", NULL, "MOBIKE_SUPPORTED in IKE_AUTH");
}

static void look_window(struct exam *x)
{
	struct shake s;

	if (!x->authenticated) {
		found(x, FINDING_UNCHECKED, "it shows in IKE_AUTH, which did not succeed");
		return;
	}
	s = shake_hands(x, &(struct shake_plan){ .connection = NULL });
	if (s.window.len != 4) {
		found(x, FINDING_NO, "no SET_WINDOW_SIZE: one request at a time");
		return;
	}
	x->name = "window-size";
	found(x, FINDING_YES, "SET_WINDOW_SIZE %u", (unsigned)load_u32(s.window.at));
	mark(x, "window-size", exam_text(x, "%u", (unsigned)load_u32(s.window.at)), "SET_WINDOW_SIZE in IKE_AUTH");
}

static void look_transport(struct exam *x)
{
	const char *connection = named(x, "transport", NULL);
	struct shake s;

	if (!x->authenticated) {
		found(x, FINDING_UNCHECKED, "it shows in IKE_AUTH, which did not succeed");
		return;
	}
	s = shake_hands(x, &(struct shake_plan){ .connection = connection, .transport = true });
	if (s.state != SHAKE_UP || !s.transport) {
		found(x, FINDING_NO, "%s: %s", connection ? "on its connection" : "asked for on the first connection",
		      s.state == SHAKE_UP ? "a Child SA in tunnel mode" : shake_text(x, &s));
		return;
	}
	found(x, FINDING_YES, "USE_TRANSPORT_MODE was agreed to");
	if (connection)
		mark(x, "transport", NULL, "USE_TRANSPORT_MODE in IKE_AUTH");
}

/* ------------------------------------------------------------ cookies */

/* A handful of half-open IKE SAs, each closed by an IKE_AUTH afterwards. */
static void look_cookies(struct exam *x)
{
	struct endpoint *e;
	unsigned open = 0;
	bool asked = notify_heard(&x->in_init, NOTIFY_COOKIE), silent = false;
	struct why why = { "" };
	struct stage_tester t = { .family = x->family };

	if (!stage_enter(x->stage, &t, &why)) {
		found(x, FINDING_UNCHECKED, "%s", why.text);
		return;
	}
	e = stage_endpoint(x->stage);
	while (open < HALF_OPEN && !asked && !silent) {
		struct sending s = {
			.purpose = PURPOSE_IKE_SA_INIT, .propose = x->suites, .propose_count = x->suite_count,
		};
		struct sent *sent = endpoint_send(e, &s, stage_now(x->stage), &why);
		struct seen *seen = sent ? stage_hear(x->stage, stage_now(x->stage) + USEC_S) : NULL;

		silent = !seen;
		asked = seen && seen->is_ike && message_notify(&seen->message, NOTIFY_COOKIE);
		if (seen)
			endpoint_take(e, seen, TAKE_AUTOMATIC, stage_now(x->stage));
		open += !silent && !asked;
	}
	for (size_t n = 0; n < 2 * HALF_OPEN; n++) {
		struct ike_sa *sa = endpoint_ike_sa(e, n);
		struct sending s = { .purpose = PURPOSE_IKE_AUTH, .ike = sa };
		uint16_t error;

		if (sa && ike_sa_view(sa).state == IKE_KEYED)
			exam_ask(x, &s, &error);
	}
	if (asked)
		found(x, FINDING_YES, "asked for with %u half-open IKE SAs of one address", open);
	else if (silent)
		found(x, FINDING_NOTE, "no cookie, but silence with %u half-open IKE SAs of one address", open);
	else
		found(x, FINDING_NOTE, "not asked for with %u half-open IKE SAs of one address", open);
	if (asked && open == 0)
		mark(x, "cookies", NULL, "asked for at once");
}

/* ------------------------------------------------------------ other connections */

/* A target that asks for its inner address has none for us; one that was up before has no variants. */
static bool to_be_tried(const struct profile *p, const struct profile_connection *c)
{
	bool own = target_variant_find(c->name) != TARGET_PLAIN || strcmp(c->name, "cookies") == 0;

	return !c->target.asks && !(p->standing && own);
}

static void look_connections(struct exam *x)
{
	const struct profile *p = x->run.profile;
	const char *good = "", *bad = "";
	size_t tried = 0;

	for (size_t i = 1; i < p->connection_count && i < CONNECTIONS && x->authenticated && exam_time_left(x); i++) {
		const struct profile_connection *c = &p->connections[i];
		struct shake s;

		if (!to_be_tried(p, c))
			continue;
		s = shake_hands(x, &(struct shake_plan){ .connection = c->name });
		x->tried[i] = true;
		x->works[i] = s.state == SHAKE_UP ||
			      (s.state == SHAKE_NO_CHILD && c->mode && strcmp(c->mode, "none") == 0);
		tried++;
		if (x->works[i])
			good = exam_text(x, "%s%s%s", good, *good ? " " : "", c->name);
		else
			bad = exam_text(x, "%s%s%s (%s)", bad, *bad ? ", " : "", c->name, shake_text(x, &s));
	}
	if (tried)
		found(x, *bad ? FINDING_NO : FINDING_YES, "%s%s%s%s", *good ? "up: " : "", good,
		      *bad ? (*good ? "; not up: " : "not up: ") : "", bad);
}

/* ------------------------------------------------------------ the table */

static const struct {
	const char *name;
	void (*look)(struct exam *x);
} looks[] = {
	{ "handshake", look_handshake },
	{ "fragmentation", look_fragmentation },
	{ "nat-traversal", look_nat },
	{ "childless", look_childless },
	{ "mobike", look_mobike },
	{ "window-size", look_window },
	{ "transport-mode", look_transport },
	{ "cookies", look_cookies },
	{ "connections", look_connections },
};

/* What is announced in IKE_SA_INIT and no more is looked at here. */
static const struct {
	const char *name;
	uint16_t notify;
} announced[] = {
	{ "redirect", NOTIFY_REDIRECT },
	{ "quick-crash", NOTIFY_QCD },
	{ "ppk", NOTIFY_PPK },
	{ "intermediate", NOTIFY_INTERMEDIATE },
};

void look_features(struct exam *x)
{
	for (size_t i = 0; i < ARRAY_LEN(looks); i++) {
		x->name = looks[i].name;
		if (exam_time_left(x))
			looks[i].look(x);
		else
			found(x, FINDING_UNCHECKED, "%s", stage_dead(x->stage) ? stage_dead(x->stage) : "the time was up");
	}
	for (size_t i = 0; i < ARRAY_LEN(announced); i++)
		if (notify_heard(&x->in_init, announced[i].notify)) {
			x->name = announced[i].name;
			found(x, FINDING_NOTE, "%s", notify_text(x, announced[i].notify));
		}
}
