/*
 * Batches through intel-ipsec-mb.  AES-GCM and GMAC go call by call; the other suites as jobs, many
 * of which the library works on side by side (they come back in their order).  3DES, and AES-CCM of
 * 192 bits, it does not have in a form that is of use here.
 *
 * A MAC wants what it covers in one piece: with ESN the high half of the number takes the place of
 * the ICV while the job is under way.
 */
#include "esp-batch.h"

#include <intel-ipsec-mb.h>
#include <stdio.h>
#include <stdlib.h>

#define NONCE          12u
#define CCM_NONCE      11u
#define HASH_BLOCK_MAX 128u

struct lanes {
	IMB_MGR *mgr;
	struct gcm_context_data gcm;
	char instructions[80];
	uint8_t nonce[ESP_GROUP][16];
	uint8_t tag[ESP_GROUP][ESP_ICV_MAX];
	uint8_t icv[ESP_GROUP][ESP_ICV_MAX]; /* as received */
};

struct keyed {
	DECLARE_ALIGNED(struct gcm_key_data gcm, 64);
	DECLARE_ALIGNED(uint32_t enc[4 * 15], 16);
	DECLARE_ALIGNED(uint32_t dec[4 * 15], 16);
	DECLARE_ALIGNED(uint8_t inner[64], 64); /* HMAC's state behind its first block */
	DECLARE_ALIGNED(uint8_t outer[64], 64);
	DECLARE_ALIGNED(uint32_t mac[4 * 11], 16); /* XCBC's K1, CMAC's key */
	DECLARE_ALIGNED(uint8_t mask[2][16], 16);  /* and what goes into their last block */
	aes_gcm_enc_dec_t run_gcm;
	aes_gmac_init_t gmac_init;
	aes_gmac_update_t gmac_update;
	aes_gmac_finalize_t gmac_finish;
	bool jobs;                 /* neither of the two */
	IMB_JOB job;               /* what does not change from packet to packet */
	uint8_t salt[4];
	size_t salt_len;
	uint8_t chacha[32];
};

static const struct {
	uint64_t feature;
	const char *name;
} features[] = {
	{ IMB_FEATURE_AESNI_EMU, "AES in software" },
	{ IMB_FEATURE_AESNI, "AES-NI" },
	{ IMB_FEATURE_PCLMULQDQ, "PCLMULQDQ" },
	{ IMB_FEATURE_VAES, "VAES" },
	{ IMB_FEATURE_VPCLMULQDQ, "VPCLMULQDQ" },
	{ IMB_FEATURE_AVX512F, "AVX512" },
	{ IMB_FEATURE_SHANI, "SHA-NI" },
};

static const struct {
	uint16_t integ;
	IMB_HASH_ALG hash;
	size_t block;
} macs[] = {
	{ 2, IMB_AUTH_HMAC_SHA_1, 64 },
	{ 12, IMB_AUTH_HMAC_SHA_256, 64 },
	{ 13, IMB_AUTH_HMAC_SHA_384, 128 },
	{ 14, IMB_AUTH_HMAC_SHA_512, 128 },
	{ 5, IMB_AUTH_AES_XCBC, 0 },
	{ 8, IMB_AUTH_AES_CMAC, 0 },
};

enum {
	ENCR_NULL_ID = 11, ENCR_CBC = 12, ENCR_CTR = 13, ENCR_CCM_8 = 14, ENCR_CCM_16 = 16,
	ENCR_GCM_8 = 18, ENCR_GCM_16 = 20, ENCR_GMAC = 21, ENCR_CHACHA = 28
};

static bool is_ccm(const struct transform *encr)
{
	return encr->id >= ENCR_CCM_8 && encr->id <= ENCR_CCM_16;
}

static bool is_gcm(const struct transform *encr)
{
	return encr->id >= ENCR_GCM_8 && encr->id <= ENCR_GCM_16;
}

static size_t find_mac(const struct transform *integ)
{
	size_t i = 0;

	while (i < ARRAY_LEN(macs) && (integ == NULL || macs[i].integ != integ->id))
		i++;
	return i;
}

static void name_features(struct lanes *l)
{
	uint64_t there = l->mgr->features;
	size_t len = 0;

	if (there & IMB_FEATURE_AESNI_EMU)
		there &= ~(uint64_t)IMB_FEATURE_AESNI;
	for (size_t i = 0; i < ARRAY_LEN(features); i++)
		if (there & features[i].feature && len < sizeof(l->instructions))
			len += (size_t)snprintf(l->instructions + len,
						sizeof(l->instructions) - len, "%s%s",
						len ? " " : "", features[i].name);
}

