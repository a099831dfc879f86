/*
 * Batch norm at a displaced point by statistics formed anew there: a fixed set of images passes through the network at
 * the point's parameters, in batches whose statistics are used on the way; the means of these statistics take the
 * place of the running ones (nn/statistics.c), and the loss is evaluated on them.
 * SPDX-License-Identifier: MIT
 */
#include "landscape/objective_nn_self.h"

#include "base/base.h"

bool objective_recalibrates(const objective_nn *o)
{
    return o->norm.samples.n > 0;
}

lsc_status objective_norm_open(objective_nn *o, const objective_nn_options *options)
{
    lsc_status st = LSC_OK;
    const int64_t n = options->n_norm, batch = options->norm_batch;
    if (options->norm_index == NULL)
        return LSC_OK;
    LSC_CHECK(o->statistics == NN_FROZEN, LSC_ERR_ARG,
              "objective: statistics are those of each batch, or formed anew at each point, not both");
    LSC_CHECK(batch >= 1 && n >= 1 && n % batch == 0, LSC_ERR_ARG,
              "objective: statistics from %lld images, which are no whole batches of %lld", (long long)n,
              (long long)batch);
    LSC_TRY(landscape_samples_init(&o->norm.samples, options->data, options->norm_index, n,
                                   nn_loss_classes(o->loss, o->classes), batch));
    LSC_TRY(nn_mean_statistics_init(&o->norm.mean, o->layout, options->real));
cleanup:
    return st;
}

lsc_status objective_norm_take_plan(objective_nn *o, const char *backend)
{
    lsc_status st = LSC_OK;
    objective_norm *norm = &o->norm;
    const nn_plan_options plan = {
        .batch = norm->samples.batch, .statistics = NN_BATCH, .real = o->real, .threads = o->threads};
    if (!objective_recalibrates(o) || o->layout->n == o->layout->n_learned)
        return LSC_OK;
    LSC_TRY(landscape_samples_keep(&norm->samples, o->memory));
    LSC_NEW(norm->logits, norm->samples.batch * nn_graph_outputs(o->graph));
    LSC_TRY(nn_plan_new(backend, o->graph, &plan, &norm->plan));
cleanup:
    return st;
}

lsc_status objective_recalibrate(objective_nn *o)
{
    lsc_status st = LSC_OK;
    objective_norm *norm = &o->norm;
    landscape_samples *s = &norm->samples;
    if (norm->plan == NULL)
        return LSC_OK;
    LSC_TRY(nn_plan_set_theta(norm->plan, o->theta));
    nn_mean_statistics_begin(&norm->mean);
    for (int64_t first = 0; first < s->n; first += s->batch) {
        const int32_t *labels;
        const float *images = landscape_samples_batch(s, NULL, first, s->batch, &labels);
        LSC_TRY(nn_plan_forward(norm->plan, images, s->batch, norm->logits));
        nn_mean_statistics_clear(&norm->mean, o->theta);
        LSC_TRY(nn_plan_update_statistics(norm->plan, o->theta));
        nn_mean_statistics_add(&norm->mean, o->theta);
    }
    nn_mean_statistics_set(&norm->mean, o->theta);
cleanup:
    return st;
}

void objective_norm_fini(objective_norm *norm)
{
    nn_plan_free(norm->plan);
    landscape_samples_fini(&norm->samples);
    nn_mean_statistics_fini(&norm->mean);
    lsc_free(norm->logits);
}
