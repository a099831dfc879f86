/*
 * Everything that a run works with: data, network, optimizer, made from a configuration and checked against it.
 * SPDX-License-Identifier: MIT
 */
#include "train/run.h"

#include "train/pretrained.h"

#include <string.h>

#define EVALUATION_BATCH 256

static lsc_status check_sizes(const tr_config *c, const ds_dataset *train)
{
    lsc_status st = LSC_OK;
    const long long images = ds_count(train), batch = c->train.batch;

    LSC_CHECK(batch <= images, LSC_ERR_CONFIG,
              "train.batch is %lld, the training data has %lld images: take a smaller batch or more data", batch,
              images);
cleanup:
    return st;
}

/* The fixed subset to evaluate, `limit` images or all (0). */
static lsc_status choose(const ds_dataset *data, uint64_t seed, int64_t limit, int64_t **index, int64_t *n)
{
    lsc_status st = LSC_OK;
    *n = limit > 0 && limit < ds_count(data) ? limit : ds_count(data);
    LSC_NEW(*index, *n);
    ds_subset(data, seed, *n, *index);
cleanup:
    return st;
}

/* Rows of each image in a batch: a loss of features compares two views. */
static int views(const tr_options *t)
{
    return strcmp(t->feature.s, "none") == 0 ? 1 : 2;
}

static ds_sampler sampler(const tr_options *t)
{
    static const char *const names[] = {
        [DS_SHUFFLED] = "shuffled", [DS_BY_DOMAIN] = "by-domain", [DS_ROUND_ROBIN] = "round-robin"};
    int i = 0;
    while (strcmp(names[i], t->sampler.s) != 0)
        i++;
    return (ds_sampler)i;
}

/* Of all its steps. */
static tr_loader_options loader_options(const tr_session *s)
{
    const tr_options *t = &s->config->train;
    return (tr_loader_options){
        .data = s->train,
        .augment = {.random_frame = true,
                    .crop_pad = (int)t->augment_crop,
                    .resized_crop = t->augment_resized_crop,
                    .flip = t->augment_flip,
                    .rotate = t->augment_rotate,
                    .cutout = t->augment_cutout},
        .seed = (uint64_t)t->seed,
        .batch = t->batch,
        .views = views(t),
        .sampler = sampler(t),
    };
}

static lsc_status open_data(tr_session *s)
{
    lsc_status st = LSC_OK;
    const tr_options *t = &s->config->train;
    int64_t shape[3], held_shape[3];

    LSC_TRY(app_task_data(&s->config->task, DS_TRAIN, &s->train));
    LSC_TRY(check_sizes(s->config, s->train));
    LSC_TRY(app_task_data(&s->config->task, DS_HELD, &s->held));
    ds_image_shape(s->train, shape);
    ds_image_shape(s->held, held_shape);
    LSC_CHECK(memcmp(shape, held_shape, sizeof shape) == 0, LSC_ERR_SHAPE,
              "held-out images are [%lld, %lld, %lld], training images [%lld, %lld, %lld]", (long long)held_shape[0],
              (long long)held_shape[1], (long long)held_shape[2], (long long)shape[0], (long long)shape[1],
              (long long)shape[2]);
    LSC_TRY(choose(s->train, (uint64_t)t->seed, t->eval_samples, &s->train_index, &s->n_train));
    if (s->config->task.validation > 0) {
        LSC_TRY(lsc_context(app_task_data(&s->config->task, DS_VALIDATION, &s->validation), "data.validation"));
        LSC_TRY(choose(s->validation, (uint64_t)t->seed, t->eval_samples, &s->validation_index, &s->n_validation));
    }
    LSC_TRY(choose(s->held, (uint64_t)t->seed, t->eval_samples, &s->held_index, &s->n_held));
    const tr_loader_options loader = loader_options(s);
    s->steps_per_epoch = tr_loader_steps_per_epoch(&loader);
    s->n_steps = s->steps_per_epoch * t->epochs;
cleanup:
    return st;
}

/* The loss of features, if there is one, and the graph that it needs. */
static lsc_status add_feature_loss(tr_session *s, const nn_shape *image, tr_network_options *o)
{
    lsc_status st = LSC_OK;
    const tr_options *t = &s->config->train;

    if (views(t) == 1)
        return LSC_OK;
    LSC_TRY(lsc_context(nn_feature_loss_find(t->feature.s, &o->feature), "loss.feature"));
    LSC_TRY(app_task_feature_graph(&s->config->task, image, ds_classes(s->train), &s->feature_graph));
    o->graph = s->feature_graph;
    o->feature_weight = t->feature_weight;
    o->feature_temperature = t->feature_temperature;
cleanup:
    return st;
}

