/* Rows of PS3.15-2024b Table E.1-1, as its readers know them and public excerpts of it show them. */
#include "dicom/deidentify/profile.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>

struct row {
    char name[48];
    uint16_t group, element;
    medtl_profile_action action;
};

ParameterizedTestParameters(profile, says_what_the_standard_says)
{
    static struct row rows[] = {
        {"Accession Number", 0x0008, 0x0050, MEDTL_PROFILE_EMPTY},
        {"Acquisition Date", 0x0008, 0x0022, MEDTL_PROFILE_REMOVE_OR_EMPTY},
        {"Acquisition DateTime", 0x0008, 0x002A, MEDTL_PROFILE_REMOVE_EMPTY_OR_DUMMY},
        {"Affected SOP Instance UID", 0x0000, 0x1000, MEDTL_PROFILE_REMOVE},
        {"Content Date", 0x0008, 0x0023, MEDTL_PROFILE_EMPTY_OR_DUMMY},
        {"Content Sequence", 0x0040, 0xA730, MEDTL_PROFILE_DUMMY},
        {"Data Set Trailing Padding", 0xFFFC, 0xFFFC, MEDTL_PROFILE_REMOVE},
        {"Device Serial Number", 0x0018, 0x1000, MEDTL_PROFILE_REMOVE_EMPTY_OR_DUMMY},
        {"Device UID", 0x0018, 0x1002, MEDTL_PROFILE_NEW_UID},
        {"Frame of Reference UID", 0x0020, 0x0052, MEDTL_PROFILE_NEW_UID},
        {"Icon Image Sequence", 0x0088, 0x0200, MEDTL_PROFILE_REMOVE},
        {"Image Comments", 0x0020, 0x4000, MEDTL_PROFILE_REMOVE},
        {"Institution Name", 0x0008, 0x0080, MEDTL_PROFILE_REMOVE_EMPTY_OR_DUMMY},
        {"Other Patient IDs", 0x0010, 0x1000, MEDTL_PROFILE_REMOVE},
        {"Patient ID", 0x0010, 0x0020, MEDTL_PROFILE_EMPTY_OR_DUMMY},
        {"Patient's Age", 0x0010, 0x1010, MEDTL_PROFILE_REMOVE},
        {"Patient's Birth Date", 0x0010, 0x0030, MEDTL_PROFILE_EMPTY},
        {"Patient's Name", 0x0010, 0x0010, MEDTL_PROFILE_EMPTY},
        {"Patient's Sex", 0x0010, 0x0040, MEDTL_PROFILE_EMPTY},
        {"Protocol Name", 0x0018, 0x1030, MEDTL_PROFILE_REMOVE_OR_DUMMY},
        {"Referenced Image Sequence", 0x0008, 0x1140, MEDTL_PROFILE_REMOVE_EMPTY_OR_NEW_UIDS},
        {"Referenced SOP Instance UID", 0x0008, 0x1155, MEDTL_PROFILE_NEW_UID},
        {"Request Attributes Sequence", 0x0040, 0x0275, MEDTL_PROFILE_REMOVE},
        {"Series Description", 0x0008, 0x103E, MEDTL_PROFILE_REMOVE},
        {"SOP Instance UID", 0x0008, 0x0018, MEDTL_PROFILE_NEW_UID},
        {"Study Date", 0x0008, 0x0020, MEDTL_PROFILE_EMPTY},
        {"Tracking UID", 0x0062, 0x0021, MEDTL_PROFILE_NEW_UID},
        {"UID", 0x0040, 0xA124, MEDTL_PROFILE_NEW_UID},
        {"Verifying Observer Name", 0x0040, 0xA075, MEDTL_PROFILE_DUMMY},
        {"X-Ray Source ID", 0x0018, 0x9367, MEDTL_PROFILE_DUMMY},
        /* not in the table */
        {"SOP Class UID", 0x0008, 0x0016, MEDTL_PROFILE_NOT_LISTED},
        {"Modality", 0x0008, 0x0060, MEDTL_PROFILE_NOT_LISTED},
        {"Manufacturer", 0x0008, 0x0070, MEDTL_PROFILE_NOT_LISTED},
        {"Body Part Examined", 0x0018, 0x0015, MEDTL_PROFILE_NOT_LISTED},
        {"View Code Sequence", 0x0054, 0x0220, MEDTL_PROFILE_NOT_LISTED},
        {"Pixel Data", 0x7FE0, 0x0010, MEDTL_PROFILE_NOT_LISTED},
    };
    return cr_make_param_array(struct row, rows, sizeof rows / sizeof rows[0]);
}

ParameterizedTest(struct row *r, profile, says_what_the_standard_says)
{
    cr_assert_eq(medtl_profile_find(r->group, r->element), r->action, "%s", r->name);
}

Test(profile, keeps_the_patients_characteristics_only_where_the_option_says_k)
{
    cr_assert(medtl_profile_is_patient_characteristic(0x0010, 0x1010));     /* age */
    cr_assert(medtl_profile_is_patient_characteristic(0x0010, 0x0040));     /* sex */
    cr_assert_not(medtl_profile_is_patient_characteristic(0x0010, 0x0030)); /* birth date */
    cr_assert_not(medtl_profile_is_patient_characteristic(0x0010, 0x2110)); /* allergies: C */
}
