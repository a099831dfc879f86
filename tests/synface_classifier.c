/*
 * See synface_classifier.h.
 * SPDX-License-Identifier: MIT
 */
#include "synface_classifier.h"

#include "support/support.h"

#include <complex.h>
#include <math.h>
#include <stdlib.h>

#include "data/each.h"

#define RINGS    8
#define FEATURES (3 * 3 + 3 + 3 * RINGS)
#define DECAY    .01
#define SIDE_MAX 256
#define STEPS    600
#define RATE     .5

typedef struct {
    double x[FEATURES];
    int domain, subject;
    bool live;
} example;

typedef struct {
    const ds_synfaces *o;
    example *example; /* [domains, subjects, videos] */
    int n;
} survey;

/* ---- features ------------------------------------------------------------------------------- */

/* The discrete Fourier transform of x[0], x[stride], ..; n a power of 2; decimation in time. root [n stride / 2]:
 * exp(-2 pi i k / (n stride)). */
static void transform(const double complex *x, const double complex *root, int n, int stride, double complex *out)
{
    if (n == 1) {
        out[0] = x[0];
        return;
    }
    transform(x, root, n / 2, 2 * stride, out);
    transform(x + stride, root, n / 2, 2 * stride, out + n / 2);
    for (int k = 0; k < n / 2; k++) {
        const double complex even = out[k], odd = root[k * stride] * out[k + n / 2];
        out[k] = even + odd;
        out[k + n / 2] = even - odd;
    }
}

/* Rows, then columns; the result is transposed. */
static void transform_plane(double complex *plane, int n, double complex *scratch)
{
    double complex root[SIDE_MAX / 2];
    for (int k = 0; k < n / 2; k++)
        root[k] = cexp(-2 * M_PI * I * k / n);
    for (int pass = 0; pass < 2; pass++) {
        for (int i = 0; i < n; i++)
            transform(plane + (size_t)i * n, root, n, 1, scratch + (size_t)i * n);
        for (int i = 0; i < n; i++) {
            for (int j = 0; j < n; j++)
                plane[(size_t)j * n + i] = scratch[(size_t)i * n + j];
        }
    }
}

/* Logarithms of the mean power in rings of equal width. */
static void add_rings(const double complex *plane, int n, double *out)
{
    double power[RINGS] = {0}, count[RINGS] = {0};
    for (int i = 0; i < n; i++) {
        for (int j = 0; j < n; j++) {
            const double y = i < n / 2 ? i : i - n, x = j < n / 2 ? j : j - n;
            const int ring = (int)fmin(RINGS - 1, RINGS * sqrt(x * x + y * y) / (n * M_SQRT1_2));
            power[ring] += creal(plane[(size_t)i * n + j] * conj(plane[(size_t)i * n + j]));
            count[ring] += 1;
        }
    }
    for (int k = 0; k < RINGS; k++)
        out[k] = log(power[k] / count[k] + 1e-9);
}

/* Mean, deviation and skewness of each channel, correlations between them, rings of each. */
static void fill_features(const uint8_t *rgb, int n, double complex *plane, double complex *scratch, double *x)
{
    const int pixels = n * n;
    double mean[3] = {0}, deviation[3], product[3][3] = {{0}}, cube[3] = {0};

    for (int k = 0; k < 3 * pixels; k++)
        mean[k % 3] += rgb[k] / (double)pixels;
    for (int p = 0; p < pixels; p++) {
        for (int c = 0; c < 3; c++) {
            const double d = rgb[3 * p + c] - mean[c];
            cube[c] += d * d * d / pixels;
            for (int e = 0; e < 3; e++)
                product[c][e] += d * (rgb[3 * p + e] - mean[e]) / pixels;
        }
    }
    for (int c = 0; c < 3; c++) {
        deviation[c] = sqrt(product[c][c]) + 1e-9;
        *x++ = mean[c];
        *x++ = deviation[c];
        *x++ = cube[c] / (deviation[c] * deviation[c] * deviation[c]);
    }
    for (int c = 0; c < 3; c++)
        *x++ = product[c][(c + 1) % 3] / (deviation[c] * deviation[(c + 1) % 3]);
    for (int c = 0; c < 3; c++, x += RINGS) {
        for (int p = 0; p < pixels; p++)
            plane[p] = rgb[3 * p + c] - mean[c];
        transform_plane(plane, n, scratch);
        add_rings(plane, n, x);
    }
}

