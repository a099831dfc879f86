/*
 * The cuda backend: plans on one device, whose parameters and images come from the host. It evaluates in float, which
 * its convolutions may round to TF32 unless the plan is strict. SPDX-License-Identifier: MIT
 */
#include "nn/backend/cuda/cuda.h"
#include "nn/backend/cuda/evaluator.h"
#include "nn/backend/cuda/loader.h"
#include "nn/backend/cuda/plans.h"

typedef struct {
    cuda_context context;
    cuda_plans *plans;
    cuda_frame frame;
    cuda_net *net;
    float *images;      /* on the device, as they come: [batch, C, H, W] */
    double *statistics; /* [buffers] of the last forward, on the host */
} cuda_plan;

static void plan_free(void *self)
{
    cuda_plan *p = self;
    if (p == NULL)
        return;
    cuda_net_free(p->net);
    cuda_frame_fini(&p->frame);
    if (p->context.api != NULL)
        p->context.api->free(p->context.device, p->images);
    cuda_context_close(&p->context);
    cuda_plans_free(p->plans);
    lsc_free(p->statistics);
    lsc_free(p);
}

static lsc_status find_device(const nn_plan_options *o, const cuda_api **api, int *number)
{
    lsc_status st = LSC_OK;
    int n = 0;
    LSC_TRY(cuda_load(api));
    if (o->device > 0) {
        *number = o->device - 1;
        LSC_TRY(cuda_check_device(*api, *number));
    } else {
        LSC_TRY(cuda_usable(api, number, 1, &n));
    }
cleanup:
    return st;
}

static lsc_status plan_new(const nn_graph *g, const nn_plan_options *o, void **self)
{
    lsc_status st = LSC_OK;
    cuda_plan *p = NULL;
    const cuda_api *api = NULL;
    const cuda_net_options net = {.batch = o->batch, .real = CUDA_F32, .strict = true, .statistics = o->statistics};
    const lsc_layout *layout = nn_graph_layout(g);
    int number = 0;

    LSC_TRY(find_device(o, &api, &number));
    LSC_NEW(p, 1);
    LSC_TRY(cuda_plans_new(&p->plans));
    LSC_TRY(cuda_context_open(api, number, p->plans, &p->context));
    LSC_TRY(cuda_frame_init(&p->context, layout->n, &p->frame));
    LSC_TRY(cuda_frame_reserve(&p->frame, 1));
    LSC_TRY(cuda_net_new(&p->frame, g, &net, &p->net));
    LSC_NEW(p->statistics, layout->n - layout->n_learned + 1);
    LSC_TRY(
        cuda_new(&p->context, (size_t)(o->batch * nn_shape_elements(nn_graph_input(g))) * sizeof(float), &p->images));
    *self = p;
    p = NULL;
cleanup:
    plan_free(p);
    return st;
}

static lsc_status set_theta(void *self, const void *theta)
{
    lsc_status st = LSC_OK;
    cuda_plan *p = self;
    LSC_TRY(cuda_frame_set(&p->frame, theta, NULL, 0));
    LSC_TRY(cuda_frame_set_points(&p->frame, NULL, 1));
    LSC_TRY(cuda_net_set_weights(p->net));
cleanup:
    return st;
}

static lsc_status forward(void *self, const float *images, int64_t n, double *logits)
{
    lsc_status st = LSC_OK;
    cuda_plan *p = self;
    const cuda_net *net = p->net;
    const cuda_api *api = p->context.api;
    const cuda_value *in = &net->values[0];
    int32_t channels = (int32_t)in->channels;
    const cuda_input input = {
        .pixels = p->images,
        .state = p->frame.state,
        .total = n,
        .n = (int32_t)net->o.batch,
        .kept = channels,
        .c = channels,
        .h = (int32_t)in->height,
        .w = (int32_t)in->width,
        .real = cuda_value_real(net, 0),
        .factor = (float)cuda_value_factor(net, 0),
        .out = cuda_net_input(net),
    };
    size_t image = (size_t)nn_shape_elements(nn_graph_input(net->g)) * sizeof(float);
    LSC_TRY(cuda_said(&p->context, api->upload(p->context.device, p->images, images, (size_t)n * image)));
    LSC_TRY(cuda_launch(net, CUDA_KERNEL_input, &input));
    LSC_TRY(cuda_net_forward(net));
    LSC_TRY(cuda_said(&p->context, api->download(p->context.device, logits, net->logits,
                                                 (size_t)(n * nn_graph_outputs(net->g)) * sizeof *logits)));
cleanup:
    return st;
}

/* running <- (1 - momentum) running + momentum batch, variance unbiased (torch.nn.BatchNorm2d). */
static void move_statistics(const cuda_plan *p, const nn_node *norm, float *theta)
{
    const nn_graph *g = p->net->g;
    for (int i = 2; i <= 3; i++) {
        const int64_t at = g->blocks[norm->block[i]].offset;
        for (int64_t c = at; c < at + norm->shape.dim[0]; c++)
            theta[c] = (float)((1 - norm->momentum) * (double)theta[c] +
                               norm->momentum * p->statistics[c - g->layout.n_learned]);
    }
    theta[g->blocks[norm->block[4]].offset] += 1;
}

static lsc_status update_statistics(void *self, void *theta)
{
    lsc_status st = LSC_OK;
    cuda_plan *p = self;
    const nn_graph *g = p->net->g;
    const size_t bytes = (size_t)(g->layout.n - g->layout.n_learned) * sizeof *p->statistics;
    if (bytes == 0)
        return LSC_OK;
    LSC_TRY(cuda_said(&p->context,
                      p->context.api->download(p->context.device, p->statistics, p->net->norms.statistics, bytes)));
    for (int i = 1; i < g->n_nodes; i++)
        if (g->nodes[i].op == &nn_op_batchnorm)
            move_statistics(p, &g->nodes[i], theta);
cleanup:
    return st;
}

static lsc_status available(void)
{
    const cuda_api *api = NULL;
    int number = 0, n = 0;
    return cuda_usable(&api, &number, 1, &n);
}

const nn_backend nn_backend_cuda = {
    .name = "cuda",
    .reals = 1u << NN_F32,
    .determinism = NN_ANY_THREADS,
    .plan_new = plan_new,
    .plan_free = plan_free,
    .set_theta = set_theta,
    .forward = forward,
    .update_statistics = update_statistics,
    .available = available,
    .device_text = cuda_device_text,
    .evaluator = &cuda_evaluator_ops,
};
