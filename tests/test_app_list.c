/*
 * --list: every row of every table that all tasks share, with what it is and where it is from.
 * SPDX-License-Identifier: MIT
 */
#include <stdlib.h>

#include "app/task.h"
#include "nn/op.h"
#include "support/support.h"

/* What --list prints for this family; the caller frees it. */
static char *listed(const char *family)
{
    char *text = NULL;
    size_t n = 0;
    FILE *out = open_memstream(&text, &n);
    CHECK(out != NULL);
    CHECK_OK(app_list(out, NULL, 0, family));
    CHECK_INT(fclose(out), 0);
    return text;
}

static int lines(const char *text)
{
    int n = 0;
    for (; *text; text++)
        n += *text == '\n';
    return n;
}

/* A line of its own: "  name ... text [source]". */
static void has_line(const char *list, const char *name, const char *text, const char *source)
{
    char line[512];
    CHECK(text != NULL && text[0] != '\0');
    snprintf(line, sizeof line, "\n  %-20s %s%s%s%s\n", name, text, source ? " [" : "", source ? source : "",
             source ? "]" : "");
    CHECK_HAS(list, line);
}

static void every_model_is_listed_with_its_source(void **state)
{
    (void)state;
    char *list = listed("models");
    int n = 0;
    for (const nn_model *m; (m = nn_model_at(n)) != NULL; n++) {
        CHECK(m->source != NULL);
        has_line(list, m->name, m->text, m->source);
    }
    CHECK_INT(lines(list), n + 1);
    free(list);
}

static void every_op_is_listed(void **state)
{
    (void)state;
    char *list = listed("ops");
    int n = 0;
    for (; nn_op_at(n); n++)
        has_line(list, nn_op_at(n)->name, nn_op_at(n)->text, NULL);
    CHECK_INT(lines(list), n + 1);
    free(list);
}

static void every_loss_is_listed_with_its_source(void **state)
{
    (void)state;
    char *list = listed("losses"), *of_features = listed("feature_losses");
    int n = 0, m = 0;
    for (; nn_loss_at(n); n++)
        has_line(list, nn_loss_at(n)->name, nn_loss_at(n)->text, nn_loss_at(n)->source);
    for (; nn_feature_loss_at(m); m++)
        has_line(of_features, nn_feature_loss_at(m)->name, nn_feature_loss_at(m)->text, nn_feature_loss_at(m)->source);
    CHECK_INT(lines(list), n + 1);
    CHECK_INT(lines(of_features), m + 1);
    free(list);
    free(of_features);
}

static void every_data_set_is_listed_with_its_source(void **state)
{
    (void)state;
    char *list = listed("datasets");
    const char *name, *text, *source;
    int n = 0;
    for (; (name = ds_kind_at(n, &text, &source)) != NULL; n++)
        has_line(list, name, text, source);
    CHECK_INT(lines(list), n + 1);
    CHECK_HAS(list, "cifar10 ");
    CHECK_HAS(list, "[Krizhevsky 2009");
    free(list);
}

static void without_a_name_all_families_are_listed(void **state)
{
    (void)state;
    static const char *const families[] = {"models", "datasets", "losses", "feature_losses", "ops", "devices"};
    char *all = listed("");
    for (size_t i = 0; i < LSC_COUNT(families); i++) {
        char *one = listed(families[i]);
        CHECK_HAS(all, one);
        free(one);
    }
    free(all);
    CHECK_FAILS(app_list(stdout, NULL, 0, "model"), LSC_ERR_ARG, "'model' is none of models, datasets, losses");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_model_is_listed_with_its_source),  TEST(every_op_is_listed),
        TEST(every_loss_is_listed_with_its_source),   TEST(every_data_set_is_listed_with_its_source),
        TEST(without_a_name_all_families_are_listed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
