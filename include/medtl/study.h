/* DICOM instances as facts: what a file says of itself before a pixel is decoded.
 * Implemented by dicom/ (the only user of DCMTK); no DCMTK type appears here. */
#ifndef MEDTL_STUDY_H
#define MEDTL_STUDY_H

#include "medtl/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { MEDTL_UID_SIZE = 65, MEDTL_CS_SIZE = 17 };

/** A coded concept (PS3.3 section 8). All empty: none. UTF-8. */
typedef struct medtl_code {
    char value[65];    /* Code Value                */
    char scheme[17];   /* Coding Scheme Designator  */
    char meaning[129]; /* Code Meaning              */
} medtl_code;

typedef enum medtl_laterality {
    MEDTL_LATERALITY_NONE = 0,
    MEDTL_LATERALITY_LEFT,
    MEDTL_LATERALITY_RIGHT,
    MEDTL_LATERALITY_BOTH
} medtl_laterality;

typedef enum medtl_intent {
    MEDTL_INTENT_UNKNOWN = 0,
    MEDTL_INTENT_PRESENTATION,
    MEDTL_INTENT_PROCESSING
} medtl_intent;

/** What kind of X-ray image of the breast an instance is. */
typedef enum medtl_kind {
    MEDTL_KIND_OTHER = 0,     /* no mammogram at all */
    MEDTL_KIND_FULL_FIELD,    /* an ordinary exposure, spot and magnification views among them */
    MEDTL_KIND_TOMOSYNTHESIS, /* reconstructed slices */
    MEDTL_KIND_PROJECTION,    /* the exposures that slices are reconstructed from */
    MEDTL_KIND_SYNTHETIC,     /* a 2-D image computed from tomosynthesis (C-View, V-Preview ...) */
    MEDTL_KIND_CONTRAST,      /* high energy and subtracted images of contrast mammography; a low
                                 energy image looks like an ordinary one and counts as one */
    MEDTL_KIND_STEREOTACTIC,  /* for guiding a biopsy */
    MEDTL_KIND_SPECIMEN       /* of tissue that was taken out */
} medtl_kind;

/** How a view was taken. Bits, since several may hold (PS3.16 CID 4015). */
typedef enum medtl_view_modifier {
    MEDTL_VIEW_MAGNIFICATION = 1 << 0, /* by code, or an Estimated Radiographic Magnification Factor
                                          of 1.3 or more */
    MEDTL_VIEW_SPOT = 1 << 1,          /* spot compression */
    MEDTL_VIEW_IMPLANT_DISPLACED = 1 << 2,
    MEDTL_VIEW_PARTIAL = 1 << 3, /* Partial View YES: one of several images of a large breast */
    MEDTL_VIEW_ROLLED = 1 << 4,  /* in any direction */
    MEDTL_VIEW_TANGENTIAL = 1 << 5,
    MEDTL_VIEW_CLEAVAGE = 1 << 6,
    MEDTL_VIEW_AXILLARY_TAIL = 1 << 7,
    MEDTL_VIEW_OTHER = 1 << 8 /* nipple in profile, anterior compression, infra-mammary fold ... */
} medtl_view_modifier;

typedef enum medtl_spacing_origin {
    MEDTL_SPACING_NONE = 0,
    MEDTL_SPACING_PATIENT,  /* Pixel Spacing: stated for the patient's plane, or calibrated */
    MEDTL_SPACING_DETECTOR, /* Imager Pixel Spacing (or Detector Element Spacing times the binning)
                               with no known magnification: sizes at the detector's face */
    MEDTL_SPACING_CORRECTED, /* the same, divided by the Estimated Radiographic Magnification Factor */
    MEDTL_SPACING_FILM       /* Nominal Scanned Pixel Spacing of a digitised film */
} medtl_spacing_origin;

/** What every later step needs to know of one SOP instance. Strings are UTF-8, trimmed,
 *  and empty where the attribute is absent. Nothing here names the patient. */
