/*
 * Files by PyTorch: all of tests/golden/pickles, one network in three formats, and the way from ours to theirs.
 * SPDX-License-Identifier: MIT
 */
#include "nn/tensor_file.h"
#include "support/support.h"

#include <math.h>

#include <cjson/cJSON.h>

static nn_tensors *read_golden(const char *name)
{
    char path[128];
    nn_tensors *t = NULL;
    snprintf(path, sizeof path, "pickles/%s", name);
    CHECK_OK(nn_tensors_read(golden_path(path), &t));
    return t;
}

static nn_dtype dtype_named(const char *torch)
{
    static const struct {
        const char *torch;
        nn_dtype dtype;
    } names[] = {
        {"float32", NN_DT_F32}, {"float64", NN_DT_F64}, {"float16", NN_DT_F16}, {"bfloat16", NN_DT_BF16},
        {"int64", NN_DT_I64},   {"uint8", NN_DT_U8},    {"bool", NN_DT_BOOL},
    };
    for (size_t i = 0; i < LSC_COUNT(names); i++)
        if (strcmp(names[i].torch, torch) == 0)
            return names[i].dtype;
    fail_msg("no dtype %s", torch);
    return NN_DT_F32;
}

static double number(const cJSON *o, const char *key)
{
    return cJSON_GetObjectItemCaseSensitive(o, key)->valuedouble;
}

/* Sums are of fewer than 100 numbers below 10, in another order than PyTorch's: 1e-12 is ten times their rounding. */
static void check_tensor(const nn_tensor *t, const cJSON *want)
{
    const cJSON *shape = cJSON_GetObjectItemCaseSensitive(want, "shape");
    double sum = 0;
    CHECK(t != NULL);
    CHECK_INT(t->dtype, dtype_named(cJSON_GetObjectItemCaseSensitive(want, "dtype")->valuestring));
    CHECK_INT(t->rank, cJSON_GetArraySize(shape));
    for (int i = 0; i < t->rank; i++)
        CHECK_INT(t->shape[i], cJSON_GetArrayItem(shape, i)->valueint);
    for (int64_t i = 0; i < t->elements; i++)
        sum += nn_tensor_value(t, i);
    CHECK_REAL(sum, number(want, "sum"), 1e-12);
    if (t->elements > 0) {
        CHECK_REAL(nn_tensor_value(t, 0), number(want, "first"), 0);
        CHECK_REAL(nn_tensor_value(t, t->elements - 1), number(want, "last"), 0);
    }
}

static void all_files_hold_what_pytorch_put_in(void **state)
{
    (void)state;
    char *text = test_read(golden_path("pickles/expected.json"), NULL);
    cJSON *all = cJSON_Parse(text), *file, *tensor;
    int n = 0;
    CHECK(all != NULL);
    cJSON_ArrayForEach(file, all)
    {
        cJSON *tensors = cJSON_GetObjectItemCaseSensitive(file, "tensors");
        if (tensors == NULL)
            continue;
        nn_tensors *t = read_golden(file->string);
        CHECK_INT(nn_tensors_count(t), cJSON_GetArraySize(tensors));
        cJSON_ArrayForEach(tensor, tensors) check_tensor(nn_tensors_find(t, tensor->string), tensor);
        nn_tensors_free(t);
        n++;
    }
    CHECK_INT(n, 10);
    cJSON_Delete(all);
    lsc_free(text);
}

static void refuses_golden(const char *name, const char *message)
{
    char path[128];
    nn_tensors *t = NULL;
    snprintf(path, sizeof path, "pickles/%s", name);
    CHECK_FAILS(nn_tensors_read(golden_path(path), &t), LSC_ERR_FORMAT, message);
    CHECK_HAS(lsc_last_error(), name);
    CHECK(t == NULL);
}

static void calls_and_damage_are_refused_by_name_and_offset(void **state)
{
    (void)state;
    refuses_golden("refuse_system.pth", "data.pkl: at offset 639: it calls 'posix.system', and nothing in a file is "
                                        "executed: save the state_dict alone");
    refuses_golden("refuse_eval.t7", "at offset 831: it calls '__builtin__.eval'");
    refuses_golden("refuse_truncated.pth", "a zip archive without a directory at its end, at offset 2030");
    refuses_golden("refuse_short_storage.pth", "tensor 'conv.weight': its storage has 108 bytes of 54 elements of 4");
}

