// Small DICOM objects made with DCMTK, whose pixel values the tests know by formula.
#ifndef MEDTL_TESTS_OBJECTS_H
#define MEDTL_TESTS_OBJECTS_H

#include "medtl/image.h"

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dctk.h>

#include <memory>
#include <string>
#include <vector>

struct picture {
    unsigned rows, columns, samples, allocated, stored;
    bool is_signed;
    const char *photometric;
    unsigned frames;
};

/// The stored value at one place: all values of the range occur, neighbours differ.
int pattern(const picture &p, unsigned frame, unsigned row, unsigned column, unsigned sample);

/// A slope without edges, for lossy codecs.
int smooth_pattern(const picture &p, unsigned frame, unsigned row, unsigned column,
                   unsigned sample);

using value_formula = int (*)(const picture &, unsigned, unsigned, unsigned, unsigned);

/// Identity and Image Pixel attributes of a Secondary Capture, without pixels.
std::unique_ptr<DcmFileFormat> make_header(const picture &p);

/// With uncompressed pixels, interleaved; every frame.
std::unique_ptr<DcmFileFormat> make_object(const picture &p, value_formula value = pattern);

/// The object as a file in a transfer syntax; compresses where the syntax asks for it.
std::vector<unsigned char> file_bytes(DcmFileFormat &object, E_TransferSyntax syntax,
                                      const DcmRepresentationParameter *parameter = nullptr);

/// An encapsulated Pixel Data from ready fragments. `table` becomes the Basic Offset Table.
void put_fragments(DcmFileFormat &object, E_TransferSyntax syntax,
                   const std::vector<uint32_t> &table,
                   const std::vector<std::vector<unsigned char>> &fragments);

/// The compressed bytes of each frame of an object in a compressed syntax.
std::vector<std::vector<unsigned char>>
fragments_of(DcmFileFormat &object, E_TransferSyntax syntax,
             const DcmRepresentationParameter *parameter = nullptr);

/// One frame as a JPEG 2000 codestream, lossless (OpenJPEG).
std::vector<unsigned char> jpeg2000_codestream(const picture &p, unsigned frame,
                                               value_formula value, bool color_transform);

/// Owners that let a test fail without leaking.
struct instance_deleter {
    void operator()(medtl_instance *instance) const { medtl_instance_destroy(instance); }
};
struct image_deleter {
    void operator()(medtl_image *image) const { medtl_image_destroy(image); }
};
using instance_owner = std::unique_ptr<medtl_instance, instance_deleter>;
using image_owner = std::unique_ptr<medtl_image, image_deleter>;

/// Read from memory; the test fails where that fails.
instance_owner read_instance(const std::vector<unsigned char> &bytes,
                             const std::vector<const char *> &keywords = {});
image_owner read_frame(const medtl_instance *instance, unsigned frame = 0);
image_owner read_first_frame(DcmFileFormat &object,
                             E_TransferSyntax syntax = EXS_LittleEndianExplicit);

/// How it fails, or MEDTL_OK; `reason` gets the message.
medtl_status try_instance(const std::vector<unsigned char> &bytes, std::string &reason);
medtl_status try_frame(const std::vector<unsigned char> &bytes, unsigned frame,
                       std::string &reason);

/// The value of an image, whatever its type.
int value_at(const medtl_image &image, unsigned row, unsigned column, unsigned sample = 0);

/// The largest difference between an image and a formula.
int largest_difference(const medtl_image &image, const picture &p, unsigned frame,
                       value_formula value);

#endif
