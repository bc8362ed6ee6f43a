/* Names for pages about files: a file's own name, with as many of its folders as tell it from the others. */
#ifndef MEDTL_TOOL_PAGE_NAMES_H
#define MEDTL_TOOL_PAGE_NAMES_H

#include <stddef.h>

/** How many of the last parts of a path (its name, its folder, ...) tell all files apart: 1 where no two have the same name. A
 *  file that is given twice counts once. @return 0 without memory. */
size_t page_name_parts(const char *const *files, size_t count);

/** The last `parts` parts of a path with '_' between them, "a_1.png" of "x/a/1.png" and 2.
 *  @return owned (free); NULL without memory. */
char *page_name(const char *file, size_t parts);

#endif
