/*
 * The outer phase: header, SK (RFC 7296 3.14; AEAD: RFC 5282) or fragments (RFC 7383).
 *
 * The ICV covers whatever was edited in front of it, so a datagram goes through stages: padding;
 * header and IV; encryption; edits of the ciphertext, under a new ICV; edits of the ICV.
 */
#include "message-compose.h"

struct datagram_work {
	struct work *w;
	size_t k;                       /* which datagram to leave, from 1 */
	unsigned fragment;              /* which fragment it bears, from 1; 0: a whole SK */
	unsigned fragments;
	struct bytes piece;             /* of the chain */
	struct node *root, *sealed, *trailer;
	struct node *iv, *ciphertext, *icv;
	struct bytes octets;            /* finished */
};

static struct node *new_outer(struct work *w)
{
	const struct composition *c = w->c;
	struct node *root = wire_new(w->a, &ike_message);
	struct node *header = root ? wire_find(root, "HDR", NULL) : NULL;

	if (!header || !wire_give_number(header, "spi_i", c->spi_i) ||
	    !wire_give_number(header, "spi_r", c->spi_r) ||
	    !wire_give_number(header, "exchange_type", c->exchange) ||
	    !wire_give_number(header, "initiator", c->initiator) ||
	    !wire_give_number(header, "response", c->response) ||
	    !wire_give_number(header, "message_id", c->id)) {
		why_set(w->why, "no memory for the header");
		return NULL;
	}
	return root;
}

static struct node *honest_root(const struct work *w, size_t k, struct node *root)
{
	return w->honest && k <= w->honest->count ? w->honest->outer[k - 1] : root;
}

static bool keep(struct work *w, size_t k, struct node *root, struct node *trailer,
		 struct bytes octets)
{
	w->out->outer[k - 1] = root;
	w->out->trailer[k - 1] = trailer;
	w->out->datagrams[k - 1] = octets;
	w->out->count = k;
	return true;
}

bool work_clear(struct work *w)
{
	struct node *root = new_outer(w), *list = root ? message_list(root) : NULL;
	struct bytes octets;

	bool edited = w->c->edits && w->c->edits->count > 0;

	for (struct node *n = w->chain->first, *next; n && list; n = next) {
		/* Edits speak of the chain as it was; else it is not needed any more. */
		struct node *own = edited ? wire_copy(w->a, n) : n;

		next = n->next;
		if (!own)
			return why_set(w->why, "no memory for a copy of a payload");
		if (!edited)
			wire_drop(n);
		wire_insert(list, own, NULL);
	}
	if (!list || !wire_encode(w->a, root, &octets, w->why))
		return false;
	for (size_t i = 0; w->edits && i < w->edits->count; i++)
		if (w->plan[i].phase == EDIT_OUTER &&
		    (!work_apply(w, i, root, honest_root(w, 1, root), NULL) ||
		     !wire_encode(w->a, root, &octets, w->why)))
			return false;
	return keep(w, 1, root, NULL, octets);
}

static bool is_sealed_root(const char *path)
{
	char root[8];

	edit_root(path, root, sizeof(root));
	return strcmp(root, "SK") == 0 || strcmp(root, "SKF") == 0;
}

static enum stage stage_of(const struct edit *e)
{
	const char *field = strrchr(e->path, '.');

	if (!is_sealed_root(e->path))
		return STAGE_HEADER;
	if (!field)
		return e->op == EDIT_ADD ? STAGE_HEADER : STAGE_ICV;
	if (strcmp(field, ".padding") == 0 || strcmp(field, ".pad_length") == 0)
		return STAGE_TRAILER;
	if (strcmp(field, ".ciphertext") == 0)
		return STAGE_CIPHERTEXT;
	return strcmp(field, ".icv") == 0 ? STAGE_ICV : STAGE_HEADER;
}

