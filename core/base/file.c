#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static medtl_status read_all(int fd, unsigned char *bytes, size_t size)
{
    size_t at = 0;

    while (at < size) {
        const ssize_t got = read(fd, bytes + at, size - at);

        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return MEDTL_E_IO;
        at += (size_t)got;
    }
    return MEDTL_OK;
}

medtl_status medtl_file_read(const char *path, size_t limit, unsigned char **bytes, size_t *size,
                             medtl_error *err)
{
    medtl_status status = MEDTL_OK;
    struct stat facts;
    unsigned char *buffer = NULL;
    const int fd = open(path, O_RDONLY | O_CLOEXEC);

    *bytes = NULL;
    *size = 0;
    if (fd < 0)
        return medtl_fail(err, MEDTL_E_IO, "%s: cannot open: %s", path, strerror(errno));
    if (fstat(fd, &facts) != 0 || !S_ISREG(facts.st_mode))
        status = medtl_fail(err, MEDTL_E_IO, "%s: not a regular file", path);
    else if ((size_t)facts.st_size > limit)
        status = medtl_fail(err, MEDTL_E_FORMAT, "%s: %lld bytes are more than the limit of %zu",
                            path, (long long)facts.st_size, limit);
    else if ((buffer = malloc((size_t)facts.st_size + 1)) == NULL)
        status = medtl_fail(err, MEDTL_E_MEMORY, "%s: out of memory for %lld bytes", path,
                            (long long)facts.st_size);
    else if (read_all(fd, buffer, (size_t)facts.st_size) != MEDTL_OK)
        status = medtl_fail(err, MEDTL_E_IO, "%s: cannot read all %lld bytes", path,
                            (long long)facts.st_size);
    close(fd);
    if (status != MEDTL_OK) {
        free(buffer);
        return status;
    }
    buffer[facts.st_size] = '\0'; /* text files become C strings; not counted */
    *bytes = buffer;
    *size = (size_t)facts.st_size;
    return MEDTL_OK;
}

static medtl_status write_all(int fd, const unsigned char *bytes, size_t size)
{
    size_t at = 0;

    while (at < size) {
        const ssize_t put = write(fd, bytes + at, size - at);

        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return MEDTL_E_IO;
        at += (size_t)put;
    }
    return fsync(fd) == 0 ? MEDTL_OK : MEDTL_E_IO;
}

/* Replace the six X at the end of `path` and create that file. Unlike mkostemp()'s 0600 it is as readable as any new file: less so
 * where the process has a umask that says that nobody else may read. @return its descriptor; -1 with errno. */
static int open_beside(char *path)
{
    static const char signs[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    static atomic_uint_fast64_t counter;
    char *end = path + strlen(path) - 6;
    struct timespec now;
    int fd = -1;

    clock_gettime(CLOCK_REALTIME, &now);
    for (int i = 0; i < 1000; i++) {
        uint64_t value = (uint64_t)now.tv_nsec + 1000003u * (uint64_t)getpid() +
                         15485863u * atomic_fetch_add(&counter, 1);

        for (int k = 0; k < 6; k++, value /= sizeof signs - 1)
            end[k] = signs[value % (sizeof signs - 1)];
        fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (fd >= 0 || errno != EEXIST)
            break;
    }
    return fd;
}

medtl_status medtl_file_replace(const char *path, const void *bytes, size_t size, medtl_error *err)
{
    const size_t length = strlen(path) + sizeof ".XXXXXX";
    char *temporary = malloc(length);
    int fd, failure = 0;

    if (temporary == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "%s: out of memory for a file name", path);
    snprintf(temporary, length, "%s.XXXXXX", path);
    fd = open_beside(temporary);
    if (fd < 0) {
        failure = errno;
    } else {
        if (write_all(fd, bytes, size) != MEDTL_OK)
            failure = errno;
        if (close(fd) != 0 && failure == 0)
            failure = errno;
        if (failure == 0 && rename(temporary, path) != 0)
            failure = errno;
        if (failure != 0)
            unlink(temporary);
    }
    free(temporary);
    if (failure != 0)
        return medtl_fail(err, MEDTL_E_IO, "%s: cannot write: %s", path, strerror(failure));
    return MEDTL_OK;
}

medtl_status medtl_file_make_folders(const char *path, medtl_error *err)
{
    char *copy = strdup(path);
    struct stat facts;

    if (copy == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "%s: out of memory for a folder name", path);
    for (char *p = copy + 1; *p != '\0'; p++)
        if (*p == '/') {
            *p = '\0';
            (void)mkdir(copy, 0755); /* the last one decides */
            *p = '/';
        }
    (void)mkdir(copy, 0755);
    free(copy);
    if (stat(path, &facts) != 0 || !S_ISDIR(facts.st_mode))
        return medtl_fail(err, MEDTL_E_IO, "%s: cannot make this folder", path);
    return MEDTL_OK;
}
