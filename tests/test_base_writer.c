/*
 * Files are whole or not there: on a full disk, beyond a size limit, when the process is killed.
 * The faults need a process of their own, so this program runs itself: `write PATH` replaces PATH by the new
 * text in three pieces, `append PATH` adds a line.
 * SPDX-License-Identifier: MIT
 */
#include "support/support.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define OLD "the old file, whole\n"
#define NEW "the new file, in three pieces, whole\n"

static lsc_status write_new(const char *path)
{
    lsc_status st = LSC_OK;
    lsc_writer *w = NULL;

    LSC_TRY(lsc_writer_open(path, &w));
    LSC_TRY(lsc_writer_put(w, NEW, 10));
    LSC_TRY(lsc_writer_put(w, &NEW[10], 1));
    LSC_TRY(lsc_writer_put(w, &NEW[11], strlen(NEW) - 11));
    LSC_TRY(lsc_writer_commit(w));
cleanup:
    lsc_writer_free(w);
    return st;
}

static int child(const char *what, const char *path)
{
    lsc_status st = strcmp(what, "write") == 0 ? write_new(path) : lsc_file_append(path, "a new line");
    if (st != LSC_OK)
        fprintf(stderr, "%s: %s", lsc_status_name(st), lsc_last_error());
    return st != LSC_OK;
}

static void run_child(const char *what, const char *path, test_command c, test_result *r)
{
    const char *const argv[] = {"/proc/self/exe", what, path, NULL};
    c.argv = argv;
    test_run(&c, r);
}

static void check_file(const char *path, const char *want)
{
    char *text = test_read(path, NULL);
    CHECK_STR(text, want);
    lsc_free(text);
}

static void a_file_is_in_place_only_after_commit(void **state)
{
    lsc_writer *w = NULL;
    const char *path = test_path("f");
    (void)state;
    test_write_text(path, OLD);
    CHECK_OK(lsc_writer_open(path, &w));
    CHECK_OK(lsc_writer_put(w, NEW, strlen(NEW)));
    CHECK_OK(lsc_writer_put(w, "", 0));
    check_file(path, OLD);
    CHECK_OK(lsc_writer_commit(w));
    check_file(path, NEW);
    CHECK_INT(test_folder_entries(), 1);
    CHECK_FAILS(lsc_writer_commit(w), LSC_ERR_IO, "/f: not put in place: it was not written whole");
    lsc_writer_free(w);
    check_file(path, NEW);
}

static void a_file_that_is_abandoned_leaves_the_old_one(void **state)
{
    lsc_writer *w = NULL;
    const char *path = test_path("f");
    (void)state;
    test_write_text(path, OLD);
    CHECK_OK(lsc_writer_open(path, &w));
    CHECK_OK(lsc_writer_put(w, NEW, strlen(NEW)));
    lsc_writer_free(w);
    lsc_writer_free(NULL);
    check_file(path, OLD);
    CHECK_INT(test_folder_entries(), 1);
}

static void a_full_disk_at_any_byte_leaves_the_old_file_and_no_other(void **state)
{
    const char *path = test_path("f");
    (void)state;
    for (int64_t k = 0; k <= (int64_t)strlen(NEW); k++) {
        bool fits = k == (int64_t)strlen(NEW);
        test_result r;
        test_write_text(path, OLD);
        run_child("write", path, (test_command){.full_after = k == 0 ? -1 : k}, &r);
        CHECK_INT(r.exit_code, fits ? 0 : 1);
        if (!fits)
            CHECK_HAS(r.err, "/f: cannot write: No space left on device");
        check_file(path, fits ? NEW : OLD);
        CHECK_INT(test_folder_entries(), 1);
        test_result_free(&r);
    }
}

static void a_size_limit_is_an_error_and_no_signal(void **state)
{
    const char *path = test_path("f");
    (void)state;
    for (int64_t k = 1; k < (int64_t)strlen(NEW); k += 5) {
        test_result r;
        test_write_text(path, OLD);
        run_child("write", path, (test_command){.file_limit = k}, &r);
        CHECK_INT(r.signal, 0);
        CHECK_INT(r.exit_code, 1);
        CHECK_HAS(r.err, "LSC_ERR_IO: ");
        CHECK_HAS(r.err, "/f: cannot write: File too large");
        check_file(path, OLD);
        CHECK_INT(test_folder_entries(), 1);
        test_result_free(&r);
    }
}

static void a_kill_at_any_call_leaves_the_old_file_or_the_new(void **state)
{
    const char *path = test_path("f");
    int kills = 0, of_old = 0;
    bool killed = true;
    (void)state;
    while (killed) {
        test_result r;
        test_write_text(path, OLD);
        run_child("write", path, (test_command){.kill_at = kills + 1}, &r);
        killed = r.signal == SIGKILL;
        CHECK(killed || r.exit_code == 0);
        test_result_free(&r);
        char *text = test_read(path, NULL);
        CHECK(strcmp(text, NEW) == 0 || (killed && strcmp(text, OLD) == 0));
        of_old += strcmp(text, OLD) == 0;
        kills += killed;
        lsc_free(text);
    }
    CHECK_INT(kills, 6); /* three writes, fsync, rename, fsync of the folder */
    CHECK_INT(of_old, 5);
}

