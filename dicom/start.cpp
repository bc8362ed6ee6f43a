// Whether DICOM can be read in this process at all.
//
// The codecs need no registration: codec*.cpp call DCMTK's decoders directly with parameters of
// our own, so that a host which registered them with other settings (colour conversion, say) neither
// changes our pixels nor notices us.
#include "bridge_internal.h"

#include "medtl/study.h"

extern "C" medtl_status medtl_dicom_start(medtl_error *err) noexcept
try {
    // The dictionary is loaded when DCMTK's libraries are, from DCMDICTPATH or the built-in path.
    // Without it, implicit VR files lose their sequences and reports cannot be written.
    if (!dcmDataDict.isDictionaryLoaded())
        medtl_dicom::fail(
            MEDTL_E_CONFIG,
            "DCMTK's data dictionary is not loaded: DCMDICTPATH %s; it must name dicom.dic "
            "or be unset where DCMTK is installed (%s)",
            std::getenv("DCMDICTPATH") == nullptr ? "is not set" : "names no such file",
            DCM_DICT_DEFAULT_PATH);
    return MEDTL_OK;
} catch (...) {
    return medtl_dicom::translate(err, nullptr);
}
