#include "objects.h"

#include <dcmtk/dcmdata/dcistrmb.h>
#include <dcmtk/dcmdata/dcostrmb.h>
#include <dcmtk/dcmdata/dcpixseq.h>
#include <dcmtk/dcmdata/dcpxitem.h>
#include <dcmtk/dcmdata/dcrleerg.h>
#include <dcmtk/dcmimage/diregist.h> // colour for the encoders; registers itself
#include <dcmtk/dcmjpeg/djencode.h>
#include <dcmtk/dcmjpls/djencode.h>

#include <criterion/criterion.h>
#include <cstring>
#include <openjpeg.h>

namespace
{

int lowest(const picture &p) { return p.is_signed ? -(1 << (p.stored - 1)) : 0; }

void require(const OFCondition &result, const char *what)
{
    cr_assert(result.good(), "%s: %s", what, result.text());
}

/// Encoders belong to the test's process alone.
void register_encoders()
{
    static const bool once = [] {
        DJEncoderRegistration::registerCodecs(ECC_lossyYCbCr, EUC_never, OFFalse, 0, 0, 0, OFTrue,
                                              ESS_444);
        DJLSEncoderRegistration::registerCodecs();
        DcmRLEEncoderRegistration::registerCodecs(OFFalse);
        return true;
    }();
    (void)once;
}

} // namespace

int pattern(const picture &p, unsigned frame, unsigned row, unsigned column, unsigned sample)
{
    const unsigned range = 1u << p.stored;

    return static_cast<int>(
               (row * 37u + column * 11u + row * column % 23u * 5u + sample * 91u + frame * 53u) *
               (p.stored > 8 ? 41u : 1u) % range) +
           lowest(p);
}

int smooth_pattern(const picture &p, unsigned frame, unsigned row, unsigned column, unsigned sample)
{
    const unsigned range = 1u << p.stored;

    return static_cast<int>((range / 4) +
                            (row + 2 * column + 4 * sample + 8 * frame) * range / 512) +
           lowest(p);
}

std::unique_ptr<DcmFileFormat> make_header(const picture &p)
{
    std::unique_ptr<DcmFileFormat> object(new DcmFileFormat);
    DcmDataset &d = *object->getDataset();
    const auto text = [&](const DcmTagKey &key, const char *value) {
        require(d.putAndInsertString(key, value), "text");
    };
    const auto number = [&](const DcmTagKey &key, unsigned value) {
        require(d.putAndInsertUint16(key, static_cast<Uint16>(value)), "number");
    };

    text(DCM_SOPClassUID, UID_SecondaryCaptureImageStorage);
    text(DCM_SOPInstanceUID, "1.2.826.0.1.3680043.8.498.1.1.1");
    text(DCM_StudyInstanceUID, "1.2.826.0.1.3680043.8.498.1");
    text(DCM_SeriesInstanceUID, "1.2.826.0.1.3680043.8.498.1.1");
    text(DCM_Modality, "OT");
    text(DCM_PhotometricInterpretation, p.photometric);
    number(DCM_SamplesPerPixel, p.samples);
    number(DCM_Rows, p.rows);
    number(DCM_Columns, p.columns);
    number(DCM_BitsAllocated, p.allocated);
    number(DCM_BitsStored, p.stored);
    number(DCM_HighBit, p.stored - 1);
    number(DCM_PixelRepresentation, p.is_signed);
    if (p.samples == 3)
        number(DCM_PlanarConfiguration, 0);
    if (p.frames > 1)
        text(DCM_NumberOfFrames, std::to_string(p.frames).c_str());
    return object;
}

std::unique_ptr<DcmFileFormat> make_object(const picture &p, value_formula value)
{
    std::unique_ptr<DcmFileFormat> object = make_header(p);
    std::vector<Uint8> bytes;
    std::vector<Uint16> words;

    for (unsigned frame = 0; frame < p.frames; frame++)
        for (unsigned row = 0; row < p.rows; row++)
            for (unsigned column = 0; column < p.columns; column++)
                for (unsigned sample = 0; sample < p.samples; sample++) {
                    const unsigned stored =
                        static_cast<unsigned>(value(p, frame, row, column, sample)) &
                        ((1u << p.stored) - 1u);
                    if (p.allocated == 8)
                        bytes.push_back(static_cast<Uint8>(stored));
                    else
                        words.push_back(static_cast<Uint16>(stored));
                }
    if (p.allocated == 8)
        require(
            object->getDataset()->putAndInsertUint8Array(DCM_PixelData, bytes.data(), bytes.size()),
            "pixels");
    else
        require(object->getDataset()->putAndInsertUint16Array(DCM_PixelData, words.data(),
                                                              words.size()),
                "pixels");
    return object;
}

