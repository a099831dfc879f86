/*
 * Files of torch.save made by hand: where a state_dict may lie, what may lie beside it, and tensors and storages that
 * ask for more than there is.
 * SPDX-License-Identifier: MIT
 */
#include "nn/tensor_file.h"
#include "torch_fixture.h"

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

static void types_that_are_not_read_are_named(void **state)
{
    (void)state;
    size_t n = 0;
    nn_tensors *t = NULL;
    const char *complex = "(d" ENTRY("w", TENSOR(STORAGE("ComplexFloatStorage", "0", "1"), "0", "I1\n", "I1\n")) ".";
    uint8_t *bytes = torch_zip_file(complex, storages, 1, &n);
    CHECK_FAILS(nn_tensors_parse(bytes, n, &t), LSC_ERR_FORMAT,
                "tensor 'w': its storage is a 'ComplexFloatStorage', whose elements are not read");
    bytes = torch_old_file(complex, storages, 1, &n);
    CHECK_FAILS(nn_tensors_parse(bytes, n, &t), LSC_ERR_FORMAT, "a storage whose type is not read");
}

/* ---- before PyTorch 1.6 ------------------------------------------------------------------------------- */

/* The file of DICT("w"), with a text in it replaced by another of its length. */
static void refuses_old(const char *text, const char *by, const char *message)
{
    size_t n = 0;
    nn_tensors *t = NULL;
    uint8_t *bytes = torch_old_file(DICT("w") ".", storages, 1, &n), *at = memmem(bytes, n, text, strlen(text));
    CHECK(at != NULL);
    memcpy(at, by, strlen(text));
    CHECK_FAILS(nn_tensors_parse(bytes, n, &t), LSC_ERR_FORMAT, message);
}

static void the_head_of_an_old_file_is_checked(void **state)
{
    (void)state;
    refuses_old("\x50\x19.", "\x50\x18.", "a pickle, but not by torch.save");
    refuses_old("I1001", "I1002", "its protocol is not 1001");
    refuses_old("I01\ns.", "I00\ns.", "its byte order is not 'little'");
    refuses_old("(dVlittle_endian\nI01\ns.", "(lVlittle_endian\naI1\na.", "it does not say which machine wrote it");
}

static void refuses_storages(const torch_storage *s, int n_storages, const char *message)
{
    size_t n = 0;
    nn_tensors *t = NULL;
    uint8_t *bytes = torch_old_file(DICT("w") ".", s, n_storages, &n);
    CHECK_FAILS(nn_tensors_parse(bytes, n, &t), LSC_ERR_FORMAT, message);
}

static void the_storages_of_an_old_file_are_checked(void **state)
{
    (void)state;
    const torch_storage twice[] = {storages[0], storages[0]}, unknown = {"7", 2, two, 8}, other = {"0", 3, two, 8},
                        negative = {"0", -2, two, 8}, cut = {"0", 2, two, 7};
    refuses_storages(NULL, 0, "tensor 'w': its storage is not in the file");
    refuses_storages(twice, 2, "a storage that was there before");
    refuses_storages(&unknown, 1, "a storage that no tensor has");
    refuses_storages(&other, 1, "a storage of 3 elements, its tensors say 2");
    refuses_storages(&negative, 1, "a storage of -2 elements, its tensors say 2");
    refuses_storages(&cut, 1, "a storage of 2 elements of 4 bytes, of which 7 bytes are there");
    refuses_old("(lV0\na.", "I0000\n.", "the keys of the storages are no list");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_state_dict_is_found_where_scripts_put_it), TEST(a_file_without_a_state_dict_says_what_to_save),
        TEST(a_state_dict_that_goes_round_is_refused),    TEST(what_lies_beside_the_model_does_no_harm),
        TEST(parameters_and_dicts_of_python_2_are_read),  TEST(a_view_of_a_storage_begins_where_it_says),
        TEST(tensors_beyond_their_storage_are_refused),   TEST(empty_and_scalar_tensors_are_read),
        TEST(copies_are_limited_by_the_size_of_the_file), TEST(storages_that_are_none_are_refused),
        TEST(types_that_are_not_read_are_named),          TEST(the_head_of_an_old_file_is_checked),
        TEST(the_storages_of_an_old_file_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
