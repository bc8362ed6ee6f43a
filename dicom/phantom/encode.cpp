// Transfer syntaxes through DCMTK's encoders.
#include "dataset.h"

#include <dcmtk/dcmdata/dcrleerg.h>
#include <dcmtk/dcmdata/dcrlerp.h>
#include <dcmtk/dcmimage/diregist.h> // lets the JPEG encoder see colour
#include <dcmtk/dcmjpeg/djencode.h>
#include <dcmtk/dcmjpeg/djrplol.h>
#include <dcmtk/dcmjpeg/djrploss.h>
#include <dcmtk/dcmjpls/djencode.h>
#include <dcmtk/dcmjpls/djrparam.h>

#include <memory>
#include <mutex>

namespace medtl_dicom
{
namespace
{

// DCMTK keeps one list of codecs for a process. A new instance UID for lossy images would be a random one.
void register_encoders()
{
    static std::once_flag once;

    std::call_once(once, [] {
        DJEncoderRegistration::registerCodecs(ECC_lossyYCbCr, EUC_never);
        DJLSEncoderRegistration::registerCodecs(0, 0, 0, 0, OFTrue, 0, OFTrue, EJLSUC_never);
        DcmRLEEncoderRegistration::registerCodecs();
    });
}

std::unique_ptr<DcmRepresentationParameter> parameters(E_TransferSyntax syntax)
{
    switch (syntax) {
    case EXS_JPEGProcess1:
        return std::make_unique<DJ_RPLossy>(90);
    case EXS_JPEGProcess2_4:
        return std::make_unique<DJ_RPLossy>(95);
    case EXS_JPEGProcess14SV1:
        return std::make_unique<DJ_RPLossless>(1, 0);
    case EXS_JPEGLSLossless:
        return std::make_unique<DJLSRepresentationParameter>(0, OFTrue);
    case EXS_RLELossless:
        return std::make_unique<DcmRLERepresentationParameter>();
    default:
        return nullptr;
    }
}

} // namespace

void encode(DcmDataset &dataset, E_TransferSyntax syntax)
{
    if (syntax == EXS_JPEG2000LosslessOnly) {
        encode_jpeg2000(dataset);
        return;
    }
    register_encoders();
    const std::unique_ptr<DcmRepresentationParameter> representation = parameters(syntax);
    require(dataset.chooseRepresentation(syntax, representation.get()), MEDTL_E_INTERNAL,
            "cannot encode the pixels");
    require(dataset.canWriteXfer(syntax), MEDTL_E_INTERNAL,
            "the pixels are not in their transfer syntax");
    dataset.removeAllButCurrentRepresentations();
}

} // namespace medtl_dicom
