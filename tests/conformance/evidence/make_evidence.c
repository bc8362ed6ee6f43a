/* usage: make_evidence FOLDER
 * Writes a Secondary Capture and a Segmentation for each combination of {mammography, dermoscopy, a multi-frame image} and
 * character set, for validators to judge. Content date and time are fixed, so the files are the same every time. */
#include "core/base/file.h"
#include "sample_evidence.h"
#include "sample_image.h"
#include "sample_task.h"

#include <stdio.h>
#include <stdlib.h>

static const struct {
    const char *name, *character_set, *patient_name;
} languages[] = {
    {"latin1", "ISO_IR 100", "M\xfcller^J\xfcrgen"},
    {"utf8", "ISO_IR 192",
     "Wang^XiaoDong=\xe7\x8e\x8b^\xe5\xb0\x8f\xe6\x9d\xb1=\xe7\x8e\x8b^\xe5\xb0\x8f\xe6\x9d\xb1"},
    /* PS3.5 H.3.1 */
    {"japanese", "\\ISO 2022 IR 87",
     "Yamada^Tarou=\033$B;3ED\033(B^\033$BB@O:\033(B=\033$B$d$^$@\033(B^\033$B$?$m$&\033(B"},
};

static const struct {
    const char *name;
    sample_kind kind;
    const medtl_task *task;
    unsigned frames;
    bool sparse;
    const char *lossy, *body_part;
} images[] = {{"mammography", SAMPLE_MAMMOGRAM, &sample_mammography, 1, false, "00", "BREAST"},
              {"dermoscopy", SAMPLE_DERMOSCOPY, &sample_dermoscopy, 1, false, "01", NULL},
              {"head", SAMPLE_DERMOSCOPY, &sample_dermoscopy, 1, false, NULL, "HEAD"},
              {"frames", SAMPLE_MAMMOGRAM, &sample_mammography, 3, false, "01", NULL},
              {"sparse", SAMPLE_MAMMOGRAM, &sample_mammography, 1, true, NULL, NULL}};

static const struct {
    const char *name;
    medtl_evidence_kind kind;
} kinds[] = {{"sc", MEDTL_EVIDENCE_PICTURE}, {"seg", MEDTL_EVIDENCE_SEGMENTATION}};

static bool make_objects(const char *folder, size_t i, size_t l)
{
    const sample_image image = {.kind = images[i].kind,
                                .frames = images[i].frames,
                                .sparse = images[i].sparse,
                                .lossy = images[i].lossy,
                                .body_part = images[i].body_part,
                                .character_set = languages[l].character_set,
                                .patient_name = languages[l].patient_name};
    sample_evidence explained;
    medtl_error err = {MEDTL_OK, ""};
    bool good = sample_evidence_make(images[i].task, sample_image_read(&image), &explained);

    for (size_t k = 0; good && k < sizeof kinds / sizeof kinds[0]; k++) {
        medtl_evidence *object = NULL;
        char path[4096];

        (void)snprintf(path, sizeof path, "%s/%s-%s-%s.dcm", folder, images[i].name, kinds[k].name,
                       languages[l].name);
        good =
            medtl_evidence_create(kinds[k].kind, &explained.request, &object, &err) == MEDTL_OK &&
            medtl_file_replace(path, object->bytes, object->size, &err) == MEDTL_OK;
        medtl_evidence_destroy(object);
        if (!good)
            fprintf(stderr, "%s: not written: %s\n", path, err.message);
    }
    sample_evidence_clear(&explained);
    return good;
}

int main(int argc, char **argv)
{
    bool good = argc == 2;

    for (size_t i = 0; good && i < sizeof images / sizeof images[0]; i++)
        for (size_t l = 0; good && l < sizeof languages / sizeof languages[0]; l++)
            good = make_objects(argv[1], i, l);
    if (argc != 2)
        fputs("usage: make_evidence FOLDER\n", stderr);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
