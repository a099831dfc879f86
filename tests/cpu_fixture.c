/*
 * See cpu_fixture.h.
 * SPDX-License-Identifier: MIT
 */
#include "cpu_fixture.h"
#include "support/support.h"

#include <math.h>

/* ---- ops that the backend does not know -------------------------------------------------------- */

/* out = weight[c] in^2 on [C, H, W], to see an unknown op with a parameter. */
static double at(const nn_op_args *a, const void *array, int64_t i)
{
    return a->real == NN_F32 ? (double)((const float *)array)[i] : ((const double *)array)[i];
}

static void add(const nn_op_args *a, void *array, int64_t i, double v)
{
    if (a->real == NN_F32)
        ((float *)array)[i] += (float)v;
    else
        ((double *)array)[i] += v;
}

static void put(const nn_op_args *a, void *array, int64_t i, double v)
{
    if (a->real == NN_F32)
        ((float *)array)[i] = (float)v;
    else
        ((double *)array)[i] = v;
}

static int64_t elements(const nn_op_args *a)
{
    return a->n * nn_shape_elements(&a->node->shape);
}

static int64_t channel(const nn_op_args *a, int64_t i)
{
    const int64_t *dim = a->node->shape.dim;
    return i / (dim[1] * dim[2]) % dim[0];
}

static void square_forward(const nn_op_args *a)
{
    for (int64_t i = 0; i < elements(a); i++)
        put(a, a->out, i, at(a, a->block[0], channel(a, i)) * at(a, a->in[0], i) * at(a, a->in[0], i));
}

static void square_backward(const nn_op_args *a)
{
    for (int64_t i = 0; i < elements(a); i++) {
        double x = at(a, a->in[0], i), w = at(a, a->block[0], channel(a, i)), d = at(a, a->dout, i);
        if (a->din[0])
            add(a, a->din[0], i, 2 * w * x * d);
        if (a->dblock[0])
            add(a, a->dblock[0], channel(a, i), x * x * d);
    }
}

/* NULL is zero. */
static double at_or_zero(const nn_op_args *a, const void *array, int64_t i)
{
    return array ? at(a, array, i) : 0;
}

static void square_forward_r(const nn_op_args *a)
{
    for (int64_t i = 0; i < elements(a); i++) {
        double x = at(a, a->in[0], i), w = at(a, a->block[0], channel(a, i)), rw = at(a, a->rblock[0], channel(a, i));
        put(a, a->rout, i, rw * x * x + 2 * w * x * at_or_zero(a, a->rin[0], i));
    }
}

static void square_backward_r(const nn_op_args *a)
{
    for (int64_t i = 0; i < elements(a); i++) {
        double x = at(a, a->in[0], i), w = at(a, a->block[0], channel(a, i)), d = at(a, a->dout, i);
        double rx = at_or_zero(a, a->rin[0], i), rw = at(a, a->rblock[0], channel(a, i)), rd = at(a, a->rdout, i);
        if (a->rdin[0])
            add(a, a->rdin[0], i, 2 * (rw * x * d + w * rx * d + w * x * rd));
        add(a, a->rdblock[0], channel(a, i), 2 * x * rx * d + x * x * rd);
    }
}

static const nn_op op_square = {
    .name = "square",
    .text = "for a test",
    .forward = square_forward,
    .backward = square_backward,
    .forward_r = square_forward_r,
    .backward_r = square_backward_r,
};

static int square(nn_graph *g, int x, const char *name)
{
    nn_node *node = nn_graph_add(g, &op_square, name, &x, 1);
    nn_graph_block(g, node, "weight", LSC_NORM, 1, node->shape.dim);
    return nn_graph_last(g);
}

/* The same without R-operator. */
static const nn_op op_square_alone = {
    .name = "square_alone",
    .text = "for a test",
    .forward = square_forward,
    .backward = square_backward,
};

int cpu_graph_square_alone(nn_graph *g, int x, const char *name)
{
    nn_node *node = nn_graph_add(g, &op_square_alone, name, &x, 1);
    nn_graph_block(g, node, "weight", LSC_NORM, 1, node->shape.dim);
    return nn_graph_last(g);
}

/* out = in - m, m the mean of all elements: kept in a buffer, or that of the batch. An image depends on the others. */
static double mean_of(const nn_op_args *a, const void *array)
{
    double sum = 0;
    for (int64_t i = 0; i < elements(a); i++)
        sum += at(a, array, i);
    return sum / (double)elements(a);
}

