/* Labels from reports as a table, and what became of all images and reports in words. */
#include "csv_field.h"
#include "sr_labels.h"

#include "core/base/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { NAMED_AT_MOST = 10 };

/* Relative paths start from a table's folder; these start from where the program runs. */
static void put_path(FILE *stream, const char *folder, const char *path)
{
    char *whole = NULL;

    if (path[0] == '/' || asprintf(&whole, "%s/%s", folder, path) < 0)
        csv_put_field(stream, path);
    else
        csv_put_field(stream, whole);
    free(whole);
}

static medtl_status write_text(const char *path, FILE *stream, char **text, const size_t *size,
                               medtl_error *err)
{
    medtl_status status = MEDTL_OK;

    if (stream == NULL || fclose(stream) != 0)
        status = medtl_fail(err, MEDTL_E_MEMORY, "out of memory for a table");
    else
        status = medtl_file_replace(path, *text, *size, err);
    free(*text);
    return status;
}

static medtl_status write_table(const sr_labels *l, const sr_codes *codes, const char *folder,
                                const char *path, medtl_error *err)
{
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);

    if (stream != NULL)
        fputs("file,label,group,fold,by,report\n", stream);
    for (size_t i = 0; stream != NULL && i < l->image_count; i++) {
        const sr_image *image = &l->images[i];

        if (image->left_out != NULL)
            continue;
        put_path(stream, folder, image->path);
        fputc(',', stream);
        csv_put_field(stream, codes->classes[image->of_class]);
        fprintf(stream, ",%zu,%zu,%s,", image->group, image->fold,
                image->by_person ? "person" : "algorithm");
        put_path(stream, folder, l->reports[image->report].path);
        fputc('\n', stream);
    }
    return write_text(path, stream, &text, &size, err);
}

static medtl_status write_left_out(const sr_labels *l, const char *folder, const char *path,
                                   medtl_error *err)
{
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);

    if (stream != NULL)
        fputs("file,kind,reason\n", stream);
    for (size_t i = 0; stream != NULL && i < l->report_count + l->image_count; i++) {
        const bool report = i < l->report_count;
        const char *reason =
            report ? l->reports[i].left_out : l->images[i - l->report_count].left_out;

        if (reason == NULL)
            continue;
        put_path(stream, folder, report ? l->reports[i].path : l->images[i - l->report_count].path);
        fprintf(stream, ",%s,", report ? "report" : "image");
        csv_put_field(stream, reason);
        fputc('\n', stream);
    }
    return write_text(path, stream, &text, &size, err);
}

medtl_status sr_labels_write(const sr_labels *l, const sr_codes *codes, const char *path,
                             const char *left_out, medtl_error *err)
{
    char *folder = getcwd(NULL, 0);
    medtl_status status;

    if (folder == NULL)
        return medtl_fail(err, MEDTL_E_IO, "cannot tell the folder that this runs in");
    status = write_table(l, codes, folder, path, err);
    if (status == MEDTL_OK && left_out != NULL)
        status = write_left_out(l, folder, left_out, err);
    free(folder);
    return status;
}

/* ---- in words ------------------------------------------------------------------------------ */

static void print_classes(const sr_labels *l, const sr_codes *codes)
{
    printf("%-20s %10s %10s %10s\n", "class", "images", "person", "algorithm");
    for (size_t k = 0; k < codes->class_count; k++) {
        size_t of_class = 0, by_person = 0;

        for (size_t i = 0; i < l->image_count; i++)
            if (l->images[i].left_out == NULL && l->images[i].of_class == (int)k) {
                of_class++;
                by_person += l->images[i].by_person;
            }
        printf("%-20s %10zu %10zu %10zu\n", codes->classes[k], of_class, by_person,
               of_class - by_person);
    }
}

/* Each reason once, with how many and the first few. */
static void print_left_out(const sr_labels *l)
{
    for (size_t i = 0; i < l->image_count; i++) {
        const char *reason = l->images[i].left_out;
        size_t count = 0;

        for (size_t j = 0; reason != NULL && j < l->image_count; j++) {
            const bool same = l->images[j].left_out == reason;

            if (same && j < i)
                reason = NULL; /* said already */
            count += same;
        }
        if (reason == NULL)
            continue;
        printf("%zu images left out: %s\n", count, reason);
        for (size_t j = i, named = 0; j < l->image_count && named < NAMED_AT_MOST; j++)
            if (l->images[j].left_out == reason && ++named)
                printf("  %s\n", l->images[j].path);
    }
}

static void print_reports(const sr_labels *l)
{
    size_t used = 0, named = 0;

    for (size_t i = 0; i < l->report_count; i++)
        used += l->reports[i].left_out == NULL;
    printf("%zu of %zu reports say something of %zu images\n", used, l->report_count,
           l->image_count);
    for (size_t i = 0; i < l->report_count && named < NAMED_AT_MOST; i++)
        if (l->reports[i].left_out != NULL && ++named)
            printf("  %s: %s\n", l->reports[i].path, l->reports[i].left_out);
    if (l->report_count - used > named)
        printf("  and %zu more\n", l->report_count - used - named);
}

void sr_labels_print(const sr_labels *l, const sr_codes *codes, const sr_labels_options *options)
{
    size_t labelled = 0, overruled = 0, algorithms = 0;

    for (size_t i = 0; i < l->image_count; i++) {
        labelled += l->images[i].left_out == NULL;
        overruled += l->images[i].overruled;
        algorithms += l->images[i].left_out == NULL && !l->images[i].by_person;
    }
    print_reports(l);
    print_classes(l, codes);
    printf("%zu images in %zu groups (patients), dealt into %zu folds\n", labelled, l->group_count,
           (size_t)options->folds);
    if (overruled > 0)
        printf(
            "of %zu images an algorithm said another class than a person: the person's was taken\n",
            overruled);
    print_left_out(l);
    for (size_t i = 0; i < l->unmapped_count; i++)
        printf("%zu findings are no class: %s (%s, %s); --label-codes can say what they mean\n",
               l->unmapped[i].count, l->unmapped[i].code.meaning, l->unmapped[i].code.value,
               l->unmapped[i].code.scheme);
    fflush(stdout);
    if (algorithms > 0)
        fprintf(
            stderr,
            "medtl: warning: %zu labels are the word of an algorithm. A model that learns from its own "
            "answers, or another's, learns their mistakes.\n",
            algorithms);
}

medtl_status sr_labels_make(const sr_labels_options *options, const target *t,
                            const char *codes_file, const char *path, const char *left_out,
                            size_t *incomplete, medtl_error *err)
{
    sr_codes codes = {0};
    sr_labels l = {0};
    size_t labelled = 0;
    medtl_status status = sr_codes_read(t, codes_file, &codes, err);

    if (status == MEDTL_OK)
        status = sr_labels_read(options, &codes, &l, err);
    if (status == MEDTL_OK) {
        sr_labels_print(&l, &codes, options);
        for (size_t i = 0; i < l.image_count; i++)
            labelled += l.images[i].left_out == NULL;
        *incomplete = l.unreadable;
        status = labelled == 0 ? medtl_fail(err, MEDTL_E_FORMAT,
                                            "no image has a label: %zu images, %zu reports",
                                            l.image_count, l.report_count)
                               : sr_labels_write(&l, &codes, path, left_out, err);
    }
    sr_labels_clear(&l);
    sr_codes_clear(&codes);
    return status;
}
