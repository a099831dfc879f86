/*
 * Statuses, messages, context, and failures carried between threads.
 * SPDX-License-Identifier: MIT
 */
#include "support/support.h"

#include <pthread.h>

static void every_status_has_its_name_and_text(void **state)
{
    (void)state;
    CHECK_INT(LSC_OK, 0);
    CHECK_STR(lsc_status_name(LSC_ERR_IO), "LSC_ERR_IO");
    CHECK_STR(lsc_status_text(LSC_ERR_IO), "cannot read or write");
    CHECK_STR(lsc_status_name((lsc_status)99), "unknown status");
    CHECK_STR(lsc_status_text((lsc_status)99), "unknown status");
    CHECK_STR(lsc_version(), "0.1.0");
}

static void context_stands_before_the_message(void **state)
{
    (void)state;
    CHECK_INT(lsc_fail(LSC_ERR_FORMAT, "length is %d", 3), LSC_ERR_FORMAT);
    CHECK_STR(lsc_last_error(), "length is 3");
    CHECK_INT(lsc_context(LSC_ERR_FORMAT, "%s: header", "run.bin"), LSC_ERR_FORMAT);
    CHECK_STR(lsc_last_error(), "run.bin: header: length is 3");
}

static void context_leaves_success_alone(void **state)
{
    (void)state;
    lsc_fail(LSC_ERR_IO, "before");
    CHECK_INT(lsc_context(LSC_OK, "where"), LSC_OK);
    CHECK_STR(lsc_last_error(), "before");
}

static void a_message_may_contain_the_one_before(void **state)
{
    (void)state;
    lsc_fail(LSC_ERR_IO, "inner");
    lsc_fail(LSC_ERR_CONFIG, "outer (%s)", lsc_last_error());
    CHECK_STR(lsc_last_error(), "outer (inner)");
}

static void a_message_too_long_ends_in_dots(void **state)
{
    char text[2 * LSC_MESSAGE_MAX];
    (void)state;
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    lsc_fail(LSC_ERR_IO, "%s", text);
    CHECK_INT(strlen(lsc_last_error()), LSC_MESSAGE_MAX - 1);
    CHECK_STR(lsc_last_error() + LSC_MESSAGE_MAX - 5, "x...");
    lsc_context(LSC_ERR_IO, "a");
    CHECK_INT(strlen(lsc_last_error()), LSC_MESSAGE_MAX - 1);
    CHECK_HAS(lsc_last_error(), "a: xxx");
    CHECK_STR(lsc_last_error() + LSC_MESSAGE_MAX - 5, "x...");
}

static void *fail_on_a_thread(void *carried)
{
    lsc_carry(carried, LSC_OK);
    lsc_carry(carried, lsc_fail(LSC_ERR_BACKEND, "device 1 is gone"));
    lsc_carry(carried, lsc_fail(LSC_ERR_IO, "a later one"));
    return NULL;
}

static void the_first_failure_of_a_thread_is_carried_to_the_one_that_joins(void **state)
{
    lsc_carried carried = {0};
    pthread_t thread;
    (void)state;

    CHECK_OK(lsc_carried_take(&carried));
    lsc_fail(LSC_ERR_ARG, "ours");
    CHECK_INT(pthread_create(&thread, NULL, fail_on_a_thread, &carried), 0);
    pthread_join(thread, NULL);
    CHECK_STR(lsc_last_error(), "ours");
    CHECK_FAILS(lsc_carried_take(&carried), LSC_ERR_BACKEND, "device 1 is gone");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_status_has_its_name_and_text), TEST(context_stands_before_the_message),
        TEST(context_leaves_success_alone),       TEST(a_message_may_contain_the_one_before),
        TEST(a_message_too_long_ends_in_dots),    TEST(the_first_failure_of_a_thread_is_carried_to_the_one_that_joins),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
