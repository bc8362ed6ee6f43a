/* Files of a run that must not be written over. They are known by device and inode, since one file may have
 * several names. */
#ifndef DCM_MEDTL_FILE_SET_H
#define DCM_MEDTL_FILE_SET_H

#include "medtl/error.h"

#include <stddef.h>
#include <sys/types.h>

typedef struct file_note {
    dev_t device;
    ino_t inode;
    const char *what; /* "the output of line"; lives as long as the set */
    size_t line;
} file_note;

/** Zero is empty. */
typedef struct file_set {
    void *tree;
} file_set;

/** What is noted first of a file stays; a path that leads to none is left out.
 *  @return MEDTL_OK or MEDTL_E_MEMORY. */
medtl_status file_set_add(file_set *set, const char *path, const char *what, size_t line,
                          medtl_error *err);

/** @return what was noted of the file that is at a path now, borrowed; NULL: nothing, or there is none. */
const file_note *file_set_find(const file_set *set, const char *path);

void file_set_clear(file_set *set);

#endif
