// Which phantoms there are, and where each goes.
#include "phantom.h"

#include "dataset.h"
#include "medtl/study.h"

extern "C" {
#include "core/base/file.h"
}

#include <functional>
#include <string>

namespace medtl_dicom
{
namespace
{

const phantom_exam mammography = {"mammography",
                                  nullptr,
                                  "PHANTOM^MAMMOGRAPHY",
                                  "PHANTOM-MG",
                                  "19650412",
                                  "F",
                                  "054Y",
                                  "Mammography, four views, phantom"};
const phantom_exam dermoscopy = {"dermoscopy",   "ISO_IR 192",         "PHANTOM^DÉRMOSCOPIE",
                                 "PHANTOM-DERM", "19710823",           "M",
                                 "048Y",         "Dermoscopy, phantom"};

// right, mlo, raw, monochrome1, sigmoid, voi_table, padding
struct mammogram_row {
    const char *file;
    int series, number;
    const char *series_description;
    E_TransferSyntax syntax;
    mammogram_plan plan;
};
const mammogram_row mammograms[] = {
    {"DICOM/PA000001/ST000001/SE000001/IM000001",
     1,
     1,
     "For presentation",
     EXS_JPEGProcess14SV1,
     {true, false, false, false, false, true, false}},
    {"DICOM/PA000001/ST000001/SE000001/IM000002",
     1,
     2,
     "For presentation",
     EXS_JPEGLSLossless,
     {false, false, false, true, false, false, false}},
    {"DICOM/PA000001/ST000001/SE000001/IM000003",
     1,
     3,
     "For presentation",
     EXS_JPEG2000LosslessOnly,
     {true, true, false, false, true, false, true}},
    {"DICOM/PA000001/ST000001/SE000001/IM000004",
     1,
     4,
     "For presentation",
     EXS_JPEGProcess2_4,
     {false, true, false, false, false, false, false}},
    {"DICOM/PA000001/ST000001/SE000002/IM000001",
     2,
     1,
     "For processing",
     EXS_LittleEndianImplicit,
     {false, false, true, false, false, false, false}},
};

struct photograph_row {
    const char *file;
    int series, number;
    const char *modality, *series_description;
    E_TransferSyntax syntax;
    photograph_plan plan;
};
const photograph_row photographs[] = {
    {"DICOM/PA000002/ST000001/SE000001/IM000001",
     1,
     1,
     "DMS",
     "Dermoscope",
     EXS_JPEGProcess1,
     {photograph_kind::dermoscopic, 1, false}},
    {"DICOM/PA000002/ST000001/SE000001/IM000002",
     1,
     2,
     "DMS",
     "Dermoscope",
     EXS_DeflatedLittleEndianExplicit,
     {photograph_kind::dermoscopic, 2, true}},
    {"DICOM/PA000002/ST000001/SE000002/IM000001",
     2,
     1,
     "XC",
     "Camera",
     EXS_RLELossless,
     {photograph_kind::visible_light, 1, false}},
    {"DICOM/PA000002/ST000001/SE000002/IM000002",
     2,
     2,
     "XC",
     "Camera",
     EXS_LittleEndianExplicit,
     {photograph_kind::visible_light, 2, true}},
    {"DICOM/PA000002/ST000001/SE000003/IM000001",
     3,
     1,
     "OT",
     "Screen",
     EXS_BigEndianExplicit,
     {photograph_kind::secondary_capture, 3, false}},
};

const char readme[] =
    "Synthetic DICOM images of nobody, made by dcm-medtl phantom: a mammography exam\r\n"
    "(PA000001) and a dermoscopy study (PA000002). For demonstrations and tests only.\r\n";

void check(medtl_status status, const medtl_error &err)
{
    if (status != MEDTL_OK)
        throw failure{status, err.message};
}

void write_one(const std::string &path, E_TransferSyntax syntax,
               const std::function<void(DcmItem &)> &build)
{
    const std::string folder = path.substr(0, path.rfind('/'));
    DcmFileFormat file;
    medtl_error err;

    check(medtl_file_make_folders(folder.c_str(), &err), err);
    build(*file.getDataset());
    encode(*file.getDataset(), syntax);
    write_file(file, syntax, path);
}

} // namespace
} // namespace medtl_dicom

using namespace medtl_dicom;

extern "C" medtl_status medtl_phantom_write(const char *folder, uint64_t seed, size_t *file_count,
                                            medtl_error *err) noexcept
try {
    const std::string root = folder + std::string("/");
    medtl_error slip;
    size_t count = 0;

    check(medtl_dicom_start(&slip), slip);
    for (const mammogram_row &row : mammograms) {
        const phantom_place place = {&mammography, seed, row.series,
                                     row.number,   "MG", row.series_description};

        write_one(root + row.file, row.syntax,
                  [&](DcmItem &dataset) { build_mammogram(dataset, place, row.plan); });
        count++;
    }
    for (const photograph_row &row : photographs) {
        const phantom_place place = {&dermoscopy, seed,         row.series,
                                     row.number,  row.modality, row.series_description};

        write_one(root + row.file, row.syntax,
                  [&](DcmItem &dataset) { build_photograph(dataset, place, row.plan); });
        count++;
    }
    check(medtl_file_replace((root + "README.TXT").c_str(), readme, sizeof readme - 1, &slip),
          slip);
    if (file_count != nullptr)
        *file_count = count;
    return MEDTL_OK;
} catch (...) {
    return translate(err, nullptr);
}
