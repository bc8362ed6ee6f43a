// However a mammogram is stored, the network sees the same picture to within one percent of black to white. What it must
// be is worked out here, from the formulas of PS3.3 C.11 and plain loops; real mammograms are shown by DCMTK's and
// GDCM's own programs.
#include "plain_picture.h"

extern "C" {
#include "inventory.h"
}

#include "dicom/phantom/picture.h"
#include "medtl/image.h"

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcostrmb.h>
#include <dcmtk/dcmdata/dctk.h>

#include <criterion/criterion.h>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <string>
#include <unistd.h>

namespace
{

constexpr size_t side = 192;
constexpr double one_percent = 0.01;

// As the shipped mammography task normalises.
constexpr char spelling[] = "v1 channels=1 size=192x192 voi=image crop=none side=left fit=stretch "
                            "constancy=none mean=0.5,0.5,0.5 sd=0.25,0.25,0.25";

void put(DcmItem &item, const DcmTagKey &key, const char *value)
{
    cr_assert(item.putAndInsertString(key, value).good());
}

void put(DcmItem &item, const DcmTagKey &key, unsigned value)
{
    cr_assert(item.putAndInsertUint16(key, static_cast<Uint16>(value)).good());
}

/// The phantom of a left breast; both ends of the scale occur.
const plain_picture &ideal()
{
    static const plain_picture picture = [] {
        std::vector<uint16_t> pixels(static_cast<size_t>(MEDTL_BREAST_ROWS) * MEDTL_BREAST_COLUMNS);
        const medtl_breast_phantom breast = {7, true, false, true, true};
        plain_picture p{MEDTL_BREAST_ROWS, MEDTL_BREAST_COLUMNS, {}};

        medtl_phantom_breast(&breast, pixels.data());
        for (const uint16_t pixel : pixels)
            p.values.push_back(pixel / 4095.0);
        p.values.front() = 1;
        p.values.back() = 0;
        return p;
    }();
    return picture;
}

using storing = std::function<int(double)>;

/// A mammogram as a file in memory: the stored value of each pixel by `store`, mirrored where the side is R.
std::vector<unsigned char> make_file(const plain_picture &picture, unsigned bits,
                                     const char *letter, const storing &store,
                                     const std::function<void(DcmItem &)> &describe)
{
    DcmFileFormat file;
    DcmDataset &d = *file.getDataset();
    std::vector<Uint16> words;
    std::vector<Uint8> bytes;
    std::vector<unsigned char> result(8u << 20);

    put(d, DCM_SOPClassUID, UID_DigitalMammographyXRayImageStorageForPresentation);
    put(d, DCM_SOPInstanceUID, "2.25.1");
    put(d, DCM_StudyInstanceUID, "2.25.2");
    put(d, DCM_SeriesInstanceUID, "2.25.3");
    put(d, DCM_Modality, "MG");
    put(d, DCM_ImageLaterality, letter);
    put(d, DCM_SamplesPerPixel, 1);
    put(d, DCM_PhotometricInterpretation, "MONOCHROME2");
    put(d, DCM_Rows, static_cast<unsigned>(picture.rows));
    put(d, DCM_Columns, static_cast<unsigned>(picture.columns));
    put(d, DCM_BitsAllocated, bits > 8 ? 16 : 8);
    put(d, DCM_BitsStored, bits);
    put(d, DCM_HighBit, bits - 1);
    put(d, DCM_PixelRepresentation, 0u);
    const plain_picture shown = letter[0] == 'R' ? mirrored(picture) : picture;
    for (const double value : shown.values) {
        words.push_back(static_cast<Uint16>(store(value)));
        bytes.push_back(static_cast<Uint8>(store(value)));
    }
    if (bits > 8)
        cr_assert(d.putAndInsertUint16Array(DCM_PixelData, words.data(), words.size()).good());
    else
        cr_assert(d.putAndInsertUint8Array(DCM_PixelData, bytes.data(), bytes.size()).good());
    describe(d);
    DcmOutputBufferStream out(result.data(), static_cast<offile_off_t>(result.size()));
    file.transferInit();
    cr_assert(file.write(out, EXS_LittleEndianExplicit, EET_ExplicitLength, nullptr).good());
    file.transferEnd();
    void *buffer = nullptr;
    offile_off_t size = 0;
    out.flushBuffer(buffer, size);
    result.resize(static_cast<size_t>(size));
    return result;
}

/// The network's input as a picture from 0 to 1.
plain_picture normalised(const medtl_instance *instance, medtl_geometry *geometry)
{
    plain_picture seen{side, side, {}};
    std::vector<float> input(side * side);
    medtl_normaliser normaliser;
    medtl_image *image = nullptr;
    medtl_error err = {};

    cr_assert_eq(medtl_normaliser_parse(spelling, &normaliser, &err), MEDTL_OK, "%s", err.message);
    cr_assert_eq(medtl_image_read(instance, 0, &image, &err), MEDTL_OK, "%s", err.message);
    cr_assert_eq(medtl_normalise(image, &normaliser, input.data(), geometry, NULL, &err), MEDTL_OK,
                 "%s", err.message);
    medtl_image_destroy(image);
    for (const float value : input)
        seen.values.push_back(static_cast<double>(value) * 0.25 + 0.5);
    return seen;
}

double largest_difference(const plain_picture &a, const plain_picture &b)
{
    double largest = 0;

    for (size_t i = 0; i < a.values.size(); i++)
        largest = std::max(largest, std::fabs(a.values[i] - b.values[i]));
    return largest;
}

double mean_difference(const plain_picture &a, const plain_picture &b)
{
    double sum = 0;

    for (size_t i = 0; i < a.values.size(); i++)
        sum += std::fabs(a.values[i] - b.values[i]);
    return sum / static_cast<double>(a.values.size());
}

void expect_the_picture(const char *label, unsigned bits, const char *letter, const storing &store,
                        const std::function<void(DcmItem &)> &describe)
{
    static const plain_picture expected = shrink(ideal(), side, side);
    const std::vector<unsigned char> file = make_file(ideal(), bits, letter, store, describe);
    medtl_instance *instance = nullptr;
    medtl_error err = {};

    cr_assert_eq(
        medtl_instance_read_memory(file.data(), file.size(), label, nullptr, 0, &instance, &err),
        MEDTL_OK, "%s", err.message);
    const plain_picture seen = normalised(instance, nullptr);
    medtl_instance_destroy(instance);
    cr_expect(largest_difference(seen, expected) <= one_percent,
              "%s: differs by %.4f, on average %.5f", label, largest_difference(seen, expected),
              mean_difference(seen, expected));
}

storing linear(double top)
{
    return [top](double value) { return static_cast<int>(std::lround(top * value)); };
}

std::function<void(DcmItem &)> window(const char *center, const char *width)
{
    return [=](DcmItem &d) {
        put(d, DCM_WindowCenter, center);
        put(d, DCM_WindowWidth, width);
    };
}

void put_table(DcmItem &d, const DcmTagKey &sequence, const std::vector<Uint16> &entries,
               unsigned bits)
{
    const Uint16 descriptor[] = {static_cast<Uint16>(entries.size()), 0, static_cast<Uint16>(bits)};
    DcmItem *item = nullptr;

    cr_assert(d.findOrCreateSequenceItem(sequence, item, -2).good());
    cr_assert(
        item->putAndInsertUint16Array(DcmTag(DCM_LUTDescriptor, EVR_US), descriptor, 3).good());
    cr_assert(
        item->putAndInsertUint16Array(DcmTag(DCM_LUTData, EVR_US), entries.data(), entries.size())
            .good());
}

void put_processing(DcmItem &d, const char *photometric, const char *relationship, int sign)
{
    put(d, DCM_SOPClassUID, UID_DigitalMammographyXRayImageStorageForProcessing);
    put(d, DCM_PresentationIntentType, "FOR PROCESSING");
    put(d, DCM_PhotometricInterpretation, photometric);
    put(d, DCM_PixelIntensityRelationship, relationship);
    cr_assert(
        d.putAndInsertSint16(DCM_PixelIntensityRelationshipSign, static_cast<Sint16>(sign)).good());
}

/// Beer's law: what comes through a breast, in counts of 14 bits.
int counted(double value)
{
    return static_cast<int>(std::lround(16383.0 * std::exp(-4.5 * value)));
}

} // namespace

