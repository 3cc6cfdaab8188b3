/*
 * Each row of the check table that is not about one refused request: what a correct endpoint does
 * is seen, and with the row left out at the target (RIGHT) it is not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include "stand.h"

#define TWO "aes128gcm16-prfsha256-ecp256 aes128gcm16-prfsha256-x25519"

static uint64_t number(const struct seen *s, const char *path)
{
	struct node *n = message_find(&s->message, path, NULL);
	return n ? n->number : 0;
}

static struct bytes octets(const struct seen *s, const char *path)
{
	struct node *n = message_find(&s->message, path, NULL);
	return n ? n->octets : BYTES_NONE;
}

static bool has(const struct seen *s, const char *path)
{
	return message_find(&s->message, path, NULL) != NULL;
}

static struct endpoint *target(struct pair *p)
{
	return p->end[RIGHT].endpoint;
}

static struct seen *initiated(struct pair *p)
{
	struct why why;
	pair_start(p);
	assert_true(endpoint_initiate(target(p), 0, p->now, &why));
	return stand_hear(p);
}

static struct seen *answer(struct pair *p, struct seen *q, uint16_t notify, const char *edits)
{
	struct edit_text *t = arena_new_of(p->arena, struct edit_text);
	struct sending s = { .purpose = q->purpose,
			     .response = true,
			     .answers = q,
			     .notify = notify,
			     .edits = edits_of(t, edits) };
	return stand_send(p, &s);
}

/* The target initiates and gets this answer to its first request: it must not go on. */
static bool not_taken(struct pair *p, const char *edits)
{
	return answer(p, initiated(p), 0, edits) == NULL;
}

static bool response_critical(struct pair *p)
{
	return not_taken(p, "add PAYLOAD(200) critical=1 data=hex:00");
}
static bool response_syntax(struct pair *p)
{
	return not_taken(p, "add PAYLOAD(201) data=hex:00; set PAYLOAD(201).length 3");
}
static bool init_response_payloads(struct pair *p)
{
	return not_taken(p, "copy Nr");
}
static bool answered_proposal(struct pair *p)
{
	return not_taken(p, "set SA.P[1].T(ENCR).A(14).value 128");
}
static bool answered_group(struct pair *p)
{
	return not_taken(p, "set KE.group 19");
}
static bool answered_spi(struct pair *p)
{
	return not_taken(p, "set HDR.spi_r 0");
}

static bool init_error(struct pair *p)
{
	struct seen *q = initiated(p), *next;
	if (answer(p, q, 14, NULL))
		return false;
	if (pair_living(p, RIGHT) == 0)
		return false;
	next = answer(p, q, 0, NULL);
	return next && next->purpose == PURPOSE_IKE_AUTH;
}

/* ------------------------------------------------------------ retries */

static bool cookie_length(struct pair *p)
{
	return answer(p, initiated(p), 16390, "set N.data ones:65") == NULL;
}

static bool cookie_returned(struct pair *p)
{
	struct seen *q = answer(p, initiated(p), 16390, NULL);
	return q && has(q, "N(COOKIE)");
}

static bool cookie_first(struct pair *p)
{
	struct seen *q = answer(p, initiated(p), 16390, NULL);
	return q->message.next_payload == PAYLOAD_NOTIFY;
}

static bool cookie_whole(struct pair *p)
{
	struct seen *q = answer(p, initiated(p), 16390, "set N.data ones:64");
	return octets(q, "N(COOKIE).data").len == 64;
}

static bool cookie_rest(struct pair *p)
{
	struct seen *first = initiated(p), *q = answer(p, first, 16390, NULL);
	return bytes_equal(octets(first, "Ni.data"), octets(q, "Ni.data"));
}

static bool cookie_kept(struct pair *p)
{
	struct seen *q = answer(p, initiated(p), 16390, NULL);
	q = answer(p, q, 17, "set N.data hex:001f");
	return has(q, "N(COOKIE)") && number(q, "KE.group") == 31;
}