std::vector<unsigned char> file_bytes(DcmFileFormat &object, E_TransferSyntax syntax,
                                      const DcmRepresentationParameter *parameter)
{
    register_encoders();
    if (DcmXfer(syntax).isEncapsulated())
        require(object.getDataset()->chooseRepresentation(syntax, parameter), "compress");
    cr_assert(object.getDataset()->canWriteXfer(syntax), "cannot write %s",
              DcmXfer(syntax).getXferName());
    require(object.validateMetaInfo(syntax), "meta information");

    std::vector<unsigned char> bytes(1 << 23);
    DcmOutputBufferStream out(bytes.data(), static_cast<offile_off_t>(bytes.size()));
    void *written = nullptr;
    offile_off_t size = 0;
    object.transferInit();
    require(object.write(out, syntax, EET_UndefinedLength, nullptr, EGL_recalcGL), "write");
    object.transferEnd();
    out.flush();
    out.flushBuffer(written, size);
    bytes.resize(static_cast<size_t>(size));
    return bytes;
}

void put_fragments(DcmFileFormat &object, E_TransferSyntax syntax,
                   const std::vector<uint32_t> &table,
                   const std::vector<std::vector<unsigned char>> &fragments)
{
    DcmPixelSequence *const sequence = new DcmPixelSequence(DcmTag(DCM_PixelData, EVR_OB));
    DcmPixelItem *item = new DcmPixelItem(DcmTag(DCM_PixelItemTag));

    if (!table.empty())
        require(item->putUint8Array(reinterpret_cast<const Uint8 *>(table.data()),
                                    static_cast<unsigned long>(4 * table.size())),
                "table");
    require(sequence->insert(item), "table");
    for (const auto &fragment : fragments) {
        std::vector<unsigned char> even(fragment);
        if (even.size() % 2 == 1)
            even.push_back(0);
        item = new DcmPixelItem(DcmTag(DCM_PixelItemTag));
        require(item->putUint8Array(even.data(), static_cast<unsigned long>(even.size())),
                "fragment");
        require(sequence->insert(item), "fragment");
    }
    DcmPixelData *const pixels = new DcmPixelData(DCM_PixelData);
    pixels->putOriginalRepresentation(syntax, nullptr, sequence);
    require(object.getDataset()->insert(pixels, OFTrue), "pixels");
}

std::vector<std::vector<unsigned char>> fragments_of(DcmFileFormat &object, E_TransferSyntax syntax,
                                                     const DcmRepresentationParameter *parameter)
{
    std::vector<std::vector<unsigned char>> fragments;
    DcmElement *element = nullptr;
    DcmPixelSequence *sequence = nullptr;

    register_encoders();
    require(object.getDataset()->chooseRepresentation(syntax, parameter), "compress");
    require(object.getDataset()->findAndGetElement(DCM_PixelData, element), "pixels");
    require(static_cast<DcmPixelData *>(element)->getEncapsulatedRepresentation(syntax, parameter,
                                                                                sequence),
            "fragments");
    for (unsigned long i = 1; i < sequence->card(); i++) {
        DcmPixelItem *item = nullptr;
        Uint8 *bytes = nullptr;
        require(sequence->getItem(item, i), "fragment");
        require(item->getUint8Array(bytes), "fragment");
        fragments.emplace_back(bytes, bytes + item->getLength());
    }
    return fragments;
}

namespace
{

OPJ_SIZE_T append(void *from, OPJ_SIZE_T count, void *user)
{
    std::vector<unsigned char> &to = *static_cast<std::vector<unsigned char> *>(user);
    const unsigned char *const bytes = static_cast<const unsigned char *>(from);

    to.insert(to.end(), bytes, bytes + count);
    return count;
}

} // namespace