// C.11.2.1.2.1: centre c and width w show (x - (c - 0.5)) / (w - 1) + 0.5.
Test(same_picture, of_8_12_and_16_bits_left_and_right)
{
    expect_the_picture("12 bits", 12, "L", linear(4095), window("2048", "4096"));
    expect_the_picture("8 bits", 8, "L", linear(255), window("128", "256"));
    expect_the_picture("16 bits", 16, "L", linear(65535), window("32768", "65536"));
    expect_the_picture("right", 12, "R", linear(4095), window("2048", "4096"));
    expect_the_picture("no window", 12, "L", linear(4095), [](DcmItem &) {});
    expect_the_picture("no window, right", 10, "R", linear(1023), [](DcmItem &) {});
}

Test(same_picture, of_low_values_that_are_white)
{
    const storing inverted = [](double value) {
        return static_cast<int>(std::lround(4095 * (1 - value)));
    };

    expect_the_picture("MONOCHROME1", 12, "L", inverted, [](DcmItem &d) {
        window("2048", "4096")(d);
        put(d, DCM_PhotometricInterpretation, "MONOCHROME1");
    });
    expect_the_picture("MONOCHROME1 and INVERSE", 12, "R", inverted, [](DcmItem &d) {
        window("2048", "4096")(d);
        put(d, DCM_PhotometricInterpretation, "MONOCHROME1");
        put(d, DCM_PresentationLUTShape, "INVERSE");
    });
}

