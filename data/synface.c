/*
 * Synthetic faces: their domains, which video is what, and the stages one after the other.
 * SPDX-License-Identifier: MIT
 */
#include "data/synface_parts.h"

#include <math.h>

#define SIDE_MIN  16
#define SIDE_MAX  1024
#define MARGIN    .08 /* of a side, on each */
#define TEST_FROM 4   /* of TEST_OF subjects */
#define TEST_OF   5

const syn_domain syn_domains[DS_SYNFACE_DOMAINS] = {
    {-.5, .45, .15, 3, .45, {1, 1, 1}, .95, .0004, .004, 2.2, 92, 4.6, 3.1, 1, 1},
    {.6, .60, .08, 6, .80, {1.08, 1, .90}, .80, .0010, .008, 2.0, 75, 5.6, 3.9, 1, -1},
    {0, .35, .22, 2, .55, {.92, 1, 1.10}, 1.10, .0006, .006, 2.4, 85, 3.9, 2.6, 1, 1},
    {1.0, .50, .12, 4, .70, {1.03, .97, 1}, .90, .0014, .010, 2.2, 65, 5.1, 3.4, -1, -1},
};
const char *const ds_synface_domains[DS_SYNFACE_DOMAINS] = {"oulu", "casia", "replay", "msu"};

static lsc_status check_count(const char *what, int value, int lo, int hi)
{
    lsc_status st = LSC_OK;
    LSC_CHECK(value >= lo && value <= hi, LSC_ERR_ARG, "synthetic faces: %s is %d, must be %d to %d", what, value, lo,
              hi);
cleanup:
    return st;
}

static lsc_status check_share(const char *what, double value)
{
    lsc_status st = LSC_OK;
    LSC_CHECK(value >= 0 && value <= 1, LSC_ERR_ARG, "synthetic faces: %s is %g, must be 0 to 1", what, value);
cleanup:
    return st;
}

lsc_status ds_synfaces_check(const ds_synfaces *o)
{
    lsc_status st = LSC_OK;
    LSC_TRY(check_share("delta", o->delta));
    LSC_TRY(check_share("kappa", o->kappa));
    LSC_TRY(check_count("size", o->size, SIDE_MIN, SIDE_MAX));
    LSC_CHECK(o->size % 8 == 0, LSC_ERR_ARG, "synthetic faces: size is %d, must be a multiple of 8", o->size);
    LSC_TRY(check_count("subjects", o->subjects, TEST_OF, DS_SYNFACE_SUBJECTS_MAX));
    LSC_TRY(check_count("videos", o->videos, 2, DS_SYNFACE_VIDEOS_MAX));
    LSC_TRY(check_count("frames", o->frames, 3, DS_SYNFACE_FRAMES_MAX));
    LSC_TRY(check_count("spoofs", o->spoofs, 1, 3));
cleanup:
    return st;
}

ds_attack ds_synface_attack(const ds_synfaces *o, int video)
{
    const int turn = video / (1 + o->spoofs), k = video % (1 + o->spoofs);
    if (k == 0)
        return DS_NO_ATTACK;
    return (turn * o->spoofs + k - 1) % 2 == 0 ? DS_PRINT : DS_REPLAY;
}

bool ds_synface_is_test(int subject)
{
    return subject % TEST_OF == TEST_FROM;
}

struct ds_renderer {
    ds_synfaces o;
    int n; /* side of the scene with its margins */
    /* What is kept, and of whom; -1: of nobody yet. */
    int domain, subject, video;
    syn_subject face;
    syn_video surroundings;
    syn_attack attack;
    double *texture, *background; /* [n, n] */
    double *noise;                /* [2 n, 2 n] of an attack */
    /* Scratch: see synface_parts.h. */
    syn_scratch scratch;
    double *bump;
    syn_colour *scene, *paper, *waves, *light, *rows, *pixels;
};

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static int64_t cells_needed(void)
{
    int64_t most = larger(syn_noise_cells(&SYN_TEXTURE), syn_noise_cells(&SYN_GRAIN));
    for (int domain = 0; domain < DS_SYNFACE_DOMAINS; domain++) {
        const syn_noise background = syn_background(domain);
        most = larger(most, syn_noise_cells(&background));
    }
    return larger(most, syn_noise_cells(&SYN_REFLECTION));
}

static lsc_status new_scratch(syn_scratch *s, int64_t places)
{
    lsc_status st = LSC_OK;
    LSC_NEW(s->cells, cells_needed());
    LSC_NEW(s->rows.cell, places);
    LSC_NEW(s->rows.part, places);
    LSC_NEW(s->columns.cell, places);
    LSC_NEW(s->columns.part, places);
cleanup:
    return st;
}

