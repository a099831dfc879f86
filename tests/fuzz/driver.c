/*
 * Runs a fuzz target without libFuzzer, so that any compiler will do: first every file of the corpus, then changed
 * copies of them. What is tried follows from the seed alone. Options as of libFuzzer:
 *     fuzz_NAME [-runs=N] [-max_total_time=SECONDS] [-seed=N] FOLDER...
 * The input of the moment is kept in fuzz_NAME.last in the working folder, where a crash leaves it.
 * SPDX-License-Identifier: MIT
 */
#include "base/base.h"
#include "fuzz.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define INPUT_MAX ((size_t)1 << 16)
#define FILES_MAX 512

typedef struct {
    uint8_t *bytes;
    size_t n;
} input;

static input corpus[FILES_MAX];
static int n_corpus;

static void end(const char *message, const char *what)
{
    fprintf(stderr, "%s%s\n", message, what);
    exit(2);
}

/* ---- running ----------------------------------------------------------------------------------------- */

/* A file in memory: what is written to it stays when the process dies. */
static uint8_t *keep_last(const char *program)
{
    char path[256];
    const char *name = strrchr(program, '/');
    snprintf(path, sizeof path, "%s.last", name == NULL ? program : name + 1);
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0666);
    if (fd < 0 || ftruncate(fd, INPUT_MAX) != 0)
        end("cannot write ", path);
    uint8_t *last = mmap(NULL, INPUT_MAX, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (last == MAP_FAILED)
        end("cannot map ", path);
    return last;
}

/* From memory of exactly its size, which the sanitizers watch. */
static void run(const uint8_t *bytes, size_t n, uint8_t *last)
{
    uint8_t *exact = malloc(n == 0 ? 1 : n);
    if (exact == NULL)
        end("no memory", "");
    memcpy(exact, bytes, n);
    memcpy(last, bytes, n);
    memset(last + n, 0, INPUT_MAX - n < 16 ? INPUT_MAX - n : 16);
    LLVMFuzzerTestOneInput(exact, n);
    free(exact);
}

/* ---- changing ---------------------------------------------------------------------------------------- */

/* Numbers of one run, one after the other. */
typedef struct {
    lsc_rng rng;
    uint64_t next;
} dice;

static size_t below(dice *d, size_t n)
{
    return n == 0 ? 0 : (size_t)lsc_rng_below(d->rng, d->next++, n);
}

static void flip_bit(dice *d, input *x)
{
    if (x->n > 0)
        x->bytes[below(d, x->n)] ^= (uint8_t)(1 << below(d, 8));
}

static void set_byte(dice *d, input *x)
{
    if (x->n > 0)
        x->bytes[below(d, x->n)] = (uint8_t)below(d, 256);
}

/* Numbers at which lengths and counts go wrong, of 1, 2, 4 or 8 bytes. */
static void set_number(dice *d, input *x)
{
    const uint64_t numbers[] = {0, 1, x->n, UINT64_MAX, INT64_MAX, INT32_MAX, UINT32_MAX, UINT64_MAX - 7, 1u << 31};
    size_t width = (size_t)1 << below(d, 4);
    if (x->n >= width)
        memcpy(x->bytes + below(d, x->n - width + 1), &numbers[below(d, LSC_COUNT(numbers))], width);
}

static void cut_out(dice *d, input *x)
{
    size_t at = below(d, x->n), n = below(d, x->n - at < 64 ? x->n - at + 1 : 65);
    memmove(x->bytes + at, x->bytes + at + n, x->n - at - n);
    x->n -= n;
}

static void cut_off(dice *d, input *x)
{
    x->n = below(d, x->n + 1);
}

/* A piece of a file of the corpus, perhaps the same. */
static void insert_piece(dice *d, input *x)
{
    const input *from = &corpus[below(d, (size_t)n_corpus)];
    size_t begin = below(d, from->n), n = below(d, from->n - begin < 64 ? from->n - begin + 1 : 65);
    size_t at = below(d, x->n + 1);
    if (n > INPUT_MAX - x->n)
        return;
    memmove(x->bytes + at + n, x->bytes + at, x->n - at);
    memcpy(x->bytes + at, from->bytes + begin, n);
    x->n += n;
}

static void (*const changes[])(dice *, input *) = {flip_bit,   flip_bit, set_byte, set_byte,    set_number,
                                                   set_number, cut_out,  cut_off,  insert_piece};

static void run_changed(uint64_t seed, uint64_t number, uint8_t *buffer, uint8_t *last)
{
    dice d = {{seed, lsc_rng_stream("fuzz", number, 0)}, 0};
    const input *from = &corpus[below(&d, (size_t)n_corpus)];
    input x = {buffer, from->n};
    memcpy(buffer, from->bytes, from->n);
    for (size_t i = below(&d, 4) + 1; i > 0; i--)
        changes[below(&d, LSC_COUNT(changes))](&d, &x);
    run(x.bytes, x.n, last);
}

/* ---- corpus and options -------------------------------------------------------------------------------- */

static int is_file(const struct dirent *e)
{
    return e->d_name[0] != '.';
}

static void read_folder(const char *folder)
{
    struct dirent **entries = NULL;
    int n = scandir(folder, &entries, is_file, alphasort);
    if (n <= 0)
        end("no files in ", folder);
    for (int i = 0; i < n; i++) {
        char *path = lsc_path_join(folder, entries[i]->d_name);
        if (n_corpus == FILES_MAX || path == NULL ||
            lsc_file_read(path, INPUT_MAX, &corpus[n_corpus].bytes, &corpus[n_corpus].n) != LSC_OK)
            end("cannot read ", entries[i]->d_name);
        n_corpus++;
        lsc_free(path);
        free(entries[i]);
    }
    free(entries);
}

/* The number behind "-name=". */
static bool option(const char *argument, const char *name, double *out)
{
    size_t n = strlen(name);
    if (strncmp(argument, name, n) != 0)
        return false;
    char *rest = NULL;
    *out = strtod(argument + n, &rest);
    if (rest == argument + n || *rest != '\0')
        end("not a number: ", argument);
    return true;
}

int main(int argc, char **argv)
{
    double runs = 0, seconds = 0, seed = 1;
    for (int i = 1; i < argc; i++)
        if (!option(argv[i], "-runs=", &runs) && !option(argv[i], "-max_total_time=", &seconds) &&
            !option(argv[i], "-seed=", &seed))
            read_folder(argv[i]);
    if (n_corpus == 0)
        end("give a folder: ", argv[0]);
    uint8_t *last = keep_last(argv[0]), *buffer = malloc(INPUT_MAX);
    if (buffer == NULL)
        end("no memory", "");
    for (int i = 0; i < n_corpus; i++)
        run(corpus[i].bytes, corpus[i].n, last);
    double start = lsc_seconds();
    uint64_t done = 0;
    while ((double)done < runs || lsc_seconds() - start < seconds)
        run_changed((uint64_t)seed, done++, buffer, last);
    printf("%d files, %llu changed ones\n", n_corpus, (unsigned long long)done);
    for (int i = 0; i < n_corpus; i++)
        lsc_free(corpus[i].bytes);
    free(buffer);
    munmap(last, INPUT_MAX);
    return 0;
}
