// What is no DICOM, what is damaged, what claims too much: each is refused, with a reason.
#include "objects.h"

#include <algorithm>
#include <criterion/criterion.h>
#include <cstring>
#include <unistd.h>

namespace
{

using bytes = std::vector<unsigned char>;

const picture gray = {8, 6, 1, 16, 12, false, "MONOCHROME2", 1};

void append_text(bytes &to, const std::string &text)
{
    to.insert(to.end(), text.begin(), text.end());
}

void append_number(bytes &to, uint32_t value, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        to.push_back(static_cast<unsigned char>(value >> 8 * i));
}

/// The head of an element in explicit VR little endian with a 4-byte length.
void append_long_head(bytes &to, uint32_t group, uint32_t element, const char *vr, uint32_t length)
{
    append_number(to, group, 2);
    append_number(to, element, 2);
    append_text(to, vr);
    append_number(to, 0, 2);
    append_number(to, length, 4);
}

void append_item_head(bytes &to, uint32_t element, uint32_t length)
{
    append_number(to, 0xFFFE, 2);
    append_number(to, element, 2);
    append_number(to, length, 4);
}

/// A sound file whose last element is Modality, so that a test can add what it likes.
bytes open_file()
{
    DcmFileFormat object;
    DcmDataset &d = *object.getDataset();

    d.putAndInsertString(DCM_SOPClassUID, UID_SecondaryCaptureImageStorage);
    d.putAndInsertString(DCM_SOPInstanceUID, "1.2.3.4");
    d.putAndInsertString(DCM_StudyInstanceUID, "1.2.3");
    return file_bytes(object, EXS_LittleEndianExplicit);
}

bytes native_file() { return file_bytes(*make_object(gray), EXS_LittleEndianExplicit); }

void expect_mention(const std::string &reason, const char *text)
{
    cr_expect(reason.find(text) != std::string::npos, "'%s' does not mention '%s'", reason.c_str(),
              text);
}

/// The place behind a tag in explicit VR little endian.
size_t find_tag(const bytes &file, unsigned group, unsigned element)
{
    for (size_t i = 132; i + 4 < file.size(); i++)
        if (file[i] == (group & 0xFF) && file[i + 1] == group >> 8 &&
            file[i + 2] == (element & 0xFF) && file[i + 3] == element >> 8)
            return i + 4;
    cr_assert_fail("no such tag");
    return 0;
}

} // namespace

Test(not_dicom, ordinary_files_are_told_apart)
{
    static const struct {
        const char *label;
        std::string start;
    } cases[] = {
        {"nothing", ""},
        {"one byte", "x"},
        {"text", "The quick brown fox jumps over the lazy dog. "},
        {"XML", "<?xml version=\"1.0\"?><task/>"},
        {"JSON", "{\"a\": 1}"},
        {"PNG", std::string("\x89PNG\r\n\x1A\n\0\0\0\rIHDR", 16)},
        {"JPEG", std::string("\xFF\xD8\xFF\xE0\0\x10JFIF\0", 11)},
        {"ZIP", std::string("PK\x03\x04\x14\0\0\0\x08\0", 10)},
        {"GZIP", std::string("\x1F\x8B\x08\0\0\0\0\0", 8)},
        {"PDF", "%PDF-1.7\n"},
        {"TIFF", std::string("II*\0\x08\0\0\0", 8)},
        {"ELF", std::string("\x7F"
                            "ELF\x02\x01\x01\0",
                            8)},
        {"BMP", std::string("BM\x36\0\0\0\0\0\0\0", 10)},
        {"zeros", std::string(64, '\0')},
        {"group 8 by chance", std::string("\x08\0\x05\0", 4)},
    };

    for (const auto &each : cases)
        for (const size_t size : {each.start.size(), size_t{200}, size_t{5000}}) {
            bytes file(each.start.begin(), each.start.end());
            std::string reason;

            while (file.size() < size)
                file.push_back(
                    each.start.empty()
                        ? 0
                        : static_cast<unsigned char>(each.start[file.size() % each.start.size()]));
            cr_expect_eq(try_instance(file, reason), MEDTL_E_NOT_DICOM, "%s of %zu bytes: %s",
                         each.label, file.size(), reason.c_str());
        }
}