static void center_forward(const nn_op_args *a)
{
    double *saved = a->saved;
    *saved = a->statistics == NN_BATCH ? mean_of(a, a->in[0]) : at(a, a->block[0], 0);
    for (int64_t i = 0; i < elements(a); i++)
        put(a, a->out, i, at(a, a->in[0], i) - *saved);
}

static void center_backward(const nn_op_args *a)
{
    double mean = a->statistics == NN_BATCH ? mean_of(a, a->dout) : 0;
    for (int64_t i = 0; a->din[0] && i < elements(a); i++)
        add(a, a->din[0], i, at(a, a->dout, i) - mean);
}

static void center_forward_r(const nn_op_args *a)
{
    double mean = a->statistics == NN_BATCH && a->rin[0] ? mean_of(a, a->rin[0]) : 0;
    for (int64_t i = 0; i < elements(a); i++)
        put(a, a->rout, i, at_or_zero(a, a->rin[0], i) - mean);
}

static void center_backward_r(const nn_op_args *a)
{
    double mean = a->statistics == NN_BATCH ? mean_of(a, a->rdout) : 0;
    for (int64_t i = 0; a->rdin[0] && i < elements(a); i++)
        add(a, a->rdin[0], i, at(a, a->rdout, i) - mean);
}

static size_t center_saved(const nn_node *node, int64_t n, nn_real real)
{
    (void)node;
    (void)n;
    (void)real;
    return sizeof(double);
}

static void center_update(const nn_op_args *a, void *const block[NN_MAX_BLOCKS])
{
    put(a, block[0], 0, *(const double *)a->saved);
}

static const nn_op op_center = {
    .name = "center",
    .text = "for a test",
    .forward = center_forward,
    .backward = center_backward,
    .saved_size = center_saved,
    .update_statistics = center_update,
    .forward_r = center_forward_r,
    .backward_r = center_backward_r,
};

static int center(nn_graph *g, int x, const char *name)
{
    nn_node *node = nn_graph_add(g, &op_center, name, &x, 1);
    nn_graph_block(g, node, "mean", LSC_BUFFER, 0, NULL);
    return nn_graph_last(g);
}

/* ---- graphs ------------------------------------------------------------------------------------- */

static int conv(nn_graph *g, int x, const char *name, int64_t channels, int stride)
{
    return nn_conv2d(g, x, name, channels, 3, stride, 1, false);
}

static int conv_bn(nn_graph *g, int x, const char *name, int64_t channels, int stride)
{
    return nn_batchnorm(g, conv(g, x, name, channels, stride), name + 1);
}

static int stem(nn_graph *g)
{
    return nn_relu(g, conv_bn(g, 0, "cstem", 16, 1));
}

static void conv_alone(nn_graph *g)
{
    nn_conv2d(g, 0, "c", 16, 3, 1, 1, true);
}

static void conv_with_bias_bn_relu(nn_graph *g)
{
    nn_relu(g, nn_batchnorm(g, nn_conv2d(g, 0, "c", 16, 3, 1, 1, true), "n"));
}

static void conv_relu_twice(nn_graph *g)
{
    nn_relu(g, nn_relu(g, conv(g, stem(g), "c", 16, 1)));
}

static void bn_of_images(nn_graph *g)
{
    conv(g, nn_batchnorm(g, 0, "n"), "c", 8, 1);
}

static void relu_of_images(nn_graph *g)
{
    conv(g, nn_relu(g, 0), "c", 8, 1);
}

static void bn_twice(nn_graph *g)
{
    nn_batchnorm(g, nn_batchnorm(g, conv(g, 0, "c", 16, 1), "n"), "m");
}

static void bn_read_twice(nn_graph *g)
{
    int x = conv_bn(g, stem(g), "ca", 16, 1);
    nn_add(g, conv_bn(g, x, "cb", 16, 1), nn_relu(g, x));
}

static void residual(nn_graph *g)
{
    int x = stem(g);
    int y = conv_bn(g, nn_relu(g, conv_bn(g, x, "ca", 16, 1)), "cb", 16, 1);
    nn_relu(g, nn_add(g, y, x));
}

static void residual_projected(nn_graph *g)
{
    int x = stem(g);
    int y = conv_bn(g, nn_relu(g, conv_bn(g, x, "ca", 24, 2)), "cb", 24, 1);
    int z = nn_batchnorm(g, nn_conv2d(g, x, "cs", 24, 1, 2, 0, false), "s");
    nn_relu(g, nn_add(g, y, z));
}

