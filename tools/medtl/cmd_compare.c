/* medtl compare: two models, or two files of predictions, on the same images. */
#include "cmd.h"
#include "compare_output.h"
#include "evaluation_output.h"
#include "labels_options.h"
#include "options.h"
#include "progress.h"
#include "scored_model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OPTION_ROOM = 24, SIDES = 2 };

static const char USAGE[] =
    "usage: medtl compare A B [--data labels.csv] [options]\n"
    "\n"
    "Tests whether two models differ on the same images. A and B are model files, which are run over\n"
    "the images of --data, or files of predictions (*.csv, as `medtl evaluate --predictions` writes\n"
    "them). Differences are B less A: of macro AUC, balanced accuracy and accuracy with a paired\n"
    "bootstrap of groups, of AUCs after DeLong, of right answers after McNemar.\n"
    "\n"
    "Several tests, and several classes, are several chances to find a small p: decide which one\n"
    "counts before looking.\n"
    "\n"
    "Examples:\n"
    "  medtl compare scratch.safetensors transfer.safetensors --data skin/labels.csv --folds 0 \\\n"
    "      --columns label=dx,group=lesion_id,fold=fold5 --json difference.json\n"
    "  medtl compare scratch.csv transfer.csv\n";

typedef struct compare_options {
    labels_options labels;
    const char *paths[SIDES], *folds, *json, *positive;
    uint64_t threads, resamples, seed;
    double threshold, max_unreadable;
    int leaks;
    bool common, quiet;
} compare_options;

typedef struct session {
    compare_options options;
    scored sides[SIDES], matched[SIDES]; /* matched: the same images in one order */
    size_t unreadable, alone;            /* alone: images of one side only */
    medtl_evaluation_options how;
    compared_models compared;
} session;

static size_t fill_table(compare_options *o, option *out)
{
    const option table[] = {
        {OPTION_HEADING, .help = "What"},
        {OPTION_WORD, "A", 0, "A", &o->paths[0], 0, 0, SHAPES_NOTHING,
         "model file or predictions (*.csv)"},
        {OPTION_WORD, "B", 0, "B", &o->paths[1], 0, 0, SHAPES_NOTHING, "the other"},
        {OPTION_TEXT, "data", 0, "FILE", &o->labels.data, 0, 0, SHAPES_NOTHING,
         "CSV table of the images, for models"},
        {OPTION_TEXT, "folds", 0, "FOLDS", &o->folds, 0, 0, SHAPES_NOTHING,
         "only these folds of the table; without: all rows"},
        labels_root_option(&o->labels),
        labels_columns_option(&o->labels, SHAPES_NOTHING),
        labels_map_option(&o->labels, SHAPES_NOTHING),
        {OPTION_TEXT, "positive", 0, "CLASS", &o->positive, 0, 0, SHAPES_NOTHING,
         "class that is predicted where its probability reaches --threshold"},
        {OPTION_REAL, "threshold", 0, "P", &o->threshold, 0, 1, SHAPES_NOTHING,
         "for --positive; without it the most probable class is predicted"},
        {OPTION_HEADING, .help = "How"},
        {OPTION_FLAG, "common", 0, "", &o->common, 0, 0, SHAPES_NOTHING,
         "leave out images that only one side has, rather than refuse"},
        {OPTION_WHOLE, "resamples", 0, "N", &o->resamples, 0, 1e6, SHAPES_NOTHING,
         "for the bootstrap"},
        {OPTION_WHOLE, "seed", 0, "N", &o->seed, 0, 9e15, SHAPES_NOTHING, "of the resampling"},
        {OPTION_WHOLE, "threads", 0, "N", &o->threads, 1, 1024, SHAPES_NOTHING, "images at a time"},
        {OPTION_REAL, "max-unreadable", 0, "SHARE", &o->max_unreadable, 0, 1, SHAPES_NOTHING,
         "stop if more of the images than this cannot be read"},
        {OPTION_CHOICE, "leaks", 0, LEAK_POLICY_WORDS, &o->leaks, 0, 0, SHAPES_NOTHING,
         "where a model was made from what it is measured on: stop, go on with a warning, or not look (see evaluate)"},
        {OPTION_HEADING, .help = "Output"},
        {OPTION_TEXT, "json", 0, "FILE", &o->json, 0, 0, SHAPES_NOTHING,
         "the numbers for programs"},
        {OPTION_FLAG, "quiet", 'q', "", &o->quiet, 0, 0, SHAPES_NOTHING, "no progress line"},
    };

    memcpy(out, table, sizeof table);
    return sizeof table / sizeof table[0];
}

