/* SHA-256 (through nettle, which keeps no global state). */
#ifndef MEDTL_BASE_DIGEST_H
#define MEDTL_BASE_DIGEST_H

#include "medtl/error.h"

#include <stddef.h>

enum { MEDTL_SHA256_TEXT_SIZE = 65 };

void medtl_sha256_text(const void *bytes, size_t size, char text[MEDTL_SHA256_TEXT_SIZE]);

#endif
