/*
 * Which layouts oneDNN is fast with. It is asked, not known: held to nChw16c on a machine with AVX2 it silently runs
 * reference code 100 times slower, and on images that are not in blocks it has fast kernels for some channel counts
 * only.
 * SPDX-License-Identifier: MIT
 */
#include "nn/backend/cpu/conv.h"

static int64_t whole(int64_t channels, int lanes)
{
    return (channels + lanes - 1) / lanes * lanes;
}

conv_size cpu_conv_size(const nn_node *node, int lanes, bool plain)
{
    const int64_t *in = node->in_shape.dim, *out = node->shape.dim;
    bool image = node->shape.rank == 3;
    return (conv_size){
        .c = in[0],
        .k = out[0],
        .cp = plain ? in[0] : whole(in[0], lanes),
        .kp = whole(out[0], lanes),
        .h = image ? in[1] : 1,
        .w = image ? in[2] : 1,
        .oh = image ? out[1] : 1,
        .ow = image ? out[2] : 1,
        .kernel = image ? node->kernel : 1,
        .stride = image ? node->stride : 1,
        .pad = image ? node->pad : 0,
    };
}

int64_t cpu_conv_weights(const conv_size *s)
{
    return s->kp * s->cp * s->kernel * s->kernel;
}

dnnl_format_tag_t cpu_conv_tag(int lanes, bool plain)
{
    if (plain)
        return dnnl_nchw;
    return lanes == 16 ? dnnl_nChw16c : dnnl_nChw8c;
}

/* ---- descriptors ------------------------------------------------------------------------------- */

lsc_status cpu_conv_layouts_init(conv_layouts *l, const conv_size *size, int64_t images, dnnl_format_tag_t src,
                                 dnnl_format_tag_t dst)
{
    lsc_status st = LSC_OK;
    const dnnl_dims_t src_dims = {images, size->cp, size->h, size->w};
    const dnnl_dims_t weights_dims = {size->kp, size->cp, size->kernel, size->kernel};
    const dnnl_dims_t dst_dims = {images, size->kp, size->oh, size->ow};
    const dnnl_dims_t bias_dims = {size->kp};
    DNN_TRY(dnn_layout_init(&l->src, 4, src_dims, src));
    DNN_TRY(dnn_layout_init(&l->weights, 4, weights_dims, dnnl_format_tag_any));
    DNN_TRY(dnn_layout_init(&l->bias, 1, bias_dims, dnnl_a));
    DNN_TRY(dnn_layout_init(&l->dst, 4, dst_dims, dst));
cleanup:
    return st;
}

void cpu_conv_layouts_fini(conv_layouts *l)
{
    dnn_layout_fini(&l->src);
    dnn_layout_fini(&l->weights);
    dnn_layout_fini(&l->bias);
    dnn_layout_fini(&l->dst);
}

dnn_conv cpu_conv_arguments(const conv_layouts *l, const conv_size *size, bool bias)
{
    return (dnn_conv){
        .src = dnn_view(&l->src),
        .weights = dnn_view(&l->weights),
        .bias = bias ? dnn_view(&l->bias) : NULL,
        .dst = dnn_view(&l->dst),
        .strides = {size->stride, size->stride},
        .pads = {size->pad, size->pad},
    };
}

static lsc_status plain_weights(const conv_size *size, dnn_layout *out)
{
    const dnnl_dims_t dims = {size->kp, size->cp, size->kernel, size->kernel};
    return dnn_status(dnn_layout_init(out, 4, dims, dnnl_oihw), "a layout of weights");
}

lsc_status cpu_conv_from_plain(const cpu_plan *p, const conv_size *size, dnn_desc to, dnn_kernel *out)
{
    lsc_status st = LSC_OK;
    dnn_layout plain = {0};
    LSC_TRY(plain_weights(size, &plain));
    LSC_TRY(dnn_kernel_reorder(out, p->engine, dnn_view(&plain), to));
cleanup:
    dnn_layout_fini(&plain);
    return st;
}

lsc_status cpu_conv_to_plain(const cpu_plan *p, const conv_size *size, dnn_desc from, dnn_kernel *out)
{
    lsc_status st = LSC_OK;
    dnn_layout plain = {0};
    LSC_TRY(plain_weights(size, &plain));
    LSC_TRY(dnn_kernel_reorder(out, p->engine, from, dnn_view(&plain)));
cleanup:
    dnn_layout_fini(&plain);
    return st;
}

/* ---- questions ------------------------------------------------------------------------------------ */

/* oneDNN has a fast kernel for this convolution of one image. */
static bool is_fast(const cpu_plan *p, const nn_node *node, int lanes, bool plain)
{
    conv_layouts l = {0};
    conv_size size = cpu_conv_size(node, lanes, plain);
    dnnl_primitive_desc_t desc = NULL;
    bool fast = false;

    if (cpu_conv_layouts_init(&l, &size, 1, cpu_conv_tag(lanes, plain), cpu_conv_tag(lanes, false)) == LSC_OK) {
        dnn_conv c = cpu_conv_arguments(&l, &size, false);
        fast = dnn_conv_forward(&desc, p->engine, &c, NULL) == dnnl_success && !dnn_is_reference(desc);
    }
    if (desc)
        dnnl_primitive_desc_destroy(desc);
    cpu_conv_layouts_fini(&l);
    return fast;
}

bool cpu_conv_takes_plain(const cpu_plan *p, const nn_node *node)
{
    return is_fast(p, node, p->lanes, true);
}

/* Floating point operations of the graph's convolutions that would be slow with so many lanes. */
static double slow_flops(const cpu_plan *p, int lanes)
{
    double slow = 0;
    for (int i = 1; i < p->g->n_nodes; i++) {
        const nn_node *node = &p->g->nodes[i];
        if ((node->op == &nn_op_conv2d || node->op == &nn_op_linear) && !is_fast(p, node, lanes, false))
            slow += node->op->flops(node);
    }
    return slow;
}

int cpu_conv_lanes(const cpu_plan *p)
{
    double slow_16 = slow_flops(p, 16), slow_8 = slow_16 > 0 ? slow_flops(p, 8) : 0;
    double share = (slow_8 < slow_16 ? slow_8 : slow_16) / nn_graph_flops(p->g);
    if (share > 0.5)
        lsc_log_warn("cpu: oneDNN has only slow reference code for %.0f %% of this network on this machine",
                     100 * share);
    return slow_16 > slow_8 ? 8 : 16;
}
