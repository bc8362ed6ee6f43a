/* Any bytes as a task file, and a task that loads asked about an image of odd values. */
#include "medtl/config.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *odd_value(const void *context, const char *keyword)
{
    static const char *const values[] = {NULL, "", "\\", "MG", "1\\nan\\ 2 ", "1e999", "\xFF\xFE"};

    (void)context;
    return values[(unsigned char)keyword[0] % (sizeof values / sizeof values[0])];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const int fd = memfd_create("task", MFD_CLOEXEC);
    char path[64], reason[64];
    const char *paths[1] = {path};
    medtl_config *config = NULL;
    medtl_error err;

    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    if (fd >= 0 && write(fd, data, size) == (ssize_t)size &&
        medtl_config_load(paths, 1, &config, &err) == MEDTL_OK)
        (void)medtl_config_match(config, odd_value, NULL, reason, sizeof reason);
    medtl_config_destroy(config);
    if (fd >= 0)
        close(fd);
    return 0;
}
