/* The one tag of Exif (a TIFF header and its directories inside a JPEG's APP1 segment) that tells what the pixels mean.
 * dicom/wrap/picture.cpp reads it by the same rules, for files that become DICOM. */
#include "picture_decoders.h"

#include <stdbool.h>
#include <string.h>

enum {
    HEAD = 6,             /* "Exif" and two zeros */
    TIFF_HEAD = 8,        /* byte order, 42, where the first directory begins */
    ENTRY = 12,           /* tag, type, count, value */
    TAG_ORIENTATION = 274 /* Exif 2.32, 4.6.4 A */
};

static unsigned word(const unsigned char *at, bool little)
{
    return little ? at[0] | (unsigned)at[1] << 8 : (unsigned)at[0] << 8 | at[1];
}

static uint32_t long_word(const unsigned char *at, bool little)
{
    const uint32_t first = word(at, little), second = word(at + 2, little);

    return little ? first | second << 16 : first << 16 | second;
}

unsigned medtl_picture_exif_orientation(const unsigned char *segment, size_t size)
{
    const unsigned char *tiff;
    size_t directory, entries;
    bool little;

    if (size < HEAD + TIFF_HEAD || memcmp(segment, "Exif\0\0", HEAD) != 0)
        return 1;
    tiff = segment + HEAD;
    size -= HEAD;
    little = tiff[0] == 'I';
    directory = long_word(tiff + 4, little);
    if (directory > size || size - directory < 2)
        return 1;
    entries = word(tiff + directory, little);
    for (size_t i = 0; i < entries && (i + 1) * ENTRY <= size - directory - 2; i++) {
        const unsigned char *entry = tiff + directory + 2 + i * ENTRY;

        if (word(entry, little) == TAG_ORIENTATION)
            return word(entry + 8, little);
    }
    return 1;
}
