/*
 * A program that writes .vtp files needs no OpenGL and no X: compute nodes have none.
 * SPDX-License-Identifier: MIT
 */
#include <unistd.h>

#include "support/support.h"
#include "viz/viz.h"
#include "viz_fixture.h"

static void check_links(const char *program)
{
    static const char *const unwanted[] = {"libGL", "libEGL", "libX11", "libvtkRendering", "libmpi"};
    test_result r;

    test_run(&(test_command){.argv = (const char *const[]){"ldd", program, NULL}}, &r);
    CHECK_INT(r.exit_code, 0);
    CHECK_HAS(r.out, "libvtkIOXML");
    for (size_t i = 0; i < LSC_COUNT(unwanted); i++)
        CHECK(strstr(r.out, unwanted[i]) == NULL);
    test_result_free(&r);
}

/* This program writes one, and looks at itself. */
static void writing_vtp_needs_no_opengl_and_no_x(void **state)
{
    lsc_surface *s = fixture_square(5, 5, fixture_bowl);
    char self[4096] = {0};

    (void)state;
    CHECK_OK(viz_write_vtp(s, test_path("s.vtp"), NULL));
    CHECK(readlink("/proc/self/exe", self, sizeof self - 1) > 0);
    check_links(self);
    lsc_surface_free(s);
}

static void landscape_needs_no_opengl_and_no_x(void **state)
{
    (void)state;
    check_links(LSC_BINARY_DIR "/landscape/landscape");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_IN_FOLDER(writing_vtp_needs_no_opengl_and_no_x),
        TEST(landscape_needs_no_opengl_and_no_x),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
