/*
 * A new optimizer is one file and one row: in a copy of the sources, and then the contract knows it.
 * SPDX-License-Identifier: MIT
 */
#include "support/support.h"

static const char code[] = "/* Half of the gradient. */\n"
                           "#include \"train/train.h\"\n"
                           "static lsc_status step(tr_state *s, const tr_oracle *o, tr_step_report *report)\n"
                           "{\n"
                           "    lsc_status st = LSC_OK;\n"
                           "    tr_part all = {.what = TR_TOTAL, .g = s->arrays[0]};\n"
                           "    LSC_TRY(o->eval(o->self, s->theta, &(tr_request){&all, 1, true}));\n"
                           "    lsc_scale(all.g, 0.5, s->layout->n_learned);\n"
                           "    tr_sgd(s, all.g);\n"
                           "    report->loss = all.loss;\n"
                           "cleanup:\n"
                           "    return st;\n"
                           "}\n"
                           "const tr_optimizer tr_optimizer_half = {.source = \"-\", .step = step, .n_arrays = 1};\n";

static void a_new_optimizer_is_one_file_and_one_row(void **state)
{
    test_result r;
    (void)state;
    const char *scratch = test_scratch_copy();
    test_write_text(test_path("scratch/train/optimizer_half.c"), code);
    test_scratch_append(scratch, "train/optimizers.def", "OPTIMIZER(half, half, \"half\", \"half of the gradient\")\n");
    const char *build = test_scratch_build(scratch, "test_train_optimizers");
    char *program = lsc_path_join(build, "tests/test_train_optimizers");
    test_run(&(test_command){.argv = (const char *const[]){program, NULL}}, &r);
    if (r.exit_code != 0)
        fail_msg("the contract: exit %d\n%s%s", r.exit_code, r.out, r.err);
    CHECK_HAS(r.out, "half converges");
    test_result_free(&r);
    lsc_free(program);
}

int main(void)
{
    const struct CMUnitTest tests[] = {TEST_IN_FOLDER(a_new_optimizer_is_one_file_and_one_row)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
