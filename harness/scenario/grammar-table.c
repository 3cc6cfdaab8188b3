#include "grammar.h"

#define WORDS(array) { array, ARRAY_LEN(array) }

static const char *const yes_no[] = { "yes", "no" };
static const char *const roles[] = { "initiator", "responder", "both" };
static const char *const ends[] = { "target", "tester", "both" };
static const char *const modes[] = { "tunnel", "transport", "none" };
static const char *const policies[] = { "product", "pairs", "single-pair" };
static const char *const auths[] = { "psk", "certificate", "raw-key", "eap", "null" };
static const char *const drivers[] = { "builtin", "libreswan", "strongswan", "openiked", "exec",
	"none" };
static const char *const levels[] = { "must", "must-not", "should", "should-not", "may" };
static const char *const gates[] = { "violation", "definition", "recommendation", "interpretation",
	"option" };
static const char *const observables[] = { "yes", "partly", "no" };
static const char *const judged_roles[] = { "initiator", "responder", "sender", "receiver",
	"both" };
static const char *const verbs[] = { "initiate", "new-child", "rekey-child", "rekey-ike",
	"delete-child", "delete-ike", "ping", "move", "restart", "kill" };
static const char *const errors[] = { "port-unreachable", "host-unreachable", "packet-too-big" };
static const char *const packets[] = { "ping", "pong", "udp", "tcp", "dummy", "any" };
static const char *const messages[] = { "IKE_SA_INIT", "IKE_INTERMEDIATE", "IKE_AUTH", "IKE_FOLLOWUP_KE",
	"IKE_SESSION_RESUME", "CREATE_CHILD_SA", "INFORMATIONAL", "childless", "new-child", "rekey-child",
	"rekey-ike", "liveness", "delete-child", "delete-ike", "update-addresses", "configure" };

const struct words packet_words = WORDS(packets), message_words = WORDS(messages);
const struct words verb_words = WORDS(verbs);

static const struct type_row types[] = {
	{ "text",        TYPE_TEXT,              { NULL, 0 }           },
	{ "value",       TYPE_VALUE,             { NULL, 0 }           },
	{ "values",      TYPE_VALUES,            { NULL, 0 }           },
	{ "time",        TYPE_TIME,              { NULL, 0 }           },
	{ "share",       TYPE_SHARE,             { NULL, 0 }           },
	{ "packet",      TYPE_PACKET,            { NULL, 0 }           },
	{ "count",       TYPE_COUNT,             { NULL, 0 }           },
	{ "path",        TYPE_PATH,              { NULL, 0 }           },
	{ "paths",       TYPE_PATHS,             { NULL, 0 }           },
	{ "judges",      TYPE_JUDGES,            { NULL, 0 }           },
	{ "reference",   TYPE_REFERENCE,         { NULL, 0 }           },
	{ "name",        TYPE_NAME,              { NULL, 0 }           },
	{ "id",          TYPE_ID,                { NULL, 0 }           },
	{ "profile",     TYPE_PROFILE,           { NULL, 0 }           },
	{ "requirement", TYPE_REQUIREMENT,       { NULL, 0 }           },
	{ "port",        TYPE_PORT,              { NULL, 0 }           },
	{ "yes-no",      TYPE_WORDS,             WORDS(yes_no)         },
	{ "role",        TYPE_WORDS,             WORDS(roles)          },
	{ "end",         TYPE_WORDS,             WORDS(ends)           },
	{ "mode",        TYPE_WORDS,             WORDS(modes)          },
	{ "policy",      TYPE_WORDS,             WORDS(policies)       },
	{ "auth",        TYPE_WORDS,             WORDS(auths)          },
	{ "driver",      TYPE_WORDS,             WORDS(drivers)        },
	{ "level",       TYPE_WORDS,             WORDS(levels)         },
	{ "gate",        TYPE_WORDS,             WORDS(gates)          },
	{ "observable",  TYPE_WORDS,             WORDS(observables)    },
	{ "judged-role", TYPE_WORDS,             WORDS(judged_roles)   },
	{ "verb",        TYPE_WORDS,             WORDS(verbs)          },
	{ "message",     TYPE_WORDS_OR_VARIABLE, WORDS(messages)       },
	{ "icmp-error",  TYPE_WORDS_OR_VARIABLE, WORDS(errors)         },
};

