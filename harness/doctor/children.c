/* What takes an IKE SA that stands: data, proposals for ESP, liveness and rekeys. */
#include "exam.h"

#define ESN_SUITES 6
#define PING_PATIENCE (1500 * USEC_MS)

/* What everybody has first. */
static const char *const esp_suites[] = {
	"aes256gcm16", "aes128gcm16", "aes256-sha256", "aes128-sha256", "aes256-sha384", "aes256-sha512",
	"aes192gcm16", "aes256gcm12", "aes128gcm8", "aes256ccm16", "aes128ccm12", "aes128ccm8", "chacha20poly1305",
	"aes192-sha256", "aes128-sha1", "aes128ctr-sha256", "aes128-aesxcbc", "aes128-aescmac", "3des-sha1",
	"null-sha256",
};

static const char *suite_name(struct exam *x, const struct suite *s)
{
	char text[120];

	return exam_text(x, "%s", suite_print_strongswan(s, true, text, sizeof text));
}

/* ------------------------------------------------------------ data */

/* A ping and its reply, in the carriage that was meant; else why not. */
static bool carries(struct exam *x, bool nat, const char **text)
{
	struct shake s = shake_hands(x, &(struct shake_plan){ .nat = nat });
	struct why why = { "" };
	bool in_udp = false, came = false;

	if (s.state != SHAKE_UP) {
		*text = shake_text(x, &s);
		return false;
	}
	for (int i = 0; i < 2 && !came; i++)
		came = stage_ping(x->stage, s.child, PING_PATIENCE, &in_udp, &why);
	*text = !came ? exam_text(x, "%s", why.text) : in_udp ? "its reply came in UDP" : "its reply came as IP protocol 50";
	return came && in_udp == nat;
}

static void look_data(struct exam *x, const char *name, bool nat)
{
	const char *text = "", *how = nat ? "in UDP" : "as IP protocol 50";

	x->name = name;
	if (!nat && exam_foreign(x)) {
		found(x, FINDING_UNCHECKED, "a foreign target is reached by UDP sockets alone");
		return;
	}
	if (!carries(x, nat, &text)) {
		found(x, FINDING_NO, "a ping through ESP %s: %s", how, text);
		return;
	}
	found(x, FINDING_YES, "a ping through ESP %s came back", how);
	mark(x, "dataplane", NULL, "a ping came back through ESP");
	mark(x, nat ? "udp-encap" : "plain-esp", NULL, nat ? "a ping came back in UDP" : "a ping came back as IP protocol 50");
}

/* ------------------------------------------------------------ proposals */

static void delete_child(struct exam *x, struct ike_sa *ike, struct child_sa *child)
{
	struct sending s = { .purpose = PURPOSE_DELETE_CHILD, .ike = ike, .child = child };
	uint16_t error;

	exam_ask(x, &s, &error);
}

struct trial {
	bool taken, ke; /* ke: only with a key exchange of its own */
	uint16_t error; /* 0 without taken: silence */
};

static bool try_child(struct exam *x, struct ike_sa *ike, const struct suite *suite, uint16_t *error)
{
	struct sending s = { .purpose = PURPOSE_NEW_CHILD, .ike = ike, .propose = suite, .propose_count = 1 };
	struct child_sa *before = endpoint_child_sa(stage_endpoint(x->stage), ike, 0), *child;
	struct seen *seen = exam_ask(x, &s, error);

	child = endpoint_child_sa(stage_endpoint(x->stage), ike, 0);
	if (!seen || *error || child == before || child_sa_view(child).gone)
		return false;
	delete_child(x, ike, child);
	return true;
}

/* On an IKE SA that stands: without a key exchange, then with one in the group of the IKE SA. */
static struct trial try_suite(struct exam *x, struct ike_sa *ike, const struct suite *suite, bool ke_first)
{
	struct suite with = *suite;
	struct trial t = { .taken = false };

	with.ke = ike_sa_view(ike).suite.ke;
	t.ke = ke_first;
	t.taken = try_child(x, ike, ke_first ? &with : suite, &t.error);
	if (t.taken || t.error != 14)
		return t;
	t.ke = !ke_first;
	t.taken = try_child(x, ike, ke_first ? suite : &with, &t.error);
	return t;
}

static void add_esp(struct exam *x, const struct suite *s)
{
	if (x->esp_count < SUITES)
		x->esp[x->esp_count++] = *s;
}

static const char *esp_text(struct exam *x)
{
	const char *text = "";

	for (size_t i = 0; i < x->esp_count; i++)
		text = exam_text(x, "%s%s%s", text, i ? " " : "", suite_name(x, &x->esp[i]));
	return text;
}

/* A target that makes no second Child SA is asked in IKE_AUTH instead. */
static bool by_handshake(struct exam *x, const struct suite *s)
{
	struct shake h = shake_hands(x, &(struct shake_plan){ .esp = s });

	return h.state == SHAKE_UP;
}

/* The first few with extended sequence numbers alone. */
static void look_esn(struct exam *x, struct ike_sa *ike, bool by_auth, bool ke)
{
	const char *taken = "";
	size_t plain = x->esp_count;

	for (size_t i = 0; i < plain && i < ESN_SUITES && exam_time_left(x); i++) {
		struct suite s = x->esp[i];

		s.esn = true;
		if (!(by_auth ? by_handshake(x, &s) : try_suite(x, ike, &s, ke).taken))
			continue;
		taken = exam_text(x, "%s%s%s", taken, *taken ? " " : "", suite_name(x, &s));
		add_esp(x, &s);
	}
	x->name = "esn";
	if (*taken)
		found(x, FINDING_YES, "%s", taken);
	else
		found(x, FINDING_NO, "no suite was taken with extended sequence numbers alone");
	if (*taken)
		mark(x, "esn", NULL, "Child SAs with ESN alone were made");
}

