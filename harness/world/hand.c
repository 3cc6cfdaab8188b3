/*
 * ESP by hand: packets that a scenario makes, and the same octets again.
 */
#include "internal.h"

#define USUAL_SIZE 84           /* of an inner packet: ping's */
#define FAR_PORT 9              /* discard */
#define NEAR_PORT 40000

/* ------------------------------------------------------------ inner addresses */

static const struct address *node_inside(const struct world_node *n,
					 const struct address_range *range)
{
	for (size_t i = 0; i < n->config.inner_count; i++)
		if (address_in_range(&n->config.inner[i], range))
			return &n->config.inner[i];
	return NULL;
}

/* A host of a range of the other end: one that is known, else the second address (the first is the
 * network's own), else the only one. */
static struct address far_host(const struct world_node *n, const struct address_range *range)
{
	struct address first = range->first;
	const struct address *known;

	for (const struct world_node *other = n->world->nodes; other; other = other->next) {
		known = other == n ? NULL : node_inside(other, range);
		if (known)
			return *known;
	}
	if (!address_same_host(&range->first, &range->last))
		first.ip[first.family == 4 ? 3 : 15] |= 1;
	first.port = 0;
	return first;
}

/* Our end and theirs, of one family. */
static bool choose_hosts(const struct world_node *n, const struct pair *p, struct address *from,
			 struct address *to)
{
	for (size_t i = 0; i < p->theirs.count; i++) {
		const struct address_range *there = &p->theirs.rows[i].range;

		if (to->family != 0 && !address_in_range(to, there))
			continue;
		for (size_t j = 0; j < p->ours.count; j++) {
			const struct address_range *here = &p->ours.rows[j].range;
			const struct address *host = node_inside(n, here);

			if (here->first.family != there->first.family)
				continue;
			*from = from->family ? *from : host ? *host : here->first;
			*to = to->family ? *to : far_host(n, there);
			return true;
		}
	}
	return from->family != 0 && to->family != 0;
}

/* Beside any SA: our host and one of another node. */
static bool any_hosts(const struct world_node *n, struct address *from, struct address *to)
{
	if (from->family == 0 && n->config.inner_count > 0)
		*from = n->config.inner[0];
	for (const struct world_node *other = n->world->nodes; other && to->family == 0;
	     other = other->next)
		for (size_t i = 0; other != n && i < other->config.inner_count; i++)
			if (to->family == 0 && other->config.inner[i].family == from->family)
				*to = other->config.inner[i];
	return from->family != 0 && from->family == to->family;
}

static uint16_t choose_port(const struct selectors *s, const struct address *host, uint8_t protocol,
			    uint16_t usual)
{
	for (size_t i = 0; i < s->count; i++) {
		const struct traffic_selector *row = &s->rows[i];

		if (!address_in_range(host, &row->range) ||
		    (row->protocol && row->protocol != protocol))
			continue;
		return usual >= row->first_port && usual <= row->last_port ? usual
									   : row->first_port;
	}
	return usual;
}

/* ------------------------------------------------------------ inner packets */

struct draft {
	struct world_node *n;
	struct pair *pair;
	const struct esp_sending *s;
	struct address from, to;
	struct bytes inner;
	struct echo echo;
	uint8_t next_header;
};

static struct bytes filling(struct arena *a, size_t len)
{
	uint8_t *at = arena_alloc(a, len ? len : 1);

	for (size_t i = 0; at && i < len; i++)
		at[i] = (uint8_t)i;
	return bytes_make(at, at ? len : 0);
}

/* Octets of data in an inner packet whose headers take so many octets beside the IP header. */
static size_t data_size(const struct draft *d, size_t upper)
{
	size_t headers = (d->from.family == 4 ? 20 : 40) + upper;
	size_t size = d->s->size ? d->s->size : USUAL_SIZE;

	return size > headers ? size - headers : 0;
}

