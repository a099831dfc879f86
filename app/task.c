/*
 * The keys of a task, and what opens them: a model's graph, and the images of a split.
 * SPDX-License-Identifier: MIT
 */
#include "app/task.h"

#define IMAGES_MAX 1e9

/* The mean and the deviation of CIFAR-10's channels, as tomgoldstein/loss-landscape uses them. */
#define MEAN "125.3, 123.0, 113.9"
#define STD  "63.0, 62.1, 66.7"

/* clang-format off */
const cfg_field app_task_fields[] = {
    CFG_TEXT (app_task, model,          "model.name",          "resnet20",      "network: a row of models.def"),
    CFG_INT  (app_task, classes,        "model.classes",       "0",  0, 1e6,    "classes that the network knows; 0: as many as the data has"),
    CFG_TEXT (app_task, loss,           "loss.name",           "cross_entropy", "loss: a row of losses.def"),
    CFG_REAL (app_task, loss_scale,     "loss.scale",          "1",  1e-6, 1e6, "times the logits, in front of the loss: for cosines, which lie within 1"),
    CFG_TEXT (app_task, data,           "data.kind",           "idx",           "data set: a row of datasets.def"),
    CFG_TEXT (app_task, path,           "data.path",           "/usr/share/datasets/fashion-mnist", "folder of the data set's files"),
    CFG_REALS(app_task, rotations,      "data.rotations",      "",   -360, 360, "degrees anticlockwise, one source domain each; empty: one domain, not rotated"),
    CFG_REALS(app_task, held_rotations, "data.held_rotations", "",   -360, 360, "degrees, one held-out domain each; empty: the test split is held out"),
    CFG_INT  (app_task, per_domain,     "data.per_domain",     "0",  0, IMAGES_MAX, "images of each domain; 0: all, shared out evenly"),
    CFG_REAL (app_task, validation,     "data.validation",     "0",  0, 0.9,    "share of each source domain's subjects (images, where none are known) held back from training, one at least; 0: none, or 0.1 where train.select needs it"),
    CFG_INT  (app_task, limit,          "data.limit",          "0",  0, IMAGES_MAX, "without domains: at most the first images of a split; 0: all"),
    CFG_INT  (app_task, pad,            "data.pad",            "2",  0, 64,     "zero pixels put on each side"),
    CFG_INT  (app_task, resize,         "data.resize",         "0",  0, 4096,   "folder: the shorter side becomes so many pixels; 0: not resized. faces: the side of the images"),
    CFG_INT  (app_task, crop,           "data.crop",           "0",  0, 4096,   "folder: the centre of crop x crop pixels is kept; 0: resize x resize, or all"),
    CFG_WORDS(app_task, domains,        "data.domains",        "",              "faces: the source domains, folders"),
    CFG_WORDS(app_task, held_domains,   "data.held_domains",   "",              "faces: the held-out domains; empty: the test part of the source domains is held out"),
    CFG_BOOL (app_task, held_all,       "data.held_all",       "false",         "faces: test held-out domains on their training part, too"),
    CFG_INT  (app_task, frames,         "data.frames",         "1",  0, 1e6,    "faces: frames of each video of validation and held-out sets, evenly chosen; 0: all"),
    CFG_INT  (app_task, frame_seed,     "data.frame_seed",     "0",  0, 9e15,   "faces: evaluated frames are drawn by this seed, as in released evaluations; 0: evenly chosen"),
    CFG_INT  (app_task, syn_seed,       "synfaces.seed",       "1",  0, 9e15,   "synthetic faces: their seed"),
    CFG_INT  (app_task, syn_subjects,   "synfaces.subjects",   "40", 5, DS_SYNFACE_SUBJECTS_MAX, "synthetic faces: subjects of each domain, every fifth of the test part"),
    CFG_INT  (app_task, syn_videos,     "synfaces.videos",     "4",  2, DS_SYNFACE_VIDEOS_MAX, "synthetic faces: videos of each subject"),
    CFG_INT  (app_task, syn_frames,     "synfaces.frames",     "3",  3, DS_SYNFACE_FRAMES_MAX, "synthetic faces: frames of each video"),
    CFG_INT  (app_task, syn_spoofs,     "synfaces.spoofs",     "1",  1, 3,      "synthetic faces: attacks for each live video"),
    CFG_REAL (app_task, syn_delta,      "synfaces.delta",      "1",  0, 1,      "synthetic faces: how much an attack can be seen"),
    CFG_REAL (app_task, syn_kappa,      "synfaces.kappa",      "1",  0, 1,      "synthetic faces: colour that goes with the label, and against it in domain msu"),
    CFG_REALS(app_task, mean,           "data.mean",           MEAN, -1e6, 1e6, "subtracted from the channels, in 0..255"),
    CFG_REALS(app_task, std,            "data.std",            STD,  1e-6, 1e6, "the channels are divided by these afterwards"),
};
/* clang-format on */
const int app_task_n_fields = LSC_COUNT(app_task_fields);

static lsc_status build(const app_task *task, const nn_shape *image, int64_t classes, bool features, nn_graph **out)
{
    lsc_status st = LSC_OK;
    nn_model_options o = {.image = image, .logit_scale = task->loss_scale, .features = features};
    const nn_loss *loss = NULL;

    LSC_TRY(lsc_context(nn_loss_find(task->loss.s, &loss), "loss.name"));
    LSC_TRY(lsc_context(nn_loss_outputs(loss, task->classes > 0 ? task->classes : classes, &o.classes), "loss.name"));
    LSC_TRY(lsc_context(nn_model_graph_with(task->model.s, &o, out), "model.name"));
cleanup:
    return st;
}

lsc_status app_task_graph(const app_task *task, const nn_shape *image, int64_t classes, nn_graph **out)
{
    return build(task, image, classes, false, out);
}

lsc_status app_task_feature_graph(const app_task *task, const nn_shape *image, int64_t classes, nn_graph **out)
{
    return build(task, image, classes, true, out);
}

lsc_status app_task_data(const app_task *task, ds_split split, ds_dataset **out)
{
    const ds_synfaces synfaces = {.seed = (uint64_t)task->syn_seed,
                                  .delta = task->syn_delta,
                                  .kappa = task->syn_kappa,
                                  .subjects = (int)task->syn_subjects,
                                  .videos = (int)task->syn_videos,
                                  .frames = (int)task->syn_frames,
                                  .spoofs = (int)task->syn_spoofs};
    ds_options o = {
        .kind = task->data.s,
        .path = task->path.s,
        .split = split,
        .rotations = task->rotations.v,
        .n_rotations = task->rotations.n,
        .held_rotations = task->held_rotations.v,
        .n_held = task->held_rotations.n,
        .per_domain = task->per_domain,
        .limit = task->limit,
        .validation = task->validation,
        .pad = (int)task->pad,
        .resize = (int)task->resize,
        .crop = (int)task->crop,
        .mean = task->mean.v,
        .std = task->std.v,
        .n_mean = task->mean.n,
        .n_std = task->std.n,
        .classes = (int)task->classes,
        .domains = task->domains.s,
        .held_domains = task->held_domains.s,
        .held_all = task->held_all,
        .frames = split == DS_TRAIN ? 1 : (int)task->frames, /* an epoch has each video once */
        .frame_seed = (uint64_t)task->frame_seed,
        .synfaces = &synfaces,
    };
    return ds_open(&o, out);
}
