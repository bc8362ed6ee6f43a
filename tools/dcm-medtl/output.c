#include "output.h"

#include "core/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A device must not be replaced by a file of its name. */
static bool is_special(const char *path)
{
    struct stat facts;

    return stat(path, &facts) == 0 && !S_ISREG(facts.st_mode);
}

static medtl_status write_stream(const char *name, FILE *stream, const void *bytes, size_t size,
                                 medtl_error *err)
{
    if (fwrite(bytes, 1, size, stream) != size || fflush(stream) != 0)
        return medtl_fail(err, MEDTL_E_IO, "%s: cannot write: %s", name, strerror(errno));
    return MEDTL_OK;
}

medtl_status write_output(const char *path, const void *bytes, size_t size, medtl_error *err)
{
    medtl_status status;
    FILE *stream;

    if (strcmp(path, "-") == 0) {
        (void)fwrite(bytes, 1, size, stdout);
        return MEDTL_OK;
    }
    if (!is_special(path))
        return medtl_file_replace(path, bytes, size, err);
    stream = fopen(path, "wb");
    if (stream == NULL)
        return medtl_fail(err, MEDTL_E_IO, "%s: cannot write: %s", path, strerror(errno));
    status = write_stream(path, stream, bytes, size, err);
    if (fclose(stream) != 0 && status == MEDTL_OK)
        status = medtl_fail(err, MEDTL_E_IO, "%s: cannot write: %s", path, strerror(errno));
    return status;
}

medtl_status check_output(const char *path, medtl_error *err)
{
    char *folder, *slash;
    struct stat facts;
    bool usable;

    if (strcmp(path, "-") == 0)
        return MEDTL_OK;
    if (stat(path, &facts) == 0 && S_ISDIR(facts.st_mode))
        return medtl_fail(err, MEDTL_E_IO, "%s: cannot write: it is a folder", path);
    if (is_special(path))
        return MEDTL_OK;
    folder = strdup(path);
    if (folder == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "%s: out of memory", path);
    slash = strrchr(folder, '/');
    if (slash == NULL)
        strcpy(folder, "."); /* a path has at least one character */
    else
        slash[slash == folder ? 1 : 0] = '\0';
    usable = access(folder, W_OK | X_OK) == 0;
    free(folder);
    return usable ? MEDTL_OK
                  : medtl_fail(err, MEDTL_E_IO, "%s: cannot write: %s", path, strerror(errno));
}
