/*
 * See train_fixture.h.
 * SPDX-License-Identifier: MIT
 */
#include "train_fixture.h"

#include "data_fixture.h"

#include <unistd.h>

#define SIDE  6
#define PLANE (SIDE * SIDE)

/* A quadrant of the four is bright, or with two classes the upper or the lower half. */
static void split(const char *name, int n, uint64_t stream, int classes)
{
    uint8_t *pixels = lsc_calloc((size_t)n, PLANE), *labels = lsc_calloc((size_t)n, 1);
    const lsc_rng r = {7, stream};

    for (int i = 0; i < n; i++) {
        labels[i] = (uint8_t)(i % classes);
        for (int k = 0; k < PLANE; k++) {
            const int row = k / SIDE, column = k % SIDE;
            const bool bright = classes == 2
                                    ? (row >= SIDE / 2) == labels[i]
                                    : (row >= SIDE / 2) == (labels[i] / 2) && (column >= SIDE / 2) == (labels[i] % 2);
            pixels[i * PLANE + k] =
                (uint8_t)((bright ? 150 : 30) + (int)lsc_rng_below(r, (uint64_t)(i * PLANE + k), 80));
        }
    }
    fixture_idx(name, false, &(idx_fixture){.n = n, .height = SIDE, .width = SIDE, .pixels = pixels, .labels = labels});
    lsc_free(pixels);
    lsc_free(labels);
}

static void fixture(int classes, const char *task)
{
    char *yaml = lsc_format("%s"
                            "data:\n"
                            "  kind: idx\n"
                            "  path: %s\n"
                            "  rotations: [0, 5]\n"
                            "  held_rotations: []\n"
                            "  pad: 0\n"
                            "  mean: [80]\n"
                            "  std: [60]\n"
                            "train:\n"
                            "  epochs: 3\n"
                            "  batch: 16\n"
                            "  lr: 0.05\n"
                            "  select: last\n"
                            "  augment_crop: 1\n",
                            task, test_folder());
    split("train", FIXTURE_TRAIN, 1, classes);
    split("t10k", FIXTURE_TEST, 2, classes);
    test_write_text(test_path("run.yaml"), yaml);
    lsc_free(yaml);
}

void train_fixture(void)
{
    fixture(4, "model: {name: mlp}\n");
}

void train_fixture_of_two_classes(void)
{
    fixture(2, "model: {name: mlp, classes: 2}\nloss: {name: bce}\n");
}

void train_command(const char *folder, const char *const *arguments, const char **argv, test_command *out)
{
    static const char *const fixed[] = {LSC_BINARY_DIR "/train/train", "--device", "ref", "--threads", "1"};
    int n = 0;
    for (size_t i = 0; i < LSC_COUNT(fixed); i++)
        argv[n++] = fixed[i];
    for (int i = 0; arguments[i] != NULL; i++)
        argv[n++] = arguments[i];
    argv[n] = NULL;
    *out = (test_command){.argv = argv, .folder = folder};
}

void train_run(const char *folder, test_result *r, const char *const *arguments)
{
    const char *argv[32];
    test_command c;
    train_command(folder, arguments, argv, &c);
    test_run(&c, r);
}

pid_t train_start(const char *folder, const char *const *arguments)
{
    const char *argv[32];
    test_command c;
    train_command(folder, arguments, argv, &c);
    fflush(NULL);
    const pid_t child = fork();
    if (child == 0) {
        if (chdir(folder) != 0 || freopen("/dev/null", "w", stdout) == NULL ||
            freopen("/dev/null", "w", stderr) == NULL)
            _exit(126);
        execv(argv[0], (char *const *)argv);
        _exit(127);
    }
    CHECK(child > 0);
    return child;
}

void check_same_file(const char *a, const char *b)
{
    size_t n_a, n_b;
    char *x = test_read(a, &n_a), *y = test_read(b, &n_b);
    CHECK_INT(n_a, n_b);
    CHECK_BYTES(x, y, n_a);
    lsc_free(x);
    lsc_free(y);
}

static void cut_times(char *line)
{
    for (int column = 0; column < 2; column++)
        *strrchr(line, ',') = 0;
}

void check_same_history(const char *a, const char *b)
{
    char *x = test_read(a, NULL), *y = test_read(b, NULL), *rest_x = x, *rest_y = y;
    char *line_x, *line_y = NULL;
    while ((line_x = strsep(&rest_x, "\n")) != NULL && (line_y = strsep(&rest_y, "\n")) != NULL && *line_x != 0) {
        cut_times(line_x);
        cut_times(line_y);
        CHECK_STR(line_x, line_y);
    }
    CHECK(line_x != NULL && line_y != NULL && *line_y == 0);
    lsc_free(x);
    lsc_free(y);
}
