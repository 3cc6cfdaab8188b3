/*
 * Sealing with edits: the honest packet as a tree, changed by name, protected, changed again.
 *
 * In order: INNER.*, then ESP.* but the ICV, then encryption and the ICV over what is on the wire,
 * then ESP.icv, then the finished datagram.  Padding and pad length follow what they depend on
 * unless they were set.
 */
#include "esp-sa.h"
#include "formats.h"
#include "ip-tree.h"

struct editing {
	struct esp_sa *sa;
	struct arena *a;
	const struct edits *edits;
	struct node *root, *honest;
	size_t extra; /* octets of padding more than needed */
	struct why *why;
};

static struct node *field(const struct editing *x, const char *path)
{
	return wire_find(x->root, path, NULL);
}

static struct bytes octets(const struct editing *x, const char *path)
{
	const struct node *n = field(x, path);

	return n ? n->octets : BYTES_NONE;
}

static uint32_t number(const struct editing *x, const char *path)
{
	uint64_t v = 0;

	wire_number(x->root, path, &v);
	return (uint32_t)v;
}

/* Padding and pad length anew, unless set. */
static bool settle(struct editing *x)
{
	struct node *padding = field(x, "ESP.padding"), *pad_length = field(x, "ESP.pad_length");
	size_t len = octets(x, "ESP.payload").len + octets(x, "ESP.tfc").len;

	if (padding && !padding->set) {
		size_t pad = esp_pad_needed(x->sa, len) + x->extra;
		uint8_t *at = arena_alloc(x->a, pad + 1);

		if (!at)
			return why_set(x->why, "no memory for padding");
		esp_fill_padding(x->sa, at, pad);
		padding->octets = bytes_make(at, pad);
	}
	if (pad_length && !pad_length->set) {
		if (padding && padding->octets.len > 255)
			return why_at_octet(x->why, WHY_NO_OCTET, "ESP.padding",
					    "padding of %zu octets, pad_length holds at most 255",
					    padding->octets.len);
		pad_length->number = padding ? padding->octets.len : 0;
	}
	return true;
}

static bool compose(struct editing *x, const struct esp_draft *d)
{
	struct node *high;

	x->root = wire_new(x->a, &root_esp);
	if (!x->root)
		return why_set(x->why, "no memory for an ESP tree");
	high = field(x, "ESP.seq_high");
	if (!x->sa->config.suite.esn && high)
		wire_drop(high);
	else
		wire_give_number(x->root, "ESP.seq_high",
				 esp_omits(x->sa, DUTY_ESN_HIGH) ? 0 : (uint32_t)(d->seq >> 32));
	x->extra = d->pad - esp_pad_needed(x->sa, d->inner.len + d->tfc);
	if (!wire_give_number(x->root, "ESP.spi", x->sa->config.spi) ||
	    !wire_give_number(x->root, "ESP.seq", (uint32_t)d->seq) ||
	    !wire_give_number(x->root, "ESP.next_header", d->next_header) ||
	    !wire_give_octets(x->a, x->root, "ESP.iv", bytes_make(d->iv, x->sa->iv)) ||
	    !wire_give_octets(x->a, x->root, "ESP.payload", d->inner))
		return why_set(x->why, "no memory for an ESP tree");
	if (d->tfc > 0) {
		uint8_t *tfc = arena_alloc(x->a, d->tfc);

		if (!tfc)
			return why_set(x->why, "no memory for TFC padding");
		field(x, "ESP.tfc")->octets = bytes_make(tfc, d->tfc);
	}
	return settle(x);
}

static bool is_icv(const struct edit *e)
{
	return strncmp(e->path, "ESP.icv", 7) == 0;
}

