/*
 * The program `landscape` started by mpirun: the same bits for any number of ranks, kills, Ctrl-C, and failures of one
 * rank or of all, each of which is one line and an end. Argument: mpirun.
 * SPDX-License-Identifier: MIT
 */
#include <dirent.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "landscape_fixture.h"

#define SMALL "--points=3", "--device=ref", "--no-vtp"
/* Long enough to be disturbed: the ref backend is slow in every build. */
#define LONG        "--points=61", "--device=ref", "--no-vtp"
#define LONG_POINTS 3721

static const char *mpirun;

/* ---- running ---------------------------------------------------------------------------------- */

/* mpirun with arguments up to NULL, and a variable of the environment; NULL: none. */
static void run(test_result *r, const char *variable, const char *first, ...)
{
    const char *argv[LANDSCAPE_ARGUMENTS_MAX], *const env[] = {variable, NULL};
    va_list rest;
    va_start(rest, first);
    landscape_gather(argv, mpirun, first, rest);
    va_end(rest);
    test_run(&(test_command){.argv = argv, .env = env}, r);
}

static pid_t start(const char *first, ...)
{
    const char *argv[LANDSCAPE_ARGUMENTS_MAX];
    va_list rest;
    va_start(rest, first);
    landscape_gather(argv, mpirun, first, rest);
    va_end(rest);
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        execvp(argv[0], (char *const *)argv);
        _exit(127);
    }
    return child;
}

/* It ends with this code, and of the program there is one line, with this text; mpirun adds words of its own. */
static void check_one_line(test_result *r, int code, const char *text)
{
    CHECK_HAS(r->err, text);
    CHECK_INT(test_count(r->err, "landscape: "), 1);
    CHECK_INT(r->exit_code, code);
    test_result_free(r);
}

/* FOLDER/whole.h5: by a process alone. */
static const char *by_one(const char *ckpt, const char *points)
{
    const char *whole = test_path("whole.h5");
    CHECK_LANDSCAPE(0, "points", "--ckpt", ckpt, points, "--device=ref", "--no-vtp", "--out", whole);
    return whole;
}

/* ---- what works --------------------------------------------------------------------------------- */

static void bits_do_not_depend_on_the_number_of_ranks(void **state)
{
    static const char *const numbers[] = {"1", "2", "3", "11"}; /* 9 points */
    (void)state;
    landscape_data(30);
    const char *ckpt = landscape_checkpoint(""), *whole = by_one(ckpt, "--points=3");
    for (size_t i = 0; i < LSC_COUNT(numbers); i++) {
        const char *path = test_path("%s.h5", numbers[i]);
        test_result r;
        run(&r, NULL, "-n", numbers[i], LANDSCAPE, "--ckpt", ckpt, SMALL, "--out", path, NULL);
        CHECK_INT(r.exit_code, 0);
        CHECK_HAS(r.err, "3 x 3 = 9 points of 30 images on ref, ");
        CHECK_INT(test_count(r.err, "landscape: "), 1);
        CHECK_INT(test_count(r.out, "9 of 9 points"), 1);
        test_result_free(&r);
        landscape_check_equal(path, whole);
    }
    lsc_surface *s = NULL;
    CHECK_OK(lsc_surface_load(test_path("3.h5"), &s));
    CHECK_STR(lsc_surface_get(s, "ranks"), "3");
    CHECK_STR(lsc_surface_get(s, "objective.negative_variance"), "0");
    lsc_surface_free(s);
}

static void what_is_only_said_is_said_once(void **state)
{
    (void)state;
    landscape_data(30);
    const char *ckpt = landscape_checkpoint("");
    test_result r;
    run(&r, NULL, "-n", "2", LANDSCAPE, "--ckpt", ckpt, SMALL, "--dry-run", "--threads=1", NULL);
    CHECK_INT(r.exit_code, 0);
    CHECK_INT(test_count(r.out, "device   ref, 1 threads, 2 ranks\n"), 1);
    CHECK_INT(test_count(r.out, "points   "), 1);
    test_result_free(&r);
    run(&r, NULL, "-n", "2", LANDSCAPE, "--help", NULL);
    CHECK_INT(r.exit_code, 0);
    CHECK_INT(test_count(r.out, "--ckpt=FILE"), 1);
    test_result_free(&r);
}

