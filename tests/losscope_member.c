/*
 * See losscope_member.h.
 * SPDX-License-Identifier: MIT
 */
#include "losscope_member.h"

#include "losscope_post.h"
#include "support/support.h"

static bool stop_now(void *context)
{
    const member *m = context;

    return m->stop_at > 0 && (m->ranks->rank == 0 ? m->done : m->begun) >= m->stop_at;
}

static void count_done(void *context, const lsc_surface *s)
{
    ((member *)context)->done = lsc_surface_n_done(s);
}

static void count_begun(void *context)
{
    ((member *)context)->begun++;
}

lsc_status evaluate(member *m)
{
    lsc_status st = LSC_OK;
    lsc_objective obj = fixture_objective(&m->q, m->coords);
    const lsc_axis axes[] = {{-1, 1, 7}, {-1, 1, 5}};
    const lsc_run_options o = {
        .path = m->path, .stop = stop_now, .progress = count_done, .context = m, .ranks = m->ranks};
    float center[FIXTURE_N];
    lsc_frame *frame = NULL;
    lsc_plan *plan = NULL;

    if (m->q.before == NULL) {
        m->q.before = count_begun;
        m->q.context = m;
    }
    obj.settings = m->settings == NULL ? obj.settings : m->settings;
    fixture_center(center);
    LSC_TRY(lsc_frame_new(&fixture_layout, center, 2, NULL, &frame));
    LSC_TRY(lsc_plan_new(axes, 2, &plan));
    LSC_TRY(lsc_run(&obj, frame, plan, &o, &m->surface));
cleanup:
    lsc_plan_free(plan);
    lsc_frame_free(frame);
    return st;
}

void *work(void *context)
{
    member *m = context;

    if (m->leaves) {
        m->status = lsc_fail(LSC_ERR_IO, "data.bin: it is not here");
        lsc_ranks_leave(m->ranks, m->status);
    } else {
        m->status = evaluate(m);
    }
    snprintf(m->message, sizeof m->message, "%s", lsc_last_error());
    m->returned = true;
    return NULL;
}

void run_all(member *members, int n, const char *path)
{
    post *p = post_new(n);

    members[0].path = path;
    for (int i = 0; i < n; i++) {
        members[i].ranks = post_ranks(p, i);
        assert_int_equal(pthread_create(&members[i].thread, NULL, work, &members[i]), 0);
    }
    for (int i = 0; i < n; i++)
        assert_int_equal(pthread_join(members[i].thread, NULL), 0);
    for (int i = 1; i < n; i++)
        CHECK(members[i].surface == NULL);
    post_free(p);
}

void check_failed(const member *m, lsc_status status, const char *text)
{
    CHECK_INT(m->status, status);
    CHECK_HAS(m->message, text);
}

void check_values(const lsc_surface *s)
{
    member alone = {0};

    CHECK_OK(evaluate(&alone));
    CHECK_INT(lsc_surface_n_done(s), POINTS);
    for (int f = 0; f < 3; f++) {
        const char *name = lsc_surface_field_name(s, f);
        CHECK_BYTES(lsc_surface_field(s, name), lsc_surface_field(alone.surface, name), POINTS * sizeof(double));
    }
    lsc_surface_free(alone.surface);
}
