#include "pixel_data.h"

#include "cleaner.h"

#include "dicom/walk.h"

namespace medtl_dicom
{
namespace
{

void put_number(std::vector<unsigned char> &to, uint32_t number, unsigned bytes, bool big_endian)
{
    for (unsigned i = 0; i < bytes; i++)
        to.push_back(static_cast<unsigned char>(number >> 8 * (big_endian ? bytes - 1 - i : i)));
}

// PS3.5 7.1.2, 7.1.3
void put_head(std::vector<unsigned char> &to, const file_layout &layout)
{
    const encoding form = written_form(layout);
    const char *const vr =
        layout.pixels_are_words && layout.pixels_length != undefined_length ? "OW" : "OB";

    put_number(to, 0x7FE0, 2, form.big_endian);
    put_number(to, 0x0010, 2, form.big_endian);
    if (form.explicit_vr) {
        to.insert(to.end(), vr, vr + 2);
        put_number(to, 0, 2, false);
    }
    put_number(to, layout.pixels_length, 4, form.big_endian);
}

unsigned char *append(byte_source &from, uint64_t at, size_t count, std::vector<unsigned char> &to)
{
    const size_t before = to.size();

    if (!from.has(at, count))
        fail(MEDTL_E_FORMAT,
             "Pixel Data (7FE0,0010) is cut off: %zu bytes are wanted, %llu are left", count,
             static_cast<unsigned long long>(from.left(at)));
    to.resize(before + count);
    if (count > 0)
        from.read(at, to.data() + before, count);
    return to.data() + before;
}

// PS3.5 A.4: items with fragments, the first of them an offset table, and a delimiter.
void copy_fragments(byte_source &from, uint64_t at, const medtl_limits &limits,
                    std::vector<unsigned char> &to)
{
    const encoding form = {true, false};
    element_head head;

    for (uint64_t count = 0; read_element_head(from, at, form, head) && head.tag == DCM_Item;
         count++) {
        if (count > limits.fragments)
            fail(MEDTL_E_FORMAT, "Pixel Data (7FE0,0010) has more fragments than the limit of %llu",
                 static_cast<unsigned long long>(limits.fragments));
        put_number(to, 0xFFFE, 2, false);
        put_number(to, 0xE000, 2, false);
        put_number(to, head.length, 4, false);
        unsigned char *const fragment = append(from, head.value_at, head.length, to);
        if (count > 0)
            blank_comments(fragment, head.length);
        at = head.value_at + head.length;
    }
    put_number(to, 0xFFFE, 2, false);
    put_number(to, 0xE0DD, 2, false);
    put_number(to, 0, 4, false);
}

} // namespace

encoding written_form(const file_layout &layout)
{
    const bool encapsulated = layout.has_pixel_data && layout.pixels_length == undefined_length;

    return encapsulated ? encoding{true, false} : layout.form;
}

void copy_pixel_data(dicom_file &file, std::vector<unsigned char> &to)
{
    const file_layout &layout = file.layout();

    put_head(to, layout);
    if (layout.pixels_length == undefined_length)
        copy_fragments(file.data(), layout.pixels_at, file.limits(), to);
    else
        (void)append(file.data(), layout.pixels_at, layout.pixels_length, to);
}

} // namespace medtl_dicom
