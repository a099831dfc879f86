/*
 * What tensor cores do to the factors of tf32 on the emulated device, rounding or cutting them: nothing to weights, and
 * to a network as much as docs/gpu.md says.
 * SPDX-License-Identifier: MIT
 */
#include <math.h>

#include "cuda/points_fixture.h"

/* One convolution of images that 10 bits of mantissa hold: what tensor cores do to its factors changes nothing more. */
static void they_find_nothing_to_cut_in_weights(void **state)
{
    fixture f;
    double want[POINTS * FIELDS], got[POINTS * FIELDS], exact[POINTS * FIELDS];
    nn_graph *g = NULL;
    (void)state;
    CHECK_OK(nn_graph_new(&(nn_shape){3, {3, SIDE, SIDE}}, &g));
    nn_linear(g, nn_mapmean(g, nn_relu(g, nn_conv2d(g, 0, "stem", 8, 3, 1, 1, false))), "head", CLASSES, true);
    CHECK_OK(nn_graph_finish(g));
    open_fixture_of(&f, g);
    for (int i = 0; i < 3 * 256; i++)
        f.value[i] = (float)(i % 256) / 64;
    nn_evaluator_options o = options_of(&f);
    CHECK_OK(values_with(&f, "cuda", &o, POINTS, exact, NULL));
    o.arithmetic = NN_TF32;
    CHECK_OK(values_with(&f, "cuda", &o, POINTS, want, NULL));
    emulated->cuts = 1;
    CHECK_OK(values_with(&f, "cuda", &o, POINTS, got, NULL));
    CHECK_BYTES(got, want, sizeof want);
    CHECK(fabs(want[0] - exact[0]) > 1e-7 * exact[0]); /* they were rounded */
    close_fixture(&f);
}

/* Its 19 convolutions one behind the other would be off by 19 x 0.72 x 2^-11 = 6.7e-3 of the logits (points_fixture.c);
 * shortcuts pass by half of them, and a loss may double it. */
static void cutting_activations_of_a_residual_network_is_off_by_little(void **state)
{
    fixture f;
    double want[POINTS * FIELDS], got[POINTS * FIELDS];
    nn_graph *g = NULL;
    (void)state;
    CHECK_OK(nn_model_graph("resnet20", &(nn_shape){3, {3, SIDE, SIDE}}, CLASSES, &g));
    open_fixture_of(&f, g);
    nn_evaluator_options o = options_of(&f);
    reference_values(&f, &o, want);
    o.arithmetic = NN_TF32;
    CHECK_OK(values_with(&f, "cuda", &o, POINTS, got, NULL));
    check_losses(got, want, POINTS, 2e-3);
    emulated->cuts = 1;
    CHECK_OK(values_with(&f, "cuda", &o, POINTS, got, NULL));
    check_losses(got, want, POINTS, 1e-2);
    close_fixture(&f);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest emulated_only[] = {
        TEST(they_find_nothing_to_cut_in_weights),
        TEST(cutting_activations_of_a_residual_network_is_off_by_little),
    };
    return choose_device(argc, argv) ? cmocka_run_group_tests(emulated_only, NULL, NULL) : 1;
}
