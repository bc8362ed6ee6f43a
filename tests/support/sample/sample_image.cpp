#include "sample_image.h"

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcostrmb.h>
#include <dcmtk/dcmdata/dcpixseq.h>
#include <dcmtk/dcmdata/dcpxitem.h>
#include <dcmtk/dcmdata/dctk.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace
{

struct view {
    const char *laterality, *name, *code, *meaning, *orientation;
};

// CID 4014 and PS3.3 C.7.6.1.1.1 (patient orientation of rows and columns).
const view views[4] = {
    {"R", "CC", "399162004", "cranio-caudal", "P\\L"},
    {"L", "CC", "399162004", "cranio-caudal", "A\\R"},
    {"R", "MLO", "399368009", "medio-lateral oblique", "P\\FL"},
    {"L", "MLO", "399368009", "medio-lateral oblique", "A\\FR"},
};

const char dermoscopic_photography[] = "1.2.840.10008.5.1.4.1.1.77.1.7";

bool many_frames(const sample_image &s) { return s.frames > 1; }

// Every other dermoscopic image is of the new IOD, the rest are photographs as practice has them.
bool is_dermoscope(const sample_image &s) { return s.number % 2 == 1; }

const char *sop_class(const sample_image &s)
{
    if (s.kind == SAMPLE_MAMMOGRAM)
        return many_frames(s) ? UID_MultiframeGrayscaleWordSecondaryCaptureImageStorage
                              : UID_DigitalMammographyXRayImageStorageForPresentation;
    if (many_frames(s))
        return UID_MultiframeTrueColorSecondaryCaptureImageStorage;
    return is_dermoscope(s) ? dermoscopic_photography : UID_VLPhotographicImageStorage;
}

const char *dermoscopy_modality(const sample_image &s)
{
    return many_frames(s) ? "OT" : is_dermoscope(s) ? "DMS" : "XC";
}

void put(DcmItem &item, const DcmTagKey &tag, const std::string &value)
{
    item.putAndInsertString(tag, value.c_str());
}

void put_patient_and_study(DcmItem &d, const sample_image &s)
{
    if (s.character_set != nullptr)
        put(d, DCM_SpecificCharacterSet, s.character_set);
    if (s.patient_name != nullptr)
        put(d, DCM_PatientName, s.patient_name);
    put(d, DCM_PatientID, s.patient_id != nullptr ? s.patient_id : "ID-1");
    if (s.issuer != nullptr)
        put(d, DCM_IssuerOfPatientID, s.issuer);
    put(d, DCM_StudyInstanceUID,
        s.study != nullptr           ? s.study
        : s.kind == SAMPLE_MAMMOGRAM ? "1.2.3.10"
                                     : "1.2.3.20");
    put(d, DCM_SeriesInstanceUID,
        s.series != nullptr          ? s.series
        : s.kind == SAMPLE_MAMMOGRAM ? "1.2.3.10.1"
                                     : "1.2.3.20.1");
    if (s.sparse)
        return;
    put(d, DCM_PatientBirthDate, s.birth_date != nullptr ? s.birth_date : "19600102");
    put(d, DCM_PatientSex, "F");
    put(d, DCM_StudyDate, "20261101");
    put(d, DCM_StudyTime, s.study_time != nullptr ? s.study_time : "101112");
    put(d, DCM_StudyID, "S1");
    put(d, DCM_AccessionNumber, s.accession != nullptr ? s.accession : "A-1");
    put(d, DCM_ReferringPhysicianName, s.patient_name != nullptr ? s.patient_name : "Referrer^R");
    put(d, DCM_StudyDescription, "Sample study");
}

void put_request(DcmItem &d, const sample_image &s)
{
    DcmItem *request = nullptr, *code = nullptr;

    d.findOrCreateSequenceItem(DCM_RequestAttributesSequence, request, -2);
    if (s.accession == nullptr)
        put(*request, DCM_AccessionNumber, "A-1");
    put(*request, DCM_RequestedProcedureID, "RP-1");
    put(*request, DCM_RequestedProcedureDescription,
        s.procedure != nullptr ? s.procedure : "Screening");
    put(*request, DCM_ScheduledProcedureStepID, "SPS-1");
    if (s.procedure == nullptr)
        return;
    request->findOrCreateSequenceItem(DCM_RequestedProcedureCodeSequence, code, -2);
    put(*code, DCM_CodeValue, "P1");
    put(*code, DCM_CodingSchemeDesignator, "99SAMPLE");
    put(*code, DCM_CodeMeaning, s.procedure);
}

void put_mammography(DcmItem &d, const sample_image &s)
{
    const view &v = views[s.number % 4];
    DcmItem *code = nullptr;

    put(d, DCM_Modality, "MG");
    put(d, DCM_PresentationIntentType, "FOR PRESENTATION");
    put(d, DCM_ImageType, "DERIVED\\PRIMARY");
    put(d, DCM_ImageLaterality, v.laterality);
    put(d, DCM_ViewPosition, v.name);
    put(d, DCM_PatientOrientation, v.orientation);
    put(d, DCM_ImagerPixelSpacing, "0.07\\0.08");
    put(d, DCM_PixelSpacing, "0.07\\0.08");
    d.findOrCreateSequenceItem(DCM_ViewCodeSequence, code, -2);
    put(*code, DCM_CodeValue, v.code);
    put(*code, DCM_CodingSchemeDesignator, "SCT");
    put(*code, DCM_CodeMeaning, v.meaning);
}

void put_pixels(DcmItem &d, const sample_image &s)
{
    const bool gray = s.kind == SAMPLE_MAMMOGRAM;
    const unsigned frames = many_frames(s) ? s.frames : 1;
    const size_t count = static_cast<size_t>(frames) * SAMPLE_ROWS * SAMPLE_COLUMNS;

    d.putAndInsertUint16(DCM_Rows, SAMPLE_ROWS);
    d.putAndInsertUint16(DCM_Columns, SAMPLE_COLUMNS);
    d.putAndInsertUint16(DCM_SamplesPerPixel, gray ? 1 : 3);
    put(d, DCM_PhotometricInterpretation, gray ? "MONOCHROME2" : "RGB");
    d.putAndInsertUint16(DCM_BitsAllocated, gray ? 16 : 8);
    d.putAndInsertUint16(DCM_BitsStored, gray ? 12 : 8);
    d.putAndInsertUint16(DCM_HighBit, gray ? 11 : 7);
    d.putAndInsertUint16(DCM_PixelRepresentation, 0);
    if (many_frames(s))
        put(d, DCM_NumberOfFrames, std::to_string(frames));
    if (gray) {
        std::vector<Uint16> pixels(count);
        for (size_t i = 0; i < count; i++)
            pixels[i] = static_cast<Uint16>(i * 7 % 4096);
        d.putAndInsertUint16Array(DCM_PixelData, pixels.data(), static_cast<unsigned long>(count));
    } else {
        std::vector<Uint8> pixels(count * 3);
        for (size_t i = 0; i < pixels.size(); i++)
            pixels[i] = static_cast<Uint8>(i * 5 % 256);
        d.putAndInsertUint16(DCM_PlanarConfiguration, 0);
        d.putAndInsertUint8Array(DCM_PixelData, pixels.data(),
                                 static_cast<unsigned long>(pixels.size()));
    }
}

/// One frame of 100 bytes.
void put_fragment(DcmItem &d, E_TransferSyntax syntax)
{
    std::vector<Uint8> bytes(100, 0xFF);
    DcmPixelSequence *const sequence = new DcmPixelSequence(DCM_PixelSequenceTag);
    DcmPixelData *const data = new DcmPixelData(DCM_PixelData);
    DcmOffsetList offsets;

    sequence->insert(new DcmPixelItem(DcmTag(DCM_PixelItemTag)));
    sequence->storeCompressedFrame(offsets, bytes.data(), static_cast<Uint32>(bytes.size()), 0);
    data->putOriginalRepresentation(syntax, nullptr, sequence);
    d.insert(data, OFTrue);
}

void put_lossy(DcmItem &d, const sample_image &s)
{
    if (s.lossy == nullptr)
        return;
    put(d, DCM_LossyImageCompression, s.lossy);
    if (std::string(s.lossy) != "01")
        return;
    put(d, DCM_LossyImageCompressionRatio, "12.5");
    put(d, DCM_LossyImageCompressionMethod, "ISO_10918_1");
}

bool encode(DcmFileFormat &file, E_TransferSyntax syntax, unsigned char **bytes, size_t *size)
{
    const size_t room = file.calcElementLength(syntax, EET_ExplicitLength) + 4096;
    void *start = nullptr;
    offile_off_t length = 0;

    *bytes = static_cast<unsigned char *>(std::malloc(room));
    if (*bytes == nullptr)
        return false;
    DcmOutputBufferStream stream(*bytes, static_cast<offile_off_t>(room));
    file.transferInit();
    const bool written = file.write(stream, syntax, EET_ExplicitLength, nullptr).good();
    file.transferEnd();
    stream.flushBuffer(start, length);
    *size = static_cast<size_t>(length);
    return written;
}

} // namespace

