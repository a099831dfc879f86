/*
 * lsc_run on several ranks, which are threads here: values, sharing, failures, stopping, counts, and messages that are
 * none. SPDX-License-Identifier: MIT
 */
#include <stdlib.h>
#include <time.h>

#include "losscope_member.h"
#include "losscope_post.h"
#include "support/support.h"

/* ---- what works --------------------------------------------------------------------------- */

static void values_do_not_depend_on_the_number_of_ranks(void **state)
{
    static const int numbers[] = {1, 2, 3, 8, 32};

    (void)state;
    for (size_t k = 0; k < 2 * LSC_COUNT(numbers); k++) {
        const int n = numbers[k / 2];
        member m[POST_RANKS] = {{0}};
        int points = 0;

        for (int i = 0; i < n; i++)
            m[i].coords = k % 2 == 1;
        run_all(m, n, NULL);
        for (int i = 0; i < n; i++) {
            CHECK_INT(m[i].status, LSC_OK);
            points += m[i].q.points;
        }
        CHECK_INT(points, POINTS); /* none twice */
        check_values(m[0].surface);
        lsc_surface_free(m[0].surface);
    }
}

static void a_resume_may_have_more_ranks_or_fewer(void **state)
{
    const char *path = test_path("s.h5");
    lsc_surface *s = NULL;
    int points = 0;

    (void)state;
    for (int n = 3; n >= 1; n--) {
        member m[3] = {{.stop_at = 4}};

        run_all(m, n, path);
        check_failed(&m[0], LSC_ERR_STOPPED, "stopped on request with ");
        for (int i = 0; i < n; i++)
            points += m[i].q.points;
        lsc_surface_free(m[0].surface);
    }
    member last[2] = {{0}};
    run_all(last, 2, path);
    CHECK_INT(last[0].status, LSC_OK);
    CHECK(last[0].q.points + last[1].q.points < POINTS - 4);
    CHECK(points + last[0].q.points + last[1].q.points >= POINTS);
    lsc_surface_free(last[0].surface);
    CHECK_OK(lsc_surface_load(path, &s));
    check_values(s);
    lsc_surface_free(s);
}

static void a_complete_surface_lets_all_ranks_go(void **state)
{
    const char *path = test_path("s.h5");
    member m[3] = {{0}}, again[3] = {{0}};

    (void)state;
    run_all(m, 3, path);
    run_all(again, 3, path);
    for (int i = 0; i < 3; i++) {
        CHECK_INT(again[i].status, LSC_OK);
        CHECK_INT(again[i].q.points, 0);
    }
    lsc_surface_free(m[0].surface);
    lsc_surface_free(again[0].surface);
}

static void counts_of_all_ranks_are_added_up_over_resumes(void **state)
{
    const char *path = test_path("s.h5");
    member alone = {.q = {.high_above = 100}};
    const char *want;

    (void)state;
    CHECK_OK(evaluate(&alone));
    want = lsc_surface_get(alone.surface, "objective.high");
    CHECK(atoi(want) > 5 && atoi(want) < 30);
    for (int n = 3; n >= 1; n--) {
        member m[3] = {{0}};

        for (int i = 0; i < n; i++)
            m[i].q.high_above = 100;
        m[0].stop_at = n > 1 ? 4 : 0;
        run_all(m, n, path);
        CHECK_INT(m[0].status, n > 1 ? LSC_ERR_STOPPED : LSC_OK);
        if (n == 1)
            CHECK_STR(lsc_surface_get(m[0].surface, "objective.high"), want);
        lsc_surface_free(m[0].surface);
    }
    lsc_surface_free(alone.surface);
}

/* ---- nobody waits for another's point ------------------------------------------------------- */

typedef struct {
    _Atomic int points; /* of all ranks, begun */
    _Atomic bool slow;  /* the one that takes for ever has begun */
    _Atomic bool timed_out;
} crowd;

static void pause_until(crowd *c, double deadline)
{
    nanosleep(&(struct timespec){0, 1000000}, NULL);
    if (lsc_seconds() > deadline)
        c->timed_out = true;
}

/* Not before the slow one has begun: a thread may come late. */
static void wait_for_slow(void *context)
{
    crowd *c = context;
    const double deadline = lsc_seconds() + 30;

    while (!c->slow && !c->timed_out)
        pause_until(c, deadline);
    c->points++;
}

/* Until the others have begun all other points. */
static void wait_for_others(void *context)
{
    crowd *c = context;
    const double deadline = lsc_seconds() + 30;

    c->slow = true;
    c->points++;
    while (c->points < POINTS && !c->timed_out)
        pause_until(c, deadline);
}