static void without_mpi_each_makes_a_surface_of_its_own(void **state)
{
    (void)state;
    landscape_data(30);
    const char *ckpt = landscape_checkpoint("");
    test_result r;
    run(&r, "LOSSCOPE_MPI_MODULE=/nowhere.so", "-n", "1", LANDSCAPE, "--ckpt", ckpt, SMALL, "--mpi=off", "--out",
        test_path("a.h5"), ":", "-n", "1", LANDSCAPE, "--ckpt", ckpt, SMALL, "--mpi=off", "--out", test_path("b.h5"),
        NULL);
    CHECK_INT(r.exit_code, 0);
    CHECK_INT(test_count(r.out, "9 of 9 points"), 2);
    test_result_free(&r);
    landscape_check_equal(test_path("a.h5"), test_path("b.h5"));
}

static void a_process_that_nobody_launched_opens_no_mpi(void **state)
{
    (void)state;
    landscape_data(30);
    const char *ckpt = landscape_checkpoint("");
    setenv("LOSSCOPE_MPI_MODULE", "/nowhere.so", 1);
    CHECK_LANDSCAPE(0, "9 points", "--ckpt", ckpt, SMALL);
    CHECK_LANDSCAPE(69, "/nowhere.so: cannot open shared object file", "--ckpt", ckpt, SMALL, "--mpi=on");
    unsetenv("LOSSCOPE_MPI_MODULE");
    CHECK_LANDSCAPE(64, "--mpi: 'yes' is none of auto, on, off", "--ckpt", ckpt, SMALL, "--mpi=yes");
}

/* ---- ended from outside --------------------------------------------------------------------------- */

static int rank_of(const char *pid)
{
    char path[300], text[65536];
    snprintf(path, sizeof path, "/proc/%s/environ", pid);
    FILE *f = fopen(path, "r");
    if (f == NULL)
        return -1;
    size_t n = fread(text, 1, sizeof text - 1, f);
    fclose(f);
    text[n] = '\0';
    for (const char *p = text; p < text + n; p += strlen(p) + 1)
        if (strncmp(p, "OMPI_COMM_WORLD_RANK=", 21) == 0)
            return atoi(p + 21);
    return -1;
}

static pid_t parent_of(const char *pid)
{
    char path[300];
    int parent = 0;
    snprintf(path, sizeof path, "/proc/%s/stat", pid);
    FILE *f = fopen(path, "r");
    if (f == NULL || fscanf(f, "%*d (%*[^)]) %*c %d", &parent) != 1)
        parent = 0;
    if (f != NULL)
        fclose(f);
    return parent;
}

/* The process of this rank; 0: there is none. */
static pid_t find_rank(pid_t launcher, int rank)
{
    pid_t found = 0;
    DIR *all = opendir("/proc");
    assert_non_null(all);
    for (struct dirent *e; found == 0 && (e = readdir(all)) != NULL;)
        if (parent_of(e->d_name) == launcher && rank_of(e->d_name) == rank)
            found = atoi(e->d_name);
    closedir(all);
    return found;
}

/* Points in the file, which is whole; 0 if it is not there. */
static int64_t points_in(const char *path)
{
    lsc_surface *s = NULL;
    if (!lsc_file_exists(path))
        return 0;
    CHECK_OK(lsc_surface_load(path, &s));
    int64_t n = lsc_surface_n_done(s);
    lsc_surface_free(s);
    return n;
}

static void wait_for_points(const char *path)
{
    double deadline = lsc_seconds() + 30;
    while (points_in(path) == 0) {
        CHECK(lsc_seconds() < deadline);
        nanosleep(&(struct timespec){0, 2000000}, NULL);
    }
}