static void stop(void *state)
{
	struct lanes *l = state;

	if (l->mgr)
		free_mb_mgr(l->mgr);
	free(l);
}

static void *start(unsigned flags, struct why *why)
{
	struct lanes *l = calloc(1, sizeof(*l));
	IMB_ARCH arch = IMB_ARCH_NONE;

	if (l)
		l->mgr = alloc_mb_mgr(flags & ESP_NO_AESNI ? IMB_FLAG_AESNI_OFF : 0);
	if (l && l->mgr)
		init_mb_mgr_auto(l->mgr, &arch);
	if (arch != IMB_ARCH_NONE) {
		name_features(l);
		return l;
	}
	why_set(why, "intel-ipsec-mb does not run %s, or there is no memory",
		flags & ESP_NO_AESNI ? "without AES instructions" : "on this CPU");
	if (l)
		stop(l);
	return NULL;
}

static const char *instructions(const void *state)
{
	return ((const struct lanes *)state)->instructions;
}

/* Without AES instructions it stands in for them one by one, and OpenSSL is the faster one. */
static bool takes(const void *state, const struct suite *suite, bool insisted)
{
	const struct lanes *l = state;
	const struct transform *encr = suite->encr;

	if (!insisted &&
	    (l->mgr->features & IMB_FEATURE_AESNI_EMU || !(l->mgr->features & IMB_FEATURE_AESNI)))
		return false;
	if (is_gcm(encr) || encr->id == ENCR_CHACHA || encr->id == ENCR_GMAC)
		return true;
	if (is_ccm(encr))
		return encr->key_bits != 192;
	return (encr->id == ENCR_CBC || encr->id == ENCR_CTR || encr->id == ENCR_NULL_ID) &&
	       find_mac(suite->integ) < ARRAY_LEN(macs);
}

static void key_gcm(const struct lanes *l, const struct esp_sa *sa, struct keyed *k)
{
	IMB_MGR *m = l->mgr;
	const uint8_t *key = sa->config.key.at;

	switch (sa->config.suite.encr->key_bits) {
	case 128:
		IMB_AES128_GCM_PRE(m, key, &k->gcm);
		k->run_gcm = sa->for_sealing ? m->gcm128_enc : m->gcm128_dec;
		break;
	case 192:
		IMB_AES192_GCM_PRE(m, key, &k->gcm);
		k->run_gcm = sa->for_sealing ? m->gcm192_enc : m->gcm192_dec;
		break;
	default:
		IMB_AES256_GCM_PRE(m, key, &k->gcm);
		k->run_gcm = sa->for_sealing ? m->gcm256_enc : m->gcm256_dec;
		break;
	}
}

static void key_gmac(const struct lanes *l, const struct esp_sa *sa, struct keyed *k)
{
	IMB_MGR *m = l->mgr;

	key_gcm(l, sa, k);
	k->run_gcm = NULL;
	switch (sa->config.suite.encr->key_bits) {
	case 128:
		k->gmac_init = m->gmac128_init;
		k->gmac_update = m->gmac128_update;
		k->gmac_finish = m->gmac128_finalize;
		break;
	case 192:
		k->gmac_init = m->gmac192_init;
		k->gmac_update = m->gmac192_update;
		k->gmac_finish = m->gmac192_finalize;
		break;
	default:
		k->gmac_init = m->gmac256_init;
		k->gmac_update = m->gmac256_update;
		k->gmac_finish = m->gmac256_finalize;
		break;
	}
}

static void key_aes(const struct lanes *l, const struct esp_sa *sa, struct keyed *k)
{
	const uint8_t *key = sa->config.key.at;

	switch (sa->config.suite.encr->key_bits) {
	case 128:
		IMB_AES_KEYEXP_128(l->mgr, key, k->enc, k->dec);
		break;
	case 192:
		IMB_AES_KEYEXP_192(l->mgr, key, k->enc, k->dec);
		break;
	default:
		IMB_AES_KEYEXP_256(l->mgr, key, k->enc, k->dec);
		break;
	}
	k->job.enc_keys = k->enc;
	k->job.dec_keys = k->dec;
	k->job.key_len_in_bytes = sa->config.suite.encr->key;
}

