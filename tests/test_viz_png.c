/*
 * Pictures, with no display.
 * SPDX-License-Identifier: MIT
 */
#include <stdlib.h>

#include "support/support.h"
#include "viz/viz.h"
#include "viz_fixture.h"
#include "viz_reader.h"

#define PANEL 620 /* pixels: PANEL_WIDTH of picture.c */

typedef struct {
    int width, height;
    unsigned char *pixels;
} image;

static image read_image(const char *path)
{
    image i;

    i.pixels = read_png(path, &i.width, &i.height);
    CHECK(i.pixels != NULL);
    return i;
}

static const unsigned char *at(const image *i, int x, int y)
{
    return &i->pixels[3 * ((int64_t)y * i->width + x)];
}

/* Axes, text and walls are grey; surfaces are not. */
static bool colored(const unsigned char *rgb)
{
    const int a = abs(rgb[0] - rgb[1]), b = abs(rgb[1] - rgb[2]);
    return a > 24 || b > 24;
}

/* More than rounding at another place of the picture. */
static bool differs(const unsigned char *a, const unsigned char *b)
{
    return abs(a[0] - b[0]) > 16 || abs(a[1] - b[1]) > 16 || abs(a[2] - b[2]) > 16;
}

static bool blank(const unsigned char *rgb)
{
    return rgb[0] == 255 && rgb[1] == 255 && rgb[2] == 255;
}

/* The share of coloured pixels in columns x0 .. x1. */
static double colored_share(const image *i, int x0, int x1)
{
    int64_t n = 0;

    for (int y = 0; y < i->height; y++)
        for (int x = x0; x < x1; x++)
            n += colored(at(i, x, y));
    return (double)n / ((double)i->height * (x1 - x0));
}

static double sharp(const double c[3])
{
    return 0.02 + 20 * (c[0] * c[0] + c[1] * c[1]);
}

static double wide(const double c[3])
{
    return 0.05 + 4 * (c[0] * c[0] + c[1] * c[1]);
}

static double widest(const double c[3])
{
    return 0.06 + 2 * (c[0] * c[0] + c[1] * c[1]);
}

static void every_panel_of_a_comparison_shows_its_surface(void **state)
{
    lsc_surface *s[] = {fixture_square(21, 21, sharp), fixture_square(21, 11, wide), fixture_square(11, 21, widest)};
    const viz_run runs[] = {{s[0], "erm"}, {s[1], "sam"}, {s[2], "gac_fas"}};
    const char *path = test_path("c.png");

    (void)state;
    CHECK_OK(viz_write_png(runs, 3, path, NULL));
    image i = read_image(path);
    CHECK(i.width > 3 * PANEL);
    for (int k = 0; k < 3; k++)
        CHECK(colored_share(&i, k * PANEL, (k + 1) * PANEL) > 0.15);
    CHECK(colored_share(&i, 3 * PANEL, i.width) > 0.05); /* the bar */
    free(i.pixels);
    for (int k = 0; k < 3; k++)
        lsc_surface_free(s[k]);
}

static void nothing_is_cut_off_at_the_border_of_a_panel(void **state)
{
    const lsc_axis axes[] = {{-0.001, 0.001, 11}, {-0.001, 0.001, 11}};
    lsc_surface *s[] = {fixture_surface(axes, 2, fixture_bowl), fixture_square(21, 21, fixture_steep)};
    const char *name = "a very long name of an optimizer, longer than any panel of the picture is wide, and then some";

    (void)state;
    for (int k = 0; k < 2; k++) {
        const viz_run twice[] = {{s[k], name}, {s[k], name}};
        const char *path = test_path("%d.png", k);
        CHECK_OK(viz_write_png(twice, 2, path, NULL));
        image i = read_image(path);
        for (int y = 0; y < i.height; y++)
            CHECK(blank(at(&i, 0, y)) && blank(at(&i, PANEL - 1, y)) && blank(at(&i, PANEL, y)) &&
                  blank(at(&i, 2 * PANEL, y)) && blank(at(&i, i.width - 1, y)));
        for (int x = 0; x < i.width; x++)
            CHECK(blank(at(&i, x, 0)) && blank(at(&i, x, i.height - 1)));
        free(i.pixels);
        lsc_surface_free(s[k]);
    }
}

/* How many pixels of panel k of one picture differ from panel j of another. */
static int64_t differences(const image *a, int k, const image *b, int j)
{
    int64_t n = 0;

    for (int y = 0; y < a->height; y++)
        for (int x = 0; x < PANEL; x++)
            n += differs(at(a, x + k * PANEL, y), at(b, x + j * PANEL, y));
    return n;
}

