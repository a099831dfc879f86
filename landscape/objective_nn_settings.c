/*
 * What a value of a network's objective depends on, apart from theta, as JSON: stored with surfaces and compared when
 * one is resumed.
 * SPDX-License-Identifier: MIT
 */
#include "landscape/objective_nn_self.h"

#include "base/base.h"
#include "base/hash.h"

/* SHA-256 of the samples' numbers, in their order. */
static lsc_status hash_samples(const landscape_samples *s, char hex[65])
{
    lsc_status st = LSC_OK;
    lsc_hash *hash = NULL;
    LSC_TRY(lsc_hash_new(&hash));
    lsc_hash_add(hash, s->index, (size_t)s->n * sizeof *s->index);
    lsc_hash_hex(hash, hex);
cleanup:
    lsc_hash_free(hash);
    return st;
}

static void add_norm(lsc_text *t, const objective_nn *o, const char *hash)
{
    if (objective_recalibrates(o))
        lsc_text_add(t,
                     ", \"batch_norm\": \"recalibrated\", \"batch_norm_batch\": %lld, \"batch_norm_images\": %lld, "
                     "\"batch_norm_sha256\": \"%s\"",
                     (long long)o->norm.samples.batch, (long long)o->norm.samples.n, hash);
    else if (o->statistics == NN_BATCH)
        lsc_text_add(t, ", \"batch_norm\": \"batch\", \"batch_norm_batch\": %lld", (long long)o->samples.batch);
    else
        lsc_text_add(t, ", \"batch_norm\": \"frozen\"");
}

lsc_status objective_write_settings(objective_nn *o, const char *model)
{
    lsc_status st = LSC_OK;
    lsc_text t = {0};
    char samples[65], norm[65] = "";
    const char *host = o->real == NN_F64 ? "double" : "float";
    LSC_TRY(hash_samples(&o->samples, samples));
    if (objective_recalibrates(o))
        LSC_TRY(hash_samples(&o->norm.samples, norm));
    lsc_text_add(&t, "{\"model\": ");
    lsc_quote_json(&t, model);
    lsc_text_add(&t, ", \"loss\": ");
    lsc_quote_json(&t, o->loss->name);
    lsc_text_add(&t, ", \"data_sha256\": \"%s\", \"samples\": %lld, \"samples_sha256\": \"%s\"",
                 ds_hash(o->samples.data), (long long)o->samples.n, samples);
    add_norm(&t, o, norm);
    lsc_text_add(&t, ", \"precision\": \"%s\", \"device\": \"%s\"}",
                 o->evaluator != NULL ? nn_arithmetic_name(o->arithmetic) : host, objective_backend(o));
    LSC_CHECK(!t.failed, LSC_ERR_NOMEM, "no memory for the objective's settings");
    o->settings = t.text;
    t = (lsc_text){0};
cleanup:
    lsc_text_free(&t);
    return st;
}