/* The shortcut comes first, and the sum is not rectified. */
static void projected_residual(nn_graph *g)
{
    int x = stem(g);
    int z = nn_batchnorm(g, nn_conv2d(g, x, "cs", 16, 1, 1, 0, true), "s");
    nn_add(g, z, conv_bn(g, nn_relu(g, conv_bn(g, x, "ca", 16, 1)), "cb", 16, 1));
}

/* The convolution reads what it would be added onto. */
static void residual_of_one(nn_graph *g)
{
    int x = stem(g);
    nn_relu(g, nn_add(g, conv_bn(g, x, "ca", 16, 1), x));
}

/* x is read once more after the sum. */
static void residual_read_later(nn_graph *g)
{
    int x = stem(g);
    int y = nn_relu(g, nn_add(g, conv_bn(g, nn_relu(g, conv_bn(g, x, "ca", 16, 1)), "cb", 16, 1), x));
    nn_add(g, conv(g, y, "cd", 16, 1), x);
}

static void sum_of_itself(nn_graph *g)
{
    int x = conv(g, stem(g), "c", 16, 1);
    nn_relu(g, nn_add(g, x, x));
}

static void sum_of_four(nn_graph *g)
{
    int x = stem(g);
    int a = conv(g, x, "a", 16, 1), b = conv_bn(g, x, "cb", 16, 1), c = conv(g, x, "d", 16, 1);
    nn_add(g, nn_add(g, a, b), nn_add(g, c, x));
}

static void sum_of_images(nn_graph *g)
{
    nn_add(g, nn_conv2d(g, 0, "c", 3, 3, 1, 1, true), 0);
}

static void three_readers(nn_graph *g)
{
    int x = conv(g, stem(g), "c", 16, 1);
    int a = conv(g, x, "a", 16, 1), b = conv(g, x, "b", 16, 1), c = nn_relu(g, x);
    nn_add(g, nn_add(g, a, b), c);
}

static void odd_channels(nn_graph *g)
{
    int x = nn_relu(g, conv_bn(g, 0, "ca", 5, 1));
    x = nn_relu(g, conv_bn(g, x, "cb", 20, 2));
    nn_batchnorm(g, nn_conv2d(g, x, "cd", 3, 1, 1, 0, true), "d");
}

/* Convolutions for Winograd's algorithm, channels and pixels of no whole lanes and tiles. */
static void odd_tiles(nn_graph *g)
{
    int x = nn_relu(g, conv_bn(g, 0, "ca", 20, 1));
    x = nn_relu(g, nn_add(g, nn_conv2d(g, x, "b", 20, 3, 1, 1, true), x));
    conv(g, nn_relu(g, conv_bn(g, x, "cd", 40, 1)), "e", 17, 1);
}

static void large_kernel(nn_graph *g)
{
    nn_relu(g, nn_conv2d(g, stem(g), "c", 16, 5, 2, 2, true));
}

static void max_pool(nn_graph *g)
{
    int x = nn_maxpool(g, conv_bn(g, 0, "c", 16, 1), 3, 2, 1);
    nn_maxpool(g, nn_relu(g, x), 2, 2, 0);
}

static void average_pool(nn_graph *g)
{
    int x = nn_avgpool(g, conv_bn(g, 0, "c", 16, 1), 3, 2, 1);
    nn_avgpool(g, x, 2, 2, 0);
}

static void pool_of_images(nn_graph *g)
{
    nn_relu(g, conv(g, nn_maxpool(g, 0, 2, 2, 0), "c", 16, 1));
}

static void perceptron(nn_graph *g)
{
    int x = nn_linear(g, 0, "a", 20, true);
    x = nn_relu(g, nn_linear(g, nn_relu(g, x), "b", 17, false));
    nn_add(g, x, nn_linear(g, x, "d", 17, true));
}

static void unknown_ops(nn_graph *g)
{
    int x = square(g, conv_bn(g, 0, "c", 16, 1), "q");
    nn_relu(g, conv(g, center(g, x, "m"), "d", 16, 1));
}

static void unknown_op_of_images(nn_graph *g)
{
    nn_add(g, square(g, 0, "q"), center(g, 0, "m"));
}

