/*
 * docs/models.md says what the tables say. LSC_WRITE_PAGES=1 in the environment writes it anew.
 * SPDX-License-Identifier: MIT
 */
#include <stdlib.h>

#include "nn/op.h"
#include "support/support.h"

#define PAGE "docs/models.md"

static const char head[] = "# Networks\n"
                           "\n"
                           "`model.name` in a configuration, `--model` of landscape; `train --list models` prints the "
                           "list too. Names and shapes of\n"
                           "the parameters are those of the source, so that its checkpoints fit. Parameters and "
                           "operations are those of the usual\n"
                           "input with 10 classes, 1 for the networks for faces; most take square images of other "
                           "sizes. Operations: 2 for each\n"
                           "multiply-add of convolutions and linear layers, forward, one image.\n"
                           "\n"
                           "| name | what it is | parameters | input | million operations | source |\n"
                           "|---|---|---|---|---|---|\n";

static const char ops_head[] = "\n"
                               "## Ops\n"
                               "What networks are made of; `train --list ops`.\n"
                               "\n"
                               "| name | what it is |\n"
                               "|---|---|\n";

static const char losses_head[] = "\n"
                                  "## Losses\n"
                                  "`loss.name`; `loss.scale` multiplies the logits in front of it.\n"
                                  "\n"
                                  "| name | what it is | source |\n"
                                  "|---|---|---|\n";

static const char features_head[] = "\n"
                                    "Of the features of a whole batch at unit length:\n"
                                    "\n"
                                    "| name | what it is | source |\n"
                                    "|---|---|---|\n";

static void add_model(lsc_text *page, const nn_model *m)
{
    nn_graph *g = NULL;
    int64_t classes = strncmp(m->name, "face_", 5) == 0 ? 1 : 10;
    CHECK_OK(nn_model_graph(m->name, NULL, classes, &g));
    lsc_text_add(page, "| %s | %s | %lld | %lld x %lld x %lld | %.1f | %s |\n", m->name, m->text,
                 (long long)nn_graph_layout(g)->n_learned, (long long)m->image.dim[0], (long long)m->image.dim[1],
                 (long long)m->image.dim[2], nn_graph_flops(g) / 1e6, m->source);
    nn_graph_free(g);
}

static void the_page_of_models_says_what_the_tables_say(void **state)
{
    (void)state;
    lsc_text page = {0};
    lsc_text_add(&page, "%s", head);
    for (int i = 0; nn_model_at(i); i++)
        add_model(&page, nn_model_at(i));
    lsc_text_add(&page, "%s", ops_head);
    for (int i = 0; nn_op_at(i); i++)
        lsc_text_add(&page, "| %s | %s |\n", nn_op_at(i)->name, nn_op_at(i)->text);
    lsc_text_add(&page, "%s", losses_head);
    for (int i = 0; nn_loss_at(i); i++)
        lsc_text_add(&page, "| %s | %s | %s |\n", nn_loss_at(i)->name, nn_loss_at(i)->text, nn_loss_at(i)->source);
    lsc_text_add(&page, "%s", features_head);
    for (int i = 0; nn_feature_loss_at(i); i++)
        lsc_text_add(&page, "| %s | %s | %s |\n", nn_feature_loss_at(i)->name, nn_feature_loss_at(i)->text,
                     nn_feature_loss_at(i)->source);
    CHECK(!page.failed);
    if (getenv("LSC_WRITE_PAGES"))
        test_write_text(source_path(PAGE), page.text);
    char *written = test_read(source_path(PAGE), NULL);
    if (strcmp(written, page.text) != 0)
        fail_msg("%s is not what the tables say: run this test with LSC_WRITE_PAGES=1 and read the difference", PAGE);
    lsc_free(written);
    lsc_text_free(&page);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_page_of_models_says_what_the_tables_say),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