static bool make_ping(struct draft *d, struct why *why)
{
	struct arena *a = d->n->world->message;

	d->echo = (struct echo){ .id = d->n->echo_id, .seq = ++d->n->echo_seq,
				 .data = filling(a, data_size(d, 8)) };
	return echo_make(a, &d->from, &d->to, &d->echo, &d->inner) ||
	       why_set(why, "no ping of %zu octets", d->s->size);
}

static bool make_udp(struct draft *d, struct why *why)
{
	struct arena *a = d->n->world->message;

	return udp_make(a, &d->from, &d->to, node_next_id(d->n), filling(a, data_size(d, 8)), NULL,
			&d->inner, why);
}

static uint32_t add_words(uint32_t sum, struct bytes b)
{
	for (size_t i = 0; i + 1 < b.len; i += 2)
		sum += load_u16(b.at + i);
	return b.len % 2 ? sum + ((uint32_t)b.at[b.len - 1] << 8) : sum;
}

/* A SYN, with octets behind it if a size was asked for (RFC 9293 3.1). */
static bool make_tcp(struct draft *d, struct why *why)
{
	struct arena *a = d->n->world->message;
	size_t data = d->s->size ? data_size(d, 20) : 0;
	uint8_t *at = arena_alloc(a, 20 + data);
	struct sink s = sink_over(at, 20 + data);
	uint32_t sum;

	if (at == NULL)
		return why_set(why, "no memory for a TCP segment of %zu octets", data);
	sink_u16(&s, d->from.port);
	sink_u16(&s, d->to.port);
	sink_u32(&s, 1);
	sink_u32(&s, 0);
	sink_u16(&s, 0x5002);
	sink_u16(&s, 65535);
	sink_u32(&s, 0);
	sink_zero(&s, data);
	sum = add_words((uint32_t)(PROTO_TCP + s.len), address_octets(&d->from));
	sum = add_words(add_words(sum, address_octets(&d->to)), sink_bytes(&s));
	while (sum > 0xffff)
		sum = (sum & 0xffff) + (sum >> 16);
	sink_patch_u16(&s, 16, (uint16_t)~sum);
	return ip_make(a, &d->from, &d->to, PROTO_TCP, node_next_id(d->n), sink_bytes(&s),
		       &d->inner) ||
	       why_set(why, "no TCP segment of %zu octets", data);
}

static bool make_inner(struct draft *d, struct why *why)
{
	uint8_t protocol = d->s->kind == ESP_SEND_UDP ? PROTO_UDP : PROTO_TCP;

	d->from = d->s->from;
	d->to = d->s->to;
	if (d->s->kind == ESP_SEND_DUMMY) {
		d->inner = filling(d->n->world->message, d->s->size ? d->s->size : USUAL_SIZE);
		return true;
	}
	if (d->s->kind == ESP_SEND_OCTETS) {
		d->inner = d->s->octets;
		return true;
	}
	if (d->pair ? !choose_hosts(d->n, d->pair, &d->from, &d->to)
		    : !any_hosts(d->n, &d->from, &d->to))
		return why_set(why, "no inner addresses of one family fit the selectors");
	if (d->s->kind == ESP_SEND_PING)
		return make_ping(d, why);
	if (d->from.port == 0)
		d->from.port = d->pair ? choose_port(&d->pair->ours, &d->from, protocol, NEAR_PORT)
				       : NEAR_PORT;
	if (d->to.port == 0)
		d->to.port = d->pair ? choose_port(&d->pair->theirs, &d->to, protocol, FAR_PORT)
				     : FAR_PORT;
	return d->s->kind == ESP_SEND_UDP ? make_udp(d, why) : make_tcp(d, why);
}

/* ------------------------------------------------------------ sending */

static struct esp_sent *keep(const struct draft *d, const struct wrapped *made)
{
	struct arena *kept = d->n->world->kept;
	struct esp_sent *sent = arena_new_of(kept, struct esp_sent);
	struct bytes tail =
		bytes_slice(made->packet, made->packet.len - made->esp.len, made->esp.len);

