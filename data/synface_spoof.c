/*
 * S3 of synthetic faces: what stands before the camera. A live face is the scene itself; a print is screened, dot by
 * dot, on paper with grain; a display has rows and columns of red, green and blue, its own colours and a
 * reflection, and its pattern becomes moire when the camera samples it. Both are held at an angle of their own.
 * SPDX-License-Identifier: MIT
 */
#include "data/synface_parts.h"

#include <math.h>

/* One value in between the scene's: the light's grid has twice its points. */
static void scene_at(const double *scene, int n, double y, double x, double *rgb)
{
    const syn_taps t = syn_taps_at(y, x, n, n);
    for (int c = 0; c < 3; c++) {
        rgb[c] = 0;
        for (int k = 0; k < 4; k++)
            rgb[c] += t.weight[k] * scene[3 * t.at[k] + c];
    }
}

/* The scene on twice its grid: point i of 2n lies at i (n-1) / (2n-1). */
static void fill_double(const syn_spoof *s, const double *scene, double *to)
{
    const double step = (s->n - 1.0) / (2 * s->n - 1);
    for (int i = 0; i < 2 * s->n; i++) {
        for (int j = 0; j < 2 * s->n; j++)
            scene_at(scene, s->n, i * step, j * step, to + 3 * ((int64_t)i * 2 * s->n + j));
    }
}

/* cos(fx j + fy i + phase) at all points by sums of angles: four rows of cosines and sines. */
typedef struct {
    double *column_cos, *column_sin; /* [n] */
    double fy, phase;
} wave;

static wave wave_of(double *waves, int n, double fx, double fy, double phase)
{
    wave w = {waves, waves + n, fy, phase};
    for (int j = 0; j < n; j++) {
        w.column_cos[j] = cos(fx * j);
        w.column_sin[j] = sin(fx * j);
    }
    return w;
}

/* The row's own angle. */
typedef struct {
    double c, s;
} phasor;

static phasor row_of(const wave *w, int i)
{
    return (phasor){cos(w->fy * i + w->phase), sin(w->fy * i + w->phase)};
}

static inline double wave_at(const wave *w, phasor row, int j)
{
    return w->column_cos[j] * row.c - w->column_sin[j] * row.s;
}

/* One channel through a screen of dots of this period and angle. */
static void screen_channel(const syn_spoof *s, double period, double angle, int channel)
{
    const int n = 2 * s->n;
    const double f = 2 * M_PI / period, share = .55 * s->delta;
    const wave u = wave_of(s->waves, n, cos(angle) * f, sin(angle) * f, 0);
    const wave v = wave_of(s->waves + 2 * n, n, -sin(angle) * f, cos(angle) * f, 0);

    for (int i = 0; i < n; i++) {
        const phasor ru = row_of(&u, i), rv = row_of(&v, i);
        for (int j = 0; j < n; j++) {
            double *x = &s->paper[3 * ((int64_t)i * n + j) + channel];
            const double threshold = .5 + .25 * (wave_at(&u, ru, j) + wave_at(&v, rv, j));
            *x = (1 - share) * *x + share / (1 + exp((threshold - *x) * 9));
        }
    }
}

static void print(const syn_spoof *s, syn_draw *d)
{
    static const double degrees[3] = {15, 75, 45};
    const double period = syn_domains[s->domain].dot * syn_uniform(d, .95, 1.05), turned = syn_uniform(d, -4, 4);
    const int64_t points = 4 * (int64_t)s->n * s->n;

    for (int c = 0; c < 3; c++)
        screen_channel(s, period, (turned + degrees[c]) * (M_PI / 180), c);
    syn_noise_fill(&SYN_GRAIN, d, 2 * s->n, s->cells, s->noise);
    for (int64_t i = 0; i < points; i++) {
        double *x = s->paper + 3 * i;
        for (int c = 0; c < 3; c++)
            x[c] = x[c] * (1 - .22 * s->delta) + .10 * s->delta;
        const double grey = (x[0] + x[1] + x[2]) / 3;
        for (int c = 0; c < 3; c++)
            x[c] = (grey + (x[c] - grey) * (1 - .30 * s->delta)) * (1 + s->delta * .03 * s->noise[i]);
    }
}

