// A dataset as a PS3.10 file.
#include "dataset.h"

#include "dicom/report/uid.h"

extern "C" {
#include "core/base/file.h"
}

#include <dcmtk/dcmdata/dcmetinf.h>
#include <dcmtk/dcmdata/dcostrmb.h>

#include <vector>

namespace medtl_dicom
{

// DCMTK would name itself as the implementation; the writer is medtl.
static void put_meta(DcmFileFormat &file, E_TransferSyntax syntax)
{
    DcmMetaInfo &meta = *file.getMetaInfo();

    require(file.validateMetaInfo(syntax), MEDTL_E_INTERNAL, "cannot write the meta information");
    put(meta, DCM_ImplementationClassUID, MEDTL_IMPLEMENTATION_CLASS_UID);
    put(meta, DCM_ImplementationVersionName, "MEDTL_" MEDTL_VERSION);
    require(meta.computeGroupLengthAndPadding(
                EGL_withGL, EPD_noChange, META_HEADER_DEFAULT_TRANSFERSYNTAX, EET_ExplicitLength),
            MEDTL_E_INTERNAL, "cannot write the meta information's length");
}

void write_file(DcmFileFormat &file, E_TransferSyntax syntax, const std::string &path)
{
    put_meta(file, syntax);

    // Room for the preamble, and for a deflated dataset that would not shrink.
    const size_t length = file.calcElementLength(syntax, EET_ExplicitLength);
    std::vector<unsigned char> bytes(length + length / 100 + 1024);
    DcmOutputBufferStream stream(bytes.data(), static_cast<offile_off_t>(bytes.size()));
    void *written = nullptr;
    offile_off_t size = 0;
    medtl_error err;

    // In two steps, as DcmFileFormat would put its own name back or log a warning that it may not.
    file.transferInit();
    require(file.getMetaInfo()->write(stream, META_HEADER_DEFAULT_TRANSFERSYNTAX,
                                      EET_ExplicitLength, nullptr),
            MEDTL_E_INTERNAL, "cannot encode the meta information");
    require(file.getDataset()->write(stream, syntax, EET_ExplicitLength, nullptr), MEDTL_E_INTERNAL,
            "cannot encode a dataset");
    file.transferEnd();
    stream.flush(); // what the compressor of a deflated dataset still holds
    stream.flushBuffer(written, size);
    require(static_cast<size_t>(size) < bytes.size(), MEDTL_E_INTERNAL,
            "a dataset needs more room than was foreseen");
    const medtl_status status =
        medtl_file_replace(path.c_str(), written, static_cast<size_t>(size), &err);
    if (status != MEDTL_OK)
        throw failure{status, err.message};
}

} // namespace medtl_dicom
