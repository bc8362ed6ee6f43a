/* An ordinary picture as a DICOM object: so that data sets in JPEG or PNG can go the way that images from a PACS go. */
#ifndef MEDTL_WRAP_H
#define MEDTL_WRAP_H

#include "medtl/error.h"

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/** An attribute of the object. Strings are borrowed for the time of the call. */
typedef struct medtl_wrap_attribute {
    const char *keyword; /* of the data dictionary, at the top level of the data set              */
    const char *value;   /* UTF-8; several values joined by a backslash; of a sequence of codes, one
                            code as VALUE:SCHEME:MEANING                                           */
} medtl_wrap_attribute;

typedef struct medtl_wrap_request {
    const char *picture; /* path of a JPEG or PNG file                                            */
    const char *kind;    /* "dermoscopy" (Dermoscopic Photography), "photograph" (VL Photographic),
                            "mammogram" (Digital Mammography, For Presentation)                    */
    const medtl_wrap_attribute *attributes; /* a later one wins over an earlier one               */
    size_t attribute_count;
    bool
        incomplete; /* write also where an attribute that the object must have is not given       */
} medtl_wrap_request;

/** Make a file. A JPEG stays as it is where DICOM has a transfer syntax for it (baseline, extended, lossless): its
 *  compressed bytes are not touched, but Exif, comments, thumbnails and what lies behind the picture's end, which may tell who,
 *  when and where, are left out. One without an end is damaged. A progressive JPEG, and colour where a mammogram is asked for, is decoded and stored uncompressed. PNG is stored
 *  uncompressed. Nothing is made up: what the object must have and only the caller can know has to be given; so is, of a
 *  mammogram, Burned In Annotation, which is absent from other kinds unless it is given.
 *
 *  UIDs that are not given follow from what is: the same picture and attributes give the same bytes; pictures of one
 *  patient, Study ID and Study Date come to lie in one study. One patient is who has the same Patient ID, Issuer of
 *  Patient ID, Patient's Name and Patient's Birth Date; where neither an ID nor name and birth date are given, each
 *  picture is a study of its own.
 *  @param path  The file to write, by temporary file and rename.
 *  @return MEDTL_OK; MEDTL_E_ARGUMENT for an attribute or kind that is wrong, or missing (all are named); MEDTL_E_IO;
 *          MEDTL_E_FORMAT for a damaged picture; MEDTL_E_UNSUPPORTED for one that cannot be stored as it is meant
 *          (turned by its Exif orientation, transparent, CMYK); MEDTL_E_MEMORY. */
medtl_status medtl_wrap_picture(const medtl_wrap_request *request, const char *path,
                                medtl_error *err) MEDTL_NOEXCEPT;

#ifdef __cplusplus
}
#endif
#endif