static void a_rank_that_takes_for_ever_holds_up_no_other(void **state)
{
    (void)state;
    for (int slow = 0; slow < 3; slow++) {
        crowd c = {0};
        member m[3] = {{0}};

        for (int i = 0; i < 3; i++) {
            m[i].q.before = i == slow ? wait_for_others : wait_for_slow;
            m[i].q.context = &c;
        }
        run_all(m, 3, NULL);
        CHECK(!c.timed_out);
        CHECK_INT(m[slow].q.points, 1);
        check_values(m[0].surface);
        lsc_surface_free(m[0].surface);
    }
}

/* ---- failures ----------------------------------------------------------------------------- */

static void wait_for_return(void *context)
{
    const member *m = context;
    const double deadline = lsc_seconds() + 30;

    while (!m->returned && lsc_seconds() < deadline)
        nanosleep(&(struct timespec){0, 1000000}, NULL);
}

/* Points of the others take as long as this one is there, so that the run is not over before it has failed. */
static void all_wait_for(member *m, int n, int which)
{
    for (int i = 0; i < n; i++)
        if (i != which) {
            m[i].q.before = wait_for_return;
            m[i].q.context = &m[which];
        }
}

static void a_failing_objective_names_its_rank_and_what_is_done_is_kept(void **state)
{
    (void)state;
    for (int which = 0; which < 3; which++) {
        member m[3] = {{0}};
        const char *path = test_path("%d.h5", which);
        lsc_surface *s = NULL;
        char want[32];

        snprintf(want, sizeof want, "rank %d (", which);
        all_wait_for(m, 3, which);
        m[which].q.fail_at = 2;
        run_all(m, 3, path);
        check_failed(&m[0], LSC_ERR_CALLBACK, "objective: eval failed at (");
        CHECK_HAS(m[0].message, which == 0 ? "" : want);
        for (int i = 1; i < 3; i++)
            CHECK_INT(m[i].status, i == which ? LSC_ERR_CALLBACK : LSC_OK);
        CHECK_OK(lsc_surface_load(path, &s));
        CHECK(lsc_surface_n_done(s) >= 1 && lsc_surface_n_done(s) < POINTS);
        CHECK_INT(lsc_surface_n_done(s), lsc_surface_n_done(m[0].surface));
        lsc_surface_free(s);
        lsc_surface_free(m[0].surface);
    }
}

static void a_rank_that_cannot_begin_ends_all(void **state)
{
    member m[3] = {{0}};

    (void)state;
    all_wait_for(m, 3, 1);
    m[1].leaves = true;
    run_all(m, 3, NULL);
    check_failed(&m[0], LSC_ERR_IO, "): data.bin: it is not here");
    CHECK_HAS(m[0].message, "rank 1 (");
    CHECK_INT(m[2].status, LSC_OK);
    lsc_surface_free(m[0].surface);
}

static void if_rank_0_cannot_begin_the_others_end(void **state)
{
    member m[3] = {{.leaves = true}};

    (void)state;
    run_all(m, 3, NULL);
    for (int i = 1; i < 3; i++) {
        CHECK_INT(m[i].status, LSC_OK);
        CHECK_INT(m[i].q.points, 0);
    }
}

static void if_rank_0_cannot_save_the_others_end(void **state)
{
    member m[3] = {{0}};

    (void)state;
    run_all(m, 3, test_path("no/such/s.h5"));
    check_failed(&m[0], LSC_ERR_IO, "No such file or directory");
    CHECK(m[0].surface == NULL);
    for (int i = 1; i < 3; i++)
        CHECK_INT(m[i].status, LSC_OK);
}

static void other_settings_on_a_rank_are_named(void **state)
{
    static const char *const cases[][2] = {
        {"{\"data\": \"other\", \"images\": 0}",
         "rank 2 has other settings than rank 0: objective.data is other there, none here"},
        {"{\"data\": \"none\"}", "than rank 0: objective.images is absent there, 0 here"},
        {"{\"data\": \"none\", \"images\": 0, \"bn\": \"frozen\"}", "objective.bn is frozen there, absent here"},
    };

    (void)state;
    for (size_t k = 0; k < LSC_COUNT(cases); k++) {
        member m[3] = {{0}};

        m[0].q.slow_us = m[1].q.slow_us = 100000; /* rank 2 is heard long before the end */
        m[2].settings = cases[k][0];
        run_all(m, 3, NULL);
        check_failed(&m[0], LSC_ERR_CONFIG, cases[k][1]);
        CHECK_INT(m[2].q.points, 0);
        lsc_surface_free(m[0].surface);
    }
}

