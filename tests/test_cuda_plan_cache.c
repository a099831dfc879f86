/*
 * What is kept of plans: found again by key, by other processes too; files that are damaged, of another key, not ours
 * or cannot be written count as none and stop nothing; of processes that write at once all go on with the first's.
 * SPDX-License-Identifier: MIT
 */
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "nn/backend/cuda/plans.h"
#include "support/support.h"

static const char key[] = "CUDA 13.0, cuDNN 9.19.0; NVIDIA H100 9.0; f32 n512 c16 32x32; graph 1; fastest";
static const char text[] = "{\"cudnnVersion\": 91900, \"binary\": \"AAEC\"}";
static const size_t n_text = sizeof text - 1;

static cuda_plan_cache *open_cache(const char *folder)
{
    cuda_plan_cache *c = NULL;
    CHECK_OK(cuda_plan_cache_new(folder, &c));
    return c;
}

/* What a cache that is new finds under a key: `want`, or nothing where that is NULL. */
static void finds(const char *folder, const char *under, const char *want)
{
    cuda_plan_cache *c = open_cache(folder);
    const char *found = NULL;
    size_t n = 0;
    CHECK_OK(cuda_plan_cache_find(c, under, &found, &n));
    CHECK((found == NULL) == (want == NULL));
    if (want != NULL) {
        CHECK_INT(n, strlen(want));
        CHECK_BYTES(found, want, n);
    }
    cuda_plan_cache_free(c);
}

/* A cache that is new keeps it; whether another's text was there first. */
static bool keeps(const char *folder, const char *under, const char *what)
{
    cuda_plan_cache *c = open_cache(folder);
    bool other = true;
    CHECK_OK(cuda_plan_cache_keep(c, under, what, strlen(what), &other));
    cuda_plan_cache_free(c);
    return other;
}

/* The one file of the folder. */
static const char *only_file(const char *folder)
{
    test_result r;
    const char *const argv[] = {"find", folder, "-type", "f", NULL};
    test_run(&(test_command){.argv = argv}, &r);
    CHECK_INT(strlen(r.out), strlen(folder) + 1 + 64 + strlen(".plan\n"));
    r.out[strlen(r.out) - 1] = '\0';
    const char *path = test_path("%s", r.out + strlen(test_folder()) + 1);
    test_result_free(&r);
    return path;
}

/* ---- hits and misses ---------------------------------------------------------------------------- */

static void a_plan_is_found_again_by_its_key_alone(void **state)
{
    const char *folder = test_path("a/b/plans");
    (void)state;
    finds(folder, key, NULL);
    CHECK(!keeps(folder, key, text));
    finds(folder, key, text);
    finds(folder, "CUDA 13.0, cuDNN 9.20.0; NVIDIA H100 9.0; f32 n512 c16 32x32; graph 1; fastest", NULL);
    finds(folder, "CUDA 13.0, cuDNN 9.19.0; NVIDIA A100 8.0; f32 n512 c16 32x32; graph 1; fastest", NULL);
    finds(folder, "", NULL);
}

static void without_a_folder_a_plan_is_kept_in_the_process(void **state)
{
    cuda_plan_cache *c = open_cache(NULL);
    const char *found = NULL;
    bool other = true;
    size_t n = 0;
    (void)state;
    CHECK_OK(cuda_plan_cache_keep(c, key, text, n_text, &other));
    CHECK(!other);
    CHECK_OK(cuda_plan_cache_find(c, key, &found, &n));
    CHECK_INT(n, n_text);
    CHECK_BYTES(found, text, n);
    cuda_plan_cache_forget(c, key);
    CHECK_OK(cuda_plan_cache_find(c, key, &found, &n));
    CHECK(found == NULL);
    cuda_plan_cache_free(c);
}

/* It stays on file until there is another: who forgets may break before. */
static void what_is_forgotten_is_replaced_by_the_next(void **state)
{
    const char *folder = test_path("plans"), *found = NULL;
    bool other = true;
    size_t n = 0;
    (void)state;
    keeps(folder, key, text);
    cuda_plan_cache *c = open_cache(folder);
    cuda_plan_cache_forget(c, key); /* not found yet: nothing to forget */
    CHECK_OK(cuda_plan_cache_find(c, key, &found, &n));
    CHECK_INT(n, n_text);
    cuda_plan_cache_forget(c, key);
    CHECK_OK(cuda_plan_cache_find(c, key, &found, &n));
    CHECK(found == NULL);
    finds(folder, key, text);
    CHECK_OK(cuda_plan_cache_keep(c, key, "another", strlen("another"), &other));
    CHECK(!other);
    CHECK_OK(cuda_plan_cache_find(c, key, &found, &n));
    CHECK_INT(n, strlen("another"));
    cuda_plan_cache_free(c);
    finds(folder, key, "another");
}

