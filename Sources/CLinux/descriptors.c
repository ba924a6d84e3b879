#define _GNU_SOURCE
#include "clinux.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/xattr.h>
#include <unistd.h>

#ifndef SO_PEERGROUPS
#define SO_PEERGROUPS 59
#endif

int clinux_peer(int socket, struct clinux_peer *peer) {
    struct ucred credentials;
    socklen_t size = sizeof credentials;
    if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &size) < 0) return -errno;
    peer->user = credentials.uid;
    peer->group = credentials.gid;
    peer->pid = credentials.pid;
    return 0;
}

int clinux_attribute(const char *path, const char *name, void *value, size_t capacity) {
    ssize_t length = getxattr(path, name, value, capacity);
    return length < 0 ? -errno : (int)length;
}

int clinux_pipe(int *reading, int *writing) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0) return -errno;
    // Only ours: the program may be surprised by a standard output that does not block.
    if (fcntl(ends[0], F_SETFL, O_RDONLY | O_NONBLOCK) < 0) {
        int error = errno;
        close(ends[0]);
        close(ends[1]);
        return -error;
    }
    *reading = ends[0];
    *writing = ends[1];
    return 0;
}

static int fill(int file, const unsigned char *bytes, size_t count) {
    while (count > 0) {
        ssize_t written = write(file, bytes, count);
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return -errno;
        bytes += written;
        count -= (size_t)written;
    }
    if (fcntl(file, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) < 0) return -errno;
    return lseek(file, 0, SEEK_SET) < 0 ? -errno : 0;
}

int clinux_memory_file(const void *bytes, size_t count) {
    int file = memfd_create("input", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (file < 0) return -errno;
    int result = fill(file, bytes, count);
    if (result < 0) {
        close(file);
        return result;
    }
    return file;
}

int clinux_terminal_resize(int agent, unsigned short columns, unsigned short rows) {
    struct winsize size = {.ws_col = columns, .ws_row = rows};
    return ioctl(agent, TIOCSWINSZ, &size) < 0 ? -errno : 0;
}

// The other end is opened through this one and not by its path: that may be another file system's in here.
static int open_other_end(int agent, unsigned short columns, unsigned short rows) {
    int unlocked = 0;
    if (ioctl(agent, TIOCSPTLCK, &unlocked) < 0) return -errno;
    int process = ioctl(agent, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (process < 0) return -errno;
    int result = clinux_terminal_resize(agent, columns, rows);
    if (result == 0) return process;
    close(process);
    return result;
}

int clinux_terminal(int *agent, int *process, unsigned short columns, unsigned short rows) {
    *agent = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
    if (*agent < 0) return -errno;
    *process = open_other_end(*agent, columns, rows);
    if (*process >= 0) return 0;
    close(*agent);
    return *process;
}

int clinux_lease(int file) {
    // The signal that somebody waits for it has to be one that does nothing where it is not handled.
    if (fcntl(file, F_SETSIG, SIGURG) < 0 || fcntl(file, F_SETLEASE, F_RDLCK) < 0) return -errno;
    return 0;
}
