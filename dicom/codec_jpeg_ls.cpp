// JPEG-LS, lossless and near-lossless (ITU-T T.87), by code of our own: Debian builds the libraries that there are (CharLS, and
// DCMTK's copy of it) with assertions, and damaged scans make them end the process.
#include "codec.h"
#include "jpeg_ls_scan.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace medtl_dicom
{
namespace
{

constexpr unsigned marker_soi = 0xD8, marker_eoi = 0xD9, marker_sos = 0xDA, marker_dri = 0xDD,
                   marker_lse = 0xF8, marker_sof55 = 0xF7;
constexpr size_t most_components = 3;
constexpr size_t most_left_over = 8; // bytes that were read ahead

unsigned word(const unsigned char *at) { return static_cast<unsigned>(at[0]) << 8 | at[1]; }

class jpeg_ls_frame
{
  public:
    jpeg_ls_frame(const std::vector<unsigned char> &bytes, const pixel_description &pixels)
        : bytes_(bytes), pixels_(pixels)
    {
    }

    image_pointer read();

  private:
    const std::vector<unsigned char> &bytes_;
    const pixel_description &pixels_;
    size_t at_ = 0;
    unsigned precision_ = 0; // 0: before the frame header
    unsigned char identifiers_[most_components] = {};
    bool done_[most_components] = {};
    int maxval_ = 0, t1_ = 0, t2_ = 0, t3_ = 0, reset_ = 0; // of an LSE segment; 0: the default
    image_pointer image_;

    unsigned next_marker();
    void read_frame_header(const unsigned char *segment, size_t size);
    void read_parameters(const unsigned char *segment, size_t size);
    void read_scan(const unsigned char *segment, size_t size);
    jpeg_ls_coding coding(int near) const;
    const unsigned char *scan_end() const;
    void decode(jpeg_ls_scan &scan, const size_t *components, size_t count);
};

/// Behind the marker; bytes that belong to no segment are stepped over.
unsigned jpeg_ls_frame::next_marker()
{
    while (at_ + 1 < bytes_.size()) {
        if (bytes_[at_] == 0xFF && bytes_[at_ + 1] >= 0x80 && bytes_[at_ + 1] != 0xFF) {
            at_ += 2;
            return bytes_[at_ - 1];
        }
        at_++;
    }
    fail(MEDTL_E_FORMAT, "the JPEG-LS frame is cut off");
}

/// The caller has held a frame header against the data set (read_jpeg_header); in bytes that belong to no segment it may have
/// been another one.
void jpeg_ls_frame::read_frame_header(const unsigned char *segment, size_t size)
{
    require(precision_ == 0 && size >= 6 + 3 * static_cast<size_t>(pixels_.samples) &&
                segment[0] >= 2 && segment[0] <= 16 && word(segment + 1) == pixels_.rows &&
                word(segment + 3) == pixels_.columns && segment[5] == pixels_.samples,
            MEDTL_E_FORMAT, "the JPEG-LS frame header is damaged");
    precision_ = segment[0];
    for (size_t i = 0; i < pixels_.samples; i++)
        identifiers_[i] = segment[6 + 3 * i];
    image_ = make_image(pixels_, precision_ > 8 ? 2 : 1);
}

/// T.87 C.2.4.1.
void jpeg_ls_frame::read_parameters(const unsigned char *segment, size_t size)
{
    if (size < 1 || segment[0] != 1)
        fail(MEDTL_E_UNSUPPORTED, "JPEG-LS with mapping tables or extended dimensions");
    require(size >= 11, MEDTL_E_FORMAT, "the JPEG-LS parameters are cut off");
    maxval_ = static_cast<int>(word(segment + 1));
    t1_ = static_cast<int>(word(segment + 3));
    t2_ = static_cast<int>(word(segment + 5));
    t3_ = static_cast<int>(word(segment + 7));
    reset_ = static_cast<int>(word(segment + 9));
}

jpeg_ls_coding jpeg_ls_frame::coding(int near) const
{
    const int largest = (1 << precision_) - 1, maxval = maxval_ > 0 ? maxval_ : largest;
    jpeg_ls_coding p = jpeg_ls_defaults(maxval, near);

    p.t1 = t1_ > 0 ? t1_ : p.t1;
    p.t2 = t2_ > 0 ? t2_ : p.t2;
    p.t3 = t3_ > 0 ? t3_ : p.t3;
    p.reset = reset_ > 0 ? reset_ : p.reset;
    require(maxval <= largest && near <= std::min(255, maxval / 2) && p.t1 > near && p.t1 <= p.t2 &&
                p.t2 <= p.t3 && p.t3 <= maxval && p.reset >= 3 && p.reset <= std::max(255, maxval),
            MEDTL_E_FORMAT, "the JPEG-LS parameters are impossible");
    return p;
}

/// Entropy-coded bytes end where a marker begins (T.87 A.1).
const unsigned char *jpeg_ls_frame::scan_end() const
{
    const unsigned char *at = bytes_.data() + at_, *const end = bytes_.data() + bytes_.size();

    while ((at = static_cast<const unsigned char *>(
                std::memchr(at, 0xFF, static_cast<size_t>(end - at)))) != nullptr) {
        if (at + 1 < end && at[1] >= 0x80)
            return at;
        if (++at == end)
            break;
    }
    return end;
}

void jpeg_ls_frame::decode(jpeg_ls_scan &scan, const size_t *components, size_t count)
{
    const size_t samples = pixels_.samples, width = pixels_.columns;

    for (uint32_t row = 0; row < pixels_.rows; row++) {
        scan.next_line();
        for (size_t i = 0; i < count; i++) {
            const uint16_t *const line = scan.line(i);
            const size_t first = row * width * samples + components[i];

            if (precision_ > 8)
                for (size_t x = 0; x < width; x++)
                    static_cast<uint16_t *>(image_->pixels)[first + x * samples] = line[x];
            else
                for (size_t x = 0; x < width; x++)
                    static_cast<uint8_t *>(image_->pixels)[first + x * samples] =
                        static_cast<uint8_t>(line[x]);
        }
    }
}

/// T.87 C.2.3; a scan of one component, or of all.
void jpeg_ls_frame::read_scan(const unsigned char *segment, size_t size)
{
    const size_t count = size > 0 ? segment[0] : 0;
    size_t components[most_components];

    require(precision_ != 0 && (count == 1 || count == pixels_.samples) && size >= 4 + 2 * count,
            MEDTL_E_FORMAT, "the JPEG-LS scan header is damaged");
    for (size_t i = 0; i < count; i++) {
        const unsigned char *const begin = identifiers_, *const end = begin + pixels_.samples;
        const unsigned char *const found = std::find(begin, end, segment[1 + 2 * i]);

        require(found != end && !done_[found - begin], MEDTL_E_FORMAT,
                "the JPEG-LS scan header is damaged");
        require(segment[2 + 2 * i] == 0, MEDTL_E_UNSUPPORTED, "JPEG-LS with mapping tables");
        components[i] = static_cast<size_t>(found - begin);
        done_[components[i]] = true;
    }
    const unsigned char *const last = segment + 1 + 2 * count; // NEAR, ILV, point transform
    require(last[1] <= 2 && (last[1] > 0 || count == 1) && last[2] == 0, MEDTL_E_UNSUPPORTED,
            "JPEG-LS interleaved in a way that is not read");

    const unsigned char *const end = scan_end();
    jpeg_ls_scan scan(coding(last[0]), jpeg_ls_bits(bytes_.data() + at_, end), pixels_.columns,
                      count, count > 1 && last[1] == 2);

    decode(scan, components, count);
    // DCMTK 3.6.7 writes fewer than 8 bits by thresholds that are not the Standard's, without stating them: other pixels come out.
    if (precision_ < 8 && t1_ == 0)
        require(scan.left_over() <= most_left_over, MEDTL_E_FORMAT,
                "the JPEG-LS scan was not coded by the Standard's parameters");
    at_ = static_cast<size_t>(end - bytes_.data());
}

image_pointer jpeg_ls_frame::read()
{
    while (std::find(done_, done_ + pixels_.samples, false) != done_ + pixels_.samples) {
        const unsigned marker = next_marker();

        if (marker == marker_soi)
            continue;
        require(marker != marker_eoi && bytes_.size() - at_ >= 2, MEDTL_E_FORMAT,
                "the JPEG-LS frame is cut off");
        const size_t length = word(&bytes_[at_]);
        require(length >= 2 && length <= bytes_.size() - at_, MEDTL_E_FORMAT,
                "a segment of the JPEG-LS frame is cut off");
        const unsigned char *const segment = bytes_.data() + at_ + 2;

        at_ += length;
        if (marker == marker_sof55)
            read_frame_header(segment, length - 2);
        else if (marker == marker_lse)
            read_parameters(segment, length - 2);
        else if (marker == marker_dri)
            fail(MEDTL_E_UNSUPPORTED, "JPEG-LS with restart intervals");
        else if (marker == marker_sos)
            read_scan(segment, length - 2);
    }
    return std::move(image_);
}

} // namespace

image_pointer decode_jpeg_ls(const std::vector<unsigned char> &bytes,
                             const pixel_description &pixels)
{
    return jpeg_ls_frame(bytes, pixels).read();
}

} // namespace medtl_dicom
