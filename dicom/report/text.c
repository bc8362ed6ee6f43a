#include "text.h"

#include "core/base/c_locale.h"
#include "core/base/digest.h"

#include <stdio.h>
#include <string.h>

/* A byte of UTF-8 that continues a character: its first byte already stands for it. */
static bool is_continuation(unsigned char byte) { return (byte & 0xc0) == 0x80; }

static char ascii_of(unsigned char byte)
{
    if (byte == '\\')
        return '/';
    if (byte < 0x20 || byte == 0x7f)
        return ' ';
    return byte < 0x80 ? (char)byte : '?';
}

void medtl_ascii_copy(const char *text, char *out, size_t size)
{
    size_t length = 0;

    if (text == NULL)
        text = "";
    for (; *text != '\0' && length + 1 < size; text++) {
        const unsigned char byte = (unsigned char)*text;
        const char character = ascii_of(byte);

        if (is_continuation(byte) || (length == 0 && character == ' '))
            continue;
        out[length++] = character;
    }
    while (length > 0 && out[length - 1] == ' ')
        length--;
    out[length] = '\0';
}

static bool is_plain(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
}

static bool is_plain_label(const char *label)
{
    const size_t length = strlen(label);

    for (size_t i = 0; i < length; i++)
        if (!is_plain(label[i]))
            return false;
    return length > 0 && length <= 14; /* "P_" and the label fit 16 characters */
}

/* The data set's own name is closest to what the model was taught; the standard code may be wider
 * or narrower. */
const char *medtl_class_meaning(const medtl_class *class_info)
{
    if (class_info->private_code.meaning[0] != '\0')
        return class_info->private_code.meaning;
    return class_info->code.meaning[0] != '\0' ? class_info->code.meaning : class_info->label;
}

void medtl_probability_concept(const medtl_class *class_info, medtl_code *out)
{
    const char *label = class_info->label;
    const char *meaning = medtl_class_meaning(class_info);
    char digest[MEDTL_SHA256_TEXT_SIZE];
    char start[8] = "";

    memset(out, 0, sizeof *out);
    if (is_plain_label(label)) {
        snprintf(out->value, sizeof out->value, "P_%.62s", label);
    } else {
        for (size_t i = 0; label[i] != '\0' && i + 1 < sizeof start; i++)
            start[i] = is_plain(label[i]) ? label[i] : '_';
        medtl_sha256_text(label, strlen(label), digest);
        snprintf(out->value, sizeof out->value, "P_%s_%.6s", start, digest);
    }
    snprintf(out->scheme, sizeof out->scheme, "%s", MEDTL_PRIVATE_SCHEME);
    snprintf(out->meaning, sizeof out->meaning, "P(%.61s)", meaning);
}

void medtl_percent_text(float probability, char out[MEDTL_DS_SIZE])
{
    const double percent = (double)probability * 100.0;

    /* A zero would be less than the truth, and OHIF shows nothing in its place. */
    medtl_snprintf(out, MEDTL_DS_SIZE, percent > 0.0 && percent < 0.005 ? "%.2g" : "%.2f", percent);
}
