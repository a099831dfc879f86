/*
 * Every op of ops.def must occur in one of these: test_nn_ops.c sees to it.
 * SPDX-License-Identifier: MIT
 */
#include "support/small_nets.h"

#include "support/formula.h"
#include "support/support.h"

static void head(nn_graph *g, int x)
{
    nn_linear(g, nn_flatten(g, x), "head", SMALL_CLASSES, true);
}

static void linear(nn_graph *g)
{
    nn_linear(g, nn_linear(g, 0, "first", 4, true), "second", SMALL_CLASSES, false);
}

/* Strides, padding, an even kernel, with and without bias, channels that are no multiple of 4. */
static void convolutions(nn_graph *g)
{
    int x = nn_conv2d(g, 0, "first", 5, 3, 2, 1, true);
    x = nn_conv2d(g, x, "second", 6, 2, 1, 0, false);
    head(g, nn_conv2d(g, x, "third", 4, 1, 2, 0, true));
}

static void normalized(nn_graph *g)
{
    int x = nn_batchnorm(g, nn_conv2d(g, 0, "first", 4, 3, 1, 1, false), "norm1");
    head(g, nn_batchnorm(g, nn_conv2d(g, x, "second", 3, 3, 1, 0, false), "norm3"));
}

static void rectified(nn_graph *g)
{
    int x = nn_relu(g, nn_batchnorm(g, nn_conv2d(g, 0, "first", 4, 3, 1, 1, false), "norm1"));
    head(g, nn_relu(g, nn_conv2d(g, x, "second", 3, 3, 1, 0, true)));
}

/* Windows that overlap, that leave a rest, and that hang over the border. */
static void pooled(nn_graph *g)
{
    int x = nn_maxpool(g, nn_conv2d(g, 0, "first", 3, 3, 1, 1, true), 3, 2, 1);
    x = nn_avgpool(g, nn_conv2d(g, x, "second", 4, 3, 1, 1, true), 2, 1, 1);
    head(g, nn_avgpool(g, x, 3, 2, 0));
}

/* An output used twice, by two nodes and by one. */
static void residual(nn_graph *g)
{
    int x = nn_batchnorm(g, nn_conv2d(g, 0, "first", 4, 3, 1, 1, false), "norm1");
    int y = nn_batchnorm(g, nn_conv2d(g, x, "second", 4, 3, 1, 1, false), "norm3");
    x = nn_add(g, y, x);
    head(g, nn_add(g, x, x));
}

/* Ops right behind the images, which have no gradient; and an output that is used nowhere. */
static void first_ops(nn_graph *g)
{
    int x = nn_add(g, nn_batchnorm(g, 0, "norm1"), nn_relu(g, 0));
    int y = nn_add(g, nn_maxpool(g, 0, 3, 1, 1), nn_avgpool(g, 0, 3, 1, 1));
    nn_conv2d(g, x, "unused", 2, 1, 1, 0, true);
    head(g, nn_add(g, x, y));
}

/* Branches of unequal widths behind each other, twice; and vectors: normalized, dropped out of, scaled. */
static void concatenated(nn_graph *g)
{
    int x = nn_conv2d(g, 0, "first", 3, 3, 1, 1, false);
    x = nn_concat(g, nn_relu(g, nn_batchnorm(g, x, "norm1")), x);
    x = nn_concat(g, 0, x);
    int y = nn_dropout(g, nn_batchnorm(g, nn_linear(g, nn_flatten(g, x), "second", 4, true), "norm3"), 0.5);
    nn_linear(g, nn_concat(g, nn_scale(g, y, -1.5), y), "head", SMALL_CLASSES, true);
}

/* Rows and images at unit length. */
static void cosines(nn_graph *g)
{
    int x = nn_flatten(g, nn_conv2d(g, 0, "first", 4, 3, 2, 1, true));
    nn_scale(g, nn_cosine(g, x, "head", SMALL_CLASSES), 3);
}

/* Cosines with the images themselves, which have no gradient. */
static void first_cosines(nn_graph *g)
{
    nn_scale(g, nn_cosine(g, 0, "head", SMALL_CLASSES), 3);
}

