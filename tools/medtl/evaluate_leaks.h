/* Whether a model is measured on what it was made from. */
#ifndef MEDTL_TOOL_EVALUATE_LEAKS_H
#define MEDTL_TOOL_EVALUATE_LEAKS_H

#include "labels.h"
#include "leaks.h"
#include "medtl/model.h"
#include "predict.h"

/** What the model file says of its own training: if it was made from this very table, every row that is measured must lie
 *  in folds that were left out then. Before anything is run.
 *  @param command  Leads a warning. @param rows  Of the table, [count].
 *  @return MEDTL_E_ARGUMENT with counts where rows were trained or validated on and the policy is to stop. */
medtl_status evaluate_check_folds(const char *command, const medtl_model_info *info,
                                  const labels *table, const size_t *rows, size_t count,
                                  leak_policy policy, medtl_error *err);

/** What the pictures look like, against the fingerprints of those that the model was made from.
 *  @param trained_on  A file of fingerprints_replace(); NULL: "fingerprints.csv" beside the model, if there is one.
 *  @param[out] checked  Whether there was such a file. */
medtl_status evaluate_check_pictures(const char *model_path, const char *trained_on,
                                     const predictions *p, const labels *table, size_t threads,
                                     leak_policy policy, bool *checked, medtl_error *err);

#endif
