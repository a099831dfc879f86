/*
 * train make-faces: write synthetic faces (data/synface.h) as files, in the layout and with the names of the real sets.
 * SPDX-License-Identifier: MIT
 */
#include "train/command.h"

#include <string.h>

#include "data/each.h"
#include "data/face_layout.h"
#include "data/picture.h"
#include "data/synface.h"

#define JPEG_QUALITY 95

static const char doc[] = "Write synthetic faces, live and spoofed, as "
                          "FOLDER/{oulu,casia,replay,msu}/{train,test}/{live,spoof}/VIDEO/crop_*, which "
                          "data.kind faces reads. They are functions of the options alone."
                          "\v"
                          "Examples:\n"
                          "  train make-faces --out datasets/synfas --size 256\n"
                          "  train make-faces --out datasets/hard --size 64 --delta 0.5 --subjects 100 --dry-run\n"
                          "      how many files that would be\n"
                          "\n"
                          "Exit status: 0 done, 64 usage, 74 disk, 130 stopped.";

enum { OUT = 256, SIZE, SUBJECTS, VIDEOS, FRAMES, SPOOFS, DELTA, KAPPA, SEED, PNG, THREADS, DRY_RUN };

static const struct argp_option options[] = {
    {"out", OUT, "FOLDER", 0, "where the domains are written", 1},
    {"size", SIZE, "PIXELS", 0, "side of the pictures, a multiple of 8 (256)", 1},
    {"subjects", SUBJECTS, "N", 0, "of each domain; every fifth is of the test part (40)", 1},
    {"videos", VIDEOS, "N", 0, "of each subject, 2 to 6 (4)", 1},
    {"frames", FRAMES, "N", 0, "of each video, 3 or more (3)", 1},
    {"spoofs", SPOOFS, "N", 0, "attacks for each live video, 1 to 3 (1)", 1},
    {"delta", DELTA, "X", 0, "0 to 1: how much an attack can be seen (1)", 1},
    {"kappa", KAPPA, "X", 0, "0 to 1: colour that goes with the label, and against it in msu (1)", 1},
    {"seed", SEED, "N", 0, "(1)", 1},
    {"png", PNG, NULL, 0, "PNG files, which keep every bit, instead of JPEG of quality 95", 1},
    {"threads", THREADS, "N", 0, "(0: one for each processor)", 1},
    {"dry-run", DRY_RUN, NULL, 0, "say what would be written", 1},
    {0},
};

typedef struct {
    const char *out;
    ds_synfaces faces;
    bool png, dry_run;
    int threads;
} arguments;

