#include "leaks.h"

#include "core/base/file.h"
#include "core/train/csv.h"
#include "csv_field.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SHOWN = 10 };

static void name_pair(const char *command, const leak_images *images, const medtl_lookalike *pair)
{
    const size_t a = pair->first, b = pair->second;
    char how[64] = "have the same pixels";

    if (!pair->equal)
        snprintf(how, sizeof how, "look alike (correlation %.3f%s)", pair->correlation,
                 pair->correlation < 0.0 ? ", one inverted" : "");
    fprintf(stderr, "medtl %s: %s (%s) and %s (%s) %s\n", command, images->files[a],
            images->side_names[images->sides[a]], images->files[b],
            images->side_names[images->sides[b]], how);
}

medtl_status leaks_check(const char *command, const leak_images *images, leak_policy policy,
                         size_t threads, size_t *pairs, medtl_error *err)
{
    medtl_lookalike shown[SHOWN];
    size_t equal = 0, near = 0;
    medtl_status status;

    if (pairs != NULL)
        *pairs = 0;
    if (policy == LEAKS_IGNORE)
        return MEDTL_OK;
    status = medtl_find_lookalikes(images->prints, images->sides, images->count, threads, shown,
                                   SHOWN, &equal, &near, err);
    if (status != MEDTL_OK || equal + near == 0)
        return status;
    if (pairs != NULL)
        *pairs = equal + near;
    for (size_t i = 0; i < equal + near && i < SHOWN; i++)
        name_pair(command, images, &shown[i]);
    if (equal + near > SHOWN)
        fprintf(stderr, "medtl %s: and %zu more such pairs\n", command, equal + near - SHOWN);
    if (policy == LEAKS_WARN) {
        fprintf(stderr,
                "medtl %s: warning: %zu pairs of images with the same pixels and %zu that look "
                "alike lie on two sides of the split: results will be too good\n",
                command, equal, near);
        return MEDTL_OK;
    }
    return medtl_fail(err, MEDTL_E_ARGUMENT,
                      "%zu pairs of images with the same pixels and %zu that look alike lie on two "
                      "sides of the split: results would be too good (--leaks warn goes on)",
                      equal, near);
}

static void put_print(FILE *stream, const char *side, const char *file,
                      const medtl_fingerprint *print)
{
    const char *slash = strrchr(file, '/');

    csv_put_field(stream, side);
    fputc(',', stream);
    csv_put_field(stream, slash != NULL ? slash + 1 : file);
    fprintf(stream, ",%s,", print->digest);
    for (size_t k = 0; k < MEDTL_FINGERPRINT_CELLS; k++)
        fprintf(stream, "%02x", print->cells[k]);
    fputc('\n', stream);
}

static int digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* @return false where the fields are not what was written. */
static bool read_print(const char *digest, const char *cells, medtl_fingerprint *out)
{
    if (strlen(digest) != MEDTL_FINGERPRINT_DIGEST || strlen(cells) != 2 * MEDTL_FINGERPRINT_CELLS)
        return false;
    memcpy(out->digest, digest, MEDTL_FINGERPRINT_DIGEST + 1);
    for (size_t k = 0; k < MEDTL_FINGERPRINT_CELLS; k++) {
        const int high = digit_of(cells[2 * k]), low = digit_of(cells[2 * k + 1]);

        if (high < 0 || low < 0)
            return false;
        out->cells[k] = (unsigned char)(16 * high + low);
    }
    return true;
}

static medtl_status read_rows(const char *path, const medtl_table *table, fingerprint_list *out,
                              medtl_error *err)
{
    const size_t file = medtl_table_column(table, "file");
    const size_t digest = medtl_table_column(table, "pixels_sha256");
    const size_t cells = medtl_table_column(table, "cells");
    const size_t count = medtl_table_rows(table);

    if (file == MEDTL_NO_COLUMN || digest == MEDTL_NO_COLUMN || cells == MEDTL_NO_COLUMN)
        return medtl_fail(err, MEDTL_E_FORMAT, "%s: not a table of fingerprints", path);
    out->prints = calloc(count + 1, sizeof *out->prints);
    out->files = calloc(count + 1, sizeof *out->files);
    if (out->prints == NULL || out->files == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "%s: out of memory", path);
    for (size_t i = 0; i < count; i++) {
        if (!read_print(medtl_table_cell(table, i, digest), medtl_table_cell(table, i, cells),
                        &out->prints[i]))
            return medtl_fail(err, MEDTL_E_FORMAT, "%s:%zu: not a fingerprint", path,
                              medtl_table_line(table, i));
        out->files[i] = strdup(medtl_table_cell(table, i, file));
        out->count = i + 1;
        if (out->files[i] == NULL)
            return medtl_fail(err, MEDTL_E_MEMORY, "%s: out of memory", path);
    }
    return MEDTL_OK;
}