static void hash_block(IMB_MGR *m, IMB_HASH_ALG hash, const uint8_t *block, uint8_t *out)
{
	switch (hash) {
	case IMB_AUTH_HMAC_SHA_1:
		IMB_SHA1_ONE_BLOCK(m, block, out);
		break;
	case IMB_AUTH_HMAC_SHA_256:
		IMB_SHA256_ONE_BLOCK(m, block, out);
		break;
	case IMB_AUTH_HMAC_SHA_384:
		IMB_SHA384_ONE_BLOCK(m, block, out);
		break;
	default:
		IMB_SHA512_ONE_BLOCK(m, block, out);
		break;
	}
}

/* RFC 2104: what the key makes of the first block of both hashes. */
static void key_hmac(const struct lanes *l, const struct esp_sa *sa, struct keyed *k)
{
	size_t mac = find_mac(sa->config.suite.integ);
	struct bytes key = sa->config.integ_key;
	uint8_t inner[HASH_BLOCK_MAX], outer[HASH_BLOCK_MAX];

	for (size_t i = 0; i < macs[mac].block; i++) {
		uint8_t octet = i < key.len ? key.at[i] : 0;

		inner[i] = octet ^ 0x36;
		outer[i] = octet ^ 0x5c;
	}
	hash_block(l->mgr, macs[mac].hash, inner, k->inner);
	hash_block(l->mgr, macs[mac].hash, outer, k->outer);
	imb_clear_mem(inner, sizeof(inner));
	imb_clear_mem(outer, sizeof(outer));
	k->job.hash_alg = macs[mac].hash;
	k->job.u.HMAC._hashed_auth_key_xor_ipad = k->inner;
	k->job.u.HMAC._hashed_auth_key_xor_opad = k->outer;
}

static void key_xcbc(const struct lanes *l, const struct esp_sa *sa, struct keyed *k)
{
	IMB_AES_XCBC_KEYEXP(l->mgr, sa->config.integ_key.at, k->mac, k->mask[0], k->mask[1]);
	k->job.hash_alg = IMB_AUTH_AES_XCBC;
	k->job.u.XCBC._k1_expanded = k->mac;
	k->job.u.XCBC._k2 = k->mask[0];
	k->job.u.XCBC._k3 = k->mask[1];
}

static void key_cmac(const struct lanes *l, const struct esp_sa *sa, struct keyed *k)
{
	DECLARE_ALIGNED(uint32_t unused[4 * 11], 16);

	IMB_AES_KEYEXP_128(l->mgr, sa->config.integ_key.at, k->mac, unused);
	IMB_AES_CMAC_SUBKEY_GEN_128(l->mgr, k->mac, k->mask[0], k->mask[1]);
	imb_clear_mem(unused, sizeof(unused));
	k->job.hash_alg = IMB_AUTH_AES_CMAC;
	k->job.u.CMAC._key_expanded = k->mac;
	k->job.u.CMAC._skey1 = k->mask[0];
	k->job.u.CMAC._skey2 = k->mask[1];
}

static void key_mac(const struct lanes *l, const struct esp_sa *sa, struct keyed *k)
{
	switch (macs[find_mac(sa->config.suite.integ)].hash) {
	case IMB_AUTH_AES_XCBC:
		key_xcbc(l, sa, k);
		break;
	case IMB_AUTH_AES_CMAC:
		key_cmac(l, sa, k);
		break;
	default:
		key_hmac(l, sa, k);
		break;
	}
}

static void key_chacha(const struct esp_sa *sa, struct keyed *k)
{
	memcpy(k->chacha, sa->config.key.at, sizeof(k->chacha));
	k->job.cipher_mode = IMB_CIPHER_CHACHA20_POLY1305;
	k->job.hash_alg = IMB_AUTH_CHACHA20_POLY1305;
	k->job.enc_keys = k->job.dec_keys = k->chacha;
	k->job.key_len_in_bytes = sizeof(k->chacha);
	k->job.iv_len_in_bytes = NONCE;
}

/* The MAC of CCM is over the plaintext. */
static void key_ccm(const struct lanes *l, const struct esp_sa *sa, struct keyed *k)
{
	key_aes(l, sa, k);
	k->job.cipher_mode = IMB_CIPHER_CCM;
	k->job.hash_alg = IMB_AUTH_AES_CCM;
	k->job.chain_order = sa->for_sealing ? IMB_ORDER_HASH_CIPHER : IMB_ORDER_CIPHER_HASH;
	k->job.iv_len_in_bytes = CCM_NONCE;
}

