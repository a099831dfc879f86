/*
 * synface_parts.h - the stages of a synthetic face (synface.h), for its own files.
 * Grids are square, points [row, column, channel] in double; n points a side.
 * SPDX-License-Identifier: MIT
 */
#ifndef DS_SYNFACE_PARTS_H
#define DS_SYNFACE_PARTS_H

#include "data/synface.h"

#define SYN_SCENE 2 /* points of the scene's grid a pixel */
#define SYN_LIGHT 4 /* of the grid that a camera looks at */

/* A domain: its light, background, camera, printer and screen. */
typedef struct {
    double azimuth, ambient, specular; /* of the light */
    int background;                    /* cells of the background's coarsest noise */
    double blur;                       /* standard deviation, pixels */
    double white[3], gain;
    double shot, read; /* noise: variance shot I + read^2 */
    double gamma;
    int quality;           /* of the coding, 1..100 */
    double dot, pitch;     /* of the printer's screen, of the display's pixels: points of the light's grid */
    double cast, exposure; /* signs of what goes with the label */
} syn_domain;
extern const syn_domain syn_domains[DS_SYNFACE_DOMAINS];

/* Numbers drawn one after the other from one stream. */
typedef struct {
    lsc_rng rng;
    uint64_t next;
} syn_draw;
syn_draw syn_draw_of(uint64_t seed, const char *stage, int domain, int subject, int video, int frame);
double syn_uniform(syn_draw *d, double lo, double hi);
double syn_normal(syn_draw *d, double deviation);

/* Value at (y, x) of a grid [rows, columns, channels], bilinear; places outside are moved to the edge. */
typedef struct {
    int64_t at[4];
    double weight[4];
} syn_taps;
syn_taps syn_taps_at(double y, double x, int rows, int columns);

/* Noise of `octaves` octaves, each with twice the cells and `falloff` times the height of the one before; the first
 * has `cells` + 2 normal numbers a side. out [n, n] of variance about 4/9; scratch of syn_noise_scratch doubles. */
typedef struct {
    int cells, octaves;
    double falloff;
} syn_noise;
int64_t syn_noise_scratch(const syn_noise *s); /* doubles */
void syn_noise_fill(const syn_noise *s, syn_draw *d, int n, double *scratch, double *out);

typedef struct {
    double skin[3], hair[3];
    double ax, ay;     /* half axes of the face; the frame is 1.2 wide */
    double eye, eye_y; /* eyes at (+-eye, eye_y) */
    double mouth, mouth_y, nose, brow;
} syn_subject;
/* S1. texture [n, n] */
void syn_subject_draw(uint64_t seed, int domain, int subject, int n, double *scratch, double *texture,
                      syn_subject *out);
#define SYN_TEXTURE ((syn_noise){8, 4, .65})

typedef struct {
    double light[3]; /* a unit vector towards it */
    double tint[3];
} syn_video;
/* S2, what the frames of a video share. background [n, n] */
void syn_video_draw(uint64_t seed, int domain, int subject, int video, int n, double *scratch, double *background,
                    syn_video *out);
syn_noise syn_background(int domain);

/* S2: the picture `scene` [n, n, 3] of a face on its background, in linear light 0..1; side = n without margins. */
typedef struct {
    const syn_domain *domain;
    const syn_subject *subject;
    const syn_video *video;
    const double *texture, *background; /* [n, n] */
    int n, side;
    double cosine, sine, dx, dy; /* of the face: turned, then moved */
} syn_scene;
void syn_scene_render(const syn_scene *s, double *bump, double *scene);

/* S3: from the scene [n, n, 3] to the light [4 size, 4 size, 3]. */
typedef struct {
    uint64_t seed;
    double delta;
    int domain, subject, video, frame;
    ds_attack species;
    int n, size;
    double *paper; /* [2 n, 2 n, 3] scratch, for attacks */
    double *noise; /* [2 n, 2 n] scratch */
    double *cells; /* scratch of syn_noise_fill */
    double *waves; /* [2, 2, 2 n] scratch */
} syn_spoof;
void syn_spoof_render(const syn_spoof *s, const double *scene, double *light);
#define SYN_GRAIN ((syn_noise){48, 2, .7})

/* S4: from the light to bytes [size, size, 3]. */
typedef struct {
    const syn_domain *domain;
    int size;
    double kappa;
    bool live;
    syn_draw noise;
    double *rows;   /* [4 size, size, 3] scratch */
    double *pixels; /* [size, size, 3] scratch */
} syn_camera;
void syn_camera_render(const syn_camera *c, const double *light, uint8_t *rgb);

#endif
