#define _GNU_SOURCE
#include "clinux.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

// The child shares our memory until it executes, while our thread stands still (as vfork does). So it must not call
// anything that keeps state in memory: only raw system calls. glibc's setuid, for one, would change all our threads.
#define IN_CHILD __attribute__((noinline, no_sanitize("address", "thread", "undefined")))

enum { stack_size = 64 * 1024, kernel_mask_size = 8, last_signal = 64, busy_yields = 100, busy_attempts = 1100 };

struct child {
    struct clinux_spawn *request;
    int joins_cgroup;  // clone3 was not there to put it into its cgroup
};

IN_CHILD static void failed(struct clinux_spawn *request, enum clinux_stage stage, size_t index) {
    request->error_number = errno;
    request->stage = stage;
    request->index = index;
    for (;;) syscall(SYS_exit_group, 127);
}

IN_CHILD static void join_cgroup(struct clinux_spawn *request) {
    int procs = (int)syscall(SYS_openat, request->cgroup, "cgroup.procs", O_WRONLY | O_CLOEXEC, 0);
    if (procs < 0 || syscall(SYS_write, procs, "0", 1) != 1) failed(request, clinux_stage_cgroup, 0);
    syscall(SYS_close, procs);
}

// Handlers would run in our memory, and ignored signals would stay ignored in the program. All zero is the default.
IN_CHILD static void reset_signals(void) {
    static const uint64_t defaults[8] = {0};
    for (int signal = 1; signal <= last_signal; signal++) {
        syscall(SYS_rt_sigaction, signal, defaults, NULL, kernel_mask_size);
    }
}

IN_CHILD static void unblock_signals(void) {
    static const uint64_t none = 0;
    syscall(SYS_rt_sigprocmask, SIG_SETMASK, &none, NULL, kernel_mask_size);
}

// Kernels before 5.11 know no CLOSE_RANGE_CLOEXEC.
IN_CHILD static void close_others_one_by_one(void) {
    struct { uint64_t soft, hard; } limit = {1024, 1024};
    syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, NULL, &limit);
    for (uint64_t descriptor = 3; descriptor < limit.soft; descriptor++) {
        syscall(SYS_fcntl, descriptor, F_SETFD, FD_CLOEXEC);
    }
}

// Sources below 3 are moved out of the way first: a target may be another's source.
IN_CHILD static void set_descriptors(struct clinux_spawn *request) {
    int sources[3] = {request->input, request->output, request->error};
    for (int target = 0; target < 3; target++) {
        if (sources[target] < 0 || sources[target] > 2) continue;
        sources[target] = (int)syscall(SYS_fcntl, sources[target], F_DUPFD_CLOEXEC, 3);
        if (sources[target] < 0) failed(request, clinux_stage_descriptors, (size_t)target);
    }
    for (int target = 0; target < 3; target++) {
        if (sources[target] < 0) continue;  // input that is opened later
        if (syscall(SYS_dup3, sources[target], target, 0) < 0) {
            failed(request, clinux_stage_descriptors, (size_t)target);
        }
    }
    if (syscall(SYS_close_range, 3u, ~0u, CLOSE_RANGE_CLOEXEC) < 0) close_others_one_by_one();
}

IN_CHILD static void set_limits(struct clinux_spawn *request) {
    if (request->umask >= 0) syscall(SYS_umask, request->umask);
    if (request->has_nice && syscall(SYS_setpriority, PRIO_PROCESS, 0, request->nice) < 0) {
        failed(request, clinux_stage_nice, 0);
    }
    for (size_t index = 0; index < request->limit_count; index++) {
        const struct clinux_limit *limit = &request->limits[index];
        const uint64_t values[2] = {limit->soft, limit->hard};
        if (syscall(SYS_prlimit64, 0, limit->resource, values, NULL) < 0) failed(request, clinux_stage_limit, index);
    }
}