typedef struct medtl_facts {
    char sop_class_uid[MEDTL_UID_SIZE];
    char sop_instance_uid[MEDTL_UID_SIZE];
    char series_instance_uid[MEDTL_UID_SIZE];
    char study_instance_uid[MEDTL_UID_SIZE];
    char transfer_syntax_uid[MEDTL_UID_SIZE];
    char modality[MEDTL_CS_SIZE];
    char photometric_interpretation[MEDTL_CS_SIZE];
    medtl_laterality laterality; /* Frame, Image or series Laterality, else the coded anatomy; of a
                                    mammogram else View Position ("RCC"), Patient Orientation, and
                                    Series Description last */
    medtl_intent intent;         /* Presentation Intent Type, else the SOP class */
    medtl_code view; /* as SCT where known (CID 4014): from View Code Sequence, View Position; of a
                        mammogram else from Patient Orientation, and Series Description last */
    medtl_kind kind;
    unsigned view_modifiers; /* of medtl_view_modifier */
    /* What tells exposures of one study apart. Both may be empty; never printed. */
    char irradiation_event_uid[MEDTL_UID_SIZE];
    char acquired[15]; /* "YYYYMMDDHHMMSS" of the acquisition, as the instance has it */
    char source_sop_instance_uid[MEDTL_UID_SIZE]; /* the first image that it was derived from */
    uint32_t rows, columns;
    uint32_t frames; /* at least 1 where there is pixel data */
    uint16_t samples_per_pixel, bits_allocated, bits_stored;
    bool has_pixel_data;
    bool has_pixel_spacing;
    double
        pixel_spacing_mm[2]; /* [0] between rows (y), [1] between columns (x); the best there is */
    medtl_spacing_origin spacing_origin;
    double magnification; /* Estimated Radiographic Magnification Factor; 0: not stated */

    /* Of photographs of skin (PS3.3 C.8.12.13, C.8.12.14). Empty or 0: not stated. */
    char polarization[MEDTL_CS_SIZE];  /* POLARIZED, NON_POLARIZED */
    char contact[MEDTL_CS_SIZE];       /* CONTACT, NON_CONTACT */
    char immersion[MEDTL_CS_SIZE];     /* ALCOHOL, WATER ... */
    double optical_magnification;      /* times */
    medtl_code site;                   /* the anatomic region, of any image */
    char tracking_uid[MEDTL_UID_SIZE]; /* of the lesion, over time */
    char tracking_id[65];              /* the label for it that people use; never printed */
    bool has_icc_profile;
} medtl_facts;

/** One SOP instance: its facts, its origin and the header attributes a report copies.
 *  Immutable after reading, so threads may share it. Holds no pixels. */
typedef struct medtl_instance medtl_instance;

/** Check once, before anything else, that DICOM can be read here: the data dictionary is
 *  loaded. Safe to call often and from several threads; it registers nothing with DCMTK, which
 *  a host may share: frames are given to DCMTK's decoders directly.
 *  @return MEDTL_OK, or MEDTL_E_CONFIG with the reason (a missing data dictionary, say). */
medtl_status medtl_dicom_start(medtl_error *err) MEDTL_NOEXCEPT;

/** Read the header of one file, not its pixels.
 *  @param path           Of the file; bytes as the system gives them. Copied.
 *  @param keywords       DICOM keywords ("BodyPartExamined") whose values shall be kept for
 *                        medtl_instance_value() beside the facts. May be NULL when count is 0.
 *  @param[out] out       On success an instance for medtl_instance_destroy(); NULL on failure.
 *  @return MEDTL_OK; MEDTL_E_IO; MEDTL_E_NOT_DICOM; MEDTL_E_FORMAT for a damaged file or one
 *          without SOP UIDs; MEDTL_E_UNSUPPORTED for a DICOMDIR. */
medtl_status medtl_instance_read(const char *path, const char *const *keywords,
                                 size_t keyword_count, medtl_instance **out,
                                 medtl_error *err) MEDTL_NOEXCEPT;

/** As medtl_instance_read(), from a complete DICOM file in memory. The bytes are copied:
 *  pixels are read from the copy later.
 *  @param name  Stands for the path in messages and results; no patient values. */
medtl_status medtl_instance_read_memory(const void *bytes, size_t size, const char *name,
                                        const char *const *keywords, size_t keyword_count,
                                        medtl_instance **out, medtl_error *err) MEDTL_NOEXCEPT;

/** Release an instance. NULL is allowed. */
void medtl_instance_destroy(medtl_instance *instance) MEDTL_NOEXCEPT;

/** Borrowed: valid until the instance is destroyed. Never NULL. */
const medtl_facts *medtl_instance_facts(const medtl_instance *instance) MEDTL_NOEXCEPT;

