// Texts inside compressed frames: wherever a writer may have put one, it is gone, and the pixels are as they were.
#include "dicom/deidentify/deidentify.h"
#include "tests/unit/dicom/objects.h"

#include <algorithm>
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <cstring>

namespace
{

using byte_vector = std::vector<unsigned char>;

const picture gray = {24, 16, 1, 8, 8, false, "MONOCHROME2", 1};
const picture film = {24, 16, 1, 8, 8, false, "MONOCHROME2", 3};
const char secret[] = "SECRET-NAME";

byte_vector bytes_of(const std::string &text) { return {text.begin(), text.end()}; }

byte_vector operator+(byte_vector left, const byte_vector &right)
{
    left.insert(left.end(), right.begin(), right.end());
    return left;
}

/// Big endian.
byte_vector number(uint64_t value, unsigned bytes)
{
    byte_vector made;

    while (bytes-- > 0)
        made.push_back(static_cast<unsigned char>(value >> 8 * bytes));
    return made;
}

/// A marker segment of JPEG or JPEG 2000.
byte_vector segment(unsigned marker, const byte_vector &content)
{
    return number(0xFF00 | marker, 2) + number(content.size() + 2, 2) + content;
}

byte_vector segment(unsigned marker, const std::string &content)
{
    return segment(marker, bytes_of(content));
}

byte_vector box(const char *type, const byte_vector &content)
{
    return number(content.size() + 8, 4) + bytes_of(type) + content;
}

byte_vector put_at(byte_vector stream, size_t at, const byte_vector &more)
{
    stream.insert(stream.begin() + static_cast<ptrdiff_t>(at), more.begin(), more.end());
    return stream;
}

bool holds(const byte_vector &bytes, const std::string &what)
{
    return std::string(bytes.begin(), bytes.end()).find(what) != std::string::npos;
}

size_t find(const byte_vector &bytes, const byte_vector &what)
{
    return static_cast<size_t>(std::search(bytes.begin(), bytes.end(), what.begin(), what.end()) -
                               bytes.begin());
}

std::vector<byte_vector> split(const byte_vector &stream, size_t size)
{
    std::vector<byte_vector> parts;

    for (size_t at = 0; at < stream.size(); at += size) {
        const auto from = stream.begin() + static_cast<ptrdiff_t>(at);

        parts.emplace_back(from, from + static_cast<ptrdiff_t>(std::min(size, stream.size() - at)));
    }
    return parts;
}

byte_vector jpeg_of(E_TransferSyntax syntax = EXS_JPEGProcess14SV1)
{
    return fragments_of(*make_object(gray), syntax)[0];
}

byte_vector jpeg2000() { return jpeg2000_codestream(gray, 0, pattern, false); }

std::unique_ptr<DcmFileFormat> object_of(const picture &p)
{
    auto object = make_object(p);

    object->getDataset()->putAndInsertString(DCM_StudyInstanceUID, "1.2.3.1");
    object->getDataset()->putAndInsertString(DCM_SOPInstanceUID, "1.2.3.2");
    object->getDataset()->putAndInsertString(DCM_BurnedInAnnotation, "NO");
    return object;
}

byte_vector file_of(const picture &p, E_TransferSyntax syntax,
                    const std::vector<byte_vector> &fragments,
                    const std::vector<uint32_t> &table = {})
{
    auto object = object_of(p);

    put_fragments(*object, syntax, table, fragments);
    return file_bytes(*object, syntax);
}

/// Under another transfer syntax, which DCMTK may not know.
byte_vector renamed(byte_vector file, const std::string &from, std::string to)
{
    const size_t at = find(file, bytes_of(from));
    const auto begin = file.begin() + static_cast<ptrdiff_t>(at);

    cr_assert_lt(at, file.size());
    file.erase(begin, begin + static_cast<ptrdiff_t>(from.size() + from.size() % 2));
    to.resize(to.size() + to.size() % 2);
    file[at - 2] = static_cast<unsigned char>(to.size()); // its length
    return put_at(file, at, bytes_of(to));
}

medtl_status try_deidentify(const byte_vector &file, byte_vector &out, std::string &reason)
{
    const char key[] = "0123456789abcdef";
    medtl_deidentify_options options = {};
    medtl_deidentifier *d = nullptr;
    medtl_deidentified made;
    medtl_error err = {};

    options.key = key;
    options.key_size = sizeof key - 1;
    cr_assert_eq(medtl_deidentifier_create(&options, &d, &err), MEDTL_OK);
    const medtl_status status =
        medtl_deidentify_memory(d, file.data(), file.size(), "test", &made, &err);
    medtl_deidentifier_destroy(d);
    reason = err.message;
    if (status == MEDTL_OK) {
        out.assign(made.bytes, made.bytes + made.size);
        free(made.bytes);
    }
    return status;
}

byte_vector deidentified(const byte_vector &file)
{
    byte_vector out;
    std::string reason;

    cr_assert_eq(try_deidentify(file, out, reason), MEDTL_OK, "%s", reason.c_str());
    return out;
}

/// The secret goes, the pixels stay. @return what was written.
byte_vector expect_clean(const byte_vector &file, const picture &p, const char *what)
{
    cr_assert(holds(file, secret), "%s: nothing to look for", what);
    byte_vector out = deidentified(file);
    const instance_owner instance = read_instance(out);

    cr_expect_not(holds(out, secret), "%s", what);
    for (unsigned frame = 0; frame < p.frames; frame++)
        cr_expect_eq(largest_difference(*read_frame(instance.get(), frame), p, frame, pattern), 0,
                     "%s", what);
    return out;
}

byte_vector expect_clean(E_TransferSyntax syntax, const byte_vector &stream, const char *what)
{
    return expect_clean(file_of(gray, syntax, {stream}), gray, what);
}

void expect_refused(E_TransferSyntax syntax, const byte_vector &stream, const char *what)
{
    byte_vector out;
    std::string reason;

    cr_expect_eq(try_deidentify(file_of(gray, syntax, {stream}), out, reason), MEDTL_E_FORMAT, "%s",
                 what);
    cr_expect(reason.find("frame 1 cannot be looked through for texts: ") != std::string::npos,
              "%s: '%s'", what, reason.c_str());
}

} // namespace

