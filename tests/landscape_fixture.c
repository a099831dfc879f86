/*
 * A small data set, checkpoints over it, and running the program.
 * SPDX-License-Identifier: MIT
 */
#include "landscape_fixture.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "data_fixture.h"

#define SIDE 8 /* of an image */

/* ---- files ------------------------------------------------------------------------------------ */

const char *landscape_data(int n)
{
    fixture_idx("train", false, &(idx_fixture){.n = n, .height = SIDE, .width = SIDE});
    return test_folder();
}

const char *landscape_config(const char *more)
{
    static char config[2048];
    snprintf(config, sizeof config,
             "{\"model.name\": \"mlp\", \"loss.name\": \"cross_entropy\", \"data.kind\": \"idx\", "
             "\"data.path\": \"%s\", \"data.pad\": 0, \"train.optimizer\": \"sam\"%s}",
             test_folder(), more);
    return config;
}

const char *landscape_checkpoint_with(const char *config, const nn_meta *meta, int n_meta, landscape_change change)
{
    const char *path = test_path("run.bin");
    nn_graph *g = NULL;
    nn_meta all[8];
    CHECK_OK(nn_model_graph("mlp", &(nn_shape){3, {3, SIDE, SIDE}}, 10, &g));
    const lsc_layout *layout = nn_graph_layout(g);
    float *theta = lsc_calloc((size_t)layout->n, sizeof *theta);
    assert_non_null(theta);
    nn_graph_init(g, 7, theta);
    if (change != NULL)
        change(layout, theta);
    for (int i = 0; i < n_meta; i++)
        all[i] = meta[i];
    if (config != NULL)
        all[n_meta++] = (nn_meta){"config", config};
    CHECK_OK(nn_checkpoint_write(path, layout, theta, all, n_meta));
    lsc_free(theta);
    nn_graph_free(g);
    return path;
}

const char *landscape_checkpoint(const char *more)
{
    const nn_meta meta[] = {
        {"metrics", "{\"train_accuracy\": 0.875, \"held_accuracy\": 0.5, \"train_loss\": 0.25, \"held_loss\": 1.5}"},
        {"epoch", "3"},
    };
    return landscape_checkpoint_with(landscape_config(more), meta, 2, NULL);
}

/* ---- the program ------------------------------------------------------------------------------ */

void landscape_gather(const char **argv, const char *program, const char *first, va_list rest)
{
    int n = 0;
    argv[n++] = program;
    for (const char *a = first; a != NULL; a = va_arg(rest, const char *)) {
        assert_true(n < LANDSCAPE_ARGUMENTS_MAX - 1);
        argv[n++] = a;
    }
    argv[n] = NULL;
}

void landscape_run(test_result *r, const char *first, ...)
{
    const char *argv[LANDSCAPE_ARGUMENTS_MAX];
    va_list rest;
    va_start(rest, first);
    landscape_gather(argv, LANDSCAPE, first, rest);
    va_end(rest);
    test_run(&(test_command){.argv = argv}, r);
}

static void redirect(int fd, const char *name)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", test_folder(), name);
    dup2(open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644), fd);
}

pid_t landscape_start(const char *first, ...)
{
    const char *argv[LANDSCAPE_ARGUMENTS_MAX];
    va_list rest;
    va_start(rest, first);
    landscape_gather(argv, LANDSCAPE, first, rest);
    va_end(rest);
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        redirect(1, "out");
        redirect(2, "err");
        execv(argv[0], (char *const *)argv);
        _exit(127);
    }
    return child;
}

int landscape_wait(pid_t child, int *signal)
{
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    *signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

void landscape_wait_for(const char *path)
{
    double deadline = lsc_seconds() + 40;
    while (!lsc_file_exists(path)) {
        if (lsc_seconds() > deadline)
            fail_msg("%s does not appear", path);
        nanosleep(&(struct timespec){0, 2000000}, NULL);
    }
}

landscape_options landscape_defaults(const char *ckpt)
{
    return (landscape_options){.ckpt = ckpt, .common = {.seed = -1}};
}

/* ---- surfaces --------------------------------------------------------------------------------- */

void landscape_check_nothing_written(void)
{
    static const char *const names[] = {"surface.h5", "surface.h5.part", "surface.vtp", "surface.vtp.part"};
    for (size_t i = 0; i < LSC_COUNT(names); i++)
        CHECK(!lsc_file_exists(test_path("%s", names[i])));
}

void landscape_check_equal(const char *path, const char *other)
{
    lsc_surface *a = NULL, *b = NULL;
    lsc_axis axes_a[3], axes_b[3];
    CHECK_OK(lsc_surface_load(path, &a));
    CHECK_OK(lsc_surface_load(other, &b));
    int64_t points = lsc_surface_points(a);
    CHECK_INT(lsc_surface_points(b), points);
    int n_axes = lsc_surface_axes(a, axes_a);
    CHECK_INT(lsc_surface_axes(b, axes_b), n_axes);
    for (int i = 0; i < n_axes; i++) {
        CHECK(axes_a[i].min == axes_b[i].min && axes_a[i].max == axes_b[i].max);
        CHECK_INT(axes_a[i].n, axes_b[i].n);
    }
    CHECK_BYTES(lsc_surface_done(a), lsc_surface_done(b), (size_t)points);
    CHECK_INT(lsc_surface_n_fields(a), lsc_surface_n_fields(b));
    for (int f = 0; f < lsc_surface_n_fields(a); f++) {
        const char *name = lsc_surface_field_name(a, f);
        CHECK_STR(lsc_surface_field_name(b, f), name);
        CHECK_BYTES(lsc_surface_field(a, name), lsc_surface_field(b, name), (size_t)points * sizeof(double));
    }
    lsc_surface_free(a);
    lsc_surface_free(b);
}
