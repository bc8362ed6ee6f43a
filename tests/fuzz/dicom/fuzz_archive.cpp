// A zip archive and what it holds, as a scan sees it.
#include "dicom/location.h"
#include "dicom/reader_internal.h"

#include <cstdlib>
#include <sys/mman.h>

using namespace medtl_dicom;

extern "C" int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size)
{
    const descriptor file(memfd_create("input", MFD_CLOEXEC));
    medtl_limits limits;

    medtl_limits_default(&limits);
    limits.file_bytes = 1 << 20;
    limits.members = 100;
    if (file.get() < 0 || pwrite(file.get(), bytes, size, 0) != static_cast<ssize_t>(size))
        return 0;
    try {
        const archive from(file.get(), limits);

        for (const std::string &name : from.names()) {
            try {
                (void)read_instance(dicom_file(from.open(name), limits), {});
            } catch (const failure &f) {
                if (f.what.empty() || f.status == MEDTL_E_INTERNAL)
                    std::abort();
            }
        }
    } catch (const failure &f) {
        if (f.what.empty() || f.status == MEDTL_E_INTERNAL)
            std::abort();
    }
    return 0;
}