lsc_status ds_renderer_new(const ds_synfaces *o, ds_renderer **out)
{
    lsc_status st = LSC_OK;
    ds_renderer *r = NULL;
    const int64_t size = o->size, side = SYN_SCENE * size, n = side + 2 * (int64_t)ceil(MARGIN * (double)side);

    LSC_NEW(r, 1);
    r->o = *o;
    r->n = (int)n;
    r->subject = r->video = -1;
    LSC_NEW(r->texture, n * n);
    LSC_NEW(r->background, n * n);
    LSC_NEW(r->noise, 4 * n * n);
    LSC_TRY(new_scratch(&r->scratch, 2 * n));
    LSC_NEW(r->bump, n * n);
    LSC_NEW(r->scene, n * n);
    LSC_NEW(r->paper, 4 * n * n);
    LSC_NEW(r->waves, 8 * n);
    LSC_NEW(r->light, SYN_LIGHT * SYN_LIGHT * size * size);
    LSC_NEW(r->rows, SYN_LIGHT * size * size);
    LSC_NEW(r->pixels, size * size);
    *out = r;
    r = NULL;
cleanup:
    ds_renderer_free(r);
    return st;
}

void ds_renderer_free(ds_renderer *r)
{
    if (r == NULL)
        return;
    void *const all[] = {r->texture,
                         r->background,
                         r->noise,
                         r->scratch.cells,
                         r->scratch.rows.cell,
                         r->scratch.rows.part,
                         r->scratch.columns.cell,
                         r->scratch.columns.part,
                         r->bump,
                         r->scene,
                         r->paper,
                         r->waves,
                         r->light,
                         r->rows,
                         r->pixels};
    for (size_t i = 0; i < LSC_COUNT(all); i++)
        lsc_free(all[i]);
    lsc_free(r);
}

static void prepare(ds_renderer *r, int domain, int subject, int video)
{
    const ds_attack species = ds_synface_attack(&r->o, video);
    const bool same = r->domain == domain && r->subject == subject;

    if (!same)
        syn_subject_draw(r->o.seed, domain, subject, r->n, &r->scratch, r->texture, &r->face);
    if (!same || r->video != video) {
        syn_video_draw(r->o.seed, domain, subject, video, r->n, &r->scratch, r->background, &r->surroundings);
        if (species != DS_NO_ATTACK)
            syn_attack_draw(r->o.seed, domain, subject, video, species, r->n, &r->scratch, r->noise, &r->attack);
    }
    r->domain = domain;
    r->subject = subject;
    r->video = video;
}

/* S2: the face is turned and moved from frame to frame. */
static void render_scene(const ds_renderer *r, int frame)
{
    syn_draw pose = syn_draw_of(r->o.seed, "synface frame", r->domain, r->subject, r->video, frame);
    syn_scene scene = {.domain = &syn_domains[r->domain],
                       .subject = &r->face,
                       .video = &r->surroundings,
                       .texture = r->texture,
                       .background = r->background,
                       .n = r->n,
                       .side = SYN_SCENE * r->o.size};
    const double angle = syn_normal(&pose, .05);
    scene.cosine = cos(angle);
    scene.sine = sin(angle);
    scene.dx = syn_normal(&pose, .015);
    scene.dy = syn_normal(&pose, .015);
    syn_scene_render(&scene, r->bump, r->scene);
}

void ds_render(ds_renderer *r, int domain, int subject, int video, int frame, uint8_t *rgb)
{
    const ds_attack species = ds_synface_attack(&r->o, video);
    prepare(r, domain, subject, video);
    render_scene(r, frame);

    const syn_spoof spoof = {.delta = r->o.delta,
                             .species = species,
                             .attack = &r->attack,
                             .pose = syn_draw_of(r->o.seed, "synface pose", domain, subject, video, frame),
                             .n = r->n,
                             .size = r->o.size,
                             .scratch = &r->scratch,
                             .paper = r->paper,
                             .waves = r->waves};
    syn_spoof_render(&spoof, r->scene, r->light);

    const syn_camera camera = {.domain = &syn_domains[domain],
                               .size = r->o.size,
                               .kappa = r->o.kappa,
                               .live = species == DS_NO_ATTACK,
                               .noise = syn_draw_of(r->o.seed, "synface camera", domain, subject, video, frame),
                               .rows = r->rows,
                               .pixels = r->pixels};
    syn_camera_render(&camera, r->light, rgb);
}
