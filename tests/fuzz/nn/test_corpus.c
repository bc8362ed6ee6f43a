/* Runs a fuzz target over the files of its corpus (CORPUS, a folder of tests/fuzz): each was once found to matter, and must end well. */
#include "core/base/file.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

Test(fuzz_corpus, every_file_ends_well)
{
    const char *folder = MEDTL_SOURCE_DIR "/tests/fuzz/" CORPUS;
    DIR *directory = opendir(folder);
    const struct dirent *entry;
    size_t count = 0;

    cr_assert_not_null(directory, "%s", folder);
    while ((entry = readdir(directory)) != NULL) {
        unsigned char *bytes = NULL;
        size_t size = 0;
        char path[1024];

        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        cr_assert_eq(medtl_file_read(path, 1 << 20, &bytes, &size, NULL), MEDTL_OK, "%s", path);
        cr_expect_eq(LLVMFuzzerTestOneInput(bytes, size), 0, "%s", path);
        free(bytes);
        count++;
    }
    closedir(directory);
    cr_expect_geq(count, 8);
}
