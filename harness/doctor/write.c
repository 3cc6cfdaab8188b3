/*
 * A profile of what was seen, which `ikespec run -t` takes as it is.  Of a profile of the scenarios folder only the
 * differences are written (base=), else everything; what could not be seen stays as the first profile says.
 */
#include "exam.h"

#include "write.h"

#define FEW     12 /* suites of the connection: an offer should fit into a datagram */
#define FEW_ESN 4

struct writing {
	struct exam *x;
	const struct profile *p;
	FILE *out;
	bool base; /* only differences */
};

/* ------------------------------------------------------------ text */

/* An attribute with its value; nothing without one. */
static void attribute(struct writing *w, const char *name, const char *value)
{
	if (!value)
		return;
	fprintf(w->out, " %s=\"", name);
	for (; *value; value++)
		switch (*value) {
		case '&': fputs("&amp;", w->out); break;
		case '<': fputs("&lt;", w->out); break;
		case '"': fputs("&quot;", w->out); break;
		default: fputc(*value, w->out);
		}
	fputc('"', w->out);
}

static void port(struct writing *w, const char *name, unsigned value, unsigned usual)
{
	char text[16];

	snprintf(text, sizeof text, "%u", value);
	attribute(w, name, value == usual ? NULL : text);
}

static void span(struct writing *w, const char *name, usec value)
{
	char text[32];

	attribute(w, name, usec_print(value, text, sizeof text));
}

/* Two hyphens end a comment. */
static void comment(struct writing *w, const char *text)
{
	for (char last = 0; *text; last = *text++) {
		if (*text == '-' && last == '-')
			fputc(' ', w->out);
		fputc(*text, w->out);
	}
}

/* Those of ESP with extended sequence numbers are few, and stand at the end. */
static bool among_few(const struct suite *rows, size_t nth, size_t *plain, size_t *esn)
{
	size_t *count = rows[nth].esn ? esn : plain;

	return ++*count <= (rows[nth].esn ? FEW_ESN : FEW);
}

const char *write_suites(struct exam *x, enum write_suites which, bool libreswan, const char *between)
{
	bool esp = which != WRITE_IKE;
	const struct suite *rows = esp ? x->esp : x->suites;
	size_t count = esp ? x->esp_count : x->suite_count, plain = 0, esn = 0;
	const char *text = "";
	char one[160];

	for (size_t i = 0; i < count; i++) {
		if ((which == WRITE_ESP_PLAIN && rows[i].esn) || !among_few(rows, i, &plain, &esn))
			continue;
		text = exam_text(x, "%s%s%s", text, *text ? between : "",
				 libreswan ? suite_print_libreswan(&rows[i], esp, one, sizeof one) :
					     suite_print_strongswan(&rows[i], esp, one, sizeof one));
	}
	return text;
}

/* ------------------------------------------------------------ addresses and driver */

static void addresses(struct writing *w)
{
	const struct profile *p = w->p;

	fputs("  <target", w->out);
	attribute(w, "address", p->address);
	attribute(w, "address6", p->address6);
	attribute(w, "second", p->second);
	port(w, "port", p->port, 500);
	port(w, "nat-port", p->nat_port, 4500);
	fputs("/>\n", w->out);
	for (size_t i = 0; i < p->tester_count; i++) {
		fputs("  <tester", w->out);
		attribute(w, "address", p->testers[i]);
		attribute(w, "nat", p->nats[i]);
		port(w, "port", p->tester_ports[i].ike, 500);
		port(w, "nat-port", p->tester_ports[i].nat, 4500);
		fputs("/>\n", w->out);
	}
	fputs("  <timing", w->out);
	span(w, "answer", p->answer);
	span(w, "silence", p->silence);
	span(w, "settle", p->settle);
	span(w, "restart", p->restart);
	fputs("/>\n", w->out);
}

static void driver(struct writing *w)
{
	const struct profile *p = w->p;

	fputs("  <driver", w->out);
	attribute(w, "kind", p->driver ? p->driver : "none");
	attribute(w, "standing", p->standing);
	fputs(p->command_count ? ">\n" : "/>\n", w->out);
	for (size_t i = 0; i < p->command_count; i++) {
		fputs("    <command", w->out);
		attribute(w, "do", p->commands[i].verb);
		span(w, "within", p->commands[i].within);
		fputs(">", w->out);
		for (const char *at = p->commands[i].text; *at; at++)
			fputs(*at == '&' ? "&amp;" : *at == '<' ? "&lt;" : (char[]){ *at, 0 }, w->out);
		fputs("</command>\n", w->out);
	}
	if (p->command_count)
		fputs("  </driver>\n", w->out);
}

