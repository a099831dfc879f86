/*
 * Metrics of scores against values made by the released evaluation of GAC-FAS (scikit-learn 1.9.1's roc_curve), by
 * hand where that has no such metric: V1 to V7 are small sets on which the usual mistakes show.
 * SPDX-License-Identifier: MIT
 */
#include "nn/metric.h"
#include "support/support.h"

#include <math.h>

#define TINY 1e-10 /* the golden values have ten digits */

typedef struct {
    int64_t n;
    double score[16];
    int live[16];
} vector;

static const vector v1 = {10, {.95, .9, .8, .7, .6, .4, .35, .2, .1, .05}, {1, 1, 1, 1}};
static const vector v2 = {
    12, {.9, .8, .75, .7, .65, .6, .55, .5, .45, .4, .3, .2}, {1, 1, 0, 1, 1, 0, 1, 0, 0, 1, 0, 0}};
static const vector v3 = {10, {.9, .7, .7, .7, .5, .5, .5, .3, .3, .1}, {1, 1, 0, 1, 1, 0, 0, 0, 1, 0}};
static const vector v4 = {6, {.5, .5, .5, .5, .5, .5}, {1, 1}};
static const vector v5 = {8, {.1, .2, .3, .4, .8, .7, .6, .9}, {1, 1, 1, 0, 0, 0, 0, 1}};
static const vector v6_development = {8, {.9, .85, .6, .55, .5, .35, .3, .2}, {1, 1, 1, 0, 1}};

static nn_score rows[1 << 17];

static int64_t of(const vector *v)
{
    for (int64_t i = 0; i < v->n; i++)
        rows[i] = (nn_score){.score = v->score[i], .live = v->live[i], .species = -1, .video = -1, .subject = -1};
    return v->n;
}

/* V6: live, then species 0 (print), then species 1 (replay). */
static int64_t v6_test(nn_score *out)
{
    static const double score[12] = {.95, .7, .5, .45, .65, .57, .2, .1, .58, .3, .25, .05};
    for (int i = 0; i < 12; i++)
        out[i] = (nn_score){.score = score[i], .live = i < 4, .species = i < 4 ? -1 : i / 4 - 1, .subject = -1};
    return 12;
}

/* V7: frames of five videos. */
static int64_t v7(nn_score *out)
{
    static const struct {
        double score;
        int video;
    } frame[11] = {{.9, 1}, {.4, 1}, {.8, 1},  {.55, 2}, {.35, 2}, {.6, 3},
                   {.2, 3}, {.1, 3}, {.45, 4}, {.5, 4},  {.3, 5}};
    for (int i = 0; i < 11; i++)
        out[i] = (nn_score){
            .score = frame[i].score, .live = frame[i].video < 3, .species = -1, .video = frame[i].video, .subject = 0};
    return 11;
}

static nn_roc *roc_of(const nn_score *s, int64_t n)
{
    nn_roc *r = NULL;
    CHECK_OK(nn_roc_new(s, n, &r));
    return r;
}

static void check_compat(const vector *v, nn_compat want)
{
    nn_roc *r = roc_of(rows, of(v));
    const nn_compat have = nn_roc_compat(r);
    CHECK_REAL(have.accuracy, want.accuracy, TINY);
    CHECK_REAL(have.far, want.far, TINY);
    CHECK_REAL(have.frr, want.frr, TINY);
    CHECK_REAL(have.hter, want.hter, TINY);
    CHECK_REAL(have.auc, want.auc, TINY);
    CHECK_REAL(have.tpr_at_5, want.tpr_at_5, TINY);
    CHECK(have.threshold == want.threshold);
    nn_roc_free(r);
}

static void the_released_rules_give_the_released_values(void **state)
{
    (void)state;
    check_compat(&v1, (nn_compat){.accuracy = 1, .auc = 1, .threshold = .7, .tpr_at_5 = 0});
    check_compat(&v2, (nn_compat){.accuracy = .75,
                                  .far = 1 / 3.,
                                  .frr = 1 / 3.,
                                  .hter = 1 / 3.,
                                  .auc = .7777777778,
                                  .threshold = .6,
                                  .tpr_at_5 = 0});
    check_compat(
        &v3, (nn_compat){.accuracy = .8, .far = .2, .frr = .4, .hter = .3, .auc = .74, .threshold = .7, .tpr_at_5 = 0});
    check_compat(&v4, (nn_compat){.accuracy = 2 / 3., .frr = 1, .hter = .5, .auc = .5, .threshold = INFINITY});
    check_compat(
        &v5,
        (nn_compat){.accuracy = .375, .far = .75, .frr = .75, .hter = .75, .auc = .25, .threshold = .6, .tpr_at_5 = 0});
}