medtl_status fingerprints_read(const char *path, fingerprint_list *out, medtl_error *err)
{
    medtl_table *table = NULL;
    medtl_status status;

    memset(out, 0, sizeof *out);
    if ((status = medtl_table_read(path, &table, err)) == MEDTL_OK)
        status = read_rows(path, table, out, err);
    medtl_table_destroy(table);
    if (status != MEDTL_OK)
        fingerprints_clear(out);
    return status;
}

medtl_status fingerprints_make(const leak_images *images, const char *earlier,
                               fingerprint_text *out, medtl_error *err)
{
    fingerprint_list list = {0};
    FILE *stream;
    medtl_status status = MEDTL_OK;

    *out = (fingerprint_text){0};
    if (earlier != NULL && access(earlier, F_OK) == 0)
        status = fingerprints_read(earlier, &list, err);
    if (status != MEDTL_OK)
        return status;
    stream = open_memstream(&out->text, &out->size);
    if (stream == NULL) {
        status = medtl_fail(err, MEDTL_E_MEMORY, "out of memory for fingerprints");
        goto done;
    }
    fputs("side,file,pixels_sha256,cells\n", stream);
    for (size_t i = 0; i < images->count; i++)
        if (images->sides[i] >= 0 && images->prints[i].digest[0] != '\0')
            put_print(stream, images->side_names[images->sides[i]], images->files[i],
                      &images->prints[i]);
    for (size_t i = 0; i < list.count; i++)
        put_print(stream, "earlier", list.files[i], &list.prints[i]);
    if (fclose(stream) != 0) {
        free(out->text);
        *out = (fingerprint_text){0};
        status = medtl_fail(err, MEDTL_E_MEMORY, "out of memory for fingerprints");
    }
done:
    fingerprints_clear(&list);
    return status;
}

/* Is the file there as it shall be? One that cannot be read is not. */
static bool lies_there(const char *path, const fingerprint_text *text)
{
    unsigned char *bytes = NULL;
    size_t size = 0;
    bool same;

    if (text->text == NULL)
        return access(path, F_OK) != 0;
    same = medtl_file_read(path, text->size, &bytes, &size, NULL) == MEDTL_OK &&
           size == text->size && memcmp(bytes, text->text, size) == 0;
    free(bytes);
    return same;
}

static medtl_status remove_file(const char *path, medtl_error *err)
{
    return unlink(path) == 0 || errno == ENOENT
               ? MEDTL_OK
               : medtl_fail(err, MEDTL_E_IO, "%s: cannot remove: %s", path, strerror(errno));
}

medtl_status fingerprints_replace(const char *model, const fingerprint_text *text, medtl_error *err)
{
    char *path = fingerprints_beside(model);
    medtl_status status = MEDTL_OK;

    if (path == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory");
    if (!lies_there(path, text) && (status = remove_file(model, err)) == MEDTL_OK)
        status = text->text != NULL ? medtl_file_replace(path, text->text, text->size, err)
                                    : remove_file(path, err);
    free(path);
    return status;
}

char *fingerprints_beside(const char *model)
{
    const char *slash = model != NULL ? strrchr(model, '/') : NULL;
    char *path = NULL;

    if (model == NULL || asprintf(&path, "%.*s" FINGERPRINTS_FILE,
                                  slash != NULL ? (int)(slash - model + 1) : 0, model) < 0)
        return NULL;
    return path;
}

void fingerprints_clear(fingerprint_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->files[i]);
    free(list->files);
    free(list->prints);
    memset(list, 0, sizeof *list);
}
