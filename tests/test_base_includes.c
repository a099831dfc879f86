/*
 * The law of the layers, kept by reading the #include lines of every source file: ARCHITECTURE.md has the picture.
 * And two limits of the house style that a reader would not notice at once.
 * SPDX-License-Identifier: MIT
 */
#include "support/support.h"

#include <fnmatch.h>
#include <ftw.h>
#include <sys/stat.h>

#define LINES_MAX 600

/* A file belongs to the first area with a pattern that fits. "*" also stands for "/". */
static const struct {
    const char *area, *pattern;
} areas[] = {
    {"public", "losscope.h"},
    {"public", "include/*"},
    {"build", "lsc_build.h"}, /* generated */
    {"hash", "base/hash.*"},
    {"base", "base/*"},
    {"task", "app/task*"},
    {"app", "app/*"},
    {"nn", "nn/*"},
    {"data", "data/*"},
    {"viz_main", "viz/main.*"},
    {"viz_header", "viz/viz.h"},
    {"viz", "viz/*"},
    {"train", "train/*"},
    {"landscape", "landscape/main.*"}, /* the program; the rest of the folder is liblosscope */
    {"landscape", "landscape/program*"},
    {"landscape", "landscape/objective_nn*"},
    {"landscape", "landscape/samples.*"},
    {"landscape", "landscape/subject.*"},
    {"landscape", "landscape/request.*"},
    {"landscape", "landscape/provenance.*"},
    {"landscape", "landscape/report.*"},
    {"landscape", "landscape/forecast.*"},
    {"landscape", "landscape/launcher.*"},
    {"mpi", "landscape/ranks_*"},
    {"losscope", "landscape/*"},
    {"examples", "examples/*"},
    {"anything", "benchmarks/*"},
};

/* What the files of an area may include, besides their own area. */
static const struct {
    const char *area, *may;
} law[] = {
    {"public", ""},
    {"base", "public"},
    {"hash", "base public"},
    {"app", "base public build"},
    {"task", "app nn data base"},
    {"nn", "base hash public"},
    {"data", "base hash public"},
    {"losscope", "base public"},
    {"viz_header", "base public"},
    {"viz", "viz_header base public"},
    {"viz_main", "viz viz_header app base public"},
    {"train", "task app nn data hash base public"},
    {"mpi", "public"},
    {"landscape", "mpi losscope viz_header task app nn data hash base public"},
    {"examples", "public"},
    {"anything", "losscope viz viz_header train task app nn data hash base public build"},
};

/* Third parties: a header of this beginning is for files that this pattern fits. */
static const struct {
    const char *header, *pattern;
} parties[] = {
    {"hdf5", "landscape/*"},         {"vtk", "viz/*xx"},
    {"dnnl", "nn/backend/*"},        {"oneapi/", "nn/backend/*"},
    {"cuda", "nn/backend/cuda/*"},   {"yaml.h", "app/*"},
    {"Random123", "base/rng.c"},     {"nettle", "base/hash.c"},
    {"minizip", "nn/torch_zip.c"},   {"jpeglib", "data/picture_jpeg.c"},
    {"png.h", "data/picture_png.c"}, {"cudnn", "nn/backend/cuda/*"},
    {"omp.h", "nn/backend/*"},       {"mpi.h", "landscape/ranks_mpi.c"},
};

static const char *area_of(const char *path)
{
    for (size_t i = 0; i < LSC_COUNT(areas); i++)
        if (fnmatch(areas[i].pattern, path, 0) == 0)
            return areas[i].area;
    return NULL;
}

static bool has_word(const char *words, const char *word)
{
    size_t n = strlen(word);
    for (const char *p = words; (p = strstr(p, word)) != NULL; p += n)
        if ((p == words || p[-1] == ' ') && (p[n] == ' ' || p[n] == '\0'))
            return true;
    return false;
}

static bool may_include(const char *from, const char *included)
{
    const char *area = area_of(from), *other = area_of(included);

    if (area == NULL || other == NULL || strcmp(included + strcspn(included, "/"), "/main.c") == 0)
        return false;
    if (strcmp(area, other) == 0)
        return true;
    for (size_t i = 0; i < LSC_COUNT(law); i++)
        if (strcmp(law[i].area, area) == 0)
            return has_word(law[i].may, other);
    return false;
}

static bool may_use(const char *from, const char *header)
{
    bool named = false;
    for (size_t i = 0; i < LSC_COUNT(parties); i++)
        if (strncmp(header, parties[i].header, strlen(parties[i].header)) == 0) {
            named = true;
            if (fnmatch(parties[i].pattern, from, 0) == 0)
                return true;
        }
    return !named;
}

/* One line of a file: appends "FROM includes WHAT" to `broken` if it may not. */
static void judge(const char *from, const char *line, lsc_text *broken)
{
    char name[256], close = '\0';
    int n = 0;

    if (sscanf(line, " # include \"%255[^\"]\"%n", name, &n) == 1 && n > 0)
        close = '"';
    else if (sscanf(line, " # include <%255[^>]>%n", name, &n) == 1 && n > 0)
        close = '>';
    if ((close == '"' && !may_include(from, name)) || (close == '>' && !may_use(from, name)))
        lsc_text_add(broken, "%s includes %s\n", from, name);
}

static const char *const suffixes[] = {".c", ".h", ".cxx", ".hxx", ".cu", ".cuh"};

static bool is_source(const char *path)
{
    const char *dot = strrchr(path, '.');
    for (size_t i = 0; dot != NULL && i < LSC_COUNT(suffixes); i++)
        if (strcmp(dot, suffixes[i]) == 0)
            return true;
    return false;
}

/* nftw gives its callback nothing but the path. */
static const char *root;
static void (*visit)(const char *name, char *text, lsc_text *broken);
static lsc_text broken;