	if (sent == NULL)
		return NULL;
	sent->node = d->n;
	sent->child = d->pair ? d->pair->child : NULL;
	sent->packet = arena_copy(kept, made->packet);
	if (bytes_equal(tail, made->esp))
		sent->esp = bytes_slice(sent->packet, sent->packet.len - tail.len, tail.len);
	else    /* an edit of the outer headers */
		sent->esp = arena_copy(kept, made->esp);
	sent->seq = made->seq;
	sent->echo = d->echo;
	sent->echo.data = arena_copy(kept, d->echo.data);
	sent->from = d->from;
	sent->to = d->to;
	sent->time = world_now(d->n->world);
	return sent;
}

static bool wrap(struct draft *d, struct wrapped *made, struct why *why)
{
	struct bytes body;
	uint8_t next_header;

	if (d->s->clear) {
		*made = (struct wrapped){ .packet = d->inner };
		return true;
	}
	body = plane_body(d->pair, d->inner, &next_header);
	if (d->s->kind == ESP_SEND_DUMMY)
		next_header = PROTO_NONE;
	return plane_wrap(d->n, d->pair, body, next_header, &d->s->shape, made, why);
}

static struct esp_sent *finish(struct draft *d, const struct wrapped *made, bool lost,
			       struct why *why)
{
	struct esp_sent *sent = keep(d, made);

	if (sent == NULL || sent->packet.len != made->packet.len) {
		why_set(why, "no memory to keep a packet of %zu octets", made->packet.len);
		return NULL;
	}
	if (!lost)
		world_send(d->n->world, d->n, made->packet);
	return sent;
}

struct esp_sent *node_send_esp(struct world_node *n, const struct esp_sending *s, struct why *why)
{
	struct draft d = { .n = n, .s = s, .pair = s->child ? plane_by_child(n, s->child) : NULL };
	struct esp_sent *sent = NULL;
	struct wrapped made;

	if (s->route)
		d.pair = plane_for_ping(n, &s->from, &s->to);
	if (d.pair == NULL && !s->clear) {
		why_set(why, "the Child SA has no ESP SAs");
		return NULL;
	}
	world_enter(n->world);
	if (make_inner(&d, why) && wrap(&d, &made, why))
		sent = finish(&d, &made, s->lost, why);
	world_leave(n->world);
	return sent;
}

/* ------------------------------------------------------------ again */

/* A sealed packet as a tree: what is encrypted is not looked into. */
static const struct wire_row rows_sealed[] = {
	{ "spi",        WIRE_UINT,   32 },
	{ "seq",        WIRE_UINT,   32 },
	{ "iv",         WIRE_OCTETS, 0  },
	{ "ciphertext", WIRE_OCTETS, 0  },
	{ "icv",        WIRE_OCTETS, 0  },
};
static const struct wire_format format_sealed = {
	.name = "ESP", .title = "a sealed packet", .section = "RFC 4303 2",
	.rows = rows_sealed, .count = ARRAY_LEN(rows_sealed),
};
static const struct wire_row rows_root[] = { { "ESP", WIRE_STRUCT, .item = &format_sealed } };
static const struct wire_format format_root = {
	.name = "packet", .title = "a packet", .section = "",
	.rows = rows_root, .count = ARRAY_LEN(rows_root),
};

static void put_octets(struct node *root, const char *path, struct bytes b)
{
	wire_find(root, path, NULL)->octets = b;
}

static struct node *sealed_tree(struct arena *a, const struct pair *p, struct bytes esp)
{
	const struct suite *suite = &esp_sa_config(p->out)->suite;
	size_t iv = suite->encr->iv, icv = suite->encr->aead ? suite->encr->icv : suite->integ->icv;
	struct node *root = wire_new(a, &format_root);

	if (root == NULL || esp.len < 8 + iv + icv)
		return NULL;
	wire_give_number(root, "ESP.spi", load_u32(esp.at));
	wire_give_number(root, "ESP.seq", load_u32(esp.at + 4));
	put_octets(root, "ESP.iv", bytes_slice(esp, 8, iv));
	put_octets(root, "ESP.ciphertext", bytes_slice(esp, 8 + iv, esp.len - 8 - iv - icv));
	put_octets(root, "ESP.icv", bytes_slice(esp, esp.len - icv, icv));
	return root;
}

