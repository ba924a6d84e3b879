// What the small programs of the benchmarks share.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

// Nanoseconds on a clock that is never set.
static uint64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static void fail(const char *what) {
    perror(what);
    exit(1);
}
