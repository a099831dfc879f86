/*
 * One network in three files of PyTorch: the program computes the same loss from each, bit for bit, and says which part
 * of the file it took.
 * SPDX-License-Identifier: MIT
 */
#include "landscape_fixture.h"

#define FASHION "/usr/share/datasets/fashion-mnist"

/* The loss of 16 images at the centre, and whether the program says that its tensors are from a dict. */
static double loss_from(const char *checkpoint, bool *from_dict)
{
    lsc_surface *s = NULL;
    test_result r;
    char path[64];
    const char *out = test_path("%s.h5", checkpoint);
    snprintf(path, sizeof path, "reference-surface/%s", checkpoint);
    landscape_run(&r, "--ckpt", golden_path(path), "--model", "resnet20", "--data", "idx:" FASHION, "--set",
                  "data.limit=16", "--dirs", "1", "--x=0:0:1", "--out", out, (const char *)NULL);
    CHECK_INT(r.exit_code, 0);
    *from_dict = strstr(r.err, "128 tensors under 'state_dict'") != NULL;
    test_result_free(&r);
    CHECK_OK(lsc_surface_load(out, &s));
    double loss = lsc_surface_field(s, "loss")[0];
    lsc_surface_free(s);
    return loss;
}

static void three_files_of_one_network_give_one_loss(void **state)
{
    (void)state;
    bool from_dict;
    double loss = loss_from("r20.safetensors", &from_dict);
    CHECK(!from_dict);
    CHECK_REAL(loss_from("r20.t7", &from_dict), loss, 0);
    CHECK(from_dict);
    CHECK_REAL(loss_from("r20.pth", &from_dict), loss, 0);
    CHECK(from_dict);
}

static void a_file_that_calls_a_program_is_refused_as_data(void **state)
{
    (void)state;
    test_result r;
    landscape_run(&r, "--ckpt", golden_path("pickles/refuse_system.pth"), "--model", "resnet20", "--data",
                  "idx:" FASHION, (const char *)NULL);
    CHECK_INT(r.exit_code, 65);
    CHECK_HAS(r.err, "it calls 'posix.system', and nothing in a file is executed");
    CHECK(strstr(r.out, "printed") == NULL && strstr(r.err, "printed") == NULL);
    test_result_free(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_IN_FOLDER(three_files_of_one_network_give_one_loss),
        TEST_IN_FOLDER(a_file_that_calls_a_program_is_refused_as_data),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