static const struct {
    const char *name;
    nn_shape input;
    void (*build)(nn_graph *g);
} nets[] = {
    {"linear", {1, {5}}, linear},
    {"convolutions", {3, {3, 9, 8}}, convolutions},
    {"normalized", {3, {2, 5, 4}}, normalized},
    {"rectified", {3, {2, 5, 4}}, rectified},
    {"pooled", {3, {2, 9, 8}}, pooled},
    {"residual", {3, {3, 4, 5}}, residual},
    {"first_ops", {3, {2, 4, 5}}, first_ops},
    {"concatenated", {3, {2, 5, 4}}, concatenated},
    {"cosines", {3, {2, 5, 4}}, cosines},
    {"first_cosines", {1, {6}}, first_cosines},
};

static void *some(int64_t n, size_t size)
{
    void *p = lsc_calloc((size_t)n, size);
    CHECK(p != NULL);
    return p;
}

static void fill(small_net *s)
{
    const lsc_layout *layout = s->layout = nn_graph_layout(s->graph);
    int64_t pixels = s->batch * nn_shape_elements(nn_graph_input(s->graph));
    s->theta = some(layout->n, sizeof *s->theta);
    s->theta32 = some(layout->n, sizeof *s->theta32);
    s->v = some(layout->n_learned, sizeof *s->v);
    s->v32 = some(layout->n_learned, sizeof *s->v32);
    s->images = some(pixels, sizeof *s->images);
    s->labels = some(s->batch, sizeof *s->labels);
    s->weight = some(s->batch, sizeof *s->weight);
    formula_theta(layout, s->name, s->theta);
    formula_direction(layout, s->theta, 7000, s->v);
    formula_images(pixels, s->images);
    for (int64_t i = 0; i < layout->n; i++)
        s->theta32[i] = (float)s->theta[i];
    for (int64_t i = 0; i < layout->n_learned; i++) {
        s->v32[i] = (float)s->v[i];
        s->v[i] = (double)s->v32[i];
    }
    for (int64_t i = 0; i < s->batch; i++) {
        s->labels[i] = (int32_t)(i % s->classes);
        s->weight[i] = 1 / (double)s->batch;
    }
}

bool small_net_open(small_net *s, int i)
{
    if (i >= (int)LSC_COUNT(nets))
        return false;
    *s = (small_net){.name = nets[i].name, .batch = SMALL_BATCH, .classes = SMALL_CLASSES};
    CHECK_OK(nn_graph_new(&nets[i].input, &s->graph));
    nets[i].build(s->graph);
    CHECK_OK(nn_graph_finish(s->graph));
    fill(s);
    return true;
}

void small_model_open(small_net *s, const char *model)
{
    *s = (small_net){.name = model, .batch = SMALL_BATCH, .classes = SMALL_CLASSES};
    CHECK_OK(nn_model_graph(model, &(nn_shape){3, {3, 8, 8}}, s->classes, &s->graph));
    fill(s);
}

void small_net_close(small_net *s)
{
    nn_graph_free(s->graph);
    lsc_free(s->theta);
    lsc_free(s->theta32);
    lsc_free(s->v);
    lsc_free(s->v32);
    lsc_free(s->images);
    lsc_free(s->labels);
    lsc_free(s->weight);
}

static const nn_loss *cross_entropy(void)
{
    const nn_loss *loss = NULL;
    CHECK_OK(nn_loss_find("cross_entropy", &loss));
    return loss;
}

double small_loss(const small_net *s, const double *logits)
{
    double loss[SMALL_BATCH], sum = 0;
    uint8_t correct[SMALL_BATCH];
    cross_entropy()->forward(s->batch, s->classes, logits, s->labels, loss, correct);
    for (int64_t i = 0; i < s->batch; i++)
        sum += s->weight[i] * loss[i];
    return sum;
}

void small_dlogits(const small_net *s, const double *logits, double *dlogits)
{
    cross_entropy()->backward(s->batch, s->classes, logits, s->labels, s->weight, dlogits);
}

void small_rdlogits(const small_net *s, const double *logits, const double *rlogits, double *rdlogits)
{
    cross_entropy()->backward_r(s->batch, s->classes, logits, s->labels, s->weight, rlogits, rdlogits);
}
