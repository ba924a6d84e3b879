// A load generator for JSON-RPC on a Unix socket: so small that what is measured is the agent.
//
//   load SOCKET CONNECTIONS DEPTH SECONDS REQUEST
//
// Each connection keeps DEPTH requests in flight for SECONDS. REQUEST is sent as it is, with a newline; an `@` in it is
// replaced by a number that is never used twice (16 digits, so that the length stays). Prints answers per second, how
// many were errors, and the median and 99th percentile of the time from sending to answer, in microseconds.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "bench.h"

enum { RING = 1024, BUFFER = 1 << 16, SAMPLES = 1 << 22 };

struct connection {
    int descriptor;
    uint64_t sent_at[RING];  // when the requests in flight were sent, in order
    uint64_t sent, answered;
    char line[256];  // the beginning of the answer that is being read
    size_t length;
};

static const char *request;
static size_t request_length;
static const char *place;
static uint64_t number;

// Writes the request `count` times; a socket's buffer has room for all that may be in flight.
static void send_requests(struct connection *connection, int count) {
    char buffer[BUFFER];
    size_t filled = 0;
    for (int index = 0; index < count; index++) {
        if (filled + request_length + 32 > sizeof buffer) {
            if (write(connection->descriptor, buffer, filled) != (ssize_t)filled) fail("write");
            filled = 0;
        }
        if (place) {
            size_t before = (size_t)(place - request);
            memcpy(buffer + filled, request, before);
            filled += before;
            filled += (size_t)sprintf(buffer + filled, "%016llu", (unsigned long long)++number);
            size_t after = request_length - before - 1;
            memcpy(buffer + filled, place + 1, after);
            filled += after;
        } else {
            memcpy(buffer + filled, request, request_length);
            filled += request_length;
        }
        buffer[filled++] = '\n';
        connection->sent_at[connection->sent++ % RING] = now();
    }
    if (filled && write(connection->descriptor, buffer, filled) != (ssize_t)filled) fail("write");
}

static int compare(const void *left, const void *right) {
    uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
    return a < b ? -1 : a > b;
}

int main(int count, char **arguments) {
    if (count != 6) {
        fprintf(stderr, "usage: load SOCKET CONNECTIONS DEPTH SECONDS REQUEST\n");
        return 2;
    }
    int connections = atoi(arguments[2]), depth = atoi(arguments[3]);
    double seconds = atof(arguments[4]);
    request = arguments[5];
    request_length = strlen(request);
    place = strchr(request, '@');
    if (connections < 1 || depth < 1 || depth > RING) return 2;

    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s", arguments[1]);
    struct connection *all = calloc((size_t)connections, sizeof *all);
    uint32_t *samples = malloc(SAMPLES * sizeof *samples);
    int poller = epoll_create1(0);
    for (int index = 0; index < connections; index++) {
        all[index].descriptor = socket(AF_UNIX, SOCK_STREAM, 0);
        int room = 1 << 20;
        setsockopt(all[index].descriptor, SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
        if (connect(all[index].descriptor, (struct sockaddr *)&address, sizeof address)) fail("connect");
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = &all[index]};
        epoll_ctl(poller, EPOLL_CTL_ADD, all[index].descriptor, &event);
    }

    uint64_t begin = now(), end = begin + (uint64_t)(seconds * 1e9), answers = 0, errors = 0, in_flight = 0;
    for (int index = 0; index < connections; index++) {
        send_requests(&all[index], depth);
        in_flight += (uint64_t)depth;
    }
    static char buffer[BUFFER];
    while (in_flight) {
        struct epoll_event events[64];
        int ready = epoll_wait(poller, events, 64, 10000);
        if (ready <= 0) fail("no answer within 10 s");
        for (int index = 0; index < ready; index++) {
            struct connection *connection = events[index].data.ptr;
            ssize_t got = read(connection->descriptor, buffer, sizeof buffer);
            if (got <= 0) fail("the agent closed a connection");
            int done = 0;
            uint64_t time = now();
            for (ssize_t at = 0; at < got; at++) {
                if (connection->length < sizeof connection->line - 1) connection->line[connection->length] = buffer[at];
                connection->length++;
                if (buffer[at] != '\n') continue;
                if (connection->length > 1) {
                    size_t kept = connection->length < sizeof connection->line ? connection->length : sizeof connection->line - 1;
                    if (memmem(connection->line, kept, "\"error\"", 7)) errors++;
                    uint64_t taken = time - connection->sent_at[connection->answered++ % RING];
                    if (answers < SAMPLES) samples[answers] = (uint32_t)(taken / 1000);
                    answers++;
                    done++;
                }
                connection->length = 0;
            }
            in_flight -= (uint64_t)done;
            if (time < end && done) {
                send_requests(connection, done);
                in_flight += (uint64_t)done;
            }
        }
    }
    double took = (double)(now() - begin) / 1e9;
    size_t kept = answers < SAMPLES ? answers : SAMPLES;
    qsort(samples, kept, sizeof *samples, compare);
    printf("%.0f %llu %u %u\n", (double)answers / took, (unsigned long long)errors, samples[kept / 2], samples[kept * 99 / 100]);
    return 0;
}
