#include "ranges.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_RANGES = 65536 };
#define LEAST_SPAN   1e-20
#define LARGEST_EDGE 1e20

medtl_status medtl_ranges_add(medtl_ranges *ranges, const char *weight, float low, float high,
                              medtl_error *err)
{
    medtl_range *items = realloc(ranges->items, (ranges->count + 1) * sizeof *items);

    if (items != NULL) {
        ranges->items = items;
        items[ranges->count] = (medtl_range){strdup(weight), low, high};
    }
    if (items == NULL || items[ranges->count].weight == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for the ranges of a model");
    ranges->count++;
    return MEDTL_OK;
}

void medtl_ranges_clear(medtl_ranges *ranges)
{
    for (size_t i = 0; i < ranges->count; i++)
        free(ranges->items[i].weight);
    free(ranges->items);
    *ranges = (medtl_ranges){NULL, 0};
}

const medtl_range *medtl_ranges_find(const medtl_ranges *ranges, const char *weight)
{
    for (size_t i = 0; i < ranges->count; i++)
        if (strcmp(ranges->items[i].weight, weight) == 0)
            return &ranges->items[i];
    return NULL;
}

/* A list of two numbers with 0 between them, apart, and far from what floats cannot hold. */
static bool parse_edges(const json_t *value, float *low, float *high)
{
    const json_t *first = json_array_get(value, 0), *second = json_array_get(value, 1);
    const double a = json_number_value(first), b = json_number_value(second);

    if (json_array_size(value) != 2 || !json_is_number(first) || !json_is_number(second) ||
        !(a >= -LARGEST_EDGE && a <= 0.0 && b >= 0.0 && b <= LARGEST_EDGE) ||
        !(b - a >= LEAST_SPAN))
        return false;
    *low = (float)a;
    *high = (float)b;
    return true;
}

medtl_status medtl_ranges_parse(const json_t *value, const char *path, medtl_ranges *out,
                                medtl_error *err)
{
    json_t *ranges = json_object_get(value, "ranges"), *edges;
    const size_t count = json_object_size(ranges);
    const char *name;
    medtl_status status = MEDTL_OK;

    *out = (medtl_ranges){NULL, 0};
    if (value == NULL)
        return MEDTL_OK;
    if (count < 1 || count > MOST_RANGES)
        return medtl_fail(err, MEDTL_E_FORMAT,
                          "%s: metadata: \"int8\" is not an object with 1 to %d \"ranges\"", path,
                          MOST_RANGES);
    json_object_foreach(ranges, name, edges)
    {
        float low = 0.0f, high = 0.0f;

        if (!parse_edges(edges, &low, &high))
            status = medtl_fail(err, MEDTL_E_FORMAT,
                                "%s: metadata: \"int8\": a range is not [low, high] with low <= 0 "
                                "<= high, apart and finite",
                                path);
        else
            status = medtl_ranges_add(out, name, low, high, err);
        if (status != MEDTL_OK)
            break;
    }
    if (status != MEDTL_OK)
        medtl_ranges_clear(out);
    return status;
}

json_t *medtl_ranges_json(const medtl_ranges *ranges)
{
    json_t *edges = json_object();

    for (size_t i = 0; i < ranges->count; i++)
        (void)json_object_set_new(
            edges, ranges->items[i].weight,
            json_pack("[f, f]", (double)ranges->items[i].low, (double)ranges->items[i].high));
    return json_pack("{s:o}", "ranges", edges);
}
