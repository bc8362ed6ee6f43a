/* Groups and folds of images that reports label. */
#include "sr_labels.h"

#include "core/base/digest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A value that two images of one group share. */
typedef struct link {
    const char *value;
    size_t image;
} link;

/* A group on its way into a fold. */
typedef struct member {
    char order[MEDTL_SHA256_TEXT_SIZE]; /* of its first image's UID */
    size_t root;
    int of_class; /* the rarest of its images' */
} member;

static size_t root_of(size_t *parents, size_t i)
{
    while (parents[i] != i)
        i = parents[i] = parents[parents[i]];
    return i;
}

static int by_value(const void *a, const void *b)
{
    const link *x = a, *y = b;
    const int order = strcmp(x->value, y->value);

    return order != 0 ? order : (x->image > y->image) - (x->image < y->image);
}

/* Images with the same value of one kind come together, under the smallest index. */
static void join(const sr_labels *l, size_t offset, link *links, size_t *parents)
{
    size_t count = 0;

    for (size_t i = 0; i < l->image_count; i++) {
        const char *value = *(char *const *)(const void *)((const char *)&l->images[i] + offset);

        if (l->images[i].left_out == NULL && value[0] != '\0')
            links[count++] = (link){value, i};
    }
    qsort(links, count, sizeof *links, by_value);
    for (size_t i = 1; i < count; i++)
        if (strcmp(links[i - 1].value, links[i].value) == 0) {
            const size_t a = root_of(parents, links[i - 1].image);
            const size_t b = root_of(parents, links[i].image);

            parents[a < b ? b : a] = a < b ? a : b;
        }
}

static int by_order(const void *a, const void *b)
{
    const member *x = a, *y = b;

    if (x->of_class != y->of_class)
        return x->of_class - y->of_class;
    return strcmp(x->order, y->order);
}

static void list_members(const sr_labels *l, const size_t *frequency, size_t *parents,
                         member *members, size_t *of_root, size_t *count)
{
    *count = 0;
    for (size_t i = 0; i < l->image_count; i++) {
        const sr_image *image = &l->images[i];
        const size_t root = root_of(parents, i);
        member *m;

        if (image->left_out != NULL)
            continue;
        if (root == i) {
            m = &members[*count];
            *m = (member){.root = i, .of_class = image->of_class};
            medtl_sha256_text(image->sop_instance_uid, strlen(image->sop_instance_uid), m->order);
            of_root[i] = (*count)++;
            continue;
        }
        m = &members[of_root[root]];
        if (frequency[image->of_class] < frequency[m->of_class])
            m->of_class = image->of_class;
    }
}

medtl_status sr_labels_group(sr_labels *l, size_t class_count, size_t folds, medtl_error *err)
{
    size_t *parents = calloc(l->image_count + 1, sizeof *parents);
    size_t *of_root = calloc(l->image_count + 1, sizeof *of_root);
    size_t *frequency = calloc(class_count + 1, sizeof *frequency);
    link *links = calloc(l->image_count + 1, sizeof *links);
    member *members = calloc(l->image_count + 1, sizeof *members);
    size_t count = 0;
    medtl_status status = MEDTL_OK;

    if (parents == NULL || of_root == NULL || frequency == NULL || links == NULL ||
        members == NULL) {
        status = medtl_fail(err, MEDTL_E_MEMORY, "out of memory for %zu images", l->image_count);
        goto done;
    }
    for (size_t i = 0; i < l->image_count; i++) {
        parents[i] = i;
        if (l->images[i].left_out == NULL)
            frequency[l->images[i].of_class]++;
    }
    join(l, offsetof(sr_image, patient), links, parents);
    join(l, offsetof(sr_image, study), links, parents);
    join(l, offsetof(sr_image, tracking), links, parents);
    list_members(l, frequency, parents, members, of_root, &count);
    l->group_count = count;
    for (size_t i = 0; i < l->image_count; i++) /* in the order of paths */
        l->images[i].group = of_root[root_of(parents, i)] + 1;
    qsort(members, count, sizeof *members, by_order);
    for (size_t k = 0; k < count; k++)
        l->images[members[k].root].fold = k % folds;
    for (size_t i = 0; i < l->image_count; i++)
        l->images[i].fold = l->images[root_of(parents, i)].fold;
done:
    free(parents);
    free(of_root);
    free(frequency);
    free(links);
    free(members);
    return status;
}
