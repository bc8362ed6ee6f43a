/* medtl explain: pictures in, pages with heat maps out. */
#include "cmd.h"
#include "evaluation_output.h"
#include "explain_page.h"
#include "options.h"
#include "page_names.h"
#include "progress.h"
#include "run_folder.h"
#include "sample.h"
#include "target.h"

#include "core/base/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OPTION_ROOM = 16 };

static const char USAGE[] =
    "usage: medtl explain FILE... -m MODEL -o FOLDER [options]\n"
    "\n"
    "Shows where in a picture a model found what speaks for a class: Grad-CAM (Selvaraju et al. 2017).\n"
    "For each file (DICOM, PNG, JPEG, PGM, PPM) a page is written: the picture as the model reads it,\n"
    "the heat map over it, a legend, the most probable classes. A heat map shows what moved the model,\n"
    "not where disease is; a model that is wrong has heat maps, too. Pages are named after their files;\n"
    "where two files have the same name, after their folders, too (a_1.png.mole.png of a/1.png).\n"
    "\n"
    "Example:\n"
    "  medtl explain lesion.jpg -m dermoscopy.safetensors -o heat/\n"
    "  medtl explain a.dcm b.dcm -m mammography.safetensors --class cancer -o heat/ --json heat.json\n";

typedef struct explain_options {
    option_words files; /* those that are stored inverted come last */
    size_t plain;       /* how many come before them */
    const char *model, *out, *class_name, *layer, *json;
    uint64_t threads;
    int format;
    bool quiet;
} explain_options;

typedef struct session {
    explain_options options;
    medtl_model *model;
    const medtl_model_info *info;
    medtl_predictor *predictor;
    medtl_explainer *explainer;
    target target;
    size_t name_parts;                  /* of a page's name (page_names.h) */
    size_t height, width;               /* of a map */
    float *input, *probabilities, *map; /* of one picture */
    json_t *records;
    size_t failed;
} session;

static size_t fill_table(explain_options *o, option_words *inverted, option *out)
{
    const option table[] = {
        {OPTION_HEADING, .help = "What"},
        {OPTION_TEXT, "model", 'm', "FILE", &o->model, 0, 0, SHAPES_NOTHING,
         "model file, of one of our own architectures"},
        {OPTION_TEXT, "class", 0, "CLASS|all", &o->class_name, 0, 0, SHAPES_NOTHING,
         "explain this class, or each on a page of its own; without: the most probable one"},
        {OPTION_TEXT, "layer", 0, "NAME", &o->layer, 0, 0, SHAPES_NOTHING,
         "look at this module (layer3, features.denseblock3, ...) instead of the last feature map"},
        {OPTION_TEXTS, "inverted", 0, "FILE", inverted, 0, 0, SHAPES_NOTHING,
         "a further grey picture, stored with its lowest value as white (what a table's column photometric says); as often as needed"},
        {OPTION_HEADING, .help = "Output"},
        {OPTION_TEXT, "output", 'o', "FOLDER", &o->out, 0, 0, SHAPES_NOTHING,
         "for the pages, FILE.CLASS.png; old ones are replaced"},
        {OPTION_CHOICE, "format", 0, "png|svg", &o->format, 0, 0, SHAPES_NOTHING, "of the pages"},
        {OPTION_TEXT, "json", 0, "FILE", &o->json, 0, 0, SHAPES_NOTHING,
         "the maps' values, in units of the class's logit"},
        {OPTION_WHOLE, "threads", 0, "N", &o->threads, 1, 1024, SHAPES_NOTHING, "for arithmetic"},
        {OPTION_FLAG, "quiet", 'q', "", &o->quiet, 0, 0, SHAPES_NOTHING,
         "no progress line, no line for each page"},
        {OPTION_WORDS, "files", 0, "FILE...", &o->files, 0, 0, SHAPES_NOTHING, "the pictures"},
    };

    memcpy(out, table, sizeof table);
    return sizeof table / sizeof table[0];
}

