/*
 * What a checkpoint costs: from the file to tensors, and from the file to theta, over what it costs to read its bytes
 * into fresh memory. The file is in the page cache. Without an argument it is one that this program writes, of 100 MB.
 *     bench_read [FILE of torchvision_resnet50 with 1000 classes]
 * SPDX-License-Identifier: MIT
 */
#include "benchmarks/bench.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct {
    const char *path;
    const lsc_layout *layout;
    series bytes, tensors, theta;
} subject;

/* As any program would: read into memory that malloc gives. */
static lsc_status read_bytes(void *context)
{
    lsc_status st = LSC_OK;
    const subject *s = context;
    struct stat info;
    size_t got = 0;
    ssize_t n = 0;
    char *bytes = NULL;
    int fd = open(s->path, O_RDONLY | O_CLOEXEC);
    LSC_CHECK(fd >= 0 && fstat(fd, &info) == 0, LSC_ERR_IO, "%s: cannot open", s->path);
    bytes = malloc((size_t)info.st_size);
    LSC_CHECK(bytes, LSC_ERR_NOMEM, "no memory for %s", s->path);
    while ((n = read(fd, bytes + got, (size_t)info.st_size - got)) > 0)
        got += (size_t)n;
    LSC_CHECK(got == (size_t)info.st_size, LSC_ERR_IO, "%s: cannot read", s->path);
cleanup:
    free(bytes);
    close(fd);
    return st;
}

static lsc_status read_tensors(void *context)
{
    const subject *s = context;
    nn_tensors *t = NULL;
    lsc_status st = nn_tensors_read(s->path, &t);
    nn_tensors_free(t);
    return st;
}

static lsc_status read_theta(void *context)
{
    lsc_status st = LSC_OK;
    const subject *s = context;
    nn_tensors *t = NULL;
    float *theta = NULL;
    LSC_TRY(nn_tensors_read(s->path, &t));
    LSC_NEW(theta, s->layout->n);
    LSC_TRY(nn_checkpoint_fill(t, s->path, s->layout, theta));
cleanup:
    nn_tensors_free(t);
    lsc_free(theta);
    return st;
}

static lsc_status write_file(const nn_graph *g, const char *path)
{
    lsc_status st = LSC_OK;
    float *theta = NULL;
    LSC_NEW(theta, nn_graph_layout(g)->n);
    nn_graph_init(g, 1, theta);
    LSC_TRY(nn_checkpoint_write(path, nn_graph_layout(g), theta, NULL, 0));
cleanup:
    lsc_free(theta);
    return st;
}

/* Milliseconds of reading the bytes; the others as multiples of that, in the same round. */
static lsc_status measure(subject *s, int round, double seconds)
{
    lsc_status st = LSC_OK;
    double bytes = 0, tensors = 0, theta = 0;
    LSC_TRY(bench_rate(read_bytes, s, seconds, &bytes));
    LSC_TRY(bench_rate(read_tensors, s, seconds, &tensors));
    LSC_TRY(bench_rate(read_theta, s, seconds, &theta));
    s->bytes.value[round] = 1e3 / bytes;
    s->tensors.value[round] = bytes / tensors;
    s->theta.value[round] = bytes / theta;
cleanup:
    return st;
}

int main(int argc, char **argv)
{
    lsc_status st = LSC_OK;
    char written[64] = "";
    nn_graph *g = NULL;
    subject s = {0};
    bench_options o;
    const char *file = argc % 2 == 0 ? argv[argc - 1] : NULL;
    int status = bench_parse(argc - (file ? 1 : 0), argv, &o);
    if (status != 0)
        return status;
    LSC_TRY(nn_model_graph("torchvision_resnet50", NULL, 1000, &g));
    if (!file) {
        snprintf(written, sizeof written, "/tmp/bench_read.%d", (int)getpid());
        LSC_TRY(write_file(g, written));
    }
    s.path = file ? file : written;
    s.layout = nn_graph_layout(g);
    for (int round = 0; round < ROUNDS; round++)
        LSC_TRY(measure(&s, round, o.seconds / 2));
    bench_begin(argc, argv, &o);
    bench_result("read the bytes of a checkpoint of 100 MB", "ms", &s.bytes, NULL, 0);
    bench_result("read its tensors", "times the bytes", &s.tensors, NULL, 0);
    bench_result("read theta from it", "times the bytes", &s.theta, NULL, 0);
    bench_end();
cleanup:
    if (written[0])
        unlink(written);
    nn_graph_free(g);
    if (st != LSC_OK)
        fprintf(stderr, "bench_read: %s\n", lsc_last_error());
    return st == LSC_OK ? 0 : 70;
}