// Groups first: a user who is not root may not set them.
IN_CHILD static void become_user(struct clinux_spawn *request) {
    if (!request->has_user) return;
    if (syscall(SYS_setgroups, request->group_count, request->groups) < 0) failed(request, clinux_stage_groups, 0);
    if (syscall(SYS_setresgid, request->group, request->group, request->group) < 0) {
        failed(request, clinux_stage_groups, 0);
    }
    if (syscall(SYS_setresuid, request->user, request->user, request->user) < 0) {
        failed(request, clinux_stage_user, 0);
    }
}

// Not blocking, or a FIFO without a writer would hold our thread for ever.
IN_CHILD static void open_input(struct clinux_spawn *request) {
    if (request->input_path == NULL) return;
    int input = (int)syscall(SYS_openat, AT_FDCWD, request->input_path, O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC, 0);
    if (input < 0) failed(request, clinux_stage_input, 0);
    int flags = (int)syscall(SYS_fcntl, input, F_GETFL, 0);
    if (flags < 0 || syscall(SYS_fcntl, input, F_SETFL, flags & ~O_NONBLOCK) < 0) failed(request, clinux_stage_input, 0);
    if (input == 0) {
        if (syscall(SYS_fcntl, input, F_SETFD, 0) < 0) failed(request, clinux_stage_input, 0);
    } else if (syscall(SYS_dup3, input, 0, 0) < 0) {
        failed(request, clinux_stage_input, 0);
    }
}

// A file that was written a moment ago may still be open for writing in another child that has not executed yet: that
// one needs only its turn.
IN_CHILD static void execute_path(struct clinux_spawn *request, const char *path) {
    for (int attempt = 0; attempt < busy_attempts; attempt++) {
        syscall(SYS_execve, path, request->arguments, request->environment);
        if (errno != ETXTBSY) return;
        // On a busy host its turn takes a while to come: yield at first, then sleep for a millisecond each time.
        struct timespec pause = {0, attempt < busy_yields ? 0 : 1000000};
        if (pause.tv_nsec == 0)
            syscall(SYS_sched_yield);
        else
            syscall(SYS_nanosleep, &pause, NULL);
        errno = ETXTBSY;
    }
}

// Goes on to the next path as a shell does; what may not be executed is remembered, as it says more than "not found".
IN_CHILD static void execute(struct clinux_spawn *request) {
    int error = ENOENT;
    size_t place = 0;
    for (size_t index = 0; request->paths[index] != NULL; index++) {
        execute_path(request, request->paths[index]);
        if (errno == EACCES) {
            error = EACCES;
            place = index;
        } else if (errno != ENOENT && errno != ENOTDIR) {
            failed(request, clinux_stage_execute, index);
        }
    }
    errno = error;
    failed(request, clinux_stage_execute, place);
}

IN_CHILD static int run_child(void *argument) {
    struct child *child = argument;
    struct clinux_spawn *request = child->request;
    if (child->joins_cgroup) join_cgroup(request);
    if (syscall(SYS_setsid) < 0) failed(request, clinux_stage_session, 0);
    reset_signals();
    set_descriptors(request);
    if (request->has_terminal && syscall(SYS_ioctl, 0, TIOCSCTTY, 0) < 0) failed(request, clinux_stage_session, 0);
    set_limits(request);
    become_user(request);
    if (request->directory != NULL && syscall(SYS_chdir, request->directory) < 0) {
        failed(request, clinux_stage_directory, 0);
    }
    open_input(request);
    unblock_signals();
    execute(request);
    return 0;
}