std::vector<unsigned char> jpeg2000_codestream(const picture &p, unsigned frame,
                                               value_formula value, bool color_transform)
{
    std::vector<unsigned char> bytes;
    opj_cparameters_t parameters;
    opj_image_cmptparm_t components[3];

    opj_set_default_encoder_parameters(&parameters);
    parameters.numresolution = 1; // fits the smallest picture
    parameters.tcp_numlayers = 1;
    parameters.cp_disto_alloc = 1; // one layer with everything: lossless
    parameters.tcp_mct = color_transform;
    std::memset(components, 0, sizeof components);
    for (unsigned i = 0; i < p.samples; i++) {
        components[i].dx = components[i].dy = 1;
        components[i].w = p.columns;
        components[i].h = p.rows;
        components[i].prec = p.stored;
        components[i].sgnd = p.is_signed;
    }
    opj_image_t *const image =
        opj_image_create(p.samples, components, p.samples == 3 ? OPJ_CLRSPC_SRGB : OPJ_CLRSPC_GRAY);
    image->x1 = p.columns;
    image->y1 = p.rows;
    for (unsigned i = 0; i < p.samples; i++)
        for (unsigned pixel = 0; pixel < p.rows * p.columns; pixel++)
            image->comps[i].data[pixel] = value(p, frame, pixel / p.columns, pixel % p.columns, i);
    opj_codec_t *const codec = opj_create_compress(OPJ_CODEC_J2K);
    opj_stream_t *const stream = opj_stream_default_create(OPJ_STREAM_WRITE);
    opj_stream_set_write_function(stream, append);
    opj_stream_set_user_data(stream, &bytes, nullptr);
    cr_assert(opj_setup_encoder(codec, &parameters, image) &&
              opj_start_compress(codec, image, stream) && opj_encode(codec, stream) &&
              opj_end_compress(codec, stream));
    opj_stream_destroy(stream);
    opj_destroy_codec(codec);
    opj_image_destroy(image);
    return bytes;
}

instance_owner read_instance(const std::vector<unsigned char> &bytes,
                             const std::vector<const char *> &keywords)
{
    medtl_instance *instance = nullptr;
    medtl_error error = {};
    const medtl_status status =
        medtl_instance_read_memory(bytes.data(), bytes.size(), "test object", keywords.data(),
                                   keywords.size(), &instance, &error);

    cr_assert_eq(status, MEDTL_OK, "%s", error.message);
    return instance_owner(instance);
}

image_owner read_frame(const medtl_instance *instance, unsigned frame)
{
    medtl_image *image = nullptr;
    medtl_error error = {};
    const medtl_status status = medtl_image_read(instance, frame, &image, &error);

    cr_assert_eq(status, MEDTL_OK, "%s", error.message);
    return image_owner(image);
}

image_owner read_first_frame(DcmFileFormat &object, E_TransferSyntax syntax)
{
    return read_frame(read_instance(file_bytes(object, syntax)).get());
}

medtl_status try_instance(const std::vector<unsigned char> &bytes, std::string &reason)
{
    medtl_instance *instance = nullptr;
    medtl_error error = {};
    const medtl_status status = medtl_instance_read_memory(
        bytes.data(), bytes.size(), "test object", nullptr, 0, &instance, &error);

    cr_expect_eq(instance == nullptr, status != MEDTL_OK);
    medtl_instance_destroy(instance);
    reason = error.message;
    return status;
}

medtl_status try_frame(const std::vector<unsigned char> &bytes, unsigned frame, std::string &reason)
{
    medtl_instance *instance = nullptr;
    medtl_image *image = nullptr;
    medtl_error error = {};
    medtl_status status = medtl_instance_read_memory(bytes.data(), bytes.size(), "test object",
                                                     nullptr, 0, &instance, &error);

    if (status == MEDTL_OK)
        status = medtl_image_read(instance, frame, &image, &error);
    cr_expect_eq(image == nullptr, status != MEDTL_OK);
    medtl_image_destroy(image);
    medtl_instance_destroy(instance);
    reason = error.message;
    return status;
}

int value_at(const medtl_image &image, unsigned row, unsigned column, unsigned sample)
{
    const size_t i = (static_cast<size_t>(row) * image.columns + column) * image.samples + sample;

    switch (image.type) {
    case MEDTL_PIXEL_U8:
        return static_cast<const uint8_t *>(image.pixels)[i];
    case MEDTL_PIXEL_S8:
        return static_cast<const int8_t *>(image.pixels)[i];
    case MEDTL_PIXEL_U16:
        return static_cast<const uint16_t *>(image.pixels)[i];
    case MEDTL_PIXEL_S16:
        break;
    }
    return static_cast<const int16_t *>(image.pixels)[i];
}

int largest_difference(const medtl_image &image, const picture &p, unsigned frame,
                       value_formula value)
{
    int largest = 0;

    cr_assert_eq(image.rows, p.rows);
    cr_assert_eq(image.columns, p.columns);
    cr_assert_eq(image.samples, p.samples);
    for (unsigned row = 0; row < p.rows; row++)
        for (unsigned column = 0; column < p.columns; column++)
            for (unsigned sample = 0; sample < p.samples; sample++)
                largest = std::max(largest, std::abs(value_at(image, row, column, sample) -
                                                     value(p, frame, row, column, sample)));
    return largest;
}
