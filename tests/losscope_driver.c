/*
 * losscope_driver PATH SIDE SLEEP_US [STOP_AT]: a slow quadratic over SIDE x SIDE points, as often saved as the rule
 * of cost allows, to be killed or to meet a full disk. Prints how many points it evaluated; ends with the status
 * of lsc_run and its message on stderr.
 * SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <stdlib.h>

#include "losscope_fixture.h"

static int stop_at;

static bool stop_now(void *context)
{
    return stop_at > 0 && ((fixture_quadratic *)context)->points >= stop_at;
}

int main(int argc, char **argv)
{
    const int side = argc > 2 ? atoi(argv[2]) : 0;
    fixture_quadratic q = {.slow_us = argc > 3 ? atoi(argv[3]) : 0};
    const lsc_objective obj = fixture_objective(&q, false);
    const lsc_axis axes[] = {{-1, 1, side}, {-1, 1, side}};
    const lsc_run_options o = {.path = argv[1], .save_s = 1e-9, .stop = stop_now, .context = &q};
    float center[FIXTURE_N];
    lsc_frame *frame = NULL;
    lsc_plan *plan = NULL;
    lsc_surface *s = NULL;
    lsc_status st;

    stop_at = argc > 4 ? atoi(argv[4]) : 0;
    fixture_center(center);
    st = lsc_frame_new(&fixture_layout, center, 2, NULL, &frame);
    st = st == LSC_OK ? lsc_plan_new(axes, 2, &plan) : st;
    st = st == LSC_OK ? lsc_run(&obj, frame, plan, &o, &s) : st;
    if (st != LSC_OK)
        fprintf(stderr, "%s\n", lsc_last_error());
    printf("%d points evaluated, %d done\n", q.points, s == NULL ? 0 : (int)lsc_surface_n_done(s));
    lsc_surface_free(s);
    lsc_plan_free(plan);
    lsc_frame_free(frame);
    return (int)st;
}
