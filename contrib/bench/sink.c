// A receiver of HTTP requests, so small that what is measured is who sends.
//
//   sink PORT MARK COUNT
//
// Listens on 127.0.0.1, answers each request with 200 when it has all of it, and counts how often MARK stands in what
// came. At COUNT it prints how many there were in a second, from the first byte on, and ends.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench.h"

enum { HEAD = 1 << 16 };

static const char *mark;
static size_t mark_length;
static uint64_t wanted;
static _Atomic uint64_t found;
static _Atomic uint64_t began;

static void count(const char *body, size_t length) {
    uint64_t here = 0;
    const char *place = body;
    while ((place = memmem(place, length - (size_t)(place - body), mark, mark_length))) {
        here++;
        place += mark_length;
    }
    if (atomic_fetch_add(&found, here) + here < wanted) return;
    static pthread_mutex_t once = PTHREAD_MUTEX_INITIALIZER;
    pthread_mutex_lock(&once);
    printf("%.0f\n", (double)wanted * 1e9 / (double)(now() - began));
    exit(0);
}

static void answer(int client, const char *text) {
    if (write(client, text, strlen(text)) < 0) return;
}

static void *serve(void *argument) {
    int client = (int)(intptr_t)argument;
    size_t capacity = HEAD, filled = 0;
    char *buffer = malloc(capacity + 1);
    for (;;) {
        char *end;
        buffer[filled] = 0;
        while (!(end = strstr(buffer, "\r\n\r\n"))) {
            if (filled == HEAD) fail("the head of a request is too long");
            ssize_t count = read(client, buffer + filled, capacity - filled);
            if (count <= 0) goto over;
            uint64_t never = 0;
            atomic_compare_exchange_strong(&began, &never, now());
            filled += (size_t)count;
            buffer[filled] = 0;
        }
        size_t head = (size_t)(end - buffer) + 4, length = 0;
        for (char *line = buffer; line < end; line = strstr(line, "\r\n") + 2) {
            if (!strncasecmp(line, "content-length:", 15)) length = strtoul(line + 15, NULL, 10);
            if (!strncasecmp(line, "expect:", 7)) answer(client, "HTTP/1.1 100 Continue\r\n\r\n");
        }
        if (head + length > capacity) {
            capacity = head + length;
            buffer = realloc(buffer, capacity + 1);
        }
        while (filled < head + length) {
            ssize_t count = read(client, buffer + filled, capacity - filled);
            if (count <= 0) goto over;
            filled += (size_t)count;
        }
        answer(client, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        count(buffer + head, length);
        filled -= head + length;
        memmove(buffer, buffer + head + length, filled);
    }
over:
    close(client);
    free(buffer);
    return NULL;
}

int main(int count, char **arguments) {
    if (count != 4) {
        fprintf(stderr, "usage: sink PORT MARK COUNT\n");
        return 2;
    }
    mark = arguments[2];
    mark_length = strlen(mark);
    wanted = strtoull(arguments[3], NULL, 10);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(arguments[1]))};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int listener = socket(AF_INET, SOCK_STREAM, 0), yes = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) < 0) fail("bind");
    if (listen(listener, 128) < 0) fail("listen");
    for (;;) {
        int client = accept(listener, NULL, NULL);
        if (client < 0) fail("accept");
        pthread_t thread;
        if (pthread_create(&thread, NULL, serve, (void *)(intptr_t)client)) fail("pthread_create");
        pthread_detach(thread);
    }
}
