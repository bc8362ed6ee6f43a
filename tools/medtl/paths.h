/* Paths that are spelled differently and lead to the same place: "d", "d/", "./d", "../here/d". */
#ifndef MEDTL_TOOL_PATHS_H
#define MEDTL_TOOL_PATHS_H

#include <stdbool.h>

/** A path from the root, without ".", ".." and doubled slashes, and without symbolic links as far as it exists; what does
 *  not exist yet is taken as it is written.
 *  @param from  Folder that a relative path starts from; NULL: the working folder.
 *  @return owned (free); NULL without memory, or where there is no working folder any more. */
char *path_resolve(const char *from, const char *path);

/** Are two words the same text, or paths to the same place?
 *  @param from_a, from_b  As above. */
bool paths_same(const char *from_a, const char *a, const char *from_b, const char *b);

#endif
