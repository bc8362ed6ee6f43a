#include "deal.h"

#include "core/base/file.h"
#include "core/base/random.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct group {
    size_t images;
    uint32_t label;
    bool tested, validated;
    size_t number; /* within its class, in the order of the seed: from 0 */
} group;

typedef struct dealer {
    const labels *l;
    const deal_options *options;
    group *groups; /* [l->group_count] */
    size_t *order; /* groups that are not tested on, as they are taken */
    size_t order_count;
    medtl_error *err;
} dealer;

/* A group is of the rarest of its images' classes: a patient with one malignant breast counts as malignant. */
static medtl_status make_groups(dealer *d)
{
    size_t *frequency = calloc(d->l->class_count + 1, sizeof *frequency);

    d->groups = calloc(d->l->group_count + 1, sizeof *d->groups);
    d->order = calloc(d->l->group_count + 1, sizeof *d->order);
    if (frequency == NULL || d->groups == NULL || d->order == NULL) {
        free(frequency);
        return medtl_fail(d->err, MEDTL_E_MEMORY, "out of memory for %zu groups",
                          d->l->group_count);
    }
    for (size_t i = 0; i < d->l->count; i++)
        frequency[d->l->rows[i].label]++;
    for (size_t i = 0; i < d->l->count; i++) {
        const label_row *row = &d->l->rows[i];
        group *g = &d->groups[row->group];

        if (g->images == 0 || frequency[row->label] < frequency[g->label])
            g->label = row->label;
        g->images++;
    }
    free(frequency);
    return MEDTL_OK;
}

/* Number the groups of each class in an order that the seed draws: all of them, whatever is tested on, so that the same
 * seed gives the same order in each part of a cross-validation. */
static medtl_status number_groups(dealer *d)
{
    size_t *members = calloc(d->l->group_count + 1, sizeof *members);
    medtl_random seeded, random;

    if (members == NULL)
        return medtl_fail(d->err, MEDTL_E_MEMORY, "out of memory for %zu groups",
                          d->l->group_count);
    medtl_random_seed(&seeded, d->options->seed);
    for (uint32_t k = 0; k < d->l->class_count; k++) {
        size_t count = 0;

        for (size_t g = 0; g < d->l->group_count; g++)
            if (d->groups[g].images > 0 && d->groups[g].label == k)
                members[count++] = g;
        medtl_random_fork(&seeded, k, &random);
        medtl_random_shuffle(&random, members, count);
        for (size_t i = 0; i < count; i++)
            d->groups[members[i]].number = i;
    }
    free(members);
    return MEDTL_OK;
}

bool deal_without_validation(const char *validation)
{
    return validation != NULL && strcmp(validation, DEAL_NO_VALIDATION) == 0;
}

static medtl_status mark_folds(dealer *d, const char *folds, const char *name, bool test)
{
    bool *chosen = calloc(d->l->count + 1, sizeof *chosen);
    medtl_status status = chosen != NULL ? labels_choose(d->l, folds, name, chosen, d->err)
                                         : medtl_fail(d->err, MEDTL_E_MEMORY, "out of memory");

    for (size_t i = 0; i < d->l->count && status == MEDTL_OK; i++)
        if (chosen[i])
            *(test ? &d->groups[d->l->rows[i].group].tested
                   : &d->groups[d->l->rows[i].group].validated) = true;
    free(chosen);
    return status;
}

static medtl_status mark_test(dealer *d)
{
    if (d->options->test != NULL)
        return mark_folds(d, d->options->test, "test", true);
    for (size_t g = 0; g < d->l->group_count; g++)
        d->groups[g].tested = d->groups[g].number % d->options->parts == d->options->part;
    return MEDTL_OK;
}

typedef struct placed {
    double place;
    uint32_t label;
    size_t group;
} placed;

static int by_place(const void *a, const void *b)
{
    const placed *x = a, *y = b;

    if (x->place != y->place)
        return x->place < y->place ? -1 : 1;
    return x->label != y->label  ? (x->label < y->label ? -1 : 1)
           : x->group < y->group ? -1
                                 : x->group > y->group;
}

/* Every beginning of the order has the classes in proportion, but two groups of each class stand in front: one to train
 * on and one to validate on. */
static medtl_status order_groups(dealer *d)
{
    placed *list = calloc(d->l->group_count + 1, sizeof *list);
    size_t *left = calloc(2 * (d->l->class_count + 1), sizeof *left);
    size_t *next = left != NULL ? left + d->l->class_count + 1 : NULL;

    if (list == NULL || left == NULL) {
        free(list);
        free(left);
        return medtl_fail(d->err, MEDTL_E_MEMORY, "out of memory for %zu groups",
                          d->l->group_count);
    }
    for (size_t g = 0; g < d->l->group_count; g++)
        left[d->groups[g].label] += !d->groups[g].tested && d->groups[g].images > 0;
    for (size_t g = 0; g < d->l->group_count; g++)
        if (!d->groups[g].tested && d->groups[g].images > 0)
            list[d->order_count++] = (placed){(double)d->groups[g].number, d->groups[g].label, g};
    qsort(list, d->order_count, sizeof *list, by_place); /* each class by its numbers */
    for (size_t i = 0; i < d->order_count; i++) {
        group *g = &d->groups[list[i].group];

        g->number = next[g->label]++; /* without the gaps that tested groups left */
        list[i].place = g->number < 2 ? (double)g->number - 2.0
                                      : ((double)g->number + 0.5) / (double)left[g->label];
    }
    qsort(list, d->order_count, sizeof *list, by_place);
    for (size_t i = 0; i < d->order_count; i++)
        d->order[i] = list[i].group;
    free(list);
    free(left);
    return MEDTL_OK;
}

