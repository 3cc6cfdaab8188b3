/*
 * Any datagrams to an endpoint in any state, with the keys known, so that the inside of SK is
 * reached: never a crash, never a refusal without a row, never more memory than its caps.
 *
 * Two octets choose the state, the role, the suite, the conduct and a check that is left out; then
 * come messages, each an octet of kind, an octet of header, its length in two octets, and octets.
 * Kinds: the datagram as it is; the inside of SK or of a fragment; edits by the wire tables of an
 * honest message, in SK, in fragments or in clear.
 */
#include <stdio.h>
#include <stdlib.h>

#include "fuzz.h"
#include "ikev2/formats.h"
#include "stage.h"

enum { DATAGRAMS = 6, CAP = 3000, NODES = 512, AROUND = 128 };
enum kind { KIND_RAW, KIND_INSIDE, KIND_FRAGMENT, KIND_TABLE, KIND_TABLE_FRAGMENTS, KIND_TABLE_CLEAR, KIND_TIME, KINDS };

static struct arena *arena;

static void broken(const char *what, const struct why *why)
{
	fprintf(stderr, "fuzz-endpoint: %s: %s\n", what, why ? why->text : "");
	abort();
}

/* ------------------------------------------------------------ sealing */

struct header {
	uint8_t exchange, flags, next;
	uint32_t id;
};

/* Sealed under the tester's key, in SK, or in SKF with its numbers. */
static struct bytes seal(const struct staged *s, struct header h, const uint16_t fragment[2],
			 struct bytes plain, uint8_t padding, uint8_t out[static CAP + AROUND])
{
	const struct suite *suite = s->suite;
	size_t iv = suite->encr->iv, icv = suite->encr->aead ? suite->encr->icv : suite->integ->icv;
	size_t block = suite->encr->block ? suite->encr->block : 1, pad = padding;
	uint8_t text[CAP + AROUND], zeros[16] = { 0 };
	if ((plain.len + pad + 1) % block)
		pad += block - (plain.len + pad + 1) % block;
	if (plain.len + pad + 1 > CAP || pad > 255)
		return BYTES_NONE;
	struct sink t = sink_over(text, sizeof(text)), k = sink_over(out, CAP + AROUND);
	sink_put(&t, plain);
	for (size_t i = 0; i < pad; i++)
		sink_u8(&t, 0);
	sink_u8(&t, padding == 77 ? 255 : (uint8_t)pad);
	size_t body = 4 + (fragment ? 4 : 0) + iv + t.len + icv;
	sink_u64(&k, s->spi_i);
	sink_u64(&k, s->spi_r);
	sink_u8(&k, fragment ? PAYLOAD_SKF : PAYLOAD_SK);
	sink_u8(&k, 0x20);
	sink_u8(&k, h.exchange);
	sink_u8(&k, h.flags);
	sink_u32(&k, h.id);
	sink_u32(&k, (uint32_t)(IKE_HEADER + body));
	sink_u8(&k, h.next);
	sink_u8(&k, 0);
	sink_u16(&k, (uint16_t)body);
	if (fragment) {
		sink_u16(&k, fragment[0]);
		sink_u16(&k, fragment[1]);
	}
	struct bytes aad = sink_bytes(&k);
	sink_put(&k, bytes_make(zeros, iv));
	if (!sealer_seal(s->seal, bytes_make(zeros, iv), aad, sink_bytes(&t), BYTES_NONE,
			 out + k.len, out + k.len + t.len))
		return BYTES_NONE;
	return bytes_make(out, k.len + t.len + icv);
}

/* ------------------------------------------------------------ giving */

static void give(struct staged *s, struct bytes octets, uint8_t bits)
{
	struct datagram d = { .from = s->from, .to = s->to, .octets = octets,
			      .marker = bits & 1, .keepalive = (bits & 0xf0) == 0xf0 };
	struct why why;
	if (d.marker)
		d.from.port = d.to.port = 4500;
	if (bits & 2)
		d.from.ip[3] ^= 9;
	endpoint_input(s->target, &d, s->now);
	if (!endpoint_validate(s->target, &why))
		broken("not valid", &why);
	struct child_order o;
	while (endpoint_output(s->target, s->now, &d))
		continue;
	while (endpoint_order(s->target, &o))
		continue;
}

static void pass(struct staged *s, uint8_t seconds)
{
	struct why why;
	for (int i = 0; i < 8; i++) {
		usec due = endpoint_deadline(s->target);
		if (due > s->now + seconds * USEC_S)
			break;
		s->now = due > s->now ? due : s->now + USEC_MS;
		endpoint_tick(s->target, s->now);
		if (!endpoint_validate(s->target, &why))
			broken("not valid after a tick", &why);
		struct datagram d;
		while (endpoint_output(s->target, s->now, &d))
			continue;
	}
	s->now += seconds * USEC_S;
}

