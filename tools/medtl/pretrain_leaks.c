/* Whether pretraining sees what will be tested on. A network that has seen a patient's images, even without labels, is not
 * tested on a new patient. */
#include "leaks.h"
#include "pretrain_session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LEARNED_SIDE, HELD_OUT_SIDE, SHOWN = 3 };
static const char *const side_names[] = {"pretraining", "held out"};

static medtl_status tell(const pretrain_session *s, const char *what, medtl_error *err)
{
    if (s->options.leaks == (int)LEAKS_WARN) {
        fprintf(stderr, "medtl pretrain: warning: %s: results will be too good\n", what);
        return MEDTL_OK;
    }
    return medtl_fail(err, MEDTL_E_ARGUMENT, "%s: results would be too good (--leaks warn goes on)",
                      what);
}

/* Groups of the table with images both inside and outside of --folds: what is outside is there to test on. */
static medtl_status check_folds(const pretrain_session *s, medtl_error *err)
{
    const labels *table = &s->images.table;
    bool *learned = calloc(table->count + 1, sizeof *learned);
    bool *groups = calloc(table->group_count + 1, sizeof *groups);
    size_t count = 0;
    char what[160];
    medtl_status status = MEDTL_OK;

    if (learned == NULL || groups == NULL) {
        status = medtl_fail(err, MEDTL_E_MEMORY, "out of memory for %zu rows", table->count);
        goto done;
    }
    for (size_t i = 0; i < s->images.count; i++) {
        learned[s->images.rows[i]] = true;
        groups[table->rows[s->images.rows[i]].group] = true;
    }
    for (size_t i = 0; i < table->count; i++)
        if (!learned[i] && groups[table->rows[i].group]) {
            groups[table->rows[i].group] = false; /* counted */
            count++;
        }
    snprintf(what, sizeof what, "%zu groups of the table have images inside and outside of --folds",
             count);
    if (count > 0)
        status = tell(s, what, err);
done:
    free(learned);
    free(groups);
    return status;
}

static const char *group_name(const image_source *source, size_t image)
{
    return medtl_table_cell(source->table.table, source->rows[image], source->table.group_column);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Images that are learned from and carry the name of a held-out image's group. */
static medtl_status check_groups(const pretrain_session *s, const image_source *held,
                                 medtl_error *err)
{
    const char **names = calloc(held->count + 1, sizeof *names);
    char files[150] = "", what[320];
    size_t count = 0;

    if (names == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for %zu groups", held->count);
    for (size_t i = 0; i < held->count; i++)
        names[i] = group_name(held, i);
    qsort(names, held->count, sizeof *names, by_text);
    for (size_t i = 0; i < s->images.count; i++) {
        const char *name = group_name(&s->images, i);
        const size_t used = strlen(files);

        if (name[0] == '\0' || bsearch(&name, names, held->count, sizeof *names, by_text) == NULL)
            continue;
        if (count++ < SHOWN)
            snprintf(files + used, sizeof files - used, "%s%.40s", count > 1 ? ", " : "",
                     s->images.table.rows[s->images.rows[i]].file);
    }
    free(names);
    snprintf(what, sizeof what, "%zu images to learn from are of groups that are held out (%s%s)",
             count, files, count > SHOWN ? ", ..." : "");
    return count > 0 ? tell(s, what, err) : MEDTL_OK;
}

/* Both sources' pictures in one list. @param held  NULL: none. */
static medtl_status gather(const image_source *learned, const image_source *held,
                           medtl_fingerprint **prints, const char ***files, int **sides,
                           medtl_error *err)
{
    const image_source *const sources[] = {learned, held};
    const size_t count = learned->count + (held != NULL ? held->count : 0);
    size_t next = 0;

    *prints = calloc(count + 1, sizeof **prints);
    *files = calloc(count + 1, sizeof **files);
    *sides = calloc(count + 1, sizeof **sides);
    if (*prints == NULL || *files == NULL || *sides == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for %zu fingerprints", count);
    for (size_t k = 0; k < 2; k++)
        for (size_t i = 0; sources[k] != NULL && i < sources[k]->count; i++, next++) {
            (*prints)[next] = sources[k]->prints[i];
            (*files)[next] = sources[k]->table.rows[sources[k]->rows[i]].file;
            (*sides)[next] = k == 0 ? LEARNED_SIDE : HELD_OUT_SIDE;
        }
    return MEDTL_OK;
}

/* And keep the fingerprints, which are written with the backbone. */
static medtl_status check_pictures(pretrain_session *s, const image_source *held, medtl_error *err)
{
    medtl_fingerprint *prints = NULL;
    const char **files = NULL;
    int *sides = NULL;
    char *earlier = fingerprints_beside(s->options.init);
    medtl_status status = gather(&s->images, held, &prints, &files, &sides, err);
    leak_images images = {prints, files, sides, s->images.count, side_names};

    if (status == MEDTL_OK)
        status = fingerprints_make(&images, earlier, &s->fingerprints, err);
    if (status == MEDTL_OK && held != NULL) {
        images.count += held->count;
        status = leaks_check("pretrain", &images, (leak_policy)s->options.leaks,
                             (size_t)s->options.threads, NULL, err);
    }
    free(earlier);
    free(prints);
    free(files);
    free(sides);
    return status;
}

medtl_status pretrain_check_leaks(pretrain_session *s, medtl_error *err)
{
    const image_source_options options = pretrain_held_out_images(&s->options);
    image_source held = {0};
    medtl_status status = MEDTL_OK;

    if (s->options.leaks == (int)LEAKS_IGNORE)
        return MEDTL_OK;
    if (s->options.folds != NULL && s->images.table.has_groups)
        status = check_folds(s, err);
    if (status == MEDTL_OK && s->options.held_out != NULL &&
        (status = image_source_read(&options, &s->target.normaliser, &held, err)) == MEDTL_OK) {
        printf("%zu images are held out\n", held.usable_count);
        if (s->images.table.has_groups && held.table.has_groups)
            status = check_groups(s, &held, err);
    }
    if (status == MEDTL_OK)
        status = check_pictures(s, s->options.held_out != NULL ? &held : NULL, err);
    image_source_clear(&held);
    free(s->images.prints); /* images beyond the cache are read again, but not looked at again */
    s->images.prints = NULL;
    return status;
}
