/*
 * Loss, accuracy and scores over a fixed list of images, not augmented, with frozen statistics.
 * SPDX-License-Identifier: MIT
 */
#include "train/run.h"

struct tr_evaluator {
    tr_network_options o;
    nn_plan *plan;
    float *images;   /* [batch, C, H, W] */
    int32_t *labels; /* [batch] */
    double *logits;  /* [batch, K] */
    double *loss;    /* [batch] */
    uint8_t *right;  /* [batch] */
};

lsc_status tr_evaluator_new(const tr_network_options *o, tr_evaluator **out)
{
    lsc_status st = LSC_OK;
    tr_evaluator *e = NULL;
    const nn_plan_options plan = {.batch = o->batch, .statistics = NN_FROZEN, .real = NN_F32, .threads = o->threads};

    LSC_NEW(e, 1);
    e->o = *o;
    LSC_TRY(nn_plan_new(o->backend, o->graph, &plan, &e->plan));
    LSC_NEW(e->images, o->batch * nn_shape_elements(nn_graph_input(o->graph)));
    LSC_NEW(e->labels, o->batch);
    LSC_NEW(e->logits, o->batch * nn_graph_classes(o->graph));
    LSC_NEW(e->loss, o->batch);
    LSC_NEW(e->right, o->batch);
    *out = e;
    e = NULL;
cleanup:
    tr_evaluator_free(e);
    return st;
}

void tr_evaluator_free(tr_evaluator *e)
{
    if (e == NULL)
        return;
    nn_plan_free(e->plan);
    lsc_free(e->images);
    lsc_free(e->labels);
    lsc_free(e->logits);
    lsc_free(e->loss);
    lsc_free(e->right);
    lsc_free(e);
}

bool tr_evaluator_has_scores(const tr_evaluator *e)
{
    return nn_loss_classes(e->o.loss, nn_graph_classes(e->o.graph)) == 2;
}

/* What is known of image i of a data set, -1 where nothing is. */
static int32_t known(const int32_t *numbers, int64_t i)
{
    return numbers != NULL ? numbers[i] : -1;
}

/* Rows for the m images of `index` whose logits the evaluator has. */
static void fill_rows(const tr_evaluator *e, const ds_dataset *data, const int64_t *index, int64_t m, nn_score *rows)
{
    const int64_t k = nn_graph_classes(e->o.graph);
    for (int64_t j = 0; j < m; j++) {
        const int64_t i = index[j];
        const double *logit = e->logits + j * k;
        rows[j] = (nn_score){
            .score = k == 1 ? logit[0] : logit[1] - logit[0],
            .live = e->labels[j] == 1,
            .species = known(ds_species(data), i),
            .domain = ds_domains(data)[i],
            .video = known(ds_videos(data), i),
            .subject = known(ds_subjects(data), i),
        };
    }
}

lsc_status tr_evaluate_scores(tr_evaluator *e, const float *theta, const ds_dataset *data, const int64_t *index,
                              int64_t n, nn_score *rows, tr_value *out)
{
    lsc_status st = LSC_OK;
    double loss = 0;
    int64_t right = 0;

    LSC_TRY(nn_plan_set_theta(e->plan, theta));
    for (int64_t first = 0; first < n; first += e->o.batch) {
        const int64_t m = n - first < e->o.batch ? n - first : e->o.batch;
        LSC_CHECK(!lsc_stop_requested(), LSC_ERR_STOPPED, "stopped while evaluating");
        ds_read(data, index + first, m, e->images, e->labels, NULL);
        LSC_TRY(nn_plan_forward(e->plan, e->images, m, e->logits));
        e->o.loss->forward(m, nn_graph_classes(e->o.graph), e->logits, e->labels, e->loss, e->right);
        if (rows != NULL)
            fill_rows(e, data, index + first, m, rows + first);
        loss += lsc_sum(e->loss, m);
        for (int64_t i = 0; i < m; i++)
            right += e->right[i];
    }
    *out = (tr_value){.loss = loss / (double)n, .accuracy = (double)right / (double)n};
cleanup:
    return st;
}

lsc_status tr_evaluate(tr_evaluator *e, const float *theta, const ds_dataset *data, const int64_t *index, int64_t n,
                       tr_value *out)
{
    return tr_evaluate_scores(e, theta, data, index, n, NULL, out);
}
