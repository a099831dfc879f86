/*
 * See bench.h.
 * SPDX-License-Identifier: MIT
 */
#include "benchmarks/bench.h"
#include "lsc_build.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- options and rounds -------------------------------------------------------------------------- */

static int usage(const char *program)
{
    fprintf(stderr, "usage: %s [--threads N] [--seconds S]\n", program);
    return 64;
}

int bench_parse(int argc, char **argv, bench_options *out)
{
    *out = (bench_options){.threads = (int)sysconf(_SC_NPROCESSORS_ONLN), .seconds = 0.5};
    for (int i = 1; i < argc; i += 2) {
        if (i + 1 == argc)
            return usage(argv[0]);
        if (strcmp(argv[i], "--threads") == 0)
            out->threads = atoi(argv[i + 1]);
        else if (strcmp(argv[i], "--seconds") == 0)
            out->seconds = atof(argv[i + 1]);
        else
            return usage(argv[0]);
    }
    return out->threads >= 1 && out->seconds > 0 ? 0 : usage(argv[0]);
}

lsc_status bench_rate(bench_work f, void *context, double seconds, double *calls)
{
    double started = lsc_seconds(), now = started;
    int64_t n = 0;
    for (; now - started < seconds; now = lsc_seconds(), n++) {
        lsc_status st = f(context);
        if (st != LSC_OK)
            return st;
    }
    *calls = (double)n / (now - started);
    return LSC_OK;
}

lsc_status bench_rate_and_peak(bench_work f, void *context, const bench_options *o, double *calls, double *peak)
{
    double before = bench_peak(o->threads, o->seconds / 4);
    lsc_status st = bench_rate(f, context, o->seconds, calls);
    if (st == LSC_OK)
        *peak = (before + bench_peak(o->threads, o->seconds / 4)) / 2;
    return st;
}

/* ---- results ---------------------------------------------------------------------------------------- */

static void quoted(const char *text)
{
    lsc_text t = {0};
    lsc_quote_json(&t, text);
    fputs(t.failed ? "\"\"" : t.text, stdout);
    lsc_text_free(&t);
}

/* "model name : X" of /proc/cpuinfo. */
static void cpu_model(char *out, size_t n)
{
    char line[256];
    FILE *f = fopen("/proc/cpuinfo", "r");
    snprintf(out, n, "unknown");
    while (f && fgets(line, sizeof line, f))
        if (strncmp(line, "model name", 10) == 0 && strchr(line, ':')) {
            line[strcspn(line, "\n")] = '\0';
            snprintf(out, n, "%s", strchr(line, ':') + 2);
            break;
        }
    if (f)
        fclose(f);
}

void bench_begin(int argc, char **argv, const bench_options *o)
{
    char model[256];
    lsc_text command = {0};
    for (int i = 0; i < argc; i++) {
        const char *slash = i == 0 ? strrchr(argv[0], '/') : NULL;
        lsc_text_add(&command, "%s%s", i ? " " : "", slash ? slash + 1 : argv[i]);
    }
    cpu_model(model, sizeof model);
    printf("{\n  \"command\": ");
    quoted(command.failed ? "" : command.text);
    printf(",\n  \"git\": \"%s\",\n  \"machine\": {\"cpu\": ", LSC_GIT_DESCRIBE);
    quoted(model);
    printf(", \"cores\": %ld, \"threads\": %d, \"onednn\": \"%s\", \"compiler\": \"%s\"},\n",
           sysconf(_SC_NPROCESSORS_ONLN), o->threads, BENCH_ONEDNN, BENCH_COMPILER);
    printf("  \"rounds\": %d,\n  \"results\": [", ROUNDS);
    lsc_text_free(&command);
}

static void spread(const series *s)
{
    series sorted = *s;
    lsc_sort(sorted.value, ROUNDS);
    printf("\"median\": %.6g, \"smallest\": %.6g, \"largest\": %.6g", sorted.value[ROUNDS / 2], sorted.value[0],
           sorted.value[ROUNDS - 1]);
}

void bench_result(const char *what, const char *unit, const series *s, const series *peak, double flops)
{
    static bool more;
    series share = {{0}};
    printf("%s\n    {\"what\": \"%s\", \"unit\": \"%s\", ", more ? "," : "", what, unit);
    spread(s);
    if (peak) {
        for (int i = 0; i < ROUNDS; i++)
            share.value[i] = s->value[i] * flops / peak->value[i];
        printf(", \"share_of_peak\": {");
        spread(&share);
        printf("}");
    }
    printf("}");
    more = true;
}

void bench_end(void)
{
    printf("\n  ]\n}\n");
}

/* ---- networks ------------------------------------------------------------------------------------------ */

lsc_status bench_network_make(bench_network *b, const char *model, int64_t n)
{
    lsc_status st = LSC_OK;
    *b = (bench_network){.n = n};
    LSC_TRY(nn_model_graph(model, NULL, 10, &b->graph));
    b->flops = nn_graph_flops(b->graph);
    LSC_NEW(b->theta, nn_graph_layout(b->graph)->n);
    LSC_NEW(b->images, n * nn_shape_elements(nn_graph_input(b->graph)));
    LSC_NEW(b->logits, n * nn_graph_classes(b->graph));
    nn_graph_init(b->graph, 1, b->theta);
    for (int64_t i = 0; i < n * nn_shape_elements(nn_graph_input(b->graph)); i++)
        b->images[i] = (float)lsc_rng_normal((lsc_rng){1, 2}, (uint64_t)i);
cleanup:
    return st;
}

void bench_network_free(bench_network *b)
{
    nn_graph_free(b->graph);
    lsc_free(b->theta);
    lsc_free(b->images);
    lsc_free(b->logits);
    *b = (bench_network){0};
}