static size_t rounds(struct pair *p, uint16_t notify)
{
	struct seen *q = initiated(p);
	size_t n = 0;
	char edits[32];
	for (; q && n < 12; n++) {
		if (notify == 16390)
			snprintf(edits, sizeof(edits), "set N.data ones:%zu", n + 1);
		else
			snprintf(edits, sizeof(edits), "set N.data hex:00%s", n & 1 ? "13" : "1f");
		q = answer(p, q, notify, edits);
	}
	return n;
}

static bool cookie_rounds(struct pair *p)
{
	return rounds(p, 16390) < 8;
}
static bool ke_retry_rounds(struct pair *p)
{
	return rounds(p, 17) < 8;
}
static bool ke_retry(struct pair *p)
{
	struct seen *q = answer(p, initiated(p), 17, "set N.data hex:001f");
	return q && number(q, "KE.group") == 31;
}
static bool ke_retry_group(struct pair *p)
{
	return answer(p, initiated(p), 17, "set N.data hex:0014") == NULL;
}
static bool ke_retry_offer(struct pair *p)
{
	struct seen *first = initiated(p), *q = answer(p, first, 17, "set N.data hex:001f");
	return has(first, "SA.P[1].T(KE)[2]") && has(q, "SA.P[1].T(KE)[2]");
}

/* ------------------------------------------------------------ the responder's start */

static struct seen *init(struct pair *p, const char *edits)
{
	return stand_ask(p, PURPOSE_IKE_SA_INIT, edits);
}

static bool init_repeated(struct pair *p)
{
	pair_start(p);
	struct why why;
	struct seen *a = init(p, NULL);
	endpoint_again(p->end[LEFT].endpoint, a->answers, NULL, false, p->now, &why);
	struct datagram d;
	endpoint_output(p->end[LEFT].endpoint, p->now, &d);
	endpoint_input(target(p), &d, p->now);
	struct seen *b = stand_hear(p);
	return b && b->repeats == a;
}

static bool init_after_auth(struct pair *p)
{
	struct why why;
	pair_start(p);
	struct seen *a = init(p, NULL);
	stand_take(p, a);
	stand_take(p, stand_ask(p, PURPOSE_IKE_AUTH, NULL));
	endpoint_again(p->end[LEFT].endpoint, a->answers, NULL, false, p->now, &why);
	struct datagram d;
	endpoint_output(p->end[LEFT].endpoint, p->now, &d);
	endpoint_input(target(p), &d, p->now);
	return stand_hear(p) == NULL;
}

static bool init_lookup(struct pair *p)
{
	pair_start(p);
	struct seen *a = init(p, "set HDR.spi_i 77"), *b = init(p, "set HDR.spi_i 77");
	return b && a->message.spi_r != b->message.spi_r;
}

static bool half_open_limit(struct pair *p)
{
	pair_start(p);
	for (int i = 0; i < 1030; i++)
		init(p, NULL);
	return endpoint_counts(target(p)).half_open <= 1024;
}

static bool half_open_expiry(struct pair *p)
{
	pair_start(p);
	init(p, NULL);
	p->end[LEFT].endpoint = p->end[LEFT].endpoint;
	endpoint_tick(target(p), p->now + 60 * USEC_S);
	return pair_living(p, RIGHT) == 0;
}

/* The cookie is used from another address, or later. */
static bool cookie_used(struct pair *p, const char *from, usec later)
{
	struct datagram d;
	p->end[RIGHT].config.cookie_threshold = 0;
	pair_start(p);
	struct seen *s = init(p, NULL);
	endpoint_take(p->end[LEFT].endpoint, s, TAKE_AUTOMATIC, p->now);
	assert_true(endpoint_output(p->end[LEFT].endpoint, p->now, &d));
	if (from)
		address_parse(from, &d.from);
	p->now += later;
	endpoint_input(target(p), &d, p->now);
	return strcmp(stand_outcome(stand_hear(p)), "COOKIE") != 0;
}

