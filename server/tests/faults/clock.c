/*
 * A clock that is ahead, for a process under test. When preloaded, it adds a number of seconds to the time of day. It
 * reads the number from the file that FAULTS_CLOCK names: eight bytes in native byte order, read again at each call.
 * The monotonic clock (CLOCK_MONOTONIC) stays unchanged, as it does when a person sets the clock of a real machine.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

static const volatile int64_t *ahead;
static int (*real)(clockid_t, struct timespec *);

__attribute__((constructor)) static void begin(void) {
    real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    const char *name = getenv("FAULTS_CLOCK");
    int file = name ? open(name, O_RDONLY | O_CLOEXEC) : -1;
    if (file < 0) {
        return;
    }
    void *shared = mmap(NULL, sizeof *ahead, PROT_READ, MAP_SHARED, file, 0);
    close(file);
    if (shared != MAP_FAILED) {
        ahead = shared;
    }
}

int clock_gettime(clockid_t clock, struct timespec *time) {
    if (!real) {
        begin();
    }
    int answer = real(clock, time);
    if (answer == 0 && ahead && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) {
        time->tv_sec += *ahead;
    }
    return answer;
}