/* All videos of one subject of one domain. */
static lsc_status look_at_subject(void *context, int64_t i)
{
    lsc_status st = LSC_OK;
    const survey *s = context;
    const int domain = (int)(i / s->o->subjects), subject = (int)(i % s->o->subjects), pixels = s->o->size * s->o->size;
    ds_renderer *r = NULL;
    uint8_t *rgb = NULL;
    double complex *planes = NULL;

    LSC_TRY(ds_renderer_new(s->o, &r));
    LSC_NEW(rgb, 3 * pixels);
    LSC_NEW(planes, 2 * pixels);
    for (int video = 0; video < s->o->videos; video++) {
        example *e = &s->example[i * s->o->videos + video];
        e->domain = domain;
        e->subject = subject;
        e->live = ds_synface_attack(s->o, video) == DS_NO_ATTACK;
        ds_render(r, domain, subject, video, 0, rgb);
        fill_features(rgb, s->o->size, planes, planes + pixels, e->x);
    }
cleanup:
    ds_renderer_free(r);
    lsc_free(rgb);
    lsc_free(planes);
    return st;
}

/* ---- logistic regression -------------------------------------------------------------------- */

typedef struct {
    double mean[FEATURES], deviation[FEATURES], weight[FEATURES], bias;
} classifier;

static double score(const classifier *c, const example *e)
{
    double sum = c->bias;
    for (int f = 0; f < FEATURES; f++)
        sum += c->weight[f] * (e->x[f] - c->mean[f]) / c->deviation[f];
    return sum;
}

static void standardize(classifier *c, example *const *e, int n)
{
    for (int f = 0; f < FEATURES; f++) {
        double sum = 0, squares = 0;
        for (int i = 0; i < n; i++)
            sum += e[i]->x[f];
        c->mean[f] = sum / n;
        for (int i = 0; i < n; i++)
            squares += (e[i]->x[f] - c->mean[f]) * (e[i]->x[f] - c->mean[f]);
        c->deviation[f] = sqrt(squares / n) + 1e-9;
    }
}

/* Gradient descent on the mean loss + DECAY / 2 |w|^2. */
static void fit(classifier *c, example *const *e, int n)
{
    *c = (classifier){.bias = 0};
    standardize(c, e, n);
    for (int step = 0; step < STEPS; step++) {
        double gradient[FEATURES] = {0}, bias = 0;
        for (int i = 0; i < n; i++) {
            const double error = (1 / (1 + exp(-score(c, e[i]))) - e[i]->live) / n;
            bias += error;
            for (int f = 0; f < FEATURES; f++)
                gradient[f] += error * (e[i]->x[f] - c->mean[f]) / c->deviation[f];
        }
        c->bias -= RATE * bias;
        for (int f = 0; f < FEATURES; f++)
            c->weight[f] -= RATE * (gradient[f] + DECAY * c->weight[f]);
    }
}

/* The share of pairs of a live face and an attack in which the live one scores more. */
static double area(const classifier *c, example *const *e, int n)
{
    double better = 0, pairs = 0;
    for (int i = 0; i < n; i++) {
        for (int j = 0; j < n; j++) {
            if (!e[i]->live || e[j]->live)
                continue;
            const double difference = score(c, e[i]) - score(c, e[j]);
            better += difference > 0 ? 1 : difference < 0 ? 0 : .5;
            pairs += 1;
        }
    }
    return better / pairs;
}

/* Train on some, test on others: domain -1 stands for all but `but`, half 0 or 1 for a half of the subjects. */
static int choose(const survey *s, int domain, int but, int half, example **out)
{
    int m = 0;
    for (int i = 0; i < s->n; i++) {
        example *e = &s->example[i];
        if ((domain < 0 || e->domain == domain) && e->domain != but && (half < 0 || e->subject % 2 == half))
            out[m++] = e;
    }
    return m;
}

void synface_classify(const ds_synfaces *o, synface_auc *out)
{
    const int n = DS_SYNFACE_DOMAINS * o->subjects * o->videos;
    survey s = {.o = o, .example = lsc_calloc((size_t)n, sizeof *s.example), .n = n};
    example **chosen = lsc_calloc((size_t)n, sizeof *chosen);
    classifier c;

    CHECK_OK(ds_synfaces_check(o));
    CHECK(o->size <= SIDE_MAX);
    CHECK_OK(ds_each(0, "faces", (int64_t)DS_SYNFACE_DOMAINS * o->subjects, look_at_subject, &s));
    for (int domain = 0; domain < DS_SYNFACE_DOMAINS; domain++) {
        out->within[domain] = 0;
        for (int half = 0; half < 2; half++) {
            fit(&c, chosen, choose(&s, domain, -1, half, chosen));
            out->within[domain] += area(&c, chosen, choose(&s, domain, -1, 1 - half, chosen)) / 2;
        }
        fit(&c, chosen, choose(&s, -1, domain, -1, chosen));
        out->across[domain] = area(&c, chosen, choose(&s, domain, -1, -1, chosen));
    }
    lsc_free(s.example);
    lsc_free(chosen);
}

double synface_mean(const double *of_domains)
{
    double sum = 0;
    for (int domain = 0; domain < DS_SYNFACE_DOMAINS; domain++)
        sum += of_domains[domain] / DS_SYNFACE_DOMAINS;
    return sum;
}
