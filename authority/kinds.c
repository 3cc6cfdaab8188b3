/*
 * The kinds of certificates: good ones, and those that are wrong in one way alone.
 */
#include "inside.h"

#define GOOD(name, title) .shown = { name, title, true }
/* A peer that remembers a good certificate of a key may take it for a bad one with the same: those that are bad, those
 * that not everybody minds, and those that are spoilt on their way have keys of their own. */
#define BAD(name, title)   .shown = { name, title, false }, .keys = "bad-"
#define ODD(name, title)   .shown = { name, title, false }, .keys = "odd-"
#define SPARE(name, title) .shown = { name, title, true }, .keys = "spare-"

static const struct kind kinds[] = {
	{ GOOD("good", "issued by the root") },
	{ GOOD("with-intermediate", "issued by an intermediate CA, which is sent too"),
	  BY_INTERMEDIATE, 1 },
	{ GOOD("chain-of-four", "issued by the third of three intermediate CAs, which are sent too"),
	  BY_INTERMEDIATE, 3 },
	{ GOOD("for-ike", "with the extended key usage ipsecIKE"),
	  .purpose = "critical,1.3.6.1.5.5.7.3.17" },
	{ SPARE("never-sent", "with a key that no other has, to be spoilt on its way") },
	{ BAD("expired", "valid until 2021"), .from = VALID_FROM, .until = "20210101000000Z" },
	{ BAD("not-yet-valid", "valid from 2048 on"), .from = "20480101000000Z",
	  .until = VALID_UNTIL },
	{ BAD("revoked", "in the revocation list of the root"), .revoked = true },
	{ BAD("other-ca", "issued by a CA that is not trusted"), .issuer = BY_OTHER },
	{ BAD("other-ca-same-name", "issued by another CA under the name of the root"),
	  .issuer = BY_IMPOSTOR },
	{ BAD("self-signed", "issued by itself"), .issuer = BY_ITSELF },
	{ BAD("missing-intermediate", "issued by an intermediate CA, which is not sent"),
	  .issuer = BY_LOST },
	{ BAD("issued-by-end-entity", "issued with a good certificate that is no CA's"),
	  .issuer = BY_END_ENTITY },
	{ BAD("bad-signature", "with one bit of the CA's signature changed"), .spoilt = true },
	{ BAD("other-identity", "for another name"), .name = "somebody.else.example.org" },
	{ BAD("wildcard-identity", "for every name of a domain"), .name = "*.example.org" },
	{ BAD("no-identity", "without alternative names"), .name = "" },
	{ ODD("wrong-purpose", "for signing code alone"), .purpose = "critical,codeSigning" },
	{ ODD("wrong-usage", "whose key may agree on keys but not sign"),
	  .usage = "critical,keyAgreement" },
	{ BAD("critical-extension", "with a critical extension that nobody knows"),
	  .critical = true },
	{ BAD("weak-key", "of an RSA key of 1024 bits"), .weak = true },
};

const struct authority_kind *authority_kind(size_t n)
{
	return n < ARRAY_LEN(kinds) ? &kinds[n].shown : NULL;
}

const struct kind *kind_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (strcmp(kinds[i].shown.name, name) == 0)
			return &kinds[i];
	return NULL;
}

bool authority_knows_kind(const char *name)
{
	return kind_find(name) != NULL;
}

static const char *const key_names[] = { "rsa",       "ecdsa256", "ecdsa384",
					 "ecdsa521", "ed25519",  "ed448" };

const char *authority_key_name(size_t n)
{
	return n < ARRAY_LEN(key_names) ? key_names[n] : NULL;
}

bool authority_knows_key(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(key_names); i++)
		if (strcmp(key_names[i], name) == 0)
			return true;
	return false;
}
