/* What the pages of measurements share. */
#ifndef BENCH_HTML_H
#define BENCH_HTML_H

#include <stdio.h>

/* Text with what HTML would take for its own replaced. */
static inline void html_text(FILE *f, const char *text)
{
	for (; *text; text++)
		if (*text == '<' || *text == '>' || *text == '&' || *text == '"')
			fprintf(f, "&#%d;", *text);
		else
			fputc(*text, f);
}

#endif