static void key_jobs(const struct lanes *l, const struct esp_sa *sa, struct keyed *k)
{
	const struct transform *encr = sa->config.suite.encr;

	k->jobs = true;
	k->job.cipher_direction = sa->for_sealing ? IMB_DIR_ENCRYPT : IMB_DIR_DECRYPT;
	k->job.chain_order = sa->for_sealing ? IMB_ORDER_CIPHER_HASH : IMB_ORDER_HASH_CIPHER;
	k->job.auth_tag_output_len_in_bytes = sa->icv;
	k->job.cipher_mode = IMB_CIPHER_NULL;
	k->job.iv_len_in_bytes = encr->id == ENCR_CTR ? NONCE : sa->iv;
	if (encr->id == ENCR_CHACHA) {
		key_chacha(sa, k);
	} else if (is_ccm(encr)) {
		key_ccm(l, sa, k);
	} else {
		if (encr->id != ENCR_NULL_ID) {
			key_aes(l, sa, k);
			k->job.cipher_mode =
				encr->id == ENCR_CTR ? IMB_CIPHER_CNTR : IMB_CIPHER_CBC;
		}
		key_mac(l, sa, k);
	}
}

static void *key(void *state, const struct esp_sa *sa, struct why *why)
{
	const struct transform *encr = sa->config.suite.encr;
	size_t size = (sizeof(struct keyed) + 63) & ~(size_t)63;
	struct keyed *k = aligned_alloc(64, size);

	if (k == NULL) {
		why_set(why, "no memory for the keys of an SA");
		return NULL;
	}
	memset(k, 0, size);
	if (encr->salt > 0)
		memcpy(k->salt, sa->config.key.at + encr->key, encr->salt);
	k->salt_len = encr->salt;
	if (is_gcm(encr))
		key_gcm(state, sa, k);
	else if (encr->id == ENCR_GMAC)
		key_gmac(state, sa, k);
	else
		key_jobs(state, sa, k);
	return k;
}

static void unkey(void *key)
{
	imb_clear_mem(key, sizeof(struct keyed));
	free(key);
}

/* Did the ICV come right?  In time that does not depend on where it is wrong. */
static bool same(const uint8_t *a, const uint8_t *b, size_t len)
{
	uint8_t differ = 0;

	for (size_t i = 0; i < len; i++)
		differ |= (uint8_t)(a[i] ^ b[i]);
	return differ == 0;
}

static bool is_icv(const struct esp_sa *sa, const uint8_t *tag, const uint8_t *icv)
{
	uint64_t t[2], i[2];

	if (esp_omits(sa, CHECK_ICV))
		return true;
	if (sa->icv != sizeof(t))
		return same(tag, icv, sa->icv);
	memcpy(t, tag, sizeof(t));
	memcpy(i, icv, sizeof(i));
	return ((t[0] ^ i[0]) | (t[1] ^ i[1])) == 0;
}

/* Salt and IV of each cipher that counts, well before the library reads in one piece what was written in two. */
static void set_nonces(struct lanes *l, const struct esp_job *jobs, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct keyed *k = jobs[i].sa->backend_key;

		if (jobs[i].sa->iv != 8)
			continue;
		memcpy(l->nonce[i], k->salt, 4);
		memcpy(l->nonce[i] + k->salt_len, jobs[i].text - 8, 8);
	}
}

static void run_gcm(struct lanes *l, const struct keyed *k, struct esp_job *j, const uint8_t *nonce,
		    bool sealing)
{
	uint8_t tag[16], *icv = esp_job_icv(j);

	k->run_gcm(&k->gcm, &l->gcm, j->out, j->text, j->len, nonce, j->covered.aad,
		   j->covered.aad_len, sealing ? icv : tag, j->sa->icv);
	j->right = sealing || is_icv(j->sa, tag, icv);
}

/* RFC 4543: all of the packet is AAD; IV and text lie one behind the other in it. */
static void run_gmac(struct lanes *l, const struct keyed *k, struct esp_job *j,
		     const uint8_t *nonce, bool sealing)
{
	uint8_t tag[16], *icv = esp_job_icv(j);

	k->gmac_init(&k->gcm, &l->gcm, nonce, NONCE);
	k->gmac_update(&k->gcm, &l->gcm, j->covered.aad, j->covered.aad_len);
	k->gmac_update(&k->gcm, &l->gcm, esp_job_iv(j), j->sa->iv + j->len);
	k->gmac_finish(&k->gcm, &l->gcm, sealing ? icv : tag, j->sa->icv);
	j->right = sealing || is_icv(j->sa, tag, icv);
	if (j->out != j->text)
		memcpy(j->out, j->text, j->len);
}