static void a_rank_that_is_stopped_stops_all(void **state)
{
    member m[3] = {{0}};
    const char *path = test_path("s.h5");

    (void)state;
    all_wait_for(m, 3, 2);
    m[2].stop_at = 2;
    run_all(m, 3, path);
    check_failed(&m[0], LSC_ERR_STOPPED, "stopped on request with ");
    check_failed(&m[2], LSC_ERR_STOPPED, "stopped on request");
    CHECK_INT(m[1].status, LSC_OK);
    CHECK(lsc_surface_n_done(m[0].surface) >= 2);
    lsc_surface_free(m[0].surface);
}

/* ---- messages that are none --------------------------------------------------------------- */

typedef struct {
    uint32_t head[2];
    int64_t body[8];
    size_t n; /* bytes */
} garbage;

/* Rank 1 sends nothing but this. */
static void check_refused_by_rank_0(const garbage *g, const char *text)
{
    post *p = post_new(2);
    member m = {.ranks = post_ranks(p, 0), .q = {.slow_us = 20000}};

    post_send(p, 1, 0, g, g->n);
    work(&m);
    check_failed(&m, LSC_ERR_FORMAT, text);
    CHECK_INT(post_waiting(p, 1), 1); /* it is told to stop */
    lsc_surface_free(m.surface);
    post_free(p);
}

static void rank_0_refuses_what_is_no_message(void **state)
{
    static const garbage none[] = {
        {.n = 0},
        {.head = {4}, .n = 7},                                   /* half a header */
        {.head = {1}, .n = 8},                                   /* HELLO without text */
        {.head = {1}, .body = {0x6161616161616161}, .n = 16},    /* whose text does not end */
        {.head = {3, 1}, .body = {0x6161616161616161}, .n = 16}, /* nor that of LEAVE */
        {.head = {2, 1}, .n = 16},                               /* RESULTS too short */
        {.head = {2, 1}, .n = 48},                               /* too long */
        {.head = {2, 0xffffffff}, .n = 40},                      /* of too many points */
        {.head = {2, 1}, .body = {-1}, .n = 40},                 /* beside the grid */
        {.head = {2, 1}, .body = {POINTS}, .n = 40},
    };

    (void)state;
    for (size_t k = 0; k < LSC_COUNT(none); k++)
        check_refused_by_rank_0(&none[k], "run: what rank 1 sent is no message of this version of losscope");
    check_refused_by_rank_0(&(garbage){.head = {4}, .n = 8}, "run: rank 1 sent a message that is for others");
    check_refused_by_rank_0(&(garbage){.head = {77}, .n = 8}, "run: rank 1 sent a message that is for others");
}

static void other_ranks_refuse_what_is_no_message(void **state)
{
    static const garbage none[] = {
        {.head = {4, 1}, .n = 8},                    /* HAND without points */
        {.head = {4, 0}, .n = 8},                    /* of none */
        {.head = {4, 257}, .n = 72},                 /* of too many */
        {.head = {4, 1}, .body = {POINTS}, .n = 16}, /* beyond the plan */
        {.head = {4, 1}, .body = {-1}, .n = 16},
        {.head = {2, 0}, .n = 8}, /* RESULTS */
    };

    (void)state;
    for (size_t k = 0; k < LSC_COUNT(none); k++) {
        post *p = post_new(2);
        member m = {.ranks = post_ranks(p, 1)};

        post_send(p, 0, 1, &none[k], none[k].n);
        work(&m);
        CHECK_INT(m.status, LSC_ERR_FORMAT);
        CHECK_INT(m.q.points, 0);
        CHECK_INT(post_waiting(p, 0), 2); /* HELLO and LEAVE */
        post_free(p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(values_do_not_depend_on_the_number_of_ranks),
        TEST_IN_FOLDER(a_resume_may_have_more_ranks_or_fewer),
        TEST_IN_FOLDER(a_complete_surface_lets_all_ranks_go),
        TEST_IN_FOLDER(counts_of_all_ranks_are_added_up_over_resumes),
        TEST(a_rank_that_takes_for_ever_holds_up_no_other),
        TEST_IN_FOLDER(a_failing_objective_names_its_rank_and_what_is_done_is_kept),
        TEST(a_rank_that_cannot_begin_ends_all),
        TEST(if_rank_0_cannot_begin_the_others_end),
        TEST_IN_FOLDER(if_rank_0_cannot_save_the_others_end),
        TEST(other_settings_on_a_rank_are_named),
        TEST_IN_FOLDER(a_rank_that_is_stopped_stops_all),
        TEST(rank_0_refuses_what_is_no_message),
        TEST(other_ranks_refuse_what_is_no_message),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