/* ------------------------------------------------------------ connections */

static void end(struct writing *w, const char *name, const struct profile_end *e)
{
	const char *secret = e->secret && !w->x->options.credentials ? "env:IKESPEC_SECRET" : e->secret;

	fprintf(w->out, "    <%s", name);
	attribute(w, "auth", e->auth);
	attribute(w, "identity", e->identity);
	attribute(w, "secret", secret);
	attribute(w, "certificate", e->certificate);
	attribute(w, "signature", e->signature);
	attribute(w, "hashes", e->hashes);
	attribute(w, "selectors", e->selectors);
	attribute(w, "inner", e->inner);
	attribute(w, "asks", e->asks);
	attribute(w, "pool", e->pool);
	attribute(w, "dns", e->dns);
	attribute(w, "refuses", e->refuses);
	fputs("/>\n", w->out);
}

static void suites(struct writing *w, const char *element, const char *text)
{
	for (const char *at = text; *at; at += strspn(at, " ")) {
		size_t len = strcspn(at, " ");

		fprintf(w->out, "    <%s suite=\"%.*s\"/>\n", element, (int)len, at);
		at += len;
	}
}

static const char *joined(struct exam *x, const char **suites, size_t count)
{
	const char *text = "";

	for (size_t i = 0; i < count; i++)
		text = exam_text(x, "%s%s%s", text, i ? " " : "", suites[i]);
	return text;
}

static void connection(struct writing *w, const struct profile_connection *c, bool seen)
{
	struct exam *x = w->x;
	char tfc[16];

	snprintf(tfc, sizeof tfc, "%u", c->tfc);
	fputs("\n  <connection", w->out);
	attribute(w, "name", c->name);
	attribute(w, "mode", c->mode && strcmp(c->mode, "tunnel") == 0 ? NULL : c->mode);
	attribute(w, "policy", c->policy);
	attribute(w, "mobike", c->mobike ? "yes" : NULL);
	attribute(w, "tfc", c->tfc ? tfc : NULL);
	fputs(">\n", w->out);
	if (seen)
		fprintf(w->out, "    <!-- each was taken by itself%s -->\n", x->esp_count ? "" : "; of ESP nothing was seen");
	suites(w, "ike", seen ? write_suites(x, WRITE_IKE, false, " ") : joined(x, c->ike_suites, c->ike_count));
	suites(w, "esp", seen && x->esp_count ? write_suites(x, WRITE_ESP, false, " ") : joined(x, c->esp_suites, c->esp_count));
	end(w, "tester", &c->tester);
	end(w, "target", &c->target);
	fputs("  </connection>\n", w->out);
}

static void connections(struct writing *w)
{
	const struct profile *p = w->p;

	connection(w, &p->connections[0], true);
	for (size_t i = 1; i < p->connection_count && i < CONNECTIONS; i++)
		if (!w->base && w->x->works[i])
			connection(w, &p->connections[i], false);
		else if (!w->x->works[i] && w->x->tried[i])
			fprintf(w->out, "  <!-- the connection %s does not come up -->\n", p->connections[i].name);
}

/* ------------------------------------------------------------ features */

/* What shows on the wire, and the finding that says so. */
static const struct {
	const char *feature, *finding;
} visible[] = {
	{ "dataplane", "data-in-udp" },	  { "udp-encap", "data-in-udp" },   { "plain-esp", "data-plain" },
	{ "ipv6", "ipv6" },		  { "esn", "esn" },		    { "transport", "transport-mode" },
	{ "childless", "childless" },	  { "mobike", "mobike" },	    { "fragmentation", "fragmentation" },
	{ "window-size", "window-size" }, { "x-child-ke", "further-children" }, { "groups", "ke" },
	{ "ike-suites", "ike-suites" },	  { "esp-suites", "esp-suites" },
};

static const struct finding *finding_of(const struct exam *x, const char *feature)
{
	for (size_t i = 0; i < ARRAY_LEN(visible); i++)
		if (strcmp(visible[i].feature, feature) == 0)
			return findings_find(x->out, visible[i].finding);
	return NULL;
}

static bool was_looked_at(const struct exam *x, const char *feature)
{
	const struct finding *f = finding_of(x, feature);

	return f && f->state != FINDING_UNCHECKED;
}

static void feature(struct writing *w, const char *name, const char *value, const char *how)
{
	fprintf(w->out, "  <feature name=\"%s\"", name);
	attribute(w, "value", value && *value ? value : NULL);
	fputs("/>", w->out);
	if (how) {
		fputs(" <!-- ", w->out);
		comment(w, how);
		fputs(" -->", w->out);
	}
	fputc('\n', w->out);
}

