#include "serialise.h"

#include "text.h"
#include "uid.h"

#include <dcmtk/dcmdata/dcmetinf.h>
#include <dcmtk/dcmdata/dcostrmb.h>

#include <cstdio>

namespace medtl_dicom
{
namespace
{

// DCMTK fills in the meta information with its own name as implementation; the writer of this file
// is medtl.
void name_implementation(DcmFileFormat &file, const char *software_version)
{
    DcmMetaInfo &meta = *file.getMetaInfo();
    char version[MEDTL_SH_SIZE];

    std::snprintf(version, sizeof version, "MEDTL_%.10s",
                  software_version != nullptr ? software_version : "");
    require(file.validateMetaInfo(EXS_LittleEndianExplicit), MEDTL_E_INTERNAL,
            "cannot write the meta information");
    require(meta.putAndInsertString(DCM_ImplementationClassUID, MEDTL_IMPLEMENTATION_CLASS_UID),
            MEDTL_E_INTERNAL, "cannot write the implementation class");
    require(meta.putAndInsertString(DCM_ImplementationVersionName, version), MEDTL_E_INTERNAL,
            "cannot write the implementation version");
    require(meta.computeGroupLengthAndPadding(
                EGL_withGL, EPD_noChange, META_HEADER_DEFAULT_TRANSFERSYNTAX, EET_ExplicitLength),
            MEDTL_E_INTERNAL, "cannot write the meta information's length");
}

} // namespace

void serialise(DcmFileFormat &file, const char *software_version, unsigned char *&bytes,
               size_t &size)
{
    name_implementation(file, software_version);

    // Sequences of undefined length: for explicit ones DCMTK adds up what is below each item once more at every level, which is
    // half of a report's time.
    const size_t room = file.calcElementLength(EXS_LittleEndianExplicit, EET_UndefinedLength) +
                        512; // preamble and all
    bytes = static_cast<unsigned char *>(std::malloc(room));
    require(bytes != nullptr, MEDTL_E_MEMORY, "out of memory for a report's bytes");

    DcmOutputBufferStream stream(bytes, static_cast<offile_off_t>(room));
    void *written = nullptr;
    offile_off_t length = 0;

    // In two steps: DcmFileFormat::write() would put DCMTK's name back, or warn into the host's log
    // that it does not.
    file.transferInit();
    require(file.getMetaInfo()->write(stream, META_HEADER_DEFAULT_TRANSFERSYNTAX,
                                      EET_ExplicitLength, nullptr),
            MEDTL_E_INTERNAL, "cannot encode the meta information");
    require(file.getDataset()->write(stream, EXS_LittleEndianExplicit, EET_UndefinedLength, nullptr,
                                     EGL_withoutGL),
            MEDTL_E_INTERNAL, "cannot encode the report");
    file.transferEnd();
    stream.flushBuffer(written, length);
    size = static_cast<size_t>(length);
}

} // namespace medtl_dicom