static bool cookie_bound(struct pair *p)
{
	return !cookie_used(p, "192.0.2.99:500", 0);
}
static bool cookie_secret(struct pair *p)
{
	return !cookie_used(p, NULL, 600 * USEC_S);
}

static bool nonce_fresh(struct pair *p)
{
	pair_start(p);
	struct seen *a = init(p, NULL), *b = init(p, NULL);
	return !bytes_equal(octets(a, "Nr.data"), octets(b, "Nr.data"));
}
static bool spi_fresh_(struct pair *p)
{
	pair_start(p);
	struct seen *a = init(p, NULL), *b = init(p, NULL);
	return a->message.spi_r != b->message.spi_r;
}
static bool reserved_zero(struct pair *p)
{
	pair_start(p);
	return number(init(p, NULL), "KE.reserved2") == 0;
}
static bool response_critical_sent(struct pair *p)
{
	pair_start(p);
	return number(init(p, NULL), "SA.critical") == 0;
}
static bool notify_protocol(struct pair *p)
{
	pair_start(p);
	return number(init(p, NULL), "N(16388).protocol") == 0;
}
static bool nat_detection(struct pair *p)
{
	pair_start(p);
	struct seen *s = init(p, NULL);
	return has(s, "N(16388)") && has(s, "N(16389)");
}
static bool nat_sources(struct pair *p)
{
	pair_start(p);
	init(p, "add N(16388) before=N(16388) data=ones:20");
	return !pair_ike(p, RIGHT).nat_there;
}

/* ------------------------------------------------------------ protected messages */

static bool short_header(struct pair *p)
{
	static const uint8_t octets_[20] = { 1, 2, 3, 4, 5, 6, 7, 8, [16] = 0, 0x30, 34, 8 };
	struct datagram d;
	pair_start(p);
	endpoint_send_octets(p->end[LEFT].endpoint, 0, false, BYTES_OF(octets_), p->now);
	endpoint_output(p->end[LEFT].endpoint, p->now, &d);
	endpoint_input(target(p), &d, p->now);
	return stand_hear(p) == NULL;
}

static bool sk_length(struct pair *p)
{
	pair_start(p);
	stand_establish(p);
	return stand_ask(p, PURPOSE_LIVENESS, "set SK.ciphertext zero:0; set SK.icv zero:0") ==
	       NULL;
}

static bool id_after_icv(struct pair *p)
{
	pair_start(p);
	stand_establish(p);
	stand_ask(p, PURPOSE_LIVENESS, "corrupt SK.icv");
	return stand_ask(p, PURPOSE_LIVENESS, NULL) != NULL;
}

static bool unknown_spi_rate(struct pair *p)
{
	size_t answers = 0;
	p->end[RIGHT].config.unknown_spi_answers = 2;
	pair_start(p);
	stand_establish(p);
	for (int i = 0; i < 10; i++)
		answers +=
			stand_ask(p, PURPOSE_LIVENESS, "set HDR.spi_i 7; set HDR.spi_r 9") != NULL;
	return answers <= 2;
}

static bool clear_error(struct pair *p)
{
	struct edit_text t;
	pair_start(p);
	stand_establish(p);
	struct sending s = { .purpose = PURPOSE_INFORMATIONAL,
			     .ike = endpoint_ike_sa(p->end[LEFT].endpoint, 0),
			     .clear = true,
			     .edits = edits_of(&t, "add N type=4") };
	return stand_send(p, &s) == NULL && pair_living(p, RIGHT) == 1;
}

static bool unreachable(struct pair *p)
{
	struct child_report r = { .kind = REPORT_UNREACHABLE,
				  .address = p->end[LEFT].connection.local };
	pair_start(p);
	stand_establish(p);
	endpoint_report(target(p), &r, p->now);
	return pair_living(p, RIGHT) == 1;
}

/* The same request twice. */
static struct seen *twice(struct pair *p, struct seen **first)
{
	struct datagram d;
	struct why why;
	pair_start(p);
	stand_establish(p);
	*first = stand_ask(p, PURPOSE_LIVENESS, NULL);
	endpoint_again(p->end[LEFT].endpoint, (*first)->answers, NULL, false, p->now, &why);
	endpoint_output(p->end[LEFT].endpoint, p->now, &d);
	endpoint_input(target(p), &d, p->now);
	return stand_hear(p);
}

