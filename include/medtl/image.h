/* One frame of stored values with what is needed to understand them, and the normaliser
 * that turns it into a network's input. The normaliser is plain C and knows no DICOM library;
 * decoding is dicom's work. */
#ifndef MEDTL_IMAGE_H
#define MEDTL_IMAGE_H

#include "medtl/error.h"
#include "medtl/study.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum medtl_photometric {
    MEDTL_MONOCHROME1, /* lowest value is white */
    MEDTL_MONOCHROME2, /* lowest value is black */
    MEDTL_PALETTE_COLOR,
    MEDTL_RGB,
    MEDTL_YBR_FULL /* also what YBR_FULL_422, ICT and RCT become once decoded to three planes */
} medtl_photometric;

typedef enum medtl_pixel_type {
    MEDTL_PIXEL_U8,
    MEDTL_PIXEL_S8,
    MEDTL_PIXEL_U16,
    MEDTL_PIXEL_S16
} medtl_pixel_type;

/** A look-up table (PS3.3 C.11.1.1, C.11.2.1.1, C.7.6.3.1.5). */
typedef struct medtl_lut {
    uint16_t *entries; /* owned; NULL: no table */
    uint32_t count;    /* 1 to 65536 */
    int32_t first;     /* stored value mapped by entry 0 */
    uint16_t bits;     /* of an entry: 8 to 16 */
} medtl_lut;

typedef enum medtl_voi_function {
    MEDTL_VOI_LINEAR,       /* PS3.3 C.11.2.1.2.1 */
    MEDTL_VOI_LINEAR_EXACT, /* PS3.3 C.11.2.1.3.2 */
    MEDTL_VOI_SIGMOID       /* PS3.3 C.11.2.1.3.1 */
} medtl_voi_function;

/** One decoded frame. A plain struct that its reader fills; treat as read-only afterwards. */
typedef struct medtl_image {
    uint32_t rows, columns;
    uint16_t samples; /* 1, or 3 interleaved (R G B R G B ...) */
    uint16_t bits_stored;
    medtl_pixel_type type;
    medtl_photometric photometric; /* of `pixels` as they are now, after decoding */
    void *pixels; /* owned; [rows][columns][samples], row-major; sign-extended and masked to
                     bits_stored, overlay bits removed */

    double rescale_slope, rescale_intercept; /* 1 and 0 where absent */
    medtl_lut modality_lut;                  /* instead of rescale where present */
    bool has_window;                         /* the first window of the image */
    double window_center, window_width;
    medtl_voi_function voi_function;
    medtl_lut voi_lut;             /* the first item of VOI LUT Sequence; a window wins over it */
    bool inverse_presentation_lut; /* Presentation LUT Shape INVERSE */
    bool has_padding;
    int32_t padding_first, padding_last; /* inclusive range of stored values that are no image */
    medtl_lut palette[3];                /* red, green, blue; for MEDTL_PALETTE_COLOR */
    medtl_laterality laterality;         /* for flipping; NONE where unknown */
    bool counts_exposure;       /* For Processing with Pixel Intensity Relationship LIN: values are
                             proportional to the X-rays that came through, not to what stopped them */
    unsigned char *icc_profile; /* owned; NULL: none */
    size_t icc_profile_size;
} medtl_image;

/** Decode one frame.
 *  @param frame  0-based.
 *  @param[out] out  On success an image for medtl_image_destroy(); NULL on failure.
 *  @return MEDTL_OK; MEDTL_E_ARGUMENT for a frame that is not there; MEDTL_E_IO; MEDTL_E_FORMAT;
 *          MEDTL_E_UNSUPPORTED for a transfer syntax or pixel format that we do not decode (named
 *          in the message); MEDTL_E_MEMORY. */
medtl_status medtl_image_read(const medtl_instance *instance, uint32_t frame, medtl_image **out,
                              medtl_error *err) MEDTL_NOEXCEPT;

/** An image of zeros with neutral facts (rescale 1/0, no window, no padding, MONOCHROME2 or RGB).
 *  For readers of other formats and for tests.
 *  @param samples  1 or 3. */
