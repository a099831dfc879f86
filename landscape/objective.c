/*
 * Objective: what the library asks of a user's function before it calls it.
 * SPDX-License-Identifier: MIT
 */
#include "landscape/engine.h"

/* The members of version 1 of the interface end here; later ones may be missing from a plug-in. */
#define OPS_SIZE_V1 (offsetof(lsc_objective_ops, destroy) + sizeof(void (*)(void *)))

static lsc_status check_ops(const lsc_objective_ops *ops)
{
    lsc_status st = LSC_OK;

    LSC_CHECK(ops != NULL, LSC_ERR_ARG, "objective: ops is NULL");
    LSC_CHECK(ops->abi == LSC_OBJECTIVE_ABI, LSC_ERR_ARG, "objective: abi is %u, this library speaks %u",
              (unsigned)ops->abi, LSC_OBJECTIVE_ABI);
    LSC_CHECK(ops->size >= OPS_SIZE_V1, LSC_ERR_ARG, "objective: ops.size is %u, sizeof(lsc_objective_ops) is %zu",
              (unsigned)ops->size, sizeof *ops);
    LSC_CHECK(ops->eval != NULL, LSC_ERR_ARG, "objective: eval is required and is NULL");
    LSC_CHECK(ops->eval_coords == NULL || ops->set_frame != NULL, LSC_ERR_ARG,
              "objective: eval_coords needs set_frame, which is NULL");
cleanup:
    return st;
}

static lsc_status check_counts(const lsc_objective *obj)
{
    lsc_status st = LSC_OK;

    if (obj->n_counts == 0)
        goto cleanup;
    LSC_CHECK(obj->ops->size >= offsetof(lsc_objective_ops, counts) + sizeof obj->ops->counts &&
                  obj->ops->counts != NULL,
              LSC_ERR_ARG, "objective: it names %d counts, but its function `counts` is missing", obj->n_counts);
    LSC_TRY(lsc_context(lsc_fields_check(obj->counts, obj->n_counts), "objective: counts"));
cleanup:
    return st;
}

static lsc_status ignore_member(void *context, const char *key, const char *value)
{
    (void)context, (void)key, (void)value;
    return LSC_OK;
}

lsc_status lsc_objective_check(const lsc_objective *obj)
{
    lsc_status st = LSC_OK;

    LSC_CHECK(obj != NULL, LSC_ERR_ARG, "objective: it is NULL");
    LSC_TRY(check_ops(obj->ops));
    LSC_TRY(lsc_context(lsc_layout_check(obj->layout), "objective"));
    LSC_TRY(lsc_context(lsc_fields_check(obj->fields, obj->n_fields), "objective"));
    LSC_TRY(check_counts(obj));
    LSC_CHECK(obj->points_per_call >= 0 && obj->n_samples >= 0, LSC_ERR_ARG,
              "objective: points_per_call is %d and n_samples %lld: neither may be negative", obj->points_per_call,
              (long long)obj->n_samples);
    if (obj->settings != NULL)
        LSC_TRY(lsc_context(lsc_flat_json(obj->settings, ignore_member, NULL), "objective: settings"));
cleanup:
    return st;
}

const char *lsc_objective_error(const lsc_objective *obj)
{
    const char *text = obj->ops->error == NULL ? NULL : obj->ops->error(obj->self);

    return text == NULL || text[0] == '\0' ? "it gave no reason" : text;
}

void lsc_objective_close(lsc_objective *obj)
{
    if (obj == NULL)
        return;
    if (obj->ops != NULL && obj->ops->destroy != NULL)
        obj->ops->destroy(obj->self);
    *obj = (lsc_objective){0};
}
