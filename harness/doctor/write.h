/*
 * What the writers of a profile share.
 */
#ifndef DOCTOR_WRITE_H
#define DOCTOR_WRITE_H

#include <stdio.h>
#include <stdlib.h>

#include "exam.h"

/* The suites that go into a configuration, in either daemon's words; ESP_PLAIN: without extended sequence numbers. */
enum write_suites { WRITE_IKE, WRITE_ESP, WRITE_ESP_PLAIN };
const char *write_suites(struct exam *x, enum write_suites which, bool libreswan, const char *between);
/* config.c: lines for the target itself, of its daemon; of an unknown one for every daemon that is known. */
void exam_config(struct exam *x, FILE *out);

#endif
