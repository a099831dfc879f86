/*
 * Plans of cuDNN for a graph: those of its ranking that are allowed, of mode A, or of FALLBACK where A has none (many
 * of FALLBACK are in A, too, and each takes seconds to compile); and plans as text, with the compiled kernel inside,
 * from which they are there again in a millisecond.
 * Source: the cuDNN 9 graph interface, docs.nvidia.com/deeplearning/cudnn.
 * SPDX-License-Identifier: MIT
 */
#include <string.h>

#include "nn/backend/cuda/module/module.h"

enum { MOST_CONFIGS = 16 };
static const int64_t MOST_WORKSPACE = (int64_t)1 << 30;

typedef cudnnBackendDescriptor_t descriptor;

static void drop_parts(module_plan *p, int down_to)
{
    while (p->n_parts > down_to)
        cudnnBackendDestroyDescriptor(p->parts[--p->n_parts]);
}

/* ---- what is allowed ------------------------------------------------------------------------------- */

static bool is_allowed(cudnnBackendNumericalNote_t note, bool strict)
{
    switch (note) {
    case CUDNN_NUMERICAL_NOTE_NONDETERMINISTIC:
    case CUDNN_NUMERICAL_NOTE_REDUCED_PRECISION_REDUCTION:
        return false;
    case CUDNN_NUMERICAL_NOTE_TENSOR_CORE:
    case CUDNN_NUMERICAL_NOTE_DOWN_CONVERT_INPUTS:
        return !strict;
    default:
        return true;
    }
}

/* The engine of a configuration: its number, and whether its notes are allowed. */
static int judge(module_plan *p, descriptor config, bool strict, bool *allowed)
{
    int result = CUDA_DONE;
    descriptor engine = NULL;
    cudnnBackendNumericalNote_t notes[CUDNN_NUMERICAL_NOTE_TYPE_COUNT];
    int64_t n = 0, got = 0;
    MODULE_TRY(module_part(p, CUDNN_BACKEND_ENGINE_DESCRIPTOR, &engine));
    CUDNN_TRY(
        cudnnBackendGetAttribute(config, CUDNN_ATTR_ENGINECFG_ENGINE, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &got, &engine));
    CUDNN_TRY(cudnnBackendGetAttribute(engine, CUDNN_ATTR_ENGINE_GLOBAL_INDEX, CUDNN_TYPE_INT64, 1, &got, &p->engine));
    CUDNN_TRY(cudnnBackendGetAttribute(engine, CUDNN_ATTR_ENGINE_NUMERICAL_NOTE, CUDNN_TYPE_NUMERICAL_NOTE,
                                       CUDNN_NUMERICAL_NOTE_TYPE_COUNT, &n, notes));
    *allowed = true;
    for (int64_t i = 0; i < n; i++)
        *allowed = *allowed && is_allowed(notes[i], strict);
cleanup:
    return result;
}

/* ---- one plan -------------------------------------------------------------------------------------- */

/* A plan's descriptor, for the target, not finalized. */
static int new_plan(module_plan *p, const module_target *target, descriptor *out)
{
    int result = CUDA_DONE;
    MODULE_TRY(module_part(p, CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR, out));
    if (target->handle != NULL)
        MODULE_SET(*out, CUDNN_ATTR_EXECUTION_PLAN_HANDLE, CUDNN_TYPE_HANDLE, 1, &target->handle);
    if (target->properties != NULL)
        MODULE_SET_PART(*out, CUDNN_ATTR_EXECUTION_PLAN_DEVICEPROP, target->properties);
cleanup:
    return result;
}

/* It becomes p's if its workspace is not too large. */
static int take(module_plan *p, descriptor plan)
{
    int result = CUDA_DONE;
    int64_t got = 0;
    CUDNN_TRY(cudnnBackendGetAttribute(plan, CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE, CUDNN_TYPE_INT64, 1, &got,
                                       &p->workspace));
    if (p->workspace >= 0 && p->workspace <= MOST_WORKSPACE)
        p->plan = plan;
cleanup:
    return result;
}

/* One configuration; p->plan stays NULL if it is not allowed, or cannot be built, which is no failure. */
static int try_config(module_plan *p, descriptor config, const module_target *target, bool strict)
{
    int result = CUDA_DONE, parts = p->n_parts;
    descriptor plan = NULL;
    bool allowed = false;
    MODULE_TRY(judge(p, config, strict, &allowed));
    if (!allowed)
        goto cleanup;
    MODULE_TRY(new_plan(p, target, &plan));
    MODULE_SET_PART(plan, CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG, config);
    if (cudnnBackendFinalize(plan) == CUDNN_STATUS_SUCCESS)
        MODULE_TRY(take(p, plan));
cleanup:
    if (p->plan == NULL)
        drop_parts(p, parts);
    return result;
}

/* ---- the ranking ----------------------------------------------------------------------------------- */

