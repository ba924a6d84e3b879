#define _GNU_SOURCE
#include "clinux.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

static int64_t microseconds(struct timeval time) { return (int64_t)time.tv_sec * 1000000 + time.tv_usec; }

int clinux_wait(pid_t pid, struct clinux_end *end) {
    struct rusage usage;
    int status = 0;
    pid_t result;
    do result = wait4(pid, &status, WNOHANG, &usage);
    while (result < 0 && errno == EINTR);
    if (result < 0) return -errno;
    if (result == 0) return 0;
    end->status = status;
    end->user_microseconds = microseconds(usage.ru_utime);
    end->system_microseconds = microseconds(usage.ru_stime);
    end->maximum_resident_bytes = (int64_t)usage.ru_maxrss * 1024;
    end->read_bytes = (int64_t)usage.ru_inblock * 512;
    end->written_bytes = (int64_t)usage.ru_oublock * 512;
    return result;
}

int clinux_ended_child(void) {
    siginfo_t information;
    memset(&information, 0, sizeof information);
    if (waitid(P_ALL, 0, &information, WEXITED | WNOHANG | WNOWAIT) < 0) return errno == ECHILD ? 0 : -errno;
    return information.si_pid;
}

int clinux_exit_code(int status) { return WIFEXITED(status) ? WEXITSTATUS(status) : -1; }
int clinux_exit_signal(int status) { return WIFSIGNALED(status) ? WTERMSIG(status) : -1; }
int clinux_core_dumped(int status) { return WIFSIGNALED(status) && WCOREDUMP(status); }

int clinux_pidfd_open(pid_t pid) {
    long result = syscall(SYS_pidfd_open, pid, 0);
    return result < 0 ? -errno : (int)result;
}

int clinux_pidfd_signal(int pidfd, int signal) {
    return syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0) < 0 ? -errno : 0;
}

int clinux_become_subreaper(void) { return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0 ? -errno : 0; }

// One for the process, as the handler is. Never closed: the handler may run at any time.
static _Atomic int child_signals = -1;
static pthread_once_t child_signals_once = PTHREAD_ONCE_INIT;

void clinux_poke_child_signals(void) {
    int descriptor = atomic_load(&child_signals);
    uint64_t one = 1;
    if (descriptor >= 0 && write(descriptor, &one, sizeof one) < 0) return;  // full: it is readable, which is enough
}

static void on_child_signal(int signal) {
    (void)signal;
    int before = errno;
    clinux_poke_child_signals();
    errno = before;
}

static void watch_child_signals(void) {
    int descriptor = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (descriptor < 0) {
        atomic_store(&child_signals, -errno);
        return;
    }
    atomic_store(&child_signals, descriptor);
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = on_child_signal;
    action.sa_flags = SA_RESTART | SA_NOCLDSTOP;
    sigemptyset(&action.sa_mask);
    if (sigaction(SIGCHLD, &action, NULL) < 0) atomic_store(&child_signals, -errno);
}

int clinux_child_signals(void) {
    pthread_once(&child_signals_once, watch_child_signals);
    return atomic_load(&child_signals);
}

void clinux_name_thread(pthread_t thread, const char *name) { (void)pthread_setname_np(thread, name); }
