/*
 * make-keys: writes the private keys of the authority as C, from a fixed seed, so that every build of one
 * version of OpenSSL has the same.
 */
#include <stdio.h>

#include "base/signature.h"

static const struct {
	const char *name, *kind;
} wanted[] = {
	{ "root",             "p256"    },
	{ "other-root",       "p256"    },
	{ "intermediate-1",   "p256"    },
	{ "intermediate-2",   "p256"    },
	{ "intermediate-3",   "p256"    },
	{ "tester-rsa",       "rsa2048" },
	{ "tester-rsa1024",   "rsa1024" },
	{ "tester-ecdsa256",  "p256"    },
	{ "tester-ecdsa384",  "p384"    },
	{ "tester-ecdsa521",  "p521"    },
	{ "tester-ed25519",   "ed25519" },
	{ "tester-ed448",     "ed448"   },
	{ "tester-bad-rsa",      "rsa2048" },
	{ "tester-bad-ecdsa256", "p256"    },
	{ "tester-bad-ecdsa384", "p384"    },
	{ "tester-bad-ecdsa521", "p521"    },
	{ "tester-bad-ed25519",  "ed25519" },
	{ "tester-bad-ed448",    "ed448"   },
	{ "tester-odd-rsa", "rsa2048" },
	{ "tester-odd-ecdsa256", "p256" },
	{ "tester-odd-ecdsa384", "p384" },
	{ "tester-odd-ecdsa521", "p521" },
	{ "tester-odd-ed25519", "ed25519" },
	{ "tester-odd-ed448", "ed448" },
	{ "tester-spare-rsa", "rsa2048" },
	{ "tester-spare-ecdsa256", "p256" },
	{ "tester-spare-ecdsa384", "p384" },
	{ "tester-spare-ecdsa521", "p521" },
	{ "tester-spare-ed25519", "ed25519" },
	{ "tester-spare-ed448", "ed448" },
	{ "lost-intermediate",   "p256"    },
	{ "target-rsa",       "rsa2048" },
	{ "target-rsa1024",   "rsa1024" },
	{ "target-ecdsa256",  "p256"    },
	{ "target-ecdsa384",  "p384"    },
	{ "target-ecdsa521",  "p521"    },
	{ "target-ed25519",   "ed25519" },
	{ "target-ed448",     "ed448"   },
};

static bool write_key(struct crypto *c, size_t n)
{
	struct why why = { .text = "" };
	struct arena *a = arena_new(1 << 16);
	struct rng r;
	rng_seed(&r, 0, wanted[n].name);
	struct signature_key *k = signature_key_generate(c, &r, wanted[n].kind, &why);
	struct bytes der = k && a ? signature_key_export(k, true, a) : BYTES_NONE;
	printf("static const unsigned char key_%zu[] = {", n);
	for (size_t i = 0; i < der.len; i++)
		printf("%s0x%02x,", i % 16 ? " " : "\n\t", der.at[i]);
	printf("\n};\n");
	if (!der.len)
		fprintf(stderr, "%s: %s\n", wanted[n].name, why.text);
	signature_key_free(k);
	arena_free(a);
	return der.len > 0;
}

int main(void)
{
	struct why why;
	struct crypto *c = crypto_new(&why);
	if (!c) {
		fprintf(stderr, "%s\n", why.text);
		return 1;
	}
	printf("/* Made by make-keys: known to everybody, for tests alone. */\n#include \"inside.h\"\n\n");
	for (size_t i = 0; i < ARRAY_LEN(wanted); i++)
		if (!write_key(c, i))
			return 1;
	printf("const struct embedded_key embedded_keys[] = {\n");
	for (size_t i = 0; i < ARRAY_LEN(wanted); i++)
		printf("\t{ \"%s\", key_%zu, sizeof(key_%zu) },\n", wanted[i].name, i, i);
	printf("};\nconst size_t embedded_keys_count = %zu;\n", ARRAY_LEN(wanted));
	crypto_free(c);
	return 0;
}