/* The display's red, green and blue stripes and its rows. */
static void light_up(const syn_spoof *s, double pitch, double angle)
{
    const int n = 2 * s->n;
    const double f = 2 * M_PI / pitch;
    const wave rows = wave_of(s->waves + 2 * n, n, -sin(angle) * f, cos(angle) * f, 0);

    for (int c = 0; c < 3; c++) {
        const wave stripes = wave_of(s->waves, n, cos(angle) * f, sin(angle) * f, -2 * M_PI * c / 3);
        for (int i = 0; i < n; i++) {
            const phasor rs = row_of(&stripes, i), rr = row_of(&rows, i);
            for (int j = 0; j < n; j++)
                s->paper[3 * ((int64_t)i * n + j) + c] *=
                    (1 + s->delta * .9 * wave_at(&stripes, rs, j)) * (1 + s->delta * .35 * wave_at(&rows, rr, j));
        }
    }
}

static void replay(const syn_spoof *s, syn_draw *d)
{
    static const double mixed[3][3] = {{-.03, .01, 0}, {0, -.02, .02}, {0, .03, .10}}, glass[3] = {.9, 1, 1.1};
    static const syn_noise reflection = {2, 2, .5};
    const double pitch = syn_domains[s->domain].pitch * syn_uniform(d, .97, 1.03);
    const int64_t points = 4 * (int64_t)s->n * s->n;

    light_up(s, pitch, syn_uniform(d, -5, 5) * (M_PI / 180));
    syn_noise_fill(&reflection, d, 2 * s->n, s->cells, s->noise);
    for (int64_t i = 0; i < points; i++) {
        double *x = s->paper + 3 * i, from[3] = {x[0], x[1], x[2]};
        for (int c = 0; c < 3; c++) {
            for (int k = 0; k < 3; k++)
                x[c] += s->delta * from[k] * mixed[k][c];
            x[c] += s->delta * .10 * fmax(0, s->noise[i]) * glass[c];
        }
    }
}

/* As the camera sees a sheet that is held at an angle; what lies in the margin comes in, the margin itself does not. */
static void view(const syn_spoof *s, double *light)
{
    syn_draw d = syn_draw_of(s->seed, "synface pose", s->domain, s->subject, s->video, s->frame);
    const int n = 2 * s->n, side = SYN_LIGHT * s->size, margin = (n - side) / 2;
    double h[4];

    for (int k = 0; k < 4; k++)
        h[k] = syn_normal(&d, .01 * s->delta);
    for (int i = 0; i < side; i++) {
        for (int j = 0; j < side; j++) {
            const double y = 2.0 * (i + margin) / (n - 1) - 1, x = 2.0 * (j + margin) / (n - 1) - 1;
            const double w = 1 + h[0] * x + h[1] * y;
            scene_at(s->paper, n, ((y + h[2] * x) / w + 1) * .5 * (n - 1), ((x + h[3] * y) / w + 1) * .5 * (n - 1),
                     light + 3 * ((int64_t)i * side + j));
        }
    }
}

static void live(const syn_spoof *s, const double *scene, double *light)
{
    const int side = SYN_LIGHT * s->size, margin = (2 * s->n - side) / 2;
    const double step = (s->n - 1.0) / (2 * s->n - 1);
    for (int i = 0; i < side; i++) {
        for (int j = 0; j < side; j++)
            scene_at(scene, s->n, (i + margin) * step, (j + margin) * step, light + 3 * ((int64_t)i * side + j));
    }
}

void syn_spoof_render(const syn_spoof *s, const double *scene, double *light)
{
    syn_draw d = syn_draw_of(s->seed, "synface attack", s->domain, s->subject, s->video, 0);
    if (s->species == DS_NO_ATTACK) {
        live(s, scene, light);
        return;
    }
    fill_double(s, scene, s->paper);
    if (s->species == DS_PRINT)
        print(s, &d);
    else
        replay(s, &d);
    view(s, light);
}