static void set_defaults(compare_options *o)
{
    memset(o, 0, sizeof *o);
    o->threads = available_threads();
    o->resamples = 2000;
    o->seed = 1;
    o->threshold = 0.5;
    o->max_unreadable = 0.01;
}

static bool is_file_of_predictions(const char *path)
{
    const size_t length = strlen(path);

    return length > 4 && strcmp(path + length - 4, ".csv") == 0;
}

static medtl_status parse(int argc, char **argv, compare_options *o, bool *help, medtl_error *err)
{
    option table[OPTION_ROOM];
    medtl_status status;

    set_defaults(o);
    status = options_parse(USAGE, table, fill_table(o, table), argc, argv, help, err);
    if (*help || status != MEDTL_OK)
        return status;
    if (o->paths[1] == NULL)
        return medtl_fail(err, MEDTL_E_ARGUMENT,
                          "two models, or two files of predictions, are "
                          "needed (see --help)");
    for (size_t i = 0; i < SIDES; i++)
        if (!is_file_of_predictions(o->paths[i]) && o->labels.data == NULL)
            return medtl_fail(err, MEDTL_E_ARGUMENT,
                              "%s is taken for a model, so --data is needed (predictions end in "
                              ".csv)",
                              o->paths[i]);
    return MEDTL_OK;
}

static medtl_status load(session *s, size_t side, medtl_error *err)
{
    const compare_options *o = &s->options;
    const scored_model_options how = {.command = "compare",
                                      .labels = &o->labels,
                                      .folds = o->folds,
                                      .threads = (size_t)o->threads,
                                      .max_unreadable = o->max_unreadable,
                                      .leaks = (leak_policy)o->leaks,
                                      .quiet = o->quiet};
    medtl_error why = {0};
    size_t unreadable = 0;
    medtl_status status;

    if (is_file_of_predictions(o->paths[side]))
        return scored_read(o->paths[side], &s->sides[side], err);
    status = scored_from_model(o->paths[side], &how, &s->sides[side], &unreadable, &why);
    s->unreadable = unreadable > s->unreadable ? unreadable : s->unreadable;
    if (status != MEDTL_OK)
        return medtl_fail(err, status, "%s: %s", side == 0 ? "A" : "B", why.message);
    return MEDTL_OK;
}

/* Matching --------------------------------------------------------------------------------------------- */

typedef struct named {
    const char *file;
    size_t index;
} named;

static int by_file(const void *a, const void *b)
{
    return strcmp(((const named *)a)->file, ((const named *)b)->file);
}

/* No image is there twice: nothing that reads them lets that pass. */
static medtl_status sort_files(const scored *s, named **out, medtl_error *err)
{
    named *list = calloc(s->count + 1, sizeof *list);

    *out = list;
    if (list == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for %zu images", s->count);
    for (size_t i = 0; i < s->count; i++)
        list[i] = (named){s->files[i], i};
    qsort(list, s->count, sizeof *list, by_file);
    return MEDTL_OK;
}

static medtl_status check_classes(const session *s, medtl_error *err)
{
    const scored *a = &s->sides[0], *b = &s->sides[1];

    if (a->classes != b->classes)
        return medtl_fail(err, MEDTL_E_ARGUMENT, "A has %zu classes and B has %zu", a->classes,
                          b->classes);
    for (size_t k = 0; k < a->classes; k++)
        if (strcmp(a->names[k], b->names[k]) != 0)
            return medtl_fail(err, MEDTL_E_ARGUMENT, "class %zu is %s in A and %s in B", k + 1,
                              a->names[k], b->names[k]);
    return MEDTL_OK;
}

/* A's images in A's order, and the same of B with A's groups. */
static medtl_status take_matched(session *s, const size_t *in_a, const size_t *in_b, size_t count,
                                 medtl_error *err)
{
    scored *a = &s->matched[0], *b = &s->matched[1];
    medtl_status status;

    if ((status = scored_subset(&s->sides[0], in_a, count, a, err)) != MEDTL_OK ||
        (status = scored_subset(&s->sides[1], in_b, count, b, err)) != MEDTL_OK)
        return status;
    for (size_t i = 0; i < count; i++)
        if (a->labels[i] != b->labels[i])
            return medtl_fail(err, MEDTL_E_ARGUMENT, "%s has another label in B than in A",
                              a->files[i]);
    memcpy(b->groups, a->groups, count * sizeof *b->groups);
    b->group_count = a->group_count;
    return MEDTL_OK;
}

static medtl_status match(session *s, medtl_error *err)
{
    const scored *a = &s->sides[0], *b = &s->sides[1];
    size_t *indices = calloc(2 * (a->count + 1), sizeof *indices);
    size_t *in_a = indices, *in_b, count = 0;
    named *own = NULL, *other = NULL;
    medtl_status status;

    if (indices == NULL) {
        status = medtl_fail(err, MEDTL_E_MEMORY, "out of memory for %zu images", a->count);
        goto done;
    }
    in_b = indices + a->count + 1;
    if ((status = check_classes(s, err)) != MEDTL_OK ||
        (status = sort_files(a, &own, err)) != MEDTL_OK ||
        (status = sort_files(b, &other, err)) != MEDTL_OK)
        goto done;
    for (size_t i = 0; i < a->count; i++) {
        const named wanted = {a->files[i], i};
        const named *found = bsearch(&wanted, other, b->count, sizeof *other, by_file);

        if (found != NULL) {
            in_a[count] = i;
            in_b[count++] = found->index;
        }
    }
    s->alone = a->count + b->count - 2 * count;
    if (count == 0)
        status = medtl_fail(err, MEDTL_E_ARGUMENT, "A and B have no image in common");
    else if (s->alone > 0 && !s->options.common)
        status = medtl_fail(err, MEDTL_E_ARGUMENT,
                            "%zu images are only in A and %zu only in B (--common leaves them out)",
                            a->count - count, b->count - count);
    else
        status = take_matched(s, in_a, in_b, count, err);
done:
    free(indices);
    free(own);
    free(other);
    return status;
}

static medtl_status choose_rule(session *s, medtl_error *err)
{
    const compare_options *o = &s->options;
    const scored *a = &s->matched[0];

    s->how = (medtl_evaluation_options){.resamples = (size_t)o->resamples,
                                        .seed = o->seed,
                                        .positive_class = -1,
                                        .threshold = o->threshold};
    for (size_t k = 0; k < a->classes && o->positive != NULL; k++)
        if (strcmp(a->names[k], o->positive) == 0)
            s->how.positive_class = (int)k;
    if (o->positive != NULL && s->how.positive_class < 0)
        return medtl_fail(err, MEDTL_E_ARGUMENT, "--positive: there is no class '%s'", o->positive);
    return MEDTL_OK;
}

static const char *file_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash != NULL ? slash + 1 : path;
}

