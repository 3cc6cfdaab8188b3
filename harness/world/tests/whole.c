#include "whole.h"

void must(bool good, const struct why *why)
{
	if (!good)
		fail_msg("%s", why->text);
}

void connection_of(struct arena *a, const struct way *w, bool target, struct connection *c)
{
	struct why why;
	struct address near = address_of(w->tester ? w->tester
					 : w->six  ? "[" TESTER6 "]:500"
						   : TESTER4 ":500");
	struct address far = address_of(w->target ? w->target
					: w->six  ? "[" TARGET6 "]:500"
						  : TARGET4 ":500");
	struct selectors tester = { .count = 1 }, there = { .count = 1 };

	assert_true(address_range_parse("10.1.0.0/24", &tester.rows[0].range));
	assert_true(address_range_parse("10.2.0.0/24", &there.rows[0].range));
	tester.rows[0].last_port = there.rows[0].last_port = 65535;
	*c = (struct connection){
		.name = "one", .local = target ? far : near, .remote = target ? near : far,
		.local_nat_port = w->nat_port ? w->nat_port : 4500,
		.remote_nat_port = w->nat_port ? w->nat_port : 4500,
		.secret = bytes_text("a secret of both"),
		.ike_count = 1, .esp_count = 1, .ours = target ? there : tester,
		.theirs = target ? tester : there,
	};
	must(identity_parse(a, target ? "fqdn:target.example" : "fqdn:tester.example", &c->us,
			    &why),
	     &why);
	must(identity_parse(a, target ? "fqdn:tester.example" : "fqdn:target.example", &c->them,
			    &why),
	     &why);
	must(suite_parse(w->ike, false, &c->ike[0], &why), &why);
	must(suite_parse(w->esp, true, &c->esp[0], &why), &why);
}

struct endpoint_config endpoint_of(struct crypto *crypto, const struct connection *c, bool target,
				   bool automatic)
{
	struct endpoint_config e = {
		.name = target ? "target" : "tester", .automatic = automatic, .crypto = crypto,
		.run = "test",
		.connections = c, .connection_count = 1,
		.retransmission = { 500 * USEC_MS, 1800, 8 },
		.half_open = 30 * USEC_S, .cookie_threshold = UINT32_MAX, .nat_detection = true,
		.keepalive = 20 * USEC_S,
	};

	rng_seed(&e.rng, 11, e.name);
	return e;
}

bool is_up(struct endpoint *e)
{
	struct child_sa *c = endpoint_child_sa(e, NULL, 0);
	struct ike_sa *sa = endpoint_ike_sa(e, 0);

	return sa && c && ike_sa_view(sa).state == IKE_ESTABLISHED && !child_sa_view(c).gone;
}