static bool join(struct arena *a, struct node *root, struct bytes *out, struct why *why)
{
	struct node *esp = root->first;
	uint8_t *at;
	struct sink s;
	size_t cap = 8;

	for (struct node *f = esp->first; f; f = f->next)
		cap += f->octets.len;
	at = arena_alloc(a, cap);
	if (at == NULL)
		return why_set(why, "no memory for a packet of %zu octets", cap);
	s = sink_over(at, cap);
	for (struct node *f = esp->first; f; f = f->next) {
		if (f->row->kind == WIRE_UINT)
			sink_u32(&s, (uint32_t)f->number);
		else
			sink_put(&s, f->octets);
	}
	*out = sink_bytes(&s);
	return true;
}

static bool speaks_of(const struct edit *e, const char *root)
{
	char name[32];

	return !edit_of_datagram(e) && e->path &&
	       strcmp(edit_root(e->path, name, sizeof(name)), root) == 0;
}

static bool edit_esp(const struct draft *d, const struct edits *edits, struct bytes *esp,
		     struct why *why)
{
	struct arena *a = d->n->world->message;
	struct node *root = d->pair ? sealed_tree(a, d->pair, *esp) : NULL;
	struct node *honest = root ? wire_copy(a, root) : NULL;
	bool any = false;

	for (size_t i = 0; i < edits->count; i++) {
		if (speaks_of(&edits->rows[i], "INNER"))
			return why_set(why, "INNER of a packet that was sent is sealed");
		if (!speaks_of(&edits->rows[i], "ESP"))
			continue;
		if (honest == NULL)
			return why_set(why, "the SA of the packet is not known any more");
		if (!edit_apply(a, root, honest, edits, &edits->rows[i], why))
			return false;
		any = true;
	}
	if (any && !join(a, root, esp, why))
		return false;
	for (size_t i = 0; i < edits->count; i++)
		if (edit_of_datagram(&edits->rows[i]) &&
		    !edit_apply_datagram(a, esp, edits, &edits->rows[i], why))
			return false;
	return true;
}

/* Where a packet sent once comes from when it is sent again. */
static struct address from_again(const struct world_node *n, const struct esp_sent *s,
				 const struct address *then)
{
	struct address from = node_from(n, then);

	if (n != s->node) {
		from = node_address(n, then->family);
		from.port = then->port;
	}
	return from;
}

static bool rewrap(struct draft *d, const struct esp_sent *s, const struct edits *edits,
		   struct wrapped *made, struct why *why)
{
	struct arena *a = d->n->world->message;
	bool edited = edits && edits->count > 0;
	struct ip_packet ip;
	struct address from;

	*made = (struct wrapped){ .packet = s->packet, .esp = s->esp, .seq = s->seq };
	if (edited && s->esp.len == 0)
		return why_set(why, "a packet sent in clear is sent again as it was");
	if (!ip_parse(s->packet, &ip, why))
		return !edited;
	from = s->esp.len == 0 ? ip.from : from_again(d->n, s, &ip.from);
	if (edited)
		return edit_esp(d, edits, &made->esp, why) &&
		       plane_outer(d->n, &from, &ip.to, ip.protocol == PROTO_UDP, made->esp, edits,
				   &made->packet, why);
	if (address_equal(&from, &ip.from))
		return true;
	return ip_rewrite(a, s->packet, &from, NULL, &made->packet) ||
	       why_set(why, "no packet to send again");
}

struct esp_sent *node_send_again(struct world_node *n, const struct esp_sent *s,
				 const struct edits *edits, struct why *why)
{
	struct draft d = { .n = n, .pair = plane_by_child(s->node, s->child), .echo = s->echo };
	struct esp_sent *sent = NULL;
	struct wrapped made;

	world_enter(n->world);
	if (rewrap(&d, s, edits, &made, why))
		sent = finish(&d, &made, false, why);
	world_leave(n->world);
	return sent;
}
