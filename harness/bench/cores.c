/*
 * Several cores at once: a thread with SAs, keys and packets of its own on each.  Cores of a shared
 * host are not all ours, which the loop beside it shows.
 */
#define _GNU_SOURCE
#include "measure.h"

#include <pthread.h>
#include <sched.h>

struct worker {
	pthread_t thread;
	pthread_barrier_t *barrier;
	struct entrant lane;
	unsigned number;
	uint64_t slice;
	bool good;
	double rate, loops; /* packets and loops for a cycle */
};

static void pin(unsigned number)
{
	int cpu = cpu_allowed(number);
	cpu_set_t set;

	CPU_ZERO(&set);
	if (cpu < 0)
		return;
	CPU_SET((size_t)cpu, &set);
	pthread_setaffinity_np(pthread_self(), sizeof(set), &set);
}

/* A chain of multiplications: all it needs is the core. */
static uint64_t spin(uint64_t x)
{
	for (int i = 0; i < 4096; i++)
		x = x * UINT64_C(6364136223846793005) + 1442695040888963407;
	return x;
}

static double calibrate(uint64_t slice)
{
	volatile uint64_t x = 1;
	uint64_t begun = clock_cycles(), loops = 0;

	do {
		x = spin(x);
		loops++;
	} while (clock_cycles() - begun < slice);
	return (double)loops / (double)(clock_cycles() - begun);
}

/* The CPU is that of the number among those that the process was allowed at first: pin here. */
static void *work(void *worker)
{
	struct worker *w = worker;
	struct tally t = { 0 };
	uint64_t begun;

	pin(w->number);
	pthread_barrier_wait(w->barrier);
	begun = clock_cycles();
	w->good = measure_slice(&w->lane, w->slice, &t, NULL, NULL);
	w->rate = (double)t.packets / (double)(clock_cycles() - begun);
	pthread_barrier_wait(w->barrier);
	w->loops = calibrate(w->slice / 4);
	return NULL;
}

static bool crew(struct worker *workers, unsigned count, double *rate, double *loops)
{
	pthread_barrier_t barrier;
	unsigned i, begun = 0;
	bool good = pthread_barrier_init(&barrier, NULL, count) == 0;

	*rate = *loops = 0;
	for (i = 0; good && i < count; i++, begun++) {
		workers[i].barrier = &barrier;
		good = pthread_create(&workers[i].thread, NULL, work, &workers[i]) == 0;
	}
	if (begun > 0 && begun < count) /* those who wait at the barrier would wait for ever */
		for (i = 0; i < begun; i++)
			pthread_cancel(workers[i].thread);
	for (i = 0; i < begun; i++) {
		pthread_join(workers[i].thread, NULL);
		*rate += workers[i].rate;
		*loops += workers[i].loops;
		good = good && workers[i].good;
	}
	pthread_barrier_destroy(&barrier);
	return good;
}

static bool round_of(struct worker *workers, unsigned cores, double *scaling, double *calibration,
		     struct why *why)
{
	double one, one_loops, all, all_loops;

	if (!crew(workers, 1, &one, &one_loops) || !crew(workers, cores, &all, &all_loops))
		return why_set(why, "%u threads could not work", cores);
	*scaling = all / one;
	*calibration = all_loops / one_loops;
	return true;
}

bool measure_cores(const struct bench_plan *p, const struct bench_watch *w, struct bench_row *row,
		   const struct bench_row *one, struct why *why)
{
	static struct worker workers[BENCH_CORES];
	double scaling[ROUNDS_MAX], calibration[ROUNDS_MAX];
	unsigned made = 0, round = 0;
	bool good = true;

	for (; good && made < row->cores; made++) {
		workers[made] = (struct worker){ .number = made,
						 .slice = (uint64_t)(p->seconds * clock_hertz() /
								     2 / p->rounds) };
		good = lane_entrant(&workers[made].lane, row->suite, row->size, row->backend,
				    p->no_aesni, why);
	}
	for (; good && round < p->rounds; round++) {
		good = round_of(workers, row->cores, &scaling[round], &calibration[round], why);
		if (good && w->stop && *w->stop)
			good = why_set(why, "stopped");
	}
	for (unsigned i = 0; i < made; i++)
		if (workers[i].lane.free)
			workers[i].lane.free(workers[i].lane.self);
	if (!good)
		return false;
	row->scaling = median(scaling, round, NULL);
	row->calibration = median(calibration, round, NULL);
	row->ours.seal = one->ours.seal / row->scaling;
	row->ours.open = one->ours.open / row->scaling;
	row->ours.both = one->ours.both / row->scaling;
	row->ours.spread = one->ours.spread;
	return true;
}