// clone3 has no wrapper in the C library: the child begins on a stack of its own and calls `entry`, never to return.
static long call_clone3(struct clone_args *arguments, int (*entry)(void *), void *argument) {
#if defined(__x86_64__)
    long result;
    register int (*function)(void *) __asm__("r8") = entry;
    register void *parameter __asm__("r9") = argument;
    __asm__ volatile(
        "syscall\n\t"
        "testq %%rax, %%rax\n\t"
        "jnz 1f\n\t"
        "xorl %%ebp, %%ebp\n\t"
        "movq %%r9, %%rdi\n\t"
        "callq *%%r8\n\t"
        "ud2\n"
        "1:"
        : "=a"(result)
        : "0"((long)SYS_clone3), "D"(arguments), "S"(sizeof *arguments), "r"(function), "r"(parameter)
        : "rcx", "r11", "memory", "cc");
    return result;
#elif defined(__aarch64__)
    register long result __asm__("x0") = (long)arguments;
    register long size __asm__("x1") = (long)sizeof *arguments;
    register long number __asm__("x8") = SYS_clone3;
    register int (*function)(void *) __asm__("x10") = entry;
    register void *parameter __asm__("x11") = argument;
    __asm__ volatile(
        "svc #0\n\t"
        "cbnz x0, 1f\n\t"
        "mov x29, xzr\n\t"
        "mov x0, x11\n\t"
        "blr x10\n\t"
        "brk #1\n"
        "1:"
        : "+r"(result)
        : "r"(size), "r"(number), "r"(function), "r"(parameter)
        : "memory", "cc");
    return result;
#else
    (void)arguments, (void)entry, (void)argument;
    return -ENOSYS;
#endif
}

static long clone_with_clone3(struct child *child, unsigned char *stack) {
    struct clinux_spawn *request = child->request;
    struct clone_args arguments = {
        .flags = CLONE_VM | CLONE_VFORK | CLONE_PIDFD,
        .pidfd = (uint64_t)(uintptr_t)&request->pidfd,
        .exit_signal = SIGCHLD,
        .stack = (uint64_t)(uintptr_t)stack,
        .stack_size = stack_size,
    };
    if (request->cgroup >= 0) {
        arguments.flags |= CLONE_INTO_CGROUP;
        arguments.cgroup = (uint64_t)request->cgroup;
    }
    return call_clone3(&arguments, run_child, child);
}

// The C library's `clone`, under the name by which the thread sanitizer does not take it for a fork.
extern int __clone(int (*entry)(void *), void *stack, int flags, void *argument, ...);

// Where there is no clone3: a kernel before 5.7, or a sandbox that refuses it by ENOSYS.
static long clone_without_clone3(struct child *child, unsigned char *stack) {
    child->joins_cgroup = child->request->cgroup >= 0;
    int flags = CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD;
    int pid = __clone(run_child, stack + stack_size, flags, child, &child->request->pidfd);
    return pid < 0 ? -errno : pid;
}

static int spawn(struct clinux_spawn *request, int uses_clone3) {
    _Alignas(16) unsigned char stack[stack_size];
    struct child child = {.request = request, .joins_cgroup = 0};
    uint64_t all = ~(uint64_t)0, before = 0;
    request->stage = clinux_stage_none;
    request->error_number = 0;
    request->pidfd = -1;

    // No handler of ours may run in the child, which shares our memory.
    syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, &before, kernel_mask_size);
    long pid = uses_clone3 ? clone_with_clone3(&child, stack) : -ENOSYS;
    if (pid == -ENOSYS || (pid == -EINVAL && request->cgroup < 0)) pid = clone_without_clone3(&child, stack);
    syscall(SYS_rt_sigprocmask, SIG_SETMASK, &before, NULL, kernel_mask_size);

    if (pid < 0) {
        request->stage = clinux_stage_clone;
        request->error_number = (int)-pid;
        return -1;
    }
    if (request->stage != clinux_stage_none) {
        while (waitpid((pid_t)pid, NULL, 0) < 0 && errno == EINTR) {}
        close(request->pidfd);
        request->pidfd = -1;
        return -1;
    }
    request->pid = (pid_t)pid;
    return 0;
}

int clinux_spawn(struct clinux_spawn *request) { return spawn(request, 1); }

// For the tests: what a host without clone3 does.
int clinux_spawn_without_clone3(struct clinux_spawn *request) { return spawn(request, 0); }