Test(not_dicom, a_missing_file_and_a_folder_are_input_errors)
{
    medtl_instance *instance = nullptr;
    medtl_error error = {};

    cr_expect_eq(medtl_instance_read("/no/such/file.dcm", nullptr, 0, &instance, &error),
                 MEDTL_E_IO);
    cr_expect_eq(std::strncmp(error.message, "/no/such/file.dcm: ", 19), 0, "%s", error.message);
    cr_expect_eq(medtl_instance_read("/", nullptr, 0, &instance, &error), MEDTL_E_IO);
}

Test(bare, data_sets_without_preamble_are_read_in_every_plain_encoding)
{
    for (const E_TransferSyntax syntax :
         {EXS_LittleEndianExplicit, EXS_LittleEndianImplicit, EXS_BigEndianExplicit}) {
        const auto object = make_object(gray);
        const bytes file = file_bytes(*object, syntax);
        // Behind the preamble, "DICM", the group length (12 bytes) and as many bytes as it says.
        const size_t meta = 144 + file[140] + 256u * file[141];
        const bytes bare(file.begin() + static_cast<ptrdiff_t>(meta), file.end());

        cr_expect_eq(largest_difference(*read_frame(read_instance(bare).get()), gray, 0, pattern),
                     0, "%s", DcmXfer(syntax).getXferName());
        const bytes no_preamble(file.begin() + 132, file.end());
        cr_expect_eq(
            largest_difference(*read_frame(read_instance(no_preamble).get()), gray, 0, pattern), 0);
    }
}

Test(damaged, a_file_cut_off_anywhere_is_refused_or_read_but_never_harmful)
{
    const picture color = {5, 4, 3, 8, 8, false, "RGB", 1};
    const picture smooth = {40, 32, 1, 8, 8, false, "MONOCHROME2", 1};
    const bytes files[] = {native_file(), file_bytes(*make_object(gray), EXS_JPEGProcess14SV1),
                           file_bytes(*make_object(color), EXS_RLELossless),
                           file_bytes(*make_object(smooth, smooth_pattern), EXS_JPEGLSLossless),
                           file_bytes(*make_object(gray), EXS_DeflatedLittleEndianExplicit)};

    for (const bytes &file : files)
        for (size_t size = 0; size < file.size(); size++) {
            const bytes part(file.begin(), file.begin() + static_cast<ptrdiff_t>(size));
            std::string reason;
            const medtl_status status = try_frame(part, 0, reason);

            cr_expect_neq(status, MEDTL_E_INTERNAL, "%zu bytes: %s", size, reason.c_str());
            cr_expect(status == MEDTL_OK || reason.size() > 10, "%zu bytes: no reason", size);
        }
}

Test(damaged, native_pixels_that_are_too_few_are_refused_by_tag)
{
    bytes file = native_file();
    std::string reason;

    file.resize(file.size() - 2);
    cr_expect_eq(try_instance(file, reason), MEDTL_OK); // the header is sound
    cr_expect_eq(try_frame(file, 0, reason), MEDTL_E_FORMAT);
    expect_mention(reason, "(7FE0,0010)");
}

Test(claims, pixels_under_an_unknown_transfer_syntax_are_refused_by_its_uid)
{
    bytes file = native_file();
    std::string reason;
    unsigned char *const uid = &file[find_tag(file, 0x0002, 0x0010) + 4]; // behind VR and length

    cr_assert_eq(std::memcmp(uid, "1.2.840.10008.1.2.1", 19), 0);
    uid[18] = '7';
    cr_expect_eq(try_instance(file, reason), MEDTL_OK); // what it is can be said, and is listed
    cr_expect_eq(try_frame(file, 0, reason), MEDTL_E_UNSUPPORTED);
    expect_mention(reason, "1.2.840.10008.1.2.7");
}