static bool repeated_response(struct pair *p)
{
	struct seen *first, *second = twice(p, &first);
	return second && second->repeats == first;
}

static bool response_timer(struct pair *p)
{
	pair_start(p);
	stand_establish(p);
	stand_ask(p, PURPOSE_LIVENESS, NULL);
	endpoint_tick(target(p), p->now + 10 * USEC_S);
	return stand_hear(p) == NULL;
}

/* The target asks whether we live; we answer. */
static struct seen *asked(struct pair *p)
{
	struct why why;
	pair_start(p);
	stand_establish(p);
	assert_true(endpoint_request(target(p), PURPOSE_LIVENESS, endpoint_ike_sa(target(p), 0),
				     NULL, p->now, &why));
	return stand_hear(p);
}

static bool response_id(struct pair *p)
{
	answer(p, asked(p), 0, "set HDR.message_id 99");
	return pair_ike(p, RIGHT).next_request == 0;
}
static bool response_exchange(struct pair *p)
{
	answer(p, asked(p), 0, "set HDR.exchange_type 36");
	return pair_ike(p, RIGHT).next_request == 0;
}
static bool request_while_waiting(struct pair *p)
{
	asked(p);
	return stand_ask(p, PURPOSE_LIVENESS, NULL) != NULL;
}

/* ------------------------------------------------------------ retransmission */

struct sendings {
	usec at[32];
	uint64_t hash[32];
	size_t count;
};

/* What the target sends by itself, deadline by deadline, until then. */
static struct sendings left_alone(struct pair *p, usec until)
{
	struct sendings s = { .count = 0 };
	struct datagram d;
	while (s.count < 32) {
		while (s.count < 32 && endpoint_output(target(p), p->now, &d)) {
			s.at[s.count] = p->now;
			for (size_t i = 0; i < d.octets.len; i++)
				s.hash[s.count] = s.hash[s.count] * 31 + d.octets.at[i];
			s.count++;
		}
		usec next = endpoint_deadline(target(p));
		if (next > until)
			break;
		p->now = next > p->now ? next : p->now;
		endpoint_tick(target(p), p->now);
	}
	struct child_order o;
	while (endpoint_order(target(p), &o))
		p->end[RIGHT].removes += o.kind == ORDER_REMOVE;
	return s;
}

static struct sendings unanswered(struct pair *p)
{
	struct why why;
	pair_start(p);
	assert_true(endpoint_initiate(target(p), 0, p->now, &why));
	return left_alone(p, p->now + 100 * USEC_S);
}

static bool retransmit(struct pair *p)
{
	return unanswered(p).count == 5;
}
static bool retransmit_gap(struct pair *p)
{
	struct sendings s = unanswered(p);
	return s.at[3] - s.at[2] > s.at[2] - s.at[1];
}
static bool retransmit_octets(struct pair *p)
{
	struct sendings s = unanswered(p);
	return s.hash[1] == s.hash[0] && s.hash[2] == s.hash[0];
}
static bool retransmit_end(struct pair *p)
{
	assert_non_null(answer(p, initiated(p), 0, NULL));
	return left_alone(p, p->now + 3 * USEC_S).count <= 2; /* IKE_AUTH alone is repeated */
}

/* ------------------------------------------------------------ IKE_AUTH */

static struct seen *auth(struct pair *p, const char *edits)
{
	pair_start(p);
	stand_take(p, init(p, NULL));
	return stand_ask(p, PURPOSE_IKE_AUTH, edits);
}

#define OUTSIDE "set TSi.S[1].start_address hex:c0a80000; set TSi.S[1].end_address hex:c0a800ff"

