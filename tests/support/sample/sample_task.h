/* Two tasks as a configuration would give them: one with a positive class and a threshold, one
 * where the most probable of seven classes wins. */
#ifndef MEDTL_SAMPLE_TASK_H
#define MEDTL_SAMPLE_TASK_H

#include "medtl/config.h"

enum { SAMPLE_MAMMOGRAPHY_CLASSES = 2, SAMPLE_DERMOSCOPY_CLASSES = 7 };

/* A digest of the right form for models and tasks: 64 hexadecimal digits. */
#define SAMPLE_DIGEST_A "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define SAMPLE_DIGEST_B "ff112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

extern const medtl_task sample_mammography;
extern const medtl_task sample_dermoscopy;

#endif