// ---- fragments -------------------------------------------------------------------------------

Test(streams, texts_across_fragments_are_overwritten)
{
    const std::string filler(700, 'x');
    const byte_vector stream =
        put_at(jpeg_of(), 2, segment(0xFE, bytes_of(filler) + bytes_of(secret) + bytes_of(filler)));

    for (const size_t size : {64U, 512U, 706U})
        (void)expect_clean(file_of(gray, EXS_JPEGProcess14SV1, split(stream, size)), gray,
                           std::to_string(size).c_str());
}

// PS3.5 A.4: offsets count from the first fragment's item; an item's head has 8 bytes.
Test(streams, fragments_belong_to_the_frames_of_the_offset_table)
{
    const std::string filler(300, 'x');
    std::vector<byte_vector> fragments;
    std::vector<uint32_t> table, wrong = {0, 2, 4};
    uint32_t offset = 0;

    for (const byte_vector &stream : fragments_of(*make_object(film), EXS_JPEGProcess14SV1)) {
        // A thumbnail that ends up at a fragment's start looks like a frame.
        const byte_vector thumbnail = bytes_of("JFXX") + byte_vector{0, 0x10} +
                                      byte_vector(58, 'x') + byte_vector{0xFF, 0xD8, 0xFF};
        const byte_vector more = segment(0xE0, thumbnail + bytes_of(filler) + bytes_of(secret));

        table.push_back(offset);
        for (byte_vector &part : split(put_at(stream, 2, more), 70)) {
            part.resize(part.size() + part.size() % 2);
            offset += 8 + static_cast<uint32_t>(part.size());
            fragments.push_back(part);
        }
    }
    (void)expect_clean(file_of(film, EXS_JPEGProcess14SV1, fragments, table), film, "by table");
    byte_vector out;
    std::string reason;
    cr_expect_eq(try_deidentify(file_of(film, EXS_JPEGProcess14SV1, fragments, wrong), out, reason),
                 MEDTL_E_FORMAT);
    cr_expect(reason.find("no offset table that fits") != std::string::npos, "'%s'",
              reason.c_str());
}

Test(streams, without_a_table_a_frame_begins_where_a_codestream_does)
{
    std::vector<byte_vector> fragments;

    for (const byte_vector &stream : fragments_of(*make_object(film), EXS_JPEGProcess14SV1))
        for (const byte_vector &part :
             split(put_at(stream, 2, segment(0xFE, std::string(100, 'x') + secret)), 90))
            fragments.push_back(part);
    (void)expect_clean(file_of(film, EXS_JPEGProcess14SV1, fragments), film, "by starts");
}