static bool auth_failed_ends(struct pair *p)
{
	auth(p, "set AUTH.data ones:32");
	return pair_living(p, RIGHT) == 0;
}
static bool narrowing(struct pair *p)
{
	struct seen *s = auth(
		p,
		"set TSi.S[1].start_address hex:0a010200; set TSi.S[1].end_address hex:0a0102ff");
	return bytes_equal(octets(s, "TSi.S[1].start_address"),
			   BYTES_OF(((uint8_t[]){ 10, 1, 2, 0 })));
}
static bool child_failure(struct pair *p)
{
	auth(p, OUTSIDE);
	return pair_living(p, RIGHT) == 1;
}

static size_t installed_after(struct pair *p, const char *edits)
{
	struct seen *q = answer(p, initiated(p), 0, NULL);
	answer(p, q, 0, edits);
	pair_pump(p);
	return p->end[RIGHT].installs;
}

static bool answered_selectors(struct pair *p)
{
	return installed_after(p, "set TSi.S[1].start_address hex:00000000; set "
				  "TSi.S[1].end_address hex:ffffffff") == 0;
}
static bool answered_child(struct pair *p)
{
	return installed_after(p, "set SA.P[1].T(ENCR).A(14).value 128") == 0;
}

static bool initial_contact(struct pair *p)
{
	p->end[LEFT].config.automatic = true;
	p->end[LEFT].connection.initial_contact = true;
	pair_start(p);
	pair_handshake(p);
	pair_handshake(p);
	return pair_living(p, RIGHT) == 1;
}

/* ------------------------------------------------------------ INFORMATIONAL */

static struct seen *informed(struct pair *p, enum purpose purpose, const char *edits)
{
	pair_start(p);
	stand_establish(p);
	struct seen *s = stand_ask(p, purpose, edits);
	pair_pump(p);
	return s;
}

static bool invalid_spi(struct pair *p)
{
	informed(p, PURPOSE_INFORMATIONAL, "add N type=11 data=hex:01020304");
	return p->end[RIGHT].removes == 0;
}
static bool syntax_ends(struct pair *p)
{
	informed(p, PURPOSE_INFORMATIONAL, "add N type=7");
	return pair_living(p, RIGHT) == 0;
}
static bool delete_done(struct pair *p)
{
	informed(p, PURPOSE_DELETE_CHILD, NULL);
	return p->end[RIGHT].removes == 1;
}
static bool delete_pair(struct pair *p)
{
	return has(informed(p, PURPOSE_DELETE_CHILD, NULL), "D");
}
static bool delete_direction(struct pair *p)
{
	char edits[64];
	pair_start(p);
	stand_establish(p);
	snprintf(edits, sizeof(edits), "set D.SPI.spi hex:%08x", p->end[RIGHT].installed.spi_in);
	stand_ask(p, PURPOSE_DELETE_CHILD, edits);
	pair_pump(p);
	return p->end[RIGHT].removes == 0;
}
static bool delete_all(struct pair *p)
{
	informed(p, PURPOSE_DELETE_CHILD, "add D.SPI before=D.SPI[1] spi=hex:01020304");
	return p->end[RIGHT].removes == 1;
}
static bool delete_payloads(struct pair *p)
{
	informed(p, PURPOSE_DELETE_CHILD, "add D before=D protocol=2");
	return p->end[RIGHT].removes == 1;
}
static bool delete_unknown(struct pair *p)
{
	return !has(informed(p, PURPOSE_DELETE_CHILD, "set D.SPI.spi hex:01020304"), "D");
}
static bool delete_ike_empty(struct pair *p)
{
	return !has(informed(p, PURPOSE_DELETE_IKE, NULL), "D");
}
static bool delete_ike_children(struct pair *p)
{
	informed(p, PURPOSE_DELETE_IKE, NULL);
	return p->end[RIGHT].removes == 1;
}

