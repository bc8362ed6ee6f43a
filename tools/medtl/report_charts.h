/* Charts drawn from the files that training and evaluation leave. */
#ifndef MEDTL_TOOL_REPORT_CHARTS_H
#define MEDTL_TOOL_REPORT_CHARTS_H

#include "medtl/error.h"

#include <stdbool.h>
#include <stdio.h>

/** history.csv: one line each epoch. Draws losses, scores (columns of AUC, accuracy, k-NN) and the learning rate into
 *  PLOTS and the page. @param note  What they are the curves of, where that must be said; NULL: nothing.
 *  @param kept  The epoch that was kept; 0: none is marked. */
medtl_status charts_history(FILE *stream, const char *csv, const char *note, const char *plots,
                            double kept, medtl_error *err);

/** predictions.csv (file, label, predicted, p_CLASS ...): ROC of each class, confusion matrix, reliability.
 *  Of more than 40 classes there are no charts, and the page says so. */
medtl_status charts_predictions(FILE *stream, const char *csv, const char *plots, medtl_error *err);

#endif