static void aim_aead(struct lanes *l, struct esp_job *j, size_t row, IMB_JOB *job)
{
	job->src = j->text;
	job->iv = l->nonce[row];
	job->msg_len_to_cipher_in_bytes = job->msg_len_to_hash_in_bytes = j->len;
	if (job->cipher_mode == IMB_CIPHER_CCM) {
		job->u.CCM.aad = j->covered.aad;
		job->u.CCM.aad_len_in_bytes = j->covered.aad_len;
		return;
	}
	job->u.CHACHA20_POLY1305.aad = j->covered.aad;
	job->u.CHACHA20_POLY1305.aad_len_in_bytes = j->covered.aad_len;
}

static void aim_mac(struct lanes *l, struct esp_job *j, size_t row, IMB_JOB *job)
{
	size_t front = ESP_HEADER + j->sa->iv, tail = j->covered.tail_len;
	uint8_t *icv = esp_job_icv(j);

	job->src = j->text - front;
	job->iv = job->cipher_mode == IMB_CIPHER_CNTR ? l->nonce[row] : esp_job_iv(j);
	job->cipher_start_src_offset_in_bytes = front;
	job->msg_len_to_cipher_in_bytes = j->len;
	job->msg_len_to_hash_in_bytes = front + j->len + tail;
	if (tail > 0) {
		memcpy(l->icv[row], icv, j->sa->icv);
		memcpy(icv, j->covered.tail, tail);
	}
}

/* The library writes an ICV where it belongs, if there is nothing else by then. */
static bool is_in_place(const struct esp_job *j, bool sealing)
{
	return sealing && j->covered.tail_len == 0;
}

/* A job that came back: the ICV is put where it belongs, or compared. */
static void land(struct lanes *l, struct esp_job *jobs, const IMB_JOB *done, bool sealing)
{
	struct esp_job *j;
	size_t row;

	if (done == NULL)
		return;
	j = done->user_data;
	row = (size_t)(j - jobs);
	if (!sealing && j->covered.tail_len > 0)
		memcpy(esp_job_icv(j), l->icv[row], j->sa->icv);
	j->right = done->status == IMB_STATUS_COMPLETED &&
		   (sealing || is_icv(j->sa, l->tag[row], esp_job_icv(j)));
	if (sealing && !is_in_place(j, sealing))
		memcpy(esp_job_icv(j), l->tag[row], j->sa->icv);
	else if (!sealing && j->out != j->text && j->sa->iv == 0 && j->len > 0)
		memcpy(j->out, j->text, j->len); /* ENCR_NULL: nothing was moved */
}

static void submit(struct lanes *l, struct esp_job *jobs, size_t row, bool sealing)
{
	struct esp_job *j = &jobs[row];
	const struct keyed *k = j->sa->backend_key;
	IMB_JOB *job = IMB_GET_NEXT_JOB(l->mgr);

	*job = k->job;
	job->dst = j->out;
	job->auth_tag_output = is_in_place(j, sealing) ? esp_job_icv(j) : l->tag[row];
	job->user_data = j;
	if (j->sa->config.suite.encr->aead)
		aim_aead(l, j, row, job);
	else
		aim_mac(l, j, row, job);
	land(l, jobs, IMB_SUBMIT_JOB_NOCHECK(l->mgr), sealing);
}

static void run(void *state, struct esp_job *jobs, size_t count, bool sealing)
{
	struct lanes *l = state;
	bool submitted = false;
	IMB_JOB *done;

	set_nonces(l, jobs, count);
	for (size_t i = 0; i < count; i++) {
		const struct keyed *k = jobs[i].sa->backend_key;

		if (k->run_gcm) {
			run_gcm(l, k, &jobs[i], l->nonce[i], sealing);
		} else if (!k->jobs) {
			run_gmac(l, k, &jobs[i], l->nonce[i], sealing);
		} else {
			submit(l, jobs, i, sealing);
			submitted = true;
		}
	}
	while (submitted && (done = IMB_FLUSH_JOB(l->mgr)) != NULL)
		land(l, jobs, done, sealing);
}

const struct esp_backend esp_backend_ipsec_mb = {
	"ipsec-mb", start, stop, takes, instructions, key, unkey, run,
};