static void the_equal_error_rate_lies_between_points(void **state)
{
    const struct {
        const vector *v;
        double eer;
    } golden[] = {{&v1, 0}, {&v2, 1 / 3.}, {&v3, 1 / 3.}, {&v4, .5}, {&v5, .75}};
    (void)state;
    for (size_t i = 0; i < LSC_COUNT(golden); i++) {
        nn_roc *r = roc_of(rows, of(golden[i].v));
        CHECK_REAL(nn_roc_eer(r), golden[i].eer, TINY);
        nn_roc_free(r);
    }
}

static void the_true_positive_rate_keeps_its_promise_about_false_ones(void **state)
{
    (void)state;
    nn_roc *r = roc_of(rows, of(&v1));
    CHECK_REAL(nn_roc_tpr(r, .05), 1, 0);
    nn_roc_free(r);
    r = roc_of(rows, of(&v2));
    CHECK_REAL(nn_roc_tpr(r, .05), 1 / 3., TINY);
    CHECK_REAL(nn_roc_tpr(r, .2), 2 / 3., TINY);
    CHECK_REAL(nn_roc_tpr(r, .5), 5 / 6., TINY);
    nn_roc_free(r);
    r = roc_of(rows, of(&v3));
    CHECK_REAL(nn_roc_tpr(r, .2), .6, TINY);
    nn_roc_free(r);
}

static void a_share_counts_as_its_decimals_say(void **state)
{
    (void)state;
    CHECK_INT(nn_share_of(.29, 100), 29);
    CHECK_INT(nn_share_of(.05, 20), 1);
    CHECK_INT(nn_share_of(.05, 19), 0);
    CHECK_INT(nn_share_of(.1, 1000000000), 100000000);
}

static void a_development_set_chooses_the_threshold(void **state)
{
    nn_score test[12], development[8];
    nn_liveness l;
    (void)state;
    const int64_t n = v6_test(test);
    memcpy(development, rows, (size_t)of(&v6_development) * sizeof *development);
    CHECK_OK(nn_scores_liveness(test, n, development, 8, 1, &l));
    CHECK_INT(l.live, 4);
    CHECK_INT(l.attacks, 8);
    CHECK_REAL(l.development.threshold, .55, 0);
    CHECK_REAL(l.development.far, .375, 0);
    CHECK_REAL(l.development.attacks.bpcer, .5, 0);
    CHECK_REAL(l.development.hter, .4375, 0);
    CHECK_INT(l.development.attacks.accepted[0], 2);
    CHECK_INT(l.development.attacks.n[0], 4);
    CHECK_INT(l.development.attacks.accepted[1], 1);
    CHECK_INT(l.development.attacks.n[1], 4);
    CHECK_REAL(l.development.attacks.apcer, .5, 0);
    CHECK_INT(l.development.attacks.worst, 0);
    CHECK_REAL(l.development.attacks.acer, .5, 0);
    /* By the test set's own labels; .5 would do as well, the highest threshold is taken. */
    CHECK_REAL(l.target.threshold, .57, 0);
    CHECK_REAL(l.target.hter, .4375, 0);
    CHECK_REAL(l.target.frr, .5, 0);
    CHECK_REAL(l.auc, .8125, 0);
    CHECK_REAL(l.eer, .375, 0);
    CHECK(!l.has_intervals);
    CHECK_HAS(l.no_intervals, "score 0 has no subject: intervals resample subjects");
}

static void without_a_development_set_there_is_the_target_alone(void **state)
{
    nn_liveness l;
    (void)state;
    CHECK_OK(nn_scores_liveness(rows, of(&v2), NULL, 0, 1, &l));
    CHECK(!l.has_development);
    CHECK_REAL(l.target.hter, 1 / 3., TINY);
    CHECK_REAL(l.tpr[1], 1 / 3., TINY);
}

static void bpcer_at_a_bound_on_the_worst_species(void **state)
{
    nn_score test[12];
    double bpcer;
    (void)state;
    const int64_t n = v6_test(test);
    CHECK_OK(nn_bpcer_at_apcer(test, n, .05, &bpcer));
    CHECK_REAL(bpcer, .5, 0); /* .95 and .7 lie above every attack */
    CHECK_OK(nn_bpcer_at_apcer(test, n, .25, &bpcer));
    CHECK_REAL(bpcer, .5, 0); /* .57, the second print, would be beyond it */
    CHECK_OK(nn_bpcer_at_apcer(test, n, .5, &bpcer));
    CHECK_REAL(bpcer, 0, 0);
    CHECK_OK(nn_bpcer_at_apcer(rows, of(&v4), .1, &bpcer));
    CHECK_REAL(bpcer, 1, 0); /* equal scores are accepted together */
}

