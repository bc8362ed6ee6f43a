// The coded lines of one JPEG-LS scan (ITU-T T.87 annex A).
#ifndef MEDTL_DICOM_JPEG_LS_SCAN_H
#define MEDTL_DICOM_JPEG_LS_SCAN_H

#include <cstddef>
#include <cstdint>
#include <vector>

namespace medtl_dicom
{

/// T.87 names; C.2.4.1.1 has the defaults.
struct jpeg_ls_coding {
    int maxval, near, t1, t2, t3, reset;
};

/// What the standard takes where an LSE segment states nothing (or 0). @param maxval  1 to 65535. @param near  0 to 255.
jpeg_ls_coding jpeg_ls_defaults(int maxval, int near);

/// The bits of a scan: behind a byte of all ones the next one has a stuffed 0 in front (T.87 A.1).
class jpeg_ls_bits
{
  public:
    /// Borrowed: entropy-coded bytes without the marker behind them.
    jpeg_ls_bits(const unsigned char *begin, const unsigned char *end) : at_(begin), end_(end) {}

    bool bit()
    {
        fill();
        const bool one = (window_ >> 63) != 0;
        take(1);
        return one;
    }

    /// @param count  0 to 24.
    int value(int count)
    {
        if (count == 0)
            return 0;
        fill();
        const int bits = static_cast<int>(window_ >> (64 - count));
        take(count);
        return bits;
    }

    /// Zeros before the next one, which is taken too; more than 56 count as 57.
    int zeros()
    {
        fill();
        const int count = (window_ >> 7) == 0 ? 57 : __builtin_clzll(window_);
        take(count < 57 ? count + 1 : 57);
        return count;
    }

    /// Whether more was read than there is.
    bool overrun() const { return padding_ > count_; }

    /// Bytes that nobody asked for, about.
    size_t left_over() const
    {
        return static_cast<size_t>(end_ - at_) + static_cast<size_t>(count_) / 8;
    }

  private:
    const unsigned char *at_, *end_;
    uint64_t window_ = 0;      // the next bits, from the top
    int count_ = 0;            // of them
    int64_t padding_ = 0;      // zeros that stand in for what is missing, at the bottom
    bool behind_ones_ = false; // the last byte was all ones

    void take(int count)
    {
        window_ = count < 64 ? window_ << count : 0;
        count_ -= count;
    }

    void fill()
    {
        while (count_ <= 56) {
            if (at_ == end_) {
                padding_ += 8;
                count_ += 8;
                continue;
            }
            const int width = behind_ones_ ? 7 : 8;
            const uint64_t byte = *at_ & (behind_ones_ ? 0x7Fu : 0xFFu);

            window_ |= byte << (64 - width - count_);
            count_ += width;
            behind_ones_ = *at_++ == 0xFF;
        }
    }
};

/// Decodes line by line. Between the samples of a line lie those of the other components, where they are interleaved by sample.
class jpeg_ls_scan
{
  public:
    /// @param components  Of this scan. @param by_sample  ILV 2; else whole lines, one component after the other.
    jpeg_ls_scan(const jpeg_ls_coding &coding, jpeg_ls_bits bits, size_t width, size_t components,
                 bool by_sample);

    /// The next line of every component. Throws failure (MEDTL_E_FORMAT) where the codes are impossible or cut off.
    void next_line();

    size_t left_over() const { return bits_.left_over(); }

    /// Samples of the line that was decoded last: width of them.
    const uint16_t *line(size_t component) const { return lines_[component].now.data() + 1; }

  private:
    struct context {
        int64_t a;
        int b, c, n;
    };
    struct run_context {
        int64_t a;
        int n, negative;
    };
    /// With one sample before and one behind.
    struct pair_of_lines {
        std::vector<uint16_t> before, now;
        size_t run_index;
    };

    jpeg_ls_coding p_;
    jpeg_ls_bits bits_;
    size_t width_;
    bool by_sample_;
    int range_, step_, qbpp_, limit_;
    context contexts_[365];
    run_context runs_[2];
    std::vector<signed char> quantised_; // of differences from -maxval on
    std::vector<pair_of_lines> lines_;

    int quantise(int difference) const
    {
        return quantised_[static_cast<size_t>(difference + p_.maxval)];
    }
    int context_at(const pair_of_lines &l, size_t x) const;
    int golomb(int k, int limit);
    uint16_t reconstruct(int predicted, int error) const;
    uint16_t regular(const pair_of_lines &l, size_t x, int which);
    uint16_t interrupted(int a, int b, size_t run_index, int type);
    size_t run_length(size_t x, size_t &run_index);
    void decode_line(pair_of_lines &l);
    void decode_samples();
};

} // namespace medtl_dicom

#endif
