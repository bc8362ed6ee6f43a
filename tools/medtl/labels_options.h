/* The options on how a table of labels is read, which most commands share. */
#ifndef MEDTL_TOOL_LABELS_OPTIONS_H
#define MEDTL_TOOL_LABELS_OPTIONS_H

#include "labels.h"
#include "options.h"

/** Rows for a command's table. @param weight  SHAPES_RESULT where a run that is gone on with must have the same. */
option labels_root_option(labels_options *l);
option labels_columns_option(labels_options *l, option_weight weight);
option labels_map_option(labels_options *l, option_weight weight);

#endif
