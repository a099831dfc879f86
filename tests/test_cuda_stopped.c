/*
 * Ctrl-C while a GPU's ways to compute convolutions are chosen, which takes a while the first time. On the emulated
 * device. SPDX-License-Identifier: MIT
 */
#include <signal.h>

#include "data_fixture.h"
#include "landscape/objective_nn.h"

static void opening_ends_and_no_other_device_is_taken(void **state)
{
    static const char *const backends[] = {"cuda", "auto"};
    ds_dataset *data = NULL;
    nn_graph *graph = NULL;
    lsc_objective objective;
    (void)state;
    fixture_idx("train", false, &(idx_fixture){.n = 2, .height = 28, .width = 28});
    CHECK_OK(ds_open(&(ds_options){.kind = "idx", .path = test_folder(), .pad = 2}, &data));
    CHECK_OK(nn_model_graph("resnet20", &(nn_shape){3, {3, 32, 32}}, 10, &graph));
    lsc_stop_install();
    CHECK_INT(raise(SIGINT), 0);
    for (size_t i = 0; i < LSC_COUNT(backends); i++) {
        const objective_nn_options o = {
            .graph = graph, .data = data, .model = "resnet20", .loss = "cross_entropy", .backend = backends[i]};
        CHECK_FAILS(objective_nn_open(&o, &objective), LSC_ERR_STOPPED, "stopped while the network was prepared");
    }
    nn_graph_free(graph);
    ds_close(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {TEST_IN_FOLDER(opening_ends_and_no_other_device_is_taken)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
