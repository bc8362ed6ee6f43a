// The modules that all instances have: patient, study, series, equipment, image, SOP common.
#include "dataset.h"

#include "dicom/report/uid.h"

namespace medtl_dicom
{

namespace
{

const char *const the_date = "20200102"; // fixed: the same seed gives the same bytes

} // namespace

void put(DcmItem &item, const DcmTagKey &tag, const char *value)
{
    require(item.putAndInsertString(tag, value), MEDTL_E_INTERNAL, tag_text(tag).c_str());
}

void put(DcmItem &item, const DcmTagKey &tag, const std::string &value)
{
    put(item, tag, value.c_str());
}

void put(DcmItem &item, const DcmTagKey &tag, Uint16 value)
{
    require(item.putAndInsertUint16(tag, value), MEDTL_E_INTERNAL, tag_text(tag).c_str());
}

DcmItem &put_code(DcmItem &item, const DcmTagKey &sequence, const char *value, const char *scheme,
                  const char *meaning)
{
    DcmItem *code = nullptr;

    require(item.findOrCreateSequenceItem(sequence, code, -2), MEDTL_E_INTERNAL,
            tag_text(sequence).c_str());
    put(*code, DCM_CodeValue, value);
    put(*code, DCM_CodingSchemeDesignator, scheme);
    put(*code, DCM_CodeMeaning, meaning);
    return *code;
}

void put_empty_sequence(DcmItem &item, const DcmTagKey &sequence)
{
    require(item.insertEmptyElement(sequence), MEDTL_E_INTERNAL, tag_text(sequence).c_str());
}

std::string phantom_uid(const phantom_place &place, const std::string &what)
{
    const std::string name =
        "phantom " + std::to_string(place.seed) + " " + place.exam->name + " " + what;
    char uid[MEDTL_UID_SIZE];

    medtl_uid_from_name(name.data(), name.size(), uid);
    return uid;
}

static void put_patient_and_study(DcmItem &dataset, const phantom_place &place)
{
    const phantom_exam &exam = *place.exam;

    if (exam.character_set != nullptr)
        put(dataset, DCM_SpecificCharacterSet, exam.character_set);
    put(dataset, DCM_PatientName, exam.patient_name);
    put(dataset, DCM_PatientID, exam.patient_id + ("-" + std::to_string(place.seed)));
    put(dataset, DCM_PatientBirthDate, exam.birth_date);
    put(dataset, DCM_PatientSex, exam.sex);
    put(dataset, DCM_PatientAge, exam.age);
    put(dataset, DCM_PatientComments, "Synthetic image of nobody");
    put(dataset, DCM_StudyInstanceUID, phantom_uid(place, "study"));
    put(dataset, DCM_StudyDate, the_date);
    put(dataset, DCM_StudyTime, "101500");
    put(dataset, DCM_ReferringPhysicianName, "");
    put(dataset, DCM_StudyID, "1");
    put(dataset, DCM_AccessionNumber, "PHANTOM" + std::to_string(place.seed));
    put(dataset, DCM_StudyDescription, exam.description);
}

void put_exam(DcmItem &dataset, const phantom_place &place, const char *sop_class)
{
    const std::string series = std::to_string(place.series), number = std::to_string(place.number);

    put_patient_and_study(dataset, place);
    put(dataset, DCM_Modality, place.modality);
    put(dataset, DCM_SeriesInstanceUID, phantom_uid(place, "series " + series));
    put(dataset, DCM_SeriesNumber, series);
    put(dataset, DCM_SeriesDescription, place.series_description);
    put(dataset, DCM_Manufacturer, "medtl");
    put(dataset, DCM_ManufacturerModelName, "phantom");
    put(dataset, DCM_DeviceSerialNumber, "0");
    put(dataset, DCM_SoftwareVersions, MEDTL_VERSION);
    put(dataset, DCM_SOPClassUID, sop_class);
    put(dataset, DCM_SOPInstanceUID, phantom_uid(place, "instance " + series + " " + number));
    put(dataset, DCM_InstanceNumber, number);
    put(dataset, DCM_ContentDate, the_date);
    put(dataset, DCM_ContentTime, "10" + std::to_string(15 + place.number) + "00");
    put(dataset, DCM_BurnedInAnnotation, "NO");
    put(dataset, DCM_LossyImageCompression, "00");
}

static void put_shape(DcmItem &dataset, Uint16 rows, Uint16 columns, Uint16 samples, Uint16 bits)
{
    put(dataset, DCM_SamplesPerPixel, samples);
    put(dataset, DCM_Rows, rows);
    put(dataset, DCM_Columns, columns);
    put(dataset, DCM_BitsAllocated, static_cast<Uint16>(bits > 8 ? 16 : 8));
    put(dataset, DCM_BitsStored, bits);
    put(dataset, DCM_HighBit, static_cast<Uint16>(bits - 1));
    put(dataset, DCM_PixelRepresentation, static_cast<Uint16>(0));
}

void put_gray_pixels(DcmItem &dataset, Uint16 rows, Uint16 columns, Uint16 bits,
                     const Uint16 *pixels)
{
    put_shape(dataset, rows, columns, 1, bits);
    require(dataset.putAndInsertUint16Array(DCM_PixelData, pixels,
                                            static_cast<unsigned long>(rows) * columns),
            MEDTL_E_MEMORY, "Pixel Data (7FE0,0010)");
}

void put_rgb_pixels(DcmItem &dataset, Uint16 rows, Uint16 columns, const Uint8 *pixels)
{
    put_shape(dataset, rows, columns, 3, 8);
    put(dataset, DCM_PhotometricInterpretation, "RGB");
    put(dataset, DCM_PlanarConfiguration, static_cast<Uint16>(0));
    require(dataset.putAndInsertUint8Array(DCM_PixelData, pixels,
                                           static_cast<unsigned long>(rows) * columns * 3),
            MEDTL_E_MEMORY, "Pixel Data (7FE0,0010)");
}

} // namespace medtl_dicom