/* Flags, exchange and message ID from one octet, near what is honest. */
static struct header header_of(const struct staged *s, uint8_t bits, uint8_t exchange, bool response)
{
	static const uint8_t types[] = { 35, 36, 37, 34, 38, 43, 0, 255 };
	uint32_t base = s->ike && !response ? 1 : 0;
	if (bits & 4)
		response = !response;
	return (struct header){
		.exchange = exchange ? exchange : types[bits >> 5],
		.flags = (uint8_t)((response ? 0x20 : 0) | (s->tester_initiated ? 8 : 0)),
		.id = base + (bits & 3),
	};
}

/* The message ID whose turn it is: the tester knows its peer. */
static uint32_t id_in_turn(const struct staged *s, bool response)
{
	const struct ike_sa *sa = endpoint_ike_sa(s->target, 0);
	if (!sa)
		return 0;
	return response ? sa->window.next_request : sa->window.next_expected;
}

/* ------------------------------------------------------------ edits by the tables */

static void all_nodes(struct node *n, struct node **out, size_t *count)
{
	for (struct node *c = n->first; c; c = c->next) {
		if (*count < NODES)
			out[(*count)++] = c;
		all_nodes(c, out, count);
	}
}

static uint64_t liked(uint8_t v)
{
	static const uint64_t values[] = { 0, 1, 2, 3, 4, 7, 8, 12, 16, 17, 33, 40, 41, 43, 44, 46, 53,
					   127, 128, 255, 256, 16384, 16388, 16390, 16393, 16430,
					   32768, 65535, 0x7fffffff, 0xffffffff };
	return values[v % ARRAY_LEN(values)];
}

/* One edit: which node, what becomes of it, a value. */
static void edit(struct node *root, struct cursor *c)
{
	static struct node *nodes[NODES];
	size_t count = 0;
	uint8_t which, high, what, value, run[256];
	struct bytes octets = BYTES_NONE;
	if (!cursor_u8(c, &high) || !cursor_u8(c, &which) || !cursor_u8(c, &what) ||
	    !cursor_u8(c, &value))
		return;
	all_nodes(root, nodes, &count);
	if (!count)
		return;
	struct node *n = nodes[((size_t)high << 8 | which) % count];
	bool part = n->format && n->parent && n->parent->row && n->parent->row->kind == WIRE_LIST;
	memset(run, value, sizeof(run));
	if (what & 1)
		cursor_take(c, value < c->left ? value : c->left, &octets);
	else
		octets = bytes_make(run, value);
	if (part && what % 5 == 1) {
		wire_drop(n);
	} else if (part) {
		struct node *copy = wire_copy(arena, n);
		if (copy && root->row)
			wire_insert(n->parent, copy, what & 8 ? n : NULL);
	} else if (!wire_set_number(n, what & 2 ? liked(value) : value, NULL)) {
		wire_set_octets(arena, n, octets, NULL);
	}
}

static struct bytes edited(const struct stage_chain *chain, struct bytes in, uint8_t *first)
{
	struct cursor c = cursor_over(in);
	struct bytes out;
	struct node *root = wire_decode_chain(arena, &ike_chain, chain->first, chain->plain, NULL, NULL);
	*first = chain->first;
	if (!root)
		return BYTES_NONE;
	wire_unset_derived(root);
	for (int i = 0; i < 8 && c.left; i++)
		edit(root, &c);
	if (!wire_encode(arena, root, &out, NULL))
		return BYTES_NONE;
	*first = root->first && !root->first->undecoded ? (uint8_t)root->first->type : 0;
	return out;
}

static struct bytes in_clear(const struct staged *s, struct header h, uint8_t first,
			     struct bytes plain, uint8_t out[static CAP + AROUND])
{
	struct sink k = sink_over(out, CAP + AROUND);
	bool init = h.exchange == IKE_SA_INIT, answer = h.flags & 0x20;
	const struct ike_sa *sa = endpoint_ike_sa(s->target, 0);
	sink_u64(&k, sa ? sa->spi_i : 0x1122334455667788);
	sink_u64(&k, init && !answer ? 0 : sa && sa->spi_r ? sa->spi_r : 99);
	sink_u8(&k, first);
	sink_u8(&k, 0x20);
	sink_u8(&k, h.exchange);
	sink_u8(&k, init ? (answer ? 0x20 : 8) : h.flags);
	sink_u32(&k, init ? 0 : h.id);
	sink_u32(&k, (uint32_t)(IKE_HEADER + plain.len));
	if (plain.len > CAP)
		return BYTES_NONE;
	sink_put(&k, plain);
	return sink_bytes(&k);
}

