#include "library.h"
bool mean_scenario(struct library *l, const struct scenario *s, bool sound) { (void)l; (void)s; (void)sound; return true; }
bool mean_fault(struct library *l, const struct fault *f) { (void)l; (void)f; return true; }
bool mean_profile(struct library *l, const struct profile *p) { (void)l; (void)p; return true; }
