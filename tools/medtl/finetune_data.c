#include "finetune_data.h"

#include "progress.h"
#include "sample.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TRAIN_SIDE, VALIDATION_SIDE, TEST_SIDE };

static medtl_status read_sample(void *context, size_t index, float *out, medtl_error *err)
{
    finetune_data *data = context;

    /* Later readings, of images beyond the cache, may be of one image by two threads at once. */
    return sample_read_print(&data->table.rows[data->rows[index]], data->normaliser, out,
                             data->digested ? NULL : data->sha256[index],
                             data->prints != NULL ? &data->prints[index] : NULL, err);
}

typedef struct watcher {
    progress_line line;
    finetune_data *data;
    double max_unreadable; /* images */
} watcher;

static medtl_status on_image(void *context, size_t index, const medtl_error *failure)
{
    watcher *w = context;

    if (failure != NULL) {
        progress_end(&w->line);
        fprintf(stderr, "medtl finetune: not used: %s\n", failure->message);
        w->data->unreadable++;
    }
    if ((double)w->data->unreadable > w->max_unreadable)
        return MEDTL_E_IO;
    progress_show(&w->line, "reading images", index + 1, w->data->count, "", -1.0);
    return stop_wanted() ? MEDTL_E_CANCELLED : MEDTL_OK;
}

/* A patient or lesion on two sides stops the run, unless that was asked to go on. */
static medtl_status check_groups(const finetune_options *options, const labels *table,
                                 const int *sides, medtl_error *err)
{
    medtl_error why = {0};
    medtl_status status = MEDTL_OK;

    if (options->leaks != (int)LEAKS_IGNORE)
        status = labels_check_leak(table, sides, &why);
    if (status == MEDTL_E_ARGUMENT && options->leaks == (int)LEAKS_WARN) {
        fprintf(stderr, "medtl finetune: warning: %s\n", why.message);
        return MEDTL_OK;
    }
    if (status == MEDTL_OK)
        return MEDTL_OK;
    return medtl_fail(err, status, "%s%s", why.message,
                      status == MEDTL_E_ARGUMENT ? " (--leaks warn goes on)" : "");
}