/* The attributes of steps, edits and judgements, in the order of enum attribute. */
static const struct {
	const char *name;
	const char *type;
} attributes[] = {
	[AT_REQUEST] =           { "request",           "message"    },
	[AT_RESPONSE] =          { "response",          "message"    },
	[AT_ESP] =               { "esp",               "packet"     },
	[AT_IP] =                { "ip",                "packet"     },
	[AT_ICMP] =              { "icmp",              "icmp-error" },
	[AT_OCTETS] =            { "octets",            "value"      },
	[AT_AGAIN] =             { "again",             "reference"  },
	[AT_IKE] =               { "ike",               "reference"  },
	[AT_CHILD] =             { "child",             "reference"  },
	[AT_ANSWERS] =           { "answers",           "reference"  },
	[AT_NEW] =               { "new",               "name"       },
	[AT_SAVE] =              { "save",              "name"       },
	[AT_BY] =                { "by",                "name"       },
	[AT_NOTE] =              { "note",              "text"       },
	[AT_JUDGES] =            { "judges",            "judges"     },
	[AT_NOTIFY] =            { "notify",            "text"       },
	[AT_PROPOSE] =           { "propose",           "text"       },
	[AT_PROPOSE_CHILD] =     { "propose-child",     "text"       },
	[AT_FRAGMENTS] =         { "fragments",         "value"      },
	[AT_ORDER] =             { "order",             "text"       },
	[AT_PROTECT] =           { "protect",           "yes-no"     },
	[AT_SEQ] =               { "seq",               "value"      },
	[AT_SIZE] =              { "size",              "value"      },
	[AT_LOST] =              { "lost",              "yes-no"     },
	[AT_WITH] =              { "with",              "paths"      },
	[AT_WITHOUT] =           { "without",           "paths"      },
	[AT_WITHIN] =            { "within",            "time"       },
	[AT_FOR] =               { "for",               "time"       },
	[AT_TIMES] =             { "times",             "count"      },
	[AT_SILENCE] =           { "silence",           "yes-no"     },
	[AT_ALWAYS] =            { "always",            "yes-no"     },
	[AT_UNTIL] =             { "until",             "path"       },
	[AT_DO] =                { "do",                "verb"       },
	[AT_NAT] =               { "nat",               "text"       },
	[AT_ADDRESS] =           { "address",           "text"       },
	[AT_MTU] =               { "mtu",               "value"      },
	[AT_DELAY] =             { "delay",             "time"       },
	[AT_JITTER] =            { "jitter",            "time"       },
	[AT_LOSS] =              { "loss",              "share"      },
	[AT_CORRUPT] =           { "corrupt",           "share"      },
	[AT_DUPLICATE] =         { "duplicate",         "share"      },
	[AT_REORDER] =           { "reorder",           "share"      },
	[AT_DROP_IP_FRAGMENTS] = { "drop-ip-fragments", "yes-no"     },
	[AT_DOWN] =              { "down",              "yes-no"     },
	[AT_TOWARD] =            { "toward",            "end"        },
	[AT_NAME] =              { "name",              "name"       },
	[AT_RATE] =              { "rate",              "value"      },
	[AT_LOAD] =              { "load",              "name"       },
	[AT_EVERY] =             { "every",             "time"       },
	[AT_HREF] =              { "href",              "text"       },
	[AT_WHEN] =              { "when",              "name"       },
	[AT_WANTED] =            { "wanted",            "text"       },
	[AT_FIELD] =             { "field",             "path"       },
	[AT_TO] =                { "to",                "value"      },
	[AT_PART] =              { "part",              "path"       },
	[AT_BEFORE] =            { "before",            "path"       },
	[AT_AFTER] =             { "after",             "path"       },
	[AT_BIT] =               { "bit",               "value"      },
	[AT_OCTET] =             { "octet",             "value"      },
	[AT_VALUE] =             { "value",             "value"      },
	[AT_IS] =                { "is",                "value"      },
	[AT_IS_NOT] =            { "is-not",            "value"      },
	[AT_ONE_OF] =            { "one-of",            "values"     },
	[AT_MIN] =               { "min",               "value"      },
	[AT_MAX] =               { "max",               "value"      },
	[AT_SUBSET_OF] =         { "subset-of",         "value"      },
	[AT_COVERS] =            { "covers",            "value"      },
	[AT_OTHER] =             { "",                  "text"       },
};