static bool apply_all(struct editing *x, bool icv)
{
	for (size_t i = 0; i < x->edits->count; i++) {
		const struct edit *e = &x->edits->rows[i];

		if (!edit_is_below(e, "ESP") || is_icv(e) != icv)
			continue;
		if (!edit_apply(x->a, x->root, x->honest, x->edits, e, x->why) ||
		    (!icv && !settle(x)))
			return false;
	}
	return true;
}

/* What is encrypted, from the tree. */
static struct bytes plain_of(const struct editing *x)
{
	static const char *const parts[] = { "ESP.payload", "ESP.tfc", "ESP.padding" };
	static const char *const trailer[] = { "ESP.pad_length", "ESP.next_header" };
	size_t len = ESP_TRAILER;
	struct sink s;
	uint8_t *at;

	for (size_t i = 0; i < ARRAY_LEN(parts); i++)
		len += octets(x, parts[i]).len;
	at = arena_alloc(x->a, len);
	if (!at)
		return BYTES_NONE;
	s = sink_over(at, len);
	for (size_t i = 0; i < ARRAY_LEN(parts); i++)
		sink_put(&s, octets(x, parts[i]));
	for (size_t i = 0; i < ARRAY_LEN(trailer); i++)
		if (field(x, trailer[i]))
			sink_u8(&s, (uint8_t)number(x, trailer[i]));
	return sink_bytes(&s);
}

/* The MAC over what is on the wire where the sealer cannot know it: an odd IV, an odd end. */
static bool mac_again(struct editing *x, const struct esp_covered *c, struct bytes cipher,
		      uint8_t *icv)
{
	const struct transform *integ = x->sa->config.suite.integ;
	struct bytes parts[] = {
		bytes_make(c->aad, c->aad_len),
		octets(x, "ESP.iv"),
		cipher,
		bytes_make(c->tail, c->tail_len),
	};

	if (x->sa->config.suite.encr->aead || integ == NULL || integ->icv == 0)
		return true;
	return integ_compute(x->sa->crypto, integ, x->sa->config.integ_key, parts, ARRAY_LEN(parts),
			     icv);
}

/*
 * Encrypts the plaintext in place and gives the tree its ICV.  An IV of another length is cut or
 * filled with zeros for the cipher; what is no whole block at the end stays in clear.
 */
static bool protect(struct editing *x, struct bytes plain)
{
	struct bytes iv = octets(x, "ESP.iv");
	uint8_t used[ESP_IV_MAX] = { 0 }, icv[ESP_ICV_MAX];
	size_t block = x->sa->config.suite.encr->block,
	       whole = block ? plain.len - plain.len % block : plain.len;
	struct esp_covered c;
	bool odd = iv.len != x->sa->iv || whole != plain.len;

	if (iv.len > 0)
		memcpy(used, iv.at, iv.len < x->sa->iv ? iv.len : x->sa->iv);
	esp_cover(x->sa, number(x, "ESP.spi"), number(x, "ESP.seq"), number(x, "ESP.seq_high"), &c);
	if (!sealer_seal(x->sa->sealer, bytes_make(used, x->sa->iv), bytes_make(c.aad, c.aad_len),
			 bytes_make(plain.at, whole), bytes_make(c.tail, c.tail_len),
			 (uint8_t *)plain.at, icv) ||
	    (odd && !mac_again(x, &c, plain, icv)))
		return why_set(x->why, "%s failed over %zu octets", x->sa->config.suite.encr->name,
			       plain.len);
	return wire_give_octets(x->a, x->root, "ESP.icv", bytes_make(icv, x->sa->icv)) ||
	       why_set(x->why, "no memory for an ICV");
}

/* The ICV of the honest packet, for FREEZE and for edits of what was set before. */
static bool protect_honest(struct editing *x)
{
	struct node *edited = x->root;
	bool ok;

	x->root = x->honest;
	ok = protect(x, plain_of(x));
	x->root = edited;
	return ok;
}

static bool edits_icv(const struct edits *edits)
{
	for (size_t i = 0; i < edits->count; i++)
		if (edit_is_below(&edits->rows[i], "ESP") && is_icv(&edits->rows[i]))
			return true;
	return false;
}

