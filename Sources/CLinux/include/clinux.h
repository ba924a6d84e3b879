#pragma once

// The few Linux calls that Swift cannot make. No policy: each function says what it asks of the kernel.
// Unless said otherwise a function answers 0 or a value >= 0, or the negated errno.

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/types.h>

// Where a start failed. The stages after `clinux_stage_clone` happen in the child, in this order.
enum clinux_stage {
    clinux_stage_none = 0,
    clinux_stage_clone,
    clinux_stage_cgroup,
    clinux_stage_session,
    clinux_stage_descriptors,
    clinux_stage_nice,
    clinux_stage_limit,
    clinux_stage_groups,
    clinux_stage_user,
    clinux_stage_directory,
    clinux_stage_input,
    clinux_stage_execute,
};

struct clinux_limit {
    int resource;
    uint64_t soft;
    uint64_t hard;
};

// What to start. All pointers belong to the caller and are only read during the call.
struct clinux_spawn {
    const char *const *paths;  // NULL-ended; the first that exists is executed
    char *const *arguments;    // NULL-ended
    char *const *environment;  // NULL-ended; nothing of the caller's is added
    const char *directory;     // NULL: the caller's
    const char *input_path;    // opened as the child's user, instead of `input`; NULL: `input`
    int input;
    int output;
    int error;
    int has_terminal;  // whether `input` is a terminal that becomes the session's
    int cgroup;  // an open cgroup v2 directory in which the child begins; -1: the caller's
    int umask;   // -1: the caller's
    int has_nice;
    int nice;
    const struct clinux_limit *limits;
    size_t limit_count;
    int has_user;
    uid_t user;
    gid_t group;
    const gid_t *groups;
    size_t group_count;

    // Results. After success pid and pidfd; after failure stage, error_number and, where it applies, which of
    // `paths` or `limits`.
    pid_t pid;
    int pidfd;
    enum clinux_stage stage;
    int error_number;
    size_t index;
};

// Starts a process in a session of its own and returns when it executes the program, or has failed to.
// 0, or -1 with the failure in the request; a child that failed is already gone then. No descriptor but the three
// given reaches the program; signals are at their defaults and not blocked.
int clinux_spawn(struct clinux_spawn *request);

// The same without clone3, which sandboxes and old kernels do not have. `clinux_spawn` falls back to it by itself.
int clinux_spawn_without_clone3(struct clinux_spawn *request);

struct clinux_end {
    int status;  // as wait(2) has it
    int64_t user_microseconds;
    int64_t system_microseconds;
    int64_t maximum_resident_bytes;
    int64_t read_bytes;
    int64_t written_bytes;
};

// Whether the process has ended, without waiting. The pid if so: it is released by this call; 0 if it still runs.
int clinux_wait(pid_t pid, struct clinux_end *end);

// The pid of a child of this process that has ended and has not been waited for, which stays so; 0: there is none.
int clinux_ended_child(void);

// `WIFEXITED` and its like are macros. -1 where they do not apply.
int clinux_exit_code(int status);
int clinux_exit_signal(int status);
int clinux_core_dumped(int status);

// Opens a descriptor for a process: it becomes readable when the process ends.
int clinux_pidfd_open(pid_t pid);

// Signals the process of a pidfd; never another one that has got the same pid.
int clinux_pidfd_signal(int pidfd, int signal);

// Makes this process the parent of all orphans among its descendants.
int clinux_become_subreaper(void);

// An eventfd that is written to at each SIGCHLD, one for the whole process; it stays open. To be watched edge-triggered
// and never read, so that many can watch it. Installs the handler at the first call.
int clinux_child_signals(void);

// Writes to that eventfd as the signal would.
void clinux_poke_child_signals(void);

// A timer on the host's date and time that also tells when that clock is set.
int clinux_clock_timer(void);

// Arms it for a time in milliseconds since 1970; negative: for none, so that it only tells of the clock being set.
int clinux_clock_timer_arm(int timer, int64_t milliseconds);

enum { clinux_timer_idle = 0, clinux_timer_fired = 1, clinux_timer_clock_set = 2 };

// What happened to a clock timer since it was armed: one of the above.
int clinux_clock_timer_read(int timer);

// A timer that becomes readable once, after this many milliseconds of the monotonic clock (at least 1).
int clinux_delay_timer(int64_t milliseconds);

// A timer on the time that goes on while the host is suspended (CLOCK_BOOTTIME).
int clinux_steady_timer(void);

// Arms it once, so many nanoseconds from now (at least 1), also while somebody waits for it.
int clinux_steady_timer_arm(int timer, int64_t nanoseconds);

// Waits until the time that it is armed for has come.
int clinux_steady_timer_wait(int timer);

struct clinux_peer {
    uid_t user;
    gid_t group;
    pid_t pid;
};

// Who connected this Unix socket, as the kernel recorded it then.
int clinux_peer(int socket, struct clinux_peer *peer);

// What the kernel lets one message carry (SCM_MAX_FD).
enum { clinux_passed_maximum = 253 };

// Takes the next datagram of a Unix socket without waiting: its length, which may be more than `capacity`. -EAGAIN:
// there is none.
//
// Of the descriptors that came with it, ends of pipes are closed at once. To close any other may take as long as who
// sent it likes (a socket that lingers, a file of a file system that does not answer): these are the caller's to close,
// `count` of them; there has to be room for `clinux_passed_maximum`.
int clinux_receive(int socket, void *buffer, size_t capacity, int *descriptors, size_t *count);

// Closes what the function above has left; on a thread that may wait.
void clinux_close_passed(const int *descriptors, size_t count);

// A read lease on a file that was opened to read (fcntl(2), F_SETLEASE): until its descriptor is closed, who wants to
// open it to write waits, as long as the kernel lets them. -EAGAIN: somebody has it open to write.
int clinux_lease(int file);

// The value of a file's extended attribute: its length. -ENODATA: it has none of that name.
int clinux_attribute(const char *path, const char *name, void *value, size_t capacity);

// A pipe, both ends closed on exec; the reading end does not block.
int clinux_pipe(int *reading, int *writing);

// A pair of terminal ends, closed on exec: the agent's, which does not block, and the process's.
int clinux_terminal(int *agent, int *process, unsigned short columns, unsigned short rows);

// Sets the size of the terminal and tells its foreground processes (SIGWINCH).
int clinux_terminal_resize(int agent, unsigned short columns, unsigned short rows);

// An anonymous file of these bytes, closed on exec, that can only be read; positioned at its start.
int clinux_memory_file(const void *bytes, size_t count);

// The name that debuggers and `top -H` show for a thread; up to 15 characters.
void clinux_name_thread(pthread_t thread, const char *name);