/* ---- files that are none ------------------------------------------------------------------------- */

/* Any bit of any byte, any length, and more. */
static void a_file_that_is_not_exactly_what_was_written_counts_as_none_and_is_replaced(void **state)
{
    const char *folder = test_path("plans");
    size_t n = 0;
    (void)state;
    keeps(folder, key, text);
    const char *path = only_file(folder);
    char *whole = test_read(path, &n);
    CHECK_HAS(whole, key);
    for (size_t i = 0; i < n; i++) {
        whole[i] = (char)(whole[i] ^ 1 << i % 8);
        test_write(path, whole, n);
        finds(folder, key, NULL);
        whole[i] = (char)(whole[i] ^ 1 << i % 8);
        test_write(path, whole, i);
        finds(folder, key, NULL);
    }
    test_write(path, whole, n + 1); /* with the zero that test_read puts behind */
    finds(folder, key, NULL);
    CHECK(!keeps(folder, key, "another"));
    CHECK_STR(only_file(folder), path);
    finds(folder, key, "another");
    lsc_free(whole);
}

static void a_file_of_another_key_under_the_same_name_counts_as_none(void **state)
{
    const char *folder = test_path("plans"), *other = test_path("other");
    size_t n = 0;
    (void)state;
    keeps(folder, key, text);
    keeps(other, "another key", text);
    char *whole = test_read(only_file(other), &n);
    test_write(only_file(folder), whole, n);
    finds(folder, key, NULL);
    lsc_free(whole);
}

static void a_file_too_large_to_be_a_plan_is_not_read(void **state)
{
    const char *folder = test_path("plans");
    (void)state;
    keeps(folder, key, text);
    CHECK_INT(truncate(only_file(folder), ((off_t)1 << 24) + 1), 0);
    finds(folder, key, NULL);
}

static void a_link_a_folder_or_a_pipe_counts_as_none(void **state)
{
    const char *folder = test_path("plans");
    (void)state;
    keeps(folder, key, text);
    const char *path = only_file(folder), *moved = test_path("moved");
    CHECK_INT(rename(path, moved), 0);
    CHECK_INT(symlink(moved, path), 0);
    finds(folder, key, NULL);
    CHECK_INT(unlink(path), 0);
    CHECK_INT(mkfifo(path, 0600), 0);
    finds(folder, key, NULL); /* and does not wait for somebody who writes */
    CHECK_INT(unlink(path), 0);
    CHECK_INT(mkdir(path, 0700), 0);
    finds(folder, key, NULL);
    keeps(folder, key, text); /* a warning: a folder is not replaced */
    CHECK_INT(rmdir(path), 0);
}

/* ---- folders that cannot be written ------------------------------------------------------------------ */

/* What is said of two plans in a folder, by a process of its own whose files may have so many bytes. */
static char *said_of_two(const char *folder, rlim_t most)
{
    static const char large[4096];
    const char *log = test_path("log");
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        bool other = false;
        const char *found = NULL;
        size_t n = 0;
        if (freopen(log, "w", stderr) == NULL || setrlimit(RLIMIT_FSIZE, &(struct rlimit){most, most}) != 0)
            _exit(1);
        cuda_plan_cache *c = NULL;
        bool good = cuda_plan_cache_new(folder, &c) == LSC_OK;
        good = good && cuda_plan_cache_keep(c, key, large, sizeof large, &other) == LSC_OK;
        good = good && cuda_plan_cache_keep(c, "another key", large, sizeof large, &other) == LSC_OK;
        good = good && cuda_plan_cache_find(c, key, &found, &n) == LSC_OK && found != NULL;
        cuda_plan_cache_free(c);
        fflush(stderr);
        _exit(good && !other ? 0 : 1);
    }
    int status = -1;
    CHECK(waitpid(child, &status, 0) == child);
    CHECK_INT(status, 0);
    return test_read(log, NULL);
}

static void a_folder_that_cannot_be_made_is_one_warning_and_stops_nothing(void **state)
{
    (void)state;
    test_write_text(test_path("file"), "");
    char *said = said_of_two(test_path("file/plans"), RLIM_INFINITY);
    CHECK_HAS(said, "how convolutions are computed is not kept for other runs: ");
    CHECK_HAS(said, "/file: cannot make this folder: File exists");
    CHECK(strchr(said, '\n') == said + strlen(said) - 1);
    lsc_free(said);
}

