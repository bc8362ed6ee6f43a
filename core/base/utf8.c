#include "utf8.h"

size_t medtl_utf8_length(const char *text)
{
    const unsigned char *s = (const unsigned char *)text;
    unsigned low = 0x80, high = 0xBF; /* of the second byte */
    size_t length;

    if (s[0] < 0x80)
        return 1;
    if (s[0] >= 0xC2 && s[0] <= 0xDF)
        length = 2;
    else if (s[0] >= 0xE0 && s[0] <= 0xEF)
        length = 3;
    else if (s[0] >= 0xF0 && s[0] <= 0xF4)
        length = 4;
    else
        return 0;
    if (s[0] == 0xE0)
        low = 0xA0;
    else if (s[0] == 0xED)
        high = 0x9F;
    else if (s[0] == 0xF0)
        low = 0x90;
    else if (s[0] == 0xF4)
        high = 0x8F;
    if (s[1] < low || s[1] > high)
        return 0;
    for (size_t i = 2; i < length; i++) /* the zero byte at the end is no such one */
        if ((s[i] & 0xC0) != 0x80)
            return 0;
    return length;
}

bool medtl_is_utf8(const char *text)
{
    while (*text != '\0') {
        const size_t length = medtl_utf8_length(text);

        if (length == 0)
            return false;
        text += length;
    }
    return true;
}
