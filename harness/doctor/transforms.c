/* Which transforms the target takes, one by one, and suites that cover them. */
#include "exam.h"

bool set_has(const struct transform_set *s, const struct transform *t)
{
	for (size_t i = 0; i < s->count; i++)
		if (s->rows[i] == t)
			return true;
	return false;
}

void set_add(struct transform_set *s, const struct transform *t)
{
	if (s->count < ARRAY_LEN(s->rows) && !set_has(s, t))
		s->rows[s->count++] = t;
}

const char *transform_text(struct exam *x, const struct transform *t)
{
	return exam_text(x, "%s", t->name);
}

/* Every one of a type that IKE has; of ENCR those with or without an ICV of their own.  Not the one that the KE
 * payload of our question is of. */
static struct transform_set everything(uint8_t type, bool aead)
{
	struct transform_set out = { .count = 0 };

	for (size_t i = 0; i < transforms_count; i++) {
		const struct transform *t = &transforms[i];

		if (t->type == type && (t->suites & TRANSFORM_IN_IKE) && (type != TRANSFORM_ENCR || t->aead == aead) &&
		    ((type != TRANSFORM_INTEG && type != TRANSFORM_KE) || t->id != 0) &&
		    !(type == TRANSFORM_KE && t->id == 24))
			set_add(&out, t);
	}
	return out;
}

/* What is offered of each type. */
struct offer {
	struct transform_set of[TRANSFORM_ESN + 1];
	bool aead;
};

static struct transform_set together(const struct offer *o)
{
	struct transform_set out = { .count = 0 };

	for (uint8_t type = TRANSFORM_ENCR; type <= TRANSFORM_KE; type++)
		for (size_t i = 0; i < o->of[type].count && !(type == TRANSFORM_INTEG && o->aead); i++)
			set_add(&out, o->of[type].rows[i]);
	return out;
}

static struct offer widest(bool aead)
{
	struct offer o = { .aead = aead };

	for (uint8_t type = TRANSFORM_ENCR; type <= TRANSFORM_KE; type++)
		o.of[type] = everything(type, aead);
	return o;
}

static bool goes_on(struct exam *x)
{
	return x->silences < EXAM_SILENCES && exam_time_left(x);
}

static struct init_answer asked(struct exam *x, const struct offer *o)
{
	struct transform_set s = together(o);

	return init_ask(x, &s);
}

/* The offer with one transform of a type alone. */
static struct init_answer asked_with(struct exam *x, const struct offer *o, const struct transform *t)
{
	struct offer one = *o;

	one.of[t->type].count = 0;
	set_add(&one.of[t->type], t);
	return asked(x, &one);
}

/* Those of a type that are taken within the offer go to taken. */
static void each_of(struct exam *x, const struct offer *o, uint8_t type)
{
	for (size_t i = 0; i < o->of[type].count && goes_on(x); i++) {
		const struct transform *t = o->of[type].rows[i];

		if (!set_has(&x->taken[type], t) && asked_with(x, o, t).outcome == INIT_TAKEN)
			set_add(&x->taken[type], t);
	}
}

/* ------------------------------------------------------------ suites */

#define RANKS 14
/* What is offered first of a type, where several would do. */
static int rank(const struct transform *t)
{
	static const char *const order[] = {
		"AES_GCM_16_256", "AES_GCM_16_128", "HMAC_SHA2_256", "HMAC_SHA2_256_128", "CURVE25519", "ECP_256",
		"HMAC_SHA2_384", "HMAC_SHA2_384_192", "ECP_384", "HMAC_SHA2_512", "HMAC_SHA2_512_256", "MODP_2048",
		"AES_CBC_128", "AES_CBC_256",
	};

	for (size_t i = 0; i < ARRAY_LEN(order); i++)
		if (strcmp(order[i], t->name) == 0)
			return (int)i;
	return RANKS;
}

/* These take so long that they are no good for a whole suite. */
static bool slow(const struct transform *ke)
{
	return ke->id == 17 || ke->id == 18;
}