Test(streams, an_offset_table_is_no_place_for_texts)
{
    std::vector<uint32_t> table(3);

    std::memcpy(table.data(), secret, sizeof secret - 1);
    (void)expect_clean(file_of(gray, EXS_JPEGProcess14SV1, {jpeg_of()}, table), gray, "table");
}

// ---- JPEG ------------------------------------------------------------------------------------

Test(streams, nothing_is_left_behind_the_end)
{
    const byte_vector again = segment(0xE1, std::string("Exif") + secret);
    const byte_vector trailer = byte_vector{0xFF, 0xD8} + again + byte_vector{0xFF, 0xD9};
    byte_vector stream = jpeg_of();

    stream.resize(find(stream, {0xFF, 0xD9}) + 2);
    (void)expect_clean(EXS_JPEGProcess14SV1, stream + trailer, "JPEG");
    (void)expect_clean(EXS_JPEG2000LosslessOnly, jpeg2000() + trailer, "JPEG 2000");
    const byte_vector file = file_of(gray, EXS_JPEGProcess1, {stream + trailer});
    (void)expect_clean(renamed(file, "1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.1"), gray,
                       "under an uncompressed syntax's name");
}

struct application_case {
    char label[24];
    unsigned marker;
    char head[16];
    unsigned head_bytes; // that stay
};

// T.81 B.2.4.6; JFIF 1.02; ICC.1 annex B.4; Adobe's technical note 5116.
ParameterizedTestParameters(streams, application_segments_keep_what_decoders_read)
{
    static application_case cases[] = {
        {"comment", 0xFE, "", 0},
        {"Exif", 0xE1, "Exif\0\0", 0},
        {"JFIF's thumbnail", 0xE0, "JFIF\0\1\2\1\0\x48\0\x48\2\2", 14},
        {"JFXX", 0xE0, "JFXX\0\x13", 0},
        {"ICC profile", 0xE2, "ICC_PROFILE\0\1\1", 0},
        {"Multi-Picture Format", 0xE2, "MPF\0", 0},
        {"another APP2", 0xE2, "ICC_PROFILES\0\1", 0},
        {"SPIFF's directory", 0xE8, "\0\0\0\6", 0},
        {"colour transform", 0xE8, "mrfx\1", 5},
        {"Photoshop", 0xED, "Photoshop 3.0", 0},
        {"Adobe", 0xEE, "Adobe\0\x64\0\0\0\0\0", 12},
        {"another APP14", 0xEE, "Ado", 0},
        {"APP15", 0xEF, "", 0},
    };
    return cr_make_param_array(application_case, cases, sizeof cases / sizeof cases[0]);
}

ParameterizedTest(application_case *c, streams, application_segments_keep_what_decoders_read)
{
    const std::string head(c->head, std::strcmp(c->label, "ICC profile") == 0 ? 14 : c->head_bytes);
    const std::string start = head.empty() ? c->head : head;
    const byte_vector made = segment(c->marker, start + secret);
    const byte_vector file =
        file_of(gray, EXS_JPEGLSLossless, {put_at(jpeg_of(EXS_JPEGLSLossless), 2, made)});

    if (std::strcmp(c->label, "ICC profile") == 0) { // stays whole
        cr_expect_lt(find(deidentified(file), made), file.size());
        return;
    }
    const byte_vector out = expect_clean(file, gray, c->label);
    if (c->head_bytes > 0)
        cr_expect(holds(out, head), "%s has lost its head", c->label);
}

/// T.81 annex B without any pixels: deidentify does not decode.
Test(streams, all_scans_are_walked)
{
    const byte_vector soi = {0xFF, 0xD8}, eoi = {0xFF, 0xD9},
                      data = {1, 0xFF, 0, 2, 0xFF, 0xD0, 3, 0xFF, 0xFF, 0xD7, 4};
    const byte_vector frame = segment(0xC2, std::string("\x08\0\x18\0\x10\1\1\x11\0", 9));
    const byte_vector scan = segment(0xDA, std::string("\1\1\0\0\0\0", 6)) + data;
    const byte_vector comment = segment(0xFE, secret);
    const byte_vector stray = bytes_of(secret) + byte_vector{0xFF, 0xFF};
    const byte_vector out =
        deidentified(file_of(gray, EXS_JPEGProcess1,
                             {soi + frame + scan + comment + scan + comment + stray + scan + eoi}));
    const byte_vector blank = segment(0xFE, std::string(sizeof secret - 1, ' '));

    cr_expect_not(holds(out, secret));
    cr_expect_lt(find(out, scan + blank + scan + blank), out.size(),
                 "the scans are not as they were");
}

