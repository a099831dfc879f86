/*
 * A new kind of direction is one file and one row: added to a copy of the sources, built, and used.
 * SPDX-License-Identifier: MIT
 */
#include "support/support.h"

#include <dlfcn.h>
#include <stdlib.h>

#include "losscope_fixture.h"

static const char row[] = "DIRECTION(ones, ones, \"one everywhere\")\n";
static const char code[] =
    "#include \"landscape/engine.h\"\n"
    "static lsc_status fill(const lsc_layout *layout, int number, const lsc_direction_options *o, float *d)\n"
    "{\n"
    "    (void)number, (void)o;\n"
    "    for (int64_t j = 0; j < layout->n; j++)\n"
    "        d[j] = 1;\n"
    "    return LSC_OK;\n"
    "}\n"
    "const lsc_direction_kind lsc_direction_ones = {.fill = fill};\n";

static void shell(const char *command)
{
    const char *const argv[] = {"sh", "-ec", command, NULL};
    test_result r;

    test_run(&(test_command){.argv = argv, .folder = test_folder()}, &r);
    if (r.exit_code != 0)
        print_error("%s\n%s%s", command, r.out, r.err);
    CHECK_INT(r.exit_code, 0);
    test_result_free(&r);
}

/* The sources but for tests and build folders, with the row and the file. */
static void copy_and_extend(void)
{
    char command[1024], *rows, *longer;

    snprintf(
        command, sizeof command,
        "cd '%s' && cp -r CMakeLists.txt include cmake base app nn data viz train landscape benchmarks \"$OLDPWD\"",
        LSC_SOURCE_DIR);
    shell(command);
    rows = test_read(test_path("landscape/directions.def"), NULL);
    longer = lsc_format("%s%s", rows, row);
    test_write_text(test_path("landscape/directions.def"), longer);
    test_write_text(test_path("landscape/direction_ones.c"), code);
    lsc_free(rows);
    lsc_free(longer);
}

static void a_new_direction_is_one_file_and_one_row(void **state)
{
    const lsc_direction_options o = {.kind = "ones", .normalization = LSC_NORMALIZE_NONE, .move = 1u << LSC_BIAS};
    char command[1024];
    float center[FIXTURE_N];
    lsc_frame *frame = NULL;
    lsc_status (*frame_new)(const lsc_layout *, const float *, int, const lsc_direction_options *, lsc_frame **);
    void (*frame_free)(lsc_frame *);
    void *library;

    (void)state;
    copy_and_extend();
    snprintf(
        command, sizeof command,
        "cmake -S . -B b -G '%s' -DCMAKE_BUILD_TYPE=Debug -DLSC_TESTS=OFF -DLSC_WITH_VTK=OFF -DLSC_WITH_ONEDNN=OFF "
        "-DLSC_WITH_CUDA=OFF -DLSC_WITH_MPI=OFF &&"
        " cmake --build b -j 2 --target losscope_shared",
        LSC_GENERATOR);
    shell(command);
    library = dlopen(test_path("b/landscape/liblosscope.so"), RTLD_NOW | RTLD_LOCAL);
    CHECK(library != NULL);
    *(void **)&frame_new = dlsym(library, "lsc_frame_new");
    *(void **)&frame_free = dlsym(library, "lsc_frame_free");
    fixture_center(center);
    CHECK_INT(frame_new(&fixture_layout, center, 1, &o, &frame), LSC_OK);
    for (int j = 0; j < FIXTURE_N; j++)
        CHECK_REAL(frame->dirs[0][j], j >= 83 && j < 88, 0);
    CHECK_STR(frame->kind, "ones");
    frame_free(frame);
    dlclose(library);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_IN_FOLDER(a_new_direction_is_one_file_and_one_row),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