static void panels_share_one_scale_in_any_order(void **state)
{
    lsc_surface *a = fixture_square(11, 11, wide), *b = fixture_square(11, 11, sharp);
    const viz_run runs[] = {{a, "x"}, {b, "x"}}, turned[] = {{b, "x"}, {a, "x"}};

    (void)state;
    CHECK_OK(viz_write_png(runs, 2, test_path("c.png"), NULL));
    CHECK_OK(viz_write_png(turned, 2, test_path("d.png"), NULL));
    image c = read_image(test_path("c.png")), d = read_image(test_path("d.png"));
    const int64_t other = differences(&c, 0, &c, 1);
    CHECK(other > 10000);
    /* edges may fall on other pixels */
    CHECK(20 * differences(&c, 0, &d, 1) < other);
    CHECK(20 * differences(&c, 1, &d, 0) < other);
    free(c.pixels);
    free(d.pixels);
    lsc_surface_free(a);
    lsc_surface_free(b);
}

static void the_same_surface_gives_the_same_bytes(void **state)
{
    lsc_surface *s = fixture_square(21, 21, fixture_holes);
    const viz_run run = {s, "sam"};
    size_t n[2];

    (void)state;
    CHECK_OK(viz_write_png(&run, 1, test_path("a.png"), NULL));
    CHECK_OK(viz_write_png(&run, 1, test_path("b.png"), NULL));
    char *a = test_read(test_path("a.png"), &n[0]), *b = test_read(test_path("b.png"), &n[1]);
    CHECK_INT(n[0], n[1]);
    CHECK_BYTES(a, b, n[0]);
    lsc_free(a);
    lsc_free(b);
    lsc_surface_free(s);
}

static void a_hole_shows_the_paper(void **state)
{
    lsc_surface *whole = fixture_square(9, 9, fixture_bowl), *holes = fixture_square(9, 9, fixture_holes);
    const viz_run runs[] = {{whole, ""}, {holes, ""}};

    (void)state;
    CHECK_OK(viz_write_png(runs, 2, test_path("h.png"), NULL));
    image i = read_image(test_path("h.png"));
    CHECK(colored_share(&i, PANEL, 2 * PANEL) < 0.95 * colored_share(&i, 0, PANEL));
    free(i.pixels);
    lsc_surface_free(whole);
    lsc_surface_free(holes);
}

static void five_runs_wrap_into_a_second_row(void **state)
{
    lsc_surface *s = fixture_square(5, 5, fixture_bowl);
    const viz_run runs[] = {{s, "a"}, {s, "b"}, {s, "c"}, {s, "d"}, {s, "e"}};

    (void)state;
    CHECK_OK(viz_write_png(runs, 5, test_path("five.png"), NULL));
    image i = read_image(test_path("five.png"));
    CHECK(i.width < 5 * PANEL && i.height > 2 * 600);
    free(i.pixels);
    lsc_surface_free(s);
}

static void what_cannot_be_drawn_is_said(void **state)
{
    lsc_surface *line = fixture_surface((const lsc_axis[]){{-1, 1, 5}}, 1, fixture_bowl),
                *never = fixture_square(3, 3, fixture_never);
    const viz_run one = {line, "sam\x1b[2J"}, none = {never, "erm"};

    (void)state;
    CHECK_FAILS(viz_write_png(&one, 1, test_path("x.png"), NULL), LSC_ERR_ARG,
                "picture: sam\\x1b[2J has 1 axes of more than one point, need 2");
    CHECK_FAILS(viz_write_png(&none, 1, test_path("x.png"), NULL), LSC_ERR_ARG, "picture: erm has no finite point");
    CHECK_FAILS(viz_write_png(NULL, 0, test_path("x.png"), NULL), LSC_ERR_ARG, "no run is given");
    CHECK_INT(test_folder_entries(), 0);
    lsc_surface_free(line);
    lsc_surface_free(never);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_IN_FOLDER(every_panel_of_a_comparison_shows_its_surface),
        TEST_IN_FOLDER(nothing_is_cut_off_at_the_border_of_a_panel),
        TEST_IN_FOLDER(panels_share_one_scale_in_any_order),
        TEST_IN_FOLDER(the_same_surface_gives_the_same_bytes),
        TEST_IN_FOLDER(a_hole_shows_the_paper),
        TEST_IN_FOLDER(five_runs_wrap_into_a_second_row),
        TEST_IN_FOLDER(what_cannot_be_drawn_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
