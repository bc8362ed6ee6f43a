// From one object to its de-identified twin: what may be looked through, then the steps, then a file in memory.
#include "cleaner.h"
#include "pixel_data.h"

#include "dicom/attributes.h"
#include "dicom/reader_internal.h"
#include "dicom/report/equipment.h"
#include "dicom/report/uid.h"

#include <dcmtk/dcmdata/dcmetinf.h>
#include <dcmtk/dcmdata/dcostrmb.h>
#include <dcmtk/dcmdata/dcuid.h>

#include <cstring>

namespace medtl_dicom
{
namespace
{

bool is_video(const std::string &syntax)
{
    // 1.2.840.10008.1.2.4.100 to .108: MPEG-2, MPEG-4, HEVC. Their streams have room for text that nothing here looks at.
    static const std::string first = "1.2.840.10008.1.2.4.10";

    return syntax.size() == first.size() + 1 && syntax.compare(0, first.size(), first) == 0;
}

// Before 2004 overlays could lie in the pixels' unused bits (PS3.5 8.1.2 note); they may be annotations.
bool has_overlay_in_pixels(DcmItem &data_set)
{
    for (Uint16 group = 0x6000; group <= 0x60FE; group = static_cast<Uint16>(group + 2)) {
        long position = 0;

        if (integer_value(data_set, DcmTagKey(group, 0x0102), position) && position > 0)
            return true;
    }
    return false;
}

// Throws failure for what must not be taken. @return the doubts.
unsigned look_through(DcmItem &data_set, const file_layout &layout,
                      const medtl_deidentifier &options)
{
    const std::string burned = text_value(data_set, DCM_BurnedInAnnotation);
    unsigned doubts = 0;

    if (!layout.has_pixel_data && !data_set.tagExists(DCM_ContentSequence))
        fail(MEDTL_E_UNSUPPORTED,
             "is neither an image nor a Structured Report: what it holds cannot "
             "be looked through");
    if (!layout.has_pixel_data)
        return 0;
    if (is_video(layout.transfer_syntax))
        fail(MEDTL_E_UNSUPPORTED, "is a video: texts in its stream cannot be looked through");
    if (has_overlay_in_pixels(data_set))
        fail(MEDTL_E_UNSUPPORTED,
             "has an overlay in its pixels' unused bits, which may name somebody");
    if (burned == "YES" && !options.allow_burned_in)
        fail(MEDTL_E_UNSUPPORTED, "says that names may be burned into its pixels: Burned In "
                                  "Annotation (0028,0301) is YES");
    if (burned == "YES")
        doubts |= MEDTL_DOUBT_BURNED_IN;
    else if (burned != "NO")
        doubts |= MEDTL_DOUBT_BURNED_IN_UNSAID;
    if (text_value(data_set, DCM_RecognizableVisualFeatures) == "YES")
        doubts |= MEDTL_DOUBT_RECOGNISABLE;
    return doubts;
}

// As the bytes were found to be, which the file meta information may be wrong about.
E_TransferSyntax syntax_of(encoding form)
{
    if (!form.explicit_vr)
        return EXS_LittleEndianImplicit;
    return form.big_endian ? EXS_BigEndianExplicit : EXS_LittleEndianExplicit;
}

std::string stated_syntax(const file_layout &layout)
{
    const E_TransferSyntax written = syntax_of(written_form(layout));
    const DcmXfer stated(layout.transfer_syntax.c_str());
    const bool deflated =
        layout.transfer_syntax == UID_DeflatedExplicitVRLittleEndianTransferSyntax;
    const bool fits = stated.getXfer() == EXS_Unknown ||
                      (stated.isExplicitVR() == written_form(layout).explicit_vr &&
                       stated.isBigEndian() == written_form(layout).big_endian);

    return deflated || !fits ? DcmXfer(written).getXferID() : layout.transfer_syntax;
}

void put_meta(DcmFileFormat &file, const file_layout &layout)
{
    DcmMetaInfo &meta = *file.getMetaInfo();
    const auto put = [&meta](const DcmTagKey &tag, const char *value) {
        require(meta.putAndInsertString(tag, value), MEDTL_E_INTERNAL,
                "cannot write the meta information");
    };

    require(file.validateMetaInfo(syntax_of(written_form(layout))), MEDTL_E_INTERNAL,
            "cannot write the meta information");
    put(DCM_TransferSyntaxUID, stated_syntax(layout).c_str());
    put(DCM_ImplementationClassUID, MEDTL_IMPLEMENTATION_CLASS_UID);
    put(DCM_ImplementationVersionName, "MEDTL_" MEDTL_VERSION);
    require(meta.computeGroupLengthAndPadding(
                EGL_withGL, EPD_noChange, META_HEADER_DEFAULT_TRANSFERSYNTAX, EET_ExplicitLength),
            MEDTL_E_INTERNAL, "cannot write the meta information's length");
}

// Preamble, meta information and data set; DCMTK would name itself if asked for all at once (see report/serialise.cpp).
std::vector<unsigned char> encode(DcmFileFormat &file, const file_layout &layout)
{
    const E_TransferSyntax syntax = syntax_of(written_form(layout));

    put_meta(file, layout);
    std::vector<unsigned char> bytes(file.calcElementLength(syntax, EET_ExplicitLength) + 1024);
    DcmOutputBufferStream stream(bytes.data(), static_cast<offile_off_t>(bytes.size()));
    void *written = nullptr;
    offile_off_t size = 0;

    file.transferInit();
    require(file.getMetaInfo()->write(stream, META_HEADER_DEFAULT_TRANSFERSYNTAX,
                                      EET_ExplicitLength, nullptr),
            MEDTL_E_INTERNAL, "cannot encode the meta information");
    require(file.getDataset()->write(stream, syntax, EET_ExplicitLength, nullptr, EGL_withoutGL),
            MEDTL_E_INTERNAL, "cannot encode the data set");
    file.transferEnd();
    stream.flushBuffer(written, size);
    bytes.resize(static_cast<size_t>(size));
    return bytes;
}

void hand_over(const std::vector<unsigned char> &bytes, DcmItem &data_set, unsigned doubts,
               medtl_deidentified &out)
{
    copy_text(out.sop_instance_uid, MEDTL_UID_SIZE, text_value(data_set, DCM_SOPInstanceUID));
    copy_text(out.study_instance_uid, MEDTL_UID_SIZE, text_value(data_set, DCM_StudyInstanceUID));
    out.doubts = doubts;
    out.bytes = static_cast<unsigned char *>(std::malloc(bytes.size()));
    require(out.bytes != nullptr, MEDTL_E_MEMORY, "out of memory for a de-identified object");
    std::memcpy(out.bytes, bytes.data(), bytes.size());
    out.size = bytes.size();
}

void deidentify(const medtl_deidentifier &options, const object_input &input,
                medtl_deidentified &out)
{
    archive_cache archives;
    medtl_limits limits = options.limits;

    limits.value_bytes = limits.header_bytes; // all of the header is copied
    const std::unique_ptr<dicom_file> file = open_object(input, limits, archives);
    const file_layout &layout = file->layout();

    if (layout.is_directory)
        fail(MEDTL_E_UNSUPPORTED, "is a DICOMDIR: make a new one from the de-identified files");
    DcmFileFormat result(file->parse_header([](const DcmTagKey &) { return true; }).release(),
                         OFFalse);
    DcmDataset &data_set = *result.getDataset();

    if (text_value(data_set, DCM_SOPClassUID).empty() ||
        text_value(data_set, DCM_SOPInstanceUID).empty() ||
        text_value(data_set, DCM_StudyInstanceUID).empty())
        fail(layout.bare ? MEDTL_E_NOT_DICOM : MEDTL_E_FORMAT, "has no SOP or Study Instance UID");
    subject who = subject_of(options, data_set);

    who.ours = text_value(data_set, DCM_Manufacturer) == manufacturer_name &&
               text_value(data_set, DCM_ManufacturerModelName) == manufacturer_model_name;
    const unsigned doubts = look_through(data_set, layout, options);

    clean_attributes(data_set, who);
    // X/Z/D in the table: type 2 in reports, type 3 or 1C in images
    if (!layout.has_pixel_data)
        require(data_set.insertEmptyElement(DCM_ReferencedPerformedProcedureStepSequence),
                MEDTL_E_INTERNAL, "cannot empty a sequence");
    write_statement(data_set, who, !layout.has_pixel_data);
    std::vector<unsigned char> bytes = encode(result, layout);
    if (layout.has_pixel_data)
        copy_pixel_data(*file, bytes);
    hand_over(bytes, data_set, doubts, out);
}

} // namespace
} // namespace medtl_dicom