static void a_file_that_cannot_be_written_whole_is_one_warning_and_leaves_nothing(void **state)
{
    (void)state;
    char *said = said_of_two(test_path("plans"), 2048); /* the warning, not the plan */
    CHECK_HAS(said, "how convolutions are computed is not kept for other runs: ");
    lsc_free(said);
    CHECK_INT(rmdir(test_path("plans")), 0); /* it is empty */
}

/* ---- processes that write at once -------------------------------------------------------------------- */

static void of_several_processes_all_go_on_with_the_text_of_the_first(void **state)
{
    enum { PROCESSES = 12 };
    const char *folder = test_path("plans");
    pid_t children[PROCESSES];
    (void)state;
    /* Each keeps a text of its own and writes down with which it goes on. */
    for (int i = 0; i < PROCESSES; i++) {
        const char *report = test_path("report%d", i);
        children[i] = fork();
        CHECK(children[i] >= 0);
        if (children[i] == 0) {
            char own[64];
            const char *found = NULL;
            bool other = false;
            size_t n = 0;
            snprintf(own, sizeof own, "the text of process %d", i);
            cuda_plan_cache *c = NULL;
            bool good = cuda_plan_cache_new(folder, &c) == LSC_OK &&
                        cuda_plan_cache_keep(c, key, own, strlen(own), &other) == LSC_OK &&
                        cuda_plan_cache_find(c, key, &found, &n) == LSC_OK && found != NULL &&
                        other == (n != strlen(own) || memcmp(found, own, n) != 0) &&
                        lsc_file_write(report, found, n) == LSC_OK;
            cuda_plan_cache_free(c);
            _exit(good ? 0 : 1);
        }
    }
    for (int i = 0; i < PROCESSES; i++) {
        int status = -1;
        CHECK(waitpid(children[i], &status, 0) == children[i]);
        CHECK_INT(status, 0);
    }
    char *first = test_read(test_path("report0"), NULL);
    for (int i = 1; i < PROCESSES; i++) {
        char *own = test_read(test_path("report%d", i), NULL);
        CHECK_STR(own, first);
        lsc_free(own);
    }
    finds(folder, key, first);
    only_file(folder); /* nothing is left beside it */
    lsc_free(first);
}

/* ---- memory ---------------------------------------------------------------------------------------------- */

static lsc_status keep_and_find(const char *folder)
{
    lsc_status st = LSC_OK;
    cuda_plan_cache *c = NULL;
    const char *found = NULL;
    bool other = false;
    size_t n = 0;
    LSC_TRY(cuda_plan_cache_new(folder, &c));
    LSC_TRY(cuda_plan_cache_keep(c, key, text, n_text, &other));
    LSC_TRY(cuda_plan_cache_find(c, "another key", &found, &n));
cleanup:
    cuda_plan_cache_free(c);
    return st;
}

/* Those of the file alone are a warning; none leaves half a file, or anything in memory, which the asan preset sees. */
static void an_allocation_that_fails_does_no_harm(void **state)
{
    const char *folder = test_path("plans");
    int failed = 0;
    (void)state;
    for (int64_t n = 1;; n++) {
        const int64_t last = lsc_alloc_calls() + n;
        char at[32];
        snprintf(at, sizeof at, "%lld", (long long)last);
        setenv("LSC_FAIL_ALLOC", at, 1);
        lsc_status st = keep_and_find(folder);
        unsetenv("LSC_FAIL_ALLOC");
        CHECK(st == LSC_OK || st == LSC_ERR_NOMEM);
        failed += st != LSC_OK;
        if (lsc_alloc_calls() < last)
            break;
    }
    CHECK(failed > 5);
    finds(folder, key, text);
    only_file(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_IN_FOLDER(a_plan_is_found_again_by_its_key_alone),
        TEST(without_a_folder_a_plan_is_kept_in_the_process),
        TEST_IN_FOLDER(what_is_forgotten_is_replaced_by_the_next),
        TEST_IN_FOLDER(a_file_that_is_not_exactly_what_was_written_counts_as_none_and_is_replaced),
        TEST_IN_FOLDER(a_file_of_another_key_under_the_same_name_counts_as_none),
        TEST_IN_FOLDER(a_file_too_large_to_be_a_plan_is_not_read),
        TEST_IN_FOLDER(a_link_a_folder_or_a_pipe_counts_as_none),
        TEST_IN_FOLDER(a_folder_that_cannot_be_made_is_one_warning_and_stops_nothing),
        TEST_IN_FOLDER(a_file_that_cannot_be_written_whole_is_one_warning_and_leaves_nothing),
        TEST_IN_FOLDER(of_several_processes_all_go_on_with_the_text_of_the_first),
        TEST_IN_FOLDER(an_allocation_that_fails_does_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
