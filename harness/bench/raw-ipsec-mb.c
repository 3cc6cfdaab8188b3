/*
 * ipsec-mb's own rate: its calls of 16 KB, and its calls for each packet of a size (bare).
 *
 * AES-GCM and GMAC are one call after another; the other suites are jobs, of which 16 are under way at a
 * time.
 */
#include "entrant.h"

#ifdef HAVE_IPSEC_MB

#include <intel-ipsec-mb.h>
#include <stdlib.h>

#define JOBS    16u
#define ICV_MAX 64u

struct raw {
	IMB_MGR *mgr;
	DECLARE_ALIGNED(struct gcm_key_data gcm_key, 64);
	struct gcm_context_data gcm;
	DECLARE_ALIGNED(uint32_t enc[4 * 15], 16);
	DECLARE_ALIGNED(uint32_t dec[4 * 15], 16);
	DECLARE_ALIGNED(uint32_t mac[4 * 11], 16);
	DECLARE_ALIGNED(uint8_t mask[2][16], 16);
	aes_gcm_enc_dec_t seal, open; /* NULL: jobs, or GMAC */
	aes_gmac_init_t gmac_init;
	aes_gmac_update_t gmac_update;
	aes_gmac_finalize_t gmac_finish;
	bool hash_first; /* CCM, sealing */
	IMB_JOB job;
	size_t icv;
	uint8_t tag[JOBS][ICV_MAX];
	uint8_t *octets;
	size_t count, stride, lens[BENCH_BATCH + BENCH_MIX];
};

static void raw_free(void *self)
{
	struct raw *r = self;

	if (r->mgr)
		free_mb_mgr(r->mgr);
	free(r->octets);
	free(r);
}

static void use_gcm(struct raw *r, unsigned bits)
{
	if (bits == 128)
		IMB_AES128_GCM_PRE(r->mgr, bench_key, &r->gcm_key);
	else if (bits == 192)
		IMB_AES192_GCM_PRE(r->mgr, bench_key, &r->gcm_key);
	else
		IMB_AES256_GCM_PRE(r->mgr, bench_key, &r->gcm_key);
	r->seal = bits == 128   ? r->mgr->gcm128_enc
		  : bits == 192 ? r->mgr->gcm192_enc
				: r->mgr->gcm256_enc;
	r->open = bits == 128   ? r->mgr->gcm128_dec
		  : bits == 192 ? r->mgr->gcm192_dec
				: r->mgr->gcm256_dec;
}

static void use_gmac(struct raw *r, unsigned bits)
{
	IMB_MGR *m = r->mgr;

	use_gcm(r, bits);
	r->seal = r->open = NULL;
	r->gmac_init = bits == 128 ? m->gmac128_init : bits == 192 ? m->gmac192_init : m->gmac256_init;
	r->gmac_update = bits == 128   ? m->gmac128_update
			 : bits == 192 ? m->gmac192_update
				       : m->gmac256_update;
	r->gmac_finish = bits == 128   ? m->gmac128_finalize
			 : bits == 192 ? m->gmac192_finalize
				       : m->gmac256_finalize;
}

static void use_aes(struct raw *r, const struct suite *s)
{
	r->job.enc_keys = r->enc;
	r->job.dec_keys = r->dec;
	if (s->encr->key_bits == 128)
		IMB_AES_KEYEXP_128(r->mgr, bench_key, r->enc, r->dec);
	else if (s->encr->key_bits == 192)
		IMB_AES_KEYEXP_192(r->mgr, bench_key, r->enc, r->dec);
	else
		IMB_AES_KEYEXP_256(r->mgr, bench_key, r->enc, r->dec);
}

