/*
 * landscape - the loss around a minimum: command line. The work is in program.c.
 * SPDX-License-Identifier: MIT
 */
#include "landscape/program.h"

static const char doc[] =
    "The loss around a minimum, along random directions scaled to the network: a surface in HDF5 and for ParaView."
    "\v"
    "Examples:\n"
    "  landscape --ckpt outputs/demo/sam/run.bin --dirs 2\n"
    "      51 x 51 points on [-1, 1]^2, filter-normalized directions, all training images; writes surface.h5 and "
    "surface.vtp beside run.bin\n"
    "  landscape --ckpt run.bin --points 21 --samples 2000\n"
    "      a first look in a small part of the time\n"
    "  landscape --ckpt model.safetensors --model resnet20 --data idx:/usr/share/datasets/fashion-mnist\n"
    "      a network of PyTorch; data.pad, data.mean and others by --set (--help-config lists them)\n"
    "  mpirun -n 4 --bind-to none landscape --ckpt run.bin\n"
    "      four processes share the points, on one machine or several\n"
    "\n"
    "Ctrl-C saves; the same command goes on where it was.\n"
    "Exit status: 0 done, 64 usage, 65 data, 66 no input, 69 not in this build, 74 disk, 78 configuration, 130 "
    "stopped.";

/* Options without a short form; those that only store their text are at `text_options`. */
enum { DIRS = 0x200, POINTS, SAMPLES, NORM_BATCH, NORM_IMAGES, SAVE_EVERY, CHUNK, STREAMS, OVERWRITE, NO_VTP, TEXT };

static const struct argp_option options[] = {
    {0, 0, 0, 0, "What is looked at:", 1},
    {"ckpt", TEXT, "FILE", 0, "the minimum: run.bin of train, or PyTorch's .safetensors, .pth, .pt, .t7", 1},
    {"data", TEXT + 1, "KIND:PATH", 0, "data set and its folder (by default as the checkpoint says)", 1},
    {"loss", TEXT + 2, "NAME", 0, "loss (likewise)", 1},
    {"model", TEXT + 3, "NAME", 0, "network (likewise)", 1},
    {"samples", SAMPLES, "N", 0, "evaluate a fixed subset of N images, the same at every point (all)", 1},
    {0, 0, 0, 0, "Where it is looked at:", 2},
    {"dirs", DIRS, "1..3", 0, "number of directions (2)", 2},
    {"direction", TEXT + 4, "KIND", 0, "kind of directions (random)", 2},
    {"direction-file", TEXT + 5, "FILE", 0, "directions.h5 of loss-landscape, or a surface file, taken as stored", 2},
    {"move", TEXT + 6, "ROLES", 0, "parameters that move: of weight,bias,norm (weight)", 2},
    {"normalize", TEXT + 7, "HOW", 0, "scale directions by filter, layer, weight or none (filter)", 2},
    {"points", POINTS, "N", 0, "points of each axis (51)", 2},
    {"x", TEXT + 8, "MIN:MAX:N", 0, "axis of the first direction (-1:1:51)", 2},
    {"y", TEXT + 9, "MIN:MAX:N", 0, "axis of the second", 2},
    {"z", TEXT + 10, "MIN:MAX:N", 0, "axis of the third", 2},
    {0, 0, 0, 0, "How, and where to:", 3},
    {"batch-norm", TEXT + 13, "HOW", 0,
     "batch norm by the statistics of the minimum (frozen), of each batch of images (batch), or formed anew at each "
     "point from a fixed set of images (recalibrated); by default frozen",
     3},
    {"norm-batch", NORM_BATCH, "N", 0, "images whose statistics are taken together (100)", 3},
    {"norm-images", NORM_IMAGES, "N", 0, "images that recalibrated statistics come from (1000)", 3},
    {"chunk", CHUNK, "N", 0, "images that pass through the network at once (512 on a GPU, fewer if they do not fit)",
     3},
    {"mpi", TEXT + 14, "HOW", 0, "share the points by MPI: auto (where mpirun or srun started several), on, off (auto)",
     3},
    {"no-vtp", NO_VTP, 0, 0, "write no file for ParaView", 3},
    {"out", TEXT + 11, "FILE", 0, "surface file (surface.h5 beside the checkpoint)", 3},
    {"overwrite", OVERWRITE, 0, 0, "start anew where the file holds points with other settings", 3},
    {"precision", TEXT + 12, "HOW", 0,
     "single, or double with --device ref; on GPUs tf32, fp32, fp16, bf16 (single; on GPUs tf32)", 3},
    {"save-every", SAVE_EVERY, "SECONDS", 0, "at least so long between saves (2)", 3},
    {"streams", STREAMS, "N", 0, "points at once on each GPU, 1 to 4; each takes memory for the data, too (1)", 3},
    {0},
};