Test(streams, a_damaged_jpeg_is_refused)
{
    for (const E_TransferSyntax syntax : {EXS_JPEGProcess14SV1, EXS_JPEGLSLossless}) {
        byte_vector stream = jpeg_of(syntax);

        stream.resize(find(stream, {0xFF, 0xD9}) + 2);
        for (size_t size = 2; size < stream.size(); size += size < 100 ? 1 : 37)
            expect_refused(syntax, {stream.begin(), stream.begin() + static_cast<ptrdiff_t>(size)},
                           std::to_string(size).c_str());
        expect_refused(syntax, put_at(stream, 2, {0xFF, 0xD9}), "an end before any scan");
        expect_refused(syntax, put_at(stream, 2, {0xFF, 0xD8}), "a start inside");
        expect_refused(syntax, put_at(stream, 2, segment(0xF0, secret)), "an unknown segment");
        expect_refused(syntax, put_at(stream, 2, {0xFF, 0xFE, 0, 1}), "a length of 1");
        expect_refused(syntax, bytes_of(secret) + stream, "no start");
        expect_refused(syntax, byte_vector{0xFF, 0xD8} + byte_vector(100000, 0xFF), "fill bytes");
    }
}

// ---- JPEG 2000 -------------------------------------------------------------------------------

// T.800 A.4.2: Psot is at 6, counts from SOT, and may be 0 in the last tile-part.
Test(streams, headers_of_tile_parts_are_walked)
{
    const byte_vector stream = jpeg2000();
    const size_t tile = find(stream, {0xFF, 0x90, 0, 10});
    const byte_vector comment = segment(0x64, number(1, 2) + bytes_of(secret));
    const byte_vector longer = put_at(stream, tile + 12, comment);

    cr_assert_lt(tile, stream.size());
    for (const bool is_open : {false, true}) {
        byte_vector changed = longer;
        const size_t length = stream.size() - 2 - tile + comment.size();
        const byte_vector psot = number(is_open ? 0 : length, 4);

        std::copy(psot.begin(), psot.end(), changed.begin() + static_cast<ptrdiff_t>(tile + 6));
        (void)expect_clean(EXS_JPEG2000LosslessOnly, changed, is_open ? "to the end" : "by length");
        expect_refused(EXS_JPEG2000LosslessOnly, {changed.begin(), changed.end() - 2},
                       "without its end");
    }
    (void)expect_clean(EXS_JPEG2000LosslessOnly, put_at(stream, tile, comment), "main header");
}

Test(streams, a_damaged_jpeg2000_is_refused)
{
    const byte_vector stream = jpeg2000();
    const size_t tile = find(stream, {0xFF, 0x90, 0, 10});

    for (size_t size = 2; size < stream.size(); size += size < tile + 20 ? 1 : 37)
        expect_refused(EXS_JPEG2000LosslessOnly,
                       {stream.begin(), stream.begin() + static_cast<ptrdiff_t>(size)},
                       std::to_string(size).c_str());
    for (const uint64_t length : {UINT64_C(1), UINT64_C(13), UINT64_C(0xFFFFFFFF)}) {
        byte_vector changed = stream;
        const byte_vector psot = number(length, 4);

        std::copy(psot.begin(), psot.end(), changed.begin() + static_cast<ptrdiff_t>(tile + 6));
        expect_refused(EXS_JPEG2000LosslessOnly, changed, std::to_string(length).c_str());
    }
    expect_refused(EXS_JPEG2000LosslessOnly, put_at(stream, tile, segment(0x6F, secret)),
                   "an unknown segment");
}