Test(same_picture, of_signed_and_rescaled_values)
{
    expect_the_picture(
        "signed", 12, "L",
        [](double value) { return static_cast<int>(std::lround(4095 * value)) - 2048; },
        [](DcmItem &d) {
            window("0", "4096")(d);
            put(d, DCM_PixelRepresentation, 1);
        });
    expect_the_picture("rescaled", 12, "L", linear(4095), [](DcmItem &d) {
        put(d, DCM_RescaleSlope, "0.5");
        put(d, DCM_RescaleIntercept, "-1000");
        window("24", "2048.5")(d); // -1000 to 1047.5
    });
}

Test(same_picture, beside_overlays_in_unused_bits)
{
    expect_the_picture(
        "overlay bits", 12, "L",
        [](double value) { return static_cast<int>(std::lround(4095 * value)) | 0xA000; },
        window("2048", "4096"));
}

Test(same_picture, through_tables_and_a_sigmoid)
{
    const storing rooted = [](double value) {
        return static_cast<int>(std::lround(4095 * std::sqrt(value)));
    };
    std::vector<Uint16> squares;

    for (int i = 0; i < 4096; i++)
        squares.push_back(static_cast<Uint16>(std::lround(65535.0 * i * i / (4095.0 * 4095.0))));
    expect_the_picture("VOI LUT", 12, "L", rooted,
                       [&](DcmItem &d) { put_table(d, DCM_VOILUTSequence, squares, 16); });
    expect_the_picture("modality LUT", 12, "L", rooted, [&](DcmItem &d) {
        put_table(d, DCM_ModalityLUTSequence, squares, 16);
        window("32768", "65536")(d);
    });
    // C.11.2.1.3.1: 1 / (1 + exp(-4 (x - c) / w)); black and white lie at infinity.
    expect_the_picture(
        "sigmoid", 16, "L",
        [](double value) {
            const double shown = std::min(0.996, std::max(0.004, value));
            return static_cast<int>(std::lround(30000 + 16000 / 4 * std::log(shown / (1 - shown))));
        },
        [](DcmItem &d) {
            window("30000", "16000")(d);
            put(d, DCM_VOILUTFunction, "SIGMOID");
        });
}