/* Of the suites of the connection. */
static const char *groups(struct exam *x)
{
	struct transform_set seen = { .count = 0 };
	const char *text = "";

	for (size_t i = 0; i < x->suite_count && i < FEW; i++) {
		const struct transform *t = x->suites[i].ke;

		if (t->strongswan && !set_has(&seen, t))
			text = exam_text(x, "%s%s%s", text, *text ? " " : "", t->strongswan);
		set_add(&seen, t);
	}
	return text;
}

static void seen_features(struct writing *w)
{
	struct exam *x = w->x;

	fputs("\n  <!-- seen on the wire -->\n", w->out);
	feature(w, "groups", groups(x), "each was taken in IKE_SA_INIT");
	feature(w, "ike-suites", write_suites(x, WRITE_IKE, false, " "), NULL);
	if (x->esp_count)
		feature(w, "esp-suites", write_suites(x, WRITE_ESP_PLAIN, false, " "), NULL);
	for (size_t i = 0; i < x->mark_count; i++) {
		const struct mark *m = &x->marks[i];
		const char *before = profile_feature(w->p, m->feature);

		/* A measure that only the first profile can know. */
		feature(w, m->feature, strcmp(m->feature, "fragmentation") == 0 && before && *before ? before : m->value,
			m->seen);
	}
}

/* What a profile of a daemon says of it holds for how a run configures it; of one that was up before only this. */
static bool carried_over(const struct writing *w, const char *feature)
{
	static const char *const always[] = {
		"tfc", "narrowing", "ike-transforms", "esp-transforms", "retransmit-first", "retransmit-factor",
		"retransmit-sendings", "gives-up",
	};

	for (size_t i = 0; i < ARRAY_LEN(always); i++)
		if (strcmp(always[i], feature) == 0)
			return true;
	return !w->p->standing;
}

static void other_features(struct writing *w)
{
	const struct profile *p = w->p;
	bool head = false;

	for (size_t i = 0; i < p->feature_count; i++) {
		const struct profile_feature *f = &p->features[i];

		if (was_looked_at(w->x, f->name)) {
			if (!w->base || mark_find(w->x, f->name) || finding_of(w->x, f->name)->state == FINDING_YES)
				continue;
			fprintf(w->out, "  <feature name=\"%s\" absent=\"yes\"/> <!-- ", f->name);
			comment(w, finding_of(w->x, f->name)->what);
			fputs(" -->\n", w->out);
		} else if (!w->base && !mark_find(w->x, f->name) && carried_over(w, f->name)) {
			if (!head)
				fputs("\n  <!-- not to be seen: as the profile said before -->\n", w->out);
			head = true;
			feature(w, f->name, f->value, NULL);
		}
	}
}

/* ------------------------------------------------------------ the file */

static bool of_folder(const struct exam *x)
{
	const char *root = x->run.root, *file = x->run.profile->file;

	return root && file && strncmp(file, root, strlen(root)) == 0 && file[strlen(root)] == '/';
}

static const char *new_id(struct exam *x)
{
	char *id = (char *)exam_text(x, "doctor-%s", x->run.profile->id);

	for (char *at = id; *at; at++)
		if (*at == ':')
			*at = '-';
	return id;
}

static void config_lines(struct writing *w)
{
	char *text = NULL;
	size_t len = 0;
	FILE *lines = open_memstream(&text, &len);

	if (!lines)
		return;
	exam_config(w->x, lines);
	fclose(lines);
	fputs("\n  <!-- What the target's own configuration needs for the connection above.\n\n", w->out);
	comment(w, text);
	fputs("  -->\n", w->out);
	free(text);
}

bool exam_write(struct exam *x, FILE *out)
{
	struct writing w = { x, x->run.profile, out, of_folder(x) && !x->run.profile->standing };
	const char *title = exam_text(x, "%s, as ikespec doctor saw it", x->run.profile->title);

	fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<profile xmlns=\"urn:ikespec:scenario:1\"", out);
	attribute(&w, "id", new_id(x));
	attribute(&w, "base", w.base ? w.p->id : NULL);
	attribute(&w, "version", w.base ? NULL : w.p->version);
	fputs(">\n  <title>", out);
	for (; *title; title++)
		fputs(*title == '&' ? "&amp;" : *title == '<' ? "&lt;" : (char[]){ *title, 0 }, out);
	fputs("</title>\n", out);
	if (!w.base) {
		fputc('\n', out);
		addresses(&w);
		driver(&w);
	}
	connections(&w);
	seen_features(&w);
	other_features(&w);
	config_lines(&w);
	fputs("</profile>\n", out);
	return !ferror(out);
}
