/* The table of shared test files with digests of their decoded pixels from two independent decoders. */
#ifndef MEDTL_TESTS_INVENTORY_H
#define MEDTL_TESTS_INVENTORY_H

#include <stdbool.h>
#include <stddef.h>

typedef struct inventory_row {
    char path[200]; /* relative to the folder of the table */
    int bits_allocated, frames;
    bool planar;              /* of the decoded pixels that were digested */
    bool subsampled;          /* those pixels are YBR_FULL_422 */
    char dcmtk[65], gdcm[65]; /* SHA-256 in hexadecimal, "" where the decoder gave none */
    bool agree;
} inventory_row;

/** The folder of shared data ($MEDTL_TEST_DATA, else ../shared/data beside the sources). Skips the test with a
 *  message where it is missing. @return static storage. */
const char *shared_data_folder(void);

/** Read the table. @return how many rows. */
size_t inventory_read(const char *folder, inventory_row *rows, size_t capacity);

#endif
