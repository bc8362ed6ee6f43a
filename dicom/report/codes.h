/* The coded concepts that reports are made of, as a table. Where a concept is used, and in which
 * row of which template, is said in the tid*.cpp files; classes, sites and procedures come from the
 * task. */
#ifndef MEDTL_REPORT_CODES_H
#define MEDTL_REPORT_CODES_H

#include "medtl/study.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum medtl_concept {
    /* containers and titles */
    MEDTL_CONCEPT_IMAGING_MEASUREMENT_REPORT,
    MEDTL_CONCEPT_IMAGE_LIBRARY,
    MEDTL_CONCEPT_IMAGE_LIBRARY_GROUP,
    MEDTL_CONCEPT_IMAGING_MEASUREMENTS,
    MEDTL_CONCEPT_MEASUREMENT_GROUP,
    MEDTL_CONCEPT_QUALITATIVE_EVALUATIONS,
    /* who and in which language */
    MEDTL_CONCEPT_LANGUAGE,
    MEDTL_CONCEPT_ENGLISH,
    MEDTL_CONCEPT_OBSERVER_TYPE,
    MEDTL_CONCEPT_DEVICE,
    MEDTL_CONCEPT_DEVICE_UID,
    MEDTL_CONCEPT_DEVICE_NAME,
    MEDTL_CONCEPT_DEVICE_MANUFACTURER,
    MEDTL_CONCEPT_DEVICE_MODEL,
    MEDTL_CONCEPT_DEVICE_SERIAL,
    MEDTL_CONCEPT_PROCEDURE_REPORTED,
    MEDTL_CONCEPT_IMAGING_PROCEDURE,
    MEDTL_CONCEPT_PROCESSING_EQUIPMENT,
    /* the algorithm */
    MEDTL_CONCEPT_ALGORITHM_NAME,
    MEDTL_CONCEPT_ALGORITHM_VERSION,
    MEDTL_CONCEPT_ALGORITHM_PARAMETERS,
    MEDTL_CONCEPT_ALGORITHM_FAMILY,
    MEDTL_CONCEPT_ARTIFICIAL_INTELLIGENCE,
    /* images */
    MEDTL_CONCEPT_ORIGINAL_SOURCE,
    MEDTL_CONCEPT_MODALITY,
    MEDTL_CONCEPT_IMAGE_LATERALITY,
    MEDTL_CONCEPT_IMAGE_VIEW,
    MEDTL_CONCEPT_PATIENT_ORIENTATION_ROW,
    MEDTL_CONCEPT_PATIENT_ORIENTATION_COLUMN,
    MEDTL_CONCEPT_HORIZONTAL_PIXEL_SPACING,
    MEDTL_CONCEPT_VERTICAL_PIXEL_SPACING,
    MEDTL_CONCEPT_PIXEL_DATA_ROWS,
    MEDTL_CONCEPT_PIXEL_DATA_COLUMNS,
    /* findings */
    MEDTL_CONCEPT_TRACKING_IDENTIFIER,
    MEDTL_CONCEPT_TRACKING_UID,
    MEDTL_CONCEPT_FINDING,
    MEDTL_CONCEPT_FINDING_SITE,
    MEDTL_CONCEPT_LATERALITY,
    MEDTL_CONCEPT_LEFT,
    MEDTL_CONCEPT_RIGHT,
    MEDTL_CONCEPT_BILATERAL,
    MEDTL_CONCEPT_IMAGE_REGION,
    MEDTL_CONCEPT_COMMENT,
    /* units (UCUM) */
    MEDTL_CONCEPT_PERCENT,
    MEDTL_CONCEPT_MILLIMETER,
    MEDTL_CONCEPT_PIXELS,
    MEDTL_CONCEPT_COUNT
} medtl_concept;

/** Borrowed, never NULL. */
const medtl_code *medtl_concept_code(medtl_concept concept_id) MEDTL_NOEXCEPT;

/** The code of a defined term of Modality (0008,0060) as in CID 29, e.g. (MG, DCM, "Mammography").
 *  @return NULL for a term that is not an acquisition modality of the table. */
const medtl_code *medtl_modality_code(const char *modality) MEDTL_NOEXCEPT;

/** Does TID 1603 (projection radiography) apply to images of this modality? */
bool medtl_modality_is_projection(const char *modality) MEDTL_NOEXCEPT;

/** Laterality as in CID 244. @return NULL for MEDTL_LATERALITY_NONE. */
const medtl_code *medtl_laterality_code(medtl_laterality laterality) MEDTL_NOEXCEPT;

#ifdef __cplusplus
}
#endif
#endif
