/* Faults of the built-in target: a check left out, or edits of what it sends. */
#include "inside.h"

/* What a faulty target edits is told of as the target's. */
static void edited(void *ctx, const struct edit *e, const char *path, const char *from,
		   const char *to)
{
	edit_tell(ctx, "target", e, path, from, to);
}

static bool omit(const char *name, struct node_config *config, struct why *why)
{
	int ike = check_find(name), esp = esp_check_find(name);

	if (ike < 0 && esp < 0)
		return why_set(why, "no check or duty is called '%s'", name);
	if (ike >= 0)
		config->endpoint.omit[ike / 64] |= (uint64_t)1 << (ike % 64);
	if (esp >= 0)
		config->esp_omit |= (uint64_t)1 << esp;
	return true;
}

static struct edits *fault_edits(struct run *r, const struct fault *f, struct why *why)
{
	const struct edits *made = edits_from(r, f->edits, f->edit_count, why);
	struct edits *copy = made ? arena_new_of(r->arena, struct edits) : NULL;

	if (!copy)
		return NULL;
	*copy = *made;
	copy->edited = edited;
	copy->where_there = true;
	return copy;
}

bool fault_apply(struct run *r, struct node_config *config, struct why *why)
{
	const struct fault *f;
	struct message_fault *m;
	struct edits *edits;

	if (!r->options->fault)
		return true;
	f = library_fault(r->options->library, r->options->fault);
	if (!f)
		return why_set(why, "no fault is called '%s'", r->options->fault);
	if (f->omit)
		return omit(f->omit, config, why);
	edits = fault_edits(r, f, why);
	m = edits ? arena_new_of(r->arena, struct message_fault) : NULL;
	if (!m)
		return false;
	if (f->esp) {
		config->esp_edits = edits;
		return true;
	}
	*m = (struct message_fault){ .message = f->message,
				     .response = f->response,
				     .edits = *edits };
	config->endpoint.faults = m;
	config->endpoint.fault_count = 1;
	return true;
}

/* ------------------------------------------------------------ what loading needs to know */

static bool check_known(void *ctx, const char *name)
{
	(void)ctx;
	return check_find(name) >= 0 || esp_check_find(name) >= 0;
}

#define CHECK_NAMES 256

const struct scenario_facts *run_facts(void)
{
	static const char *names[CHECK_NAMES];
	static struct scenario_facts facts;
	size_t count = 0;

	for (size_t i = 0; i < checks_count && count < CHECK_NAMES; i++)
		names[count++] = checks[i].name;
	for (size_t i = 0; i < esp_checks_count && count < CHECK_NAMES; i++)
		names[count++] = esp_checks[i].name;
	facts = (struct scenario_facts){ .check_known = check_known,
					 .check_names = names,
					 .check_count = count };
	return &facts;
}
