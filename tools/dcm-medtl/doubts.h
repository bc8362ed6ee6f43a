/* What a person should look at before de-identified objects are given away, counted over a run. */
#ifndef DCM_MEDTL_DOUBTS_H
#define DCM_MEDTL_DOUBTS_H

#include <stddef.h>
#include <stdio.h>

typedef struct doubt_counts {
    size_t unsaid, burned_in, recognisable;
} doubt_counts;

/** Count one object. @param doubts  Of medtl_deidentify_doubt. */
void doubts_add(doubt_counts *counts, unsigned doubts);

/** A line for each doubt that there is. @param of  Behind the number: "" or "of the objects ... ". */
void doubts_print(FILE *stream, const doubt_counts *counts, const char *of);

#endif