medtl_status medtl_image_create(uint32_t rows, uint32_t columns, uint16_t samples,
                                medtl_pixel_type type, uint16_t bits_stored, medtl_image **out,
                                medtl_error *err) MEDTL_NOEXCEPT;

/** Convert colours to sRGB by the image's ICC profile (PS3.3 C.11.15), perceptually, with Little CMS, in place:
 *  the image is RGB of 8 or 16 bits afterwards and has no profile any more. An image without one, or without
 *  colour, stays as it is.
 *  @return MEDTL_OK; MEDTL_E_FORMAT for a profile that is damaged or of another colour space than RGB;
 *          MEDTL_E_MEMORY. Thread-safe: keeps Little CMS's state to itself. */
medtl_status medtl_image_to_srgb(medtl_image *image, medtl_error *err) MEDTL_NOEXCEPT;

/** Release an image with its tables. NULL is allowed. */
void medtl_image_destroy(medtl_image *image) MEDTL_NOEXCEPT;

/* ---- the normaliser ------------------------------------------------------------------- */

typedef enum medtl_voi_choice {
    MEDTL_VOI_IMAGE,      /* window or VOI LUT of the image, else the full range of its pixels */
    MEDTL_VOI_FULL_RANGE, /* smallest to largest pixel that is not padding */
    MEDTL_VOI_PERCENTILE /* 0.5 to 99.5 percent of the pixels inside the crop (of the breast alone with
                             MEDTL_CROP_BREAST, so that the air around it does not count) */
} medtl_voi_choice;      /* of gray images; colour is taken as it is, black to full scale */

typedef enum medtl_crop {
    MEDTL_CROP_NONE,
    MEDTL_CROP_BREAST, /* bounding box of the largest connected region above the background, found on
                          values before VOI; the whole image where there is no such region */
    MEDTL_CROP_CENTER  /* the largest centred rectangle of the input's aspect ratio */
} medtl_crop;

typedef enum medtl_side {
    MEDTL_SIDE_KEEP,
    MEDTL_SIDE_LEFT /* mirrored where needed so that the chest wall is at the left edge; by the mask's
                       outline, so that it also works without a laterality, which decides only
                       where the outline does not */
} medtl_side;

typedef enum medtl_fit {
    MEDTL_FIT_LETTERBOX, /* keep the aspect ratio, fill the rest with zeros (before mean and sd) */
    MEDTL_FIT_STRETCH
} medtl_fit;

typedef enum medtl_color_constancy {
    MEDTL_COLOR_CONSTANCY_NONE,
    MEDTL_COLOR_CONSTANCY_SHADES_OF_GRAY /* Finlayson & Trezzi 2004, Minkowski norm p = 6 */
} medtl_color_constancy;

/** What a task asks of the normaliser. The order of the steps is fixed:
 *  colour conversion | rescale or modality LUT; logarithm of counted exposure; padding; VOI; polarity (MONOCHROME1, inverse
 *  presentation LUT); crop; side; fit with antialiased resize; colour constancy; (x - mean) / sd,
 *  where x is in 0 to 1. */
typedef struct medtl_normaliser {
    uint32_t channels;      /* 1 or 3; a gray image in a 3-channel task is repeated, and colour in
                               a 1-channel task becomes luminance (ITU-R BT.601) */
    uint32_t height, width; /* of the network's input, in pixels */
    medtl_voi_choice voi;
    medtl_crop crop;
    medtl_side side;
    medtl_fit fit;
    medtl_color_constancy color_constancy;
    float mean[3], sd[3]; /* per channel; sd > 0; with one channel the other two repeat it, so that
                             there is one spelling */
} medtl_normaliser;

/** Where the network's input lies in the image, so that a finding can be drawn. */
typedef struct medtl_geometry {
    double x0, y0, x1, y1; /* the part that was used, in image pixels: x0 <= x < x1, from the
                              image's top-left corner (the corner, not the centre, of pixel 0) */
    bool flipped;          /* mirrored left-right after the crop */
    double inner[4];       /* x0 y0 x1 y1 of that part in the input (the letterbox's inside) */
} medtl_geometry;

/** A position in an image: x is the column, from the top-left corner of the first pixel
 *  (PS3.3 C.18.6.1.1). */
