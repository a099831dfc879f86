/*
 * Kernels and calls of oneDNN.
 * SPDX-License-Identifier: MIT
 */
#include "nn/backend/cpu/dnn.h"

#include <dnnl_debug.h>
#include <string.h>

lsc_status dnn_status(dnnl_status_t s, const char *call)
{
    if (s == dnnl_success)
        return LSC_OK;
    return lsc_fail(LSC_ERR_BACKEND, "oneDNN %d.%d: %s: %s", DNNL_VERSION_MAJOR, DNNL_VERSION_MINOR, dnnl_status2str(s),
                    call);
}

/* ---- kernels --------------------------------------------------------------------------------- */

lsc_status dnn_kernel_make(dnn_kernel *k)
{
    return dnn_status(dnnl_primitive_create(&k->primitive, k->desc), "dnnl_primitive_create");
}

lsc_status dnn_attributes(bool sum, bool relu, dnnl_primitive_attr_t *out)
{
    lsc_status st = LSC_OK;
    dnnl_primitive_attr_t attr = NULL;
    dnnl_post_ops_t ops = NULL;

    DNN_TRY(dnnl_primitive_attr_create(&attr));
    DNN_TRY(dnnl_primitive_attr_set_scratchpad_mode(attr, dnnl_scratchpad_mode_user));
    DNN_TRY(dnnl_post_ops_create(&ops));
    if (sum)
        DNN_TRY(dnn_append_sum(ops));
    if (relu)
        DNN_TRY(dnn_append_relu(ops));
    DNN_TRY(dnnl_primitive_attr_set_post_ops(attr, ops));
    *out = attr;
    attr = NULL;
cleanup:
    if (ops)
        dnnl_post_ops_destroy(ops);
    if (attr)
        dnnl_primitive_attr_destroy(attr);
    return st;
}

lsc_status dnn_kernel_reorder(dnn_kernel *k, dnnl_engine_t e, dnn_desc from, dnn_desc to)
{
    lsc_status st = LSC_OK;
    dnnl_primitive_attr_t attr = NULL;

    LSC_TRY(dnn_attributes(false, false, &attr));
    DNN_TRY(dnnl_reorder_primitive_desc_create(&k->desc, from, e, to, e, attr));
    LSC_TRY(dnn_kernel_make(k));
cleanup:
    if (attr)
        dnnl_primitive_attr_destroy(attr);
    return st;
}

void dnn_kernel_fini(dnn_kernel *k)
{
    if (k->primitive)
        dnnl_primitive_destroy(k->primitive);
    if (k->desc)
        dnnl_primitive_desc_destroy(k->desc);
    *k = (dnn_kernel){0};
}

dnn_desc dnn_kernel_desc(const dnn_kernel *k, int arg)
{
    return dnnl_primitive_desc_query_md(k->desc, dnnl_query_exec_arg_md, arg);
}

size_t dnn_kernel_bytes(const dnn_kernel *k, int arg)
{
    return dnnl_memory_desc_get_size(dnn_kernel_desc(k, arg));
}

bool dnn_is_reference(dnnl_primitive_desc_t desc)
{
    const char *text = NULL;
    if (dnnl_primitive_desc_query(desc, dnnl_query_impl_info_str, 0, &text) != dnnl_success || text == NULL)
        return false;
    return strstr(text, "ref") != NULL;
}

/* ---- calls ----------------------------------------------------------------------------------- */

static lsc_status add(dnn_call *c, const dnn_kernel *k, dnnl_engine_t e, const dnn_arg *arg)
{
    lsc_status st = LSC_OK;
    dnnl_memory_t memory = NULL;

    DNN_TRY(dnnl_memory_create(&memory, dnn_kernel_desc(k, arg->arg), e, arg->data));
    c->args[c->n++] = (dnnl_exec_arg_t){arg->arg, memory};
cleanup:
    return st;
}

lsc_status dnn_call_init(dnn_call *c, const dnn_kernel *k, dnnl_engine_t e, void *scratch, const dnn_arg *args, int n)
{
    lsc_status st = LSC_OK;
    c->primitive = k->primitive;
    for (int i = 0; i < n; i++)
        LSC_TRY(add(c, k, e, &args[i]));
    if (dnn_kernel_bytes(k, DNNL_ARG_SCRATCHPAD) > 0)
        LSC_TRY(add(c, k, e, &(dnn_arg){DNNL_ARG_SCRATCHPAD, scratch}));
cleanup:
    return st;
}

void dnn_call_fini(dnn_call *c)
{
    for (int i = 0; i < c->n; i++)
        dnnl_memory_destroy(c->args[i].memory);
    *c = (dnn_call){0};
}

lsc_status dnn_call_place(dnn_call *c, int i, const void *data)
{
    return dnn_status(dnnl_memory_set_data_handle(c->args[i].memory, (void *)data), "dnnl_memory_set_data_handle");
}

lsc_status dnn_call_run(const dnn_call *c, dnnl_stream_t stream)
{
    return dnn_status(dnnl_primitive_execute(c->primitive, stream, c->n, c->args), "dnnl_primitive_execute");
}