/* Whether SIGTERM waits for the process, or it has ended. */
static bool is_told(pid_t pid)
{
    char path[64], line[256];
    unsigned long long waiting = 1ull << (SIGTERM - 1);
    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    FILE *f = fopen(path, "r");
    if (f == NULL)
        return true;
    while (fgets(line, sizeof line, f) != NULL)
        if (sscanf(line, "ShdPnd: %llx", &waiting) == 1)
            break;
    fclose(f);
    return (waiting >> (SIGTERM - 1) & 1) != 0;
}

/* A signal to mpirun after some ms. It wakes its ranks by SIGCONT and sends them SIGTERM seconds later
 * (odls_base_sigkill_timeout), when a fast machine is through: they are held until it has come. */
static void tell_after(int ms, pid_t launcher, int signal_number)
{
    const pid_t ranks[] = {find_rank(launcher, 0), find_rank(launcher, 1)};
    double deadline = lsc_seconds() + 30;
    CHECK(ranks[0] > 0 && ranks[1] > 0);
    nanosleep(&(struct timespec){0, ms * 1000000L}, NULL);
    kill(launcher, signal_number);
    while (!is_told(ranks[0]) || !is_told(ranks[1])) {
        CHECK(lsc_seconds() < deadline);
        kill(ranks[0], SIGSTOP);
        kill(ranks[1], SIGSTOP);
        nanosleep(&(struct timespec){0, 1000000}, NULL);
    }
    kill(ranks[0], SIGCONT);
    kill(ranks[1], SIGCONT);
}

/* The same command completes it to the bits of an undisturbed run. */
static void check_resumes(const char *ckpt, const char *path)
{
    CHECK_LANDSCAPE(0, "points (", "--ckpt", ckpt, LONG, "--out", path);
    landscape_check_equal(path, by_one(ckpt, "--points=61"));
}

/* A long run is ended half-way: a rank by SIGKILL as soon as something is saved, or, with rank -1, all by a signal to
 * mpirun some ms after they have begun, with nothing saved before. A busy machine may have it that this is too soon or
 * too late: then once more. */
static void end_half_way(int rank, int signal_number)
{
    landscape_data(20);
    const char *ckpt = landscape_checkpoint(""), *path = test_path("s.h5"), *lock = test_path("s.h5.lock");
    const char *save = rank >= 0 ? "--save-every=0.001" : "--save-every=86400";
    int64_t done = 0;
    for (int i = 0; done == 0 || done == LONG_POINTS; i++) {
        int signal;
        CHECK(i < 5);
        unlink(path);
        pid_t launcher = start("-n", "2", LANDSCAPE, "-q", "--ckpt", ckpt, LONG, save, "--out", path, NULL);
        landscape_wait_for(lock);
        if (rank >= 0) {
            pid_t victim = find_rank(launcher, rank);
            wait_for_points(path);
            CHECK(victim > 0);
            kill(victim, signal_number);
        } else {
            tell_after(20 << i, launcher, signal_number);
        }
        landscape_wait(launcher, &signal);
        done = points_in(path);
        unlink(lock); /* of one that was killed; it would not be waited for */
    }
    check_resumes(ckpt, path);
}

static void killed_rank_0_leaves_what_is_in_the_file(void **state)
{
    (void)state;
    end_half_way(0, SIGKILL);
}

static void killed_rank_1_leaves_what_is_in_the_file(void **state)
{
    (void)state;
    end_half_way(1, SIGKILL);
}

static void stopped_by_ctrl_c_mpirun_saves_what_is_done(void **state)
{
    (void)state;
    end_half_way(-1, SIGINT);
}

static void stopped_by_sigterm_mpirun_saves_what_is_done(void **state)
{
    (void)state;
    end_half_way(-1, SIGTERM);
}

/* ---- failures --------------------------------------------------------------------------------------- */

static void an_error_of_all_ranks_is_said_once(void **state)
{
    (void)state;
    landscape_data(30);
    const char *ckpt = landscape_checkpoint(""), *missing = test_path("missing.bin");
    test_result r;
    run(&r, NULL, "-n", "3", LANDSCAPE, "--ckpt", missing, SMALL, NULL);
    check_one_line(&r, 66, "missing.bin");
    run(&r, NULL, "-n", "3", LANDSCAPE, "--ckpt", ckpt, SMALL, "--seed=nothing", NULL);
    check_one_line(&r, 64, "--seed: 'nothing' is not a whole number");
    CHECK_INT(test_folder_entries(), 3); /* two of the data, and the checkpoint */
}

