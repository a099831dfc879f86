/*
 * liblosscope as a package: what it shows, what it needs, and that a user can build against it when installed.
 * Arguments: the shared library, the example built in this tree.
 * SPDX-License-Identifier: MIT
 */
#include "support/support.h"

#include <stdlib.h>

static const char *library, *example;

/* Runs a shell command in the folder of the test and returns what it printed (lsc_free). */
static char *shell(const char *command)
{
    const char *const argv[] = {"sh", "-ec", command, NULL};
    test_result r;
    char *out;

    test_run(&(test_command){.argv = argv, .folder = test_folder()}, &r);
    if (r.exit_code != 0)
        print_error("%s\n%s%s", command, r.out, r.err);
    CHECK_INT(r.exit_code, 0);
    out = lsc_strdup(r.out);
    test_result_free(&r);
    return out;
}

static char *shell_with(const char *format, const char *argument)
{
    char command[2048];
    lsc_text text = {0};
    const char *place = strstr(format, "@");

    lsc_text_add_bytes(&text, format, (size_t)(place - format));
    lsc_text_add(&text, "'%s'%s", argument, place + 1);
    snprintf(command, sizeof command, "%s", text.text);
    lsc_text_free(&text);
    return shell(command);
}

static void check_example_ran(const char *out)
{
    /* The least-squares line through its six points, by its normal equations. */
    CHECK_HAS(out, "loss at (2.003, 1.043): 0.0225; at a corner: ");
}

static void only_the_public_names_are_exported(void **state)
{
    char *out = shell_with("nm -D --defined-only @ | awk '{ print $NF }'", library), *rest = NULL;
    int n = 0;

    (void)state;
    for (char *name = strtok_r(out, "\n", &rest); name != NULL; name = strtok_r(NULL, "\n", &rest), n++) {
        CHECK_HAS(name, "lsc_");
        CHECK(strncmp(name, "lsc_", 4) == 0);
        CHECK(strncmp(name, "lsc_h5", 6) != 0 && strcmp(name, "lsc_calloc") != 0);
    }
    CHECK(n >= 30);
    lsc_free(out);
}

static void only_hdf5_and_the_c_library_are_needed(void **state)
{
    static const char *const allowed[] = {"libhdf5", "libc.so",  "libm.so",     "libpthread", "ld-linux",
                                          "libasan", "libubsan", "libtsan.so.", "libgcc_s"};
    char *out = shell_with("readelf -d @ | sed -n 's/.*(NEEDED).*\\[\\(.*\\)\\]/\\1/p'", library), *rest = NULL;
    int n = 0;

    (void)state;
    for (char *name = strtok_r(out, "\n", &rest); name != NULL; name = strtok_r(NULL, "\n", &rest), n++) {
        bool known = false;

        for (size_t i = 0; i < LSC_COUNT(allowed); i++)
            known = known || strncmp(name, allowed[i], strlen(allowed[i])) == 0;
        if (!known)
            print_error("needs %s\n", name);
        CHECK(known);
    }
    CHECK(n >= 2);
    lsc_free(out);
}

static void the_header_stands_alone_in_c_and_cxx(void **state)
{
    (void)state;
    lsc_free(shell_with("echo '#include <losscope.h>' > h.c; cp h.c h.cpp;"
                        "for c in 'cc -std=c11 -x c h.c' 'c++ -std=c++11 -x c++ h.cpp'; do"
                        "  $c -I @ -Wall -Wextra -pedantic-errors -Werror -fsyntax-only; done",
                        source_path("include")));
}

static void the_example_runs_and_resumes(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        char *out = shell_with("@", example);

        check_example_ran(out);
        lsc_free(out);
    }
    CHECK_INT(test_folder_entries(), 1); /* quadratic.h5 */
}

static void install(void)
{
    char command[1024];

    snprintf(command, sizeof command, "cmake --install '%s' --component losscope --prefix \"$PWD/usr\"",
             LSC_BINARY_DIR);
    lsc_free(shell(command));
}

static void a_user_builds_by_cmake(void **state)
{
    char command[1024], *out;

    (void)state;
    install();
    snprintf(
        command, sizeof command,
        "cmake -S '%s/tests/losscope_user' -B b -DEXAMPLE='%s/examples/quadratic.c' -DCMAKE_PREFIX_PATH=\"$PWD/usr\" "
        "-DCMAKE_C_FLAGS='%s' && cmake --build b",
        LSC_SOURCE_DIR, LSC_SOURCE_DIR, LSC_TEST_FLAGS);
    lsc_free(shell(command));
    out = shell("b/with_losscope");
    check_example_ran(out);
    lsc_free(out);
    out = shell("rm quadratic.h5; b/with_losscope_shared");
    check_example_ran(out);
    lsc_free(out);
}

static void a_user_builds_by_pkg_config(void **state)
{
    char command[1024], *out;

    (void)state;
    install();
    snprintf(command, sizeof command,
             "export PKG_CONFIG_PATH=$(dirname $(find $PWD/usr -name losscope.pc));"
             "lib=$(dirname $PKG_CONFIG_PATH);"
             "cc %s '%s/examples/quadratic.c' $(pkg-config --cflags --libs losscope) -Wl,-rpath,$lib -o shared;"
             "rm $lib/*.so*;"
             "cc %s '%s/examples/quadratic.c' $(pkg-config --cflags --libs --static losscope) -o static",
             LSC_TEST_FLAGS, LSC_SOURCE_DIR, LSC_TEST_FLAGS, LSC_SOURCE_DIR);
    lsc_free(shell(command));
    out = shell("./static");
    check_example_ran(out);
    lsc_free(out);
    install();
    out = shell("rm quadratic.h5; ./shared; pkg-config --modversion $(find $PWD/usr -name losscope.pc)");
    check_example_ran(out);
    CHECK_HAS(out, lsc_version());
    lsc_free(out);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        TEST_IN_FOLDER(only_the_public_names_are_exported),
        TEST_IN_FOLDER(only_hdf5_and_the_c_library_are_needed),
        TEST_IN_FOLDER(the_header_stands_alone_in_c_and_cxx),
        TEST_IN_FOLDER(the_example_runs_and_resumes),
        TEST_IN_FOLDER(a_user_builds_by_cmake),
        TEST_IN_FOLDER(a_user_builds_by_pkg_config),
    };
    if (argc < 3)
        return 64;
    library = argv[1];
    example = argv[2];
    return cmocka_run_group_tests(tests, NULL, NULL);
}
