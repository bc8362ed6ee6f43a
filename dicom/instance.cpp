// Instances: the header pass over a file or over bytes in memory.
#include "facts.h"
#include "report_header_internal.h"

#include "medtl/reader.h"
#include "medtl/study.h"

namespace medtl_dicom
{
std::unique_ptr<medtl_instance> read_instance(const dicom_file &file,
                                              const std::vector<wanted_keyword> &wanted)
{
    std::unique_ptr<medtl_instance> instance(new medtl_instance);

    if (file.layout().is_directory)
        fail(MEDTL_E_UNSUPPORTED, "is a DICOMDIR");
    try {
        read_facts(file, wanted, *instance);
        instance->report_header = pick_elements(file.layout(), is_in_report_header);
        instance->explicit_vr = file.layout().form.explicit_vr;
        instance->big_endian = file.layout().form.big_endian;
    } catch (const failure &f) {
        // Bytes without a preamble that do not even name what they are were never DICOM.
        if (file.layout().bare && f.status == MEDTL_E_FORMAT)
            fail(MEDTL_E_NOT_DICOM, "not a DICOM file");
        throw;
    }
    return instance;
}

} // namespace medtl_dicom

using namespace medtl_dicom;

extern "C" medtl_status medtl_instance_read(const char *path, const char *const *keywords,
                                            size_t keyword_count, medtl_instance **out,
                                            medtl_error *err) noexcept
{
    return medtl_reader_instance(nullptr, path, keywords, keyword_count, out, err);
}

extern "C" medtl_status medtl_instance_read_memory(const void *bytes, size_t size, const char *name,
                                                   const char *const *keywords,
                                                   size_t keyword_count, medtl_instance **out,
                                                   medtl_error *err) noexcept
{
    return medtl_reader_instance_memory(nullptr, bytes, size, name, keywords, keyword_count, out,
                                        err);
}

extern "C" void medtl_instance_destroy(medtl_instance *instance) noexcept { delete instance; }

extern "C" const medtl_facts *medtl_instance_facts(const medtl_instance *instance) noexcept
{
    return &instance->facts;
}

extern "C" const char *medtl_instance_path(const medtl_instance *instance) noexcept
{
    return instance->path.c_str();
}

extern "C" const char *medtl_instance_value(const medtl_instance *instance,
                                            const char *keyword) noexcept
try {
    const auto found = instance->values.find(keyword);

    return found == instance->values.end() ? nullptr : found->second.c_str();
} catch (...) {
    return nullptr; // out of memory for the look-up's key
}
