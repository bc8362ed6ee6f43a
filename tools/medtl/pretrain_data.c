/* The images of a run, and those of its probe. */
#include "pretrain_session.h"

#include <stdio.h>
#include <stdlib.h>

static void print_source(const image_source *source, const char *what)
{
    printf("%zu %ss", source->usable_count, what);
    if (source->class_count > 1)
        printf(" of %zu classes", source->class_count);
    if (source->unreadable > 0)
        printf(", %zu cannot be read", source->unreadable);
    if (source->no_images > 0)
        printf(", %zu other files", source->no_images);
    if (source->unlabelled > 0)
        printf(", %zu without the free label not used", source->unlabelled);
    printf("\n");
    fflush(stdout);
}

static medtl_status read_probe(pretrain_session *s, medtl_error *err)
{
    const image_source_options options = pretrain_probe_images(&s->options);
    medtl_status status;

    if (s->options.probe == NULL)
        return MEDTL_OK;
    status = image_source_read(&options, &s->target.normaliser, &s->probe, err);
    if (status != MEDTL_OK)
        return status;
    s->probe_groups = calloc(s->probe.usable_count + 1, sizeof *s->probe_groups);
    if (s->probe_groups == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for the probe");
    for (size_t i = 0; i < s->probe.usable_count; i++)
        s->probe_groups[i] = s->probe.table.rows[s->probe.rows[s->probe.usable[i]]].group;
    print_source(&s->probe, "probe image");
    if (!s->probe.table.has_groups)
        printf("the probe's table has no group column: each image counts as a group of its own\n");
    s->output.probe = &s->probe;
    return MEDTL_OK;
}

medtl_status pretrain_read_data(pretrain_session *s, medtl_error *err)
{
    const image_source_options options = pretrain_images(&s->options);
    medtl_status status;

    if (s->options.size > 0)
        s->target.normaliser.height = s->target.normaliser.width = (uint32_t)s->options.size;
    status = image_source_read(&options, &s->target.normaliser, &s->images, err);
    if (status != MEDTL_OK)
        return status;
    print_source(&s->images, "image");
    if (s->images.usable_count < s->options.batch)
        return medtl_fail(err, MEDTL_E_ARGUMENT,
                          "%s: %zu usable images are too few for --batch %llu", s->options.data,
                          s->images.usable_count, (unsigned long long)s->options.batch);
    return read_probe(s, err);
}