static const cpu_graph graphs[] = {
    {"conv_alone", {3, {3, 9, 7}}, conv_alone},
    {"conv_with_bias_bn_relu", {3, {3, 8, 8}}, conv_with_bias_bn_relu},
    {"conv_relu_twice", {3, {1, 6, 6}}, conv_relu_twice},
    {"bn_of_images", {3, {3, 8, 8}}, bn_of_images},
    {"relu_of_images", {3, {2, 8, 8}}, relu_of_images},
    {"bn_twice", {3, {3, 8, 8}}, bn_twice},
    {"bn_read_twice", {3, {3, 8, 8}}, bn_read_twice},
    {"residual", {3, {3, 8, 8}}, residual},
    {"residual_projected", {3, {3, 9, 9}}, residual_projected},
    {"projected_residual", {3, {3, 8, 8}}, projected_residual},
    {"residual_of_one", {3, {3, 8, 8}}, residual_of_one},
    {"residual_read_later", {3, {3, 8, 8}}, residual_read_later},
    {"sum_of_itself", {3, {3, 8, 8}}, sum_of_itself},
    {"sum_of_four", {3, {3, 8, 8}}, sum_of_four},
    {"sum_of_images", {3, {3, 8, 8}}, sum_of_images},
    {"three_readers", {3, {3, 8, 8}}, three_readers},
    {"odd_channels", {3, {4, 7, 5}}, odd_channels},
    {"odd_tiles", {3, {3, 11, 15}}, odd_tiles},
    {"large_kernel", {3, {16, 9, 9}}, large_kernel},
    {"max_pool", {3, {3, 11, 9}}, max_pool},
    {"average_pool", {3, {3, 11, 9}}, average_pool},
    {"pool_of_images", {3, {3, 8, 8}}, pool_of_images},
    {"perceptron", {1, {11}}, perceptron},
    {"unknown_ops", {3, {3, 6, 6}}, unknown_ops},
    {"unknown_op_of_images", {3, {2, 4, 4}}, unknown_op_of_images},
};

const cpu_graph *cpu_graph_at(int i)
{
    return i >= 0 && i < (int)LSC_COUNT(graphs) ? &graphs[i] : NULL;
}

nn_graph *cpu_graph_new(const cpu_graph *c)
{
    nn_graph *g = NULL;
    CHECK_OK(nn_graph_new(&c->input, &g));
    c->build(g);
    int x = nn_graph_last(g);
    if (x >= 0 && g->nodes[x].shape.rank == 3)
        x = nn_flatten(g, x);
    nn_linear(g, x, "head", 3, true);
    CHECK_OK(nn_graph_finish(g));
    return g;
}

/* ---- inputs ---------------------------------------------------------------------------------------- */

static double normal(uint64_t stream, int64_t i)
{
    return (double)(float)lsc_rng_normal((lsc_rng){1, stream}, (uint64_t)i);
}

static int64_t block_elements(const lsc_block *b)
{
    int64_t n = 1;
    for (int i = 0; i < b->rank; i++)
        n *= b->shape[i];
    return n;
}

/* A block of theta: weights that keep the size of signals, norms about 1, variances between 0.5 and 1.5. */
static void fill_block(const lsc_block *b, double *theta)
{
    uint64_t stream = lsc_rng_stream(b->name, 0, 0);
    int64_t n = block_elements(b), fan_in = b->rank > 0 ? n / b->shape[0] : 1;
    bool variance = strstr(b->name, "running_var") != NULL, count = strstr(b->name, "num_batches") != NULL;
    for (int64_t i = 0; i < n; i++) {
        double v = normal(stream, i), *to = &theta[b->offset + i];
        if (b->role == LSC_WEIGHT)
            *to = 1.4 * v / sqrt((double)fan_in);
        else if (variance)
            *to = 1 + 0.5 * (2 * lsc_rng_uniform((lsc_rng){2, stream}, (uint64_t)i) - 1);
        else if (b->role == LSC_NORM && strstr(b->name, "weight"))
            *to = 1 + 0.2 * v;
        else
            *to = count ? 0 : 0.3 * v;
    }
}