static medtl_status add_inverted(const option_words *inverted, explain_options *o, medtl_error *err)
{
    const size_t count = o->files.count + inverted->count;
    const char **files = realloc(o->files.items, (count + 1) * sizeof *files);

    o->plain = o->files.count;
    if (files == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for %zu files", count);
    for (size_t i = 0; i < inverted->count; i++)
        files[o->plain + i] = inverted->items[i];
    o->files = (option_words){files, count};
    return MEDTL_OK;
}

static medtl_status parse(int argc, char **argv, explain_options *o, bool *help, medtl_error *err)
{
    option table[OPTION_ROOM];
    option_words inverted = {0};
    medtl_status status;

    o->threads = available_threads();
    status = options_parse(USAGE, table, fill_table(o, &inverted, table), argc, argv, help, err);
    if (!*help && status == MEDTL_OK)
        status = add_inverted(&inverted, o, err);
    free(inverted.items);
    if (!*help && status == MEDTL_OK && (o->model == NULL || o->out == NULL || o->files.count == 0))
        status = medtl_fail(err, MEDTL_E_ARGUMENT,
                            "files, -m MODEL and -o FOLDER are needed (see --help)");
    return status;
}

static bool class_is_known(const session *s, const char *name)
{
    for (size_t k = 0; k < s->info->class_count; k++)
        if (strcmp(s->info->class_names[k], name) == 0)
            return true;
    return strcmp(name, "all") == 0;
}

static medtl_status open_model(session *s, medtl_error *err)
{
    const explain_options *o = &s->options;
    medtl_status status;

    if ((status = medtl_model_load(o->model, &s->model, err)) != MEDTL_OK)
        return status;
    s->info = medtl_model_get_info(s->model);
    if (s->info->normaliser[0] == '\0')
        return medtl_fail(err, MEDTL_E_FORMAT, "%s: the model names no normaliser", o->model);
    if (o->class_name != NULL && !class_is_known(s, o->class_name))
        return medtl_fail(err, MEDTL_E_ARGUMENT, "--class: the model has no class '%s'",
                          o->class_name);
    if ((status = target_resolve(NULL, s->info->normaliser, NULL, &s->target, err)) != MEDTL_OK)
        return status;
    if (s->target.normaliser.channels != s->info->channels ||
        s->target.normaliser.height != s->info->height ||
        s->target.normaliser.width != s->info->width)
        return medtl_fail(err, MEDTL_E_FORMAT,
                          "%s: the model's normaliser does not make its input size", o->model);
    if ((status = medtl_predictor_create(s->model, 1, (size_t)o->threads, &s->predictor, err)) !=
        MEDTL_OK)
        return status;
    return medtl_explainer_create(o->model, o->layer, (size_t)o->threads, &s->explainer, err);
}

static medtl_status allocate(session *s, medtl_error *err)
{
    medtl_explainer_map_size(s->explainer, &s->height, &s->width);
    s->input =
        calloc((size_t)s->info->channels * s->info->height * s->info->width, sizeof *s->input);
    s->probabilities = calloc(s->info->class_count, sizeof *s->probabilities);
    s->map = calloc(s->height * s->width, sizeof *s->map);
    s->records = json_array();
    s->name_parts = page_name_parts(s->options.files.items, s->options.files.count);
    if (s->input == NULL || s->probabilities == NULL || s->map == NULL || s->records == NULL ||
        s->name_parts == 0)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for a heat map");
    return medtl_file_make_folders(s->options.out, err);
}

/* FILE.CLASS.png; characters of a class that a file's name should not have become '_'. Owned; NULL without memory. */
static char *page_file(const session *s, const char *file, size_t class_index)
{
    static const char *const endings[] = {"png", "svg"};
    const char *class_name = s->info->class_names[class_index];
    char *name = page_name(file, s->name_parts);
    const size_t before = name != NULL ? strlen(name) : 0, room = before + strlen(class_name) + 6;
    char *page = name != NULL ? malloc(room) : NULL;

    if (page != NULL) {
        snprintf(page, room, "%s.%s.%s", name, class_name, endings[s->options.format]);
        for (char *c = page + before; *c != '\0'; c++)
            if (*c == '/' || (unsigned char)*c <= ' ')
                *c = '_';
    }
    free(name);
    return page;
}

static medtl_status explain_class(session *s, const char *file, size_t class_index,
                                  medtl_error *err)
{
    char *page = page_file(s, file, class_index), *path = NULL;
    const explanation e = {.file = file,
                           .page = page,
                           .info = s->info,
                           .normaliser = &s->target.normaliser,
                           .layer = s->options.layer != NULL ? s->options.layer : "",
                           .input = s->input,
                           .probabilities = s->probabilities,
                           .class_index = class_index,
                           .map = s->map,
                           .height = s->height,
                           .width = s->width};
    medtl_status status;

    if (page == NULL || (path = path_join(s->options.out, page)) == NULL) {
        free(page);
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory");
    }
    if ((status = medtl_explainer_run(s->explainer, s->input, class_index, s->map, err)) ==
            MEDTL_OK &&
        (status = explain_page_write(path, &e, err)) == MEDTL_OK) {
        if (s->options.json != NULL && json_array_append_new(s->records, explain_json(&e)) != 0)
            status = medtl_fail(err, MEDTL_E_MEMORY, "out of memory for JSON");
        if (!s->options.quiet)
            printf("%s  %s %.3f\n", path, s->info->class_names[class_index],
                   (double)s->probabilities[class_index]);
    }
    free(path);
    free(page);
    return status;
}

static bool is_wanted(const session *s, size_t class_index)
{
    size_t best = 0;

    if (s->options.class_name != NULL)
        return strcmp(s->options.class_name, "all") == 0 ||
               strcmp(s->options.class_name, s->info->class_names[class_index]) == 0;
    for (size_t k = 1; k < s->info->class_count; k++)
        if (s->probabilities[k] > s->probabilities[best])
            best = k;
    return class_index == best;
}

static medtl_status explain_file(session *s, size_t index, medtl_error *err)
{
    const char *file = s->options.files.items[index];
    const label_row row = {
        .path = (char *)file, .file = file, .inverted = index >= s->options.plain};
    medtl_error failure = {0};
    medtl_status status = MEDTL_OK;

    if (sample_read(&row, &s->target.normaliser, s->input, NULL, &failure) != MEDTL_OK) {
        fprintf(stderr, "medtl explain: not used: %s\n", failure.message);
        s->failed++;
        return MEDTL_OK;
    }
    medtl_predictor_run(s->predictor, s->input, 1, s->probabilities);
    for (size_t k = 0; k < s->info->class_count && status == MEDTL_OK; k++)
        if (is_wanted(s, k))
            status = explain_class(s, file, k, err);
    return status;
}

static medtl_status write_json(session *s, medtl_error *err)
{
    json_t *root;
    medtl_status status;

    if (s->options.json == NULL)
        return MEDTL_OK;
    root = json_pack("{s:s, s:{s:s, s:s, s:s}, s:s?, s:I, s:I, s:O}", "software",
                     "medtl " MEDTL_VERSION, "model", "name", s->info->name, "version",
                     s->info->version, "sha256", s->info->sha256, "layer", s->options.layer,
                     "map_height", (json_int_t)s->height, "map_width", (json_int_t)s->width,
                     "heat_maps", s->records);
    status = root != NULL ? json_write(s->options.json, root, err)
                          : medtl_fail(err, MEDTL_E_MEMORY, "out of memory for JSON");
    json_decref(root);
    return status;
}

static medtl_status run(session *s, medtl_error *err)
{
    const option_words *files = &s->options.files;
    progress_line line;
    medtl_status status;

    if ((status = open_model(s, err)) != MEDTL_OK || (status = allocate(s, err)) != MEDTL_OK)
        return status;
    progress_start(&line, s->options.quiet || files->count < 2);
    for (size_t i = 0; i < files->count && status == MEDTL_OK; i++) {
        progress_end(&line);
        status = stop_wanted() ? medtl_fail(err, MEDTL_E_CANCELLED, "stopped after %zu files", i)
                               : explain_file(s, i, err);
        progress_show(&line, "pictures", i + 1, files->count, "", -1.0);
    }
    progress_end(&line);
    return status == MEDTL_OK ? write_json(s, err) : status;
}

int cmd_explain(int argc, char **argv)
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
        exit_code = report_failure("explain", &err);
    else if (s.failed > 0)
        exit_code = EXIT_INCOMPLETE;
    json_decref(s.records);
    medtl_explainer_destroy(s.explainer);
    medtl_predictor_destroy(s.predictor);
    target_clear(&s.target);
    medtl_model_destroy(s.model);
    free(s.input);
    free(s.probabilities);
    free(s.map);
    free(s.options.files.items);
    return exit_code;
}