/* Where option TEXT + i keeps its text. */
static const char **text_option(landscape_options *o, int i)
{
    const char **at[] = {&o->ckpt,           &o->data, &o->loss,      &o->model,      &o->direction,
                         &o->direction_file, &o->move, &o->normalize, &o->range[0],   &o->range[1],
                         &o->range[2],       &o->out,  &o->precision, &o->batch_norm, &o->mpi};
    return i >= 0 && (size_t)i < LSC_COUNT(at) ? at[i] : NULL;
}

static error_t parse(int key, char *text, struct argp_state *state)
{
    landscape_options *o = state->input;
    const char **at = text_option(o, key - TEXT);
    if (at != NULL) {
        *at = text;
        return 0;
    }
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &o->common;
        return 0;
    case DIRS:
        o->dirs = cli_int(state, "--dirs", text, 1, 3);
        return 0;
    case POINTS:
        o->points = cli_int(state, "--points", text, 1, INT32_MAX);
        return 0;
    case SAMPLES:
        o->samples = cli_int(state, "--samples", text, 1, INT32_MAX);
        return 0;
    case NORM_BATCH:
        o->norm_batch = cli_int(state, "--norm-batch", text, 1, INT32_MAX);
        return 0;
    case NORM_IMAGES:
        o->norm_images = cli_int(state, "--norm-images", text, 1, INT32_MAX);
        return 0;
    case CHUNK:
        o->chunk = cli_int(state, "--chunk", text, 1, INT32_MAX);
        return 0;
    case STREAMS:
        o->streams = (int)cli_int(state, "--streams", text, 1, NN_MOST_STREAMS);
        return 0;
    case SAVE_EVERY:
        o->save_s = cli_real(state, "--save-every", text, 1e-3, 86400);
        return 0;
    case OVERWRITE:
        o->overwrite = true;
        return 0;
    case NO_VTP:
        o->no_vtp = true;
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "'%s': options only; the checkpoint is given by --ckpt FILE", text);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static void parse_command_line(int argc, char **argv, landscape_options *o)
{
    const struct argp_child children[] = {{&cli_argp, 0, "Common:", 4}, {0}};
    const struct argp argp = {options, parse, NULL, doc, children, NULL, NULL};
    if (landscape_launched().rank == 0) {
        cli_parse(&argp, argc, argv, o);
        return;
    }
    argp_err_exit_status = 0;
    landscape_hushed before = landscape_hush();
    cli_parse(&argp, argc, argv, o);
    landscape_unhush(before);
}

int main(int argc, char **argv)
{
    landscape_options o = {0};
    landscape_team team;
    parse_command_line(argc, argv, &o);
    char *command = cli_command(argc, argv);
    o.command = command;
    o.team = &team;
    lsc_stop_install();
    lsc_status st = landscape_team_open(&team, o.mpi);
    lsc_log_set("landscape", team.silent ? LSC_LOG_QUIET : o.common.verbosity);
    if (st == LSC_OK)
        st = landscape_program(&o);
    lsc_free(command);
    int code = team.silent ? 0 : cli_finish("landscape", st);
    landscape_team_close(&team, code);
    return code;
}