static struct seen *deletes(struct pair *p)
{
	struct why why;
	pair_start(p);
	stand_establish(p);
	struct ike_sa *sa = endpoint_ike_sa(target(p), 0);
	assert_true(endpoint_request(target(p), PURPOSE_DELETE_CHILD, sa,
				     endpoint_child_sa(target(p), sa, 0), p->now, &why));
	return stand_hear(p);
}
static bool delete_crossing(struct pair *p)
{
	deletes(p);
	return !has(stand_ask(p, PURPOSE_DELETE_CHILD, NULL), "D");
}
static bool delete_spi_sent(struct pair *p)
{
	struct seen *s = deletes(p);
	uint8_t spi[4];
	store_u32(spi, p->end[RIGHT].installed.spi_in);
	return bytes_equal(octets(s, "D.SPI.spi"), BYTES_OF(spi));
}

/* ------------------------------------------------------------ liveness */

static void establish_with_liveness(struct pair *p)
{
	p->end[RIGHT].config.liveness = 5 * USEC_S;
	pair_start(p);
	assert_true(stand_establish(p));
}

static bool liveness(struct pair *p)
{
	establish_with_liveness(p);
	return left_alone(p, p->now + 6 * USEC_S).count > 0;
}
static bool liveness_probes(struct pair *p)
{
	establish_with_liveness(p);
	return left_alone(p, p->now + 100 * USEC_S).count > 2;
}
static bool dead_children(struct pair *p)
{
	establish_with_liveness(p);
	left_alone(p, p->now + 200 * USEC_S);
	return pair_living(p, RIGHT) == 0 && p->end[RIGHT].removes == 1;
}
static bool liveness_traffic(struct pair *p)
{
	size_t probes = 0;
	establish_with_liveness(p);
	struct child_report r = { .kind = REPORT_TRAFFIC,
				  .spi_in = p->end[RIGHT].installed.spi_in };
	for (int i = 0; i < 20; i++) {
		p->now += USEC_S;
		endpoint_report(target(p), &r, p->now);
		endpoint_tick(target(p), p->now);
		probes += stand_hear(p) != NULL;
	}
	return probes == 0;
}
static bool liveness_clear(struct pair *p)
{
	size_t probes = 0;
	establish_with_liveness(p);
	struct datagram d = { .from = p->end[LEFT].connection.local,
			      .to = p->end[RIGHT].connection.local,
			      .keepalive = true,
			      .octets = bytes_text("\xff") };
	for (int i = 0; i < 8; i++) {
		p->now += USEC_S;
		endpoint_input(target(p), &d, p->now);
		endpoint_tick(target(p), p->now);
		probes += stand_hear(p) != NULL;
	}
	return probes > 0;
}

/* ------------------------------------------------------------ NAT */

static struct pair *both_automatic(struct pair *p, const char *nat_left, const char *nat_right)
{
	p->end[LEFT].config.automatic = true;
	if (nat_left)
		address_parse(nat_left, &p->end[LEFT].nat);
	if (nat_right) {
		address_parse(nat_right, &p->end[RIGHT].nat);
		p->end[LEFT].connection.remote = p->end[RIGHT].nat;
	}
	pair_start(p);
	return p;
}

static bool nat_hash(struct pair *p)
{
	return pair_handshake(both_automatic(p, NULL, NULL)) && !pair_ike(p, LEFT).nat_here;
}
static bool nat_float(struct pair *p)
{
	struct why why;
	both_automatic(p, NULL, "203.0.113.9:500");
	endpoint_initiate(target(p), 0, p->now, &why);
	pair_pump(p);
	return pair_ike(p, RIGHT).local.port == 4500;
}
static bool nat_encapsulation(struct pair *p)
{
	pair_handshake(both_automatic(p, "203.0.113.7:31000", NULL));
	return p->end[RIGHT].installed.udp;
}
static bool keepalive(struct pair *p)
{
	pair_handshake(both_automatic(p, NULL, "203.0.113.9:500"));
	pair_run(p, p->now + 70 * USEC_S);
	return p->end[RIGHT].keepalives > 0;
}