/* From configuration *at of this mode on; *at becomes the one behind that which was taken. */
static int try_mode(module_plan *p, cudnnBackendHeurMode_t mode, descriptor of, const module_target *target,
                    bool strict, int *at)
{
    int result = CUDA_DONE;
    descriptor ranking = NULL, configs[MOST_CONFIGS];
    int64_t n = 0;
    MODULE_TRY(module_part(p, CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR, &ranking));
    MODULE_SET_PART(ranking, CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH, of);
    MODULE_SET(ranking, CUDNN_ATTR_ENGINEHEUR_MODE, CUDNN_TYPE_HEUR_MODE, 1, &mode);
    if (target->properties != NULL)
        MODULE_SET_PART(ranking, CUDNN_ATTR_ENGINEHEUR_DEVICEPROP, target->properties);
    if (cudnnBackendFinalize(ranking) != CUDNN_STATUS_SUCCESS)
        goto cleanup; /* this mode knows none */
    for (int i = 0; i < MOST_CONFIGS; i++)
        MODULE_TRY(module_part(p, CUDNN_BACKEND_ENGINECFG_DESCRIPTOR, &configs[i]));
    CUDNN_TRY(cudnnBackendGetAttribute(ranking, CUDNN_ATTR_ENGINEHEUR_RESULTS, CUDNN_TYPE_BACKEND_DESCRIPTOR,
                                       MOST_CONFIGS, &n, configs));
    for (; *at < n && *at < MOST_CONFIGS && p->plan == NULL; ++*at)
        MODULE_TRY(try_config(p, configs[*at], target, strict));
cleanup:
    return result;
}

int module_plan_next(const cuda_conv_shape *shape, const module_target *target, module_cursor *at, module_plan *out)
{
    static const cudnnBackendHeurMode_t modes[] = {CUDNN_HEUR_MODE_A, CUDNN_HEUR_MODE_FALLBACK};
    enum { MODES = sizeof modes / sizeof *modes };
    int result = CUDA_DONE, parts = 0;
    descriptor of = NULL;
    memset(out, 0, sizeof *out);
    MODULE_TRY(module_graph(out, shape, target->handle, &of));
    for (parts = out->n_parts; at->mode < MODES; *at = (module_cursor){.mode = at->taken > 0 ? MODES : at->mode + 1}) {
        MODULE_TRY(try_mode(out, modes[at->mode], of, target, shape->strict, &at->config));
        if (out->plan != NULL) {
            at->taken++;
            return CUDA_DONE;
        }
        drop_parts(out, parts);
    }
    result = module_fail(CUDA_UNSUPPORTED, "cuDNN has no plan for a convolution %d x %d from %lld to %lld channels",
                         shape->kernel, shape->kernel, (long long)shape->c, (long long)shape->k);
cleanup:
    return result;
}

/* ---- plans as text ----------------------------------------------------------------------------------- */

int module_plan_save(const module_plan *p, char *text, size_t room, size_t *n)
{
    int64_t length = 0;
    cudnnStatus_t status = cudnnBackendGetAttribute(p->plan, CUDNN_ATTR_EXECUTION_PLAN_JSON_REPRESENTATION,
                                                    CUDNN_TYPE_CHAR, text != NULL ? (int64_t)room : 0, &length, text);
    if (status != CUDNN_STATUS_SUCCESS || length < 0)
        return module_fail(CUDA_UNSUPPORTED, "cuDNN does not write down engine %lld", (long long)p->engine);
    *n = (size_t)length;
    return CUDA_DONE;
}

int module_plan_load(const char *text, size_t n, bool strict, const module_target *target, module_plan *out)
{
    int result = CUDA_DONE;
    descriptor plan = NULL, config = NULL;
    bool allowed = false;
    int64_t got = 0;
    memset(out, 0, sizeof *out);
    MODULE_TRY(new_plan(out, target, &plan));
    if (cudnnBackendSetAttribute(plan, CUDNN_ATTR_EXECUTION_PLAN_JSON_REPRESENTATION, CUDNN_TYPE_CHAR, (int64_t)n,
                                 text) == CUDNN_STATUS_SUCCESS &&
        cudnnBackendFinalize(plan) == CUDNN_STATUS_SUCCESS) {
        MODULE_TRY(module_part(out, CUDNN_BACKEND_ENGINECFG_DESCRIPTOR, &config));
        CUDNN_TRY(cudnnBackendGetAttribute(plan, CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG, CUDNN_TYPE_BACKEND_DESCRIPTOR,
                                           1, &got, &config));
        MODULE_TRY(judge(out, config, strict, &allowed));
    }
    if (allowed)
        MODULE_TRY(take(out, plan));
cleanup:
    if (out->plan == NULL && result != CUDA_NO_MEMORY)
        result = module_fail(CUDA_UNSUPPORTED, "cuDNN does not take a plan that was kept");
    return result;
}

void module_plan_free(module_plan *p)
{
    drop_parts(p, 0);
    p->plan = NULL;
}
