/*
 * A file of scores, and every metric of what could be read.
 * SPDX-License-Identifier: MIT
 */
#include "files.h"
#include "fuzz.h"
#include "nn/metric.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    nn_score_set set = {0};
    nn_liveness liveness;
    int64_t n_videos;

    if (nn_scores_read(fuzz_file("scores.txt", bytes, n), &set) != LSC_OK)
        return 0;
    nn_score *videos = lsc_calloc((size_t)set.n, sizeof *videos);
    if (videos != NULL && nn_scores_by_video(set.rows, set.n, "median", videos, &n_videos) == LSC_OK)
        nn_scores_liveness(videos, n_videos, set.rows, set.n, 1, &liveness);
    nn_scores_liveness(set.rows, set.n, NULL, 0, 1, &liveness);
    lsc_free(videos);
    nn_score_set_fini(&set);
    return 0;
}
