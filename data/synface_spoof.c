/*
 * S3 of synthetic faces: what stands before the camera. A live face is the scene itself; a print is screened, dot by
 * dot, on paper with grain; a display has rows and columns of red, green and blue, its own colours and a
 * reflection, and its pattern becomes moire when the camera samples it. Both are held at an angle of their own.
 * SPDX-License-Identifier: MIT
 */
#include "data/synface_parts.h"

#include <math.h>

/* ---- between the points of a grid ------------------------------------------------------------- */

/* At (y, x) of the cell whose upper left point is at `from`; rows are n points. */
SYN_INLINE syn_colour between(const syn_colour *from, int n, double y, double x)
{
    return (1 - y) * (1 - x) * from[0] + (1 - y) * x * from[1] + y * (1 - x) * from[n] + y * x * from[n + 1];
}

SYN_CLONES
static void stretch_row(const syn_colour *row, int n, double y, const syn_axis *columns, int count, syn_colour *to)
{
    for (int j = 0; j < count; j++)
        to[j] = between(row + columns->cell[j], n, y, columns->part[j]);
}

/* The scene on twice its grid, whose point k lies at k (n-1) / (2n-1): the `count` ones a side from `first` on. */
static void stretch(const syn_spoof *s, const syn_colour *scene, int first, int count, syn_colour *to)
{
    const syn_axis *axis = &s->scratch->columns;
    syn_axis_fill(axis, count, first, (s->n - 1.0) / (2 * s->n - 1), s->n);
    for (int i = 0; i < count; i++)
        stretch_row(scene + (int64_t)axis->cell[i] * s->n, s->n, axis->part[i], axis, count, to + (int64_t)i * count);
}

/* ---- waves ---------------------------------------------------------------------------------------- */

/* cos(fx j + fy i + phase) at all points, of each channel, by sums of angles: cosines and sines of columns and rows. */
typedef struct {
    syn_colour *cosine, *sine; /* [n] of the columns */
    double fy[3], phase[3];
} wave;

static void set_columns(wave *w, int n, int channel, double fx)
{
    for (int j = 0; j < n; j++) {
        w->cosine[j][channel] = cos(fx * j);
        w->sine[j][channel] = sin(fx * j);
    }
}

/* Two waves of the attack's period at right angles, the first one so many degrees from the attack's and shifted. */
static void make_waves(const syn_spoof *s, const double degrees[3], const double shift[3], wave out[2])
{
    const int n = 2 * s->n;
    const double f = 2 * M_PI / s->attack->period;

    for (int k = 0; k < 2; k++)
        out[k] = (wave){.cosine = s->waves + 2 * k * n, .sine = s->waves + (2 * k + 1) * n};
    for (int c = 0; c < 3; c++) {
        const double angle = (s->attack->turned + degrees[c]) * (M_PI / 180);
        set_columns(&out[0], n, c, cos(angle) * f);
        set_columns(&out[1], n, c, -sin(angle) * f);
        out[0].fy[c] = sin(angle) * f;
        out[1].fy[c] = cos(angle) * f;
        out[0].phase[c] = shift[c];
    }
}

/* Row i of a wave. */
typedef struct {
    const syn_colour *cosine, *sine;
    syn_colour c, s; /* of the row's own angle */
} wave_row;

static void row_of(const wave *w, int i, wave_row *out)
{
    *out = (wave_row){.cosine = w->cosine, .sine = w->sine};
    for (int c = 0; c < 3; c++) {
        out->c[c] = cos(w->fy[c] * i + w->phase[c]);
        out->s[c] = sin(w->fy[c] * i + w->phase[c]);
    }
}

SYN_INLINE syn_colour wave_at(const wave_row *row, int j)
{
    return row->cosine[j] * row->c - row->sine[j] * row->s;
}

/* ---- print ---------------------------------------------------------------------------------------- */

/* Ink is dull, paper has a grain. */
SYN_INLINE syn_colour on_paper(syn_colour x, double delta, double grain)
{
    x = x * (1 - .22 * delta) + .10 * delta;
    const double grey = (x[0] + x[1] + x[2]) / 3;
    return (grey + (x - grey) * (1 - .30 * delta)) * (1 + delta * .03 * grain);
}

/* A row through a screen of dots. */
SYN_CLONES
static void print_row(syn_colour *x, const wave_row *u, const wave_row *v, const double *grain, int n, double delta)
{
    const double share = .55 * delta;
    for (int j = 0; j < n; j++) {
        const syn_colour threshold = .5 + .25 * (wave_at(u, j) + wave_at(v, j));
        x[j] = on_paper((1 - share) * x[j] + share * syn_falling((threshold - x[j]) * 9), delta, grain[j]);
    }
}

static void print(const syn_spoof *s)
{
    static const double degrees[3] = {15, 75, 45}, shift[3] = {0};
    const int n = 2 * s->n;
    wave waves[2];
    wave_row u, v;

    make_waves(s, degrees, shift, waves);
    for (int i = 0; i < n; i++) {
        row_of(&waves[0], i, &u);
        row_of(&waves[1], i, &v);
        print_row(s->paper + (int64_t)i * n, &u, &v, s->attack->noise + (int64_t)i * n, n, s->delta);
    }
}