// T.800 annex I.
Test(streams, boxes_that_no_decoder_needs_are_emptied)
{
    const byte_vector start = box("jP  ", {0x0D, 0x0A, 0x87, 0x0A}) +
                              box("ftyp", bytes_of("jp2 ") + number(0, 4) + bytes_of("jp2 "));
    const byte_vector size = number(gray.rows, 4) + number(gray.columns, 4) + number(1, 2);
    const byte_vector colour = {1, 0, 0, 0, 0, 0, 17};
    const byte_vector header = box("ihdr", size + byte_vector{7, 7, 0, 0}) + box("colr", colour);
    const byte_vector xml = box("xml ", bytes_of(secret));
    const byte_vector uuid = box("uuid", byte_vector(16, 1) + bytes_of(secret));
    const byte_vector wide = number(1, 4) + bytes_of("uinf") + number(16 + sizeof secret, 8) +
                             byte_vector(secret, secret + sizeof secret);
    const byte_vector code = jpeg2000(), comment = bytes_of(secret);
    const byte_vector open = number(0, 4) + bytes_of("jp2c") + code;
    const byte_vector image = box("jp2h", header);

    (void)expect_clean(EXS_JPEG2000LosslessOnly, start + image + xml + box("jp2c", code) + uuid,
                       "two boxes");
    (void)expect_clean(EXS_JPEG2000LosslessOnly, start + image + wide + open, "a long length");
    (void)expect_clean(EXS_JPEG2000LosslessOnly, start + box("jp2h", header + xml) + open,
                       "inside the header");
    (void)expect_clean(EXS_JPEG2000LosslessOnly, start + image + box("jp2c", code + comment),
                       "behind the codestream");
    expect_refused(EXS_JPEG2000LosslessOnly, start + image + xml, "no codestream");
    expect_refused(EXS_JPEG2000LosslessOnly, start + number(7, 4) + bytes_of("xml ") + open,
                   "a length of 7");
    expect_refused(EXS_JPEG2000LosslessOnly, start + number(9999, 4) + bytes_of("xml ") + open,
                   "behind the end");
    expect_refused(EXS_JPEG2000LosslessOnly,
                   start + number(1, 4) + bytes_of("xml ") + number(UINT64_MAX, 8) + open,
                   "far behind the end");
}

// ---- RLE, and what nothing here can walk -----------------------------------------------------

// PS3.5 G.5: a number of segments and 15 offsets, of 4 bytes each in little endian.
Test(streams, rle_has_no_room_for_texts)
{
    const byte_vector stream = fragments_of(*make_object(gray), EXS_RLELossless)[0];
    byte_vector gap = put_at(stream, 64, bytes_of(secret)), head = stream;

    gap[4] = static_cast<unsigned char>(64 + sizeof secret - 1);
    std::memcpy(head.data() + 8, secret, sizeof secret - 1);
    (void)expect_clean(EXS_RLELossless, stream + bytes_of(secret), "behind the runs");
    (void)expect_clean(EXS_RLELossless, gap, "before the runs");
    (void)expect_clean(EXS_RLELossless, head, "in the header");
    expect_refused(EXS_RLELossless, {head.begin(), head.begin() + 64}, "cut off");
    head[0] = 16;
    expect_refused(EXS_RLELossless, head, "16 segments");
    head[0] = 2;
    expect_refused(EXS_RLELossless, head, "a segment outside");
}

Test(streams, nothing_is_left_behind_uncompressed_frames)
{
    auto object = object_of(film);
    const Uint8 *pixels = nullptr;
    unsigned long size = 0;
    byte_vector longer, out;
    std::string reason;

    cr_assert(object->getDataset()->findAndGetUint8Array(DCM_PixelData, pixels, &size).good());
    cr_assert_eq(size, 3 * 24 * 16);
    longer.assign(pixels, pixels + size);
    const byte_vector frames = longer;
    longer = longer + bytes_of(secret) + number(0, 1);
    object->getDataset()->putAndInsertUint8Array(DCM_PixelData, longer.data(), longer.size());
    cr_assert_eq(try_deidentify(file_bytes(*object, EXS_LittleEndianExplicit), out, reason),
                 MEDTL_OK, "%s", reason.c_str());
    cr_expect_not(holds(out, secret));
    cr_expect_neq(find(out, frames), out.size(), "the frames are as they were");
}

/// PS3.6 annex A.
Test(streams, what_cannot_be_looked_through_is_refused_by_name)
{
    const byte_vector file = file_of(gray, EXS_JPEGProcess1, {bytes_of(secret)});

    for (const char *const other :
         {"1.2.840.10008.1.2.4.110", "1.2.840.10008.1.2.4.111", "1.2.840.10008.1.2.4.112",
          "1.2.840.10008.1.2.4.92", "1.2.840.10008.1.2.1.98", "1.2.840.10008.1.2.8.1",
          "1.2.3.4.5"}) {
        const byte_vector changed = renamed(file, "1.2.840.10008.1.2.4.50", other);
        byte_vector out;
        std::string reason;

        cr_expect_eq(try_deidentify(changed, out, reason), MEDTL_E_UNSUPPORTED, "%s", other);
        cr_expect(reason.find(other) != std::string::npos, "%s: '%s'", other, reason.c_str());
    }
}