extern "C" void sample_image_uid(const sample_image *sample, char uid[MEDTL_UID_SIZE])
{
    if (sample->instance != nullptr)
        std::snprintf(uid, MEDTL_UID_SIZE, "%s", sample->instance);
    else
        std::snprintf(uid, MEDTL_UID_SIZE, "1.2.3.%d.%u.%u",
                      sample->kind == SAMPLE_MAMMOGRAM ? 11 : 21, sample->number + 1,
                      sample->frames);
}

extern "C" bool sample_image_make(const sample_image *sample, unsigned char **bytes, size_t *size)
{
    DcmFileFormat file;
    DcmDataset &d = *file.getDataset();
    const E_TransferSyntax syntax =
        sample->syntax != nullptr ? DcmXfer(sample->syntax).getXfer() : EXS_LittleEndianExplicit;
    char uid[MEDTL_UID_SIZE];

    sample_image_uid(sample, uid);
    put(d, DCM_SOPClassUID, sop_class(*sample));
    put(d, DCM_SOPInstanceUID, uid);
    put(d, DCM_SeriesNumber, "1");
    put(d, DCM_InstanceNumber, std::to_string(sample->number + 1));
    put(d, DCM_Manufacturer, "Sample");
    put_patient_and_study(d, *sample);
    if (sample->with_request)
        put_request(d, *sample);
    if (sample->kind == SAMPLE_MAMMOGRAM)
        put_mammography(d, *sample);
    else
        put(d, DCM_Modality, dermoscopy_modality(*sample));
    if (sample->body_part != nullptr)
        put(d, DCM_BodyPartExamined, sample->body_part);
    put_pixels(d, *sample);
    put_lossy(d, *sample);
    if (sample->syntax != nullptr)
        put_fragment(d, syntax);
    return encode(file, syntax, bytes, size);
}

extern "C" medtl_instance *sample_image_read(const sample_image *sample)
{
    unsigned char *bytes = nullptr;
    size_t size = 0;
    medtl_instance *instance = nullptr;
    medtl_error error;

    if (sample_image_make(sample, &bytes, &size) &&
        medtl_instance_read_memory(bytes, size, "sample", nullptr, 0, &instance, &error) !=
            MEDTL_OK)
        std::fprintf(stderr, "sample image: %s\n", error.message);
    std::free(bytes);
    return instance;
}