static void videos_take_the_mean_median_or_largest_of_their_frames(void **state)
{
    nn_score frames[11], videos[11];
    int64_t n_videos;
    (void)state;
    const int64_t n = v7(frames);
    nn_roc *r = roc_of(frames, n);
    nn_compat c = nn_roc_compat(r);
    CHECK_REAL(c.hter, 11 / 30., TINY);
    CHECK_REAL(c.auc, 23 / 30., TINY);
    CHECK_REAL(c.far, 1 / 3., TINY);
    CHECK_REAL(c.frr, .4, TINY);
    CHECK_REAL(c.threshold, .5, 0);
    nn_roc_free(r);

    CHECK_OK(nn_scores_by_video(frames, n, "mean", videos, &n_videos));
    CHECK_INT(n_videos, 5);
    const double mean[5] = {.7, .45, .3, .475, .3};
    for (int i = 0; i < 5; i++)
        CHECK_REAL(videos[i].score, mean[i], 1e-15); /* rounding of a sum of three */
    r = roc_of(videos, n_videos);
    c = nn_roc_compat(r);
    CHECK_REAL(c.far, 1 / 3., TINY);
    CHECK_REAL(c.frr, .5, TINY);
    CHECK_REAL(c.hter, 5 / 12., TINY);
    CHECK_REAL(c.auc, 5 / 6., TINY);
    CHECK_REAL(c.threshold, .475, 0);
    CHECK_REAL(nn_roc_eer(r), 1 / 3., TINY);
    nn_roc_free(r);

    CHECK_OK(nn_scores_by_video(frames, n, "median", videos, &n_videos));
    CHECK_REAL(videos[0].score, .8, 0);
    CHECK_REAL(videos[1].score, .45, 1e-15);
    CHECK_OK(nn_scores_by_video(frames, n, "max", videos, &n_videos));
    CHECK_REAL(videos[2].score, .6, 0);
    CHECK_OK(nn_scores_by_video(frames, n, "none", videos, &n_videos));
    CHECK_INT(n_videos, 11);
    CHECK_REAL(videos[3].score, frames[3].score, 0);
}

static void frames_that_cannot_be_gathered_are_refused(void **state)
{
    nn_score frames[11], videos[11];
    int64_t n_videos;
    (void)state;
    const int64_t n = v7(frames);
    CHECK_FAILS(nn_scores_by_video(frames, n, "men", videos, &n_videos), LSC_ERR_ARG,
                "there is no aggregate 'men' (known: none mean median max)");
    frames[1].live = 0;
    CHECK_FAILS(nn_scores_by_video(frames, n, "mean", videos, &n_videos), LSC_ERR_ARG,
                "frames of video 1 of domain 0 disagree on being live");
    frames[1].live = 1;
    frames[4].video = -1;
    CHECK_FAILS(nn_scores_by_video(frames, n, "mean", videos, &n_videos), LSC_ERR_ARG, "score 4 has no video");
    frames[4] = frames[3];
    frames[4].score = NAN;
    CHECK_FAILS(nn_scores_by_video(frames, n, "max", videos, &n_videos), LSC_ERR_ARG, "score 4 is NaN");
}

static void what_is_no_score_is_refused(void **state)
{
    nn_roc *r = NULL;
    nn_attacks a;
    double bpcer;
    (void)state;
    int64_t n = of(&v2);
    rows[3].score = NAN;
    CHECK_FAILS(nn_roc_new(rows, n, &r), LSC_ERR_ARG, "score 3 is nan: scores must be finite");
    CHECK_FAILS(nn_attacks_at(rows, n, .5, &a), LSC_ERR_ARG, "score 3 is NaN");
    CHECK_FAILS(nn_bpcer_at_apcer(rows, n, .5, &bpcer), LSC_ERR_ARG, "score 3 is NaN");
    rows[3].score = INFINITY;
    CHECK_FAILS(nn_roc_new(rows, n, &r), LSC_ERR_ARG, "score 3 is inf: scores must be finite");
    n = of(&v2);
    rows[2].species = NN_SPECIES_MAX;
    CHECK_FAILS(nn_attacks_at(rows, n, .5, &a), LSC_ERR_ARG, "score 2 is of species 64, they are numbered 0 to 63");
    n = of(&v2);
    CHECK_FAILS(nn_roc_new(rows, 2, &r), LSC_ERR_ARG, "2 scores of live items and 0 of attacks: a metric needs both");
    CHECK_FAILS(nn_roc_new(rows, 0, &r), LSC_ERR_ARG, "0 scores of live items and 0 of attacks");
    CHECK(r == NULL);
}

/* Subjects with four items each: live ones and attacks of one normal distribution each, `apart` standard deviations
 * apart, and a shift common to the subject. */
