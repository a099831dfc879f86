/*
 * How a run begins: the head alone, plain ERM; and the head's own learning rate.
 * SPDX-License-Identifier: MIT
 */
#include "support/support.h"
#include "train/head.h"
#include "train_quadratic.h"

static quadratic q;

/* Body [2] and head [1], both weights. */
static tr_state *body_and_head(const char *optimizer)
{
    quadratic_init(&q, "model.conv.weight", "fc.weight");
    q.blocks[1].role = LSC_WEIGHT;
    tr_state *s = quadratic_state(&q, optimizer, NULL);
    s->lr = 0.01;
    s->sgd = (tr_sgd_options){.momentum = 0.9, .weight_decay = 1e-2};
    return s;
}

static void the_head_is_the_module_of_the_last_weight(void **state)
{
    lsc_block blocks[] = {{.name = "conv.weight", .role = LSC_WEIGHT, .offset = 0},
                          {.name = "fc2.weight", .role = LSC_WEIGHT, .offset = 7},
                          {.name = "fc.weight", .role = LSC_WEIGHT, .offset = 9},
                          {.name = "fc.bias", .role = LSC_BIAS, .offset = 12},
                          {.name = "bn.running_mean", .role = LSC_BUFFER, .offset = 13}};
    lsc_layout layout = {.blocks = blocks, .block_size = sizeof *blocks, .n_blocks = 5, .n = 14, .n_learned = 13};
    (void)state;
    CHECK_INT(tr_head(&layout), 9);
    layout.n_blocks = 2;
    layout.n_learned = 9;
    CHECK_INT(tr_head(&layout), 7);
    blocks[0].role = blocks[1].role = LSC_NORM; /* no weight: there is no head */
    CHECK_INT(tr_head(&layout), 9);
}

static void while_the_head_is_alone_the_rest_stands_still(void **state)
{
    const char *name, *text;
    (void)state;
    for (int i = 0; tr_optimizer_at(i, &name, &text) != NULL; i++) {
        tr_state *s = body_and_head(name);
        tr_step_report report;
        float before[4];
        s->beginning.head_only = 1;
        memcpy(before, s->theta, sizeof before);
        CHECK_OK(tr_step(s, &q.oracle, &report));
        CHECK_BYTES(s->theta, before, 2 * sizeof *before);
        CHECK(s->momentum[0] == 0 && s->momentum[1] == 0); /* nor does weight decay leave any */
        CHECK(s->theta[2] != before[2]);
        CHECK_REAL(s->theta[3], before[3] + 1, 0); /* running statistics move */
        for (int call = 0; call < q.n_calls; call++)
            CHECK_BYTES(q.seen[call], before, 2 * sizeof *before); /* no ascent leaves the head */
        s->epoch = 1;
        CHECK_OK(tr_step(s, &q.oracle, &report));
        CHECK(s->theta[0] != before[0] && s->theta[1] != before[1]);
        quadratic_state_free(s);
    }
}

static void the_head_learns_at_a_rate_of_its_own(void **state)
{
    float plain[3], scaled[3];
    const float start[] = {0.8f, -0.6f, 0.3f};
    (void)state;
    for (int k = 0; k < 2; k++) {
        tr_state *s = body_and_head("erm");
        tr_step_report report;
        s->sgd.head_lr_scale = k == 0 ? 0 : 10;
        CHECK_OK(tr_step(s, &q.oracle, &report));
        memcpy(k == 0 ? plain : scaled, s->theta, sizeof plain);
        quadratic_state_free(s);
    }
    CHECK_BYTES(scaled, plain, 2 * sizeof *plain);
    /* Rounded to float once each. */
    CHECK_REAL(scaled[2] - start[2], 10 * ((double)plain[2] - start[2]), 1e-6);
}

static void every_optimizer_can_begin_as_erm(void **state)
{
    const char *name, *text;
    (void)state;
    for (int i = 0; tr_optimizer_at(i, &name, &text) != NULL; i++) {
        tr_step_report report;
        float erm[4], other[4];
        tr_state *s = body_and_head("erm");
        CHECK_OK(tr_step(s, &q.oracle, &report));
        memcpy(erm, s->theta, sizeof erm);
        quadratic_state_free(s);

        s = body_and_head(name);
        s->beginning.erm = 2;
        s->epoch = 1.9;
        CHECK_OK(tr_step(s, &q.oracle, &report));
        CHECK_INT(q.n_calls, 1);
        memcpy(other, s->theta, sizeof other);
        CHECK_BYTES(other, erm, sizeof erm);
        quadratic_state_free(s);
    }
    tr_state *s = body_and_head("gac-fas");
    tr_step_report report;
    s->beginning.erm = 2;
    s->epoch = 2;
    CHECK_OK(tr_step(s, &q.oracle, &report));
    CHECK_INT(q.n_calls, 4);
    quadratic_state_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_head_is_the_module_of_the_last_weight),
        TEST(while_the_head_is_alone_the_rest_stands_still),
        TEST(the_head_learns_at_a_rate_of_its_own),
        TEST(every_optimizer_can_begin_as_erm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
