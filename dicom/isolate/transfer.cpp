// Member by member for images, which hold pointers; as plain bytes for facts, which hold none.
#include "isolate/transfer.h"

#include <cmath>
#include <cstdlib>

namespace medtl_dicom
{
namespace
{

static_assert(std::is_trivially_copyable<medtl_facts>::value, "facts travel as bytes");
static_assert(sizeof(medtl_image) == 240,
              "medtl_image has changed: hand the new member over in put_image() and get_image()");

template <size_t size> void terminate(char (&text)[size]) { text[size - 1] = '\0'; }

/// A truth value that came as bytes may be neither 0 nor 1.
void repair(bool &flag)
{
    unsigned char byte;

    std::memcpy(&byte, &flag, 1);
    byte = byte != 0;
    std::memcpy(&flag, &byte, 1);
}

/// An enumerator that came as bytes may be none, and must not even be looked at as one then.
template <typename kind> void check_below(const kind &value, unsigned count)
{
    unsigned number;

    static_assert(sizeof number == sizeof value, "enumerations are as large as an int");
    std::memcpy(&number, &value, sizeof number);
    require(number < count, MEDTL_E_INTERNAL, "a message between processes is damaged");
}

medtl_facts get_facts(message_reader &from)
{
    medtl_facts facts = from.get<medtl_facts>();

    terminate(facts.sop_class_uid);
    terminate(facts.sop_instance_uid);
    terminate(facts.series_instance_uid);
    terminate(facts.study_instance_uid);
    terminate(facts.transfer_syntax_uid);
    terminate(facts.modality);
    terminate(facts.photometric_interpretation);
    terminate(facts.view.value);
    terminate(facts.view.scheme);
    terminate(facts.view.meaning);
    terminate(facts.irradiation_event_uid);
    terminate(facts.acquired);
    terminate(facts.source_sop_instance_uid);
    terminate(facts.polarization);
    terminate(facts.contact);
    terminate(facts.immersion);
    terminate(facts.site.value);
    terminate(facts.site.scheme);
    terminate(facts.site.meaning);
    terminate(facts.tracking_uid);
    terminate(facts.tracking_id);
    check_below(facts.laterality, MEDTL_LATERALITY_BOTH + 1);
    check_below(facts.intent, MEDTL_INTENT_PROCESSING + 1);
    check_below(facts.kind, MEDTL_KIND_SPECIMEN + 1);
    check_below(facts.spacing_origin, MEDTL_SPACING_FILM + 1);
    repair(facts.has_icc_profile);
    repair(facts.has_pixel_data);
    repair(facts.has_pixel_spacing);
    return facts;
}

void put_lut(const medtl_lut &lut, message_writer &to)
{
    to.put<uint32_t>(lut.entries != nullptr ? lut.count : 0);
    to.put(lut.first);
    to.put(lut.bits);
    if (lut.entries != nullptr)
        to.put_bytes(lut.entries, lut.count * sizeof *lut.entries);
}

void get_lut(message_reader &from, medtl_lut &lut)
{
    const uint32_t count = from.get<uint32_t>();

    lut.first = from.get<int32_t>();
    lut.bits = from.get<uint16_t>();
    if (count == 0)
        return;
    require(count <= 65536 && lut.bits >= 1 && lut.bits <= 16, MEDTL_E_INTERNAL,
            "a message between processes is damaged");
    const unsigned char *const entries = from.take(count * sizeof *lut.entries);
    lut.entries = static_cast<uint16_t *>(std::malloc(count * sizeof *lut.entries));
    if (lut.entries == nullptr)
        throw std::bad_alloc();
    std::memcpy(lut.entries, entries, count * sizeof *lut.entries);
    lut.count = count;
}

void get_profile(message_reader &from, medtl_image &image)
{
    const size_t size = from.get_size();
    const unsigned char *const bytes = from.take(size);

    if (size == 0)
        return;
    image.icc_profile = static_cast<unsigned char *>(std::malloc(size));
    if (image.icc_profile == nullptr)
        throw std::bad_alloc();
    std::memcpy(image.icc_profile, bytes, size);
    image.icc_profile_size = size;
}

} // namespace

void put_instance(const medtl_instance &instance, message_writer &to)
{
    to.put(instance.facts);
    to.put<uint64_t>(instance.values.size());
    for (const auto &value : instance.values) {
        to.put_text(value.first);
        to.put_text(value.second);
    }
    to.put<uint64_t>(instance.report_header.size());
    to.put_bytes(instance.report_header.data(), instance.report_header.size());
    to.put<uint32_t>(instance.explicit_vr);
    to.put<uint32_t>(instance.big_endian);
}

std::unique_ptr<medtl_instance> get_instance(message_reader &from)
{
    std::unique_ptr<medtl_instance> instance(new medtl_instance);

    instance->facts = get_facts(from);
    for (uint64_t left = from.get_size(); left > 0; left--) {
        const std::string keyword = from.get_text();
        instance->values[keyword] = from.get_text();
    }
    const size_t size = from.get_size();
    const unsigned char *const header = from.take(size);
    instance->report_header.assign(header, header + size);
    instance->explicit_vr = from.get_flag();
    instance->big_endian = from.get_flag();
    return instance;
}

void put_image(const medtl_image &image, message_writer &to)
{
    to.put(image.rows);
    to.put(image.columns);
    to.put(image.samples);
    to.put(image.bits_stored);
    to.put<uint32_t>(image.type);
    to.put<uint32_t>(image.photometric);
    to.put(image.rescale_slope);
    to.put(image.rescale_intercept);
    put_lut(image.modality_lut, to);
    to.put<uint32_t>(image.has_window);
    to.put(image.window_center);
    to.put(image.window_width);
    to.put<uint32_t>(image.voi_function);
    put_lut(image.voi_lut, to);
    to.put<uint32_t>(image.inverse_presentation_lut);
    to.put<uint32_t>(image.has_padding);
    to.put(image.padding_first);
    to.put(image.padding_last);
    for (const medtl_lut &lut : image.palette)
        put_lut(lut, to);
    to.put<uint32_t>(image.laterality);
    to.put<uint32_t>(image.counts_exposure);
    to.put<uint64_t>(image.icc_profile_size);
    to.put_bytes(image.icc_profile, image.icc_profile_size);
}

image_pointer get_image(message_reader &from)
{
    const uint32_t rows = from.get<uint32_t>(), columns = from.get<uint32_t>();
    const uint16_t samples = from.get<uint16_t>(), bits = from.get<uint16_t>();
    const medtl_pixel_type type = from.get_below<medtl_pixel_type>(MEDTL_PIXEL_S16 + 1);
    medtl_image *raw = nullptr;
    medtl_error error;

    require(rows <= 65535 && columns <= 65535, MEDTL_E_INTERNAL,
            "a message between processes is damaged");
    if (medtl_image_create(rows, columns, samples, type, bits, &raw, &error) != MEDTL_OK)
        throw failure{error.status, error.message};
    image_pointer image(raw);
    image->photometric = from.get_below<medtl_photometric>(MEDTL_YBR_FULL + 1);
    require((samples == 3) == (image->photometric >= MEDTL_RGB), MEDTL_E_INTERNAL,
            "a message between processes is damaged");
    image->rescale_slope = from.get<double>();
    image->rescale_intercept = from.get<double>();
    get_lut(from, image->modality_lut);
    image->has_window = from.get_flag();
    image->window_center = from.get<double>();
    image->window_width = from.get<double>();
    image->voi_function = from.get_below<medtl_voi_function>(MEDTL_VOI_SIGMOID + 1);
    get_lut(from, image->voi_lut);
    image->inverse_presentation_lut = from.get_flag();
    image->has_padding = from.get_flag();
    image->padding_first = from.get<int32_t>();
    image->padding_last = from.get<int32_t>();
    for (medtl_lut &lut : image->palette)
        get_lut(from, lut);
    image->laterality = from.get_below<medtl_laterality>(MEDTL_LATERALITY_BOTH + 1);
    image->counts_exposure = from.get_flag();
    get_profile(from, *image);
    return image;
}

medtl_geometry get_geometry(message_reader &from)
{
    medtl_geometry geometry = from.get<medtl_geometry>();

    repair(geometry.flipped);
    return geometry;
}

medtl_outline get_outline(message_reader &from)
{
    const medtl_outline outline = from.get<medtl_outline>();

    require(outline.count <= MEDTL_OUTLINE_LIMIT && outline.count != 1 && outline.count != 2,
            MEDTL_E_INTERNAL, "a message between processes is damaged");
    for (uint32_t i = 0; i < outline.count; i++)
        require(std::isfinite(outline.points[i].x) && std::isfinite(outline.points[i].y),
                MEDTL_E_INTERNAL, "a message between processes is damaged");
    return outline;
}

size_t pixel_bytes(const medtl_image &image)
{
    const bool wide = image.type == MEDTL_PIXEL_U16 || image.type == MEDTL_PIXEL_S16;

    return sample_count(image) * (wide ? 2 : 1);
}

} // namespace medtl_dicom
