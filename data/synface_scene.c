/*
 * S1 and S2 of synthetic faces: an ellipsoid with a nose, eyes, brows, mouth and hair, lit by a Lambert term and a
 * Blinn lobe of exponent 25 in front of a background of noise.
 * SPDX-License-Identifier: MIT
 */
#include "data/synface_parts.h"

#include <math.h>

/* exp(-x) is nothing beside 1 in double from here on. */
#define NOTHING 40

static const double skins[6][3] = {{.87, .66, .54}, {.80, .57, .44}, {.68, .46, .34},
                                   {.53, .35, .25}, {.38, .25, .18}, {.25, .16, .12}};

static double clamp(double x, double lo, double hi)
{
    return x < lo ? lo : x > hi ? hi : x;
}

void syn_subject_draw(uint64_t seed, int domain, int subject, int n, double *scratch, double *texture, syn_subject *out)
{
    static const double hair[3] = {1, .85, .7};
    syn_draw d = syn_draw_of(seed, "synface subject", domain, subject, 0, 0);
    const double *skin = skins[lsc_rng_below(d.rng, d.next++, LSC_COUNT(skins))];
    syn_subject s;

    for (int c = 0; c < 3; c++)
        s.skin[c] = skin[c] * syn_uniform(&d, .92, 1.08);
    s.ax = syn_uniform(&d, .33, .40);
    s.ay = syn_uniform(&d, .43, .50);
    s.eye = syn_uniform(&d, .13, .17);
    s.eye_y = syn_uniform(&d, -.14, -.08);
    s.mouth = syn_uniform(&d, .10, .16);
    s.mouth_y = syn_uniform(&d, .20, .27);
    s.nose = syn_uniform(&d, .05, .08);
    const double tone = syn_uniform(&d, .03, .35);
    for (int c = 0; c < 3; c++)
        s.hair[c] = tone * hair[c];
    syn_noise_fill(&SYN_TEXTURE, &d, n, scratch, texture);
    s.brow = syn_uniform(&d, .02, .035);
    *out = s;
}

syn_noise syn_background(int domain)
{
    return (syn_noise){syn_domains[domain].background, 3, .6};
}

void syn_video_draw(uint64_t seed, int domain, int subject, int video, int n, double *scratch, double *background,
                    syn_video *out)
{
    syn_draw d = syn_draw_of(seed, "synface video", domain, subject, video, 0);
    const syn_noise noise = syn_background(domain);
    double x = sin(syn_domains[domain].azimuth) * .8 + syn_normal(&d, .15), y = -.4 + syn_normal(&d, .15), z = .9;
    const double length = sqrt(x * x + y * y + z * z);
    syn_video v = {.light = {x / length, y / length, z / length}};

    syn_noise_fill(&noise, &d, n, scratch, background);
    for (int64_t i = 0; i < (int64_t)n * n; i++)
        background[i] = clamp(.35 + .18 * background[i], .02, 1);
    for (int c = 0; c < 3; c++)
        v.tint[c] = syn_uniform(&d, .7, 1.1);
    *out = v;
}

/* A place of the frame in the coordinates of the face. */
typedef struct {
    double x, y;
} place;

static place face_at(const syn_scene *s, int row, int column)
{
    const int margin = (s->n - s->side) / 2;
    const double step = 1.2 / (s->side - 1);
    const double x = -.6 + (column - margin) * step - s->dx, y = -.6 + (row - margin) * step - s->dy;
    return (place){s->cosine * x - s->sine * y, s->sine * x + s->cosine * y};
}

static void fill_bump(const syn_scene *s, double *bump)
{
    for (int i = 0; i < s->n; i++) {
        for (int j = 0; j < s->n; j++) {
            const place p = face_at(s, i, j);
            const double u = p.x / s->subject->nose, v = (p.y - .05) / .13;
            bump[(int64_t)i * s->n + j] = u * u + v * v < NOTHING ? exp(-u * u - v * v) * .35 : 0;
        }
    }
}

