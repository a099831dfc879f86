/*
 * See train_quadratic.h.
 * SPDX-License-Identifier: MIT
 */
#include "train_quadratic.h"

#include "support/support.h"

static double term(const quadratic *q, int i, const float *theta, float *g)
{
    double loss = 0;
    for (int j = 0; j < QUADRATIC_LEARNED; j++) {
        double d = (double)theta[j] - q->c[i][j];
        loss += q->a[i][j] * d * d / 2 / q->oracle.n_domains;
        if (g != NULL)
            g[j] += (float)(q->a[i][j] * d / q->oracle.n_domains);
    }
    return loss;
}

static double feature(const quadratic *q, const float *theta, float *g)
{
    double loss = 0;
    for (int j = 0; j < QUADRATIC_LEARNED; j++) {
        loss += q->feature * (double)theta[j];
        if (g != NULL)
            g[j] += (float)q->feature;
    }
    return loss;
}

static void scale(float *g, double factor)
{
    for (int j = 0; j < QUADRATIC_LEARNED; j++)
        g[j] = (float)(factor * (double)g[j]);
}

/* What `weigh` makes of the domains' losses at theta. */
static void weights_of(const quadratic *q, const float *theta, const tr_part *part, double *weights)
{
    double losses[QUADRATIC_DOMAINS];
    for (int i = 0; i < q->oracle.n_domains; i++) {
        losses[i] = q->absent[i] ? 0 : term(q, i, theta, NULL);
        weights[i] = 1;
    }
    if (part->weigh != NULL)
        part->weigh(part->weigher, losses, q->absent, weights);
}

static void add_domain(const quadratic *q, int i, const float *theta, double weight, tr_part *part)
{
    float g[QUADRATIC_LEARNED] = {0};
    part->loss += weight * term(q, i, theta, g);
    scale(g, weight);
    for (int j = 0; j < QUADRATIC_LEARNED && part->g != NULL; j++)
        part->g[j] += g[j];
}

static void part_of(const quadratic *q, const float *theta, tr_part *part)
{
    double weights[QUADRATIC_DOMAINS];
    weights_of(q, theta, part, weights);
    part->loss = 0;
    part->absent = part->what >= 0 && q->absent[part->what];
    if (part->g != NULL)
        memset(part->g, 0, QUADRATIC_LEARNED * sizeof *part->g);
    for (int i = 0; i < q->oracle.n_domains; i++)
        if (!q->absent[i] && (part->what == i || part->what == TR_TOTAL || part->what == TR_DOMAINS))
            add_domain(q, i, theta, weights[i], part);
    if (part->what == TR_FEATURE || part->what == TR_TOTAL)
        part->loss += feature(q, theta, part->g);
}

static lsc_status eval(void *self, float *theta, const tr_request *request)
{
    quadratic *q = self;
    memcpy(q->seen[q->n_calls % QUADRATIC_SEEN], theta, sizeof q->seen[0]);
    q->n_calls++;
    for (int i = 0; i < request->n_parts; i++)
        part_of(q, theta, &request->parts[i]);
    if (request->update_statistics) {
        q->n_updates++;
        theta[QUADRATIC_LEARNED] += 1;
    }
    return LSC_OK;
}

void quadratic_init(quadratic *q, const char *first_block, const char *second_block)
{
    *q = (quadratic){
        .blocks = {{.name = first_block, .role = LSC_WEIGHT, .rank = 1, .shape = {2}},
                   {.name = second_block, .role = LSC_BIAS, .rank = 1, .shape = {1}, .offset = 2},
                   {.name = "running", .role = LSC_BUFFER, .rank = 1, .shape = {1}, .offset = 3}},
        .a = {{1, 4, 2}, {3, 1, .5}, {2, 2, 1}},
        .c = {{1, 0, .5}, {-1, 2, 0}, {.5, -1, -.5}},
        .feature = 0.01,
    };
    q->layout = (lsc_layout){
        .blocks = q->blocks, .block_size = sizeof *q->blocks, .n_blocks = 3, .n = 4, .n_learned = QUADRATIC_LEARNED};
    q->oracle = (tr_oracle){
        .layout = &q->layout, .n_domains = QUADRATIC_DOMAINS, .has_feature_loss = true, .self = q, .eval = eval};
}

void quadratic_domains(quadratic *q, int n)
{
    q->oracle.n_domains = n;
}

static const tr_optimizer *find(const char *wanted)
{
    const char *name, *text;
    const tr_optimizer *k;
    for (int i = 0; (k = tr_optimizer_at(i, &name, &text)) != NULL; i++)
        if (strcmp(name, wanted) == 0)
            return k;
    fail_msg("no optimizer %s", wanted);
    return NULL;
}

static void set_all(const cfg_section *section, const char *settings)
{
    char list[256], *rest = list;
    snprintf(list, sizeof list, "%s", settings);
    for (char *one = strsep(&rest, " "); one != NULL; one = strsep(&rest, " "))
        CHECK_OK(cfg_set("test", one, section, 1));
}

tr_state *quadratic_state(const quadratic *q, const char *name, const char *settings)
{
    const tr_optimizer *kind = find(name);
    const float start[] = {0.8f, -0.6f, 0.3f, 0};
    void *options = lsc_calloc(1, kind->options_size);
    const cfg_section section = {kind->fields, kind->n_fields, options};
    tr_state *s = NULL;

    cfg_defaults(&section, 1);
    if (settings != NULL)
        set_all(&section, settings);
    const tr_state_options o = {
        .kind = kind, .options = options, .layout = &q->layout, .n_domains = q->oracle.n_domains};
    CHECK_OK(tr_state_new(&o, &s));
    memcpy(s->theta, start, sizeof start);
    return s;
}

void quadratic_state_free(tr_state *s)
{
    void *options = (void *)s->options;
    tr_state_free(s);
    lsc_free(options);
}

double quadratic_loss(const quadratic *q, const float *theta)
{
    double loss = feature(q, theta, NULL);
    for (int i = 0; i < q->oracle.n_domains; i++)
        loss += term(q, i, theta, NULL);
    return loss;
}