struct lost {
	size_t wrong;
};
static bool to_mapping(struct pair *p, int from, struct datagram *d)
{
	struct lost *l = p->ctx;
	if (from == RIGHT && !address_same_host(&d->to, &p->end[LEFT].connection.local))
		l->wrong++;
	return true;
}
static bool reply_to_source(struct pair *p)
{
	struct lost l = { 0 };
	struct datagram d;
	struct why why;
	p->pass = to_mapping;
	p->ctx = &l;
	p->end[LEFT].config.automatic = true;
	pair_start(p);
	endpoint_initiate(p->end[LEFT].endpoint, 0, p->now, &why);
	endpoint_output(p->end[LEFT].endpoint, p->now, &d);
	address_parse("203.0.113.7:31000", &d.from);
	endpoint_input(target(p), &d, p->now);
	assert_true(endpoint_output(target(p), p->now, &d));
	return d.to.port == 31000;
}

/* A liveness check of ours, as it would come to the target. */
static struct datagram probe(struct pair *p, const char *edits)
{
	struct edit_text *t = arena_new_of(p->arena, struct edit_text);
	struct datagram d;
	struct why why;
	struct sending s = { .purpose = PURPOSE_LIVENESS,
			     .ike = endpoint_ike_sa(p->end[LEFT].endpoint, 0),
			     .edits = edits_of(t, edits) };
	endpoint_send(p->end[LEFT].endpoint, &s, p->now, &why);
	assert_true(endpoint_output(p->end[LEFT].endpoint, p->now, &d));
	return d;
}

static uint16_t moved_by(struct pair *p, struct datagram *d)
{
	d->from.port = 32000;
	endpoint_input(target(p), d, p->now);
	return pair_ike(p, RIGHT).remote.port;
}

static bool follow_address(struct pair *p)
{
	pair_start(p);
	stand_establish(p);
	struct datagram d = probe(p, NULL);
	return moved_by(p, &d) == 32000;
}
static bool follow_authentic(struct pair *p)
{
	pair_start(p);
	stand_establish(p);
	struct datagram d = probe(p, "corrupt SK.icv");
	return moved_by(p, &d) != 32000;
}
static bool follow_fresh(struct pair *p)
{
	pair_start(p);
	stand_establish(p);
	struct datagram d = probe(p, NULL);
	endpoint_input(target(p), &d, p->now);
	return moved_by(p, &d) != 32000;
}
static bool follow_behind_nat(struct pair *p)
{
	pair_start(p);
	stand_take(p, init(p, "set N(16389).data ones:20")); /* so the target takes itself to be
								behind one */
	stand_take(p, stand_ask(p, PURPOSE_IKE_AUTH, NULL));
	struct datagram d = probe(p, NULL);
	return moved_by(p, &d) != 32000;
}

