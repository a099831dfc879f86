/*
 * Files by PyTorch: all of tests/golden/pickles, and files made by hand that ask for more than they may.
 * SPDX-License-Identifier: MIT
 */
#include "nn/tensor_file.h"
#include "torch_fixture.h"

#include <math.h>

#include <cjson/cJSON.h>

/* ---- files by PyTorch ------------------------------------------------------------------------------ */

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

/* ---- files made by hand ------------------------------------------------------------------------------ */

static const float two[] = {1.5f, -2};
static const torch_storage storages[] = {{"0", 2, two, sizeof two}};

/* The object in both formats: same tensors, same refusals. */
static nn_tensors *parse(const char *object, bool zip)
{
    nn_tensors *t = NULL;
    size_t n = 0;
    uint8_t *bytes = (zip ? torch_zip_file : torch_old_file)(object, storages, LSC_COUNT(storages), &n);
    CHECK_OK(nn_tensors_parse(bytes, n, &t));
    return t;
}

static void holds(const char *object, const char *where, const char *name)
{
    for (int zip = 0; zip < 2; zip++) {
        nn_tensors *t = parse(object, zip);
        CHECK_STR(nn_tensors_where(t), where);
        CHECK_INT(nn_tensors_count(t), 1);
        CHECK_STR(nn_tensors_at(t, 0)->name, name);
        CHECK_BYTES(nn_tensors_at(t, 0)->data, two, sizeof two);
        nn_tensors_free(t);
    }
}

static void refuses(const char *object, const char *message)
{
    for (int zip = 0; zip < 2; zip++) {
        nn_tensors *t = NULL;
        size_t n = 0;
        uint8_t *bytes = (zip ? torch_zip_file : torch_old_file)(object, storages, LSC_COUNT(storages), &n);
        CHECK_FAILS(nn_tensors_parse(bytes, n, &t), LSC_ERR_FORMAT, message);
        CHECK(t == NULL);
    }
}

static void a_state_dict_is_found_where_scripts_put_it(void **state)
{
    (void)state;
    holds(DICT("w") ".", "", "w");
    holds("(d" ENTRY("state_dict", DICT("w")) ".", "state_dict", "w");
    holds("(d" ENTRY("model", DICT("w")) ENTRY("optimizer", "(d" ENTRY("state", "(d")) ".", "model", "w");
    holds("(d" ENTRY("epoch", "I3\n") ENTRY("weights_of_mine", DICT("w")) ".", "weights_of_mine", "w");
    holds("(d" ENTRY("model", "(d" ENTRY("encoder", DICT("w"))) ".", "model", "encoder.w");
    holds("(d" ENTRY("model", "(d" ENTRY("state_dict", DICT("w")) ENTRY("epoch", "I3\n")) ".", "model.state_dict", "w");
    holds("(d" ENTRY("state_dict", "(d" ENTRY("model", DICT("w")) ENTRY("head", "(d")) ".", "state_dict", "model.w");
    holds("(d" ENTRY("checkpoint", "(d" ENTRY("state_dict", DICT("w"))) ENTRY("x", DICT("v")) ".", "x", "v");
    /* best accuracies are often tensors beside the state_dict */
    holds("(d" ENTRY("best", PAIR) ENTRY("model_state_dict", DICT("w")) ".", "model_state_dict", "w");
    /* keys that are no texts, and values that are no tensors, are left out */
    holds("(dI0\n" PAIR "s" ENTRY("_extra", "N") ENTRY("w", PAIR) ".", "", "w");
}

static void a_file_without_a_state_dict_says_what_to_save(void **state)
{
    (void)state;
    refuses("(d" ENTRY("epoch", "I3\n") ".",
            "it holds no tensors at its top, and none under a usual key (state_dict, ");
    refuses("]" PAIR "a.", "it holds no tensors at its top");
    refuses("(d" ENTRY("generator", DICT("w")) ENTRY("critic", DICT("w")) ".", "it holds several dicts of tensors");
    refuses("cmodels.resnet\nResNet\n)\x81}b.",
            "it holds an object of the class 'models.resnet.ResNet' instead of a state_dict: save its state_dict()");
    refuses("(d" ENTRY("model", "cmodels\nNet\n)\x81") ".", "an object of the class 'models.Net'");
    refuses("(Vmodule\ncmodels\nNet\nVfile\nVsource\ntQ)\x81.", "an object of the class 'models.Net'");
}

