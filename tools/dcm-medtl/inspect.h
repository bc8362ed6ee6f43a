/* The two ways in which `inspect` shows what it saw. */
#ifndef DCM_MEDTL_INSPECT_H
#define DCM_MEDTL_INSPECT_H

#include "look.h"

#include <stdio.h>

void inspect_text(FILE *stream, const look *l);

/** @param[out] text  Owned by the caller (free). */
medtl_status inspect_json(const look *l, char **text, medtl_error *err);

#endif
