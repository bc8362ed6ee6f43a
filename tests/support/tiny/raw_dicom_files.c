/* raw_dicom_files FILE [KEY=VALUE]...: one file written by raw_dicom.c, for shell tests. Keys: sop-class, sop,
 * series, study, modality, syntax, rows, columns, samples, frames, seed, pixel-bytes, pixels=no. */
#include "raw_dicom.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool take(raw_dicom *what, const char *key, const char *value)
{
    const struct {
        const char *key;
        const char **text;
        unsigned *number;
    } members[] = {
        {"sop-class", &what->sop_class, NULL}, {"sop", &what->sop, NULL},
        {"series", &what->series, NULL},       {"study", &what->study, NULL},
        {"modality", &what->modality, NULL},   {"syntax", &what->transfer_syntax, NULL},
        {"rows", NULL, &what->rows},           {"columns", NULL, &what->columns},
        {"samples", NULL, &what->samples},     {"frames", NULL, &what->frames},
        {"seed", NULL, &what->seed},
    };

    if (strcmp(key, "pixels") == 0) {
        what->no_pixels = strcmp(value, "no") == 0;
        return true;
    }
    if (strcmp(key, "pixel-bytes") == 0) {
        what->pixel_bytes = strtoul(value, NULL, 10);
        return true;
    }
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++)
        if (strcmp(members[i].key, key) == 0) {
            if (members[i].text != NULL)
                *members[i].text = value;
            else
                *members[i].number = (unsigned)strtoul(value, NULL, 10);
            return true;
        }
    return false;
}

int main(int argc, char **argv)
{
    raw_dicom what = {0};

    for (int i = 2; i < argc; i++) {
        char *equals = strchr(argv[i], '=');

        if (equals == NULL)
            return 2;
        *equals = '\0';
        if (!take(&what, argv[i], equals + 1))
            return 2;
    }
    return argc >= 2 && raw_dicom_write(&what, argv[1]) ? 0 : 1;
}
