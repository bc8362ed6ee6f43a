/* Synthetic studies for demonstrations and tests: real DICOM objects of nobody. */
#ifndef MEDTL_PHANTOM_H
#define MEDTL_PHANTOM_H

#include "medtl/error.h"

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Write two studies the way a CD holds them (folders and files without extensions, and a README.TXT that is
 *  not DICOM):
 *  - a mammography exam: right and left breast, CC and MLO, For Presentation, and one view For Processing. The
 *    left breast has a mass, the right one a cluster of calcifications;
 *  - a dermoscopy study: two Dermoscopic Photographs, two VL Photographs, a Secondary Capture in colour.
 *  Ten transfer syntaxes, one a file: implicit, explicit, big endian, deflated, RLE, JPEG baseline, JPEG extended
 *  with 12 bits, JPEG lossless, JPEG-LS and JPEG 2000. The patients' names begin with PHANTOM.
 *  The same seed gives the same bytes.
 *
 *  Registers DCMTK's encoders for the whole process, and leaves them: for tools and tests, not for a host.
 *  @param folder           Made if need be; files of the same names are replaced.
 *  @param[out] file_count  DICOM files written. May be NULL.
 *  @return MEDTL_OK, MEDTL_E_IO, MEDTL_E_CONFIG without DCMTK's data dictionary, MEDTL_E_MEMORY. */
medtl_status medtl_phantom_write(const char *folder, uint64_t seed, size_t *file_count,
                                 medtl_error *err) MEDTL_NOEXCEPT;

#ifdef __cplusplus
}
#endif
#endif