void cpu_inputs_make(cpu_inputs *in, const nn_graph *g, int64_t batch)
{
    int64_t n = g->layout.n, pixels = batch * nn_shape_elements(nn_graph_input(g));
    *in = (cpu_inputs){
        .theta = lsc_calloc((size_t)n, sizeof(double)),
        .theta32 = lsc_calloc((size_t)n, sizeof(float)),
        .images = lsc_calloc((size_t)pixels, sizeof(float)),
        .dlogits = lsc_calloc((size_t)(batch * nn_graph_classes(g)), sizeof(double)),
        .rdlogits = lsc_calloc((size_t)(batch * nn_graph_classes(g)), sizeof(double)),
        .v = lsc_calloc((size_t)g->layout.n_learned, sizeof(double)),
        .v32 = lsc_calloc((size_t)g->layout.n_learned, sizeof(float)),
    };
    CHECK(in->theta && in->theta32 && in->images && in->dlogits && in->rdlogits && in->v && in->v32);
    for (int i = 0; i < g->layout.n_blocks; i++)
        fill_block(&g->blocks[i], in->theta);
    for (int64_t i = 0; i < n; i++)
        in->theta[i] = in->theta32[i] = (float)in->theta[i];
    for (int64_t i = 0; i < pixels; i++)
        in->images[i] = (float)normal(1000, i);
    for (int64_t i = 0; i < batch * nn_graph_classes(g); i++) {
        in->dlogits[i] = normal(1001, i);
        in->rdlogits[i] = normal(1002, i);
    }
    for (int64_t i = 0; i < g->layout.n_learned; i++)
        in->v[i] = in->v32[i] = (float)(0.1 * normal(1003, i));
}

void cpu_inputs_free(cpu_inputs *in)
{
    lsc_free(in->theta);
    lsc_free(in->theta32);
    lsc_free(in->images);
    lsc_free(in->dlogits);
    lsc_free(in->rdlogits);
    lsc_free(in->v);
    lsc_free(in->v32);
    *in = (cpu_inputs){0};
}

/* ---- answers ----------------------------------------------------------------------------------------- */

/* A vector of the plan's scalar, as doubles. Takes the vector. */
static double *as_doubles(void *vector, nn_real real, int64_t n)
{
    if (real == NN_F64)
        return vector;
    double *copy = lsc_calloc((size_t)n, sizeof *copy);
    CHECK(copy != NULL);
    for (int64_t i = 0; i < n; i++)
        copy[i] = (double)((const float *)vector)[i];
    lsc_free(vector);
    return copy;
}

void cpu_answer_make(cpu_answer *a, const char *backend, const nn_graph *g, const nn_plan_options *o,
                     const cpu_inputs *in, int64_t n)
{
    size_t size = o->real == NN_F32 ? sizeof(float) : sizeof(double);
    const void *theta = o->real == NN_F32 ? (const void *)in->theta32 : in->theta;
    const void *v = o->real == NN_F32 ? (const void *)in->v32 : in->v;
    void *gradient = lsc_calloc((size_t)g->layout.n_learned, size), *moved = lsc_calloc((size_t)g->layout.n, size);
    void *hv = lsc_calloc((size_t)g->layout.n_learned, size);
    nn_plan *p = NULL;

    *a = (cpu_answer){.logits = lsc_calloc((size_t)(n * nn_graph_classes(g)), sizeof(double)),
                      .rlogits = lsc_calloc((size_t)(n * nn_graph_classes(g)), sizeof(double))};
    CHECK(a->logits && a->rlogits && gradient && moved && hv);
    memcpy(moved, theta, (size_t)g->layout.n * size);
    CHECK_OK(nn_plan_new(backend, g, o, &p));
    CHECK_OK(nn_plan_set_theta(p, theta));
    CHECK_OK(nn_plan_forward(p, in->images, n, a->logits));
    if (o->backward)
        CHECK_OK(nn_plan_backward(p, in->dlogits, gradient));
    if (o->statistics == NN_BATCH)
        CHECK_OK(nn_plan_update_statistics(p, moved));
    if (o->backward) {
        CHECK_OK(nn_plan_forward_r(p, v, a->rlogits));
        CHECK_OK(nn_plan_backward_r(p, in->dlogits, in->rdlogits, hv));
    }
    nn_plan_free(p);
    a->hv = as_doubles(hv, o->real, g->layout.n_learned);
    a->gradient = as_doubles(gradient, o->real, g->layout.n_learned);
    a->theta = as_doubles(moved, o->real, g->layout.n);
}

void cpu_answer_free(cpu_answer *a)
{
    lsc_free(a->logits);
    lsc_free(a->gradient);
    lsc_free(a->theta);
    lsc_free(a->rlogits);
    lsc_free(a->hv);
    *a = (cpu_answer){0};
}
