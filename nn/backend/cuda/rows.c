/*
 * How parameters become weights on the device: a row for each output channel of a layer, with the offsets in theta of
 * all that it is made of. SPDX-License-Identifier: MIT
 */
#include "nn/backend/cuda/cuda.h"

#define ALIGNMENT 256 /* bytes, of a layer's weights */

/* Offset in theta of the element of channel k in block i of a node; -1: absent. */
static int64_t offset(const cuda_net *net, const nn_node *node, int i, int64_t k)
{
    return node == NULL || i >= node->n_blocks || node->block[i] < 0 ? -1 : net->g->blocks[node->block[i]].offset + k;
}

static lsc_status grow(cuda_net *net, int64_t by)
{
    lsc_status st = LSC_OK;
    cuda_row *more = NULL;
    if (net->n_rows + by <= net->rows_capacity)
        return LSC_OK;
    int64_t capacity = 2 * (int64_t)net->rows_capacity + by;
    LSC_CHECK(capacity <= INT32_MAX, LSC_ERR_ABSENT, "cuda: a network of more than %d channels: use cpu", INT32_MAX);
    LSC_NEW(more, capacity);
    for (int i = 0; i < net->n_rows; i++)
        more[i] = net->rows[i];
    lsc_free(net->rows);
    net->rows = more;
    net->rows_capacity = (int)capacity;
cleanup:
    return st;
}

static void take_norm(const cuda_net *net, cuda_row *row, const nn_node *norm, int64_t k)
{
    for (int i = 0; i < 4; i++)
        row->norm[i] = i >= 2 && net->o.statistics == NN_BATCH ? -1 : offset(net, norm, i, k);
    if (norm != NULL)
        row->eps = norm->eps;
}

/* A batch norm that stands alone. */
static lsc_status norm_rows(cuda_net *net, cuda_step *s, int i)
{
    lsc_status st = LSC_OK;
    int64_t channels = net->values[s->in[i]].channels;
    LSC_TRY(grow(net, channels));
    s->row[i] = net->n_rows;
    for (int64_t k = 0; k < channels; k++) {
        cuda_row *row = &net->rows[net->n_rows++];
        *row = (cuda_row){.bias = -1,
                          .taps = 1,
                          .exponent_in = net->values[s->in[i]].exponent,
                          .exponent_out = net->values[s->out].exponent};
        take_norm(net, row, s->norm[i], k);
    }
cleanup:
    return st;
}

static lsc_status layer_rows(cuda_net *net, cuda_step *s)
{
    lsc_status st = LSC_OK;
    const cuda_value *in = &net->values[s->in[0]], *out = &net->values[s->out];
    bool conv = s->kind == &cuda_kind_conv, unit = s->node->op == &nn_op_unitlinear;
    int64_t taps = conv ? (int64_t)s->node->kernel * s->node->kernel : 1, elements = in->channels * taps;
    cuda_real real = conv ? net->o.real : CUDA_F32;

    LSC_CHECK(elements <= INT32_MAX, LSC_ERR_ABSENT, "cuda: '%s' has filters of %lld elements: use cpu", s->node->name,
              (long long)elements);
    LSC_TRY(grow(net, out->channels));
    s->row[0] = net->n_rows;
    net->weight_bytes = (net->weight_bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    for (int64_t k = 0; k < out->channels; k++) {
        cuda_row *row = &net->rows[net->n_rows++];
        *row = (cuda_row){.weight = offset(net, s->node, 0, k * elements),
                          .bias = offset(net, s->node, 1, k),
                          .eps = s->node->eps,
                          .out = net->weight_bytes,
                          .elements = (int32_t)elements,
                          .taps = (int32_t)taps,
                          .real = real,
                          .tf32 = conv && real == CUDA_F32 && !net->o.strict,
                          .unit = unit,
                          .exponent_in = in->exponent,
                          .exponent_out = out->exponent};
        take_norm(net, row, s->norm[0], k);
        net->weight_bytes += elements * (int64_t)cuda_real_size(real);
    }
cleanup:
    return st;
}

lsc_status cuda_rows_make(cuda_net *net)
{
    lsc_status st = LSC_OK;
    for (int i = 0; i < net->n_steps; i++) {
        cuda_step *s = &net->steps[i];
        if (s->kind == &cuda_kind_conv || s->kind == &cuda_kind_linear)
            LSC_TRY(layer_rows(net, s));
        else
            for (int j = 0; j < 2; j++)
                if (s->norm[j] != NULL)
                    LSC_TRY(norm_rows(net, s, j));
    }
cleanup:
    return st;
}