/* A payload that left the chain, beside SK; each datagram has its own. */
static bool put_beside(struct datagram_work *d, size_t i)
{
	const struct edit *e = &d->w->edits->rows[i];
	struct node *part = wire_copy(d->w->a, d->w->plan[i].moved);

	if (!part)
		return why_set(d->w->why, "no memory for a copy of %s", e->path);
	wire_insert(message_list(d->root), part, e->before ? d->sealed : d->sealed->next);
	if (d->k == 1 && d->w->edits->edited)
		d->w->edits->edited(d->w->edits->ctx, e, e->path, "in SK", "beside SK");
	d->w->plan[i].done = true;
	return true;
}

static bool apply_one(struct datagram_work *d, size_t i, enum stage stage)
{
	struct work *w = d->w;
	const char *path = work_local_path(w, w->edits->rows[i].path, d->k);
	struct node *honest =
		w->honest && d->k <= w->honest->count ? w->honest->trailer[d->k - 1] : NULL;

	if (!path || work_elsewhere(&w->edits->rows[i], d->k))
		return true;
	if (w->plan[i].moved)
		return put_beside(d, i);
	if (stage == STAGE_TRAILER)
		return work_apply(w, i, d->trailer, honest, strrchr(path, '.') + 1);
	return work_apply(w, i, d->root, honest_root(w, d->k, d->root), path);
}

/* The edits of one stage, each seeing what the rules give after the one before. */
static bool apply_stage(struct datagram_work *d, enum stage stage, bool *any)
{
	struct work *w = d->w;
	struct bytes octets;

	for (size_t i = 0; d->k && w->edits && i < w->edits->count; i++) {
		enum edit_phase phase = w->plan[i].phase;

		if (phase != EDIT_OUTER && !(phase == EDIT_DERIVED && stage == STAGE_TRAILER))
			continue;
		if (stage_of(&w->edits->rows[i]) != stage)
			continue;
		if (!apply_one(d, i, stage) ||
		    !wire_encode(w->a, stage == STAGE_TRAILER ? d->trailer : d->root, &octets,
				 w->why))
			return false;
		*any = true;
	}
	return true;
}

static bool give(struct node *n, struct bytes b)
{
	if (!n->set)
		n->octets = b;
	return true;
}

static struct bytes zeros(struct arena *a, size_t len)
{
	return bytes_make(arena_alloc(a, len ? len : 1), len);
}

/* The IV of a fragment, drawn once for all its copies. */
static bool draw_iv(struct datagram_work *d)
{
	struct work *w = d->w;
	struct bytes *iv = &w->ivs[d->fragment ? d->fragment - 1 : 0];
	size_t len = w->c->keys->suite->encr->iv;
	uint8_t *at;

	if (!iv->at) {
		at = arena_alloc(w->a, len + 1);
		if (!at)
			return why_set(w->why, "no memory for an IV");
		rng_secret(w->c->rng, at, len);
		*iv = bytes_make(at, len);
	}
	return give(d->iv, *iv);
}

/* The fewest octets that fill the block. */
static bool make_trailer(struct datagram_work *d)
{
	struct work *w = d->w;
	size_t block = w->c->keys->suite->encr->block, over;
	struct bytes octets;
	bool any;

	d->trailer = wire_new(w->a, &ike_trailer);
	if (!d->trailer)
		return why_set(w->why, "no memory for the padding");
	over = block ? (d->piece.len + 1) % block : 0;
	d->trailer->first->octets = zeros(w->a, over ? block - over : 0);
	return !w->edits || (wire_encode(w->a, d->trailer, &octets, w->why) &&
			     apply_stage(d, STAGE_TRAILER, &any));
}

static bool make_sealed(struct datagram_work *d)
{
	struct work *w = d->w;
	uint8_t type = d->fragment ? PAYLOAD_SKF : PAYLOAD_SK;

	d->root = new_outer(w);
	d->sealed = d->root ? wire_append(w->a, message_list(d->root), NULL, type) : NULL;
	if (!d->sealed)
		return why_set(w->why, "no memory for the Encrypted payload");
	d->iv = wire_find(d->sealed, "iv", NULL);
	d->ciphertext = wire_find(d->sealed, "ciphertext", NULL);
	d->icv = wire_find(d->sealed, "icv", NULL);
	wire_give_number(d->sealed, "next_payload", d->fragment > 1 ? 0 : w->first);
	if (!d->fragment)
		return true;
	return wire_give_number(d->sealed, "number", d->fragment) &&
	       wire_give_number(d->sealed, "total", d->fragments);
}