static void a_state_dict_that_goes_round_is_refused(void **state)
{
    (void)state;
    refuses("(dp0\n" ENTRY("w", PAIR) ENTRY("again", "g0\n") ".", "its state_dict holds one dict twice");
    refuses("(dp0\n" ENTRY("model", "g0\n") ".", "it holds no tensors at its top");
    refuses("(d" ENTRY("w", PAIR) ENTRY("a", "(d") ENTRY("w", PAIR) ".", "two tensors are named 'w'");
    lsc_text deep = {0};
    lsc_text_add(&deep, "(d" ENTRY("w", PAIR));
    for (int i = 0; i < 20; i++)
        lsc_text_add(&deep, "Va\n(d");
    for (int i = 0; i < 20; i++)
        lsc_text_add(&deep, "s");
    lsc_text_add(&deep, ".");
    refuses(deep.text, "its state_dict has more than 16 levels");
    lsc_text_free(&deep);
    lsc_text_add(&deep, "(dV%0600d\n" PAIR "s.", 7);
    refuses(deep.text, "000...': a name that is too long");
    lsc_text_free(&deep);
}

static void what_lies_beside_the_model_does_no_harm(void **state)
{
    (void)state;
    holds("(d" ENTRY("acc", "cnumpy.core.multiarray\nscalar\n(cnumpy\ndtype\n(Vf8\ntR}btRp9\n")
              ENTRY("device", "ctorch\ndevice\n(Vcuda\ntR") ENTRY("size", "ctorch\nSize\n((I1\ntt"
                                                                          "R")
                  ENTRY("args", "cargparse\nNamespace\n)\x81}b") ENTRY("state_dict", DICT("w")) ".",
          "state_dict", "w");
}

static void parameters_and_dicts_of_python_2_are_read(void **state)
{
    (void)state;
    holds("(d" ENTRY("w", "ctorch._utils\n_rebuild_parameter\n(" PAIR "I01\nNtR") ".", "", "w");
    holds("ccollections\nOrderedDict\n((l(lVw\na" PAIR "aatR.", "", "w");
    holds("ccollections\nOrderedDict\n)R" ENTRY("w", PAIR) "(dV_metadata\nNsb.", "", "w");
    holds(
        "(d" ENTRY("w", "ctorch._utils\n_rebuild_tensor\n(" STORAGE("FloatStorage", "0", "2") "I0\n(I2\nt(I1\nttR") ".",
        "", "w");
    refuses("ccollections\nOrderedDict\n((lI1\natR.", "an OrderedDict that is not made of pairs");
    refuses("ccollections\nOrderedDict\n(I1\ntR.", "an OrderedDict that is not made of a list");
    refuses("ctorch._utils\n_rebuild_parameter\n(NtR.", "with arguments that it does not take");
    refuses("ctorch\nSize\n)R.", "with arguments that it does not take");
}

/* Views were written before PyTorch 0.4: this one begins with the second element. */
static void a_view_of_a_storage_begins_where_it_says(void **state)
{
    (void)state;
#define VIEW(first, n) "(Vstorage\nctorch\nFloatStorage\nV0\nVcpu\nI2\n(V1\nI" first "\nI" n "\nttQ"
    nn_tensors *t = parse("(d" ENTRY("w", TENSOR(VIEW("1", "1"), "0", "I1\n", "I1\n")) ".", false);
    CHECK_REAL(nn_tensor_value(nn_tensors_at(t, 0), 0), -2, 0);
    nn_tensors_free(t);
    refuses("(d" ENTRY("w", TENSOR(VIEW("1", "1"), "1", "I1\n", "I1\n")) ".", "beyond the 1 elements of its storage");
    refuses("(d" ENTRY("w", TENSOR(VIEW("1", "2"), "0", "I1\n", "I1\n")) ".", "a view on elements 1 and 2 more");
    refuses("(d" ENTRY("w", TENSOR(VIEW("-1", "2"), "0", "I1\n", "I1\n")) ".", "a view on elements -1");
}

#define ODD(offset, size, stride) "(d" ENTRY("w", TENSOR(STORAGE("FloatStorage", "0", "2"), offset, size, stride)) "."

