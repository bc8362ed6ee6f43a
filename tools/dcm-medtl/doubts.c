#include "doubts.h"

#include "dicom/deidentify/deidentify.h"

void doubts_add(doubt_counts *counts, unsigned doubts)
{
    counts->unsaid += (doubts & MEDTL_DOUBT_BURNED_IN_UNSAID) != 0;
    counts->burned_in += (doubts & MEDTL_DOUBT_BURNED_IN) != 0;
    counts->recognisable += (doubts & MEDTL_DOUBT_RECOGNISABLE) != 0;
}

void doubts_print(FILE *stream, const doubt_counts *counts, const char *of)
{
    if (counts->unsaid > 0)
        fprintf(stream,
                "%zu %sdo not say whether names are burned into their pixels: look at them\n",
                counts->unsaid, of);
    if (counts->burned_in > 0)
        fprintf(stream, "%zu %ssay that names may be burned into their pixels: look at them\n",
                counts->burned_in, of);
    if (counts->recognisable > 0)
        fprintf(stream, "%zu %ssay that they show features by which people are known\n",
                counts->recognisable, of);
}
