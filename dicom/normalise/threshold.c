/* Levels that tell two kinds of cells apart: Otsu's, and that between background (air, the dark film) and object. */
#include "steps.h"

#include <stdlib.h>

enum { BINS = 256, LEVELS = 65536 };

static const double outliers =
    0.005; /* share of cells that may lie beyond either end of the scale */
static const double object_share =
    0.15; /* of the way from the background to the object's lower half */

/* The ends of the scale, without single extreme cells. */
static void scale(const uint32_t *counts, double total, uint32_t *low, uint32_t *high)
{
    double below = 0.0, above = 0.0;

    for (*low = 0; *low < LEVELS - 1 && (below += counts[*low]) <= outliers * total; ++*low)
        ;
    for (*high = LEVELS - 1; *high > 0 && (above += counts[*high]) <= outliers * total; --*high)
        ;
}

/* Otsu 1979: the split with the largest variance between its two classes. Bins up to the result are below. */
static uint32_t otsu(const double *bins)
{
    double total = 0.0, moment = 0.0, best = -1.0, weight = 0.0, sum = 0.0;
    uint32_t split = 0;

    for (uint32_t i = 0; i < BINS; i++) {
        total += bins[i];
        moment += bins[i] * i;
    }
    for (uint32_t i = 0; i + 1 < BINS; i++) {
        double difference, variance;

        weight += bins[i];
        sum += bins[i] * i;
        if (weight == 0.0 || weight == total)
            continue;
        difference = sum / weight - (moment - sum) / (total - weight);
        variance = weight * (total - weight) * difference * difference;
        if (variance > best) {
            best = variance;
            split = i;
        }
    }
    return split;
}

/* The background is the fullest bin of the lower class: air is one level, tissue is many. */
static uint32_t fullest(const double *bins, uint32_t last)
{
    uint32_t best = 0;

    for (uint32_t i = 1; i <= last; i++)
        if (bins[i] > bins[best])
            best = i;
    return best;
}

medtl_status medtl_background_threshold(const medtl_thumbnail *thumbnail, bool *found,
                                        uint16_t *level, medtl_error *err)
{
    const size_t cells = (size_t)thumbnail->rows * thumbnail->columns;
    uint32_t *counts = calloc(LEVELS, sizeof *counts), low, high, split, background;
    double bins[BINS] = {0};

    *found = false;
    if (counts == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for a histogram");
    for (size_t i = 0; i < cells; i++)
        counts[thumbnail->level[i]]++;
    scale(counts, (double)cells, &low, &high);
    if (low < high) {
        for (uint32_t i = 0; i < LEVELS; i++) {
            const uint32_t cut = i < low ? low : i > high ? high : i;

            if (counts[i] == 0)
                continue; /* most levels: spare them the division */
            bins[(uint64_t)(cut - low) * (BINS - 1) / (high - low)] += counts[i];
        }
        split = otsu(bins);
        background = fullest(bins, split);
        *level = (uint16_t)(low + (background + object_share * (split + 1.0 - background)) *
                                      (high - low) / (BINS - 1));
        *found = true;
    }
    free(counts);
    return MEDTL_OK;
}

bool medtl_otsu_threshold(const medtl_thumbnail *thumbnail, const unsigned char *some,
                          uint16_t *level)
{
    double bins[BINS] = {0};
    uint32_t lowest = BINS, highest = 0;

    for (size_t i = 0; i < (size_t)thumbnail->rows * thumbnail->columns; i++)
        if (some[i]) {
            const uint32_t bin = thumbnail->level[i] / (LEVELS / BINS);

            bins[bin] += 1.0;
            lowest = bin < lowest ? bin : lowest;
            highest = bin > highest ? bin : highest;
        }
    if (lowest >= highest)
        return false;
    *level = (uint16_t)((otsu(bins) + 1) * (LEVELS / BINS) - 1);
    return true;
}
