/* The peer as JSON: connections with their SAs, and counters. */
#include <stdio.h>

#include "inside.h"

const char *ike_state_name(enum ike_state state)
{
	static const char *const names[] = { "half-open", "keyed", "established", "gone" };

	return names[state];
}

static json_t *text_address(const struct address *a)
{
	char text[ADDRESS_TEXT];

	return json_string(address_print(a, text));
}

static json_t *text_spi(uint64_t spi, int digits)
{
	char text[20];

	snprintf(text, sizeof(text), "%0*llx", digits, (unsigned long long)spi);
	return json_string(text);
}

static json_t *text_suite(const struct suite *s, bool esp)
{
	char text[160];

	return s->encr ? json_string(suite_print_strongswan(s, esp, text, sizeof(text))) : json_null();
}

static json_t *selectors_json(const struct selectors *s)
{
	char range[ADDRESS_RANGE_TEXT];
	json_t *list = json_array();

	for (size_t i = 0; i < s->count; i++) {
		const struct traffic_selector *row = &s->rows[i];

		json_array_append_new(list, json_pack("{s:s, s:i, s:i, s:i}", "range",
						      address_range_print(&row->range, range), "protocol",
						      row->protocol, "first_port", row->first_port,
						      "last_port", row->last_port));
	}
	return list;
}

static json_t *counters_json(const struct esp_counters *c)
{
	json_t *o = json_pack("{s:I, s:I, s:I}", "packets", (json_int_t)c->packets, "octets",
			      (json_int_t)c->octets, "seq", (json_int_t)c->seq);
	json_t *refused = json_object();

	for (unsigned i = 0; i < ESP_RESULTS; i++)
		if (c->refused[i])
			json_object_set_new(refused, esp_result_name(i), json_integer((json_int_t)c->refused[i]));
	json_object_set_new(o, "refused", refused);
	return o;
}

static json_t *child_json(struct peer *p, const struct child_sa *child)
{
	struct child_view c = child_sa_view(child);
	struct esp_counters in, out;
	json_t *o = json_object();

	json_object_set_new(o, "spi_in", text_spi(c.spi_in, 8));
	json_object_set_new(o, "spi_out", text_spi(c.spi_out, 8));
	json_object_set_new(o, "suite", text_suite(&c.suite, true));
	json_object_set_new(o, "ours", selectors_json(&c.ours));
	json_object_set_new(o, "theirs", selectors_json(&c.theirs));
	if (node_esp_counters(p->node, child, &in, &out)) {
		json_object_set_new(o, "in", counters_json(&in));
		json_object_set_new(o, "out", counters_json(&out));
	}
	return o;
}

static json_t *children_json(struct peer *p, struct ike_sa *sa)
{
	json_t *list = json_array();
	struct child_sa *child;

	for (size_t n = 0; (child = endpoint_child_sa(p->endpoint, sa, n)) != NULL; n++)
		if (!child_sa_view(child).gone)
			json_array_append_new(list, child_json(p, child));
	return list;
}

static json_t *ike_json(struct peer *p, struct ike_sa *sa)
{
	struct ike_view v = ike_sa_view(sa);
	json_t *o = json_object();

	json_object_set_new(o, "spi_i", text_spi(v.spi_i, 16));
	json_object_set_new(o, "spi_r", text_spi(v.spi_r, 16));
	json_object_set_new(o, "state", json_string(ike_state_name(v.state)));
	json_object_set_new(o, "initiator", json_boolean(v.initiator));
	json_object_set_new(o, "busy", json_boolean(v.busy));
	json_object_set_new(o, "suite", text_suite(&v.suite, false));
	json_object_set_new(o, "local", text_address(&v.local));
	json_object_set_new(o, "remote", text_address(&v.remote));
	json_object_set_new(o, "nat_here", json_boolean(v.nat_here));
	json_object_set_new(o, "nat_there", json_boolean(v.nat_there));
	for (size_t six = 0; six < 2; six++) {
		if (v.assigned[six].family)
			json_object_set_new(o, six ? "assigned6" : "assigned", text_address(&v.assigned[six]));
		if (v.given[six].family)
			json_object_set_new(o, six ? "given6" : "given", text_address(&v.given[six]));
	}
	json_object_set_new(o, "idle_seconds", json_real((double)(peer_now(p) - v.last_heard) / 1e6));
	json_object_set_new(o, "next_request", json_integer(v.next_request));
	json_object_set_new(o, "next_expected", json_integer(v.next_expected));
	json_object_set_new(o, "children", children_json(p, sa));
	return o;
}

static json_t *connection_json(struct peer *p, size_t i)
{
	const struct connection *c = &p->connections[i];
	json_t *o = json_object(), *list = json_array();
	struct ike_sa *sa;

	for (size_t n = 0; (sa = endpoint_ike_sa(p->endpoint, n)) != NULL; n++) {
		struct ike_view v = ike_sa_view(sa);

		if (v.connection == c && v.state != IKE_GONE)
			json_array_append_new(list, ike_json(p, sa));
	}
	json_object_set_new(o, "name", json_string(c->name));
	json_object_set_new(o, "local", text_address(&c->local));
	json_object_set_new(o, "remote", text_address(&c->remote));
	json_object_set_new(o, "initiates", json_boolean(p->upkeep[i].initiate && !p->upkeep[i].stopped));
	json_object_set_new(o, "ike_sas", list);
	return o;
}

static json_t *counts_json(struct peer *p)
{
	struct endpoint_counts c = endpoint_counts(p->endpoint);
	struct peer_figures f = peer_figures(p);

	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "ike_sas_made", (json_int_t)f.ike_sas,
			 "child_sas_made", (json_int_t)f.child_sas, "messages_in", (json_int_t)c.inputs,
			 "accepted", (json_int_t)c.accepted, "messages_refused", (json_int_t)c.refused,
			 "half_open", (json_int_t)c.half_open, "packets_in", (json_int_t)f.packets_in,
			 "packets_out", (json_int_t)f.packets_out, "unrouted", (json_int_t)f.unrouted);
}

json_t *peer_status(struct peer *p)
{
	json_t *list = json_array();

	for (size_t i = 0; i < p->connection_count; i++)
		json_array_append_new(list, connection_json(p, i));
	return json_pack("{s:b, s:f, s:s, s:b, s:b, s:o, s:o}", "ok", 1, "up_seconds",
			 (double)(peer_now(p) - p->begun) / 1e6, "device",
			 p->device ? device_name(p->device) : "echo", "plain_esp", (int)p->plain_esp, "ending",
			 (int)p->ending, "connections", list, "counts", counts_json(p));
}