static medtl_status write_json(const session *s, medtl_error *err)
{
    const compare_options *o = &s->options;
    json_t *root;
    medtl_status status;

    if (o->json == NULL)
        return MEDTL_OK;
    root = json_pack("{s:s, s:s, s:s, s:I, s:{s:I, s:I}, s:o}", "software", "medtl " MEDTL_VERSION,
                     "a", file_name(o->paths[0]), "b", file_name(o->paths[1]), "left_out",
                     (json_int_t)s->alone, "intervals", "resamples", (json_int_t)o->resamples,
                     "seed", (json_int_t)o->seed, "comparison", compared_models_json(&s->compared));
    status = root != NULL ? json_write(o->json, root, err)
                          : medtl_fail(err, MEDTL_E_MEMORY, "out of memory for JSON");
    json_decref(root);
    return status;
}

static medtl_status run(session *s, medtl_error *err)
{
    medtl_status status;

    if ((status = load(s, 0, err)) != MEDTL_OK || (status = load(s, 1, err)) != MEDTL_OK ||
        (status = match(s, err)) != MEDTL_OK || (status = choose_rule(s, err)) != MEDTL_OK ||
        (status = compared_models_test(&s->matched[0], &s->matched[1], &s->how, &s->compared,
                                       err)) != MEDTL_OK ||
        (status = write_json(s, err)) != MEDTL_OK)
        return status;
    printf("A  %s\nB  %s\n", s->options.paths[0], s->options.paths[1]);
    if (s->alone > 0)
        printf("note  %zu images that only one of them has were left out\n", s->alone);
    if (!s->sides[0].has_groups)
        printf("note  A has no group column: each image counts as a group of its own\n");
    compared_models_print(stdout, &s->compared);
    return MEDTL_OK;
}

int cmd_compare(int argc, char **argv)
{
    session s = {0};
    medtl_error err = {0};
    bool help = false;
    int exit_code = EXIT_DONE;
    medtl_status status = parse(argc, argv, &s.options, &help, &err);

    if (status == MEDTL_OK && !help) {
        watch_for_stop();
        status = run(&s, &err);
    }
    if (status != MEDTL_OK)
        exit_code = report_failure("compare", &err);
    else if (s.unreadable > 0)
        exit_code = EXIT_INCOMPLETE;
    compared_models_clear(&s.compared);
    for (size_t i = 0; i < SIDES; i++) {
        scored_clear(&s.sides[i]);
        scored_clear(&s.matched[i]);
    }
    return exit_code;
}