static int64_t normal_scores(int subjects, double apart)
{
    int64_t n = 0;
    for (int k = 0; k < subjects; k++)
        for (int i = 0; i < 4; i++, n++) {
            const lsc_rng r = {3, lsc_rng_stream("test", (uint64_t)k, (uint64_t)i)};
            const lsc_rng shift = {3, lsc_rng_stream("subject", (uint64_t)k, 0)};
            rows[n] = (nn_score){.score = lsc_rng_normal(r, 0) + .5 * lsc_rng_normal(shift, 0) + (i % 2) * apart,
                                 .live = i % 2,
                                 .species = -1,
                                 .subject = k / 2,
                                 .domain = k % 2};
        }
    return n;
}

static void intervals_hold_the_value_and_shrink_with_more_subjects(void **state)
{
    nn_bootstrap few, many;
    const nn_bootstrap_options o = {.level = .95, .resamples = 400, .seed = 5, .threshold = 1};
    (void)state;
    int64_t n = normal_scores(40, 2);
    nn_roc *r = roc_of(rows, n);
    CHECK_OK(nn_scores_bootstrap(rows, n, &o, &few));
    CHECK_INT(few.subjects, 40);
    CHECK(few.auc.lo < nn_roc_auc(r) && nn_roc_auc(r) < few.auc.hi);
    CHECK(few.eer.lo < nn_roc_eer(r) && nn_roc_eer(r) < few.eer.hi);
    const double hter = nn_roc_hter(r, nn_roc_at(r, 1));
    CHECK(few.hter_at.lo < hter && hter < few.hter_at.hi);
    nn_roc_free(r);
    n = normal_scores(1600, 2);
    CHECK_OK(nn_scores_bootstrap(rows, n, &o, &many));
    /* 40 times as many: about a sixth as wide. */
    CHECK(many.auc.hi - many.auc.lo < (few.auc.hi - few.auc.lo) / 3);
    CHECK(many.hter.hi - many.hter.lo < (few.hter.hi - few.hter.lo) / 3);
}

static void intervals_repeat_themselves_whatever_the_order(void **state)
{
    nn_bootstrap a, b;
    const nn_bootstrap_options o = {.level = .9, .resamples = 100, .seed = 5, .threshold = NAN};
    (void)state;
    const int64_t n = normal_scores(40, 1);
    CHECK_OK(nn_scores_bootstrap(rows, n, &o, &a));
    for (int64_t i = 0; i < n / 2; i++) {
        const nn_score held = rows[i];
        rows[i] = rows[n - 1 - i];
        rows[n - 1 - i] = held;
    }
    CHECK_OK(nn_scores_bootstrap(rows, n, &o, &b));
    CHECK_BYTES(&a, &b, sizeof a);
}

static void too_few_subjects_have_no_interval(void **state)
{
    nn_bootstrap b;
    nn_liveness l;
    const nn_bootstrap_options o = {.level = .95, .resamples = 100, .seed = 5, .threshold = NAN};
    (void)state;
    int64_t n = normal_scores(29, 1);
    CHECK_FAILS(nn_scores_bootstrap(rows, n, &o, &b), LSC_ERR_ARG, "29 subjects: an interval needs at least 30");
    CHECK_OK(nn_scores_liveness(rows, n, NULL, 0, 1, &l));
    CHECK(!l.has_intervals);
    CHECK_STR(l.no_intervals, "29 subjects: an interval needs at least 30");
    n = normal_scores(30, 1);
    CHECK_OK(nn_scores_liveness(rows, n, NULL, 0, 1, &l));
    CHECK(l.has_intervals);
    CHECK(l.intervals.auc.lo <= l.auc && l.auc <= l.intervals.auc.hi);
}

static lsc_status form(void *context)
{
    nn_liveness l;
    return nn_scores_liveness(context, 120, context, 120, 1, &l);
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    normal_scores(30, 1);
    CHECK(test_torture(form, rows) > 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_released_rules_give_the_released_values),
        cmocka_unit_test(the_equal_error_rate_lies_between_points),
        cmocka_unit_test(the_true_positive_rate_keeps_its_promise_about_false_ones),
        cmocka_unit_test(a_share_counts_as_its_decimals_say),
        cmocka_unit_test(a_development_set_chooses_the_threshold),
        cmocka_unit_test(without_a_development_set_there_is_the_target_alone),
        cmocka_unit_test(bpcer_at_a_bound_on_the_worst_species),
        cmocka_unit_test(videos_take_the_mean_median_or_largest_of_their_frames),
        cmocka_unit_test(frames_that_cannot_be_gathered_are_refused),
        cmocka_unit_test(what_is_no_score_is_refused),
        cmocka_unit_test(intervals_hold_the_value_and_shrink_with_more_subjects),
        cmocka_unit_test(intervals_repeat_themselves_whatever_the_order),
        cmocka_unit_test(too_few_subjects_have_no_interval),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
