/*
 * train - training with ERM, SAM or GAC-FAS: command line. The work is in run.c, that of `train NAME` in
 * command_NAME.c. SPDX-License-Identifier: MIT
 */
#include "train/command.h"
#include "train/run.h"

static const char doc[] =
    "Train a network and write run.bin, which landscape and PyTorch read, with run.state, history.csv, result.json "
    "and, if asked for, the trajectory beside it."
    "\v"
    "Examples:\n"
    "  train --config configs/demo_sam.yaml\n"
    "      writes outputs/demo_sam/run.bin\n"
    "  train --config configs/demo_sam.yaml --out outputs/sam2 --set sam.rho=0.1 --seed 2\n"
    "  train --config configs/demo_sam.yaml --dry-run\n"
    "      steps, memory and time, measured on a few steps\n"
    "  train --out outputs/demo_sam --resume\n"
    "      goes on where a stopped or killed run was, and ends in the same run.bin\n"
    "\n"
    "Ctrl-C finishes the step and saves.\n"
    "Exit status: 0 done, 64 usage, 65 data, 66 no input, 69 not in this build, 74 disk, 78 configuration, 130 "
    "stopped.";

enum { OUT = 256, OVERWRITE, RESUME };

static const struct argp_option options[] = {
    {"out", OUT, "FOLDER", 0, "output folder (outputs/NAME for --config NAME.yaml)", 1},
    {"overwrite", OVERWRITE, 0, 0, "remove the run in the folder and start anew", 1},
    {"resume", RESUME, 0, 0, "continue the run in the folder; start it if there is none", 1},
    {0},
};

static bool only_prints(const cli_common *c)
{
    return c->help_config || c->list != NULL;
}

/* --help ends with the sub-commands. */
static char *add_commands(int key, const char *text, void *input)
{
    lsc_text t = {0};
    (void)input;
    if (key != ARGP_KEY_HELP_EXTRA)
        return (char *)text;
    lsc_text_add(&t, "Other commands (train NAME --help):\n");
    tr_command_list(&t);
    if (t.failed)
        lsc_text_free(&t);
    return t.text; /* argp's to free */
}

static error_t parse(int key, char *text, struct argp_state *state)
{
    tr_run_options *o = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &o->common;
        return 0;
    case OUT:
        o->out = text;
        return 0;
    case OVERWRITE:
        o->overwrite = true;
        return 0;
    case RESUME:
        o->resume = true;
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state,
                   "'%s': neither an option nor, as the first word, a command; the configuration is given by --config "
                   "FILE",
                   text);
        return 0;
    case ARGP_KEY_END:
        if (o->resume && o->overwrite)
            argp_error(state, "--resume continues the run in the folder, --overwrite removes it: give one of them");
        if (!only_prints(&o->common) && o->common.config == NULL && !(o->resume && o->out != NULL))
            argp_error(state, "give --config FILE to start a run, or --out FOLDER --resume to continue one");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static lsc_status help_config(void)
{
    lsc_status st = LSC_OK;
    tr_config *c = NULL;
    LSC_TRY(tr_config_new(&c));
    cfg_print_help(c->sections, c->n_sections);
cleanup:
    tr_config_free(c);
    return st;
}

static int run_command(const tr_command *command, int argc, char **argv)
{
    static char name[64];
    snprintf(name, sizeof name, "train %s", argv[0]);
    argv[0] = name;
    lsc_log_set(name, LSC_LOG_INFO);
    return cli_finish(name, tr_command_run(command, argc, argv, stdout));
}

static int run_training(int argc, char **argv)
{
    tr_run_options o = {0};
    const struct argp_child children[] = {{&cli_argp, 0, "Common:", 2}, {0}};
    const struct argp argp = {options, parse, NULL, doc, children, add_commands, NULL};

    cli_parse(&argp, argc, argv, &o);
    char *command = cli_command(argc, argv);
    o.command = command;
    lsc_log_set("train", o.common.verbosity);
    lsc_status st = o.common.list != NULL  ? tr_list(o.common.list, stdout)
                    : o.common.help_config ? help_config()
                                           : tr_run(&o);
    lsc_free(command);
    return cli_finish("train", st);
}

int main(int argc, char **argv)
{
    const tr_command *command = argc > 1 ? tr_command_find(argv[1]) : NULL;
    lsc_stop_install();
    return command != NULL ? run_command(command, argc - 1, argv + 1) : run_training(argc, argv);
}
