// The one place that decides between this process and another.
#include "reader_internal.h"

#include "directory.h"
#include "image_read.h"
#include "isolate/isolation.h"
#include "location.h"

namespace medtl_dicom
{

reader_core::reader_core() { medtl_limits_default(&limits); }

reader_core::~reader_core() = default;

medtl_limits limits_of(const reader_core *reader)
{
    medtl_limits limits;

    if (reader != nullptr)
        return reader->limits;
    medtl_limits_default(&limits);
    return limits;
}

std::unique_ptr<dicom_file> open_object(const object_input &input, const medtl_limits &limits,
                                        archive_cache &archives)
{
    if (input.bytes != nullptr)
        return std::unique_ptr<dicom_file>(new dicom_file(input.bytes, input.size, limits));
    return std::unique_ptr<dicom_file>(
        new dicom_file(open_source(locate(*input.path), limits, archives), limits));
}

std::unique_ptr<medtl_instance> read_header(const reader_pointer &reader, const object_input &input,
                                            const std::vector<wanted_keyword> &wanted,
                                            archive_cache &archives)
{
    std::unique_ptr<medtl_instance> instance;

    if (reader && reader->children)
        instance = reader->children->read_header(input, wanted);
    else
        instance = read_instance(*open_object(input, limits_of(reader.get()), archives), wanted);
    instance->path = *input.path;
    instance->reader = reader;
    return instance;
}

std::vector<std::string> read_directory(const reader_core *reader, const std::string &path)
{
    archive_cache archives;

    if (reader != nullptr && reader->children)
        return reader->children->read_directory(path);
    return directory_ids(*open_object({&path, nullptr, 0}, limits_of(reader), archives));
}

std::vector<std::string> read_members(const reader_core *reader, const std::string &path,
                                      archive_cache &archives)
{
    if (reader != nullptr && reader->children)
        return reader->children->read_members(path);
    return archives.get(locate(path).file.get(), limits_of(reader)).names();
}

namespace
{

object_input input_of(const medtl_instance &instance)
{
    static const unsigned char none =
        0; // an empty vector's pointer may be NULL, which means the path

    if (!instance.in_memory || instance.sealed.get() >= 0)
        return {&instance.path, nullptr, 0, instance.sealed.get()};
    return {&instance.path, instance.memory.empty() ? &none : instance.memory.data(),
            instance.memory.size()};
}

image_pointer read_frame(const medtl_instance &instance, uint32_t frame)
{
    const object_input input = input_of(instance);
    const std::string sop_instance = instance.facts.sop_instance_uid;
    archive_cache archives;

    if (instance.reader && instance.reader->children)
        return instance.reader->children->read_image(input, sop_instance, frame);
    return read_image(*open_object(input, limits_of(instance.reader.get()), archives), sop_instance,
                      frame);
}

void read_network_input(const medtl_instance &instance, uint32_t frame, bool to_srgb,
                        const medtl_normaliser &normaliser, float *out, medtl_geometry &geometry,
                        medtl_outline &breast)
{
    const object_input input = input_of(instance);
    const std::string sop_instance = instance.facts.sop_instance_uid;
    archive_cache archives;

    if (instance.reader && instance.reader->children)
        instance.reader->children->read_input(input, sop_instance, frame, to_srgb, normaliser, out,
                                              geometry, breast);
    else
        make_input(*open_object(input, limits_of(instance.reader.get()), archives), sop_instance,
                   frame, to_srgb, normaliser, out, geometry, breast);
}

reader_pointer core_of(const medtl_reader *reader)
{
    return reader != nullptr ? reader->core : reader_pointer();
}

} // namespace
} // namespace medtl_dicom

using namespace medtl_dicom;

extern "C" medtl_status medtl_reader_create(const medtl_reader_options *options, medtl_reader **out,
                                            medtl_error *err) noexcept
try {
    *out = nullptr;
    const std::shared_ptr<reader_core> core = std::make_shared<reader_core>();
    std::unique_ptr<medtl_reader> reader(new medtl_reader);

    if (options != nullptr && options->limits != nullptr)
        core->limits = *options->limits;
    if (options != nullptr && options->isolate)
        core->children.reset(new isolation(*options, core->limits));
    reader->core = core;
    *out = reader.release();
    return MEDTL_OK;
} catch (...) {
    return translate(err, nullptr);
}

extern "C" void medtl_reader_destroy(medtl_reader *reader) noexcept { delete reader; }

extern "C" size_t medtl_reader_lost_children(const medtl_reader *reader) noexcept
{
    return reader->core->children ? reader->core->children->lost() : 0;
}

extern "C" medtl_status medtl_reader_instance(medtl_reader *reader, const char *path,
                                              const char *const *keywords, size_t keyword_count,
                                              medtl_instance **out, medtl_error *err) noexcept
try {
    *out = nullptr;
    const std::string name = path;
    archive_cache archives;

    *out = read_header(core_of(reader), {&name, nullptr, 0}, find_keywords(keywords, keyword_count),
                       archives)
               .release();
    return MEDTL_OK;
} catch (...) {
    return translate(err, path);
}

extern "C" medtl_status medtl_reader_instance_memory(medtl_reader *reader, const void *bytes,
                                                     size_t size, const char *name,
                                                     const char *const *keywords,
                                                     size_t keyword_count, medtl_instance **out,
                                                     medtl_error *err) noexcept
try {
    *out = nullptr;
    const unsigned char *const first = static_cast<const unsigned char *>(bytes);
    const std::string path = name;
    const reader_pointer core = core_of(reader);
    archive_cache archives;
    const unsigned char none = 0;
    object_input input = {&path, size > 0 ? first : &none, size};
    descriptor sealed;

    if (core && core->children)
        sealed = sealed_copy(first, size);
    if (sealed.get() >= 0)
        input = {&path, nullptr, 0, sealed.get()};
    std::unique_ptr<medtl_instance> instance =
        read_header(core, input, find_keywords(keywords, keyword_count), archives);
    instance->in_memory = true;
    if (sealed.get() >= 0)
        instance->sealed = std::move(sealed);
    else
        instance->memory.assign(first, first + size);
    *out = instance.release();
    return MEDTL_OK;
} catch (...) {
    return translate(err, name);
}

extern "C" medtl_status medtl_image_read(const medtl_instance *instance, uint32_t frame,
                                         medtl_image **out, medtl_error *err) noexcept
try {
    *out = nullptr;
    *out = read_frame(*instance, frame).release();
    return MEDTL_OK;
} catch (...) {
    return translate(err, instance->path.c_str());
}

extern "C" medtl_status medtl_image_read_input(const medtl_instance *instance, uint32_t frame,
                                               bool to_srgb, const medtl_normaliser *normaliser,
                                               float *out, medtl_geometry *geometry,
                                               medtl_outline *breast, medtl_error *err) noexcept
try {
    medtl_geometry unwanted = {};
    medtl_outline unasked = {};

    read_network_input(*instance, frame, to_srgb, *normaliser, out,
                       geometry != nullptr ? *geometry : unwanted,
                       breast != nullptr ? *breast : unasked);
    return MEDTL_OK;
} catch (...) {
    return translate(err, instance->path.c_str());
}