Test(damaged, identity_that_is_missing_is_named)
{
    for (const DcmTagKey &key : {DCM_SOPClassUID, DCM_SOPInstanceUID}) {
        const auto object = make_object(gray);
        std::string reason;
        // validateMetaInfo needs the SOP UIDs; the data set may lack them all the same.
        object->validateMetaInfo(EXS_LittleEndianExplicit);
        bytes file = file_bytes(*object, EXS_LittleEndianExplicit);
        const size_t at = find_tag(file, key.getGroup(), key.getElement());
        file[at - 2] ^= 0x80; // another tag

        cr_expect_eq(try_instance(file, reason), MEDTL_E_FORMAT);
        expect_mention(reason, "is missing");
    }
}

Test(claims, a_value_longer_than_the_file_is_refused_by_tag)
{
    for (const uint32_t length : {1000u, 0x7FFFFFFFu, 0xFFFFFFFEu}) {
        bytes file = open_file();
        std::string reason;

        append_long_head(file, 0x0040, 0x0275, "SQ", length);
        cr_expect_eq(try_instance(file, reason), MEDTL_E_FORMAT);
        expect_mention(reason, "(0040,0275)");
        file = open_file();
        append_long_head(file, 0x0042, 0x0011, "OB", length);
        cr_expect_eq(try_instance(file, reason), MEDTL_E_FORMAT);
        expect_mention(reason, "(0042,0011)");
    }
}

Test(claims, sequences_without_end_are_refused)
{
    for (const bool explicit_length : {false, true})
        for (const char *vr : {"SQ", "UN"}) {
            bytes file = open_file();
            std::string reason;

            for (uint32_t i = 0; i < 5000; i++) {
                const uint32_t rest = explicit_length ? (5000 - i) * 20 : 0xFFFFFFFFu;
                append_long_head(file, 0x0040, 0xA730, vr, explicit_length ? rest - 12 : rest);
                append_item_head(file, 0xE000, explicit_length ? rest - 20 : rest);
            }
            cr_expect_eq(try_instance(file, reason), MEDTL_E_FORMAT, "%s: %s", vr, reason.c_str());
            cr_expect(reason.find("deeper") != std::string::npos || std::strcmp(vr, "UN") == 0,
                      "%s", reason.c_str());
        }
}

Test(claims, sequences_of_a_usual_depth_are_read)
{
    bytes file = open_file();
    std::string reason;

    for (int i = 0; i < 20; i++) {
        append_long_head(file, 0x0040, 0xA730, "SQ", 0xFFFFFFFFu);
        append_item_head(file, 0xE000, 0xFFFFFFFFu);
    }
    for (int i = 0; i < 20; i++) {
        append_item_head(file, 0xE00D, 0);
        append_item_head(file, 0xE0DD, 0);
    }
    cr_expect_eq(try_instance(file, reason), MEDTL_OK, "%s", reason.c_str());
}

Test(claims, private_sequences_of_unknown_vr_are_stepped_over_in_either_encoding)
{
    // PS3.5 6.2.2 note 4 asks for implicit VR inside; some writers stay with explicit VR.
    const std::string begin(
        "\x09\x00\x01\x10UN\0\0\xFF\xFF\xFF\xFF\xFE\xFF\x00\xE0\xFF\xFF\xFF\xFF", 20);
    const std::string end("\xFE\xFF\x0D\xE0\0\0\0\0\xFE\xFF\xDD\xE0\0\0\0\0", 16);
    const std::string rows("\x28\x00\x10\x00US", 6);
    const bytes plain = file_bytes(*make_object(gray), EXS_LittleEndianExplicit);

    for (const std::string &inside : {std::string("\x08\x00\x50\x11UI\x04\x00\x31.2\0", 12),
                                      std::string("\x08\x00\x50\x11\x04\0\0\0\x31.2\0", 12)}) {
        bytes file = plain;
        const std::string all = begin + inside + end;
        const auto place = std::search(file.begin(), file.end(), rows.begin(), rows.end());
        std::string reason;

        cr_assert(place != file.end());
        file.insert(place, all.begin(), all.end());
        cr_expect_eq(try_frame(file, 0, reason), MEDTL_OK, "%s", reason.c_str());
    }
}