static const struct {
	const char *check;
	bool (*good)(struct pair *p);
	const char *ike;
} duties[] = {
	{ "response-critical", response_critical, NULL },
	{ "response-syntax", response_syntax, NULL },
	{ "init-response-payloads", init_response_payloads, NULL },
	{ "answered-proposal", answered_proposal, NULL },
	{ "answered-group", answered_group, NULL },
	{ "answered-spi", answered_spi, NULL },
	{ "init-error", init_error, NULL },
	{ "cookie-length", cookie_length, NULL },
	{ "cookie-returned", cookie_returned, NULL },
	{ "cookie-first", cookie_first, NULL },
	{ "cookie-whole", cookie_whole, NULL },
	{ "cookie-rest", cookie_rest, NULL },
	{ "cookie-kept", cookie_kept, TWO },
	{ "cookie-rounds", cookie_rounds, NULL },
	{ "ke-retry", ke_retry, TWO },
	{ "ke-retry-group", ke_retry_group, TWO },
	{ "ke-retry-rounds", ke_retry_rounds, TWO },
	{ "ke-retry-offer", ke_retry_offer, TWO },
	{ "init-repeated", init_repeated, NULL },
	{ "init-after-auth", init_after_auth, NULL },
	{ "init-lookup", init_lookup, NULL },
	{ "half-open-limit", half_open_limit, NULL },
	{ "half-open-expiry", half_open_expiry, NULL },
	{ "cookie-bound", cookie_bound, NULL },
	{ "cookie-secret", cookie_secret, NULL },
	{ "nonce-fresh", nonce_fresh, NULL },
	{ "spi-fresh", spi_fresh_, NULL },
	{ "reserved-zero", reserved_zero, NULL },
	{ "response-critical-sent", response_critical_sent, NULL },
	{ "notify-protocol", notify_protocol, NULL },
	{ "nat-detection", nat_detection, NULL },
	{ "nat-sources", nat_sources, NULL },
	{ "short-header", short_header, NULL },
	{ "sk-length", sk_length, NULL },
	{ "id-after-icv", id_after_icv, NULL },
	{ "unknown-spi-rate", unknown_spi_rate, NULL },
	{ "clear-error", clear_error, NULL },
	{ "unreachable", unreachable, NULL },
	{ "process-once", repeated_response, NULL },
	{ "retained-response", repeated_response, NULL },
	{ "retained-octets", repeated_response, NULL },
	{ "response-timer", response_timer, NULL },
	{ "response-id", response_id, NULL },
	{ "response-exchange", response_exchange, NULL },
	{ "request-while-waiting", request_while_waiting, NULL },
	{ "retransmit", retransmit, NULL },
	{ "retransmit-gap", retransmit_gap, NULL },
	{ "retransmit-octets", retransmit_octets, NULL },
	{ "retransmit-end", retransmit_end, NULL },
	{ "auth-failed-ends", auth_failed_ends, NULL },
	{ "narrowing", narrowing, NULL },
	{ "child-failure", child_failure, NULL },
	{ "answered-selectors", answered_selectors, NULL },
	{ "answered-child", answered_child, NULL },
	{ "initial-contact", initial_contact, NULL },
	{ "invalid-spi", invalid_spi, NULL },
	{ "syntax-ends", syntax_ends, NULL },
	{ "delete-done", delete_done, NULL },
	{ "delete-pair", delete_pair, NULL },
	{ "delete-direction", delete_direction, NULL },
	{ "delete-all", delete_all, NULL },
	{ "delete-payloads", delete_payloads, NULL },
	{ "delete-unknown", delete_unknown, NULL },
	{ "delete-crossing", delete_crossing, NULL },
	{ "delete-spi-sent", delete_spi_sent, NULL },
	{ "delete-ike-empty", delete_ike_empty, NULL },
	{ "delete-ike-children", delete_ike_children, NULL },
	{ "liveness", liveness, NULL },
	{ "liveness-probes", liveness_probes, NULL },
	{ "liveness-traffic", liveness_traffic, NULL },
	{ "liveness-clear", liveness_clear, NULL },
	{ "dead-children", dead_children, NULL },
	{ "nat-hash", nat_hash, NULL },
	{ "nat-float", nat_float, NULL },
	{ "nat-encapsulation", nat_encapsulation, NULL },
	{ "keepalive", keepalive, NULL },
	{ "reply-to-source", reply_to_source, NULL },
	{ "follow-address", follow_address, NULL },
	{ "follow-authentic", follow_authentic, NULL },
	{ "follow-fresh", follow_fresh, NULL },
	{ "follow-behind-nat", follow_behind_nat, NULL },
};

static void each_duty(void **state)
{
	(void)state;
	size_t wrong = 0;
	for (size_t i = 0; i < ARRAY_LEN(duties); i++) {
		for (int omit = 0; omit < 2; omit++) {
			struct pair *p =
				stand_new(&(struct pair_setup){ .ike = duties[i].ike, .seed = i });
			struct why why;
			if (omit)
				pair_omit(p, RIGHT, duties[i].check);
			bool good = duties[i].good(p);
			if (good == (omit == 1)) {
				print_message("%s: %s\n", duties[i].check,
					      omit ? "no difference" : "not done");
				wrong++;
			}
			if (!endpoint_validate(target(p), &why)) {
				print_message("%s: %s\n", duties[i].check, why.text);
				wrong++;
			}
			pair_free(p);
		}
	}
	assert_int_equal(wrong, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_duty),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