/* Of a class's groups, one in each `stride` is for validation: the second, and so on. */
static int side_of(const dealer *d, const group *g)
{
    const size_t stride = (size_t)fmax(2.0, round(1.0 / d->options->validation_share));

    if (d->options->validation != NULL)
        return g->validated ? DEAL_VALIDATION : DEAL_TRAIN;
    return g->number % stride == 1 ? DEAL_VALIDATION : DEAL_TRAIN;
}

static medtl_status take_groups(const dealer *d, int *sides, size_t *counts)
{
    int *of_group = calloc(d->l->group_count + 1, sizeof *of_group);
    size_t taken = 0;

    if (of_group == NULL)
        return medtl_fail(d->err, MEDTL_E_MEMORY, "out of memory for %zu groups",
                          d->l->group_count);
    for (size_t g = 0; g < d->l->group_count; g++)
        of_group[g] = d->groups[g].tested ? DEAL_TEST : DEAL_UNUSED;
    for (size_t i = 0; i < d->order_count; i++) {
        const group *g = &d->groups[d->order[i]];

        if (d->options->size > 0 && taken >= d->options->size)
            break;
        of_group[d->order[i]] = side_of(d, g);
        taken += g->images;
    }
    memset(counts, 0, DEAL_SIDES * sizeof *counts);
    for (size_t i = 0; i < d->l->count; i++) {
        sides[i] = of_group[d->l->rows[i].group];
        if (sides[i] != DEAL_UNUSED)
            counts[sides[i]]++;
    }
    free(of_group);
    if (taken < d->options->size)
        return medtl_fail(d->err, MEDTL_E_ARGUMENT,
                          "%zu labelled images are asked for; %zu are there that are not tested on",
                          d->options->size, taken);
    return MEDTL_OK;
}

static medtl_status check_sides(const dealer *d, const int *sides, const size_t *counts)
{
    uint32_t first = UINT32_MAX;
    bool several = false;

    for (size_t i = 0; i < d->l->count; i++)
        if (sides[i] == DEAL_TRAIN) {
            several = several || (first != UINT32_MAX && d->l->rows[i].label != first);
            first = d->l->rows[i].label;
        }
    for (int side = 0; side < DEAL_SIDES; side++)
        if (counts[side] == 0 &&
            (side != DEAL_VALIDATION || !deal_without_validation(d->options->validation)))
            return medtl_fail(
                d->err, MEDTL_E_ARGUMENT,
                "too few images: %zu for training, %zu for validation, %zu for testing",
                counts[DEAL_TRAIN], counts[DEAL_VALIDATION], counts[DEAL_TEST]);
    return several ? MEDTL_OK
                   : medtl_fail(d->err, MEDTL_E_ARGUMENT,
                                "all %zu training images are of one class", counts[DEAL_TRAIN]);
}

medtl_status deal(const labels *l, const deal_options *options, int *sides, size_t *counts,
                  medtl_error *err)
{
    dealer d = {.l = l, .options = options, .err = err};
    medtl_status status = make_groups(&d);

    if (status == MEDTL_OK && (status = number_groups(&d)) == MEDTL_OK &&
        (status = mark_test(&d)) == MEDTL_OK &&
        (options->validation == NULL || deal_without_validation(options->validation) ||
         (status = mark_folds(&d, options->validation, "validation", false)) == MEDTL_OK) &&
        (status = order_groups(&d)) == MEDTL_OK &&
        (status = take_groups(&d, sides, counts)) == MEDTL_OK)
        status = check_sides(&d, sides, counts);
    free(d.groups);
    free(d.order);
    return status;
}

static void put_field(FILE *stream, const char *text)
{
    const bool plain = strpbrk(text, ",\"\r\n") == NULL;

    if (!plain)
        fputc('"', stream);
    for (; *text != '\0'; text++) {
        if (*text == '"')
            fputc('"', stream);
        fputc(*text, stream);
    }
    if (!plain)
        fputc('"', stream);
}

medtl_status deal_write(const labels *l, const int *sides, const char *path, medtl_error *err)
{
    static const char *const names[DEAL_SIDES] = {"train", "validation", "test"};
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);
    medtl_status status;

    if (stream == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "%s: out of memory", path);
    fputs("file,label,group,fold,photometric\n", stream);
    for (size_t i = 0; i < l->count; i++) {
        if (sides[i] == DEAL_UNUSED)
            continue;
        put_field(stream, l->rows[i].file);
        fputc(',', stream);
        put_field(stream, l->classes[l->rows[i].label]);
        fprintf(stream, ",%u,%s,%d\n", (unsigned)l->rows[i].group, names[sides[i]],
                l->rows[i].inverted);
    }
    status = fclose(stream) == 0 ? medtl_file_replace(path, text, size, err)
                                 : medtl_fail(err, MEDTL_E_MEMORY, "%s: out of memory", path);
    free(text);
    return status;
}