Test(claims, absurd_sizes_are_refused_by_tag_and_limit)
{
    const auto large = make_object(gray);
    std::string reason;

    large->getDataset()->putAndInsertUint16(DCM_Rows, 65535);
    large->getDataset()->putAndInsertUint16(DCM_Columns, 65535);
    cr_expect_eq(try_instance(file_bytes(*large, EXS_LittleEndianExplicit), reason),
                 MEDTL_E_FORMAT);
    expect_mention(reason, "(0028,0010)");
    expect_mention(reason, "67108864");

    const auto many = make_object(gray);
    many->getDataset()->putAndInsertString(DCM_NumberOfFrames, "2000000000");
    cr_expect_eq(try_instance(file_bytes(*many, EXS_LittleEndianExplicit), reason), MEDTL_E_FORMAT);
    expect_mention(reason, "(0028,0008)");
}

Test(claims, a_deflated_data_set_that_never_ends_is_stopped)
{
    // A value of 64 MiB of zeros deflates to some kilobytes: read without keeping it.
    const auto object = make_object(gray);
    std::vector<Uint8> zeros(64 << 20);
    std::string reason;

    cr_assert(
        object->getDataset()
            ->putAndInsertUint8Array(DcmTag(DCM_EncapsulatedDocument), zeros.data(), zeros.size())
            .good());
    cr_expect_eq(try_frame(file_bytes(*object, EXS_DeflatedLittleEndianExplicit), 0, reason),
                 MEDTL_OK, "%s", reason.c_str());
}

Test(unsupported, what_is_not_read_is_named)
{
    static const struct {
        DcmTagKey key;
        unsigned value;
        const char *mention;
    } numbers[] = {{DCM_BitsAllocated, 32, "(0028,0100)"},
                   {DCM_BitsAllocated, 24, "(0028,0100)"},
                   {DCM_SamplesPerPixel, 4, "(0028,0002)"}};
    std::string reason;

    for (const auto &each : numbers) {
        const auto object = make_object(gray);
        object->getDataset()->putAndInsertUint16(each.key, static_cast<Uint16>(each.value));
        cr_expect_eq(try_frame(file_bytes(*object, EXS_LittleEndianExplicit), 0, reason),
                     MEDTL_E_UNSUPPORTED);
        expect_mention(reason, each.mention);
    }
    for (const char *photometric : {"CMYK", "HSV", "YBR_PARTIAL_420", "RGB"}) {
        const auto object = make_object(gray);
        object->getDataset()->putAndInsertString(DCM_PhotometricInterpretation, photometric);
        cr_expect_eq(try_frame(file_bytes(*object, EXS_LittleEndianExplicit), 0, reason),
                     MEDTL_E_UNSUPPORTED, "%s", photometric);
        expect_mention(reason, "(0028,0004)");
    }
    cr_expect_eq(try_frame(open_file(), 0, reason), MEDTL_E_UNSUPPORTED);
    expect_mention(reason, "(7FE0,0010)");
}

Test(unsupported, a_transfer_syntax_that_is_not_decoded_is_named)
{
    const auto object = make_header(gray);
    std::string reason;

    put_fragments(*object, EXS_JPEG2000MulticomponentLosslessOnly, {}, {{1, 2, 3, 4}});
    const bytes file = file_bytes(*object, EXS_JPEG2000MulticomponentLosslessOnly);
    cr_expect_eq(try_instance(file, reason), MEDTL_OK);
    cr_expect_eq(try_frame(file, 0, reason), MEDTL_E_UNSUPPORTED);
    expect_mention(reason, "1.2.840.10008.1.2.4.92");
}