static error_t parse(int key, char *text, struct argp_state *state)
{
    arguments *a = state->input;
    switch (key) {
    case OUT:
        a->out = text;
        return 0;
    case SIZE:
        a->faces.size = (int)cli_int(state, "--size", text, 1, INT32_MAX);
        return 0;
    case SUBJECTS:
        a->faces.subjects = (int)cli_int(state, "--subjects", text, 1, INT32_MAX);
        return 0;
    case VIDEOS:
        a->faces.videos = (int)cli_int(state, "--videos", text, 1, INT32_MAX);
        return 0;
    case FRAMES:
        a->faces.frames = (int)cli_int(state, "--frames", text, 1, INT32_MAX);
        return 0;
    case SPOOFS:
        a->faces.spoofs = (int)cli_int(state, "--spoofs", text, 1, INT32_MAX);
        return 0;
    case DELTA:
        a->faces.delta = cli_real(state, "--delta", text, 0, 1);
        return 0;
    case KAPPA:
        a->faces.kappa = cli_real(state, "--kappa", text, 0, 1);
        return 0;
    case SEED:
        a->faces.seed = (uint64_t)cli_int(state, "--seed", text, 0, INT64_MAX);
        return 0;
    case PNG:
        a->png = true;
        return 0;
    case THREADS:
        a->threads = (int)cli_int(state, "--threads", text, 0, 4096);
        return 0;
    case DRY_RUN:
        a->dry_run = true;
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "'%s': options only; the folder is given by --out FOLDER", text);
        return 0;
    case ARGP_KEY_END:
        if (a->out == NULL)
            argp_error(state, "say where the faces go: train make-faces --out FOLDER");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* Returns new: OUT/DOMAIN/PART/LABEL/VIDEO. */
static lsc_status video_folder(const arguments *a, int domain, int subject, int video, char **out)
{
    lsc_status st = LSC_OK;
    const bool live = ds_synface_attack(&a->faces, video) == DS_NO_ATTACK;
    char *name = ds_synface_name(&a->faces, domain, subject, video), *path = NULL;

    LSC_CHECK(name != NULL, LSC_ERR_NOMEM, "no memory for a name");
    path = lsc_format("%s/%s/%s/%s/%s", a->out, ds_synface_domains[domain],
                      ds_part_names[ds_synface_is_test(subject) ? DS_PART_TEST : DS_PART_TRAIN],
                      live ? "live" : "spoof", name);
    LSC_CHECK(path != NULL, LSC_ERR_NOMEM, "no memory for a path in %s", a->out);
    *out = path;
cleanup:
    lsc_free(name);
    return st;
}

static lsc_status write_frame(const arguments *a, const char *folder, int frame, const ds_picture *p)
{
    lsc_status st = LSC_OK;
    char *path = lsc_format("%s/crop_%04d.%s", folder, 5 * frame, a->png ? "png" : "jpg");
    LSC_CHECK(path != NULL, LSC_ERR_NOMEM, "no memory for a path in %s", folder);
    LSC_TRY(a->png ? ds_png_write(path, p) : ds_jpeg_write(path, p, JPEG_QUALITY));
cleanup:
    lsc_free(path);
    return st;
}

/* All videos of one subject of one domain. */
static lsc_status write_subject(void *context, int64_t i)
{
    lsc_status st = LSC_OK;
    const arguments *a = context;
    const ds_synfaces *o = &a->faces;
    const int domain = (int)(i / o->subjects), subject = (int)(i % o->subjects);
    ds_renderer *r = NULL;
    ds_picture p = {.height = o->size, .width = o->size};
    char *folder = NULL;

    LSC_TRY(ds_renderer_new(o, &r));
    LSC_NEW(p.rgb, 3 * (int64_t)o->size * o->size);
    for (int video = 0; video < o->videos; video++) {
        lsc_free(folder);
        folder = NULL;
        LSC_TRY(video_folder(a, domain, subject, video, &folder));
        LSC_TRY(lsc_mkdirs(folder));
        for (int frame = 0; frame < o->frames; frame++) {
            ds_render(r, domain, subject, video, frame, p.rgb);
            LSC_TRY(write_frame(a, folder, frame, &p));
        }
    }
cleanup:
    ds_renderer_free(r);
    ds_picture_free(&p);
    lsc_free(folder);
    return st;
}

/* Faces of other options in the same folders would make one set of two. */
static lsc_status check_free(const arguments *a)
{
    lsc_status st = LSC_OK;
    char *path = NULL;
    for (int domain = 0; domain < DS_SYNFACE_DOMAINS; domain++) {
        path = lsc_path_join(a->out, ds_synface_domains[domain]);
        LSC_CHECK(path != NULL, LSC_ERR_NOMEM, "no memory for a path in %s", a->out);
        LSC_CHECK(!lsc_file_exists(path), LSC_ERR_ARG, "%s is there already: remove it, or take another --out", path);
        lsc_free(path);
        path = NULL;
    }
cleanup:
    lsc_free(path);
    return st;
}

static lsc_status make(const void *given, FILE *out)
{
    lsc_status st = LSC_OK;
    const arguments *a = given;
    const ds_synfaces *o = &a->faces;
    const long long videos = (long long)DS_SYNFACE_DOMAINS * o->subjects * o->videos;

    LSC_TRY(ds_synfaces_check(o));
    LSC_TRY(check_free(a));
    if (!a->dry_run)
        LSC_TRY(ds_each(a->threads, "subjects", (int64_t)DS_SYNFACE_DOMAINS * o->subjects, write_subject, (void *)a));
    fprintf(out, "%s %lld pictures of %lld videos of %d subjects in each of %d domains\n",
            a->dry_run ? "would write" : "wrote", videos * o->frames, videos, o->subjects, DS_SYNFACE_DOMAINS);
cleanup:
    return st;
}

static const arguments defaults = {
    .faces = {.seed = 1, .delta = 1, .kappa = 1, .size = 256, .subjects = 40, .videos = 4, .frames = 3, .spoofs = 1}};

const tr_command tr_command_make_faces = {
    .argp = {options, parse, NULL, doc, NULL, NULL, NULL},
    .size = sizeof(arguments),
    .defaults = &defaults,
    .run = make,
};
