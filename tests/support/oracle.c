/*
 * Reads tests/golden/models and makes the inputs by the formula.
 * SPDX-License-Identifier: MIT
 */
#include "support/oracle.h"

#include <math.h>

#include "support/formula.h"
#include "support/support.h"

static const cJSON *item(const cJSON *object, const char *key)
{
    const cJSON *found = cJSON_GetObjectItemCaseSensitive(object, key);
    if (found == NULL)
        fail_msg("the oracle has no '%s'", key);
    return found;
}

static void check_parameters(const oracle *o)
{
    const cJSON *parameter, *dimension;
    int k = 0;
    cJSON_ArrayForEach(parameter, item(o->json, "parameters"))
    {
        const lsc_block *b = &o->layout->blocks[k++];
        int i = 0;
        CHECK_STR(b->name, item(parameter, "name")->valuestring);
        CHECK_INT(b->rank, cJSON_GetArraySize(item(parameter, "shape")));
        cJSON_ArrayForEach(dimension, item(parameter, "shape")) CHECK_INT(b->shape[i++], dimension->valuedouble);
    }
    CHECK_INT(k, oracle_parameters(o));
    CHECK_INT(o->layout->n_learned, item(o->json, "n_parameters")->valuedouble);
}

static void fill(oracle *o, const char *name)
{
    const lsc_layout *layout = o->layout;
    int64_t pixels = o->batch * nn_shape_elements(nn_graph_input(o->graph));
    o->theta = lsc_calloc((size_t)layout->n, sizeof *o->theta);
    o->theta32 = lsc_calloc((size_t)layout->n, sizeof *o->theta32);
    o->images = lsc_calloc((size_t)pixels, sizeof *o->images);
    o->labels = lsc_calloc((size_t)o->batch, sizeof *o->labels);
    o->weight = lsc_calloc((size_t)o->batch, sizeof *o->weight);
    o->v = lsc_calloc((size_t)layout->n_learned, sizeof *o->v);
    CHECK(o->theta && o->theta32 && o->images && o->labels && o->weight && o->v);
    formula_theta(layout, name, o->theta);
    for (int64_t i = 0; i < layout->n; i++)
        o->theta32[i] = (float)o->theta[i];
    formula_images(pixels, o->images);
    formula_direction(layout, o->theta, 7000, o->v);
    for (int64_t i = 0; i < o->batch; i++) {
        o->labels[i] = (int32_t)(i % o->classes);
        o->weight[i] = 1 / (double)o->batch;
    }
}

void oracle_open(oracle *o, const char *name)
{
    char file[64];
    *o = (oracle){0};
    snprintf(file, sizeof file, "models/%s.json", name);
    char *text = test_read(golden_path(file), NULL);
    o->json = cJSON_Parse(text);
    lsc_free(text);
    CHECK(o->json != NULL);
    o->batch = (int64_t)item(o->json, "batch")->valuedouble;
    o->classes = cJSON_GetArraySize(cJSON_GetArrayItem(item(item(o->json, "eval"), "logits"), 0));
    nn_shape image = {.rank = 3};
    for (int i = 0; i < 3; i++)
        image.dim[i] = (int64_t)cJSON_GetArrayItem(item(o->json, "input"), i)->valuedouble;
    CHECK_OK(nn_model_graph(name, &image, o->classes, &o->graph));
    o->layout = nn_graph_layout(o->graph);
    check_parameters(o);
    fill(o, name);
}

void oracle_close(oracle *o)
{
    cJSON_Delete(o->json);
    nn_graph_free(o->graph);
    lsc_free(o->theta);
    lsc_free(o->theta32);
    lsc_free(o->images);
    lsc_free(o->labels);
    lsc_free(o->weight);
    lsc_free(o->v);
}

static const cJSON *values(const oracle *o, nn_statistics statistics)
{
    return item(o->json, statistics == NN_FROZEN ? "eval" : "train");
}

double oracle_value(const oracle *o, nn_statistics statistics, const char *key)
{
    return item(values(o, statistics), key)->valuedouble;
}

double oracle_logit(const oracle *o, nn_statistics statistics, int64_t image, int64_t k)
{
    const cJSON *row = cJSON_GetArrayItem(item(values(o, statistics), "logits"), (int)image);
    return cJSON_GetArrayItem(row, (int)k)->valuedouble;
}

oracle_part oracle_want(const oracle *o, nn_statistics statistics, const char *key, int parameter)
{
    const cJSON *part = cJSON_GetArrayItem(item(values(o, statistics), key), parameter);
    return (oracle_part){
        item(part, "norm")->valuedouble,
        item(part, "first")->valuedouble,
        item(part, "last")->valuedouble,
    };
}

int oracle_parameters(const oracle *o)
{
    int n = 0;
    while (n < o->layout->n_blocks && o->layout->blocks[n].role != LSC_BUFFER)
        n++;
    return n;
}

oracle_part oracle_got(const oracle *o, const double *vector, int parameter)
{
    const lsc_block *b = &o->layout->blocks[parameter];
    int64_t end = parameter + 1 < o->layout->n_blocks ? b[1].offset : o->layout->n;
    double squares = 0;
    for (int64_t i = b->offset; i < end; i++)
        squares += vector[i] * vector[i];
    return (oracle_part){sqrt(squares), vector[b->offset], vector[end - 1]};
}

double oracle_loss(const oracle *o, const double *logits, double *dlogits)
{
    const nn_loss *loss = NULL;
    double each[64], sum = 0;
    uint8_t correct[64];
    CHECK(o->batch <= (int64_t)LSC_COUNT(each));
    CHECK_OK(nn_loss_find("cross_entropy", &loss));
    loss->forward(o->batch, o->classes, logits, o->labels, each, correct);
    for (int64_t i = 0; i < o->batch; i++)
        sum += o->weight[i] * each[i];
    if (dlogits)
        loss->backward(o->batch, o->classes, logits, o->labels, o->weight, dlogits);
    return sum;
}

void oracle_check_logits(const oracle *o, nn_statistics statistics, const double *logits, double tolerance)
{
    double largest = 0;
    for (int64_t i = 0; i < o->batch * o->classes; i++)
        largest = fmax(largest, fabs(logits[i]));
    for (int64_t i = 0; i < o->batch; i++)
        for (int64_t k = 0; k < o->classes; k++)
            CHECK_REAL(logits[i * o->classes + k], oracle_logit(o, statistics, i, k), tolerance * largest);
}