#define COMMON "by note "
#define WHERE "ike child answers "
#define SHAPE "notify propose fragments order protect "
#define JUDGED "judges " COMMON
#define COMPARED "is is-not one-of min max subset-of covers judges note"

#define NONE EL_COUNT

static const struct shape shapes[] = {
	/* roots */
	{ "scenario", IN_FILE, IN_HEAD, NONE, "!id:id !target:role alive:yes-no lossy-ok:yes-no" },
	{ "steps", IN_FILE | IN_HEAD, IN_STEPS | IN_PARAMS, NONE, "" },
	{ "profile", IN_FILE, IN_PROFILE, NONE, "!id:profile base:profile version:text" },
	{ "requirements", IN_FILE, IN_CATALOGUE, NONE, "!rfc:text" },
	{ "faults", IN_FILE, IN_FAULTS, NONE, "" },
	/* head of a scenario */
	{ "title", IN_HEAD | IN_PROFILE | IN_FAULT, 0, NONE, "" },
	{ "requirement", IN_HEAD, 0, NONE, "!id:name !ref:requirement" },
	{ "fault", IN_HEAD, 0, NONE, "!ref:id breaks:name" },
	{ "needs", IN_HEAD, 0, NONE, "!feature:id is:value min:value max:value" },
	{ "tester", IN_HEAD, 0, NONE,
	  "name:name connection:text address:text identity:text secret:text auth:text "
	  "certificate:text signature:text hashes:text "
	  "ppk:text over:text" },
	{ "var", IN_HEAD, 0, NONE, "!name:name !value:text" },
	{ "for-each", IN_HEAD, 0, NONE, "!name:name !in:text" },
	{ "row", IN_HEAD, 0, NONE, "!id:id *" },
	{ "param", IN_PARAMS, 0, NONE, "!name:name default:text" },
	/* steps */
	{ "send", IN_STEPS, IN_EDITS, EL_SEND,
	  "request response esp ip icmp octets again " WHERE SHAPE "new seq size lost save " COMMON },
	{ "expect", IN_STEPS, IN_JUDGEMENTS, EL_EXPECT,
	  "request response esp ip again " WHERE "with without new within times lost save " JUDGED },
	{ "expect-nothing", IN_STEPS, 0, EL_EXPECT_NOTHING,
	  "for request response esp ip again " WHERE "with " JUDGED },
	{ "expect-refusal", IN_STEPS, IN_JUDGEMENTS, EL_EXPECT_REFUSAL,
	  "notify silence for " WHERE "save " JUDGED },
	{ "exchange", IN_STEPS, IN_EDITS | IN_JUDGEMENTS, EL_EXCHANGE,
	  "!request " WHERE SHAPE "with without new within save " JUDGED },
	{ "answer", IN_STEPS, IN_EDITS | IN_JUDGEMENTS, EL_ANSWER,
	  "!request " WHERE SHAPE "with without new within times always lost save " JUDGED },
	{ "establish", IN_STEPS, 0, EL_ESTABLISH,
	  "ike:name child:name propose propose-child until within " JUDGED },
	{ "works", IN_STEPS, 0, EL_WORKS, "ike child within " JUDGED },
	{ "gone", IN_STEPS, 0, EL_GONE, "ike child within " JUDGED },
	{ "alive", IN_STEPS, 0, EL_ALIVE, "within " JUDGED },
	{ "target", IN_STEPS, 0, EL_TARGET, "!do ike child " COMMON },
	{ "network", IN_STEPS, 0, EL_NETWORK,
	  "address nat mtu delay jitter loss corrupt duplicate reorder drop-ip-fragments down "
	  "toward " COMMON },
	{ "load", IN_STEPS, 0, EL_LOAD, "!name esp request child size !rate for " COMMON },
	{ "stop", IN_STEPS, 0, EL_STOP, "!load " COMMON },
	{ "wait", IN_STEPS, 0, EL_WAIT, "!for " COMMON },
	{ "check", IN_STEPS | IN_JUDGEMENTS, 0, EL_CHECK, "field value " COMPARED },
	{ "any-of", IN_STEPS, IN_ANY_OF, EL_ANY_OF, "wanted " JUDGED },
	{ "case", IN_ANY_OF, IN_STEPS, EL_CASE, "!when" },
	{ "repeat", IN_STEPS, IN_STEPS, EL_REPEAT, "!times every " COMMON },
	{ "include", IN_STEPS, 0, EL_INCLUDE, "!href * " COMMON },
	/* edits and judgements */
	{ "set", IN_EDITS, 0, EL_SET, "!field !to" },
	{ "unset", IN_EDITS, 0, EL_UNSET, "!field" },
	{ "freeze", IN_EDITS, 0, EL_FREEZE, "!field" },
	{ "corrupt", IN_EDITS, 0, EL_CORRUPT, "field octet bit" },
	{ "add", IN_EDITS, 0, EL_ADD, "!part before after times *" },
	{ "drop", IN_EDITS, 0, EL_DROP, "!part" },
	{ "copy", IN_EDITS, 0, EL_COPY, "!part times" },
	{ "move", IN_EDITS, 0, EL_MOVE, "!part before after" },
	{ "truncate", IN_EDITS, 0, EL_TRUNCATE, "by:value to" },
	{ "append", IN_EDITS, 0, EL_APPEND, "!octets" },
	{ "present", IN_JUDGEMENTS, 0, EL_PRESENT, "!part judges note" },
	{ "absent", IN_JUDGEMENTS, 0, EL_ABSENT, "!part judges note" },
	/* profile */
	{ "target", IN_PROFILE, 0, NONE, "!address:text address6:text second:text port:port nat-port:port" },
	{ "tester", IN_PROFILE, 0, NONE, "!address:text nat:text port:port nat-port:port" },
	{ "timing", IN_PROFILE, 0, NONE, "answer:time silence:time settle:time restart:time" },
	{ "driver", IN_PROFILE, IN_DRIVER, NONE, "!kind:driver config:text standing:text" },
	{ "command", IN_DRIVER, 0, NONE, "!do:name within:time" },
	{ "authority", IN_PROFILE, 0, NONE, "!certificate:text crl:text" },
	{ "certificate", IN_PROFILE, 0, NONE, "!name:name !chain:text !key:text" },
	{ "connection", IN_PROFILE, IN_CONNECTION, NONE, "!name:name mode:mode policy:policy tfc:port mobike:yes-no" },
	{ "ike", IN_CONNECTION, 0, NONE, "!suite:text" },
	{ "esp", IN_CONNECTION, 0, NONE, "!suite:text" },
	{ "tester", IN_CONNECTION, 0, NONE,
	  "!auth:auth !identity:text secret:text certificate:text signature:text hashes:text eap-method:text ppk-id:text "
	  "ppk:text selectors:text inner:text asks:text pool:text dns:text refuses:text" },
	{ "target", IN_CONNECTION, 0, NONE,
	  "!auth:auth !identity:text secret:text certificate:text signature:text hashes:text eap-method:text ppk-id:text "
	  "ppk:text selectors:text inner:text asks:text pool:text dns:text refuses:text" },
	{ "feature", IN_PROFILE, 0, NONE, "!name:id value:text absent:yes-no reason:text" },
	/* catalogue */
	{ "requirement", IN_CATALOGUE, IN_RULE, NONE,
	  "!id:requirement !section:text !level:level gate:gate explicit:yes-no "
	  "!role:judged-role !area:id observable:observable" },
	{ "rule", IN_RULE, 0, NONE, "" },
	{ "stimulus", IN_RULE, 0, NONE, "" },
	{ "expected", IN_RULE, 0, NONE, "" },
	{ "waiver", IN_RULE, 0, NONE, "" },
	{ "note", IN_RULE, 0, NONE, "" },
	/* faults */
	{ "fault", IN_FAULTS, IN_FAULT, NONE, "!id:id" },
	{ "omit", IN_FAULT, 0, NONE, "!check:id" },
	{ "edit", IN_FAULT, IN_EDITS, NONE, "request:message response:message esp:packet" },
};

