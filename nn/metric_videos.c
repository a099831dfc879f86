/*
 * From frames to videos: one score for each video. The mean of scores is that of logits or cosines, as they are given,
 * not of probabilities.
 * SPDX-License-Identifier: MIT
 */
#include "nn/metric.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int by_video(const void *a, const void *b)
{
    const nn_score *x = a, *y = b;
    if (x->domain != y->domain)
        return x->domain < y->domain ? -1 : 1;
    if (x->video != y->video)
        return x->video < y->video ? -1 : 1;
    return (x->score > y->score) - (x->score < y->score); /* ascending: the median is in the middle, the max last */
}

static double mean(const nn_score *frames, int64_t n)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += frames[i].score;
    return sum / (double)n;
}

static double median(const nn_score *frames, int64_t n)
{
    return (frames[(n - 1) / 2].score + frames[n / 2].score) / 2;
}

static double largest(const nn_score *frames, int64_t n)
{
    return frames[n - 1].score;
}

static const struct {
    const char *name;
    double (*of)(const nn_score *frames, int64_t n); /* ascending */
} aggregates[] = {{"mean", mean}, {"median", median}, {"max", largest}};

static bool same_video(const nn_score *a, const nn_score *b)
{
    return a->domain == b->domain && a->video == b->video;
}

static lsc_status check_frames(const nn_score *frames, int64_t n)
{
    lsc_status st = LSC_OK;
    for (int64_t i = 1; i < n; i++)
        LSC_CHECK(frames[i].live == frames[0].live && frames[i].species == frames[0].species &&
                      frames[i].subject == frames[0].subject,
                  LSC_ERR_ARG,
                  "frames of video %d of domain %d disagree on being live, on the attack, or on the subject",
                  frames[0].video, frames[0].domain);
cleanup:
    return st;
}

/* Sorted frames to one score a video, in place of the first ones. */
static lsc_status gather(nn_score *s, int64_t n, double (*of)(const nn_score *frames, int64_t n), int64_t *n_out)
{
    lsc_status st = LSC_OK;
    int64_t videos = 0;

    for (int64_t first = 0, past; first < n; first = past) {
        for (past = first + 1; past < n && same_video(&s[past], &s[first]);)
            past++;
        LSC_TRY(check_frames(s + first, past - first));
        nn_score video = s[first];
        video.score = of(s + first, past - first);
        s[videos++] = video;
    }
    *n_out = videos;
cleanup:
    return st;
}

lsc_status nn_scores_by_video(const nn_score *s, int64_t n, const char *how, nn_score *out, int64_t *n_out)
{
    lsc_status st = LSC_OK;
    size_t k = 0;

    memcpy(out, s, (size_t)n * sizeof *out);
    *n_out = n;
    if (strcmp(how, "none") == 0)
        return LSC_OK;
    while (k < LSC_COUNT(aggregates) && strcmp(aggregates[k].name, how) != 0)
        k++;
    LSC_CHECK(k < LSC_COUNT(aggregates), LSC_ERR_ARG, "there is no aggregate '%s' (known: " NN_AGGREGATES ")", how);
    for (int64_t i = 0; i < n; i++) {
        LSC_CHECK(!isnan(s[i].score), LSC_ERR_ARG, "score %lld is NaN: scores must be finite", (long long)i);
        LSC_CHECK(s[i].video >= 0, LSC_ERR_ARG, "score %lld has no video: aggregate none takes it as it is",
                  (long long)i);
    }
    qsort(out, (size_t)n, sizeof *out, by_video);
    LSC_TRY(gather(out, n, aggregates[k].of, n_out));
cleanup:
    return st;
}
