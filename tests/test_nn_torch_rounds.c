/*
 * Ours -> PyTorch, loaded strictly -> ours: equal bits. PyTorch itself (torch_rounds.py) is asked where python3 has it,
 * in PATH or as LSC_TEST_PYTHON says; the names, types and shapes that it wants are written out in tests/golden/names.
 * The model is the argument.
 * SPDX-License-Identifier: MIT
 */
#include <float.h>
#include <stdlib.h>

#include "nn/nn.h"
#include "support/support.h"

#define NO_TORCH  69 /* torch_rounds.py */
#define NO_PYTHON 127

static const char *model;

typedef struct {
    nn_graph *graph;
    const lsc_layout *layout;
    float *theta;
} network;

static bool is_face(void)
{
    return strncmp(model, "face_", 5) == 0;
}

/* Every kind of finite float, and whole numbers where batches are counted. */
static void fill(network *net)
{
    static const float special[] = {-0.0F, FLT_TRUE_MIN, -FLT_MIN / 3, FLT_MAX, -FLT_MAX};
    const lsc_rng rng = {1, lsc_rng_stream("rounds", 0, 0)};
    for (int i = 0; i < net->layout->n_blocks; i++) {
        const lsc_block *b = &net->layout->blocks[i];
        if (b->role == LSC_BUFFER && b->rank == 0)
            net->theta[b->offset] = (float)(1000 + i);
    }
    for (int64_t i = 0; i < net->layout->n; i++)
        if (net->theta[i] == 0)
            net->theta[i] = (float)(lsc_rng_uniform(rng, (uint64_t)i) - 0.5);
    for (size_t i = 0; i < LSC_COUNT(special); i++)
        net->theta[i] = special[i];
}

static void open_network(network *net)
{
    CHECK_OK(nn_model_graph(model, NULL, is_face() ? 1 : 10, &net->graph));
    net->layout = nn_graph_layout(net->graph);
    net->theta = lsc_calloc((size_t)net->layout->n, sizeof *net->theta);
    CHECK(net->theta != NULL);
    fill(net);
    CHECK_OK((is_face() ? nn_checkpoint_write_aliased : nn_checkpoint_write)(test_path("ours.safetensors"), net->layout,
                                                                             net->theta, NULL, 0));
}

static void close_network(network *net)
{
    nn_graph_free(net->graph);
    lsc_free(net->theta);
}

static void comes_back(const network *net, const char *file)
{
    float *theta = lsc_calloc((size_t)net->layout->n, sizeof *theta);
    nn_tensors *t = NULL;
    CHECK(theta != NULL);
    CHECK_OK(nn_tensors_read(test_path("%s", file), &t));
    CHECK_OK(nn_checkpoint_fill(t, file, net->layout, theta));
    CHECK_BYTES(theta, net->theta, (size_t)net->layout->n * sizeof *theta);
    nn_tensors_free(t);
    lsc_free(theta);
}

static const char *names_path(void)
{
    char name[64];
    snprintf(name, sizeof name, "names/%s.txt", model);
    return golden_path(name);
}

/* A line of the list: the name, F32 or I64, the dimensions. */
static void is_there(const nn_tensors *t, const char *line)
{
    char name[128], dtype[8];
    int at = 0, rank = 0, more = 0;
    long long dim;
    CHECK_INT(sscanf(line, "%127s %7s%n", name, dtype, &at), 2);
    const nn_tensor *tensor = nn_tensors_find(t, name);
    if (tensor == NULL)
        fail_msg("%s is not written", name);
    CHECK_INT(tensor->dtype, strcmp(dtype, "I64") == 0 ? NN_DT_I64 : NN_DT_F32);
    for (; sscanf(line + at, "%lld%n", &dim, &more) == 1; at += more, rank++)
        CHECK_INT(tensor->shape[rank], dim);
    CHECK_INT(tensor->rank, rank);
}

static void what_we_write_is_what_strict_loading_wants(void **state)
{
    (void)state;
    network net;
    nn_tensors *t = NULL;
    int n = 0;
    open_network(&net);
    comes_back(&net, "ours.safetensors");
    CHECK_OK(nn_tensors_read(test_path("ours.safetensors"), &t));
    char *names = test_read(names_path(), NULL), *rest = names;
    for (char *line = strtok_r(rest, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest), n++)
        is_there(t, line);
    CHECK_INT(nn_tensors_count(t), n);
    lsc_free(names);
    nn_tensors_free(t);
    close_network(&net);
}

/* Whether PyTorch was there; it has loaded what we wrote, and written its own. */
static bool ask_pytorch(void)
{
    const char *asked = getenv("LSC_TEST_PYTHON"), *python = asked ? asked : "python3";
    test_result r;
    const char *const argv[] = {
        "sh",         "-c", "exec \"$0\" \"$@\"", python, source_path("tests/torch_rounds.py"), test_folder(),
        names_path(), NULL};
    test_run(&(test_command){.argv = argv}, &r);
    bool absent = !asked && (r.exit_code == NO_TORCH || r.exit_code == NO_PYTHON);
    if (!absent && r.exit_code != 0)
        fail_msg("%s: exit status %d\n%s", python, r.exit_code, r.err);
    test_result_free(&r);
    return !absent;
}

static void what_pytorch_loads_strictly_and_saves_comes_back(void **state)
{
    (void)state;
    static const char *const files[] = {"again.safetensors", "zip.pth", "old.pt", "net.t7", "state_dict.t7"};
    network net;
    open_network(&net);
    bool there = ask_pytorch();
    for (size_t i = 0; there && i < LSC_COUNT(files); i++)
        comes_back(&net, files[i]);
    close_network(&net);
    if (!there) {
        print_message("PyTorch is absent: python3 in PATH has no torch, and LSC_TEST_PYTHON names no other\n");
        skip();
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        TEST_IN_FOLDER(what_we_write_is_what_strict_loading_wants),
        TEST_IN_FOLDER(what_pytorch_loads_strictly_and_saves_comes_back),
    };
    if (argc < 2)
        return 2;
    model = argv[1];
    return cmocka_run_group_tests_name(model, tests, NULL, NULL);
}