Test(codestreams, garbage_and_sizes_that_disagree_are_refused)
{
    const picture other = {40, 32, 1, 16, 12, false, "MONOCHROME2", 1};
    const bytes garbage(300, 0xA5);
    std::string reason;

    for (const E_TransferSyntax syntax :
         {EXS_JPEGProcess14SV1, EXS_JPEGLSLossless, EXS_RLELossless, EXS_JPEG2000LosslessOnly}) {
        const auto object = make_header(gray);
        put_fragments(*object, syntax, {}, {garbage});
        cr_expect_eq(try_frame(file_bytes(*object, syntax), 0, reason), MEDTL_E_FORMAT, "%s",
                     DcmXfer(syntax).getXferName());
    }
    for (const E_TransferSyntax syntax : {EXS_JPEGProcess14SV1, EXS_JPEGLSLossless}) {
        const auto object = make_header(gray);
        put_fragments(*object, syntax, {},
                      fragments_of(*make_object(other, smooth_pattern), syntax));
        cr_expect_eq(try_frame(file_bytes(*object, syntax), 0, reason), MEDTL_E_FORMAT);
        expect_mention(reason, "40 x 32");
    }
    const auto object = make_header(gray);
    put_fragments(*object, EXS_JPEG2000LosslessOnly, {},
                  {jpeg2000_codestream(other, 0, smooth_pattern, false)});
    cr_expect_eq(try_frame(file_bytes(*object, EXS_JPEG2000LosslessOnly), 0, reason),
                 MEDTL_E_FORMAT);
    expect_mention(reason, "40 x 32");
}

Test(codestreams, run_length_segments_outside_their_frame_are_refused)
{
    const auto whole = make_object(gray);
    const bytes sound = fragments_of(*whole, EXS_RLELossless).at(0);

    // The header: a count, then the offset of each segment, in words of 4 bytes (PS3.5 G.5).
    for (const size_t word : {0u, 1u, 2u})
        for (const uint32_t value : {0u, 1u, 63u, 0x7FFFFFFFu, 0xFFFFFFFFu}) {
            bytes damaged = sound;
            const auto object = make_header(gray);
            std::string reason;

            for (unsigned i = 0; i < 4; i++)
                damaged[4 * word + i] = static_cast<unsigned char>(value >> 8 * i);
            put_fragments(*object, EXS_RLELossless, {}, {damaged});
            cr_expect_eq(try_frame(file_bytes(*object, EXS_RLELossless), 0, reason), MEDTL_E_FORMAT,
                         "word %zu is %u", word, value);
        }
}

Test(messages, hold_no_values_of_the_patient)
{
    const auto object = make_object(gray);
    std::string reason;

    object->getDataset()->putAndInsertString(DCM_PatientName, "Curie^Marie");
    object->getDataset()->putAndInsertString(DCM_PatientID, "PATIENT-77");
    bytes file = file_bytes(*object, EXS_LittleEndianExplicit);
    file[find_tag(file, 0x0010, 0x0020) + 3] =
        0x70; // the length of Patient ID reaches far behind the file
    cr_expect_neq(try_instance(file, reason), MEDTL_OK);
    cr_expect(reason.find("Curie") == std::string::npos &&
                  reason.find("PATIENT") == std::string::npos,
              "%s", reason.c_str());
}

Test(replaced, a_file_that_became_another_instance_is_refused)
{
    char path[] = "/tmp/medtl-replaced-XXXXXX";
    const int descriptor = mkstemp(path);
    const auto first = make_object(gray);
    const auto second = make_object(gray);
    medtl_instance *instance = nullptr;
    medtl_image *image = nullptr;
    medtl_error error = {};

    cr_assert_geq(descriptor, 0);
    cr_assert(first->saveFile(path, EXS_LittleEndianExplicit).good());
    cr_assert_eq(medtl_instance_read(path, nullptr, 0, &instance, &error), MEDTL_OK, "%s",
                 error.message);
    second->getDataset()->putAndInsertString(DCM_SOPInstanceUID, "1.2.3.4.5");
    cr_assert(second->saveFile(path, EXS_LittleEndianExplicit).good());
    cr_expect_eq(medtl_image_read(instance, 0, &image, &error), MEDTL_E_IO);
    remove(path);
    cr_expect_eq(medtl_image_read(instance, 0, &image, &error), MEDTL_E_IO);
    medtl_instance_destroy(instance);
    close(descriptor);
}
