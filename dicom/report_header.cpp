// The attributes of an image that a report repeats, kept as encoded bytes: small, immutable, and
// safe to share between threads, which a live DcmDataset is not.
#include "report_header_internal.h"

#include <iterator>
#include <set>

namespace medtl_dicom
{
namespace
{

// PS3.3 C.7.1.1 Patient, C.7.1.3 Clinical Trial Subject, C.7.2.1 General Study, C.7.2.2 Patient Study,
// C.7.2.3 Clinical Trial Study, C.12.1 (character set, time zone).
const DcmTagKey patient_and_study[] = {
    DCM_SpecificCharacterSet,
    DCM_TimezoneOffsetFromUTC,

    DCM_PatientName,
    DCM_PatientID,
    DCM_IssuerOfPatientID,
    DCM_TypeOfPatientID,
    DCM_IssuerOfPatientIDQualifiersSequence,
    DCM_PatientBirthDate,
    DCM_PatientBirthTime,
    DCM_PatientBirthDateInAlternativeCalendar,
    DCM_PatientDeathDateInAlternativeCalendar,
    DCM_PatientAlternativeCalendar,
    DCM_PatientSex,
    DCM_QualityControlSubject,
    DCM_ReferencedPatientSequence,
    DCM_OtherPatientNames,
    DCM_OtherPatientIDsSequence,
    DCM_EthnicGroup,
    DCM_PatientComments,
    DCM_PatientSpeciesDescription,
    DCM_PatientSpeciesCodeSequence,
    DCM_PatientBreedDescription,
    DCM_PatientBreedCodeSequence,
    DCM_BreedRegistrationSequence,
    DCM_StrainDescription,
    DCM_ResponsiblePerson,
    DCM_ResponsiblePersonRole,
    DCM_ResponsibleOrganization,
    DCM_PatientIdentityRemoved,
    DCM_DeidentificationMethod,
    DCM_DeidentificationMethodCodeSequence,

    DCM_ClinicalTrialSponsorName,
    DCM_ClinicalTrialProtocolID,
    DCM_ClinicalTrialProtocolName,
    DCM_ClinicalTrialSiteID,
    DCM_ClinicalTrialSiteName,
    DCM_ClinicalTrialSubjectID,
    DCM_ClinicalTrialSubjectReadingID,
    DCM_ClinicalTrialTimePointID,
    DCM_ClinicalTrialTimePointDescription,
    DCM_ConsentForClinicalTrialUseSequence,

    DCM_StudyInstanceUID,
    DCM_StudyDate,
    DCM_StudyTime,
    DCM_ReferringPhysicianName,
    DCM_ReferringPhysicianIdentificationSequence,
    DCM_ConsultingPhysicianName,
    DCM_StudyID,
    DCM_AccessionNumber,
    DCM_IssuerOfAccessionNumberSequence,
    DCM_StudyDescription,
    DCM_ProcedureCodeSequence,
    DCM_PhysiciansOfRecord,
    DCM_PhysiciansOfRecordIdentificationSequence,
    DCM_NameOfPhysiciansReadingStudy,
    DCM_RequestingService,

    DCM_AdmittingDiagnosesDescription,
    DCM_AdmittingDiagnosesCodeSequence,
    DCM_PatientAge,
    DCM_PatientSize,
    DCM_PatientWeight,
    DCM_MedicalAlerts,
    DCM_Allergies,
    DCM_SmokingStatus,
    DCM_PregnancyStatus,
    DCM_LastMenstrualDate,
    DCM_PatientState,
    DCM_Occupation,
    DCM_AdditionalPatientHistory,
    DCM_AdmissionID,
    DCM_IssuerOfAdmissionIDSequence,
    DCM_ServiceEpisodeID,
    DCM_ServiceEpisodeDescription,
    DCM_IssuerOfServiceEpisodeIDSequence,
    DCM_PatientSexNeutered,
    DCM_ReasonForVisit,
    DCM_ReasonForVisitCodeSequence,
};

// What a report says of the image itself: its identity, the order behind it, and TID 1600's descriptors.
const DcmTagKey image_description[] = {
    DCM_SOPClassUID,
    DCM_SOPInstanceUID,
    DCM_SeriesInstanceUID,
    DCM_SeriesNumber,
    DCM_SeriesDescription,
    DCM_InstanceNumber,
    DCM_Modality,
    DCM_ImageType,
    DCM_PresentationIntentType,
    DCM_RequestAttributesSequence,
    DCM_ReferencedPerformedProcedureStepSequence,
    DCM_ReferencedStudySequence,
    DCM_PerformedProcedureStepDescription,
    DCM_PredecessorDocumentsSequence,
    DCM_SeriesDate,
    DCM_SeriesTime,
    DCM_AcquisitionDate,
    DCM_AcquisitionTime,
    DCM_AcquisitionDateTime,
    DCM_ContentDate,
    DCM_ContentTime,
    DCM_InstanceCreationDate,
    DCM_InstanceCreationTime,
    DCM_Manufacturer,
    DCM_ManufacturerModelName,
    DCM_DeviceSerialNumber,
    DCM_SoftwareVersions,
    DCM_InstitutionName,
    DCM_StationName,
    DCM_InstitutionalDepartmentName,
    DCM_BodyPartExamined,
    DCM_AnatomicRegionSequence,
    DCM_PrimaryAnatomicStructureSequence,
    DCM_Laterality,
    DCM_ImageLaterality,
    DCM_ViewPosition,
    DCM_ViewCodeSequence,
    DCM_PatientOrientation,
    DCM_FrameOfReferenceUID,
    DCM_PositionReferenceIndicator,
    DCM_TrackingID,
    DCM_TrackingUID,
    DCM_Rows,
    DCM_Columns,
    DCM_NumberOfFrames,
    DCM_PixelSpacing,
    DCM_ImagerPixelSpacing,
    DCM_NominalScannedPixelSpacing,
    DCM_EstimatedRadiographicMagnificationFactor,
    DCM_PixelAspectRatio,
    DCM_BurnedInAnnotation,
    DCM_RecognizableVisualFeatures,
    DCM_LossyImageCompression,
    DCM_LossyImageCompressionRatio,
    DCM_LossyImageCompressionMethod,
};

void copy_one(DcmItem &from, const DcmTagKey &key, DcmItem &to)
{
    DcmElement *element = nullptr;

    if (from.findAndGetElement(key, element).bad() || element == nullptr)
        return;
    std::unique_ptr<DcmElement> copy(OFstatic_cast(DcmElement *, element->clone()));
    require(copy != nullptr, MEDTL_E_MEMORY, "out of memory for a header attribute");
    require(to.insert(copy.get(), OFTrue), MEDTL_E_INTERNAL, "cannot copy a header attribute");
    copy.release();
}

} // namespace

bool is_in_report_header(const DcmTagKey &tag)
{
    static const std::set<DcmTagKey> tags = [] {
        std::set<DcmTagKey> all(std::begin(patient_and_study), std::end(patient_and_study));
        all.insert(std::begin(image_description), std::end(image_description));
        return all;
    }();

    return tags.count(tag) > 0;
}

std::unique_ptr<DcmDataset> report_header(const medtl_instance &instance)
{
    return parse_elements(instance.report_header, {instance.explicit_vr, instance.big_endian});
}

void copy_patient_and_study(DcmItem &header, DcmItem &report)
{
    for (const DcmTagKey &key : patient_and_study)
        copy_one(header, key, report);
}

} // namespace medtl_dicom
