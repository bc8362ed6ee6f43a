/* Whether `dcm-medtl classify` gets faster with threads, and whether its memory depends on the number of images:
 * `bench_scaling --help`. Makes its images with `dcm-medtl phantom`: mammograms and photographs in ten transfer
 * syntaxes, a study of each kind for every ten. Nothing of DICOM is linked here; what is measured is the program. */
#include "machine.h"

#include <errno.h>
#include <ftw.h>
#include <getopt.h>
#include <libgen.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PATH_SIZE = 4096, MOST_COUNTS = 32, MOST_ROUNDS = 100, IMAGES_A_PHANTOM = 10, PART = 5 };

static const char help[] =
    "bench_scaling: images per second and peak memory of `dcm-medtl classify`, by threads.\n"
    "\n"
    "  bench_scaling [--images N] [--threads LIST] [--rounds N] [--folder DIR]\n"
    "\n"
    "  --images N      so many images, and a fifth of them beside (default 500; made ten at a time)\n"
    "  --threads LIST  default: 1, 2, 4, ... up to the number of processors, and that\n"
    "  --rounds N      each is run so often, in turn; medians count (default 3)\n"
    "  --folder DIR    where the images are made, and kept for the next time (default: scaling\n"
    "                  in the build folder; 500 take half a gigabyte and minutes to make)\n"
    "\n"
    "Images per second should rise with the threads up to the number of processors that are free, and\n"
    "memory be the same for few images and for many. The results are compared, too: they must not\n"
    "depend on threads. Exit status 1 where they do.\n";

typedef struct bench {
    char program[PATH_SIZE], folder[PATH_SIZE - 64];
    double analysed; /* share of the images: of two of one exposure, one */
    size_t images, rounds;
    size_t threads[MOST_COUNTS], count;
} bench;

typedef struct result {
    double seconds, cpu, mebibytes;
} result;

/* Runs the program; its standard output goes nowhere. @return its exit status, or -1. */
static int run(char *const *words, result *r)
{
    struct rusage usage;
    int status = 0;
    const double start = machine_seconds();
    const pid_t child = fork();

    if (child == 0) {
        if (freopen("/dev/null", "w", stdout) != NULL)
            execv(words[0], words);
        _exit(127);
    }
    if (child < 0 || wait4(child, &status, 0, &usage) != child || !WIFEXITED(status))
        return -1;
    r->seconds = machine_seconds() - start;
    r->cpu = (double)usage.ru_utime.tv_sec + (double)usage.ru_stime.tv_sec +
             1e-6 * ((double)usage.ru_utime.tv_usec + (double)usage.ru_stime.tv_usec);
    r->mebibytes = (double)usage.ru_maxrss / 1024.0;
    return WEXITSTATUS(status);
}

/* The phantoms that are not there yet: DIR/images/1, 2, ... A phantom is made aside and renamed, so that one that is
 * there is whole. */
static bool make_images(bench *b)
{
    char seed[24], aside[PATH_SIZE], place[PATH_SIZE];
    char *words[] = {b->program, "phantom", "-o", aside, "--seed", seed, NULL};
    struct stat facts;
    result r;

    snprintf(aside, sizeof aside, "%s/images", b->folder);
    if ((mkdir(b->folder, 0777) != 0 && errno != EEXIST) ||
        (mkdir(aside, 0777) != 0 && errno != EEXIST)) {
        fprintf(stderr, "bench_scaling: cannot make %s\n", aside);
        return false;
    }
    for (size_t i = 1; i <= b->images / IMAGES_A_PHANTOM; i++) {
        snprintf(seed, sizeof seed, "%zu", i);
        snprintf(place, sizeof place, "%s/images/%s", b->folder, seed);
        if (stat(place, &facts) == 0)
            continue;
        snprintf(aside, sizeof aside, "%s/unfinished-%ld-%s", b->folder, (long)getpid(), seed);
        fprintf(stderr, "\rmaking images: %zu of %zu", i * IMAGES_A_PHANTOM, b->images);
        if (run(words, &r) != 0 || rename(aside, place) != 0) {
            fprintf(stderr, "\nbench_scaling: %s phantom failed\n", b->program);
            return false;
        }
        fprintf(stderr, "%s", (i + 1) * IMAGES_A_PHANTOM > b->images ? "\n" : "");
    }
    return true;
}