/** The path, or the name given for bytes in memory. Borrowed. */
const char *medtl_instance_path(const medtl_instance *instance) MEDTL_NOEXCEPT;

/** The value of an attribute or a derived fact, as text, for rules and tables.
 *  @param keyword  A DICOM keyword that was asked for on reading or belongs to the facts
 *                  ("SOPClassUID", "Modality", "ImageType", "PhotometricInterpretation", ...),
 *                  or a derived fact in lower case: "laterality" (L, R, B), "view" (CC, MLO,
 *                  ML, ...), "intent" (PRESENTATION, PROCESSING), "kind" (FULL-FIELD,
 *                  TOMOSYNTHESIS, PROJECTION, SYNTHETIC, CONTRAST, STEREOTACTIC, SPECIMEN),
 *                  "view-modifier" (MAGNIFICATION, SPOT, IMPLANT-DISPLACED, PARTIAL, ROLLED, ...),
 *                  "sop-class" (the name in the Standard's dictionary).
 *  @return UTF-8, several values joined by a backslash; NULL where absent or not kept. Borrowed. */
const char *medtl_instance_value(const medtl_instance *instance,
                                 const char *keyword) MEDTL_NOEXCEPT;

/** Is this one of the derived facts, which every instance has without being asked to keep them? */
bool medtl_attribute_is_derived(const char *keyword) MEDTL_NOEXCEPT;

/** Is this a name that medtl_instance_value() can answer to: a keyword of the data dictionary, or a derived fact?
 *  Case counts. Wants medtl_dicom_start() for the former.
 *  @return MEDTL_OK, or MEDTL_E_ARGUMENT with the names of the derived facts, and with the name that was
 *          probably meant where only the case of letters differs. */
medtl_status medtl_attribute_check(const char *keyword, medtl_error *err) MEDTL_NOEXCEPT;

/** Who an image is of. What identifies somebody never leaves it. */
typedef struct medtl_patient medtl_patient;

/** @param[out] out  On success for medtl_patient_destroy(); needs the instance no longer.
 *  @return MEDTL_OK; MEDTL_E_MEMORY; MEDTL_E_FORMAT. Reentrant. */
medtl_status medtl_patient_of(const medtl_instance *instance, medtl_patient **out,
                              medtl_error *err) MEDTL_NOEXCEPT;

/** Are two images of one study of the same patient? By Patient ID and issuer (PS3.3 C.7.1.1), else by name and birth date;
 *  in doubt they are not. Reentrant. */
bool medtl_patient_is_same(const medtl_patient *one, const medtl_patient *other) MEDTL_NOEXCEPT;
void medtl_patient_destroy(medtl_patient *patient) MEDTL_NOEXCEPT; /* NULL is allowed */

/** What a scan found at one path. */
typedef struct medtl_scan_item {
    const char *path; /* borrowed for the time of the call */
    medtl_instance
        *instance;       /* NULL where the file gave none; the sink takes it (and destroys it) */
    medtl_status status; /* MEDTL_OK with an instance; else why not (MEDTL_E_NOT_DICOM, ...) */
    char reason[MEDTL_MESSAGE_SIZE];
} medtl_scan_item;

/** Receives each file once. Return other than MEDTL_OK to stop the scan with that status. */
typedef medtl_status (*medtl_scan_sink)(void *context, medtl_scan_item *item);

/** Walk files and folders (recursively, sorted by name so that runs agree; symbolic links to
 *  folders are followed once, never in circles) and hand each regular file to the sink exactly
 *  once. A DICOMDIR is itself reported as MEDTL_E_UNSUPPORTED "is a DICOMDIR"; given as a path of
 *  its own, the files that it names (File-set IDs, case-tolerant, inside its folder only) are
 *  walked. A path that does not exist goes to the sink as MEDTL_E_IO, and so does a folder that
 *  cannot be listed, or not to its end; the files that it did show are walked all the same.
 *  @return MEDTL_OK also when single files failed; the sink's status when it stopped the scan. */
medtl_status medtl_scan(const char *const *paths, size_t path_count, const char *const *keywords,
                        size_t keyword_count, medtl_scan_sink sink, void *context,
                        medtl_error *err) MEDTL_NOEXCEPT;

#ifdef __cplusplus
}
#endif
#endif
