/*
 * A main for fuzz targets without an engine: runs a corpus, then a bounded number of mutants of it.
 *
 * Deterministic: the same corpus, seed and number give the same inputs.  What was being run when
 * the process died is printed in hex.
 *
 *   fuzz-x [-n MUTANTS] [-s SEED] [FILE|DIR]...
 */
#include <dirent.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LONGEST 8192u
#define ENTRIES 4096u

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t len);
__attribute__((weak)) void __sanitizer_set_death_callback(void (*callback)(void));

struct input {
	uint8_t *at;
	size_t len;
};

static struct input corpus[ENTRIES];
static size_t entries;
static uint8_t current[LONGEST];
static size_t current_len;
static uint64_t chance = 1;

static uint64_t draw(uint64_t below)
{
	chance ^= chance << 13;
	chance ^= chance >> 7;
	chance ^= chance << 17;
	return chance * UINT64_C(0x2545f4914f6cdd1d) % below;
}

static void show_current(void)
{
	static const char digits[] = "0123456789abcdef";
	static char text[2 * LONGEST + 1];

	for (size_t i = 0; i < current_len; i++) {
		text[2 * i] = digits[current[i] >> 4];
		text[2 * i + 1] = digits[current[i] & 15];
	}
	text[2 * current_len] = '\n';
	if (write(STDERR_FILENO, "input: ", 7) < 0 ||
	    write(STDERR_FILENO, text, 2 * current_len + 1) < 0)
		return;
}

static void died(int sig)
{
	show_current();
	signal(sig, SIG_DFL);
	raise(sig);
}

static void run_current(void)
{
	/* A buffer of just that size, so that a sanitizer sees the first octet past it. */
	uint8_t *exact = malloc(current_len ? current_len : 1);

	if (!exact)
		exit(2);
	memcpy(exact, current, current_len);
	LLVMFuzzerTestOneInput(exact, current_len);
	free(exact);
}

static void load_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	struct input in = { malloc(LONGEST), 0 };

	if (!f || !in.at || entries == ENTRIES) {
		fprintf(stderr, "cannot load %s\n", path);
		exit(2);
	}
	in.len = fread(in.at, 1, LONGEST, f);
	fclose(f);
	corpus[entries++] = in;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static void load(const char *path)
{
	struct dirent **names;
	int count = scandir(path, &names, NULL, by_name);
	char file[4096];

	if (count < 0) {
		load_file(path);
		return;
	}
	for (int i = 0; i < count; i++) {
		snprintf(file, sizeof(file), "%s/%s", path, names[i]->d_name);
		if (names[i]->d_name[0] != '.')
			load_file(file);
		free(names[i]);
	}
	free(names);
}

static void insert(size_t place, const uint8_t *at, size_t len)
{
	if (len > LONGEST - current_len)
		len = LONGEST - current_len;
	memmove(current + place + len, current + place, current_len - place);
	if (at)
		memcpy(current + place, at, len);
	else
		memset(current + place, (int)draw(256), len);
	current_len += len;
}

static void cut(size_t place, size_t len)
{
	if (len > current_len - place)
		len = current_len - place;
	memmove(current + place, current + place + len, current_len - place - len);
	current_len -= len;
}

/* Numbers at which lengths and counts break. */
static void put_number(size_t place)
{
	static const uint32_t numbers[] = { 0, 1, 2, 3, 4, 7, 8, 9, 16, 127, 128, 255, 256, 4095, 0x7fff, 0xfffe, 0xffff,
					    0x7fffffff, 0xffffffff };
	uint32_t v = numbers[draw(sizeof(numbers) / sizeof(numbers[0]))];
	size_t width = (size_t)1 << draw(3);

	for (size_t i = 0; i < width && place + i < current_len; i++)
		current[place + i] = (uint8_t)(v >> 8 * (width - 1 - i));
}

static void splice(size_t place)
{
	const struct input *other = &corpus[draw(entries)];
	size_t from;
	uint8_t piece[256];
	size_t len;

	if (other->len == 0)
		return;
	from = draw(other->len);
	len = 1 + draw(sizeof(piece));
	if (len > other->len - from)
		len = other->len - from;
	memcpy(piece, other->at + from, len);
	if (draw(2))
		cut(place, len);
	insert(place, piece, len);
}

static void mutate(void)
{
	size_t place = current_len ? draw(current_len) : 0;
	uint64_t kind = current_len ? draw(8) : 7;

	switch (kind) {
	case 0:
	case 1:
		current[place] ^= (uint8_t)(1u << draw(8));
		break;
	case 2:
		current[place] = (uint8_t)draw(256);
		break;
	case 3:
		put_number(place);
		break;
	case 4:
		cut(place, 1 + draw(draw(4) ? 8 : 256));
		break;
	case 5:
		splice(place);
		break;
	case 6:
		current_len = place;
		break;
	default:
		insert(place, NULL, 1 + draw(draw(4) ? 8 : 256));
	}
}

static void take(const struct input *in)
{
	current_len = in->len;
	if (in->len)
		memcpy(current, in->at, in->len);
}

static void run(uint64_t mutants)
{
	for (size_t i = 0; i < entries; i++) {
		take(&corpus[i]);
		run_current();
	}
	for (uint64_t n = 0; n < mutants; n++) {
		take(&corpus[draw(entries)]);
		for (uint64_t i = 1 + draw(5); i > 0; i--)
			mutate();
		run_current();
	}
}

int main(int argc, char **argv)
{
	uint64_t mutants = 0;
	int option;

	while ((option = getopt(argc, argv, "n:s:")) != -1) {
		if (option == 'n')
			mutants = strtoull(optarg, NULL, 10);
		else if (option == 's')
			chance = strtoull(optarg, NULL, 10) * 2 + 1;
		else
			return 2;
	}
	for (int i = optind; i < argc; i++)
		load(argv[i]);
	if (entries == 0)
		corpus[entries++] = (struct input){ NULL, 0 };
	if (__sanitizer_set_death_callback)
		__sanitizer_set_death_callback(show_current);
	signal(SIGABRT, died);
	signal(SIGSEGV, died);
	run(mutants);
	printf("%zu of the corpus, %llu mutants\n", entries, (unsigned long long)mutants);
	for (size_t i = 0; i < entries; i++)
		free(corpus[i].at);
	return 0;
}
