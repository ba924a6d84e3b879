#define _GNU_SOURCE
#include "clinux.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

// Closing the end of a pipe never waits, and needs no look at a file system, which may wait too.
static int is_pipe(int descriptor) { return fcntl(descriptor, F_GETPIPE_SZ) >= 0; }

static size_t take_descriptors(struct msghdr *message, int *descriptors) {
    size_t count = 0;
    for (struct cmsghdr *part = CMSG_FIRSTHDR(message); part != NULL; part = CMSG_NXTHDR(message, part)) {
        if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
        size_t passed = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t index = 0; index < passed; index++) {
            int descriptor;
            memcpy(&descriptor, CMSG_DATA(part) + index * sizeof(int), sizeof descriptor);
            if (is_pipe(descriptor)) {
                close(descriptor);
            } else if (count < clinux_passed_maximum) {
                descriptors[count++] = descriptor;
            }
        }
    }
    return count;
}

int clinux_receive(int socket, void *buffer, size_t capacity, int *descriptors, size_t *count) {
    union {
        struct cmsghdr alignment;
        char bytes[CMSG_SPACE(clinux_passed_maximum * sizeof(int))];
    } control;
    struct iovec part = {.iov_base = buffer, .iov_len = capacity};
    struct msghdr message = {
        .msg_iov = &part,
        .msg_iovlen = 1,
        .msg_control = control.bytes,
        .msg_controllen = sizeof control.bytes,
    };
    ssize_t length;
    do length = recvmsg(socket, &message, MSG_DONTWAIT | MSG_TRUNC | MSG_CMSG_CLOEXEC);
    while (length < 0 && errno == EINTR);
    *count = 0;
    if (length < 0) return -errno;
    *count = take_descriptors(&message, descriptors);
    return (int)length;
}

void clinux_close_passed(const int *descriptors, size_t count) {
    for (size_t index = 0; index < count; index++) {
        struct linger none = {0, 0};
        (void)setsockopt(descriptors[index], SOL_SOCKET, SO_LINGER, &none, sizeof none);
        close(descriptors[index]);
    }
}