static unsigned uncommon(const struct suite *s)
{
	return 4 * slow(s->ke) + (rank(s->encr) == RANKS) + (rank(s->prf) == RANKS) + (rank(s->ke) == RANKS) +
	       (s->integ && rank(s->integ) == RANKS);
}

/* Is its group that of none before it? */
static bool new_group(const struct exam *x, size_t nth)
{
	for (size_t i = 0; i < nth; i++)
		if (x->suites[i].ke == x->suites[nth].ke)
			return false;
	return true;
}

/* What everybody has first, and of that one of each group: scenarios take the first few for granted. */
static void sort_suites(struct exam *x)
{
	unsigned key[SUITES];

	for (size_t i = 0; i < x->suite_count; i++)
		key[i] = 2 * uncommon(&x->suites[i]) + !new_group(x, i);
	for (size_t i = 1; i < x->suite_count; i++) {
		struct suite s = x->suites[i];
		unsigned own = key[i];
		size_t k = i;

		for (; k > 0 && key[k - 1] > own; k--) {
			x->suites[k] = x->suites[k - 1];
			key[k] = key[k - 1];
		}
		x->suites[k] = s;
		key[k] = own;
	}
}

static struct transform_set implemented(const struct exam *x, const struct transform_set *from)
{
	struct transform_set out = { .count = 0 };

	if (x->group_liked && set_has(from, x->group_liked) && (x->group_liked->suites & TRANSFORM_IMPLEMENTED))
		set_add(&out, x->group_liked);
	for (int r = 0; r <= RANKS; r++)
		for (size_t i = 0; i < from->count; i++)
			if (rank(from->rows[i]) == r && (from->rows[i]->suites & TRANSFORM_IMPLEMENTED))
				set_add(&out, from->rows[i]);
	return out;
}

/* Narrowed type by type to one transform of each, which the target takes together; false if it takes none. */
static bool narrow(struct exam *x, struct offer *o)
{
	for (uint8_t type = TRANSFORM_ENCR; type <= TRANSFORM_KE; type++) {
		struct transform_set choices = o->of[type];
		bool good = false;

		if (type == TRANSFORM_INTEG && o->aead)
			continue;
		for (size_t i = 0; i < choices.count && !good && goes_on(x); i++) {
			o->of[type].count = 0;
			set_add(&o->of[type], choices.rows[i]);
			good = asked(x, o).outcome == INIT_TAKEN;
		}
		if (!good)
			return false;
	}
	return true;
}

static bool covered(const struct exam *x, const struct transform *t)
{
	for (size_t i = 0; i < x->suite_count; i++) {
		const struct suite *s = &x->suites[i];

		if (s->encr == t || s->prf == t || s->integ == t || s->ke == t)
			return true;
	}
	return false;
}

/* With what no suite covers yet, where it can be had, so that few are enough. */
static void cover(struct exam *x, const struct transform *t)
{
	for (int aead = 1; aead >= 0; aead--) {
		struct offer o = { .aead = aead };

		if (covered(x, t) || x->suite_count == SUITES || (t->type == TRANSFORM_INTEG && aead) ||
		    (t->type == TRANSFORM_ENCR && t->aead != aead))
			continue;
		for (uint8_t type = TRANSFORM_ENCR; type <= TRANSFORM_KE; type++) {
			struct transform_set all = implemented(x, &x->taken[type]);

			for (int again = 0; again < 2; again++)
				for (size_t i = 0; i < all.count; i++)
					if ((type != TRANSFORM_ENCR || all.rows[i]->aead == aead) &&
					    covered(x, all.rows[i]) == again)
						set_add(&o.of[type], all.rows[i]);
		}
		o.of[t->type].count = 0;
		set_add(&o.of[t->type], t);
		if (narrow(x, &o))
			x->suites[x->suite_count++] = (struct suite){
				.encr = o.of[TRANSFORM_ENCR].rows[0],
				.prf = o.of[TRANSFORM_PRF].rows[0],
				.integ = aead ? NULL : o.of[TRANSFORM_INTEG].rows[0],
				.ke = o.of[TRANSFORM_KE].rows[0],
			};
	}
}

