/*
 * A perceptron with two hidden layers of 64 units: fc1, relu, fc2, relu, fc3. For tests and small data.
 * SPDX-License-Identifier: MIT
 */
#include "nn/op.h"

static void build(nn_graph *g, const nn_model *model, int64_t classes)
{
    (void)model;
    int x = nn_graph_input(g)->rank == 1 ? 0 : nn_flatten(g, 0);
    x = nn_relu(g, nn_linear(g, x, "fc1", 64, true));
    x = nn_relu(g, nn_linear(g, x, "fc2", 64, true));
    nn_linear(g, nn_mark_features(g, x), "fc3", classes, true);
}

const nn_model nn_model_mlp = {
    .name = "mlp",
    .text = "perceptron with two hidden layers of 64 units",
    .source = "losscope",
    .image = {3, {1, 28, 28}},
    .build = build,
};
