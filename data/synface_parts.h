/*
 * synface_parts.h - the stages of a synthetic face (synface.h), for its own files.
 * Grids are square, points [row, column] in double or colours of double; n points a side.
 * SPDX-License-Identifier: MIT
 */
#ifndef DS_SYNFACE_PARTS_H
#define DS_SYNFACE_PARTS_H

#include "data/synface.h"
#include "data/synface_colour.h"

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

/* Places along an axis of a grid: the cell of each, and where it lies in it, 0..1. */
typedef struct {
    int *cell;
    double *part;
} syn_axis;
/* A place on an axis of n points; those outside are moved to the edge, so that the cell has a right neighbour. */
SYN_INLINE double syn_cell(double place, int n, int *cell)
{
    const double most = n - 1.001, x = place < 0 ? 0 : place > most ? most : place;
    *cell = (int)x;
    return x - *cell;
}
/* The places (first + k) step, k = 0 .. count-1, of an axis of n points. */
void syn_axis_fill(const syn_axis *a, int count, int first, double step, int n);

/* What stages write over. */
typedef struct {
    double *cells;          /* of a noise's finest octave */
    syn_axis rows, columns; /* of 2 n places */
} syn_scratch;

/* Noise of `octaves` octaves, each with twice the cells and `falloff` times the height of the one before; the first
 * has `cells` + 2 normal numbers a side. out [n, n] of variance about 4/9. */
typedef struct {
    int cells, octaves;
    double falloff;
} syn_noise;
int64_t syn_noise_cells(const syn_noise *s); /* of its finest octave */
void syn_noise_fill(const syn_noise *s, syn_draw *d, int n, const syn_scratch *scratch, double *out);

typedef struct {
    double skin[3], hair[3];
    double ax, ay;     /* half axes of the face; the frame is 1.2 wide */
    double eye, eye_y; /* eyes at (+-eye, eye_y) */
    double mouth, mouth_y, nose, brow;
} syn_subject;
/* S1. texture [n, n] */
void syn_subject_draw(uint64_t seed, int domain, int subject, int n, const syn_scratch *scratch, double *texture,
                      syn_subject *out);
#define SYN_TEXTURE ((syn_noise){8, 4, .65})

typedef struct {
    double light[3]; /* a unit vector towards it */
    double tint[3];
} syn_video;
/* S2, what the frames of a video share. background [n, n] */
void syn_video_draw(uint64_t seed, int domain, int subject, int video, int n, const syn_scratch *scratch,
                    double *background, syn_video *out);
syn_noise syn_background(int domain);

/* S2: the picture `scene` [n, n] of a face on its background, in linear light 0..1; side = n without margins. */
typedef struct {
    const syn_domain *domain;
    const syn_subject *subject;
    const syn_video *video;
    const double *texture, *background; /* [n, n] */
    int n, side;
    double cosine, sine, dx, dy; /* of the face: turned, then moved */
} syn_scene;
void syn_scene_render(const syn_scene *s, double *bump, syn_colour *scene);

/* S3, what the frames of an attack share. */
typedef struct {
    double period;       /* of the printer's dots, of the display's pixels */
    double turned;       /* degrees */
    const double *noise; /* [2 n, 2 n] grain of the paper, reflection on the glass */
} syn_attack;
void syn_attack_draw(uint64_t seed, int domain, int subject, int video, ds_attack species, int n,
                     const syn_scratch *scratch, double *noise, syn_attack *out);
#define SYN_GRAIN      ((syn_noise){48, 2, .7})
#define SYN_REFLECTION ((syn_noise){2, 2, .5})

/* S3: from the scene [n, n] to the light [4 size, 4 size]. */
typedef struct {
    double delta;
    ds_attack species;
    const syn_attack *attack; /* of attacks */
    syn_draw pose;
    int n, size;
    const syn_scratch *scratch;
    syn_colour *paper; /* [2 n, 2 n] scratch, for attacks */
    syn_colour *waves; /* [2, 2, 2 n] scratch */
} syn_spoof;
void syn_spoof_render(const syn_spoof *s, const syn_colour *scene, syn_colour *light);

/* S4: from the light to bytes [size, size, 3]. */
typedef struct {
    const syn_domain *domain;
    int size;
    double kappa;
    bool live;
    syn_draw noise;
    syn_colour *rows;   /* [4 size, size] scratch */
    syn_colour *pixels; /* [size, size] scratch */
} syn_camera;
void syn_camera_render(const syn_camera *c, const syn_colour *light, uint8_t *rgb);

#endif