/* Piece, padding and pad length, as they are encrypted. */
static bool make_plain(struct datagram_work *d, struct bytes *out)
{
	struct work *w = d->w;
	struct bytes trailer;
	struct sink s;
	uint8_t *at;

	if (!wire_encode(w->a, d->trailer, &trailer, w->why))
		return false;
	at = arena_alloc(w->a, d->piece.len + trailer.len);
	if (!at)
		return why_set(w->why, "no memory for the plaintext");
	s = sink_over(at, d->piece.len + trailer.len);
	sink_put(&s, d->piece);
	sink_put(&s, trailer);
	*out = sink_bytes(&s);
	return true;
}

/* The IV for the cipher: an edited one may have another size on the wire. */
static struct bytes cipher_iv(struct datagram_work *d)
{
	size_t len = d->w->c->keys->suite->encr->iv;
	uint8_t *at;

	if (d->iv->octets.len == len)
		return d->iv->octets;
	at = arena_alloc(d->w->a, len + 1);
	if (at && d->iv->octets.len > 0)
		memcpy(at, d->iv->octets.at, d->iv->octets.len < len ? d->iv->octets.len : len);
	return bytes_make(at, at ? len : 0);
}

/* The octets in front of the IV: what AEAD authenticates beside the ciphertext. */
static bool make_aad(struct datagram_work *d, struct bytes *aad)
{
	if (!wire_encode(d->w->a, d->root, &d->octets, d->w->why))
		return false;
	*aad = bytes_slice(d->octets, 0, d->iv->at_bits / 8);
	return true;
}

static void put_back(const struct datagram_work *d, const struct node *n)
{
	memcpy((uint8_t *)(uintptr_t)d->octets.at + n->at_bits / 8, n->octets.at, n->octets.len);
}

static bool seal(struct datagram_work *d, struct bytes plain)
{
	struct work *w = d->w;
	const struct suite *suite = w->c->keys->suite;
	struct bytes aad, icv = zeros(w->a, suite_icv(suite)), out = zeros(w->a, plain.len);

	give(d->ciphertext, out);
	give(d->icv, icv);
	if (!make_aad(d, &aad))
		return false;
	if (!icv.at || !out.at)
		return why_set(w->why, "no memory for the ciphertext");
	if (!sealer_seal(w->c->keys->sealer, cipher_iv(d), aad, plain, BYTES_NONE,
			 (uint8_t *)out.at, (uint8_t *)icv.at))
		return why_set(w->why,
			       "%zu octets of plaintext cannot be sealed by %s (blocks of %u)",
			       plain.len, suite->encr->name, suite->encr->block);
	return true;
}

/* An AEAD encrypts by a key stream: what seals to this ciphertext is found by sealing it. */
bool message_icv(struct arena *a, const struct message_keys *keys, struct bytes iv,
		 struct bytes aad, struct bytes ciphertext, struct bytes *icv)
{
	uint8_t *at = arena_alloc(a, suite_icv(keys->suite) + 1), *scratch;

	*icv = bytes_make(at, suite_icv(keys->suite));
	if (!at || !keys->suite->encr->aead)
		return at && sealer_mac(keys->sealer, iv, aad, ciphertext, BYTES_NONE, at);
	scratch = arena_alloc(a, ciphertext.len + 1);
	return scratch && sealer_seal(keys->sealer, iv, aad, ciphertext, BYTES_NONE, scratch, at) &&
	       sealer_seal(keys->sealer, iv, aad, bytes_make(scratch, ciphertext.len), BYTES_NONE,
			   scratch, at);
}