static lsc_status build_network(tr_session *s)
{
    lsc_status st = LSC_OK;
    const tr_config *c = s->config;
    const cli_common *common = &s->options->common;
    int64_t shape[3];

    ds_image_shape(s->train, shape);
    const nn_shape image = {.rank = 3, .dim = {shape[0], shape[1], shape[2]}};
    tr_network_options o = {.backend = common->device != NULL ? common->device : "auto",
                            .threads = common->threads,
                            .batch = c->train.batch * views(&c->train),
                            .n_domains = ds_n_domains(s->train)};
    LSC_TRY(lsc_context(nn_loss_find(c->task.loss.s, &o.loss), "loss.name"));
    LSC_TRY(app_task_graph(&c->task, &image, ds_classes(s->train), &s->graph));
    LSC_TRY(nn_graph_check_training(s->graph));
    o.graph = s->graph;
    LSC_TRY(add_feature_loss(s, &image, &o));
    LSC_TRY(tr_network_new(&o, &s->network));
    o.graph = s->graph;
    o.batch = EVALUATION_BATCH;
    LSC_TRY(tr_evaluator_new(&o, &s->evaluator));
cleanup:
    return st;
}

static lsc_status build_optimizer(tr_session *s)
{
    lsc_status st = LSC_OK;
    const tr_options *t = &s->config->train;
    tr_state_options o = {.sgd = {t->momentum, t->weight_decay, t->nesterov, t->head_lr_scale},
                          .beginning = {.head_only = t->warming_epochs, .erm = t->erm_epochs},
                          .layout = nn_graph_layout(s->graph),
                          .n_domains = ds_n_domains(s->train),
                          .epochs = (double)t->epochs};

    o.kind = tr_config_optimizer(s->config, &o.options);
    o.average = tr_config_average(s->config, &o.average_options);
    LSC_TRY(tr_state_new(&o, &s->state));
    s->result_step = -1;
    if (o.average != NULL)
        LSC_NEW(s->result, o.layout->n);
    if (strcmp(t->select.s, "last") != 0) {
        LSC_NEW(s->record.best, o.layout->n);
        s->record.n_best = o.layout->n;
    }
    nn_graph_init(s->graph, (uint64_t)t->seed, s->state->theta);
cleanup:
    return st;
}

/* A domain whose images are all of one label teaches and measures nothing: a folder was forgotten, or mistaken. */
static void warn_of_one_label(const ds_dataset *d, const char *which)
{
    const int32_t *labels = ds_labels(d), *domains = ds_domains(d);
    for (int domain = 0; domain < ds_n_domains(d); domain++) {
        int32_t first = -1;
        bool several = false;
        for (int64_t i = 0; i < ds_count(d) && !several; i++) {
            if (domains[i] != domain)
                continue;
            first = first < 0 ? labels[i] : first;
            several = labels[i] != first;
        }
        if (first >= 0 && !several)
            lsc_log_warn("%s images of domain %d (of 0 .. %d) are all of class %d: is a folder of the others missing?",
                         which, domain, ds_n_domains(d) - 1, (int)first);
    }
}

static void advise(const tr_session *s)
{
    const tr_options *t = &s->config->train;
    const tr_optimizer *kind = s->state->kind;
    const int n_domains = s->state->n_domains;
    const char *advice = kind->advice == NULL ? NULL : kind->advice(s->state->options, n_domains);

    if (advice != NULL)
        lsc_log_warn("%s", advice);
    warn_of_one_label(s->train, "training");
    warn_of_one_label(s->held, "held-out");
    if (t->lr == 0)
        lsc_log_warn("train.lr is 0: the parameters will not move");
    if (t->nesterov && t->momentum == 0)
        lsc_log_warn("train.nesterov does nothing while train.momentum is 0");
    if (t->warmup_epochs > (double)t->epochs)
        lsc_log_warn("train.warmup_epochs is %g, the run has %lld: it ends before train.lr is reached",
                     t->warmup_epochs, (long long)t->epochs);
    if (t->warming_epochs >= (double)t->epochs && t->warming_epochs > 0)
        lsc_log_warn("train.warming_epochs is %g, the run has %lld: nothing but the head is trained", t->warming_epochs,
                     (long long)t->epochs);
    if (t->erm_epochs >= (double)t->epochs && t->erm_epochs > 0 && kind != &tr_optimizer_erm)
        lsc_log_warn("train.erm_epochs is %g, the run has %lld: %s never begins", t->erm_epochs, (long long)t->epochs,
                     t->optimizer.s);
    if (t->batch < n_domains)
        lsc_log_warn("train.batch is %lld for %d domains: every step lacks some of them", (long long)t->batch,
                     n_domains);
}