Test(same_picture, for_processing)
{
    expect_the_picture("LIN, MONOCHROME1", 14, "L", counted,
                       [](DcmItem &d) { put_processing(d, "MONOCHROME1", "LIN", 1); });
    expect_the_picture("LIN, MONOCHROME2", 14, "R", counted,
                       [](DcmItem &d) { put_processing(d, "MONOCHROME2", "LIN", 1); });
    expect_the_picture("LOG", 14, "L", linear(16383),
                       [](DcmItem &d) { put_processing(d, "MONOCHROME2", "LOG", -1); });
    expect_the_picture(
        "LOG that falls", 14, "L", [](double value) { return 16383 - linear(16383)(value); },
        [](DcmItem &d) { put_processing(d, "MONOCHROME2", "LOG", 1); });
}

Test(same_picture, with_padding_beyond_the_breast)
{
    expect_the_picture(
        "padding", 14, "L",
        [](double value) {
            return value == 0 ? 16000 : static_cast<int>(std::lround(4095 * value));
        },
        [](DcmItem &d) {
            window("2048", "4096")(d);
            put(d, DCM_PixelPaddingValue, 15900);
            put(d, DCM_PixelPaddingRangeLimit, 16100);
        });
}

namespace
{

/// Binary PGM of 8 bits.
plain_picture read_pgm(const std::string &path)
{
    plain_picture picture;
    unsigned top = 0;
    FILE *const file = std::fopen(path.c_str(), "rb");

    cr_assert_not_null(file, "%s was not written", path.c_str());
    cr_assert_eq(std::fscanf(file, "P5 %zu %zu %u", &picture.columns, &picture.rows, &top), 3);
    cr_assert_eq(std::fgetc(file), '\n');
    for (size_t i = 0; i < picture.rows * picture.columns; i++)
        picture.values.push_back(std::fgetc(file) / static_cast<double>(top));
    std::fclose(file);
    return picture;
}

struct real_mammogram {
    const char *file, *options; // of dcmj2pnm, to show it as its header asks
    bool flipped;
};

// GH133 is a right MLO, MG1 a left one; MG_Explicit_Little a right CC.
const real_mammogram real_ones[] = {
    {"GH133.dcm", "+Wi 1 +Wfs", true},
    {"MG1_J2KI", "+Wi 1", false},
    {"MG_Explicit_Little.dcm", "+Wi 1", true},
};

char folder[] = "/tmp/medtl-same-picture-XXXXXX";

void make_folder() { cr_assert_not_null(mkdtemp(folder)); }
void remove_folder()
{
    std::remove((std::string(folder) + "/raw").c_str());
    std::remove((std::string(folder) + "/picture").c_str());
    rmdir(folder);
}

} // namespace

Test(same_picture, as_other_programs_show_of_real_mammograms, .init = make_folder,
     .fini = remove_folder)
{
    const std::string data = std::string(shared_data_folder()) + "/dicom/mammography/";

    if (std::system("command -v gdcmconv >/dev/null && command -v dcmj2pnm >/dev/null") != 0)
        cr_skip("GDCM's and DCMTK's programs are not installed");
    for (const real_mammogram &real : real_ones) {
        const std::string raw = std::string(folder) + "/raw",
                          shown = std::string(folder) + "/picture";
        const std::string command = "gdcmconv --raw '" + data + real.file + "' " + raw +
                                    " 2>/dev/null && dcmj2pnm -q " + real.options + " +op " + raw +
                                    " " + shown;
        medtl_instance *instance = nullptr;
        medtl_geometry geometry;
        medtl_error err = {};

        cr_assert_eq(std::system(command.c_str()), 0, "%s", command.c_str());
        cr_assert_eq(medtl_instance_read((data + real.file).c_str(), nullptr, 0, &instance, &err),
                     MEDTL_OK, "%s", err.message);
        const plain_picture seen = normalised(instance, &geometry);
        medtl_instance_destroy(instance);
        cr_expect_eq(geometry.flipped, real.flipped, "%s", real.file);
        const plain_picture other = shrink(read_pgm(shown), side, side);
        const plain_picture expected = geometry.flipped ? mirrored(other) : other;
        cr_expect(largest_difference(seen, expected) <= one_percent, "%s: differs by %.4f",
                  real.file, largest_difference(seen, expected));
    }
}
