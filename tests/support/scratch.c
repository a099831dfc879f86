/*
 * A copy of the sources that a test may change and build: to see that a new kind is one file and one row.
 * SPDX-License-Identifier: MIT
 */
#include "support/support.h"

static void run_ok(const char *const *argv, const char *folder)
{
    test_result r;
    test_run(&(test_command){.argv = argv, .folder = folder, .seconds = 55}, &r);
    if (r.exit_code != 0)
        fail_msg("%s: exit %d\n%s\n%s", argv[0], r.exit_code, r.out, r.err);
    test_result_free(&r);
}

const char *test_scratch_copy(void)
{
    const char *scratch = test_path("scratch");
    CHECK_OK(lsc_mkdirs(scratch));
    run_ok(
        (const char *const[]){"sh", "-c",
                              "tar -C \"$1\" --exclude=./build --exclude=./outputs --exclude=./.git -cf - . | tar xf -",
                              "sh", LSC_SOURCE_DIR, NULL},
        scratch);
    return scratch;
}

void test_scratch_append(const char *scratch, const char *name, const char *text)
{
    char *path = lsc_path_join(scratch, name);
    size_t n;
    char *old = test_read(path, &n);
    char *all = lsc_format("%s%s", old, text);
    test_write_text(path, all);
    lsc_free(all);
    lsc_free(old);
    lsc_free(path);
}

const char *test_scratch_build(const char *scratch, const char *target)
{
    run_ok((const char *const[]){"cmake", "-S", ".", "-B", "build", "-DLSC_WITH_VTK=OFF", "-DLSC_WITH_ONEDNN=OFF",
                                 "-DLSC_WITH_CUDA=OFF", "-DLSC_WITH_MPI=OFF", "-DCMAKE_BUILD_TYPE=None",
                                 "-DCMAKE_C_FLAGS=-O0", NULL},
           scratch);
    run_ok((const char *const[]){"cmake", "--build", "build", "--target", target, "-j", "2", NULL}, scratch);
    return test_path("scratch/build");
}
