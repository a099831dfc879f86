/*
 * Products with the Hessian of a trained network over real images, against PyTorch in float64:
 * tests/golden/reference-surface/hessian.json. Arguments: the backend, and "float" or "double".
 * SPDX-License-Identifier: MIT
 */
#include <math.h>

#include <cjson/cJSON.h>

#include "data/data.h"
#include "nn/nn.h"
#include "support/formula.h"
#include "support/support.h"

#define IMAGES  500
#define BATCH   50
#define CLASSES 10
#define FASHION "/usr/share/datasets/fashion-mnist"

static const char *backend;
static nn_real real;

typedef struct {
    cJSON *golden;
    nn_graph *graph;
    const lsc_layout *layout;
    float *theta32, *v32, *images; /* images [BATCH, 3, 32, 32] */
    double *theta, *v, *sum;       /* sum [n_learned] */
    void *part;                    /* [n_learned] of a batch */
    int32_t labels[BATCH];
    ds_dataset *data;
    nn_plan *plan;
    double loss;
} subject;

static void *some(int64_t n, size_t size)
{
    void *p = lsc_calloc((size_t)n, size);
    CHECK(p != NULL);
    return p;
}

static void read_theta(subject *s)
{
    nn_tensors *t = NULL;
    const char *path = golden_path("reference-surface/r20.safetensors");
    CHECK_OK(nn_tensors_read(path, &t));
    CHECK_OK(nn_checkpoint_fill(t, path, s->layout, s->theta32));
    for (int64_t i = 0; i < s->layout->n; i++)
        s->theta[i] = (double)s->theta32[i];
    nn_tensors_free(t);
}

static void open_data(subject *s)
{
    static const double mean[] = {125.3, 123.0, 113.9}, std[] = {63.0, 62.1, 66.7};
    const ds_options o = {
        .kind = "idx", .path = FASHION, .limit = IMAGES, .pad = 2, .mean = mean, .std = std, .n_mean = 3, .n_std = 3};
    CHECK_OK(ds_open(&o, &s->data));
    s->images = some((int64_t)BATCH * 3 * 32 * 32, sizeof *s->images);
}

static void open_subject(subject *s)
{
    const nn_plan_options o = {.batch = BATCH, .real = real, .backward = true, .threads = 2};
    *s = (subject){0};
    char *text = test_read(golden_path("reference-surface/hessian.json"), NULL);
    s->golden = cJSON_Parse(text);
    CHECK(s->golden != NULL);
    lsc_free(text);
    CHECK_OK(nn_model_graph("resnet20", NULL, CLASSES, &s->graph));
    s->layout = nn_graph_layout(s->graph);
    s->theta32 = some(s->layout->n, sizeof *s->theta32);
    s->theta = some(s->layout->n, sizeof *s->theta);
    s->v32 = some(s->layout->n, sizeof *s->v32);
    s->v = some(s->layout->n, sizeof *s->v);
    s->sum = some(s->layout->n, sizeof *s->sum);
    s->part = some(s->layout->n, sizeof(double));
    read_theta(s);
    open_data(s);
    CHECK_OK(nn_plan_new(backend, s->graph, &o, &s->plan));
    CHECK_OK(nn_plan_set_theta(s->plan, real == NN_F64 ? (const void *)s->theta : s->theta32));
}

static void close_subject(subject *s)
{
    cJSON_Delete(s->golden);
    nn_plan_free(s->plan);
    ds_close(s->data);
    nn_graph_free(s->graph);
    lsc_free(s->theta32);
    lsc_free(s->theta);
    lsc_free(s->v32);
    lsc_free(s->v);
    lsc_free(s->sum);
    lsc_free(s->part);
    lsc_free(s->images);
}

/* Add the part of the images first .. first + BATCH - 1 to the loss and to sum. */
static void add_batch(subject *s, int64_t first)
{
    enum { N = BATCH * CLASSES };
    double logits[N], dlogits[N], rlogits[N], rdlogits[N], each[BATCH], weight[BATCH];
    uint8_t correct[BATCH];
    int64_t index[BATCH];
    const nn_loss *loss = NULL;
    for (int i = 0; i < BATCH; i++) {
        index[i] = first + i;
        weight[i] = 1.0 / IMAGES;
    }
    ds_read(s->data, index, BATCH, s->images, s->labels, NULL);
    CHECK_OK(nn_loss_find("cross_entropy", &loss));
    CHECK_OK(nn_plan_forward(s->plan, s->images, BATCH, logits));
    loss->forward(BATCH, CLASSES, logits, s->labels, each, correct);
    loss->backward(BATCH, CLASSES, logits, s->labels, weight, dlogits);
    CHECK_OK(nn_plan_forward_r(s->plan, real == NN_F64 ? (const void *)s->v : s->v32, rlogits));
    loss->backward_r(BATCH, CLASSES, logits, s->labels, weight, rlogits, rdlogits);
    CHECK_OK(nn_plan_backward_r(s->plan, dlogits, rdlogits, s->part));
    for (int i = 0; i < BATCH; i++)
        s->loss += each[i] / IMAGES;
    for (int64_t i = 0; i < s->layout->n_learned; i++)
        s->sum[i] += real == NN_F64 ? ((const double *)s->part)[i] : (double)((const float *)s->part)[i];
}

static double number(const cJSON *o, const char *key)
{
    return cJSON_GetObjectItemCaseSensitive(o, key)->valuedouble;
}

/* Two programs that sum in another order, and images normalized in float: 1e-6. In float 1e-3: the R-operator goes
 * through twenty layers twice. */
static void products_are_those_of_pytorch(void **state)
{
    (void)state;
    double tolerance = real == NN_F64 ? 1e-6 : 1e-3;
    subject s;
    const cJSON *product;
    open_subject(&s);
    int64_t n = s.layout->n_learned;
    cJSON_ArrayForEach(product, cJSON_GetObjectItemCaseSensitive(s.golden, "exact_products"))
    {
        formula_direction(s.layout, s.theta, (int64_t)number(product, "base"), s.v);
        for (int64_t i = 0; i < n; i++)
            s.v32[i] = (float)s.v[i];
        memset(s.sum, 0, (size_t)n * sizeof *s.sum);
        s.loss = 0;
        for (int64_t first = 0; first < IMAGES; first += BATCH)
            add_batch(&s, first);
        CHECK_RELATIVE(s.loss, number(s.golden, "loss"), 1e-6);
        CHECK_RELATIVE(lsc_dot64(s.v, s.sum, n), number(product, "vHv"), tolerance);
        CHECK_RELATIVE(sqrt(lsc_dot64(s.sum, s.sum, n)), number(product, "Hv_norm"), tolerance);
    }
    close_subject(&s);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {TEST(products_are_those_of_pytorch)};
    if (argc < 3)
        return 2;
    backend = argv[1];
    real = strcmp(argv[2], "double") == 0 ? NN_F64 : NN_F32;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
