/* The results of a run for people: one line an object, grouped by report. */
#ifndef DCM_MEDTL_TABLE_H
#define DCM_MEDTL_TABLE_H

#include "pipeline.h"

#include <stdio.h>

/** What was analysed, by report; then what was not, with the reason. Failures are left to
 *  print_failures(). Cut to the terminal's width where `stream` is one. */
void print_table(FILE *stream, const medtl_batch *batch);

/** One line for each object or report that failed, with file and reason. */
void print_failures(FILE *stream, const medtl_batch *batch);

/** "12 files: 4 analysed, ...; 1 report written" */
void print_summary(FILE *stream, const medtl_batch *batch, const char *out);

#endif