/* Keys as they come: what they are does not change the rate. */
static void use_mac(struct raw *r, const struct suite *s)
{
	switch (s->integ->id) {
	case MAC_XCBC:
		IMB_AES_XCBC_KEYEXP(r->mgr, bench_key, r->mac, r->mask[0], r->mask[1]);
		r->job.hash_alg = IMB_AUTH_AES_XCBC;
		r->job.u.XCBC._k1_expanded = r->mac;
		r->job.u.XCBC._k2 = r->mask[0];
		r->job.u.XCBC._k3 = r->mask[1];
		return;
	case MAC_CMAC:
		IMB_AES_KEYEXP_128(r->mgr, bench_key, r->mac, r->dec);
		r->job.hash_alg = IMB_AUTH_AES_CMAC;
		r->job.u.CMAC._key_expanded = r->mac;
		r->job.u.CMAC._skey1 = r->mask[0];
		r->job.u.CMAC._skey2 = r->mask[1];
		return;
	default:
		break;
	}
	r->job.hash_alg = s->integ->id == 2    ? IMB_AUTH_HMAC_SHA_1
			  : s->integ->id == 12 ? IMB_AUTH_HMAC_SHA_256
			  : s->integ->id == 13 ? IMB_AUTH_HMAC_SHA_384
					       : IMB_AUTH_HMAC_SHA_512;
	r->job.u.HMAC._hashed_auth_key_xor_ipad = bench_key;
	r->job.u.HMAC._hashed_auth_key_xor_opad = bench_key + 64;
}

static void use_cipher_and_mac(struct raw *r, const struct suite *s)
{
	r->job.cipher_mode = is_ctr(s)	 ? IMB_CIPHER_CNTR
			     : s->encr->evp ? IMB_CIPHER_CBC
					    : IMB_CIPHER_NULL;
	r->job.iv_len_in_bytes = is_ctr(s) ? 12 : s->encr->iv;
	use_mac(r, s);
	use_aes(r, s);
}

static void use_ccm(struct raw *r, const struct suite *s)
{
	use_aes(r, s);
	r->job.cipher_mode = IMB_CIPHER_CCM;
	r->job.hash_alg = IMB_AUTH_AES_CCM;
	r->job.iv_len_in_bytes = 11;
	r->job.u.CCM.aad = bench_key;
	r->job.u.CCM.aad_len_in_bytes = 8;
	r->hash_first = true;
}

static void use_chacha(struct raw *r)
{
	r->job.cipher_mode = IMB_CIPHER_CHACHA20_POLY1305;
	r->job.hash_alg = IMB_AUTH_CHACHA20_POLY1305;
	r->job.enc_keys = r->job.dec_keys = bench_key;
	r->job.iv_len_in_bytes = 12;
	r->job.u.CHACHA20_POLY1305.aad = bench_key;
	r->job.u.CHACHA20_POLY1305.aad_len_in_bytes = 8;
}

static bool use_suite(struct raw *r, const struct suite *s)
{
	bool blocks = s->encr->id == 12 || s->encr->id == 11 || is_ctr(s);

	r->job.key_len_in_bytes = s->encr->key;
	r->job.auth_tag_output_len_in_bytes = r->icv = suite_icv(s);
	r->job.iv = bench_key;
	if (s->encr->id >= 18 && s->encr->id <= 20)
		use_gcm(r, s->encr->key_bits);
	else if (is_gmac(s))
		use_gmac(r, s->encr->key_bits);
	else if (s->encr->id == 28)
		use_chacha(r);
	else if (is_ccm(s) && s->encr->key_bits != 192)
		use_ccm(r, s);
	else if (blocks && s->integ)
		use_cipher_and_mac(r, s);
	else
		return false;
	return true;
}

static bool run_gmac(struct raw *r, bool sealing)
{
	(void)sealing;
	for (size_t i = 0; i < r->count; i++) {
		r->gmac_init(&r->gcm_key, &r->gcm, bench_key, 12);
		r->gmac_update(&r->gcm_key, &r->gcm, r->octets + i * r->stride, r->lens[i]);
		r->gmac_finish(&r->gcm_key, &r->gcm, r->tag[0], r->icv);
	}
	return true;
}

static bool run_gcm(struct raw *r, bool sealing)
{
	for (size_t i = 0; i < r->count; i++) {
		uint8_t *at = r->octets + i * r->stride;

		(sealing ? r->seal : r->open)(&r->gcm_key, &r->gcm, at, at, r->lens[i], bench_key,
					      bench_key, 8, r->tag[0], r->icv);
	}
	return true;
}

