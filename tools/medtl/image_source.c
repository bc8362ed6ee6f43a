#include "image_source.h"

#include "progress.h"
#include "sample.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static medtl_status list(const image_source_options *options, image_source *source,
                         medtl_error *err)
{
    if (!image_folder_is(options->labels.data))
        return labels_read(&options->labels, NULL, 0, &source->table, err);
    if (options->folds != NULL)
        return medtl_fail(err, MEDTL_E_ARGUMENT, "--%s asks for a table with folds, not %s",
                          options->folds_option, options->labels.data);
    if (!options->labels.unlabelled)
        return medtl_fail(err, MEDTL_E_ARGUMENT, "%s: a CSV table with labels is needed here",
                          options->labels.data);
    return image_folder_list(options, source, err);
}

static medtl_status choose_rows(const image_source_options *options, image_source *source,
                                medtl_error *err)
{
    const labels *table = &source->table;
    bool *chosen = calloc(table->count + 1, sizeof *chosen);
    medtl_status status = MEDTL_OK;

    source->rows = calloc(table->count + 1, sizeof *source->rows);
    if (chosen == NULL || source->rows == NULL)
        status = medtl_fail(err, MEDTL_E_MEMORY, "out of memory for %zu rows", table->count);
    else if (options->folds != NULL)
        status = labels_choose(table, options->folds, options->folds_option, chosen, err);
    for (size_t i = 0; status == MEDTL_OK && i < table->count; i++)
        if (options->folds == NULL || chosen[i])
            source->rows[source->count++] = i;
    free(chosen);
    return status;
}

static medtl_status read_sample(void *context, size_t index, float *out, medtl_error *err)
{
    image_source *source = context;

    /* Later readings, of images beyond the cache, may be of one image by two threads at once. */
    return sample_read_print(
        &source->table.rows[source->rows[index]], source->normaliser, out,
        source->digested ? NULL : source->sha256[index],
        source->digested || source->prints == NULL ? NULL : &source->prints[index], err);
}

typedef struct watcher {
    progress_line line;
    image_source *source;
    const image_source_options *options;
    double most; /* images that may be unreadable */
} watcher;

static medtl_status on_image(void *context, size_t index, const medtl_error *failure)
{
    watcher *w = context;
    char label[64];

    if (failure != NULL) {
        progress_end(&w->line);
        fprintf(stderr, "medtl %s: not used: %s\n", w->options->command, failure->message);
        w->source->unreadable++;
        w->source->sha256[index][0] = '\0';
    }
    if ((double)w->source->unreadable > w->most)
        return MEDTL_E_IO;
    snprintf(label, sizeof label, "reading %ss", w->options->what);
    progress_show(&w->line, label, index + 1, w->source->count, "", -1.0);
    return stop_wanted() ? MEDTL_E_CANCELLED : MEDTL_OK;
}

static medtl_status read_images(const image_source_options *options, const medtl_normaliser *n,
                                image_source *source, medtl_error *err)
{
    const medtl_sample_reader reader = {read_sample, source};
    medtl_dataset_spec spec = {.count = source->count,
                               .classes = source->class_count,
                               .labels = source->classes_of,
                               .channels = n->channels,
                               .height = n->height,
                               .width = n->width,
                               .cache_bytes = options->cache_megabytes << 20,
                               .threads = options->threads};
    watcher w = {.source = source,
                 .options = options,
                 .most = options->max_unreadable * (double)source->count};
    medtl_status status;

    source->normaliser = n;
    memcpy(spec.mean, n->mean, sizeof spec.mean);
    memcpy(spec.sd, n->sd, sizeof spec.sd);
    source->sha256 = calloc(source->count + 1, sizeof *source->sha256);
    source->usable = calloc(source->count + 1, sizeof *source->usable);
    if (options->prints)
        source->prints = calloc(source->count + 1, sizeof *source->prints);
    if (source->sha256 == NULL || source->usable == NULL ||
        (options->prints && source->prints == NULL))
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for %zu images", source->count);
    progress_start(&w.line, options->quiet);
    status = medtl_dataset_create(&spec, &reader, on_image, &w, &source->dataset, err);
    progress_end(&w.line);
    source->digested = true;
    if ((double)source->unreadable > w.most)
        return medtl_fail(err, MEDTL_E_IO,
                          "stopped: more than a share of %g of the %zu %ss cannot be read "
                          "(--max-unreadable)",
                          options->max_unreadable, source->count, options->what);
    for (size_t i = 0; status == MEDTL_OK && i < source->count; i++)
        if (medtl_dataset_usable(source->dataset, i))
            source->usable[source->usable_count++] = i;
    return status;
}

medtl_status image_source_read(const image_source_options *options,
                               const medtl_normaliser *normaliser, image_source *source,
                               medtl_error *err)
{
    medtl_status status;

    memset(source, 0, sizeof *source);
    if ((status = list(options, source, err)) != MEDTL_OK ||
        (status = choose_rows(options, source, err)) != MEDTL_OK)
        goto done;
    if (source->count == 0) {
        status = medtl_fail(err, MEDTL_E_ARGUMENT,
                            "%s: no %s in it (%zu files are none: not PNG, JPEG, PGM, PPM or DICOM "
                            "with pixels)",
                            options->labels.data, options->what, source->no_images);
        goto done;
    }
    if ((status = image_source_classify(options, source, err)) != MEDTL_OK)
        goto done;
    status = read_images(options, normaliser, source, err);
done:
    if (status != MEDTL_OK)
        image_source_clear(source);
    return status;
}

void image_source_clear(image_source *source)
{
    medtl_dataset_destroy(source->dataset);
    for (size_t i = 0; source->values != NULL && i < source->table.count; i++)
        free(source->values[i]);
    for (size_t k = 0; source->classes != NULL && k < source->class_count; k++)
        free(source->classes[k]);
    free(source->values);
    free(source->classes);
    free(source->rows);
    free(source->classes_of);
    free(source->sha256);
    free(source->prints);
    free(source->usable);
    labels_clear(&source->table);
    memset(source, 0, sizeof *source);
}

medtl_status image_source_digest(const image_source *source, char out[MEDTL_SHA256_TEXT_SIZE],
                                 medtl_error *err)
{
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);

    if (stream == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory");
    for (size_t i = 0; i < source->count; i++)
        if (source->sha256[i][0] != '\0')
            fprintf(stream, "%s  %s  %u\n", source->sha256[i],
                    source->table.rows[source->rows[i]].file, (unsigned)source->classes_of[i]);
    if (fclose(stream) != 0) {
        free(text);
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory");
    }
    medtl_sha256_text(text, size, out);
    free(text);
    return MEDTL_OK;
}