size_t shape_names(unsigned holds, const char **out, size_t cap)
{
	size_t count = 0;
	for (size_t i = 0; i < ARRAY_LEN(shapes); i++)
		if ((holds == 0 || (shapes[i].stands & holds) != 0) && count < cap)
			out[count++] = shapes[i].name;
	return count;
}

const struct shape *shape_find(const char *name, unsigned holds)
{
	for (size_t i = 0; i < ARRAY_LEN(shapes); i++)
		if ((shapes[i].stands & holds) != 0 && strcmp(shapes[i].name, name) == 0)
			return &shapes[i];
	return NULL;
}

enum attribute attribute_find(const char *name)
{
	for (size_t i = 0; i < AT_OTHER; i++)
		if (strcmp(attributes[i].name, name) == 0)
			return (enum attribute)i;
	return AT_OTHER;
}

static const struct type_row *type_named(const char *name, size_t len)
{
	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (strlen(types[i].name) == len && memcmp(types[i].name, name, len) == 0)
			return &types[i];
	return NULL;
}

bool shape_word(const char **at, struct shape_word *out)
{
	const char *from = *at + strspn(*at, " ");
	size_t len = strcspn(from, " ");
	if (len == 0)
		return false;
	*at = from + len;
	out->required = *from == '!';
	from += out->required;
	len -= out->required;
	const char *colon = memchr(from, ':', len);
	out->len = colon != NULL ? (size_t)(colon - from) : len;
	out->name = from;
	out->type = NULL;
	if (colon != NULL) {
		out->type = type_named(colon + 1, len - out->len - 1);
		return true;
	}
	for (size_t i = 0; i < AT_OTHER && out->type == NULL; i++)
		if (strlen(attributes[i].name) == len && memcmp(attributes[i].name, from, len) == 0)
			out->type = type_named(attributes[i].type, strlen(attributes[i].type));
	return true;
}

const struct type_row *shape_attribute(const struct shape *shape, const char *name, bool *any)
{
	struct shape_word word;
	size_t len = strlen(name);
	*any = false;
	for (const char *at = shape->attributes; shape_word(&at, &word);) {
		if (word.len == 1 && word.name[0] == '*')
			*any = true;
		else if (word.len == len && memcmp(word.name, name, len) == 0)
			return word.type;
	}
	return NULL;
}

/* ------------------------------------------------------------ names of the tree */

const char *attribute_name(enum attribute a)
{
	return attributes[a].name;
}

const char *element_name(enum element e)
{
	for (size_t i = 0; i < ARRAY_LEN(shapes); i++)
		if (shapes[i].element == e)
			return shapes[i].name;
	return "";
}

bool element_is_edit(enum element e)
{
	return e >= EL_SET && e <= EL_APPEND;
}

bool element_is_judgement(enum element e)
{
	return e == EL_CHECK || e == EL_PRESENT || e == EL_ABSENT;
}
