/*
 * What ranks say to each other. A message is two 32-bit numbers and what follows them:
 *     HELLO    bytes that follow   settings: key, 0, value, 0, ...         a rank is ready
 *     HAND     points              their places in the plan, i64           to be evaluated
 *     RESULTS  points              grid indices i64, values f64, counts i64
 *     LEAVE    status              "where: message", 0                     a rank has failed
 *     STOP     0                   nothing                                 no more points
 * All ranks run the same build on machines of one kind, which HELLO makes sure of as far as values depend on it.
 * SPDX-License-Identifier: MIT
 */
#include "landscape/run.h"

#include <string.h>
#include <time.h>
#include <unistd.h>

typedef struct {
    uint32_t kind, n;
} header;

/* ---- writing ------------------------------------------------------------------------------ */

static void begin(lsc_text *t, lsc_message_kind kind, size_t n)
{
    const header h = {(uint32_t)kind, (uint32_t)n};

    t->length = 0;
    lsc_text_add_bytes(t, (const char *)&h, sizeof h);
}

static lsc_status send_bytes(const lsc_ranks *ranks, int to, const void *bytes, size_t n)
{
    lsc_status st = ranks->send(ranks->self, to, bytes, n);

    return st == LSC_OK ? st : lsc_fail(st, "run: no message can be sent to rank %d", to);
}

static lsc_status send(const lsc_ranks *ranks, int to, const lsc_text *t)
{
    if (t->failed)
        return lsc_fail(LSC_ERR_NOMEM, "run: no memory for a message to rank %d", to);
    return send_bytes(ranks, to, t->text, t->length);
}

static void add_pair(lsc_text *t, const char *key, const char *value)
{
    lsc_text_add_bytes(t, key, strlen(key) + 1);
    lsc_text_add_bytes(t, value, strlen(value) + 1);
}

/* Everything that values depend on. */
static void add_settings(lsc_text *t, const lsc_surface *s)
{
    char key[32], value[96];

    add_pair(t, "version of losscope", lsc_version());
    for (int a = 0; a < s->n_axes; a++) {
        const lsc_axis *x = &s->axes[a];

        snprintf(key, sizeof key, "axis %d", a);
        snprintf(value, sizeof value, "%.17g .. %.17g, %d points", x->min, x->max, x->n);
        add_pair(t, key, value);
    }
    for (int i = 0; i < s->n_fields; i++) {
        snprintf(key, sizeof key, "field %d", i);
        add_pair(t, key, s->fields[i]);
    }
    for (int i = 0; i < s->n_entries; i++)
        if (!s->entries[i].note)
            add_pair(t, s->entries[i].key, s->entries[i].value);
}

lsc_status lsc_message_hello(const lsc_ranks *ranks, const lsc_surface *settings, lsc_text *scratch)
{
    begin(scratch, LSC_MESSAGE_HELLO, 0);
    add_settings(scratch, settings);
    return send(ranks, 0, scratch);
}

lsc_status lsc_message_hand(const lsc_ranks *ranks, int to, const lsc_hand *h, lsc_text *scratch)
{
    begin(scratch, LSC_MESSAGE_HAND, (size_t)h->n);
    lsc_text_add_bytes(scratch, (const char *)h->place, (size_t)h->n * sizeof *h->place);
    return send(ranks, to, scratch);
}

lsc_status lsc_message_results(const lsc_ranks *ranks, const lsc_results *r, const lsc_objective *obj,
                               lsc_text *scratch)
{
    begin(scratch, LSC_MESSAGE_RESULTS, (size_t)r->n);
    lsc_text_add_bytes(scratch, (const char *)r->index, (size_t)r->n * sizeof *r->index);
    lsc_text_add_bytes(scratch, (const char *)r->values, (size_t)r->n * (size_t)obj->n_fields * sizeof *r->values);
    lsc_text_add_bytes(scratch, (const char *)r->counts, (size_t)obj->n_counts * sizeof *r->counts);
    return send(ranks, 0, scratch);
}

lsc_status lsc_message_stop(const lsc_ranks *ranks, int to)
{
    const header h = {LSC_MESSAGE_STOP, 0};

    return send_bytes(ranks, to, &h, sizeof h);
}

static void leave(const lsc_ranks *ranks, lsc_status failure)
{
    struct {
        header h;
        char text[LSC_MESSAGE_MAX];
    } m = {.h = {LSC_MESSAGE_LEAVE, (uint32_t)failure}};
    char host[128] = "";
    int n;

    gethostname(host, sizeof host - 1);
    n = snprintf(m.text, sizeof m.text, "rank %d (%s): %s", ranks->rank, host, lsc_last_error());
    n = n < (int)sizeof m.text ? n : (int)sizeof m.text - 1;
    (void)ranks->send(ranks->self, 0, &m, sizeof m.h + (size_t)n + 1); /* it has failed already */
}

void lsc_ranks_leave(const lsc_ranks *ranks, lsc_status st)
{
    if (ranks->rank > 0 && st != LSC_OK)
        leave(ranks, st);
    for (int i = 1; ranks->rank == 0 && i < ranks->n; i++)
        (void)lsc_message_stop(ranks, i); /* one that is gone is none that waits */
}

