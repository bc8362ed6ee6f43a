/* The table that says which image is of which class, group and fold. */
#ifndef MEDTL_TOOL_LABELS_H
#define MEDTL_TOOL_LABELS_H

#include "core/base/digest.h"
#include "core/train/csv.h"
#include "medtl/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CLASS_LIMIT = 1000 };

/** How to read a table; the fields come from the command line. */
typedef struct labels_options {
    const char *data; /* the CSV file */
    const char *
        columns; /* "file=NAME,label=NAME,group=NAME,fold=NAME,photometric=NAME"; may be NULL. A group column
                     has to name each image's group: which images are of one patient cannot be guessed. */
    const char *root;      /* folder of relative files; NULL: the table's own */
    const char *label_map; /* "value=class,..."; NULL: the values are the classes */
    bool unlabelled;       /* no label column is asked for: all rows are of one class */
} labels_options;

typedef struct label_row {
    char *path;       /* owned */
    const char *file; /* as in the table; borrowed */
    uint32_t label;   /* index into the classes */
    uint32_t group;   /* 0 to group_count - 1 */
    uint32_t fold;    /* index into folds; 0 where the table has none */
    bool inverted;    /* stored with its lowest value as white */
    size_t line;      /* of the table, for messages */
} label_row;

typedef struct labels {
    medtl_table *table;
    label_row *rows;
    size_t count, group_count;
    bool has_groups, has_folds;
    size_t group_column; /* of the table; MEDTL_NO_COLUMN without groups */
    const char **folds;  /* their names, sorted; borrowed from the table */
    size_t fold_count;
    char **classes; /* owned */
    size_t class_count;
    char sha256[MEDTL_SHA256_TEXT_SIZE]; /* of the CSV file */
} labels;

/** Read the table.
 *  @param classes  The classes that labels may be (copied); NULL: those that occur, sorted by name.
 *  @return MEDTL_OK; MEDTL_E_ARGUMENT for columns or a label map that do not fit; MEDTL_E_FORMAT with
 *          FILE:LINE and the column for a row that does not, or for an image that has a
 *          row already (not where unlabelled); MEDTL_E_IO; MEDTL_E_MEMORY. */
medtl_status labels_read(const labels_options *options, const char *const *classes,
                         size_t class_count, labels *out, medtl_error *err);
void labels_clear(labels *l); /* all zero is allowed */

/** Mark the rows of the folds named in "0,1". @param folds  NULL or "": none.
 *  @param[out] chosen  [count]. @return MEDTL_E_ARGUMENT for a fold that does not occur. */
medtl_status labels_choose(const labels *l, const char *folds, const char *option_name,
                           bool *chosen, medtl_error *err);

/** Refuse a split in which images of one group lie on two sides: what was learned from one image of a
 *  patient would be tested on another.
 *  @param sides  [count], which side each row is on; negative: not used. */
medtl_status labels_check_leak(const labels *l, const int *sides, medtl_error *err);

/** Number the groups of some rows from 0, for the bootstrap: row i is rows[chosen[i]], or rows[i] where
 *  `chosen` is NULL.
 *  @param[out] groups  [count]. @return how many groups; 0 without memory. */
size_t compact_groups(const labels *l, const size_t *rows, const size_t *chosen, size_t count,
                      uint32_t *groups);

#endif
