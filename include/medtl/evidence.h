/* What shows why a result is what it is: where in the image a network found it, as an outline, as a
 * picture and as a segmentation. Implemented by dicom/evidence. */
#ifndef MEDTL_EVIDENCE_H
#define MEDTL_EVIDENCE_H

#include "medtl/config.h"
#include "medtl/error.h"
#include "medtl/image.h"
#include "medtl/report.h"
#include "medtl/study.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- from a heat map to a region of the image --------------------------------------------- */

/** How much each place of a network's input speaks for a class. */
typedef struct medtl_heat_map {
    const float *values;    /* [height][width], 0 and more; borrowed */
    uint32_t height, width; /* evenly spread over the input; any size */
} medtl_heat_map;

/** The salient region: around the map's largest value, everything connected with it (by edges, not
 *  corners) that has at least `level` of it. What lies in the letterbox does not count. Zhou et al. 2016
 *  ("Learning Deep Features for Discriminative Localization", section 3.2) cut class activation maps in this
 *  way. The region's outer border, by marching squares (linear interpolation between the map's values),
 *  taken back through flip, crop and resize into the image, and simplified (Douglas and Peucker 1973) by
 *  less than a quarter of an input pixel.
 *
 *  @param geometry       How the input lies in the image, from medtl_normalise().
 *  @param input_height, input_width  Of the network's input, which the geometry's `inner` counts in.
 *  @param rows, columns  Of the image.
 *  @param level          Above 0, at most 1.
 *  @param[out] points    A polygon, the first point not repeated, within the image; owned by the caller
 *                        (free). NULL where nothing in the map is above 0.
 *  @return MEDTL_OK; MEDTL_E_ARGUMENT for a level or a size that is none, or a map that is not of finite
 *          numbers; MEDTL_E_MEMORY. */
medtl_status medtl_evidence_outline(const medtl_heat_map *map, const medtl_geometry *geometry,
                                    uint32_t input_height, uint32_t input_width, uint32_t rows,
                                    uint32_t columns, double level, medtl_point **points,
                                    size_t *count, medtl_error *err) MEDTL_NOEXCEPT;

/* ---- the image as people see it ------------------------------------------------------------ */

/** A picture of 8 bits, red, green and blue interleaved. */
typedef struct medtl_picture {
    unsigned char *pixels; /* owned; [height][width][3] */
    uint32_t height, width;
} medtl_picture;

/** The whole image, not flipped, not cropped, in the gray values or colours that a viewer shows first;
 *  reduced so that neither side is longer than `longest`. Never enlarged.
 *  @param frame    0-based.
 *  @param to_srgb  As medtl_image_read_input(), which reads it (in a process of its own where asked).
 *  @param voi      How gray values are chosen, as in the normaliser.
 *  @return As medtl_image_read_input(). */
medtl_status medtl_picture_read(const medtl_instance *instance, uint32_t frame, bool to_srgb,
                                medtl_voi_choice voi, uint32_t longest, medtl_picture *out,
                                medtl_error *err) MEDTL_NOEXCEPT;
/** Free the pixels. NULL and an empty picture are allowed. */
void medtl_picture_clear(medtl_picture *picture) MEDTL_NOEXCEPT;

/* ---- objects -------------------------------------------------------------------------------- */

enum { MEDTL_PICTURE_LONGEST = 1024 }; /* pixels; what a Secondary Capture is made with */

/** One image's result and where it was found. Everything is borrowed. */
typedef struct medtl_evidence_request {
    const medtl_task *task;
    const char *model_name, *model_version, *model_sha256;
    const char *software_version;
    const medtl_instance *instance;
    uint32_t frame;             /* 0-based */
    medtl_geometry geometry;    /* of the normalised input */
    const float *probabilities; /* task->class_count values */
    size_t class_index;         /* that the map is for */
    medtl_heat_map map;
    const medtl_point
        *outline; /* from medtl_evidence_outline(); NULL: nothing spoke for the class */
    size_t outline_count;
    double level;                  /* that the outline was made with */
    const medtl_picture *picture;  /* for MEDTL_EVIDENCE_PICTURE */
    const char *content_date_time; /* as in medtl_report_request */
} medtl_evidence_request;

/** A finished object: a complete DICOM file in memory. */
typedef struct medtl_evidence {
    unsigned char *bytes; /* owned */
    size_t size;
    medtl_evidence_kind kind;
    const char *sop_class_uid; /* static */
    char sop_instance_uid[MEDTL_UID_SIZE];
    char series_instance_uid[MEDTL_UID_SIZE];
    char study_instance_uid[MEDTL_UID_SIZE];
} medtl_evidence;

/** Build one object, Explicit VR Little Endian, in the image's study.
 *
 *  MEDTL_EVIDENCE_PICTURE: a Secondary Capture in colour: the picture with the heat map over it, the outline
 *  in white and a legend below. It names the image as its source.
 *  MEDTL_EVIDENCE_SEGMENTATION: a binary Segmentation with the image's rows and columns and one segment, the
 *  inside of the outline (pixels whose centre is in it). It refers to the image's frame. Where the image says
 *  nothing of patient space, as mammograms and photographs do not, the segmentation has a frame of reference
 *  of its own whose axes are the image's: without one, OHIF 3.13 does not show it (docs/VIEWERS.md).
 *
 *  UIDs are name-based as the reports' are (report.h): from the image and its frame, kind, class, level,
 *  model, task and software version; the series' from study, kind, task and model, and each
 *  segmentation has a series of its own (of several in one, OHIF 3.13 shows the first only). Patient and study
 *  attributes are the image's, byte for byte, in its character set; our own text is ASCII.
 *
 *  @return MEDTL_OK; MEDTL_E_ARGUMENT for a request that lacks what the kind needs, or a segmentation without
 *          an outline; MEDTL_E_UNSUPPORTED for MEDTL_EVIDENCE_PRESENTATION, which is not made;
 *          MEDTL_E_MEMORY; MEDTL_E_INTERNAL where DCMTK refuses an attribute.
 *  May be called by several threads. */
medtl_status medtl_evidence_create(medtl_evidence_kind kind, const medtl_evidence_request *request,
                                   medtl_evidence **out, medtl_error *err) MEDTL_NOEXCEPT;
void medtl_evidence_destroy(medtl_evidence *evidence) MEDTL_NOEXCEPT; /* NULL is allowed */

#ifdef __cplusplus
}
#endif
#endif
