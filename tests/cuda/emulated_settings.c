/*
 * See emulated.h: the settings, and what the environment makes of them.
 * SPDX-License-Identifier: MIT
 */
#include "cuda/emulated.h"

#include <stdlib.h>
#include <string.h>

__attribute__((visibility("default"))) emulated_settings emulated_control = {
    .devices = 1, .major = 9, .memory = (int64_t)1 << 30, .fail_device = -1, .plans = 1};

static void set(const char *text, const char *key, int64_t *value)
{
    const char *at = strstr(text, key);
    if (at != NULL)
        *value = strtoll(at + strlen(key), NULL, 10);
}

static void set_int(const char *text, const char *key, int *value)
{
    int64_t v = *value;
    set(text, key, &v);
    *value = (int)v;
}

__attribute__((constructor)) static void read_environment(void)
{
    const char *text = getenv("LOSSCOPE_EMULATED");
    emulated_settings *c = &emulated_control;
    if (text == NULL)
        return;
    set_int(text, "devices=", &c->devices);
    set_int(text, "major=", &c->major);
    set_int(text, "driver=", &c->driver);
    set(text, "memory=", &c->memory);
    set(text, "fail=", &c->fail_at);
    set_int(text, "fail_device=", &c->fail_device);
    set_int(text, "broken=", &c->broken);
    set_int(text, "cuts=", &c->cuts);
    set_int(text, "differ=", &c->differ);
    set_int(text, "plans=", &c->plans);
    set_int(text, "saves=", &c->saves);
    set_int(text, "lose=", &c->lose);
}