/* Differences over neighbours, one-sided at the edge. */
static double slope(const double *bump, int64_t at, int64_t step, int i, int n, double spacing)
{
    const int before = i > 0, after = i < n - 1;
    return (bump[at + after * step] - bump[at - before * step]) / ((before + after) * spacing);
}

/* Diffuse and specular light at a place. */
typedef struct {
    double diffuse, specular;
} shade;

static double power_25(double x)
{
    const double x2 = x * x, x4 = x2 * x2, x8 = x4 * x4;
    return x8 * x8 * x8 * x;
}

static shade light_at(const syn_scene *s, place p, double e, double slope_x, double slope_y)
{
    const double *l = s->video->light;
    const double x = p.x / s->subject->ax * .9 - slope_x * .18, y = p.y / s->subject->ay * .9 - slope_y * .18;
    const double z = sqrt(clamp(1 - e, .02, 1)), length = sqrt(x * x + y * y + z * z);
    const double towards = (x * l[0] + y * l[1] + z * l[2]) / length;
    return (shade){clamp(towards, 0, 1), power_25(clamp(2 * towards * (z / length) - l[2], 0, 1))};
}

static void blend(double *albedo, double share, const double colour[3])
{
    for (int c = 0; c < 3; c++)
        albedo[c] = albedo[c] * (1 - share) + share * colour[c];
}

/* A spot with the colour at (x, y) of the radii rx, ry. */
static void add_spot(double *albedo, place p, double x, double y, double rx, double ry, const double colour[3])
{
    const double u = (p.x - x) / rx, v = (p.y - y) / ry, d = u * u + v * v;
    if (d * d < NOTHING)
        blend(albedo, exp(-d * d), colour);
}

static void albedo_at(const syn_scene *s, place p, double texture, double *albedo)
{
    static const double white[3] = {.9, .9, .88}, pupil[3] = {.06, .06, .06};
    const syn_subject *f = s->subject;
    const double lips[3] = {f->skin[0] * .85, f->skin[1] * .45, f->skin[2] * .45};

    for (int c = 0; c < 3; c++)
        albedo[c] = f->skin[c] * (1 + .10 * texture);
    for (int side = -1; side <= 1; side += 2) {
        add_spot(albedo, p, side * f->eye, f->eye_y, .065, .03, white);
        add_spot(albedo, p, side * f->eye, f->eye_y, .026, .028, pupil);
        add_spot(albedo, p, side * f->eye, f->eye_y - .075, .085, f->brow, f->hair);
    }
    add_spot(albedo, p, 0, f->mouth_y, f->mouth, .028, lips);
    const double below = (p.y + f->ay * .62) * 60; /* of the hairline */
    if (below < NOTHING)
        blend(albedo, 1 / (1 + exp(below)) * .97, f->hair);
}

void syn_scene_render(const syn_scene *s, double *bump, double *scene)
{
    const double spacing = 1.2 / s->side;

    fill_bump(s, bump);
    for (int i = 0; i < s->n; i++) {
        for (int j = 0; j < s->n; j++) {
            const int64_t at = (int64_t)i * s->n + j;
            const place p = face_at(s, i, j);
            const double u = p.x / s->subject->ax, v = p.y / s->subject->ay, e = u * u + v * v, edge = (e - 1) * 18;
            const double face = edge > NOTHING ? 0 : 1 / (1 + exp(edge));
            shade l = {0};
            double albedo[3] = {0};
            if (face > 0) {
                l = light_at(s, p, e, slope(bump, at, 1, j, s->n, spacing), slope(bump, at, s->n, i, s->n, spacing));
                albedo_at(s, p, s->texture[at], albedo);
            }
            for (int c = 0; c < 3; c++) {
                const double lit = albedo[c] * (s->domain->ambient + (1 - s->domain->ambient) * l.diffuse) +
                                   s->domain->specular * l.specular;
                scene[3 * at + c] = clamp(face * lit + (1 - face) * s->background[at] * s->video->tint[c], 0, 1);
            }
        }
    }
}