static int remove_one(const char *path, const struct stat *facts, int kind, struct FTW *where)
{
    (void)facts;
    (void)kind;
    (void)where;
    return remove(path);
}

/* How many lines of the results say that an image was analysed, or that another one of the same exposure was instead; and a
 * digest (FNV-1a) of all. */
static size_t read_results(const char *path, size_t *doubles, unsigned long long *digest)
{
    char line[8192];
    size_t analysed = 0;
    FILE *file = fopen(path, "r");

    *doubles = 0;
    *digest = 14695981039346656037ull;
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        analysed += strstr(line, ",analysed,") != NULL;
        *doubles += strstr(line, "duplicate of ") != NULL;
        for (const char *c = line; *c != '\0'; c++)
            *digest = (*digest ^ (unsigned char)*c) * 1099511628211ull;
    }
    if (file != NULL)
        fclose(file);
    return analysed;
}

/* Classifies the first `images` images into an empty folder. @return false after a message. */
static bool classify(bench *b, size_t images, size_t threads, result *r, unsigned long long *digest)
{
    const size_t phantoms = images / IMAGES_A_PHANTOM;
    char out[PATH_SIZE], results[PATH_SIZE], number[24], *places = malloc(phantoms * PATH_SIZE);
    char **words = calloc(phantoms + 16, sizeof *words);
    size_t used = 0, analysed, doubles = 0;
    bool good = places != NULL && words != NULL;

    snprintf(out, sizeof out, "%s/reports-%ld", b->folder, (long)getpid());
    snprintf(results, sizeof results, "%s/results-%ld.csv", b->folder, (long)getpid());
    snprintf(number, sizeof number, "%zu", threads);
    if (!good)
        goto done;
    words[used++] = b->program;
    words[used++] = "classify";
    for (size_t i = 0; i < phantoms; i++) {
        words[used] = places + i * PATH_SIZE;
        snprintf(words[used++], PATH_SIZE, "%s/images/%zu", b->folder, i + 1);
    }
    for (size_t i = 0; i < 7; i++)
        words[used++] = (char *[]){"-q", "-o", out, "--csv", results, "--threads", number}[i];
    good = run(words, r) == 0;
    analysed = good ? read_results(results, &doubles, digest) : 0;
    b->analysed = (double)analysed / (double)images;
    if (good && analysed + doubles != images) {
        fprintf(stderr, "bench_scaling: %zu of %zu images were analysed\n", analysed, images);
        good = false;
    }
    (void)nftw(out, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    (void)remove(results);
done:
    if (!good)
        fprintf(stderr, "bench_scaling: %s classify failed\n", b->program);
    free(words);
    free(places);
    return good;
}

typedef struct figures {
    double seconds[MOST_ROUNDS], cpu[MOST_ROUNDS], mebibytes[MOST_ROUNDS];
} figures;

static double median(double *values, size_t count)
{
    machine_sort(values, count);
    return 0.5 * (values[(count - 1) / 2] + values[count / 2]);
}

static void print(const bench *b, figures *all, figures *part, size_t few)
{
    double first = 0.0, alone = 0.0;

    machine_print();
    printf("threads  images/s  to %zu  CPU s/image  peak MiB of %zu images  of %zu\n",
           b->threads[0], few, b->images);
    for (size_t t = 0; t < b->count; t++) {
        const double analysed = b->analysed * (double)b->images;
        const double rate = analysed / median(all[t].seconds, b->rounds);
        const double memory = median(all[t].mebibytes, b->rounds);

        if (t == 0) {
            first = rate;
            alone = memory;
        }
        printf("%7zu %9.1f %5.2f %12.3f %23.1f %7.1f\n", b->threads[t], rate, rate / first,
               median(all[t].cpu, b->rounds) / analysed, median(part[t].mebibytes, b->rounds),
               memory);
    }
    if (b->count > 1)
        printf("memory of a further thread: %.1f MiB\n",
               (median(all[b->count - 1].mebibytes, b->rounds) - alone) /
                   (double)(b->threads[b->count - 1] - b->threads[0]));
}

static int measure(bench *b)
{
    const size_t phantoms = b->images / IMAGES_A_PHANTOM;
    const size_t few = (phantoms / PART > 0 ? phantoms / PART : 1) * IMAGES_A_PHANTOM;
    figures *all = calloc(2 * b->count, sizeof *all), *part = all + b->count;
    unsigned long long expected = 0;
    int status = 3;

    if (all == NULL)
        return status;
    for (size_t round = 0; round < b->rounds; round++)
        for (size_t t = 0; t < b->count; t++) {
            unsigned long long digest = 0, digest_few;
            result many, little;

            fprintf(stderr, "round %zu of %zu, %zu thread(s)\n", round + 1, b->rounds,
                    b->threads[t]);
            if (!classify(b, few, b->threads[t], &little, &digest_few) ||
                !classify(b, b->images, b->threads[t], &many, &digest))
                goto done;
            if (expected != 0 && digest != expected) {
                fprintf(stderr, "bench_scaling: the results depend on the number of threads\n");
                status = 1;
                goto done;
            }
            expected = digest;
            all[t].seconds[round] = many.seconds;
            all[t].cpu[round] = many.cpu;
            all[t].mebibytes[round] = many.mebibytes;
            part[t].mebibytes[round] = little.mebibytes;
        }
    print(b, all, part, few);
    status = 0;
done:
    free(all);
    return status;
}

static size_t whole(const char *text, size_t most, char **end)
{
    const unsigned long value = text[0] >= '1' && text[0] <= '9' ? strtoul(text, end, 10) : 0;

    return value <= most ? value : 0;
}

static bool parse_threads(bench *b, const char *text)
{
    char *end = NULL;

    for (b->count = 0; b->count < MOST_COUNTS; text = end + 1) {
        b->threads[b->count] = whole(text, 256, &end);
        if (b->threads[b->count++] == 0 || (*end != ',' && *end != '\0'))
            return false;
        if (*end == '\0')
            return true;
    }
    return false;
}

static void usual_threads(bench *b)
{
    const long processors = sysconf(_SC_NPROCESSORS_ONLN);

    for (long t = 1; t < processors && b->count < MOST_COUNTS - 1; t *= 2)
        b->threads[b->count++] = (size_t)t;
    b->threads[b->count++] = processors > 0 ? (size_t)processors : 1;
}

/* This program lies in BUILD/bin, beside the one that it measures. */
static bool find_program(bench *b)
{
    char self[PATH_SIZE - 64];
    const ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    const char *folder;

    if (length <= 0)
        return false;
    self[length] = '\0';
    folder = dirname(self);
    snprintf(b->program, sizeof b->program, "%s/dcm-medtl", folder);
    if (b->folder[0] == '\0')
        snprintf(b->folder, sizeof b->folder, "%.*s/../scaling", (int)sizeof b->folder - 16,
                 folder);
    return access(b->program, X_OK) == 0;
}

static bool take(bench *b, int letter, const char *text)
{
    char *end = NULL;

    switch (letter) {
    case 'i':
        b->images = whole(text, 100000, &end) / IMAGES_A_PHANTOM * IMAGES_A_PHANTOM;
        return b->images > 0 && *end == '\0';
    case 'r':
        b->rounds = whole(text, MOST_ROUNDS, &end);
        return b->rounds > 0 && *end == '\0';
    case 't':
        return parse_threads(b, text);
    case 'f':
        return (size_t)snprintf(b->folder, sizeof b->folder, "%s", text) < sizeof b->folder - 128 &&
               text[0] != '\0';
    default:
        return false;
    }
}

int main(int argc, char **argv)
{
    static const struct option names[] = {
        {"images", required_argument, NULL, 'i'}, {"threads", required_argument, NULL, 't'},
        {"rounds", required_argument, NULL, 'r'}, {"folder", required_argument, NULL, 'f'},
        {"help", no_argument, NULL, 'h'},         {NULL, 0, NULL, 0}};
    bench b = {.images = 500, .rounds = 3};
    int letter;

    while ((letter = getopt_long(argc, argv, "", names, NULL)) != -1) {
        if (letter == 'h') {
            fputs(help, stdout);
            return 0;
        }
        if (letter == '?' || !take(&b, letter, optarg)) {
            fputs("bench_scaling: an option is wrong (see --help)\n", stderr);
            return 2;
        }
    }
    if (b.count == 0)
        usual_threads(&b);
    if (!find_program(&b)) {
        fputs("bench_scaling: no dcm-medtl beside this program; build that target, too\n", stderr);
        return 3;
    }
    return make_images(&b) ? measure(&b) : 3;
}