static void in_fragments(struct staged *s, struct header h, uint8_t first, struct bytes plain,
			 uint8_t bits)
{
	uint8_t out[CAP + AROUND];
	uint16_t total = (uint16_t)(2 + bits % 5);
	for (uint16_t n = 1; n <= total; n++) {
		size_t size = plain.len / total + 1, at = (size_t)(n - 1) * size;
		uint16_t numbers[2] = { (uint16_t)(bits & 0x80 ? total + 1 - n : n), total };
		size_t begin = (size_t)(numbers[0] - 1) * size;
		struct header own = h;
		(void)at;
		if (begin > plain.len)
			begin = plain.len;
		size_t len = plain.len - begin < size ? plain.len - begin : size;
		own.next = numbers[0] == 1 ? first : 0;
		if (bits & 0x40 && n == 2)
			numbers[1] = (uint16_t)(total + 1 - 2 * (bits & 1));
		give(s, seal(s, own, numbers, bytes_slice(plain, begin, len), 0, out), 0);
	}
}

static void table(struct staged *s, const struct stage_options *o, enum kind kind, uint8_t bits,
		  struct bytes in)
{
	uint8_t out[CAP + AROUND], first, which = 0;
	struct cursor c = cursor_over(in);
	if (!cursor_u8(&c, &which))
		return;
	const struct stage_chain *chain = stage_chain(o, which);
	struct bytes rest = bytes_slice(in, 1, in.len), plain = edited(chain, rest, &first);
	struct header h = header_of(s, bits & 4, chain->exchange, chain->response);
	if (!plain.at && plain.len == 0 && chain->plain.len)
		return;
	h.id = id_in_turn(s, chain->response) + (bits & 3);
	h.next = first;
	if (kind == KIND_TABLE_CLEAR || !s->seal || chain->exchange == IKE_SA_INIT)
		give(s, in_clear(s, h, first, plain, out), bits >> 4 & 3);
	else if (kind == KIND_TABLE_FRAGMENTS)
		in_fragments(s, h, first, plain, bits);
	else
		give(s, seal(s, h, NULL, plain, 0, out), bits >> 4 & 3);
}

/* ------------------------------------------------------------ messages */

static void inside(struct staged *s, enum kind kind, uint8_t bits, struct bytes in)
{
	uint8_t out[CAP + AROUND];
	uint16_t numbers[2] = { 0 };
	uint8_t next = 0, padding = 0, small[2] = { 0 };
	struct cursor c = cursor_over(in);
	struct header h = header_of(s, bits, 0, bits & 4);
	if (!s->seal)
		return;
	h.id = id_in_turn(s, h.flags & 0x20) + (bits & 3);
	cursor_u8(&c, &next);
	cursor_u8(&c, &padding);
	h.next = next;
	if (kind == KIND_FRAGMENT) {
		cursor_u8(&c, &small[0]);
		cursor_u8(&c, &small[1]);
		numbers[0] = (uint16_t)(small[0] & 0x80 ? small[0] << 8 : small[0]);
		numbers[1] = (uint16_t)(small[1] & 0x80 ? small[1] << 8 : small[1]);
	}
	size_t at = in.len - c.left;
	give(s, seal(s, h, kind == KIND_FRAGMENT ? numbers : NULL,
		     bytes_slice(in, at, in.len - at), padding > 77 ? 0 : padding, out), 0);
}

static void one(struct staged *s, const struct stage_options *o, uint8_t kind, uint8_t bits,
		struct bytes in)
{
	switch ((enum kind)(kind % KINDS)) {
	case KIND_RAW:
		give(s, in, bits);
		break;
	case KIND_INSIDE:
	case KIND_FRAGMENT:
		inside(s, (enum kind)(kind % KINDS), bits, in);
		break;
	case KIND_TIME:
		pass(s, bits);
		break;
	default:
		table(s, o, (enum kind)(kind % KINDS), bits, in);
	}
}

static struct stage_options options_of(uint8_t stage, uint8_t choice)
{
	struct stage_options o = { .stage = (enum stage)(stage % STAGES), .initiator = stage & 0x80,
				   .cbc = stage & 0x40, .stepped = (choice & 0xc0) == 0xc0 };
	size_t row = choice & 0x3f;
	/* A check of four is left out, now and then. */
	if (row && row * 4 < CHECKS && !(stage & 0x20))
		o.omit[row * 4 / 64] |= (uint64_t)1 << (row * 4 + (choice >> 6)) % 64;
	return o;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cursor c = cursor_over(bytes_make(data, size));
	struct stage_options o;
	struct staged s;
	uint8_t stage, choice, kind, bits;
	uint16_t len;
	struct bytes octets;
	if (!cursor_u8(&c, &stage) || !cursor_u8(&c, &choice))
		return 0;
	if (!arena)
		arena = arena_new(16 << 20);
	arena_reset(arena);
	o = options_of(stage, choice);
	stage_begin(&s, &o);
	for (int i = 0; i < DATAGRAMS && cursor_u8(&c, &kind) && cursor_u8(&c, &bits) &&
			cursor_u16(&c, &len);
	     i++) {
		if (len > c.left)
			len = (uint16_t)c.left;
		if (len > CAP - 16)
			len = CAP - 16;
		cursor_take(&c, len, &octets);
		one(&s, &o, kind, bits, octets);
	}
	stage_end(&s);
	return 0;
}