/* ---- reading ------------------------------------------------------------------------------ */

static lsc_status no_message(int from)
{
    return lsc_fail(LSC_ERR_FORMAT, "run: what rank %d sent is no message of this version of losscope", from);
}

lsc_status lsc_message_receive(const lsc_ranks *ranks, lsc_message *m)
{
    lsc_status st = LSC_OK;
    const void *bytes = NULL;
    size_t n = 0;
    header h;

    *m = (lsc_message){.from = -1};
    st = ranks->receive(ranks->self, &m->from, &bytes, &n);
    LSC_CHECK(st == LSC_OK, st, "run: messages of the other ranks cannot be received");
    if (m->from < 0)
        goto cleanup;
    if (m->from >= ranks->n || n < sizeof h)
        return no_message(m->from);
    memcpy(&h, bytes, sizeof h);
    m->kind = (lsc_message_kind)h.kind;
    m->n = h.n <= LSC_HAND_MAX ? (int)h.n : -1;
    m->status = h.n > LSC_OK && h.n <= LSC_ERR_STOPPED ? (lsc_status)h.n : LSC_ERR_FORMAT;
    m->body = (const uint8_t *)bytes + sizeof h;
    m->length = n - sizeof h;
    if ((m->kind == LSC_MESSAGE_HELLO || m->kind == LSC_MESSAGE_LEAVE) &&
        (m->length == 0 || m->body[m->length - 1] != 0))
        return no_message(m->from);
cleanup:
    return st;
}

void lsc_message_pause(void)
{
    nanosleep(&(struct timespec){0, 1000000}, NULL);
}

lsc_status lsc_message_read_hand(const lsc_message *m, const lsc_plan *plan, lsc_hand *h)
{
    if (m->n < 1 || m->length != (size_t)m->n * sizeof *h->place)
        return no_message(m->from);
    memcpy(h->place, m->body, m->length);
    h->n = m->n;
    for (int i = 0; i < h->n; i++)
        if (h->place[i] < 0 || h->place[i] >= lsc_plan_points(plan))
            return no_message(m->from);
    return LSC_OK;
}

lsc_status lsc_message_read_results(const lsc_message *m, const lsc_surface *s, const lsc_objective *obj,
                                    lsc_results *r)
{
    const size_t n = m->n < 0 ? 0 : (size_t)m->n, index = n * sizeof *r->index,
                 values = n * (size_t)obj->n_fields * sizeof *r->values,
                 counts = (size_t)obj->n_counts * sizeof *r->counts;

    if (m->n < 0 || m->n > r->most || m->length != index + values + counts)
        return no_message(m->from);
    r->n = m->n;
    memcpy(r->index, m->body, index);
    memcpy(r->values, m->body + index, values);
    memcpy(r->counts, m->body + index + values, counts);
    for (int i = 0; i < r->n; i++)
        if (r->index[i] < 0 || r->index[i] >= s->points)
            return no_message(m->from);
    return LSC_OK;
}

/* Texts that follow each other, up to `end`; "" when there is none left. */
typedef struct {
    const char *at, *end;
} texts;

static const char *next_text(texts *t)
{
    const char *text = t->at;

    if (text == t->end)
        return "";
    t->at += strlen(text) + 1;
    return text;
}

/* The value of a key among pairs; NULL: it has none. */
static const char *find(texts pairs, const char *key)
{
    while (pairs.at < pairs.end) {
        const bool found = strcmp(next_text(&pairs), key) == 0;
        const char *value = next_text(&pairs);

        if (found)
            return value;
    }
    return NULL;
}

static lsc_status differs(int rank, const char *key, const char *theirs, const char *ours)
{
    char shown[3][96];

    return lsc_fail(LSC_ERR_CONFIG, "rank %d has other settings than rank 0: %s is %s there, %s here", rank,
                    lsc_shown(key, shown[0], sizeof shown[0]),
                    theirs == NULL ? "absent" : lsc_shown(theirs, shown[1], sizeof shown[1]),
                    ours == NULL ? "absent" : lsc_shown(ours, shown[2], sizeof shown[2]));
}

lsc_status lsc_message_compare_hello(const lsc_message *m, const lsc_surface *own)
{
    lsc_status st = LSC_OK;
    lsc_text t = {0};

    add_settings(&t, own);
    LSC_CHECK(!t.failed, LSC_ERR_NOMEM, "run: no memory to compare the settings of rank %d", m->from);
    const texts ours = {t.text, t.text + t.length}, theirs = {(const char *)m->body, (const char *)m->body + m->length};
    for (texts all = ours; all.at < all.end && st == LSC_OK;) {
        const char *key = next_text(&all), *value = next_text(&all), *their_value = find(theirs, key);

        if (their_value == NULL || strcmp(value, their_value) != 0)
            st = differs(m->from, key, their_value, value);
    }
    for (texts all = theirs; all.at < all.end && st == LSC_OK;) {
        const char *key = next_text(&all), *value = next_text(&all);

        if (find(ours, key) == NULL)
            st = differs(m->from, key, value, NULL);
    }
cleanup:
    lsc_text_free(&t);
    return st;
}
