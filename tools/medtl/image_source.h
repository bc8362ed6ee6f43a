/* The images of a folder, a list or a table, read into a data set: for commands that need no labels. */
#ifndef MEDTL_TOOL_IMAGE_SOURCE_H
#define MEDTL_TOOL_IMAGE_SOURCE_H

#include "core/train/dataset.h"
#include "core/train/fingerprint.h"
#include "labels.h"
#include "medtl/image.h"

typedef struct image_source_options {
    const char *command; /* for messages: "pretrain" */
    const char *what;    /* for messages: "image" or "probe image" */
    /* labels.data: a folder (all images below it), a CSV table, or a list of paths, one on each line. With
     * labels.unlabelled, tables need no label column. */
    labels_options labels;
    const char *folds, *folds_option; /* rows of a table to use; NULL: all. The option's name */
    /* A column of the table, or of a folder or list a DICOM keyword (or view, side, photometric, patient), whose
     * values become the classes; NULL: none. */
    const char *free_label;
    double max_unreadable; /* share */
    uint64_t cache_megabytes;
    size_t threads;
    bool prints; /* keep what the pictures look like, to find them again */
    bool quiet;
} image_source_options;

typedef struct image_source {
    labels table;         /* rows of a folder or list have no table behind them */
    char **values;        /* [table.count] the free label of each row of a folder; NULL elsewhere */
    size_t *rows, count;  /* rows of the table that the data set has */
    uint32_t *classes_of; /* [count] */
    char **classes;       /* names; owned */
    size_t class_count;   /* at least 1 */
    char (*sha256)[MEDTL_SHA256_TEXT_SIZE]; /* [count]; "" where it could not be read */
    medtl_fingerprint
        *prints;   /* [count], without a digest where it could not be read; NULL: not asked for */
    bool digested; /* all of them: no more digests or prints are taken */
    medtl_dataset *dataset;
    size_t *usable, usable_count;       /* indices into the data set */
    size_t unreadable;                  /* files */
    size_t no_images;                   /* other files below the folder */
    size_t unlabelled;                  /* images without the free label, which are not used */
    const medtl_normaliser *normaliser; /* borrowed */
} image_source;

/** List the images and read each once. Names each that cannot be read on standard error.
 *  @param source  Must stay where it is while the data set is used.
 *  @return as labels_read(); MEDTL_E_IO where too many cannot be read; MEDTL_E_ARGUMENT where none is left;
 *          MEDTL_E_CANCELLED. */
medtl_status image_source_read(const image_source_options *options,
                               const medtl_normaliser *normaliser, image_source *source,
                               medtl_error *err);
void image_source_clear(image_source *source); /* all zero is allowed */

/** One digest for all: SHA-256 over lines "<digest>  <file>  <class>\n". */
medtl_status image_source_digest(const image_source *source, char out[MEDTL_SHA256_TEXT_SIZE],
                                 medtl_error *err);

/** List a folder or a list of paths into source->table and source->values. (image_folder.c) */
medtl_status image_folder_list(const image_source_options *options, image_source *source,
                               medtl_error *err);
/** Is that what `path` names, rather than a CSV table? */
bool image_folder_is(const char *path);

/** Set the classes of the chosen rows; rows without the free label are dropped. (image_classes.c) */
medtl_status image_source_classify(const image_source_options *options, image_source *source,
                                   medtl_error *err);

#endif