static void the_place_of_the_state_dict_is_known(void **state)
{
    (void)state;
    static const struct {
        const char *file, *where;
    } files[] = {{"zip.pth", ""},
                 {"legacy.t7", ""},
                 {"nested.t7", "state_dict"},
                 {"objects.pth", "state_dict"},
                 {"dataparallel.pth", "state_dict"}};
    for (size_t i = 0; i < LSC_COUNT(files); i++) {
        nn_tensors *t = read_golden(files[i].file);
        CHECK_STR(nn_tensors_where(t), files[i].where);
        CHECK(nn_tensors_meta(t, "format") == NULL);
        nn_tensors_free(t);
    }
}

/* make.py: base[i] = sin(0.7 i + 5) in float; the transposed one is its 8 x 8 on its side, the others as below. */
static void strided_tensors_are_row_major(void **state)
{
    (void)state;
    static const char *const files[] = {"strided.pth", "strided_legacy.pt"};
    for (size_t f = 0; f < LSC_COUNT(files); f++) {
        nn_tensors *t = read_golden(files[f]);
        const nn_tensor *transposed = nn_tensors_find(t, "transposed"), *offset = nn_tensors_find(t, "offset"),
                        *column = nn_tensors_find(t, "column_major");
        for (int i = 0; i < 8; i++)
            for (int j = 0; j < 8; j++)
                CHECK_REAL(nn_tensor_value(transposed, 8 * i + j), (float)sin((8 * j + i) * 0.7 + 5), 0);
        for (int i = 0; i < 20; i++)
            CHECK_REAL(nn_tensor_value(offset, i), (float)sin((10 + i) * 0.7 + 5), 0);
        for (int i = 0; i < 54; i++) /* of shape [2, 3, 3, 3], the first dimension the last in memory */
            CHECK_REAL(nn_tensor_value(column, i),
                       (float)sin((i / 27 + 2 * (i / 9 % 3) + 6 * (i / 3 % 3) + 18 * (i % 3)) * 0.7 + 5), 0);
        nn_tensors_free(t);
    }
}

static void what_lies_row_by_row_is_used_where_it_is(void **state)
{
    (void)state;
    nn_tensors *t = read_golden("shared_storage.pth");
    const nn_tensor *a = nn_tensors_find(t, "a.weight"), *part = nn_tensors_find(t, "part");
    CHECK(a->data == nn_tensors_find(t, "alias.weight")->data);
    CHECK((const char *)part->data == (const char *)a->data + 4 * sizeof(float));
    CHECK((const uint8_t *)a->data > t->bytes && (const uint8_t *)a->data < t->bytes + t->size);
    nn_tensors_free(t);
}

static float *theta_of(const char *name, const lsc_layout *layout)
{
    float *theta = lsc_calloc((size_t)layout->n, sizeof *theta);
    nn_tensors *t = NULL;
    CHECK(theta != NULL);
    CHECK_OK(nn_tensors_read(golden_path(name), &t));
    CHECK_OK(nn_checkpoint_fill(t, name, layout, theta));
    nn_tensors_free(t);
    return theta;
}

static void three_formats_give_equal_bits(void **state)
{
    (void)state;
    nn_graph *g = NULL;
    CHECK_OK(nn_model_graph("resnet20", NULL, 10, &g));
    const lsc_layout *layout = nn_graph_layout(g);
    float *a = theta_of("reference-surface/r20.safetensors", layout), *b = theta_of("reference-surface/r20.t7", layout),
          *c = theta_of("reference-surface/r20.pth", layout);
    CHECK_BYTES(b, a, (size_t)layout->n * sizeof *a);
    CHECK_BYTES(c, a, (size_t)layout->n * sizeof *a);
    lsc_free(a);
    lsc_free(b);
    lsc_free(c);
    nn_graph_free(g);
}

