/*
 * Rows of a key file: each once, written in order, so that the file depends on what was
 * negotiated and not on the order in which cases ended.
 */
#ifndef CAPTURES_KEY_LIST_H
#define CAPTURES_KEY_LIST_H

#include <stdio.h>

struct key_list {
	char **rows;
	size_t count, cap;
};
/* Copies the row; does nothing if there is no memory. */
void key_list_add(struct key_list *l, const char *row);
/* Sorts, leaves out repetitions, writes. */
void key_list_write(struct key_list *l, FILE *f);
void key_list_free(struct key_list *l);

#endif