static int enter(const char *path, const struct stat *info, int kind, struct FTW *where)
{
    (void)info;
    (void)where;
    if (kind != FTW_F || !is_source(path))
        return 0;
    char *text = test_read(path, NULL);
    visit(path + strlen(root) + 1, text, &broken);
    lsc_free(text);
    return 0;
}

static const char *const folders[] = {"include", "base",  "app",   "nn",         "data",    "landscape",
                                      "viz",     "train", "tests", "benchmarks", "examples"};

/* Visit every source file below `at`; fails the test with what was found. */
static char *walk(const char *at, void (*f)(const char *name, char *text, lsc_text *broken))
{
    root = at;
    visit = f;
    broken = (lsc_text){0};
    lsc_text_add(&broken, "%s", "");
    for (size_t i = 0; i < LSC_COUNT(folders); i++) {
        char *folder = lsc_path_join(at, folders[i]);
        if (lsc_file_exists(folder))
            nftw(folder, enter, 16, FTW_PHYS);
        lsc_free(folder);
    }
    return broken.text;
}

static void judge_file(const char *name, char *text, lsc_text *out)
{
    char *rest = NULL;
    if (strncmp(name, "tests/", 6) == 0)
        return; /* tests may see everything */
    for (char *line = strtok_r(text, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest))
        judge(name, line, out);
}

static void measure_file(const char *name, char *text, lsc_text *out)
{
    int lines = 0;
    for (const char *p = text; (p = strchr(p, '\n')) != NULL; p++)
        lines++;
    if (lines > LINES_MAX)
        lsc_text_add(out, "%s has %d lines\n", name, lines);
    if (strstr(text, "SPDX-License-Identifier: MIT") == NULL)
        lsc_text_add(out, "%s has no SPDX line\n", name);
}

static void no_file_includes_what_its_layer_may_not(void **state)
{
    (void)state;
    char *found = walk(LSC_SOURCE_DIR, judge_file);
    CHECK_STR(found, "");
    lsc_free(found);
}

static void no_file_is_too_long_and_each_names_its_licence(void **state)
{
    (void)state;
    char *found = walk(LSC_SOURCE_DIR, measure_file);
    CHECK_STR(found, "");
    lsc_free(found);
}

static void a_file_that_breaks_the_law_is_found(void **state)
{
    static const struct {
        const char *file, *line;
        bool broken;
    } rows[] = {
        {"nn/a.c", "#include \"base/base.h\"", false},
        {"nn/b.c", "#include \"data/data.h\"", true},
        {"nn/backend/c.c", "  #  include   \"app/app.h\"", true},
        {"data/d.c", "#include \"nn/nn.h\"", true},
        {"landscape/e.c", "#include \"nn/nn.h\"", true},
        {"landscape/f.c", "#include \"landscape/program.h\"", true},
        {"landscape/g.c", "#include \"base/hash.h\"", true},
        {"landscape/main.c", "#include \"app/task.h\"", false},
        {"landscape/objective_nn.c", "#include \"nn/nn.h\"", false},
        {"landscape/program.c", "#include \"viz/viz.h\"", false},
        {"landscape/program_b.c", "#include \"viz/mesh.h\"", true},
        {"landscape/h.c", "#include <hdf5.h>", false},
        {"viz/a.cxx", "#include <vtkPolyData.h>", false},
        {"viz/b.c", "#include <vtkPolyData.h>", true},
        {"viz/c.c", "#include <hdf5.h>", true},
        {"viz/d.c", "#include \"landscape/engine.h\"", true},
        {"viz/e.c", "#include \"losscope.h\"", false},
        {"viz/main.c", "#include \"app/app.h\"", false},
        {"viz/f.c", "#include \"app/app.h\"", true},
        {"train/a.c", "#include \"landscape/main.c\"", true},
        {"train/b.c", "#include \"train/main.c\"", true},
        {"train/c.c", "#include \"app/task.h\"", false},
        {"app/a.c", "#include \"nn/nn.h\"", true},
        {"base/a.c", "#include \"unheard/of.h\"", true},
        {"base/b.c", "#include <yaml.h>", true},
        {"tests/a.c", "#include \"landscape/engine.h\"", false},
    };
    (void)state;
    for (size_t i = 0; i < LSC_COUNT(rows); i++) {
        const char *path = test_path("%zu/%s", i, rows[i].file), *at = test_path("%zu", i);
        char *folder = lsc_path_folder(path), *text = lsc_format("/* a file */\n%s\nint x;\n", rows[i].line);
        CHECK_OK(lsc_mkdirs(folder));
        test_write_text(path, text);
        char *found = walk(at, judge_file);
        if (rows[i].broken)
            CHECK_HAS(found, rows[i].file);
        else
            CHECK_STR(found, "");
        lsc_free(folder);
        lsc_free(text);
        lsc_free(found);
    }
}

static void a_long_file_and_one_without_a_licence_are_found(void **state)
{
    lsc_text text = {0};
    (void)state;
    CHECK_OK(lsc_mkdirs(test_path("base")));
    for (int i = 0; i <= LINES_MAX; i++)
        lsc_text_add(&text, "\n");
    test_write_text(test_path("base/a.c"), text.text);
    lsc_text_free(&text);
    char *found = walk(test_folder(), measure_file);
    CHECK_STR(found, "base/a.c has 601 lines\nbase/a.c has no SPDX line\n");
    lsc_free(found);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(no_file_includes_what_its_layer_may_not),
        TEST(no_file_is_too_long_and_each_names_its_licence),
        TEST_IN_FOLDER(a_file_that_breaks_the_law_is_found),
        TEST_IN_FOLDER(a_long_file_and_one_without_a_licence_are_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