/* What strict loading in PyTorch asks for: the names, shapes and types of its own file, and no others. */
static void what_we_write_has_the_names_of_pytorch(void **state)
{
    (void)state;
    const char *path = test_path("run.bin");
    nn_graph *g = NULL;
    nn_tensors *ours = NULL, *theirs = NULL;
    CHECK_OK(nn_model_graph("resnet20", NULL, 10, &g));
    const lsc_layout *layout = nn_graph_layout(g);
    float *theta = theta_of("reference-surface/r20.pth", layout);
    CHECK_OK(nn_checkpoint_write(path, layout, theta, NULL, 0));
    CHECK_OK(nn_tensors_read(path, &ours));
    CHECK_OK(nn_tensors_read(golden_path("reference-surface/r20.pth"), &theirs));
    CHECK_INT(nn_tensors_count(ours), nn_tensors_count(theirs));
    for (int i = 0; i < nn_tensors_count(theirs); i++) {
        const nn_tensor *want = nn_tensors_at(theirs, i), *t = nn_tensors_find(ours, want->name);
        CHECK(t != NULL);
        CHECK_INT(t->dtype, want->dtype);
        CHECK_INT(t->rank, want->rank);
        CHECK_BYTES(t->shape, want->shape, (size_t)t->rank * sizeof t->shape[0]);
        CHECK_BYTES(t->data, want->data, (size_t)t->elements * (t->dtype == NN_DT_I64 ? 8 : 4));
    }
    nn_tensors_free(ours);
    nn_tensors_free(theirs);
    lsc_free(theta);
    nn_graph_free(g);
}

/* The layout that the names and shapes of a file say, without second names. blocks [n] */
static lsc_layout layout_of(const nn_tensors *t, lsc_block *blocks)
{
    lsc_layout layout = {.blocks = blocks, .block_size = sizeof *blocks};
    for (int i = 0; i < nn_tensors_count(t); i++) {
        const nn_tensor *tensor = nn_tensors_at(t, i);
        lsc_block *b = &blocks[layout.n_blocks];
        if (strncmp(tensor->name, "layer_blocks.", 13) == 0)
            continue;
        *b = (lsc_block){.name = tensor->name, .rank = tensor->rank, .offset = layout.n};
        b->role = tensor->dtype == NN_DT_I64 ? LSC_BUFFER : LSC_WEIGHT;
        memcpy(b->shape, tensor->shape, sizeof b->shape);
        layout.n += tensor->elements;
        layout.n_blocks++;
    }
    return layout;
}

/* 123 tensors, of which 114 are there by two names; written again, the names are those of the released class. */
static void the_released_face_checkpoint_makes_the_round(void **state)
{
    (void)state;
    enum { N_TENSORS = 237, N_MODEL = 123 };
    const char *path = test_path("faces.bin");
    lsc_block blocks[N_TENSORS];
    float theta[N_MODEL], again[N_MODEL];
    nn_tensors *theirs = read_golden("released_237.pth"), *ours = NULL;
    CHECK_INT(nn_tensors_count(theirs), N_TENSORS);
    lsc_layout layout = layout_of(theirs, blocks);
    CHECK_INT(layout.n_blocks, N_MODEL);
    CHECK_INT(layout.n, N_MODEL);
    CHECK_OK(nn_checkpoint_fill(theirs, "released_237.pth", &layout, theta));
    CHECK_OK(nn_checkpoint_write_aliased(path, &layout, theta, NULL, 0));
    CHECK_OK(nn_tensors_read(path, &ours));
    CHECK_INT(nn_tensors_count(ours), N_TENSORS);
    for (int i = 0; i < N_TENSORS; i++)
        CHECK(nn_tensors_find(ours, nn_tensors_at(theirs, i)->name) != NULL);
    CHECK_OK(nn_checkpoint_fill(ours, path, &layout, again));
    CHECK_BYTES(again, theta, sizeof theta);
    nn_tensors_free(theirs);
    nn_tensors_free(ours);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_IN_FOLDER(all_files_hold_what_pytorch_put_in),
        TEST_IN_FOLDER(calls_and_damage_are_refused_by_name_and_offset),
        TEST_IN_FOLDER(the_place_of_the_state_dict_is_known),
        TEST_IN_FOLDER(strided_tensors_are_row_major),
        TEST_IN_FOLDER(what_lies_row_by_row_is_used_where_it_is),
        TEST_IN_FOLDER(three_formats_give_equal_bits),
        TEST_IN_FOLDER(what_we_write_has_the_names_of_pytorch),
        TEST_IN_FOLDER(the_released_face_checkpoint_makes_the_round),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
