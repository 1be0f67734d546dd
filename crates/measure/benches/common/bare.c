/* The simplest loop in C: write a request, read its reply, two clock readings about it.
 * bare PATH|PORT spin|block SAMPLES WARMUP prints the median in nanoseconds. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static const char request[] = "*2\r\n$3\r\nGET\r\n$16\r\nphasegate:absent\r\n";
static const char reply[] = "$-1\r\n";

static uint64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static int connect_to(const char *place) {
    if (place[0] == '/') {
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        if (strlen(place) >= sizeof address.sun_path) fail("the path is too long");
        strcpy(address.sun_path, place);
        int file = socket(AF_UNIX, SOCK_STREAM, 0);
        if (connect(file, (struct sockaddr *)&address, sizeof address)) fail("connect");
        return file;
    }
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(place))};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int one = 1, file = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(file, (struct sockaddr *)&address, sizeof address)) fail("connect");
    setsockopt(file, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    return file;
}

static int by_size(const void *a, const void *b) {
    uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
    return (left > right) - (left < right);
}

int main(int count, char **words) {
    if (count != 5) return 2;
    size_t samples = strtoul(words[3], NULL, 10), warmup = strtoul(words[4], NULL, 10);
    int file = connect_to(words[1]);
    if (!strcmp(words[2], "spin")) fcntl(file, F_SETFL, fcntl(file, F_GETFL) | O_NONBLOCK);
    uint64_t *times = malloc((samples + warmup) * sizeof *times);
    if (!times) fail("malloc");
    char buffer[64];
    for (size_t turn = 0; turn < samples + warmup; turn++) {
        uint64_t begin = now();
        if (write(file, request, sizeof request - 1) != sizeof request - 1) fail("write");
        ssize_t got;
        while ((got = read(file, buffer, sizeof buffer)) < 0) {
            if (errno != EAGAIN && errno != EINTR) fail("read");
#if defined(__x86_64__)
            __builtin_ia32_pause();
#endif
        }
        times[turn] = now() - begin;
        if (got != sizeof reply - 1 || memcmp(buffer, reply, sizeof reply - 1)) fail("reply");
    }
    qsort(times + warmup, samples, sizeof *times, by_size);
    printf("%llu\n", (unsigned long long)times[warmup + samples / 2]);
    return 0;
}