static bool assemble(struct editing *x, struct bytes cipher, struct bytes *out)
{
	static const char *const header[] = { "ESP.spi", "ESP.seq" };
	struct bytes iv = octets(x, "ESP.iv"), icv = octets(x, "ESP.icv");
	size_t cap = ESP_HEADER + iv.len + cipher.len + icv.len;
	uint8_t *at = arena_alloc(x->a, cap);
	struct sink s = sink_over(at, cap);

	if (!at)
		return why_set(x->why, "no memory for an ESP packet of %zu octets", cap);
	for (size_t i = 0; i < ARRAY_LEN(header); i++)
		if (field(x, header[i]))
			sink_u32(&s, number(x, header[i]));
	sink_put(&s, iv);
	sink_put(&s, cipher);
	sink_put(&s, icv);
	*out = sink_bytes(&s);
	return true;
}

static bool edit_datagram(struct editing *x, struct bytes *io)
{
	for (size_t i = 0; i < x->edits->count; i++) {
		const struct edit *e = &x->edits->rows[i];

		if (edit_of_datagram(e) && !edit_apply_datagram(x->a, io, x->edits, e, x->why))
			return false;
	}
	return true;
}

bool esp_seal_edited(struct esp_sa *sa, struct arena *a, const struct esp_draft *d,
		     const struct edits *edits, struct bytes *out, struct why *why)
{
	struct editing x = { .sa = sa, .a = a, .edits = edits, .why = why };
	struct bytes inner = d->inner, plain;
	struct node *payload;

	if (!compose(&x, d) || !ip_edit_inner(a, edits, &inner, why))
		return false;
	x.honest = wire_copy(a, x.root);
	if (!x.honest)
		return why_set(why, "no memory for the edits of a packet");
	payload = field(&x, "ESP.payload");
	payload->octets = inner;
	if (!settle(&x) || !apply_all(&x, false))
		return false;
	if (edits_icv(edits) && !protect_honest(&x))
		return false;
	plain = plain_of(&x);
	if (!plain.at)
		return why_set(why, "no memory for an ESP packet");
	return protect(&x, plain) && apply_all(&x, true) && assemble(&x, plain, out) &&
	       edit_datagram(&x, out);
}

/* A field of a decoded tree. */
static void keep(struct node *root, const char *name, struct bytes b)
{
	struct node *n = wire_find(root, name, NULL);

	if (n)
		n->octets = b;
}

static void set_all(struct node *n)
{
	n->set = true;
	for (struct node *child = n->first; child; child = child->next)
		set_all(child);
}

struct node *esp_opened_tree(const struct esp_sa *sa, struct arena *a, const struct esp_parts *p,
			     struct bytes plain, const struct esp_opened *o)
{
	struct node *root = wire_new(a, &format_esp);
	size_t body = plain.len - ESP_TRAILER, pad = o->pad_length <= body ? o->pad_length : 0;
	size_t inner = o->inner.len;
	struct bytes unused;

	if (!root)
		return NULL;
	if (!sa->config.suite.esn)
		wire_drop(wire_find(root, "seq_high", NULL));
	wire_give_number(root, "spi", p->spi);
	wire_give_number(root, "seq", p->seq);
	wire_give_number(root, "seq_high", (uint32_t)(o->seq >> 32));
	wire_give_number(root, "pad_length", o->pad_length);
	wire_give_number(root, "next_header", o->next_header);
	keep(root, "iv", p->iv);
	keep(root, "payload", o->inner);
	keep(root, "tfc", bytes_slice(plain, inner, body - pad - inner));
	keep(root, "padding", bytes_slice(plain, body - pad, pad));
	keep(root, "icv", p->icv);
	set_all(root);
	return wire_encode(a, root, &unused, NULL) ? root : NULL;
}