/* Which side each row is on. A fold asked for twice is the caller's mistake. */
static medtl_status split(const finetune_options *options, const labels *table, int *sides,
                          medtl_error *err)
{
    bool *chosen = calloc(2 * table->count, sizeof *chosen);
    bool *test = chosen, *validation = chosen + table->count;
    medtl_status status;

    if (chosen == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for %zu rows", table->count);
    if ((status = labels_choose(table, options->test_folds, "test-folds", test, err)) != MEDTL_OK ||
        (status = labels_choose(table, options->validation_folds, "validation-folds", validation,
                                err)) != MEDTL_OK)
        goto done;
    for (size_t i = 0; i < table->count && status == MEDTL_OK; i++) {
        if (test[i] && validation[i])
            status = medtl_fail(err, MEDTL_E_ARGUMENT,
                                "a fold is in both --test-folds and --validation-folds");
        sides[i] = test[i] ? TEST_SIDE : validation[i] ? VALIDATION_SIDE : TRAIN_SIDE;
    }
    if (status == MEDTL_OK)
        status = check_groups(options, table, sides, err);
done:
    free(chosen);
    return status;
}

static medtl_status list_images(const finetune_options *options, finetune_data *data,
                                const int *sides, medtl_error *err)
{
    const size_t room = data->table.count + 1;

    data->rows = calloc(room, sizeof *data->rows);
    data->sha256 = calloc(room, sizeof *data->sha256);
    data->train = calloc(room, sizeof *data->train);
    data->validation = calloc(room, sizeof *data->validation);
    if (options->leaks != (int)LEAKS_IGNORE)
        data->prints = calloc(room, sizeof *data->prints);
    if ((data->prints == NULL && options->leaks != (int)LEAKS_IGNORE) || data->rows == NULL ||
        data->sha256 == NULL || data->train == NULL || data->validation == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for %zu rows", data->table.count);
    for (size_t i = 0; i < data->table.count; i++)
        if (sides[i] == TEST_SIDE)
            data->left_out++;
        else
            data->rows[data->count++] = i;
    return data->count > 0 ? MEDTL_OK
                           : medtl_fail(err, MEDTL_E_ARGUMENT, "no fold is left to train on");
}

/* Labels without images: counted before anything is read, the first ones named. */
static medtl_status check_files(const finetune_options *options, const finetune_data *data,
                                medtl_error *err)
{
    char names[100] = "";
    size_t missing = 0;

    for (size_t i = 0; i < data->count; i++) {
        const label_row *row = &data->table.rows[data->rows[i]];
        const size_t used = strlen(names);

        if (access(row->path, F_OK) != 0 && missing++ < 3)
            snprintf(names + used, sizeof names - used, "%s%.40s", missing > 1 ? ", " : "",
                     row->file);
    }
    if ((double)missing <= options->max_unreadable * (double)data->count)
        return MEDTL_OK; /* reading will name each of them */
    return medtl_fail(err, MEDTL_E_IO,
                      "%s: %zu of %zu labelled images are not there (%s%s); see --root, and "
                      "--max-unreadable",
                      options->labels.data, missing, data->count, names,
                      missing > 3 ? ", ..." : "");
}

static medtl_status read_images(const finetune_options *options, const target *t,
                                finetune_data *data, medtl_error *err)
{
    const medtl_normaliser *n = &t->normaliser;
    const medtl_sample_reader reader = {read_sample, data};
    uint32_t *of_class = calloc(data->count, sizeof *of_class);
    medtl_dataset_spec spec = {.count = data->count,
                               .classes = data->table.class_count,
                               .labels = of_class,
                               .channels = n->channels,
                               .height = n->height,
                               .width = n->width,
                               .cache_bytes = options->cache_megabytes << 20,
                               .threads = (size_t)options->threads};
    watcher w = {.data = data, .max_unreadable = options->max_unreadable * (double)data->count};
    medtl_status status;

    if (of_class == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for %zu images", data->count);
    data->normaliser = n;
    memcpy(spec.mean, n->mean, sizeof spec.mean);
    memcpy(spec.sd, n->sd, sizeof spec.sd);
    for (size_t i = 0; i < data->count; i++)
        of_class[i] = data->table.rows[data->rows[i]].label;
    progress_start(&w.line, options->quiet);
    status = medtl_dataset_create(&spec, &reader, on_image, &w, &data->dataset, err);
    progress_end(&w.line);
    data->digested = true;
    free(of_class);
    if ((double)data->unreadable > w.max_unreadable)
        status = medtl_fail(err, MEDTL_E_IO,
                            "stopped: more than a share of %g of the %zu images cannot be read "
                            "(--max-unreadable)",
                            options->max_unreadable, data->count);
    return status;
}

/* Look for the same picture on both sides, and keep the fingerprints for `medtl evaluate`: they are written with the model. */
static medtl_status check_pictures(const finetune_options *options, finetune_data *data,
                                   const int *sides, medtl_error *err)
{
    static const char *const names[] = {"training", "validation"};
    const char **files = calloc(data->count, sizeof *files);
    int *of_image = calloc(data->count, sizeof *of_image);
    const leak_images images = {data->prints, files, of_image, data->count, names};
    char *earlier = fingerprints_beside(options->init);
    medtl_status status;

    if (files == NULL || of_image == NULL) {
        status = medtl_fail(err, MEDTL_E_MEMORY, "out of memory for %zu images", data->count);
        goto done;
    }
    for (size_t i = 0; i < data->count; i++) {
        files[i] = data->table.rows[data->rows[i]].file;
        of_image[i] =
            !medtl_dataset_usable(data->dataset, i) ? -1 : sides[data->rows[i]] == VALIDATION_SIDE;
    }
    status = leaks_check("finetune", &images, (leak_policy)options->leaks, (size_t)options->threads,
                         NULL, err);
    if (status == MEDTL_OK)
        status = fingerprints_make(&images, earlier, &data->fingerprints, err);
done:
    free(files);
    free(of_image);
    free(earlier);
    return status;
}

static void sort_out(finetune_data *data, const int *sides)
{
    for (size_t i = 0; i < data->count; i++) {
        if (!medtl_dataset_usable(data->dataset, i))
            data->sha256[i][0] = '\0';
        else if (sides[data->rows[i]] == VALIDATION_SIDE)
            data->validation[data->validation_count++] = i;
        else
            data->train[data->train_count++] = i;
    }
}

static size_t count_class(const finetune_data *data, const size_t *indices, size_t count,
                          uint32_t k)
{
    size_t found = 0;

    for (size_t i = 0; i < count; i++)
        found += data->table.rows[data->rows[indices[i]]].label == k;
    return found;
}

static void print_split(const finetune_data *data)
{
    printf("%-20s %10s %10s\n", "class", "training", "validation");
    for (size_t k = 0; k < data->table.class_count; k++)
        printf("%-20s %10zu %10zu\n", data->table.classes[k],
               count_class(data, data->train, data->train_count, (uint32_t)k),
               count_class(data, data->validation, data->validation_count, (uint32_t)k));
    printf("%-20s %10zu %10zu\n", "all", data->train_count, data->validation_count);
    if (data->left_out > 0)
        printf("%zu images of the test folds were not opened\n", data->left_out);
    if (!data->table.has_groups)
        printf("the table has no group column: each image counts as a group of its own\n");
    fflush(stdout);
}

medtl_status finetune_data_read(const finetune_options *options, const target *t,
                                finetune_data *data, medtl_error *err)
{
    int *sides = NULL;
    medtl_status status;

    memset(data, 0, sizeof *data);
    status = labels_read(&options->labels, t->classes, t->class_count, &data->table, err);
    if (status != MEDTL_OK)
        return status;
    sides = calloc(data->table.count, sizeof *sides);
    if (sides == NULL) {
        status = medtl_fail(err, MEDTL_E_MEMORY, "out of memory for %zu rows", data->table.count);
        goto done;
    }
    if ((status = split(options, &data->table, sides, err)) != MEDTL_OK ||
        (status = list_images(options, data, sides, err)) != MEDTL_OK ||
        (status = check_files(options, data, err)) != MEDTL_OK ||
        (status = read_images(options, t, data, err)) != MEDTL_OK ||
        (data->prints != NULL && (status = check_pictures(options, data, sides, err)) != MEDTL_OK))
        goto done;
    free(data->prints); /* those beyond the cache are read again, but not looked at again */
    data->prints = NULL;
    sort_out(data, sides);
    print_split(data);
done:
    free(sides);
    if (status != MEDTL_OK)
        finetune_data_clear(data);
    return status;
}

void finetune_data_clear(finetune_data *data)
{
    medtl_dataset_destroy(data->dataset);
    free(data->rows);
    free(data->sha256);
    free(data->train);
    free(data->validation);
    free(data->prints);
    free(data->fingerprints.text);
    labels_clear(&data->table);
    memset(data, 0, sizeof *data);
}

medtl_status finetune_data_digest(const finetune_data *data, char out[MEDTL_SHA256_TEXT_SIZE],
                                  medtl_error *err)
{
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);

    if (stream == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory");
    for (size_t i = 0; i < data->count; i++)
        if (data->sha256[i][0] != '\0')
            fprintf(stream, "%s  %s\n", data->sha256[i], data->table.rows[data->rows[i]].file);
    if (fclose(stream) != 0) {
        free(text);
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory");
    }
    medtl_sha256_text(text, size, out);
    free(text);
    return MEDTL_OK;
}
