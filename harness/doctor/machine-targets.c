/* The daemons that can be started here, those that are up, and what crashed runs left. */
#include "inside.h"

#include <stdio.h>
#include <unistd.h>

#include "target/driver.h"

void look_tree(struct look *l)
{
	struct target_config config = { 0 };
	struct why why = { "" };
	bool good = target_config_slots(&config, 1, &why) && target_available(l->row->name, &config, &why);

	if (good) {
		look_ok(l, "ready to be started");
	} else if (geteuid() != 0) {
		l->row->what = "only root can start it";
		l->row->costs = NULL;
		l->row->mend = "sudo ikespec doctor";
	} else {
		look_missing(l, "%s", why.text);
	}
	target_config_free(&config);
}

struct heap {
	struct look *look;
	const char *text;
	unsigned count;
};

static void add(void *ctx, const char *text)
{
	struct heap *h = ctx;

	h->text = arena_printf(h->look->findings->arena, "%s%s%s", h->count ? h->text : "", h->count ? ", " : "", text);
	h->count++;
}

void look_standing(struct look *l)
{
	struct heap h = { l, "", 0 };

	target_standing(add, &h);
	if (h.count)
		look_note(l, "left up: %s (ikespec target status NAME)", h.text);
	else
		look_ok(l, "no target was left up");
}

void look_leftovers(struct look *l)
{
	struct heap h = { l, "", 0 };

	target_leftovers(add, &h);
	if (h.count)
		look_missing(l, "of runs that crashed: %.300s", h.text);
	else
		look_ok(l, "none of crashed runs");
}
