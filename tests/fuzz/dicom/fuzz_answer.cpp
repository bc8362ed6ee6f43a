// What a decoding process may answer its host, should it have been taken over: the host refuses or believes it, and
// stays whole. The first byte chooses between an instance and an image.
#include "dicom/isolate/transfer.h"

#include <cstdlib>

using namespace medtl_dicom;

extern "C" int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size)
{
    if (size == 0)
        return 0;
    const std::vector<unsigned char> payload(bytes + 1, bytes + size);
    message_reader from(payload);

    try {
        if ((bytes[0] & 1) != 0) {
            const std::unique_ptr<medtl_instance> instance = get_instance(from);

            for (const auto &value : instance->values)
                if (value.first.find('\0') == std::string::npos &&
                    medtl_instance_value(instance.get(), value.first.c_str()) == nullptr)
                    std::abort();
        } else if (size > 9) {
            // Sizes that a header pass has let through: an image of megabytes only slows fuzzing down.
            message_reader sizes(payload);
            const uint32_t rows = sizes.get<uint32_t>(), columns = sizes.get<uint32_t>();

            if (static_cast<uint64_t>(rows) * columns <= 1 << 20)
                (void)get_image(from);
        }
    } catch (const failure &f) {
        if (f.what.empty())
            std::abort();
    }
    return 0;
}