/* What everybody is asked for first, and scenarios name. */
static const char *const customary[] = {
	"aes256gcm16-prfsha256-x25519", "aes128-sha256-ecp256", "aes256gcm16-prfsha256-ecp256", "aes256-sha512-ecp384",
	"aes128-sha256-modp2048", "aes128gcm16-prfsha256-ecp256", "aes256-sha256-x25519",
	"aes128-sha256-x25519",
};

static void take_customary(struct exam *x)
{
	for (size_t i = 0; i < ARRAY_LEN(customary) && goes_on(x); i++) {
		struct transform_set offer = { .count = 0 };
		struct suite s;

		if (!suite_parse(customary[i], false, &s, NULL) || !set_has(&x->taken[TRANSFORM_ENCR], s.encr) ||
		    !set_has(&x->taken[TRANSFORM_KE], s.ke))
			continue;
		set_add(&offer, s.encr);
		set_add(&offer, s.prf);
		if (s.integ && !s.encr->aead)
			set_add(&offer, s.integ);
		set_add(&offer, s.ke);
		if (init_ask(x, &offer).outcome == INIT_TAKEN)
			x->suites[x->suite_count++] = s;
	}
}

static void cover_all(struct exam *x)
{
	static const uint8_t types[] = { TRANSFORM_ENCR, TRANSFORM_KE, TRANSFORM_PRF, TRANSFORM_INTEG };

	for (size_t k = 0; k < ARRAY_LEN(types); k++) {
		struct transform_set all = implemented(x, &x->taken[types[k]]);

		for (size_t i = 0; i < all.count && goes_on(x); i++)
			cover(x, all.rows[i]);
	}
}

/* ------------------------------------------------------------ findings */

static void tell(struct exam *x, const char *name, uint8_t type)
{
	const struct transform_set *s = &x->taken[type];
	const char *text = "";

	for (size_t i = 0; i < s->count; i++)
		text = exam_text(x, "%s%s%s%s", text, i ? " " : "", transform_text(x, s->rows[i]),
				 s->rows[i]->suites & TRANSFORM_IMPLEMENTED ? "" : " (not here)");
	x->name = name;
	if (!goes_on(x))
		found(x, FINDING_UNCHECKED, "%s%s%s", s->count ? text : "", s->count ? "; " : "",
		      x->silences >= EXAM_SILENCES ? "it fell silent" : "the time was up");
	else if (s->count)
		found(x, FINDING_YES, "%s", text);
	else
		found(x, FINDING_NO, "none of those that IANA has a number for");
}

static void tell_suites(struct exam *x)
{
	const char *text = "";
	char one[120];

	for (size_t i = 0; i < x->suite_count; i++)
		text = exam_text(x, "%s%s%s", text, i ? " " : "",
				 suite_print_strongswan(&x->suites[i], false, one, sizeof one));
	x->name = "ike-suites";
	if (x->suite_count)
		found(x, FINDING_YES, "%s", text);
	else
		found(x, FINDING_NO, "none that is implemented here as well");
}

void look_transforms(struct exam *x)
{
	for (int aead = 1; aead >= 0; aead--) {
		struct offer o = widest(aead);

		struct init_answer a = { .outcome = INIT_SILENT };

		if (goes_on(x))
			a = asked(x, &o);
		if (a.outcome != INIT_TAKEN)
			continue;
		/* Of all groups this is the one that it likes best. */
		if (a.group && !x->group_liked)
			x->group_liked = transform_find(TRANSFORM_KE, a.group, 0);
		each_of(x, &o, TRANSFORM_ENCR);
		each_of(x, &o, TRANSFORM_PRF);
		if (!aead)
			each_of(x, &o, TRANSFORM_INTEG);
		each_of(x, &o, TRANSFORM_KE);
	}
	tell(x, "encr", TRANSFORM_ENCR);
	tell(x, "prf", TRANSFORM_PRF);
	if (x->taken[TRANSFORM_INTEG].count || !x->taken[TRANSFORM_ENCR].count)
		tell(x, "integ", TRANSFORM_INTEG);
	tell(x, "ke", TRANSFORM_KE);
	take_customary(x);
	cover_all(x);
	sort_suites(x);
	tell_suites(x);
}