static void a_part_left_by_a_kill_is_in_nobodys_way(void **state)
{
    const char *path = test_path("f");
    (void)state;
    test_write_text(test_path("f.part"), "a part from before, which is longer than the whole file will be");
    CHECK_OK(write_new(path));
    check_file(path, NEW);
    CHECK_INT(test_folder_entries(), 1);
}

static void what_a_library_wrote_is_put_in_place_or_removed(void **state)
{
    const char *path = test_path("f"), *part = test_path("f.part"), *nowhere = test_path("none/f");
    (void)state;
    test_write_text(part, NEW);
    CHECK_OK(lsc_file_commit(part, path));
    check_file(path, NEW);
    test_write_text(part, OLD);
    CHECK_FAILS(lsc_file_commit(part, nowhere), LSC_ERR_IO, "none/f: cannot put in place: No such file or directory");
    CHECK(!lsc_file_exists(part));
    CHECK_FAILS(lsc_file_commit(part, path), LSC_ERR_IO, "/f.part: cannot open: No such file or directory");
    check_file(path, NEW);
}

static void a_folder_that_is_missing_or_in_the_way_is_named(void **state)
{
    lsc_writer *w = NULL;
    (void)state;
    CHECK_FAILS(lsc_writer_open(test_path("none/f"), &w), LSC_ERR_IO, "none/f.part: cannot open: No such file");
    CHECK(w == NULL);
    CHECK_OK(lsc_mkdirs(test_path("folder")));
    CHECK_FAILS(lsc_file_write(test_path("folder"), "x", 1), LSC_ERR_IO, "/folder: cannot put in place: Is a direc");
    CHECK_INT(test_folder_entries(), 1);
}

static lsc_status write_it(void *path)
{
    return lsc_file_write(path, NEW, strlen(NEW));
}

static void writing_survives_every_failing_allocation(void **state)
{
    (void)state;
    CHECK(test_torture(write_it, (void *)test_path("f")) >= 3);
    CHECK_INT(test_folder_entries(), 1);
}

static void lines_are_appended_whole_or_not_at_all(void **state)
{
    const char *path = test_path("log.csv");
    (void)state;
    CHECK_OK(lsc_file_append(path, "first"));
    for (int64_t k = 0; k < 11; k++) { /* "a new line\n" has 11 bytes */
        test_result r;
        run_child("append", path, (test_command){.full_after = k == 0 ? -1 : k}, &r);
        CHECK_INT(r.exit_code, 1);
        CHECK_HAS(r.err, "log.csv: cannot write: No space left on device");
        check_file(path, "first\n");
        test_result_free(&r);
    }
    CHECK_OK(lsc_file_append(path, "second"));
    check_file(path, "first\nsecond\n");
    CHECK_FAILS(lsc_file_append(test_path("none/f"), "x"), LSC_ERR_IO, "none/f: cannot open: No such file");
}

static void the_signal_of_the_size_limit_is_as_before_after_a_write(void **state)
{
    sigset_t blocked;
    struct rlimit before, limit;
    (void)state;
    CHECK_INT(getrlimit(RLIMIT_FSIZE, &before), 0);
    limit = before;
    limit.rlim_cur = 5;
    CHECK_INT(setrlimit(RLIMIT_FSIZE, &limit), 0);
    lsc_status st = lsc_file_write(test_path("f"), NEW, strlen(NEW));
    setrlimit(RLIMIT_FSIZE, &before);
    CHECK_FAILS(st, LSC_ERR_IO, "cannot write: File too large");
    CHECK_INT(sigprocmask(SIG_SETMASK, NULL, &blocked), 0);
    CHECK(!sigismember(&blocked, SIGXFSZ));
    CHECK_INT(sigpending(&blocked), 0);
    CHECK(!sigismember(&blocked, SIGXFSZ));
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        TEST_IN_FOLDER(a_file_is_in_place_only_after_commit),
        TEST_IN_FOLDER(a_file_that_is_abandoned_leaves_the_old_one),
        TEST_IN_FOLDER(a_full_disk_at_any_byte_leaves_the_old_file_and_no_other),
        TEST_IN_FOLDER(a_size_limit_is_an_error_and_no_signal),
        TEST_IN_FOLDER(a_kill_at_any_call_leaves_the_old_file_or_the_new),
        TEST_IN_FOLDER(a_part_left_by_a_kill_is_in_nobodys_way),
        TEST_IN_FOLDER(what_a_library_wrote_is_put_in_place_or_removed),
        TEST_IN_FOLDER(a_folder_that_is_missing_or_in_the_way_is_named),
        TEST_IN_FOLDER(writing_survives_every_failing_allocation),
        TEST_IN_FOLDER(lines_are_appended_whole_or_not_at_all),
        TEST_IN_FOLDER(the_signal_of_the_size_limit_is_as_before_after_a_write),
    };
    if (argc == 3)
        return child(argv[1], argv[2]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