static bool run_jobs(struct raw *r, bool sealing)
{
	IMB_JOB *job;
	size_t good = 0;

	for (size_t i = 0; i < r->count; i++) {
		job = IMB_GET_NEXT_JOB(r->mgr);
		*job = r->job;
		job->cipher_direction = sealing ? IMB_DIR_ENCRYPT : IMB_DIR_DECRYPT;
		job->chain_order = sealing == r->hash_first ? IMB_ORDER_HASH_CIPHER
							    : IMB_ORDER_CIPHER_HASH;
		job->src = job->dst = r->octets + i * r->stride;
		job->msg_len_to_cipher_in_bytes = job->msg_len_to_hash_in_bytes = r->lens[i];
		job->auth_tag_output = r->tag[i % JOBS];
		job = IMB_SUBMIT_JOB_NOCHECK(r->mgr);
		good += job && job->status == IMB_STATUS_COMPLETED;
	}
	while ((job = IMB_FLUSH_JOB(r->mgr)) != NULL)
		good += job->status == IMB_STATUS_COMPLETED;
	return good == r->count;
}

static bool turn(void *self, struct tally *t)
{
	struct raw *r = self;
	bool (*run)(struct raw *, bool) = r->seal	  ? run_gcm
					  : r->gmac_init ? run_gmac
							 : run_jobs;
	uint64_t begun = clock_cycles(), sealed;
	bool good = run(r, true);

	sealed = clock_cycles();
	good = run(r, false) && good;
	t->open += clock_cycles() - sealed;
	t->seal += sealed - begun;
	t->packets += r->count;
	return good;
}

static struct raw *raw_new(const struct suite *suite, bool no_aesni)
{
	size_t size = (sizeof(struct raw) + 63) & ~(size_t)63;
	struct raw *r = aligned_alloc(64, size);
	IMB_ARCH arch = IMB_ARCH_NONE;

	if (!r)
		return NULL;
	memset(r, 0, size);
	r->mgr = alloc_mb_mgr(no_aesni ? IMB_FLAG_AESNI_OFF : 0);
	if (r->mgr)
		init_mb_mgr_auto(r->mgr, &arch);
	if (arch != IMB_ARCH_NONE && use_suite(r, suite))
		return r;
	raw_free(r);
	return NULL;
}

static bool enter(struct entrant *e, struct raw *r, size_t stride, struct why *why)
{
	if (!r)
		return why_set(why, "ipsec-mb does not know the suite");
	r->stride = stride;
	r->octets = aligned_alloc(64, r->count * stride);
	if (!r->octets) {
		raw_free(r);
		return why_set(why, "no memory for packets");
	}
	memset(r->octets, 0x5a, r->count * stride);
	*e = (struct entrant){ r, turn, raw_free };
	return true;
}

bool raw_ipsec_mb_entrant(struct entrant *e, const struct suite *suite, bool no_aesni,
			  struct why *why)
{
	struct raw *r = raw_new(suite, no_aesni);

	if (r) {
		r->count = r->seal || r->gmac_init || suite->encr->id == 28 ? 1 : JOBS;
		for (size_t i = 0; i < r->count; i++)
			r->lens[i] = RAW_LEN;
	}
	return enter(e, r, RAW_LEN, why);
}

bool bare_ipsec_mb_entrant(struct entrant *e, const struct suite *suite,
			   const struct bench_size *size, bool no_aesni, struct why *why)
{
	struct raw *r = raw_new(suite, no_aesni);
	size_t longest = 0;

	if (r)
		r->count = mix_batch(size);
	for (size_t i = 0; r && i < r->count; i++) {
		r->lens[i] = plain_len(suite, mix_len(size, i));
		longest = r->lens[i] > longest ? r->lens[i] : longest;
	}
	return enter(e, r, (longest + 127) / 64 * 64, why);
}

#else

bool raw_ipsec_mb_entrant(struct entrant *e, const struct suite *suite, bool no_aesni,
			  struct why *why)
{
	(void)e, (void)suite, (void)no_aesni;
	return why_set(why, "ipsec-mb is not in this build");
}

bool bare_ipsec_mb_entrant(struct entrant *e, const struct suite *suite,
			   const struct bench_size *size, bool no_aesni, struct why *why)
{
	(void)size;
	return raw_ipsec_mb_entrant(e, suite, no_aesni, why);
}

#endif