static void look_esp(struct exam *x)
{
	struct shake s = shake_hands(x, &(struct shake_plan){ .connection = NULL });
	struct trial t = { .taken = false };
	bool by_auth = false, ke = false;
	struct suite suite;
	struct why why;

	x->name = "esp-suites";
	if (s.state != SHAKE_UP) {
		found(x, FINDING_UNCHECKED, "%s", shake_text(x, &s));
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(esp_suites) && exam_time_left(x); i++) {
		if (!suite_parse(esp_suites[i], true, &suite, &why))
			continue;
		if (!by_auth)
			t = try_suite(x, s.ike, &suite, ke);
		/* NO_ADDITIONAL_SAS, or no answer at all */
		by_auth |= !t.taken && (t.error == 35 || t.error == 0);
		if (t.taken)
			ke = t.ke;
		if ((by_auth ? by_handshake(x, &suite) : t.taken))
			add_esp(x, &suite);
	}
	if (!x->esp_count) {
		found(x, FINDING_NO, "none, but what IKE_AUTH agreed on (%s)", notify_text(x, t.error));
		return;
	}
	found(x, FINDING_YES, "%s", esp_text(x));
	x->name = "further-children";
	found(x, by_auth ? FINDING_NO : FINDING_YES, "%s",
	      by_auth ? exam_text(x, "a second Child SA is refused (%s)", notify_text(x, t.error)) :
	      ke      ? "more Child SAs on an IKE SA, with a key exchange of their own only" :
			"more Child SAs on an IKE SA");
	if (ke)
		mark(x, "x-child-ke", NULL, "CREATE_CHILD_SA was refused without KE");
	look_esn(x, s.ike, by_auth, ke);
}

/* ------------------------------------------------------------ upkeep */

static bool rekey(struct exam *x, struct shake *s, enum purpose purpose, uint16_t *error)
{
	struct suite suites[SUITES];
	const struct connection *c = stage_connection(x->stage);
	struct sending out = { .purpose = purpose, .ike = s->ike, .child = s->child };
	struct seen *seen;

	if (purpose == PURPOSE_REKEY_IKE) {
		out.child = NULL;
		out.propose = x->suites;
		out.propose_count = x->suite_count;
	}
	seen = exam_ask(x, &out, error);
	if (seen && !*error)
		return true;
	if (purpose != PURPOSE_REKEY_CHILD || *error != 14)
		return false;
	for (size_t i = 0; i < c->esp_count; i++) {
		suites[i] = c->esp[i];
		suites[i].ke = ike_sa_view(s->ike).suite.ke;
	}
	out.propose = suites;
	out.propose_count = c->esp_count;
	return exam_ask(x, &out, error) && !*error;
}

static void tell_upkeep(struct exam *x, const char *name, bool good, uint16_t error, const char *what)
{
	x->name = name;
	if (good)
		found(x, FINDING_YES, "%s", what);
	else
		found(x, FINDING_NO, "%s", error ? notify_text(x, error) : "no answer, or one that our end refuses");
}

static void look_upkeep(struct exam *x)
{
	struct shake s = shake_hands(x, &(struct shake_plan){ .connection = NULL });
	struct sending out = { .purpose = PURPOSE_LIVENESS, .ike = s.ike };
	uint16_t error = 0;
	bool good;

	x->name = "liveness-answer";
	if (s.state != SHAKE_UP) {
		found(x, FINDING_UNCHECKED, "%s", shake_text(x, &s));
		return;
	}
	good = exam_ask(x, &out, &error) != NULL;
	tell_upkeep(x, "liveness-answer", good && !error, error, "an empty INFORMATIONAL request is answered");
	good = rekey(x, &s, PURPOSE_REKEY_CHILD, &error);
	tell_upkeep(x, "rekey-child", good, error, "a Child SA was rekeyed");
	good = rekey(x, &s, PURPOSE_REKEY_IKE, &error);
	tell_upkeep(x, "rekey-ike", good, error, "the IKE SA was rekeyed");
	out = (struct sending){ .purpose = PURPOSE_DELETE_IKE, .ike = endpoint_ike_sa(stage_endpoint(x->stage), 0) };
	good = exam_ask(x, &out, &error) != NULL;
	tell_upkeep(x, "delete", good && !error, error, "a Delete of the IKE SA is answered");
}

/* ------------------------------------------------------------ all */

void look_children(struct exam *x)
{
	static const char *const names[] = { "data-in-udp", "data-plain", "esp-suites", "esn", "liveness-answer",
					     "rekey-child", "rekey-ike" };

	x->group = "with an IKE SA";
	if (!x->authenticated) {
		for (size_t i = 0; i < ARRAY_LEN(names); i++) {
			x->name = names[i];
			found(x, FINDING_UNCHECKED, "IKE_AUTH did not succeed");
		}
		return;
	}
	look_data(x, "data-in-udp", true);
	look_data(x, "data-plain", false);
	look_esp(x);
	look_upkeep(x);
}
