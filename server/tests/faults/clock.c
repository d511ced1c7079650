/* A clock that is ahead, for a process of a test: preloaded, it adds to the time of day as many seconds as the file that FAULTS_CLOCK
 * names says at that moment, eight bytes in the order of the machine. Time that only passes (CLOCK_MONOTONIC) is left alone, as it is
 * when somebody sets the clock of a real machine. */
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
