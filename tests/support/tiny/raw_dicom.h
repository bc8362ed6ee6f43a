/* DICOM files written byte by byte (PS3.5, PS3.10; Explicit VR Little Endian), so that a test decides every
 * value, sensible or not. */
#ifndef TEST_RAW_DICOM_H
#define TEST_RAW_DICOM_H

#include <stdbool.h>
#include <stddef.h>

/** What differs between files; NULL and 0 mean the usual. */
typedef struct raw_dicom {
    const char *sop_class; /* Digital Mammography For Presentation */
    const char *sop, *series,
        *study;           /* "1.2.3.4.5.1", "1.2.3.4", "1.2.3"; "": the element is left out */
    const char *patient;  /* Patient ID: PHANTOM */
    const char *modality; /* MG */
    const char
        *transfer_syntax;   /* stated; the elements stay explicit little endian, the pixels are put
                                    into one fragment, as compressed ones are */
    unsigned rows, columns; /* 48 x 40 */
    unsigned samples;       /* 1: 16-bit MONOCHROME2; 3: 8-bit RGB */
    unsigned frames;        /* 0: no Number of Frames */
    unsigned seed;          /* of the picture: a bright half disc at the left, its size varies,
                               from frame to frame too */
    bool no_pixels;
    const char *laterality, *view; /* Image Laterality, View Position; NULL: left out */
    const char *acquired;          /* Acquisition Time, on the study's date; NULL: left out */
    const char *event;             /* Irradiation Event UID; NULL: left out */
    size_t pixel_bytes;            /* of the pixel data; 0: as many as the geometry needs */
} raw_dicom;

/** @param[out] bytes  Owned by the caller (free). Aborts without memory. */
void raw_dicom_make(const raw_dicom *what, unsigned char **bytes, size_t *size);

/** Write it to a file. @return false where that fails. */
bool raw_dicom_write(const raw_dicom *what, const char *path);

#endif