static void an_error_of_one_rank_ends_all_with_its_message(void **state)
{
    (void)state;
    landscape_data(30);
    const char *ckpt = landscape_checkpoint("");
    test_result r;
    run(&r, NULL, "-n", "2", LANDSCAPE, "--ckpt", ckpt, LONG, ":", "-n", "1", LANDSCAPE, "--ckpt", ckpt, LONG,
        "--data=idx:/nowhere", NULL);
    CHECK_HAS(r.err, "landscape: rank 2 (");
    CHECK_HAS(r.err, "/nowhere");
    CHECK_INT(test_count(r.err, "landscape: "), 2); /* what is going to be computed, and that */
    CHECK(r.exit_code != 0);
    test_result_free(&r);
    run(&r, NULL, "-n", "1", LANDSCAPE, "-q", "--ckpt", ckpt, LONG, ":", "-n", "1", LANDSCAPE, "--ckpt", ckpt, LONG,
        "--seed=2", NULL);
    check_one_line(&r, 78, "landscape: rank 1 has other settings than rank 0: seed is 2 there, 1 here");
}

static void a_build_without_mpi_says_so(void **state)
{
    (void)state;
    landscape_data(30);
    const char *ckpt = landscape_checkpoint("");
    test_result r;
    run(&r, "LOSSCOPE_MPI_MODULE=/nowhere.so", "-n", "2", LANDSCAPE, "--ckpt", ckpt, SMALL, NULL);
    check_one_line(&r, 69,
                   "landscape: mpirun started 2 processes for one surface, which takes MPI (or --mpi off, for a "
                   "surface each): /nowhere.so: ");
}

/* As by a launcher that this MPI does not know. */
static void a_launcher_of_another_mpi_is_noticed(void **state)
{
    (void)state;
    landscape_data(30);
    const char *ckpt = landscape_checkpoint("");
    setenv("SLURM_PROCID", "0", 1);
    setenv("SLURM_STEP_NUM_TASKS", "4", 1);
    CHECK_LANDSCAPE(69, "landscape: srun started 4 processes, but each is alone for ", "--ckpt", ckpt, SMALL);
    setenv("SLURM_PROCID", "2", 1);
    test_result r;
    landscape_run(&r, "--ckpt", ckpt, SMALL, NULL);
    CHECK_STR(r.err, ""); /* rank 0 says it */
    CHECK_INT(r.exit_code, 0);
    test_result_free(&r);
    unsetenv("SLURM_PROCID");
    unsetenv("SLURM_STEP_NUM_TASKS");
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        TEST_IN_FOLDER(bits_do_not_depend_on_the_number_of_ranks),
        TEST_IN_FOLDER(what_is_only_said_is_said_once),
        TEST_IN_FOLDER(without_mpi_each_makes_a_surface_of_its_own),
        TEST_IN_FOLDER(a_process_that_nobody_launched_opens_no_mpi),
        TEST_IN_FOLDER(killed_rank_0_leaves_what_is_in_the_file),
        TEST_IN_FOLDER(killed_rank_1_leaves_what_is_in_the_file),
        TEST_IN_FOLDER(stopped_by_ctrl_c_mpirun_saves_what_is_done),
        TEST_IN_FOLDER(stopped_by_sigterm_mpirun_saves_what_is_done),
        TEST_IN_FOLDER(an_error_of_all_ranks_is_said_once),
        TEST_IN_FOLDER(an_error_of_one_rank_ends_all_with_its_message),
        TEST_IN_FOLDER(a_build_without_mpi_says_so),
        TEST_IN_FOLDER(a_launcher_of_another_mpi_is_noticed),
    };
    mpirun = argc > 1 ? argv[1] : "mpirun";
    if (argc > 2)
        cmocka_set_test_filter(argv[2]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
