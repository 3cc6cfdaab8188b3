/*
 * A batch: the backends that were started and room for one group of jobs.
 */
#ifndef ESP_BATCH_STATE_H
#define ESP_BATCH_STATE_H

#include "esp-batch.h"

#define ESP_BACKENDS 2

struct esp_batch {
	struct esp_started {
		const struct esp_backend *backend;
		void *state;
	} started[ESP_BACKENDS];
	size_t count;
	bool insisted; /* the caller named the backend */
	struct esp_job jobs[ESP_GROUP];
};

#endif
