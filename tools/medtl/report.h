/* report.html of a folder: a recipe's run, or what finetune, pretrain or evaluate wrote by themselves. */
#ifndef MEDTL_TOOL_REPORT_H
#define MEDTL_TOOL_REPORT_H

#include "medtl/error.h"

#include <stdio.h>

/** Write FOLDER/report.html and FOLDER/plots/ from what lies in the folder: run.json with its stages, or the files of
 *  one stage. What is not there is left out; @return MEDTL_E_ARGUMENT where there is nothing at all to report,
 *  MEDTL_E_FORMAT for a file that is not what its name says, MEDTL_E_IO, MEDTL_E_MEMORY. */
medtl_status report_write(const char *folder, medtl_error *err);

/** The part of a report about the files of one stage: results (metrics.json), ROC, confusion and reliability
 *  (predictions.csv), curves (history.csv, or of a block search history-blocks-N.csv), and other pictures.
 *  @param folder  Of the stage. @param plots  Where its charts go; made when needed.
 *  @param[out] found  Counts the files that something was said about. */
medtl_status report_stage(FILE *stream, const char *folder, const char *plots, size_t *found,
                          medtl_error *err);

/** The part about FOLDER/examples, if that is there. @param predictions  What the images were taken for (CSV). */
medtl_status report_examples(FILE *stream, const char *folder, const char *predictions,
                             medtl_error *err);

#endif
