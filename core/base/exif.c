#include "exif.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum {
    HEAD = 6,              /* "Exif" and two zeros */
    TIFF_HEAD = 8,         /* byte order, 42, where the first directory begins */
    ENTRY = 12,            /* tag, type, count, value */
    TAG_ORIENTATION = 274, /* Exif 2.32, 4.6.4 A */
    UPRIGHT = 1,
    LAST_ORIENTATION = 8
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

unsigned medtl_exif_orientation(const unsigned char *segment, size_t size)
{
    const unsigned char *tiff;
    size_t directory, entries;
    bool little;

    if (size < HEAD + TIFF_HEAD || memcmp(segment, "Exif\0\0", HEAD) != 0)
        return UPRIGHT;
    tiff = segment + HEAD;
    size -= HEAD;
    little = tiff[0] == 'I';
    directory = long_word(tiff + 4, little);
    if (directory > size || size - directory < 2)
        return UPRIGHT;
    entries = word(tiff + directory, little);
    for (size_t i = 0; i < entries && (i + 1) * ENTRY <= size - directory - 2; i++) {
        const unsigned char *entry = tiff + directory + 2 + i * ENTRY;

        if (word(entry, little) == TAG_ORIENTATION) {
            const unsigned orientation = word(entry + 8, little);

            /* Some cameras write 0; no viewer turns a picture for a number without a meaning. */
            return orientation >= UPRIGHT && orientation <= LAST_ORIENTATION ? orientation
                                                                             : UPRIGHT;
        }
    }
    return UPRIGHT;
}
