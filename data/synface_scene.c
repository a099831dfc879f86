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

SYN_INLINE double clamp(double x, double lo, double hi)
{
    return x < lo ? lo : x > hi ? hi : x;
}

void syn_subject_draw(uint64_t seed, int domain, int subject, int n, const syn_scratch *scratch, double *texture,
                      syn_subject *out)
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

void syn_video_draw(uint64_t seed, int domain, int subject, int video, int n, const syn_scratch *scratch,
                    double *background, syn_video *out)
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

/* Four places of the frame in the coordinates of the face. */
typedef struct {
    syn_four x, y;
} places;

/* Points column .. column + 3 of a row; those beyond its end are places, too. */
SYN_INLINE places face_at(const syn_scene *s, int row, int column)
{
    const int margin = (s->n - s->side) / 2;
    const double step = 1.2 / (s->side - 1), y = -.6 + (row - margin) * step - s->dy, at = column - margin;
    const syn_four x = -.6 + (syn_four){at, at + 1, at + 2, at + 3} * step - s->dx;
    return (places){s->cosine * x - s->sine * y, s->sine * x + s->cosine * y};
}

SYN_INLINE int at_most_four(int left)
{
    return left < 4 ? left : 4;
}

/* How far the nose stands out. */
SYN_CLONES
static void bump_row(const syn_scene *s, int i, double *bump)
{
    for (int j = 0; j < s->n; j += 4) {
        const places p = face_at(s, i, j);
        const syn_four u = p.x / s->subject->nose, v = (p.y - .05) / .13, square = u * u + v * v;
        const syn_four height = syn_where(square < NOTHING, syn_exp(-syn_clamped(square, 0, NOTHING)) * .35);
        for (int k = 0; k < at_most_four(s->n - j); k++)
            bump[j + k] = height[k];
    }
}

/* Differences over neighbours, one-sided at the edge. */
SYN_INLINE double slope(const double *bump, int64_t at, int64_t step, int i, int n, double spacing)
{
    const int before = i > 0, after = i < n - 1;
    return (bump[at + after * step] - bump[at - before * step]) / ((before + after) * spacing);
}

/* The slope of the face along and across a row, at four points. */
SYN_INLINE places slopes_at(const syn_scene *s, const double *bump, int i, int j)
{
    const double spacing = 1.2 / s->side;
    places slopes = {0};
    for (int k = 0; k < at_most_four(s->n - j); k++) {
        const int64_t at = (int64_t)i * s->n + j + k;
        slopes.x[k] = slope(bump, at, 1, j + k, s->n, spacing);
        slopes.y[k] = slope(bump, at, s->n, i, s->n, spacing);
    }
    return slopes;
}

/* Diffuse and specular light at four places. */
typedef struct {
    syn_four diffuse, specular;
} shades;

SYN_INLINE syn_four power_25(syn_four x)
{
    const syn_four x2 = x * x, x4 = x2 * x2, x8 = x4 * x4;
    return x8 * x8 * x8 * x;
}

/* e: the square of the distance from the middle, in half axes. */
SYN_INLINE shades light_at(const syn_scene *s, const places *p, syn_four e, const places *slopes)
{
    const double *l = s->video->light;
    const syn_four x = p->x / s->subject->ax * .9 - slopes->x * .18, y = p->y / s->subject->ay * .9 - slopes->y * .18;
    const syn_four z = syn_sqrt(syn_clamped(1 - e, .02, 1)), length = syn_sqrt(x * x + y * y + z * z);
    const syn_four towards = (x * l[0] + y * l[1] + z * l[2]) / length;
    return (shades){syn_clamped(towards, 0, 1), power_25(syn_clamped(2 * towards * (z / length) - l[2], 0, 1))};
}

SYN_INLINE syn_colour blended(syn_colour albedo, double share, syn_colour colour)
{
    return albedo * (1 - share) + share * colour;
}

typedef struct {
    double x, y;
} place;

/* Of a spot at a distance of so many radii nothing is left: exp(-REACH^4) is nothing beside 1. */
#define REACH 2.6

/* With a spot of the colour at (x, y) of the radii rx, ry. */
SYN_INLINE syn_colour with_spot(syn_colour albedo, place p, double x, double y, double rx, double ry, syn_colour colour)
{
    if (fabs(p.x - x) > REACH * rx || fabs(p.y - y) > REACH * ry)
        return albedo;
    const double u = (p.x - x) / rx, v = (p.y - y) / ry, d = u * u + v * v;
    return d * d < NOTHING ? blended(albedo, exp(-d * d), colour) : albedo;
}

/* Skin, eyes, brows, mouth, and the share of hair. */
SYN_INLINE syn_colour albedo_at(const syn_subject *f, place p, double texture, double hair)
{
    const syn_colour white = {.9, .9, .88}, pupil = {.06, .06, .06}, skin = syn_rgb(f->skin), dark = syn_rgb(f->hair);
    const syn_colour lips = skin * (syn_colour){.85, .45, .45};
    syn_colour albedo = skin * (1 + .10 * texture);

    for (int side = -1; side <= 1; side += 2) {
        albedo = with_spot(albedo, p, side * f->eye, f->eye_y, .065, .03, white);
        albedo = with_spot(albedo, p, side * f->eye, f->eye_y, .026, .028, pupil);
        albedo = with_spot(albedo, p, side * f->eye, f->eye_y - .075, .085, f->brow, dark);
    }
    albedo = with_spot(albedo, p, 0, f->mouth_y, f->mouth, .028, lips);
    return blended(albedo, hair * .97, dark);
}

SYN_CLONES
static void scene_row(const syn_scene *s, int i, const double *bump, syn_colour *scene)
{
    const double ambient = s->domain->ambient, specular = s->domain->specular;
    const double *texture = s->texture + (int64_t)i * s->n, *background = s->background + (int64_t)i * s->n;
    const syn_subject *f = s->subject;
    const syn_colour tint = syn_rgb(s->video->tint);

    for (int j = 0; j < s->n; j += 4) {
        const places p = face_at(s, i, j), slopes = slopes_at(s, bump, i, j);
        const syn_four u = p.x / f->ax, v = p.y / f->ay, e = u * u + v * v, edge = (e - 1) * 18;
        const syn_four below = (p.y + f->ay * .62) * 60; /* of the hairline */
        const syn_four face = syn_where(edge <= NOTHING, syn_falling(edge));
        const syn_four hair = syn_where(below < NOTHING, syn_falling(below));
        const shades light = light_at(s, &p, e, &slopes);
        for (int k = 0; k < at_most_four(s->n - j); k++) {
            syn_colour lit = {0};
            if (face[k] > 0)
                lit = albedo_at(f, (place){p.x[k], p.y[k]}, texture[j + k], hair[k]) *
                          (ambient + (1 - ambient) * light.diffuse[k]) +
                      specular * light.specular[k];
            scene[j + k] = syn_clamped(face[k] * lit + (1 - face[k]) * background[j + k] * tint, 0, 1);
        }
    }
}

void syn_scene_render(const syn_scene *s, double *bump, syn_colour *scene)
{
    for (int i = 0; i < s->n; i++)
        bump_row(s, i, bump + (int64_t)i * s->n);
    for (int i = 0; i < s->n; i++)
        scene_row(s, i, bump, scene + (int64_t)i * s->n);
}
