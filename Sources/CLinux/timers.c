#define _GNU_SOURCE
#include "clinux.h"

#include <errno.h>
#include <string.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#ifndef TFD_TIMER_CANCEL_ON_SET
#define TFD_TIMER_CANCEL_ON_SET (1 << 1)
#endif

// A timer must be armed to hear of the clock being set: this is a time that never comes.
static const int64_t never_seconds = INT64_C(1) << 40;

int clinux_clock_timer(void) {
    int timer = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);
    return timer < 0 ? -errno : timer;
}

int clinux_clock_timer_arm(int timer, int64_t milliseconds) {
    struct itimerspec setting;
    memset(&setting, 0, sizeof setting);
    if (milliseconds < 0) {
        setting.it_value.tv_sec = never_seconds;
    } else {
        setting.it_value.tv_sec = milliseconds / 1000;
        setting.it_value.tv_nsec = milliseconds % 1000 * 1000000;
        if (milliseconds == 0) setting.it_value.tv_nsec = 1;  // zero would disarm it
    }
    int flags = TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET;
    // It may say that the clock was set since the last time: the timer is armed then all the same.
    if (timerfd_settime(timer, flags, &setting, NULL) < 0 && errno != ECANCELED) return -errno;
    return 0;
}

int clinux_clock_timer_read(int timer) {
    uint64_t expirations = 0;
    ssize_t count;
    do count = read(timer, &expirations, sizeof expirations);
    while (count < 0 && errno == EINTR);
    if (count > 0) return clinux_timer_fired;
    if (errno == EAGAIN) return clinux_timer_idle;
    return errno == ECANCELED ? clinux_timer_clock_set : -errno;
}

int clinux_delay_timer(int64_t milliseconds) {
    int timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    if (timer < 0) return -errno;
    if (milliseconds < 1) milliseconds = 1;
    struct itimerspec setting;
    memset(&setting, 0, sizeof setting);
    setting.it_value.tv_sec = milliseconds / 1000;
    setting.it_value.tv_nsec = milliseconds % 1000 * 1000000;
    if (timerfd_settime(timer, 0, &setting, NULL) < 0) {
        int error = errno;
        close(timer);
        return -error;
    }
    return timer;
}

int clinux_steady_timer(void) {
    int timer = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC);
    return timer < 0 ? -errno : timer;
}

int clinux_steady_timer_arm(int timer, int64_t nanoseconds) {
    if (nanoseconds < 1) nanoseconds = 1;  // zero would disarm it
    struct itimerspec setting;
    memset(&setting, 0, sizeof setting);
    setting.it_value.tv_sec = nanoseconds / 1000000000;
    setting.it_value.tv_nsec = nanoseconds % 1000000000;
    return timerfd_settime(timer, 0, &setting, NULL) < 0 ? -errno : 0;
}

int clinux_steady_timer_wait(int timer) {
    uint64_t expirations = 0;
    ssize_t count;
    do count = read(timer, &expirations, sizeof expirations);
    while (count < 0 && errno == EINTR);
    return count < 0 ? -errno : 0;
}
