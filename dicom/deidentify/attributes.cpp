// The table applied: each attribute of a data set, and of the items inside it, is removed, emptied, replaced or kept.
#include "cleaner.h"
#include "profile.h"

#include "dicom/attributes.h"
#include "dicom/patient.h"

namespace medtl_dicom
{
namespace
{

constexpr char dummy_text[] = "DEIDENTIFIED";

// Attributes for which the table leaves the choice to the IOD, and that are type 1 or 2 in one of the IODs handled here
// (images, Structured Reports, segmentations). All others with a choice are type 3 there.
struct exception {
    DcmTagKey tag;
    medtl_profile_action action;
};
const exception exceptions[] = {
    {DCM_AcquisitionDateTime, MEDTL_PROFILE_DUMMY},        // type 1 in Dermoscopic Photography
    {DCM_DeviceSerialNumber, MEDTL_PROFILE_DUMMY},         // type 1 in Enhanced General Equipment
    {DCM_AcquisitionContextSequence, MEDTL_PROFILE_EMPTY}, // type 2
    {DCM_PatientSexNeutered, MEDTL_PROFILE_EMPTY},         // type 2C
    {DCM_ObservationDateTime, MEDTL_PROFILE_DUMMY},        // type 1C
};

medtl_profile_action settle(const DcmTagKey &tag, medtl_profile_action action)
{
    for (const exception &each : exceptions)
        if (each.tag == tag)
            return each.action;
    switch (action) {
    case MEDTL_PROFILE_EMPTY_OR_DUMMY:
        return MEDTL_PROFILE_DUMMY;
    case MEDTL_PROFILE_REMOVE_OR_EMPTY:
    case MEDTL_PROFILE_REMOVE_OR_DUMMY:
    case MEDTL_PROFILE_REMOVE_EMPTY_OR_DUMMY:
        return MEDTL_PROFILE_REMOVE;
    case MEDTL_PROFILE_REMOVE_EMPTY_OR_NEW_UIDS:
        return MEDTL_PROFILE_NOT_LISTED; // kept; its items are cleaned, and so have new UIDs
    default:
        return action;
    }
}

bool is_date(DcmEVR vr) { return vr == EVR_DA || vr == EVR_DT || vr == EVR_TM; }

bool may_hold_text(DcmEVR vr)
{
    switch (vr) {
    case EVR_LO:
    case EVR_LT:
    case EVR_PN:
    case EVR_SH:
    case EVR_ST:
    case EVR_UC:
    case EVR_UT:
    case EVR_UR:
    case EVR_OB:
    case EVR_UN:
    case EVR_UNKNOWN:
    case EVR_UNKNOWN2B:
        return true;
    default:
        return false;
    }
}

// Not in the table of 2024b, but of the patient, or what somebody wrote about an order.
const DcmTagKey beyond_the_table[] = {
    DcmTagKey(0x0010, 0x0033), // Patient's Birth Date in Alternative Calendar
    DcmTagKey(0x0010, 0x0034), // Patient's Death Date in Alternative Calendar
    DcmTagKey(0x0010, 0x2295), // Breed Registration Number
    DcmTagKey(0x0040, 0x0400), // Comments on the Scheduled Procedure Step
    DcmTagKey(0x0040, 0x1006), // Placer Order Number / Procedure
    DcmTagKey(0x0040, 0x1007), // Filler Order Number / Procedure
};

bool is_beyond_the_table(const DcmTagKey &tag)
{
    for (const DcmTagKey &each : beyond_the_table)
        if (tag == each)
            return true;
    return false;
}

// What the table does not list by tag: private attributes, curves, overlays and the like; and what nobody can judge.
bool is_never_kept(const DcmTag &tag, DcmEVR vr, unsigned depth)
{
    const Uint16 group = tag.getGroup();
    const bool unknown =
        DcmTag(tag.getGroup(), tag.getElement()).getTagName() == std::string(DcmTag_ERROR_TagName);

    return group % 2 != 0 || tag.getElement() == 0 || (group >= 0x5000 && group <= 0x50FF) ||
           (group >= 0x6000 && group <= 0x60FF) || (group >= 0x7FE0 && depth > 0) ||
           group > 0x7FE0 || tag == DCM_EncryptedAttributesSequence || is_beyond_the_table(tag) ||
           (unknown && may_hold_text(vr));
}

// Attributes of the dictionary come with VR UN where a writer did not know them (PS3.5 6.2.2). Text becomes what it is; what
// was a sequence is bytes now, and nobody looked through it.
// @return whether the element stays.
bool give_vr(DcmItem &item, unsigned long index)
{
    DcmElement &element = *item.getElement(index);
    const DcmTag known(element.getTag().getGroup(), element.getTag().getElement());
    Uint8 *bytes = nullptr;
    DcmElement *made = nullptr;

    if (element.ident() != EVR_UN || !known.getVR().isaString())
        return element.ident() != EVR_UN || known.getEVR() != EVR_SQ;
    require(DcmItem::newDicomElementWithVR(made, known), MEDTL_E_MEMORY, "an attribute's VR");
    std::unique_ptr<DcmElement> owner(made);
    if (element.getLength() > 0 && element.getUint8Array(bytes).good() && bytes != nullptr)
        require(made->putString(reinterpret_cast<const char *>(bytes), element.getLength()),
                MEDTL_E_INTERNAL, "cannot give an attribute its VR");
    delete item.remove(index);
    require(item.insert(owner.get(), OFTrue), MEDTL_E_INTERNAL, "cannot give an attribute its VR");
    owner.release();
    return true;
}

medtl_profile_action action_for(DcmElement &element, const subject &who, unsigned depth)
{
    const DcmTag tag = element.getTag();
    const DcmEVR vr = element.ident();
    const medtl_profile_action listed = medtl_profile_find(tag.getGroup(), tag.getElement());

    if (who.options.keep_patient_characteristics &&
        medtl_profile_is_patient_characteristic(tag.getGroup(), tag.getElement()))
        return MEDTL_PROFILE_NOT_LISTED;
    if (listed == MEDTL_PROFILE_NOT_LISTED && is_never_kept(tag, vr, depth))
        return MEDTL_PROFILE_REMOVE;
    if (tag == DCM_ContentSequence)
        return MEDTL_PROFILE_NOT_LISTED; // cleaned item by item (Clean Structured Content Option)
    // The option shifts every date but those of birth.
    if (is_date(vr) && tag != DCM_PatientBirthDate && tag != DCM_PatientBirthTime &&
        who.options.shift_dates)
        return MEDTL_PROFILE_DUMMY;
    if (listed == MEDTL_PROFILE_NOT_LISTED && (is_date(vr) || vr == EVR_PN))
        return MEDTL_PROFILE_DUMMY;
    return settle(tag, listed);
}

void empty(DcmElement &element)
{
    require(element.clear(), MEDTL_E_INTERNAL, "cannot empty an attribute");
}

void put_text(DcmElement &element, const std::string &text)
{
    require(element.putString(text.c_str()), MEDTL_E_INTERNAL,
            ("cannot replace " + tag_text(element.getTag())).c_str());
}

std::string text_of(DcmElement &element)
{
    OFString text;

    return element.getOFStringArray(text).good() ? std::string(text.c_str(), text.size()) : "";
}

void new_uids(DcmElement &element, const subject &who)
{
    const std::string old = text_of(element);
    std::string all;

    for (size_t at = 0; at <= old.size();) {
        const size_t end = std::min(old.find('\\', at), old.size());
        char uid[MEDTL_UID_SIZE] = "";

        if (end > at)
            medtl_pseudonym_uid(&who.options.key, old.substr(at, end - at).c_str(), uid);
        all += (at > 0 ? "\\" : "") + std::string(uid);
        at = end + 1;
    }
    put_text(element, all);
}

// A code that says nothing; of the observer that verified a report, its own attributes with dummies.
void put_dummy_items(DcmElement &element, const subject &who, unsigned depth)
{
    DcmSequenceOfItems &sequence = static_cast<DcmSequenceOfItems &>(element);

    if (element.getTag() == DCM_VerifyingObserverSequence) {
        for (unsigned long i = 0; i < sequence.card(); i++)
            clean_attributes(*sequence.getItem(i), who, depth + 1);
        return;
    }
    put_dummy_code(sequence);
}

void put_dummy(DcmElement &element, const subject &who, unsigned depth)
{
    const DcmEVR vr = element.ident();

    if (vr == EVR_SQ)
        put_dummy_items(element, who, depth);
    else if (element.getLength() == 0)
        return;
    else if (is_date(vr))
        put_text(element, cleaned_date(text_of(element), vr, who));
    else if (vr == EVR_PN || vr == EVR_LO || vr == EVR_SH || vr == EVR_ST || vr == EVR_LT ||
             vr == EVR_UT || vr == EVR_UC || vr == EVR_AE)
        put_text(element, dummy_text);
    else if (vr == EVR_UI)
        new_uids(element, who);
    else
        empty(element);
}

// The patient is called by the pseudonym; a patient of more than 90 years is of 90.
void put_patient(DcmElement &element, const subject &who)
{
    const DcmTag tag = element.getTag();

    if (tag == DCM_PatientID || tag == DCM_PatientName)
        put_text(element, who.pseudonym);
    if (tag == DCM_PatientAge) {
        const std::string age = cleaned_age(text_of(element));

        empty(element);
        if (!age.empty())
            put_text(element, age);
    }
}

/// @return whether the element stays.
bool act(DcmElement &element, const subject &who, unsigned depth)
{
    switch (action_for(element, who, depth)) {
    case MEDTL_PROFILE_REMOVE:
        return false;
    case MEDTL_PROFILE_EMPTY:
        empty(element);
        break;
    case MEDTL_PROFILE_DUMMY:
        put_dummy(element, who, depth);
        break;
    case MEDTL_PROFILE_NEW_UID:
        new_uids(element, who);
        break;
    default:
        if (element.ident() == EVR_SQ) {
            DcmSequenceOfItems &sequence = static_cast<DcmSequenceOfItems &>(element);

            for (unsigned long i = 0; i < sequence.card(); i++)
                clean_attributes(*sequence.getItem(i), who, depth + 1);
        }
        break;
    }
    put_patient(element, who);
    return true;
}

} // namespace

void put_dummy_code(DcmSequenceOfItems &codes)
{
    empty(codes);
    std::unique_ptr<DcmItem> item(new DcmItem);
    require(item->putAndInsertString(DCM_CodeValue, "deidentified"), MEDTL_E_INTERNAL, "dummy");
    require(item->putAndInsertString(DCM_CodingSchemeDesignator, "99MEDTL"), MEDTL_E_INTERNAL,
            "dummy");
    require(item->putAndInsertString(DCM_CodeMeaning, dummy_text), MEDTL_E_INTERNAL, "dummy");
    require(codes.append(item.get()), MEDTL_E_INTERNAL, "dummy");
    item.release();
}

subject subject_of(const medtl_deidentifier &options, DcmItem &data_set)
{
    const patient person = patient_of(data_set);
    std::string name = person.id.empty() ? "\n" + person.name + "\n" + person.birth_date
                                         : person.id + "\n" + person.issuer;
    char pseudonym[MEDTL_PSEUDONYM_SIZE];

    if (name == "\n\n") // nobody is named: a study is of one patient
        name = "\n\n\n" + text_value(data_set, DCM_StudyInstanceUID);
    medtl_pseudonym_name(&options.key, "patient", name.c_str(), pseudonym);
    return {options, pseudonym, medtl_pseudonym_days(&options.key, name.c_str()), false};
}

// Recursive: the walk over the file has bounded the depth.
void clean_attributes(DcmItem &item, const subject &who, unsigned depth)
{
    if (item.tagExists(DCM_ValueType))
        clean_content_item(item, who);
    for (unsigned long i = 0; i < item.card();) {
        if (give_vr(item, i) && act(*item.getElement(i), who, depth))
            i++;
        else
            delete item.remove(i);
    }
    clean_characteristic(item, who);
}

} // namespace medtl_dicom
