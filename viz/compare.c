/*
 * Several runs on one scale: a picture, a scene for ParaView, a table.
 * SPDX-License-Identifier: MIT
 */
#include "viz/arrays.h"
#include "viz/runs.h"

#include <string.h>

#define GAP 0.15 /* between surfaces side by side, in widths of the widest */

/* "out/compare" of "out/compare.png"; returns new. */
static lsc_status stem_of(const char *picture, char **out)
{
    lsc_status st = LSC_OK;
    const size_t n = strlen(picture);
    char shown[128];

    LSC_CHECK(n > 4 && strcmp(picture + n - 4, ".png") == 0 && picture[n - 5] != '/', LSC_ERR_ARG,
              "%s: the output of a comparison is a NAME.png", lsc_shown(picture, shown, sizeof shown));
    *out = lsc_format("%.*s", (int)(n - 4), picture);
    LSC_CHECK(*out != NULL, LSC_ERR_NOMEM, "no memory for a path");
cleanup:
    return st;
}

/* "0_sgd.vtp", ...: names that no file system minds; returns new or NULL. */
static char *piece_name(const viz_run *run, int k)
{
    char *safe = viz_safe_name(run->name), *name = safe != NULL ? lsc_format("%d_%s.vtp", k, safe) : NULL;
    lsc_free(safe);
    return name;
}

static lsc_status write_piece(const viz_runs *r, int k, const char *stem, const viz_height *h)
{
    lsc_status st = LSC_OK;
    char *name = piece_name(&r->runs[k], k), *path = name != NULL ? lsc_path_join(stem, name) : NULL;

    LSC_CHECK(path != NULL, LSC_ERR_NOMEM, "no memory for a path");
    st = viz_write_vtp_at(r->surfaces[k], path, h, k * (1 + GAP) * 2 * h->tall);
cleanup:
    lsc_free(name);
    lsc_free(path);
    return st;
}

/* The blocks of the scene, by paths relative to it: the folder can be moved along. */
static lsc_status write_index(const viz_runs *r, const char *stem)
{
    lsc_status st = LSC_OK;
    const char *slash = strrchr(stem, '/'), *folder = slash != NULL ? slash + 1 : stem;
    char *name = NULL, *path = lsc_format("%s.vtm", stem);
    lsc_text t = {0};

    LSC_CHECK(path != NULL, LSC_ERR_NOMEM, "no memory for a path");
    lsc_text_add(&t, "<VTKFile type=\"vtkMultiBlockDataSet\" version=\"1.0\">\n  <vtkMultiBlockDataSet>\n");
    for (int k = 0; k < r->n; k++) {
        name = piece_name(&r->runs[k], k);
        LSC_CHECK(name != NULL, LSC_ERR_NOMEM, "no memory for a path");
        lsc_text_add(&t, "    <DataSet index=\"%d\" name=\"", k);
        lsc_quote_xml(&t, r->names[k]);
        lsc_text_add(&t, "\" file=\"");
        lsc_quote_xml(&t, folder);
        lsc_text_add(&t, "/%s\"/>\n", name);
        lsc_free(name);
        name = NULL;
    }
    lsc_text_add(&t, "  </vtkMultiBlockDataSet>\n</VTKFile>\n");
    LSC_CHECK(!t.failed, LSC_ERR_NOMEM, "%s: no memory for it", path);
    st = lsc_file_write(path, t.text, t.length);
cleanup:
    lsc_free(name);
    lsc_free(path);
    lsc_text_free(&t);
    return st;
}

static lsc_status write_scene(const viz_runs *r, const char *stem, const viz_height *h)
{
    lsc_status st = LSC_OK;

    LSC_TRY(lsc_mkdirs(stem));
    for (int k = 0; k < r->n; k++)
        LSC_TRY(write_piece(r, k, stem, h));
    st = write_index(r, stem);
cleanup:
    return st;
}

lsc_status viz_compare(const char *const *paths, int n_paths, const viz_options *o, lsc_text *table)
{
    lsc_status st = LSC_OK;
    const char *picture = o->output != NULL ? o->output : "compare.png";
    viz_runs *r = NULL;
    char *stem = NULL;
    viz_height h;
    lsc_carried first = {0};

    LSC_NEW(r, 1);
    LSC_TRY(stem_of(picture, &stem));
    LSC_TRY(viz_runs_load(paths, n_paths, r));
    LSC_TRY(viz_runs_warn(r));
    LSC_TRY(viz_height_shared((const lsc_surface *const *)r->surfaces, r->n, o->kind, o->cut, &h));
    (o->json ? viz_table_json : viz_table_text)(r->runs, r->n, table);
    lsc_carry(&first, write_scene(r, stem, &h));
    lsc_carry(&first, viz_write_png(r->runs, r->n, picture, &h));
    LSC_TRY(lsc_carried_take(&first));
    LSC_CHECK(!table->failed, LSC_ERR_NOMEM, "no memory for the table");
    lsc_log_info("wrote %s and %s.vtm", picture, stem);
cleanup:
    if (r != NULL)
        viz_runs_free(r);
    lsc_free(r);
    lsc_free(stem);
    return st;
}
