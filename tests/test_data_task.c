/*
 * A task: its keys and defaults, and what opens model and data.
 * SPDX-License-Identifier: MIT
 */
#include "app/task.h"
#include "data_fixture.h"
#include "picture_fixture.h"

static cfg_section section_of(app_task *task)
{
    cfg_section s = {app_task_fields, app_task_n_fields, task};
    cfg_defaults(&s, 1);
    return s;
}

static void set(const cfg_section *s, const char *assignment)
{
    CHECK_OK(cfg_set("--set", assignment, s, 1));
}

static void the_defaults_are_resnet20_on_fashion_mnist(void **state)
{
    app_task task;
    (void)state;
    section_of(&task);
    CHECK_STR(task.model.s, "resnet20");
    CHECK_STR(task.loss.s, "cross_entropy");
    CHECK_STR(task.data.s, "idx");
    CHECK_STR(task.path.s, "/usr/share/datasets/fashion-mnist");
    CHECK_INT(task.pad, 2);
    CHECK_INT(task.rotations.n, 0);
    CHECK_INT(task.mean.n, 3);
    CHECK_REAL(task.mean.v[0], 125.3, 0);
    CHECK_REAL(task.std.v[2], 66.7, 0);
}

static void values_out_of_range_are_refused(void **state)
{
    app_task task;
    (void)state;
    cfg_section s = section_of(&task);
    CHECK_FAILS(cfg_set("--set", "data.pad=65", &s, 1), LSC_ERR_CONFIG, "data.pad");
    CHECK_FAILS(cfg_set("--set", "data.std=0", &s, 1), LSC_ERR_CONFIG, "data.std");
    CHECK_FAILS(cfg_set("--set", "data.rotation=30", &s, 1), LSC_ERR_CONFIG, "data.rotations");
}

/* A task over a fixture of 12 training images of 8 x 8. */
static cfg_section small_task(app_task *task)
{
    cfg_section s = section_of(task);
    char text[CFG_TEXT_MAX];
    fixture_idx("train", true, &(idx_fixture){.n = 12, .height = 8, .width = 8});
    fixture_idx("t10k", true, &(idx_fixture){.n = 5, .height = 8, .width = 8});
    snprintf(text, sizeof text, "data.path=%s", test_folder());
    set(&s, text);
    return s;
}

static void every_key_reaches_the_data(void **state)
{
    app_task task;
    ds_dataset *train = NULL, *held = NULL;
    int64_t shape[3], index = 0;
    float image[3 * 12 * 12];
    (void)state;
    cfg_section s = small_task(&task);
    set(&s, "data.rotations=[0, 30]");
    set(&s, "data.held_rotations=[90]");
    set(&s, "data.per_domain=3");
    set(&s, "data.mean=[10, 20, 30]");
    set(&s, "data.std=[2]");
    set(&s, "model.classes=12");
    CHECK_OK(app_task_data(&task, DS_TRAIN, &train));
    CHECK_OK(app_task_data(&task, DS_HELD, &held));

    CHECK_INT(ds_count(train), 6);
    CHECK_INT(ds_n_domains(train), 2);
    CHECK_INT(ds_count(held), 3);
    CHECK_INT(ds_classes(train), 12);
    ds_image_shape(train, shape);
    CHECK(shape[0] == 3 && shape[1] == 12 && shape[2] == 12);
    ds_read(train, &index, 1, image, NULL, NULL);
    CHECK_REAL((double)image[0], (0 - 10) / 2.0, 0); /* the padding */
    CHECK_REAL((double)image[2 * 144], (0 - 30) / 2.0, 0);
    CHECK_REAL((double)image[2 * 12 + 2], (fixture_pixel(0, 0) - 10) / 2.0, 0);
    ds_close(train);
    ds_close(held);
}

static void pictures_are_resized_and_cropped_by_keys(void **state)
{
    app_task task;
    ds_dataset *d = NULL;
    int64_t shape[3];
    (void)state;
    cfg_section s = small_task(&task);
    CHECK_OK(lsc_mkdirs(test_path("train/one")));
    fixture_png_of(test_path("train/one/1.png"), 20, 30, (const uint8_t[]){1, 2, 3});
    set(&s, "data.kind=folder");
    set(&s, "data.resize=10");
    set(&s, "data.crop=8");
    set(&s, "data.pad=1");
    CHECK_OK(app_task_data(&task, DS_TRAIN, &d));
    ds_image_shape(d, shape);
    CHECK(shape[0] == 3 && shape[1] == 10 && shape[2] == 10);
    ds_close(d);
}

static void without_domains_the_test_split_is_held_out(void **state)
{
    app_task task;
    ds_dataset *d = NULL;
    (void)state;
    cfg_section s = small_task(&task);
    CHECK_OK(app_task_data(&task, DS_HELD, &d));
    CHECK_INT(ds_count(d), 5);
    ds_close(d);
    set(&s, "data.limit=4");
    CHECK_OK(app_task_data(&task, DS_TRAIN, &d));
    CHECK_INT(ds_count(d), 4);
    ds_close(d);
}

static void the_graph_has_the_classes_of_the_data_or_of_the_model(void **state)
{
    app_task task;
    nn_graph *g = NULL;
    nn_shape image = {.rank = 3, .dim = {3, 32, 32}};
    (void)state;
    cfg_section s = section_of(&task);
    CHECK_OK(app_task_graph(&task, &image, 10, &g));
    CHECK_INT(nn_graph_classes(g), 10);
    nn_graph_free(g);
    set(&s, "model.classes=7");
    CHECK_OK(app_task_graph(&task, &image, 10, &g));
    CHECK_INT(nn_graph_classes(g), 7);
    nn_graph_free(g);
}

static void a_binary_loss_makes_one_logit_of_two_classes(void **state)
{
    app_task task;
    nn_graph *g = NULL;
    (void)state;
    cfg_section s = section_of(&task);
    set(&s, "loss.name=bce");
    set(&s, "loss.scale=12");
    CHECK_OK(app_task_graph(&task, NULL, 2, &g));
    CHECK_INT(nn_graph_classes(g), 1);
    nn_graph_free(g);
    CHECK_FAILS(app_task_graph(&task, NULL, 10, &g), LSC_ERR_ARG, "loss.name: the loss bce is for 2 classes, not 10");
}

static void unknown_models_and_data_are_errors(void **state)
{
    app_task task;
    nn_graph *g = NULL;
    ds_dataset *d = NULL;
    (void)state;
    cfg_section s = section_of(&task);
    set(&s, "model.name=resnet21");
    CHECK_FAILS(app_task_graph(&task, NULL, 10, &g), LSC_ERR_ARG, "resnet20");
    set(&s, "loss.name=hinge");
    CHECK_FAILS(app_task_graph(&task, NULL, 10, &g), LSC_ERR_ARG, "loss.name: there is no loss 'hinge'");
    set(&s, "data.kind=svhn");
    CHECK_FAILS(app_task_data(&task, DS_TRAIN, &d), LSC_ERR_ARG,
                "data: unknown kind 'svhn' (known: idx cifar10 cifar100 ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_defaults_are_resnet20_on_fashion_mnist),
        TEST(values_out_of_range_are_refused),
        TEST_IN_FOLDER(every_key_reaches_the_data),
        TEST_IN_FOLDER(pictures_are_resized_and_cropped_by_keys),
        TEST_IN_FOLDER(without_domains_the_test_split_is_held_out),
        TEST(the_graph_has_the_classes_of_the_data_or_of_the_model),
        TEST(a_binary_loss_makes_one_logit_of_two_classes),
        TEST(unknown_models_and_data_are_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