static void tensors_beyond_their_storage_are_refused(void **state)
{
    (void)state;
    const char *beyond = "tensor 'w': it reaches beyond the 2 elements of its storage";
    refuses(ODD("0", "I3\n", "I1\n"), beyond);
    refuses(ODD("1", "I2\n", "I1\n"), beyond);
    refuses(ODD("2", "I1\n", "I1\n"), beyond);
    refuses(ODD("0", "I2\n", "I2\n"), beyond);
    refuses(ODD("9223372036854775807", "I2\n", "I1\n"), beyond);
    refuses(ODD("0", "I2\n", "I9223372036854775807\n"), beyond);
    refuses(ODD("0", "I3\nI3\n", "I9223372036854775807\nI9223372036854775807\n"), beyond);
    refuses(ODD("0", "I4294967296\nI4294967296\n", "I0\nI0\n"), "it has more elements than can be counted");
    refuses(ODD("0", "I1000000\n", "I0\n"), "tensor 'w': its 1000000 elements lie in 2");
    const char *parts = "a tensor that is not made of a storage, an offset, a size and strides";
    refuses(ODD("-1", "I2\n", "I1\n"), parts);
    refuses(ODD("0", "I-2\n", "I1\n"), parts);
    refuses(ODD("0", "I2\n", "I-1\n"), parts);
    refuses(ODD("0", "I2\n", "I1\nI1\n"), parts);
    refuses(ODD("0", "Vx\n", "I1\n"), parts);
    refuses("ctorch._utils\n_rebuild_tensor_v2\n)R.", parts);
    refuses("ctorch._utils\n_rebuild_tensor_v2\n(I1\nI2\n(t(ttR.", parts);
#define ONES "I1\nI1\nI1\nI1\nI1\nI1\nI1\nI1\nI1\n"
    refuses(ODD("0", ONES, ONES), "a tensor of 9 dimensions, of which 8 are read");
}

static void empty_and_scalar_tensors_are_read(void **state)
{
    (void)state;
    for (int zip = 0; zip < 2; zip++) {
        nn_tensors *t = parse(ODD("77", "I0\nI5\n", "I9\nI9\n"), zip);
        CHECK_INT(nn_tensors_at(t, 0)->elements, 0);
        nn_tensors_free(t);
        t = parse(ODD("1", "", ""), zip);
        CHECK_INT(nn_tensors_at(t, 0)->rank, 0);
        CHECK_REAL(nn_tensor_value(nn_tensors_at(t, 0), 0), -2, 0);
        nn_tensors_free(t);
    }
}

/* Many tensors could make one storage into much memory, if each got a copy of its own. */
static void copies_are_limited_by_the_size_of_the_file(void **state)
{
    (void)state;
    enum { N = 16, TENSORS = 200 };
    static const float square[N * N];
    const torch_storage s = {"0", N * N, square, sizeof square};
    lsc_text object = {0};
    lsc_text_add(&object, "(d" STORAGE("FloatStorage", "0", "256") "p0\n0ctorch._utils\n_rebuild_tensor_v2\np1\n0");
    lsc_text_add(&object, "(g0\nI0\n(I16\nI16\nt(I1\nI16\nttp2\n0");
    for (int i = 0; i < TENSORS; i++)
        lsc_text_add(&object, "V%d\ng1\ng2\nRs", i);
    lsc_text_add(&object, ".");
    nn_tensors *t = NULL;
    size_t n = 0;
    uint8_t *bytes = torch_old_file(object.text, &s, 1, &n);
    CHECK_FAILS(nn_tensors_parse(bytes, n, &t), LSC_ERR_FORMAT, "or too many tensors share them");
    lsc_text_free(&object);
}

static void storages_that_are_none_are_refused(void **state)
{
    (void)state;
    const char *none = "it refers to an object outside that is no storage";
    refuses("I1\nQ.", none);
    refuses("Px\n.", none);
    refuses("(Vstorage\nI1\nV0\nVcpu\nI2\ntQ.", none);
    refuses("(Vstorage\nctorch\nFloatStorage\nV0\nVcpu\nI-2\ntQ.", none);
    refuses("(Vstorage\nctorch\nFloatStorage\nV0\nVcpu\ntQ.", none);
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
        TEST(a_state_dict_is_found_where_scripts_put_it),
        TEST(a_file_without_a_state_dict_says_what_to_save),
        TEST(a_state_dict_that_goes_round_is_refused),
        TEST(what_lies_beside_the_model_does_no_harm),
        TEST(parameters_and_dicts_of_python_2_are_read),
        TEST(a_view_of_a_storage_begins_where_it_says),
        TEST(tensors_beyond_their_storage_are_refused),
        TEST(empty_and_scalar_tensors_are_read),
        TEST(copies_are_limited_by_the_size_of_the_file),
        TEST(storages_that_are_none_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