typedef struct medtl_point {
    float x, y;
} medtl_point;

enum { MEDTL_OUTLINE_LIMIT = 64 };

/** A closed line in an image, in its pixels; the first corner is not repeated. */
typedef struct medtl_outline {
    uint32_t count; /* 0: there is none; else at least 3 */
    medtl_point points[MEDTL_OUTLINE_LIMIT];
} medtl_outline;

/** Normalise one image.
 *  @param[out] out       channels * height * width floats, CHW, row-major.
 *  @param[out] geometry  May be NULL.
 *  @param[out] breast    The skin line and the chest wall, to about a cell of a grid of 256 x 256 over the image.
 *                        Without points where the normaliser does not look for a breast (it does for
 *                        MEDTL_CROP_BREAST and MEDTL_SIDE_LEFT), or finds none. May be NULL.
 *  @return MEDTL_OK, MEDTL_E_ARGUMENT for an impossible normaliser, MEDTL_E_FORMAT for an image
 *          without any usable pixel (all padding, say), MEDTL_E_MEMORY.
 *  Thread-safe: no state. The same image gives the same bits. */
medtl_status medtl_normalise(const medtl_image *image, const medtl_normaliser *normaliser,
                             float *out, medtl_geometry *geometry, medtl_outline *breast,
                             medtl_error *err) MEDTL_NOEXCEPT;

/** The lesion in a picture of skin, from the network's input alone: the largest region that is darker in green and blue than
 *  what is around it (Otsu 1979), where there is one such region of a plain shape and clear contrast that the picture does
 *  not cut off; else nothing. No reference says how well that is the lesion's border: docs/REPORTS.md.
 *  @param input     As medtl_normalise() has made it; three channels.
 *  @param geometry  As it has filled it.
 *  @param[out] out  In pixels of the image; without points where there is no such region.
 *  @return MEDTL_OK, MEDTL_E_ARGUMENT for one channel, MEDTL_E_MEMORY. Thread-safe: no state. */
medtl_status medtl_lesion_outline(const float *input, const medtl_normaliser *normaliser,
                                  const medtl_geometry *geometry, medtl_outline *out,
                                  medtl_error *err) MEDTL_NOEXCEPT;

/** medtl_image_read(), medtl_image_to_srgb() where asked for, and medtl_normalise() in one. Where the instance came
 *  from an isolated reader (reader.h) all of it is done by the child, and only the input comes back: no pixels
 *  cross, and nothing of the file reaches the normaliser of this process.
 *  @param frame, out, geometry, breast  As there.
 *  @return as they do. */
medtl_status medtl_image_read_input(const medtl_instance *instance, uint32_t frame, bool to_srgb,
                                    const medtl_normaliser *normaliser, float *out,
                                    medtl_geometry *geometry, medtl_outline *breast,
                                    medtl_error *err) MEDTL_NOEXCEPT;

enum { MEDTL_NORMALISER_TEXT_SIZE = 320 };

/** The one canonical spelling of a normaliser, e.g. "v1 channels=3 size=160x160 voi=image
 *  crop=center side=keep fit=stretch constancy=none mean=0.5,0.5,0.5 sd=0.25,0.25,0.25". It is stored in
 *  each model file; a task whose normaliser spells differently does not fit the model. */
void medtl_normaliser_text(const medtl_normaliser *normaliser,
                           char text[MEDTL_NORMALISER_TEXT_SIZE]) MEDTL_NOEXCEPT;

/** Read the canonical spelling back. @return MEDTL_OK or MEDTL_E_FORMAT. */
medtl_status medtl_normaliser_parse(const char *text, medtl_normaliser *out,
                                    medtl_error *err) MEDTL_NOEXCEPT;

/** Write a normalised input as an 8-bit PNG picture (undoing mean and sd, clamped to 0..1), by
 *  temporary file and rename, so that people can look at what the network sees. */
medtl_status medtl_normalised_write_png(const float *input, const medtl_normaliser *normaliser,
                                        const char *path, medtl_error *err) MEDTL_NOEXCEPT;

#ifdef __cplusplus
}
#endif
#endif