const char *tr_hash_of(const ds_dataset *d)
{
    return d != NULL ? ds_hash(d) : "";
}

static lsc_status start_record(tr_session *s)
{
    lsc_status st = LSC_OK;
    tr_record *r = &s->record;
    const char *command = s->options->command;
    r->threads = tr_network_threads(s->network);
    r->command = lsc_strdup(command != NULL ? command : "");
    r->backend = lsc_strdup(tr_network_backend(s->network));
    r->data_hash = lsc_strdup(ds_hash(s->train));
    r->validation_hash = lsc_strdup(tr_hash_of(s->validation));
    r->held_hash = lsc_strdup(tr_hash_of(s->held));
    LSC_CHECK(r->command != NULL && r->backend != NULL && r->data_hash != NULL && r->validation_hash != NULL &&
                  r->held_hash != NULL,
              LSC_ERR_NOMEM, "no memory for provenance");
cleanup:
    return st;
}

lsc_status tr_session_new(const tr_run_options *o, tr_config *config, tr_session **out)
{
    lsc_status st = LSC_OK;
    tr_session *s = lsc_calloc(1, sizeof *s);

    if (s == NULL)
        tr_config_free(config);
    LSC_CHECK(s != NULL, LSC_ERR_NOMEM, "no memory for a training session");
    s->options = o;
    s->config = config;
    tr_config_resolve(config);
    LSC_TRY(open_data(s));
    LSC_TRY(build_network(s));
    LSC_TRY(build_optimizer(s));
    LSC_TRY(start_record(s));
    advise(s);
    *out = s;
    s = NULL;
cleanup:
    tr_session_free(s);
    return st;
}

lsc_status tr_session_pretrain(tr_session *s)
{
    lsc_status st = LSC_OK;
    const char *pretrained = s->config->train.pretrained.s;
    char *path = NULL;
    bool with_head = false;

    if (strcmp(pretrained, "none") == 0)
        return LSC_OK;
    LSC_TRY(tr_pretrained_find(pretrained, s->config->task.model.s, &path));
    LSC_TRY(tr_pretrained_fill(path, s->state->layout, s->state->theta, &with_head));
    lsc_log_info("begins with the weights of %s, the head %s", path, with_head ? "too" : "not");
cleanup:
    lsc_free(path);
    return st;
}

void tr_session_free(tr_session *s)
{
    if (s == NULL)
        return;
    tr_record_fini(&s->record);
    lsc_free(s->result);
    tr_state_free(s->state);
    tr_evaluator_free(s->evaluator);
    tr_network_free(s->network);
    nn_graph_free(s->feature_graph);
    nn_graph_free(s->graph);
    lsc_free(s->validation_index);
    lsc_free(s->held_index);
    lsc_free(s->train_index);
    ds_close(s->validation);
    ds_close(s->held);
    ds_close(s->train);
    tr_config_free(s->config);
    lsc_free(s);
}

lsc_status tr_session_loader_for(const tr_session *s, int64_t n_steps, tr_loader **out)
{
    tr_loader_options o = loader_options(s);
    o.first_step = s->record.step;
    o.past_step = s->record.step + n_steps;
    return tr_loader_new(&o, out);
}

lsc_status tr_session_loader(const tr_session *s, tr_loader **out)
{
    return tr_session_loader_for(s, s->n_steps - s->record.step, out);
}

lsc_status tr_session_advance(tr_session *s, tr_loader *loader)
{
    lsc_status st = LSC_OK;
    const tr_batch *batch;
    LSC_TRY(tr_loader_next(loader, &batch));
    LSC_TRY(tr_session_step(s, batch));
cleanup:
    return st;
}

lsc_status tr_session_step(tr_session *s, const tr_batch *batch)
{
    lsc_status st = LSC_OK;
    tr_record *r = &s->record;
    tr_step_report report;

    s->state->lr = tr_config_lr(s->config, r->step, s->steps_per_epoch);
    s->state->epoch = (double)r->step / (double)s->steps_per_epoch;
    s->state->epoch_after = (double)(r->step + 1) / (double)s->steps_per_epoch;
    tr_network_set_batch(s->network, batch);
    LSC_TRY(tr_step(s->state, tr_network_oracle(s->network), &report));
    r->step++;
    r->sums.steps += 1;
    r->sums.images += (double)batch->n;
    r->sums.loss += report.loss;
    r->sums.correct += (double)tr_network_correct(s->network);
    r->sums.perturbation += report.perturbation;
    for (int role = 0; role < 3; role++)
        r->sums.squares[role] += report.squares[role];
cleanup:
    return st;
}
