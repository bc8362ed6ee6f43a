// What an instance keeps for a report on it.
#include "objects.h"

#include "dicom/instance_internal.h"

#include <criterion/criterion.h>
#include <thread>

namespace
{

const picture gray = {4, 4, 1, 8, 8, false, "MONOCHROME2", 1};

std::string text_of(DcmItem &item, const DcmTagKey &key)
{
    OFString value;

    item.findAndGetOFStringArray(key, value);
    return value.c_str();
}

std::unique_ptr<DcmFileFormat> patient_object()
{
    auto object = make_object(gray);
    DcmDataset &d = *object->getDataset();
    DcmItem *request = nullptr;

    d.putAndInsertString(DCM_SpecificCharacterSet, "ISO_IR 100");
    d.putAndInsertString(DCM_PatientName, "M\xFCller^J\xF6rg");
    d.putAndInsertString(DCM_PatientID, "77");
    d.putAndInsertString(DCM_AccessionNumber, "A1");
    d.putAndInsertString(DCM_StudyDate, "20260102");
    d.putAndInsertString(DCM_WindowCenter, "1");
    d.findOrCreateSequenceItem(DCM_RequestAttributesSequence, request, -2);
    request->putAndInsertString(DCM_ScheduledProcedureStepID, "S1");
    return object;
}

} // namespace

Test(report_header, repeats_patient_and_study_in_every_encoding)
{
    for (const E_TransferSyntax syntax :
         {EXS_LittleEndianExplicit, EXS_LittleEndianImplicit, EXS_BigEndianExplicit,
          EXS_DeflatedLittleEndianExplicit}) {
        const auto object = patient_object();
        const instance_owner instance = read_instance(file_bytes(*object, syntax));
        const auto header = medtl_dicom::report_header(*instance);
        OFString step;
        DcmDataset report;

        cr_expect(text_of(*header, DCM_PatientName) == "M\xFCller^J\xF6rg");
        cr_expect(text_of(*header, DCM_SpecificCharacterSet) == "ISO_IR 100");
        cr_expect(text_of(*header, DCM_AccessionNumber) == "A1");
        cr_expect(header->findAndGetOFString(DCM_ScheduledProcedureStepID, step, 0, OFTrue).good());
        cr_expect_not(header->tagExists(DCM_PixelData));
        cr_expect_not(header->tagExists(DCM_WindowCenter));

        medtl_dicom::copy_patient_and_study(*header, report);
        cr_expect(text_of(report, DCM_PatientID) == "77");
        cr_expect(text_of(report, DCM_StudyDate) == "20260102");
        cr_expect_not(report.tagExists(DCM_SOPInstanceUID));
    }
}

Test(report_header, may_be_read_by_several_threads)
{
    const auto object = patient_object();
    const instance_owner instance = read_instance(file_bytes(*object, EXS_LittleEndianExplicit));
    std::vector<std::thread> threads;
    std::vector<int> right(8, 0);

    for (size_t i = 0; i < right.size(); i++)
        threads.emplace_back([&, i] {
            for (int round = 0; round < 50; round++) {
                right[i] += text_of(*medtl_dicom::report_header(*instance), DCM_PatientID) == "77";
                medtl_image *image = nullptr;
                right[i] += medtl_image_read(instance.get(), 0, &image, nullptr) == MEDTL_OK;
                medtl_image_destroy(image);
            }
        });
    for (std::thread &thread : threads)
        thread.join();
    for (const int count : right)
        cr_expect_eq(count, 100);
}