/* A new ICV over a ciphertext (or IV) that was edited. */
static bool seal_again(struct datagram_work *d)
{
	struct work *w = d->w;
	struct bytes aad;

	if (!make_aad(d, &aad))
		return false;
	return message_icv(w->a, w->c->keys,
			   w->c->keys->suite->encr->aead ? cipher_iv(d) : d->iv->octets, aad,
			   d->ciphertext->octets, &d->icv->octets) ||
	       why_set(w->why, "no ICV for the edited ciphertext");
}

static bool seal_datagram(struct datagram_work *d)
{
	struct work *w = d->w;
	struct bytes plain, octets;
	bool any = false;

	if (!make_sealed(d) || !draw_iv(d) || !make_trailer(d) || !make_plain(d, &plain))
		return false;
	if (!w->edits) { /* nobody looks at it before it is whole */
		if (!seal(d, plain))
			return false;
		put_back(d, d->ciphertext);
		put_back(d, d->icv);
		return !d->k || keep(w, d->k, d->root, d->trailer, d->octets);
	}
	give(d->ciphertext, zeros(w->a, plain.len));
	give(d->icv, zeros(w->a, suite_icv(w->c->keys->suite)));
	if (!wire_encode(w->a, d->root, &octets, w->why) || !apply_stage(d, STAGE_HEADER, &any) ||
	    !seal(d, plain))
		return false;
	any = d->iv->octets.len != w->c->keys->suite->encr->iv;
	if (!apply_stage(d, STAGE_CIPHERTEXT, &any) || (any && !seal_again(d)) ||
	    !apply_stage(d, STAGE_ICV, &any) || !wire_encode(w->a, d->root, &octets, w->why))
		return false;
	d->octets = octets;
	return !d->k || keep(w, d->k, d->root, d->trailer, octets);
}

/* How many fragments: as many as told, or as it takes. */
static size_t fragment_count(const struct work *w)
{
	const struct suite *suite = w->c->keys->suite;
	size_t around = IKE_HEADER + 4 + suite->encr->iv + suite_icv(suite) + suite->encr->block;
	size_t limit = w->c->fragment_octets;

	if (w->c->fragments)
		return w->c->fragments;
	if (limit == 0 || around + w->plain.len <= limit)
		return 1;
	around += 4;
	return limit <= around ? MESSAGE_FRAGMENTS + 1
			       : (w->plain.len + limit - around - 1) / (limit - around);
}

/* The f-th (from 1) of n nearly equal parts. */
static struct bytes piece(struct bytes all, size_t f, size_t n)
{
	size_t small = all.len / n, larger = all.len % n;
	size_t before = (f - 1) * small + (f - 1 < larger ? f - 1 : larger);

	return bytes_slice(all, before, small + (f - 1 < larger));
}

/* Fragment f of n as the k-th datagram, or (k 0) as it would have left. */
static bool seal_fragment(struct work *w, size_t k, size_t f, size_t n)
{
	bool whole = n == 1 && !w->c->fragments;
	struct datagram_work d = { .w = w,
				   .k = k,
				   .fragment = whole ? 0 : (unsigned)f,
				   .fragments = (unsigned)n,
				   .piece = piece(w->plain, f, n) };

	if (!seal_datagram(&d))
		return false;
	w->out->pieces[f - 1] = d.octets;
	if (k)
		w->out->number[k - 1] = (uint16_t)d.fragment;
	return true;
}

bool work_seal(struct work *w)
{
	const struct composition *c = w->c;
	size_t fragments = fragment_count(w);
	size_t count = c->order ? c->order_count : fragments;

	if (fragments > MESSAGE_FRAGMENTS || count > MESSAGE_FRAGMENTS)
		return why_set(w->why, "more than %d fragments", MESSAGE_FRAGMENTS);
	w->out->fragments = fragments;
	for (size_t k = 1; k <= count; k++) {
		size_t f = c->order ? c->order[k - 1] : k;

		if (f < 1 || f > fragments)
			return why_set(w->why, "fragment %zu of %zu cannot be sent", f, fragments);
		if (!seal_fragment(w, k, f, fragments))
			return false;
	}
	for (size_t f = 1; f <= fragments; f++)
		if (!w->out->pieces[f - 1].at && !seal_fragment(w, 0, f, fragments))
			return false;
	return true;
}