/* ---- replay --------------------------------------------------------------------------------------- */

/* The display's colours, and what its glass reflects. */
SYN_INLINE syn_colour behind_glass(syn_colour x, double delta, double reflection)
{
    static const double mixed[3][3] = {{-.03, .01, 0}, {0, -.02, .02}, {0, .03, .10}}, glass[3] = {.9, 1, 1.1};
    const syn_colour from = x;
    for (int k = 0; k < 3; k++)
        x += delta * from[k] * syn_rgb(mixed[k]);
    return x + delta * .10 * (reflection > 0 ? reflection : 0) * syn_rgb(glass);
}

/* A row of red, green and blue stripes, and rows of them. */
SYN_CLONES
static void replay_row(syn_colour *x, const wave_row *stripes, const wave_row *rows, const double *reflection, int n,
                       double delta)
{
    for (int j = 0; j < n; j++) {
        x[j] *= (1 + delta * .9 * wave_at(stripes, j)) * (1 + delta * .35 * wave_at(rows, j));
        x[j] = behind_glass(x[j], delta, reflection[j]);
    }
}

static void replay(const syn_spoof *s)
{
    static const double degrees[3] = {0}, shift[3] = {0, -2 * M_PI / 3, -4 * M_PI / 3};
    const int n = 2 * s->n;
    wave waves[2];
    wave_row stripes, rows;

    make_waves(s, degrees, shift, waves);
    for (int i = 0; i < n; i++) {
        row_of(&waves[0], i, &stripes);
        row_of(&waves[1], i, &rows);
        replay_row(s->paper + (int64_t)i * n, &stripes, &rows, s->attack->noise + (int64_t)i * n, n, s->delta);
    }
}

void syn_attack_draw(uint64_t seed, int domain, int subject, int video, ds_attack species, int n,
                     const syn_scratch *scratch, double *noise, syn_attack *out)
{
    syn_draw d = syn_draw_of(seed, "synface attack", domain, subject, video, 0);
    const bool is_print = species == DS_PRINT;
    syn_attack a = {.noise = noise};

    a.period = is_print ? syn_domains[domain].dot * syn_uniform(&d, .95, 1.05)
                        : syn_domains[domain].pitch * syn_uniform(&d, .97, 1.03);
    a.turned = is_print ? syn_uniform(&d, -4, 4) : syn_uniform(&d, -5, 5);
    syn_noise_fill(is_print ? &SYN_GRAIN : &SYN_REFLECTION, &d, 2 * n, scratch, noise);
    *out = a;
}

/* ---- before the camera ------------------------------------------------------------------------------ */

/* The sheet's pose: places x, y of the view in -1 .. 1 show ((y + h2 x) / w, (x + h3 y) / w), w = 1 + h0 x + h1 y. */
typedef struct {
    double h[4];
    int n, margin; /* points a side of the sheet, beyond the view */
} pose;

/* Where row i of the view lies on the sheet. */
SYN_CLONES
static void aim(const pose *p, int i, int side, const syn_axis *rows, const syn_axis *columns)
{
    const double *h = p->h, y = 2.0 * (i + p->margin) / (p->n - 1) - 1;
    for (int j = 0; j < side; j++) {
        const double x = 2.0 * (j + p->margin) / (p->n - 1) - 1, w = 1 + h[0] * x + h[1] * y;
        rows->part[j] = syn_cell(((y + h[2] * x) / w + 1) * .5 * (p->n - 1), p->n, &rows->cell[j]);
        columns->part[j] = syn_cell(((x + h[3] * y) / w + 1) * .5 * (p->n - 1), p->n, &columns->cell[j]);
    }
}

SYN_CLONES
static void view_row(const syn_colour *sheet, int n, const syn_axis *rows, const syn_axis *columns, int side,
                     syn_colour *to)
{
    for (int j = 0; j < side; j++)
        to[j] = between(sheet + (int64_t)rows->cell[j] * n + columns->cell[j], n, rows->part[j], columns->part[j]);
}

/* As the camera sees a sheet that is held at an angle; what lies in the margin comes in, the margin itself does not. */
static void view(const syn_spoof *s, syn_colour *light)
{
    const int side = SYN_LIGHT * s->size;
    const syn_scratch *scratch = s->scratch;
    pose p = {.n = 2 * s->n, .margin = (2 * s->n - side) / 2};
    syn_draw d = s->pose;

    for (int k = 0; k < 4; k++)
        p.h[k] = syn_normal(&d, .01 * s->delta);
    for (int i = 0; i < side; i++) {
        aim(&p, i, side, &scratch->rows, &scratch->columns);
        view_row(s->paper, p.n, &scratch->rows, &scratch->columns, side, light + (int64_t)i * side);
    }
}

void syn_spoof_render(const syn_spoof *s, const syn_colour *scene, syn_colour *light)
{
    const int side = SYN_LIGHT * s->size;
    if (s->species == DS_NO_ATTACK) {
        stretch(s, scene, (2 * s->n - side) / 2, side, light);
        return;
    }
    stretch(s, scene, 0, 2 * s->n, s->paper);
    if (s->species == DS_PRINT)
        print(s);
    else
        replay(s);
    view(s, light);
}
