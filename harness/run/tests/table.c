#include "table.h"

void try_rows(const struct row *rows, size_t count)
{
	size_t broken = 0;

	for (size_t i = 0; i < count; i++) {
		struct outcome o = run_asked(&rows[i].asked);

		if (o.verdict == rows[i].verdict && (!rows[i].reason || strstr(o.reason, rows[i].reason)) &&
		    (!rows[i].observed || strcmp(o.observed, rows[i].observed) == 0))
			continue;
		print_error("%s: wanted %s (%s) [%s], got %s (%s) [%s]; last check %s\n", rows[i].name,
			    verdict_name(rows[i].verdict), rows[i].reason ? rows[i].reason : "",
			    rows[i].observed ? rows[i].observed : "", verdict_name(o.verdict), o.reason, o.observed,
			    o.last_check);
		broken++;
	}
	assert_int_equal(broken, 0);
}
