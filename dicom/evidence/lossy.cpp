// Lossy Image Compression of what is made from an image (PS3.3 C.7.6.1.1.5): "01" once said is never taken back.
#include "object.h"

#include "core/base/c_locale.h"
#include "dicom/attributes.h"
#include "dicom/instance_internal.h"

#include <sys/stat.h>

namespace medtl_dicom
{
namespace
{

/// The transfer syntaxes that we decode and that can lose something (PS3.5 A.4), with their method's defined term.
struct lossy_syntax {
    const char *uid, *method;
    bool always;
};
const lossy_syntax syntaxes[] = {
    {UID_JPEGProcess1TransferSyntax, "ISO_10918_1", true},
    {UID_JPEGProcess2_4TransferSyntax, "ISO_10918_1", true},
    {UID_JPEGLSLossyTransferSyntax, "ISO_14495_1", false},
    {UID_JPEG2000TransferSyntax, "ISO_15444_1", false},
};

const lossy_syntax *syntax_of(const medtl_facts &facts)
{
    for (const lossy_syntax &each : syntaxes)
        if (std::string(facts.transfer_syntax_uid) == each.uid)
            return &each;
    return nullptr;
}

/// Of the whole file; 0 where it is a member of an archive.
double stored_bytes(const medtl_instance &instance)
{
    struct stat file;

    if (!instance.memory.empty())
        return static_cast<double>(instance.memory.size());
    if (instance.sealed.get() >= 0 ? fstat(instance.sealed.get(), &file) != 0
                                   : stat(instance.path.c_str(), &file) != 0)
        return 0.0;
    return S_ISREG(file.st_mode) ? static_cast<double>(file.st_size) : 0.0;
}

/// Type 1C, and "approximate" by its definition: a compressed image's file is little more than its pixels.
void write_ratio(DcmItem &object, const medtl_instance &instance)
{
    const medtl_facts &facts = instance.facts;
    const double compressed = stored_bytes(instance);
    const double samples =
        static_cast<double>(facts.rows) * facts.columns * facts.frames * facts.samples_per_pixel;
    char text[17];

    if (compressed <= 0.0 || samples <= 0.0)
        return;
    medtl_snprintf(text, sizeof text, "%.4g",
                   samples * ((facts.bits_allocated + 7) / 8) / compressed);
    put_text(object, DCM_LossyImageCompressionRatio, text);
}

} // namespace

void write_lossy(DcmItem &object, DcmItem &image, const medtl_instance &instance, bool required)
{
    const std::string stated = text_value(image, DCM_LossyImageCompression);
    const lossy_syntax *const syntax = syntax_of(instance.facts);
    const bool nothing_stated = stated != "00" && stated != "01";
    // The DCT of baseline and extended JPEG loses something whatever is stated. JPEG-LS and JPEG 2000 may or may not, and where
    // nothing is stated nobody says which: an attribute that may be left out then is. One that must be there is "01": lossless
    // images have syntaxes of their own (.80, .90), and "00" on what did lose something would be the graver error.
    const bool lossy = stated == "01" || (syntax != nullptr && syntax->always) ||
                       (syntax != nullptr && nothing_stated && required);

    if (lossy) {
        put_text(object, DCM_LossyImageCompression, "01");
        if (!copy_if_there(image, DCM_LossyImageCompressionRatio, object) && syntax != nullptr)
            write_ratio(object, instance);
        if (!copy_if_there(image, DCM_LossyImageCompressionMethod, object) && syntax != nullptr)
            put_text(object, DCM_LossyImageCompressionMethod, syntax->method);
    } else if (required || !nothing_stated) {
        put_text(object, DCM_LossyImageCompression, "00");
    }
}

} // namespace medtl_dicom