using namespace medtl_dicom;

extern "C" medtl_status medtl_deidentifier_create(const medtl_deidentify_options *options,
                                                  medtl_deidentifier **out,
                                                  medtl_error *err) noexcept
try {
    *out = nullptr;
    if (options->key_size < MEDTL_DEIDENTIFY_KEY_LEAST ||
        options->key_size > MEDTL_DEIDENTIFY_KEY_MOST)
        fail(MEDTL_E_ARGUMENT, "a key of %zu bytes; %d to %d are possible", options->key_size,
             MEDTL_DEIDENTIFY_KEY_LEAST, MEDTL_DEIDENTIFY_KEY_MOST);
    std::unique_ptr<medtl_deidentifier> made(new medtl_deidentifier());

    std::memcpy(made->key.bytes, options->key, options->key_size);
    made->key.size = options->key_size;
    made->shift_dates = options->shift_dates;
    made->keep_patient_characteristics = options->keep_patient_characteristics;
    made->allow_burned_in = options->allow_burned_in;
    if (options->limits != nullptr)
        made->limits = *options->limits;
    else
        medtl_limits_default(&made->limits);
    *out = made.release();
    return MEDTL_OK;
} catch (...) {
    return translate(err, nullptr);
}

extern "C" void medtl_deidentifier_destroy(medtl_deidentifier *d) noexcept
{
    if (d != nullptr)
        explicit_bzero(d->key.bytes, sizeof d->key.bytes);
    delete d;
}

extern "C" medtl_status medtl_deidentify_file(const medtl_deidentifier *d, const char *path,
                                              medtl_deidentified *out, medtl_error *err) noexcept
try {
    const std::string name = path;

    *out = {};
    deidentify(*d, {&name, nullptr, 0}, *out);
    return MEDTL_OK;
} catch (...) {
    return translate(err, path);
}

extern "C" medtl_status medtl_deidentify_memory(const medtl_deidentifier *d, const void *bytes,
                                                size_t size, const char *name,
                                                medtl_deidentified *out, medtl_error *err) noexcept
try {
    const std::string path = name;
    const unsigned char none = 0; // a NULL pointer would mean the path

    *out = {};
    deidentify(*d, {&path, size > 0 ? static_cast<const unsigned char *>(bytes) : &none, size},
               *out);
    return MEDTL_OK;
} catch (...) {
    return translate(err, name);
}

extern "C" void medtl_deidentify_uid(const medtl_deidentifier *d, const char *uid,
                                     char out[MEDTL_UID_SIZE]) noexcept
{
    medtl_pseudonym_uid(&d->key, uid, out);
}
