/*
 * The result folder: made, replaced only if it is one of ours, and read again.
 */
#ifndef CLI_OUT_H
#define CLI_OUT_H

#include "options.h"
#include "reports/reports.h"

/* Makes the folder, or empties one that bears our mark; refuses any other that is not empty. */
bool out_prepare(const char *dir, struct why *why);
/* Notes in each case where its capture lies, if there is one. */
void out_find_captures(const struct captures *c, const char *dir, struct results *r);
/* Cases that failed in o->failed_dir become the selection (whole ids). */
bool out_failed(struct options *o, struct why *why);

#endif
